/* Files of releases: from the disk into a release. Shared by `payload add` and `upload`. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/run.h"
#include "cli/show.h"

extern const struct show_kind PAYLOADS;

/* A file and what it is for. What is NULL or 0 was not said. */
struct payload_target {
	const char *file;
	const char *sha256; /* NULL: not known yet */
	const char *release;
	const char *const *hardware; /* versions */
	size_t nhardware;
	const char *software_type;
	json_t *attributes; /* lives as long as the run */
};

/*
 * The command line's options into *target, whose file is set. Mistakes are found here, before a
 * long upload: also that there is no such file.
 */
bool payloads_read(struct run *run, struct payload_target *target);

/* Does the release still take payloads? False once it has been activated. */
bool payloads_open(struct run *run, const json_t *release);

/* Send the file; the server keeps it as an artifact. */
bool payloads_upload(struct run *run, struct payload_target *target);

/* What payloads_upload() has sent becomes a payload. */
bool payloads_add(struct run *run, const struct payload_target *target, json_t **out);
