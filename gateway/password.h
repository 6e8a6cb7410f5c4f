/*
 * Passwords, by scrypt (RFC 7914) from OpenSSL.
 *
 * Deliberately slow: about 80 ms and 32 MiB each, on the loop, during which a worker does nothing
 * else. That is dear for a guesser and bearable for us, as long as the caller bounds how often it
 * happens: schema/functions/login.sql does.
 */
#pragma once

#include <stdbool.h>

enum { PASSWORD_SIZE = 100 };

/* What to keep of a password: "scrypt$15$SALT$HASH", with a new salt. */
void password_hash(const char *password, char out[PASSWORD_SIZE]);

/* Is it this one? `stored` NULL, or what is no such text: no, after the same time. */
bool password_verify(const char *password, const char *stored);
