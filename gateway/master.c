#include "gateway/master.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gateway/arena.h"
#include "gateway/config.h"
#include "gateway/error.h"
#include "gateway/listen.h"
#include "gateway/log.h"
#include "gateway/metrics.h"
#include "gateway/must.h"
#include "gateway/worker.h"

enum {
	EXIT_FAILED = 1,
	EXIT_SCHEMA = 3, /* said by a worker; restarting it would not help */
	CLOSED = -1,
	SPARE_SLOTS = 8,
	STABLE_MS = 10000, /* a worker that lived as long is started again at once */
	FIRST_DELAY_MS = 100,
	MAX_DELAY_MS = 10000,
	KILL_AFTER_MS = 5000, /* beyond the drain timeout */
};

/* A place in the table of processes; its number is also that of its metrics slot. */
struct child {
	pid_t pid;           /* 0: free */
	size_t worker;       /* whose sockets it has */
	unsigned generation; /* of the configuration */
	int ready;           /* end of a pipe; CLOSED once it is ready */
	int64_t started;     /* monotonic ms */
};

struct master {
	const struct master_args *args;
	struct arena *arena; /* of config */
	const struct config *config;
	struct listen_set *sockets;
	struct metrics_board *board;
	size_t nworkers, nchildren;
	struct child *children;
	struct pollfd *polled; /* the signals, then the children's pipes */
	int64_t *start_at;     /* per worker: when to start it, 0: it runs */
	int *failures;         /* per worker, in a row */
	unsigned generation;
	bool stopping;
	int64_t kill_at; /* monotonic ms; 0: nobody is to be killed */
	int signals, ready_fd, status;
};

static int64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static size_t worker_count(const struct config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (config->workers)
		return (size_t)config->workers;
	return cores > 0 ? (size_t)cores : 1;
}

/* ---- Starting workers ---- */

static sigset_t our_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	return set;
}

/* In the new process: leave everything behind that is the master's. */
static int run_worker(struct master *m, const struct child *child, int ready, pid_t parent)
{
	struct worker_args args = {
		.config = m->config,
		.metrics = metrics_slot(m->board, (size_t)(child - m->children)),
		.areas = m->args->areas,
		.jobs = child->worker == 0 ? m->args->jobs : NULL,
		.ready = ready,
	};

	signal(SIGHUP, SIG_IGN);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
		return EXIT_FAILED;
	close(m->signals);
	if (m->ready_fd != CLOSED)
		close(m->ready_fd);
	for (size_t i = 0; i < m->nchildren; i++)
		if (m->children[i].ready != CLOSED)
			close(m->children[i].ready);
	listen_keep(m->sockets, child->worker);
	args.sockets = listen_sockets(m->sockets, child->worker, &args.nsockets);
	return worker_run(&args);
}

static struct child *free_place(struct master *m)
{
	for (size_t i = 0; i < m->nchildren; i++)
		if (!m->children[i].pid)
			return &m->children[i];
	return NULL;
}

static void try_later(struct master *m, size_t worker)
{
	int64_t delay = FIRST_DELAY_MS;

	for (int i = 0; i < m->failures[worker] && delay < MAX_DELAY_MS; i++)
		delay *= 2;
	m->failures[worker]++;
	m->start_at[worker] = now_ms() + (delay < MAX_DELAY_MS ? delay : MAX_DELAY_MS);
}

static void start_worker(struct master *m, size_t worker)
{
	struct child *child = free_place(m);
	int pipe_ends[2];
	pid_t self = getpid(), pid;

	if (!child || pipe2(pipe_ends, O_CLOEXEC) != 0) {
		try_later(m, worker); /* as soon as a draining one has ended */
		return;
	}
	pid = fork();
	if (pid == 0) {
		close(pipe_ends[0]);
		*child = (struct child){ 0, worker, m->generation, CLOSED, 0 };
		exit(run_worker(m, child, pipe_ends[1], self));
	}
	close(pipe_ends[1]);
	if (pid < 0) {
		log_error("fork_failed", "error=\"%s\"", strerror(errno));
		close(pipe_ends[0]);
		try_later(m, worker);
		return;
	}
	*child = (struct child){ pid, worker, m->generation, pipe_ends[0], now_ms() };
	m->start_at[worker] = 0;
}

static void start_due(struct master *m)
{
	for (size_t i = 0; i < m->nworkers && !m->stopping; i++)
		if (m->start_at[i] && m->start_at[i] <= now_ms())
			start_worker(m, i);
}

