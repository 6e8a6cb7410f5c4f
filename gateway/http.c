#include "gateway/http.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>

#include "gateway/config.h"
#include "gateway/http_head.h"
#include "gateway/log.h"
#include "gateway/metrics.h"
#include "gateway/request.h"
#include "gateway/worker.h"

enum {
	MAX_HEADERS = 64 << 10, /* bytes; SWUpdate's 1000 ranges are 20 KiB */
	MIN_BODY = 1 << 20,     /* bytes that a connection takes at least; routes have their own */
	BODIES_HELD = 16,       /* of the largest size, before the worker refuses more */
	MAX_AHEAD = 64 << 10,   /* bytes that a client may send before it has its reply */
	SWEEP_SECONDS = 2,
	GRACE_SECONDS = 30,   /* before a request is held against its speed */
	MIN_SPEED = 1024,     /* bytes/s of a request */
	FRESH_SECONDS = 1,    /* after these a connection without a request is idle */
	RESERVED_FILES = 256, /* descriptors that are no clients' connections */
	ALL_METHODS = 0xffff & ~(EVHTTP_REQ_CONNECT | EVHTTP_REQ_TRACE),
};

/*
 *   HEAD -> BODY -> BUSY -> HEAD ...
 *                    |
 *                    +-> DISCARD -> BUSY (answered 413, then closed)
 */
enum conn_state { CONN_HEAD, CONN_BODY, CONN_BUSY, CONN_DISCARD };

struct conn {
	struct http *http;
	struct bufferevent *bev;         /* evhttp's, from us */
	struct evhttp_connection *evcon; /* NULL: evhttp has not told us yet */
	int fd;
	enum conn_state state;
	bool served;       /* has had a reply */
	bool doomed;       /* to be closed by on_chores() */
	bool queued;       /* in http->chores */
	struct conn *next; /* there */
	time_t since;      /* monotonic: accepted, later: the request began to arrive */
	int64_t received;  /* bytes of it so far; 0: idle */
	int64_t discard;   /* bytes still to be thrown away */
	struct event *discarded;
	int64_t file_bytes; /* of the file in the reply */
};

struct http {
	struct worker *worker;
	struct evhttp *evhttp;
	struct evhttp_bound_socket **listeners;
	size_t nlisteners;
	bool paused;          /* not accepting, as too much is open */
	struct event *chores; /* what cannot be done within evhttp's callbacks */
	struct event *sweep;
	struct conn *first;     /* for chores */
	struct conn **by_fd;    /* NULL: no connection of ours */
	size_t fds;             /* size of by_fd */
	size_t count, max;      /* open connections */
	int64_t max_body, held; /* bytes; `held` by all requests that are not answered */
};

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
	return time.tv_sec;
}

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* ---- Chores: once evhttp has returned ---- */

static void chore(struct conn *conn)
{
	if (conn->queued)
		return;
	conn->queued = true;
	conn->next = conn->http->first;
	conn->http->first = conn;
	event_active(conn->http->chores, EV_TIMEOUT, 0);
}

static void unqueue(struct conn *conn)
{
	struct conn **at = &conn->http->first;

	while (*at && *at != conn)
		at = &(*at)->next;
	if (*at)
		*at = conn->next;
	conn->queued = false;
}

static void doom(struct conn *conn)
{
	conn->doomed = true;
	chore(conn);
}

/* ---- Accepting ---- */

static void set_accepting(struct http *http, bool accepting)
{
	for (size_t i = 0; i < http->nlisteners; i++) {
		struct evconnlistener *l = evhttp_bound_socket_get_listener(http->listeners[i]);

		if (accepting)
			evconnlistener_enable(l);
		else
			evconnlistener_disable(l);
	}
	http->paused = !accepting;
}

/* No more descriptors, or no memory for sockets: on_sweep() tries again. `arg` is evhttp's. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	(void)arg;
	log_warn("accept_failed", "error=\"%s\"",
		 evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
	evconnlistener_disable(listener);
}

static struct conn *find(const struct http *http, struct evhttp_request *req)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(req);
	int fd = evcon ? bufferevent_getfd(evhttp_connection_get_bufferevent(evcon)) : -1;

	return fd >= 0 && (size_t)fd < http->fds ? http->by_fd[fd] : NULL;
}

/* ---- What arrives, before evhttp sees it ---- */

static void release(struct conn *conn)
{
	conn->http->held -= conn->received;
	conn->received = 0;
}

static void scan_head(struct conn *conn, struct evbuffer *input)
{
	size_t size = evbuffer_get_length(input);

	if (http_head_scan((char *)evbuffer_pullup(input, -1), size,
			   (uint64_t)conn->http->max_body))
		conn->state = CONN_BODY;
}

