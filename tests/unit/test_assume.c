/* What-if: which changes are taken, what they make of a cohort, and of its staged devices. */
#include "manage/assume.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/error.h"
#include "tests/unit/cmocka_all.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct resolver_policy policy = { .scheme = VERSION_NATURAL };

static void drop_json(void *object)
{
	json_decref(object);
}

/* Lives in `arena`. */
static json_t *json_of(struct arena *arena, const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	assert_non_null(value);
	return arena_adopt(arena, value, drop_json);
}

/* ---- Reading ---- */

static const struct {
	const char *changes;
	bool taken;
	const char *activated;
	int percent;
} bodies[] = {
	{ "[{\"activate\": \"1.0\"}]", true, "[\"1.0\"]", -1 },
	{ "[{\"activate\": \"1.0\", \"staged\": true}]", true, "[\"1.0\"]", -1 },
	{ "[{\"pull\": \"1.0..2.0\"}]", true, "[]", -1 },
	{ "[{\"staged_percent\": 0}]", true, "[]", 0 },
	{ "[{\"staged_percent\": 100}, {\"staged_percent\": 7}]", true, "[]", 7 },
	{ "[{\"version_checking\": false}, {\"activate\": \"a\"}, {\"activate\": \"b\"}]", true,
	  "[\"a\",\"b\"]", -1 },
	{ "[{}]", false },
	{ "[{\"activate\": 1}]", false },
	{ "[{\"activate\": \"1.0\", \"pull\": \"1.0\"}]", false },
	{ "[{\"activate\": \"1.0\", \"staged\": 1}]", false },
	{ "[{\"pull\": \"1.0\", \"staged\": true}]", false },
	{ "[{\"staged_percent\": 101}]", false },
	{ "[{\"staged_percent\": -1}]", false },
	{ "[{\"staged_percent\": 1.5}]", false },
	{ "[{\"version_checking\": 0}]", false },
	{ "[{\"staged_percent\": 1, \"more\": 1}]", false },
};

static void test_parse(void **unused)
{
	(void)unused;

	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct arena *arena = arena_new();
		struct assumption out;
		struct error err = { .pointer = "" };

		if (assume_parse(arena, json_of(arena, bodies[i].changes), &out, &err) !=
		    bodies[i].taken)
			fail_msg("%s", bodies[i].changes);
		if (bodies[i].taken) {
			assert_string_equal(out.activated, bodies[i].activated);
			assert_int_equal(out.staged_percent, bodies[i].percent);
		} else {
			assert_string_equal(err.pointer, "/changes/0");
			assert_int_equal(err.code, ERR_INVALID);
		}
		arena_free(arena);
	}
}

/* ---- Rules ---- */

static const struct resolver_release one = { .id = 1, .version = "1.0" };
static const struct resolver_release delta = { .id = 2, .version = "2.0", .from = "1.0" };
static const struct resolver_activation active[] = {
	{ .id = 10, .release = &one },
	{ .id = 11, .release = &delta, .staged = true },
};
static const struct resolver_cohort cohort = { true, COUNT(active), active };

/* As the schema's catalog_release() has them. */
static const char RELEASES[] = "[{\"id\": 1, \"version\": \"1.0\", \"payloads\": [{\"id\": 4, "
			       "\"software_type\": \"main\"}]},"
			       " {\"id\": 3, \"version\": \"3.0\", \"payloads\": [{\"id\": 5, "
			       "\"software_type\": \"main\"}]},"
			       " {\"id\": 4, \"version\": \"4.0\", \"payloads\": [], "
			       "\"problem\": \"it cannot be\"}]";

/* Then active: "RELEASE" or, when staged, "RELEASE?", with a "!" behind all without checks. */
static const struct {
	const char *changes, *then, *error;
} rules[] = {
	{ "[{\"activate\": \"3.0\"}]", "1.0 1.0..2.0? 3.0 ", NULL },
	{ "[{\"activate\": \"3.0\", \"staged\": true}]", "1.0 1.0..2.0? 3.0? ", NULL },
	{ "[{\"pull\": \"1.0\"}]", "1.0..2.0? ", NULL },
	{ "[{\"pull\": \"1.0..2.0\"}]", "1.0 ", NULL },
	{ "[{\"pull\": \"1.0\"}, {\"activate\": \"1.0\", \"staged\": true}]", "1.0..2.0? 1.0? ",
	  NULL },
	{ "[{\"activate\": \"3.0\"}, {\"pull\": \"3.0\"}]", "1.0 1.0..2.0? ", NULL },
	{ "[{\"version_checking\": false}]", "1.0 1.0..2.0? !", NULL },
	{ "[{\"version_checking\": false}, {\"version_checking\": true}]", "1.0 1.0..2.0? ", NULL },
	{ "[{\"staged_percent\": 5}]", "1.0 1.0..2.0? ", NULL },
	{ "[{\"pull\": \"2.0\"}]", NULL, "release 2.0 is not active in this cohort" },
	{ "[{\"pull\": \"1.0\"}, {\"pull\": \"1.0\"}]", NULL,
	  "release 1.0 is not active in this cohort" },
	{ "[{\"activate\": \"1.0\"}]", NULL, "release 1.0 is active in this cohort already" },
	{ "[{\"activate\": \"9.0\"}]", NULL, "no such release: 9.0" },
	{ "[{\"activate\": \"4.0\"}]", NULL, "it cannot be" },
};

