/*
 * What waits for a connection: jobs, in the order in which they came. A batched query has one job
 * in the line that collects items until it is taken or full, so a flood of one query delays the
 * others by a batch, not by the flood. Pure: no libpq, no calls back.
 *
 * How many connections one query may use at once is limited: a batched one half of them, and all
 * that are not batched, together, all but one. So reports do not keep polls waiting, nor polls
 * feedback.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gateway/db.h"

enum {
	DB_BATCH_ITEMS = 500,           /* of one job */
	DB_BATCH_BYTES = 1 << 20,       /* of its arguments; a job has at least one item */
	DB_WAITING_ITEMS = 5000,        /* of one batched query; then 503 */
	DB_WAITING_SINGLES = 500,       /* of one other query */
	DB_WAITING_BYTES = 64 * 1048576 /* arguments of all that wait */
};

/* One call of db_query() or db_call(). In one piece of memory: free() it. */
struct db_item {
	struct db_item *behind; /* in its job */
	struct request *req;    /* with `next`; or NULL, with `done` and `context` */
	db_next_fn *next;
	db_done_fn *done;
	void *context;
	size_t size;       /* bytes of the arguments */
	const char *arg[]; /* as many as the query has */
};

/* One statement to run, for all of its items. */
struct db_job {
	struct db_job *behind; /* in the queue */
	enum query query;
	int tries;          /* so far */
	bool gathers;       /* need not run before it is full or released */
	size_t count, size; /* items; bytes of their arguments */
	struct db_item *first, **last;
};

struct db_queue {
	struct db_job *first, **last;
	size_t connections;
	size_t size;                      /* bytes of what waits */
	size_t singles;                   /* running jobs that are not batched */
	size_t waiting[QUERY_COUNT];      /* items */
	size_t running[QUERY_COUNT];      /* jobs */
	struct db_job *open[QUERY_COUNT]; /* still collects */
};

void db_queue_init(struct db_queue *queue, size_t connections);

/* False: too much waits already; the item stays the caller's. */
bool db_queue_add(struct db_queue *queue, enum query query, struct db_item *item);

/* The same for an item of a batched query that may wait, so that fewer and larger jobs result. */
bool db_queue_gather(struct db_queue *queue, enum query query, struct db_item *item);
/* What has gathered may run. */
void db_queue_release(struct db_queue *queue);

/* The job that is to run next, or NULL. It counts as running until db_queue_done(). */
struct db_job *db_queue_take(struct db_queue *queue);
void db_queue_done(struct db_queue *queue, const struct db_job *job);

/* A job that is done, but has to run again: before all others, or as two halves behind them. */
void db_queue_retry(struct db_queue *queue, struct db_job *job);
void db_queue_split(struct db_queue *queue, struct db_job *job);

/* Anything that waits, whatever the limits say, without counting it as running; NULL: nothing. */
struct db_job *db_queue_drop(struct db_queue *queue);

void db_job_push(struct db_job *job, struct db_item *item);
struct db_item *db_job_pop(struct db_job *job); /* NULL: no more */
