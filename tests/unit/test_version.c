#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "resolver/version.h"
#include "tests/unit/cmocka_all.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { CHAIN_MAX = 24 };

static struct version_key key_of(enum version_scheme scheme, const char *text)
{
	struct version_key key;

	if (version_parse(scheme, true, text, &key) != VERSION_OK)
		fail_msg("not a version: %s", text);
	return key;
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static int order(enum version_scheme scheme, const char *a, const char *b)
{
	struct version_key left = key_of(scheme, a), right = key_of(scheme, b);

	return sign(version_compare(&left, &right));
}

/* Each row ascends; every pair of it is compared, both ways. */
static const struct {
	enum version_scheme scheme;
	const char *versions[CHAIN_MAX];
} chains[] = {
	/* semver.org, item 11 */
	{ VERSION_SEMVER,
	  { "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
	    "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1" } },
	/* numbers, also beyond 64 bits; identifiers with digits are text; numbers below text */
	{ VERSION_SEMVER,
	  { "0.0.0-0", "0.0.0--", "0.0.0", "0.0.9", "0.0.10", "0.10.0", "9.0.0", "10.0.0-rc10",
	    "10.0.0-rc2", "10.0.0", "18446744073709551615.0.0", "18446744073709551616.0.0" } },
	{ VERSION_SEMVER,
	  { "1.0.0-2", "1.0.0-10", "1.0.0-10.a", "1.0.0--1", "1.0.0-A", "1.0.0-a", "1.0.0-a.0",
	    "1.0.0-a-", "1.0.0-a0", "1.0.0-aa" } },
	/* the examples of the design */
	{ VERSION_NATURAL,
	  { "1.0.0rc1", "1.0.0", "1.0.1-dev", "1.0.1-rc2", "1.0.1", "1.0.12", "1.0.20" } },
	{ VERSION_NATURAL, { "1.0-rc2", "1.0-rc10", "1.0-rc10.1", "1.0-rc10a", "1.0-rcA", "1.0" } },
	/* SemVer's chain holds here, too, with the `v` and without the third group */
	{ VERSION_NATURAL,
	  { "v1.0-alpha", "1.0.0-alpha.1", "v1.0.0-alpha.beta", "1.0-beta", "1-beta.2",
	    "1.0.0-beta.11", "v1-rc.1", "v1.0", "2" } },
	/* groups by number, missing ones are 0, however many there are */
	{ VERSION_NATURAL,
	  { "0-1", "0", "0.0.0.1", "0.9", "0.10", "1-z", "1", "1.0.0.0.0.1", "1.0.1", "1.1",
	    "1.1.0.1", "2-1", "2-1.0", "2", "10", "99999999999999999999",
	    "100000000000000000000" } },
	/* without a core it is 0; `v` is a prefix only before a digit */
	{ VERSION_NATURAL, { "dev", "dev.1", "v", "vendor", "0", "v1" } },
	/* an empty suffix is a suffix, and the lowest text; numbers are below it */
	{ VERSION_NATURAL, { "1-7", "1-", "1-.a", "1-A", "1-a", "1-a-b", "1-a7", "1-aB", "1" } },
	{ VERSION_NATURAL, { "2024.01.05", "2024.1.31", "2024.02", "2024.11.1" } },
};

static void test_chains(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(chains); c++) {
		const char *const *v = chains[c].versions;

		for (size_t i = 0; i < CHAIN_MAX && v[i]; i++) {
			for (size_t j = 0; j < CHAIN_MAX && v[j]; j++) {
				int wanted = (i > j) - (i < j);

				if (order(chains[c].scheme, v[i], v[j]) != wanted)
					fail_msg("%s and %s: not %d", v[i], v[j], wanted);
			}
		}
	}
}

