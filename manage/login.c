/* /api/v1/login, /logout and /me/password: where passwords are compared. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/db.h"
#include "gateway/password.h"
#include "gateway/secret.h"
#include "manage/endpoint.h"
#include "manage/endpoints.h"
#include "manage/session.h"

enum { SESSION_SECONDS = 43200 }; /* as login_end() keeps it */

/* Across the steps. */
struct login {
	const char *email, *password;
	const char *token_name; /* NULL: a session */
	const char *stored;     /* what the password was compared with */
	struct secret secret;
	char csrf[SECRET_TOKEN_SIZE];
};

static db_next_fn login_begun, login_ended; /* login, steps 2 and 3 */
static db_next_fn change_begun;             /* change of password, step 2 */

static struct flow begin(struct request *req, const char *email, const char *password,
			 db_next_fn *next)
{
	struct login *login = req->state;

	login->email = email;
	login->password = password;
	return db_query(req, QUERY_LOGIN_BEGIN, DB_ARGS(email, request_peer(req)), next);
}

/* May they try, and is it the password? Takes as long for accounts that do not exist. */
static bool passes(struct request *req, const struct db_rows *rows, struct error *err)
{
	struct login *login = req->state;
	const char *wait = db_text(rows, 0, "wait"), *stored = db_text(rows, 0, "password");

	if (wait) {
		reply_header(req, "Retry-After", wait);
		return error_set(err, ERR_QUOTA, "too many attempts; try again in %s seconds",
				 wait);
	}
	login->stored = stored ? arena_strdup(req->arena, stored) : NULL;
	return password_verify(login->password, login->stored) ||
	       error_set(err, ERR_UNAUTHORIZED, "the e-mail address or the password is wrong");
}

/* ---- POST /login ---- */

static bool read_body(struct request *req, json_t **body, struct error *err)
{
	req->state = arena_alloc(req->arena, sizeof(struct login));
	return request_json(req, body, err) &&
	       endpoint_check_body(endpoint_of(req)->body, *body, false, err);
}

static const char *member(const json_t *body, const char *name)
{
	return json_string_value(json_object_get(body, name));
}

struct flow manage_login(struct request *req)
{
	struct error err;
	json_t *body;

	if (!read_body(req, &body, &err))
		return reply_error(req, &err);
	((struct login *)req->state)->token_name = member(body, "token_name");
	return begin(req, member(body, "email"), member(body, "password"), login_begun);
}

/* What the database keeps of the new session or token. */
static const char *new_secret(struct request *req, struct login *login)
{
	secret_make(&login->secret);
	secret_token(login->csrf);
	json_auto_t *secret = json_pack("{s:s, s:s, s:s}", "hash", login->secret.hash, "csrf",
					login->csrf, "prefix", login->secret.prefix);
	return arena_adopt(req->arena, json_dumps(secret, JSON_COMPACT), free);
}

static struct flow login_begun(struct request *req, const struct db_rows *rows)
{
	struct login *login = req->state;
	struct error err;

	if (!passes(req, rows, &err))
		return reply_error(req, &err);
	return db_query(req, QUERY_LOGIN_END,
			DB_ARGS(login->email, login->stored, request_peer(req), req->id,
				new_secret(req, login), login->token_name),
			login_ended);
}

static struct flow login_ended(struct request *req, const struct db_rows *rows)
{
	const struct login *login = req->state;

	if (db_count(rows) == 0)
		return reply_fail(req, ERR_UNAUTHORIZED,
				  "the e-mail address or the password is wrong");
	json_t *reply = json_pack("{s:o}", "user",
				  json_loads(db_text(rows, 0, "account"), 0, NULL));
	reply_header(req, "Cache-Control", "no-store");
	if (login->token_name) {
		json_object_set_new(reply, "token", json_string(login->secret.token));
		return reply_json(req, endpoint_of(req)->status, reply);
	}
	session_set_cookie(req, login->secret.token, SESSION_SECONDS);
	json_object_set_new(reply, "csrf", json_string(login->csrf));
	return reply_json(req, endpoint_of(req)->status, reply);
}

/* ---- POST /logout ---- */

struct flow manage_logout(struct request *req)
{
	if (session_cookie(req))
		session_set_cookie(req, "", 0);
	return manage_call(req);
}

/* ---- POST /me/password ---- */

struct flow manage_me_password(struct request *req)
{
	const struct caller *caller = req->caller;
	struct error err;
	json_t *body;

	if (!read_body(req, &body, &err))
		return reply_error(req, &err);
	if (!caller->account)
		return reply_fail(req, ERR_CONFLICT, "this token belongs to no user");
	return begin(req, caller->account, member(body, "old_password"), change_begun);
}

static struct flow change_begun(struct request *req, const struct db_rows *rows)
{
	struct error err;

	if (passes(req, rows, &err))
		return manage_call(req);
	if (err.code == ERR_UNAUTHORIZED) /* they are known, the old password is wrong */
		error_field(&err, ERR_UNPROCESSABLE, "/old_password", "this is not your password");
	return reply_error(req, &err);
}
