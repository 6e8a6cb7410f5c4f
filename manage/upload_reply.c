#include "manage/upload_reply.h"

#include <inttypes.h>

#include "gateway/arena.h"
#include "gateway/config.h"
#include "gateway/httpdate.h"
#include "gateway/worker.h"
#include "manage/endpoints.h"
#include "manage/uploads.h"

const char *upload_number(struct request *req, int64_t value)
{
	return arena_printf(req->arena, "%" PRId64, value);
}

const char *upload_keep_seconds(struct request *req)
{
	return upload_number(req, req->worker->config->upload_expiry);
}

int64_t upload_piece_size(const struct request *req)
{
	return req->worker->config->upload_piece;
}

static const char *uploads_url(struct request *req)
{
	const struct route_param *project = &req->match.param[PARAM_PROJECT];

	return arena_printf(req->arena, "%s%s/projects/%.*s/uploads", request_base_url(req),
			    req->match.mount, (int)project->length, project->text);
}

struct flow upload_reply_too_large(struct request *req)
{
	return reply_fail(req, ERR_TOO_LARGE,
			  "one request carries at most %" PRId64
			  " bytes; send larger files in pieces by the tus protocol to %s",
			  upload_piece_size(req), uploads_url(req));
}

static void describe(struct request *req)
{
	const struct upload *upload = req->state;
	char date[HTTPDATE_SIZE];

	httpdate_format(upload->expires, date);
	reply_header(req, "Upload-Offset", upload_number(req, upload->received));
	if (!upload->stored)
		reply_header(req, "Upload-Expires", date);
}

static json_t *render(struct request *req)
{
	const struct upload *upload = req->state;
	const struct digest *digest = upload->stored ? &upload->digest : NULL;

	return json_pack("{s:s, s:s, s:I, s:I, s:b, s:s*, s:s*, s:s*, s:s*, s:I, s:s, s:s}", "id",
			 upload->id, "filename", upload->filename, "size", (json_int_t)upload->size,
			 "received", (json_int_t)upload->received, "complete", upload->stored,
			 "expected_sha256", upload->expected, "sha256",
			 digest ? digest->sha256 : NULL, "sha1", digest ? digest->sha1 : NULL,
			 "md5", digest ? digest->md5 : NULL, "piece_size",
			 (json_int_t)upload_piece_size(req), "created_at", upload->created_at,
			 "expires_at", upload->expires_at);
}

struct flow upload_reply_created(struct request *req)
{
	const struct upload *upload = req->state;

	describe(req);
	reply_header(req, "Location",
		     arena_printf(req->arena, "%s/%s", uploads_url(req), upload->id));
	return reply_json(req, 201, render(req));
}

struct flow upload_reply_written(struct request *req)
{
	describe(req);
	return reply_empty(req, 204);
}

struct flow upload_reply_head(struct request *req)
{
	const struct upload *upload = req->state;

	describe(req);
	reply_header(req, "Upload-Length", upload_number(req, upload->size));
	reply_header(req, "Upload-Metadata", upload->metadata);
	reply_header(req, "Cache-Control", "no-store");
	return reply_empty(req, 200);
}

struct flow upload_reply_row(struct request *req)
{
	reply_header(req, "Cache-Control", "no-store");
	return reply_json(req, 200, render(req));
}
