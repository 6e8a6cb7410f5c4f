/*
 * evhttp refuses a body above its limit in its own words and forgets what was asked. So we look at
 * the head of a request before evhttp does: a Content-Length above the limit becomes a header
 * Oversized-Body. For evhttp that is a request without a body; it reaches us with path and headers,
 * and we answer it as our area does. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_OVERSIZED "Oversized-Body" /* as long as Content-Length, whose place it takes */

/* `data` begins with a line of the head; only whole lines count. True: the head ends in it. */
bool http_head_scan(char *data, size_t size, uint64_t max_body);
