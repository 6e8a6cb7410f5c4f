#include "manage/matrix.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/arena.h"
#include "manage/names.h"

/* Devices that make the same step. */
struct cell {
	const struct resolver_release *release; /* NULL: unused */
	int64_t devices, staged;
};

/* All with the same facts, whether staged or not. */
struct row {
	const struct matrix_group *first;
	struct version_key key;
	enum { VERSION_UNKNOWN, VERSION_ORDERED, VERSION_UNORDERED } order;
	int64_t devices, moving;
	struct cell *cells; /* as many as the cohort has activations */
	int64_t staying[RESOLVER_REASONS];
};

static struct resolver_decision decide(const struct matrix_rules *rules,
				       const struct matrix_group *group)
{
	struct resolver_facts facts = group->facts;

	if (rules->then)
		facts.staged = group->staged_then;
	return resolver_decide(&rules->cohort, rules->policy, &facts, NULL);
}

int64_t matrix_moves(const struct matrix_rules *a, const struct matrix_rules *b,
		     const struct matrix_group *groups, size_t count)
{
	int64_t moves = 0;

	for (size_t i = 0; i < count; i++) {
		struct resolver_decision was = decide(a, &groups[i]), is = decide(b, &groups[i]);
		int64_t from = was.activation ? was.activation->release->id : 0;
		int64_t to = is.activation ? is.activation->release->id : 0;

		moves += from != to ? groups[i].devices : 0;
	}
	return moves;
}

json_t *matrix_render_held(const struct matrix_rules *rules, const struct matrix_group *groups,
			   size_t count)
{
	int64_t devices[RESOLVER_REASONS] = { 0 };

	for (size_t i = 0; i < count; i++)
		devices[decide(rules, &groups[i]).reason] += groups[i].devices;
	return json_pack("{s:I, s:I}", "waiting", (json_int_t)devices[REASON_RETRY_WAIT],
			 "exhausted", (json_int_t)devices[REASON_ATTEMPTS_EXHAUSTED]);
}

/* ---- Groups to rows ---- */

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_row(const struct matrix_group *a, const struct matrix_group *b)
{
	return same(a->facts.software_version, b->facts.software_version) &&
	       same(a->facts.software_type, b->facts.software_type) &&
	       same(a->facts.hardware_version, b->facts.hardware_version) &&
	       same(a->attributes, b->attributes);
}

static void begin_row(struct arena *arena, const struct matrix_rules *rules,
		      const struct matrix_group *group, struct row *row)
{
	const char *version = group->facts.software_version;

	row->first = group;
	row->cells = arena_alloc(arena, (rules->cohort.nactivations + 1) * sizeof(*row->cells));
	if (!version || !*version)
		row->order = VERSION_UNKNOWN;
	else if (version_parse(rules->policy->scheme, rules->policy->allow_build, version,
			       &row->key) == VERSION_OK)
		row->order = VERSION_ORDERED;
	else
		row->order = VERSION_UNORDERED;
}

static void add_group(const struct matrix_rules *rules, const struct matrix_group *group,
		      struct row *row)
{
	struct resolver_decision decision = decide(rules, group);
	bool staged = rules->then ? group->staged_then : group->facts.staged;
	struct cell *cell = row->cells;

	row->devices += group->devices;
	if (!decision.activation) {
		row->staying[decision.reason] += group->devices;
		return;
	}
	while (cell->release && cell->release != decision.activation->release)
		cell++;
	cell->release = decision.activation->release;
	cell->devices += group->devices;
	cell->staged += staged ? group->devices : 0;
	row->moving += group->devices;
}

/* Unknown versions first, as the rules rank them, then in their order; what has none comes last. */
static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = (int)x->order - (int)y->order;

	if (order == 0 && x->order == VERSION_ORDERED)
		order = version_compare(&x->key, &y->key);
	if (order == 0)
		order = x->first < y->first ? -1 : 1; /* as the database sorted them */
	return order;
}

static struct row *make_rows(struct arena *arena, const struct matrix_rules *rules,
			     const struct matrix_group *groups, size_t count, size_t *nrows)
{
	struct row *rows = arena_alloc(arena, (count + 1) * sizeof(*rows));

	*nrows = 0;
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || !same_row(&groups[i], &groups[i - 1]))
			begin_row(arena, rules, &groups[i], &rows[(*nrows)++]);
		add_group(rules, &groups[i], &rows[*nrows - 1]);
	}
	qsort(rows, *nrows, sizeof(*rows), compare_rows);
	return rows;
}

/* ---- Rendering ---- */

static json_t *render_release(struct arena *arena, const struct resolver_release *release)
{
	return json_pack("{s:s, s:s}", "release", name_release(arena, release), "kind",
			 name_kind(release));
}

