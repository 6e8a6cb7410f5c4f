/* Who is asking? `Authorization: GatewayToken KEY` with a key of the project that the URL names. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "ddi/endpoints.h"
#include "gateway/arena.h"
#include "gateway/catalog.h"
#include "gateway/digest.h"
#include "gateway/worker.h"

enum {
	MAX_KEY = 512,     /* characters; SWUpdate cuts its own at 127 */
	MAX_REFRESHES = 5, /* of one request's catalog */
};

static const char SCHEME[] = "GatewayToken ";
/* SWUpdate's and Memfault's default; RHU and Zephyr write it in capitals. */
static const char ANY_TENANT[] = "default";

static step_fn entered;

/* hawkBit: the word is case-sensitive, exactly one blank follows. NULL: no key. */
static const char *key_sent(const struct request *req)
{
	const char *header = request_header(req, "Authorization");
	const char *key;

	if (!header || strncmp(header, SCHEME, strlen(SCHEME)) != 0)
		return NULL;
	key = header + strlen(SCHEME);
	return *key && strlen(key) <= MAX_KEY ? key : NULL;
}

struct flow ddi_enter(struct request *req)
{
	struct ddi_call *call = arena_alloc(req->arena, sizeof(*call));
	char *hash = arena_alloc(req->arena, DIGEST_SHA256_HEX);
	const char *key = key_sent(req);
	struct error err;

	if (!key)
		return ddi_reply_empty(req, 401);
	if (!ddi_negotiate(req, &err))
		return reply_error(req, &err);
	digest_sha256(key, strlen(key), hash);
	call->key_hash = hash;
	call->device_id = req->param[PARAM_DEVICE];
	req->state = call;
	if (catalog_by_key(req->worker->catalogs, hash))
		return entered(req);
	return catalog_fetch_by_key(req, hash, entered);
}

static struct flow entered(struct request *req)
{
	struct ddi_call *call = req->state;
	const char *tenant = req->param[PARAM_TENANT];
	const struct catalog *catalog = catalog_by_key(req->worker->catalogs, call->key_hash);

	if (!catalog ||
	    (strcasecmp(tenant, catalog->slug) != 0 && strcasecmp(tenant, ANY_TENANT) != 0))
		return ddi_reply_empty(req, 401);
	if (catalog != call->catalog)
		catalog_hold(req->arena, catalog);
	call->catalog = catalog;
	call->key = catalog_key(catalog, call->key_hash);
	call->key_id = arena_printf(req->arena, "%" PRId64, call->key->id);
	call->project_id = arena_printf(req->arena, "%" PRId64, catalog->project_id);
	return req->match.route->handler(req);
}

struct flow ddi_refresh(struct request *req)
{
	struct ddi_call *call = req->state;

	if (call->refreshed++ == MAX_REFRESHES)
		return reply_fail(req, ERR_UNAVAILABLE, "the project is changing too fast");
	/* The key may have been revoked: everything is asked again. */
	return catalog_fetch_by_project(req, call->catalog->project_id, entered);
}
