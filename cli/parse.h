/* The command line against the table of commands. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct command;
struct error;
struct option;

/* What one option was given: no word for a flag, several for "H...". */
struct given {
	struct given *next;
	const struct option *option;
	const char **values;
	size_t count;
};

struct parsed {
	const struct command *command; /* NULL: `words` are none, perhaps the beginning of some */
	const char *words;
	const char **args;
	size_t nargs;
	struct given *given; /* each option once */
};

/* Words and their options. False: *err says what is wrong; out->command may be known already. */
bool parse_line(struct arena *arena, int argc, char **argv, struct parsed *out, struct error *err);

/* Is everything there that the command needs, and nothing else? */
bool parse_check(const struct parsed *parsed, struct error *err);

/* All words that were given to the option; a flag that was given has the word "yes". */
const char *const *parsed_values(const struct parsed *parsed, const struct option *option,
				 size_t *count);

bool parsed_flag(const struct parsed *parsed, const char *name);
const char *parsed_value(const struct parsed *parsed, const char *name); /* the last; or NULL */
