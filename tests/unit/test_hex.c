#include "gateway/hex.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

static void test_hex(void **unused)
{
	(void)unused;
	unsigned char bytes[2] = { 0 };
	char text[5];

	hex_encode("\x00\xfe", 2, text);
	assert_string_equal(text, "00fe");
	assert_true(hex_decode("00fe", 4, bytes));
	assert_memory_equal(bytes, "\x00\xfe", 2);
	assert_true(hex_decode("", 0, bytes));
	assert_false(hex_decode("0", 1, bytes));
	assert_false(hex_decode("0g", 2, bytes));
	assert_false(hex_decode("0F", 2, bytes));
	assert_true(hex_is("00fe", 4));
	assert_false(hex_is("00fe", 2));
	assert_false(hex_is("00fE", 4));
	assert_false(hex_is("../e", 4));
}

static const struct {
	const char *text;
	const char *bytes; /* NULL: not base64 */
} base64[] = {
	{ "", "" },        { "Zg==", "f" },          { "Zm8=", "fo" },
	{ "Zm9v", "foo" }, { "Zm9vYmFy", "foobar" }, { "+/+/", "\xfb\xff\xbf" },
	{ "Zg=", NULL },   { "Zg", NULL },           { "Z===", NULL },
	{ "====", NULL },  { "Zh==", NULL },         { "Zm9=", NULL },
	{ "Zm 9", NULL },  { "Zg==Zg==", NULL },     { "Zm-_", NULL },
};

static void test_base64(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(base64) / sizeof(base64[0]); i++) {
		unsigned char out[16];
		size_t size, length = strlen(base64[i].text);
		bool decoded = base64_decode(base64[i].text, length, out, &size);

		print_message("# '%s'\n", base64[i].text);
		assert_int_equal(decoded, base64[i].bytes != NULL);
		if (decoded) {
			assert_int_equal(size, strlen(base64[i].bytes));
			assert_memory_equal(out, base64[i].bytes, size);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_hex),
					    cmocka_unit_test(test_base64) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
