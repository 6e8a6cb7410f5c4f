/* Completion: the scripts for the shells, and the answers to them. */
#include <stdio.h>
#include <string.h>

#include "cli/api.h"
#include "cli/command.h"
#include "cli/complete.h"
#include "cli/handlers.h"
#include "cli/input.h"
#include "cli/roles.h"
#include "cli/show.h"
#include "cli/text.h"

enum { MAX_VALUES = 100, MIN_SEARCH = 3 }; /* that we ask the server for; letters */

/*
 * Devices choose their ids: they are quoted, so that none is a command. bash also splits words at
 * the signs of COMP_WORDBREAKS, such as : and =; ours stand between spaces. It replaces no more
 * than $2, so what stands before that in the word is cut off the answers.
 */
static const char BASH[] = "_mews() {\n"
			   "\tlocal word about cut i rest=${COMP_LINE:0:COMP_POINT} words=()\n"
			   "\tCOMPREPLY=()\n"
			   "\tfor ((i = 0; i <= COMP_CWORD; i++)); do\n"
			   "\t\t[[ i -eq 0 || $rest == [[:space:]]* ]] && words+=('')\n"
			   "\t\trest=${rest#\"${rest%%[![:space:]]*}\"}\n"
			   "\t\tword=${COMP_WORDS[i]}\n"
			   "\t\t((i == COMP_CWORD)) && word=$rest\n"
			   "\t\twords[-1]+=$word\n"
			   "\t\trest=${rest#\"$word\"}\n"
			   "\tdone\n"
			   "\tcut=${words[-1]%\"$2\"}\n"
			   "\twhile IFS=$'\\t' read -r word about; do\n"
			   "\t\tif [[ $word == :files ]]; then\n"
			   "\t\t\tcompopt -o filenames\n"
			   "\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$2\")\n"
			   "\t\telse\n"
			   "\t\t\tif [[ $word == *= ]]; then compopt -o nospace; fi\n"
			   "\t\t\tword=${word#\"$cut\"}\n"
			   "\t\t\tif [[ $word != *= ]]; then printf -v word %q \"$word\"; fi\n"
			   "\t\t\tCOMPREPLY+=(\"$word\")\n"
			   "\t\tfi\n"
			   "\tdone < <(\"$1\" __complete -- \"${words[@]:1}\" 2>/dev/null)\n"
			   "}\n"
			   "complete -F _mews mews\n";

static const char ZSH[] =
	"#compdef mews\n"
	"_mews() {\n"
	"\tlocal line word\n"
	"\tlocal -a plain open\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tword=${line%%$'\\t'*}\n"
	"\t\tif [[ $word == :files ]]; then\n"
	"\t\t\t[[ $words[CURRENT] == -*=* ]] && compset -P '*='\n"
	"\t\t\t_files\n"
	"\t\telif [[ $word == *= ]]; then\n"
	"\t\t\topen+=(\"${word//:/\\\\:}:${line#*$'\\t'}\")\n"
	"\t\telse\n"
	"\t\t\tplain+=(\"${word//:/\\\\:}:${line#*$'\\t'}\")\n"
	"\t\tfi\n"
	"\tdone < <($words[1] __complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
	"\t(( $#plain )) && _describe mews plain\n"
	"\t(( $#open )) && _describe mews open -S ''\n"
	"}\n"
	"if [[ $funcstack[1] == _mews ]]; then _mews \"$@\"; else compdef _mews mews; fi\n";

static const char *const SHELLS[] = { "bash", "zsh", NULL };

bool cmd_completion(struct run *run)
{
	const char *shell = run_arg(run, 0);

	if (!input_word(run, "SHELL", shell, SHELLS))
		return false;
	fputs(strcmp(shell, "bash") == 0 ? BASH : ZSH, stdout);
	return true;
}

/* ---- Answers ---- */

/* What is being typed, and what has been offered for it. */
struct offer {
	struct run *run;
	const char *typed;
	const char *before; /* what stands before it in the same word: "--cohort=" */
	const char *last;   /* so that groups of commands are offered once */
};

