/* mews help */
#include <stdio.h>

#include "cli/handlers.h"
#include "cli/help.h"

bool cmd_help(struct run *run)
{
	const char *text = "";
	size_t count;
	const char *const *words = run_args(run, 0, &count);

	for (size_t i = 0; i < count; i++)
		text = arena_printf(run->arena, "%s%s%s", text, i ? " " : "", words[i]);
	if (!help_knows(text))
		return run_usage(run, "there is no command \"%s\"", text);
	help_print(stdout, run->arena, text);
	return true;
}
