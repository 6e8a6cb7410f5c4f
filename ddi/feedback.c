/* POST .../deploymentBase/{action}/feedback: how the device gets on. Always 200 for a known action.
 */
#include "ddi/feedback.h"

#include <string.h>

#include "ddi/endpoints.h"
#include "ddi/parse.h"
#include "gateway/arena.h"
#include "gateway/db.h"

static db_next_fn feedback_added;

struct flow feedback_store(struct request *req, enum query query, db_next_fn *next)
{
	const struct ddi_call *call = req->state;
	struct ddi_feedback feedback;
	struct error err;
	int64_t n;

	if (!ddi_parse_number(req->param[PARAM_ACTION], &n, &err) ||
	    !ddi_parse_feedback(req->arena, req->body, req->body_size, &feedback, &err))
		return reply_error(req, &err);
	if (n > INT32_MAX)
		return ddi_reply_problem(req, DDI_NOT_FOUND, "no such action");
	return db_query(req, query,
			DB_ARGS(call->caller, call->project_id, call->device_id,
				req->param[PARAM_ACTION], feedback.execution, feedback.result,
				feedback.code, feedback.details),
			next);
}

struct flow ddi_feedback(struct request *req)
{
	return feedback_store(req, QUERY_FEEDBACK_ADD, feedback_added);
}

static struct flow feedback_added(struct request *req, const struct db_rows *rows)
{
	return feedback_reply(req, db_text(rows, 0, "outcome"));
}

struct flow feedback_reply(struct request *req, const char *outcome)
{
	if (strcmp(outcome, "accepted") == 0)
		return ddi_reply_empty(req, 200);
	if (strcmp(outcome, "unauthorized") == 0)
		return ddi_reply_empty(req, 401);
	if (strcmp(outcome, "no_device") == 0)
		return ddi_reply_problem(req, DDI_NOT_FOUND, "no such device");
	return ddi_reply_problem(req, DDI_NOT_FOUND, "no such action");
}
