#include "cli/help.h"

#include <stdint.h>
#include <string.h>

#include "cli/command.h"
#include "cli/table.h"
#include "gateway/arena.h"

static const char *option_words(struct arena *arena, const struct option *option)
{
	return arena_printf(arena, "--%s%s%s", option->name, option->value ? " " : "",
			    option->value ? option->value : "");
}

/* Words, arguments and options; without those that may be left out, if `brief`. */
static const char *usage(struct arena *arena, const struct command *command, bool brief)
{
	const struct option *option = command->options;
	const char *text = arena_printf(arena, "%s%s%s", command->words, *command->args ? " " : "",
					command->args);

	for (; option && option->name; option++)
		if (option->required || !brief)
			text = arena_printf(arena, option->required ? "%s %s" : "%s [%s]", text,
					    option_words(arena, option));
	return text;
}

const char *help_usage(struct arena *arena, const struct command *command)
{
	return arena_printf(arena, "mews %s", usage(arena, command, false));
}

static void print_options(FILE *out, struct arena *arena, const struct command *command,
			  const struct option *options)
{
	struct table *table = table_new(out, 2, true, false);

	table_title(table, "", false);
	table_title(table, "", false);
	for (; options->name; options++) {
		const char *words = option_words(arena, options);

		if (command_option(command, options->name) != options)
			continue; /* this command has another one of that name, or it makes no sense
				   */
		if (options->letter)
			words = arena_printf(arena, "-%c, %s", options->letter, words);
		table_cell(table, arena_printf(arena, "  %s", words), TINT_NONE);
		table_cell(table, options->about, TINT_NONE);
	}
	table_free(table);
}

static void print_keys(FILE *out, const struct key *keys)
{
	struct table *table = table_new(out, 2, true, false);
	struct arena *arena = arena_new();

	table_title(table, "", false);
	table_title(table, "", false);
	for (; keys->name; keys++) {
		table_cell(table, arena_printf(arena, "  %s", keys->name), TINT_NONE);
		table_cell(table, key_wants(keys->kind), TINT_NONE);
	}
	table_free(table);
	arena_free(arena);
}

static void print_command(FILE *out, struct arena *arena, const struct command *command)
{
	fprintf(out, "Usage: %s\n\n%s\n", help_usage(arena, command), command->about);
	if (command->keys) {
		fputs("\nKeys:\n", out);
		print_keys(out, command->keys);
	}
	if (command->options) {
		fputs("\nOptions:\n", out);
		print_options(out, arena, command, command->options);
	}
	fputs("\nGeneral options:\n", out);
	print_options(out, arena, command, GENERAL_OPTIONS);
}

static void print_list(FILE *out, struct arena *arena, const char *words)
{
	struct table *table = table_new(out, 2, true, false);

	table_title(table, "", false);
	table_title(table, "", false);
	for (const struct command *command = COMMANDS; command->words; command++) {
		if (!command_begins(command, words) || !command->about)
			continue;
		table_cell(table, arena_printf(arena, "  %s", usage(arena, command, true)),
			   TINT_NONE);
		table_cell(table, command->about, TINT_NONE);
	}
	table_free(table);
}

bool help_knows(const char *words)
{
	for (const struct command *command = COMMANDS; command->words; command++)
		if (command_begins(command, words))
			return true;
	return false;
}

enum { MAX_WORD = 15 }; /* bytes; no word of a command is longer */

/* How many letters are to be changed, added, dropped or swapped with their neighbours. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[MAX_WORD + 1][MAX_WORD + 1], la = strlen(a), lb = strlen(b);

	if (la > MAX_WORD || lb > MAX_WORD)
		return SIZE_MAX;
	for (size_t i = 0; i <= la; i++)
		for (size_t k = 0; k <= lb; k++) {
			if (!i || !k) {
				rows[i][k] = i + k;
				continue;
			}
			size_t least = rows[i - 1][k - 1] + (a[i - 1] != b[k - 1]);

			if (rows[i - 1][k] + 1 < least)
				least = rows[i - 1][k] + 1;
			if (rows[i][k - 1] + 1 < least)
				least = rows[i][k - 1] + 1;
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] &&
			    rows[i - 2][k - 2] + 1 < least)
				least = rows[i - 2][k - 2] + 1;
			rows[i][k] = least;
		}
	return rows[la][lb];
}

const char *help_closest(struct arena *arena, const char *group, const char *word)
{
	size_t least = strlen(word) / 3 + 1, skip = strlen(group) + (*group ? 1 : 0);
	const char *best = NULL;

	for (const struct command *command = COMMANDS; command->words; command++) {
		if (!command->about || !command_begins(command, group))
			continue;
		size_t length = strcspn(command->words + skip, " ");
		const char *other = arena_strndup(arena, command->words + skip, length);
		size_t far = distance(word, other);

		if (far < least) {
			least = far;
			best = arena_strndup(arena, command->words, skip + length);
		}
	}
	return best;
}

static const char TAIL[] = "\nmews help COMMAND explains one, `man mews` all of it.\n";

void help_print(FILE *out, struct arena *arena, const char *words)
{
	const struct command *command = command_find(words);

	if (command) {
		print_command(out, arena, command);
		return;
	}
	if (*words) {
		fprintf(out, "Usage: mews %s ...\n\n", words);
		print_list(out, arena, words);
		fputs(TAIL, out);
		return;
	}
	fputs("Usage: mews COMMAND [ARGUMENTS] [OPTIONS]\n\nThe command line of a Mews update "
	      "gateway.\n\n",
	      out);
	print_list(out, arena, words);
	fputs("\nGeneral options:\n", out);
	print_options(out, arena, NULL, GENERAL_OPTIONS);
	fputs(TAIL, out);
}
