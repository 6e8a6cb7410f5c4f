/* /api/v1/projects/{p}/artifacts: the stored files of a project; small ones in one request. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/arena.h"
#include "gateway/db.h"
#include "gateway/log.h"
#include "gateway/secret.h"
#include "gateway/store.h"
#include "gateway/worker.h"
#include "manage/endpoints.h"
#include "manage/filename.h"
#include "manage/swu.h"
#include "manage/uploads.h"

enum { LIST_DEFAULT = 100, LIST_MAX = 1000 }; /* items of one page */

static db_next_fn project_found, artifact_added; /* PUT, steps 2 and 3 */
static db_next_fn artifacts_listed;

/* ---- PUT: the whole file in one body ---- */

struct flow manage_artifact_put(struct request *req)
{
	const char *filename = req->param[PARAM_FILENAME];
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
				req->param[PARAM_FILENAME],
				swu_describe_artifact(req, digest.sha256, (int64_t)req->body_size)),
			artifact_added);
}

static struct flow artifact_added(struct request *req, const struct db_rows *rows)
{
	if (db_count(rows) == 0)
		return reply_fail(req, ERR_UNKNOWN, "no such project");
	bool is_new = db_bool(rows, 0, "is_new");
	json_t *artifact = db_json(rows, 0);

	json_object_del(artifact, "is_new");
	return reply_json(req, is_new ? 201 : 200, artifact);
}

/* ---- GET: the list, newest first ---- */

/* A number from 1 to `max`; `fallback` when the client does not say. */
static bool take_number(struct request *req, const char *name, int64_t max, int64_t fallback,
			int64_t *out, struct error *err)
{
	const char *text = request_query_param(req, name);
	char *end = NULL;

	*out = fallback;
	if (!text)
		return true;
	errno = 0;
	*out = *text >= '0' && *text <= '9' ? strtoll(text, &end, 10) : 0;
	if (*out < 1 || *out > max || *end || errno)
		return error_field(err, ERR_INVALID, name, "%s is a number from 1 to %" PRId64,
				   name, max);
	return true;
}

struct flow manage_artifact_list(struct request *req)
{
	int64_t limit, before;
	struct error err;

	if (!take_number(req, "limit", LIST_MAX, LIST_DEFAULT, &limit, &err) ||
	    !take_number(req, "cursor", INT64_MAX, INT64_MAX, &before, &err))
		return reply_error(req, &err);
	return db_query(req, QUERY_ARTIFACT_LIST,
			DB_ARGS(req->param[PARAM_PROJECT],
				arena_printf(req->arena, "%" PRId64, before),
				arena_printf(req->arena, "%" PRId64, limit)),
			artifacts_listed);
}

/* The query returns one row too many when there is a next page, and an empty row without any. */
static struct flow artifacts_listed(struct request *req, const struct db_rows *rows)
{
	json_t *items = json_array(), *next = NULL;

	if (db_count(rows) == 0) {
		json_decref(items);
		return reply_fail(req, ERR_UNKNOWN, "no such project");
	}
	for (size_t i = 0; i < db_count(rows) && db_text(rows, i, "id"); i++) {
		if (db_bool(rows, i, "beyond")) {
			next = json_sprintf("%" PRId64, db_int(rows, i - 1, "id"));
			break;
		}
		json_t *artifact = db_json(rows, i);
		json_object_del(artifact, "id");
		json_object_del(artifact, "beyond");
		json_array_append_new(items, artifact);
	}
	return reply_json(
		req, 200,
		json_pack("{s:o, s:o}", "items", items, "next", next ? next : json_null()));
}
