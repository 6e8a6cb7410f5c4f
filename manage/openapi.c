#include "manage/openapi.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/error.h"
#include "gateway/route.h"
#include "manage/endpoint.h"
#include "manage/endpoints.h"
#include "manage/headers.h"
#include "manage/openapi_headers.h"
#include "manage/openapi_schema.h"

enum { STATUS_SIZE = 8, METHOD_SIZE = 16 };

static const char ABOUT[] =
	"The operators' API of Mews. Times are RFC 3339 in UTC. Lists have pages: `limit`, and "
	"`cursor` with the `next` of the page before. What has an ETag can be changed with "
	"If-Match: 412 if somebody else was faster. A POST with an Idempotency-Key can be repeated "
	"for a day. Errors are RFC 9457 problem details.";

static const struct {
	const char *name, *about, *example;
} PATH_PARAMS[] = {
	{ "project", "The project's slug.", "default" },
	{ "cohort", "The cohort's slug.", "default" },
	{ "key", "The key's id.", "7" },
	{ "release", "VERSION, or FROM..VERSION for a delta.", "1.1.0" },
	{ "payload", "The payload's id.", "12" },
	{ "activation", "The activation's id.", "31" },
	{ "device", "The device's id.", "cam-0001" },
	{ "n", "The deployment's number: 1, 2, 3 ... of its device.", "3" },
	{ "upload", "The upload's id.", "0f3c4f1a8d2b4b6f9a7d5e3c1b2a4958" },
	{ "artifact", "The file's SHA-256; in a PUT, what the file is called.",
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "user", "The user's id or e-mail.", "anna@example.com" },
	{ "token", "The token's id.", "5" },
};

static bool is(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0;
}

/* ---- Parameters ---- */

static json_t *parameter(const char *in, const char *name, bool required, const char *about,
			 json_t *schema)
{
	return json_pack("{s:s, s:s, s:b, s:s, s:o}", "in", in, "name", name, "required", required,
			 "description", about, "schema", schema);
}

static void add_path_params(const struct route *route, json_t *out)
{
	for (const char *at = route->pattern; (at = strchr(at, '{')); at++) {
		size_t length = strcspn(at + 1, "}");

		for (size_t i = 0; i < sizeof(PATH_PARAMS) / sizeof(PATH_PARAMS[0]); i++)
			if (strlen(PATH_PARAMS[i].name) == length &&
			    strncmp(PATH_PARAMS[i].name, at + 1, length) == 0)
				json_array_append_new(
					out,
					parameter("path", PATH_PARAMS[i].name, true,
						  PATH_PARAMS[i].about,
						  json_pack("{s:s, s:[s]}", "type", "string",
							    "examples", PATH_PARAMS[i].example)));
	}
}

static void add_fields(const char *in, const struct field *fields, json_t *out)
{
	for (; fields && fields->name; fields++) {
		json_t *schema = schema_of_field(fields);

		json_object_del(schema, "description");
		json_array_append_new(
			out, parameter(in, fields->name, fields->required, fields->about, schema));
		if (fields->type == FIELD_WORDS) /* with commas between */
			json_object_set_new(json_array_get(out, json_array_size(out) - 1),
					    "explode", json_false());
	}
}

static json_t *parameters(const struct route *route)
{
	const struct endpoint *endpoint = route->more;
	json_t *out = json_array();

	add_path_params(route, out);
	add_fields("query", endpoint->params, out);
	add_fields("header", endpoint->headers, out);
	if (header_takes_key(route))
		add_fields("header", header_idempotency_key, out);
	if (header_takes_match(route))
		add_fields("header", header_if_match, out);
	return out;
}

/* ---- Bodies ---- */

static json_t *example_of(const struct field *fields, bool partial)
{
	json_t *out = json_object();

	for (; fields->name; fields++)
		if (fields->example && (fields->required || partial))
			json_object_set_new(out, fields->name,
					    json_loads(fields->example, JSON_DECODE_ANY, NULL));
	return out;
}

static bool any_required(const struct field *fields)
{
	bool any = false;

	for (; fields->name; fields++)
		any = any || fields->required;
	return any;
}

static json_t *request_body(const struct route *route)
{
	const struct endpoint *endpoint = route->more;
	bool partial = is(route, "PATCH");

	if (endpoint->takes)
		return json_pack("{s:{s:{s:{s:s, s:s}}}}", "content", endpoint->takes, "schema",
				 "type", "string", "format", "binary");
	return json_pack("{s:b, s:{s:{s:o, s:o}}}", "required",
			 partial || any_required(endpoint->body), "content", "application/json",
			 "schema", schema_of_body(endpoint->body, partial), "example",
			 example_of(endpoint->body, partial));
}

/* ---- Answers ---- */

/* Of files, by the media types that the endpoint names. */
static json_t *files(const char *types)
{
	json_t *out = json_object();

	for (size_t length; *types; types += length + (types[length] == ' ')) {
		length = strcspn(types, " ");
		json_object_setn_new(out, types, length,
				     json_pack("{s:{s:s}}", "schema", "type", "string"));
	}
	return out;
}

static void add_success(const struct endpoint *endpoint, int status, json_t *out)
{
	char name[STATUS_SIZE];
	json_t *answer = json_pack("{s:s}", "description", "Done.");

	snprintf(name, sizeof(name), "%d", status);
	if (endpoint->reply && islower((unsigned char)*endpoint->reply))
		json_object_set_new(answer, "content", files(endpoint->reply));
	else if (endpoint->reply)
		json_object_set_new(answer, "content",
				    json_pack("{s:{s:o}}", "application/json", "schema",
					      schema_of_answer(endpoint->reply)));
	json_object_set_new(out, name, answer);
}

