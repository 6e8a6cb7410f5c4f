#include "gateway/httpdate.h"
#include "tests/unit/cmocka_all.h"

static void test_both_ways(void **unused)
{
	(void)unused;
	char text[HTTPDATE_SIZE];
	int64_t seconds;

	httpdate_format(784111777, text);
	assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT"); /* RFC 9110 */
	assert_true(httpdate_parse(text, &seconds));
	assert_int_equal(seconds, 784111777);
	httpdate_format(INT64_MAX, text);
	assert_string_equal(text, "");
}

static void test_no_dates(void **unused)
{
	(void)unused;
	static const char *const texts[] = { "", "yesterday", "Sun, 06 Nov 1994 08:49:37",
					     "Sun, 06 Nov 1994 08:49:37 GMT ",
					     "Sun, 06 Nov 1994 08:49:37 CET" };
	int64_t seconds;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(httpdate_parse(texts[i], &seconds));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_both_ways),
					    cmocka_unit_test(test_no_dates) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
