#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/config.h"
#include "gateway/db_internal.h"
#include "gateway/error.h"
#include "gateway/log.h"
#include "gateway/schema_state.h"

/*
 * A connection's life, one event of the loop at a time:
 *
 *   LOST -> CONNECTING -> CHECKING -> PREPARING -> IDLE <-> BUSY
 *
 * and from each of them to LOST, which waits and begins again. CHECKING compares the schema with
 * the binary's; PREPARING sends all statements in one pipeline.
 */
enum {
	FIRST_RETRY = 100, /* ms; doubles with each failure */
	LAST_RETRY = 5000, /* ms */
	PATIENCE = 5,      /* seconds beyond statement_timeout until a server counts as frozen */
	EXIT_SCHEMA = 3
};

static void conn_lost(struct conn *c, const char *why);
static void on_ready(evutil_socket_t fd, short what, void *arg);

bool conn_up(const struct conn *c)
{
	return c->state == CONN_IDLE || c->state == CONN_BUSY;
}

/* ---- Waiting ---- */

static void unwatch(struct conn *c)
{
	if (c->readable)
		event_free(c->readable);
	if (c->writable)
		event_free(c->writable);
	c->readable = c->writable = NULL;
}

/* Wait until the socket is readable or writable: `what`. It may be another socket than before. */
static void watch(struct conn *c, short what)
{
	evutil_socket_t fd = PQsocket(c->pg);

	unwatch(c);
	c->readable = event_new(c->db->loop, fd, EV_READ | EV_PERSIST, on_ready, c);
	c->writable = event_new(c->db->loop, fd, EV_WRITE, on_ready, c);
	event_add(what & EV_READ ? c->readable : c->writable, NULL);
}

static void set_timer(struct conn *c, long ms)
{
	struct timeval delay = { ms / 1000, ms % 1000 * 1000 };

	event_add(c->timer, &delay);
}

static void be_patient(struct conn *c)
{
	set_timer(c, 1000L * (c->db->config->request_timeout + PATIENCE));
}

/* Push pending output; what does not fit goes when the socket has room again. */
static void flush(struct conn *c)
{
	int left = PQflush(c->pg);

	if (left < 0)
		conn_lost(c, PQerrorMessage(c->pg));
	else if (left > 0)
		event_add(c->writable, NULL);
}

/* ---- The way up ---- */

static void schema_refused(const char *why)
{
	log_error("database_schema", "error=\"%s\"", why);
	_exit(EXIT_SCHEMA); /* a worker: what its master registered with atexit() is not for us */
}

static void check_schema(struct conn *c)
{
	const char *sql = query_texts[QUERY_SCHEMA_STATE].sql;

	PQsetnonblocking(c->pg, 1);
	watch(c, EV_READ);
	c->state = CONN_CHECKING;
	be_patient(c);
	if (PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 0))
		flush(c);
	else
		conn_lost(c, PQerrorMessage(c->pg));
}

static void prepare_all(struct conn *c)
{
	bool sent = PQenterPipelineMode(c->pg);

	c->state = CONN_PREPARING;
	c->prepared = 0;
	for (size_t i = 0; sent && i < QUERY_COUNT; i++)
		sent = PQsendPrepare(c->pg, query_texts[i].name, query_texts[i].sql, 0, NULL);
	if (sent && PQpipelineSync(c->pg))
		flush(c);
	else
		conn_lost(c, PQerrorMessage(c->pg));
}

