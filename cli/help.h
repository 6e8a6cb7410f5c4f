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

/* "mews device move ID... --cohort COHORT" */
const char *help_usage(struct arena *arena, const struct command *command);