/* A generation begins: every worker is due. */
static void plan_workers(struct master *m)
{
	m->generation++;
	m->nworkers = worker_count(m->config);
	free(m->start_at);
	free(m->failures);
	m->start_at = must(calloc(m->nworkers, sizeof(*m->start_at)));
	m->failures = must(calloc(m->nworkers, sizeof(*m->failures)));
	for (size_t i = 0; i < m->nworkers; i++)
		m->start_at[i] = now_ms();
}

/* ---- Ending workers ---- */

static void signal_older(const struct master *m, unsigned generation, int number)
{
	for (size_t i = 0; i < m->nchildren; i++)
		if (m->children[i].pid && m->children[i].generation < generation)
			kill(m->children[i].pid, number);
}

static void end_older(struct master *m, unsigned generation)
{
	m->kill_at = now_ms() + (int64_t)m->config->drain_timeout * 1000 + KILL_AFTER_MS;
	signal_older(m, generation, SIGTERM);
}

static void stop(struct master *m)
{
	if (m->stopping)
		return;
	m->stopping = true;
	end_older(m, m->generation + 1);
}

static void kill_overdue(struct master *m)
{
	if (!m->kill_at || m->kill_at > now_ms())
		return;
	log_error("workers_killed", "reason=\"they did not drain in time\"");
	signal_older(m, m->stopping ? m->generation + 1 : m->generation, SIGKILL);
	m->kill_at = 0;
}

static size_t count_children(const struct master *m, unsigned below)
{
	size_t count = 0;

	for (size_t i = 0; i < m->nchildren; i++)
		count += m->children[i].pid && m->children[i].generation < below;
	return count;
}

static void child_ended(struct master *m, struct child *child, int status)
{
	bool current = child->generation == m->generation && !m->stopping;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);

	if (child->ready != CLOSED)
		close(child->ready);
	metrics_serving(metrics_slot(m->board, (size_t)(child - m->children)), false, false);
	if (code == EXIT_SCHEMA) {
		m->status = EXIT_SCHEMA;
		stop(m);
	} else if (current) {
		log_error("worker_died", "worker=%d status=%d", (int)child->pid, code);
		if (now_ms() - child->started > STABLE_MS)
			m->failures[child->worker] = 0;
		try_later(m, child->worker);
	} else if (code != 0 && m->status == 0 && m->stopping) {
		log_error("worker_died", "worker=%d status=%d", (int)child->pid, code);
		m->status = EXIT_FAILED;
	}
	*child = (struct child){ .ready = CLOSED };
	if (!m->stopping && count_children(m, m->generation) == 0)
		m->kill_at = 0;
}

static void reap(struct master *m)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < m->nchildren; i++)
			if (m->children[i].pid == pid)
				child_ended(m, &m->children[i], status);
}

/* ---- Readiness ---- */

static bool all_ready(const struct master *m)
{
	size_t ready = 0;

	for (size_t i = 0; i < m->nchildren; i++)
		ready += m->children[i].pid && m->children[i].generation == m->generation &&
			 m->children[i].ready == CLOSED;
	return ready == m->nworkers;
}

static void announce(struct master *m)
{
	if (m->ready_fd == CLOSED)
		return;
	if (dprintf(m->ready_fd, "ready port=%d\n", listen_port(m->sockets)) < 0)
		log_warn("ready_fd", "error=\"%s\"", strerror(errno));
	close(m->ready_fd);
	m->ready_fd = CLOSED;
}

/* Its byte, or its end. */
static void child_spoke(struct master *m, struct child *child)
{
	char byte;

	if (read(child->ready, &byte, 1) != 1)
		return; /* it died: SIGCHLD is on its way */
	close(child->ready);
	child->ready = CLOSED;
	if (child->generation != m->generation || !all_ready(m))
		return;
	announce(m);
	if (count_children(m, m->generation) > 0 && !m->stopping)
		end_older(m, m->generation);
}

/* ---- Reload ---- */

static bool use_config(struct master *m, struct arena *arena, struct config *config,
		       struct error *err)
{
	size_t workers = worker_count(config);
	struct listen_set *sockets;

