/*
 * GET /{tenant}/controller/v1/{device}: what should this device do next?
 *
 *   ask       the device and its open deployment, with the project's generation
 *   refresh   the catalog, if it is older than that generation; then ask again
 *   register  the device, on first contact
 *   decide    the resolver's rules, unless the device is at work
 *   settle    the open deployment, if it does not fit the decision
 */
#include <inttypes.h>
#include <string.h>

#include "ddi/endpoints.h"
#include "ddi/links.h"
#include "gateway/arena.h"
#include "gateway/catalog.h"
#include "gateway/config.h"
#include "gateway/db.h"
#include "gateway/facts.h"
#include "gateway/log.h"
#include "gateway/worker.h"

enum {
	MAX_DEVICE_ID = 128, /* characters; hawkBit's limit for ids that register themselves; others
				have 256 */
};

/* What the answer links to. */
struct answer {
	const struct catalog_cohort *cohort; /* the effective one */
	bool wants_attributes;
	const char *finished_n; /* or NULL */
	int64_t n, revision;    /* of the open deployment; n 0: none */
	bool canceling;
};

static db_next_fn asked, registered, settled;

/* hawkBit: no blanks in an id, and one that registers itself is also a name of limited length. */
static bool may_register(const char *id)
{
	size_t characters = 0;

	for (; *id; id++) {
		if (*id == ' ')
			return false;
		characters += ((unsigned char)*id & 0xc0) != 0x80;
	}
	return characters <= MAX_DEVICE_ID;
}

struct flow ddi_poll(struct request *req)
{
	const struct ddi_call *call = req->state;

	return db_query(
		req, QUERY_DEVICE_POLL,
		DB_ARGS(call->project_id, call->device_id, call->by_token ? call->hash : NULL),
		asked);
}

/* ---- The answer ---- */

/* The members of _links; "" for most polls, which need not know then what the gateway is called. */
static const char *poll_links(struct request *req, const struct answer *answer)
{
	struct arena *arena = req->arena;
	const char *base, *work = "", *installed = "", *config = "";

	if (!answer->n && !answer->finished_n && !answer->wants_attributes)
		return "";
	base = links_device(req);
	if (answer->n && answer->canceling)
		work = arena_printf(arena,
				    ",\"cancelAction\":{\"href\":\"%s/cancelAction/%" PRId64 "\"}",
				    base, answer->n);
	else if (answer->n)
		work = arena_printf(arena,
				    ",\"deploymentBase\":{\"href\":\"%s/deploymentBase/%" PRId64
				    "?c=%" PRId32 "\"}",
				    base, answer->n, links_revision(answer->n, answer->revision));
	if (answer->finished_n)
		installed = arena_printf(arena,
					 ",\"installedBase\":{\"href\":\"%s/installedBase/%s\"}",
					 base, answer->finished_n);
	if (answer->wants_attributes)
		config = arena_printf(arena, ",\"configData\":{\"href\":\"%s/configData\"}", base);
	return arena_printf(arena, "%s%s%s", work, installed, config) + 1;
}

static struct flow reply_poll(struct request *req, const struct answer *answer)
{
	const struct ddi_call *call = req->state;
	const char *links = poll_links(req, answer);
	char sleep[LINKS_SLEEP_SIZE];

	links_sleep(answer->cohort->polling_interval, call->device_id, sleep);
	if (!*links)
		return ddi_reply_text(
			req, arena_printf(req->arena,
					  "{\"config\":{\"polling\":{\"sleep\":\"%s\"}}}", sleep));
	return ddi_reply_text(
		req, arena_printf(req->arena,
				  "{\"config\":{\"polling\":{\"sleep\":\"%s\"}},\"_links\":{%s}}",
				  sleep, links));
}

/* ---- First contact ---- */

static struct flow register_device(struct request *req)
{
	const struct ddi_call *call = req->state;

	if (!may_register(call->device_id))
		return ddi_reply_problem(req, DDI_BAD_DEVICE_ID,
					 "a device that registers itself has an id of 1 to 128 "
					 "characters without blanks; register this one first");
	return db_query(req, QUERY_DEVICE_REGISTER,
			DB_ARGS(call->project_id, call->device_id, request_peer(req)), registered);
}

static const struct catalog_cohort *default_cohort(const struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->ncohorts; i++)
		if (catalog->cohorts[i].is_default)
			return &catalog->cohorts[i];
	return NULL;
}

/* The cohort of a device, as far as the request is concerned: its key may name another one. */
static const struct catalog_cohort *effective(const struct ddi_call *call, int64_t cohort_id)
{
	return catalog_cohort(call->catalog,
			      call->key->cohort_id ? call->key->cohort_id : cohort_id);
}

