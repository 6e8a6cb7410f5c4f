#include "gateway/secret.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "gateway/hex.h"

static void test_id(void **state)
{
	char one[SECRET_ID_SIZE], two[SECRET_ID_SIZE];

	(void)state;
	secret_id(one);
	secret_id(two);
	assert_true(hex_is(one, SECRET_ID_SIZE - 1));
	assert_string_not_equal(one, two);
}

static void test_token(void **state)
{
	static const char LETTERS[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char one[SECRET_TOKEN_SIZE], two[SECRET_TOKEN_SIZE];

	(void)state;
	for (int i = 0; i < 100; i++) {
		secret_token(one);
		secret_token(two);
		assert_int_equal(strlen(one), SECRET_TOKEN_SIZE - 1);
		assert_int_equal(strspn(one, LETTERS), SECRET_TOKEN_SIZE - 1);
		assert_string_not_equal(one, two);
	}
}

static void test_equal(void **state)
{
	(void)state;
	assert_true(secret_equal("", ""));
	assert_true(secret_equal("abc", "abc"));
	assert_false(secret_equal("abc", "abd"));
	assert_false(secret_equal("abc", "abcd"));
	assert_false(secret_equal("abc", ""));
}

/* RFC 4231, test cases 2 and 6. */
static void test_hmac(void **state)
{
	char mac[SECRET_HMAC_SIZE];
	unsigned char key[131];

	(void)state;
	secret_hmac("Jefe", 4, "what do ya want for nothing?", mac);
	assert_string_equal(mac,
			    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	secret_hmac(key, sizeof(key), "Test Using Larger Than Block-Size Key - Hash Key First",
		    mac);
	assert_string_equal(mac,
			    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_hmac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