static const struct {
	enum version_scheme scheme;
	const char *a, *b;
} same_rank[] = {
	{ VERSION_NATURAL, "1.0", "1.0.0" },
	{ VERSION_NATURAL, "0", "0.0.0.0" },
	{ VERSION_NATURAL, "v1.0", "V1.0" },
	{ VERSION_NATURAL, "v1.0", "1.0" },
	{ VERSION_NATURAL, "1.01", "1.1" },
	{ VERSION_NATURAL, "1.0.0rc1", "1.0.0-rc1" },
	{ VERSION_NATURAL, "1.0.rc1", "1.0_rc1" },
	{ VERSION_NATURAL, "1.0~rc1", "1-rc01" },
	{ VERSION_NATURAL, "dev", "-dev" },
	{ VERSION_NATURAL, "dev", "0-dev" },
	{ VERSION_NATURAL, "1.0-007", "1.0-7" },
	{ VERSION_NATURAL, "1.0+a", "1+b" },
	{ VERSION_NATURAL, "1.0+", "1.0" },
	{ VERSION_NATURAL, "1.0-rc1+a.b", "1.0-rc1" },
	{ VERSION_SEMVER, "1.0.0+20130313144700", "1.0.0+21AF26D3---117B344092BD" },
	{ VERSION_SEMVER, "1.0.0-beta+exp.sha.5114f85", "1.0.0-beta" },
	{ VERSION_SEMVER, "1.0.0+001", "1.0.0" },
};

static void test_same_rank(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(same_rank); i++) {
		if (order(same_rank[i].scheme, same_rank[i].a, same_rank[i].b) != 0)
			fail_msg("%s and %s differ", same_rank[i].a, same_rank[i].b);
	}
}

static const struct {
	enum version_scheme scheme;
	bool allow_build;
	const char *text;
	enum version_status status;
} verdicts[] = {
	{ VERSION_NATURAL, true, "", VERSION_EMPTY },
	{ VERSION_SEMVER, true, "", VERSION_EMPTY },
	{ VERSION_NATURAL, true, "+build", VERSION_EMPTY },
	{ VERSION_NATURAL, true, "1.0 beta", VERSION_BAD_CHARACTER },
	{ VERSION_NATURAL, true, " ", VERSION_BAD_CHARACTER },
	{ VERSION_NATURAL, true, "1.0\n", VERSION_BAD_CHARACTER },
	{ VERSION_NATURAL, true, "1.0\x7f", VERSION_BAD_CHARACTER },
	{ VERSION_NATURAL, true, "1.0-\xc3\xa4", VERSION_BAD_CHARACTER },
	{ VERSION_NATURAL, true, "1..2", VERSION_BAD_CHARACTER },
	{ VERSION_NATURAL, true, ".1", VERSION_BAD_CHARACTER },
	{ VERSION_NATURAL, true, "1.", VERSION_BAD_CHARACTER },
	{ VERSION_NATURAL, true, ".", VERSION_BAD_CHARACTER },
	{ VERSION_NATURAL, false, "1.0+7", VERSION_BUILD_METADATA },
	{ VERSION_SEMVER, false, "1.0.0+7", VERSION_BUILD_METADATA },
	{ VERSION_NATURAL, true, "1.0+7", VERSION_OK },
	{ VERSION_NATURAL, false, "!\"#$%&'()*,/:;<=>?@[\\]^`{|}", VERSION_OK },
	{ VERSION_SEMVER, true, "1.0.0+7", VERSION_OK },
	{ VERSION_SEMVER, false, "1.0.0-x-y-z.--", VERSION_OK },
	{ VERSION_SEMVER, false, "1.0.0-0a.00b", VERSION_OK },
	{ VERSION_SEMVER, false, "1", VERSION_NOT_SEMVER },
	{ VERSION_SEMVER, false, "1.0", VERSION_NOT_SEMVER },
	{ VERSION_SEMVER, false, "1.0-1", VERSION_NOT_SEMVER },
	{ VERSION_SEMVER, false, "1.0.-", VERSION_NOT_SEMVER },
	{ VERSION_SEMVER, false, "1.0.0.0", VERSION_NOT_SEMVER },
	{ VERSION_SEMVER, false, "1.0.0rc1", VERSION_NOT_SEMVER },
	{ VERSION_SEMVER, false, "v1.0.0", VERSION_NOT_SEMVER },
	{ VERSION_SEMVER, false, "01.0.0", VERSION_NOT_SEMVER },
	{ VERSION_SEMVER, false, "1.00.0", VERSION_NOT_SEMVER },
	{ VERSION_SEMVER, false, "1.0.0-", VERSION_NOT_SEMVER },
	{ VERSION_SEMVER, false, "1.0.0-01", VERSION_NOT_SEMVER },
	{ VERSION_SEMVER, false, "1.0.0-a_b", VERSION_NOT_SEMVER },
	{ VERSION_SEMVER, false, "1.0.0-.a", VERSION_NOT_SEMVER },
	{ VERSION_SEMVER, true, "1.0.0+", VERSION_NOT_SEMVER },
	{ VERSION_SEMVER, true, "1.0.0+a+b", VERSION_NOT_SEMVER },
	{ VERSION_SEMVER, true, "1.0.0-+a", VERSION_NOT_SEMVER },
};

