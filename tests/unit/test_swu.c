/* How much of a file is read to learn what a .swu says of itself. */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/arena.h"
#include "manage/swu.h"

enum { SIZE = 64 << 20, MOST = 4 << 20 };

static const char DESCRIPTION[] = "software = { version = \"1.1.0\"; };\n";

/* One file of a cpio archive. */
static void write_entry(FILE *out, const char *name, const char *content)
{
	long head = 110 + (long)strlen(name) + 1;

	fprintf(out, "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X%s%c", 1, 0100644,
		0, 0, 1, 0, strlen(content), 0, 0, 0, 0, strlen(name) + 1, 0, name, '\0');
	fseek(out, (head + 3) / 4 * 4, SEEK_SET);
	fputs(content, out);
	fflush(out);
}

/* What stands behind the description belongs to nobody's archive. */
static void test_garbage_is_not_read_to_its_end(void **unused)
{
	struct arena *arena = arena_new();
	FILE *file = tmpfile();

	(void)unused;
	assert_non_null(file);
	write_entry(file, "sw-description", DESCRIPTION);
	assert_int_equal(ftruncate(fileno(file), SIZE), 0);
	lseek(fileno(file), 0, SEEK_SET);
	const char *about = swu_describe(arena, fileno(file));

	assert_non_null(about);
	assert_non_null(strstr(about, "\"version\":\"1.1.0\""));
	assert_in_range(lseek(fileno(file), 0, SEEK_CUR), 1, MOST);
	fclose(file);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_garbage_is_not_read_to_its_end) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
