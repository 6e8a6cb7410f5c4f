/*
 * The configuration of the daemon: one table (config_keys.c) of keys with types, limits, defaults
 * and descriptions.
 *
 * A file in libconfig's format, which SWUpdate's users know, then the environment: key
 * `database.url` is MEWS_DATABASE_URL, `public_url` is MEWS_PUBLIC_URL. The environment wins.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "gateway/log.h"

struct arena;
struct error;

struct config {
	const char *const *listen;          /* "127.0.0.1:8080", "[::1]:8080"; NULL-terminated */
	int workers;                        /* 0: one per core */
	int connections;                    /* of clients, open at once, per worker */
	const char *public_url;             /* "" or "https://ota.example.com[:port]" */
	const char *const *trusted_proxies; /* whose X-Forwarded-* we believe; NULL-terminated */
	const char *database_url;           /* libpq: URI or key=value */
	const char *database_owner_url;     /* for migrate.h; "": database_url */
	int database_connections;           /* per worker */
	const char *store_path;             /* folder of artifacts and unfinished uploads */
	enum log_level log_level;
	enum log_format log_format;
	int request_timeout; /* seconds to wait for the database; then 503 */
	int idle_timeout;    /* seconds without a byte; then a connection ends */
	int drain_timeout;   /* seconds that a worker may take to end */
	int seen_resolution; /* seconds; how exact `last_seen` is */
	long upload_piece;   /* bytes of one PATCH or PUT */
	int upload_expiry;   /* seconds an unfinished upload is kept */
	int url_expiry;      /* seconds that a signed link works */
};

/*
 * Defaults, then `path` (NULL: no file), then the environment; every value is checked. On failure
 * the error says "FILE:LINE: key: what is wrong" (or "MEWS_X: ..."). The result lives in `arena`.
 */
bool config_load(struct arena *arena, const char *path, struct config *out, struct error *err);

/* A commented sample file with every key at its default: deploy/mews.conf. */
void config_print(FILE *out);
