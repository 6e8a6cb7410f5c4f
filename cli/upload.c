#include "cli/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/api.h"
#include "cli/http.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "gateway/digest.h"
#include "gateway/hex.h"

enum {
	READ_SIZE = 1 << 20,
	PIECE_MIN = 1 << 10,
	PIECE_MAX = 32 << 20, /* bytes that we hold in memory, whatever the server would take */
	PATIENCE = 120,       /* seconds without a byte of progress */
	CHECKSUM_SIZE = 48,   /* base64 of a SHA-256 */
};

#define TUS "Tus-Resumable: 1.0.0"

/* One file on its way. */
struct upload {
	struct run *run;
	const char *file; /* its path, for messages */
	int fd;
	int64_t size, offset; /* the server has `offset` bytes */
	int64_t piece;        /* bytes of one request */
	char *buffer;
	const char *path; /* of the upload on the server */
	struct progress progress;
};

static bool read_failed(struct upload *upload, ssize_t n)
{
	return error_set(&upload->run->err, ERR_INTERNAL, "%s: %s", upload->file,
			 n < 0 ? strerror(errno) : "became shorter while it was read");
}

static bool read_at(struct upload *upload, int64_t offset, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = pread(upload->fd, upload->buffer + got, size - got,
				  offset + (int64_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return read_failed(upload, n);
		got += (size_t)n;
	}
	return true;
}

/* ---- Before: open and digest ---- */

bool upload_check(struct run *run, const char *path)
{
	struct stat about;

	if (strcmp(path, "-") == 0)
		return run_usage(run, "standard input cannot be uploaded: the file's size and "
				      "SHA-256 go ahead of it; write it to a file first");
	if (stat(path, &about) != 0 || access(path, R_OK) != 0)
		return run_usage(run, "%s: %s", path, strerror(errno));
	return S_ISREG(about.st_mode) || run_usage(run, "%s is not a file", path);
}

static bool open_file(struct upload *upload)
{
	struct stat about;

	upload->fd = open(upload->file, O_RDONLY | O_CLOEXEC);
	if (upload->fd < 0 || fstat(upload->fd, &about) != 0)
		return error_set(&upload->run->err, ERR_INTERNAL, "%s: %s", upload->file,
				 strerror(errno));
	upload->size = about.st_size;
	return true;
}

static bool digest_file(struct upload *upload, const char **sha256)
{
	struct digest_state *state = digest_new();
	struct digest digest;
	bool ok = true;

	progress_begin(&upload->progress, "reading", upload->size, upload->run->quiet);
	for (int64_t offset = 0; ok && offset < upload->size; offset += READ_SIZE) {
		int64_t left = upload->size - offset;
		size_t size = left < READ_SIZE ? (size_t)left : READ_SIZE;

		ok = read_at(upload, offset, size);
		if (ok)
			digest_add(state, upload->buffer, size);
		progress_update(&upload->progress, offset);
	}
	digest_end(state, &digest);
	digest_free(state);
	*sha256 = arena_strdup(upload->run->arena, digest.sha256);
	return ok;
}

/* ---- The upload on the server ---- */

static const char *base64(struct run *run, const void *data, size_t size)
{
	char *out = arena_alloc(run->arena, (size + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)out, data, (int)size);
	return out;
}

/* Of a URL on this server, what comes behind its name; other servers get nothing from us. */
static const char *path_of(struct run *run, const char *location)
{
	const char *api = location ? strstr(location, "/api/v1/") : NULL;

	return api ? arena_strdup(run->arena, api) : NULL;
}

static int64_t piece_size(const struct http_reply *reply)
{
	json_t *about = json_loadb(reply->body, reply->size, 0, NULL);
	json_int_t size = api_number(about, "piece_size");

	json_decref(about);
	if (size < PIECE_MIN)
		return READ_SIZE;
	return size < PIECE_MAX ? size : PIECE_MAX;
}

static bool create(struct upload *upload, const char *name, const char *sha256)
{
	struct run *run = upload->run;
	const char *path = api_project_path(run, "uploads", NULL);
	const char *headers[] = {
		TUS,
		arena_printf(run->arena, "Upload-Length: %" PRId64, upload->size),
		arena_printf(run->arena, "Upload-Metadata: filename %s,sha256 %s",
			     base64(run, name, strlen(name)), base64(run, sha256, strlen(sha256))),
		NULL,
	};
	/* A second one does no harm: what nobody continues expires. */
	struct http_request request = {
		.method = "POST", .path = path, .body = "", .headers = headers, .repeatable = true
	};
	struct http_reply reply;

	if (!http_do(run->http, run->arena, &request, &reply, &run->err))
		return false;
	upload->path = path_of(run, http_header(run->http, "Location"));
	if (reply.status != 201 || !upload->path)
		return api_problem(run, path, &reply);
	upload->piece = piece_size(&reply);
	return true;
}

/* How far is it? Asked after a line broke in the middle of a piece. */
static bool ask_offset(struct upload *upload, int *status)
{
	struct run *run = upload->run;
	struct http_request request = { .method = "GET", .path = upload->path, .repeatable = true };
	struct http_reply reply;
	json_t *about;

	*status = 0;
	if (!http_do(run->http, run->arena, &request, &reply, &run->err))
		return false;
	*status = reply.status;
	if (reply.status != 200)
		return api_problem(run, upload->path, &reply);
	about = run_keep(run, json_loadb(reply.body, reply.size, 0, NULL));
	upload->offset = api_number(about, "received");
	if (upload->offset >= 0 && upload->offset <= upload->size)
		return true;
	return error_set(&run->err, ERR_INTERNAL, "the server has more bytes than the file");
}

/* ---- Pieces ---- */

static void piece_progress(void *context, int64_t sent)
{
	struct upload *upload = context;

	progress_update(&upload->progress, upload->offset + sent);
}

static const char *checksum(struct arena *arena, const char *data, size_t size)
{
	char hex[DIGEST_SHA256_HEX], text[CHECKSUM_SIZE];
	unsigned char bytes[DIGEST_SHA256_HEX / 2];

	digest_sha256(data, size, hex);
	hex_decode(hex, DIGEST_SHA256_HEX - 1, bytes);
	EVP_EncodeBlock((unsigned char *)text, bytes, sizeof(bytes));
	return arena_printf(arena, "Upload-Checksum: sha256 %s", text);
}

/* One PATCH. False with *status 0: the line broke; else the server has answered no. */
static bool send_piece(struct upload *upload, struct arena *arena, int *status)
{
	struct run *run = upload->run;
	int64_t left = upload->size - upload->offset;
	size_t size = (size_t)(left < upload->piece ? left : upload->piece);
	const char *headers[] = {
		TUS,
		"Content-Type: application/offset+octet-stream",
		arena_printf(arena, "Upload-Offset: %" PRId64, upload->offset),
		NULL,
		NULL,
	};
	struct http_request request = { .method = "PATCH",
					.path = upload->path,
					.body = upload->buffer,
					.size = size,
					.headers = headers,
					.slow = true,
					.progress = piece_progress,
					.context = upload };
	struct http_reply reply;

	*status = -1; /* the file is at fault */
	if (!read_at(upload, upload->offset, size))
		return false;
	headers[3] = checksum(arena, upload->buffer, size);
	*status = 0;
	if (!http_do(run->http, arena, &request, &reply, &run->err))
		return false;
	*status = reply.status;
	if (reply.status != 204)
		return api_problem(run, upload->path, &reply);
	upload->offset += (int64_t)size;
	return true;
}

/* May it go better the next time? 409: the server has another offset, which we then learn. */
static bool worth_another_try(int status)
{
	return status == 0 || status == 409 || status == 429 || status == 460 ||
	       (status >= 500 && status != 501);
}

/* Wait, then learn how far it is; the server may be away for a while. */
static bool recover(struct upload *upload, unsigned tries, time_t moved)
{
	int status = 0;

	do {
		if (time(NULL) - moved > PATIENCE)
			return error_context(&upload->run->err, "the upload does not get on");
		http_pause(tries < 5 ? tries : 5, 0);
		if (ask_offset(upload, &status))
			return true;
	} while (worth_another_try(status));
	return false;
}

static bool send_all(struct upload *upload)
{
	time_t moved = time(NULL);
	unsigned tries = 0;

	while (upload->offset < upload->size) {
		int64_t before = upload->offset;
		struct arena *arena = arena_new();
		int status;
		bool ok = send_piece(upload, arena, &status);

		arena_free(arena);
		if (!ok && (!worth_another_try(status) || !recover(upload, ++tries, moved)))
			return false;
		if (upload->offset > before) {
			moved = time(NULL);
			tries = 0;
		}
		progress_update(&upload->progress, upload->offset);
	}
	return true;
}

/* ---- Files ---- */

static char *new_buffer(size_t size)
{
	char *buffer = malloc(size);

	if (!buffer)
		abort();
	return buffer;
}

static void upload_end(struct upload *upload)
{
	progress_end(&upload->progress);
	free(upload->buffer);
	if (upload->fd >= 0)
		close(upload->fd);
}

bool upload_digest(struct run *run, const char *path, const char **sha256)
{
	struct upload upload = { .run = run, .file = path, .fd = -1 };

	upload.buffer = new_buffer(READ_SIZE);
	bool ok = open_file(&upload) && digest_file(&upload, sha256);

	upload_end(&upload);
	return ok;
}

bool upload_file(struct run *run, const char *path, const char *name, const char *sha256)
{
	struct upload upload = { .run = run, .file = path, .fd = -1 };
	bool ok = open_file(&upload) && create(&upload, name, sha256);

	if (ok) {
		upload.buffer = new_buffer((size_t)upload.piece);
		progress_begin(&upload.progress, name, upload.size, run->quiet);
		ok = send_all(&upload);
	}
	upload_end(&upload);
	return ok;
}
