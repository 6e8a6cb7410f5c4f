/* Random names and tokens, and comparisons that take the same time whatever they find. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gateway/digest.h"

enum {
	SECRET_ID_SIZE = 33,    /* 32 hex digits and a NUL: 128 random bits */
	SECRET_TOKEN_SIZE = 44, /* 43 characters of base64url and a NUL: 256 random bits */
	SECRET_PREFIX_SIZE = 7, /* 6 characters of a token, which tell it from others, and a NUL */
	SECRET_HMAC_SIZE = 65,  /* hex of an HMAC-SHA-256 and a NUL */
};

/* A token to hand out once; only its hash and prefix are kept. */
struct secret {
	char token[SECRET_TOKEN_SIZE];
	char hash[DIGEST_SHA256_HEX];
	char prefix[SECRET_PREFIX_SIZE];
};
void secret_make(struct secret *out);

/* An id that nobody can guess or hit by accident. */
void secret_id(char out[SECRET_ID_SIZE]);

/* A token that is kept as it is. */
void secret_token(char out[SECRET_TOKEN_SIZE]);

/* Constant in time for strings of the same length. */
bool secret_equal(const char *a, const char *b);

/* HMAC-SHA-256 of `text`, as hex. */
void secret_hmac(const void *key, size_t key_size, const char *text, char out[SECRET_HMAC_SIZE]);
