/*
 * A worker: one process, one event loop, its own PostgreSQL connections and caches. It shares
 * nothing with its siblings but the counters of metrics.h.
 *
 * Handlers reach the services through `req->worker`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queries.h"

struct area;
struct catalog_cache;
struct config;
struct db;
struct event_base;
struct http;
struct metrics;
struct store;
struct timeval;

struct worker {
	struct event_base *loop;
	const struct config *config;
	struct metrics *metrics;
	struct db *db;
	struct store *store;
	struct catalog_cache *catalogs;
	const struct area *const *areas; /* ends with NULL */
	struct http *http;
	const struct timeval *request_timeout; /* a common timeout of the loop: cheap to arm */
	bool draining;                         /* every reply ends its connection */
	char instance[9];                      /* beginning of our request ids */
	uint64_t requests;                     /* so far: the rest of them */
};

/* A statement that one of the workers runs now and then, for its effect. */
struct worker_job {
	enum query query;
	int seconds; /* between two runs; 0 ends the table */
};

struct worker_args {
	const struct config *config;
	struct metrics *metrics;
	const struct area *const *areas;
	const struct worker_job *jobs; /* for the one that keeps house; else NULL */
	const int *sockets;            /* taken: bound, listening, not blocking */
	size_t nsockets;
	int ready; /* taken: gets a byte once requests are accepted, the database has been tried */
};

/* Work until SIGTERM or SIGINT has been obeyed; the exit status of the process. */
int worker_run(const struct worker_args *args);
