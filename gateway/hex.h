/* Bytes as text: lower-case hex and base64. Strict: one value has one spelling. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* `out` gets 2 * size digits and a NUL. */
void hex_encode(const void *data, size_t size, char *out);

/* `digits` (even) lower-case hex digits into digits / 2 bytes. False: something else is there. */
bool hex_decode(const char *text, size_t digits, unsigned char *out);

/* Is `text` exactly `digits` lower-case hex digits? */
bool hex_is(const char *text, size_t digits);

/*
 * Standard alphabet, padded (RFC 4648 section 4). `out` has room for length / 4 * 3 bytes; *size is
 * what it got. False: not base64.
 */
bool base64_decode(const char *text, size_t length, unsigned char *out, size_t *size);
