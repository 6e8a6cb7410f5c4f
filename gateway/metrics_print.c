#include <event2/buffer.h>
#include <inttypes.h>
#include <stdlib.h>

#include "gateway/metrics_board.h"

const uint64_t metrics_latency_us[METRICS_LATENCIES] = {
	500,    1000,   2000,   5000,    10000,   20000,   50000,
	100000, 200000, 500000, 1000000, 2000000, 5000000, 10000000,
};
const uint64_t metrics_batch_items[METRICS_BATCHES] = { 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000 };

/* ---- The slots, added up ---- */

static void add_all(uint64_t *to, const uint64_t *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] += __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

static void add_statuses(struct metrics_status *to, const struct metrics_status *from)
{
	for (size_t i = 0; i < METRICS_STATUSES && from[i].status; i++) {
		struct metrics_status *place = to;

		while (place < to + METRICS_STATUSES - 1 && place->status &&
		       place->status != from[i].status)
			place++;
		place->status = from[i].status;
		add_all(&place->count, &from[i].count, 1);
	}
}

static void add_routes(struct metrics *sum, const struct metrics *slot)
{
	for (size_t i = 0; i < METRICS_ROUTES; i++) {
		const struct metrics_route *from = &slot->routes[i];
		struct metrics_route *to = sum->routes;
		const char *route = __atomic_load_n(&from->route, __ATOMIC_ACQUIRE);

		if (!route)
			continue;
		while (to < sum->routes + METRICS_ROUTES - 1 && to->route &&
		       (to->route != route || to->area != from->area))
			to++;
		to->route = route;
		to->area = from->area;
		add_statuses(to->statuses, from->statuses);
		add_all(to->latency, from->latency, METRICS_LATENCIES + 1);
		add_all(&to->latency_sum, &from->latency_sum, 1);
	}
}

static void add_queries(struct metrics *sum, const struct metrics *slot)
{
	for (size_t i = 0; i < METRICS_QUERIES; i++) {
		const struct metrics_query *from = &slot->queries[i];
		struct metrics_query *to = sum->queries;
		const char *query = __atomic_load_n(&from->query, __ATOMIC_ACQUIRE);

		if (!query)
			continue;
		while (to < sum->queries + METRICS_QUERIES - 1 && to->query && to->query != query)
			to++;
		to->query = query;
		add_all(&to->round_trips, &from->round_trips, 1);
	}
}

static struct metrics *add_up(const struct metrics_board *board)
{
	struct metrics *sum = calloc(1, sizeof(*sum));

	if (!sum)
		abort();
	for (size_t i = 0; i < board->workers; i++) {
		const struct metrics *slot = &board->slot[i];

		if (!slot->used)
			continue;
		add_routes(sum, slot);
		add_queries(sum, slot);
		add_all(sum->batches, slot->batches, METRICS_BATCHES + 1);
		add_all(&sum->batch_sum, &slot->batch_sum, 1);
		add_all(&sum->database_errors, &slot->database_errors, 1);
		add_all(&sum->bytes_served, &slot->bytes_served, 1);
		sum->connections += __atomic_load_n(&slot->connections, __ATOMIC_RELAXED);
	}
	return sum;
}

/* ---- Prometheus' text ---- */

static void describe(struct evbuffer *out, const char *name, const char *type, const char *help)
{
	evbuffer_add_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* `labels` is "" or ends in a comma; `unit` divides limits and sum. */
static void print_histogram(struct evbuffer *out, const char *name, const char *labels,
			    const uint64_t *limits, size_t count, const uint64_t *buckets,
			    uint64_t sum, double unit)
{
	int bare = *labels ? (int)__builtin_strlen(labels) - 1 : 0;
	uint64_t total = 0;

	for (size_t i = 0; i < count; i++) {
		total += buckets[i];
		evbuffer_add_printf(out, "%s_bucket{%sle=\"%g\"} %" PRIu64 "\n", name, labels,
				    (double)limits[i] / unit, total);
	}
	total += buckets[count];
	evbuffer_add_printf(out, "%s_bucket{%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, total);
	evbuffer_add_printf(out, "%s_sum{%.*s} %g\n", name, bare, labels, (double)sum / unit);
	evbuffer_add_printf(out, "%s_count{%.*s} %" PRIu64 "\n", name, bare, labels, total);
}

static void print_requests(struct evbuffer *out, const struct metrics *sum)
{
	describe(out, "mews_http_requests_total", "counter", "Answered requests; status 0: cut.");
	for (const struct metrics_route *r = sum->routes;
	     r < sum->routes + METRICS_ROUTES && r->route; r++)
		for (size_t i = 0; i < METRICS_STATUSES && r->statuses[i].status; i++)
			evbuffer_add_printf(out,
					    "mews_http_requests_total{area=\"%s\",route=\"%s\","
					    "status=\"%d\"} %" PRIu64 "\n",
					    r->area, r->route, r->statuses[i].status,
					    r->statuses[i].count);
}

static void print_latencies(struct evbuffer *out, const struct metrics *sum)
{
	static const char NAME[] = "mews_http_request_duration_seconds";

	describe(out, NAME, "histogram", "From the complete request to the reply.");
	for (const struct metrics_route *r = sum->routes;
	     r < sum->routes + METRICS_ROUTES && r->route; r++) {
		char labels[256];

		evutil_snprintf(labels, sizeof(labels), "area=\"%.32s\",route=\"%.180s\",", r->area,
				r->route);
		print_histogram(out, NAME, labels, metrics_latency_us, METRICS_LATENCIES,
				r->latency, r->latency_sum, 1e6);
	}
}

static void print_database(struct evbuffer *out, const struct metrics *sum)
{
	describe(out, "mews_db_round_trips_total", "counter", "Statements sent to PostgreSQL.");
	for (const struct metrics_query *q = sum->queries;
	     q < sum->queries + METRICS_QUERIES && q->query; q++)
		evbuffer_add_printf(out, "mews_db_round_trips_total{query=\"%s\"} %" PRIu64 "\n",
				    q->query, q->round_trips);
	describe(out, "mews_db_batch_items", "histogram", "Requests answered by one round trip.");
	print_histogram(out, "mews_db_batch_items", "", metrics_batch_items, METRICS_BATCHES,
			sum->batches, sum->batch_sum, 1);
	describe(out, "mews_db_errors_total", "counter",
		 "Statements that failed and connections that were lost.");
	evbuffer_add_printf(out, "mews_db_errors_total %" PRIu64 "\n", sum->database_errors);
}

void metrics_print(const struct metrics *metrics, struct evbuffer *out)
{
	struct metrics *sum = add_up(metrics->board);

	print_requests(out, sum);
	print_latencies(out, sum);
	print_database(out, sum);
	describe(out, "mews_bytes_served_total", "counter", "Bytes of artifacts sent to clients.");
	evbuffer_add_printf(out, "mews_bytes_served_total %" PRIu64 "\n", sum->bytes_served);
	describe(out, "mews_connections", "gauge", "Open connections of clients.");
	evbuffer_add_printf(out, "mews_connections %" PRId64 "\n", sum->connections);
	free(sum);
}
