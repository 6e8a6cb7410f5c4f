#include "ddi/links.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/arena.h"
#include "tests/unit/cmocka_all.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* All that links.c asks of a request. */
const char *request_base_url(struct request *req)
{
	(void)req;
	return "https://ota.example.com:8443";
}

static int sleep_of(int interval, const char *device_id)
{
	char text[LINKS_SLEEP_SIZE];
	int hours, minutes, seconds, length;

	links_sleep(interval, device_id, text);
	assert_int_equal(strlen(text), 8); /* Zephyr takes no other */
	assert_int_equal(sscanf(text, "%2d:%2d:%2d%n", &hours, &minutes, &seconds, &length), 3);
	assert_int_equal(length, 8);
	assert_in_range(hours, 0, 23);
	assert_in_range(minutes, 0, 59);
	assert_in_range(seconds, 0, 59);
	return hours * 3600 + minutes * 60 + seconds;
}

static const int INTERVALS[] = { 1, 2, 19, 60, 300, 3600, 43200, 86399 };

static void test_sleep_stays_near_the_interval(void **unused)
{
	(void)unused;

	for (size_t i = 0; i < COUNT(INTERVALS); i++) {
		int interval = INTERVALS[i], spread = (interval * 5 + 99) / 100;

		for (int n = 0; n < 2000; n++) {
			char id[20];
			int seconds;

			snprintf(id, sizeof(id), "device-%d", n);
			seconds = sleep_of(interval, id);
			assert_true(seconds >= 1 && seconds >= interval - spread);
			assert_true(seconds <= interval + spread);
		}
	}
}

static void test_sleep_spreads_a_fleet_evenly(void **unused)
{
	(void)unused;
	int seen[3600 + 200] = { 0 }, sum = 0, different = 0;
	enum { DEVICES = 10000 };

	for (int n = 0; n < DEVICES; n++) {
		char id[20];
		int seconds;

		snprintf(id, sizeof(id), "%06d", n);
		seconds = sleep_of(3600, id);
		sum += seconds;
		different += seen[seconds]++ == 0;
	}
	assert_in_range(sum / DEVICES, 3590, 3610);
	assert_true(different > 300); /* of 361 */
	for (size_t i = 0; i < COUNT(seen); i++)
		assert_true(seen[i] < DEVICES / 100);
}

static void test_a_device_always_gets_the_same_sleep(void **unused)
{
	(void)unused;
	char first[LINKS_SLEEP_SIZE], second[LINKS_SLEEP_SIZE];

	links_sleep(300, "device-1", first);
	links_sleep(300, "device-1", second);
	assert_string_equal(first, second);
}

/* SWUpdate and hawkBit's SDK take what they find behind the last slash and before the first "?". */
static void test_device(void **unused)
{
	(void)unused;
	struct request req = { .arena = arena_new() };

	req.match.mount = "/api/v0/hawkbit";
	req.param[0] = arena_strdup(req.arena, "Default");
	req.param[1] = arena_strdup(req.arena, "aa:bb?");
	assert_string_equal(links_device(&req),
			    "https://ota.example.com:8443/api/v0/hawkbit/Default/"
			    "controller/v1/aa%3Abb%3F");
	arena_free(req.arena);
}

static int ascending(const void *left, const void *right)
{
	int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;

	return (a > b) - (a < b);
}

static void test_revision_tells_deployments_and_their_states_apart(void **unused)
{
	(void)unused;
	enum { DEPLOYMENTS = 50, REVISIONS = 20 };
	int32_t values[DEPLOYMENTS * REVISIONS];

	for (int n = 0; n < DEPLOYMENTS; n++)
		for (int revision = 0; revision < REVISIONS; revision++)
			values[n * REVISIONS + revision] = links_revision(n + 1, revision + 1);
	assert_int_equal(links_revision(7, 3), links_revision(7, 3));
	/* The next state of one deployment, and the first states of the next deployments. */
	for (int n = 0; n < DEPLOYMENTS; n++)
		qsort(values + n * REVISIONS, REVISIONS, sizeof(*values), ascending);
	for (int i = 1; i < DEPLOYMENTS * REVISIONS; i++)
		if (i % REVISIONS)
			assert_int_not_equal(values[i], values[i - 1]);
	for (int n = 1; n < DEPLOYMENTS; n++)
		assert_int_not_equal(links_revision(n, 1), links_revision(n + 1, 1));
	links_revision(INT32_MAX, INT32_MAX); /* wraps around instead of overflowing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sleep_stays_near_the_interval),
		cmocka_unit_test(test_sleep_spreads_a_fleet_evenly),
		cmocka_unit_test(test_a_device_always_gets_the_same_sleep),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_revision_tells_deployments_and_their_states_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
