/*
 * mewsd --migrate: bring the database to the schema that this binary was built with.
 *
 * Each file of schema/migrations/ is applied once, in order, in a transaction of its own together
 * with its record. Those of schema/functions/ can be repeated: when any of them has changed, all
 * are applied again, in one transaction. Two at once wait for each other; a database that is newer
 * than we are, or has other migrations, is left alone. Blocking: a command, not the daemon.
 *
 * Runs as the user of database.owner_url. That of database.url, if it is another one, then has what
 * the daemon needs (schema/functions/rights.sql); it must exist and be able to connect.
 */
#pragma once

#include <libpq-fe.h>

struct config;
struct error;

/* Exit status: 0; 1: failed, try again; 3: this binary does not belong to this database. */
int migrate_run(const struct config *config);
int migrate_status(const struct error *err);

/* Connected as the owner to a database that has our schema; PQfinish() it. NULL: failed. */
PGconn *migrate_open(const struct config *config, struct error *err);
