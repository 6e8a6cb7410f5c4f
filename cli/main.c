/* The command line: read it, run its command, say in one line what went wrong. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/handlers.h"
#include "cli/help.h"
#include "cli/http.h"
#include "cli/parse.h"
#include "cli/run.h"
#include "cli/text.h"

/* Completion waits for nobody. */
enum { ATTEMPTS = 4, TIMEOUT = 60, QUICK_TIMEOUT = 3 };

static bool wants_color(void)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return !(no && *no) && !(terminal && strcmp(terminal, "dumb") == 0);
}

static void read_flags(struct run *run)
{
	run->json = parsed_flag(run->parsed, "json");
	run->quiet = parsed_flag(run->parsed, "quiet");
	run->yes = parsed_flag(run->parsed, "yes");
	run->dry_run = parsed_flag(run->parsed, "dry-run");
	run->human = isatty(STDOUT_FILENO) && !run->json && !run->quiet;
	run->color = run->human && wants_color();
}

static bool load_config(struct run *run)
{
	const char *url = parsed_value(run->parsed, "url");
	const char *project = parsed_value(run->parsed, "project");

	if (cli_config_load(run->arena, url, project, &run->config, &run->err))
		return true;
	run->exit = RUN_USAGE;
	return false;
}

static struct http *open_http(const struct run *run)
{
	bool quick = run->parsed->command->run == cmd_complete;
	struct http_options options = {
		.url = run->config.url ? run->config.url : "",
		.token = run->config.token,
		.ca_file = run->config.ca_file,
		.attempts = quick ? 1 : ATTEMPTS,
		.timeout = quick ? QUICK_TIMEOUT : TIMEOUT,
	};

	return http_open(&options);
}

static bool run_command(struct run *run)
{
	const struct command *command = run->parsed->command;
	bool ok;

	if (run->json && run->quiet)
		return run_usage(run, "--json and --quiet exclude each other");
	/* A broken file must not stand in the way of help. */
	if (command->run == cmd_help || command->run == cmd_completion)
		return command->run(run);
	if (!load_config(run))
		return false;
	run->http = open_http(run);
	ok = command->run(run);
	http_close(run->http);
	return ok;
}

static enum run_exit report(struct run *run, bool ok)
{
	if (ok && (fflush(stdout) != 0 || ferror(stdout)))
		ok = error_set(&run->err, ERR_INTERNAL, "writing the output failed");
	if (ok)
		return run->exit;
	fflush(stdout);
	fprintf(stderr, "mews: %s\n", text_printable(run->arena, run->err.text));
	return run_exit_code(run);
}

static enum run_exit usage_error(struct run *run)
{
	const struct command *command = run->parsed->command;

	fprintf(stderr, "mews: %s\n", text_printable(run->arena, run->err.text));
	if (command)
		fprintf(stderr, "Usage: %s\n", help_usage(run->arena, command));
	else
		fprintf(stderr, "Try: mews help%s%s\n", *run->parsed->words ? " " : "",
			run->parsed->words);
	return RUN_USAGE;
}

/* What needs no command, or only its name. */
static bool informs(struct run *run, enum run_exit *code)
{
	const struct parsed *parsed = run->parsed;

	*code = RUN_DONE;
	if (parsed_flag(parsed, "help")) {
		help_print(stdout, run->arena, parsed->words);
		return true;
	}
	if (!parsed->command && parsed_flag(parsed, "version")) {
		puts("mews " MEWS_VERSION);
		return true;
	}
	if (!parsed->command) {
		help_print(stderr, run->arena, parsed->words);
		*code = RUN_USAGE;
		return true;
	}
	return false;
}

static enum run_exit run_line(struct run *run, int argc, char **argv)
{
	struct parsed parsed;
	enum run_exit code;

	run->parsed = &parsed;
	if (!parse_line(run->arena, argc, argv, &parsed, &run->err))
		return usage_error(run);
	read_flags(run);
	if (informs(run, &code))
		return code ? code : report(run, true);
	if (!parse_check(&parsed, &run->err))
		return usage_error(run);
	return report(run, run_command(run));
}

int main(int argc, char **argv)
{
	struct run run = { .arena = arena_new() };

	/* Widths of characters; messages and numbers stay as they are. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_DFL);
	enum run_exit code = run_line(&run, argc, argv);

	arena_free(run.arena);
	return (int)code;
}
