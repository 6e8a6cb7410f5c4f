/*
 * Counters of all workers, as Prometheus text.
 *
 * The master maps one slot of shared memory per worker before it forks. A worker adds to its own
 * slot and to nobody else's, so there is nothing to lock; /metrics, answered by any worker, adds
 * the slots up. Counters survive the worker: its successor goes on in the same slot.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;
struct metrics;       /* one worker's slot */
struct metrics_board; /* all of them */

/* Shared, zeroed; ends with the process that holds it last. */
struct metrics_board *metrics_board_new(size_t workers);
void metrics_board_free(struct metrics_board *board);
struct metrics *metrics_slot(struct metrics_board *board, size_t worker);

/*
 * One answered request: `route` is its pattern ("": none), `area` the name of its area.
 * Patterns are constants of the route tables: at most METRICS_ROUTES different ones are told apart.
 */
enum { METRICS_ROUTES = 160 };
void metrics_request(struct metrics *metrics, const char *area, const char *route, int status,
		     int64_t duration_us);
void metrics_batch(struct metrics *metrics, const char *query, size_t items); /* one round trip */
void metrics_database_error(struct metrics *metrics);
void metrics_bytes_served(struct metrics *metrics, int64_t bytes); /* of artifacts */
void metrics_connections(struct metrics *metrics, int change);     /* +1 accepted, -1 closed */
void metrics_worker_started(struct metrics *metrics); /* its predecessor's connections are gone */

/* Does this worker take requests, and does it reach the database? The master says when it ended. */
void metrics_serving(struct metrics *metrics, bool serving, bool database);
/* Do all workers that take requests reach the database? Clients may meet any of them. */
bool metrics_database_up(const struct metrics *metrics);

/* Everything that the workers count, in Prometheus' text format. */
void metrics_print(const struct metrics *metrics, struct evbuffer *out);