static void add_problem(enum error_code code, json_t *out)
{
	char name[STATUS_SIZE];

	snprintf(name, sizeof(name), "%d", error_http_status(code));
	json_object_set_new(out, name,
			    json_pack("{s:s, s:{s:{s:{s:s}}}}", "description", error_title(code),
				      "content", "application/problem+json", "schema", "$ref",
				      "#/components/schemas/Problem"));
}

static bool has_status(const char *list, int status)
{
	char text[STATUS_SIZE];

	snprintf(text, sizeof(text), "%d", status);
	return list && strstr(list, text);
}

/* Which errors an endpoint can answer with follows from what it is, and from what it says itself.
 */
static bool may_fail(const struct route *route, enum error_code code)
{
	const struct endpoint *endpoint = route->more;
	bool changes = !endpoint_is_safe(route), known = endpoint->role != ROLE_ANYONE;

	if (has_status(endpoint->also, error_http_status(code)))
		return true;
	switch (code) {
	case ERR_INVALID:
	case ERR_UNAVAILABLE:
		return true;
	case ERR_UNAUTHORIZED:
	case ERR_FORBIDDEN:
		return known;
	case ERR_UNKNOWN:
		return strchr(route->pattern, '{') != NULL;
	case ERR_TOO_LARGE:
		return true;
	case ERR_CONFLICT:
	case ERR_UNPROCESSABLE:
		return changes && known;
	case ERR_PRECONDITION:
		return header_takes_match(route);
	case ERR_MEDIA_TYPE:
		return endpoint->body != NULL;
	case ERR_METHOD:
	case ERR_NOT_ACCEPTED:
	case ERR_GONE:
	case ERR_CHECKSUM:
	case ERR_QUOTA:
	case ERR_INTERNAL:
	case ERR_CODES:
		return false;
	}
	return false;
}

static void add_headers(const struct route *route, json_t *out)
{
	const char *status;
	json_t *answer;

	json_object_foreach (out, status, answer) {
		json_t *headers = openapi_headers(route, atoi(status));

		if (json_object_size(headers))
			json_object_set(answer, "headers", headers);
		json_decref(headers);
	}
}

static json_t *responses(const struct route *route)
{
	const struct endpoint *endpoint = route->more;
	json_t *out = json_object();

	add_success(endpoint, endpoint->status, out);
	for (int status = 200; status <= 206; status++)
		if (has_status(endpoint->also, status))
			add_success(endpoint, status, out);
	if (has_status(endpoint->also, 416))
		json_object_set_new(
			out, "416",
			json_pack("{s:s}", "description", "The file does not reach that far."));
	for (enum error_code code = 0; code < ERR_CODES; code++)
		if (may_fail(route, code))
			add_problem(code, out);
	add_headers(route, out);
	return out;
}

/* ---- The document ---- */

static json_t *security(const struct route *route)
{
	const struct endpoint *endpoint = route->more;

	if (endpoint->role == ROLE_ANYONE)
		return json_array();
	if (endpoint_is_safe(route))
		return json_pack("[{s:[]}, {s:[]}]", "token", "session");
	return json_pack("[{s:[]}, {s:[], s:[]}]", "token", "session", "csrf");
}

/* The first word below the project: what the endpoint is about. */
static json_t *tag_of(const struct route *route)
{
	static const char PROJECT[] = "/projects/{project}/";
	const char *at = route->pattern + 1;

	if (strncmp(route->pattern, PROJECT, strlen(PROJECT)) == 0)
		at = route->pattern + strlen(PROJECT);
	return json_pack("[s%]", at, strcspn(at, "/"));
}

static json_t *operation(const struct route *route)
{
	const struct endpoint *endpoint = route->more;
	json_t *out = json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:o}", "operationId",
				endpoint->name, "summary", endpoint->about, "tags", tag_of(route),
				"x-role", endpoint_role_name(endpoint->role), "security",
				security(route), "parameters", parameters(route), "responses",
				responses(route));

	if (endpoint->body || endpoint->takes)
		json_object_set_new(out, "requestBody", request_body(route));
	return out;
}

static json_t *paths(const struct route *routes)
{
	json_t *out = json_object();

	for (; routes->pattern; routes++) {
		json_t *path = json_object_get(out, routes->pattern);
		char method[METHOD_SIZE] = "";

		if (!path) {
			path = json_object();
			json_object_set_new(out, routes->pattern, path);
		}
		for (size_t i = 0; routes->method[i]; i++)
			method[i] = (char)tolower((unsigned char)routes->method[i]);
		json_object_set_new(path, method, operation(routes));
	}
	return out;
}

static json_t *components(void)
{
	json_t *schemas = json_object();

	for (const struct reply *reply = replies; reply->name; reply++)
		json_object_set_new(schemas, reply->name, schema_of_reply(reply));
	return json_pack("{s:o, s:{s:{s:s, s:s}, s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s}}}", "schemas",
			 schemas, "securitySchemes", "token", "type", "http", "scheme", "bearer",
			 "session", "type", "apiKey", "in", "cookie", "name", "mews_session",
			 "csrf", "type", "apiKey", "in", "header", "name", "X-CSRF-Token");
}

json_t *openapi_document(const struct route *routes)
{
	return json_pack("{s:s, s:{s:s, s:s, s:s}, s:[{s:s}], s:o, s:o}", "openapi", "3.1.0",
			 "info", "title", "Mews", "version", MEWS_VERSION, "description", ABOUT,
			 "servers", "url", "/api/v1", "paths", paths(routes), "components",
			 components());
}
