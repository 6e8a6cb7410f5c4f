#include "cli/story.h"

#include <stdio.h>
#include <string.h>

#include "cli/api.h"
#include "cli/show.h"
#include "cli/text.h"

static bool append(struct run *run, void *context, const json_t *item)
{
	(void)run;
	json_array_append_new(context, json_deep_copy(item));
	return true;
}

bool story_collect(struct run *run, const char *path, size_t limit, json_t *items)
{
	return api_each(run, path, limit, append, items);
}

const char *story_id(struct run *run, const json_t *deployment)
{
	return arena_printf(run->arena, "%s/%" JSON_INTEGER_FORMAT, api_text(deployment, "device"),
			    api_number(deployment, "n"));
}

/* ---- Deployments ---- */

static const char *result_of(struct run *run, const json_t *event)
{
	const char *execution = api_text(event, "execution"), *result = api_text(event, "result");

	if (!*execution)
		return api_text(event, "source");
	return *result ? arena_printf(run->arena, "%s/%s", execution, result) : execution;
}

/* Each line of what a device said is a row, the first one with the time. */
static void add_event(struct run *run, struct table *table, const char *id, const json_t *event)
{
	const json_t *details = json_object_get(event, "details");
	size_t lines = json_array_size(details);

	for (size_t i = 0; i < (lines ? lines : 1); i++) {
		const char *line = json_string_value(json_array_get(details, i));
		bool first = i == 0 || !run->human;

		if (!run->human) {
			table_cell(table, "event", TINT_NONE);
			table_cell(table, id, TINT_NONE);
		}
		table_cell(
			table,
			first ? show_value(run, json_object_get(event, "at"), SHOW_TIME, run->human)
			      : "",
			TINT_DIM);
		table_cell(table, first ? result_of(run, event) : "", TINT_NONE);
		table_cell(table, line ? line : "", TINT_NONE);
	}
}

static void print_events(struct run *run, const json_t *deployment)
{
	size_t columns = run->human ? 3 : 5, i;
	struct table *table = table_new(stdout, columns, run->human, run->color);
	const char *id = story_id(run, deployment);
	const json_t *event;

	for (i = 0; i < columns; i++)
		table_title(table, "", false);
	json_array_foreach (json_object_get(deployment, "events"), i, event)
		add_event(run, table, id, event);
	table_free(table);
}

static void print_heading(struct run *run, const json_t *deployment)
{
	const char *state = api_text(deployment, "state"),
		   *from = api_text(deployment, "from_version");

	printf("%s  release %s%s%s  attempt %" JSON_INTEGER_FORMAT "  ",
	       text_printable(run->arena, story_id(run, deployment)),
	       text_printable(run->arena, api_text(deployment, "release")), *from ? " from " : "",
	       text_printable(run->arena, from), api_number(deployment, "attempt"));
	tint_print(stdout, run->color, show_tint(state), text_printable(run->arena, state));
	putchar('\n');
}

/* For scripts: the first word says what a line is. */
static void print_line(struct run *run, const json_t *deployment)
{
	printf("deployment\t%s\t%s\t%s\t%" JSON_INTEGER_FORMAT "\t%s\n",
	       text_printable(run->arena, story_id(run, deployment)),
	       text_printable(run->arena, api_text(deployment, "release")),
	       text_printable(run->arena, api_text(deployment, "from_version")),
	       api_number(deployment, "attempt"), api_text(deployment, "state"));
}

static void print_story(struct run *run, const json_t *deployment)
{
	json_int_t folded = api_number(deployment, "folded_events");

	if (run->human)
		print_heading(run, deployment);
	else
		print_line(run, deployment);
	print_events(run, deployment);
	if (run->human && folded)
		printf("(and %" JSON_INTEGER_FORMAT " more events that were not kept)\n", folded);
}

void story_print_deployment(struct run *run, const json_t *deployment)
{
	if (run->json)
		show_json(deployment);
	else if (run->quiet)
		puts(text_printable(run->arena, story_id(run, deployment)));
	else
		print_story(run, deployment);
}

/* ---- Versions ---- */

