#include "gateway/db.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/config.h"
#include "gateway/db_internal.h"
#include "gateway/error.h"
#include "gateway/log.h"
#include "gateway/metrics.h"
#include "gateway/must.h"
#include "gateway/worker.h"

enum {
	MAX_TRIES = 3,
	RETRY_MS = 20, /* and up to twice that: whoever we were in a deadlock with goes first */
	GATHER_MS = 100
};

/* ---- The end of an item ---- */

static void item_done(struct db_item *item, const struct db_rows *rows)
{
	if (item->req)
		request_resume(item->req, item->next, rows);
	else if (item->done)
		item->done(item->context, rows);
	free(item);
}

static void item_failed(struct db_item *item, const struct error *err)
{
	if (item->req)
		request_fail(item->req, err);
	else if (item->done)
		item->done(item->context, NULL);
	free(item);
}

static void job_failed(struct db_job *job, const struct error *err)
{
	struct db_item *item;

	while ((item = db_job_pop(job)))
		item_failed(item, err);
	free(job);
}

/* How many rows from `first` on carry this number? */
static int rows_of_item(const PGresult *result, int first, int field, long number)
{
	int row = first;

	while (row < PQntuples(result) &&
	       strtol(PQgetvalue(result, row, field), NULL, 10) == number)
		row++;
	return row - first;
}

/* Each item gets the rows that carry its number. */
static void job_done(struct db *db, struct db_job *job, const PGresult *result)
{
	struct db_rows rows = { .pg = result, .columns = &db->columns[job->query] };
	bool batched = query_texts[job->query].batched;
	int all = PQntuples(result), field = batched && all ? PQfnumber(result, "item") : 0;
	struct db_item *item;

	assert(field >= 0);
	for (long number = 1; (item = db_job_pop(job)); number++) {
		rows.first += rows.count;
		rows.count = batched ? rows_of_item(result, rows.first, field, number) : all;
		item_done(item, &rows);
	}
	assert(rows.first + rows.count == all); /* else the statement does not sort by item */
	free(job);
}

/* ---- Answers, for db_conn.c ---- */

static bool succeeded(const PGresult *result)
{
	return PQresultStatus(result) == PGRES_TUPLES_OK ||
	       PQresultStatus(result) == PGRES_COMMAND_OK;
}

static void retry_soon(struct db *db, struct db_job *job)
{
	struct timeval delay = { 0, 1000 * (RETRY_MS + (long)arc4random_uniform(RETRY_MS)) };

	job->behind = db->delayed;
	db->delayed = job;
	if (!event_pending(db->retry, EV_TIMEOUT, NULL))
		event_add(db->retry, &delay);
}

static void queue_delayed(struct db *db)
{
	struct db_job *job;

	while ((job = db->delayed)) {
		db->delayed = job->behind;
		db_queue_retry(&db->queue, job);
	}
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct db *db = arg;

	(void)fd;
	(void)what;
	queue_delayed(db);
	db_dispatch(db);
}

/* May it still work, later or in parts? Then the job waits again. */
static bool again(struct db *db, struct db_job *job, const PGresult *result,
		  const struct error *err)
{
	if (db_error_transient(result) && ++job->tries < MAX_TRIES)
		retry_soon(db, job);
	else if (job->count > 1 && err->code != ERR_UNAVAILABLE)
		db_queue_split(&db->queue, job);
	else
		return false;
	return true;
}

static void run_next(struct db *db);

void db_answered(struct db *db, struct db_job *job, PGresult *result)
{
	struct error err = { 0 };
	bool ok = succeeded(result), waits = false;

	metrics_batch(db->metrics, query_texts[job->query].name, job->count);
	db_queue_done(&db->queue, job);
	if (!ok) {
		db_error(result, &err);
		waits = again(db, job, result, &err);
	}
	run_next(db); /* so that PostgreSQL works while we read its answer */
	if (ok) {
		job_done(db, job, result);
	} else if (!waits) {
		db_error_log(result, job, &err);
		if (err.code == ERR_INTERNAL || err.code == ERR_UNAVAILABLE)
			metrics_database_error(db->metrics);
		job_failed(job, &err);
	}
	PQclear(result);
}

void db_lost(struct db *db, struct db_job *job)
{
	struct error err;

	metrics_database_error(db->metrics);
	db_queue_done(&db->queue, job);
	error_set(&err, ERR_UNAVAILABLE,
		  "The connection to the database broke; it is not known whether this was carried "
		  "out. Try again.");
	job_failed(job, &err);
}

/* ---- Who runs next ---- */

/* Items whose requests have been answered, by their deadlines, need not run any more. */
static void prune(struct db_job *job)
{
	struct error err = { .code = ERR_UNAVAILABLE };

	for (size_t i = job->count; i > 0; i--) {
		struct db_item *item = db_job_pop(job);

		if (item->req && request_answered(item->req))
			item_failed(item, &err);
		else
			db_job_push(job, item);
	}
}

/* The next job that still matters, or NULL. */
static struct db_job *take(struct db *db)
{
	struct db_job *job;

	while ((job = db_queue_take(&db->queue))) {
		prune(job);
		if (job->count > 0)
			break;
		db_queue_done(&db->queue, job);
		free(job);
	}
	return job;
}

