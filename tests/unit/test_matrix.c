/* The matrix of counted groups. tests/api/test_matrix.py compares it with what devices get. */
#include "manage/matrix.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/arena.h"
#include "tests/unit/cmocka_all.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const BOARDS[] = { "a" };
static const struct resolver_payload payload = { 1, "main", COUNT(BOARDS), BOARDS, 0, NULL };
static const struct resolver_policy policy = { .scheme = VERSION_NATURAL,
					       .retry_attempts = 3,
					       .retry_backoff = 900000000 };

/* 2.0, a delta to it from 1.0, and 3.0 for staged devices. */
struct example {
	struct resolver_release releases[3];
	struct resolver_activation activations[3];
	struct matrix_rules rules;
};

static void make_example(struct example *example)
{
	static const char *const VERSIONS[][2] = { { "2.0", NULL },
						   { "2.0", "1.0" },
						   { "3.0", NULL } };

	for (size_t i = 0; i < COUNT(VERSIONS); i++) {
		struct resolver_release *release = &example->releases[i];

		*release = (struct resolver_release){ .id = 1 + (int64_t)i,
						      .version = VERSIONS[i][0],
						      .from = VERSIONS[i][1],
						      .npayloads = 1,
						      .payloads = &payload };
		version_parse(VERSION_NATURAL, false, release->version, &release->key);
		example->activations[i] = (struct resolver_activation){ 10 + (int64_t)i, release,
									i == 2 };
	}
	example->rules = (struct matrix_rules){ .policy = &policy,
						.cohort = { true, 3, example->activations } };
}

static struct matrix_group group(const char *version, bool staged, int64_t devices)
{
	return (struct matrix_group){ .facts = { .software_version = version,
						 .software_type = "main",
						 .hardware_version = "a",
						 .staged = staged },
				      .staged_then = staged,
				      .devices = devices };
}

static int64_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static const json_t *at(const json_t *object, const char *name, size_t i)
{
	return json_array_get(json_object_get(object, name), i);
}

/* Staged or not is one row with two cells; groups that differ otherwise are two rows. */
static void test_rows(void **unused)
{
	(void)unused;
	struct arena *arena = arena_new();
	struct example example;
	struct matrix_group groups[] = { group("1.0", false, 70), group("1.0", true, 30),
					 group("1.0", true, 5), group("3.0", false, 2) };

	groups[2].facts.hardware_version = "b";
	make_example(&example);
	json_auto_t *matrix = matrix_render(arena, &example.rules, groups, COUNT(groups));
	const json_t *first = at(matrix, "rows", 0), *second = at(matrix, "rows", 1);

	assert_int_equal(json_array_size(json_object_get(matrix, "rows")), 3);
	assert_int_equal(number(matrix, "devices"), 107);
	assert_int_equal(number(matrix, "moving"), 100);
	assert_int_equal(number(matrix, "staying"), 7);
	assert_int_equal(number(first, "devices"), 100);
	assert_string_equal(text(at(first, "deltas", 0), "release"), "1.0..2.0");
	/* A delta goes first, also for staged devices. */
	assert_int_equal(json_array_size(json_object_get(first, "cells")), 1);
	assert_string_equal(text(at(first, "cells", 0), "release"), "1.0..2.0");
	assert_string_equal(text(at(first, "cells", 0), "kind"), "delta");
	assert_int_equal(number(at(first, "cells", 0), "devices"), 100);
	assert_int_equal(number(at(first, "cells", 0), "staged_devices"), 30);
	assert_true(json_is_true(json_object_get(second, "final")));
	assert_string_equal(text(at(second, "staying", 0), "reason"), "hardware_mismatch");
	arena_free(arena);
}

