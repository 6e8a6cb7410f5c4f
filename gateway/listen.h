/*
 * The listening sockets: for every address one per worker (SO_REUSEPORT), held by the master. The
 * kernel spreads connections over them; a worker that takes the place of another one goes on with
 * its queue, so a restart loses no connection.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct listen_set;

/*
 * Sockets for `addresses` (NULL-terminated) and `workers`. Those that `old` (or NULL) has are taken
 * over, the others of `old` are closed; on failure `old` is as it was. With port 0 all workers
 * share the port that the first one gets.
 */
struct listen_set *listen_open(const char *const *addresses, size_t workers, struct listen_set *old,
			       struct error *err);
void listen_close(struct listen_set *set);

/* The sockets of a worker, one per address. */
const int *listen_sockets(const struct listen_set *set, size_t worker, size_t *count);
int listen_port(const struct listen_set *set); /* of the first address */
/* In a worker: close what belongs to others. */
void listen_keep(const struct listen_set *set, size_t worker);
