#include "cli/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "gateway/arena.h"

enum { BATCH = 1000 }; /* rows that share their widths; later ones only widen */

struct cell {
	const char *text;
	enum tint tint;
};

struct column {
	const char *title;
	size_t width;
	bool right;
};

struct table {
	FILE *out;
	struct arena *arena; /* of the titles */
	struct arena *batch; /* of the cells */
	struct column *columns;
	struct cell *cells; /* of the rows that are not printed yet */
	size_t ncolumns, ntitles, ncells;
	bool human, color, begun;
};

struct table *table_new(FILE *out, size_t columns, bool human, bool color)
{
	struct arena *arena = arena_new();
	struct table *table = arena_alloc(arena, sizeof(*table));

	*table = (struct table){
		.out = out, .arena = arena, .ncolumns = columns, .human = human, .color = color
	};
	table->batch = arena_new();
	table->columns = arena_alloc(arena, columns * sizeof(*table->columns));
	table->cells = arena_alloc(arena, columns * BATCH * sizeof(*table->cells));
	return table;
}

void tint_print(FILE *out, bool color, enum tint tint, const char *text)
{
	static const char *const CODES[] = {
		[TINT_NONE] = "",         [TINT_GOOD] = "\033[32m", [TINT_BAD] = "\033[31m",
		[TINT_BUSY] = "\033[33m", [TINT_DIM] = "\033[2m",
	};

	if (!color || tint == TINT_NONE)
		fputs(text, out);
	else
		fprintf(out, "%s%s\033[0m", CODES[tint], text);
}

static void print_padding(FILE *out, size_t count)
{
	fprintf(out, "%*s", (int)count, "");
}

static void print_cell(const struct table *table, const struct cell *cell, size_t i)
{
	const struct column *column = &table->columns[i];
	size_t width = text_width(cell->text), missing = column->width - width;
	bool last = i + 1 == table->ncolumns;

	if (column->right)
		print_padding(table->out, missing);
	tint_print(table->out, table->color, cell->tint, cell->text);
	if (!column->right && !last)
		print_padding(table->out, missing);
	if (!last)
		fputs("  ", table->out);
}

static void print_row(const struct table *table, const struct cell *row)
{
	for (size_t i = 0; i < table->ncolumns; i++) {
		if (table->human)
			print_cell(table, &row[i], i);
		else
			fprintf(table->out, "%s%s", i ? "\t" : "", row[i].text);
	}
	fputc('\n', table->out);
}

static void print_titles(struct table *table)
{
	struct cell *titles = arena_alloc(table->arena, table->ncolumns * sizeof(*titles));

	for (size_t i = 0; i < table->ncolumns; i++)
		titles[i] = (struct cell){ table->columns[i].title, TINT_DIM };
	print_row(table, titles);
}

static bool has_titles(const struct table *table)
{
	for (size_t i = 0; i < table->ncolumns; i++)
		if (*table->columns[i].title)
			return true;
	return false;
}

static void flush(struct table *table)
{
	for (size_t i = 0; i < table->ncells; i++) {
		struct column *column = &table->columns[i % table->ncolumns];
		size_t width = text_width(table->cells[i].text);

		if (width > column->width)
			column->width = width;
	}
	if (table->human && table->ncells && !table->begun && has_titles(table))
		print_titles(table);
	table->begun = true;
	for (size_t i = 0; i < table->ncells; i += table->ncolumns)
		print_row(table, &table->cells[i]);
	table->ncells = 0;
	arena_free(table->batch);
	table->batch = arena_new();
}

void table_free(struct table *table)
{
	assert(table->ncells % table->ncolumns == 0);
	flush(table);
	arena_free(table->batch);
	arena_free(table->arena);
}

void table_title(struct table *table, const char *title, bool right)
{
	const char *text = text_printable(table->arena, title);

	assert(table->ntitles < table->ncolumns);
	table->columns[table->ntitles++] =
		(struct column){ text, table->human ? text_width(text) : 0, right };
}

void table_cell(struct table *table, const char *text, enum tint tint)
{
	assert(table->ntitles == table->ncolumns);
	table->cells[table->ncells++] = (struct cell){ text_printable(table->batch, text), tint };
	if (table->ncells == table->ncolumns * BATCH)
		flush(table);
}
