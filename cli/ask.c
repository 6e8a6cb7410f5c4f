#include "cli/ask.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>
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

/* ---- Without echo ---- */

/* What ends or stops us is held back until the terminal is as it was. */
static void hold_signals(sigset_t *held, sigset_t *before)
{
	static const int SIGNALS[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };

	sigemptyset(held);
	for (size_t i = 0; i < sizeof(SIGNALS) / sizeof(SIGNALS[0]); i++)
		sigaddset(held, SIGNALS[i]);
	sigprocmask(SIG_BLOCK, held, before);
}

/* True: a line is there. False: one of the signals is, and goes off when it is let through. */
static bool wait_for_line(const sigset_t *held)
{
	struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
				{ .fd = signalfd(-1, held, SFD_CLOEXEC), .events = POLLIN } };

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	close(fds[1].fd);
	return !fds[1].revents;
}

/* A terminal gives whole lines, so that stdio has none left when we wait. */
static bool read_secret(const char *prompt, const struct termios *terminal, char *out, size_t size)
{
	struct termios silent = *terminal;
	sigset_t held, before;
	bool there, ok;

	silent.c_lflag &= ~(tcflag_t)ECHO;
	do {
		hold_signals(&held, &before);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &silent);
		fprintf(stderr, "%s: ", prompt);
		there = wait_for_line(&held);
		ok = there && read_line(out, size);
		tcsetattr(STDIN_FILENO, TCSADRAIN, terminal);
		fputc('\n', stderr);
		sigprocmask(SIG_SETMASK, &before, NULL);
	} while (!there); /* a stop that is over: ask once more */
	return ok;
}

const char *ask_line(struct run *run, const char *prompt, bool secret)
{
	char line[MAX_LINE];
	struct termios terminal;
	bool ok, at_terminal = tcgetattr(STDIN_FILENO, &terminal) == 0;

	if (at_terminal && secret) {
		ok = read_secret(prompt, &terminal, line, sizeof(line));
	} else {
		if (at_terminal)
			fprintf(stderr, "%s: ", prompt);
		ok = read_line(line, sizeof(line));
	}
	const char *text = ok && *line ? arena_strdup(run->arena, line) : NULL;

	explicit_bzero(line, sizeof(line));
	if (!text)
		run_usage(run, "%s is missing: type it, or give it as a line of stdin", prompt);
	return text;
}
