/*
 * Inside db.h: what db*.c share. The files, from the caller to the server:
 *
 *   db.c        the calls of db.h, who runs next, and what becomes of an answer
 *   db_queue.c  what waits
 *   db_conn.c   one connection's life
 *   db_settings.c   how to connect
 *   db_array.c  array literals
 *   db_error.c  SQLSTATE -> struct error
 *   db_rows.c   values by column name
 *
 * Whatever resumes a request runs from the loop, and whoever calls db_query() only queues: so no
 * function below is ever entered twice.
 */
#pragma once

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "gateway/db.h"
#include "gateway/db_array.h"
#include "gateway/db_queue.h"

struct event;

/* Where a query's columns are, by the address of the names that callers have in their code. */
enum { DB_COLUMNS = 64 };
struct db_columns {
	struct {
		const char *name;
		int field;
	} slot[DB_COLUMNS];
};

struct db_rows {
	const PGresult *pg;
	int first, count;
	struct db_columns *columns; /* a memory of look-ups, checked at each use */
};

enum conn_state { CONN_LOST, CONN_CONNECTING, CONN_CHECKING, CONN_PREPARING, CONN_IDLE, CONN_BUSY };

struct conn {
	struct db *db;
	enum conn_state state;
	PGconn *pg;
	struct event *readable, *writable; /* its socket; NULL without one */
	struct event *timer;               /* LOST: try again. Else: it takes too long */
	unsigned failures;                 /* since it last was up */
	size_t prepared;                   /* PREPARING: statements so far */
	struct db_job *job;                /* BUSY with it */
	PGresult *result;                  /* of the command under way */
};

enum { DB_MAX_PARAMS = 32, DB_SETTINGS = 64 };

struct db {
	struct event_base *loop;
	const struct config *config;
	struct metrics *metrics;
	const char *keywords[DB_SETTINGS], *values[DB_SETTINGS]; /* how to connect */
	PQconninfoOption *options;                               /* owns some of the values */
	char *server_options;                                    /* and is one of them */
	bool closing;
	struct db_queue queue;
	struct db_item *refused; /* calls that found the queue full */
	struct event *dispatch;
	struct event *release;  /* what has gathered */
	struct db_job *delayed; /* tried again soon */
	struct event *retry;
	struct db_array arrays[DB_MAX_PARAMS]; /* scratch, one for each parameter */
	struct db_columns columns[QUERY_COUNT];
	size_t count;
	struct conn conn[];
};

/* ---- db.c, for db_conn.c ---- */

/* Soon, from the loop: give what waits to idle connections, or fail it when there are none. */
void db_dispatch(struct db *db);
/* The answer to `job`; takes both. */
void db_answered(struct db *db, struct db_job *job, PGresult *result);
/* There will be no answer to `job`, which may have been carried out; takes it. */
void db_lost(struct db *db, struct db_job *job);

/* ---- db_conn.c ---- */

void conn_open(struct db *db, struct conn *c);
void conn_close(struct conn *c);
bool conn_up(const struct conn *c);                /* prepared: idle or busy */
void conn_run(struct conn *c, struct db_job *job); /* c is idle; ends in db_answered or db_lost */

/* ---- db_settings.c ---- */

/* Read database_url into db->keywords; config_keys.c has checked it. */
void db_settings(struct db *db);
void db_settings_free(struct db *db);

/* ---- db_error.c ---- */

/* What the server says, for the person on the other side; logs what only operators may see. */
void db_error(const PGresult *result, struct error *err);
bool db_error_transient(const PGresult *result); /* a deadlock or the like: run it again */
/* The session is of no more use: the server became a replica, or forgot our statements. */
bool db_error_stale(const PGresult *result);
void db_error_log(const PGresult *result, const struct db_job *job, const struct error *err);
