/* Bytes for a file or for standard output. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "cli/run.h"

/* Writes everything to `sink`; on false run->err says why not. */
typedef bool output_fn(struct run *run, void *context, FILE *sink);

/*
 * `file`: NULL or "-" is standard output. A file stands beside its place first, as FILE.part, so
 * that half of it is never taken for the whole.
 */
bool output_write(struct run *run, const char *file, output_fn *fn, void *context);

/* Is that standard output? */
bool output_is_stdout(const char *file);
