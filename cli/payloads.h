/* Files of releases: from the disk into a release. Shared by `payload add` and `upload`. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/run.h"
#include "cli/show.h"

extern const struct show_kind PAYLOADS;

/* A file and what it is for. */
struct payload_target {
	const char *file;
	const char *sha256; /* NULL: not known yet */
	const char *release;
	const char *const *hardware; /* versions */
	size_t nhardware;
};

/* Upload it and add it; --software-type and --attribute of the command line count. */
bool payloads_add(struct run *run, struct payload_target *target, json_t **out);
