#include "gateway/metrics.h"
#include "tests/unit/cmocka_all.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char AREA[] = "ddi", POLL[] = "/{device}", QUERY[] = "device_poll";

#define REQUESTS "mews_http_requests_total"

static int open_board(void **state)
{
	struct metrics_board *board = metrics_board_new(3);

	*state = board;
	for (size_t i = 0; i < 3; i++)
		metrics_worker_started(metrics_slot(board, i));
	return 0;
}

static int close_board(void **state)
{
	metrics_board_free(*state);
	return 0;
}

static void assert_printed(struct metrics_board *board, const char *line)
{
	struct evbuffer *out = evbuffer_new();

	metrics_print(metrics_slot(board, 0), out);
	evbuffer_add(out, "", 1);
	const char *text = (const char *)evbuffer_pullup(out, -1);
	if (!strstr(text, line))
		fail_msg("no \"%s\" in:\n%s", line, text);
	evbuffer_free(out);
}

static void test_requests(void **state)
{
	metrics_request(metrics_slot(*state, 0), AREA, POLL, 200, 400);
	metrics_request(metrics_slot(*state, 1), AREA, POLL, 200, 1500);
	metrics_request(metrics_slot(*state, 2), AREA, POLL, 503, 60000000);
	metrics_request(metrics_slot(*state, 2), AREA, "", 404, 0);
	assert_printed(*state, REQUESTS "{area=\"ddi\",route=\"/{device}\",status=\"200\"} 2\n");
	assert_printed(*state, REQUESTS "{area=\"ddi\",route=\"/{device}\",status=\"503\"} 1\n");
	assert_printed(*state, REQUESTS "{area=\"ddi\",route=\"\",status=\"404\"} 1\n");
	assert_printed(*state, "_bucket{area=\"ddi\",route=\"/{device}\",le=\"0.0005\"} 1\n");
	assert_printed(*state, "_bucket{area=\"ddi\",route=\"/{device}\",le=\"0.002\"} 2\n");
	assert_printed(*state, "_bucket{area=\"ddi\",route=\"/{device}\",le=\"10\"} 2\n");
	assert_printed(*state, "_bucket{area=\"ddi\",route=\"/{device}\",le=\"+Inf\"} 3\n");
	assert_printed(*state, "_count{area=\"ddi\",route=\"/{device}\"} 3\n");
	assert_printed(*state, "_sum{area=\"ddi\",route=\"/{device}\"} 60.0019\n");
}

static void test_database(void **state)
{
	metrics_batch(metrics_slot(*state, 0), QUERY, 1);
	metrics_batch(metrics_slot(*state, 1), QUERY, 150);
	metrics_database_error(metrics_slot(*state, 1));
	assert_printed(*state, "mews_db_round_trips_total{query=\"device_poll\"} 2\n");
	assert_printed(*state, "mews_db_batch_items_bucket{le=\"1\"} 1\n");
	assert_printed(*state, "mews_db_batch_items_bucket{le=\"200\"} 2\n");
	assert_printed(*state, "mews_db_batch_items_sum{} 151\n");
	assert_printed(*state, "mews_db_errors_total 1\n");
}

static void test_other_processes_count_too(void **state)
{
	struct metrics *slot = metrics_slot(*state, 2);
	pid_t child = fork();
	int status;

	if (child == 0) {
		metrics_bytes_served(slot, 5000000000);
		metrics_connections(slot, +1);
		metrics_connections(slot, +1);
		metrics_connections(slot, -1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	metrics_connections(metrics_slot(*state, 0), +1);
	assert_printed(*state, "mews_bytes_served_total 5000000000\n");
	assert_printed(*state, "mews_connections 2\n");

	metrics_worker_started(slot); /* its successor: counters go on, connections are gone */
	assert_printed(*state, "mews_bytes_served_total 5000000000\n");
	assert_printed(*state, "mews_connections 1\n");
}

static void test_database_up(void **state)
{
	struct metrics *one = metrics_slot(*state, 0), *two = metrics_slot(*state, 1);

	assert_true(metrics_database_up(one)); /* nobody serves yet */
	metrics_serving(one, true, true);
	metrics_serving(two, true, false);
	assert_false(metrics_database_up(one));
	metrics_serving(two, true, true);
	assert_true(metrics_database_up(one));
	metrics_serving(one, true, false);
	assert_false(metrics_database_up(two));
	metrics_serving(one, false, false);
	assert_true(metrics_database_up(two));
}

/* More routes and statuses than there is room for: nothing is written beyond it. */
static void test_full_tables(void **state)
{
	static const char NAMES[2 * METRICS_ROUTES][8];

	for (int i = 0; i < 2 * METRICS_ROUTES; i++)
		metrics_request(metrics_slot(*state, 0), AREA, NAMES[i] + i % 8, 200, 1);
	for (int status = 100; status < 200; status++)
		metrics_request(metrics_slot(*state, 1), AREA, POLL, status, 1);
	assert_printed(*state, "mews_connections 0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_requests, open_board, close_board),
		cmocka_unit_test_setup_teardown(test_database, open_board, close_board),
		cmocka_unit_test_setup_teardown(test_other_processes_count_too, open_board,
						close_board),
		cmocka_unit_test_setup_teardown(test_database_up, open_board, close_board),
		cmocka_unit_test_setup_teardown(test_full_tables, open_board, close_board),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
