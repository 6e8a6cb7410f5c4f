#include "gateway/origin.h"
#include "tests/unit/cmocka_all.h"

#include "gateway/address.h"
#include "gateway/arena.h"
#include "gateway/error.h"

static const char *const TRUSTED[] = { "10.0.0.0/8", "::1", NULL };
static const char *const NOBODY[] = { NULL };
#define DIRECT  .trusted = TRUSTED, .peer = "192.0.2.1", .local = "192.0.2.9:8080"
#define PROXIED .trusted = TRUSTED, .peer = "10.1.2.3", .local = "10.0.0.1:8080"

/* clang-format off */
static const struct {
	struct origin origin;
	const char *url;
} urls[] = {
	{ { DIRECT, .host = "ota.example.com" }, "http://ota.example.com" },
	{ { DIRECT, .host = "[::1]:8080" }, "http://[::1]:8080" },
	{ { DIRECT }, "http://192.0.2.9:8080" },
	{ { DIRECT, .host = "" }, "http://192.0.2.9:8080" },
	{ { DIRECT, .host = "a/b" }, "http://192.0.2.9:8080" },
	{ { DIRECT, .host = "a\"b" }, "http://192.0.2.9:8080" },
	{ { DIRECT, .host = "x", .forwarded_proto = "https", .forwarded_host = "evil" }, "http://x" },
	{ { PROXIED, .host = "x", .forwarded_proto = "https" }, "https://x" },
	{ { PROXIED, .host = "x", .forwarded_host = "ota.example.com, inner" }, "http://ota.example.com" },
	{ { PROXIED, .host = "x", .forwarded_host = "a b" }, "http://10.0.0.1:8080" },
	{ { PROXIED, .host = "x", .forwarded_proto = "https", .forwarded_port = "8443" }, "https://x:8443" },
	{ { PROXIED, .host = "x", .forwarded_proto = "https", .forwarded_port = "443" }, "https://x" },
	{ { PROXIED, .host = "x", .forwarded_port = "80" }, "http://x" },
	{ { PROXIED, .host = "x", .forwarded_port = "8a" }, "http://x" },
	{ { PROXIED, .host = "x:81", .forwarded_port = "82" }, "http://x:81" },
	{ { PROXIED, .host = "[::1]", .forwarded_port = "82" }, "http://[::1]:82" },
};
/* clang-format on */

static void test_base_url(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		print_message("# %s\n", urls[i].url);
		assert_string_equal(origin_base_url(arena, &urls[i].origin), urls[i].url);
	}
	arena_free(arena);
}

static const struct {
	struct origin origin;
	const char *client;
} clients[] = {
	{ { DIRECT }, "192.0.2.1" },
	{ { DIRECT, .forwarded_for = "198.51.100.7" }, "192.0.2.1" },
	{ { PROXIED }, "10.1.2.3" },
	{ { PROXIED, .forwarded_for = "198.51.100.7" }, "198.51.100.7" },
	{ { PROXIED, .forwarded_for = "1.1.1.1, 198.51.100.7 , 10.9.9.9" }, "198.51.100.7" },
	{ { PROXIED, .forwarded_for = "10.1.1.1, 10.9.9.9" }, "10.1.1.1" },
	{ { PROXIED, .forwarded_for = "1.1.1.1, unknown, 10.9.9.9" }, "10.9.9.9" },
	{ { PROXIED, .forwarded_for = "0.0.0.0/0" }, "10.1.2.3" },
	{ { PROXIED, .forwarded_for = "" }, "10.1.2.3" },
	{ { PROXIED, .forwarded_for = ", ," }, "10.1.2.3" },
	{ { .trusted = TRUSTED, .peer = "::ffff:10.1.2.3", .forwarded_for = "::ffff:c633:6407" },
	  "198.51.100.7" },
	{ { .trusted = NOBODY, .peer = "::ffff:192.0.2.1" }, "192.0.2.1" },
	{ { .trusted = NOBODY, .peer = "fe80::1%eth0" }, "fe80::1" },
	{ { .trusted = NOBODY, .peer = "" }, "" },
};

static void test_client(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		print_message("# %zu %s\n", i, clients[i].client);
		assert_string_equal(origin_client(arena, &clients[i].origin), clients[i].client);
	}
	arena_free(arena);
}

static void test_networks(void **state)
{
	static const char *const NETS[] = { "192.0.2.0/25", "2001:db8::/33", "198.51.100.7", NULL };
	struct error err;

	(void)state;
	assert_true(address_in("192.0.2.127", NETS));
	assert_false(address_in("192.0.2.128", NETS));
	assert_true(address_in("::ffff:192.0.2.1", NETS));
	assert_true(address_in("2001:db8:7fff::1", NETS));
	assert_false(address_in("2001:db8:8000::1", NETS));
	assert_true(address_in("198.51.100.7", NETS));
	assert_false(address_in("198.51.100.8", NETS));
	assert_false(address_in("", NETS));
	assert_false(address_in("192.0.2.1", NOBODY));
	assert_true(address_network_check("0.0.0.0/0", &err));
	assert_false(address_network_check("10.0.0.0/33", &err));
	assert_false(address_network_check("::/129", &err));
	assert_false(address_network_check("10.0.0.0/", &err));
	assert_false(address_network_check("10.0.0", &err));
}

static void test_listen_addresses(void **state)
{
	static const char *const BAD[] = {
		"",          ":80",           "80",    "::1:80", "[::1]",        "1.2.3.4:", "[:80",
		"1.2.3.4:x", "1.2.3.4:65536", "[]:80", "]:80",   "[1.2.3.4]:80", NULL
	};
	struct address address;
	struct error err;

	(void)state;
	assert_true(address_parse("127.0.0.1:8080", &address, &err));
	assert_int_equal(address_port(&address), 8080);
	assert_int_equal(address.storage.ss_family, AF_INET);
	assert_true(address_parse("[::1]:0", &address, &err));
	assert_int_equal(address_port(&address), 0);
	assert_int_equal(address.storage.ss_family, AF_INET6);
	for (const char *const *bad = BAD; *bad; bad++) {
		print_message("# %s\n", *bad);
		assert_false(address_parse(*bad, &address, &err));
	}
}

static void test_public_url(void **state)
{
	static const char *const GOOD[] = { "",
					    "http://a",
					    "https://ota.example.com:8443",
					    "https://[::1]:1",
					    "https://a/mews",
					    NULL };
	static const char *const BAD[] = { "a",           "ftp://a",      "https://",
					   "https:///x",  "https://a/",   "https://a?b",
					   "https://a b", "https://a\"b", NULL };
	struct error err;

	(void)state;
	for (const char *const *url = GOOD; *url; url++)
		assert_true(origin_url_check(*url, &err));
	for (const char *const *url = BAD; *url; url++) {
		print_message("# %s\n", *url);
		assert_false(origin_url_check(*url, &err));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base_url),   cmocka_unit_test(test_client),
		cmocka_unit_test(test_networks),   cmocka_unit_test(test_listen_addresses),
		cmocka_unit_test(test_public_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
