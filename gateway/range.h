/*
 * Which bytes does a Range header ask for? Pure: no sockets, no memory.
 *
 * | header, for a file of N bytes                  | answer                                     |
 * | ---                                            | ---                                        |
 * | none                                           | RANGE_NONE: 200, everything                |
 * | bytes=a-b, a- or -n with at least one byte     | RANGE_ONE: 206; b is cut to N-1, n to N    |
 * | bytes=a-b,c-d,...: ascending, apart or         | RANGE_MANY: 206 multipart, in this order   |
 * |   touching, at most RANGE_MAX                  |                                            |
 * | the same, but overlapping, out of order or     | RANGE_ONE: the first of them only; delta   |
 * |   more than RANGE_MAX                          |   clients ask again for the others         |
 * | any a >= N, a > b, -0, N = 0                   | RANGE_UNSATISFIABLE: 416                   |
 * | another unit, no or broken numbers             | RANGE_UNSATISFIABLE: 416, as hawkBit       |
 *
 * Blanks are allowed around commas (RFC 9110) and nowhere else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RANGE_MAX = 1000 };

enum range_kind { RANGE_NONE, RANGE_ONE, RANGE_MANY, RANGE_UNSATISFIABLE };

struct range {
	int64_t offset, length; /* bytes; length > 0 */
};

struct range_set {
	enum range_kind kind;
	bool listed;  /* the header is a list: the client may be SWUpdate's delta downloader */
	size_t count; /* of `range`: 1 for RANGE_ONE, 2 or more for RANGE_MANY */
	struct range range[RANGE_MAX];
};

/* `header` NULL: the client sent none. */
void range_parse(const char *header, int64_t size, struct range_set *out);
