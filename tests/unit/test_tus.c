#include "manage/tus.h"
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/error.h"
#include "manage/filename.h"

static const struct {
	const char *text;
	int64_t bytes; /* -1: refused */
} numbers[] = {
	{ "0", 0 },
	{ "1048576", 1048576 },
	{ "1099511627776", 1099511627776 },
	{ "1099511627777", -1 },
	{ "99999999999999999999999999999999", -1 },
	{ "", -1 },
	{ "-1", -1 },
	{ "+1", -1 },
	{ "1 ", -1 },
	{ "0x10", -1 },
	{ NULL, -1 },
};

static void test_bytes(void **unused)
{
	(void)unused;
	struct error err;
	int64_t out;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		bool taken = tus_bytes("Upload-Length", numbers[i].text, &out, &err);

		assert_int_equal(taken, numbers[i].bytes >= 0);
		if (taken)
			assert_int_equal(out, numbers[i].bytes);
		else
			assert_string_equal(err.pointer, "Upload-Length");
	}
}

/* "filename" is x.swu, "sha256" that of "abc". */
#define X_SWU "filename eC5zd3U="
#define ABC_BASE64                                                 \
	"YmE3ODE2YmY4ZjAxY2ZlYTQxNDE0MGRlNWRhZTIyMjNiMDAzNjFhMzk2" \
	"MTc3YTljYjQxMGZmNjFmMjAwMTVhZA=="

static const struct {
	const char *header;
	const char *filename; /* NULL: refused */
	const char *sha256;
} metadata[] = {
	{ X_SWU, "x.swu", NULL },
	{ "a," X_SWU ",b Yg==,is_confidential", "x.swu", NULL },
	{ X_SWU ",sha256 " ABC_BASE64, "x.swu",
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "sha256 " ABC_BASE64, NULL, NULL },
	{ X_SWU ",sha256 YWJj", NULL, NULL },
	{ X_SWU ",sha256 " ABC_BASE64 ",sha256 " ABC_BASE64, NULL, NULL },
	{ X_SWU "," X_SWU, NULL, NULL },
	{ "filename", NULL, NULL },
	{ "filename ", NULL, NULL },
	{ "filename x", NULL, NULL },
	{ "filename eC5zd3U=,", NULL, NULL },
	{ ",", NULL, NULL },
	{ " eC5zd3U=", NULL, NULL },
	{ "k\xc3\xa4se eC5zd3U=," X_SWU, NULL, NULL },
	{ "filename  eC5zd3U=", NULL, NULL },
	{ "filename Li4=", NULL, NULL },     /* .. */
	{ "filename Li4veA==", NULL, NULL }, /* ../x */
	{ "filename eAB5", NULL, NULL },     /* x NUL y */
	{ "filename eAp5", NULL, NULL },     /* x newline y */
	{ "filename /w==", NULL, NULL },     /* not UTF-8 */
	{ "filename w6Q=", "\xc3\xa4", NULL },
	{ "", NULL, NULL },
	{ NULL, NULL, NULL },
};

static void test_metadata(void **unused)
{
	(void)unused;

	for (size_t i = 0; i < sizeof(metadata) / sizeof(metadata[0]); i++) {
		struct arena *arena = arena_new();
		struct tus_metadata out;
		struct error err;
		bool taken = tus_metadata(arena, metadata[i].header, &out, &err);

		print_message("# %s\n", metadata[i].header ? metadata[i].header : "(none)");
		assert_int_equal(taken, metadata[i].filename != NULL);
		if (!taken)
			assert_int_equal(err.code, ERR_INVALID);
		else if (metadata[i].sha256)
			assert_string_equal(out.sha256, metadata[i].sha256);
		else
			assert_null(out.sha256);
		if (taken)
			assert_string_equal(out.filename, metadata[i].filename);
		arena_free(arena);
	}
}

static void test_metadata_is_bounded(void **unused)
{
	(void)unused;
	struct arena *arena = arena_new();
	char *header = malloc(TUS_MAX_METADATA + 2);
	struct tus_metadata out;
	struct error err;

	memset(header, 'a', TUS_MAX_METADATA + 1);
	memcpy(header, X_SWU ",", strlen(X_SWU) + 1);
	header[TUS_MAX_METADATA] = '\0';
	assert_true(tus_metadata(arena, header, &out, &err));
	memcpy(header + TUS_MAX_METADATA, "a", 2);
	assert_false(tus_metadata(arena, header, &out, &err));
	free(header);
	arena_free(arena);
}

enum outcome { FITS, DIFFERS, REFUSED };

/* Of "abc". */
static const struct {
	const char *header;
	enum outcome outcome;
} checksums[] = {
	{ NULL, FITS },
	{ "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", FITS },
	{ "md5 kAFQmDzST7DWlj99KOF/cg==", FITS },
	{ "sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", FITS },
	{ "sha1 aZk+NkcGgWq6PiVxeFDCbJzQ2J0=", DIFFERS },
	{ "sha1 kAFQmDzST7DWlj99KOF/cg==", DIFFERS },
	{ "sha1 ", DIFFERS },
	{ "sha1", DIFFERS },
	{ "crc32 kAFQmA==", REFUSED },
	{ "", REFUSED },
	{ "sha1 not base64!", REFUSED },
	{ "sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa3/////", REFUSED },
};

static void test_checksum(void **unused)
{
	(void)unused;
	struct error err;

	for (size_t i = 0; i < sizeof(checksums) / sizeof(checksums[0]); i++) {
		bool fits = tus_checksum(checksums[i].header, "abc", 3, &err);

		print_message("# %s\n", checksums[i].header ? checksums[i].header : "(none)");
		assert_int_equal(fits, checksums[i].outcome == FITS);
		if (!fits)
			assert_int_equal(err.code, checksums[i].outcome == DIFFERS ? ERR_CHECKSUM
										   : ERR_INVALID);
	}
}

static void test_filename_length(void **unused)
{
	(void)unused;
	char name[FILENAME_MAX_BYTES + 1];
	struct error err;

	memset(name, 'x', sizeof(name));
	assert_true(filename_check(name, FILENAME_MAX_BYTES, "", &err));
	assert_false(filename_check(name, FILENAME_MAX_BYTES + 1, "", &err));
	assert_false(filename_check("", 0, "", &err));
	assert_true(filename_check("...", 3, "", &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_metadata),
		cmocka_unit_test(test_metadata_is_bounded),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_filename_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
