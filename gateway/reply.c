#include "gateway/reply.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/arena.h"
#include "gateway/http.h"
#include "gateway/log.h"
#include "gateway/metrics.h"
#include "gateway/worker.h"

enum { RETRY_SECONDS = 5, RETRY_JITTER = 10, NUMBER_SIZE = 24, CUT = 0 };

/* Reason phrases that evhttp does not have. */
static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 207, "Multi-Status" },          { 308, "Permanent Redirect" },
	{ 422, "Unprocessable Content" }, { 428, "Precondition Required" },
	{ 429, "Too Many Requests" },     { 431, "Request Header Fields Too Large" },
	{ 460, "Checksum Mismatch" },
};

/* ---- The end of every request ---- */

static const char *reason_of(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return NULL; /* evhttp's own */
}

static int64_t elapsed_us(const struct request *req)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000 - req->started;
}

/* Count it and write the access log. */
static void note(const struct request *req, int status, int64_t bytes)
{
	const struct area *area = req->match.area;
	int64_t us = elapsed_us(req);

	metrics_request(req->worker->metrics, area ? area->name : "",
			req->match.route ? req->match.route->pattern : "", status, us);
	log_line(area && area->quiet ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "request",
		 "request=%s method=%s path=\"%s\" status=%d ms=%.1f bytes=%" PRId64, req->id,
		 req->method, req->path, status, (double)us / 1000, bytes);
}

static void answered(struct request *req)
{
	if (req->deadline)
		event_del(req->deadline);
	req->http = NULL; /* evhttp's again */
	req->replied = true;
}

static struct evkeyvalq *headers(const struct request *req)
{
	return evhttp_request_get_output_headers(req->http);
}

/* Clients that come back all at once would bring the gateway down again. */
static void ask_to_retry(struct request *req)
{
	char seconds[NUMBER_SIZE];

	snprintf(seconds, sizeof(seconds), "%u", RETRY_SECONDS + arc4random_uniform(RETRY_JITTER));
	if (!evhttp_find_header(headers(req), "Retry-After"))
		reply_header(req, "Retry-After", seconds);
}

