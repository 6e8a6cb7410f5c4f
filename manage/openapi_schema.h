/* Fields of requests and replies as JSON Schema. Inside manage/. */
#pragma once

#include <jansson.h>

#include "manage/endpoint.h"
#include "manage/replies.h"

json_t *schema_of_field(const struct field *field);
json_t *schema_of_body(const struct field *fields, bool partial);
json_t *schema_of_reply(const struct reply *reply);

/* Of what an endpoint answers: "Cohort", "[Cohort]" for a page of them. */
json_t *schema_of_answer(const char *reply);
