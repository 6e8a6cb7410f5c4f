/* .../devices/{device}/inspect: why does this device get what it gets? In plain words. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "gateway/arena.h"
#include "gateway/catalog.h"
#include "gateway/db.h"
#include "gateway/facts.h"
#include "gateway/worker.h"
#include "manage/endpoints.h"
#include "manage/names.h"
#include "resolver/resolver.h"

enum { PARAM_DEVICE = 1, TIME_SIZE = 32 };

/* Across the steps. */
struct inspection {
	struct resolver_facts facts;
	int64_t project_id, generation, cohort_id;
	json_t *report;   /* what the database has to say */
	const char *open; /* a sentence about the open deployment, or NULL */
};

static db_next_fn found;
static step_fn ready;

struct flow manage_inspect(struct request *req)
{
	return db_query(req, QUERY_INSPECT_DEVICE,
			DB_ARGS(req->param[PARAM_PROJECT], req->param[PARAM_DEVICE]), found);
}

static json_t *json_column(const struct db_rows *rows, const char *column)
{
	const char *text = db_text(rows, 0, column);
	json_t *value = text ? json_loads(text, 0, NULL) : NULL;

	return value ? value : json_array();
}

static void drop_json(void *object)
{
	json_decref(object);
}

static struct inspection *read_row(struct request *req, const struct db_rows *rows)
{
	struct inspection *inspection = arena_alloc(req->arena, sizeof(*inspection));
	const char *state = db_text(rows, 0, "open_state");

	facts_read(req, rows, 0, &inspection->facts);
	inspection->project_id = db_int(rows, 0, "project_id");
	inspection->generation = db_int(rows, 0, "generation");
	inspection->cohort_id = db_int(rows, 0, "cohort_id");
	inspection->report = arena_adopt(req->arena,
					 json_pack("{s:o, s:o, s:o}", "device",
						   json_column(rows, "device"), "versions",
						   json_column(rows, "versions"), "deployments",
						   json_column(rows, "deployments")),
					 drop_json);
	/* One that is only offered follows the rules with the next poll. */
	if (state && strcmp(state, "offered") != 0)
		inspection->open = arena_printf(
			req->arena,
			"Deployment %s of release %s is %s; the device was last heard in it at %s.",
			db_text(rows, 0, "open_n"), db_text(rows, 0, "open_release"), state,
			db_text(rows, 0, "open_changed_at"));
	return inspection;
}

static struct flow found(struct request *req, const struct db_rows *rows)
{
	const struct catalog *catalog = catalog_by_slug(req->worker->catalogs,
							req->param[PARAM_PROJECT]);
	struct inspection *inspection;

	if (db_count(rows) == 0)
		return reply_fail(req, ERR_UNKNOWN, "no such project");
	if (!db_text(rows, 0, "cohort_id"))
		return reply_fail(req, ERR_UNKNOWN, "no such device");
	inspection = read_row(req, rows);
	req->state = inspection;
	if (!catalog || catalog->project_id != inspection->project_id ||
	    catalog->generation < inspection->generation)
		return catalog_fetch_by_slug(req, req->param[PARAM_PROJECT], ready);
	return ready(req);
}

/* ---- The answer ---- */

static const char *time_text(struct arena *arena, int64_t us)
{
	char text[TIME_SIZE];
	time_t seconds = (time_t)(us / 1000000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return arena_strdup(arena, text);
}

static json_t *render_decision(struct request *req, const struct resolver_decision *decision)
{
	const struct inspection *inspection = req->state;
	const struct resolver_release *next = decision->next ? decision->next->release : NULL;
	const char *retry = decision->reason == REASON_RETRY_WAIT
				    ? time_text(req->arena, decision->retry_at)
				    : NULL;
	const char *answer = inspection->open;

	if (!answer)
		answer = next ? arena_printf(req->arena, "Release %s: %s",
					     name_release(req->arena, next),
					     resolver_reason_text(decision->reason))
			      : resolver_reason_text(decision->reason);
	return json_pack(
		"{s:s?, s:s?, s:o, s:s, s:s, s:s?}", "release",
		decision->activation ? name_release(req->arena, decision->activation->release)
				     : NULL,
		"next", next ? name_release(req->arena, next) : NULL, "payload",
		decision->payload ? json_integer(decision->payload->id) : json_null(), "reason",
		resolver_reason_name(decision->reason), "answer", answer, "retry_at", retry);
}

static json_t *render_trail(struct arena *arena, const struct resolver_cohort *cohort,
			    const enum resolver_reason *trail)
{
	json_t *out = json_array();

	for (size_t i = 0; i < cohort->nactivations; i++) {
		const struct resolver_activation *activation = &cohort->activations[i];

		json_array_append_new(out, json_pack("{s:s, s:s, s:I, s:b, s:s, s:s}", "release",
						     name_release(arena, activation->release),
						     "kind", name_kind(activation->release),
						     "activation", (json_int_t)activation->id,
						     "staged", activation->staged, "reason",
						     resolver_reason_name(trail[i]), "text",
						     resolver_reason_text(trail[i])));
	}
	return out;
}

static struct flow ready(struct request *req)
{
	const struct inspection *inspection = req->state;
	const struct catalog *catalog = catalog_by_slug(req->worker->catalogs,
							req->param[PARAM_PROJECT]);
	const struct catalog_cohort *cohort = catalog ? catalog_cohort(catalog,
								       inspection->cohort_id)
						      : NULL;
	enum resolver_reason *trail;
	struct resolver_decision decision;

	if (!cohort)
		return reply_fail(req, ERR_CONFLICT, "the device is being moved; ask again");
	trail = arena_alloc(req->arena, (cohort->decision.nactivations + 1) * sizeof(*trail));
	decision = resolver_decide(&cohort->decision, &catalog->policy, &inspection->facts, trail);

	json_object_set_new(inspection->report, "decision", render_decision(req, &decision));
	json_object_set_new(inspection->report, "releases",
			    render_trail(req->arena, &cohort->decision, trail));
	return reply_json(req, 200, json_incref(inspection->report));
}
