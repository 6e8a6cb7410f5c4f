/*
 * What went wrong, said once, where it is known, for the person who will read it.
 *
 * Lives on the caller's stack. Functions that can fail return bool and take a `struct error *`
 * last; error_set() returns false, so `return error_set(...)` ends them.
 */
#pragma once

#include <stdbool.h>

/* Kinds that a client can act on; error_http_status() gives each its status. */
enum error_code {
	ERR_INVALID,       /* 400 malformed: JSON, number, path, header */
	ERR_UNAUTHORIZED,  /* 401 no valid credentials */
	ERR_FORBIDDEN,     /* 403 valid credentials that do not reach this far */
	ERR_UNKNOWN,       /* 404 no such resource */
	ERR_METHOD,        /* 405 the resource exists, the method does not */
	ERR_NOT_ACCEPTED,  /* 406 no representation that the client accepts */
	ERR_CONFLICT,      /* 409 contradicts what is stored; the text says what */
	ERR_GONE,          /* 410 was here, has ended */
	ERR_PRECONDITION,  /* 412 If-Match names another state */
	ERR_TOO_LARGE,     /* 413 body above the limit of its route */
	ERR_MEDIA_TYPE,    /* 415 body of a type we do not read */
	ERR_UNPROCESSABLE, /* 422 well-formed, but it cannot be done */
	ERR_CHECKSUM,      /* 460 tus: a piece does not match its Upload-Checksum */
	ERR_QUOTA,         /* 429 too many of something; come back later */
	ERR_INTERNAL,      /* 500 our bug; details go to the log only */
	ERR_UNAVAILABLE,   /* 503 the database is away or we are overloaded; try later */
	ERR_CODES
};

/* The texts are UTF-8: broken characters and those that did not fit are replaced by '?'. */
struct error {
	enum error_code code;
	char pointer[80]; /* JSON pointer or header of the offending field; "" when there is none */
	char text[400];
};

/* Fill *err and return false. `fmt` is a sentence for the person on the other side. */
bool error_set(struct error *err, enum error_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with the field at fault, as a JSON pointer ("/data/hwRev"). */
bool error_field(struct error *err, enum error_code code, const char *pointer, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Prefix what we were doing: "/etc/mews.conf: line 3: unknown key". Returns false. */
bool error_context(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int error_http_status(enum error_code code);
const char *error_title(enum error_code code); /* the reason phrase of that status */
