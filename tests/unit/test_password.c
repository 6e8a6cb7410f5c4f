#include <string.h>

#include "cmocka_all.h"
#include "gateway/password.h"

/* Computed by Python's hashlib.scrypt. */
#define KNOWN                                         \
	"scrypt$15$000102030405060708090a0b0c0d0e0f$" \
	"2bf82378f6c4c5f8c13d9eb323452f9e37a06291fc00b2f5"

static void right_and_wrong(void **state)
{
	char stored[PASSWORD_SIZE], again[PASSWORD_SIZE];

	(void)state;
	password_hash("correct horse", stored);
	assert_true(password_verify("correct horse", stored));
	assert_false(password_verify("correct horsf", stored));
	assert_false(password_verify("", stored));
	password_hash("correct horse", again);
	assert_string_not_equal(stored, again); /* a salt of its own */
	assert_null(strstr(stored, "horse"));
}

static void known_value(void **state)
{
	(void)state;
	assert_true(password_verify("password", KNOWN));
}

static void what_is_no_hash_fits_nothing(void **state)
{
	static const char *const BROKEN[] = { NULL,    "",        "scrypt$15$",
					      "plain", KNOWN "0", "scrypt$14$" KNOWN };

	(void)state;
	for (size_t i = 0; i < sizeof(BROKEN) / sizeof(BROKEN[0]); i++)
		assert_false(password_verify("password", BROKEN[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_and_wrong),
		cmocka_unit_test(known_value),
		cmocka_unit_test(what_is_no_hash_fits_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
