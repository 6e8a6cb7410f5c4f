#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/text.h"
#include "gateway/arena.h"

enum { MIN_WIDTH = 40, MAX_WIDTH = 100, WORDS_WIDTH = 48 };
static const double INTERVAL = 0.1;

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

void progress_begin(struct progress *progress, const char *what, int64_t total, bool quiet)
{
	*progress = (struct progress){ .what = what, .total = total };
	progress->on = !quiet && isatty(STDERR_FILENO);
	progress->began = progress->on ? now() : 0;
}

static int terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < MIN_WIDTH)
		return MIN_WIDTH;
	return size.ws_col > MAX_WIDTH ? MAX_WIDTH : size.ws_col;
}

static void draw_bar(const struct progress *progress, int64_t done)
{
	int room = terminal_width() - WORDS_WIDTH, filled;

	if (room < 10 || !progress->total)
		return;
	filled = (int)((double)room * (double)done / (double)progress->total);
	fputc('[', stderr);
	for (int i = 0; i < room; i++)
		fputc(i < filled ? '=' : i == filled ? '>' : ' ', stderr);
	fputs("] ", stderr);
}

static void draw(const struct progress *progress, int64_t done)
{
	struct arena *arena = arena_new();
	double passed = now() - progress->began;
	double rate = passed > 0 ? (double)done / passed : 0;

	fputs("\r\033[K", stderr);
	draw_bar(progress, done);
	if (progress->total)
		fprintf(stderr, "%3d%% ", (int)(100.0 * (double)done / (double)progress->total));
	fprintf(stderr, "%s  %s/s", text_size(arena, done), text_size(arena, (int64_t)rate));
	if (progress->total && rate > 0)
		fprintf(stderr, "  %d s left", (int)((double)(progress->total - done) / rate));
	fprintf(stderr, "  %.16s", text_printable(arena, progress->what));
	fflush(stderr);
	arena_free(arena);
}

void progress_update(struct progress *progress, int64_t done)
{
	if (!progress->on || now() - progress->drawn < INTERVAL)
		return;
	progress->drawn = now();
	draw(progress, done);
}

void progress_end(struct progress *progress)
{
	if (progress->on && progress->drawn > 0)
		fputs("\r\033[K", stderr);
	progress->on = false;
}