/* Nothing fits a device that has not said what it is: it is asked first. */
static struct flow registered(struct request *req, const struct db_rows *rows)
{
	const struct ddi_call *call = req->state;
	const struct catalog_cohort *joined = default_cohort(call->catalog);
	struct answer answer = { .wants_attributes = true };

	(void)rows;
	if (!joined)
		return reply_fail(req, ERR_INTERNAL, "project %s has no default cohort",
				  call->catalog->slug);
	log_info("device_registered", "request=%s project=%s device=\"%s\"", req->id,
		 call->catalog->slug, call->device_id);
	answer.cohort = effective(call, joined->id);
	return reply_poll(req, &answer);
}

/* ---- A device that we know ---- */

static void note_seen(struct request *req, const struct db_rows *rows)
{
	const struct ddi_call *call = req->state;

	if (db_int(rows, 0, "seen_ago") >= req->worker->config->seen_resolution)
		db_note(req->worker->db, QUERY_DEVICE_SEEN,
			DB_ARGS(call->project_id, call->device_id));
}

/*
 * Has the open deployment to change, given what the device should get now? One that the device has
 * begun is left alone unless its release was pulled (clients.md 16).
 */
static bool must_settle(const struct ddi_call *call, const struct db_rows *rows,
			const struct resolver_activation *wanted)
{
	const char *state = db_text(rows, 0, "open_state");
	int64_t activation_id = db_int(rows, 0, "open_activation");

	if (!state)
		return wanted != NULL;
	if (strcmp(state, "offered") == 0)
		return !wanted || wanted->id != activation_id;
	return strcmp(state, "canceling") != 0 && !db_bool(rows, 0, "cancel_refused") &&
	       !catalog_activation(call->catalog, activation_id);
}

static struct flow settle(struct request *req, struct answer *answer,
			  const struct resolver_decision *decision)
{
	const struct ddi_call *call = req->state;
	struct arena *arena = req->arena;
	const char *activation = NULL, *payload = NULL;

	if (decision->activation) {
		activation = arena_printf(arena, "%" PRId64, decision->activation->id);
		payload = arena_printf(arena, "%" PRId64, decision->payload->id);
	}
	return db_query(req, QUERY_DEPLOYMENT_SETTLE,
			DB_ARGS(call->project_id, call->device_id,
				arena_printf(arena, "%" PRId64, answer->cohort->id), activation,
				payload),
			settled);
}

static struct flow known(struct request *req, const struct db_rows *rows)
{
	struct ddi_call *call = req->state;
	struct answer *answer = arena_alloc(req->arena, sizeof(*answer));
	const char *state = db_text(rows, 0, "open_state");
	const char *finished = db_text(rows, 0, "finished_n");
	struct resolver_decision decision = { 0 };
	struct resolver_facts facts;

	*answer = (struct answer){
		.cohort = effective(call, db_int(rows, 0, "cohort_id")),
		.wants_attributes = db_bool(rows, 0, "wants_attributes"),
		.finished_n = finished ? arena_strdup(req->arena, finished) : NULL,
		.n = db_int(rows, 0, "open_n"),
		.revision = db_int(rows, 0, "open_revision"),
		.canceling = state && strcmp(state, "canceling") == 0,
	};
	call->answer = answer;
	note_seen(req, rows);
	if (!state || strcmp(state, "offered") == 0) {
		facts_read(req, rows, 0, &facts);
		decision = resolver_decide(&answer->cohort->decision, &call->catalog->policy,
					   &facts, NULL);
	}
	if (must_settle(call, rows, decision.activation))
		return settle(req, answer, &decision);
	return reply_poll(req, answer);
}

static struct flow settled(struct request *req, const struct db_rows *rows)
{
	const struct ddi_call *call = req->state;
	struct answer *answer = call->answer;
	const char *state = db_text(rows, 0, "state");

	answer->n = db_int(rows, 0, "n");
	answer->revision = db_int(rows, 0, "revision");
	answer->canceling = state && strcmp(state, "canceling") == 0;
	return reply_poll(req, answer);
}

static struct flow asked(struct request *req, const struct db_rows *rows)
{
	const struct ddi_call *call = req->state;

	if (!db_text(rows, 0, "generation")) /* the project is gone */
		return ddi_refresh(req);
	if (!db_bool(rows, 0, "authorized"))
		return ddi_reply_empty(req, 401);
	if (db_int(rows, 0, "generation") > call->catalog->generation)
		return ddi_refresh(req);
	if (!db_text(rows, 0, "device_id"))
		return register_device(req);
	/* The catalog may be newer than the row, and the device's cohort deleted since. */
	if (!effective(call, db_int(rows, 0, "cohort_id")))
		return ddi_refresh(req);
	return known(req, rows);
}
