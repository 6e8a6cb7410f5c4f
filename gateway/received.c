/* What the client sent, for handlers: the reading half of request.h. */
#include <arpa/inet.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/arena.h"
#include "gateway/config.h"
#include "gateway/origin.h"
#include "gateway/request.h"
#include "gateway/url.h"
#include "gateway/worker.h"

const char *request_header(const struct request *req, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(req->http), name);
}

const char *const *request_query_params(struct request *req, const char *name)
{
	return url_query_values(req->arena, req->query ? req->query : "", name);
}

const char *request_query_param(struct request *req, const char *name)
{
	return *request_query_params(req, name);
}

/* ---- Who asks, and by which name ---- */

static const char *socket_peer(struct evhttp_connection *connection)
{
	char *address = NULL;
	uint16_t port;

	evhttp_connection_get_peer(connection, &address, &port);
	return address ? address : "";
}

/* "127.0.0.1:8080": this end of the connection. */
static const char *socket_local(struct arena *arena, struct evhttp_connection *connection)
{
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
	struct sockaddr_storage storage = { 0 };
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&storage;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&storage;
	socklen_t size = sizeof(storage);
	char text[INET6_ADDRSTRLEN];

	if (getsockname(fd, (struct sockaddr *)&storage, &size) == 0) {
		if (storage.ss_family == AF_INET6 &&
		    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text)))
			return arena_printf(arena, "[%s]:%d", text, ntohs(v6->sin6_port));
		if (storage.ss_family == AF_INET &&
		    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text)))
			return arena_printf(arena, "%s:%d", text, ntohs(v4->sin_port));
	}
	return "localhost";
}

static struct origin origin_of(const struct request *req)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(req->http);

	return (struct origin){
		.trusted = req->worker->config->trusted_proxies,
		/* A client that is gone has no address any more, and nobody to answer. */
		.peer = connection ? socket_peer(connection) : "",
		.local = connection ? socket_local(req->arena, connection) : "localhost",
		.host = request_header(req, "Host"),
		.forwarded_for = request_header(req, "X-Forwarded-For"),
		.forwarded_proto = request_header(req, "X-Forwarded-Proto"),
		.forwarded_host = request_header(req, "X-Forwarded-Host"),
		.forwarded_port = request_header(req, "X-Forwarded-Port"),
	};
}

const char *request_peer(const struct request *req)
{
	struct origin origin = origin_of(req);

	return origin_client(req->arena, &origin);
}

const char *request_base_url(struct request *req)
{
	const char *configured = req->worker->config->public_url;

	if (*configured)
		return configured;
	if (!req->base_url) {
		struct origin origin = origin_of(req);

		req->base_url = origin_base_url(req->arena, &origin);
	}
	return req->base_url;
}

/* ---- JSON ---- */

static void drop_json(void *value)
{
	json_decref(value);
}

bool request_json(struct request *req, json_t **out, struct error *err)
{
	json_error_t problem;
	json_t *value;

	*out = NULL;
	if (req->body_size == 0)
		return error_set(err, ERR_INVALID, "this request needs a body: a JSON object");
	value = json_loadb(req->body, req->body_size, JSON_REJECT_DUPLICATES, &problem);
	if (!value)
		return error_set(err, ERR_INVALID, "the body is no JSON: line %d, column %d: %s",
				 problem.line, problem.column,
				 json_error_code(&problem) == json_error_null_character
					 ? "a text has the character U+0000"
					 : problem.text);
	arena_adopt(req->arena, value, drop_json);
	if (!json_is_object(value))
		return error_set(err, ERR_INVALID, "the body must be a JSON object");
	*out = value;
	return true;
}
