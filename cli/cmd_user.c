/* Users, and the first administrator. */
#include <stdlib.h>
#include <string.h>

#include "cli/api.h"
#include "cli/ask.h"
#include "cli/confirm.h"
#include "cli/handlers.h"
#include "cli/http.h"
#include "cli/input.h"
#include "cli/roles.h"
#include "cli/show.h"
#include "cli/text.h"

enum { PASSWORD_LETTERS = 20 }; /* of 32: 100 bits */

const char *const ROLES[] = { "reader", "member", "manager", "admin", NULL };

static const struct show_field USER_COLUMNS[] = {
	{ "USER", "email", SHOW_TEXT },         { "NAME", "name", SHOW_TEXT },
	{ "ADMIN", "admin", SHOW_TEXT },        { "ROLES", "roles", SHOW_TEXT },
	{ "CREATED", "created_at", SHOW_TIME }, { 0 },
};

static const struct show_kind USER = {
	.nothing = "No user. `mews user create EMAIL --role ROLE` makes one.",
	.id = "email",
	.columns = USER_COLUMNS,
};

bool cmd_user_list(struct run *run)
{
	size_t limit;

	return input_limit(run, &limit) &&
	       show_list(run, api_path(run, "users", NULL), limit, &USER);
}

/* ---- Passwords ---- */

/* Easy to read aloud: no letter looks like another one. */
static const char *make_password(struct run *run)
{
	static const char LETTERS[] = "abcdefghijkmnpqrstuvwxyz23456789";
	char password[PASSWORD_LETTERS + 1] = { 0 };

	for (size_t i = 0; i < PASSWORD_LETTERS; i++)
		password[i] = LETTERS[arc4random_uniform(sizeof(LETTERS) - 1)];
	return arena_strdup(run->arena, password);
}

/* The user's own, or one that we make up: then `shown` is true. NULL: run->err. */
static const char *choose_password(struct run *run, bool *shown)
{
	*shown = !run_flag(run, "password-stdin");
	return *shown ? make_password(run) : ask_line(run, "Password", true);
}

static void show_created(struct run *run, json_t *user, const char *email, const char *password)
{
	if (run->json && password)
		json_object_set_new(user, "password", json_string(password));
	if (run->json || run->quiet || !password)
		show_done(run, user, "email", "created user %s", email);
	else if (run->human)
		printf("created user %s with the password\n\n  %s\n\nIt is shown this once: pass "
		       "it "
		       "on.\n",
		       text_printable(run->arena, email), password);
	else
		printf("%s\t%s\n", text_printable(run->arena, email), password);
}

/* ---- Create, change, delete ---- */

static bool create_user(struct run *run, const char *role)
{
	const char *email = run_arg(run, 0);
	bool admin = strcmp(role, "admin") == 0, shown;
	const char *password = choose_password(run, &shown);
	json_t *body, *user;

	if (!password)
		return false;
	body = json_pack("{s:s, s:s, s:s*}", "email", email, "password", password, "name",
			 run_option(run, "name"));
	if (admin)
		json_object_set_new(body, "admin", json_true());
	else
		json_object_set_new(body, "roles", json_pack("{s:s}", run->config.project, role));
	if (!api_send(run, "POST", api_path(run, "users", NULL), body, &user))
		return false;
	show_created(run, user, email, shown ? password : NULL);
	return true;
}

bool cmd_user_create(struct run *run)
{
	const char *role = run_option(run, "role");

	return input_word(run, "--role", role, ROLES) && create_user(run, role);
}

/* role=R is about the run's project; roles in others stay. */
static bool set_role(struct run *run, json_t *body)
{
	static const char *const IN_PROJECT[] = { "reader", "member", "manager", "none", NULL };
	const char *role = json_string_value(json_object_get(body, "role"));

	if (!role)
		return true;
	if (strcmp(role, "admin") == 0)
		return run_usage(run, "an administrator is one everywhere: admin=true");
	if (!input_word(run, "role", role, IN_PROJECT))
		return false;
	json_object_set_new(body, "roles", json_pack("{s:s}", run->config.project, role));
	json_object_del(body, "role");
	return true;
}

static bool set_password(struct run *run, json_t *body)
{
	const char *password;

	if (!run_flag(run, "password-stdin"))
		return true;
	password = ask_line(run, "Password", true);
	if (!password)
		return false;
	json_object_set_new(body, "password", json_string(password));
	return true;
}

bool cmd_user_set(struct run *run)
{
	const char *email = run_arg(run, 0), *path = api_path(run, "users", email, NULL);
	bool only_password = run_flag(run, "password-stdin");
	json_t *body, *user;

	if (!input_settings(run, 1, only_password ? 0 : 1, &body) || !set_role(run, body) ||
	    !set_password(run, body) || !api_send(run, "PATCH", path, json_incref(body), &user))
		return false;
	show_done(run, user, "email", "changed user %s", email);
	return true;
}

bool cmd_user_delete(struct run *run)
{
	const char *email = run_arg(run, 0), *path = api_path(run, "users", email, NULL);
	enum confirm confirm;

	if (!confirm_delete(run, path, arena_printf(run->arena, "delete user %s", email), &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	if (!api_send(run, "DELETE", path, NULL, NULL))
		return false;
	show_done(run, NULL, NULL, "deleted user %s", email);
	return true;
}

/* ---- The first administrator, by whoever may read the server's credentials ---- */

static bool use_credentials(struct run *run)
{
	const char *folder = getenv("MEWS_STATE_DIR");
	const char *path = arena_printf(run->arena, "%s/credentials.json",
					folder && *folder ? folder : ".mews");
	json_error_t problem;
	json_t *file = run_keep(run, json_load_file(path, 0, &problem));
	const char *url = api_text(file, "url"), *token = api_text(file, "admin_token");

	if (!file)
		return run_usage(run,
				 "%s: %s; run this on the server, with MEWS_STATE_DIR naming its "
				 "state directory",
				 path, problem.text);
	if (!*url || !*token)
		return run_usage(run, "%s has no url and admin_token", path);
	/* --url for a server that is reached by another name than it was set up with. */
	if (!run_option(run, "url"))
		run->config.url = url;
	http_set_server(run->http, run->config.url, token);
	return true;
}

bool cmd_admin_create(struct run *run)
{
	return use_credentials(run) && create_user(run, "admin");
}
