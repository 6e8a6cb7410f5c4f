/*
 * /api/v1/projects/{p}/uploads: files of any size, in pieces, by the tus 1.0 protocol.
 *
 * A row of `upload` is the truth about an upload; its file may be longer, by an attempt that was
 * never acknowledged. One PATCH is:
 *
 *   lock     the file, so that nobody else writes; the kernel unlocks when this process dies
 *   claim    in the row: the offset is right, and from now on only this attempt can commit. So
 *            what a lost connection left running in PostgreSQL cannot come true later
 *   write    the piece behind the bytes that the row vouches for, synced
 *   commit   the row: these bytes count, with the state of the digests behind them
 *   finish   when all bytes are there: file -> artifact, then the artifact's row
 *
 * A crash before `commit` costs the piece, a crash behind it nothing: whoever next asks about a
 * complete upload finishes it.
 */
#include "manage/uploads.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "gateway/arena.h"
#include "gateway/db.h"
#include "gateway/log.h"
#include "gateway/secret.h"
#include "gateway/store.h"
#include "gateway/worker.h"
#include "manage/endpoint.h"
#include "manage/endpoints.h"
#include "manage/swu.h"
#include "manage/tus.h"
#include "manage/upload_reply.h"

static const char PIECE_TYPE[] = "application/offset+octet-stream";

static db_next_fn upload_created, upload_found, upload_claimed;   /* the row */
static step_fn write_piece, store_artifact, give_up;              /* one thing to do */
static db_next_fn piece_committed, artifact_stored, upload_ended; /* what came of it */

/* ---- Small parts ---- */

static void unlock(struct upload *upload)
{
	if (upload->lock != UNLOCKED)
		close(upload->lock);
	upload->lock = UNLOCKED;
}

static void upload_free(void *object)
{
	struct upload *upload = object;

	unlock(upload);
	digest_free(upload->hash);
}

/* The request's upload; it ends, and is unlocked, with the request. */
static struct upload *upload_new(struct request *req, const char *id, step_fn *done)
{
	struct upload *upload = arena_alloc(req->arena, sizeof(*upload));

	upload->id = id;
	upload->lock = UNLOCKED;
	upload->done = done;
	req->state = upload;
	return arena_adopt(req->arena, upload, upload_free);
}

static const char *keep(struct request *req, const struct db_rows *rows, const char *column)
{
	const char *text = db_text(rows, 0, column);

	return text ? arena_strdup(req->arena, text) : NULL;
}

/* Take over the row that every query about uploads returns. */
static bool read_row(struct request *req, const struct db_rows *rows, struct error *err)
{
	struct upload *upload = req->state;

	if (db_count(rows) == 0)
		return error_set(err, ERR_UNKNOWN, "no such upload, or it has expired");
	upload->filename = keep(req, rows, "filename");
	upload->metadata = keep(req, rows, "metadata");
	upload->expected = keep(req, rows, "expected_sha256");
	upload->created_at = keep(req, rows, "created_at");
	upload->expires_at = keep(req, rows, "expires_at");
	upload->expires = db_int(rows, 0, "expires");
	upload->size = db_int(rows, 0, "size");
	upload->received = db_int(rows, 0, "received");
	upload->hash = digest_load(db_text(rows, 0, "digest_state"));
	if (!upload->hash || digest_size(upload->hash) != upload->received)
		return error_set(err, ERR_INTERNAL, "upload %s: bad digest state", upload->id);
	upload->stored = db_bool(rows, 0, "stored");
	digest_end(upload->hash, &upload->digest);
	return true;
}

/* ---- Before anything else: do we speak the same protocol? ---- */

