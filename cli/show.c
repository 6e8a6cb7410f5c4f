#include "cli/show.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/api.h"
#include "cli/text.h"

/* ---- Values ---- */

enum tint show_tint(const char *state)
{
	static const struct {
		const char *state;
		enum tint tint;
	} TINTS[] = {
		{ "confirmed", TINT_GOOD },   { "installed", TINT_GOOD },
		{ "failed", TINT_BAD },       { "rejected", TINT_BAD },
		{ "rolled_back", TINT_BAD },  { "timed_out", TINT_BAD },
		{ "offered", TINT_BUSY },     { "retrieved", TINT_BUSY },
		{ "downloading", TINT_BUSY }, { "downloaded", TINT_BUSY },
		{ "installing", TINT_BUSY },  { "canceling", TINT_BUSY },
	};

	for (size_t i = 0; i < sizeof(TINTS) / sizeof(TINTS[0]); i++)
		if (strcmp(state, TINTS[i].state) == 0)
			return TINTS[i].tint;
	return TINT_NONE;
}

static const char *joined(struct run *run, const json_t *array, bool human)
{
	const char *text = "";
	const json_t *item;
	size_t i;

	json_array_foreach (array, i, item)
		text = arena_printf(run->arena, "%s%s%s", text, i ? "," : "",
				    show_value(run, item, SHOW_TEXT, human));
	return !*text && human ? "-" : text;
}

static const char *members(struct run *run, const json_t *object, bool human)
{
	const char *text = "", *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)object, key, value)
		text = arena_printf(run->arena, "%s%s%s=%s", text, *text ? "," : "", key,
				    show_value(run, value, SHOW_TEXT, human));
	return !*text && human ? "-" : text;
}

static const char *seconds(struct run *run, json_int_t value)
{
	static const struct {
		json_int_t seconds;
		const char *unit;
	} UNITS[] = { { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } };
	size_t i = 0;

	while (value % UNITS[i].seconds)
		i++;
	return arena_printf(run->arena, "%" JSON_INTEGER_FORMAT "%s", value / UNITS[i].seconds,
			    value ? UNITS[i].unit : "s");
}

static const char *integer(struct run *run, json_int_t value, enum show_as as, bool human)
{
	if (human && as == SHOW_SIZE)
		return text_size(run->arena, value);
	if (human && as == SHOW_SECONDS)
		return seconds(run, value);
	return arena_printf(run->arena, "%" JSON_INTEGER_FORMAT, value);
}

const char *show_value(struct run *run, const json_t *value, enum show_as as, bool human)
{
	const char *text;

	if (!value)
		return human ? "-" : "";
	switch (json_typeof(value)) {
	case JSON_STRING:
		text = json_string_value(value);
		if (human && !*text)
			return "-";
		return human && as == SHOW_TIME ? text_time(run->arena, text) : text;
	case JSON_INTEGER:
		return integer(run, json_integer_value(value), as, human);
	case JSON_REAL:
		return arena_printf(run->arena, "%g", json_real_value(value));
	case JSON_TRUE:
		return human ? "yes" : "true";
	case JSON_FALSE:
		return human ? "no" : "false";
	case JSON_ARRAY:
		return joined(run, value, human);
	case JSON_OBJECT:
		return members(run, value, human);
	case JSON_NULL:
		break;
	}
	return human ? "-" : "";
}

static const char *field_text(struct run *run, const json_t *thing, const struct show_kind *kind,
			      const struct show_field *field)
{
	if (!*field->path && kind->name)
		return kind->name(run, thing);
	return show_value(run, api_at(thing, field->path), field->as, run->human);
}

/* ---- Tables ---- */

static size_t count_fields(const struct show_field *fields)
{
	size_t count = 0;

	while (fields[count].title)
		count++;
	return count;
}

static struct table *begin_table(struct run *run, const struct show_field *fields)
{
	struct table *table = table_new(stdout, count_fields(fields), run->human, run->color);

	for (; fields->title; fields++)
		table_title(table, fields->title,
			    fields->as == SHOW_NUMBER || fields->as == SHOW_SIZE);
	return table;
}

static void add_row(struct run *run, struct table *table, const json_t *thing,
		    const struct show_kind *kind)
{
	for (const struct show_field *fields = kind->columns; fields->title; fields++) {
		const char *text = field_text(run, thing, kind, fields);

		table_cell(table, text, fields->as == SHOW_STATE ? show_tint(text) : TINT_NONE);
	}
}

/* ---- JSON and ids ---- */

static void print_json(const json_t *json, size_t flags)
{
	struct arena *arena = arena_new();
	char *text = json_dumps(json, flags | JSON_ENCODE_ANY);

	fputs(text_json_printable(arena, text), stdout);
	free(text);
	arena_free(arena);
}

