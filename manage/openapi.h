/* The OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0). Inside manage/. */
#pragma once

#include <jansson.h>

struct route;

/* Of these routes; each has a struct endpoint in `more`. The caller owns it. */
json_t *openapi_document(const struct route *routes);