static void receive(struct conn *conn, size_t bytes)
{
	struct http *http = conn->http;

	if (conn->received == 0)
		conn->since = now();
	conn->received += (int64_t)bytes;
	http->held += (int64_t)bytes;
	if (http->held > BODIES_HELD * http->max_body && conn->received > MAX_HEADERS) {
		log_warn("too_many_bodies", "bytes=%lld", (long long)http->held);
		bufferevent_disable(conn->bev, EV_READ);
		doom(conn);
	}
}

static void throw_away(struct conn *conn, struct evbuffer *input)
{
	int64_t there = (int64_t)evbuffer_get_length(input);
	int64_t bytes = there < conn->discard ? there : conn->discard;

	conn->discard -= bytes;
	evbuffer_drain(input, (size_t)bytes);
	if (conn->discard == 0) {
		bufferevent_disable(conn->bev, EV_READ);
		conn->state = CONN_BUSY;
		event_active(conn->discarded, EV_TIMEOUT, 0);
	}
}

static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
	struct conn *conn = arg;

	if (info->n_added == 0)
		return;
	switch (conn->state) {
	case CONN_HEAD:
		receive(conn, info->n_added);
		scan_head(conn, input);
		break;
	case CONN_BODY:
		receive(conn, info->n_added);
		break;
	case CONN_BUSY:
		if (evbuffer_get_length(input) > MAX_AHEAD)
			bufferevent_disable(conn->bev, EV_READ); /* evhttp enables it again */
		break;
	case CONN_DISCARD:
		throw_away(conn, input);
		break;
	}
}

/* ---- Connections ---- */

static void account_file(struct conn *conn, int64_t unsent)
{
	if (conn->file_bytes > unsent)
		metrics_bytes_served(conn->http->worker->metrics, conn->file_bytes - unsent);
	conn->file_bytes = 0;
}

static void on_closed(struct evhttp_connection *evcon, void *arg)
{
	struct conn *conn = arg;
	struct http *http = conn->http;

	(void)evcon;
	account_file(conn, (int64_t)evbuffer_get_length(bufferevent_get_output(conn->bev)));
	release(conn);
	if (conn->state == CONN_DISCARD)
		event_active(conn->discarded, EV_TIMEOUT, 0);
	if (conn->queued)
		unqueue(conn);
	evbuffer_remove_cb(bufferevent_get_input(conn->bev), on_input, conn);
	bufferevent_decref(conn->bev);
	http->by_fd[conn->fd] = NULL;
	http->count--;
	metrics_connections(http->worker->metrics, -1);
	if (http->paused && http->count < http->max)
		set_accepting(http, true);
	free(conn);
}

/* evhttp asks for the bufferevent of a connection that it has accepted. */
static struct bufferevent *on_accept(struct event_base *loop, void *arg)
{
	struct http *http = arg;
	struct conn *conn = must(calloc(1, sizeof(*conn)));

	conn->http = http;
	conn->bev = must(bufferevent_socket_new(loop, -1, 0));
	conn->fd = -1;
	conn->since = now();
	bufferevent_incref(conn->bev);
	evbuffer_add_cb(bufferevent_get_input(conn->bev), on_input, conn);
	http->count++;
	metrics_connections(http->worker->metrics, +1);
	if (http->count >= http->max)
		set_accepting(http, false);
	chore(conn); /* to learn the rest once evhttp has it */
	return conn->bev;
}

static void remember(struct http *http, struct conn *conn)
{
	size_t fd = (size_t)conn->fd;

	if (fd >= http->fds) {
		size_t fds = fd * 2 + 64;

		http->by_fd = must(realloc(http->by_fd, fds * sizeof(struct conn *)));
		memset(http->by_fd + http->fds, 0, (fds - http->fds) * sizeof(struct conn *));
		http->fds = fds;
	}
	http->by_fd[fd] = conn;
}

/* The connection is evhttp's argument of the bufferevent's callbacks. */
static void attach(struct conn *conn)
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

static void on_chores(evutil_socket_t fd, short what, void *arg)
{
	struct http *http = arg;
	struct conn *conn;

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
	struct conn *conn = arg;
	struct evbuffer *input = bufferevent_get_input(conn->bev);

	(void)req;
	account_file(conn, 0);
	release(conn);
	conn->state = CONN_HEAD;
	conn->served = true;
	if (evbuffer_get_length(input)) {
		receive(conn, evbuffer_get_length(input));
		scan_head(conn, input);
	}
}

static void on_request(struct evhttp_request *req, void *arg)
{
	struct http *http = arg;
	struct conn *conn = find(http, req);

	conn->state = CONN_BUSY;
	evhttp_request_set_on_complete_cb(req, on_sent, conn);
	request_start(http->worker, req);
}

