#include "gateway/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/catalog.h"
#include "gateway/config.h"
#include "gateway/db.h"
#include "gateway/error.h"
#include "gateway/http.h"
#include "gateway/log.h"
#include "gateway/metrics.h"
#include "gateway/must.h"
#include "gateway/removal.h"
#include "gateway/request.h"
#include "gateway/secret.h"
#include "gateway/store.h"

enum {
	EXIT_FAILED = 1,
	START_MS = 10,     /* between two looks whether the database is there */
	START_SECONDS = 3, /* then we start without it */
	REPORT_MS = 100,   /* between two reports to metrics_serving() */
	DRAIN_MS = 20,     /* between two looks whether everything is answered */
	FIRST_SWEEP = 1,   /* seconds after the start */
	SWEEP_SECONDS = 10 * 60,
};

/* The worker with what only this file needs. */
struct process {
	struct worker worker;
	const struct worker_args *args;
	struct event *start, *term, *interrupt, *drain, *report, *sweep, **jobs;
	size_t njobs, nsockets; /* still open */
	int64_t deadline;       /* monotonic ms: of starting, later of draining */
};

/* A job of the table with its timer. */
struct housekeeping {
	struct process *process;
	const struct worker_job *job;
};

static int64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static struct timeval milliseconds(int ms)
{
	return (struct timeval){ ms / 1000, (ms % 1000) * 1000 };
}

static struct event *timer(struct process *p, short flags, event_callback_fn callback, void *arg,
			   struct timeval first)
{
	struct event *event = must(event_new(p->worker.loop, -1, flags, callback, arg));

	event_add(event, &first);
	return event;
}

/* ---- Starting: requests that come before the database would only be refused ---- */

static void on_report(evutil_socket_t fd, short what, void *arg)
{
	struct process *p = arg;

	(void)fd;
	(void)what;
	metrics_serving(p->worker.metrics, !p->worker.draining, db_ready(p->worker.db));
}

static void tell_ready(int fd)
{
	if (write(fd, "", 1) != 1)
		log_warn("master_gone", "error=\"%s\"", strerror(errno));
	close(fd);
}

static void on_start(evutil_socket_t fd, short what, void *arg)
{
	struct process *p = arg;
	struct timeval soon = milliseconds(START_MS);

	(void)fd;
	(void)what;
	if (!db_ready(p->worker.db) && now_ms() < p->deadline) {
		event_add(p->start, &soon);
		return;
	}
	if (p->worker.draining)
		return;
	http_listen(p->worker.http, p->args->sockets, p->args->nsockets);
	p->report = timer(p, EV_PERSIST, on_report, p, milliseconds(REPORT_MS));
	on_report(-1, EV_TIMEOUT, p);
	tell_ready(p->args->ready);
	log_info("worker_started", "database=%s", db_ready(p->worker.db) ? "up" : "down");
}

/* ---- Draining ---- */

/*
 * Or the kernel goes on to queue connections for us. A turn of the loop after http_drain(): the
 * master has the sockets, too, so closing them does not take them out of epoll.
 */
static void close_sockets(struct process *p)
{
	for (; p->nsockets; p->nsockets--)
		close(p->args->sockets[p->nsockets - 1]);
}

static void on_drain(evutil_socket_t fd, short what, void *arg)
{
	struct process *p = arg;
	struct timeval soon = milliseconds(DRAIN_MS);
	size_t connections, requests;

	(void)fd;
	(void)what;
	close_sockets(p);
	http_drain(p->worker.http);
	connections = http_connections(p->worker.http);
	requests = request_count();
	if (connections + requests > 0 && now_ms() < p->deadline) {
		event_add(p->drain, &soon);
		return;
	}
	if (connections + requests > 0)
		log_warn("drain_timeout", "connections=%zu requests=%zu", connections, requests);
	event_base_loopbreak(p->worker.loop);
}

static void on_stop(evutil_socket_t number, short what, void *arg)
{
	struct process *p = arg;
	struct timeval soon = milliseconds(DRAIN_MS);

	(void)what;
	if (p->worker.draining)
		return;
	log_info("worker_draining", "signal=%d connections=%zu requests=%zu", (int)number,
		 http_connections(p->worker.http), request_count());
	p->worker.draining = true;
	on_report(-1, EV_TIMEOUT, p);
	p->deadline = now_ms() + (int64_t)p->worker.config->drain_timeout * 1000;
	http_drain(p->worker.http);
	event_add(p->drain, &soon);
}

/* ---- Keeping house ---- */

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct process *p = arg;
	struct timeval later = { SWEEP_SECONDS, 0 };
	int removed = store_sweep(p->worker.store, p->worker.config->upload_expiry);

	(void)fd;
	(void)what;
	if (removed > 0)
		log_info("uploads_swept", "files=%d", removed);
	if (db_ready(p->worker.db) && !p->worker.draining)
		removal_run(&p->worker);
	event_add(p->sweep, &later);
}

