/* A bar for what takes long, on stderr and on terminals only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what;
	int64_t total;       /* bytes; 0: unknown */
	double began, drawn; /* seconds on the monotonic clock */
	bool on;
};

/* With `quiet` nothing is ever drawn. `what` is borrowed. */
void progress_begin(struct progress *progress, const char *what, int64_t total, bool quiet);

/* So many bytes are done. Cheap: it draws a few times a second at most. */
void progress_update(struct progress *progress, int64_t done);

/* Wipe the bar. */
void progress_end(struct progress *progress);
