/* A catalog from the JSON that the schema's function catalog() makes. Inside gateway/catalog*. */
#pragma once

#include <jansson.h>

#include "gateway/catalog.h"

/* `root` outlives the catalog: texts point into it. False: a stored version is not one. */
bool catalog_read(struct arena *arena, const json_t *root, struct catalog *out);
