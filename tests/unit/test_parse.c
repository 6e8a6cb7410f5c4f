/* What devices send, well-formed or not; the broken bodies are those that real clients were seen to
 * send. */
#include "ddi/parse.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/error.h"
#include "tests/unit/cmocka_all.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char NONE[] = "[]";

/* ---- Feedback ---- */

#define RESULT(finished) "\"result\":{\"finished\":\"" finished "\"}"
#define CLOSED           "\"execution\":\"closed\"," RESULT("success")
#define STATUS(members)  "{\"status\":{" members "}}"

static const struct {
	const char *body, *execution, *result, *code, *details;
} feedbacks[] = {
	/* As SWUpdate, rauc-hawkbit-updater, Zephyr and hawkbit-rs send it. */
	{ "{ \"id\": 7, \"time\": \"20261122T081743\", \"status\": { \"result\": { \"progress\": "
	  "{ \"cnt\" : 1, \"of\" : 2 }, \"finished\": \"none\" }, \"execution\": \"proceeding\", "
	  "\"details\" : [ \"Installed Chunk.\", \"b\" ] } }",
	  "proceeding", "none", NULL, "[\"Installed Chunk.\",\"b\"]" },
	{ "{\"id\":\"7\",\"time\":\"20261122T081743Z\",\"status\":{\"result\":{\"finished\":"
	  "\"success\"},"
	  "\"execution\":\"rejected\",\"details\":[\"x\"]}}",
	  "rejected", "success", NULL, "[\"x\"]" },
	{ STATUS(CLOSED), "closed", "success", NULL, NONE },
	{ STATUS("\"execution\":\"resumed\",\"result\":{\"finished\":\"none\",\"progress\":0.5},"
		 "\"details\":[]"),
	  "resumed", "none", NULL, NONE },
	/* All of hawkBit's words. */
	{ STATUS("\"execution\":\"canceled\"," RESULT("failure")), "canceled", "failure", NULL,
	  NONE },
	{ STATUS("\"execution\":\"scheduled\"," RESULT("none")), "scheduled", "none", NULL, NONE },
	{ STATUS("\"execution\":\"downloaded\"," RESULT("none")), "downloaded", "none", NULL,
	  NONE },
	{ STATUS("\"execution\":\"download\"," RESULT("none")), "download", "none", NULL, NONE },
	/* One value for a list, values of other types, nothing at all, members that we do not know.
	 */
	{ STATUS(CLOSED ",\"details\":\"x\""), "closed", "success", NULL, "[\"x\"]" },
	{ STATUS(CLOSED ",\"details\":[1,true,null,\"x\"]"), "closed", "success", NULL,
	  "[\"1\",\"true\",\"x\"]" },
	{ STATUS(CLOSED ",\"details\":null,\"more\":{}"), "closed", "success", NULL, NONE },
	{ STATUS(CLOSED ",\"details\":[\"\\\"\\\\\\u00e9\"]"), "closed", "success", NULL,
	  "[\"\\\"\\\\\xc3\xa9\"]" },
	/* The code is a 32-bit number, or can be read as one. */
	{ STATUS(CLOSED ",\"code\":200"), "closed", "success", "200", NONE },
	{ STATUS(CLOSED ",\"code\":\"-7\""), "closed", "success", "-7", NONE },
	{ STATUS(CLOSED ",\"code\":1.9"), "closed", "success", "1", NONE },
	{ STATUS(CLOSED ",\"code\":2147483647"), "closed", "success", "2147483647", NONE },
	{ STATUS(CLOSED ",\"code\":-2147483648"), "closed", "success", "-2147483648", NONE },
	{ STATUS(CLOSED ",\"code\":null"), "closed", "success", NULL, NONE },
	/* SWUpdate's closing failure with a raw newline (clients.md 6a). */
	{ "{ \"id\": 7, \"status\": { \"result\": { \"progress\": { \"cnt\" : 0, \"of\" : 1 }, "
	  "\"finished\": "
	  "\"failure\" }, \"execution\": \"closed\", \"details\" : [ \"Got malformed JSON.\n\","
	  "\"No suitable .swu image found\" ] } }",
	  "closed", "failure", NULL,
	  "[\"Got malformed JSON. \",\"No suitable .swu image found\"]" },
	/* A tab, and a log line with UTF-8 and a byte that is none (clients.md 3f). */
	{ STATUS(CLOSED ",\"details\":[\"a\tb\"]"), "closed", "success", NULL, "[\"a b\"]" },
	{ STATUS(CLOSED ",\"details\":[\"\xc3\xa9 and \xff byte\"]"), "closed", "success", NULL,
	  "[\"\xc3\xa9 and ? byte\"]" },
	/* A surrogate, an overlong form, a character beyond Unicode, one that is cut off. */
	{ STATUS(CLOSED ",\"details\":[\"\xed\xa0\x80\"]"), "closed", "success", NULL,
	  "[\"???\"]" },
	{ STATUS(CLOSED ",\"details\":[\"\xc0\xaf\"]"), "closed", "success", NULL, "[\"??\"]" },
	{ STATUS(CLOSED ",\"details\":[\"\xf4\x90\x80\x80\"]"), "closed", "success", NULL,
	  "[\"????\"]" },
	{ STATUS(CLOSED ",\"details\":[\"\xe2\x82\"]"), "closed", "success", NULL, "[\"??\"]" },
	/* Quotes that nobody escaped: the strings cannot be told apart, their text is kept. */
	{ STATUS(CLOSED ",\"details\":[\"say \"hi\"\"]"), "closed", "success", NULL,
	  "[\"\\\"say \\\"hi\\\"\\\"\"]" },
	/* What jansson does not read but means something. */
	{ STATUS(CLOSED ",\"details\":[\"\\u0000\"]"), "closed", "success", NULL,
	  "[\"\\\"\\\\u0000\\\"\"]" },
};

