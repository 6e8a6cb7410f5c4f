#include "gateway/request.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "gateway/arena.h"
#include "gateway/http.h"
#include "gateway/http_head.h"
#include "gateway/reply.h"
#include "gateway/url.h"
#include "gateway/worker.h"

enum { DISCARD_SECONDS = 30, CLIENT_ID_MAX = 36 };

static size_t alive; /* one process, one worker: request_count() */

/* What a first look at the headers finds. */
struct head {
	const char *id;        /* X-Request-Id */
	const char *oversized; /* the announced size of a body above the connection's limit */
	const char *length;    /* Content-Length */
	bool transfer_coding, expects, broken;
};

size_t request_count(void)
{
	return alive;
}

bool request_answered(const struct request *req)
{
	return req->replied;
}

/* ---- Beginning ---- */

static int64_t clock_us(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static const char *method_name(const struct evhttp_request *http)
{
	switch (evhttp_request_get_command(http)) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_HEAD:
		return "HEAD";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_PUT:
		return "PUT";
	case EVHTTP_REQ_PATCH:
		return "PATCH";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	case EVHTTP_REQ_OPTIONS:
		return "OPTIONS";
	default:
		return "?"; /* a method that no route has */
	}
}

/* Where evhttp is lenient a proxy before us may see something else: such requests are refused. */
static void look_at_header(const char *key, const char *value, struct head *head)
{
	if (strcasecmp(key, "X-Request-Id") == 0) {
		head->id = value;
	} else if (strcasecmp(key, HTTP_OVERSIZED) == 0) {
		head->oversized = value;
	} else if (strcasecmp(key, "Content-Length") == 0) {
		head->broken |= head->length && strcmp(head->length, value) != 0;
		head->length = value;
	} else if (strcasecmp(key, "Transfer-Encoding") == 0) {
		head->broken |= head->transfer_coding || strcasecmp(value, "chunked") != 0;
		head->transfer_coding = true;
	} else if (strcasecmp(key, "Expect") == 0) {
		head->expects = true;
	} else if (strpbrk(key, " \t")) {
		head->broken = true;
	}
}

static struct head look_at_headers(struct evhttp_request *http)
{
	struct head head = { 0 };
	struct evkeyvalq *headers = evhttp_request_get_input_headers(http);

	for (const struct evkeyval *h = headers->tqh_first; h; h = h->next.tqe_next)
		look_at_header(h->key, h->value, &head);
	head.broken |= head.transfer_coding && (head.length || head.oversized);
	return head;
}

