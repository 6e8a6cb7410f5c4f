#include "gateway/origin.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/address.h"
#include "gateway/arena.h"
#include "gateway/error.h"

enum { HOST_MAX = 255, PORT_MAX_DIGITS = 5 };

static const char LETTERS_DIGITS[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* Could these be "host", "host:port" or "[::1]:port"? Nothing that breaks out of a URL. */
static bool is_host(const char *text, size_t length)
{
	if (length == 0 || length > HOST_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!text[i] || (!strchr(LETTERS_DIGITS, text[i]) && !strchr(".-_:[]", text[i])))
			return false;
	return true;
}

static bool is_port(const char *text, size_t length)
{
	return length >= 1 && length <= PORT_MAX_DIGITS && strspn(text, "0123456789") == length;
}

/* The first of "a, b": what the proxy nearest to the client said. */
static size_t first_length(const char *list)
{
	size_t length = strcspn(list, ",");

	while (length && (list[length - 1] == ' ' || list[length - 1] == '\t'))
		length--;
	return length;
}

/* The last item before `*end`; moves `*end` in front of it. NULL: there is none. */
static const char *last_item(struct arena *arena, const char *list, size_t *end)
{
	size_t stop = *end, start;

	while (stop && strchr(", \t", list[stop - 1]))
		stop--;
	for (start = stop; start && !strchr(", \t", list[start - 1]); start--)
		;
	*end = start;
	return stop > start ? arena_strndup(arena, list + start, stop - start) : NULL;
}

/* One client, one name: IPv4 that came to an IPv6 socket is IPv4, and no interface is named. */
static const char *plain(struct arena *arena, const char *address)
{
	char *text = arena_strndup(arena, address, strcspn(address, "%"));
	struct in6_addr v6;

	if (inet_pton(AF_INET6, text, &v6) != 1 || !IN6_IS_ADDR_V4MAPPED(&v6))
		return text;
	const unsigned char *v4 = v6.s6_addr + sizeof(v6) - sizeof(struct in_addr);
	return arena_printf(arena, "%d.%d.%d.%d", v4[0], v4[1], v4[2], v4[3]);
}

const char *origin_client(struct arena *arena, const struct origin *origin)
{
	const char *client = plain(arena, origin->peer), *item;
	const char *list = origin->forwarded_for;
	size_t end = list ? strlen(list) : 0;
	struct error ignored; /* no address: the peer it is */

	while (end && address_in(client, origin->trusted)) {
		item = last_item(arena, list, &end);
		if (!item || strchr(item, '/') || !address_network_check(item, &ignored))
			break;
		client = plain(arena, item);
	}
	return client;
}

/* Does "host[:port]" end in a port? An IPv6 address is in brackets. */
static bool has_port(const char *host, size_t length)
{
	const char *colon = memrchr(host, ':', length);

	return colon && !memchr(colon, ']', (size_t)(host + length - colon));
}

/* ":8443" or "" when the scheme implies the port. */
static const char *port_suffix(struct arena *arena, const char *scheme, const char *port)
{
	size_t length = port ? first_length(port) : 0;
	const char *implied = strcmp(scheme, "https") == 0 ? "443" : "80";

	if (!is_port(port ? port : "", length) ||
	    (length == strlen(implied) && strncmp(port, implied, length) == 0))
		return "";
	return arena_printf(arena, ":%.*s", (int)length, port);
}

const char *origin_base_url(struct arena *arena, const struct origin *origin)
{
	bool trusted = address_in(origin->peer, origin->trusted);
	const char *scheme = "http", *host = origin->host, *port = "";
	size_t length = host ? strlen(host) : 0;

	if (trusted && origin->forwarded_proto && strncmp(origin->forwarded_proto, "https", 5) == 0)
		scheme = "https";
	if (trusted && origin->forwarded_host) {
		host = origin->forwarded_host;
		length = first_length(host);
	}
	if (!host || !is_host(host, length)) {
		host = origin->local;
		length = strlen(host);
	}
	if (trusted && !has_port(host, length))
		port = port_suffix(arena, scheme, origin->forwarded_port);
	return arena_printf(arena, "%s://%.*s%s", scheme, (int)length, host, port);
}

bool origin_url_check(const char *url, struct error *err)
{
	const char *host = NULL;
	size_t length = strlen(url);

	if (!*url)
		return true;
	if (strncmp(url, "http://", 7) == 0)
		host = url + 7;
	else if (strncmp(url, "https://", 8) == 0)
		host = url + 8;
	if (host && is_host(host, strcspn(host, "/")) && url[length - 1] != '/' &&
	    strcspn(url, "?#\"\\ \t\r\n") == length)
		return true;
	return error_set(err, ERR_INVALID,
			 "\"%s\" must be like https://ota.example.com, without a slash at the end",
			 url);
}