void show_json(const json_t *json)
{
	print_json(json, JSON_INDENT(2));
	putchar('\n');
}

static void print_id(struct run *run, const json_t *thing, const struct show_kind *kind)
{
	const char *id = !*kind->id && kind->name
				 ? kind->name(run, thing)
				 : show_value(run, api_at(thing, kind->id), SHOW_TEXT, false);

	puts(text_printable(run->arena, id));
}

/* ---- Lists, page after page ---- */

struct listing {
	const struct show_kind *kind;
	struct table *table; /* NULL: JSON or ids */
	size_t count;
};

static void begin_listing(struct run *run, struct listing *listing)
{
	if (!run->json && !run->quiet)
		listing->table = begin_table(run, listing->kind->columns);
}

static bool list_item(struct run *run, void *context, const json_t *item)
{
	struct listing *listing = context;
	struct arena *kept = run->arena;

	run->arena = arena_new(); /* a list may be long */
	if (run->json) {
		fputs(listing->count ? ",\n" : "[\n", stdout);
		print_json(item, JSON_COMPACT);
	} else if (run->quiet) {
		print_id(run, item, listing->kind);
	} else {
		add_row(run, listing->table, item, listing->kind);
	}
	listing->count++;
	arena_free(run->arena);
	run->arena = kept;
	return true;
}

static void end_listing(struct run *run, struct listing *listing)
{
	if (listing->table)
		table_free(listing->table);
	if (run->json)
		puts(listing->count ? "\n]" : "[]");
	else if (run->human && !listing->count)
		puts(listing->kind->nothing);
}

bool show_list(struct run *run, const char *path, size_t limit, const struct show_kind *kind)
{
	struct listing listing = { .kind = kind };
	bool ok;

	begin_listing(run, &listing);
	ok = api_each(run, path, limit, list_item, &listing);
	if (ok || listing.count)
		end_listing(run, &listing);
	else if (listing.table)
		table_free(listing.table);
	return ok;
}

void show_items(struct run *run, const json_t *items, const struct show_kind *kind)
{
	struct listing listing = { .kind = kind };
	const json_t *item;
	size_t i;

	begin_listing(run, &listing);
	json_array_foreach (items, i, item)
		list_item(run, &listing, item);
	end_listing(run, &listing);
}

void show_lines(struct run *run, const char *name, const json_t *items,
		const struct show_kind *kind)
{
	size_t columns = 1 + count_fields(kind->columns), i;
	struct table *table = table_new(stdout, columns, false, false);
	const json_t *item;

	for (i = 0; i < columns; i++)
		table_title(table, "", false);
	json_array_foreach (items, i, item) {
		table_cell(table, name, TINT_NONE);
		add_row(run, table, item, kind);
	}
	table_free(table);
}

/* ---- One thing ---- */

void show_one(struct run *run, const json_t *thing, const struct show_kind *kind)
{
	struct table *table;

	if (run->json) {
		show_json(thing);
		return;
	}
	if (run->quiet) {
		print_id(run, thing, kind);
		return;
	}
	table = table_new(stdout, 2, run->human, run->color);
	table_title(table, "", false);
	table_title(table, "", false);
	for (const struct show_field *field = kind->sheet; field->title; field++) {
		const char *text = field_text(run, thing, kind, field);

		table_cell(table, field->title, TINT_DIM);
		table_cell(table, text, field->as == SHOW_STATE ? show_tint(text) : TINT_NONE);
	}
	table_free(table);
}

void show_done(struct run *run, const json_t *thing, const char *id, const char *fmt, ...)
{
	char *text;
	va_list args;

	if (run->json) {
		if (thing)
			show_json(thing);
		return;
	}
	if (run->quiet) {
		if (id && thing)
			puts(text_printable(run->arena,
					    show_value(run, api_at(thing, id), SHOW_TEXT, false)));
		return;
	}
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		abort();
	va_end(args);
	puts(text_printable(run->arena, text));
	free(text);
}

void show_secret(struct run *run, const json_t *thing, const char *name)
{
	const char *id = show_value(run, json_object_get(thing, "id"), SHOW_TEXT, false);
	const char *secret = text_printable(run->arena, api_text(thing, name));

	id = text_printable(run->arena, id);
	if (run->json)
		show_json(thing);
	else if (run->quiet)
		puts(id);
	else if (run->human)
		printf("created %s %s\n\n  %s\n\nIt is shown this once: keep it.\n", name, id,
		       secret);
	else
		printf("%s\t%s\n", id, secret);
}
