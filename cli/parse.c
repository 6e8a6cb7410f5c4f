#include "cli/parse.h"

#include <string.h>

#include "cli/command.h"
#include "cli/help.h"
#include "gateway/arena.h"
#include "gateway/error.h"
#include "gateway/utf8.h"

/* The words that are still to be read. */
struct line {
	struct arena *arena;
	struct parsed *parsed;
	struct error *err;
	char **at;    /* ends with NULL */
	size_t words; /* in all: nothing needs more room */
};

static struct given *given_of(struct line *line, const struct option *option)
{
	struct parsed *parsed = line->parsed;
	struct given *given = parsed->given;

	while (given && given->option != option)
		given = given->next;
	if (!given) {
		given = arena_alloc(line->arena, sizeof(*given));
		given->option = option;
		given->values = arena_alloc(line->arena, (line->words + 1) * sizeof(char *));
		given->next = parsed->given;
		parsed->given = given;
	}
	return given;
}

static void add(struct given *given, const char *value)
{
	given->values[given->count++] = value;
}

/* `value`: what came in the same word, or NULL. The option's own word has been read. */
static bool take_values(struct line *line, const struct option *option, const char *value)
{
	struct given *given = given_of(line, option);

	if (!option->value) {
		if (value)
			return error_set(line->err, ERR_INVALID, "--%s takes no value",
					 option->name);
		add(given, "yes");
		return true;
	}
	if (!value && !*line->at)
		return error_set(line->err, ERR_INVALID, "--%s needs a value: %s", option->name,
				 option->value);
	add(given, value ? value : *line->at++);
	while (option_is_greedy(option) && *line->at && **line->at != '-')
		add(given, *line->at++);
	return true;
}

static bool take_long(struct line *line, const char *word)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	const struct option *option = command_option(line->parsed->command,
						     arena_strndup(line->arena, name, length));

	if (!option)
		return error_set(line->err, ERR_INVALID, "there is no option --%.*s%s", (int)length,
				 name, line->parsed->command ? " here" : " before a command");
	return take_values(line, option, equals ? equals + 1 : NULL);
}

static bool take_short(struct line *line, const char *word)
{
	const struct option *option = word[1] ? command_letter(line->parsed->command, word[1])
					      : NULL;

	if (!option)
		return error_set(line->err, ERR_INVALID, "there is no option %s here", word);
	if (!option->value && word[2])
		return error_set(line->err, ERR_INVALID,
				 "%s: short options stand alone, as in -%c -y", word, word[1]);
	return take_values(line, option, word[2] ? word + 2 : NULL);
}

static bool take_option(struct line *line)
{
	const char *word = *line->at++;

	return word[1] == '-' ? take_long(line, word) : take_short(line, word);
}

static bool no_command(struct line *line, const char *words, const char *word)
{
	const char *meant = help_closest(line->arena, line->parsed->words, word);

	return error_set(line->err, ERR_INVALID, "there is no command \"%s\"%s%s%s", words,
			 meant ? "; did you mean \"" : "", meant ? meant : "", meant ? "\"?" : "");
}

/* Words until they are a command. No command begins as another one is called. */
static bool find_command(struct line *line)
{
	struct parsed *parsed = line->parsed;

	while (*line->at && !parsed->command) {
		if (**line->at == '-') {
			if (!take_option(line))
				return false;
			continue;
		}
		const char *word = *line->at;
		const char *words = arena_printf(line->arena, "%s%s%s", parsed->words,
						 *parsed->words ? " " : "", word);
		if (!help_knows(words))
			return no_command(line, words, word);
		line->at++;
		parsed->words = words;
		parsed->command = command_find(words);
	}
	return true;
}

static bool take_rest(struct line *line)
{
	struct parsed *parsed = line->parsed;
	bool only_args = false;

	while (*line->at) {
		const char *word = *line->at;

		if (!only_args && strcmp(word, "--") == 0) {
			only_args = true;
			line->at++;
		} else if (!only_args && word[0] == '-' && word[1]) {
			if (!take_option(line))
				return false;
		} else {
			parsed->args[parsed->nargs++] = word;
			line->at++;
		}
	}
	return true;
}

bool parse_line(struct arena *arena, int argc, char **argv, struct parsed *out, struct error *err)
{
	struct line line = { arena, out, err, argv + 1, (size_t)argc };

	*out = (struct parsed){ .words = "" };
	out->args = arena_alloc(arena, ((size_t)argc + 1) * sizeof(char *));
	for (int i = 1; i < argc; i++)
		if (utf8_valid(argv[i], strlen(argv[i])) != strlen(argv[i]))
			return error_set(err, ERR_INVALID, "\"%s\" is not UTF-8", argv[i]);
	return find_command(&line) && take_rest(&line);
}

static bool check_args(const struct parsed *parsed, struct error *err)
{
	const char *at = parsed->command->args;
	struct command_arg arg;
	size_t count = 0;
	bool many = false;

	while (command_next_arg(&at, &arg)) {
		if (!arg.optional && count >= parsed->nargs)
			return error_set(err, ERR_INVALID, "%s is missing", arg.name);
		count++;
		many = arg.many;
	}
	if (parsed->nargs > count && !many)
		return error_set(err, ERR_INVALID, "\"%s\" is too much", parsed->args[count]);
	return true;
}

bool parse_check(const struct parsed *parsed, struct error *err)
{
	const struct option *option = parsed->command->options;
	size_t count;

	if (!check_args(parsed, err))
		return false;
	for (; option && option->name; option++) {
		parsed_values(parsed, option, &count);
		if (option->required && !count)
			return error_set(err, ERR_INVALID, "--%s %s is missing", option->name,
					 option->value);
	}
	return true;
}

const char *const *parsed_values(const struct parsed *parsed, const struct option *option,
				 size_t *count)
{
	const struct given *given = parsed->given;

	while (given && given->option != option)
		given = given->next;
	*count = given ? given->count : 0;
	return given ? given->values : NULL;
}

const char *parsed_value(const struct parsed *parsed, const char *name)
{
	const struct option *option = command_option(parsed->command, name);
	size_t count = 0;
	const char *const *values = option ? parsed_values(parsed, option, &count) : NULL;

	return count ? values[count - 1] : NULL;
}

bool parsed_flag(const struct parsed *parsed, const char *name)
{
	return parsed_value(parsed, name) != NULL;
}
