/*
 * What devices send, as values. Pure; fuzzed.
 *
 * Strict JSON first. What clients are known to break is mended (clients.md 13): control characters
 * inside strings, bytes that are not UTF-8, unescaped quotes in values. Refusing the final feedback
 * of an update would make the device install it again and again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

struct ddi_feedback {
	const char *execution; /* "closed", "proceeding" ...: one of hawkBit's words */
	const char *result;    /* "success", "failure" or "none" */
	const char *code;      /* a number as text, or NULL */
	const char *details;   /* JSON array of strings, cut to what we keep of one feedback */
};

bool ddi_parse_feedback(struct arena *arena, const char *body, size_t size,
			struct ddi_feedback *out, struct error *err);

struct ddi_config_data {
	const char *mode; /* "merge", "replace" or "remove" */
	const char *data; /* JSON object: strings, and null where "merge" deletes */
};

/* ERR_UNPROCESSABLE: readable, but a key or value is too long. */
bool ddi_parse_config_data(struct arena *arena, const char *body, size_t size,
			   struct ddi_config_data *out, struct error *err);

/* A decimal 64-bit number. */
bool ddi_parse_number(const char *text, int64_t *out, struct error *err);
