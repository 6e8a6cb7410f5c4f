/* Reply with the bytes of an artifact, or the ranges of them that the client asks for. */
#pragma once

#include "gateway/request.h"

struct db_rows;

/*
 * The artifact is the first of `rows`: sha256, sha1, size (bytes), created (seconds since 1970).
 * The client calls it `filename`, the ETag is the SHA-1, as in hawkBit.
 *
 * Answers GET and HEAD: 200, 206 (one range, or several as multipart/byteranges), 412 or 416.
 * range.h has the table of ranges; HEAD ignores them, as does GET with an If-Range that names
 * another state.
 */
struct flow download_reply(struct request *req, const struct db_rows *rows, const char *filename);
