#include "gateway/removal.h"

#include "gateway/db.h"
#include "gateway/log.h"
#include "gateway/store.h"
#include "gateway/worker.h"

static void on_gone(void *context, const struct db_rows *rows)
{
	struct worker *worker = context;

	for (size_t i = 0; rows && i < db_count(rows); i++) {
		const char *sha256 = db_text(rows, i, "sha256");

		if (!store_artifact_remove(worker->store, sha256, db_int(rows, i, "before")))
			continue;
		log_info("artifact_removed", "sha256=%s", sha256);
		db_call(worker->db, QUERY_ARTIFACT_REMOVED, DB_ARGS(sha256), NULL, NULL);
	}
}

void removal_run(struct worker *worker)
{
	db_call(worker->db, QUERY_ARTIFACTS_GONE, (struct db_args){ 0 }, on_gone, worker);
}
