#include "manage/headers.h"

#include <string.h>
#include <strings.h>

#include "gateway/error.h"
#include "gateway/request.h"
#include "gateway/route.h"
#include "manage/endpoints.h"
#include "manage/value.h"

enum { HEADER_MAX = 100 };

const struct field header_if_match[] = {
	{ .name = "If-Match",
	  .type = FIELD_LINE,
	  .min = 1,
	  .max = HEADER_MAX,
	  .about = "The ETag that the change is based on." },
	{ 0 },
};

const struct field header_idempotency_key[] = {
	{ .name = "Idempotency-Key",
	  .type = FIELD_LINE,
	  .min = 1,
	  .max = HEADER_MAX,
	  .about = "Who repeats the request with the same key gets the same answer." },
	{ 0 },
};

static bool is(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0;
}

bool header_takes_match(const struct route *route)
{
	const struct endpoint *endpoint = route->more;

	return route->handler == manage_call &&
	       (is(route, "PATCH") || is(route, "DELETE") || endpoint->if_match);
}

bool header_takes_key(const struct route *route)
{
	return route->handler == manage_call && is(route, "POST");
}

/* A form of another site can make a browser send JSON, but not say so. */
static bool is_json(const struct request *req)
{
	static const char JSON[] = "application/json";
	const char *type = request_header(req, "Content-Type");
	size_t length = sizeof(JSON) - 1;

	return type && strncasecmp(type, JSON, length) == 0 && strchr("; \t", type[length]);
}

/* Who sends it relies on it: it is not ignored where it would do nothing. */
static bool check(const struct request *req, const struct field *header, bool takes,
		  struct error *err)
{
	const char *text = request_header(req, header->name);

	if (!text)
		return true;
	if (!takes)
		return error_field(err, ERR_INVALID, header->name,
				   "%s is not supported here; send the request without it",
				   header->name);
	return value_check_param(header, text, err);
}

bool headers_check(const struct request *req, struct error *err)
{
	const struct route *route = req->match.route;

	if (endpoint_is_safe(route))
		return true;
	if (endpoint_of(req)->body && req->body_size && !is_json(req))
		return error_field(err, ERR_MEDIA_TYPE, "Content-Type",
				   "send the body with \"Content-Type: application/json\"");
	/* A second upload would be made, and the client believes that there is one. */
	return check(req, header_if_match, header_takes_match(route), err) &&
	       check(req, header_idempotency_key, route->handler != manage_upload_create, err);
}
