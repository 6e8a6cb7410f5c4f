/*
 * Links to artifacts that work without credentials, for as long as they say: for CDNs, for
 * SWUpdate's delta downloader, which sends no token, and for curl.
 *
 *   /api/v0/artifacts/PROJECT/SHA256/FILENAME?expires=SECONDS&signature=HEX
 *
 * The signature is an HMAC-SHA-256 with the project's secret over all that the link says, so a link
 * can be neither prolonged nor turned to another file.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct request;

struct signed_file {
	const char *project; /* its slug */
	const char *sha256, *filename;
};

/* `secret`: the project's. `expires`: seconds since 1970. */
const char *signed_link(struct request *req, const char *secret, const struct signed_file *file,
			int64_t expires);

/* Was this signature made by us, for this link? Whether it has expired is another question. */
bool signed_valid(struct arena *arena, const char *secret, const struct signed_file *file,
		  const char *expires, const char *signature);
