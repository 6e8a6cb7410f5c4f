/* Files. Headers are for the document: tus.c reads those of the tus protocol, download.c Range. */
#include "manage/fields.h"

enum { HEADER_MAX = 4096 };

/* clang-format off */
#define RESUMABLE                                                                               \
	{ .name = "Tus-Resumable", .type = FIELD_LINE, .required = true, .max = 20, .about = "1.0.0", \
	  .example = "\"1.0.0\"" }
#define CHECKSUM                                                                                \
	{ .name = "Upload-Checksum", .type = FIELD_LINE, .max = 200,                            \
	  .about = "sha1, md5 or sha256, a blank, and the digest of the piece as base64." }

const struct field fields_tus[] = { RESUMABLE, { 0 } };

const struct field fields_tus_create[] = {
	RESUMABLE, CHECKSUM,
	{ .name = "Upload-Length", .type = FIELD_LINE, .required = true, .max = 20, .about = "Bytes of the file.",
	  .example = "\"41943040\"" },
	{ .name = "Upload-Metadata", .type = FIELD_LINE, .required = true, .max = HEADER_MAX,
	  .about = "filename and, to be sure, sha256: each with its value as base64.",
	  .example = "\"filename aW1hZ2UtMS4xLjAuc3d1\"" },
	{ 0 },
};

const struct field fields_tus_piece[] = {
	RESUMABLE, CHECKSUM,
	{ .name = "Upload-Offset", .type = FIELD_LINE, .required = true, .max = 20,
	  .about = "Bytes that are there already: where the piece begins.", .example = "\"8388608\"" },
	{ 0 },
};

const struct field fields_tus_override[] = {
	RESUMABLE,
	{ .name = "X-HTTP-Method-Override", .type = FIELD_LINE, .required = true, .max = 10,
	  .about = "PATCH or DELETE, whose headers and body the request has.", .example = "\"PATCH\"" },
	{ 0 },
};

static const char *const ARTIFACT_SORTS[] = { "created_at", "-created_at", "filename", "-filename", "size", "-size", NULL };

const struct field fields_artifact_list[] = {
	FIELDS_LIMIT, FIELDS_CURSOR,
	FIELDS_SORT(ARTIFACT_SORTS, "`-created_at` by default; \"-\" turns the order round."),
	FIELDS_SEARCH("Only with this in the file's name."),
	{ .name = "used", .type = FIELD_BOOLEAN, .about = "Only those that payloads are made of (true), or only others (false)." },
	{ 0 },
};

const struct field fields_range[] = {
	{ .name = "Range", .type = FIELD_LINE, .max = HEADER_MAX, .about = "Only these bytes.", .example = "\"bytes=0-1023\"" },
	{ .name = "If-Range", .type = FIELD_LINE, .max = 200,
	  .about = "The ETag of an earlier answer: all bytes if the file is another one." },
	{ 0 },
};
/* clang-format on */
