#include "gateway/db_queue.h"

#include <assert.h>
#include <stdlib.h>

/* ---- Jobs ---- */

void db_job_push(struct db_job *job, struct db_item *item)
{
	item->behind = NULL;
	*job->last = item;
	job->last = &item->behind;
	job->count++;
	job->size += item->size;
}

struct db_item *db_job_pop(struct db_job *job)
{
	struct db_item *item = job->first;

	if (!item)
		return NULL;
	job->first = item->behind;
	if (!job->first)
		job->last = &job->first;
	job->count--;
	job->size -= item->size;
	return item;
}

static struct db_job *job_new(enum query query)
{
	struct db_job *job = calloc(1, sizeof(*job));

	if (!job)
		abort();
	job->query = query;
	job->last = &job->first;
	return job;
}

static bool job_full(const struct db_job *job)
{
	return job->count >= DB_BATCH_ITEMS || job->size >= DB_BATCH_BYTES;
}

/* ---- The line ---- */

void db_queue_init(struct db_queue *queue, size_t connections)
{
	*queue = (struct db_queue){ .connections = connections };
	queue->last = &queue->first;
}

static void count_waiting(struct db_queue *queue, const struct db_job *job)
{
	queue->waiting[job->query] += job->count;
	queue->size += job->size;
}

static void append(struct db_queue *queue, struct db_job *job)
{
	job->behind = NULL;
	*queue->last = job;
	queue->last = &job->behind;
	count_waiting(queue, job);
}

/* `place` points at the job: at queue->first or at the `behind` of the job before it. */
static struct db_job *unlink_job(struct db_queue *queue, struct db_job **place)
{
	struct db_job *job = *place;

	*place = job->behind;
	if (!*place)
		queue->last = place;
	queue->waiting[job->query] -= job->count;
	queue->size -= job->size;
	if (queue->open[job->query] == job)
		queue->open[job->query] = NULL;
	return job;
}

/* The job that collects items of this query, begun if there is none with room. */
static struct db_job *open_job(struct db_queue *queue, enum query query)
{
	struct db_job *job = queue->open[query];

	if (job && !job_full(job))
		return job;
	job = job_new(query);
	append(queue, job);
	if (query_texts[query].batched)
		queue->open[query] = job;
	return job;
}

bool db_queue_add(struct db_queue *queue, enum query query, struct db_item *item)
{
	size_t limit = query_texts[query].batched ? DB_WAITING_ITEMS : DB_WAITING_SINGLES;

	if (queue->waiting[query] >= limit || queue->size + item->size > DB_WAITING_BYTES)
		return false;
	db_job_push(open_job(queue, query), item);
	queue->waiting[query]++;
	queue->size += item->size;
	return true;
}

bool db_queue_gather(struct db_queue *queue, enum query query, struct db_item *item)
{
	struct db_job *job;

	assert(query_texts[query].batched);
	if (!db_queue_add(queue, query, item))
		return false;
	job = queue->open[query];
	job->gathers |= job->count == 1;
	return true;
}

void db_queue_release(struct db_queue *queue)
{
	for (struct db_job *job = queue->first; job; job = job->behind)
		job->gathers = false;
}

static bool may_run(const struct db_queue *queue, const struct db_job *job)
{
	enum query query = job->query;

	if (job->gathers && !job_full(job))
		return false;
	if (query_texts[query].batched)
		return queue->running[query] < (queue->connections + 1) / 2;
	return queue->singles == 0 || queue->singles < queue->connections - 1;
}

struct db_job *db_queue_take(struct db_queue *queue)
{
	for (struct db_job **place = &queue->first; *place; place = &(*place)->behind) {
		if (may_run(queue, *place)) {
			struct db_job *job = unlink_job(queue, place);

			job->gathers = false; /* if it comes back, it has waited */
			queue->running[job->query]++;
			queue->singles += !query_texts[job->query].batched;
			return job;
		}
	}
	return NULL;
}

void db_queue_done(struct db_queue *queue, const struct db_job *job)
{
	queue->running[job->query]--;
	queue->singles -= !query_texts[job->query].batched;
}

void db_queue_retry(struct db_queue *queue, struct db_job *job)
{
	job->behind = queue->first;
	queue->first = job;
	if (!job->behind)
		queue->last = &job->behind;
	count_waiting(queue, job);
}

void db_queue_split(struct db_queue *queue, struct db_job *job)
{
	struct db_job *half = job_new(job->query);

	job->tries = 0;
	for (size_t i = job->count / 2; i > 0; i--)
		db_job_push(half, db_job_pop(job));
	append(queue, half);
	append(queue, job);
}

struct db_job *db_queue_drop(struct db_queue *queue)
{
	return queue->first ? unlink_job(queue, &queue->first) : NULL;
}
