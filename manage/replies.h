/* What the API answers with, as data: for the OpenAPI document. Inside manage/. */
#pragma once

/*
 * Types: text, integer, boolean, time, texts, map (an object of texts), counts (one of integers),
 * object (any), the name of a reply, or [name]: an array of them. Behind it ? (may be null) or ~
 * (may be absent).
 */
struct reply_member {
	const char *name; /* NULL ends a list */
	const char *type;
	const char *about;
	const char *example; /* JSON, or NULL */
};

struct reply {
	const char *name; /* NULL ends the list */
	const char *about;
	const struct reply_member *members;
};

extern const struct reply replies[];