/* A server that is away or overloaded while it checks or prepares is not a schema that is wrong. */
static bool is_away(const PGresult *result)
{
	struct error err;

	db_error(result, &err);
	return err.code == ERR_UNAVAILABLE || !PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

static void checked(struct conn *c)
{
	struct error err;

	if (PQresultStatus(c->result) != PGRES_TUPLES_OK && is_away(c->result)) {
		conn_lost(c, PQresultErrorMessage(c->result));
		return;
	}
	if (!schema_state_fits(c->result, &err))
		schema_refused(err.text);
	PQclear(c->result);
	c->result = NULL;
	prepare_all(c);
}

static void prepared(struct conn *c)
{
	struct error err;
	const char *message = PQresultErrorMessage(c->result);

	if (PQresultStatus(c->result) == PGRES_COMMAND_OK) {
		c->prepared++;
		return;
	}
	if (is_away(c->result)) {
		conn_lost(c, message);
		return;
	}
	error_set(&err, ERR_INTERNAL, "schema/queries/%s.sql: %s", query_texts[c->prepared].name,
		  message);
	schema_refused(err.text);
}

static void be_idle(struct conn *c)
{
	c->state = CONN_IDLE;
	event_del(c->timer);
}

/* The server is back: nobody needs to wait any longer for his next attempt. */
static void hurry_others(struct db *db)
{
	for (size_t i = 0; i < db->count; i++)
		if (db->conn[i].state == CONN_LOST)
			set_timer(&db->conn[i], arc4random_uniform(FIRST_RETRY));
}

static void came_up(struct conn *c)
{
	if (!PQexitPipelineMode(c->pg)) {
		conn_lost(c, PQerrorMessage(c->pg));
		return;
	}
	be_idle(c);
	c->failures = 0;
	log_info("database_connected", "pid=%d statements=%zu", PQbackendPID(c->pg), c->prepared);
	hurry_others(c->db);
	db_dispatch(c->db);
}

static void connecting(struct conn *c)
{
	unwatch(c); /* libpq may close the socket and try another address */
	switch (PQconnectPoll(c->pg)) {
	case PGRES_POLLING_READING:
		watch(c, EV_READ);
		break;
	case PGRES_POLLING_WRITING:
		watch(c, EV_WRITE);
		break;
	case PGRES_POLLING_OK:
		check_schema(c);
		break;
	default:
		conn_lost(c, PQerrorMessage(c->pg));
	}
}

/* ---- Answers ---- */

/*
 * The command is over: the server has said ReadyForQuery. Only now has it been committed; its
 * result came before.
 */
static void command_ended(struct conn *c)
{
	struct db_job *job = c->job;
	PGresult *result = c->result;

	if (c->state == CONN_CHECKING) {
		checked(c);
		return;
	}
	c->job = NULL;
	c->result = NULL;
	be_idle(c);
	if (db_error_stale(result))
		conn_lost(c, PQresultErrorMessage(result));
	db_answered(c->db, job, result);
}

static void keep_result(struct conn *c, PGresult *result)
{
	PQclear(c->result); /* our queries have one statement; an error at its end comes last */
	c->result = result;
	if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
		came_up(c);
	else if (c->state == CONN_PREPARING)
		prepared(c);
}

/* Whatever has arrived. Each turn may change the state, or lose the connection. */
static void read_results(struct conn *c)
{
	while (c->state != CONN_LOST && !PQisBusy(c->pg)) {
		PGresult *result = PQgetResult(c->pg);

		if (result)
			keep_result(c, result);
		else if (PQstatus(c->pg) == CONNECTION_BAD)
			conn_lost(c, PQerrorMessage(c->pg));
		else if (c->state == CONN_IDLE)
			return;
		else if (c->state != CONN_PREPARING)
			command_ended(c);
	}
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	if (c->state == CONN_CONNECTING) {
		connecting(c);
		return;
	}
	if ((what & EV_READ) && !PQconsumeInput(c->pg)) {
		conn_lost(c, PQerrorMessage(c->pg));
		return;
	}
	read_results(c);
	if (c->state != CONN_LOST)
		flush(c);
}

/* ---- Work ---- */

static bool send_job(struct conn *c, const struct db_job *job)
{
	const struct query_text *query = &query_texts[job->query];
	struct db_array *arrays = c->db->arrays;
	const char *param[DB_MAX_PARAMS];

	if (!query->batched)
		return PQsendQueryPrepared(c->pg, query->name, (int)query->params, job->first->arg,
					   NULL, NULL, 0);
	for (size_t i = 0; i < query->params; i++) {
		db_array_start(&arrays[i]);
		for (const struct db_item *item = job->first; item; item = item->behind)
			db_array_add(&arrays[i], item->arg[i]);
		param[i] = db_array_end(&arrays[i]);
	}
	return PQsendQueryPrepared(c->pg, query->name, (int)query->params, param, NULL, NULL, 0);
}

void conn_run(struct conn *c, struct db_job *job)
{
	c->state = CONN_BUSY;
	c->job = job;
	be_patient(c);
	if (send_job(c, job))
		flush(c);
	else
		conn_lost(c, PQerrorMessage(c->pg));
}

/* ---- Beginning and end ---- */

static void on_notice(void *arg, const PGresult *notice)
{
	const char *text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);

	(void)arg;
	log_debug("database_notice", "text=\"%s\"", text ? text : "");
}

static void conn_start(struct conn *c)
{
	c->state = CONN_CONNECTING;
	c->pg = PQconnectStartParams(c->db->keywords, c->db->values, 0);
	if (!c->pg || PQstatus(c->pg) == CONNECTION_BAD) {
		conn_lost(c, c->pg ? PQerrorMessage(c->pg) : "out of memory");
		return;
	}
	PQsetNoticeReceiver(c->pg, on_notice, NULL);
	watch(c, EV_WRITE);
	be_patient(c);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	if (c->state == CONN_LOST)
		conn_start(c);
	else
		conn_lost(c, "no answer within the request timeout");
}

/* Let go of the server, but not of the job. */
static void conn_drop(struct conn *c)
{
	c->state = CONN_LOST;
	unwatch(c);
	PQclear(c->result);
	c->result = NULL;
	PQfinish(c->pg);
	c->pg = NULL;
}

/* `why` may be libpq's. While the server is away, one connection speaks for all. */
static void conn_lost(struct conn *c, const char *why)
{
	struct db_job *job = c->job;
	long delay = (long)FIRST_RETRY << (c->failures < 6 ? c->failures : 6);
	enum log_level level = conn_up(c) || c == c->db->conn ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG;

	if (delay > LAST_RETRY)
		delay = LAST_RETRY;
	delay -= arc4random_uniform((unsigned)delay / 2); /* do not all come at once */
	log_line(level, "database_lost", "error=\"%.*s\" retry_ms=%ld", (int)strcspn(why, "\n"),
		 why, delay);
	conn_drop(c);
	c->failures++;
	c->job = NULL;
	set_timer(c, delay);
	if (job)
		db_lost(c->db, job);
	db_dispatch(c->db);
}

void conn_open(struct db *db, struct conn *c)
{
	c->db = db;
	c->timer = evtimer_new(db->loop, on_timer, c);
	if (!c->timer)
		abort();
	conn_start(c);
}

void conn_close(struct conn *c)
{
	struct db_job *job = c->job;

	conn_drop(c);
	event_free(c->timer);
	c->job = NULL;
	if (job)
		db_lost(c->db, job);
}
