/* Errors in the API's dialect: problem details (RFC 9457). Inside manage/. */
#pragma once

#include "gateway/request.h"

/* {"type", "title", "status", "detail", "pointer", "request_id"} as application/problem+json. */
struct flow problem_reply(struct request *req, const struct error *err);
