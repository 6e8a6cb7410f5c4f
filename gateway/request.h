/*
 * One HTTP request from accept to reply.
 *
 * A step function returns a struct flow, and the only ways to get one are to reply or to wait (for
 * the database, a catalog). So the compiler refuses a path that does neither (-Werror=return-type),
 * and nothing can run after either.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/error.h"
#include "gateway/route.h"

struct arena;
struct evhttp_request;
struct event;
struct worker;

struct flow {
	char opaque;
};

/* Borrowed: valid until the step that received it returns. See db.h. */
struct db_rows;

/* The next step of a request, run when its query has succeeded. */
typedef struct flow db_next_fn(struct request *req, const struct db_rows *rows);

struct request {
	struct arena *arena;         /* owns everything that this request allocates */
	struct worker *worker;       /* the services: configuration, database, store, ... */
	struct evhttp_request *http; /* libevent's; use the calls below. NULL after the reply */
	struct route_match match;
	const char *method;
	const char *path;              /* as it came, without the query */
	const char *query;             /* as it came, or NULL */
	char *param[ROUTE_MAX_PARAMS]; /* percent-decoded; valid UTF-8 without control characters */
	const char *body;              /* not NUL-terminated; NULL when empty */
	size_t body_size;              /* bytes */
	int64_t now;                   /* one clock reading for the whole request: us since 1970 */
	char id[40];                   /* X-Request-Id, ours when the client sent none */
	void *caller;                  /* who asks: set by the first step of the area */
	void *state;                   /* for the handler, across its steps */
	/* private to request.c and reply.c */
	struct event *deadline; /* armed when the request first waits */
	const char *base_url;   /* as request_base_url() found it, or NULL */
	int64_t started;        /* monotonic, us */
	size_t waiting;         /* queries in flight */
	bool discarding;        /* waits for the end of a body that is too large */
	bool close;             /* the connection ends with the reply */
	bool replied;
};

/* Begin to handle what libevent has read completely; ends in a reply, now or later. */
void request_start(struct worker *worker, struct evhttp_request *http);

/* ---- What the client sent ---- */

const char *request_header(const struct request *req, const char *name); /* NULL: absent */
const char *request_query_param(struct request *req, const char *name);  /* decoded; NULL: absent */
/* All values of a repeated parameter, NULL-terminated, in order. */
const char *const *request_query_params(struct request *req, const char *name);
const char *request_peer(const struct request *req); /* address; trusted proxies are believed */

/* "https://host[:port]" for links: public_url of the configuration, else what the client used. */
const char *request_base_url(struct request *req);

/* The body as JSON object; takes no broken input. The value belongs to the request. */
bool request_json(struct request *req, json_t **out, struct error *err);

/* ---- Replies. Each ends the request: `req` is freed once the caller's step returns ---- */

void reply_header(struct request *req, const char *name, const char *value);
struct flow reply_empty(struct request *req, int status);
struct flow reply_text(struct request *req, int status, const char *type, const char *text);
struct flow reply_json(struct request *req, int status, json_t *body); /* takes `body` */
struct flow reply_bytes(struct request *req, int status, const char *type, const void *data,
			size_t size);
/* `length` bytes of `fd` from `offset`, by sendfile; takes `fd`. Content-Length is set. */
struct flow reply_file(struct request *req, int status, int fd, int64_t offset, int64_t length);
/* Pieces of one body: `text` (NULL: none), then `length` bytes of the file from `offset`. */
struct reply_part {
	const char *text; /* lives as long as the request */
	int64_t offset, length;
};
/* A body of pieces of `fd` with text around them; takes `fd`. Content-Length is set. */
struct flow reply_parts(struct request *req, int status, int fd, const struct reply_part *parts,
			size_t count);
struct flow reply_error(struct request *req, const struct error *err); /* in the area's dialect */
struct flow reply_fail(struct request *req, enum error_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
struct flow reply_cut(struct request *req); /* no answer: close the connection */

/* ---- For db.c and catalog.c alone ---- */

/* Mark the request as waiting. Its next step must come from request_resume(), never from here. */
struct flow request_wait(struct request *req);
/*
 * Run the next step; `next` NULL: answer that the database is unavailable. A request whose
 * deadline has passed has been answered already and is only cleaned up.
 */
void request_resume(struct request *req, db_next_fn *next, const struct db_rows *rows);
void request_resume_step(struct request *req, step_fn *step); /* the same, NULL too, without rows */
/* Instead of the next step: answer with `err`, unless the request has been answered. */
void request_fail(struct request *req, const struct error *err);
bool request_answered(const struct request *req);

size_t request_count(void); /* not yet answered, or with a query still running */