static json_t *render_cell(struct arena *arena, const struct cell *cell)
{
	json_t *out = render_release(arena, cell->release);

	json_object_set_new(out, "version", json_string(cell->release->version));
	json_object_set_new(out, "devices", json_integer(cell->devices));
	json_object_set_new(out, "staged_devices", json_integer(cell->staged));
	return out;
}

static json_t *render_staying(const struct row *row)
{
	json_t *out = json_array();

	for (int reason = 0; reason < RESOLVER_REASONS; reason++)
		if (row->staying[reason])
			json_array_append_new(
				out, json_pack("{s:s, s:s, s:I}", "reason",
					       resolver_reason_name((enum resolver_reason)reason),
					       "text",
					       resolver_reason_text((enum resolver_reason)reason),
					       "devices", (json_int_t)row->staying[reason]));
	return out;
}

static json_t *render_activation(struct arena *arena, const struct resolver_activation *activation)
{
	json_t *out = render_release(arena, activation->release);

	json_object_set_new(out, "staged", json_boolean(activation->staged));
	return out;
}

/* The active deltas that begin at this row's version. */
static json_t *render_deltas(struct arena *arena, const struct resolver_cohort *cohort,
			     const char *version)
{
	json_t *out = json_array();

	for (size_t i = 0; i < cohort->nactivations; i++) {
		const struct resolver_release *release = cohort->activations[i].release;

		if (version && release->from && strcmp(release->from, version) == 0)
			json_array_append_new(out,
					      render_activation(arena, &cohort->activations[i]));
	}
	return out;
}

static json_t *render_row(struct arena *arena, const struct matrix_rules *rules,
			  const struct row *row)
{
	const struct resolver_facts *facts = &row->first->facts;
	const char *attributes = row->first->attributes;
	json_t *cells = json_array();

	for (const struct cell *cell = row->cells; cell->release; cell++)
		json_array_append_new(cells, render_cell(arena, cell));
	return json_pack("{s:s?, s:s?, s:s?, s:o, s:I, s:I, s:b, s:o, s:o, s:o}",
			 "software_version", facts->software_version, "software_type",
			 facts->software_type, "hardware_version", facts->hardware_version,
			 "attributes", attributes ? json_loads(attributes, 0, NULL) : json_object(),
			 "devices", (json_int_t)row->devices, "moving", (json_int_t)row->moving,
			 "final", row->moving == 0, "deltas",
			 render_deltas(arena, &rules->cohort, facts->software_version), "cells",
			 cells, "staying", render_staying(row));
}

/* ---- Columns: the versions that are active, in their order ---- */

static int compare_releases(const void *a, const void *b)
{
	const struct resolver_activation *const *x = a, *const *y = b;
	int order = version_compare(&(*x)->release->key, &(*y)->release->key);

	return order ? order : strcmp((*x)->release->version, (*y)->release->version);
}

static int64_t column_total(const struct row *rows, size_t nrows, const char *version)
{
	int64_t total = 0;

	for (size_t i = 0; i < nrows; i++)
		for (const struct cell *cell = rows[i].cells; cell->release; cell++)
			if (strcmp(cell->release->version, version) == 0)
				total += cell->devices;
	return total;
}

static json_t *render_columns(struct arena *arena, const struct resolver_cohort *cohort,
			      const struct row *rows, size_t nrows)
{
	size_t count = cohort->nactivations;
	const struct resolver_activation **sorted = arena_alloc(arena,
								(count + 1) * sizeof(*sorted));
	json_t *out = json_array(), *active = NULL;

	for (size_t i = 0; i < count; i++)
		sorted[i] = &cohort->activations[i];
	qsort(sorted, count, sizeof(*sorted), compare_releases);
	for (size_t i = 0; i < count; i++) {
		const char *version = sorted[i]->release->version;

		if (i == 0 || strcmp(version, sorted[i - 1]->release->version) != 0) {
			active = json_array();
			json_array_append_new(
				out, json_pack("{s:s, s:I, s:o}", "version", version, "total",
					       (json_int_t)column_total(rows, nrows, version),
					       "active", active));
		}
		json_array_append_new(active, render_activation(arena, sorted[i]));
	}
	return out;
}

json_t *matrix_render(struct arena *arena, const struct matrix_rules *rules,
		      const struct matrix_group *groups, size_t count)
{
	size_t nrows;
	struct row *rows = make_rows(arena, rules, groups, count, &nrows);
	json_t *list = json_array();
	int64_t devices = 0, moving = 0;

	for (size_t i = 0; i < nrows; i++) {
		json_array_append_new(list, render_row(arena, rules, &rows[i]));
		devices += rows[i].devices;
		moving += rows[i].moving;
	}
	return json_pack("{s:I, s:I, s:I, s:o, s:o}", "devices", (json_int_t)devices, "moving",
			 (json_int_t)moving, "staying", (json_int_t)(devices - moving), "columns",
			 render_columns(arena, &rules->cohort, rows, nrows), "rows", list);
}
