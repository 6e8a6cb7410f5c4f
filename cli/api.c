#include "cli/api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/http.h"
#include "gateway/hex.h"

#define API "/api/v1"

enum { PAGE = 500, KEY_BYTES = 16 };
static const char PAGE_TEXT[] = "500";

/* ---- Paths ---- */

static const char *join(struct run *run, const char *path, const char *segment, va_list more)
{
	for (; segment; segment = va_arg(more, const char *))
		path = arena_printf(run->arena, "%s/%s", path, http_escape(run->arena, segment));
	return path;
}

const char *api_path(struct run *run, const char *segment, ...)
{
	va_list more;

	va_start(more, segment);
	const char *path = join(run, API, segment, more);
	va_end(more);
	return path;
}

const char *api_project(struct run *run)
{
	return api_path(run, "projects", run->config.project, NULL);
}

const char *api_project_path(struct run *run, const char *segment, ...)
{
	va_list more;
	const char *path = api_project(run);

	va_start(more, segment);
	path = join(run, path, segment, more);
	va_end(more);
	return path;
}

static const char *with_param(struct run *run, const char *path, const char *name,
			      const char *value)
{
	return arena_printf(run->arena, "%s%c%s=%s", path, strchr(path, '?') ? '&' : '?', name,
			    http_escape(run->arena, value));
}

const char *api_query(struct run *run, const char *path, const char *name, ...)
{
	va_list more;

	va_start(more, name);
	for (; name; name = va_arg(more, const char *)) {
		const char *value = va_arg(more, const char *);

		if (value)
			path = with_param(run, path, name, value);
	}
	va_end(more);
	return path;
}

/* ---- Answers that are no success ---- */

static const struct {
	int status;
	enum error_code code;
	const char *hint; /* or NULL */
} PROBLEMS[] = {
	{ 400, ERR_INVALID, NULL },
	{ 401, ERR_UNAUTHORIZED, "run `mews login`, or set MEWS_TOKEN to a valid token" },
	{ 403, ERR_FORBIDDEN, NULL },
	{ 404, ERR_UNKNOWN, NULL },
	{ 405, ERR_METHOD, "the server is of another version than this command" },
	{ 409, ERR_CONFLICT, NULL },
	{ 410, ERR_GONE, NULL },
	{ 412, ERR_PRECONDITION, NULL },
	{ 413, ERR_TOO_LARGE, NULL },
	{ 415, ERR_MEDIA_TYPE, NULL },
	{ 422, ERR_UNPROCESSABLE, NULL },
	{ 429, ERR_QUOTA, NULL },
	{ 460, ERR_CHECKSUM, NULL },
	{ 503, ERR_UNAVAILABLE, "try again in a moment" },
};

enum { NPROBLEMS = sizeof(PROBLEMS) / sizeof(PROBLEMS[0]) };

static size_t problem_of(int status)
{
	size_t i = 0;

	while (i < NPROBLEMS && PROBLEMS[i].status != status)
		i++;
	return i;
}

/* What the path is about: "devices/unit-7" of "/api/v1/projects/default/devices/unit-7?x". */
static const char *subject(struct run *run, const char *path)
{
	const char *project = api_project(run);
	size_t skip = strncmp(path, project, strlen(project)) == 0 ? strlen(project) : strlen(API);

	if (path[skip] != '/')
		return arena_printf(run->arena, "project %s", run->config.project);
	path += skip + 1;
	return arena_strndup(run->arena, path, strcspn(path, "?"));
}

/* In a body or a query, what does not exist is 422 or 400 to HTTP; to people it is the same. */
static const char NO_SUCH[] = "no such ";

/* Some other server, or a proxy before ours. */
static bool not_ours(struct run *run, const struct http_reply *reply)
{
	return error_set(&run->err, ERR_INTERNAL,
			 "%s answered %d and not as a Mews gateway does; is the URL right?",
			 run->config.url, reply->status);
}

