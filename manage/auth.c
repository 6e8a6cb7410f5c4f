/*
 * Who is asking, and may they? Programs send `Authorization: Bearer TOKEN`, browsers the cookie of
 * their session; what changes something needs the session's X-CSRF-Token then, too.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/arena.h"
#include "gateway/db.h"
#include "gateway/digest.h"
#include "gateway/secret.h"
#include "manage/endpoint.h"
#include "manage/endpoints.h"
#include "manage/headers.h"
#include "manage/session.h"

static const char SCHEME[] = "Bearer ";
static const char PROJECT[] = "{project}";

static db_next_fn operator_found;

static const char *const ROLES[] = {
	[ROLE_ANYONE] = "anyone", [ROLE_SIGNED_IN] = "signed_in", [ROLE_READER] = "reader",
	[ROLE_MEMBER] = "member", [ROLE_MANAGER] = "manager",     [ROLE_ADMIN] = "admin",
};

const char *endpoint_role_name(enum role role)
{
	return ROLES[role];
}

static enum role role_of(const char *name)
{
	for (size_t i = 0; name && i < sizeof(ROLES) / sizeof(ROLES[0]); i++)
		if (strcmp(ROLES[i], name) == 0)
			return (enum role)i;
	return ROLE_ANYONE;
}

const struct endpoint *endpoint_of(const struct request *req)
{
	return req->match.route->more;
}

bool endpoint_is_safe(const struct route *route)
{
	static const char *const SAFE[] = { "GET", "HEAD", "OPTIONS" };

	for (size_t i = 0; i < sizeof(SAFE) / sizeof(SAFE[0]); i++)
		if (strcmp(route->method, SAFE[i]) == 0)
			return true;
	return false;
}

/* The project that the path is about, or NULL. */
static const char *project_of(const struct request *req)
{
	return strstr(req->match.route->pattern, PROJECT) ? req->param[PARAM_PROJECT] : NULL;
}

static struct flow run(struct request *req)
{
	struct error err;

	return headers_check(req, &err) && endpoint_known_params(req, &err)
		       ? req->match.route->handler(req)
		       : reply_error(req, &err);
}

static const char *hash_of(struct request *req, const char *secret)
{
	char hash[DIGEST_SHA256_HEX];

	if (!secret)
		return NULL;
	digest_sha256(secret, strlen(secret), hash);
	return arena_strdup(req->arena, hash);
}

static const char *bearer_token(const struct request *req)
{
	const char *header = request_header(req, "Authorization");

	return header && strncasecmp(header, SCHEME, strlen(SCHEME)) == 0 ? header + strlen(SCHEME)
									  : NULL;
}

struct flow manage_enter(struct request *req)
{
	const char *token = bearer_token(req);
	const char *session = token ? NULL : session_cookie(req);

	if (endpoint_of(req)->role == ROLE_ANYONE)
		return run(req);
	if (!token && !session)
		return reply_fail(req, ERR_UNAUTHORIZED,
				  "send an API token: \"Authorization: Bearer TOKEN\"");
	return db_query(req, QUERY_OPERATOR_FIND,
			DB_ARGS(hash_of(req, token), hash_of(req, session), project_of(req)),
			operator_found);
}

static void set_caller(struct request *req, const struct db_rows *rows)
{
	struct caller *caller = arena_alloc(req->arena, sizeof(*caller));
	const char *account = db_text(rows, 0, "account");
	json_auto_t *actor = db_json(rows, 0);

	json_object_set_new(actor, "address", json_string(request_peer(req)));
	json_object_set_new(actor, "request_id", json_string(req->id));
	caller->secret = bearer_token(req) ? bearer_token(req) : session_cookie(req);
	caller->role = role_of(db_text(rows, 0, "role"));
	caller->account = account ? arena_strdup(req->arena, account) : NULL;
	caller->actor = arena_adopt(req->arena, json_dumps(actor, JSON_COMPACT), free);
	req->caller = caller;
}

/* Another site can make a browser send our cookie, but not our header. */
static bool is_forged(const struct request *req, const struct db_rows *rows)
{
	const char *expected = db_text(rows, 0, "csrf");
	const char *sent = request_header(req, "X-CSRF-Token");

	return !endpoint_is_safe(req->match.route) && expected &&
	       !(sent && secret_equal(sent, expected));
}

static struct flow operator_found(struct request *req, const struct db_rows *rows)
{
	const struct endpoint *endpoint = endpoint_of(req);
	const struct caller *caller;

	if (db_count(rows) == 0)
		return reply_fail(req, ERR_UNAUTHORIZED,
				  "this token or session is unknown, has ended or has expired");
	if (is_forged(req, rows))
		return reply_fail(req, ERR_FORBIDDEN,
				  "send the session's X-CSRF-Token, which GET /me tells");
	set_caller(req, rows);
	caller = req->caller;
	if (caller->role == ROLE_ANYONE)
		return reply_fail(req, ERR_FORBIDDEN, "you have no role in this project");
	if (caller->role == ROLE_SIGNED_IN && endpoint->role == ROLE_ADMIN)
		return reply_fail(req, ERR_FORBIDDEN, "only administrators may do this");
	if (caller->role < endpoint->role)
		return reply_fail(req, ERR_FORBIDDEN, "this needs the role %s, and yours is %s",
				  ROLES[endpoint->role], ROLES[caller->role]);
	return run(req);
}
