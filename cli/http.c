#include "cli/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "gateway/arena.h"
#include "gateway/error.h"

enum {
	CONNECT_SECONDS = 10,
	STALL_SECONDS = 60,   /* a big body that stands still for so long is lost */
	MAX_BODY = 64 << 20,  /* bytes of an answer that is kept in memory */
	MAX_RETRY_AFTER = 15, /* seconds that we wait because the server says so */
	PAUSE_FIRST = 250,    /* milliseconds; doubles */
	PAUSE_MOST = 8000,
};

struct http {
	CURL *curl;
	struct http_options options;
	char problem[CURL_ERROR_SIZE];
	long retry_after; /* seconds, of the last answer */
};

/* One attempt: what curl's callbacks need. */
struct attempt {
	struct http *http;
	struct arena *arena;
	const struct http_request *request;
	size_t sent; /* bytes of the body that curl has taken */
	char *body;
	size_t size, room;
	bool too_large;
};

struct http *http_open(const struct http_options *options)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		abort();
	http->curl = curl_easy_init();
	if (!http->curl)
		abort();
	http->options = *options;
	return http;
}

void http_close(struct http *http)
{
	curl_easy_cleanup(http->curl);
	curl_global_cleanup();
	free(http);
}

void http_set_server(struct http *http, const char *url, const char *token)
{
	http->options.url = url;
	http->options.token = token;
}

/* ---- curl's callbacks ---- */

static size_t give_body(char *out, size_t size, size_t count, void *context)
{
	struct attempt *attempt = context;
	size_t left = attempt->request->size - attempt->sent;
	size_t length = size * count < left ? size * count : left;

	memcpy(out, attempt->request->body + attempt->sent, length);
	attempt->sent += length;
	return length;
}

/* curl found that it has to begin again, on a new connection. */
static int rewind_body(void *context, curl_off_t offset, int origin)
{
	struct attempt *attempt = context;

	if (origin != SEEK_SET || offset < 0 || (size_t)offset > attempt->request->size)
		return CURL_SEEKFUNC_FAIL;
	attempt->sent = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

static bool make_room(struct attempt *attempt, size_t length)
{
	if (attempt->size + length > MAX_BODY) {
		attempt->too_large = true;
		return false;
	}
	if (attempt->size + length + 1 > attempt->room) {
		size_t room = 2 * (attempt->size + length + 1);
		char *body = arena_alloc(attempt->arena, room);

		if (attempt->size)
			memcpy(body, attempt->body, attempt->size);
		attempt->body = body;
		attempt->room = room;
	}
	return true;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct attempt *attempt = context;
	size_t length = size * count;

	if (!make_room(attempt, length))
		return 0;
	memcpy(attempt->body + attempt->size, data, length);
	attempt->size += length;
	attempt->body[attempt->size] = '\0';
	return length;
}

static int report_progress(void *context, curl_off_t down_total, curl_off_t down,
			   curl_off_t up_total, curl_off_t up)
{
	struct attempt *attempt = context;

	(void)down_total;
	(void)up_total;
	attempt->request->progress(attempt->request->context, attempt->request->body ? up : down);
	return 0;
}

/* ---- One attempt ---- */

static struct curl_slist *headers_of(const struct attempt *attempt)
{
	const struct http_options *options = &attempt->http->options;
	const char *const *header = attempt->request->headers;
	struct curl_slist *list = NULL;

	if (options->token)
		list = curl_slist_append(
			list,
			arena_printf(attempt->arena, "Authorization: Bearer %s", options->token));
	/* Neither a wait for "100 Continue", nor chunks. */
	list = curl_slist_append(list, "Expect:");
	for (; header && *header; header++)
		list = curl_slist_append(list, *header);
	return list;
}

static void set_body(CURL *curl, struct attempt *attempt)
{
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)attempt->request->size);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
	curl_easy_setopt(curl, CURLOPT_READDATA, attempt);
	curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, rewind_body);
	curl_easy_setopt(curl, CURLOPT_SEEKDATA, attempt);
}

static void set_limits(CURL *curl, struct attempt *attempt)
{
	const struct http_request *request = attempt->request;

	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	if (request->slow) {
		curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
	} else {
		curl_easy_setopt(curl, CURLOPT_TIMEOUT, attempt->http->options.timeout);
	}
	if (request->progress) {
		curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, report_progress);
		curl_easy_setopt(curl, CURLOPT_XFERINFODATA, attempt);
	}
}

