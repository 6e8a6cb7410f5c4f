/* A connection's life, and the requests on it, beside evhttp. */
#include "gateway/http_conn.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/http_head.h"
#include "gateway/log.h"
#include "gateway/metrics.h"
#include "gateway/must.h"
#include "gateway/request.h"
#include "gateway/worker.h"

enum {
	BODIES_HELD = 16,     /* of the largest size, before the worker refuses more */
	SMALL = 64 << 10,     /* bytes of a request that is never refused for that */
	MAX_AHEAD = 64 << 10, /* bytes that a client may send before it has its reply */
};

/* ---- Chores: once evhttp has returned ---- */

static void chore(struct http_conn *conn)
{
	if (conn->queued)
		return;
	conn->queued = true;
	conn->next = conn->http->first;
	conn->http->first = conn;
	event_active(conn->http->chores, EV_TIMEOUT, 0);
}

static void unqueue(struct http_conn *conn)
{
	struct http_conn **at = &conn->http->first;

	while (*at && *at != conn)
		at = &(*at)->next;
	if (*at)
		*at = conn->next;
	conn->queued = false;
}

static void doom(struct http_conn *conn)
{
	conn->doomed = true;
	chore(conn);
}

static struct http_conn *find(const struct http *http, struct evhttp_request *req)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(req);
	int fd = evcon ? bufferevent_getfd(evhttp_connection_get_bufferevent(evcon)) : -1;

	return fd >= 0 && (size_t)fd < http->fds ? http->by_fd[fd] : NULL;
}

/* ---- What arrives, before evhttp sees it ---- */

static void release(struct http_conn *conn)
{
	conn->http->held -= conn->received;
	conn->received = 0;
}

static void scan_head(struct http_conn *conn, struct evbuffer *input)
{
	size_t size = evbuffer_get_length(input);

	if (http_head_scan((char *)evbuffer_pullup(input, -1), size,
			   (uint64_t)conn->http->max_body))
		conn->state = HTTP_CONN_BODY;
}

static void receive(struct http_conn *conn, size_t bytes)
{
	struct http *http = conn->http;

	if (conn->received == 0)
		conn->since = http_now();
	conn->received += (int64_t)bytes;
	http->held += (int64_t)bytes;
	if (http->held > BODIES_HELD * http->max_body && conn->received > SMALL) {
		log_warn("too_many_bodies", "bytes=%lld", (long long)http->held);
		bufferevent_disable(conn->bev, EV_READ);
		doom(conn);
	}
}

static void throw_away(struct http_conn *conn, struct evbuffer *input)
{
	int64_t there = (int64_t)evbuffer_get_length(input);
	int64_t bytes = there < conn->discard ? there : conn->discard;

	conn->discard -= bytes;
	evbuffer_drain(input, (size_t)bytes);
	if (conn->discard == 0) {
		bufferevent_disable(conn->bev, EV_READ);
		conn->state = HTTP_CONN_BUSY;
		event_active(conn->discarded, EV_TIMEOUT, 0);
	}
}

static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_conn *conn = arg;

	if (info->n_added == 0)
		return;
	switch (conn->state) {
	case HTTP_CONN_HEAD:
		receive(conn, info->n_added);
		scan_head(conn, input);
		break;
	case HTTP_CONN_BODY:
		receive(conn, info->n_added);
		break;
	case HTTP_CONN_BUSY:
		if (evbuffer_get_length(input) > MAX_AHEAD)
			bufferevent_disable(conn->bev, EV_READ); /* evhttp enables it again */
		break;
	case HTTP_CONN_DISCARD:
		throw_away(conn, input);
		break;
	}
}

/* ---- Connections ---- */

static void account_file(struct http_conn *conn, int64_t unsent)
{
	if (conn->file_bytes > unsent)
		metrics_bytes_served(conn->http->worker->metrics, conn->file_bytes - unsent);
	conn->file_bytes = 0;
}

static void on_closed(struct evhttp_connection *evcon, void *arg)
{
	struct http_conn *conn = arg;
	struct http *http = conn->http;

	(void)evcon;
	account_file(conn, (int64_t)evbuffer_get_length(bufferevent_get_output(conn->bev)));
	release(conn);
	if (conn->state == HTTP_CONN_DISCARD)
		event_active(conn->discarded, EV_TIMEOUT, 0);
	if (conn->queued)
		unqueue(conn);
	evbuffer_remove_cb(bufferevent_get_input(conn->bev), on_input, conn);
	bufferevent_decref(conn->bev);
	http->by_fd[conn->fd] = NULL;
	http->count--;
	metrics_connections(http->worker->metrics, -1);
	if (http->paused && http->count < http->max)
		http_set_accepting(http, true);
	free(conn);
}

