/* The headers of the tus 1.0 protocol (https://tus.io/protocols/resumable-upload): text to values.
 * Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

#define TUS_VERSION    "1.0.0"
#define TUS_EXTENSIONS "creation,creation-with-upload,checksum,expiration,termination"
#define TUS_ALGORITHMS "sha1,md5,sha256"

static const int64_t TUS_MAX_SIZE = INT64_C(1) << 40; /* bytes of one upload */
enum { TUS_MAX_METADATA = 4096 };                     /* bytes of the header */

/* What an Upload-Metadata header says; keys that we do not know are left alone. */
struct tus_metadata {
	const char *filename;
	const char *sha256; /* lower-case hex; NULL: the client does not say */
};

/* A decimal number of bytes, for Upload-Length and Upload-Offset (`name`). `text` NULL: it is
 * missing. */
bool tus_bytes(const char *name, const char *text, int64_t *out, struct error *err);

/* `header` NULL: it is missing. The result lives in `arena`. */
bool tus_metadata(struct arena *arena, const char *header, struct tus_metadata *out,
		  struct error *err);

/* Does the piece fit its Upload-Checksum ("sha1 BASE64")? ERR_CHECKSUM: no. NULL: nothing to check.
 */
bool tus_checksum(const char *header, const void *piece, size_t size, struct error *err);
