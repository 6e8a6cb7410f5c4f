/* /api/v1/projects/{p}/artifacts: the bytes of a project's files; small ones come in one request.
 */
#include <string.h>
#include <unistd.h>

#include "gateway/arena.h"
#include "gateway/db.h"
#include "gateway/download.h"
#include "gateway/secret.h"
#include "gateway/store.h"
#include "gateway/worker.h"
#include "manage/endpoint.h"
#include "manage/endpoints.h"
#include "manage/filename.h"
#include "manage/swu.h"
#include "manage/uploads.h"

static db_next_fn project_found, artifact_added; /* PUT, steps 2 and 3 */
static db_next_fn content_found;

/* ---- PUT: the whole file in one body ---- */

struct flow manage_artifact_put(struct request *req)
{
	const char *filename = req->param[PARAM_ARTIFACT];
	struct error err;

	if (!filename_check(filename, strlen(filename), "", &err))
		return reply_error(req, &err);
	if ((int64_t)req->body_size > upload_piece_size(req))
		return upload_reply_too_large(req);
	return db_query(req, QUERY_ARTIFACT_PROJECT, DB_ARGS(req->param[PARAM_PROJECT]),
			project_found);
}

static void digest_body(const struct request *req, struct digest *out)
{
	struct digest_state *state = digest_new();

	digest_add(state, req->body, req->body_size);
	digest_end(state, out);
	digest_free(state);
}

/* The body as a file of the store, by the same steps as an upload of one piece. */
static bool write_body(struct request *req, const struct digest *digest, struct error *err)
{
	const struct store *store = req->worker->store;
	struct digest_state *hash = digest_new();
	char id[STORE_ID_SIZE];

	secret_id(id);
	int fd = store_upload_begin(store, id, err) ? store_upload_lock(store, id, err) : -1;
	bool stored = fd >= 0 && store_upload_write(fd, 0, req->body, req->body_size, hash, err) &&
		      store_upload_finish(store, id, digest, (int64_t)req->body_size, err);

	if (fd >= 0)
		close(fd);
	if (!stored)
		store_upload_drop(store, id);
	digest_free(hash);
	return stored;
}

static struct flow project_found(struct request *req, const struct db_rows *rows)
{
	const struct caller *caller = req->caller;
	struct digest digest;
	struct error err;

	if (db_count(rows) == 0)
		return reply_fail(req, ERR_UNKNOWN, "no such project");
	digest_body(req, &digest);
	if (!write_body(req, &digest, &err))
		return reply_error(req, &err);
	return db_query(req, QUERY_ARTIFACT_ADD,
			DB_ARGS(req->param[PARAM_PROJECT], digest.sha256, digest.sha1, digest.md5,
				arena_printf(req->arena, "%zu", req->body_size),
				req->param[PARAM_ARTIFACT],
				swu_describe_artifact(req, digest.sha256, (int64_t)req->body_size),
				caller->actor),
			artifact_added);
}

static struct flow artifact_added(struct request *req, const struct db_rows *rows)
{
	if (db_count(rows) == 0)
		return reply_fail(req, ERR_UNKNOWN, "no such project");
	return reply_text(req, db_bool(rows, 0, "is_new") ? 201 : 200, "application/json",
			  db_text(rows, 0, "artifact"));
}

/* ---- GET: the bytes ---- */

struct flow manage_artifact_content(struct request *req)
{
	return db_query(req, QUERY_ARTIFACT_CONTENT,
			DB_ARGS(req->param[PARAM_PROJECT], req->param[PARAM_ARTIFACT]),
			content_found);
}

static struct flow content_found(struct request *req, const struct db_rows *rows)
{
	if (db_count(rows) == 0)
		return reply_fail(req, ERR_UNKNOWN, "no such artifact");
	return download_reply(req, rows, db_text(rows, 0, "filename"));
}
