/* GET /api/v0/artifacts/{project}/{sha256}/{filename}: a file, by a signed link. */
#include <errno.h>
#include <stdlib.h>

#include "gateway/db.h"
#include "gateway/download.h"
#include "ota/endpoints.h"
#include "ota/signed.h"

static db_next_fn found;

struct flow ota_artifact(struct request *req)
{
	return db_query(req, QUERY_ARTIFACT_SIGNED,
			DB_ARGS(req->param[PARAM_PROJECT], req->param[PARAM_SHA256]), found);
}

static bool is_ours(struct request *req, const struct db_rows *rows, const char *expires)
{
	const struct signed_file file = { req->param[PARAM_PROJECT], req->param[PARAM_SHA256],
					  req->param[PARAM_FILENAME] };
	const char *signature = request_query_param(req, "signature");

	return db_count(rows) > 0 && expires && signature &&
	       signed_valid(req->arena, db_text(rows, 0, "url_secret"), &file, expires, signature);
}

static bool has_expired(const struct request *req, const char *expires)
{
	char *end;

	errno = 0;
	long long until = strtoll(expires, &end, 10);
	return errno || *end || until < req->now / 1000000;
}

static struct flow found(struct request *req, const struct db_rows *rows)
{
	const char *expires = request_query_param(req, "expires");

	if (!is_ours(req, rows, expires))
		return reply_fail(req, ERR_FORBIDDEN, "this link is not one of ours");
	if (has_expired(req, expires))
		return reply_fail(req, ERR_FORBIDDEN, "this link has expired; ask for a new one");
	if (!db_text(rows, 0, "sha256"))
		return reply_fail(req, ERR_UNKNOWN, "this file is no longer here");
	return download_reply(req, rows, req->param[PARAM_FILENAME]);
}