	if (2 * workers > m->nchildren)
		return error_set(err, ERR_INVALID,
				 "%zu workers are too many for a reload; restart mewsd", workers);
	sockets = listen_open(config->listen, workers, m->sockets, err);
	if (!sockets)
		return false;
	arena_free(m->arena);
	m->sockets = sockets;
	m->arena = arena;
	m->config = config;
	return true;
}

static void reload(struct master *m)
{
	struct arena *arena = arena_new();
	struct config *config = arena_alloc(arena, sizeof(*config));
	struct error err;

	if (m->stopping || !config_load(arena, m->args->config_path, config, &err) ||
	    !use_config(m, arena, config, &err)) {
		if (!m->stopping)
			log_error("reload_refused", "error=\"%s\"", err.text);
		arena_free(arena);
		return;
	}
	log_setup(config->log_level, config->log_format);
	plan_workers(m);
	log_info("reloaded", "workers=%zu", m->nworkers);
}

/* ---- The loop ---- */

static void take_signals(struct master *m)
{
	struct signalfd_siginfo info;

	while (read(m->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(m);
		else if (info.ssi_signo == SIGHUP)
			reload(m);
		else
			stop(m);
	}
}

/* Milliseconds until something is due; -1: nothing is. */
static int time_left(const struct master *m)
{
	int64_t next = m->kill_at, left;

	for (size_t i = 0; i < m->nworkers && !m->stopping; i++)
		if (m->start_at[i] && (!next || m->start_at[i] < next))
			next = m->start_at[i];
	left = next ? next - now_ms() : -1;
	return next && left < 0 ? 0 : (int)left;
}

/* Sleep until a signal, a word of a worker, or something that is due. */
static void wait_for_news(struct master *m)
{
	struct pollfd *polled = m->polled;
	nfds_t count = 1 + (nfds_t)m->nchildren;

	polled[0] = (struct pollfd){ .fd = m->signals, .events = POLLIN };
	for (size_t i = 0; i < m->nchildren; i++)
		polled[i + 1] = (struct pollfd){ .fd = m->children[i].ready, .events = POLLIN };
	if (poll(polled, count, time_left(m)) <= 0)
		return;
	for (size_t i = 0; i < m->nchildren; i++)
		if (polled[i + 1].revents)
			child_spoke(m, &m->children[i]);
	if (polled[0].revents)
		take_signals(m);
}

static void run(struct master *m)
{
	while (!m->stopping || count_children(m, m->generation + 1) > 0) {
		start_due(m);
		wait_for_news(m);
		kill_overdue(m);
	}
}

/* Ten thousand idle connections need as many descriptors. */
static void raise_file_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		log_warn("file_limit", "error=\"%s\"", strerror(errno));
}

static bool prepare(struct master *m, struct error *err)
{
	sigset_t set = our_signals();

	raise_file_limit();
	m->sockets = listen_open(m->config->listen, m->nworkers, NULL, err);
	if (!m->sockets)
		return false;
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	m->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (m->signals < 0)
		return error_set(err, ERR_INTERNAL, "signalfd: %s", strerror(errno));
	m->nchildren = 2 * m->nworkers + SPARE_SLOTS;
	m->children = must(calloc(m->nchildren, sizeof(*m->children)));
	m->polled = must(calloc(m->nchildren + 1, sizeof(*m->polled)));
	for (size_t i = 0; i < m->nchildren; i++)
		m->children[i].ready = CLOSED; /* which poll() skips */
	m->board = metrics_board_new(m->nchildren);
	return true;
}

static void finish(struct master *m)
{
	if (m->ready_fd != CLOSED)
		close(m->ready_fd);
	if (m->signals != CLOSED)
		close(m->signals);
	if (m->board)
		metrics_board_free(m->board);
	listen_close(m->sockets);
	free(m->children);
	free(m->polled);
	free(m->start_at);
	free(m->failures);
	arena_free(m->arena);
}

int master_run(const struct master_args *args)
{
	struct master m = {
		.args = args,
		.arena = args->config_arena,
		.config = args->config,
		.signals = CLOSED,
		.ready_fd = args->ready_fd,
	};
	struct error err;

	plan_workers(&m);
	if (prepare(&m, &err)) {
		log_info("started", "version=" MEWS_VERSION " port=%d workers=%zu",
			 listen_port(m.sockets), m.nworkers);
		run(&m);
		log_info("stopped", "status=%d", m.status);
	} else {
		log_error("start_failed", "error=\"%s\"", err.text);
		m.status = EXIT_FAILED;
	}
	finish(&m);
	return m.status;
}
