/*
 * A key is read from left to right like the version itself; at each place the bytes that may stand
 * there are in the order of what they mean, and every part says where it ends, so memcmp never
 * compares the inside of one part with the inside of another.
 *
 *   key         group...  then CORE_ENDS, or SUFFIX_FOLLOWS identifier...
 *   group       GROUP + n, n digits           zero groups at the end are left out: 1.0 is 1.0.0
 *   identifier  NUMERIC, n, n digits          a number longer in digits is the higher one
 *               TEXT, characters, TEXT_ENDS   a digit run in it is '0', n, n digits (natural only)
 *
 * The digits of a number have no leading zeros; zero has no digits.
 */
#include "resolver/version.h"

#include <string.h>

enum { SUFFIX_FOLLOWS = 0, CORE_ENDS = 1, GROUP = 2 };
enum { NUMERIC = 1, TEXT = 2 };
enum { TEXT_ENDS = 0 };

/* A character adds 3 bytes at most (a digit: '0', n, itself), and 3 are added once around all. */
_Static_assert(VERSION_KEY_MAX >= 3 * VERSION_MAX + 3, "a key holds any version");
_Static_assert(GROUP + VERSION_MAX <= UINT8_MAX, "a count of digits fits a byte");

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_identifier_character(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
}

static const char *skip_digits(const char *at, const char *end)
{
	while (at < end && is_digit(*at))
		at++;
	return at;
}

static const char *identifier_end(const char *at, const char *end)
{
	const char *dot = memchr(at, '.', (size_t)(end - at));

	return dot ? dot : end;
}

static void put(struct version_key *key, int byte)
{
	key->bytes[key->size++] = (uint8_t)byte;
}

/* The number at `at`, its count of digits first, counted from `base`; returns what follows it. */
static const char *put_number(struct version_key *key, int base, const char *at, const char *end)
{
	const char *stop = skip_digits(at, end);

	while (at < stop && *at == '0')
		at++;
	put(key, base + (int)(stop - at));
	while (at < stop)
		put(key, *at++);
	return stop;
}

static const char *put_core(struct version_key *key, const char *at, const char *end)
{
	uint16_t significant = key->size; /* up to the last group that is not zero */

	while (at < end && is_digit(*at)) {
		uint16_t before = key->size;

		at = put_number(key, GROUP, at, end);
		if (key->size > before + 1)
			significant = key->size;
		if (end - at < 2 || at[0] != '.' || !is_digit(at[1]))
			break;
		at++;
	}
	key->size = significant;
	return at;
}

static void put_text(struct version_key *key, enum version_scheme scheme, const char *at,
		     const char *end)
{
	put(key, TEXT);
	while (at < end) {
		if (scheme == VERSION_NATURAL && is_digit(*at)) {
			put(key, '0'); /* where ASCII has the digits */
			at = put_number(key, 0, at, end);
		} else {
			put(key, *at++);
		}
	}
	put(key, TEXT_ENDS);
}

static void put_identifier(struct version_key *key, enum version_scheme scheme, const char *at,
			   const char *end)
{
	if (at == end || skip_digits(at, end) != end) {
		put_text(key, scheme, at, end);
		return;
	}
	put(key, NUMERIC);
	put_number(key, 0, at, end);
}

static void put_suffix(struct version_key *key, enum version_scheme scheme, const char *at,
		       const char *end)
{
	if (at == end) {
		put(key, CORE_ENDS);
		return;
	}
	put(key, SUFFIX_FOLLOWS);
	if (*at == '-' || *at == '.' || *at == '_' || *at == '~')
		at++;
	for (;;) {
		const char *stop = identifier_end(at, end);

		put_identifier(key, scheme, at, stop);
		if (stop == end)
			return;
		at = stop + 1;
	}
}

/* Dots at an end or side by side would make the name of a delta, A..B, ambiguous. */
static bool is_clean(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return false;
		if (text[i] == '.' && (i == 0 || i + 1 == size || text[i + 1] == '.'))
			return false;
	}
	return true;
}

/* A decimal number as SemVer wants it: no leading zero. */
static bool is_plain_number(const char *at, const char *end)
{
	return at < end && skip_digits(at, end) == end && (*at != '0' || end - at == 1);
}

static bool is_semver_core(const char *at, const char *end)
{
	for (int i = 0; i < 3; i++) {
		const char *stop = i < 2 ? identifier_end(at, end) : end;

		if (!is_plain_number(at, stop))
			return false;
		if (i < 2 && stop == end)
			return false;
		at = stop + 1;
	}
	return true;
}

static bool is_semver_identifiers(const char *at, const char *end, bool zeros_may_lead)
{
	for (;;) {
		const char *stop = identifier_end(at, end);

		if (at == stop)
			return false;
		for (const char *c = at; c < stop; c++) {
			if (!is_identifier_character(*c))
				return false;
		}
		if (!zeros_may_lead && skip_digits(at, stop) == stop && !is_plain_number(at, stop))
			return false;
		if (stop == end)
			return true;
		at = stop + 1;
	}
}

/* [text, build) is what orders, [build, end) is "+..." or empty. */
static bool is_semver(const char *text, const char *build, const char *end)
{
	const char *hyphen = memchr(text, '-', (size_t)(build - text));

	if (!is_semver_core(text, hyphen ? hyphen : build))
		return false;
	if (hyphen && !is_semver_identifiers(hyphen + 1, build, false))
		return false;
	return build == end || is_semver_identifiers(build + 1, end, true);
}

enum version_status version_parse(enum version_scheme scheme, bool allow_build, const char *text,
				  struct version_key *key)
{
	size_t size = strnlen(text, VERSION_MAX + 1);
	const char *end = text + size, *plus = memchr(text, '+', size);
	const char *build = plus ? plus : end, *at = text;

	key->size = 0;
	if (size > VERSION_MAX)
		return VERSION_TOO_LONG;
	if (!is_clean(text, size))
		return VERSION_BAD_CHARACTER;
	if (plus && !allow_build)
		return VERSION_BUILD_METADATA;
	if (text == build)
		return VERSION_EMPTY;
	if (scheme == VERSION_SEMVER && !is_semver(text, build, end))
		return VERSION_NOT_SEMVER;
	if ((*at == 'v' || *at == 'V') && build - at > 1 && is_digit(at[1]))
		at++;
	at = put_core(key, at, build);
	put_suffix(key, scheme, at, build);
	return VERSION_OK;
}

int version_compare(const struct version_key *a, const struct version_key *b)
{
	int order = memcmp(a->bytes, b->bytes, a->size < b->size ? a->size : b->size);

	return order ? order : (int)a->size - (int)b->size;
}

const char *version_status_text(enum version_status status)
{
	static const char *const texts[] = {
		[VERSION_OK] = "a version",
		[VERSION_EMPTY] = "the version is empty",
		[VERSION_TOO_LONG] = "the version is longer than 128 characters",
		[VERSION_BAD_CHARACTER] =
			"the version has a blank, a misplaced dot or is not ASCII",
		[VERSION_NOT_SEMVER] = "the version does not follow SemVer 2.0",
		[VERSION_BUILD_METADATA] = "build metadata (+...) is not allowed in this project",
	};

	return texts[status];
}
