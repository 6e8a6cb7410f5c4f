/* Addresses as people write them: where to listen, and which peers are meant. Pure: no look-ups. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

struct error;

enum { ADDRESS_TEXT_SIZE = 46 }; /* an IPv6 address and a NUL */

struct address {
	struct sockaddr_storage storage;
	socklen_t size;
};

/* "127.0.0.1:8080" or "[::1]:8080"; port 0: any free one. */
bool address_parse(const char *text, struct address *out, struct error *err);

int address_port(const struct address *address);

/* "192.0.2.7", "10.0.0.0/8", "2001:db8::/32": is it such a text? */
bool address_network_check(const char *text, struct error *err);

/* Is `address` in one of these networks (NULL-terminated)? An IPv4 address in IPv6 form is one. */
bool address_in(const char *address, const char *const *networks);