static void test_feedback(void **unused)
{
	(void)unused;

	for (size_t i = 0; i < COUNT(feedbacks); i++) {
		struct arena *arena = arena_new();
		struct ddi_feedback out;
		struct error err;

		print_message("# row %zu\n", i);
		assert_true(ddi_parse_feedback(arena, feedbacks[i].body, strlen(feedbacks[i].body),
					       &out, &err));
		assert_string_equal(out.execution, feedbacks[i].execution);
		assert_string_equal(out.result, feedbacks[i].result);
		assert_string_equal(out.details, feedbacks[i].details);
		if (feedbacks[i].code)
			assert_string_equal(out.code, feedbacks[i].code);
		else
			assert_null(out.code);
		arena_free(arena);
	}
}

static const char *const refused_feedbacks[] = {
	"",
	"x",
	"null",
	"[]",
	"{}",
	"{\"status\":null}",
	"{\"status\":[]}",
	"{\"status\":\"closed\"}",
	STATUS(""),
	STATUS("\"execution\":\"closed\""),
	STATUS(RESULT("success")),
	STATUS("\"execution\":\"closed\",\"result\":{}"),
	STATUS("\"execution\":\"closed\",\"result\":null"),
	STATUS("\"execution\":\"closed\",\"result\":\"success\""),
	STATUS("\"execution\":\"Closed\"," RESULT("success")),
	STATUS("\"execution\":\"done\"," RESULT("success")),
	STATUS("\"execution\":1," RESULT("success")),
	STATUS("\"execution\":null," RESULT("success")),
	STATUS("\"execution\":\"closed\"," RESULT("maybe")),
	STATUS(CLOSED ",\"code\":\"many\""),
	STATUS(CLOSED ",\"code\":\"\""),
	STATUS(CLOSED ",\"code\":2147483648"),
	STATUS(CLOSED ",\"code\":-2147483649"),
	STATUS(CLOSED ",\"code\":1e99"),
	STATUS(CLOSED ",\"code\":[1]"),
	/* Broken, and not even by its looks a feedback. */
	"{\"status\":{\"execution\":\"closed\"",
	"{\"execution\":\"clo\n",
	"{\"execution\":\"done\" \"finished\":\"success\"",
	"{\"execution\" \"closed\" \"finished\" \"success\"",
};

static void test_refused_feedback(void **unused)
{
	(void)unused;

	for (size_t i = 0; i < COUNT(refused_feedbacks); i++) {
		struct arena *arena = arena_new();
		struct ddi_feedback out;
		struct error err = { 0 };

		print_message("# row %zu\n", i);
		assert_false(ddi_parse_feedback(arena, refused_feedbacks[i],
						strlen(refused_feedbacks[i]), &out, &err));
		assert_int_equal(err.code, ERR_INVALID);
		assert_true(*err.text);
		arena_free(arena);
	}
}

/* `count` lines of `size` bytes each: parsed, and the lines that are kept of them. */
static json_t *kept_of(struct arena *arena, const char *line, size_t count)
{
	json_auto_t *body = json_pack("{s:{s:s, s:{s:s}, s:[]}}", "status", "execution",
				      "proceeding", "result", "finished", "none", "details");
	json_t *details = json_object_get(json_object_get(body, "status"), "details");
	struct ddi_feedback out;
	struct error err;

	for (size_t i = 0; i < count; i++)
		json_array_append_new(details, json_string(line));
	char *text = arena_adopt(arena, json_dumps(body, 0), free);
	assert_true(ddi_parse_feedback(arena, text, strlen(text), &out, &err));
	return json_loads(out.details, 0, NULL);
}

