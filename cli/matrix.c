#include "cli/matrix.h"

#include <string.h>

#include "cli/api.h"
#include "cli/input.h"
#include "cli/show.h"
#include "cli/text.h"

static const char *number(struct run *run, json_int_t value)
{
	return arena_printf(run->arena, "%" JSON_INTEGER_FORMAT, value);
}

static const char *plural(json_int_t count)
{
	return count == 1 ? "" : "s";
}

/* ---- The matrix on a terminal ---- */

/* "1.1.0", with what is special about the releases that lead there. */
static const char *column_title(struct run *run, const json_t *column)
{
	const char *title = api_text(column, "version"), *marks = "";
	const json_t *active;
	size_t i;

	json_array_foreach (json_object_get(column, "active"), i, active) {
		const char *kind = api_text(active, "kind");
		const char *mark = strcmp(kind, "must_pass_through") == 0 ? "must pass"
				   : strcmp(kind, "delta") == 0           ? "delta"
									  : "";

		if (json_is_true(json_object_get(active, "staged")))
			mark = arena_printf(run->arena, "%s%sstaged", mark, *mark ? ", " : "");
		if (*mark && !strstr(marks, mark))
			marks = arena_printf(run->arena, "%s%s%s", marks, *marks ? ", " : "", mark);
	}
	return *marks ? arena_printf(run->arena, "%s (%s)", title, marks) : title;
}

static const json_t *cell_of(const json_t *row, const char *version)
{
	const json_t *cell;
	size_t i;

	json_array_foreach (json_object_get(row, "cells"), i, cell)
		if (strcmp(api_text(cell, "version"), version) == 0)
			return cell;
	return NULL;
}

/* A version may be reached by its full release and by a delta: both count. */
static const char *cell_text(struct run *run, const json_t *row, const char *version)
{
	json_int_t devices = 0, staged = 0;
	const json_t *cell;
	size_t i;

	if (!cell_of(row, version))
		return "";
	json_array_foreach (json_object_get(row, "cells"), i, cell)
		if (strcmp(api_text(cell, "version"), version) == 0) {
			devices += api_number(cell, "devices");
			staged += api_number(cell, "staged_devices");
		}
	if (!staged)
		return number(run, devices);
	return arena_printf(run->arena, "%s (%s staged)", number(run, devices),
			    number(run, staged));
}

static const char *staying_text(struct run *run, const json_t *row)
{
	const char *text = "";
	const json_t *reason;
	size_t i;

	json_array_foreach (json_object_get(row, "staying"), i, reason)
		text = arena_printf(run->arena, "%s%s%s %s", text, *text ? ", " : "",
				    number(run, api_number(reason, "devices")),
				    api_text(reason, "reason"));
	return text;
}

static const char *deltas_text(struct run *run, const json_t *row)
{
	const char *text = "";
	const json_t *delta;
	size_t i;

	json_array_foreach (json_object_get(row, "deltas"), i, delta)
		text = arena_printf(run->arena, "%s%s%s", text, *text ? ", " : "",
				    api_text(delta, "release"));
	return text;
}

static const char *version_text(const json_t *row)
{
	const char *version = api_text(row, "software_version");

	return *version ? version : "unknown";
}

/* What is equal in all rows of most fleets needs no column. */
struct shape {
	bool types, attributes, deltas;
};

static struct shape shape_of(const json_t *rows)
{
	struct shape shape = { 0 };
	const json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		shape.types |= strcmp(api_text(row, "software_type"),
				      api_text(json_array_get(rows, 0), "software_type")) != 0;
		shape.attributes |= json_object_size(json_object_get(row, "attributes")) > 0;
		shape.deltas |= json_array_size(json_object_get(row, "deltas")) > 0;
	}
	return shape;
}

static struct table *begin_matrix(struct run *run, const json_t *columns, struct shape shape)
{
	size_t count = 4 + (size_t)shape.types + (size_t)shape.attributes + (size_t)shape.deltas +
		       json_array_size(columns);
	struct table *table = table_new(stdout, count, true, run->color);
	const json_t *column;
	size_t i;

	table_title(table, "VERSION", false);
	if (shape.types)
		table_title(table, "TYPE", false);
	table_title(table, "HARDWARE", false);
	if (shape.attributes)
		table_title(table, "ATTRIBUTES", false);
	table_title(table, "DEVICES", true);
	json_array_foreach (columns, i, column)
		table_title(table, arena_printf(run->arena, "> %s", column_title(run, column)),
			    true);
	if (shape.deltas)
		table_title(table, "DELTAS", false);
	table_title(table, "STAY", false);
	return table;
}

