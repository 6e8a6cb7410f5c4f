/* API tokens. */
#include <string.h>

#include "cli/api.h"
#include "cli/confirm.h"
#include "cli/handlers.h"
#include "cli/input.h"
#include "cli/roles.h"
#include "cli/show.h"
#include "cli/text.h"

static const struct show_field TOKEN_COLUMNS[] = {
	{ "ID", "id", SHOW_NUMBER },
	{ "NAME", "name", SHOW_TEXT },
	{ "BEGINS", "prefix", SHOW_TEXT },
	{ "ROLE", "role", SHOW_TEXT },
	{ "USER", "user", SHOW_TEXT },
	{ "PROJECTS", "projects", SHOW_TEXT },
	{ "PROTECTED", "may_change_protected", SHOW_TEXT },
	{ "LAST USED", "last_used_at", SHOW_TIME },
	{ "EXPIRES", "expires_at", SHOW_TIME },
	{ "REVOKED", "revoked_at", SHOW_TIME },
	{ 0 },
};

static const struct show_kind TOKEN = {
	.nothing = "No token.",
	.id = "id",
	.columns = TOKEN_COLUMNS,
};

bool cmd_token_list(struct run *run)
{
	size_t limit;

	return input_limit(run, &limit) &&
	       show_list(run, api_path(run, "tokens", NULL), limit, &TOKEN);
}

/* An admin's token is of every project; the others of one, unless --all-projects says otherwise. */
static bool is_of_project(struct run *run, const char *role)
{
	return strcmp(role, "admin") != 0 && !run_flag(run, "all-projects");
}

bool cmd_token_create(struct run *run)
{
	const char *role = run_option(run, "role"), *expires = run_option(run, "expires");
	int64_t seconds = 0;
	json_t *body, *token;

	if (!input_word(run, "--role", role, ROLES))
		return false;
	/* Seconds by their unit alone: nobody means them who says 90. */
	if (expires && (!text_duration(expires, &seconds) || seconds < 1 ||
			!expires[strspn(expires, "0123456789")]))
		return run_usage(run, "--expires is a time such as 90d, 12h or 30m, not \"%s\"",
				 expires);
	body = json_pack("{s:s, s:s}", "name", run_arg(run, 0), "role", role);
	if (is_of_project(run, role))
		json_object_set_new(body, "projects", json_pack("[s]", run->config.project));
	if (expires)
		json_object_set_new(body, "expires_in", json_integer(seconds));
	if (run_flag(run, "protected"))
		json_object_set_new(body, "may_change_protected", json_true());
	if (!api_send(run, "POST", api_path(run, "tokens", NULL), body, &token))
		return false;
	show_secret(run, token, "token");
	return true;
}

bool cmd_token_revoke(struct run *run)
{
	const char *id = run_arg(run, 0), *name;
	enum confirm confirm;
	json_t *token;

	if (!confirm_name(run, api_path(run, "tokens", NULL), id, &name) ||
	    !confirm_delete(run, NULL, arena_printf(run->arena, "revoke token %s (%s)", id, name),
			    &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	if (!api_send(run, "POST", api_path(run, "tokens", id, "revoke", NULL), NULL, &token))
		return false;
	show_done(run, token, "id", "revoked token %s", id);
	return true;
}
