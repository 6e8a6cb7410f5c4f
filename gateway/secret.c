#include "gateway/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "gateway/hex.h"

enum { ID_BYTES = 16, TOKEN_BYTES = 32, HMAC_BYTES = 32, BASE64_SIZE = 45 };

/* Up to 256 bytes: then getrandom() is never interrupted and never gives less. */
static void random_bytes(void *out, size_t size)
{
	if (getrandom(out, size, 0) != (ssize_t)size)
		abort();
}

void secret_id(char out[SECRET_ID_SIZE])
{
	unsigned char bytes[ID_BYTES];

	random_bytes(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), out);
}

void secret_token(char out[SECRET_TOKEN_SIZE])
{
	unsigned char bytes[TOKEN_BYTES], base64[BASE64_SIZE];

	random_bytes(bytes, sizeof(bytes));
	EVP_EncodeBlock(base64, bytes, sizeof(bytes));
	for (size_t i = 0; i < SECRET_TOKEN_SIZE - 1; i++)
		out[i] = base64[i] == '+' ? '-' : base64[i] == '/' ? '_' : (char)base64[i];
	out[SECRET_TOKEN_SIZE - 1] = '\0'; /* instead of the padding */
	OPENSSL_cleanse(bytes, sizeof(bytes));
	OPENSSL_cleanse(base64, sizeof(base64));
}

void secret_make(struct secret *out)
{
	secret_token(out->token);
	digest_sha256(out->token, strlen(out->token), out->hash);
	snprintf(out->prefix, sizeof(out->prefix), "%s", out->token);
}

bool secret_equal(const char *a, const char *b)
{
	size_t length = strlen(a);

	return length == strlen(b) && CRYPTO_memcmp(a, b, length) == 0;
}

void secret_hmac(const void *key, size_t key_size, const char *text, char out[SECRET_HMAC_SIZE])
{
	unsigned char mac[HMAC_BYTES];
	unsigned int size = sizeof(mac);

	if (!HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)text, strlen(text), mac,
		  &size))
		abort();
	hex_encode(mac, sizeof(mac), out);
}
