#include "manage/problem.h"

struct flow problem_reply(struct request *req, const struct error *err)
{
	int status = error_http_status(err->code);
	const char *detail = err->text;

	if (err->code == ERR_INTERNAL)
		detail = "something is broken here; the gateway's log has the request_id";
	if (err->code == ERR_UNAUTHORIZED)
		reply_header(req, "WWW-Authenticate", "Bearer realm=\"mews\"");
	reply_header(req, "Content-Type", "application/problem+json");
	return reply_json(req, status,
			  json_pack("{s:s, s:s, s:i, s:s, s:s*, s:s}", "type", "about:blank",
				    "title", error_title(err->code), "status", status, "detail",
				    detail, "pointer", *err->pointer ? err->pointer : NULL,
				    "request_id", req->id));
}
