#include "ota/ota.h"

#include "ota/endpoints.h"

static const char *const MOUNTS[] = { "/api/v0", NULL };

static const struct route ROUTES[] = {
	{ .method = "GET", .pattern = "/releases/latest", .handler = ota_latest },
	{ .method = "GET", .pattern = "/releases/latest/url", .handler = ota_latest_url },
	{ .method = "GET",
	  .pattern = "/artifacts/{project}/{sha256}/{filename}",
	  .handler = ota_artifact,
	  .cut_unavailable = true },
	{ 0 },
};

/* {"error": {"message": "..."}}, as clients of such an endpoint know it. */
static struct flow reply_message(struct request *req, const struct error *err)
{
	const char *text = err->code == ERR_INTERNAL ? "something is broken here" : err->text;

	return reply_json(req, error_http_status(err->code),
			  json_pack("{s:{s:s, s:i}}", "error", "message", text, "http_code",
				    error_http_status(err->code)));
}

const struct area ota_area = {
	.name = "ota",
	.mounts = MOUNTS,
	.routes = ROUTES,
	.max_body = 1024,
	.reply_error = reply_message,
	.quiet = true,
};
