#include "gateway/metrics.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "gateway/log.h"
#include "gateway/metrics_board.h"

static size_t board_size(size_t workers)
{
	return sizeof(struct metrics_board) + workers * sizeof(struct metrics);
}

struct metrics_board *metrics_board_new(size_t workers)
{
	struct metrics_board *board = mmap(NULL, board_size(workers), PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (board == MAP_FAILED)
		abort();
	board->workers = workers;
	for (size_t i = 0; i < workers; i++)
		board->slot[i].board = board;
	return board;
}

void metrics_board_free(struct metrics_board *board)
{
	munmap(board, board_size(board->workers));
}

struct metrics *metrics_slot(struct metrics_board *board, size_t worker)
{
	return &board->slot[worker];
}

/* Only we write to our slot, but others read it: whole values, in no particular order. */
static void add(uint64_t *counter, uint64_t value)
{
	__atomic_store_n(counter, *counter + value, __ATOMIC_RELAXED);
}

static size_t bucket_of(const uint64_t *limits, size_t count, uint64_t value)
{
	size_t i = 0;

	while (i < count && value > limits[i])
		i++;
	return i;
}

/* The entry of a pair of constants, or of "everything else" when the table is full. */
static struct metrics_route *find_route(struct metrics *metrics, const char *area,
					const char *route)
{
	size_t start = ((uintptr_t)route / sizeof(void *) ^ (uintptr_t)area) % METRICS_ROUTES;

	for (size_t i = 0; i < METRICS_ROUTES; i++) {
		struct metrics_route *entry = &metrics->routes[(start + i) % METRICS_ROUTES];

		if (!entry->route) {
			entry->area = area;
			__atomic_store_n(&entry->route, route, __ATOMIC_RELEASE);
		}
		if (entry->route == route && entry->area == area)
			return entry;
	}
	return &metrics->routes[start];
}

/* The counter of a status; the last place is for all that came too late to have its own. */
static struct metrics_status *find_status(struct metrics_route *entry, int status)
{
	struct metrics_status *place = entry->statuses;

	while (place < entry->statuses + METRICS_STATUSES - 1 && place->status &&
	       place->status != status)
		place++;
	if (!place->status)
		place->status = status;
	return place;
}

void metrics_request(struct metrics *metrics, const char *area, const char *route, int status,
		     int64_t duration_us)
{
	struct metrics_route *entry = find_route(metrics, area, route);
	uint64_t us = duration_us > 0 ? (uint64_t)duration_us : 0;

	add(&find_status(entry, status)->count, 1);
	add(&entry->latency[bucket_of(metrics_latency_us, METRICS_LATENCIES, us)], 1);
	add(&entry->latency_sum, us);
}

void metrics_batch(struct metrics *metrics, const char *query, size_t items)
{
	size_t start = (uintptr_t)query / sizeof(void *) % METRICS_QUERIES;

	for (size_t i = 0; i < METRICS_QUERIES; i++) {
		struct metrics_query *entry = &metrics->queries[(start + i) % METRICS_QUERIES];

		if (!entry->query)
			__atomic_store_n(&entry->query, query, __ATOMIC_RELEASE);
		if (entry->query != query)
			continue;
		add(&entry->round_trips, 1);
		break;
	}
	add(&metrics->batches[bucket_of(metrics_batch_items, METRICS_BATCHES, items)], 1);
	add(&metrics->batch_sum, items);
}

void metrics_database_error(struct metrics *metrics)
{
	add(&metrics->database_errors, 1);
}

void metrics_bytes_served(struct metrics *metrics, int64_t bytes)
{
	add(&metrics->bytes_served, (uint64_t)bytes);
}

void metrics_connections(struct metrics *metrics, int change)
{
	__atomic_store_n(&metrics->connections, metrics->connections + change, __ATOMIC_RELAXED);
}

void metrics_worker_started(struct metrics *metrics)
{
	metrics->used = true;
	__atomic_store_n(&metrics->connections, 0, __ATOMIC_RELAXED);
}

void metrics_serving(struct metrics *metrics, bool serving, bool database)
{
	__atomic_store_n(&metrics->database, database, __ATOMIC_RELAXED);
	__atomic_store_n(&metrics->serving, serving, __ATOMIC_RELEASE);
}

bool metrics_database_up(const struct metrics *metrics)
{
	const struct metrics_board *board = metrics->board;

	for (size_t i = 0; i < board->workers; i++)
		if (__atomic_load_n(&board->slot[i].serving, __ATOMIC_ACQUIRE) &&
		    !__atomic_load_n(&board->slot[i].database, __ATOMIC_RELAXED))
			return false;
	return true;
}