static void offer_word(struct offer *offer, const char *word, const char *about)
{
	if (strncmp(word, offer->typed, strlen(offer->typed)) != 0 ||
	    (offer->last && strcmp(word, offer->last) == 0))
		return;
	offer->last = arena_strdup(offer->run->arena, word);
	printf("%s%s\t%s\n", offer->before, text_printable(offer->run->arena, word), about);
}

static void offer_words(struct offer *offer, const char *const *words)
{
	for (; *words; words++)
		offer_word(offer, *words, "");
}

/* The next word of each command that begins with `words`. */
static void offer_commands(struct offer *offer, const char *words)
{
	for (const struct command *command = COMMANDS; command->words; command++) {
		const char *rest = command->words + strlen(words) + (*words ? 1 : 0);

		if (!command->about || !command_begins(command, words) ||
		    strlen(command->words) <= strlen(words))
			continue;
		size_t length = strcspn(rest, " ");

		offer_word(offer, arena_strndup(offer->run->arena, rest, length),
			   rest[length] ? "" : command->about);
	}
}

static void offer_options(struct offer *offer, const struct command *command,
			  const struct option *options)
{
	for (; options && options->name; options++)
		if (command_option(command, options->name) == options)
			offer_word(offer, arena_printf(offer->run->arena, "--%s", options->name),
				   options->about);
}

static void offer_keys(struct offer *offer, const struct key *keys)
{
	for (; keys && keys->name; keys++)
		offer_word(offer, arena_printf(offer->run->arena, "%s=", keys->name),
			   key_wants(keys->kind));
}

/* ---- Values that the server knows ---- */

struct source {
	const char *placeholder; /* in the table of commands */
	const char *group;       /* first word of the command; NULL: any */
	bool global;             /* not of a project */
	const char *collection, *member;
};

static const struct source SOURCES[] = {
	{ "COHORT", NULL, false, "cohorts", "slug" },
	{ "R", NULL, false, "releases", "release" },
	{ "SLUG", "cohort", false, "cohorts", "slug" },
	{ "ID", "device", false, "devices", "id" },
	{ "ID", "key", false, "keys", "id" },
	{ "ID", "token", true, "tokens", "id" },
	{ "PROJECT", NULL, true, "projects", "slug" },
	{ "EMAIL", "user", true, "users", "email" },
	{ "SHA256", NULL, false, "artifacts", "sha256" },
};

struct offered_items {
	struct offer *offer;
	const char *member;
};

static bool offer_item(struct run *run, void *context, const json_t *item)
{
	const struct offered_items *items = context;

	offer_word(items->offer,
		   show_value(run, json_object_get(item, items->member), SHOW_TEXT, false), "");
	return true;
}

/* Without a server, or without the right to ask, nothing is offered. */
static void offer_source(struct offer *offer, const struct source *source)
{
	struct run *run = offer->run;
	struct offered_items items = { offer, source->member };
	const char *path = source->global ? api_path(run, source->collection, NULL)
					  : api_project_path(run, source->collection, NULL);

	/* Ids of devices may be many: let the server choose, which it does from three letters on.
	 */
	if (strcmp(source->collection, "devices") == 0 && strlen(offer->typed) >= MIN_SEARCH)
		path = api_query(run, path, "search", offer->typed, NULL);
	if (!api_each(run, path, MAX_VALUES, offer_item, &items))
		run->exit = RUN_DONE;
}

/* ---- Values that we know ourselves ---- */

static const char *const STATES[] = {
	"offered",   "retrieved",  "downloading", "downloaded", "installing",
	"installed", "confirmed",  "failed",      "rejected",   "canceling",
	"canceled",  "superseded", "rolled_back", "timed_out",  NULL,
};
static const char *const FORMATS[] = { "jsonl", "csv", NULL };

