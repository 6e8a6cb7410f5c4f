#include "cli/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "gateway/arena.h"

/* The next character of UTF-8 (main.c sets the locale); its bytes, or 0: broken here. */
static size_t next_character(const char *text, wchar_t *out)
{
	mbstate_t state = { 0 };
	size_t length = mbrtowc(out, text, strlen(text), &state);

	return length > 0 && length <= strlen(text) ? length : 0;
}

size_t text_width(const char *text)
{
	size_t width = 0;

	while (*text) {
		wchar_t character;
		size_t length = next_character(text, &character);
		int columns = length ? wcwidth(character) : 1;

		width += columns > 0 ? (size_t)columns : 0;
		text += length ? length : 1;
	}
	return width;
}

static bool is_control(wchar_t character)
{
	return character < ' ' || (character >= 0x7f && character < 0xa0);
}

/* Would reorder what stands around it: marks and overrides of writing direction. */
static bool is_direction(wchar_t character)
{
	return (character >= 0x202a && character <= 0x202e) ||
	       (character >= 0x2066 && character <= 0x2069);
}

const char *text_printable(struct arena *arena, const char *text)
{
	char *out = arena_alloc(arena, 4 * strlen(text) + 1), *end = out;

	while (*text) {
		wchar_t character;
		size_t length = next_character(text, &character);

		if (!length || is_direction(character)) {
			*end++ = '?';
		} else if (strchr("\t\n\r", *text)) {
			*end++ = ' ';
		} else if (is_control(character)) {
			end += sprintf(end, "\\x%02x", (unsigned)character);
		} else {
			memcpy(end, text, length);
			end += length;
		}
		text += length ? length : 1;
	}
	return out;
}

/* In UTF-8 these are C2 80 to C2 9F: two bytes become six. */
const char *text_json_printable(struct arena *arena, const char *json)
{
	char *out = arena_alloc(arena, 3 * strlen(json) + 1), *end = out;

	for (; *json; json++) {
		unsigned char next = (unsigned char)json[1];

		if ((unsigned char)*json == 0xc2 && next >= 0x80 && next < 0xa0) {
			end += sprintf(end, "\\u%04x", next);
			json++;
		} else if (*json == 0x7f) {
			end += sprintf(end, "\\u007f");
		} else {
			*end++ = *json;
		}
	}
	return out;
}

/* ---- Times ---- */

/* "Z", "+01", "+01:00" or "+0100" at the end of a time. */
static bool parse_zone(const char *text, long *offset)
{
	int hours = 0, minutes = 0;

	*offset = 0;
	if (strcmp(text, "Z") == 0)
		return true;
	if ((*text != '+' && *text != '-') || (sscanf(text + 1, "%2d:%2d", &hours, &minutes) < 2 &&
					       sscanf(text + 1, "%2d%2d", &hours, &minutes) < 1))
		return false;
	*offset = (hours * 60L + minutes) * (*text == '-' ? -60 : 60);
	return true;
}

const char *text_time(struct arena *arena, const char *rfc3339)
{
	struct tm tm = { 0 };
	const char *end = strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &tm);
	char out[32];
	long offset;

	if (end && *end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (!end || !parse_zone(end, &offset))
		return rfc3339;
	time_t seconds = timegm(&tm) - offset;
	if (!localtime_r(&seconds, &tm) || !strftime(out, sizeof(out), "%Y-%m-%d %H:%M:%S", &tm))
		return rfc3339;
	return arena_strdup(arena, out);
}

/* ---- Numbers ---- */

const char *text_size(struct arena *arena, int64_t bytes)
{
	static const char *const UNITS[] = { "KiB", "MiB", "GiB", "TiB" };
	double size = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024)
		return arena_printf(arena, "%" PRId64 " B", bytes);
	while (size >= 1024 && unit + 1 < sizeof(UNITS) / sizeof(UNITS[0])) {
		size /= 1024;
		unit++;
	}
	return arena_printf(arena, "%.1f %s", size, UNITS[unit]);
}

static bool parse_number(const char *text, const char **end, int64_t *out)
{
	char *stop;

	errno = 0;
	*out = strtoll(text, &stop, 10);
	*end = stop;
	return stop != text && !errno && *text != ' ' && *text != '+';
}

bool text_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
	const char *end;

	return parse_number(text, &end, out) && !*end && *out >= min && *out <= max;
}

bool text_duration(const char *text, int64_t *seconds)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} UNITS[] = { { "", 1 },     { "s", 1 },     { "m", 60 },
		      { "h", 3600 }, { "d", 86400 }, { "w", 7 * 86400 } };
	static const int64_t MOST = INT64_C(100) * 366 * 86400;
	const char *unit;

	if (!parse_number(text, &unit, seconds) || *seconds < 0)
		return false;
	for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++)
		if (strcmp(unit, UNITS[i].unit) == 0 && *seconds <= MOST / UNITS[i].seconds) {
			*seconds *= UNITS[i].seconds;
			return true;
		}
	return false;
}
