#include "gateway/migrate.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gateway/config.h"
#include "gateway/error.h"
#include "gateway/log.h"
#include "gateway/schema_state.h"
#include "queries.h"
#include "sql_files.h"

enum { OLDEST_SERVER = 150000, EXIT_FAILED = 1, EXIT_SCHEMA = 3 };
enum { ROLE_SIZE = 64 }; /* NAMEDATALEN */

static void on_notice(void *arg, const PGresult *notice)
{
	const char *text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);

	(void)arg;
	log_debug("database_notice", "text=\"%s\"", text ? text : "");
}

/* Run the statements of `sql`; `what` is the file, for the error. */
static bool run(PGconn *pg, const char *what, const char *sql, struct error *err)
{
	PGresult *result = PQexec(pg, sql);
	ExecStatusType status = PQresultStatus(result);
	bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

	if (!ok)
		error_set(err, ERR_INTERNAL, "%s: %s", what, PQresultErrorMessage(result));
	PQclear(result);
	return ok;
}

static bool apply(PGconn *pg, const char *kind, const struct sql_file *file, struct error *err)
{
	char checksum[DIGEST_SHA256_HEX];
	const char *const args[] = { kind, file->name, checksum };
	PGresult *result;
	bool ok;

	if (!run(pg, file->name, file->text, err))
		return false;
	schema_checksum(file, checksum);
	result = PQexecParams(pg, sql_setup_record, 3, NULL, args, NULL, NULL, 0);
	ok = PQresultStatus(result) == PGRES_COMMAND_OK;
	if (!ok)
		error_set(err, ERR_INTERNAL, "%s: %s", file->name, PQresultErrorMessage(result));
	PQclear(result);
	if (ok)
		log_info("schema_applied", "kind=%s name=%s", kind, file->name);
	return ok;
}

static bool apply_migrations(PGconn *pg, const PGresult *state, struct error *err)
{
	for (size_t i = 0; i < sql_migrations_count; i++) {
		const struct sql_file *file = &sql_migrations[i];

		if (schema_state_has(state, "migration", file))
			continue;
		if (!run(pg, "begin", sql_setup_begin, err) || !apply(pg, "migration", file, err) ||
		    !run(pg, "commit", sql_setup_commit, err))
			return false;
	}
	return true;
}

/* Twice, because functions use each other: files need no order, and no error goes unseen. */
static bool apply_functions(PGconn *pg, struct error *err)
{
	if (!run(pg, "begin", sql_setup_begin, err) ||
	    !run(pg, "forget_functions", sql_setup_forget_functions, err) ||
	    !run(pg, "trust_bodies", sql_setup_trust_bodies, err))
		return false;
	for (size_t i = 0; i < sql_functions_count; i++)
		if (!run(pg, sql_functions[i].name, sql_functions[i].text, err))
			return false;
	if (!run(pg, "check_bodies", sql_setup_check_bodies, err))
		return false;
	for (size_t i = 0; i < sql_functions_count; i++)
		if (!apply(pg, "function", &sql_functions[i], err))
			return false;
	return run(pg, "commit", sql_setup_commit, err);
}

/* We hold the lock. A migration may have dropped what functions use: then they come again, too. */
static bool complete(PGconn *pg, const PGresult *state, struct error *err)
{
	struct error missing;

	if (PQresultStatus(state) != PGRES_TUPLES_OK)
		return error_set(err, ERR_INTERNAL, "schema_state: %s",
				 PQresultErrorMessage(state));
	if (!schema_state_precedes(state, err))
		return false;
	if (schema_state_complete(state, &missing))
		return true;
	return apply_migrations(pg, state, err) && apply_functions(pg, err);
}

