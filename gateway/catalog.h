/*
 * A project's catalog: everything that decides about its devices except the devices themselves.
 *
 * A worker keeps the catalogs that it has met. Every change of one bumps `generation` in the same
 * transaction; the poll's statement returns the generation of its own snapshot, and a worker whose
 * catalog has another one fetches it before it decides. So after the API has answered "pulled", no
 * worker offers that release again. There are no expiry times and no notifications.
 *
 * A catalog never changes; a newer one takes its place. Whoever uses one across a wait holds it.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/route.h"
#include "resolver/resolver.h"

struct arena;
struct catalog_cache;
struct db;

struct catalog_key {
	int64_t id;
	const char *hash;  /* SHA-256 of the key, hex */
	int64_t cohort_id; /* overrides the device's cohort; 0: does not */
};

struct catalog_cohort {
	int64_t id;
	const char *slug;
	bool is_default;                 /* new devices join it */
	int polling_interval;            /* seconds; what devices are told */
	struct resolver_cohort decision; /* its active releases */
};

/* What devices and operators are told of a payload, beside what the resolver needs. */
struct catalog_payload {
	int64_t id, release_id;
	const char *filename, *sha256, *sha1, *md5;
	const char *extra_info; /* JSON text or NULL */
	int64_t size;           /* bytes */
	int64_t created;        /* seconds since 1970: the artifact's age */
};

/* Beside what the resolver needs. */
struct catalog_release {
	int64_t id;
	const char *notes, *revision;
	const char *extra_info; /* JSON text or NULL */
	const struct resolver_release *rules;
};

struct catalog {
	int64_t project_id, generation;
	const char *slug;
	const char *url_secret; /* key of signed links */
	struct resolver_policy policy;
	size_t nkeys, ncohorts, nreleases, npayloads;
	const struct catalog_key *keys;
	const struct catalog_cohort *cohorts;
	const struct catalog_release *releases; /* active anywhere in the project */
	const struct catalog_payload *payloads; /* of these releases */
	size_t ntargeting;
	const char *const *targeting; /* attributes that payloads may test */
};

struct catalog_cache *catalog_cache_new(struct db *db);
void catalog_cache_free(struct catalog_cache *cache);

/* The catalog with this (unrevoked) key, as last fetched; NULL: none that we know. */
const struct catalog *catalog_by_key(const struct catalog_cache *cache, const char *key_hash);
const struct catalog *catalog_by_project(const struct catalog_cache *cache, int64_t project_id);
const struct catalog *catalog_by_slug(const struct catalog_cache *cache, const char *slug);

/* Fetch from the database, then `next`, which looks again. Waiting requests share one fetch. */
struct flow catalog_fetch_by_key(struct request *req, const char *key_hash, step_fn *next);
struct flow catalog_fetch_by_project(struct request *req, int64_t project_id, step_fn *next);
struct flow catalog_fetch_by_slug(struct request *req, const char *slug, step_fn *next);

/* Keep `catalog` alive until the arena ends. */
void catalog_hold(struct arena *arena, const struct catalog *catalog);

/*
 * A release in the form that the schema's function catalog_release() gives it, such as one that a
 * what-if assumes to be active. Lives in `arena`, as do `payloads` (as many as rules->npayloads).
 * False: a version that is none in the project's scheme, which is our bug.
 */
bool catalog_read_release(struct arena *arena, const struct resolver_policy *policy,
			  const json_t *object, struct catalog_release *out,
			  struct catalog_payload *payloads);

/* Parts of a catalog, by id; NULL: not there. */
const struct catalog_key *catalog_key(const struct catalog *catalog, const char *key_hash);
const struct catalog_cohort *catalog_cohort(const struct catalog *catalog, int64_t id);
const struct catalog_release *catalog_release(const struct catalog *catalog, int64_t id);
const struct catalog_payload *catalog_payload(const struct catalog *catalog, int64_t id);
/* Is this activation active, in whichever cohort? */
const struct resolver_activation *catalog_activation(const struct catalog *catalog, int64_t id);
