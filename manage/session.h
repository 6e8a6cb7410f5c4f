/* The cookie of a browser that has logged in. Inside manage/. */
#pragma once

#include "gateway/request.h"

/* Its value, or NULL: the client has none. Lives as long as the request. */
const char *session_cookie(struct request *req);

/* The reply sets it, for `seconds`; 0: it is gone. No script sees it, no other site sends it. */
void session_set_cookie(struct request *req, const char *value, int seconds);