/* evhttp asks for the bufferevent of a connection that it has accepted. */
struct bufferevent *http_conn_new(struct event_base *loop, void *arg)
{
	struct http *http = arg;
	struct http_conn *conn = must(calloc(1, sizeof(*conn)));

	conn->http = http;
	conn->bev = must(bufferevent_socket_new(loop, -1, 0));
	conn->fd = -1;
	conn->since = http_now();
	bufferevent_incref(conn->bev);
	evbuffer_add_cb(bufferevent_get_input(conn->bev), on_input, conn);
	http->count++;
	metrics_connections(http->worker->metrics, +1);
	if (http->count >= http->max)
		http_set_accepting(http, false);
	chore(conn); /* to learn the rest once evhttp has it */
	return conn->bev;
}

static void remember(struct http *http, struct http_conn *conn)
{
	size_t fd = (size_t)conn->fd;

	if (fd >= http->fds) {
		size_t fds = fd * 2 + 64;

		http->by_fd = must(realloc(http->by_fd, fds * sizeof(struct http_conn *)));
		memset(http->by_fd + http->fds, 0, (fds - http->fds) * sizeof(struct http_conn *));
		http->fds = fds;
	}
	http->by_fd[fd] = conn;
}

/* The connection is evhttp's argument of the bufferevent's callbacks. */
static void attach(struct http_conn *conn)
{
	void *evcon = NULL;

	bufferevent_getcb(conn->bev, NULL, NULL, NULL, &evcon);
	conn->fd = bufferevent_getfd(conn->bev);
	if (!evcon || conn->fd < 0) { /* evhttp could not set it up, and has freed it */
		bufferevent_decref(conn->bev);
		conn->http->count--;
		metrics_connections(conn->http->worker->metrics, -1);
		free(conn);
		return;
	}
	conn->evcon = evcon;
	remember(conn->http, conn);
	evhttp_connection_set_closecb(conn->evcon, on_closed, conn);
}

void http_conn_chores(evutil_socket_t fd, short what, void *arg)
{
	struct http *http = arg;
	struct http_conn *conn;

	(void)fd;
	(void)what;
	while ((conn = http->first)) {
		unqueue(conn);
		if (!conn->evcon)
			attach(conn);
		else if (conn->doomed)
			evhttp_connection_free(conn->evcon);
	}
}

/* ---- Requests ---- */

/* The reply is out; what has arrived meanwhile is the beginning of the next request. */
static void on_sent(struct evhttp_request *req, void *arg)
{
	struct http_conn *conn = arg;
	struct evbuffer *input = bufferevent_get_input(conn->bev);

	(void)req;
	account_file(conn, 0);
	release(conn);
	conn->state = HTTP_CONN_HEAD;
	conn->served = true;
	if (evbuffer_get_length(input)) {
		receive(conn, evbuffer_get_length(input));
		scan_head(conn, input);
	}
}

void http_conn_request(struct evhttp_request *req, void *arg)
{
	struct http *http = arg;
	struct http_conn *conn = find(http, req);

	conn->state = HTTP_CONN_BUSY;
	evhttp_request_set_on_complete_cb(req, on_sent, conn);
	request_start(http->worker, req);
}

void http_discard(struct http *http, struct evhttp_request *req, int64_t bytes, struct event *done)
{
	struct http_conn *conn = find(http, req);
	bufferevent_data_cb read, write;
	bufferevent_event_cb event;
	void *arg;

	/* evhttp's own reader does not expect anything between request and reply. */
	bufferevent_getcb(conn->bev, &read, &write, &event, &arg);
	bufferevent_setcb(conn->bev, NULL, write, event, arg);
	conn->state = HTTP_CONN_DISCARD;
	conn->discard = bytes;
	conn->discarded = done;
	throw_away(conn, bufferevent_get_input(conn->bev));
	if (conn->discard)
		bufferevent_enable(conn->bev, EV_READ);
}

void http_serves(struct http *http, struct evhttp_request *req, int64_t bytes)
{
	struct http_conn *conn = find(http, req);

	if (conn)
		conn->file_bytes = bytes;
}

void http_cut(struct evhttp_request *req)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(req);

	if (evcon)
		evhttp_connection_free(evcon); /* and the request with it */
	else
		evhttp_request_free(req);
}
