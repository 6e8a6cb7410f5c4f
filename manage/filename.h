/* Names under which operators and devices see an artifact. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;

enum { FILENAME_MAX_BYTES = 255 };

/*
 * A file name is one segment of a path and of a URL: UTF-8 without slashes, backslashes and control
 * characters, neither "." nor "..". `name` is not NUL-terminated. `field` is what the error points
 * at.
 */
bool filename_check(const char *name, size_t length, const char *field, struct error *err);
