/*
 * Sends requests at a given rate, whether or not the answers keep up, and says how long they took.
 *
 * The moments of sending are drawn beforehand, as of many devices that know nothing of each other
 * (exponential gaps). A response time counts from that moment, also when every connection was still
 * busy then: a gateway that stops for a moment pays for all who came meanwhile. wrk, which waits
 * for an answer before it asks again, cannot see that.
 *
 * Prints one JSON object: answers, seconds, failed, and p50, p90, p99, max in microseconds.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	MAX_CONNECTIONS = 1024,
	MAX_ANSWER = 16384, /* bytes, with its headers */
	EVENTS = 256,
	GRACE = 5, /* seconds for the last answers */
};

static const int64_t SECOND = 1000000000; /* times are ns */

struct connection {
	int fd;
	int64_t due; /* when its request was to be sent */
	size_t filled;
	char answer[MAX_ANSWER + 1];
};

static struct {
	double gap; /* ns between two requests, in the mean */
	int64_t next, end;
	const char *requests, *request, *requests_end; /* one after the other, without bodies */
	int epoll, nconnections;
	int first_idle, nidle; /* of the ring of idle ones: each gets its turn */
	struct connection *connections, *idle[MAX_CONNECTIONS];
	int64_t *took;
	size_t sent, answers, failed, capacity;
} run;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static void put_idle(struct connection *c)
{
	run.idle[(run.first_idle + run.nidle++) % run.nconnections] = c;
}

static struct connection *take_idle(void)
{
	struct connection *c = run.idle[run.first_idle];

	run.first_idle = (run.first_idle + 1) % run.nconnections;
	run.nidle--;
	return c;
}

/* ---- Begin ---- */

static void map_requests(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		die(path);
	run.requests = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (run.requests == MAP_FAILED)
		die(path);
	run.request = run.requests;
	run.requests_end = run.requests + status.st_size;
	close(fd);
}

static void open_connection(struct connection *c, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int)) < 0 ||
	    fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0 ||
	    epoll_ctl(run.epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
		die("connect");
	put_idle(c);
}

/* ---- Send ---- */

static int64_t draw_gap(void)
{
	return (int64_t)(-run.gap * log(1 - drand48()));
}

static void send_next(struct connection *c)
{
	size_t left = (size_t)(run.requests_end - run.request);
	const char *blank_line = memmem(run.request, left, "\r\n\r\n", 4);
	size_t length;

	if (!blank_line) {
		fprintf(stderr, "paced: a request without end\n");
		exit(1);
	}
	length = (size_t)(blank_line - run.request) + 4;
	if (write(c->fd, run.request, length) != (ssize_t)length)
		die("write");
	run.request += length;
	if (run.request == run.requests_end)
		run.request = run.requests;
	c->due = run.next;
	c->filled = 0;
	run.sent++;
}

static void send_due(int64_t time)
{
	while (run.nidle > 0 && run.next <= time && run.next < run.end) {
		send_next(take_idle());
		run.next += draw_gap();
	}
}

/* ---- Receive ---- */

/* Bytes of the answer with its body; 0: its headers are not complete yet. */
static size_t answer_size(const struct connection *c)
{
	const char *end = strstr(c->answer, "\r\n\r\n");
	const char *length = strcasestr(c->answer, "\r\nContent-Length:");

	if (!end)
		return 0;
	if (!length || length > end)
		return (size_t)(end + 4 - c->answer);
	return (size_t)(end + 4 - c->answer) + strtoul(strchr(length, ':') + 1, NULL, 10);
}

static void receive(struct connection *c)
{
	ssize_t got = read(c->fd, c->answer + c->filled, MAX_ANSWER - c->filled);
	size_t size;

	if (got <= 0)
		die("read");
	c->filled += (size_t)got;
	c->answer[c->filled] = '\0';
	size = answer_size(c);
	if (size == 0 || c->filled < size)
		return;
	if (strncmp(c->answer, "HTTP/1.1 200 ", 13) != 0)
		run.failed++;
	if (run.answers < run.capacity)
		run.took[run.answers++] = now() - c->due;
	put_idle(c);
}

static void work(void)
{
	struct epoll_event events[EVENTS];

	for (int64_t time = now(); run.next < run.end || run.answers < run.sent; time = now()) {
		bool waits_for_time = run.nidle > 0 && run.next < run.end;
		int64_t until = waits_for_time ? run.next : run.end + GRACE * SECOND;

		if (time > run.end + GRACE * SECOND) {
			fprintf(stderr, "paced: %zu requests without answer\n",
				run.sent - run.answers);
			exit(1);
		}
		if (until < time)
			until = time;
		struct timespec wait = { (until - time) / SECOND, (until - time) % SECOND };
		int count = epoll_pwait2(run.epoll, events, EVENTS, &wait, NULL);
		for (int i = 0; i < count; i++)
			receive(events[i].data.ptr);
		send_due(now());
	}
}

/* ---- Report ---- */

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static double percentile(double share)
{
	return (double)run.took[(size_t)(share * (double)(run.answers - 1))] / 1000;
}

static void report(double seconds)
{
	if (run.answers == 0) {
		fprintf(stderr, "paced: no answers\n");
		exit(1);
	}
	qsort(run.took, run.answers, sizeof(*run.took), compare);
	printf("{\"answers\":%zu,\"seconds\":%.3f,\"failed\":%zu,\"p50\":%.0f,\"p90\":%.0f,\"p99\":"
	       "%.0f,"
	       "\"max\":%.0f}\n",
	       run.answers, seconds, run.failed, percentile(0.5), percentile(0.9), percentile(0.99),
	       percentile(1));
}

int main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr, "usage: paced PORT REQUESTS/S SECONDS CONNECTIONS FILE\n");
		return 2;
	}
	double rate = strtod(argv[2], NULL), seconds = strtod(argv[3], NULL);
	run.nconnections = atoi(argv[4]);
	if (!(rate >= 1) || !(seconds > 0) || run.nconnections < 1 ||
	    run.nconnections > MAX_CONNECTIONS)
		return 2;
	run.gap = (double)SECOND / rate;
	run.capacity = (size_t)(rate * seconds * 1.5) + 1000;
	run.took = calloc(run.capacity, sizeof(*run.took));
	run.connections = calloc((size_t)run.nconnections, sizeof(*run.connections));
	run.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!run.took || !run.connections || run.epoll < 0)
		die("start");
	map_requests(argv[5]);
	for (int i = 0; i < run.nconnections; i++)
		open_connection(&run.connections[i], (uint16_t)atoi(argv[1]));
	run.next = now();
	run.end = run.next + (int64_t)(seconds * (double)SECOND);
	work();
	report(seconds);
	return 0;
}
