#include "gateway/db_queue.h"
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>

static const enum query POLL = QUERY_DEVICE_POLL, FEEDBACK = QUERY_FEEDBACK_ADD;
static const enum query REPORT = QUERY_ARTIFACT_CONTENT; /* not batched */

static struct db_item *item_new(size_t size)
{
	struct db_item *item = calloc(1, sizeof(*item));

	assert_non_null(item);
	item->size = size;
	return item;
}

static void add(struct db_queue *queue, enum query query, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_true(db_queue_add(queue, query, item_new(10)));
}

static void job_free(struct db_job *job)
{
	struct db_item *item;

	while ((item = db_job_pop(job)))
		free(item);
	free(job);
}

/* The next job is this one. */
static struct db_job *take(struct db_queue *queue, enum query query, size_t count)
{
	struct db_job *job = db_queue_take(queue);

	assert_non_null(job);
	assert_int_equal(job->query, query);
	assert_int_equal(job->count, count);
	return job;
}

static void finish(struct db_queue *queue, struct db_job *job)
{
	db_queue_done(queue, job);
	job_free(job);
}

static void assert_empty(struct db_queue *queue)
{
	assert_null(db_queue_drop(queue));
	assert_int_equal(queue->size, 0);
	assert_int_equal(queue->singles, 0);
	for (size_t i = 0; i < QUERY_COUNT; i++) {
		assert_int_equal(queue->waiting[i], 0);
		assert_int_equal(queue->running[i], 0);
		assert_null(queue->open[i]);
	}
}

/* A batched query collects in one place of the line, others keep theirs. */
static void test_order(void **unused)
{
	struct db_queue queue;

	(void)unused;
	db_queue_init(&queue, 8);
	add(&queue, POLL, 1);
	add(&queue, REPORT, 1);
	add(&queue, FEEDBACK, 2);
	add(&queue, REPORT, 1);
	add(&queue, POLL, 2);
	finish(&queue, take(&queue, POLL, 3));
	finish(&queue, take(&queue, REPORT, 1));
	add(&queue, POLL, 1); /* the first job was taken: behind the others */
	finish(&queue, take(&queue, FEEDBACK, 2));
	finish(&queue, take(&queue, REPORT, 1));
	finish(&queue, take(&queue, POLL, 1));
	assert_null(db_queue_take(&queue));
	assert_empty(&queue);
}

static void test_batch_is_bounded(void **unused)
{
	struct db_queue queue;

	(void)unused;
	db_queue_init(&queue, 8);
	add(&queue, POLL, DB_BATCH_ITEMS + 1);
	finish(&queue, take(&queue, POLL, DB_BATCH_ITEMS));
	finish(&queue, take(&queue, POLL, 1));
	for (size_t i = 0; i < 3; i++)
		assert_true(db_queue_add(&queue, FEEDBACK, item_new(DB_BATCH_BYTES / 2)));
	finish(&queue, take(&queue, FEEDBACK, 2));
	finish(&queue, take(&queue, FEEDBACK, 1));
	assert_empty(&queue);
}

/* Refuse the next one, and whoever is not full is not affected. */
static void test_line_is_bounded(void **unused)
{
	struct db_queue queue;
	struct db_item *item = item_new(10);
	struct db_job *job;

	(void)unused;
	db_queue_init(&queue, 8);
	add(&queue, POLL, DB_WAITING_ITEMS);
	add(&queue, REPORT, DB_WAITING_SINGLES);
	assert_false(db_queue_add(&queue, POLL, item));
	assert_false(db_queue_add(&queue, REPORT, item));
	assert_true(db_queue_add(&queue, FEEDBACK, item));
	while ((job = db_queue_drop(&queue)))
		job_free(job);
	assert_empty(&queue);

	item = item_new(DB_WAITING_BYTES);
	assert_true(db_queue_add(&queue, FEEDBACK, item));
	item = item_new(1);
	assert_false(db_queue_add(&queue, POLL, item));
	free(item);
	job_free(db_queue_drop(&queue));
	assert_empty(&queue);
}

