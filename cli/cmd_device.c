/* Devices: find them, look into one, move them. */
#include "cli/api.h"
#include "cli/confirm.h"
#include "cli/handlers.h"
#include "cli/input.h"
#include "cli/show.h"
#include "cli/story.h"
#include "cli/text.h"

enum { COUNT_AHEAD = 200 }; /* devices that we look at before they move */

static const struct show_field DEVICE_COLUMNS[] = {
	{ "DEVICE", "id", SHOW_TEXT },
	{ "COHORT", "cohort", SHOW_TEXT },
	{ "VERSION", "software_version", SHOW_TEXT },
	{ "HARDWARE", "hardware_version", SHOW_TEXT },
	{ "DEPLOYMENT", "deployment.release", SHOW_TEXT },
	{ "STATE", "deployment.state", SHOW_STATE },
	{ "LAST SEEN", "last_seen", SHOW_TIME },
	{ "NICKNAME", "nickname", SHOW_TEXT },
	{ 0 },
};

static const struct show_field DEVICE_SHEET[] = {
	{ "device", "id", SHOW_TEXT },
	{ "nickname", "nickname", SHOW_TEXT },
	{ "notes", "notes", SHOW_TEXT },
	{ "cohort", "cohort", SHOW_TEXT },
	{ "staged", "staged", SHOW_TEXT },
	{ "software_type", "software_type", SHOW_TEXT },
	{ "software_version", "software_version", SHOW_TEXT },
	{ "hardware_version", "hardware_version", SHOW_TEXT },
	{ "last_seen", "last_seen", SHOW_TIME },
	{ "has_token", "has_token", SHOW_TEXT },
	{ "address", "address", SHOW_TEXT },
	{ "created_at", "created_at", SHOW_TIME },
	{ "deployment", "deployment.n", SHOW_TEXT },
	{ "release", "deployment.release", SHOW_TEXT },
	{ "state", "deployment.state", SHOW_STATE },
	{ "attributes", "attributes", SHOW_TEXT },
	{ 0 },
};

static const struct show_kind DEVICE = {
	.nothing = "No device.",
	.id = "id",
	.columns = DEVICE_COLUMNS,
	.sheet = DEVICE_SHEET,
};

bool cmd_device_list(struct run *run)
{
	const char *path = api_query(
		run, api_project_path(run, "devices", NULL), "cohort", run_option(run, "cohort"),
		"version", run_option(run, "version"), "hardware_version",
		run_option(run, "hardware-version"), "search", run_option(run, "search"), NULL);
	size_t limit;

	return input_limit(run, &limit) && show_list(run, path, limit, &DEVICE);
}

bool cmd_device_show(struct run *run)
{
	json_t *device;

	if (!api_get(run, api_project_path(run, "devices", run_arg(run, 0), NULL), &device))
		return false;
	show_one(run, device, &DEVICE);
	return true;
}

bool cmd_device_register(struct run *run)
{
	json_t *body = json_pack("{s:s, s:s*}", "id", run_arg(run, 0), "cohort",
				 run_option(run, "cohort"));
	json_t *device;

	if (!api_send(run, "POST", api_project_path(run, "devices", NULL), body, &device))
		return false;
	show_done(run, device, "id", "registered device %s in cohort %s", run_arg(run, 0),
		  api_text(device, "cohort"));
	return true;
}

