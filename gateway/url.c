#include "gateway/url.h"

#include <string.h>

#include "gateway/arena.h"
#include "gateway/utf8.h"

/* -1: no hexadecimal digit. */
static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char *url_decode(struct arena *arena, const char *text, size_t length, bool form)
{
	char *out = arena_alloc(arena, length + 1), *at = out;
	const char *end = text + length;

	while (text < end) {
		if (*text != '%') {
			*at++ = form && *text == '+' ? ' ' : *text;
			text++;
			continue;
		}
		int high = end - text > 2 ? digit(text[1]) : -1;
		int low = high < 0 ? -1 : digit(text[2]);

		if (low < 0)
			return NULL;
		*at++ = (char)(high * 16 + low);
		text += 3;
	}
	return utf8_printable(out, (size_t)(at - out)) ? out : NULL;
}

static size_t count_parts(const char *query)
{
	size_t count = 1;

	while ((query = strchr(query, '&'))) {
		query++;
		count++;
	}
	return count;
}

const char *const *url_query_values(struct arena *arena, const char *query, const char *name)
{
	const char **values = arena_alloc(arena, (count_parts(query) + 1) * sizeof(*values));
	size_t count = 0;

	while (*query) {
		size_t length = strcspn(query, "&"), key = strcspn(query, "=&");
		size_t begin = key + (key < length);
		const char *found = url_decode(arena, query, key, true);

		if (found && strcmp(found, name) == 0)
			values[count] = url_decode(arena, query + begin, length - begin, true);
		if (values[count])
			count++;
		query += length + (query[length] == '&');
	}
	return values;
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~", c));
}

const char *url_encode(struct arena *arena, const char *text)
{
	static const char DIGITS[] = "0123456789ABCDEF";
	char *out = arena_alloc(arena, 3 * strlen(text) + 1), *at = out;

	for (const char *c = text; *c; c++) {
		if (is_unreserved(*c)) {
			*at++ = *c;
			continue;
		}
		*at++ = '%';
		*at++ = DIGITS[(unsigned char)*c >> 4];
		*at++ = DIGITS[(unsigned char)*c & 0xf];
	}
	*at = '\0';
	return out;
}

bool url_query_valid(struct arena *arena, const char *query)
{
	while (*query) {
		size_t length = strcspn(query, "&=");

		if (!url_decode(arena, query, length, true))
			return false;
		query += length + (query[length] != '\0');
	}
	return true;
}
