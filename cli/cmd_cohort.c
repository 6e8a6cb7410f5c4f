/* Cohorts. */
#include <string.h>

#include "cli/api.h"
#include "cli/confirm.h"
#include "cli/handlers.h"
#include "cli/input.h"
#include "cli/show.h"
#include "cli/text.h"

static const struct show_field COHORT_COLUMNS[] = {
	{ "COHORT", "slug", SHOW_TEXT },
	{ "NAME", "name", SHOW_TEXT },
	{ "DEVICES", "devices", SHOW_NUMBER },
	{ "STAGED", "staged_devices", SHOW_NUMBER },
	{ "PERCENT", "staged_percent", SHOW_NUMBER },
	{ "DEFAULT", "default", SHOW_TEXT },
	{ "PROTECTED", "protected", SHOW_TEXT },
	{ "DEVELOPMENT", "development_mode", SHOW_TEXT },
	{ "CHECKING", "version_checking", SHOW_TEXT },
	{ 0 },
};

static const struct show_field COHORT_SHEET[] = {
	{ "cohort", "slug", SHOW_TEXT },
	{ "name", "name", SHOW_TEXT },
	{ "devices", "devices", SHOW_TEXT },
	{ "staged_devices", "staged_devices", SHOW_TEXT },
	{ "staged_percent", "staged_percent", SHOW_TEXT },
	{ "default", "default", SHOW_TEXT },
	{ "protected", "protected", SHOW_TEXT },
	{ "polling_interval", "polling_interval", SHOW_SECONDS },
	{ "development_mode", "development_mode", SHOW_TEXT },
	{ "version_checking", "version_checking", SHOW_TEXT },
	{ "created_at", "created_at", SHOW_TIME },
	{ 0 },
};

static const struct show_kind COHORT = {
	.nothing = "The project has no cohort.",
	.id = "slug",
	.columns = COHORT_COLUMNS,
	.sheet = COHORT_SHEET,
};

/* The settings that decide which release a device gets, as the what-if endpoint knows them. */
static const char *const DECISIVE[] = { "staged_percent", "version_checking", NULL };

bool cmd_cohort_list(struct run *run)
{
	size_t limit;

	return input_limit(run, &limit) &&
	       show_list(run, api_project_path(run, "cohorts", NULL), limit, &COHORT);
}

bool cmd_cohort_create(struct run *run)
{
	json_t *body = json_pack("{s:s, s:s*}", "slug", run_arg(run, 0), "name",
				 run_option(run, "name"));
	json_t *cohort;

	if (!api_send(run, "POST", api_project_path(run, "cohorts", NULL), body, &cohort))
		return false;
	show_done(run, cohort, "slug", "created cohort %s", run_arg(run, 0));
	return true;
}

bool cmd_cohort_show(struct run *run)
{
	json_t *cohort;

	if (!api_get(run, api_project_path(run, "cohorts", run_arg(run, 0), NULL), &cohort))
		return false;
	show_one(run, cohort, &COHORT);
	return true;
}

static json_t *decisive_changes(const json_t *body)
{
	json_t *changes = json_array();

	for (const char *const *name = DECISIVE; *name; name++) {
		json_t *value = json_object_get(body, *name);

		if (value)
			json_array_append_new(changes, json_pack("{s:O}", *name, value));
	}
	return changes;
}

static bool confirm_settings(struct run *run, const char *slug, const json_t *body,
			     enum confirm *out)
{
	json_t *changes = decisive_changes(body);
	const char *sentence = arena_printf(run->arena, "change cohort %s", slug);

	if (json_array_size(changes))
		return confirm_change(run, slug, changes, sentence, out);
	json_decref(changes);
	*out = CONFIRM_GO;
	return !run->dry_run || (api_get(run, api_project_path(run, "cohorts", slug, NULL), NULL) &&
				 confirm_sentence(run, sentence, out));
}

bool cmd_cohort_set(struct run *run)
{
	const char *slug = run_arg(run, 0);
	enum confirm confirm = CONFIRM_GO;
	json_t *body, *cohort;

	if (!input_settings(run, 1, 1, &body))
		return false;
	if (!confirm_settings(run, slug, body, &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	if (!api_send(run, "PATCH", api_project_path(run, "cohorts", slug, NULL), json_incref(body),
		      &cohort))
		return false;
	show_done(run, cohort, "slug", "changed cohort %s", slug);
	return true;
}

bool cmd_cohort_delete(struct run *run)
{
	const char *slug = run_arg(run, 0);
	const char *path = api_project_path(run, "cohorts", slug, NULL);
	enum confirm confirm;

	if (!confirm_delete(run, path, arena_printf(run->arena, "delete cohort %s", slug),
			    &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	if (!api_send(run, "DELETE", path, NULL, NULL))
		return false;
	show_done(run, NULL, NULL, "deleted cohort %s", slug);
	return true;
}

/* ---- How many of its devices are staged ---- */

bool cmd_stage(struct run *run)
{
	const char *slug = run_arg(run, 0), *text = run_arg(run, 1);
	enum confirm confirm;
	int64_t percent;
	json_t *cohort;

	if (*text && text[strlen(text) - 1] == '%')
		text = arena_strndup(run->arena, text, strlen(text) - 1);
	if (!text_number(text, 0, 100, &percent))
		return run_usage(run, "PERCENT is a number from 0 to 100, not \"%s\"", text);
	if (!confirm_change(run, slug, json_pack("[{s:I}]", "staged_percent", (json_int_t)percent),
			    arena_printf(run->arena, "stage %s%% of cohort %s", text, slug),
			    &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	if (!api_send(run, "PATCH", api_project_path(run, "cohorts", slug, NULL),
		      json_pack("{s:I}", "staged_percent", (json_int_t)percent), &cohort))
		return false;
	show_done(run, cohort, "slug",
		  "%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
		  " devices in cohort %s are staged",
		  api_number(cohort, "staged_devices"), api_number(cohort, "devices"), slug);
	return true;
}
