/* What the server answered, on stdout: as a table or a sheet for people, as tabs, as JSON, as ids.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/run.h"
#include "cli/table.h"

enum show_as {
	SHOW_TEXT,
	SHOW_NUMBER, /* to the right */
	SHOW_TIME,
	SHOW_SIZE,
	SHOW_STATE, /* of a deployment: coloured */
	SHOW_SECONDS,
};

struct show_field {
	const char *title; /* NULL ends a list */
	const char *path;  /* of the member; dots lead to inner ones */
	enum show_as as;
};

/* How a kind of things is shown. */
struct show_kind {
	const char *nothing; /* what people read when a list is empty */
	const char *id;      /* the member that -q prints; "": what `name` makes of it */
	const char *(*name)(struct run *run,
			    const json_t *thing); /* also of a field whose path is "" */
	const struct show_field *columns;         /* of a list */
	const struct show_field *sheet;           /* of one thing */
};

/* All pages of a list, as they come. */
bool show_list(struct run *run, const char *path, size_t limit, const struct show_kind *kind);

/* An array that is here already. */
void show_items(struct run *run, const json_t *items, const struct show_kind *kind);

/* For scripts, behind a sheet: each item as a line with `name` in front of its columns. */
void show_lines(struct run *run, const char *name, const json_t *items,
		const struct show_kind *kind);

/* One thing. */
void show_one(struct run *run, const json_t *thing, const struct show_kind *kind);

/*
 * What was done: with --json `thing` (if any), with -q its `id` (NULL: nothing), else the sentence.
 */
void show_done(struct run *run, const json_t *thing, const char *id, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * What was created together with its secret, the member `name`. On a terminal a word says that it
 * is shown this once; elsewhere it is "ID<tab>SECRET", and with -q, as ever, the id.
 */
void show_secret(struct run *run, const json_t *thing, const char *name);

void show_json(const json_t *json);

/* A member as text; `as` counts for people only. */
const char *show_value(struct run *run, const json_t *value, enum show_as as, bool human);

enum tint show_tint(const char *state);