static const struct show_field VERSION_COLUMNS[] = {
	{ "REPORTED", "at", SHOW_TIME },
	{ "TYPE", "software_type", SHOW_TEXT },
	{ "VERSION", "software_version", SHOW_TEXT },
	{ "HARDWARE", "hardware_version", SHOW_TEXT },
	{ 0 },
};

static const struct show_kind VERSION = {
	.nothing = "It has not reported a version.",
	.id = "software_version",
	.columns = VERSION_COLUMNS,
};

static void print_versions(struct run *run, const json_t *versions)
{
	if (run->human)
		show_items(run, versions, &VERSION);
	else
		show_lines(run, "version", versions, &VERSION);
}

void story_print_history(struct run *run, const json_t *deployments, const json_t *versions)
{
	const json_t *deployment;
	size_t i;

	if (run->json) {
		json_t *both = json_pack("{s:O, s:O?}", "deployments", deployments, "versions",
					 versions);

		show_json(run_keep(run, both));
		return;
	}
	json_array_foreach (deployments, i, deployment) {
		story_print_deployment(run, deployment);
		if (run->human)
			putchar('\n');
	}
	if (run->human && !json_array_size(deployments))
		puts("No deployment yet.\n");
	if (!run->quiet)
		print_versions(run, versions);
}

/* ---- Inspect ---- */

static const struct show_field TRAIL_COLUMNS[] = {
	{ "RELEASE", "release", SHOW_TEXT }, { "KIND", "kind", SHOW_TEXT },
	{ "STAGED", "staged", SHOW_TEXT },   { "REASON", "reason", SHOW_TEXT },
	{ "", "text", SHOW_TEXT },           { 0 },
};

static const struct show_kind TRAIL = {
	.nothing = "No release is active in its cohort.",
	.id = "release",
	.columns = TRAIL_COLUMNS,
};

static void print_person(struct run *run, const json_t *report)
{
	const json_t *decision = json_object_get(report, "decision");
	const json_t *device = json_object_get(report, "device");
	const char *retry = api_text(decision, "retry_at");

	printf("%s\n\n", text_printable(run->arena, api_text(decision, "answer")));
	printf("device    %s, cohort %s%s\n", text_printable(run->arena, api_text(device, "id")),
	       text_printable(run->arena, api_text(device, "cohort")),
	       json_is_true(json_object_get(device, "staged")) ? ", staged" : "");
	printf("runs      %s %s on %s\n",
	       text_printable(run->arena, show_value(run, json_object_get(device, "software_type"),
						     SHOW_TEXT, true)),
	       text_printable(run->arena,
			      show_value(run, json_object_get(device, "software_version"),
					 SHOW_TEXT, true)),
	       text_printable(run->arena,
			      show_value(run, json_object_get(device, "hardware_version"),
					 SHOW_TEXT, true)));
	printf("gets      %s (%s)\n",
	       text_printable(run->arena, show_value(run, json_object_get(decision, "release"),
						     SHOW_TEXT, true)),
	       text_printable(run->arena, api_text(decision, "reason")));
	if (*retry)
		printf("retry at  %s\n", text_time(run->arena, retry));
	putchar('\n');
}

/* For scripts: names and values, then a line for each active release. */
static void print_lines(struct run *run, const json_t *report)
{
	static const char *const NAMES[] = { "answer", "reason", "release", "retry_at" };
	const json_t *release;
	size_t i;

	for (i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		const json_t *value = api_at(json_object_get(report, "decision"), NAMES[i]);

		printf("%s\t%s\n", NAMES[i],
		       text_printable(run->arena, show_value(run, value, SHOW_TEXT, false)));
	}
	json_array_foreach (json_object_get(report, "releases"), i, release)
		printf("active\t%s\t%s\t%s\n",
		       text_printable(run->arena, api_text(release, "release")),
		       text_printable(run->arena, api_text(release, "reason")),
		       text_printable(run->arena, api_text(release, "text")));
}

void story_print_inspection(struct run *run, const json_t *report)
{
	if (run->json) {
		show_json(report);
		return;
	}
	if (!run->human && !run->quiet) {
		print_lines(run, report);
		return;
	}
	if (run->human)
		print_person(run, report);
	show_items(run, json_object_get(report, "releases"), &TRAIL);
}
