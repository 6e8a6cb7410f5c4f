#include "gateway/range.h"
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One row per line of the table in range.h, and its edges. */
static const struct {
	const char *header;
	int64_t size;
	enum range_kind kind;
	bool listed;
	const char *ranges; /* "offset+length ..." */
} cases[] = {
	{ NULL, 100, RANGE_NONE, false, "" },
	{ NULL, 0, RANGE_NONE, false, "" },
	{ "bytes=0-9", 100, RANGE_ONE, false, "0+10 " },
	{ "bytes=90-", 100, RANGE_ONE, false, "90+10 " },
	{ "bytes=0-", 100, RANGE_ONE, false, "0+100 " },
	{ "bytes=99-", 100, RANGE_ONE, false, "99+1 " },
	{ "bytes=-10", 100, RANGE_ONE, false, "90+10 " },
	{ "bytes=-101", 100, RANGE_ONE, false, "0+100 " },
	{ "bytes=50-1000", 100, RANGE_ONE, false, "50+50 " },
	{ "bytes=50-99999999999999999999999999", 100, RANGE_ONE, false, "50+50 " },
	{ "BYTES=007-008", 100, RANGE_ONE, false, "7+2 " },
	{ "bytes=0-4294967296", 8589934592, RANGE_ONE, false, "0+4294967297 " },
	{ "bytes=0-0,2-3", 100, RANGE_MANY, true, "0+1 2+2 " },
	{ "bytes=0-9,10-19", 100, RANGE_MANY, true, "0+10 10+10 " },
	{ "bytes=0-9 , 20-29,\t-1", 100, RANGE_MANY, true, "0+10 20+10 99+1 " },
	{ "bytes=0-9,9-19", 100, RANGE_ONE, true, "0+10 " },
	{ "bytes=50-59,0-9", 100, RANGE_ONE, true, "50+10 " },
	{ "bytes=0-,50-", 100, RANGE_ONE, true, "0+100 " },
	{ "bytes=100-", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes=100-200", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes=99999999999999999999999999-", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes=9-8", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes=-0", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes=0-", 0, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes=-5", 0, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes=0-9,100-", 100, RANGE_UNSATISFIABLE, true, "" },
	{ "bytes=100-,0-9", 100, RANGE_UNSATISFIABLE, true, "" },
	{ "bytes=", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes=-", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes=5", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes=0-9,", 100, RANGE_UNSATISFIABLE, true, "" },
	{ "bytes=,0-9", 100, RANGE_UNSATISFIABLE, true, "" },
	{ "bytes=0-9;10-19", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes= 0-9", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes=0 -9", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes=0--9", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes=+0-9", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes=0x0-9", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "items=0-9", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "bytes", 100, RANGE_UNSATISFIABLE, false, "" },
	{ "", 100, RANGE_UNSATISFIABLE, false, "" },
};

static void assert_ranges(const struct range_set *set, const char *expected)
{
	char text[200] = "";

	for (size_t i = 0; i < set->count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%lld+%lld ",
			 (long long)set->range[i].offset, (long long)set->range[i].length);
	assert_string_equal(text, expected);
}

static void test_every_row(void **unused)
{
	(void)unused;
	static struct range_set set;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		range_parse(cases[i].header, cases[i].size, &set);
		print_message("# %s\n", cases[i].header ? cases[i].header : "(none)");
		assert_int_equal(set.kind, cases[i].kind);
		assert_int_equal(set.listed, cases[i].listed);
		assert_ranges(&set, cases[i].ranges);
	}
}

static char *many(size_t count)
{
	char *header = malloc(7 + count * 20), *at = stpcpy(header, "bytes=");

	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "%s%zu-%zu", i ? "," : "", 10 * i, 10 * i + 4);
	return header;
}

static void test_limit(void **unused)
{
	(void)unused;
	static struct range_set set;
	char *header = many(RANGE_MAX);

	range_parse(header, 1 << 20, &set);
	assert_int_equal(set.kind, RANGE_MANY);
	assert_int_equal(set.count, RANGE_MAX);
	assert_int_equal(set.range[RANGE_MAX - 1].offset, 10 * (RANGE_MAX - 1));
	free(header);

	header = many(RANGE_MAX + 1);
	range_parse(header, 1 << 20, &set);
	assert_int_equal(set.kind, RANGE_ONE);
	assert_ranges(&set, "0+5 ");
	free(header);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_row),
					    cmocka_unit_test(test_limit) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
