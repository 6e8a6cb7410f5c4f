/*
 * The HTTP side of a worker: its listeners, its connections, and the limits that evhttp lacks.
 *
 * | limit                            | what happens beyond it                                    |
 * | ---                              | ---                                                       |
 * | 64 KiB of request line + headers | evhttp answers 400 and closes                             |
 * | a body above one piece (1 MiB)   | 413 in the words of the area; see http_head.h             |
 * | idle_timeout without a byte      | closed                                                    |
 * | 1 KiB/s, after the first 30 s    | a request that arrives more slowly is cut                 |
 * | 16 of the largest bodies         | the connection that brings the next bytes is cut          |
 * | `connections` open               | further ones wait to be accepted                          |
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct event;
struct evhttp_request;
struct http;
struct worker;

struct http *http_open(struct worker *worker);
void http_close(struct http *http);

/* Begin to accept on bound sockets; they stay the caller's. */
void http_listen(struct http *http, const int *sockets, size_t count);

/* Accept nothing more, close what is idle; called again and again until nothing is left. */
void http_drain(struct http *http);
size_t http_connections(const struct http *http);

/* ---- For request.c and reply.c ---- */

size_t http_max_body(const struct http *http); /* bytes that reach a route at most */

/* Throw away `bytes` that follow the request. Then, or when the client is gone, `done` fires. */
void http_discard(struct http *http, struct evhttp_request *req, int64_t bytes, struct event *done);

/* The reply carries this many bytes of a file. */
void http_serves(struct http *http, struct evhttp_request *req, int64_t bytes);

/* No answer: close the connection. */
void http_cut(struct evhttp_request *req);
