/*
 * PostgreSQL without blocking: a few libpq connections on the loop, statements by name.
 *
 * Statements are the files of schema/queries/, prepared once per connection. A file whose first
 * line is `-- batched` takes arrays: while one such statement is on its way to PostgreSQL, further
 * requests for it collect, and when a connection is free they go out together. So an idle gateway
 * sends batches of one, a busy one sends hundreds, and callers see no difference. No statement may
 * take all connections, so polls do not keep feedback waiting, nor reports polls.
 *
 * A batched statement gets each parameter as text[] and returns its rows with a column `item`
 * (1-based position in the arrays), sorted by it; each caller sees only its own rows. If a batch
 * fails, it is run again in two halves, and so on, so a bad item fails alone. Deadlocks and failed
 * serializations are tried again, too. What was under way when a connection broke is never
 * repeated: it may have been committed.
 *
 * Laws: the next step never runs before the step that asked has returned. Rows are borrowed. A
 * request outlives its query. What is acknowledged has been committed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/request.h"
#include "queries.h" /* made from schema/queries: one enum value per file */

struct config;
struct db;
struct event_base;
struct metrics;

struct db_args {
	size_t count;
	const char *const *value; /* text; NULL is SQL null */
};
#define DB_ARGS(...)                                                                 \
	((struct db_args){ sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), \
			   (const char *const[]){ __VA_ARGS__ } })

/*
 * Connects in the background and stays connected: back-off with jitter up to some seconds.
 * `config`: database_url, database_connections and request_timeout, which bounds each statement;
 * borrowed until db_close(). A schema that is not this binary's ends the process with status 3.
 */
struct db *db_open(struct event_base *loop, const struct config *config, struct metrics *metrics);
/* Whoever still waits fails now: requests are answered with 503, so evhttp must still be there. */
void db_close(struct db *db);

/* Is a prepared connection up? */
bool db_ready(const struct db *db);

/*
 * Run a named query, then `next` with its rows. Arguments are copied. If the query fails, or no
 * connection is up, or too much waits already, the request is answered with 503 (or cut, see struct
 * route) and `next` never runs.
 *
 * A function of the schema refuses with `raise exception using errcode = 'MW404', message = '...',
 * column = '/field'`: MW and the HTTP status of an enum error_code. Then the request is answered by
 * reply_error() with that code, text and pointer. So is a violated constraint: unique and foreign
 * keys with ERR_CONFLICT, others with ERR_INVALID.
 */
struct flow db_query(struct request *req, enum query query, struct db_args args, db_next_fn *next);

/*
 * Run a named query on behalf of the worker itself, batched like any other. `rows` NULL: it failed,
 * which has been logged. `done` may be NULL; it is called by the loop, never before db_call
 * returns.
 */
typedef void db_done_fn(void *context, const struct db_rows *rows);
void db_call(struct db *db, enum query query, struct db_args args, db_done_fn *done, void *context);

/*
 * The same for what nobody waits for and what may be lost, of a batched query: gathered for a tenth
 * of a second, so that PostgreSQL gets a few large batches where polls make hundreds of small ones.
 */
void db_note(struct db *db, enum query query, struct db_args args);

/* ---- Rows, by column name. An unknown column is our bug and ends the process ---- */

size_t db_count(const struct db_rows *rows);
/* SQL null is NULL, 0, false. */
const char *db_text(const struct db_rows *rows, size_t row, const char *column);
int64_t db_int(const struct db_rows *rows, size_t row, const char *column);
bool db_bool(const struct db_rows *rows, size_t row, const char *column);
/* Row as JSON object: bool, int, float and json columns as such, null omitted, the rest text. */
json_t *db_json(const struct db_rows *rows, size_t row);
