/*
 * The operator's API as handlers use it: paths, JSON in and out, pages, problem documents turned
 * into errors. What is returned lives as long as the run, unless it says otherwise.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/run.h"

struct http_reply;
struct http_request;

/* "/api/v1/A/B": each segment is escaped. The list ends with NULL. */
const char *api_path(struct run *run, const char *segment, ...) __attribute__((sentinel));

/* "/api/v1/projects/PROJECT" of the project that the run is about, and what is below it. */
const char *api_project(struct run *run);
const char *api_project_path(struct run *run, const char *segment, ...) __attribute__((sentinel));

/* `path` with ?name=value&..., pairs up to NULL; those with a NULL value are left out. */
const char *api_query(struct run *run, const char *path, const char *name, ...)
	__attribute__((sentinel));

/* *out may be NULL when nobody wants it. */
bool api_get(struct run *run, const char *path, json_t **out);

/* `body` is stolen, NULL: none. *out is NULL when the answer is empty. Can be repeated safely. */
bool api_send(struct run *run, const char *method, const char *path, json_t *body, json_t **out);

/* Is it there? *out is NULL when the answer is 404, which is no error then. */
bool api_find(struct run *run, const char *path, json_t **out);

/* Called for each item of a list; it is gone afterwards. False ends the walk with run->err. */
typedef bool api_item_fn(struct run *run, void *context, const json_t *item);

/*
 * All pages of a list, at most `limit` items (0: all). A list that gives out smaller pages than
 * others has limit=N in its path.
 */
bool api_each(struct run *run, const char *path, size_t limit, api_item_fn *fn, void *context);

/*
 * The item of a list that has this text or number as `member`, a copy; *out is NULL when there is
 * none.
 */
bool api_pick(struct run *run, const char *path, const char *member, const char *text,
	      json_t **out);

/* Does it? */
bool api_is(const json_t *item, const char *member, const char *text);

/* Any request; true when the answer is a success. *reply lives in `arena`. */
bool api_ask(struct run *run, struct arena *arena, const struct http_request *request,
	     struct http_reply *reply);

/* An answer that is no success, as an error for people. False. */
bool api_problem(struct run *run, const char *path, const struct http_reply *reply);

/* Texts and numbers of an answer; "" and 0 when they are missing. Dots lead to inner members. */
const json_t *api_at(const json_t *json, const char *path);
const char *api_text(const json_t *json, const char *path);
json_int_t api_number(const json_t *json, const char *path);
