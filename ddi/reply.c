/* Answers in hawkBit's dialect: documents, domain errors, framework errors, and empty ones. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "ddi/endpoints.h"
#include "gateway/arena.h"
#include "gateway/digest.h"

static const char HAL[] = "application/hal+json", JSON[] = "application/json";

static const struct {
	int status;
	const char *code, *class;
} problems[] = {
	[DDI_NOT_READABLE] = { 400, "hawkbit.server.error.rest.body.notReadable",
			       "org.eclipse.hawkbit.rest.exception.MessageNotReadableException" },
	[DDI_BAD_DEVICE_ID] = { 400, "hawkbit.server.error.repo.constraintViolation",
				"jakarta.validation.ConstraintViolationException" },
	[DDI_BAD_ATTRIBUTE] = { 400, "hawkbit.server.error.repo.invalidTargetAttributes",
				"org.eclipse.hawkbit.repository.exception."
				"InvalidTargetAttributeException" },
	[DDI_NOT_FOUND] = { 404, "hawkbit.server.error.repo.entityNotFound",
			    "org.eclipse.hawkbit.repository.exception.EntityNotFoundException" },
	[DDI_NOT_ASSIGNED] = { 404, "hawkbit.server.error.repo.entityNotFound",
			       "org.eclipse.hawkbit.repository.exception."
			       "SoftwareModuleNotAssignedToTargetException" },
	[DDI_NOT_CANCELABLE] = { 405, "hawkbit.server.error.action.notCancelable",
				 "org.eclipse.hawkbit.repository.exception."
				 "CancelActionNotAllowedException" },
	[DDI_TOO_MANY_ENTRIES] = { 429, "hawkbit.server.error.quota.tooManyEntries",
				   "org.eclipse.hawkbit.repository.exception."
				   "AssignmentQuotaExceededException" },
};

/* ---- Media types ---- */

/* Does this list of media ranges name `type`, or everything? */
static bool accepts(const char *accept, const char *type)
{
	size_t length = strlen(type);

	while (*accept) {
		size_t item = strcspn(accept, ",");
		size_t name = strcspn(accept, ",; ");

		if ((name == length && strncasecmp(accept, type, length) == 0) ||
		    (name == 3 && strncmp(accept, "*/*", 3) == 0) ||
		    (name == 13 && strncasecmp(accept, "application/*", 13) == 0))
			return true;
		accept += item;
		accept += strspn(accept, ", \t");
	}
	return false;
}

static const char *document_type(const struct request *req)
{
	const char *accept = request_header(req, "Accept");

	return !accept || accepts(accept, HAL) ? HAL : JSON;
}

/* Artifacts are sent whatever the client accepts; `access` of their routes says so. */
bool ddi_negotiate(struct request *req, struct error *err)
{
	const char *accept = request_header(req, "Accept");
	const char *type = request_header(req, "Content-Type");
	bool any = req->match.route->access && strcmp(req->match.route->access, "any") == 0;

	if (!any && accept && !accepts(accept, HAL) && !accepts(accept, JSON))
		return error_set(err, ERR_NOT_ACCEPTED, "only JSON is spoken here");
	if (req->body_size && (!type || strncasecmp(type, JSON, strlen(JSON)) != 0 ||
			       strcspn(type, "; ") != strlen(JSON)))
		return error_set(err, ERR_MEDIA_TYPE, "the body has to be %s", JSON);
	return true;
}

/* ---- Answers ---- */

/* What hawkBit's framework puts on every answer; caches must not keep what devices are told. */
static void add_headers(struct request *req, bool cacheable)
{
	reply_header(req, "X-Content-Type-Options", "nosniff");
	reply_header(req, "X-XSS-Protection", "0");
	reply_header(req, "X-Frame-Options", "DENY");
	if (cacheable)
		return;
	reply_header(req, "Cache-Control", "no-cache, no-store, max-age=0, must-revalidate");
	reply_header(req, "Pragma", "no-cache");
	reply_header(req, "Expires", "0");
}

struct flow ddi_reply_empty(struct request *req, int status)
{
	add_headers(req, false);
	return reply_empty(req, status);
}

/* If-None-Match: a list of tags, compared weakly. */
static bool is_known(const char *header, const char *etag)
{
	for (const char *tag = header + strspn(header, ", \t"); *tag; tag += strspn(tag, ", \t")) {
		if (strncmp(tag, "W/", 2) == 0)
			tag += 2;
		size_t length = strcspn(tag, ", \t");

		if (length == strlen(etag) && strncmp(tag, etag, length) == 0)
			return true;
		tag += length;
	}
	return false;
}

struct flow ddi_reply_text(struct request *req, const char *document)
{
	const char *known = request_header(req, "If-None-Match");
	char md5[DIGEST_MD5_HEX];

	if (strcmp(req->method, "GET") == 0) {
		digest_md5(document, strlen(document), md5);
		char *etag = arena_printf(req->arena, "\"0%s\"", md5);

		reply_header(req, "ETag", etag);
		if (known && is_known(known, etag)) {
			add_headers(req, true);
			return reply_empty(req, 304);
		}
	}
	add_headers(req, false);
	return reply_text(req, 200, document_type(req), document);
}

struct flow ddi_reply_document(struct request *req, json_t *document)
{
	char *text = arena_adopt(req->arena, json_dumps(document, JSON_COMPACT), free);

	json_decref(document);
	return ddi_reply_text(req, text);
}

static struct flow reply_body(struct request *req, int status, json_t *body)
{
	char *text = arena_adopt(req->arena, json_dumps(body, JSON_COMPACT), free);

	json_decref(body);
	add_headers(req, false);
	return reply_text(req, status, JSON, text);
}

struct flow ddi_reply_problem(struct request *req, enum ddi_problem problem, const char *message)
{
	return reply_body(req, problems[problem].status,
			  json_pack("{s:s, s:s, s:s}", "exceptionClass", problems[problem].class,
				    "errorCode", problems[problem].code, "message", message));
}

/* The servlet's error page: no such route, wrong method, 406, 413, 415 ... */
static struct flow reply_framework(struct request *req, enum error_code code)
{
	int status = error_http_status(code);
	time_t now = (time_t)(req->now / 1000000);
	char timestamp[40];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(timestamp, sizeof(timestamp), "%Y-%m-%dT%H:%M:%S.000+00:00", &tm);
	return reply_body(req, status,
			  json_pack("{s:s, s:i, s:s}", "timestamp", timestamp, "status", status,
				    "error", error_title(code)));
}

struct flow ddi_reply_error(struct request *req, const struct error *err)
{
	if (err->code == ERR_INVALID)
		return ddi_reply_problem(req, DDI_NOT_READABLE, err->text);
	if (err->code == ERR_UNAUTHORIZED || err->code == ERR_GONE || err->code == ERR_PRECONDITION)
		return ddi_reply_empty(req, error_http_status(err->code));
	return reply_framework(req, err->code);
}
