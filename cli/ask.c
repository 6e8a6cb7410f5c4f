#include "cli/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

enum { MAX_LINE = 1024 };

/* Without its line end. False: there is none, or it does not fit. */
static bool read_line(char *out, size_t size)
{
	if (!fgets(out, (int)size, stdin))
		return false;
	size_t length = strcspn(out, "\r\n");
	bool whole = out[length] != '\0' || feof(stdin);

	out[length] = '\0';
	return whole;
}

enum answer ask_yes(const char *question)
{
	char line[MAX_LINE];
	bool answered;

	fflush(stdout);
	fprintf(stderr, "%s [y/N] ", question);
	answered = read_line(line, sizeof(line));
	if (!answered || !isatty(STDIN_FILENO))
		fputc('\n', stderr); /* which a terminal has shown already */
	if (!answered)
		return ANSWER_NONE;
	return strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0 ? ANSWER_YES : ANSWER_NO;
}

/* False: stdin is no terminal. */
static bool set_echo(bool on)
{
	struct termios terminal;

	if (tcgetattr(STDIN_FILENO, &terminal) != 0)
		return false;
	terminal.c_lflag = on ? terminal.c_lflag | ECHO : terminal.c_lflag & ~(tcflag_t)ECHO;
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal) == 0;
}

const char *ask_line(struct run *run, const char *prompt, bool secret)
{
	char line[MAX_LINE];
	bool terminal = isatty(STDIN_FILENO), hidden = secret && terminal && set_echo(false);

	if (terminal)
		fprintf(stderr, "%s: ", prompt);
	bool ok = read_line(line, sizeof(line)) && *line;

	if (hidden) {
		set_echo(true);
		fputc('\n', stderr);
	}
	const char *text = ok ? arena_strdup(run->arena, line) : NULL;

	explicit_bzero(line, sizeof(line));
	if (!ok)
		run_usage(run, "%s is missing: type it, or give it as a line of stdin", prompt);
	return text;
}
