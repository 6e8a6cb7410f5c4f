#include "gateway/db_array.h"
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *values[4]; /* up to the first that is END */
	const char *literal;
} cases[] = {
#define END ((const char *)cases)
	{ { END }, "{}" },
	{ { "", END }, "{\"\"}" },
	{ { NULL, END }, "{NULL}" },
	{ { NULL, NULL, "", END }, "{NULL,NULL,\"\"}" },
	{ { "NULL", "null", END }, "{\"NULL\",\"null\"}" },
	{ { "a", "b", "c", END }, "{\"a\",\"b\",\"c\"}" },
	{ { "a,b", "{x}", " ", END }, "{\"a,b\",\"{x}\",\" \"}" },
	{ { "\"", "\\", "\\\"", END }, "{\"\\\"\",\"\\\\\",\"\\\\\\\"\"}" },
	{ { "it's", "$1; drop", "--", END }, "{\"it's\",\"$1; drop\",\"--\"}" },
	{ { "\n\t\x7f", "\xc3\xa9", "\xff", END }, "{\"\n\t\x7f\",\"\xc3\xa9\",\"\xff\"}" },
};

static void test_literals(void **unused)
{
	struct db_array array = { 0 };

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		db_array_start(&array); /* the same array: what was there before is gone */
		for (const char *const *value = cases[i].values; *value != END; value++)
			db_array_add(&array, *value);
		assert_string_equal(db_array_end(&array), cases[i].literal);
	}
	db_array_free(&array);
	assert_null(array.text);
}

/* A value of nothing but quotes needs twice its size; sanitizers see if there was too little room.
 */
static void test_growth(void **unused)
{
	enum { LENGTH = 5000 };
	struct db_array array = { 0 };
	char value[LENGTH + 1];

	(void)unused;
	memset(value, '"', LENGTH);
	for (size_t length = 0; length <= LENGTH; length += 97) {
		value[length] = '\0';
		db_array_start(&array);
		db_array_add(&array, value);
		db_array_add(&array, NULL);
		assert_int_equal(strlen(db_array_end(&array)), 2 * length + strlen("{\"\",NULL}"));
		value[length] = '"';
	}
	db_array_free(&array);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_literals),
					    cmocka_unit_test(test_growth) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
