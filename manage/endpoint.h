/*
 * An endpoint of the API, as data. The table in endpoints.c is the only list there is: requests are
 * routed and checked by it, and the OpenAPI document is made of it.
 *
 * Most endpoints are one function of the schema, api_NAME, called by manage_call(): what the table
 * says of parameters and body is checked before, so the function sees nothing of another shape.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct arena;
struct error;
struct request;
struct route;

/*
 * Each may do what those before it may. Anyone: without credentials. Signed in: with any. Outside
 * of projects there are only these two and admins.
 */
enum role { ROLE_ANYONE, ROLE_SIGNED_IN, ROLE_READER, ROLE_MEMBER, ROLE_MANAGER, ROLE_ADMIN };

enum field_type {
	FIELD_TEXT,     /* string of `min` to `max` characters */
	FIELD_LINE,     /* the same without control characters */
	FIELD_PASSWORD, /* a text that leaves the body; the hash of a new one goes along */
	FIELD_SLUG,     /* [a-z0-9][a-z0-9_-]*, at most 40 */
	FIELD_VERSION,  /* string; its sort keys go along as NAME_keys */
	FIELD_SHA256,   /* 64 lower-case hex digits */
	FIELD_INTEGER,  /* from `min` to `max` */
	FIELD_BOOLEAN,
	FIELD_WORD,         /* one of `words` */
	FIELD_WORDS,        /* of the query: some of `words` with commas between */
	FIELD_TEXTS,        /* array of `min` to `max` different lines */
	FIELD_CERTIFICATES, /* array of `min` to `max` X.509 certificates, PEM */
	FIELD_ATTRIBUTES,   /* object of at most `max` lines; with `words` they are among these */
	FIELD_OBJECT,       /* any object of at most `max` bytes */
	FIELD_OBJECTS,      /* array of `min` to `max` objects */
	FIELD_TIME,         /* RFC 3339 */
};

struct field {
	const char *name; /* NULL ends a list */
	enum field_type type;
	bool required, nullable;
	int64_t min, max;
	const char *const *words;
	const char *about;   /* one line for people */
	const char *example; /* JSON */
};

struct endpoint {
	const char *name; /* of the function, without api_, and of the operation in OpenAPI */
	enum role role;
	const struct field *params; /* of the query; NULL: none */
	const struct field *body;   /* of the JSON body; NULL: takes none */
	int status;                 /* of success */
	const char *reply;  /* see replies.h: "Cohort", "[Cohort]" for a page, or media types */
	const char *about;  /* one line for people */
	const char *secret; /* a new secret is made; this member of the reply shows it once */
	/* For the document alone: of endpoints that are more than JSON in and out. */
	const char *takes;           /* media type of the body */
	const struct field *headers; /* of the request */
	const char *also;            /* further statuses: "410 415" */
	bool if_match; /* a POST that honours If-Match, as each PATCH and DELETE of a function */
};

/* Who is asking: req->caller behind manage_enter(). */
struct caller {
	enum role role;      /* in the project of the path, or outside of projects */
	const char *actor;   /* JSON as the schema's functions take it */
	const char *account; /* e-mail of the user, also of one behind a token; NULL: none */
	const char *secret;  /* the token or cookie that they came with */
};

const char *endpoint_role_name(enum role role);
const struct endpoint *endpoint_of(const struct request *req);
bool endpoint_is_safe(const struct route *route); /* by its method it changes nothing */

/*
 * Does the body have the shape that the fields say, and nothing else? Sort keys of versions are
 * added to it. With `partial` nothing is required: a change.
 */
bool endpoint_check_body(const struct field *fields, json_t *body, bool partial, struct error *err);

/* Does the query have no parameters but those of the endpoint, each once? */
bool endpoint_known_params(struct request *req, struct error *err);

/* The parameters of the query as JSON object, checked. */
bool endpoint_check_params(struct request *req, const struct field *fields, json_t **out,
			   struct error *err);
