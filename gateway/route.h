/* Which handler answers this method and path? Pure: no sockets, no memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct flow;
struct request;

/* A step of a request: it must end in a reply or in a wait. See request.h. */
typedef struct flow step_fn(struct request *req);

/* Answer with `err` in the dialect of an area: hawkBit's error JSON, problem JSON, ... */
typedef struct flow error_fn(struct request *req, const struct error *err);

/* 256 characters of hawkBit's longest id, each up to four bytes, percent-encoded. */
enum { ROUTE_MAX_PARAMS = 4, ROUTE_MAX_PARAM = 3072 };

/* As a route's max_body: as much as the connection takes, the handler knows its limit. */
#define ROUTE_WHOLE_PIECE SIZE_MAX

/* "{name}" in a pattern matches one non-empty path segment. */
struct route {
	const char *method; /* HEAD is answered by the GET handler unless it has its own entry */
	const char *pattern;
	step_fn *handler;
	const char *access;   /* what the caller needs; read by the area's own `enter` step */
	size_t max_body;      /* bytes; 0: the area's default; ROUTE_WHOLE_PIECE */
	bool cut_unavailable; /* never answer 429/503, close the connection instead */
	const void *more;     /* what else the area knows of it; read by the area alone */
	step_fn *too_large;   /* says what to do about a body above the limit; NULL: a plain 413 */
};

/* A part of the URL space with its own conventions. */
struct area {
	const char *name;           /* label in metrics and logs */
	const char *const *mounts;  /* path prefixes, NULL-terminated; "" is the root */
	const struct route *routes; /* ends with an empty entry */
	size_t max_body;            /* bytes */
	error_fn *reply_error;      /* also for 404, 405, 413 and 503 below its mounts */
	step_fn *enter;             /* first step of every request, or NULL: the handler itself */
	bool quiet;                 /* its access log is at level debug: there is a lot of it */
};

/* Values are percent-encoded as they came; pointers into `path`. */
struct route_param {
	const char *text;
	size_t length;
};

struct route_match {
	const struct area *area;   /* NULL: below no mount */
	const struct route *route; /* NULL: no such path or, with `allowed`, no such method */
	const char *mount;
	unsigned allowed; /* methods of the path: bit set of enum route_method */
	size_t nparams;
	struct route_param param[ROUTE_MAX_PARAMS];
};

enum route_method {
	ROUTE_GET = 1,
	ROUTE_HEAD = 2,
	ROUTE_POST = 4,
	ROUTE_PUT = 8,
	ROUTE_PATCH = 16,
	ROUTE_DELETE = 32,
	ROUTE_OPTIONS = 64,
	ROUTE_METHODS = 128, /* beyond the last */
};
const char *route_method_name(enum route_method method); /* of one bit */

/*
 * Find the route of `method` and `path` (no query). Areas are tried in order, the first with a
 * pattern that fits the path wins. Without any, `area` is the one with the longest mount above the
 * path. `areas` ends with NULL.
 */
struct route_match route_find(const struct area *const *areas, const char *method,
			      const char *path);
