/* Headers that every endpoint may get. Inside manage/. */
#pragma once

#include <stdbool.h>

#include "manage/endpoint.h"

struct error;
struct request;
struct route;

/* As the OpenAPI document shows them: lists of one. */
extern const struct field header_if_match[], header_idempotency_key[];

/* Is If-Match compared there with an ETag? Each PATCH and DELETE of a function, and who says so. */
bool header_takes_match(const struct route *route);

/* Is its answer kept under an Idempotency-Key? Each POST of a function. */
bool header_takes_key(const struct route *route);

/* Is each of them well-formed, and does the endpoint do what it asks for? */
bool headers_check(const struct request *req, struct error *err);
