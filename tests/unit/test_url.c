#include "gateway/url.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "gateway/arena.h"
#include "gateway/utf8.h"

static const struct {
	const char *encoded, *text; /* NULL: refused */
} cases[] = {
	{ "", "" },
	{ "abc", "abc" },
	{ "a%20b+c", "a b+c" },
	{ "%2f%2F", "//" },
	{ "%e2%82%ac\xe2\x82\xac", "\xe2\x82\xac\xe2\x82\xac" },
	{ "%", NULL },
	{ "%2", NULL },
	{ "%zz", NULL },
	{ "%2g", NULL },
	{ "%00", NULL },
	{ "%0a", NULL },
	{ "%7f", NULL },
	{ "%ff", NULL },
	{ "%c3", NULL },
	{ "\xc3", NULL },
	{ "%c0%af", NULL },
	{ "%ed%a0%80", NULL },
	{ "%f4%90%80%80", NULL },
	{ "%f0%9f%98%80", "\xf0\x9f\x98\x80" },
};

static void test_decode(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *encoded = cases[i].encoded;
		const char *text = url_decode(arena, encoded, strlen(encoded), false);

		print_message("# %s\n", encoded);
		if (cases[i].text)
			assert_string_equal(text, cases[i].text);
		else
			assert_null(text);
	}
	arena_free(arena);
}

static void test_query(void **state)
{
	struct arena *arena = arena_new();
	const char *query = "a=1&b=x+y%26&a=&&c&a=%ff&a=3&%61=4";
	const char *const *values = url_query_values(arena, query, "a");

	(void)state;
	assert_string_equal(values[0], "1");
	assert_string_equal(values[1], "");
	assert_string_equal(values[2], "3");
	assert_string_equal(values[3], "4");
	assert_null(values[4]);
	assert_string_equal(url_query_values(arena, query, "b")[0], "x y&");
	assert_string_equal(url_query_values(arena, query, "c")[0], "");
	assert_null(url_query_values(arena, query, "d")[0]);
	assert_null(url_query_values(arena, "", "a")[0]);
	assert_true(url_query_valid(arena, "") && url_query_valid(arena, "a=%20&b&=&&c=d=e"));
	assert_false(url_query_valid(arena, query) || url_query_valid(arena, "a=1&%zz=2") ||
		     url_query_valid(arena, "a=%00"));
	arena_free(arena);
}

static void test_utf8(void **state)
{
	(void)state;
	assert_int_equal(utf8_valid("abc", 3), 3);
	assert_int_equal(utf8_valid("a\xc3\xa9\xff", 4), 3);
	assert_int_equal(utf8_valid("\xe2\x82", 2), 0);
	assert_int_equal(utf8_valid("\xe0\x80\x80", 3), 0);
	assert_int_equal(utf8_valid("\xf0\x80\x80\x80", 4), 0);
	assert_int_equal(utf8_valid("\xf5\x80\x80\x80", 4), 0);
	assert_true(utf8_printable("\xc3\xa9", 2));
	assert_false(utf8_printable("a\tb", 3));
	assert_false(utf8_printable("a\xc2\x9b", 3));
	assert_true(utf8_printable("a\xc2\xa0", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
