/* Endpoints that are a function of the schema: check the request, call api_NAME, pass on its reply.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/password.h"
#include "gateway/secret.h"
#include "manage/call.h"
#include "manage/endpoint.h"
#include "manage/endpoints.h"
#include "manage/headers.h"

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

/* A POST without any field that must be there needs no body. */
static bool may_be_empty(const struct request *req, const struct field *fields)
{
	bool may = strcmp(req->method, "POST") == 0;

	for (; fields && fields->name; fields++)
		may = may && !fields->required;
	return may;
}

static bool read_body(struct request *req, json_t **out, struct error *err)
{
	const struct field *fields = endpoint_of(req)->body;

	*out = NULL;
	if (!fields)
		return req->body_size == 0 ||
		       error_set(err, ERR_INVALID, "this request takes no body");
	if (req->body_size == 0 && may_be_empty(req, fields))
		return true;
	return request_json(req, out, err) &&
	       endpoint_check_body(fields, *out, strcmp(req->method, "PATCH") == 0, err);
}

static const char *dump(struct request *req, const json_t *value)
{
	return arena_adopt(req->arena, json_dumps(value, JSON_COMPACT), free);
}

/* What the schema gets to see of a new secret. The secret itself waits for the reply. */
static void make_secret(struct request *req, json_t *secret)
{
	struct secret made;

	secret_make(&made);
	req->state = arena_strdup(req->arena, made.token);
	json_object_set_new(secret, "hash", json_string(made.hash));
	json_object_set_new(secret, "prefix", json_string(made.prefix));
}

/*
 * A repeated request has the same passwords. Who reads the database learns nothing of them by
 * guessing: it does not know the caller's token.
 */
static void add_proof(const struct request *req, const char *password, json_t *secret)
{
	const struct caller *caller = req->caller;
	const char *before = json_string_value(json_object_get(secret, "proof"));
	char proof[SECRET_HMAC_SIZE];

	secret_hmac(caller->secret, strlen(caller->secret),
		    arena_printf(req->arena, "%s %s", before ? before : "", password), proof);
	json_object_set_new(secret, "proof", json_string(proof));
}

/* Passwords leave the body, so that nothing is made of them but the hash of a new one. */
static void take_passwords(const struct request *req, json_t *body, json_t *secret)
{
	char hash[PASSWORD_SIZE];

	for (const struct field *field = endpoint_of(req)->body; field && field->name; field++) {
		const char *password = json_string_value(json_object_get(body, field->name));

		if (field->type != FIELD_PASSWORD || !password)
			continue;
		add_proof(req, password, secret);
		if (strcmp(field->name, "password") == 0) {
			password_hash(password, hash);
			json_object_set_new(secret, "password", json_string(hash));
		}
		json_object_del(body, field->name);
	}
}

struct flow call_function(struct request *req, db_next_fn *next)
{
	const struct endpoint *endpoint = endpoint_of(req);
	const struct caller *caller = req->caller;
	const struct route *route = req->match.route;
	const char *match = header_takes_match(route) ? request_header(req, "If-Match") : NULL;
	const char *key = header_takes_key(route) ? request_header(req, "Idempotency-Key") : NULL;
	json_auto_t *path = path_params(req), *params = NULL, *secret = json_object();
	struct error err;
	json_t *body;

	if (!endpoint_check_params(req, endpoint->params, &params, &err) ||
	    !read_body(req, &body, &err))
		return reply_error(req, &err);
	if (match)
		json_object_set_new(params, "if_match", json_string(match));
	if (endpoint->secret)
		make_secret(req, secret);
	take_passwords(req, body, secret);
	return db_query(req, QUERY_API_CALL,
			DB_ARGS(endpoint->name, caller->actor, dump(req, path), dump(req, params),
				body ? dump(req, body) : "{}", dump(req, secret), key),
			next);
}

struct flow manage_call(struct request *req)
{
	return call_function(req, called);
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
