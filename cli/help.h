/* What the commands are, made of their table. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct arena;
struct command;

/* Those that begin with `words` ("" all): one line each, or the whole page when it is a single one.
 */
void help_print(FILE *out, struct arena *arena, const char *words);

/* Is there a command that begins with these words? */
bool help_knows(const char *words);

/* What else `word` behind the words of `group` ("" none) may have meant, "device list"; NULL:
 * nothing comes close. */
const char *help_closest(struct arena *arena, const char *group, const char *word);

/* "mews device move ID... --cohort COHORT" */
const char *help_usage(struct arena *arena, const struct command *command);
