#include "gateway/schema_state.h"

#include <string.h>

#include "gateway/error.h"
#include "sql_files.h"

enum { COLUMN_KIND, COLUMN_NAME, COLUMN_CHECKSUM };

#define MIGRATION "migration"
#define FUNCTION  "function"

void schema_checksum(const struct sql_file *file, char out[DIGEST_SHA256_HEX])
{
	digest_sha256(file->text, strlen(file->text), out);
}

static const char *find_checksum(const PGresult *state, const char *kind, const char *name)
{
	for (int row = 0; row < PQntuples(state); row++)
		if (strcmp(PQgetvalue(state, row, COLUMN_KIND), kind) == 0 &&
		    strcmp(PQgetvalue(state, row, COLUMN_NAME), name) == 0)
			return PQgetvalue(state, row, COLUMN_CHECKSUM);
	return NULL;
}

static const struct sql_file *find_migration(const char *name)
{
	for (size_t i = 0; i < sql_migrations_count; i++)
		if (strcmp(sql_migrations[i].name, name) == 0)
			return &sql_migrations[i];
	return NULL;
}

bool schema_state_has(const PGresult *state, const char *kind, const struct sql_file *file)
{
	const char *recorded = find_checksum(state, kind, file->name);
	char checksum[DIGEST_SHA256_HEX];

	schema_checksum(file, checksum);
	return recorded && strcmp(recorded, checksum) == 0;
}

static bool precedes(const char *name, bool ours, bool same, struct error *err)
{
	if (!ours)
		return error_set(err, ERR_CONFLICT,
				 "this mewsd is older than the database, which has migration %s: "
				 "install the newer mewsd again",
				 name);
	if (!same)
		return error_set(
			err, ERR_CONFLICT,
			"migration %s is not the one that the database was made with: this "
			"mewsd does not belong to this database",
			name);
	return true;
}

bool schema_state_precedes(const PGresult *state, struct error *err)
{
	for (int row = 0; row < PQntuples(state); row++) {
		const char *name = PQgetvalue(state, row, COLUMN_NAME);
		const struct sql_file *file = find_migration(name);

		if (strcmp(PQgetvalue(state, row, COLUMN_KIND), MIGRATION) == 0 &&
		    !precedes(name, file, file && schema_state_has(state, MIGRATION, file), err))
			return false;
	}
	return true;
}

static bool lacks(const char *folder, const char *name, struct error *err)
{
	return error_set(err, ERR_CONFLICT,
			 "the database lacks schema/%s/%s.sql as this mewsd has it: run mewsd "
			 "--migrate, unless this mewsd is the older one",
			 folder, name);
}

bool schema_state_complete(const PGresult *state, struct error *err)
{
	size_t functions = 0;

	for (size_t i = 0; i < sql_migrations_count; i++)
		if (!schema_state_has(state, MIGRATION, &sql_migrations[i]))
			return lacks("migrations", sql_migrations[i].name, err);
	for (size_t i = 0; i < sql_functions_count; i++)
		if (!schema_state_has(state, FUNCTION, &sql_functions[i]))
			return lacks("functions", sql_functions[i].name, err);
	for (int row = 0; row < PQntuples(state); row++)
		functions += strcmp(PQgetvalue(state, row, COLUMN_KIND), FUNCTION) == 0;
	if (functions != sql_functions_count)
		return error_set(
			err, ERR_CONFLICT,
			"the database has functions that this mewsd does not know: run mewsd "
			"--migrate, unless this mewsd is the older one");
	return true;
}

bool schema_state_fits(const PGresult *state, struct error *err)
{
	const char *sqlstate = PQresultErrorField(state, PG_DIAG_SQLSTATE);

	if (sqlstate && strcmp(sqlstate, "42P01") == 0) /* no such table */
		return error_set(err, ERR_CONFLICT,
				 "the database has no schema yet: run mewsd --migrate");
	if (PQresultStatus(state) != PGRES_TUPLES_OK)
		return error_set(err, ERR_CONFLICT, "the schema cannot be read: %s",
				 PQresultErrorMessage(state));
	return schema_state_precedes(state, err) && schema_state_complete(state, err);
}
