/*
 * HTTP to one server, one request at a time, over a connection that stays open. libcurl is used
 * here and nowhere else.
 *
 * What can be repeated is: when the server cannot be reached, goes away in mid-request, or answers
 * 429, 502, 503 or 504, it is sent again after a growing pause, which Retry-After lengthens.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct http;

struct http_options {
	const char *url;     /* of the server; borrowed, as all of these */
	const char *token;   /* for "Authorization: Bearer"; NULL: none */
	const char *ca_file; /* certificates to trust; NULL: the system's */
	unsigned attempts;   /* of what can be repeated, the first one included */
	long timeout;        /* seconds for one attempt with a JSON body */
};

/* Called while a body is on its way, with its bytes so far: those of the request, or of
 * the answer when the request has none. */
typedef void http_progress_fn(void *context, int64_t bytes);

struct http_request {
	const char *method;
	const char *path;           /* with its query, percent-encoded: "/api/v1/me" */
	const char *body;           /* NULL: none */
	size_t size;                /* of the body */
	const char *const *headers; /* "Name: value", ends with NULL; NULL: none */
	bool repeatable;            /* a second one does no harm */
	bool slow;                  /* a big body, there or back: may take as long as bytes move */
	http_progress_fn *progress;
	void *context;
};

struct http_reply {
	int status;
	const char *body; /* NUL-terminated; lives in the arena */
	size_t size;
	unsigned attempts; /* how often it was sent */
};

struct http *http_open(const struct http_options *options);
void http_close(struct http *http);
/* Another server than http_open() was given, or another token (NULL: none). */
void http_set_server(struct http *http, const char *url, const char *token);

/* True: the server answered, with whatever status. False: *err says what is wrong with the way
 * there. */
bool http_do(struct http *http, struct arena *arena, const struct http_request *request,
	     struct http_reply *reply, struct error *err);

/* A header of the last answer; NULL: it has none of this name. Valid until the next http_do(). */
const char *http_header(const struct http *http, const char *name);

/* `text` for one segment of a path, or one value of a query. */
const char *http_escape(struct arena *arena, const char *text);

/* Wait before attempt number `attempt` (the first repetition is 1); `at_least` seconds. */
void http_pause(unsigned attempt, long at_least);