/* The server's words, and of what is missing or broken whatever helps to find it. */
static const char *words_of(struct run *run, const char *path, int status, const json_t *problem)
{
	const char *detail = api_text(problem, "detail");

	if (status == 404)
		return arena_printf(run->arena, "%s (%s)", detail, subject(run, path));
	if (status == 500 || problem_of(status) == NPROBLEMS)
		return arena_printf(run->arena, "%s (%d, request %s)", detail, status,
				    api_text(problem, "request_id"));
	return detail;
}

/* What to do next, when the words do not say it. */
static const char *hint_of(const char *path, int status)
{
	size_t i = problem_of(status);

	if (status == 401 && strcmp(path, API "/login") == 0)
		return NULL;
	return i < NPROBLEMS ? PROBLEMS[i].hint : NULL;
}

bool api_problem(struct run *run, const char *path, const struct http_reply *reply)
{
	json_t *problem = run_keep(run, json_loadb(reply->body, reply->size, 0, NULL));
	const char *words = words_of(run, path, reply->status, problem);
	const char *hint = hint_of(path, reply->status);
	size_t i = problem_of(reply->status);
	enum error_code code = i < NPROBLEMS ? PROBLEMS[i].code : ERR_INTERNAL;

	if (!*api_text(problem, "detail"))
		return not_ours(run, reply);
	if (strncmp(words, NO_SUCH, strlen(NO_SUCH)) == 0)
		code = ERR_UNKNOWN;
	return error_set(&run->err, code, "%s%s%s", words, hint ? ": " : "", hint ? hint : "");
}

/* ---- Requests ---- */

static bool succeeded(const struct http_reply *reply)
{
	return reply->status >= 200 && reply->status < 300;
}

bool api_ask(struct run *run, struct arena *arena, const struct http_request *request,
	     struct http_reply *reply)
{
	if (!run->config.url)
		return run_usage(run, "which server? Run `mews login --url https://...`, or set "
				      "MEWS_URL and MEWS_TOKEN");
	if (!http_do(run->http, arena, request, reply, &run->err))
		return false;
	return succeeded(reply) || api_problem(run, request->path, reply);
}

static bool read_json(struct run *run, const struct http_reply *reply, json_t **out)
{
	json_t *json = NULL;

	if (reply->size) {
		json = run_keep(run, json_loadb(reply->body, reply->size, 0, NULL));
		if (!json)
			return not_ours(run, reply);
	}
	if (out)
		*out = json;
	return true;
}

bool api_get(struct run *run, const char *path, json_t **out)
{
	struct http_request request = { .method = "GET", .path = path, .repeatable = true };
	struct http_reply reply;

	return api_ask(run, run->arena, &request, &reply) && read_json(run, &reply, out);
}

bool api_find(struct run *run, const char *path, json_t **out)
{
	*out = NULL;
	if (api_get(run, path, out))
		return true;
	return run->exit == RUN_DONE && run->err.code == ERR_UNKNOWN;
}

/* The server does a request with the same key once, however often it arrives. */
static const char *idempotency_key(struct run *run)
{
	unsigned char bytes[KEY_BYTES];
	char hex[2 * KEY_BYTES + 1];

	arc4random_buf(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), hex);
	return arena_printf(run->arena, "Idempotency-Key: %s", hex);
}

static const char *dump(struct run *run, json_t *body)
{
	const char *text = "";

	if (body)
		text = arena_adopt(run->arena, json_dumps(body, JSON_COMPACT), free);
	json_decref(body);
	return text;
}

bool api_send(struct run *run, const char *method, const char *path, json_t *body, json_t **out)
{
	const char *key = strcmp(method, "POST") == 0 ? idempotency_key(run) : NULL;
	const char *headers[] = { "Accept: application/json", NULL, NULL, NULL };
	struct http_request request = {
		.method = method, .path = path, .headers = headers, .repeatable = true
	};
	struct http_reply reply = { 0 };
	bool answered;

	if (body)
		headers[1] = "Content-Type: application/json";
	headers[body ? 2 : 1] = key;
	if (body || key) {
		request.body = dump(run, body);
		request.size = strlen(request.body);
	}
	do
		answered = api_ask(run, run->arena, &request, &reply);
	while (answered && reply.status == 202); /* done in part, and asked to repeat */
	if (answered)
		return read_json(run, &reply, out);
	/* Gone already: by the attempt whose answer was lost. */
	return run->exit == RUN_DONE && run->err.code == ERR_UNKNOWN &&
	       strcmp(method, "DELETE") == 0 && reply.attempts > 1;
}