/* Does a reply of this status have a body, perhaps one that HEAD is not shown? */
static bool has_length(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

static bool sends_body(const struct request *req, int status)
{
	return has_length(status) && strcmp(req->method, "HEAD") != 0;
}

/* The body is in evhttp's output buffer, unless it is not to be sent. */
static struct flow finish(struct request *req, int status, int64_t length)
{
	char number[NUMBER_SIZE];

	assert(!req->replied);
	if (has_length(status)) {
		snprintf(number, sizeof(number), "%" PRId64, length);
		reply_header(req, "Content-Length", number);
	}
	reply_header(req, "X-Request-Id", req->id);
	if (status == 503 || status == 429)
		ask_to_retry(req);
	if (req->close || req->worker->draining)
		reply_header(req, "Connection", "close");
	note(req, status, sends_body(req, status) ? length : 0);
	evhttp_send_reply(req->http, status, reason_of(status), NULL);
	answered(req);
	return (struct flow){ 0 };
}

struct flow reply_cut(struct request *req)
{
	assert(!req->replied);
	note(req, CUT, 0);
	http_cut(req->http);
	answered(req);
	return (struct flow){ 0 };
}

/* ---- Replies ---- */

void reply_header(struct request *req, const char *name, const char *value)
{
	if (evhttp_add_header(headers(req), name, value) != 0)
		log_error("bad_header", "request=%s name=\"%s\" value=\"%s\"", req->id, name,
			  value);
}

struct flow reply_empty(struct request *req, int status)
{
	return finish(req, status, 0);
}

struct flow reply_bytes(struct request *req, int status, const char *type, const void *data,
			size_t size)
{
	if (!evhttp_find_header(headers(req), "Content-Type"))
		reply_header(req, "Content-Type", type);
	if (sends_body(req, status))
		evbuffer_add(evhttp_request_get_output_buffer(req->http), data, size);
	return finish(req, status, (int64_t)size);
}

struct flow reply_text(struct request *req, int status, const char *type, const char *text)
{
	return reply_bytes(req, status, type, text, strlen(text));
}

struct flow reply_json(struct request *req, int status, json_t *body)
{
	char *text = json_dumps(body, JSON_COMPACT);
	struct flow flow;

	json_decref(body);
	if (!text)
		abort(); /* not JSON: our bug */
	flow = reply_text(req, status, "application/json", text);
	free(text);
	return flow;
}

/* evhttp's buffer passes the file's segments on to the socket's, which drains to a descriptor. */
static struct evbuffer *file_output(struct request *req, int64_t length)
{
	struct evbuffer *out = evhttp_request_get_output_buffer(req->http);

	evbuffer_set_flags(out, EVBUFFER_FLAG_DRAINS_TO_FD);
	http_serves(req->worker->http, req->http, length);
	return out;
}

/* By sendfile: not mapped, so a file that shrinks is a short reply and no crash. Takes `fd`. */
static struct evbuffer_file_segment *segment_new(int fd)
{
	struct evbuffer_file_segment *segment = evbuffer_file_segment_new(
		fd, 0, -1, EVBUF_FS_CLOSE_ON_FREE | EVBUF_FS_DISABLE_MMAP);

	if (!segment)
		close(fd);
	return segment;
}

static struct flow reply_unreadable(struct request *req)
{
	evhttp_clear_headers(headers(req));
	return reply_fail(req, ERR_INTERNAL, "a file of the artifact store cannot be sent");
}

struct flow reply_parts(struct request *req, int status, int fd, const struct reply_part *parts,
			size_t count)
{
	struct evbuffer_file_segment *segment = segment_new(fd);
	int64_t length = 0, file_bytes = 0;

	if (!segment)
		return reply_unreadable(req);
	for (size_t i = 0; i < count; i++) {
		length += parts[i].length + (int64_t)(parts[i].text ? strlen(parts[i].text) : 0);
		file_bytes += parts[i].length;
	}
	if (sends_body(req, status)) {
		struct evbuffer *out = file_output(req, file_bytes);

		for (size_t i = 0; i < count; i++) {
			if (parts[i].text)
				evbuffer_add(out, parts[i].text, strlen(parts[i].text));
			if (parts[i].length)
				evbuffer_add_file_segment(out, segment, parts[i].offset,
							  parts[i].length);
		}
	}
	evbuffer_file_segment_free(segment); /* those in the buffer keep it */
	return finish(req, status, length);
}

struct flow reply_file(struct request *req, int status, int fd, int64_t offset, int64_t length)
{
	const struct reply_part whole = { NULL, offset, length };

	return reply_parts(req, status, fd, &whole, 1);
}

/* ---- Errors ---- */

/* Below no mount: nobody's dialect. */
static struct flow reply_plain_error(struct request *req, const struct error *err)
{
	int status = error_http_status(err->code);

	reply_header(req, "Content-Type", "application/problem+json");
	return reply_json(req, status,
			  json_pack("{s:s, s:i, s:s}", "title", error_title(err->code), "status",
				    status, "detail", err->text));
}

struct flow reply_error(struct request *req, const struct error *err)
{
	const struct area *area = req->match.area;
	const struct route *route = req->match.route;
	bool overloaded = err->code == ERR_UNAVAILABLE || err->code == ERR_QUOTA;

	if (overloaded && route && route->cut_unavailable)
		return reply_cut(req);
	if (err->code == ERR_INTERNAL)
		log_error("internal_error", "request=%s error=\"%s\"", req->id, err->text);
	return area && area->reply_error ? area->reply_error(req, err)
					 : reply_plain_error(req, err);
}

struct flow reply_fail(struct request *req, enum error_code code, const char *fmt, ...)
{
	struct error err = { .code = code };
	va_list args;

	va_start(args, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, args);
	va_end(args);
	return reply_error(req, &err);
}

/* "GET, HEAD, PUT" */
static const char *allow(struct arena *arena, unsigned allowed)
{
	const char *text = "";

	for (unsigned bit = 1; bit < ROUTE_METHODS; bit <<= 1)
		if (allowed & bit)
			text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "",
					    route_method_name((enum route_method)bit));
	return text;
}

struct flow reply_no_route(struct request *req)
{
	const char *methods = allow(req->arena, req->match.allowed);

	if (!req->match.allowed)
		return reply_fail(req, ERR_UNKNOWN, "there is no such resource");
	reply_header(req, "Allow", methods);
	return reply_fail(req, ERR_METHOD, "this method is not possible here, but: %s", methods);
}
