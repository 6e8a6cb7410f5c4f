/* OpenSSL 3 hides a digest's state behind EVP, where it cannot be saved; its older contexts are
 * data. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "gateway/digest.h"

#include <inttypes.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/hex.h"

enum {
	BLOCK = 64, /* bytes; the same for all three */
	SHA256_WORDS = 8,
	SHA1_WORDS = 5,
	MD5_WORDS = 4,
	WORDS = SHA256_WORDS + SHA1_WORDS + MD5_WORDS,
	WORD_HEX = 8,
	SIZE_HEX = 16,
	FIXED_HEX = 1 + SIZE_HEX + WORDS * WORD_HEX, /* version, size, words; then the tail */
};

static const char VERSION = '1';
/* The digests count bits in 64 bits. */
static const uint64_t MAX_SIZE = UINT64_C(1) << 60;

struct digest_state {
	uint64_t size;
	SHA256_CTX sha256;
	SHA_CTX sha1;
	MD5_CTX md5;
};

struct digest_state *digest_new(void)
{
	struct digest_state *state = calloc(1, sizeof(*state));

	if (!state)
		abort();
	SHA256_Init(&state->sha256);
	SHA1_Init(&state->sha1);
	MD5_Init(&state->md5);
	return state;
}

void digest_free(struct digest_state *state)
{
	free(state);
}

void digest_add(struct digest_state *state, const void *data, size_t size)
{
	if (!size)
		return;
	SHA256_Update(&state->sha256, data, size);
	SHA1_Update(&state->sha1, data, size);
	MD5_Update(&state->md5, data, size);
	state->size += size;
}

int64_t digest_size(const struct digest_state *state)
{
	return (int64_t)state->size;
}

void digest_end(const struct digest_state *state, struct digest *out)
{
	unsigned char sha256[SHA256_DIGEST_LENGTH], sha1[SHA_DIGEST_LENGTH], md5[MD5_DIGEST_LENGTH];
	struct digest_state copy = *state;

	SHA256_Final(sha256, &copy.sha256);
	SHA1_Final(sha1, &copy.sha1);
	MD5_Final(md5, &copy.md5);
	hex_encode(sha256, sizeof(sha256), out->sha256);
	hex_encode(sha1, sizeof(sha1), out->sha1);
	hex_encode(md5, sizeof(md5), out->md5);
}

/* The chaining values of the three, in the order of the saved text. */
static void list_words(struct digest_state *s, unsigned int *words[WORDS])
{
	unsigned int *all[WORDS] = {
		&s->sha256.h[0], &s->sha256.h[1], &s->sha256.h[2], &s->sha256.h[3], &s->sha256.h[4],
		&s->sha256.h[5], &s->sha256.h[6], &s->sha256.h[7], &s->sha1.h0,     &s->sha1.h1,
		&s->sha1.h2,     &s->sha1.h3,     &s->sha1.h4,     &s->md5.A,       &s->md5.B,
		&s->md5.C,       &s->md5.D,
	};

	memcpy(words, all, sizeof(all));
}

/*
 * All three have seen the same bytes in blocks of the same size. So one size and one unfinished
 * block describe them, and no text can say two different things about how much is buffered.
 */
char *digest_save(const struct digest_state *state)
{
	struct digest_state copy = *state;
	size_t tail = state->size % BLOCK;
	char *text = malloc(FIXED_HEX + 2 * tail + 1);
	char *at = text;
	unsigned int *words[WORDS];

	if (!text)
		abort();
	list_words(&copy, words);
	*at++ = VERSION;
	at += sprintf(at, "%016" PRIx64, state->size);
	for (size_t i = 0; i < WORDS; i++)
		at += sprintf(at, "%08x", *words[i]);
	hex_encode(copy.sha256.data, tail, at);
	return text;
}

static bool load_number(const char *text, size_t digits, uint64_t *out)
{
	unsigned char bytes[sizeof(*out)];

	if (!hex_decode(text, digits, bytes))
		return false;
	*out = 0;
	for (size_t i = 0; i < digits / 2; i++)
		*out = *out << 8 | bytes[i];
	return true;
}

static void restore_counts(struct digest_state *s, const unsigned char *tail)
{
	unsigned int num = (unsigned int)(s->size % BLOCK);
	unsigned int low = (unsigned int)(s->size << 3), high = (unsigned int)(s->size >> 29);

	s->sha256.num = s->sha1.num = s->md5.num = num;
	s->sha256.Nl = s->sha1.Nl = s->md5.Nl = low;
	s->sha256.Nh = s->sha1.Nh = s->md5.Nh = high;
	memcpy(s->sha256.data, tail, num);
	memcpy(s->sha1.data, tail, num);
	memcpy(s->md5.data, tail, num);
}

static bool load(const char *text, struct digest_state *state)
{
	unsigned char tail[BLOCK];
	unsigned int *words[WORDS];
	size_t length = strlen(text);
	uint64_t word;

	if (length < FIXED_HEX || text[0] != VERSION)
		return false;
	if (!load_number(text + 1, SIZE_HEX, &state->size) || state->size > MAX_SIZE)
		return false;
	if (length != FIXED_HEX + 2 * (state->size % BLOCK))
		return false;
	list_words(state, words);
	for (size_t i = 0; i < WORDS; i++) {
		if (!load_number(text + 1 + SIZE_HEX + i * WORD_HEX, WORD_HEX, &word))
			return false;
		*words[i] = (unsigned int)word;
	}
	if (!hex_decode(text + FIXED_HEX, length - FIXED_HEX, tail))
		return false;
	restore_counts(state, tail);
	return true;
}

struct digest_state *digest_load(const char *text)
{
	struct digest_state *state = digest_new();

	if (load(text, state))
		return state;
	digest_free(state);
	return NULL;
}

void digest_sha256(const void *data, size_t size, char out[DIGEST_SHA256_HEX])
{
	unsigned char bytes[SHA256_DIGEST_LENGTH];
	SHA256_CTX state;

	/* SHA256() looks its algorithm up, which takes longer than the digest of a key. */
	SHA256_Init(&state);
	SHA256_Update(&state, data, size);
	SHA256_Final(bytes, &state);
	hex_encode(bytes, sizeof(bytes), out);
}

void digest_sha1(const void *data, size_t size, char out[DIGEST_SHA1_HEX])
{
	unsigned char bytes[SHA_DIGEST_LENGTH];

	hex_encode(SHA1(data, size, bytes), sizeof(bytes), out);
}

void digest_md5(const void *data, size_t size, char out[DIGEST_MD5_HEX])
{
	unsigned char bytes[MD5_DIGEST_LENGTH];

	hex_encode(MD5(data, size, bytes), sizeof(bytes), out);
}