static bool speaks_tus(struct request *req, struct error *err)
{
	const char *version = request_header(req, "Tus-Resumable");

	reply_header(req, "Tus-Resumable", TUS_VERSION);
	if (version && strcmp(version, TUS_VERSION) == 0)
		return true;
	reply_header(req, "Tus-Version", TUS_VERSION);
	return error_field(err, ERR_PRECONDITION, "Tus-Resumable",
			   "this server speaks tus " TUS_VERSION
			   ", the request must say \"Tus-Resumable: " TUS_VERSION "\"");
}

/* Is the body a piece that may be written? */
static bool piece_fits(struct request *req, struct error *err)
{
	const char *type = request_header(req, "Content-Type");

	if (!type || strcasecmp(type, PIECE_TYPE) != 0)
		return error_field(err, ERR_MEDIA_TYPE, "Content-Type",
				   "the Content-Type of a piece is %s", PIECE_TYPE);
	return tus_checksum(request_header(req, "Upload-Checksum"), req->body, req->body_size, err);
}

struct flow manage_upload_options(struct request *req)
{
	reply_header(req, "Tus-Resumable", TUS_VERSION);
	reply_header(req, "Tus-Version", TUS_VERSION);
	reply_header(req, "Tus-Extension", TUS_EXTENSIONS);
	reply_header(req, "Tus-Max-Size", upload_number(req, TUS_MAX_SIZE));
	reply_header(req, "Tus-Checksum-Algorithm", TUS_ALGORITHMS);
	return reply_empty(req, 204);
}

static struct flow too_long(struct request *req)
{
	struct error err;

	error_field(&err, ERR_TOO_LARGE, "Upload-Length", "the piece goes beyond Upload-Length");
	return reply_error(req, &err);
}

/* ---- POST: a new upload, perhaps with its first piece ---- */

struct flow manage_upload_create(struct request *req)
{
	const char *metadata = request_header(req, "Upload-Metadata");
	char *id = arena_alloc(req->arena, STORE_ID_SIZE);
	struct digest_state *hash = digest_new();
	char *state = arena_adopt(req->arena, digest_save(hash), free);
	struct tus_metadata about;
	struct error err;
	int64_t size;

	digest_free(hash);
	if (!speaks_tus(req, &err) ||
	    !tus_bytes("Upload-Length", request_header(req, "Upload-Length"), &size, &err) ||
	    !tus_metadata(req->arena, metadata, &about, &err) ||
	    (req->body_size && !piece_fits(req, &err)))
		return reply_error(req, &err);
	if ((int64_t)req->body_size > upload_piece_size(req))
		return upload_reply_too_large(req);
	if ((int64_t)req->body_size > size)
		return too_long(req);

	secret_id(id);
	upload_new(req, id, upload_reply_created);
	return db_query(req, QUERY_UPLOAD_CREATE,
			DB_ARGS(req->param[PARAM_PROJECT], id, about.filename, metadata,
				upload_number(req, size), about.sha256, state,
				upload_keep_seconds(req)),
			upload_created);
}

static struct flow upload_created(struct request *req, const struct db_rows *rows)
{
	const struct store *store = req->worker->store;
	struct upload *upload = req->state;
	struct error err;

	if (db_count(rows) == 0)
		return reply_fail(req, ERR_UNKNOWN, "no such project");
	if (!read_row(req, rows, &err))
		return reply_error(req, &err);
	upload->attempt = keep(req, rows, "attempt");
	if (!store_upload_begin(store, upload->id, &err))
		return reply_error(req, &err);
	upload->lock = store_upload_lock(store, upload->id, &err);
	if (upload->lock == UNLOCKED)
		return reply_error(req, &err);
	log_info("upload_created", "request=%s upload=%s size=%" PRId64, req->id, upload->id,
		 upload->size);
	/* A file of no bytes is complete now. */
	return req->body_size || upload->size == 0 ? write_piece(req) : upload->done(req);
}

/* ---- HEAD and GET: how far is it? ---- */