/* Half of the connections for one batched query, all but one for the others, one at least. */
static void test_nobody_takes_all(void **unused)
{
	static const struct {
		size_t connections, polls, reports;
	} cases[] = { { 1, 1, 1 }, { 2, 1, 1 }, { 3, 2, 2 }, { 4, 2, 3 }, { 8, 4, 7 } };

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct db_job *jobs[16];
		struct db_queue queue;
		size_t taken = 0, polls = cases[i].polls, reports = cases[i].reports;

		db_queue_init(&queue, cases[i].connections);
		add(&queue, POLL, 5 * DB_BATCH_ITEMS);
		add(&queue, REPORT, 8);
		while (taken < polls)
			jobs[taken++] = take(&queue, POLL, DB_BATCH_ITEMS);
		while (taken < polls + reports)
			jobs[taken++] = take(&queue, REPORT, 1);
		assert_null(db_queue_take(&queue));
		add(&queue, FEEDBACK, 1); /* passes those that may not run now */
		jobs[taken++] = take(&queue, FEEDBACK, 1);
		finish(&queue, jobs[0]);
		jobs[0] = take(&queue, POLL, DB_BATCH_ITEMS);
		while (taken > 0)
			finish(&queue, jobs[--taken]);
		while ((jobs[0] = db_queue_drop(&queue)))
			job_free(jobs[0]);
		assert_empty(&queue);
	}
}

static void test_retry_goes_first(void **unused)
{
	struct db_queue queue;
	struct db_job *job;

	(void)unused;
	db_queue_init(&queue, 1);
	add(&queue, POLL, 3);
	job = take(&queue, POLL, 3);
	add(&queue, POLL, 1);
	add(&queue, REPORT, 1);
	db_queue_done(&queue, job);
	db_queue_retry(&queue, job);
	assert_ptr_equal(take(&queue, POLL, 3), job);
	finish(&queue, job);
	finish(&queue, take(&queue, POLL, 1));
	finish(&queue, take(&queue, REPORT, 1));

	add(&queue, REPORT, 1); /* the line was empty */
	job = take(&queue, REPORT, 1);
	db_queue_done(&queue, job);
	db_queue_retry(&queue, job);
	add(&queue, FEEDBACK, 1);
	finish(&queue, take(&queue, REPORT, 1));
	finish(&queue, take(&queue, FEEDBACK, 1));
	assert_empty(&queue);
}

/* Halves keep the order of their items, and nobody joins them. */
static void test_split(void **unused)
{
	struct db_queue queue;
	struct db_job *job;
	struct db_item *items[5];

	(void)unused;
	db_queue_init(&queue, 8);
	for (size_t i = 0; i < 5; i++) {
		items[i] = item_new(10);
		assert_true(db_queue_add(&queue, FEEDBACK, items[i]));
	}
	job = take(&queue, FEEDBACK, 5);
	db_queue_done(&queue, job);
	db_queue_split(&queue, job);
	add(&queue, FEEDBACK, 1);
	job = take(&queue, FEEDBACK, 2);
	assert_ptr_equal(job->first, items[0]);
	assert_ptr_equal(job->first->behind, items[1]);
	finish(&queue, job);
	job = take(&queue, FEEDBACK, 3);
	for (size_t i = 2; i < 5; i++) {
		assert_ptr_equal(db_job_pop(job), items[i]);
		free(items[i]);
	}
	finish(&queue, job);
	finish(&queue, take(&queue, FEEDBACK, 1));
	assert_empty(&queue);
}

/* What gathers runs when it is full or released, and keeps nobody else waiting. */
static void test_gathering(void **state)
{
	struct db_queue queue;
	struct db_job *job;

	(void)state;
	db_queue_init(&queue, 4);
	for (size_t i = 0; i < 3; i++)
		assert_true(db_queue_gather(&queue, POLL, item_new(10)));
	assert_null(db_queue_take(&queue));
	add(&queue, FEEDBACK, 1);
	finish(&queue, take(&queue, FEEDBACK, 1));
	db_queue_release(&queue);
	finish(&queue, take(&queue, POLL, 3));
	for (size_t i = 0; i < DB_BATCH_ITEMS + 1; i++)
		assert_true(db_queue_gather(&queue, POLL, item_new(10)));
	job = take(&queue, POLL, DB_BATCH_ITEMS);
	assert_null(db_queue_take(&queue));
	db_queue_done(&queue, job);
	db_queue_split(&queue, job); /* it failed: its halves have waited long enough */
	finish(&queue, take(&queue, POLL, DB_BATCH_ITEMS / 2));
	finish(&queue, take(&queue, POLL, DB_BATCH_ITEMS / 2));
	assert_null(db_queue_take(&queue));
	db_queue_release(&queue);
	finish(&queue, take(&queue, POLL, 1));
	assert_empty(&queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_batch_is_bounded),
		cmocka_unit_test(test_line_is_bounded),
		cmocka_unit_test(test_nobody_takes_all),
		cmocka_unit_test(test_retry_goes_first),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_gathering),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
