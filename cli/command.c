#include "cli/command.h"

#include <stdio.h>
#include <string.h>

bool command_next_arg(const char **at, struct command_arg *out)
{
	const char *from = *at + strspn(*at, " ");
	size_t length = strcspn(from, " ");

	if (!length)
		return false;
	*at = from + length;
	*out = (struct command_arg){ .optional = *from == '[' };
	out->many = strstr(from, "...") && strstr(from, "...") < *at;
	from += out->optional;
	snprintf(out->name, sizeof(out->name), "%.*s", (int)strcspn(from, " ].["), from);
	return true;
}

/* --dry-run is general to look at, but only where there is something to try. */
static bool applies(const struct command *command, const struct option *option)
{
	return strcmp(option->name, "dry-run") != 0 || (command && command->changes);
}

const struct option *command_option(const struct command *command, const char *name)
{
	const struct option *option = command ? command->options : NULL;

	for (; option && option->name; option++)
		if (strcmp(option->name, name) == 0)
			return option;
	for (option = GENERAL_OPTIONS; option->name; option++)
		if (strcmp(option->name, name) == 0)
			return applies(command, option) ? option : NULL;
	return NULL;
}

const struct option *command_letter(const struct command *command, char letter)
{
	const struct option *option = command ? command->options : NULL;

	for (; option && option->name; option++)
		if (option->letter == letter)
			return option;
	for (option = GENERAL_OPTIONS; option->name; option++)
		if (option->letter == letter)
			return option;
	return NULL;
}

const char *key_wants(enum key_kind kind)
{
	static const char *const WANTS[] = {
		[KEY_TEXT] = "text in UTF-8",
		[KEY_BOOLEAN] = "true or false",
		[KEY_NUMBER] = "a number",
		[KEY_SECONDS] = "a time such as 300, 5m, 2h or 1d",
		[KEY_SECONDS_OR_NONE] = "a time such as 300, 5m or 2h, or none",
		[KEY_SLUG_OR_NONE] = "a slug, or none",
		[KEY_WORDS] = "a list: a,b,c",
		[KEY_FILES] = "a list of files: a.pem,b.pem",
	};

	return WANTS[kind];
}

bool option_is_greedy(const struct option *option)
{
	return option->value && strstr(option->value, "...");
}

const struct command *command_find(const char *words)
{
	for (const struct command *command = COMMANDS; command->words; command++)
		if (strcmp(command->words, words) == 0)
			return command;
	return NULL;
}

bool command_begins(const struct command *command, const char *words)
{
	size_t length = strlen(words);

	return length == 0 || (strncmp(command->words, words, length) == 0 &&
			       (command->words[length] == ' ' || !command->words[length]));
}