static struct flow ask(struct request *req, step_fn *done)
{
	upload_new(req, req->param[PARAM_UPLOAD], done);
	return db_query(req, QUERY_UPLOAD_FIND,
			DB_ARGS(req->param[PARAM_PROJECT], req->param[PARAM_UPLOAD]), upload_found);
}

struct flow manage_upload_head(struct request *req)
{
	struct error err;

	return speaks_tus(req, &err) ? ask(req, upload_reply_head) : reply_error(req, &err);
}

struct flow manage_upload_get(struct request *req)
{
	return ask(req, upload_reply_row);
}

static struct flow upload_found(struct request *req, const struct db_rows *rows)
{
	struct upload *upload = req->state;
	struct error err;

	if (!read_row(req, rows, &err))
		return reply_error(req, &err);
	if (upload->received == upload->size && !upload->stored)
		return store_artifact(req); /* someone died behind `commit` */
	return upload->done(req);
}

/* ---- PATCH: the next piece ---- */

struct flow manage_upload_patch(struct request *req)
{
	struct upload *upload = upload_new(req, req->param[PARAM_UPLOAD], upload_reply_written);
	struct error err;

	if (!speaks_tus(req, &err))
		return reply_error(req, &err);
	if ((int64_t)req->body_size > upload_piece_size(req))
		return upload_reply_too_large(req);
	if (!tus_bytes("Upload-Offset", request_header(req, "Upload-Offset"), &upload->offset,
		       &err) ||
	    !piece_fits(req, &err))
		return reply_error(req, &err);

	upload->lock = store_upload_lock(req->worker->store, upload->id, &err);
	/* Without a file it is unknown or stored already: the row knows. */
	if (upload->lock == UNLOCKED && err.code != ERR_GONE)
		return reply_error(req, &err);
	return db_query(
		req, QUERY_UPLOAD_CLAIM,
		DB_ARGS(req->param[PARAM_PROJECT], upload->id, upload_number(req, upload->offset),
			upload_number(req, (int64_t)req->body_size), upload_keep_seconds(req)),
		upload_claimed);
}

static struct flow upload_claimed(struct request *req, const struct db_rows *rows)
{
	struct upload *upload = req->state;
	struct error err;

	if (!read_row(req, rows, &err))
		return reply_error(req, &err);
	if (upload->offset != upload->received) {
		error_field(&err, ERR_CONFLICT, "Upload-Offset",
			    "Upload-Offset is %" PRId64 ", but %" PRId64 " bytes are here",
			    upload->offset, upload->received);
		return reply_error(req, &err);
	}
	if ((int64_t)req->body_size > upload->size - upload->received)
		return too_long(req);
	if (upload->received == upload->size)
		return upload->stored ? upload->done(req) : store_artifact(req);
	upload->attempt = keep(req, rows, "attempt");
	return write_piece(req);
}

static bool promise_kept(struct upload *upload)
{
	if (!upload->expected || strcmp(upload->expected, upload->digest.sha256) == 0)
		return true;
	return error_field(&upload->error, ERR_UNPROCESSABLE, "Upload-Metadata",
			   "the file has the SHA-256 %s, not %s as announced; it is dropped",
			   upload->digest.sha256, upload->expected);
}

static struct flow write_piece(struct request *req)
{
	struct upload *upload = req->state;
	struct error *err = &upload->error;

	if (upload->lock == UNLOCKED) {
		error_set(err, ERR_GONE, "the bytes of this upload are lost; start anew");
		return give_up(req);
	}
	if (!store_upload_write(upload->lock, upload->received, req->body, req->body_size,
				upload->hash, err))
		return err->code == ERR_GONE ? give_up(req) : reply_error(req, err);
	upload->received += (int64_t)req->body_size;
	digest_end(upload->hash, &upload->digest);
	if (upload->received == upload->size && !promise_kept(upload))
		return give_up(req);

	const char *state = arena_adopt(req->arena, digest_save(upload->hash), free);
	return db_query(req, QUERY_UPLOAD_COMMIT,
			DB_ARGS(upload->id, upload->attempt, upload_number(req, upload->received),
				state, upload_keep_seconds(req)),
			piece_committed);
}

