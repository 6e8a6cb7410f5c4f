#include "gateway/catalog.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/catalog_json.h"
#include "gateway/db.h"
#include "gateway/log.h"
#include "gateway/must.h"
#include "gateway/request.h"
#include "gateway/worker.h"

/* A catalog and what it lives in. Held by the cache, and by whoever uses it across a wait. */
struct entry {
	struct catalog catalog; /* first: callers have a pointer to it */
	struct entry *next;     /* in the cache */
	struct arena *arena;
	size_t holders;
};

struct waiter {
	struct waiter *next;
	struct request *req;
	step_fn *step;
};

/* A fetch under way, with all who wait for it. */
struct fetch {
	struct fetch *next; /* in the cache */
	struct catalog_cache *cache;
	enum query query;
	char *argument;
	struct waiter *waiters;
};

/* Projects are few: lists do. */
struct catalog_cache {
	struct db *db;
	struct entry *entries;
	struct fetch *fetches;
};

static void entry_drop(void *object)
{
	struct entry *entry = object;

	if (--entry->holders == 0)
		arena_free(entry->arena); /* the entry lives in it */
}

struct catalog_cache *catalog_cache_new(struct db *db)
{
	struct catalog_cache *cache = must(calloc(1, sizeof(*cache)));

	cache->db = db;
	return cache;
}

static void fetch_free(struct fetch *fetch)
{
	free(fetch->argument);
	free(fetch);
}

void catalog_cache_free(struct catalog_cache *cache)
{
	if (!cache)
		return;
	for (struct entry *entry = cache->entries, *next; entry; entry = next) {
		next = entry->next;
		entry_drop(entry);
	}
	for (struct fetch *fetch = cache->fetches, *next; fetch; fetch = next) {
		next = fetch->next;
		fetch_free(fetch);
	}
	free(cache);
}

/* ---- Looking up ---- */

const struct catalog_key *catalog_key(const struct catalog *catalog, const char *key_hash)
{
	for (size_t i = 0; i < catalog->nkeys; i++)
		if (strcmp(catalog->keys[i].hash, key_hash) == 0)
			return &catalog->keys[i];
	return NULL;
}

const struct catalog_cohort *catalog_cohort(const struct catalog *catalog, int64_t id)
{
	for (size_t i = 0; i < catalog->ncohorts; i++)
		if (catalog->cohorts[i].id == id)
			return &catalog->cohorts[i];
	return NULL;
}

const struct catalog_release *catalog_release(const struct catalog *catalog, int64_t id)
{
	for (size_t i = 0; i < catalog->nreleases; i++)
		if (catalog->releases[i].id == id)
			return &catalog->releases[i];
	return NULL;
}

const struct catalog_payload *catalog_payload(const struct catalog *catalog, int64_t id)
{
	for (size_t i = 0; i < catalog->npayloads; i++)
		if (catalog->payloads[i].id == id)
			return &catalog->payloads[i];
	return NULL;
}

const struct resolver_activation *catalog_activation(const struct catalog *catalog, int64_t id)
{
	for (size_t i = 0; i < catalog->ncohorts; i++) {
		const struct resolver_cohort *cohort = &catalog->cohorts[i].decision;

		for (size_t k = 0; k < cohort->nactivations; k++)
			if (cohort->activations[k].id == id)
				return &cohort->activations[k];
	}
	return NULL;
}

const struct catalog *catalog_by_key(const struct catalog_cache *cache, const char *key_hash)
{
	for (const struct entry *entry = cache->entries; entry; entry = entry->next)
		if (catalog_key(&entry->catalog, key_hash))
			return &entry->catalog;
	return NULL;
}

const struct catalog *catalog_by_project(const struct catalog_cache *cache, int64_t project_id)
{
	for (const struct entry *entry = cache->entries; entry; entry = entry->next)
		if (entry->catalog.project_id == project_id)
			return &entry->catalog;
	return NULL;
}

const struct catalog *catalog_by_slug(const struct catalog_cache *cache, const char *slug)
{
	for (const struct entry *entry = cache->entries; entry; entry = entry->next)
		if (strcmp(entry->catalog.slug, slug) == 0)
			return &entry->catalog;
	return NULL;
}

void catalog_hold(struct arena *arena, const struct catalog *catalog)
{
	/* The only writer of the count; to everybody else an entry is constant. */
	struct entry *entry = (struct entry *)(uintptr_t)catalog;

	entry->holders++;
	arena_adopt(arena, entry, entry_drop);
}

