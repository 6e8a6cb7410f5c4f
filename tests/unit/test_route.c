#include "gateway/request.h"
#include "tests/unit/cmocka_all.h"

#include <string.h>

static struct flow handler(struct request *req)
{
	(void)req;
	return (struct flow){ 0 };
}

static const struct route API[] = {
	{ "GET", "/things", handler },          { "POST", "/things", handler },
	{ "GET", "/things/{id}", handler },     { "HEAD", "/things/{id}", handler },
	{ "PATCH", "/things/{id}", handler },   { "DELETE", "/things/{id}/parts/{part}", handler },
	{ "OPTIONS", "/things/{id}", handler }, { 0 },
};
static const struct route DEVICES[] = {
	{ "GET", "/{tenant}/v1/{device}", handler },
	{ "PUT", "/{tenant}/v1/{device}/data", handler },
	{ 0 },
};
static const char *const API_MOUNTS[] = { "/api/v1", NULL };
static const char *const DEVICE_MOUNTS[] = { "/api/v0/hawkbit", "", NULL };
static const struct area api = { .name = "api", .mounts = API_MOUNTS, .routes = API };
static const struct area devices = { .name = "ddi", .mounts = DEVICE_MOUNTS, .routes = DEVICES };
static const struct area *const AREAS[] = { &api, &devices, NULL };

static void assert_param(const struct route_match *match, size_t i, const char *text)
{
	assert_true(i < match->nparams);
	assert_int_equal(match->param[i].length, strlen(text));
	assert_memory_equal(match->param[i].text, text, strlen(text));
}

/* clang-format off */
/* What is found, by index in the table; -1: nothing. */
static const struct {
	const char *method, *path;
	const struct area *area;
	int route;
	unsigned allowed;
} cases[] = {
	{ "GET", "/api/v1/things", &api, 0, ROUTE_GET },
	{ "HEAD", "/api/v1/things", &api, 0, ROUTE_GET | ROUTE_HEAD },
	{ "POST", "/api/v1/things", &api, 1, 0 },
	{ "PUT", "/api/v1/things", &api, -1, ROUTE_GET | ROUTE_HEAD | ROUTE_POST },
	{ "?", "/api/v1/things", &api, -1, ROUTE_GET | ROUTE_HEAD | ROUTE_POST },
	{ "HEAD", "/api/v1/things/1", &api, 3, 0 },
	{ "OPTIONS", "/api/v1/things/1", &api, 6, 0 },
	{ "OPTIONS", "/api/v1/things", &api, -1, ROUTE_GET | ROUTE_HEAD | ROUTE_POST },
	{ "DELETE", "/api/v1/things/1/parts/2", &api, 5, 0 },
	{ "GET", "/api/v1/things/1/parts/2", &api, -1, ROUTE_DELETE },
	{ "GET", "/api/v1/things/", &api, -1, 0 },
	{ "GET", "/api/v1/things/1/", &api, -1, 0 },
	{ "GET", "/api/v1", &devices, -1, 0 },
	{ "GET", "/api/v1x/things", &devices, -1, 0 },
	{ "GET", "/acme/v1/dev1", &devices, 0, 0 },
	{ "GET", "/api/v0/hawkbit/acme/v1/dev1", &devices, 0, 0 },
	{ "PUT", "/acme/v1/dev1/data", &devices, 1, 0 },
	{ "GET", "/acme/v1//data", &devices, -1, 0 },
	{ "GET", "//v1/dev1", &devices, -1, 0 },
	{ "GET", "/", &devices, -1, 0 },
	{ "GET", "", NULL, -1, 0 },
	{ "GET", "*", NULL, -1, 0 },
};
/* clang-format on */

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route_match match = route_find(AREAS, cases[i].method, cases[i].path);

		print_message("# %s %s\n", cases[i].method, cases[i].path);
		assert_ptr_equal(match.area, cases[i].area);
		if (cases[i].route < 0) {
			assert_null(match.route);
			assert_int_equal(match.allowed, cases[i].allowed);
		} else {
			assert_ptr_equal(match.route, &cases[i].area->routes[cases[i].route]);
		}
	}
}

static void test_params(void **state)
{
	struct route_match match = route_find(AREAS, "DELETE", "/api/v1/things/a%20b/parts/c");

	(void)state;
	assert_int_equal(match.nparams, 2);
	assert_param(&match, 0, "a%20b");
	assert_param(&match, 1, "c");
	assert_string_equal(match.mount, "/api/v1");
	match = route_find(AREAS, "HEAD", "/acme/v1/dev1");
	assert_param(&match, 0, "acme");
	assert_param(&match, 1, "dev1");
	assert_string_equal(match.mount, "");
}

static void test_long_param(void **state)
{
	char path[ROUTE_MAX_PARAM + 20] = "/t/v1/";

	(void)state;
	memset(path + 6, 'x', ROUTE_MAX_PARAM);
	assert_non_null(route_find(AREAS, "GET", path).route);
	path[6 + ROUTE_MAX_PARAM] = 'x';
	assert_null(route_find(AREAS, "GET", path).route);
}

static void test_method_names(void **state)
{
	(void)state;
	for (unsigned bit = 1; bit < ROUTE_METHODS; bit <<= 1)
		assert_non_null(route_method_name((enum route_method)bit));
	assert_string_equal(route_method_name(ROUTE_PATCH), "PATCH");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_long_param),
		cmocka_unit_test(test_method_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