static struct flow piece_committed(struct request *req, const struct db_rows *rows)
{
	struct upload *upload = req->state;

	if (db_count(rows) == 0)
		return reply_fail(req, ERR_CONFLICT,
				  "this upload was ended or continued by another request");
	upload->expires = db_int(rows, 0, "expires");
	upload->expires_at = keep(req, rows, "expires_at");
	if (upload->received == upload->size)
		return store_artifact(req);
	unlock(upload); /* before the client knows that it may go on */
	return upload->done(req);
}

/* ---- All bytes are there ---- */

/* May run twice at once, or again after a crash: every part of it can be repeated. */
static struct flow store_artifact(struct request *req)
{
	const struct caller *caller = req->caller;
	struct upload *upload = req->state;
	const struct digest *digest = &upload->digest;
	struct error *err = &upload->error;

	if (!promise_kept(upload))
		return give_up(req);
	if (!store_upload_finish(req->worker->store, upload->id, digest, upload->size, err))
		return err->code == ERR_GONE ? give_up(req) : reply_error(req, err);
	return db_query(req, QUERY_UPLOAD_COMPLETE,
			DB_ARGS(upload->id, digest->sha256, digest->sha1, digest->md5,
				swu_describe_artifact(req, digest->sha256, upload->size),
				caller->actor),
			artifact_stored);
}

static struct flow artifact_stored(struct request *req, const struct db_rows *rows)
{
	struct upload *upload = req->state;

	if (db_count(rows) == 0)
		return reply_fail(req, ERR_CONFLICT, "this upload was ended by another request");
	upload->stored = true;
	unlock(upload);
	log_info("upload_stored", "request=%s upload=%s size=%" PRId64 " sha256=%s", req->id,
		 upload->id, upload->size, upload->digest.sha256);
	return upload->done(req);
}

/* ---- DELETE, and uploads that came to nothing ---- */

struct flow manage_upload_delete(struct request *req)
{
	struct upload *upload = upload_new(req, req->param[PARAM_UPLOAD], NULL);
	struct error err;

	if (!speaks_tus(req, &err))
		return reply_error(req, &err);
	return db_query(req, QUERY_UPLOAD_DELETE, DB_ARGS(req->param[PARAM_PROJECT], upload->id),
			upload_ended);
}

/* Nothing of it is kept, and the client learns upload->error. */
static struct flow give_up(struct request *req)
{
	struct upload *upload = req->state;

	log_warn("upload_given_up", "request=%s upload=%s error=\"%s\"", req->id, upload->id,
		 upload->error.text);
	return db_query(req, QUERY_UPLOAD_DELETE, DB_ARGS(req->param[PARAM_PROJECT], upload->id),
			upload_ended);
}

/* The row goes first: without it nobody looks for the file, and a file without a row is swept. */
static struct flow upload_ended(struct request *req, const struct db_rows *rows)
{
	struct upload *upload = req->state;

	if (db_count(rows) > 0)
		store_upload_drop(req->worker->store, upload->id);
	if (*upload->error.text)
		return reply_error(req, &upload->error);
	return db_count(rows) > 0 ? reply_empty(req, 204)
				  : reply_fail(req, ERR_UNKNOWN, "no such upload");
}

/* ---- For clients behind proxies that know only GET and POST ---- */

struct flow manage_upload_override(struct request *req)
{
	const char *method = request_header(req, "X-HTTP-Method-Override");

	if (method && strcasecmp(method, "PATCH") == 0)
		return manage_upload_patch(req);
	if (method && strcasecmp(method, "DELETE") == 0)
		return manage_upload_delete(req);
	return reply_fail(req, ERR_METHOD,
			  "POST needs \"X-HTTP-Method-Override: PATCH\" or DELETE here");
}
