/*
 * Is the schema in the database the one that this binary was built with? `state` is the answer to
 * schema/queries/schema_state.sql: which files were applied, by name and checksum. Errors say what
 * the operator is to do.
 */
#pragma once

#include <libpq-fe.h>
#include <stdbool.h>

#include "gateway/digest.h"

struct error;
struct sql_file;

/* What is noted of an applied file. */
void schema_checksum(const struct sql_file *file, char out[DIGEST_SHA256_HEX]);

/* Exactly ours: the daemon may run. `state` may be a failed answer. */
bool schema_state_fits(const PGresult *state, struct error *err);

/* Its migrations are all among ours: they may be completed. */
bool schema_state_precedes(const PGresult *state, struct error *err);

/* Nothing of ours is missing, and no function is left over. */
bool schema_state_complete(const PGresult *state, struct error *err);

/* Has exactly this file been applied? `kind` is "migration" or "function". */
bool schema_state_has(const PGresult *state, const char *kind, const struct sql_file *file);
