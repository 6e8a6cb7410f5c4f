/*
 * The commands, as data. The table in commands.c is the only list there is: parsing, usage errors,
 * help and shell completion follow from it, and a test holds the manual against it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct run;

struct option {
	const char *name; /* long, without dashes; NULL ends a list */
	char letter;      /* short, or 0 */
	const char
		*value; /* what it takes, in capitals; "H..." takes several words; NULL: a flag */
	bool required;
	const char *about;
};

/* What the value of a key of KEY=VALUE may be. */
enum key_kind {
	KEY_TEXT,
	KEY_BOOLEAN, /* true false yes no on off 1 0 */
	KEY_NUMBER,
	KEY_SECONDS,         /* 300 or 5m */
	KEY_SECONDS_OR_NONE, /* "none": what is above decides */
	KEY_SLUG_OR_NONE,
	KEY_WORDS, /* a,b,c */
	KEY_FILES, /* the texts of the files a,b,c; "" is none */
};

struct key {
	const char *name; /* NULL ends a list */
	enum key_kind kind;
};

struct command {
	const char *words;            /* "device list"; NULL ends the table */
	const char *args;             /* "SLUG KEY=VALUE..."; in [brackets] what may be left out */
	const struct option *options; /* besides the general ones; NULL: none */
	bool (*run)(struct run *run);
	const struct key *keys; /* of KEY=VALUE; NULL: it takes none */
	bool changes;           /* asks before it acts: takes --dry-run */
	const char *about;
};

extern const struct command COMMANDS[];
extern const struct option GENERAL_OPTIONS[];

/* One argument of `args`. */
struct command_arg {
	char name[24]; /* without brackets and dots */
	bool optional, many;
};

/* The next argument of a command; `at` begins at command->args. False: there are no more. */
bool command_next_arg(const char **at, struct command_arg *out);

/* Its own option or a general one, by name or letter; NULL: there is none. */
const struct option *command_option(const struct command *command, const char *name);
const struct option *command_letter(const struct command *command, char letter);

/* "true or false", for messages and help. */
const char *key_wants(enum key_kind kind);

/* Does the option take several words? */
bool option_is_greedy(const struct option *option);

/* The command of exactly these words; NULL: there is none. */
const struct command *command_find(const char *words);

/* Do commands begin with these words, as "device" does? "" begins all. */
bool command_begins(const struct command *command, const char *words);