static const char *describe(struct arena *arena, const struct resolver_cohort *then)
{
	const char *text = "";

	for (size_t i = 0; i < then->nactivations; i++) {
		const struct resolver_release *release = then->activations[i].release;

		text = arena_printf(arena, "%s%s%s%s%s ", text, release->from ? release->from : "",
				    release->from ? ".." : "", release->version,
				    then->activations[i].staged ? "?" : "");
	}
	return then->version_checking ? text : arena_printf(arena, "%s!", text);
}

static void test_rules(void **unused)
{
	(void)unused;

	for (size_t i = 0; i < COUNT(rules); i++) {
		struct arena *arena = arena_new();
		struct resolver_cohort then;
		struct assumption assumption;
		struct error err;

		assert_true(
			assume_parse(arena, json_of(arena, rules[i].changes), &assumption, &err));
		bool made = assume_rules(arena, &assumption, &policy, &cohort,
					 json_of(arena, RELEASES), &then, &err);
		if (made != (rules[i].then != NULL))
			fail_msg("%s", rules[i].changes);
		if (made)
			assert_string_equal(describe(arena, &then), rules[i].then);
		else
			assert_string_equal(err.text, rules[i].error);
		assert_string_equal(describe(arena, &cohort), "1.0 1.0..2.0? ");
		arena_free(arena);
	}
}

/* ---- Staged devices ---- */

enum { GROUPS_MAX = 200 };

/* `count` groups; every `nth` of them is staged. */
static size_t make_groups(struct matrix_group *groups, size_t count, size_t nth, int64_t devices)
{
	for (size_t i = 0; i < count; i++) {
		groups[i] = (struct matrix_group){ .devices = devices };
		groups[i].facts.staged = nth && i % nth == 0;
		groups[i].staged_then = groups[i].facts.staged;
	}
	return count;
}

static int64_t count_devices(const struct matrix_group *groups, size_t count, bool staged_then)
{
	int64_t devices = 0;

	for (size_t i = 0; i < count; i++)
		devices += groups[i].staged_then == staged_then ? groups[i].devices : 0;
	return devices;
}

static void check_share(int percent, size_t count, size_t nth, int64_t devices)
{
	struct arena *arena = arena_new();
	struct assumption assumption = { .staged_percent = percent };
	struct matrix_group groups[GROUPS_MAX], *then;
	int64_t all = (int64_t)count * devices, target = (2 * all * percent + 100) / 200;
	int64_t staged;

	make_groups(groups, count, nth, devices);
	staged = count_devices(groups, count, true);
	then = assume_staged(arena, &assumption, groups, &count);
	assert_int_equal(count_devices(then, count, true), target);
	assert_int_equal(count_devices(then, count, false), all - target);
	for (size_t i = 0; i < count; i++) {
		assert_true(then[i].devices > 0);
		/* Raising keeps all marks, lowering makes none. */
		if (target >= staged)
			assert_true(then[i].staged_then || !then[i].facts.staged);
		else
			assert_true(!then[i].staged_then || then[i].facts.staged);
	}
	arena_free(arena);
}

static void test_exactly_the_share(void **unused)
{
	(void)unused;
	static const int64_t DEVICES[] = { 1, 2, 7, 5000, 5000000 };

	for (int percent = 0; percent <= 100; percent++)
		for (size_t i = 0; i < COUNT(DEVICES); i++) {
			check_share(percent, GROUPS_MAX, 0, DEVICES[i]);
			check_share(percent, GROUPS_MAX - 7, 3, DEVICES[i]);
			check_share(percent, 1, 1, DEVICES[i]);
		}
}

static void test_large_groups_keep_their_proportion(void **unused)
{
	(void)unused;
	struct arena *arena = arena_new();
	struct assumption assumption = { .staged_percent = 25 };
	struct matrix_group groups[2] = { { .devices = 1000 }, { .devices = 3000 } };
	size_t count = COUNT(groups);
	struct matrix_group *then = assume_staged(arena, &assumption, groups, &count);

	assert_int_equal(count, 4);
	assert_int_equal(then[0].devices, 750);
	assert_int_equal(then[1].devices, 250);
	assert_int_equal(then[3].devices, 750);
	arena_free(arena);
}

static void test_no_percentage_no_change(void **unused)
{
	(void)unused;
	struct arena *arena = arena_new();
	struct assumption assumption = { .staged_percent = -1 };
	struct matrix_group groups[GROUPS_MAX];
	size_t count = make_groups(groups, GROUPS_MAX, 2, 3);
	struct matrix_group *then = assume_staged(arena, &assumption, groups, &count);

	assert_int_equal(count, GROUPS_MAX);
	assert_int_equal(count_devices(then, count, true), 300);
	count = 0;
	assumption.staged_percent = 50;
	assume_staged(arena, &assumption, groups, &count);
	assert_int_equal(count, 0);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_exactly_the_share),
		cmocka_unit_test(test_large_groups_keep_their_proportion),
		cmocka_unit_test(test_no_percentage_no_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
