#include "gateway/http_head.h"

#include <string.h>
#include <strings.h>

static const char LENGTH[] = "Content-Length";
_Static_assert(sizeof(LENGTH) == sizeof(HTTP_OVERSIZED), "one takes the place of the other");

/* Is the number more than `max`? What is no number is left to evhttp, which refuses it. */
static bool above(const char *digits, const char *end, uint64_t max)
{
	uint64_t value = 0;

	while (digits < end && (*digits == ' ' || *digits == '\t'))
		digits++;
	for (; digits < end && *digits >= '0' && *digits <= '9'; digits++) {
		value = value * 10 + (uint64_t)(*digits - '0');
		if (value > max)
			return true;
	}
	return false;
}

bool http_head_scan(char *data, size_t size, uint64_t max_body)
{
	const size_t name = sizeof(LENGTH) - 1;
	char *end = data + size, *newline;

	for (; (newline = memchr(data, '\n', (size_t)(end - data))); data = newline + 1) {
		size_t length = (size_t)(newline - data);

		if (length == 0 || (length == 1 && *data == '\r'))
			return true;
		if (length > name && data[name] == ':' && strncasecmp(data, LENGTH, name) == 0 &&
		    above(data + name + 1, newline, max_body))
			memcpy(data, HTTP_OVERSIZED, name);
	}
	return false;
}
