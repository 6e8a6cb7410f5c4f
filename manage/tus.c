#include "manage/tus.h"

#include <string.h>

#include "gateway/arena.h"
#include "gateway/digest.h"
#include "gateway/error.h"
#include "gateway/hex.h"
#include "manage/filename.h"

enum { CHECKSUM_BASE64 = 44 }; /* the longest: 32 bytes of SHA-256 */

static const char METADATA[] = "Upload-Metadata";
static const char CHECKSUM[] = "Upload-Checksum";

bool tus_bytes(const char *name, const char *text, int64_t *out, struct error *err)
{
	if (!text)
		return error_field(err, ERR_INVALID, name, "%s is missing", name);
	*out = 0;
	for (const char *c = text; *c; c++) {
		if (*c < '0' || *c > '9')
			return error_field(err, ERR_INVALID, name, "%s is no number of bytes",
					   name);
		if (*out <= TUS_MAX_SIZE)
			*out = *out * 10 + (*c - '0');
	}
	if (!*text)
		return error_field(err, ERR_INVALID, name, "%s is no number of bytes", name);
	if (*out > TUS_MAX_SIZE)
		return error_field(err, ERR_TOO_LARGE, name, "an upload has at most %lld bytes",
				   (long long)TUS_MAX_SIZE);
	return true;
}

/* ---- Upload-Metadata: "key BASE64,key BASE64,key" ---- */

static bool key_is(const char *pair, size_t length, const char *key)
{
	return length == strlen(key) && strncmp(pair, key, length) == 0;
}

static bool take_sha256(struct tus_metadata *out, char *value, size_t size, struct error *err)
{
	for (char *c = value; *c; c++)
		if (*c >= 'A' && *c <= 'F')
			*c = (char)(*c - 'A' + 'a');
	if (out->sha256 || strlen(value) != size || !hex_is(value, DIGEST_SHA256_HEX - 1))
		return error_field(err, ERR_INVALID, METADATA,
				   "sha256 is given once, as 64 hex digits in base64");
	out->sha256 = value;
	return true;
}

static bool take_filename(struct tus_metadata *out, const char *value, size_t size,
			  struct error *err)
{
	if (out->filename)
		return error_field(err, ERR_INVALID, METADATA, "filename is given twice");
	out->filename = value;
	return filename_check(value, size, METADATA, err);
}

static bool take_pair(struct arena *arena, const char *pair, size_t length,
		      struct tus_metadata *out, struct error *err)
{
	const char *blank = memchr(pair, ' ', length);
	size_t key = blank ? (size_t)(blank - pair) : length;
	size_t encoded = blank ? length - key - 1 : 0, size;
	char *value = arena_alloc(arena, encoded / 4 * 3 + 1);

	for (size_t i = 0; i < key; i++)
		if (pair[i] <= ' ' || pair[i] > '~')
			return error_field(err, ERR_INVALID, METADATA, "a key is printable ASCII");
	if (key == 0)
		return error_field(err, ERR_INVALID, METADATA, "a key is missing");
	if (!base64_decode(pair + key + (blank ? 1 : 0), encoded, (unsigned char *)value, &size))
		return error_field(err, ERR_INVALID, METADATA, "the value of %.*s is not base64",
				   (int)(key < 40 ? key : 40), pair);
	if (key_is(pair, key, "filename"))
		return take_filename(out, value, size, err);
	if (key_is(pair, key, "sha256"))
		return take_sha256(out, value, size, err);
	return true;
}

bool tus_metadata(struct arena *arena, const char *header, struct tus_metadata *out,
		  struct error *err)
{
	*out = (struct tus_metadata){ 0 };
	if (header && strlen(header) > TUS_MAX_METADATA)
		return error_field(err, ERR_INVALID, METADATA, "%s has at most %d bytes", METADATA,
				   TUS_MAX_METADATA);
	while (header) {
		const char *comma = strchr(header, ',');
		size_t length = comma ? (size_t)(comma - header) : strlen(header);

		if (!take_pair(arena, header, length, out, err))
			return false;
		header = comma ? comma + 1 : NULL;
	}
	if (!out->filename)
		return error_field(err, ERR_INVALID, METADATA,
				   "%s must have a filename: \"filename BASE64\"", METADATA);
	return true;
}

/* ---- Upload-Checksum ---- */

typedef void digest_fn(const void *data, size_t size, char *out);

static const struct {
	const char *name;
	digest_fn *digest;
} algorithms[] = {
	{ "sha1", digest_sha1 },
	{ "md5", digest_md5 },
	{ "sha256", digest_sha256 },
};

bool tus_checksum(const char *header, const void *piece, size_t size, struct error *err)
{
	unsigned char expected[CHECKSUM_BASE64 / 4 * 3];
	char want[2 * sizeof(expected) + 1], have[DIGEST_SHA256_HEX];
	size_t got;

	if (!header)
		return true;
	size_t name = strcspn(header, " ");
	const char *value = header + name + strspn(header + name, " ");
	if (strlen(value) > CHECKSUM_BASE64 || !base64_decode(value, strlen(value), expected, &got))
		return error_field(err, ERR_INVALID, CHECKSUM, "the checksum is not base64");
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (!key_is(header, name, algorithms[i].name))
			continue;
		hex_encode(expected, got, want);
		algorithms[i].digest(piece, size, have);
		if (strcmp(want, have) != 0)
			return error_field(err, ERR_CHECKSUM, CHECKSUM,
					   "the piece does not match its checksum");
		return true;
	}
	return error_field(err, ERR_INVALID, CHECKSUM, "the algorithms are " TUS_ALGORITHMS);
}
