/* What the resolver has to know of a device, from the row that a query returns. */
#pragma once

#include <stddef.h>

#include "resolver/resolver.h"

struct db_rows;
struct request;

/*
 * Columns: staged, software_type, software_version, hardware_version, targeting, failures (both
 * JSON as the table device has them) and installed_n. Texts are copied to the request, whose clock
 * is `now`.
 */
void facts_read(struct request *req, const struct db_rows *rows, size_t row,
		struct resolver_facts *out);
