/*
 * The artifact store: immutable files named by their SHA-256 (`ab/cdef...`), and uploads on the way
 * there (`uploads/ID`). Same bytes are stored once. A crash leaves no half-visible artifact, at
 * most a temporary file that store_sweep() removes.
 *
 * Calls block for the time of local file I/O; pieces are bounded by config.upload_piece.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/digest.h"

struct error;
struct store;

enum { STORE_ID_SIZE = 33 }; /* an upload's id: 32 hex digits of our own making and a NUL */

/* Open the folder `path`, creating it and its parents if need be. */
struct store *store_open(const char *path, struct error *err);
void store_close(struct store *store);

/* A read-only descriptor of an artifact, or -1: the file is missing or its size is not `size`. */
int store_artifact_open(const struct store *store, const char *sha256, int64_t size,
			struct error *err);

/*
 * Remove an artifact that nobody refers to; true: it is not there any more. It stays when it was
 * written to since `before` (seconds since 1970), or when somebody stores the same bytes just now:
 * store_upload_finish() counts as writing, so whoever refers to an artifact within the hour after
 * it loses nothing to someone who asked for references first, and gives `before` an hour earlier.
 */
bool store_artifact_remove(const struct store *store, const char *sha256, int64_t before);

/* Begin an upload: an empty temporary file. */
bool store_upload_begin(const struct store *store, const char *id, struct error *err);

/*
 * A descriptor for store_upload_write(). It is locked: until it is closed, which the end of the
 * process does as well, nobody else gets one for this upload. -1: ERR_CONFLICT someone else has it,
 * ERR_GONE there is no such file, or another failure.
 */
int store_upload_lock(const struct store *store, const char *id, struct error *err);

/*
 * Write `size` bytes at `offset` and make them durable; what lay behind `offset` from an earlier,
 * unacknowledged attempt is cut off. `hash` continues with the bytes. ERR_GONE: bytes before
 * `offset` are missing, the upload cannot be continued.
 */
bool store_upload_write(int fd, int64_t offset, const void *data, size_t size,
			struct digest_state *hash, struct error *err);

/*
 * The upload of `size` bytes becomes the artifact `digest`, durable; it is dropped when we have
 * these bytes. May be repeated, also after it has succeeded. ERR_GONE: neither the upload's bytes
 * nor the artifact are there. ERR_UNAVAILABLE: a file is being removed, or the disk failed; try
 * again.
 */
bool store_upload_finish(const struct store *store, const char *id, const struct digest *digest,
			 int64_t size, struct error *err);
void store_upload_drop(const struct store *store, const char *id);

/* Remove temporary files not written to for `age` seconds; returns how many. */
int store_sweep(const struct store *store, int age);
