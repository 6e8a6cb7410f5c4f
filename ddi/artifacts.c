/* .../softwaremodules/{payload}/artifacts: the files of a deployment, for the device it is offered
 * to. */
#include <string.h>

#include "ddi/endpoints.h"
#include "ddi/links.h"
#include "ddi/parse.h"
#include "ddi/render.h"
#include "gateway/arena.h"
#include "gateway/db.h"
#include "gateway/download.h"

static const char MD5SUM[] = ".MD5SUM";

static db_next_fn listed, file_found, md5_found;

/* A whole file, or a part that is not the rest of one. */
static bool from_start(const struct request *req)
{
	static const char START[] = "bytes=0-";
	const char *range = request_header(req, "Range");

	return !range || strncmp(range, START, strlen(START)) == 0;
}

/* `begins`: the file whose download begins or goes on, or NULL. */
static struct flow find(struct request *req, const char *begins, db_next_fn *next)
{
	const struct ddi_call *call = req->state;
	struct error err;
	int64_t payload;

	if (!ddi_parse_number(req->param[PARAM_PAYLOAD], &payload, &err))
		return reply_error(req, &err);
	return db_query(req, QUERY_ARTIFACT_FIND,
			DB_ARGS(call->caller, call->project_id, call->device_id,
				req->param[PARAM_PAYLOAD], begins,
				from_start(req) ? "true" : "false"),
			next);
}

/* NULL: the name does not end like that. */
static const char *without_suffix(struct arena *arena, const char *name, const char *suffix)
{
	size_t length = strlen(name), end = strlen(suffix);

	if (length <= end || strcmp(name + length - end, suffix) != 0)
		return NULL;
	return arena_strndup(arena, name, length - end);
}

struct flow ddi_artifact_list(struct request *req)
{
	return find(req, NULL, listed);
}

/* A HEAD begins nothing: SWUpdate asks for the size first. */
struct flow ddi_artifact(struct request *req)
{
	const char *name = req->param[PARAM_FILENAME];

	if (without_suffix(req->arena, name, MD5SUM))
		return find(req, NULL, md5_found);
	return find(req, strcmp(req->method, "GET") == 0 ? name : NULL, file_found);
}

/* What is asked for is there, as far as the row says; otherwise *out is the answer. */
static bool is_there(struct request *req, const struct db_rows *rows, bool may_be_installed,
		     struct flow *out)
{
	if (!ddi_admits(req, rows, out))
		return false;
	if (!db_text(rows, 0, "filename"))
		*out = ddi_reply_problem(req, DDI_NOT_FOUND, "no such software module");
	else if (!db_bool(rows, 0, "offered") &&
		 !(may_be_installed && db_bool(rows, 0, "installed")))
		*out = ddi_reply_problem(req, DDI_NOT_ASSIGNED,
					 "the software module is not offered to this device");
	else
		return true;
	return false;
}

static struct flow listed(struct request *req, const struct db_rows *rows)
{
	struct flow answer;

	if (!is_there(req, rows, true, &answer))
		return answer;
	struct ddi_file file = {
		.payload_id = db_int(rows, 0, "payload_id"),
		.size = db_int(rows, 0, "size"),
		.filename = db_text(rows, 0, "filename"),
		.sha256 = db_text(rows, 0, "sha256"),
		.sha1 = db_text(rows, 0, "sha1"),
		.md5 = db_text(rows, 0, "md5"),
	};
	return ddi_reply_document(
		req, json_pack("[o]", render_artifact(req->arena, links_device(req), &file)));
}

static struct flow file_found(struct request *req, const struct db_rows *rows)
{
	struct flow answer;

	if (!is_there(req, rows, false, &answer))
		return answer;
	if (strcmp(db_text(rows, 0, "filename"), req->param[PARAM_FILENAME]) != 0)
		return ddi_reply_empty(req, 404);
	return download_reply(req, rows, req->param[PARAM_FILENAME]);
}

/* As md5sum writes it, without the newline at the end. */
static struct flow md5_found(struct request *req, const struct db_rows *rows)
{
	const char *name = without_suffix(req->arena, req->param[PARAM_FILENAME], MD5SUM);
	struct flow answer;

	if (!is_there(req, rows, false, &answer))
		return answer;
	if (strcmp(db_text(rows, 0, "filename"), name) != 0)
		return ddi_reply_empty(req, 404);
	reply_header(req, "Content-Disposition",
		     arena_printf(req->arena, "attachment;filename=%s%s", name, MD5SUM));
	return reply_text(req, 200, "text/plain",
			  arena_printf(req->arena, "%s  %s", db_text(rows, 0, "md5"), name));
}
