#include "gateway/log.h"
#include "tests/unit/cmocka_all.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Stderr goes into a file while a line is written. */
static FILE *capture;
static int real_stderr;
static char line[8192];

static int open_capture(void **state)
{
	(void)state;
	capture = tmpfile();
	real_stderr = dup(STDERR_FILENO);
	return capture && real_stderr >= 0 ? 0 : -1;
}

static int close_capture(void **state)
{
	(void)state;
	fclose(capture);
	close(real_stderr);
	return 0;
}

static void begin(void)
{
	assert_int_equal(ftruncate(fileno(capture), 0), 0);
	rewind(capture);
	dup2(fileno(capture), STDERR_FILENO);
}

/* What has been logged, without its newline and the fields in front of `from`. */
static const char *end(const char *from)
{
	dup2(real_stderr, STDERR_FILENO);
	ssize_t size = pread(fileno(capture), line, sizeof(line) - 1, 0);
	lseek(fileno(capture), 0, SEEK_SET);
	assert_true(size >= 0);
	line[size] = '\0';
	if (size == 0)
		return line;
	assert_int_equal(line[size - 1], '\n');
	line[size - 1] = '\0';
	assert_null(strchr(line, '\n'));
	return from ? strstr(line, from) : line;
}

#define LOGGED(from, ...) (begin(), log_info(__VA_ARGS__), end(from))

static void test_logfmt(void **state)
{
	const char *volatile none = NULL; /* the compiler must not know */

	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_LOGFMT);
	assert_string_equal(LOGGED("event=", "upload_done", "upload=%s size=%lld ms=%.1f", "a1",
				   12345678901LL, 1.25),
			    "event=upload_done upload=a1 size=12345678901 ms=1.2");
	assert_string_equal(LOGGED("event=", "x", "a=%d b=%u c=%zu d=%" PRId64 " e=%08x f=%.*s", -1,
				   2u, (size_t)3, INT64_C(-4), 255, 2, "abc"),
			    "event=x a=-1 b=2 c=3 d=-4 e=ff f=ab");
	assert_string_equal(
		LOGGED("event=", "x", "word=fixed error=\"it is %s\" none=%s", "so", none),
		"event=x word=fixed error=\"it is so\" none=-");
	assert_memory_equal(line, "time=20", 7);
	assert_non_null(strstr(line, "Z level=info process="));
}

static void test_nothing_breaks_out(void **state)
{
	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_LOGFMT);
	assert_string_equal(LOGGED("event=", "x", "path=\"%s\" status=%d",
				   "a\" level=error\r\nevent=y\\ \x01\x7f\xff\xc3\xa9", 404),
			    "event=x path=\"a\\\" level=error\\u000d\\nevent=y\\\\ "
			    "\\u0001\\u007f\\ufffd\xc3\xa9\" status=404");
}

static void test_json(void **state)
{
	json_t *object;

	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_JSON);
	object = json_loads(LOGGED(NULL, "x", "id=%s n=%d ms=%.1f error=\"%s\" fixed=7 hex=%x", "7",
				   -7, 0.5, "say \"hi\"\n\xff\xc3\xa9", 255),
			    0, NULL);
	assert_non_null(object);
	assert_string_equal(json_string_value(json_object_get(object, "level")), "info");
	assert_string_equal(json_string_value(json_object_get(object, "event")), "x");
	assert_string_equal(json_string_value(json_object_get(object, "id")), "7");
	assert_int_equal(json_integer_value(json_object_get(object, "n")), -7);
	assert_int_equal(json_integer_value(json_object_get(object, "fixed")), 7);
	assert_true(json_real_value(json_object_get(object, "ms")) == 0.5);
	assert_string_equal(json_string_value(json_object_get(object, "hex")), "ff");
	assert_string_equal(json_string_value(json_object_get(object, "error")),
			    "say \"hi\"\n\xef\xbf\xbd\xc3\xa9");
	json_decref(object);
}

/* However long a value is, the line is complete and whole. */
static void test_long_values_are_cut(void **state)
{
	static char text[20000];
	json_t *object;

	(void)state;
	memset(text, '"', sizeof(text) - 1);
	log_setup(LOG_LEVEL_INFO, LOG_JSON);
	object = json_loads(LOGGED(NULL, "x", "a=\"%s\" b=\"%s\" c=%d", text, text, 3), 0, NULL);
	assert_non_null(object);
	json_decref(object);
}

static void test_threshold(void **state)
{
	(void)state;
	log_setup(LOG_LEVEL_WARN, LOG_LOGFMT);
	assert_true(log_enabled(LOG_LEVEL_ERROR) && log_enabled(LOG_LEVEL_WARN));
	assert_false(log_enabled(LOG_LEVEL_INFO) || log_enabled(LOG_LEVEL_DEBUG));
	assert_string_equal(LOGGED(NULL, "x", "a=%d", 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logfmt),    cmocka_unit_test(test_nothing_breaks_out),
		cmocka_unit_test(test_json),      cmocka_unit_test(test_long_values_are_cut),
		cmocka_unit_test(test_threshold),
	};

	return cmocka_run_group_tests(tests, open_capture, close_capture);
}
