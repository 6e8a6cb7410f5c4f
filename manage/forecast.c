/* .../cohorts/{cohort}/matrix, and what-if: the same matrix for a change that has not been made. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/catalog.h"
#include "gateway/db.h"
#include "gateway/facts.h"
#include "gateway/worker.h"
#include "manage/assume.h"
#include "manage/endpoint.h"
#include "manage/endpoints.h"
#include "manage/fields.h"
#include "manage/matrix.h"

/* Across the steps of a request. */
struct forecast {
	const struct assumption *assumption;  /* NULL: the matrix as it is */
	struct matrix_group *groups, *failed; /* all devices; those with failed attempts */
	size_t count, nfailed;
	int64_t project_id, generation, cohort_id;
	const json_t *releases; /* assumed to be active, for assume_rules() */
};

enum { PARAM_COHORT = 1 };

static db_next_fn groups_found;
static step_fn ready;

static struct flow ask(struct request *req, const struct assumption *assumption)
{
	struct forecast *forecast = arena_alloc(req->arena, sizeof(*forecast));

	forecast->assumption = assumption;
	req->state = forecast;
	return db_query(req, QUERY_MATRIX_GROUPS,
			DB_ARGS(req->param[PARAM_PROJECT], req->param[PARAM_COHORT],
				assumption ? assumption->activated : "[]"),
			groups_found);
}

struct flow manage_matrix(struct request *req)
{
	return ask(req, NULL);
}

struct flow manage_what_if(struct request *req)
{
	struct assumption *assumption = arena_alloc(req->arena, sizeof(*assumption));
	struct error err;
	json_t *body;

	if (!request_json(req, &body, &err) ||
	    !endpoint_check_body(fields_what_if, body, false, &err) ||
	    !assume_parse(req->arena, json_object_get(body, "changes"), assumption, &err))
		return reply_error(req, &err);
	return ask(req, assumption);
}

static void drop_json(void *object)
{
	json_decref(object);
}

static struct matrix_group read_group(struct request *req, const struct db_rows *rows, size_t row)
{
	const char *attributes = db_text(rows, row, "targeting");
	struct matrix_group group = { .devices = db_int(rows, row, "devices") };

	facts_read(req, rows, row, &group.facts);
	group.staged_then = group.facts.staged;
	group.attributes = attributes ? arena_strdup(req->arena, attributes) : NULL;
	return group;
}

static void read_groups(struct request *req, const struct db_rows *rows)
{
	struct forecast *forecast = req->state;
	const char *assumed = db_text(rows, 0, "assumed");
	size_t count = db_count(rows);

	forecast->project_id = db_int(rows, 0, "project_id");
	forecast->generation = db_int(rows, 0, "generation");
	forecast->cohort_id = db_int(rows, 0, "cohort_id");
	if (assumed)
		forecast->releases = arena_adopt(req->arena, json_loads(assumed, 0, NULL),
						 drop_json);
	forecast->groups = arena_alloc(req->arena, count * sizeof(*forecast->groups));
	forecast->failed = arena_alloc(req->arena, count * sizeof(*forecast->failed));
	for (size_t i = 0; i < count && db_text(rows, i, "devices"); i++) {
		if (db_text(rows, i, "failures"))
			forecast->failed[forecast->nfailed++] = read_group(req, rows, i);
		else
			forecast->groups[forecast->count++] = read_group(req, rows, i);
	}
}

static struct flow groups_found(struct request *req, const struct db_rows *rows)
{
	const struct forecast *forecast = req->state;
	const struct catalog *catalog = catalog_by_slug(req->worker->catalogs,
							req->param[PARAM_PROJECT]);

	if (db_count(rows) == 0)
		return reply_fail(req, ERR_UNKNOWN, "no such project");
	if (!db_text(rows, 0, "cohort_id"))
		return reply_fail(req, ERR_UNKNOWN, "no such cohort");
	read_groups(req, rows);
	if (!catalog || catalog->project_id != forecast->project_id ||
	    catalog->generation < forecast->generation)
		return catalog_fetch_by_slug(req, req->param[PARAM_PROJECT], ready);
	return ready(req);
}

/* ---- Answers ---- */

static json_t *render(struct request *req, const struct matrix_rules *rules)
{
	const struct forecast *forecast = req->state;
	json_t *matrix = matrix_render(req->arena, rules, forecast->groups, forecast->count);

	json_object_set_new(matrix, "cohort", json_string(req->param[PARAM_COHORT]));
	json_object_set_new(matrix, "held",
			    matrix_render_held(rules, forecast->failed, forecast->nfailed));
	return matrix;
}

static struct flow reply_comparison(struct request *req, const struct catalog *catalog,
				    const struct matrix_rules *now)
{
	struct forecast *forecast = req->state;
	struct matrix_rules then = { .policy = now->policy, .then = true };
	struct error err;

	if (!assume_rules(req->arena, forecast->assumption, &catalog->policy, &now->cohort,
			  forecast->releases, &then.cohort, &err))
		return reply_error(req, &err);
	forecast->groups = assume_staged(req->arena, forecast->assumption, forecast->groups,
					 &forecast->count);
	int64_t moves = matrix_moves(now, &then, forecast->groups, forecast->count);

	return reply_json(req, 200,
			  json_pack("{s:I, s:o, s:o}", "moves", (json_int_t)moves, "before",
				    render(req, now), "after", render(req, &then)));
}

static struct flow ready(struct request *req)
{
	const struct forecast *forecast = req->state;
	const struct catalog *catalog = catalog_by_slug(req->worker->catalogs,
							req->param[PARAM_PROJECT]);
	const struct catalog_cohort *cohort = catalog ? catalog_cohort(catalog, forecast->cohort_id)
						      : NULL;

	if (!cohort)
		return reply_fail(req, ERR_UNKNOWN, "no such cohort");
	struct matrix_rules rules = { .policy = &catalog->policy, .cohort = cohort->decision };

	if (forecast->assumption)
		return reply_comparison(req, catalog, &rules);
	return reply_json(req, 200, render(req, &rules));
}