static void test_a_whole_log_of_swupdate_is_kept(void **unused)
{
	(void)unused;
	struct arena *arena = arena_new();
	char line[2048 + 1];

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	json_auto_t *kept = kept_of(arena, line, 48);
	assert_int_equal(json_array_size(kept), 48);
	for (size_t i = 0; i < 48; i++)
		assert_string_equal(json_string_value(json_array_get(kept, i)), line);
	arena_free(arena);
}

static void test_too_many_lines_are_counted(void **unused)
{
	(void)unused;
	struct arena *arena = arena_new();
	json_auto_t *kept = kept_of(arena, "x", 5000);
	size_t count = json_array_size(kept);

	assert_in_range(count, 50, 200);
	assert_non_null(strstr(json_string_value(json_array_get(kept, count - 1)), "more"));
	arena_free(arena);
}

static void test_a_line_is_cut_between_characters(void **unused)
{
	(void)unused;

	for (size_t shift = 0; shift < 3; shift++) {
		struct arena *arena = arena_new();
		char line[9001] = "abc";
		size_t at = shift;

		for (; at + 3 < sizeof(line); at += 3)
			memcpy(line + at, "\xe2\x82\xac", 3);
		line[at] = '\0';
		json_auto_t *kept = kept_of(arena, line, 1); /* NULL if it were no UTF-8 any more */
		size_t length = json_string_length(json_array_get(kept, 0));
		assert_in_range(length, 2048, 8192);
		assert_int_equal((length - shift) % 3, 0);
		assert_memory_equal(json_string_value(json_array_get(kept, 0)), line, length);
		arena_free(arena);
	}
}

/* ---- configData ---- */

static const struct {
	const char *body, *mode, *data;
} configs[] = {
	/* SWUpdate of Debian 12, a newer one, rauc-hawkbit-updater, hawkbit-rs. */
	{ "{ \"id\": \"\", \"time\": \"20261122T081716\", \"status\": { \"result\": { "
	  "\"finished\": "
	  "\"success\" }, \"execution\": \"closed\", \"details\" : [ \"\" ] }, \"data\" : {  "
	  "\"serial\": \"SN-0001\",\"hwRev\": \"rev A\" } }",
	  "merge", "{\"serial\":\"SN-0001\",\"hwRev\":\"rev A\"}" },
	{ "{\"mode\" : \"replace\",\"data\":{\"a\":\"b\"}}", "replace", "{\"a\":\"b\"}" },
	{ "{\"data\":{\"a\":\"b\"},\"mode\":\"remove\",\"more\":[]}", "remove", "{\"a\":\"b\"}" },
	{ "{\"mode\":null,\"data\":{\"a\":null,\"b\":5,\"c\":true,\"d\":1.1,\"e\":1.0}}", "merge",
	  "{\"a\":null,\"b\":\"5\",\"c\":\"true\",\"d\":\"1.1\",\"e\":\"1.0\"}" },
	{ "{\"data\":{\"\xc3\xa4\":\"<b>~`\",\"empty\":\"\"}}", "merge",
	  "{\"\xc3\xa4\":\"<b>~`\",\"empty\":\"\"}" },
	/* Broken text in a value. */
	{ "{\"data\":{\"a\":\"x\ny\",\"b\":\"\xff\"}}", "merge", "{\"a\":\"x y\",\"b\":\"?\"}" },
	/* SWUpdate pastes values in without escaping (clients.md 15d). */
	{ "{ \"id\": \"\", \"status\": { \"execution\": \"closed\", \"details\" : [ \"\" ] }, "
	  "\"data\" : {  "
	  "\"label\": \"say \"hi\"\" } }",
	  "merge", "{\"label\":\"say \\\"hi\\\"\"}" },
	{ "{ \"mode\" : \"replace\", \"data\" : { \"a\": \"5\" disk\",\"b\": \"x\" , \"c\": "
	  "\"\"q\"\" } }",
	  "replace", "{\"a\":\"5\\\" disk\",\"b\":\"x\",\"c\":\"\\\"q\\\"\"}" },
};

