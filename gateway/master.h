/*
 * The master: holds the sockets, forks the workers, starts again those that die.
 *
 * | signal          | what happens                                                              |
 * | ---             | ---                                                                       |
 * | SIGHUP          | the configuration is read again. If it is good: new workers, and once all |
 * |                 | of them are ready the old ones drain. If not: a line in the log           |
 * | SIGTERM, SIGINT | all workers drain, then the master ends with status 0                     |
 *
 * A worker that ends with status 3 (this binary does not fit the database) ends the whole daemon
 * with 3. Workers get SIGTERM when the master dies.
 */
#pragma once

struct area;
struct arena;
struct config;
struct worker_job;

struct master_args {
	const char *config_path;     /* or NULL */
	struct arena *config_arena;  /* taken: a reload frees it */
	const struct config *config; /* in it */
	const struct area *const *areas;
	const struct worker_job *jobs;
	int ready_fd; /* gets "ready port=N\n" and is closed; -1: none */
};

/* The exit status of the daemon. */
int master_run(const struct master_args *args);
