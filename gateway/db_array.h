/* PostgreSQL's array literals, '{"a","b",NULL}', from any texts. Pure. */
#pragma once

#include <stddef.h>

/* Starts as { 0 } and is used again and again; its memory grows to the largest literal. */
struct db_array {
	char *text;
	size_t length, room; /* bytes */
};

void db_array_start(struct db_array *array);
void db_array_add(struct db_array *array, const char *value); /* NULL: SQL null */
const char *db_array_end(struct db_array *array);             /* valid until the next start */
void db_array_free(struct db_array *array);
