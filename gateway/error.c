#include "gateway/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gateway/utf8.h"

static const struct {
	int status;
	const char *title;
} kinds[ERR_CODES] = {
	[ERR_INVALID] = { 400, "Bad Request" },
	[ERR_UNAUTHORIZED] = { 401, "Unauthorized" },
	[ERR_FORBIDDEN] = { 403, "Forbidden" },
	[ERR_UNKNOWN] = { 404, "Not Found" },
	[ERR_METHOD] = { 405, "Method Not Allowed" },
	[ERR_NOT_ACCEPTED] = { 406, "Not Acceptable" },
	[ERR_CONFLICT] = { 409, "Conflict" },
	[ERR_GONE] = { 410, "Gone" },
	[ERR_PRECONDITION] = { 412, "Precondition Failed" },
	[ERR_TOO_LARGE] = { 413, "Content Too Large" },
	[ERR_MEDIA_TYPE] = { 415, "Unsupported Media Type" },
	[ERR_UNPROCESSABLE] = { 422, "Unprocessable Content" },
	[ERR_CHECKSUM] = { 460, "Checksum Mismatch" },
	[ERR_QUOTA] = { 429, "Too Many Requests" },
	[ERR_INTERNAL] = { 500, "Internal Server Error" },
	[ERR_UNAVAILABLE] = { 503, "Service Unavailable" },
};

/* What comes from outside may be broken, and what does not fit is cut, maybe within a character. */
static void mend(char *text)
{
	size_t length = strlen(text);

	for (size_t used = 0; (used += utf8_valid(text + used, length - used)) < length; used++)
		text[used] = '?';
}

__attribute__((format(printf, 4, 0))) static void fill(struct error *err, enum error_code code,
						       const char *pointer, const char *fmt,
						       va_list args)
{
	err->code = code;
	snprintf(err->pointer, sizeof(err->pointer), "%s", pointer);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	mend(err->pointer);
	mend(err->text);
}

bool error_set(struct error *err, enum error_code code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fill(err, code, "", fmt, args);
	va_end(args);
	return false;
}

bool error_field(struct error *err, enum error_code code, const char *pointer, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fill(err, code, pointer, fmt, args);
	va_end(args);
	return false;
}

bool error_context(struct error *err, const char *fmt, ...)
{
	char cause[sizeof(err->text)];
	va_list args;
	size_t used;

	memcpy(cause, err->text, sizeof(cause));
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", cause);
	mend(err->text);
	return false;
}

int error_http_status(enum error_code code)
{
	return kinds[code].status;
}

const char *error_title(enum error_code code)
{
	return kinds[code].title;
}
