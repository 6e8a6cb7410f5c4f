/* What the other endpoints know of uploads: where a file goes that is too large for them. */
#pragma once

#include "gateway/request.h"

/* Bytes that one PATCH or PUT may carry. */
int64_t upload_piece_size(const struct request *req);

/* 413 that says how large files are sent, for the project in the request's path. */
struct flow upload_reply_too_large(struct request *req);