/* ---- Lists ---- */

/* One page in an arena of its own, so that long lists do not add up. */
static bool get_page(struct run *run, struct arena *arena, const char *path, json_t **out)
{
	struct http_request request = { .method = "GET", .path = path, .repeatable = true };
	struct http_reply reply;

	if (!api_ask(run, arena, &request, &reply))
		return false;
	*out = json_loadb(reply.body, reply.size, 0, NULL);
	if (json_is_array(json_object_get(*out, "items")))
		return true;
	json_decref(*out);
	return not_ours(run, &reply);
}

struct walk {
	api_item_fn *fn;
	void *context;
	size_t seen, limit;
	char *cursor; /* of the next page; NULL: this was the last */
};

static bool walk_page(struct run *run, struct walk *walk, const json_t *page)
{
	const char *next = json_string_value(json_object_get(page, "next"));
	const json_t *item;
	size_t i;

	free(walk->cursor);
	walk->cursor = next ? strdup(next) : NULL;
	json_array_foreach (json_object_get(page, "items"), i, item) {
		if (walk->limit && walk->seen == walk->limit)
			return true;
		walk->seen++;
		if (!walk->fn(run, walk->context, item))
			return false;
	}
	return true;
}

bool api_each(struct run *run, const char *path, size_t limit, api_item_fn *fn, void *context)
{
	struct walk walk = { .fn = fn, .context = context, .limit = limit };
	const char *size = limit && limit < PAGE ? arena_printf(run->arena, "%zu", limit)
						 : PAGE_TEXT;
	const char *first = strstr(path, "limit=") ? path
						   : api_query(run, path, "limit", size, NULL);
	bool ok, more;

	do {
		struct arena *arena = arena_new();
		const char *cursor = walk.cursor ? http_escape(arena, walk.cursor) : NULL;
		json_t *page = NULL;

		ok = get_page(run, arena,
			      cursor ? arena_printf(arena, "%s&cursor=%s", first, cursor) : first,
			      &page) &&
		     walk_page(run, &walk, page);
		json_decref(page);
		arena_free(arena);
		more = walk.cursor && (!limit || walk.seen < limit);
	} while (ok && more);
	free(walk.cursor);
	return ok;
}

struct pick {
	const char *member, *text;
	json_t **out;
};

static bool pick_item(struct run *run, void *context, const json_t *item)
{
	const struct pick *pick = context;

	if (!*pick->out && api_is(item, pick->member, pick->text))
		*pick->out = run_keep(run, json_deep_copy(item));
	return true;
}

bool api_pick(struct run *run, const char *path, const char *member, const char *text, json_t **out)
{
	struct pick pick = { member, text, out };

	*out = NULL;
	return api_each(run, path, 0, pick_item, &pick);
}

/* ---- Reading answers ---- */

bool api_is(const json_t *item, const char *member, const char *text)
{
	const json_t *value = json_object_get(item, member);
	char number[24];

	if (!json_is_integer(value))
		return strcmp(api_text(item, member), text) == 0;
	snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return strcmp(number, text) == 0;
}

const json_t *api_at(const json_t *json, const char *path)
{
	while (json && *path) {
		size_t length = strcspn(path, ".");

		json = json_object_getn(json, path, length);
		path += length + (path[length] == '.');
	}
	return json;
}

const char *api_text(const json_t *json, const char *path)
{
	const char *text = json_string_value(api_at(json, path));

	return text ? text : "";
}

json_int_t api_number(const json_t *json, const char *path)
{
	return json_integer_value(api_at(json, path));
}
