/* The shared memory behind metrics.h. For metrics*.c alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/metrics.h"

enum { METRICS_STATUSES = 16, METRICS_LATENCIES = 14, METRICS_BATCHES = 10, METRICS_QUERIES = 256 };

/* Upper limits of the histograms' buckets; one more bucket is for what is larger. */
extern const uint64_t metrics_latency_us[METRICS_LATENCIES];
extern const uint64_t metrics_batch_items[METRICS_BATCHES];

struct metrics_status {
	int status;
	uint64_t count;
};

/* Names are constants of the program: the same addresses in all workers, since they are forks. */
struct metrics_route {
	const char *area, *route; /* route NULL: unused */
	struct metrics_status statuses[METRICS_STATUSES];
	uint64_t latency[METRICS_LATENCIES + 1], latency_sum; /* us */
};

struct metrics_query {
	const char *query; /* NULL: unused */
	uint64_t round_trips;
};

struct metrics {
	const struct metrics_board *board;
	bool used;                                   /* by a worker, now or earlier */
	bool serving, database;                      /* see metrics_serving() */
	struct metrics_route routes[METRICS_ROUTES]; /* a hash table */
	struct metrics_query queries[METRICS_QUERIES];
	uint64_t batches[METRICS_BATCHES + 1], batch_sum;
	uint64_t database_errors, bytes_served;
	int64_t connections;
};

struct metrics_board {
	size_t workers;
	struct metrics slot[];
};