static void test_config_data(void **unused)
{
	(void)unused;

	for (size_t i = 0; i < COUNT(configs); i++) {
		struct arena *arena = arena_new();
		struct ddi_config_data out;
		struct error err;

		print_message("# row %zu\n", i);
		assert_true(ddi_parse_config_data(arena, configs[i].body, strlen(configs[i].body),
						  &out, &err));
		assert_string_equal(out.mode, configs[i].mode);
		json_auto_t *expected = json_loads(configs[i].data, 0, NULL);
		json_auto_t *data = json_loads(out.data, 0, NULL);
		if (!json_equal(expected, data))
			fail_msg("data is %s", out.data);
		arena_free(arena);
	}
}

static const char *const refused_configs[] = {
	"",
	"x",
	"[]",
	"{}",
	"{\"mode\":\"merge\"}",
	"{\"data\":null}",
	"{\"data\":{}}",
	"{\"data\":[\"a\"]}",
	"{\"data\":\"a\"}",
	"{\"mode\":\"Merge\",\"data\":{\"a\":\"b\"}}",
	"{\"mode\":\"\",\"data\":{\"a\":\"b\"}}",
	"{\"mode\":1,\"data\":{\"a\":\"b\"}}",
	/* Broken, and it cannot be known what was meant. */
	"{\"data\":{\"a\":\"b\"",
	"{\"data\":{\"a\" \"b\"}}",
	"{\"mode\":\"many\",\"data\":{\"a\":\"say \"hi\"\"}}",
};

static void test_refused_config_data(void **unused)
{
	(void)unused;

	for (size_t i = 0; i < COUNT(refused_configs); i++) {
		struct arena *arena = arena_new();
		struct ddi_config_data out;
		struct error err = { 0 };

		print_message("# row %zu\n", i);
		assert_false(ddi_parse_config_data(arena, refused_configs[i],
						   strlen(refused_configs[i]), &out, &err));
		assert_int_equal(err.code, ERR_INVALID);
		arena_free(arena);
	}
}

/* hawkBit's limits of a key and of a value: 128 characters each, not bytes. */
static const struct {
	size_t key, value; /* characters of two bytes each */
	bool taken;
} lengths[] = {
	{ 128, 128, true }, { 1, 0, true },      { 129, 1, false },
	{ 1, 129, false },  { 1, 10000, false },
};

static char *repeated(struct arena *arena, size_t count)
{
	char *text = arena_alloc(arena, 2 * count + 1);

	for (size_t i = 0; i < count; i++)
		memcpy(text + 2 * i, "\xc3\xa4", 2);
	return text;
}

static void test_lengths_of_attributes(void **unused)
{
	(void)unused;

	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct arena *arena = arena_new();
		struct ddi_config_data out;
		struct error err = { 0 };
		const char *body = arena_printf(arena, "{\"data\":{\"a\":\"b\",\"%s\":\"%s\"}}",
						repeated(arena, lengths[i].key),
						repeated(arena, lengths[i].value));

		assert_int_equal(ddi_parse_config_data(arena, body, strlen(body), &out, &err),
				 lengths[i].taken);
		if (!lengths[i].taken)
			assert_int_equal(err.code, ERR_UNPROCESSABLE);
		arena_free(arena);
	}
}

/* ---- Numbers ---- */

static const struct {
	const char *text;
	int64_t value; /* -1: refused */
} numbers[] = {
	{ "0", 0 },
	{ "7", 7 },
	{ "2147483648", 2147483648 },
	{ "9223372036854775807", INT64_MAX },
	{ "9223372036854775808", -1 },
	{ "", -1 },
	{ " 7", -1 },
	{ "7 ", -1 },
	{ "+7", -1 },
	{ "0x7", -1 },
	{ "7.0", -1 },
	{ "seven", -1 },
	{ "99999999999999999999999999", -1 },
};

static void test_numbers(void **unused)
{
	(void)unused;

	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct error err = { 0 };
		int64_t value;
		bool taken = ddi_parse_number(numbers[i].text, &value, &err);

		print_message("# row %zu\n", i);
		assert_int_equal(taken, numbers[i].value >= 0);
		if (taken)
			assert_int_equal(value, numbers[i].value);
		else
			assert_int_equal(err.code, ERR_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_feedback),
		cmocka_unit_test(test_refused_feedback),
		cmocka_unit_test(test_a_whole_log_of_swupdate_is_kept),
		cmocka_unit_test(test_too_many_lines_are_counted),
		cmocka_unit_test(test_a_line_is_cut_between_characters),
		cmocka_unit_test(test_config_data),
		cmocka_unit_test(test_refused_config_data),
		cmocka_unit_test(test_lengths_of_attributes),
		cmocka_unit_test(test_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
