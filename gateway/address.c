#include "gateway/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/error.h"

enum { IPV6_BITS = 128, IPV4_OFFSET = 96 };

/* Everything as IPv6: IPv4 in its mapped form (::ffff:192.0.2.7). */
struct network {
	unsigned char bytes[16];
	int bits;
};

/* Digits and nothing else, up to `max`. */
static bool parse_number(const char *text, long max, long *out)
{
	char *end;

	if (*text < '0' || *text > '9' || strlen(text) > 5)
		return false;
	*out = strtol(text, &end, 10);
	return *end == '\0' && *out <= max;
}

static bool parse_host(const char *host, bool brackets, in_port_t port, struct address *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&out->storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->storage;

	memset(out, 0, sizeof(*out));
	if (brackets) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		out->size = sizeof(*v6);
		return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	out->size = sizeof(*v4);
	return inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

bool address_parse(const char *text, struct address *out, struct error *err)
{
	const char *colon = strrchr(text, ':');
	char host[ADDRESS_TEXT_SIZE];
	bool brackets = *text == '[' && colon && colon > text + 1 && colon[-1] == ']';
	long port;

	if (colon && parse_number(colon + 1, UINT16_MAX, &port)) {
		size_t length = (size_t)(colon - text) - (brackets ? 2 : 0);

		if (length < sizeof(host)) {
			memcpy(host, text + brackets, length);
			host[length] = '\0';
			if (parse_host(host, brackets, (in_port_t)port, out))
				return true;
		}
	}
	return error_set(err, ERR_INVALID,
			 "\"%s\" is no address: write 127.0.0.1:8080, 0.0.0.0:80 or [::1]:8080",
			 text);
}

int address_port(const struct address *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->storage;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->storage;

	return ntohs(address->storage.ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
}

static bool parse_network(const char *text, struct network *out)
{
	static const unsigned char mapped[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	char host[ADDRESS_TEXT_SIZE];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	long bits = IPV6_BITS;

	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	if (slash && !parse_number(slash + 1, IPV6_BITS, &bits))
		return false;
	out->bits = (int)bits;
	if (inet_pton(AF_INET6, host, out->bytes) == 1)
		return true;
	memcpy(out->bytes, mapped, sizeof(mapped));
	if (slash)
		out->bits += IPV4_OFFSET;
	return out->bits <= IPV6_BITS && inet_pton(AF_INET, host, out->bytes + sizeof(mapped)) == 1;
}

bool address_network_check(const char *text, struct error *err)
{
	struct network network;

	return parse_network(text, &network) ||
	       error_set(err, ERR_INVALID,
			 "\"%s\" is no network: write 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32",
			 text);
}

static bool same_bits(const struct network *a, const struct network *b, int bits)
{
	int whole = bits / 8, rest = bits % 8;

	if (memcmp(a->bytes, b->bytes, (size_t)whole) != 0)
		return false;
	return rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

bool address_in(const char *address, const char *const *networks)
{
	struct network peer, network;

	if (!*networks || strchr(address, '/') || !parse_network(address, &peer))
		return false;
	for (; *networks; networks++)
		if (parse_network(*networks, &network) && same_bits(&peer, &network, network.bits))
			return true;
	return false;
}
