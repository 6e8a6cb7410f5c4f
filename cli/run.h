/*
 * One run of the command: what was asked, with which configuration, and how it went.
 *
 * Handlers return bool; whoever meets an error says it in run->err, once, and returns false. main.c
 * prints it as one line and turns its kind into the exit code. Everything lives in run->arena.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/config.h"
#include "gateway/arena.h"
#include "gateway/error.h"

struct command;
struct http;
struct parsed;

/* The exit codes that docs/cli.md and `man mews` promise. */
enum run_exit {
	RUN_DONE = 0,
	RUN_FAILED = 1,      /* the server, the network or this machine */
	RUN_USAGE = 2,       /* the command line, a file that it names, or the configuration */
	RUN_NOT_FOUND = 3,   /* 404, 410 */
	RUN_NOT_ALLOWED = 4, /* 401, 403 */
	RUN_CONFLICT = 5,    /* 409, 412 */
	RUN_REFUSED = 6,     /* the server does not accept the input: 400, 413, 415, 422 */
	RUN_UNCONFIRMED = 7, /* asked, and the answer was not yes */
	RUN_ALTERED = 8,     /* `audit verify` found an entry that was altered or removed */
	RUN_INTERRUPTED = 130,
};

struct run {
	struct arena *arena;
	struct error err;
	enum run_exit exit; /* RUN_DONE: err.code decides */
	const struct parsed *parsed;
	struct cli_config config;
	struct http *http;
	bool json, quiet, yes, dry_run;
	bool human; /* stdout is a terminal, and neither --json nor --quiet was said */
	bool color; /* ... that shows colours, and NO_COLOR is not set */
};

/* The command line, the configuration or the environment is at fault. False. */
bool run_usage(struct run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* An error with an exit code of its own. False. */
bool run_fail(struct run *run, enum run_exit code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

enum run_exit run_exit_code(const struct run *run);

/* What the user said. The names must be in the command's entry of the table. */
const char *run_arg(const struct run *run, size_t i);            /* NULL: there are not so many */
const char *run_option(const struct run *run, const char *name); /* NULL: not given */
bool run_flag(const struct run *run, const char *name);

/* All words of an option that takes several; `count` may be 0. */
const char *const *run_options(const struct run *run, const char *name, size_t *count);

/* The same for the arguments from number `first` on. */
const char *const *run_args(const struct run *run, size_t first, size_t *count);

/* Drop `json` with the run; returns it. */
json_t *run_keep(struct run *run, json_t *json);
