#include "gateway/range.h"

#include <string.h>
#include <strings.h>

static const char UNIT[] = "bytes=";
static const char BLANKS[] = " \t";

/* Digits at *at; beyond the size of any file it is just "very large". False: no digit. */
static bool take_number(const char **at, int64_t *out)
{
	const char *start = *at;

	for (*out = 0; **at >= '0' && **at <= '9'; (*at)++)
		if (*out < INT64_MAX / 16)
			*out = *out * 10 + (**at - '0');
	return *at != start;
}

/* One "a-b", "a-" or "-n" at *at. False: it is none, or none of its bytes exists. */
static bool take_range(const char **at, int64_t size, struct range *out)
{
	int64_t first, last;
	bool has_first = take_number(at, &first);

	if (**at != '-')
		return false;
	*at += 1;
	bool has_last = take_number(at, &last);
	if (!has_first) {
		out->length = last < size ? last : size;
		out->offset = size - out->length;
		return has_last && out->length > 0;
	}
	if (first >= size || (has_last && first > last))
		return false;
	if (!has_last || last > size - 1)
		last = size - 1;
	out->offset = first;
	out->length = last - first + 1;
	return true;
}

/* Past the blanks and the comma to the next range. False: something else is there. */
static bool take_comma(const char **at)
{
	*at += strspn(*at, BLANKS);
	if (**at != ',')
		return false;
	*at += 1;
	*at += strspn(*at, BLANKS);
	return true;
}

/* Can these be sent one after the other, as delta clients need it? */
static bool follows(const struct range *before, const struct range *next)
{
	return next->offset >= before->offset + before->length;
}

void range_parse(const char *header, int64_t size, struct range_set *out)
{
	struct range next, last = { 0 };
	bool in_order = true;
	size_t asked = 0;

	out->kind = header ? RANGE_UNSATISFIABLE : RANGE_NONE;
	out->listed = header && strchr(header, ',');
	out->count = 0;
	if (!header || strncasecmp(header, UNIT, strlen(UNIT)) != 0)
		return;

	const char *at = header + strlen(UNIT);
	do {
		if (!take_range(&at, size, &next))
			return;
		in_order = in_order && follows(&last, &next);
		last = next;
		if (asked++ < RANGE_MAX)
			out->range[asked - 1] = next;
	} while (take_comma(&at));
	if (*at)
		return;

	out->count = in_order && asked <= RANGE_MAX ? asked : 1;
	out->kind = out->count > 1 ? RANGE_MANY : RANGE_ONE;
}
