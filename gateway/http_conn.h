/* Inside of the HTTP side: what http.c and http_conn.c share. */
#pragma once

#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "gateway/http.h"

struct bufferevent;
struct event_base;
struct evhttp;
struct evhttp_bound_socket;
struct evhttp_connection;

/*
 *   HEAD -> BODY -> BUSY -> HEAD ...
 *                    |
 *                    +-> DISCARD -> BUSY (answered 413, then closed)
 */
enum http_conn_state { HTTP_CONN_HEAD, HTTP_CONN_BODY, HTTP_CONN_BUSY, HTTP_CONN_DISCARD };

struct http_conn {
	struct http *http;
	struct bufferevent *bev;         /* evhttp's, from us */
	struct evhttp_connection *evcon; /* NULL: evhttp has not told us yet */
	int fd;
	enum http_conn_state state;
	bool served;            /* has had a reply */
	bool doomed;            /* to be closed by http_conn_chores() */
	bool queued;            /* in http->chores */
	struct http_conn *next; /* there */
	time_t since;           /* monotonic: accepted, later: the request began to arrive */
	int64_t received;       /* bytes of it so far; 0: idle */
	int64_t discard;        /* bytes still to be thrown away */
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
	struct http_conn *first;  /* for chores */
	struct http_conn **by_fd; /* NULL: no connection of ours */
	size_t fds;               /* size of by_fd */
	size_t count, max;        /* open connections */
	int64_t max_body, held;   /* bytes; `held` by all requests that are not answered */
};

time_t http_now(void); /* monotonic seconds */
void http_set_accepting(struct http *http, bool accepting);

/* ---- http_conn.c: callbacks that evhttp gets, `arg` is the struct http ---- */

/* A connection is accepted: its bufferevent. */
struct bufferevent *http_conn_new(struct event_base *loop, void *arg);
/* A request is complete. */
void http_conn_request(struct evhttp_request *req, void *arg);
/* What connections have asked to be done once evhttp has returned. */
void http_conn_chores(evutil_socket_t fd, short what, void *arg);
