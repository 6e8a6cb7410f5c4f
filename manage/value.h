/* One value against the field that describes it. Inside manage/. */
#pragma once

#include <jansson.h>

#include "manage/endpoint.h"

struct error;

/* A member of a body; the error points at "/NAME". */
bool value_check(const struct field *field, json_t *value, struct error *err);

/* A parameter of the query, as text; the error points at its name. */
bool value_check_param(const struct field *field, const char *text, struct error *err);
