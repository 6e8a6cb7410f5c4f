/* Endpoints that are a function of the schema: check the request, call api_NAME, pass on its reply. */
#include <stdlib.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/db.h"
#include "gateway/digest.h"
#include "gateway/secret.h"
#include "manage/endpoint.h"
#include "manage/endpoints.h"

enum { MAX_IDEMPOTENCY_KEY = 100 };
enum { PREFIX = 6 }; /* characters of a secret that tell it from others */

static db_next_fn called;

/* {"project": "default", "release": "1.1.0"}: the parameters by their names in the pattern. */
static json_t *path_params(const struct request *req)
{
	json_t *path = json_object();
	const char *at = req->match.route->pattern;

	for (size_t i = 0; i < req->match.nparams && (at = strchr(at, '{')); i++) {
		size_t length = strcspn(++at, "}");

		json_object_setn_new(path, at, length, json_string(req->param[i]));
	}
	return path;
}

static bool read_body(struct request *req, json_t **out, struct error *err)
{
	const struct endpoint *endpoint = endpoint_of(req);

	*out = NULL;
	if (!endpoint->body)
		return req->body_size == 0 ||
		       error_set(err, ERR_INVALID, "this request takes no body");
	return request_json(req, out, err) &&
	       endpoint_check_body(endpoint->body, *out, strcmp(req->method, "PATCH") == 0, err);
}

static const char *dump(struct request *req, const json_t *value)
{
	return arena_adopt(req->arena, json_dumps(value, JSON_COMPACT), free);
}

/* What the schema gets to see of a new secret. The secret itself waits for the reply. */
static json_t *make_secret(struct request *req)
{
	char token[SECRET_TOKEN_SIZE], hash[DIGEST_SHA256_HEX];

	secret_token(token);
	digest_sha256(token, strlen(token), hash);
	req->state = arena_strdup(req->arena, token);
	return json_pack("{s:s, s:s%}", "hash", hash, "prefix", token, (size_t)PREFIX);
}

struct flow manage_call(struct request *req)
{
	const struct caller *caller = req->caller;
	const char *key = strcmp(req->method, "POST") == 0 ?
				  request_header(req, "Idempotency-Key") :
				  NULL;
	const char *match = request_header(req, "If-Match");
	json_auto_t *path = path_params(req), *params = NULL, *secret = NULL;
	json_t *body;
	struct error err;

	if (!endpoint_check_params(req, endpoint_of(req)->params, &params, &err) ||
	    !read_body(req, &body, &err))
		return reply_error(req, &err);
	if (key && (!*key || strlen(key) > MAX_IDEMPOTENCY_KEY))
		return reply_fail(req, ERR_INVALID, "an Idempotency-Key has 1 to %d characters",
				  MAX_IDEMPOTENCY_KEY);
	if (match)
		json_object_set_new(params, "if_match", json_string(match));
	if (endpoint_of(req)->secret)
		secret = make_secret(req);
	return db_query(req, QUERY_API_CALL,
			DB_ARGS(endpoint_of(req)->name, caller->actor, dump(req, path),
				dump(req, params), body ? dump(req, body) : "{}",
				secret ? dump(req, secret) : "{}", key),
			called);
}

/* A reply that is given again knows no secret: it was shown once. */
static const char *show_secret(struct request *req, const char *body, bool replayed)
{
	json_auto_t *reply = json_loads(body, 0, NULL);

	json_object_set_new(reply, endpoint_of(req)->secret,
			    replayed ? json_null() : json_string(req->state));
	return dump(req, reply);
}

static struct flow called(struct request *req, const struct db_rows *rows)
{
	const char *body = db_text(rows, 0, "body");
	const char *etag = db_text(rows, 0, "etag");
	bool replayed = db_bool(rows, 0, "replayed");
	int64_t status = db_int(rows, 0, "status");

	if (etag)
		reply_header(req, "ETag", etag);
	if (!status)
		status = endpoint_of(req)->status;
	reply_header(req, "Cache-Control", "no-store");
	if (replayed)
		reply_header(req, "Idempotent-Replayed", "true");
	if (!body)
		return reply_empty(req, (int)status);
	if (endpoint_of(req)->secret)
		body = show_secret(req, body, replayed);
	return reply_text(req, (int)status, "application/json", body);
}