/* A redirect is not followed: it would carry the token to wherever it says. */
static void set_up(struct attempt *attempt, struct curl_slist *headers)
{
	struct http *http = attempt->http;
	const struct http_request *request = attempt->request;
	CURL *curl = http->curl;

	curl_easy_reset(curl); /* keeps the connection */
	http->problem[0] = '\0';
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->problem);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "mews/" MEWS_VERSION);
	curl_easy_setopt(curl, CURLOPT_URL,
			 arena_printf(attempt->arena, "%s%s", http->options.url, request->path));
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	if (http->options.ca_file) { /* and the system's folder no more */
		curl_easy_setopt(curl, CURLOPT_CAINFO, http->options.ca_file);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	if (request->body)
		set_body(curl, attempt);
	if (strcmp(request->method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, attempt);
	set_limits(curl, attempt);
}

static CURLcode attempt_run(struct attempt *attempt, struct http_reply *reply)
{
	struct curl_slist *headers = headers_of(attempt);
	CURL *curl = attempt->http->curl;
	CURLcode code;
	long status = 0;
	curl_off_t retry_after = 0;

	set_up(attempt, headers);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	attempt->http->retry_after = (long)retry_after;
	reply->status = code == CURLE_OK ? (int)status : 0;
	reply->body = attempt->body ? attempt->body : "";
	reply->size = attempt->size;
	return code;
}

/* ---- Again? ---- */

static bool never_arrived(CURLcode code)
{
	return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
}

static bool broke_on_the_way(CURLcode code)
{
	return code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
	       code == CURLE_PARTIAL_FILE || code == CURLE_OPERATION_TIMEDOUT;
}

static bool try_again_status(int status)
{
	return status == 429 || status == 502 || status == 503 || status == 504;
}

static bool worth_repeating(const struct http *http, const struct http_request *request,
			    CURLcode code, int status)
{
	if (code != CURLE_OK)
		return never_arrived(code) || (broke_on_the_way(code) && request->repeatable);
	return try_again_status(status) && request->repeatable &&
	       http->retry_after <= MAX_RETRY_AFTER;
}

void http_pause(unsigned attempt, long at_least)
{
	long most = PAUSE_FIRST, milliseconds;
	struct timespec pause;

	while (--attempt && most < PAUSE_MOST)
		most *= 2;
	if (most > PAUSE_MOST)
		most = PAUSE_MOST;
	/* Many clients that lost their server do not come back at once. */
	milliseconds = most / 2 + (long)arc4random_uniform((uint32_t)most / 2);
	milliseconds += at_least * 1000;
	pause = (struct timespec){ milliseconds / 1000, milliseconds % 1000 * 1000000 };
	nanosleep(&pause, NULL);
}

static bool explain(const struct http *http, const struct attempt *attempt, CURLcode code,
		    struct error *err)
{
	const char *why = *http->problem ? http->problem : curl_easy_strerror(code);

	if (attempt->too_large)
		return error_set(err, ERR_INTERNAL, "%s sent an answer of more than %d MiB",
				 http->options.url, MAX_BODY >> 20);
	if (code == CURLE_SSL_CACERT_BADFILE)
		return error_set(err, ERR_UNAVAILABLE,
				 "%s cannot be read as certificates to trust; see MEWS_CA_FILE in "
				 "`man mews`",
				 http->options.ca_file ? http->options.ca_file
						       : "the system's file");
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return error_set(
			err, ERR_UNAVAILABLE,
			"%s: %s; MEWS_CA_FILE names a file of certificates to trust instead "
			"of %s",
			http->options.url, why,
			http->options.ca_file ? http->options.ca_file : "the system's");
	return error_set(err, ERR_UNAVAILABLE,
			 "cannot reach %s: %s; is it running, and the right URL?",
			 http->options.url, why);
}

bool http_do(struct http *http, struct arena *arena, const struct http_request *request,
	     struct http_reply *reply, struct error *err)
{
	for (unsigned n = 1;; n++) {
		struct attempt attempt = { .http = http, .arena = arena, .request = request };
		CURLcode code = attempt_run(&attempt, reply);

		reply->attempts = n;
		if (n < http->options.attempts &&
		    worth_repeating(http, request, code, reply->status)) {
			http_pause(n, http->retry_after);
			continue;
		}
		return code == CURLE_OK || explain(http, &attempt, code, err);
	}
}

const char *http_header(const struct http *http, const char *name)
{
	struct curl_header *header;

	if (curl_easy_header(http->curl, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return NULL;
	return header->value;
}

const char *http_escape(struct arena *arena, const char *text)
{
	static const char PLAIN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";
	char *out = arena_alloc(arena, 3 * strlen(text) + 1), *end = out;

	/* A segment of dots alone would be resolved away; the gateway decodes %2E. */
	bool dots = strspn(text, ".") == strlen(text);

	for (; *text; text++) {
		if (strchr(PLAIN, *text) && !(dots && *text == '.'))
			*end++ = *text;
		else
			end += sprintf(end, "%%%02X", (unsigned char)*text);
	}
	return out;
}