static void on_job(evutil_socket_t fd, short what, void *arg)
{
	const struct housekeeping *h = arg;
	struct worker *worker = &h->process->worker;

	(void)fd;
	(void)what;
	if (db_ready(worker->db) && !worker->draining)
		db_call(worker->db, h->job->query, (struct db_args){ 0 }, NULL, NULL);
}

static size_t count_jobs(const struct worker_job *jobs)
{
	size_t count = 0;

	while (jobs && jobs[count].seconds)
		count++;
	return count;
}

/* `table` has room for every job. */
static void start_housekeeping(struct process *p, struct housekeeping *table)
{
	p->sweep = timer(p, 0, on_sweep, p, (struct timeval){ FIRST_SWEEP, 0 });
	for (size_t i = 0; i < p->njobs; i++) {
		table[i] = (struct housekeeping){ p, &p->args->jobs[i] };
		p->jobs[i] = timer(p, EV_PERSIST, on_job, &table[i],
				   (struct timeval){ table[i].job->seconds, 0 });
	}
}

/* ---- The process ---- */

static struct event *on_signal(struct process *p, int number)
{
	struct event *event = must(evsignal_new(p->worker.loop, number, on_stop, p));

	event_add(event, NULL);
	return event;
}

/* The master forks us with its signals blocked, so that none comes before we can obey it ... */
static void take_signals(struct process *p)
{
	sigset_t none;

	p->term = on_signal(p, SIGTERM);
	p->interrupt = on_signal(p, SIGINT);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* ... and once we end, another one, which libevent no longer takes, must not kill us. */
static void refuse_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

/* evhttp switches events off and on for every request: only the sum of it goes to the kernel. */
static struct event_base *loop_new(void)
{
	struct event_config *how = must(event_config_new());
	struct event_base *loop;

	event_config_set_flag(how, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	loop = must(event_base_new_with_config(how));
	event_config_free(how);
	return loop;
}

static bool open_services(struct process *p, struct error *err)
{
	struct worker *w = &p->worker;
	struct timeval timeout = { w->config->request_timeout, 0 };
	char random[SECRET_ID_SIZE];

	w->store = store_open(w->config->store_path, err);
	if (!w->store)
		return false;
	secret_id(random);
	memcpy(w->instance, random, sizeof(w->instance) - 1);
	w->loop = loop_new();
	w->request_timeout = event_base_init_common_timeout(w->loop, &timeout);
	w->db = db_open(w->loop, w->config, w->metrics);
	w->catalogs = catalog_cache_new(w->db);
	w->http = http_open(w);
	return true;
}

/* db_close() answers whoever still waits for the database, so evhttp goes after it. */
static void close_services(struct process *p)
{
	struct worker *w = &p->worker;

	db_close(w->db);
	catalog_cache_free(w->catalogs);
	http_close(w->http);
	store_close(w->store);
}

static void free_events(struct process *p)
{
	struct event *events[] = { p->start, p->term, p->interrupt, p->drain, p->report, p->sweep };

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i])
			event_free(events[i]);
	for (size_t i = 0; i < p->njobs; i++)
		event_free(p->jobs[i]);
	free(p->jobs);
}

int worker_run(const struct worker_args *args)
{
	struct process p = {
		.worker = { .config = args->config,
			    .metrics = args->metrics,
			    .areas = args->areas },
		.args = args,
		.njobs = count_jobs(args->jobs),
		.nsockets = args->nsockets,
	};
	struct housekeeping *table = must(calloc(p.njobs + 1, sizeof(*table)));
	struct error err;

	signal(SIGPIPE, SIG_IGN);
	metrics_worker_started(args->metrics);
	if (!open_services(&p, &err)) {
		log_error("worker_failed", "error=\"%s\"", err.text);
		free(table);
		return EXIT_FAILED;
	}
	p.deadline = now_ms() + (int64_t)START_SECONDS * 1000;
	p.jobs = must(calloc(p.njobs + 1, sizeof(struct event *)));
	p.start = timer(&p, 0, on_start, &p, milliseconds(0));
	p.drain = must(evtimer_new(p.worker.loop, on_drain, &p));
	take_signals(&p);
	if (args->jobs)
		start_housekeeping(&p, table);
	event_base_dispatch(p.worker.loop);

	refuse_signals();
	close_services(&p);
	free_events(&p);
	free(table);
	event_base_free(p.worker.loop);
	libevent_global_shutdown();
	log_info("worker_stopped", "requests=%llu", (unsigned long long)p.worker.requests);
	return 0;
}
