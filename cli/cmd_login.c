/* Who speaks to which server. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/api.h"
#include "cli/ask.h"
#include "cli/handlers.h"
#include "cli/http.h"
#include "cli/show.h"
#include "cli/text.h"

enum { MAX_HOST = 64 };

static const struct show_field ME_SHEET[] = {
	{ "server", "url", SHOW_TEXT },
	{ "project", "project", SHOW_TEXT },
	{ "kind", "kind", SHOW_TEXT },
	{ "name", "name", SHOW_TEXT },
	{ "user", "user.email", SHOW_TEXT },
	{ "admin", "admin", SHOW_TEXT },
	{ "role", "token.role", SHOW_TEXT },
	{ "of projects", "token.projects", SHOW_TEXT },
	{ "roles", "user.roles", SHOW_TEXT },
	{ "may change protected", "token.may_change_protected", SHOW_TEXT },
	{ "expires", "token.expires_at", SHOW_TIME },
	{ 0 },
};

static const struct show_kind ME = {
	.id = "name",
	.sheet = ME_SHEET,
};

/* "mews on workstation-7": how the token will be listed. */
static const char *token_name(struct run *run)
{
	const char *name = run_option(run, "name");
	char host[MAX_HOST] = "";

	if (name)
		return name;
	if (gethostname(host, sizeof(host) - 1) != 0 || !*host)
		return "mews";
	return arena_printf(run->arena, "mews on %s", host);
}

static bool ask_server(struct run *run)
{
	const char *url;

	if (run->config.url)
		return true;
	url = ask_line(run, "URL of the server", false);
	return url && cli_config_load(run->arena, url, run_option(run, "project"), &run->config,
				      &run->err);
}

/* E-mail and password make a token. */
static bool make_token(struct run *run, const char **token)
{
	const char *email = run_option(run, "email"), *password;
	json_t *answer;

	if (!email)
		email = ask_line(run, "E-mail", false);
	if (!email)
		return false;
	password = ask_line(run, "Password", true);
	if (!password)
		return false;
	if (!api_send(run, "POST", api_path(run, "login", NULL),
		      json_pack("{s:s, s:s, s:s}", "email", email, "password", password,
				"token_name", token_name(run)),
		      &answer))
		return false;
	*token = api_text(answer, "token");
	return **token ||
	       error_set(&run->err, ERR_INTERNAL, "the server has logged in without a token");
}

/* What came of a token at its server, as whose bearer we speak. */
static const char *end_token(struct run *run)
{
	if (api_send(run, "POST", api_path(run, "logout", NULL), NULL, NULL))
		return "revoked and forgot the token";
	if (run->err.code == ERR_UNAUTHORIZED)
		return "forgot the token, which was not valid any more";
	if (run->err.code == ERR_CONFLICT)
		return "forgot the token, which stays valid since no login has made it,";
	return NULL;
}

/* A login that comes to nothing leaves no token. False, as the error that there was. */
static bool give_back(struct run *run, bool made)
{
	struct error why = run->err;

	if (made && !end_token(run))
		error_context(&why, "the token \"%s\" was made and stays valid", token_name(run));
	run->err = why;
	return false;
}

/* Is there the project that is to be stored? */
static bool check_project(struct run *run)
{
	if (api_get(run, api_project(run), NULL))
		return true;
	if (run->err.code != ERR_UNKNOWN && run->err.code != ERR_FORBIDDEN)
		return false;
	if (run->config.project_is_said)
		return error_context(&run->err, "project %s, nothing was stored",
				     run->config.project);
	fprintf(stderr, "mews: warning: there is no project %s for you; say which with --project\n",
		run->config.project);
	return true;
}

static bool store(struct run *run, const char *token, json_t **me)
{
	http_set_server(run->http, run->config.url, token);
	if (!api_get(run, api_path(run, "me", NULL), me) || !check_project(run))
		return false;
	run->config.token = token;
	return cli_config_save(run->arena, &run->config, &run->err);
}

/* The token that was in the file would stay valid for months, and nobody would have it. */
static void end_previous(struct run *run)
{
	const struct cli_config *config = &run->config;

	if (!config->stored_url || !config->stored_token ||
	    strcmp(config->stored_token, config->token) == 0)
		return;
	http_set_server(run->http, config->stored_url, config->stored_token);
	if (!end_token(run))
		fprintf(stderr, "mews: warning: the token before stays valid: %s\n",
			text_printable(run->arena, run->err.text));
}

bool cmd_login(struct run *run)
{
	bool made = !run_flag(run, "token");
	const char *token = NULL;
	json_t *me;

	if (!ask_server(run))
		return false;
	http_set_server(run->http, run->config.url, NULL);
	if (!made)
		token = ask_line(run, "Token", true);
	else if (!make_token(run, &token))
		return false;
	if (!token)
		return false;
	if (!store(run, token, &me))
		return give_back(run, made);
	show_done(run, me, "name", "logged in to %s as %s, project %s; the token is in %s",
		  run->config.url, api_text(me, "name"), run->config.project, run->config.path);
	end_previous(run);
	return true;
}

/* A token that is not ours to keep (MEWS_TOKEN) is not ours to end. */
bool cmd_logout(struct run *run)
{
	const char *outcome;

	if (!run->config.token_is_stored)
		return run_usage(run, "there is no stored token for %s",
				 run->config.url ? run->config.url : "any server");
	outcome = end_token(run);
	if (!outcome)
		return false;
	run->config.token = NULL;
	if (!cli_config_save(run->arena, &run->config, &run->err))
		return false;
	show_done(run, NULL, NULL, "%s for %s", outcome, run->config.url);
	return true;
}

bool cmd_whoami(struct run *run)
{
	json_t *me;

	if (!api_get(run, api_path(run, "me", NULL), &me))
		return false;
	if (!run->json) {
		json_object_set_new(me, "url", json_string(run->config.url));
		json_object_set_new(me, "project", json_string(run->config.project));
	}
	show_one(run, me, &ME);
	return true;
}
