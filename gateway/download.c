#include "gateway/download.h"

#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#include "gateway/arena.h"
#include "gateway/db.h"
#include "gateway/httpdate.h"
#include "gateway/log.h"
#include "gateway/range.h"
#include "gateway/store.h"
#include "gateway/worker.h"

enum { FILENAME_MAX_CHARS = 78 }; /* in Content-Disposition, as in hawkBit */

struct download {
	const char *sha256;   /* names the file in the store */
	const char *sha1;     /* the ETag, as in hawkBit */
	const char *filename; /* what the client calls it */
	int64_t size;         /* bytes */
	int64_t created;      /* seconds since 1970 */
};

static const char CONTENT_TYPE[] = "application/octet-stream";

/* ---- Headers of every answer ---- */

/* hawkBit's form: no blank after the semicolon, quotes only where they are needed. */
static const char *disposition(struct arena *arena, const char *filename)
{
	bool quote = strpbrk(filename, "()<>@,;:\\\"/[]?=") != NULL;
	char *out = arena_alloc(arena, 2 * strlen(filename) + sizeof("attachment;filename=\"\""));
	char *at = stpcpy(out, quote ? "attachment;filename=\"" : "attachment;filename=");
	size_t chars = 0;

	for (const char *c = filename; *c; c++) {
		bool continues = ((unsigned char)*c & 0xc0) == 0x80; /* a character in UTF-8 */

		if (!continues && chars++ == FILENAME_MAX_CHARS)
			break;
		if (*c == '"' || *c == '\\')
			*at++ = '\\';
		*at++ = (unsigned char)*c < ' ' || *c == 0x7f ? '_' : *c;
	}
	if (quote)
		*at++ = '"';
	*at = '\0';
	return out;
}

static void describe(struct request *req, const struct download *download)
{
	char modified[HTTPDATE_SIZE];

	httpdate_format(download->created, modified);
	reply_header(req, "Accept-Ranges", "bytes");
	reply_header(req, "ETag", arena_printf(req->arena, "\"%s\"", download->sha1));
	reply_header(req, "Last-Modified", modified);
	reply_header(req, "Content-Disposition", disposition(req->arena, download->filename));
	reply_header(req, "X-Content-Type-Options", "nosniff");
}

/* ---- Conditions ---- */

/* Is this tag of a list our ETag? hawkBit compares the bare SHA-1, HTTP a quoted one: both count.
 */
static bool tag_is(const char *tag, size_t length, const char *sha1)
{
	if (length >= 2 && tag[0] == '"' && tag[length - 1] == '"') {
		tag++;
		length -= 2;
	}
	return length == strlen(sha1) && strncmp(tag, sha1, length) == 0;
}

/* If-Match: "a", "b" or * */
static bool matches(const char *header, const char *sha1)
{
	static const char SEPARATORS[] = ", \t";

	for (const char *tag = header + strspn(header, SEPARATORS); *tag;
	     tag += strspn(tag, SEPARATORS)) {
		size_t length = strcspn(tag, SEPARATORS);

		if (tag_is(tag, length, sha1) || (length == 1 && *tag == '*'))
			return true;
		tag += length;
	}
	return false;
}

/* Is the file still what the client has a part of? If not, ranges make no sense to it. */
static bool range_wanted(const struct request *req, const struct download *download)
{
	const char *condition = request_header(req, "If-Range");
	int64_t date;

	if (strcmp(req->method, "GET") != 0)
		return false;
	if (!condition || tag_is(condition, strlen(condition), download->sha1))
		return true;
	return httpdate_parse(condition, &date) && date >= download->created;
}

/* ---- Answers ---- */

static const char *content_range(struct arena *arena, const struct range *range, int64_t size)
{
	return arena_printf(arena, "bytes %" PRId64 "-%" PRId64 "/%" PRId64, range->offset,
			    range->offset + range->length - 1, size);
}

/*
 * Nothing but the header: clients append what they get here to their file. To a list of ranges it
 * goes without the size, because that form of Content-Range crashes SWUpdate's delta downloader.
 */
static struct flow reply_unsatisfiable(struct request *req, const struct range_set *ranges,
				       int64_t size)
{
	if (!ranges->listed)
		reply_header(req, "Content-Range",
			     arena_printf(req->arena, "bytes */%" PRId64, size));
	return reply_empty(req, 416);
}

/* Delta clients want it of fixed length, without capitals, and not in the data. */
static const char *new_boundary(struct arena *arena)
{
	uint64_t number;

	while (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		;
	return arena_printf(arena, "%020" PRIu64, number);
}

static struct flow reply_multipart(struct request *req, int fd, const struct range_set *ranges,
				   int64_t size)
{
	const char *boundary = new_boundary(req->arena);
	size_t count = ranges->count;
	struct reply_part *parts = arena_alloc(req->arena, (count + 1) * sizeof(*parts));

	for (size_t i = 0; i < count; i++) {
		const struct range *range = &ranges->range[i];

		parts[i].text = arena_printf(req->arena,
					     "%s--%s\r\nContent-Type: %s\r\n"
					     "Content-Range: %s\r\n\r\n",
					     i ? "\r\n" : "", boundary, CONTENT_TYPE,
					     content_range(req->arena, range, size));
		parts[i].offset = range->offset;
		parts[i].length = range->length;
	}
	parts[count].text = arena_printf(req->arena, "\r\n--%s--\r\n", boundary);
	reply_header(req, "Content-Type",
		     arena_printf(req->arena, "multipart/byteranges; boundary=%s", boundary));
	return reply_parts(req, 206, fd, parts, count + 1);
}

/* A lost file is our failure; one that cannot be opened just now may be there for the next try. */
static struct flow reply_unreadable(struct request *req, struct error *err)
{
	log_error("artifact_unreadable", "request=%s error=\"%s\"", req->id, err->text);
	if (err->code == ERR_GONE)
		err->code = ERR_INTERNAL;
	return reply_error(req, err);
}

static struct flow reply(struct request *req, const struct download *download)
{
	const char *condition = request_header(req, "If-Match");
	const char *header = range_wanted(req, download) ? request_header(req, "Range") : NULL;
	struct range_set *ranges = arena_alloc(req->arena, sizeof(*ranges));
	struct error err;

	if (condition && !matches(condition, download->sha1))
		return reply_empty(req, 412);
	range_parse(header, download->size, ranges);
	if (ranges->kind == RANGE_UNSATISFIABLE) {
		describe(req, download);
		return reply_unsatisfiable(req, ranges, download->size);
	}
	int fd = store_artifact_open(req->worker->store, download->sha256, download->size, &err);
	if (fd < 0)
		return reply_unreadable(req, &err);

	describe(req, download);
	if (ranges->kind == RANGE_MANY)
		return reply_multipart(req, fd, ranges, download->size);
	reply_header(req, "Content-Type", CONTENT_TYPE);
	if (ranges->kind == RANGE_NONE)
		return reply_file(req, 200, fd, 0, download->size);
	reply_header(req, "Content-Range",
		     content_range(req->arena, &ranges->range[0], download->size));
	return reply_file(req, 206, fd, ranges->range[0].offset, ranges->range[0].length);
}

struct flow download_reply(struct request *req, const struct db_rows *rows, const char *filename)
{
	return reply(req, &(struct download){
				  .sha256 = db_text(rows, 0, "sha256"),
				  .sha1 = db_text(rows, 0, "sha1"),
				  .filename = filename,
				  .size = db_int(rows, 0, "size"),
				  .created = db_int(rows, 0, "created"),
			  });
}
