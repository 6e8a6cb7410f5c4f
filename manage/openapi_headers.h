/* The headers of answers in the OpenAPI document. Inside manage/. */
#pragma once

#include <jansson.h>

struct route;

/* Those that an answer with this status has or may have, by name; an empty object: none. */
json_t *openapi_headers(const struct route *route, int status);
