#include "gateway/health.h"

#include <event2/buffer.h>
#include <inttypes.h>

#include "gateway/arena.h"
#include "gateway/db.h"
#include "gateway/metrics.h"
#include "gateway/worker.h"

static const char METRICS_TYPE[] = "text/plain; version=0.0.4; charset=utf-8";

static struct flow get_health(struct request *req)
{
	return reply_text(req, 200, "text/plain", "ok\n");
}

/*
 * Ready: this worker has a connection on which every statement has been prepared, so the schema is
 * ours, and so have the others. Whoever asks next may meet any of them.
 */
static struct flow get_ready(struct request *req)
{
	bool ready = db_ready(req->worker->db) && metrics_database_up(req->worker->metrics);

	return reply_json(req, ready ? 200 : 503,
			  json_pack("{s:s, s:b}", "status", ready ? "ready" : "unavailable",
				    "database", ready));
}

static void free_buffer(void *buffer)
{
	evbuffer_free(buffer);
}

/* `states` NULL: the database is away, and so are the gauges of what it holds. */
static struct flow reply_metrics(struct request *req, const struct db_rows *states)
{
	struct evbuffer *text = arena_adopt(req->arena, evbuffer_new(), free_buffer);

	metrics_print(req->worker->metrics, text);
	evbuffer_add_printf(text,
			    "# HELP mews_database_up Do all workers reach PostgreSQL?\n"
			    "# TYPE mews_database_up gauge\nmews_database_up %d\n",
			    db_ready(req->worker->db) && metrics_database_up(req->worker->metrics));
	if (states)
		evbuffer_add_printf(text, "# HELP mews_deployments Deployments by their state.\n"
					  "# TYPE mews_deployments gauge\n");
	for (size_t i = 0; states && i < db_count(states); i++)
		evbuffer_add_printf(text, "mews_deployments{state=\"%s\"} %" PRId64 "\n",
				    db_text(states, i, "state"), db_int(states, i, "count"));
	return reply_bytes(req, 200, METRICS_TYPE, evbuffer_pullup(text, -1),
			   evbuffer_get_length(text));
}

static struct flow get_metrics(struct request *req)
{
	return db_query(req, QUERY_DEPLOYMENT_STATES, (struct db_args){ 0 }, reply_metrics);
}

/* An operator needs /metrics most when the database is away. */
static struct flow reply_failure(struct request *req, const struct error *err)
{
	if (req->match.route && req->match.route->handler == get_metrics &&
	    err->code == ERR_UNAVAILABLE)
		return reply_metrics(req, NULL);
	return reply_text(req, error_http_status(err->code), "text/plain", err->text);
}

static const char *const MOUNTS[] = { "", NULL };

static const struct route ROUTES[] = {
	{ "GET", "/healthz", get_health },
	{ "GET", "/readyz", get_ready },
	{ "GET", "/metrics", get_metrics },
	{ 0 },
};

const struct area health_area = {
	.name = "health",
	.mounts = MOUNTS,
	.routes = ROUTES,
	.max_body = 0,
	.reply_error = reply_failure,
	.quiet = true,
};
