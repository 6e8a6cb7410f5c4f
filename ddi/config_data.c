/* PUT .../configData: what the device says of itself; its version report is among it. */
#include <string.h>

#include "ddi/endpoints.h"
#include "ddi/parse.h"
#include "gateway/db.h"

static db_next_fn reported;

struct flow ddi_config_data(struct request *req)
{
	const struct ddi_call *call = req->state;
	struct ddi_config_data config;
	struct error err;

	if (!ddi_parse_config_data(req->arena, req->body, req->body_size, &config, &err)) {
		if (err.code == ERR_UNPROCESSABLE)
			return ddi_reply_problem(req, DDI_BAD_ATTRIBUTE, err.text);
		return reply_error(req, &err);
	}
	return db_query(
		req, QUERY_DEVICE_REPORT,
		DB_ARGS(call->caller, call->project_id, call->device_id, config.mode, config.data),
		reported);
}

static struct flow reported(struct request *req, const struct db_rows *rows)
{
	const char *outcome = db_text(rows, 0, "outcome");

	if (strcmp(outcome, "accepted") == 0)
		return ddi_reply_empty(req, 200);
	if (strcmp(outcome, "unauthorized") == 0)
		return ddi_reply_empty(req, 401);
	if (strcmp(outcome, "too_many") == 0)
		return ddi_reply_problem(req, DDI_TOO_MANY_ENTRIES,
					 "a device has at most 100 attributes");
	return ddi_reply_problem(req, DDI_NOT_FOUND, "no such device");
}
