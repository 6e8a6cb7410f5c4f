/* GET /api/v0/releases/latest: the release that the device should install next, or why none. */
#include <inttypes.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/catalog.h"
#include "gateway/config.h"
#include "gateway/db.h"
#include "gateway/digest.h"
#include "gateway/facts.h"
#include "gateway/utf8.h"
#include "gateway/worker.h"
#include "ota/endpoints.h"
#include "ota/signed.h"

enum {
	MAX_PARAM = 128, /* characters, as ids and attributes in DDI */
	MAX_REFRESHES = 5,
};

static const char KEY_HEADER[] = "Memfault-Project-Key";
static const char REASON_HEADER[] = "Memfault-Reason";

/* Across the steps. */
struct call {
	const char *key_hash;
	const char *serial, *hardware, *type, *version; /* version NULL: not sent */
	const struct catalog *catalog;                  /* held by the request */
	bool only_url;
	int refreshed;
};

static step_fn entered;
static db_next_fn asked;

/* ---- What the device says ---- */

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static bool take_param(struct request *req, const char *name, bool required, const char **out,
		       struct error *err)
{
	*out = request_query_param(req, name);
	if (!*out)
		return !required ||
		       error_field(err, ERR_INVALID, name, "the parameter %s is missing", name);
	return (**out && characters(*out) <= MAX_PARAM && utf8_printable(*out, strlen(*out))) ||
	       error_field(err, ERR_INVALID, name, "%s has 1 to %d printable characters", name,
			   MAX_PARAM);
}

static bool take_params(struct request *req, struct call *call, struct error *err)
{
	if (!take_param(req, "device_serial", true, &call->serial, err) ||
	    !take_param(req, "hardware_version", true, &call->hardware, err) ||
	    !take_param(req, "software_type", true, &call->type, err) ||
	    !take_param(req, "current_version", false, &call->version, err))
		return false;
	return !strchr(call->serial, ' ') ||
	       error_field(err, ERR_INVALID, "device_serial", "device_serial has no blanks");
}

static struct flow begin(struct request *req, bool only_url)
{
	struct call *call = arena_alloc(req->arena, sizeof(*call));
	char *hash = arena_alloc(req->arena, DIGEST_SHA256_HEX);
	const char *key = request_header(req, KEY_HEADER);
	struct error err;

	if (!take_params(req, call, &err))
		return reply_error(req, &err);
	if (!key)
		return reply_fail(req, ERR_FORBIDDEN, "the header %s is missing", KEY_HEADER);
	digest_sha256(key, strlen(key), hash);
	call->key_hash = hash;
	call->only_url = only_url;
	req->state = call;
	if (catalog_by_key(req->worker->catalogs, hash))
		return entered(req);
	return catalog_fetch_by_key(req, hash, entered);
}

struct flow ota_latest(struct request *req)
{
	return begin(req, false);
}

struct flow ota_latest_url(struct request *req)
{
	return begin(req, true);
}

static struct flow entered(struct request *req)
{
	struct call *call = req->state;
	const struct catalog *catalog = catalog_by_key(req->worker->catalogs, call->key_hash);

	if (!catalog)
		return reply_fail(req, ERR_FORBIDDEN, "this project key is unknown or revoked");
	if (catalog != call->catalog)
		catalog_hold(req->arena, catalog);
	call->catalog = catalog;
	return db_query(req, QUERY_DEVICE_ASK,
			DB_ARGS(arena_printf(req->arena, "%" PRId64,
					     catalog_key(catalog, call->key_hash)->id),
				arena_printf(req->arena, "%" PRId64, catalog->project_id),
				call->serial, call->type, call->version, call->hardware,
				request_peer(req)),
			asked);
}

/* ---- The answer ---- */

static struct flow reply_nothing(struct request *req, enum resolver_reason reason)
{
	reply_header(req, REASON_HEADER, resolver_reason_name(reason));
	return reply_empty(req, 204);
}

static json_t *raw(const char *text)
{
	json_t *value = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

	return value ? value : json_null();
}

static struct flow reply_release(struct request *req, const struct resolver_decision *decision)
{
	const struct call *call = req->state;
	const struct catalog *catalog = call->catalog;
	const struct catalog_release *release = catalog_release(catalog,
								decision->activation->release->id);
	const struct catalog_payload *payload = catalog_payload(catalog, decision->payload->id);
	int64_t expires = req->now / 1000000 + req->worker->config->url_expiry;
	const struct signed_file file = { catalog->slug, payload->sha256, payload->filename };
	const char *url = signed_link(req, catalog->url_secret, &file, expires);
	json_t *artifact;

	reply_header(req, "Cache-Control", "no-store");
	if (call->only_url)
		return reply_text(req, 200, "text/plain; charset=utf-8", url);
	artifact = json_pack("{s:s, s:s, s:s, s:s, s:I, s:o}", "url", url, "hardware_version",
			     call->hardware, "md5", payload->md5, "sha256", payload->sha256, "size",
			     (json_int_t)payload->size, "extra_info", raw(payload->extra_info));
	return reply_json(req, 200,
			  json_pack("{s:s, s:s, s:o, s:b, s:b, s:[o]}", "version",
				    release->rules->version, "notes", release->notes, "extra_info",
				    raw(release->extra_info), "is_delta",
				    release->rules->from != NULL, "is_forced",
				    release->rules->must_pass_through, "artifacts", artifact));
}

static struct flow refresh(struct request *req)
{
	struct call *call = req->state;

	if (call->refreshed++ == MAX_REFRESHES)
		return reply_fail(req, ERR_UNAVAILABLE, "the project is changing too fast");
	return catalog_fetch_by_project(req, call->catalog->project_id, entered);
}

static struct flow asked(struct request *req, const struct db_rows *rows)
{
	const struct call *call = req->state;
	const struct catalog_key *key = catalog_key(call->catalog, call->key_hash);
	const struct catalog_cohort *cohort;
	struct resolver_decision decision;
	struct resolver_facts facts;

	if (db_int(rows, 0, "generation") > call->catalog->generation)
		return refresh(req);
	if (!db_text(rows, 0, "device_id"))
		return reply_fail(req, ERR_FORBIDDEN, "this project key is unknown or revoked");
	cohort = catalog_cohort(call->catalog,
				key->cohort_id ? key->cohort_id : db_int(rows, 0, "cohort_id"));
	if (!cohort)
		return refresh(req);
	if (db_int(rows, 0, "seen_ago") >= req->worker->config->seen_resolution)
		db_note(req->worker->db, QUERY_DEVICE_SEEN,
			DB_ARGS(arena_printf(req->arena, "%" PRId64, call->catalog->project_id),
				call->serial));
	facts_read(req, rows, 0, &facts);
	decision = resolver_decide(&cohort->decision, &call->catalog->policy, &facts, NULL);
	return decision.activation ? reply_release(req, &decision)
				   : reply_nothing(req, decision.reason);
}
