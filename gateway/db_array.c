#include "gateway/db_array.h"

#include <stdlib.h>
#include <string.h>

static void reserve(struct db_array *array, size_t more)
{
	size_t need = array->length + more;

	if (need <= array->room)
		return;
	array->room = need + need / 2;
	array->text = realloc(array->text, array->room);
	if (!array->text)
		abort();
}

static void put(struct db_array *array, char c)
{
	array->text[array->length++] = c;
}

void db_array_start(struct db_array *array)
{
	array->length = 0;
	reserve(array, 1);
	put(array, '{');
}

void db_array_add(struct db_array *array, const char *value)
{
	size_t size = value ? strlen(value) : 0;

	/* A comma, two quotes, and each character with a backslash; or a comma and NULL. */
	reserve(array, 2 * size + 5);
	if (array->length > 1)
		put(array, ',');
	if (!value) {
		memcpy(array->text + array->length, "NULL", 4);
		array->length += 4;
		return;
	}
	put(array, '"');
	for (const char *c = value; *c; c++) {
		if (*c == '"' || *c == '\\')
			put(array, '\\');
		put(array, *c);
	}
	put(array, '"');
}

const char *db_array_end(struct db_array *array)
{
	reserve(array, 2);
	put(array, '}');
	put(array, '\0');
	return array->text;
}

void db_array_free(struct db_array *array)
{
	free(array->text);
	*array = (struct db_array){ 0 };
}
