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
