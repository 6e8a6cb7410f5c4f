/* Reply with the bytes of an artifact, or the ranges of them that the client asks for. */
#pragma once

#include <stdint.h>

#include "gateway/request.h"

struct download {
	const char *sha256;   /* names the file in the store */
	const char *sha1;     /* the ETag, as in hawkBit */
	const char *filename; /* what the client calls it */
	int64_t size;         /* bytes */
	int64_t created;      /* seconds since 1970 */
};

/*
 * Answers GET and HEAD: 200, 206 (one range, or several as multipart/byteranges), 412 or 416.
 * range.h has the table of ranges; HEAD ignores them, as does GET with an If-Range that names
 * another state.
 */
struct flow download_reply(struct request *req, const struct download *download);
