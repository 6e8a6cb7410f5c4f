#include "gateway/http_head.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

static char text[256];

static bool scan(const char *head, const char *expected)
{
	bool ended;

	strcpy(text, head);
	ended = http_head_scan(text, strlen(text), 1000);
	assert_string_equal(text, expected);
	return ended;
}

static void test_lengths(void **state)
{
	(void)state;
	assert_true(scan("PUT / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n",
			 "PUT / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n"));
	assert_true(scan("PUT / HTTP/1.1\r\nContent-Length: 1001\r\n\r\nbody",
			 "PUT / HTTP/1.1\r\nOversized-Body: 1001\r\n\r\nbody"));
	assert_true(scan("PUT / HTTP/1.1\ncontent-LENGTH:\t99999999999999999999999\nA: b\n\n",
			 "PUT / HTTP/1.1\nOversized-Body:\t99999999999999999999999\nA: b\n\n"));
	assert_true(scan("\r\nContent-Length: 2000\r\n", "\r\nContent-Length: 2000\r\n"));
}

static void test_other_lines_are_left_alone(void **state)
{
	(void)state;
	scan("Content-Length: -5\r\nContent-Length: x9999\r\nContent-Length:\r\nContent-Lengths: "
	     "9999\r\n"
	     "X-Content-Length: 9999\r\nContent-Length 9999\r\n",
	     "Content-Length: -5\r\nContent-Length: x9999\r\nContent-Length:\r\nContent-Lengths: "
	     "9999\r\n"
	     "X-Content-Length: 9999\r\nContent-Length 9999\r\n");
}

/* Only whole lines count; a body behind the head is not looked at. */
static void test_parts(void **state)
{
	(void)state;
	assert_false(scan("", ""));
	assert_false(scan("Content-Length: 1001", "Content-Length: 1001"));
	assert_false(scan("Content-Length: 1001\r\n", "Oversized-Body: 1001\r\n"));
	assert_true(scan("A: b\r\n\r\nContent-Length: 1001\r\n",
			 "A: b\r\n\r\nContent-Length: 1001\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_other_lines_are_left_alone),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
