/* Projects and the keys that devices come with. */
#include <string.h>

#include "cli/api.h"
#include "cli/confirm.h"
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

/* "set polling_interval=600 (now 300) and signers of project default with 4711 devices" */
static bool describe_settings(struct run *run, json_t *body, const char **out)
{
	const char *text = "set", *name;
	json_t *project, *value;

	if (!api_get(run, api_project(run), &project))
		return false;
	json_object_foreach (body, name, value) {
		const json_t *now = json_object_get(project, name);
		bool is_long = strcmp(name, "signers") == 0;

		text = arena_printf(run->arena, "%s%s %s", text, strcmp(text, "set") ? "," : "",
				    name);
		if (!is_long)
			text = arena_printf(run->arena, "%s=%s (now %s)", text,
					    show_value(run, value, SHOW_TEXT, false),
					    show_value(run, now, SHOW_TEXT, true));
	}
	*out = arena_printf(run->arena, "%s of project %s with %" JSON_INTEGER_FORMAT " devices",
			    text, run->config.project, api_number(project, "devices"));
	return true;
}

/* Each setting decides how devices are treated, but for the name; no forecast knows them. */
static bool confirm_settings(struct run *run, json_t *body, enum confirm *out)
{
	bool only_name = json_object_get(body, "name") && json_object_size(body) == 1;
	const char *sentence;

	*out = CONFIRM_GO;
	if (confirm_is_given(run) || (only_name && !run->dry_run))
		return true;
	return describe_settings(run, body, &sentence) && confirm_sentence(run, sentence, out);
}

bool cmd_project_set(struct run *run)
{
	enum confirm confirm;
	json_t *body, *project;

	if (!input_settings(run, 0, 1, &body) || !confirm_settings(run, body, &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	if (!api_send(run, "PATCH", api_project(run), json_incref(body), &project))
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

/* What its devices get may change with the cohort, which no forecast knows. */
static bool confirm_key(struct run *run, const char *id, const json_t *body, enum confirm *out)
{
	const json_t *cohort = json_object_get(body, "cohort"), *now;
	const char *sentence;
	json_t *key;

	*out = CONFIRM_GO;
	if (confirm_is_given(run) || (!cohort && !run->dry_run))
		return true;
	if (!api_get(run, api_project_path(run, "keys", id, NULL), &key))
		return false;
	sentence = arena_printf(run->arena, "change key %s (%s)", id, api_text(key, "name"));
	now = json_object_get(key, "cohort");
	if (cohort && !json_equal(cohort, now))
		sentence = arena_printf(
			run->arena, "%s: cohort=%s (now %s) decides what devices that have it get",
			sentence, json_is_null(cohort) ? "none" : json_string_value(cohort),
			json_is_null(now) ? "none" : json_string_value(now));
	else if (!run->dry_run)
		return true;
	return confirm_sentence(run, sentence, out);
}

bool cmd_key_set(struct run *run)
{
	const char *id = run_arg(run, 0);
	enum confirm confirm;
	json_t *body, *key;

	if (!input_settings(run, 1, 1, &body) || !confirm_key(run, id, body, &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	if (!api_send(run, "PATCH", api_project_path(run, "keys", id, NULL), json_incref(body),
		      &key))
		return false;
	show_done(run, key, "id", "changed key %s", id);
	return true;
}

bool cmd_key_revoke(struct run *run)
{
	const char *id = run_arg(run, 0), *name;
	enum confirm confirm;
	json_t *key;

	if (!confirm_name(run, api_project_path(run, "keys", NULL), id, &name) ||
	    !confirm_sentence(
		    run,
		    arena_printf(run->arena,
				 "revoke key %s (%s): devices that have it get in no more", id,
				 name),
		    &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	if (!api_send(run, "POST", api_project_path(run, "keys", id, "revoke", NULL), NULL, &key))
		return false;
	show_done(run, key, "id", "revoked key %s", id);
	return true;
}
