/*
 * What could come next on a command line that is being typed. The shells' scripts ask for it with
 * `mews __complete -- WORDS...`, so completion is never of another version than the commands.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct command;
struct option;

/* Where the cursor stands. */
struct cursor {
	const char *words;             /* of the command, as far as they are there */
	const struct command *command; /* NULL: still in its words */
	const struct option *option;   /* whose value is being typed; NULL: none */
	bool may_end;                  /* the option has a value already, and takes more */
	size_t nargs;                  /* arguments before this one */
};

/* `words`: those before the one that is being typed. */
void complete_read(struct arena *arena, const char *const *words, size_t count, struct cursor *out);
