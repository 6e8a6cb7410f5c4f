/* Who is asking, and under which URL do they know us? Believes proxies that we trust. Pure. */
#pragma once

#include <stdbool.h>

struct arena;
struct error;

/* What there is to know; headers are NULL when absent. */
struct origin {
	const char *const *trusted; /* networks of proxies, NULL-terminated */
	const char *peer;           /* address of the socket's other end */
	const char *local;          /* "127.0.0.1:8080", this end */
	const char *host;           /* header Host */
	const char *forwarded_for, *forwarded_proto, *forwarded_host, *forwarded_port;
};

/* The client's address: the last one in X-Forwarded-For that is no proxy of ours, or the peer.
 * IPv4 in its own form, and without an interface ("%eth0"). */
const char *origin_client(struct arena *arena, const struct origin *origin);

/* "https://host[:port]" without a slash at the end. */
const char *origin_base_url(struct arena *arena, const struct origin *origin);

/* For `public_url`: "" or http[s]://host[:port][/path], without a slash at the end. */
bool origin_url_check(const char *url, struct error *err);
