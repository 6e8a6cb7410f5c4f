#include "cli/complete.h"

#include <string.h>

#include "cli/command.h"
#include "gateway/arena.h"

static const struct option *option_of(const struct cursor *cursor, struct arena *arena,
				      const char *word)
{
	if (strncmp(word, "--", 2) != 0)
		return word[1] ? command_letter(cursor->command, word[1]) : NULL;
	return command_option(cursor->command,
			      arena_strndup(arena, word + 2, strcspn(word + 2, "=")));
}

static void read_option(struct arena *arena, const char *word, struct cursor *out)
{
	const struct option *option = option_of(out, arena, word);
	bool value_follows = option && option->value && !strchr(word, '=');

	out->option = value_follows ? option : NULL;
	out->may_end = false;
}

static void read_word(struct arena *arena, const char *word, struct cursor *out)
{
	if (out->command) {
		out->nargs++;
		return;
	}
	out->words = arena_printf(arena, "%s%s%s", out->words, *out->words ? " " : "", word);
	out->command = command_find(out->words);
}

void complete_read(struct arena *arena, const char *const *words, size_t count, struct cursor *out)
{
	*out = (struct cursor){ .words = "" };
	for (size_t i = 0; i < count; i++) {
		if (out->option && !(out->may_end && *words[i] == '-')) {
			bool greedy = option_is_greedy(out->option);

			out->option = greedy ? out->option : NULL;
			out->may_end = greedy;
		} else if (*words[i] == '-') {
			read_option(arena, words[i], out);
		} else {
			read_word(arena, words[i], out);
		}
	}
}
