/* /api/v1/server: what is running here. */
#include "gateway/config.h"
#include "gateway/db.h"
#include "gateway/worker.h"
#include "manage/endpoints.h"

static db_next_fn database_asked;

struct flow manage_server(struct request *req)
{
	return db_query(req, QUERY_SERVER_INFO, (struct db_args){ 0 }, database_asked);
}

static struct flow database_asked(struct request *req, const struct db_rows *rows)
{
	const struct config *config = req->worker->config;
	json_t *server = db_json(rows, 0);

	json_object_set_new(server, "version", json_string(MEWS_VERSION));
	json_object_set_new(server, "url", json_string(request_base_url(req)));
	json_object_set_new(server, "upload_piece_size", json_integer(config->upload_piece));
	json_object_set_new(server, "seen_resolution", json_integer(config->seen_resolution));
	return reply_json(req, 200, server);
}
