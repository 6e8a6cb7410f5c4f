/* /api/v1/audit/export: the reply of api_audit_export() as a file. */
#include <string.h>

#include "gateway/arena.h"
#include "gateway/db.h"
#include "manage/call.h"
#include "manage/endpoints.h"

static db_next_fn exported;

struct flow manage_audit_export(struct request *req)
{
	return call_function(req, exported);
}

static struct flow exported(struct request *req, const struct db_rows *rows)
{
	json_auto_t *reply = json_loads(db_text(rows, 0, "body"), 0, NULL);
	const char *format = request_query_param(req, "format");
	const char *next = json_string_value(json_object_get(reply, "next"));
	const char *text = json_string_value(json_object_get(reply, "text"));
	bool csv = format && strcmp(format, "csv") == 0;

	if (next)
		reply_header(req, "X-Next-Cursor", arena_strdup(req->arena, next));
	reply_header(req, "Cache-Control", "no-store");
	reply_header(req, "Content-Disposition",
		     csv ? "attachment;filename=audit.csv" : "attachment;filename=audit.jsonl");
	return reply_text(req, 200, csv ? "text/csv; charset=utf-8" : "application/jsonl",
			  arena_strdup(req->arena, text));
}
