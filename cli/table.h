/*
 * Rows for people and rows for scripts. On a terminal: aligned columns under their titles, by the
 * width that characters have there. Elsewhere: tab-separated, without titles, nothing rounded or
 * translated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table;

enum tint { TINT_NONE, TINT_GOOD, TINT_BAD, TINT_BUSY, TINT_DIM };

struct table *table_new(FILE *out, size_t columns, bool human, bool color);

/* Print what is left and end it. */
void table_free(struct table *table);

/*
 * First all titles (when all are "" there is no line of them), then cells row by row. Texts are
 * copied, and made printable.
 */
void table_title(struct table *table, const char *title, bool right);
void table_cell(struct table *table, const char *text, enum tint tint);

/* Words in a colour, between other output. */
void tint_print(FILE *out, bool color, enum tint tint, const char *text);
