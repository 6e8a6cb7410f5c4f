#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/db_internal.h"

/* pg_type.h is not installed with libpq; these numbers never change. */
enum {
	OID_BOOL = 16,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_JSON = 114,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_NUMERIC = 1700,
	OID_JSONB = 3802
};

size_t db_count(const struct db_rows *rows)
{
	return (size_t)rows->count;
}

/*
 * A batch asks for the same twenty names for each of its rows, so PQfnumber(), which compares them
 * all, would show in profiles. A name in our code has one address: look there where it was last
 * time, and make sure that it still is.
 */
static int column_of(const struct db_rows *rows, const char *name)
{
	size_t place = ((uintptr_t)name * 0x9E3779B1u >> 16) % DB_COLUMNS;
	int field = rows->columns->slot[place].field;
	const char *found;

	if (rows->columns->slot[place].name == name) {
		found = field < PQnfields(rows->pg) ? PQfname(rows->pg, field) : NULL;
		if (found && strcmp(found, name) == 0)
			return field;
	}
	field = PQfnumber(rows->pg, name);
	assert(field >= 0); /* the statement has no such column */
	rows->columns->slot[place].name = name;
	rows->columns->slot[place].field = field;
	return field;
}

static const char *value(const struct db_rows *rows, size_t row, int field)
{
	int at = rows->first + (int)row;

	assert(row < (size_t)rows->count);
	return PQgetisnull(rows->pg, at, field) ? NULL : PQgetvalue(rows->pg, at, field);
}

const char *db_text(const struct db_rows *rows, size_t row, const char *column)
{
	return value(rows, row, column_of(rows, column));
}

int64_t db_int(const struct db_rows *rows, size_t row, const char *column)
{
	const char *text = db_text(rows, row, column);

	return text ? strtoll(text, NULL, 10) : 0;
}

bool db_bool(const struct db_rows *rows, size_t row, const char *column)
{
	const char *text = db_text(rows, row, column);

	return text && *text == 't';
}

/* PostgreSQL's JSON and numbers may be larger than ours: then as near as we can, or as text. */
static json_t *json_of(const char *text)
{
	size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
	json_t *json = json_loads(text, flags, NULL);

	if (!json)
		json = json_loads(text, flags | JSON_DECODE_INT_AS_REAL, NULL);
	return json ? json : json_string(text); /* NaN, 1e400 */
}

static json_t *json_value(Oid type, const char *text)
{
	switch (type) {
	case OID_BOOL:
		return json_boolean(*text == 't');
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
		return json_integer(strtoll(text, NULL, 10));
	case OID_FLOAT4:
	case OID_FLOAT8:
	case OID_NUMERIC:
	case OID_JSON:
	case OID_JSONB:
		return json_of(text);
	default:
		return json_string(text);
	}
}

json_t *db_json(const struct db_rows *rows, size_t row)
{
	json_t *object = json_object();

	for (int field = 0; field < PQnfields(rows->pg); field++) {
		const char *text = value(rows, row, field);

		if (text)
			json_object_set_new(object, PQfname(rows->pg, field),
					    json_value(PQftype(rows->pg, field), text));
	}
	return object;
}
