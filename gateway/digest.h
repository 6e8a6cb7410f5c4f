/*
 * The three digests that devices verify, computed together while bytes arrive: SHA-256 (our address
 * of an artifact), SHA-1 (SWUpdate, rauc-hawkbit-updater) and MD5 (hawkbit-rs, .MD5SUM).
 *
 * The state between two pieces of an upload is plain data: it is kept in PostgreSQL, so an upload
 * continues on any worker after any restart without reading its bytes again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIGEST_SHA256_HEX = 65, DIGEST_SHA1_HEX = 41, DIGEST_MD5_HEX = 33 };

/* Lower-case hex, NUL-terminated. */
struct digest {
	char sha256[DIGEST_SHA256_HEX];
	char sha1[DIGEST_SHA1_HEX];
	char md5[DIGEST_MD5_HEX];
};

struct digest_state; /* opaque; digest.c */

struct digest_state *digest_new(void);
void digest_free(struct digest_state *state);
void digest_add(struct digest_state *state, const void *data, size_t size);
int64_t digest_size(const struct digest_state *state); /* bytes added so far */
/* The digests of the bytes so far; `state` may go on. */
void digest_end(const struct digest_state *state, struct digest *out);

/* To and from hex text for the database (malloc'ed; free() it). NULL: text is not such a state. */
char *digest_save(const struct digest_state *state);
struct digest_state *digest_load(const char *text);

/* One-shot helpers: `out` gets hex. */
void digest_sha256(const void *data, size_t size, char out[DIGEST_SHA256_HEX]);
void digest_sha1(const void *data, size_t size, char out[DIGEST_SHA1_HEX]);
void digest_md5(const void *data, size_t size, char out[DIGEST_MD5_HEX]);
