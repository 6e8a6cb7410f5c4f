/* Random names and tokens, and comparisons that take the same time whatever they find. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	SECRET_ID_SIZE = 33,    /* 32 hex digits and a NUL: 128 random bits */
	SECRET_TOKEN_SIZE = 44, /* 43 characters of base64url and a NUL: 256 random bits */
	SECRET_HMAC_SIZE = 65,  /* hex of an HMAC-SHA-256 and a NUL */
};

/* An id that nobody can guess or hit by accident. */
void secret_id(char out[SECRET_ID_SIZE]);

/* A token to hand out once; keep digest_sha256() of it, as hex. */
void secret_token(char out[SECRET_TOKEN_SIZE]);

/* Constant in time for strings of the same length. */
bool secret_equal(const char *a, const char *b);

/* HMAC-SHA-256 of `text`, as hex. */
void secret_hmac(const void *key, size_t key_size, const char *text, char out[SECRET_HMAC_SIZE]);
