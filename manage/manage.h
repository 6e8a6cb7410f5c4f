/* The operators' side: the REST API under /api/v1. docs/api.md, and the document it serves,
 * describe it. */
#pragma once

#include "gateway/route.h"

extern const struct area manage_area;
