/* Links and their signatures. tests/ota/test_links.py follows them. */
#include "ota/signed.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/request.h"
#include "tests/unit/cmocka_all.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SHA256       "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

/* All that signed.c asks of a request, beside its arena. */
const char *request_base_url(struct request *req)
{
	(void)req;
	return "https://ota.example.com:8443";
}

/* `printf default/$SHA256/a.swu?1795622400 | openssl dgst -sha256 -hmac secret` */
static const char SIGNATURE[] = "322fc483adf9102bf85a5db04a6240bd2f4cd0adff86c29eafe2441fde2c7131";
static const struct signed_file file = { "default", SHA256, "a.swu" };

static void test_signature_of_openssl(void **unused)
{
	(void)unused;
	struct arena *arena = arena_new();

	assert_true(signed_valid(arena, "secret", &file, "1795622400", SIGNATURE));
	arena_free(arena);
}

/* Each differs in one thing. */
static const struct {
	const char *secret;
	struct signed_file file;
	const char *expires;
} others[] = {
	{ "Secret", { "default", SHA256, "a.swu" }, "1795622400" },
	{ "", { "default", SHA256, "a.swu" }, "1795622400" },
	{ "secret", { "other", SHA256, "a.swu" }, "1795622400" },
	{ "secret", { "default", "9f86", "a.swu" }, "1795622400" },
	{ "secret", { "default", SHA256, "b.swu" }, "1795622400" },
	{ "secret", { "default", SHA256, "a.swu" }, "1795622401" },
	{ "secret", { "default", SHA256, "a.swu" }, " 1795622400" },
	{ "secret", { "default", SHA256, "a.swu" }, "" },
};

static void test_covers_everything(void **unused)
{
	(void)unused;
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(others); i++)
		if (signed_valid(arena, others[i].secret, &others[i].file, others[i].expires,
				 SIGNATURE))
			fail_msg("row %zu", i);
	assert_false(signed_valid(arena, "secret", &file, "1795622400", ""));
	assert_false(signed_valid(arena, "secret", &file, "1795622400", SIGNATURE + 1));
	arena_free(arena);
}

static void test_link(void **unused)
{
	(void)unused;
	struct arena *arena = arena_new();
	struct request req = { .arena = arena };
	const char *url = signed_link(&req, "secret", &file, 1795622400);

	assert_string_equal(
		url, arena_printf(arena,
				  "https://ota.example.com:8443/api/v0/artifacts/default/" SHA256
				  "/a.swu?expires=1795622400&signature=%s",
				  SIGNATURE));
	arena_free(arena);
}

/* The name is signed as it is and encoded in the link, which is decoded before it is checked. */
static void test_name_that_needs_encoding(void **unused)
{
	(void)unused;
	struct arena *arena = arena_new();
	struct request req = { .arena = arena };
	struct signed_file odd = { "default", SHA256, "a b?&#%41.swu" };
	const char *url = signed_link(&req, "secret", &odd, 5);
	const char *signature = strrchr(url, '=') + 1;

	assert_non_null(strstr(url, "/a%20b%3F%26%23%2541.swu?expires=5&signature="));
	assert_true(signed_valid(arena, "secret", &odd, "5", signature));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signature_of_openssl),
		cmocka_unit_test(test_covers_everything),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_name_that_needs_encoding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
