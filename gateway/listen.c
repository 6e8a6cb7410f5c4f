#include "gateway/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/address.h"
#include "gateway/error.h"
#include "gateway/must.h"

enum { BACKLOG = 4096, NONE = -1 };

struct listen_set {
	size_t workers, addresses;
	char **text;           /* of each address, as configured */
	struct address *bound; /* each address with its port */
	int *fd;               /* [worker * addresses + address] */
};

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list[n])
		n++;
	return n;
}

static struct listen_set *set_new(const char *const *addresses, size_t workers)
{
	struct listen_set *set = must(calloc(1, sizeof(*set)));

	set->workers = workers;
	set->addresses = count(addresses);
	set->text = must(calloc(set->addresses, sizeof(char *)));
	set->bound = must(calloc(set->addresses, sizeof(struct address)));
	set->fd = must(calloc(set->addresses * workers, sizeof(int)));
	for (size_t i = 0; i < set->addresses; i++)
		set->text[i] = must(strdup(addresses[i]));
	for (size_t i = 0; i < set->addresses * workers; i++)
		set->fd[i] = NONE;
	return set;
}

static int *place(const struct listen_set *set, size_t worker, size_t address)
{
	return &set->fd[worker * set->addresses + address];
}

/* Move what both sets have from `old`, or back. */
static void take_over(struct listen_set *set, struct listen_set *old)
{
	for (size_t i = 0; i < set->addresses; i++) {
		for (size_t j = 0; j < old->addresses; j++) {
			if (strcmp(set->text[i], old->text[j]) != 0)
				continue;
			set->bound[i] = old->bound[j];
			for (size_t w = 0; w < set->workers && w < old->workers; w++) {
				*place(set, w, i) = *place(old, w, j);
				*place(old, w, j) = NONE;
			}
		}
	}
}

/* Bind and listen; `address` gets the port. NONE: errno says why. */
static int open_socket(struct address *address)
{
	int on = 1,
	    fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr *name = (struct sockaddr *)&address->storage;

	if (fd < 0)
		return NONE;
	/* What the connections inherit: small replies leave at once, dead peers are noticed. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) == 0 &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
	    bind(fd, name, address->size) == 0 && listen(fd, BACKLOG) == 0 &&
	    getsockname(fd, name, &address->size) == 0)
		return fd;
	int failure = errno;
	close(fd);
	errno = failure;
	return NONE;
}

/*
 * With SO_REUSEPORT two gateways of the same user would share a port, and each other's requests,
 * without noticing. Only the first socket of an address can tell: it asks without sharing.
 */
static bool is_free(const struct address *address)
{
	int on = 1, fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool bound = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		     bind(fd, (const struct sockaddr *)&address->storage, address->size) == 0;
	int failure = errno;

	if (fd >= 0)
		close(fd);
	errno = failure;
	return bound;
}

static bool open_address(struct listen_set *set, size_t i, struct error *err)
{
	bool first = set->bound[i].size == 0;

	if (first && !address_parse(set->text[i], &set->bound[i], err))
		return false;
	if (first && !is_free(&set->bound[i]))
		return error_set(err, ERR_UNAVAILABLE, "cannot listen on %s: %s", set->text[i],
				 strerror(errno));
	for (size_t w = 0; w < set->workers; w++) {
		int *fd = place(set, w, i);

		if (*fd == NONE)
			*fd = open_socket(&set->bound[i]);
		if (*fd == NONE)
			return error_set(err, ERR_UNAVAILABLE, "cannot listen on %s: %s",
					 set->text[i], strerror(errno));
	}
	return true;
}

struct listen_set *listen_open(const char *const *addresses, size_t workers, struct listen_set *old,
			       struct error *err)
{
	struct listen_set *set = set_new(addresses, workers);

	if (old)
		take_over(set, old);
	for (size_t i = 0; i < set->addresses; i++) {
		if (open_address(set, i, err))
			continue;
		if (old)
			take_over(old, set);
		listen_close(set);
		return NULL;
	}
	listen_close(old);
	return set;
}

void listen_close(struct listen_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->addresses * set->workers; i++)
		if (set->fd[i] != NONE)
			close(set->fd[i]);
	for (size_t i = 0; i < set->addresses; i++)
		free(set->text[i]);
	free(set->text);
	free(set->bound);
	free(set->fd);
	free(set);
}

const int *listen_sockets(const struct listen_set *set, size_t worker, size_t *n)
{
	*n = set->addresses;
	return place(set, worker, 0);
}

int listen_port(const struct listen_set *set)
{
	return address_port(&set->bound[0]);
}

void listen_keep(const struct listen_set *set, size_t worker)
{
	for (size_t w = 0; w < set->workers; w++)
		for (size_t i = 0; w != worker && i < set->addresses; i++)
			close(*place(set, w, i));
}
