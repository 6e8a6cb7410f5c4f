/* One value against the field that describes it. Inside manage/. */
#pragma once

#include <jansson.h>

#include "manage/endpoint.h"

struct error;

enum { VALUE_POINTER_SIZE = 80 };

/* The JSON pointer to a member of what `parent` points at (RFC 6901: ~ and / are escaped). */
void value_pointer(const char *parent, const char *name, char out[VALUE_POINTER_SIZE]);

/* A member of a body; the error points at "/NAME". */
bool value_check(const struct field *field, json_t *value, struct error *err);

/* A parameter of the query, as text; the error points at its name. */
bool value_check_param(const struct field *field, const char *text, struct error *err);
