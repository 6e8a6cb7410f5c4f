/* GET .../deploymentBase/{action} and .../installedBase/{action}: what is to be, or was, installed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ddi/endpoints.h"
#include "ddi/links.h"
#include "ddi/parse.h"
#include "ddi/render.h"
#include "gateway/arena.h"
#include "gateway/db.h"

enum { MAX_HISTORY = 100 }; /* messages */

static db_next_fn deployment_found, installed_found;

/* ?actionHistory=: 0 none, n the newest n, negative all; ?c= is only checked. */
static bool read_query(struct request *req, int64_t *history, struct error *err)
{
	const char *c = request_query_param(req, "c");
	const char *text = request_query_param(req, "actionHistory");
	int64_t unused;

	*history = 0;
	if (c && *c && !ddi_parse_number(c + (*c == '-'), &unused, err))
		return false;
	if (!text || !*text)
		return true;
	if (!ddi_parse_number(text + (*text == '-'), history, err))
		return false;
	if (*text == '-' || *history > MAX_HISTORY)
		*history = MAX_HISTORY;
	return true;
}

static struct flow find(struct request *req, db_next_fn *next)
{
	const struct ddi_call *call = req->state;
	struct error err;
	int64_t n, history;

	if (!ddi_parse_number(req->param[PARAM_ACTION], &n, &err) ||
	    !read_query(req, &history, &err))
		return reply_error(req, &err);
	if (n > INT32_MAX)
		return ddi_reply_problem(req, DDI_NOT_FOUND, "no such action");
	return db_query(req, QUERY_DEPLOYMENT_FIND,
			DB_ARGS(call->caller, call->project_id, call->device_id,
				req->param[PARAM_ACTION],
				arena_printf(req->arena, "%" PRId64, history)),
			next);
}

struct flow ddi_deployment(struct request *req)
{
	return find(req, deployment_found);
}

struct flow ddi_installed(struct request *req)
{
	return find(req, installed_found);
}

static bool is_one_of(const char *state, const char *const *states)
{
	for (; *states; states++)
		if (strcmp(*states, state) == 0)
			return true;
	return false;
}

static struct flow reply_deployment(struct request *req, const struct db_rows *rows)
{
	struct ddi_deployment deployment = {
		.n = req->param[PARAM_ACTION],
		.name = db_text(rows, 0, "software_type"),
		.version = db_text(rows, 0, "version"),
		.file = {
			.payload_id = db_int(rows, 0, "payload_id"),
			.size = db_int(rows, 0, "size"),
			.filename = db_text(rows, 0, "filename"),
			.sha256 = db_text(rows, 0, "sha256"),
			.sha1 = db_text(rows, 0, "sha1"),
			.md5 = db_text(rows, 0, "md5"),
		},
		.state = db_text(rows, 0, "state"),
		.messages = db_text(rows, 0, "messages"),
	};

	return ddi_reply_document(req,
				  render_deployment(req->arena, links_device(req), &deployment));
}

/* The deployment, if its state is none of `hidden`. hawkBit: 404 with a body only for what is
 * unknown. */
static struct flow found(struct request *req, const struct db_rows *rows, const char *const *hidden,
			 bool hide_pulled)
{
	struct flow answer;
	const char *state;

	if (!ddi_admits(req, rows, &answer))
		return answer;
	state = db_text(rows, 0, "state");
	if (!state)
		return ddi_reply_problem(req, DDI_NOT_FOUND, "no such action");
	if (is_one_of(state, hidden) || (hide_pulled && db_bool(rows, 0, "pulled")))
		return ddi_reply_empty(req, 404);
	return reply_deployment(req, rows);
}

static struct flow deployment_found(struct request *req, const struct db_rows *rows)
{
	static const char *const HIDDEN[] = { "canceling", "canceled", "superseded", NULL };

	return found(req, rows, HIDDEN, true);
}

static struct flow installed_found(struct request *req, const struct db_rows *rows)
{
	static const char *const HIDDEN[] = { "offered",    "retrieved",  "downloading",
					      "downloaded", "installing", "rejected",
					      "canceling",  "canceled",   "superseded",
					      NULL };

	return found(req, rows, HIDDEN, false);
}