bool cmd_device_delete(struct run *run)
{
	const char *id = run_arg(run, 0), *path = api_project_path(run, "devices", id, NULL);
	enum confirm confirm;

	if (!confirm_delete(run, path,
			    arena_printf(run->arena, "delete device %s and its history", id),
			    &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	if (!api_send(run, "DELETE", path, NULL, NULL))
		return false;
	show_done(run, NULL, NULL, "deleted device %s", id);
	return true;
}

/* ---- Into another cohort ---- */

/* How many devices come from one cohort. */
static void count_one(json_t *counts, const char *cohort)
{
	json_int_t before = json_integer_value(json_object_get(counts, cohort));

	json_object_set_new(counts, cohort, json_integer(before + 1));
}

/* "move 3 devices to beta (from default: 2, beta: 1)"; asks the server, so unknown ids show up. */
static bool describe_move(struct run *run, const char *cohort, const char *const *ids, size_t count,
			  const char **out)
{
	json_t *counts = run_keep(run, json_object()), *device, *value;
	json_int_t staged = 0;
	const char *from, *text;

	for (size_t i = 0; i < count; i++) {
		if (!api_get(run, api_project_path(run, "devices", ids[i], NULL), &device))
			return false;
		count_one(counts, api_text(device, "cohort"));
		staged += json_is_true(json_object_get(device, "staged"));
	}
	text = arena_printf(run->arena, "move %zu device%s to cohort %s", count,
			    count == 1 ? "" : "s", cohort);
	json_object_foreach (counts, from, value)
		text = arena_printf(run->arena, "%s, %" JSON_INTEGER_FORMAT " from %s", text,
				    json_integer_value(value), from);
	if (staged)
		text = arena_printf(run->arena, "%s, %" JSON_INTEGER_FORMAT " no longer staged",
				    text, staged);
	*out = text;
	return true;
}

static bool confirm_move(struct run *run, const char *cohort, const char *const *ids, size_t count,
			 enum confirm *out)
{
	const char *sentence = arena_printf(run->arena, "move %zu devices to cohort %s", count,
					    cohort);

	*out = CONFIRM_GO;
	if (confirm_is_given(run))
		return true;
	if (!api_get(run, api_project_path(run, "cohorts", cohort, NULL), NULL))
		return false;
	if (count <= COUNT_AHEAD && !describe_move(run, cohort, ids, count, &sentence))
		return false;
	return confirm_sentence(run, sentence, out);
}

bool cmd_device_move(struct run *run)
{
	const char *cohort = run_option(run, "cohort");
	size_t count;
	const char *const *ids = run_args(run, 0, &count);
	enum confirm confirm;
	json_t *answer;

	if (!confirm_move(run, cohort, ids, count, &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	json_t *body = json_pack("{s:o, s:s}", "devices", input_words(ids, count), "cohort",
				 cohort);

	if (!api_send(run, "POST", api_project_path(run, "devices", "move", NULL), body, &answer))
		return false;
	json_int_t moved = api_number(answer, "moved");

	show_done(run, answer, NULL, "moved %" JSON_INTEGER_FORMAT " device%s to cohort %s", moved,
		  moved == 1 ? "" : "s", cohort);
	return true;
}

bool cmd_device_retry(struct run *run)
{
	const char *id = run_arg(run, 0), *path = api_project_path(run, "devices", id, NULL);
	enum confirm confirm = CONFIRM_GO;
	json_t *device;

	if (!confirm_is_given(run) && !api_get(run, path, NULL))
		return false;
	if (!confirm_sentence(
		    run, arena_printf(run->arena, "let device %s try again what it failed at", id),
		    &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	if (!api_send(run, "POST", arena_printf(run->arena, "%s/retry", path), NULL, &device))
		return false;
	show_done(run, device, "id", "device %s tries again with its next poll", id);
	return true;
}

/* ---- A token of its own ---- */

/* A token that goes is void at once, and nobody can bring it back. */
static bool confirm_token(struct run *run, const char *id, bool remove, enum confirm *out)
{
	json_t *device;

	*out = CONFIRM_GO;
	if (confirm_is_given(run))
		return true;
	if (!api_get(run, api_project_path(run, "devices", id, NULL), &device))
		return false;
	bool has_token = json_is_true(json_object_get(device, "has_token"));

	if (remove && !has_token)
		return run_fail(run, RUN_NOT_FOUND, "device %s has no token of its own", id);
	if (!has_token && !run->dry_run)
		return true;
	return confirm_sentence(
		run,
		arena_printf(run->arena, "%s device %s%s",
			     remove ? "remove the token of" : "make a token for", id,
			     remove      ? ": it gets in with a project key only"
			     : has_token ? ": the one that it has opens nothing from now on"
					 : ""),
		out);
}

static void show_token(struct run *run, const char *id, json_t *token)
{
	if (!run->human) {
		if (!run->json) /* the answer does not say whose it is */
			json_object_set_new(token, "id", json_string(id));
		show_secret(run, token, "token");
		return;
	}
	printf("device %s has a token of its own. For the section suricatta of its swupdate.cfg, "
	       "instead of gatewaytoken:\n\n"
	       "  targettoken = \"%s\";\n\n"
	       "It is shown this once: keep it.\n",
	       text_printable(run->arena, id),
	       text_printable(run->arena, api_text(token, "token")));
}

bool cmd_device_token(struct run *run)
{
	const char *id = run_arg(run, 0);
	const char *path = api_project_path(run, "devices", id, "token", NULL);
	bool remove = run_flag(run, "remove");
	enum confirm confirm;
	json_t *token;

	if (!confirm_token(run, id, remove, &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	if (!api_send(run, remove ? "DELETE" : "POST", path, NULL, &token))
		return false;
	if (remove)
		show_done(run, NULL, NULL, "device %s has no token of its own", id);
	else
		show_token(run, id, token);
	return true;
}

/* ---- Why, and what happened ---- */

bool cmd_device_inspect(struct run *run)
{
	json_t *report;

	if (!api_get(run, api_project_path(run, "devices", run_arg(run, 0), "inspect", NULL),
		     &report))
		return false;
	story_print_inspection(run, report);
	return true;
}

bool cmd_device_history(struct run *run)
{
	const char *device = api_project_path(run, "devices", run_arg(run, 0), NULL);
	const char *path = arena_printf(run->arena, "%s/deployments?limit=100", device);
	json_t *deployments = run_keep(run, json_array()), *versions = run_keep(run, json_array());
	size_t limit;

	if (!input_limit(run, &limit) || !story_collect(run, path, limit, deployments) ||
	    !story_collect(run, arena_printf(run->arena, "%s/versions", device), limit, versions))
		return false;
	story_print_history(run, deployments, versions);
	return true;
}