/* ---- Fetching ---- */

static void remove_entry(struct catalog_cache *cache, const struct catalog *catalog)
{
	struct entry **at = &cache->entries;

	while (*at && &(*at)->catalog != catalog)
		at = &(*at)->next;
	if (*at) {
		struct entry *entry = *at;

		*at = entry->next;
		entry_drop(entry);
	}
}

static void drop_json(void *object)
{
	json_decref(object);
}

/* The catalog in the only row takes the place of an older one. */
static void take_in(struct catalog_cache *cache, const struct db_rows *rows)
{
	struct arena *arena = arena_new();
	struct entry *entry = arena_alloc(arena, sizeof(*entry));
	int64_t project_id = db_int(rows, 0, "project_id");
	const struct catalog *known = catalog_by_project(cache, project_id);
	json_error_t why;
	json_t *root = json_loads(db_text(rows, 0, "catalog"), 0, &why);

	entry->arena = arena;
	entry->holders = 1;
	if (root)
		arena_adopt(arena, root, drop_json);
	if (!root || !catalog_read(arena, root, &entry->catalog)) {
		log_error("catalog_unreadable", "project=%" PRId64 " error=\"%s\"", project_id,
			  root ? "a version that is none" : why.text);
		entry_drop(entry);
		return;
	}
	if (known && known->generation > entry->catalog.generation) {
		entry_drop(entry); /* two fetches have overtaken each other */
		return;
	}
	remove_entry(cache, known);
	/* A project that was deleted, and its name given to this one. */
	remove_entry(cache, catalog_by_slug(cache, entry->catalog.slug));
	entry->next = cache->entries;
	cache->entries = entry;
}

static void fetched(void *context, const struct db_rows *rows)
{
	struct fetch *fetch = context;
	struct fetch **at = &fetch->cache->fetches;

	while (*at != fetch)
		at = &(*at)->next;
	*at = fetch->next;
	if (rows && db_count(rows) > 0)
		take_in(fetch->cache, rows);
	else if (rows && fetch->query == QUERY_CATALOG_BY_PROJECT)
		remove_entry(fetch->cache,
			     catalog_by_project(fetch->cache, strtoll(fetch->argument, NULL, 10)));
	for (struct waiter *waiter = fetch->waiters, *next; waiter; waiter = next) {
		next = waiter->next; /* the waiter lives in its request's arena */
		request_resume_step(waiter->req, rows ? waiter->step : NULL);
	}
	fetch_free(fetch);
}

static struct fetch *fetch_start(struct catalog_cache *cache, enum query query,
				 const char *argument)
{
	struct fetch *fetch = must(calloc(1, sizeof(*fetch)));

	fetch->cache = cache;
	fetch->query = query;
	fetch->argument = must(strdup(argument));
	fetch->next = cache->fetches;
	cache->fetches = fetch;
	db_call(cache->db, query, DB_ARGS(fetch->argument), fetched, fetch);
	return fetch;
}

/*
 * A fetch that is under way began before this request asked, so its answer may be older than what
 * the request has seen elsewhere; whoever cares compares generations and asks again.
 */
static struct flow wait_for(struct request *req, enum query query, const char *argument,
			    step_fn *step)
{
	struct catalog_cache *cache = req->worker->catalogs;
	struct waiter *waiter = arena_alloc(req->arena, sizeof(*waiter));
	struct fetch *fetch = cache->fetches;

	while (fetch && (fetch->query != query || strcmp(fetch->argument, argument) != 0))
		fetch = fetch->next;
	if (!fetch)
		fetch = fetch_start(cache, query, argument);
	*waiter = (struct waiter){ fetch->waiters, req, step };
	fetch->waiters = waiter;
	return request_wait(req);
}

struct flow catalog_fetch_by_key(struct request *req, const char *key_hash, step_fn *next)
{
	return wait_for(req, QUERY_CATALOG_BY_KEY, key_hash, next);
}

struct flow catalog_fetch_by_project(struct request *req, int64_t project_id, step_fn *next)
{
	return wait_for(req, QUERY_CATALOG_BY_PROJECT,
			arena_printf(req->arena, "%" PRId64, project_id), next);
}

struct flow catalog_fetch_by_slug(struct request *req, const char *slug, step_fn *next)
{
	return wait_for(req, QUERY_CATALOG_BY_SLUG, slug, next);
}
