/* Between request.c and reply.c: answers before a handler is known. */
#pragma once

#include "gateway/request.h"

/* 404, or 405 with the methods that there are. */
struct flow reply_no_route(struct request *req);