/* The client's id if it can go into logs and headers as it is, else ours. */
static void set_id(struct request *req, const char *client)
{
	static const char LETTERS[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t length = client ? strlen(client) : 0;

	if (length >= 1 && length <= CLIENT_ID_MAX && strspn(client, LETTERS) == length)
		memcpy(req->id, client, length + 1);
	else
		snprintf(req->id, sizeof(req->id), "%s%08" PRIx64, req->worker->instance,
			 ++req->worker->requests);
}

static struct request *request_new(struct worker *worker, struct evhttp_request *http)
{
	struct arena *arena = arena_new();
	struct request *req = arena_alloc(arena, sizeof(*req));
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(http);
	struct evbuffer *body = evhttp_request_get_input_buffer(http);
	const char *path = evhttp_uri_get_path(uri);

	req->arena = arena;
	req->worker = worker;
	req->http = http;
	req->method = method_name(http);
	req->path = path && *path ? path : "/";
	req->query = evhttp_uri_get_query(uri);
	req->body_size = evbuffer_get_length(body);
	req->body = (const char *)evbuffer_pullup(body, -1);
	req->now = clock_us(CLOCK_REALTIME);
	req->started = clock_us(CLOCK_MONOTONIC);
	req->match = route_find(worker->areas, req->method, req->path);
	alive++;
	return req;
}

/* A parameter is text: a segment that hides a slash would be two of them. */
static bool decode_params(struct request *req, struct error *err)
{
	for (size_t i = 0; i < req->match.nparams; i++) {
		const struct route_param *raw = &req->match.param[i];

		req->param[i] = url_decode(req->arena, raw->text, raw->length, false);
		if (!req->param[i] || strchr(req->param[i], '/'))
			return error_set(err, ERR_INVALID,
					 "the path has a segment that is no text: percent-encoded "
					 "UTF-8 without slashes and control characters");
	}
	return true;
}

static bool check_query(const struct request *req, struct error *err)
{
	return !req->query || url_query_valid(req->arena, req->query) ||
	       error_set(err, ERR_INVALID,
			 "the query has a parameter that is no text: percent-encoded UTF-8 without "
			 "control characters");
}

/* ---- Steps ---- */

static size_t max_body(const struct request *req)
{
	const struct route *route = req->match.route;

	if (route->max_body == ROUTE_WHOLE_PIECE)
		return http_max_body(req->worker->http);
	return route->max_body ? route->max_body : req->match.area->max_body;
}

static struct flow reply_too_large(struct request *req)
{
	const struct route *route = req->match.route;

	if (!route)
		return reply_no_route(req);
	if (route->too_large)
		return route->too_large(req);
	return reply_fail(req, ERR_TOO_LARGE, "the body of this request may have up to %zu bytes",
			  max_body(req));
}

static struct flow first_step(struct request *req)
{
	const struct route *route = req->match.route;
	struct error err;

	if (!route)
		return reply_no_route(req);
	if (!decode_params(req, &err) || !check_query(req, &err))
		return reply_error(req, &err);
	if (req->body_size > max_body(req))
		return reply_too_large(req);
	return req->match.area->enter ? req->match.area->enter(req) : route->handler(req);
}

/* Free the request once it is answered and nothing is in flight. */
static void step_ended(struct request *req)
{
	assert(req->replied || req->waiting);
	if (req->waiting)
		return;
	if (req->deadline) {
		event_del(req->deadline);
		event_debug_unassign(req->deadline);
	}
	arena_free(req->arena);
	alive--;
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct request *req = arg;

	(void)fd;
	(void)what;
	if (req->discarding) {
		req->discarding = false;
		req->waiting--;
		(void)reply_too_large(req);
		step_ended(req);
		return;
	}
	/* The queries in flight will find that they come too late, the last one cleans up. */
	if (!req->replied)
		(void)reply_fail(req, ERR_UNAVAILABLE,
				 "The database took too long; try again later.");
}

static void arm_deadline(struct request *req, const struct timeval *limit)
{
	if (!req->deadline) {
		req->deadline = arena_alloc(req->arena, event_get_struct_event_size());
		evtimer_assign(req->deadline, req->worker->loop, on_deadline, req);
	}
	event_add(req->deadline, limit);
}

/*
 * The client is sending a body that we do not take. Many read our answer only once they have sent
 * everything, so we let it pass by; whoever waits for our consent is answered at once.
 */
static void refuse_body(struct request *req, const struct head *head)
{
	struct timeval limit = { DISCARD_SECONDS, 0 };
	struct error ignored; /* a handler's 413 needs no valid parameters */

	(void)decode_params(req, &ignored);
	req->close = true;
	if (head->expects) {
		(void)reply_too_large(req);
		return;
	}
	req->discarding = true;
	(void)request_wait(req);
	arm_deadline(req, &limit);
	http_discard(req->worker->http, req->http, strtoll(head->oversized, NULL, 10),
		     req->deadline);
}

void request_start(struct worker *worker, struct evhttp_request *http)
{
	struct head head = look_at_headers(http);
	struct request *req = request_new(worker, http);
	bool unread = strcmp(req->method, "HEAD") == 0 || strcmp(req->method, "?") == 0;

	set_id(req, head.id);
	req->close = head.broken || (unread && (head.length || head.transfer_coding));
	if (head.broken)
		(void)reply_fail(req, ERR_INVALID,
				 "the headers do not say clearly how long the body is");
	else if (head.oversized)
		refuse_body(req, &head);
	else
		(void)first_step(req);
	step_ended(req);
}

struct flow request_wait(struct request *req)
{
	req->waiting++;
	if (!req->deadline)
		arm_deadline(req, req->worker->request_timeout);
	return (struct flow){ 0 };
}

static struct flow reply_unavailable(struct request *req)
{
	return reply_fail(req, ERR_UNAVAILABLE, "The database is not available; try again later.");
}

void request_resume(struct request *req, db_next_fn *next, const struct db_rows *rows)
{
	req->waiting--;
	if (!req->replied)
		(void)(next ? next(req, rows) : reply_unavailable(req));
	step_ended(req);
}

void request_resume_step(struct request *req, step_fn *step)
{
	req->waiting--;
	if (!req->replied)
		(void)(step ? step(req) : reply_unavailable(req));
	step_ended(req);
}

void request_fail(struct request *req, const struct error *err)
{
	req->waiting--;
	if (!req->replied)
		(void)reply_error(req, err);
	step_ended(req);
}
