#include "cli/run.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/parse.h"

__attribute__((format(printf, 3, 0))) static void fill(struct run *run, enum run_exit code,
						       const char *fmt, va_list args)
{
	run->exit = code;
	run->err = (struct error){ .code = ERR_INVALID };
	vsnprintf(run->err.text, sizeof(run->err.text), fmt, args);
}

bool run_usage(struct run *run, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fill(run, RUN_USAGE, fmt, args);
	va_end(args);
	return false;
}

bool run_fail(struct run *run, enum run_exit code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fill(run, code, fmt, args);
	va_end(args);
	return false;
}

enum run_exit run_exit_code(const struct run *run)
{
	static const enum run_exit CODES[ERR_CODES] = {
		[ERR_INVALID] = RUN_REFUSED,       [ERR_UNAUTHORIZED] = RUN_NOT_ALLOWED,
		[ERR_FORBIDDEN] = RUN_NOT_ALLOWED, [ERR_UNKNOWN] = RUN_NOT_FOUND,
		[ERR_METHOD] = RUN_FAILED,         [ERR_NOT_ACCEPTED] = RUN_FAILED,
		[ERR_CONFLICT] = RUN_CONFLICT,     [ERR_GONE] = RUN_NOT_FOUND,
		[ERR_PRECONDITION] = RUN_CONFLICT, [ERR_TOO_LARGE] = RUN_REFUSED,
		[ERR_MEDIA_TYPE] = RUN_REFUSED,    [ERR_UNPROCESSABLE] = RUN_REFUSED,
		[ERR_CHECKSUM] = RUN_REFUSED,      [ERR_QUOTA] = RUN_FAILED,
		[ERR_INTERNAL] = RUN_FAILED,       [ERR_UNAVAILABLE] = RUN_FAILED,
	};

	return run->exit ? run->exit : CODES[run->err.code];
}

const char *run_arg(const struct run *run, size_t i)
{
	return i < run->parsed->nargs ? run->parsed->args[i] : NULL;
}

const char *const *run_args(const struct run *run, size_t first, size_t *count)
{
	*count = run->parsed->nargs > first ? run->parsed->nargs - first : 0;
	return run->parsed->args + first;
}

const char *const *run_options(const struct run *run, const char *name, size_t *count)
{
	const struct option *option = command_option(run->parsed->command, name);

	assert(option); /* the table must say what handlers ask for */
	return parsed_values(run->parsed, option, count);
}

const char *run_option(const struct run *run, const char *name)
{
	size_t count;
	const char *const *values = run_options(run, name, &count);

	return count ? values[count - 1] : NULL;
}

bool run_flag(const struct run *run, const char *name)
{
	return run_option(run, name) != NULL;
}

static void drop(void *json)
{
	json_decref(json);
}

json_t *run_keep(struct run *run, json_t *json)
{
	return json ? arena_adopt(run->arena, json, drop) : NULL;
}
