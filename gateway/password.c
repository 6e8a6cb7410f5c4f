#include "gateway/password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "gateway/hex.h"

/* N = 2^15, r = 8, p = 1: memory is 128 * N * r bytes. */
enum { LOG_N = 15, R = 8, P = 1, SALT = 16, KEY = 24 };
static const uint64_t MEMORY = UINT64_C(40) << 20; /* bytes that scrypt may take */

static void derive(const char *password, const unsigned char salt[SALT], unsigned char key[KEY])
{
	if (EVP_PBE_scrypt(password, strlen(password), salt, SALT, UINT64_C(1) << LOG_N, R, P,
			   MEMORY, key, KEY) != 1)
		abort(); /* out of memory */
}

void password_hash(const char *password, char out[PASSWORD_SIZE])
{
	unsigned char salt[SALT], key[KEY];
	char salt_hex[2 * SALT + 1], key_hex[2 * KEY + 1];

	if (getrandom(salt, sizeof(salt), 0) != sizeof(salt))
		abort();
	derive(password, salt, key);
	hex_encode(salt, sizeof(salt), salt_hex);
	hex_encode(key, sizeof(key), key_hex);
	snprintf(out, PASSWORD_SIZE, "scrypt$%d$%s$%s", LOG_N, salt_hex, key_hex);
	OPENSSL_cleanse(key, sizeof(key));
}

static bool read_stored(const char *stored, unsigned char salt[SALT], unsigned char key[KEY])
{
	char salt_hex[2 * SALT + 1], key_hex[2 * KEY + 1];
	int log_n, end = 0;

	return stored &&
	       sscanf(stored, "scrypt$%d$%32[0-9a-f]$%48[0-9a-f]%n", &log_n, salt_hex, key_hex,
		      &end) == 3 &&
	       log_n == LOG_N && !stored[end] && hex_decode(salt_hex, 2 * SALT, salt) &&
	       hex_decode(key_hex, 2 * KEY, key);
}

bool password_verify(const char *password, const char *stored)
{
	unsigned char salt[SALT] = { 0 }, expected[KEY] = { 0 }, key[KEY];
	bool known = read_stored(stored, salt, expected);

	derive(password, salt, key);
	bool equal = CRYPTO_memcmp(key, expected, KEY) == 0;
	OPENSSL_cleanse(key, sizeof(key));
	return known && equal;
}
