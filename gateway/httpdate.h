/* Times as HTTP writes them: "Wed, 25 Nov 2026 16:00:00 GMT". Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { HTTPDATE_SIZE = 32 };

/* `seconds` since 1970. */
void httpdate_format(int64_t seconds, char out[HTTPDATE_SIZE]);
bool httpdate_parse(const char *text, int64_t *seconds);
