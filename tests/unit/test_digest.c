#include "gateway/digest.h"
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

/* "abc", from the standards. */
static const struct digest ABC = {
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	"a9993e364706816aba3e25717850c26c9cd0d89d",
	"900150983cd24fb0d6963f7d28e17f72",
};
static const struct digest EMPTY = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"da39a3ee5e6b4b0d3255bfef95601890afd80709",
	"d41d8cd98f00b204e9800998ecf8427e",
};

static void assert_same(const struct digest *a, const struct digest *b)
{
	assert_string_equal(a->sha256, b->sha256);
	assert_string_equal(a->sha1, b->sha1);
	assert_string_equal(a->md5, b->md5);
}

static void test_known_digests(void **unused)
{
	(void)unused;
	struct digest_state *state = digest_new();
	struct digest out;

	digest_end(state, &out);
	assert_same(&out, &EMPTY);
	digest_free(state);

	state = digest_new();
	digest_add(state, "abc", 3);
	assert_int_equal(digest_size(state), 3);
	digest_end(state, &out);
	assert_same(&out, &ABC);
	digest_free(state);
}

static void test_one_shot(void **unused)
{
	(void)unused;
	struct digest out;

	digest_sha256("abc", 3, out.sha256);
	digest_sha1("abc", 3, out.sha1);
	digest_md5("abc", 3, out.md5);
	assert_same(&out, &ABC);
	digest_sha256(NULL, 0, out.sha256);
	digest_sha1(NULL, 0, out.sha1);
	digest_md5(NULL, 0, out.md5);
	assert_same(&out, &EMPTY);
}

static struct digest digest_of(const unsigned char *data, size_t size)
{
	struct digest out;

	digest_sha256(data, size, out.sha256);
	digest_sha1(data, size, out.sha1);
	digest_md5(data, size, out.md5);
	return out;
}

/* Saved and loaded after every byte: all lengths of an unfinished block, and several blocks. */
static void test_saved_anywhere(void **unused)
{
	(void)unused;
	unsigned char data[200];
	char *text = NULL;

	for (size_t i = 0; i < sizeof(data); i++) {
		struct digest_state *state = text ? digest_load(text) : digest_new();
		struct digest out, expected;

		assert_non_null(state);
		assert_int_equal(digest_size(state), i);
		data[i] = (unsigned char)(i * 7 + 3);
		digest_add(state, &data[i], 1);
		free(text);
		text = digest_save(state);
		digest_end(state, &out);
		expected = digest_of(data, i + 1);
		assert_same(&out, &expected);
		digest_free(state);
	}
	free(text);
}

/* The counter of bits passes 32 bits at 512 MiB; saved just before, it must still carry. */
static void test_beyond_32_bits(void **unused)
{
	(void)unused;
	static unsigned char block[1 << 20];
	struct digest_state *whole = digest_new(), *state = digest_new();
	struct digest expected, out;

	for (int i = 0; i < 513; i++)
		digest_add(whole, block, sizeof(block));
	digest_end(whole, &expected);
	digest_free(whole);

	for (int i = 0; i < 513; i++) {
		digest_add(state, block, sizeof(block) - 1);
		if (i >= 510) {
			char *text = digest_save(state);

			digest_free(state);
			state = digest_load(text);
			assert_non_null(state);
			free(text);
		}
		digest_add(state, block, 1);
	}
	digest_end(state, &out);
	assert_same(&out, &expected);
	digest_free(state);
}

static void refuse(const char *text)
{
	print_message("# %.60s\n", text);
	assert_null(digest_load(text));
}

static void test_hostile_states(void **unused)
{
	(void)unused;
	struct digest_state *state = digest_new();
	char *good, *bad;

	digest_add(state, "abc", 3);
	good = digest_save(state);
	digest_free(state);

	refuse("");
	refuse("1");
	refuse("0123456789abcdef");
	for (size_t i = 0; i < strlen(good); i++) {
		bad = strdup(good);
		bad[i] = 'G'; /* no hex digit, anywhere */
		assert_null(digest_load(bad));
		bad[i] = '\0'; /* cut */
		assert_null(digest_load(bad));
		free(bad);
	}
	bad = malloc(strlen(good) + 3);
	strcpy(stpcpy(bad, good), "00"); /* one byte more than the size says */
	refuse(bad);
	strcpy(bad, good);
	memcpy(bad + 1, "0000000000000004", 16); /* another size */
	refuse(bad);
	memcpy(bad + 1, "ffffffffffffffc3", 16); /* more than the digests can count */
	refuse(bad);
	memcpy(bad + 1, "000000000000000A", 16); /* capitals: not our spelling */
	refuse(bad);
	free(bad);
	free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_digests),  cmocka_unit_test(test_one_shot),
		cmocka_unit_test(test_saved_anywhere), cmocka_unit_test(test_beyond_32_bits),
		cmocka_unit_test(test_hostile_states),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