static void test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(verdicts); i++) {
		struct version_key key;
		enum version_status status = version_parse(
			verdicts[i].scheme, verdicts[i].allow_build, verdicts[i].text, &key);

		if (status != verdicts[i].status)
			fail_msg("%s: %s", verdicts[i].text, version_status_text(status));
		if (status != VERSION_OK)
			assert_int_equal(key.size, 0);
	}
}

/* The longest texts, made of what costs most; the key must hold them (ASan watches). */
static void test_longest(void **state)
{
	static const char *const units[] = { "1",  "0",   "a",    "9.",    "a.",
					     "1a", "1a.", "1a1.", "1a1a1." };
	char text[VERSION_MAX + 2];
	struct version_key key;

	(void)state;
	for (size_t u = 0; u < COUNT(units); u++) {
		for (size_t i = 0; i <= VERSION_MAX; i++)
			text[i] = units[u][i % strlen(units[u])];
		text[VERSION_MAX + 1] = '\0';
		assert_int_equal(version_parse(VERSION_NATURAL, true, text, &key),
				 VERSION_TOO_LONG);
		text[VERSION_MAX] = '\0';
		if (text[VERSION_MAX - 1] == '.')
			text[VERSION_MAX - 1] = '7';
		assert_int_equal(version_parse(VERSION_NATURAL, true, text, &key), VERSION_OK);
		assert_in_range(key.size, 1, 3 * VERSION_MAX + 3);
	}
}

static void test_every_status_has_a_text(void **state)
{
	(void)state;
	for (int i = VERSION_OK; i <= VERSION_BUILD_METADATA; i++)
		assert_true(strlen(version_status_text((enum version_status)i)) > 0);
}

/* Few characters, so that near misses are frequent. */
static void random_version(unsigned *seed, enum version_scheme scheme, struct version_key *key)
{
	static const char alphabet[] = "0012019aab.--.rv+";
	char text[16];

	do {
		int length = 1 + rand_r(seed) % 12, at = 0;

		if (scheme == VERSION_SEMVER)
			at = sprintf(text, "%d.%d.", rand_r(seed) % 2, rand_r(seed) % 12);
		while (at < length)
			text[at++] = alphabet[(size_t)rand_r(seed) % (sizeof(alphabet) - 1)];
		text[at] = '\0';
	} while (version_parse(scheme, true, text, key) != VERSION_OK);
}

static void check_laws(const struct version_key *a, const struct version_key *b,
		       const struct version_key *c)
{
	int ab = sign(version_compare(a, b)), bc = sign(version_compare(b, c));
	int ac = sign(version_compare(a, c));

	assert_int_equal(version_compare(a, a), 0);
	assert_int_equal(sign(version_compare(b, a)), -ab);
	if (ab == bc || bc == 0)
		assert_int_equal(ac, ab);
	if (ab == 0)
		assert_int_equal(ac, bc);
	if (ab == 0)
		assert_memory_equal(a->bytes, b->bytes, a->size);
}

static void test_laws(void **state)
{
	const char *given = getenv("MEWS_SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

	(void)state;
	print_message("# MEWS_SEED=%u\n", seed);
	for (int i = 0; i < 100000; i++) {
		enum version_scheme scheme = i % 2 ? VERSION_SEMVER : VERSION_NATURAL;
		struct version_key a, b, c;

		random_version(&seed, scheme, &a);
		random_version(&seed, scheme, &b);
		random_version(&seed, scheme, &c);
		check_laws(&a, &b, &c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_same_rank),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_every_status_has_a_text),
		cmocka_unit_test(test_laws),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