static const struct {
	const char *placeholder;
	const char *const *words;
} WORDS[] = {
	{ "ROLE", ROLES },
	{ "S", STATES },
	{ "FORMAT", FORMATS },
	{ "SHELL", SHELLS },
};

static void offer_values(struct offer *offer, const struct command *command, const char *name)
{
	for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
		if (strcmp(WORDS[i].placeholder, name) == 0)
			offer_words(offer, WORDS[i].words);
	if (strcmp(name, "FILE") == 0)
		puts(":files");
	if (strcmp(name, "KEY=VALUE") == 0)
		offer_keys(offer, command->keys);
	for (size_t i = 0; i < sizeof(SOURCES) / sizeof(SOURCES[0]); i++)
		if (strcmp(SOURCES[i].placeholder, name) == 0 &&
		    (!SOURCES[i].group || command_begins(command, SOURCES[i].group)))
			offer_source(offer, &SOURCES[i]);
}

/* The argument number `n`; the last one may be repeated. */
static const char *arg_name(struct run *run, const struct command *command, size_t n)
{
	const char *at = command->args;
	struct command_arg arg = { 0 };
	bool there = false;

	for (size_t i = 0; i <= n && command_next_arg(&at, &arg); i++)
		there = i == n || arg.many;
	return there ? arena_strdup(run->arena, arg.name) : "";
}

/* "--cohort=b": the value of an option in the same word. NULL: the word is none such. */
static const struct option *option_of_word(struct offer *offer, const struct cursor *at)
{
	const char *equals = strchr(offer->typed, '=');
	struct arena *arena = offer->run->arena;

	if (!equals || strncmp(offer->typed, "--", 2) != 0)
		return NULL;
	const char *name = arena_strndup(arena, offer->typed + 2,
					 (size_t)(equals - offer->typed) - 2);
	const struct option *option = command_option(at->command, name);

	if (!option || !option->value)
		return NULL;
	offer->before = arena_printf(arena, "--%s=", name);
	offer->typed = equals + 1;
	return option;
}

static void offer_value(struct offer *offer, const struct cursor *at, const struct option *option)
{
	size_t length = strcspn(option->value, "."); /* without dots */
	const char *comma = strrchr(offer->typed, ',');

	/* Of states there may be several; no other value that is offered has commas. */
	if (comma && strcmp(option->value, "S") == 0) {
		offer->before = arena_printf(offer->run->arena, "%s%.*s", offer->before,
					     (int)(comma + 1 - offer->typed), offer->typed);
		offer->typed = comma + 1;
	}

	offer_values(offer, at->command ? at->command : COMMANDS,
		     arena_strndup(offer->run->arena, option->value, length));
}

/* "help": its arguments are the words of another command. */
static void offer_help(struct offer *offer, const char *const *words, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		text = arena_printf(offer->run->arena, "%s%s%s", text, i ? " " : "", words[i]);
	offer_commands(offer, text);
}

/* `words` end with the one that is being typed, which may be empty. */
bool cmd_complete(struct run *run)
{
	size_t count;
	const char *const *words = run_args(run, 0, &count);
	struct offer offer = { .run = run, .typed = count ? words[count - 1] : "", .before = "" };
	struct cursor at;

	complete_read(run->arena, words, count ? count - 1 : 0, &at);
	const struct option *option = option_of_word(&offer, &at);

	if (at.option && (*offer.typed != '-' || !at.may_end)) {
		offer_value(&offer, &at, at.option);
	} else if (option) {
		offer_value(&offer, &at, option);
	} else if (*offer.typed == '-') {
		offer_options(&offer, at.command, at.command ? at.command->options : NULL);
		offer_options(&offer, at.command, GENERAL_OPTIONS);
	} else if (!at.command) {
		offer_commands(&offer, at.words);
	} else if (at.command->run == cmd_help) {
		offer_help(&offer, words + count - 1 - at.nargs, at.nargs);
	} else {
		offer_values(&offer, at.command, arg_name(run, at.command, at.nargs));
	}
	return true;
}
