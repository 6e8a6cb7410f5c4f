/* Calls of the schema's functions, for handlers that do more with the reply. Inside manage/. */
#pragma once

#include "gateway/db.h"

/*
 * Check the request against its endpoint and call api_NAME; `next` gets one row: body, etag, status
 * and replayed. manage_call() is this with a reply that passes them on.
 */
struct flow call_function(struct request *req, db_next_fn *next);
