/* Projects and the keys that devices come with. */
#include "cli/api.h"
#include "cli/handlers.h"
#include "cli/input.h"
#include "cli/show.h"

static const struct show_field PROJECT_COLUMNS[] = {
	{ "PROJECT", "slug", SHOW_TEXT },       { "NAME", "name", SHOW_TEXT },
	{ "DEVICES", "devices", SHOW_NUMBER },  { "SCHEME", "version_scheme", SHOW_TEXT },
	{ "CREATED", "created_at", SHOW_TIME }, { 0 },
};

static const struct show_field PROJECT_SHEET[] = {
	{ "project", "slug", SHOW_TEXT },
	{ "name", "name", SHOW_TEXT },
	{ "devices", "devices", SHOW_TEXT },
	{ "created_at", "created_at", SHOW_TIME },
	{ "version_scheme", "version_scheme", SHOW_TEXT },
	{ "allow_build_metadata", "allow_build_metadata", SHOW_TEXT },
	{ "polling_interval", "polling_interval", SHOW_SECONDS },
	{ "retry_attempts", "retry_attempts", SHOW_TEXT },
	{ "retry_backoff", "retry_backoff", SHOW_SECONDS },
	{ "deployment_timeout", "deployment_timeout", SHOW_SECONDS },
	{ "trust_feedback", "trust_feedback", SHOW_TEXT },
	{ "software_version_attributes", "software_version_attributes", SHOW_TEXT },
	{ "hardware_version_attributes", "hardware_version_attributes", SHOW_TEXT },
	{ "software_type_attributes", "software_type_attributes", SHOW_TEXT },
	{ "targeting_attributes", "targeting_attributes", SHOW_TEXT },
	{ "signers", "signers", SHOW_TEXT },
	{ 0 },
};

static const struct show_kind PROJECT = {
	.nothing = "There is no project that you may see.",
	.id = "slug",
	.columns = PROJECT_COLUMNS,
	.sheet = PROJECT_SHEET,
};

bool cmd_project_list(struct run *run)
{
	size_t limit;

	return input_limit(run, &limit) &&
	       show_list(run, api_path(run, "projects", NULL), limit, &PROJECT);
}

bool cmd_project_create(struct run *run)
{
	json_t *body = json_pack("{s:s, s:s*}", "slug", run_arg(run, 0), "name",
				 run_option(run, "name"));
	json_t *project;

	if (!api_send(run, "POST", api_path(run, "projects", NULL), body, &project))
		return false;
	show_done(run, project, "slug", "created project %s", run_arg(run, 0));
	return true;
}

bool cmd_project_show(struct run *run)
{
	json_t *project;

	if (!api_get(run, api_project(run), &project))
		return false;
	show_one(run, project, &PROJECT);
	return true;
}

bool cmd_project_set(struct run *run)
{
	json_t *body, *project;

	if (!input_settings(run, 0, 1, &body) ||
	    !api_send(run, "PATCH", api_project(run), body, &project))
		return false;
	show_done(run, project, "slug", "changed project %s", run->config.project);
	return true;
}

/* ---- Keys ---- */

static const struct show_field KEY_COLUMNS[] = {
	{ "ID", "id", SHOW_NUMBER },
	{ "NAME", "name", SHOW_TEXT },
	{ "BEGINS", "prefix", SHOW_TEXT },
	{ "COHORT", "cohort", SHOW_TEXT },
	{ "CREATED", "created_at", SHOW_TIME },
	{ "REVOKED", "revoked_at", SHOW_TIME },
	{ 0 },
};

static const struct show_kind KEY = {
	.nothing = "The project has no key: no device gets in.",
	.id = "id",
	.columns = KEY_COLUMNS,
};

bool cmd_key_list(struct run *run)
{
	size_t limit;

	return input_limit(run, &limit) &&
	       show_list(run, api_project_path(run, "keys", NULL), limit, &KEY);
}

bool cmd_key_create(struct run *run)
{
	json_t *body = json_pack("{s:s*, s:s*}", "name", run_option(run, "name"), "cohort",
				 run_option(run, "cohort"));
	json_t *key;

	if (!api_send(run, "POST", api_project_path(run, "keys", NULL), body, &key))
		return false;
	show_secret(run, key, "key");
	return true;
}

bool cmd_key_revoke(struct run *run)
{
	json_t *key;

	if (!api_send(run, "POST", api_project_path(run, "keys", run_arg(run, 0), "revoke", NULL),
		      NULL, &key))
		return false;
	show_done(run, key, "id", "revoked key %s", run_arg(run, 0));
	return true;
}
