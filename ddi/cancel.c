/* cancelAction: the device is asked to stop, and answers. hawkBit's handshake: ddi.md 7. */
#include <string.h>

#include "ddi/endpoints.h"
#include "ddi/feedback.h"
#include "ddi/parse.h"
#include "gateway/db.h"

static db_next_fn canceling_found, cancel_feedback_added;

/* GET .../cancelAction/{action} */
struct flow ddi_cancel(struct request *req)
{
	const struct ddi_call *call = req->state;
	struct error err;
	int64_t n;

	if (!ddi_parse_number(req->param[PARAM_ACTION], &n, &err))
		return reply_error(req, &err);
	if (n > INT32_MAX)
		return ddi_reply_problem(req, DDI_NOT_FOUND, "no such action");
	return db_query(
		req, QUERY_CANCEL_FIND,
		DB_ARGS(call->caller, call->project_id, call->device_id, req->param[PARAM_ACTION]),
		canceling_found);
}

static struct flow canceling_found(struct request *req, const struct db_rows *rows)
{
	struct flow answer;
	const char *state;

	if (!ddi_admits(req, rows, &answer))
		return answer;
	state = db_text(rows, 0, "state");
	if (!state)
		return ddi_reply_problem(req, DDI_NOT_FOUND, "no such action");
	if (strcmp(state, "canceling") != 0 && strcmp(state, "canceled") != 0)
		return ddi_reply_empty(req, 404);
	return ddi_reply_document(req,
				  json_pack("{s:s, s:{s:s}}", "id", req->param[PARAM_ACTION],
					    "cancelAction", "stopId", req->param[PARAM_ACTION]));
}

/* POST .../cancelAction/{action}/feedback */
struct flow ddi_cancel_feedback(struct request *req)
{
	return feedback_store(req, QUERY_CANCEL_FEEDBACK_ADD, cancel_feedback_added);
}

static struct flow cancel_feedback_added(struct request *req, const struct db_rows *rows)
{
	const char *outcome = db_text(rows, 0, "outcome");

	if (strcmp(outcome, "not_canceling") == 0)
		return ddi_reply_problem(req, DDI_NOT_CANCELABLE, "the action is not canceling");
	return feedback_reply(req, outcome);
}
