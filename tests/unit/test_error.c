#include "gateway/error.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

static void test_set(void **state)
{
	struct error err;

	(void)state;
	assert_false(error_field(&err, ERR_INVALID, "/data/hwRev", "bad %d", 7));
	assert_int_equal(err.code, ERR_INVALID);
	assert_string_equal(err.pointer, "/data/hwRev");
	assert_string_equal(err.text, "bad 7");
	assert_false(error_set(&err, ERR_GONE, "gone"));
	assert_string_equal(err.pointer, "");
}

static void test_context(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, ERR_INVALID, "unknown key");
	assert_false(error_context(&err, "line %d", 3));
	assert_false(error_context(&err, "/etc/mews.conf"));
	assert_string_equal(err.text, "/etc/mews.conf: line 3: unknown key");
	assert_int_equal(err.code, ERR_INVALID);
}

static void test_long_texts_are_cut(void **state)
{
	struct error err;
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_field(&err, ERR_INVALID, text, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_int_equal(strlen(err.pointer), sizeof(err.pointer) - 1);
	error_context(&err, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void test_texts_are_utf8(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, ERR_INVALID, "%.3s|", "ab\xc3\xa9");
	assert_string_equal(err.text, "ab?|");
	error_field(&err, ERR_INVALID, "/\xff/\xc3\xa9", "\xed\xa0\x80");
	assert_string_equal(err.text, "???");
	assert_string_equal(err.pointer, "/?/\xc3\xa9");
	error_context(&err, "%.1s", "\xc3\xa9");
	assert_string_equal(err.text, "?: ???");
}

static void test_every_code_has_a_status(void **state)
{
	(void)state;
	for (int code = 0; code < ERR_CODES; code++) {
		assert_in_range(error_http_status((enum error_code)code), 400, 599);
		assert_non_null(error_title((enum error_code)code));
	}
	assert_int_equal(error_http_status(ERR_UNAVAILABLE), 503);
	assert_string_equal(error_title(ERR_UNKNOWN), "Not Found");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_context),
		cmocka_unit_test(test_long_texts_are_cut),
		cmocka_unit_test(test_texts_are_utf8),
		cmocka_unit_test(test_every_code_has_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