static void test_columns(void **unused)
{
	(void)unused;
	struct arena *arena = arena_new();
	struct example example;
	struct matrix_group groups[] = { group("1.0", false, 1), group("1.5", false, 10),
					 group("1.5", true, 100) };

	make_example(&example);
	json_auto_t *matrix = matrix_render(arena, &example.rules, groups, COUNT(groups));

	assert_int_equal(json_array_size(json_object_get(matrix, "columns")), 2);
	assert_string_equal(text(at(matrix, "columns", 0), "version"), "2.0");
	assert_int_equal(number(at(matrix, "columns", 0), "total"), 11);
	assert_int_equal(json_array_size(json_object_get(at(matrix, "columns", 0), "active")), 2);
	assert_string_equal(text(at(matrix, "columns", 1), "version"), "3.0");
	assert_int_equal(number(at(matrix, "columns", 1), "total"), 100);
	arena_free(arena);
}

/* Unknown, then by version (1.9 < 1.10), then what is no version, as the database sorted it. */
static void test_order(void **unused)
{
	(void)unused;
	static const char *const SORTED[] = { NULL, "1.9", "1.10", "a b", "a c" };
	struct arena *arena = arena_new();
	struct example example;
	struct matrix_group groups[] = { group("1.10", false, 1), group("1.9", false, 1),
					 group("a b", false, 1), group("a c", false, 1),
					 group(NULL, false, 1) };

	make_example(&example);
	json_auto_t *matrix = matrix_render(arena, &example.rules, groups, COUNT(groups));

	for (size_t i = 0; i < COUNT(SORTED); i++) {
		const char *version = text(at(matrix, "rows", i), "software_version");

		if (SORTED[i])
			assert_string_equal(version, SORTED[i]);
		else
			assert_null(version);
	}
	arena_free(arena);
}

static void test_nothing(void **unused)
{
	(void)unused;
	struct arena *arena = arena_new();
	struct matrix_rules rules = { .policy = &policy, .cohort = { true, 0, NULL } };
	struct matrix_group one = group("1.0", false, 4);
	json_auto_t *empty = matrix_render(arena, &rules, NULL, 0);
	json_auto_t *matrix = matrix_render(arena, &rules, &one, 1);

	assert_int_equal(number(empty, "devices"), 0);
	assert_int_equal(json_array_size(json_object_get(empty, "rows")), 0);
	assert_string_equal(text(at(at(matrix, "rows", 0), "staying", 0), "reason"),
			    "no_active_release");
	arena_free(arena);
}

/* By another flag or another release; groups that stay where they are do not count. */
static void test_moves(void **unused)
{
	(void)unused;
	struct example example;
	struct matrix_group groups[] = { group("1.0", false, 1), group("1.5", false, 10),
					 group("1.5", false, 100), group("3.0", false, 1000) };
	struct matrix_rules then;

	groups[2].staged_then = true; /* 3.0 instead of 2.0 */
	make_example(&example);
	then = example.rules;
	assert_int_equal(matrix_moves(&example.rules, &then, groups, COUNT(groups)), 0);
	then.then = true;
	assert_int_equal(matrix_moves(&example.rules, &then, groups, COUNT(groups)), 100);
	then.cohort.nactivations = 1; /* no delta, nothing for staged ones */
	assert_int_equal(matrix_moves(&example.rules, &then, groups, COUNT(groups)), 1);
	then.cohort.nactivations = 0;
	assert_int_equal(matrix_moves(&example.rules, &then, groups, COUNT(groups)), 111);
}

/* At the release that the rules name; what failed elsewhere does not hold a device. */
static void test_held(void **unused)
{
	(void)unused;
	static const struct resolver_attempts ATTEMPTS[] = {
		{ 1, 3, 0 }, { 1, 1, 5 }, { 2, 3, 0 }, { 2, 1, 0 }
	};
	struct example example;
	struct matrix_group groups[COUNT(ATTEMPTS)];

	for (size_t i = 0; i < COUNT(groups); i++) {
		groups[i] = group("1.5", false, i < 2 ? 1 + (int64_t)i : 100);
		groups[i].facts.nattempts = 1;
		groups[i].facts.attempts = &ATTEMPTS[i];
	}
	make_example(&example);
	json_auto_t *held = matrix_render_held(&example.rules, groups, COUNT(groups));

	assert_int_equal(number(held, "exhausted"), 1);
	assert_int_equal(number(held, "waiting"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),  cmocka_unit_test(test_columns),
		cmocka_unit_test(test_order), cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_moves), cmocka_unit_test(test_held),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
