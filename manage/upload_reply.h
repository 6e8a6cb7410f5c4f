/* An upload in the middle of a request, and how it is told to the client. Inside manage/. */
#pragma once

#include "gateway/digest.h"
#include "gateway/request.h"

enum { UNLOCKED = -1 };

/* The request's state: the row as last seen, and what this request adds to it. */
struct upload {
	const char *id, *filename, *metadata;
	const char *expected; /* SHA-256 that the client promised, or NULL */
	const char *attempt;  /* our claim, or NULL */
	const char *created_at, *expires_at;
	int64_t size, received, offset; /* bytes; `offset` is where the client wants to write */
	int64_t expires;                /* seconds since 1970 */
	bool stored;                    /* the artifact has its row */
	int lock;                       /* descriptor of the file, or UNLOCKED */
	struct digest_state *hash;      /* of the first `received` bytes */
	struct digest digest;           /* of the same */
	struct error error;             /* why the upload is given up */
	step_fn *done;                  /* how to answer when it is received or stored */
};

/* Answers, from the upload in req->state. */
step_fn upload_reply_created; /* POST: 201, with the place to send pieces to */
step_fn upload_reply_written; /* PATCH: 204, with how far it is now */
step_fn upload_reply_head;    /* HEAD */
step_fn upload_reply_row;     /* GET: as JSON, with the digests once it is stored */

const char *upload_number(struct request *req, int64_t value); /* as text */
const char *upload_keep_seconds(struct request *req);          /* how long one is kept, as text */
