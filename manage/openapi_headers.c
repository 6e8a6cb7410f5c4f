#include "manage/openapi_headers.h"

#include <stdbool.h>
#include <string.h>

#include "gateway/route.h"
#include "manage/endpoint.h"
#include "manage/endpoints.h"
#include "manage/headers.h"

static const char UPLOAD[] = "upload_create upload_head upload_patch upload_override";
static const char OPTIONS[] = "upload_options upload_options_one";

/* `endpoints`: NULL is each; `always`: no answer with this status is without it. */
static const struct {
	const char *endpoints;
	int first, last; /* status */
	bool always;
	const char *name, *about;
} HEADERS[] = {
	{ NULL, 401, 401, true, "WWW-Authenticate", "How to say who you are: Bearer." },
	{ NULL, 429, 429, true, "Retry-After", "Seconds." },
	{ NULL, 503, 503, true, "Retry-After", "Seconds." },
	{ "login", 200, 200, false, "Set-Cookie", "The session, unless a token was asked for." },
	{ "logout", 204, 204, false, "Set-Cookie", "The session, which ends." },
	{ "audit_export", 200, 200, false, "X-Next-Cursor",
	  "Where the next file begins; not there: this is the last." },
	{ UPLOAD, 200, 499, false, "Tus-Resumable", "1.0.0" },
	{ "upload_delete", 204, 499, false, "Tus-Resumable", "1.0.0" },
	{ UPLOAD, 412, 412, false, "Tus-Version", "The versions of tus that the server speaks." },
	{ "upload_delete", 412, 412, false, "Tus-Version",
	  "The versions of tus that the server speaks." },
	{ "upload_create", 201, 201, true, "Location", "The URL of the upload." },
	{ UPLOAD, 200, 204, false, "Upload-Offset", "Bytes that are there." },
	{ UPLOAD, 200, 204, false, "Upload-Expires",
	  "When an upload that is not complete is dropped." },
	{ "upload_head", 200, 200, true, "Upload-Length", "Bytes of the file." },
	{ "upload_head", 200, 200, true, "Upload-Metadata", "As it was sent." },
	{ OPTIONS, 204, 204, true, "Tus-Resumable", "1.0.0" },
	{ OPTIONS, 204, 204, true, "Tus-Version", "The versions of tus that the server speaks." },
	{ OPTIONS, 204, 204, true, "Tus-Extension", "What it speaks beyond the core of tus." },
	{ OPTIONS, 204, 204, true, "Tus-Max-Size", "Bytes of the longest file." },
	{ OPTIONS, 204, 204, true, "Tus-Checksum-Algorithm", "For Upload-Checksum." },
	{ "artifact_content", 200, 416, false, "ETag", "Of the bytes: for If-Range." },
	{ "artifact_content", 206, 416, false, "Content-Range", "Which of how many bytes." },
};

/* What changes by If-Match, each with its ETag whenever the API shows it. */
static const char STATES[] = "Project Key Cohort Release Device Deployment Artifact User";

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

static void add(json_t *out, const char *name, bool always, const char *about)
{
	json_object_set_new(out, name,
			    json_pack("{s:b, s:s, s:{s:s}}", "required", always, "description",
				      about, "schema", "type", "string"));
}

json_t *openapi_headers(const struct route *route, int status)
{
	const struct endpoint *endpoint = route->more;
	bool done = status < 300;
	json_t *out = json_object();

	for (size_t i = 0; i < sizeof(HEADERS) / sizeof(HEADERS[0]); i++)
		if (status >= HEADERS[i].first && status <= HEADERS[i].last &&
		    (!HEADERS[i].endpoints || has_word(HEADERS[i].endpoints, endpoint->name)))
			add(out, HEADERS[i].name, HEADERS[i].always, HEADERS[i].about);
	if (done && route->handler == manage_call && endpoint->reply &&
	    has_word(STATES, endpoint->reply))
		add(out, "ETag", true, "Of this state: for If-Match.");
	if (done && header_takes_key(route))
		add(out, "Idempotent-Replayed", false,
		    "true: this is the answer that the Idempotency-Key got before.");
	return out;
}
