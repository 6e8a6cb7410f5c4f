/* Is it UTF-8? Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the longest valid beginning of `text` (RFC 3629: no surrogates, shortest forms only). */
size_t utf8_valid(const char *text, size_t length);

/* All of it valid, and no control characters (below 0x20, 0x7f, U+0080 to U+009F). */
bool utf8_printable(const char *text, size_t length);
