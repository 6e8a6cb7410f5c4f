/* Texts for people and from people: widths, times, sizes, durations. Pure, but for the time zone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* How many columns of a terminal it takes. */
size_t text_width(const char *text);

/*
 * What a device says may be anything: control characters, which a terminal would obey, become \xNN,
 * line ends and tabs a space, broken UTF-8 a question mark.
 */
const char *text_printable(struct arena *arena, const char *text);

/* JSON text, in which only control characters beyond ASCII are left to obey: they become \u00NN. */
const char *text_json_printable(struct arena *arena, const char *json);

/* "2026-11-25T16:00:00.5+00:00" as "2026-11-25 17:00:00" where we are; what is no time stays. */
const char *text_time(struct arena *arena, const char *rfc3339);

/* 12345678 as "11.8 MiB". */
const char *text_size(struct arena *arena, int64_t bytes);

/* "90d", "12h", "15m", "30s" or plain seconds. False: it is none, or more than 100 years. */
bool text_duration(const char *text, int64_t *seconds);

/* A whole number from `min` to `max`. */
bool text_number(const char *text, int64_t min, int64_t max, int64_t *out);