static void add_row(struct run *run, struct table *table, const json_t *columns, const json_t *row,
		    struct shape shape)
{
	bool final = json_is_true(json_object_get(row, "final"));
	bool known = *api_text(row, "software_version");
	const json_t *column;
	size_t i;

	table_cell(table, version_text(row), !known ? TINT_DIM : final ? TINT_GOOD : TINT_NONE);
	if (shape.types)
		table_cell(table, api_text(row, "software_type"), TINT_NONE);
	table_cell(table,
		   show_value(run, json_object_get(row, "hardware_version"), SHOW_TEXT, true),
		   TINT_NONE);
	if (shape.attributes)
		table_cell(table,
			   show_value(run, json_object_get(row, "attributes"), SHOW_TEXT, true),
			   TINT_NONE);
	table_cell(table, number(run, api_number(row, "devices")), TINT_NONE);
	json_array_foreach (columns, i, column)
		table_cell(table, cell_text(run, row, api_text(column, "version")), TINT_BUSY);
	if (shape.deltas)
		table_cell(table, deltas_text(run, row), TINT_NONE);
	table_cell(table, staying_text(run, row), TINT_NONE);
}

static void add_totals(struct run *run, struct table *table, const json_t *matrix,
		       struct shape shape)
{
	const json_t *column;
	size_t i;

	table_cell(table, "total", TINT_DIM);
	for (i = 0; i < 1 + (size_t)shape.types + (size_t)shape.attributes; i++)
		table_cell(table, "", TINT_NONE);
	table_cell(table, number(run, api_number(matrix, "devices")), TINT_DIM);
	json_array_foreach (json_object_get(matrix, "columns"), i, column)
		table_cell(table, number(run, api_number(column, "total")), TINT_DIM);
	if (shape.deltas)
		table_cell(table, "", TINT_NONE);
	table_cell(table, number(run, api_number(matrix, "staying")), TINT_DIM);
}

static void print_grid(struct run *run, const json_t *matrix)
{
	const json_t *columns = json_object_get(matrix, "columns"), *row;
	const json_t *rows = json_object_get(matrix, "rows");
	struct shape shape = shape_of(rows);
	struct table *table = begin_matrix(run, columns, shape);
	size_t i;

	json_array_foreach (rows, i, row)
		add_row(run, table, columns, row, shape);
	add_totals(run, table, matrix, shape);
	table_free(table);
}

static void print_summary(struct run *run, const json_t *matrix)
{
	json_int_t devices = api_number(matrix, "devices"), moving = api_number(matrix, "moving");
	json_int_t waiting = api_number(matrix, "held.waiting");
	json_int_t exhausted = api_number(matrix, "held.exhausted");

	printf("%s of %s device%s in cohort %s ha%s a next step.\n", number(run, moving),
	       number(run, devices), plural(devices),
	       text_printable(run->arena, api_text(matrix, "cohort")), moving == 1 ? "s" : "ve");
	if (waiting || exhausted)
		printf("Held back after failures: %s wait%s for the next attempt, %s out of "
		       "attempts.\n",
		       number(run, waiting), waiting == 1 ? "s" : "", number(run, exhausted));
}

/* ---- The matrix for scripts ---- */

static void add_step(struct run *run, struct table *table, const json_t *row, const json_t *step)
{
	const char *reason = api_text(step, "reason");

	table_cell(table, api_text(row, "software_version"), TINT_NONE);
	table_cell(table, api_text(row, "software_type"), TINT_NONE);
	table_cell(table, api_text(row, "hardware_version"), TINT_NONE);
	table_cell(table, api_text(step, "release"), TINT_NONE);
	table_cell(table, number(run, api_number(step, "devices")), TINT_NONE);
	table_cell(table, number(run, api_number(step, "staged_devices")), TINT_NONE);
	table_cell(table, *reason ? reason : "chosen", TINT_NONE);
}

static void print_steps(struct run *run, const json_t *matrix)
{
	struct table *table = table_new(stdout, 7, false, false);
	const json_t *row, *step;
	size_t i, k;

	for (i = 0; i < 7; i++)
		table_title(table, "", false);
	json_array_foreach (json_object_get(matrix, "rows"), i, row) {
		json_array_foreach (json_object_get(row, "cells"), k, step)
			add_step(run, table, row, step);
		json_array_foreach (json_object_get(row, "staying"), k, step)
			add_step(run, table, row, step);
	}
	table_free(table);
}

static void print_ids(struct run *run, const json_t *matrix)
{
	const json_t *column, *active;
	size_t i, k;

	json_array_foreach (json_object_get(matrix, "columns"), i, column)
		json_array_foreach (json_object_get(column, "active"), k, active)
			puts(text_printable(run->arena, api_text(active, "release")));
}

