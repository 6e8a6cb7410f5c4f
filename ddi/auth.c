/*
 * Who is asking? `Authorization: GatewayToken KEY`, with a key of the project that the URL names:
 * the catalog knows it. Or `TargetToken TOKEN`, with the own token of the device that it names: too
 * many to keep in memory, so each endpoint's statement compares it.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "ddi/endpoints.h"
#include "gateway/arena.h"
#include "gateway/catalog.h"
#include "gateway/db.h"
#include "gateway/digest.h"
#include "gateway/worker.h"

enum {
	MAX_KEY = 512,     /* characters; SWUpdate cuts its own at 127 */
	MAX_REFRESHES = 5, /* of one request's catalog */
};

static const char GATEWAY_TOKEN[] = "GatewayToken ", TARGET_TOKEN[] = "TargetToken ";
/* SWUpdate's and Memfault's default; RHU and Zephyr write it in capitals. */
static const char ANY_TENANT[] = "default";

/* A device with its own token is in the cohort that it is in. */
static const struct catalog_key NO_KEY;

static step_fn entered;

/* hawkBit: the word is case-sensitive, exactly one blank follows. NULL: nothing of this scheme. */
static const char *sent(const struct request *req, const char *scheme)
{
	const char *header = request_header(req, "Authorization");
	const char *secret;

	if (!header || strncmp(header, scheme, strlen(scheme)) != 0)
		return NULL;
	secret = header + strlen(scheme);
	return *secret && strlen(secret) <= MAX_KEY ? secret : NULL;
}

/* The slug that the URL names: they are in lower case. */
static const char *slug_named(struct request *req)
{
	char *slug = arena_strdup(req->arena, req->param[PARAM_TENANT]);

	for (char *at = slug; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return slug;
}

/* The catalog as this worker remembers it, or NULL. */
static const struct catalog *catalog_known(struct request *req)
{
	const struct ddi_call *call = req->state;

	return call->by_token ? catalog_by_slug(req->worker->catalogs, slug_named(req))
			      : catalog_by_key(req->worker->catalogs, call->hash);
}

struct flow ddi_enter(struct request *req)
{
	struct ddi_call *call = arena_alloc(req->arena, sizeof(*call));
	char *hash = arena_alloc(req->arena, DIGEST_SHA256_HEX);
	const char *token = sent(req, TARGET_TOKEN);
	const char *secret = token ? token : sent(req, GATEWAY_TOKEN);
	struct error err;

	if (!secret)
		return ddi_reply_empty(req, 401);
	if (!ddi_negotiate(req, &err))
		return reply_error(req, &err);
	digest_sha256(secret, strlen(secret), hash);
	call->hash = hash;
	call->by_token = token != NULL;
	call->device_id = req->param[PARAM_DEVICE];
	req->state = call;
	if (catalog_known(req))
		return entered(req);
	if (token)
		return catalog_fetch_by_slug(req, slug_named(req), entered);
	return catalog_fetch_by_key(req, hash, entered);
}

static struct flow entered(struct request *req)
{
	struct ddi_call *call = req->state;
	const char *tenant = req->param[PARAM_TENANT];
	const struct catalog *catalog = catalog_known(req);

	if (!catalog || (!call->by_token && strcasecmp(tenant, catalog->slug) != 0 &&
			 strcasecmp(tenant, ANY_TENANT) != 0))
		return ddi_reply_empty(req, 401);
	if (catalog != call->catalog)
		catalog_hold(req->arena, catalog);
	call->catalog = catalog;
	call->key = call->by_token ? &NO_KEY : catalog_key(catalog, call->hash);
	call->caller = call->by_token ? call->hash
				      : arena_printf(req->arena, "%" PRId64, call->key->id);
	call->project_id = arena_printf(req->arena, "%" PRId64, catalog->project_id);
	return req->match.route->handler(req);
}

bool ddi_admits(struct request *req, const struct db_rows *rows, struct flow *out)
{
	if (!db_bool(rows, 0, "authorized"))
		*out = ddi_reply_empty(req, 401);
	else if (!db_text(rows, 0, "device_id"))
		*out = ddi_reply_problem(req, DDI_NOT_FOUND, "no such device");
	else
		return true;
	return false;
}

struct flow ddi_refresh(struct request *req)
{
	struct ddi_call *call = req->state;

	if (call->refreshed++ == MAX_REFRESHES)
		return reply_fail(req, ERR_UNAVAILABLE, "the project is changing too fast");
	/* The key may have been revoked: everything is asked again. */
	return catalog_fetch_by_project(req, call->catalog->project_id, entered);
}
