#include "gateway/arena.h"
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

static char order[8], one[] = "1", two[] = "2";

static void note(void *what)
{
	strcat(order, what);
}

static void test_destroys_newest_first(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_ptr_equal(arena_adopt(arena, one, note), one);
	assert_ptr_equal(arena_adopt(arena, two, note), two);
	arena_free(arena);
	assert_string_equal(order, "21");
}

static void test_memory_is_zeroed_apart_and_aligned(void **state)
{
	struct arena *arena = arena_new();
	enum { COUNT = 1000 };
	unsigned char *pieces[COUNT];

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		pieces[i] = arena_alloc(arena, i);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < i; k++)
			assert_int_equal(pieces[i][k], 0);
		memset(pieces[i], (int)(i % 251) + 1, i);
	}
	for (size_t i = 0; i < COUNT; i++)
		for (size_t k = 0; k < i; k++)
			assert_int_equal(pieces[i][k], i % 251 + 1);
	arena_free(arena);
}

static void test_large_pieces(void **state)
{
	struct arena *arena = arena_new();
	char *large = arena_alloc(arena, 1 << 20), *small = arena_strdup(arena, "small");

	(void)state;
	memset(large, 'x', 1 << 20);
	assert_string_equal(small, "small");
	arena_free(arena);
}

static void test_texts(void **state)
{
	struct arena *arena = arena_new();
	char longer[10000];

	(void)state;
	assert_string_equal(arena_printf(arena, "%s-%d", "x", 5), "x-5");
	assert_string_equal(arena_strdup(arena, ""), "");
	assert_string_equal(arena_strndup(arena, "abcdef", 3), "abc");
	memset(longer, 'y', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_string_equal(arena_printf(arena, "%s", longer), longer);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_destroys_newest_first),
		cmocka_unit_test(test_memory_is_zeroed_apart_and_aligned),
		cmocka_unit_test(test_large_pieces),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