void matrix_print(struct run *run, const json_t *matrix)
{
	if (run->json) {
		show_json(matrix);
	} else if (run->quiet) {
		print_ids(run, matrix);
	} else if (run->human) {
		print_grid(run, matrix);
		print_summary(run, matrix);
	} else {
		print_steps(run, matrix);
	}
}

/* ---- What-if ---- */

static json_int_t total_of(const json_t *matrix, const char *version)
{
	const json_t *column;
	size_t i;

	json_array_foreach (json_object_get(matrix, "columns"), i, column)
		if (strcmp(api_text(column, "version"), version) == 0)
			return api_number(column, "total");
	return 0;
}

static bool has_column(const json_t *matrix, const char *version)
{
	const json_t *column;
	size_t i;

	json_array_foreach (json_object_get(matrix, "columns"), i, column)
		if (strcmp(api_text(column, "version"), version) == 0)
			return true;
	return false;
}

static void add_difference(struct run *run, struct table *table, const char *step, json_int_t now,
			   json_int_t then)
{
	table_cell(table, step, TINT_NONE);
	table_cell(table, number(run, now), TINT_NONE);
	table_cell(table, number(run, then), now == then ? TINT_NONE : TINT_BUSY);
}

void matrix_print_difference(struct run *run, FILE *out, const json_t *forecast)
{
	const json_t *before = json_object_get(forecast, "before"), *column;
	const json_t *after = json_object_get(forecast, "after");
	json_int_t moves = api_number(forecast, "moves"), devices = api_number(before, "devices");
	bool human = run->human || out == stderr;
	struct table *table = table_new(out, 3, human, run->color && out == stdout);
	size_t i;

	if (human)
		fprintf(out, "%s of %s device%s in cohort %s get%s another next step.\n",
			number(run, moves), number(run, devices), plural(devices),
			text_printable(run->arena, api_text(before, "cohort")),
			moves == 1 ? "s" : "");
	table_title(table, "NEXT STEP", false);
	table_title(table, "NOW", true);
	table_title(table, "THEN", true);
	json_array_foreach (json_object_get(after, "columns"), i, column) {
		const char *version = api_text(column, "version");

		add_difference(run, table, version, total_of(before, version),
			       api_number(column, "total"));
	}
	json_array_foreach (json_object_get(before, "columns"), i, column)
		if (!has_column(after, api_text(column, "version")))
			add_difference(run, table, api_text(column, "version"),
				       api_number(column, "total"), 0);
	add_difference(run, table, "none", api_number(before, "staying"),
		       api_number(after, "staying"));
	table_free(table);
}

/* ---- Changes in words ---- */

static bool take_change(struct run *run, const char *verb, const char *what, json_t *out)
{
	int64_t percent;
	json_t *value = NULL;

	if (*what && (strcmp(verb, "activate") == 0 || strcmp(verb, "pull") == 0)) {
		value = json_pack("{s:s}", verb, what);
	} else if (strcmp(verb, "stage") == 0 && text_number(what, 0, 100, &percent)) {
		value = json_pack("{s:I}", "staged_percent", (json_int_t)percent);
	} else if (strcmp(verb, "version_checking") == 0) {
		bool off = strcmp(what, "off") == 0 || strcmp(what, "false") == 0;

		if (off || strcmp(what, "on") == 0 || strcmp(what, "true") == 0)
			value = json_pack("{s:b}", "version_checking", !off);
	}
	if (!value)
		return run_usage(run,
				 "--if does not understand \"%s%s%s\"; it knows \"activate R\", "
				 "\"activate R staged\", \"pull R\", \"stage PERCENT\" and "
				 "\"version_checking on\" or \"off\"",
				 verb, *what ? " " : "", what);
	json_array_append_new(out, value);
	return true;
}

static char *next_word(char **rest)
{
	char *word;

	do
		word = strsep(rest, " ");
	while (word && !*word);
	return word;
}

bool matrix_parse_changes(struct run *run, const char *const *words, size_t count, json_t **out)
{
	char *text = arena_strdup(run->arena, ""), *verb;

	for (size_t i = 0; i < count; i++)
		text = arena_printf(run->arena, "%s %s", text, words[i]);
	*out = run_keep(run, json_array());
	while ((verb = next_word(&text)) != NULL) {
		json_t *last = json_array_get(*out, json_array_size(*out) - 1);

		if (strcmp(verb, "staged") == 0 && json_object_get(last, "activate")) {
			json_object_set_new(last, "staged", json_true());
			continue;
		}
		char *what = next_word(&text);

		if (!take_change(run, verb, what ? what : "", *out))
			return false;
	}
	return true;
}
