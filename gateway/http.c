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
#include "gateway/http_conn.h"
#include "gateway/log.h"
#include "gateway/must.h"
#include "gateway/worker.h"

enum {
	MAX_HEADERS = 64 << 10, /* bytes; SWUpdate's 1000 ranges are 20 KiB */
	MIN_BODY = 1 << 20,     /* bytes that a connection takes at least; routes have their own */
	SWEEP_SECONDS = 2,
	GRACE_SECONDS = 30,   /* before a request is held against its speed */
	MIN_SPEED = 1024,     /* bytes/s of a request */
	FRESH_SECONDS = 1,    /* after these a connection without a request is idle */
	RESERVED_FILES = 256, /* descriptors that are no clients' connections */
	ALL_METHODS = 0xffff & ~(EVHTTP_REQ_CONNECT | EVHTTP_REQ_TRACE),
};

time_t http_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
	return time.tv_sec;
}

/* ---- Accepting ---- */

void http_set_accepting(struct http *http, bool accepting)
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

/* ---- The whole ---- */

size_t http_max_body(const struct http *http)
{
	return (size_t)http->max_body;
}

/* Does its request arrive too slowly? */
static bool too_slow(const struct http_conn *conn, time_t at)
{
	bool arriving = conn->state == HTTP_CONN_BODY ||
			(conn->state == HTTP_CONN_HEAD && conn->received);

	return arriving && at - conn->since > GRACE_SECONDS + conn->received / MIN_SPEED;
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct http *http = arg;
	time_t at = http_now();

	(void)fd;
	(void)what;
	for (size_t i = 0; i < http->fds; i++)
		if (http->by_fd[i] && too_slow(http->by_fd[i], at))
			evhttp_connection_free(http->by_fd[i]->evcon);
	if (http->count < http->max)
		http_set_accepting(http, true);
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
	evhttp_set_bevcb(http->evhttp, http_conn_new, http);
	evhttp_set_gencb(http->evhttp, http_conn_request, http);
	http->chores = must(event_new(worker->loop, -1, 0, http_conn_chores, http));
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
static bool is_idle(const struct http_conn *conn)
{
	int unread = 0;

	if (conn->state != HTTP_CONN_HEAD || conn->received)
		return false;
	if (!conn->served && http_now() - conn->since <= FRESH_SECONDS)
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
