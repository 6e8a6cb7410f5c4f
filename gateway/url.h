/* Percent-encoding, as it comes in paths and queries. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * Decode `length` characters. `form`: "+" is a blank, as in queries. NULL: a broken escape, or what
 * it spells is not UTF-8 or has control characters.
 */
char *url_decode(struct arena *arena, const char *text, size_t length, bool form);

/* Can every name and value of a query be decoded? */
bool url_query_valid(struct arena *arena, const char *query);

/* All values of a parameter in "a=1&b=2", decoded, NULL-terminated. What is broken is left out. */
const char *const *url_query_values(struct arena *arena, const char *query, const char *name);

/* Everything but unreserved characters percent-encoded (RFC 3986): one segment of a path. */
const char *url_encode(struct arena *arena, const char *text);