static void run_next(struct db *db)
{
	for (size_t i = 0; i < db->count; i++) {
		struct conn *c = &db->conn[i];
		struct db_job *job = c->state == CONN_IDLE ? take(db) : NULL;

		if (job)
			conn_run(c, job);
	}
}

/* Without a connection nobody waits. */
static void fail_waiting(struct db *db)
{
	struct error err;
	struct db_job *job;

	error_set(&err, ERR_UNAVAILABLE, "The database is not available; try again later.");
	while ((job = db_queue_drop(&db->queue)))
		job_failed(job, &err);
}

static void fail_refused(struct db *db)
{
	struct error err = { .code = ERR_UNAVAILABLE };
	struct db_item *item;

	while ((item = db->refused)) {
		db->refused = item->behind;
		item_failed(item, &err);
	}
}

static void on_dispatch(evutil_socket_t fd, short what, void *arg)
{
	struct db *db = arg;

	(void)fd;
	(void)what;
	fail_refused(db);
	if (db_ready(db))
		run_next(db);
	else
		fail_waiting(db);
}

static void on_release(evutil_socket_t fd, short what, void *arg)
{
	struct db *db = arg;

	db_queue_release(&db->queue);
	on_dispatch(fd, what, db);
}

void db_dispatch(struct db *db)
{
	event_active(db->dispatch, EV_TIMEOUT, 0);
}

/* ---- db.h ---- */

struct db *db_open(struct event_base *loop, const struct config *config, struct metrics *metrics)
{
	size_t count = (size_t)config->database_connections;
	struct db *db = must(calloc(1, sizeof(*db) + count * sizeof(db->conn[0])));

	db->loop = loop;
	db->config = config;
	db->metrics = metrics;
	db->count = count;
	db_queue_init(&db->queue, count);
	db_settings(db);
	db->dispatch = evtimer_new(loop, on_dispatch, db);
	db->retry = evtimer_new(loop, on_retry, db);
	db->release = evtimer_new(loop, on_release, db);
	if (!db->dispatch || !db->retry || !db->release)
		abort();
	for (size_t i = 0; i < count; i++)
		conn_open(db, &db->conn[i]);
	return db;
}

void db_close(struct db *db)
{
	db->closing = true;
	for (size_t i = 0; i < db->count; i++)
		conn_close(&db->conn[i]);
	queue_delayed(db);
	fail_waiting(db);
	fail_refused(db);
	event_free(db->dispatch);
	event_free(db->retry);
	event_free(db->release);
	for (size_t i = 0; i < DB_MAX_PARAMS; i++)
		db_array_free(&db->arrays[i]);
	db_settings_free(db);
	free(db);
}

bool db_ready(const struct db *db)
{
	for (size_t i = 0; i < db->count; i++)
		if (conn_up(&db->conn[i]))
			return !db->closing;
	return false;
}

/* The item and copies of its arguments, in one piece. */
static struct db_item *item_new(enum query query, struct db_args args)
{
	size_t size = 0, head = sizeof(struct db_item) + args.count * sizeof(char *);
	struct db_item *item;
	char *copy;

	assert(args.count == query_texts[query].params && args.count <= DB_MAX_PARAMS);
	for (size_t i = 0; i < args.count; i++)
		size += args.value[i] ? strlen(args.value[i]) + 1 : 0;
	item = calloc(1, head + size);
	if (!item)
		abort();
	item->size = head + size;
	copy = (char *)item + head;
	for (size_t i = 0; i < args.count; i++) {
		if (!args.value[i])
			continue;
		item->arg[i] = copy;
		copy = stpcpy(copy, args.value[i]) + 1;
	}
	return item;
}

struct flow db_query(struct request *req, enum query query, struct db_args args, db_next_fn *next)
{
	struct db *db = req->worker->db;
	struct db_item *item;

	if (!db_ready(db))
		return reply_fail(req, ERR_UNAVAILABLE,
				  "The database is not available; try again later.");
	item = item_new(query, args);
	item->req = req;
	item->next = next;
	if (!db_queue_add(&db->queue, query, item)) {
		free(item);
		return reply_fail(req, ERR_UNAVAILABLE, "Too much is waiting; try again later.");
	}
	db_dispatch(db);
	return request_wait(req);
}

/* It fails from the loop. There will be many: the counter tells the operator. */
static void refuse(struct db *db, enum query query, struct db_item *item)
{
	log_debug("database_full", "query=%s", query_texts[query].name);
	metrics_database_error(db->metrics);
	item->behind = db->refused;
	db->refused = item;
}

void db_call(struct db *db, enum query query, struct db_args args, db_done_fn *done, void *context)
{
	struct db_item *item = item_new(query, args);

	item->done = done;
	item->context = context;
	if (!db_queue_add(&db->queue, query, item))
		refuse(db, query, item);
	db_dispatch(db);
}

void db_note(struct db *db, enum query query, struct db_args args)
{
	static const struct timeval delay = { 0, GATHER_MS * 1000 };
	struct db_item *item = item_new(query, args);

	if (!db_queue_gather(&db->queue, query, item)) {
		refuse(db, query, item);
		db_dispatch(db);
	} else if (!event_pending(db->release, EV_TIMEOUT, NULL)) {
		event_add(db->release, &delay);
	}
}