void http_discard(struct http *http, struct evhttp_request *req, int64_t bytes, struct event *done)
{
	struct conn *conn = find(http, req);
	bufferevent_data_cb read, write;
	bufferevent_event_cb event;
	void *arg;

	/* evhttp's own reader does not expect anything between request and reply. */
	bufferevent_getcb(conn->bev, &read, &write, &event, &arg);
	bufferevent_setcb(conn->bev, NULL, write, event, arg);
	conn->state = CONN_DISCARD;
	conn->discard = bytes;
	conn->discarded = done;
	throw_away(conn, bufferevent_get_input(conn->bev));
	if (conn->discard)
		bufferevent_enable(conn->bev, EV_READ);
}

size_t http_max_body(const struct http *http)
{
	return (size_t)http->max_body;
}

void http_serves(struct http *http, struct evhttp_request *req, int64_t bytes)
{
	struct conn *conn = find(http, req);

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

/* ---- The whole ---- */

/* Does its request arrive too slowly? */
static bool too_slow(const struct conn *conn, time_t at)
{
	bool arriving = conn->state == CONN_BODY || (conn->state == CONN_HEAD && conn->received);

	return arriving && at - conn->since > GRACE_SECONDS + conn->received / MIN_SPEED;
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct http *http = arg;
	time_t at = now();

	(void)fd;
	(void)what;
	for (size_t i = 0; i < http->fds; i++)
		if (http->by_fd[i] && too_slow(http->by_fd[i], at))
			evhttp_connection_free(http->by_fd[i]->evcon);
	if (http->count < http->max)
		set_accepting(http, true);
}

static size_t max_connections(const struct config *config)
{
	struct rlimit files;
	size_t wanted = (size_t)config->connections, room = wanted;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur > 2 * RESERVED_FILES)
		room = (size_t)files.rlim_cur - RESERVED_FILES;
	return wanted < room ? wanted : room;
}

struct http *http_open(struct worker *worker)
{
	struct http *http = must(calloc(1, sizeof(*http)));
	struct timeval idle = { worker->config->idle_timeout, 0 }, sweep = { SWEEP_SECONDS, 0 };

	http->worker = worker;
	http->max = max_connections(worker->config);
	http->max_body = worker->config->upload_piece > MIN_BODY ? worker->config->upload_piece
								 : MIN_BODY;
	http->evhttp = must(evhttp_new(worker->loop));
	evhttp_set_max_headers_size(http->evhttp, MAX_HEADERS);
	evhttp_set_max_body_size(http->evhttp, http->max_body);
	evhttp_set_allowed_methods(http->evhttp, ALL_METHODS);
	evhttp_set_default_content_type(http->evhttp, NULL);
	evhttp_set_timeout_tv(http->evhttp, event_base_init_common_timeout(worker->loop, &idle));
	evhttp_set_bevcb(http->evhttp, on_accept, http);
	evhttp_set_gencb(http->evhttp, on_request, http);
	http->chores = must(event_new(worker->loop, -1, 0, on_chores, http));
	http->sweep = must(event_new(worker->loop, -1, EV_PERSIST, on_sweep, http));
	event_add(http->sweep, &sweep);
	return http;
}

void http_listen(struct http *http, const int *sockets, size_t count)
{
	http->listeners = must(calloc(count, sizeof(struct evhttp_bound_socket *)));
	for (size_t i = 0; i < count; i++) {
		struct evconnlistener *listener = must(evconnlistener_new(
			http->worker->loop, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, sockets[i]));

		http->listeners[i] = must(evhttp_bind_listener(http->evhttp, listener));
		evconnlistener_set_error_cb(listener, on_accept_error);
	}
	http->nlisteners = count;
}

/* Neither a request nor the beginning of one; who has just connected is about to send one. */
static bool is_idle(const struct conn *conn)
{
	int unread = 0;

	if (conn->state != CONN_HEAD || conn->received)
		return false;
	if (!conn->served && now() - conn->since <= FRESH_SECONDS)
		return false;
	return ioctl(conn->fd, FIONREAD, &unread) == 0 && unread == 0;
}

void http_drain(struct http *http)
{
	for (size_t i = 0; i < http->nlisteners; i++)
		evhttp_del_accept_socket(http->evhttp, http->listeners[i]);
	http->nlisteners = 0;
	for (size_t i = 0; i < http->fds; i++)
		if (http->by_fd[i] && is_idle(http->by_fd[i]))
			evhttp_connection_free(http->by_fd[i]->evcon);
}

size_t http_connections(const struct http *http)
{
	return http->count;
}

void http_close(struct http *http)
{
	http->nlisteners = 0; /* evhttp frees them */
	evhttp_free(http->evhttp);
	event_free(http->chores);
	event_free(http->sweep);
	free(http->listeners);
	free(http->by_fd);
	free(http);
}