static bool check_server(PGconn *pg, struct error *err)
{
	const char *encoding = PQparameterStatus(pg, "server_encoding");

	if (PQserverVersion(pg) < OLDEST_SERVER)
		return error_set(err, ERR_CONFLICT, "PostgreSQL %s is too old: we need 15 or newer",
				 PQparameterStatus(pg, "server_version"));
	if (!encoding || strcmp(encoding, "UTF8") != 0)
		return error_set(err, ERR_CONFLICT,
				 "the database has encoding %s: create it with encoding UTF8",
				 encoding ? encoding : "unknown");
	return true;
}

static bool migrate(PGconn *pg, struct error *err)
{
	PGresult *state;
	bool ok;

	if (PQstatus(pg) != CONNECTION_OK)
		return error_set(err, ERR_UNAVAILABLE, "%s", PQerrorMessage(pg));
	PQsetNoticeReceiver(pg, on_notice, NULL);
	if (!check_server(pg, err) || !run(pg, "lock", sql_setup_lock, err) ||
	    !run(pg, "table", sql_setup_table, err))
		return false;
	state = PQexec(pg, query_texts[QUERY_SCHEMA_STATE].sql);
	ok = complete(pg, state, err);
	PQclear(state);
	return ok;
}

static PGconn *open_as(const char *conninfo)
{
	const char *const keywords[] = { "fallback_application_name", "dbname", "client_encoding",
					 NULL };
	const char *const values[] = { "mewsd --migrate", conninfo, "UTF8", NULL };

	return PQconnectdbParams(keywords, values, true);
}

/* ---- Rights of the daemon ---- */

/* The name of the daemon's role in `out`; libpq alone does not know it when database.url says
 * "role". */
static bool find_role(const char *conninfo, char out[ROLE_SIZE], struct error *err)
{
	PGconn *pg = open_as(conninfo);
	PGresult *result = PQstatus(pg) == CONNECTION_OK ? PQexec(pg, sql_setup_role) : NULL;
	bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;

	if (ok)
		snprintf(out, ROLE_SIZE, "%s", PQgetvalue(result, 0, 0));
	else
		error_set(err, ERR_UNAVAILABLE, "database.url: %s", PQerrorMessage(pg));
	PQclear(result);
	PQfinish(pg);
	return ok;
}

static bool grant(PGconn *owner, const char *role, struct error *err)
{
	PGresult *result = PQexecParams(owner, sql_setup_grant, 1, NULL, &role, NULL, NULL, 0);
	bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;

	if (!ok)
		error_set(err, ERR_INTERNAL, "grant: %s", PQresultErrorMessage(result));
	else if (PQgetvalue(result, 0, 0)[0] != 't')
		log_warn("audit_not_protected",
			 "role=\"%s\" hint=\"it owns the tables, their schema or the database, or "
			 "has more rights than it needs, and could rewrite the audit log; set "
			 "database.owner_url, see docs/operating.md\"",
			 role);
	PQclear(result);
	return ok;
}

static bool migrate_and_grant(PGconn *pg, const struct config *config, struct error *err)
{
	char role[ROLE_SIZE];

	return migrate(pg, err) && find_role(config->database_url, role, err) &&
	       grant(pg, role, err);
}

PGconn *migrate_open(const struct config *config, struct error *err)
{
	const char *owner = config->database_owner_url;
	PGconn *pg = open_as(*owner ? owner : config->database_url);

	if (migrate_and_grant(pg, config, err))
		return pg;
	PQfinish(pg); /* rolls back, and unlocks */
	return NULL;
}

int migrate_status(const struct error *err)
{
	return err->code == ERR_CONFLICT ? EXIT_SCHEMA : EXIT_FAILED;
}

int migrate_run(const struct config *config)
{
	struct error err;
	PGconn *pg = migrate_open(config, &err);

	if (!pg) {
		log_error("migrate", "error=\"%s\"", err.text);
		return migrate_status(&err);
	}
	PQfinish(pg);
	log_info("migrate", "migrations=%zu functions=%zu", sql_migrations_count,
		 sql_functions_count);
	return 0;
}
