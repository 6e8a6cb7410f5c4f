#include "manage/value.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/error.h"
#include "gateway/hex.h"
#include "gateway/utf8.h"
#include "resolver/version.h"

enum { SLUG_MAX = 40, ITEM_MAX = 256, CERTIFICATE_MAX = 16384 };
enum { INDEX_SIZE = 24 };
enum { TIME_LENGTH = sizeof("2026-11-25T16:00:00") - 1, TIME_SIZE = 80 };

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static bool is_line(const char *text, size_t max)
{
	return *text && characters(text) <= max && utf8_printable(text, strlen(text));
}

static bool is_slug(const char *text)
{
	static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char ALL[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

	return *text && strchr(LETTERS, *text) && strspn(text, ALL) == strlen(text) &&
	       strlen(text) <= SLUG_MAX;
}

static bool is_offset(const char *text)
{
	return strcmp(text, "Z") == 0 || (strlen(text) == 6 && (*text == '+' || *text == '-') &&
					  strspn(text + 1, "0123456789") == 2 && text[3] == ':' &&
					  strspn(text + 4, "0123456789") == 2 &&
					  strncmp(text + 1, "15", 2) <= 0 && text[4] <= '5');
}

/* RFC 3339, on a day that the calendar has; PostgreSQL knows offsets up to 15:59. */
static bool is_time(const char *text)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	char back[TIME_SIZE];

	timegm(&tm); /* makes 3 March of 31 February */
	snprintf(back, sizeof(back), "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (!end || tm.tm_year + 1900 < 1 || end - text != TIME_LENGTH ||
	    strncmp(back, text, TIME_LENGTH) != 0)
		return false;
	if (*end == '.' && strspn(end + 1, "0123456789") > 0)
		end += 1 + strspn(end + 1, "0123456789");
	return is_offset(end);
}

static bool is_certificate(const char *text)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	bool is = certificate && strlen(text) <= CERTIFICATE_MAX;

	X509_free(certificate);
	BIO_free(bio);
	return is;
}

static bool is_word(const char *const *words, const char *text)
{
	for (; *words; words++)
		if (strcmp(*words, text) == 0)
			return true;
	return false;
}

static const char *list_words(const char *const *words, char *out, size_t size)
{
	size_t used = 0;

	*out = '\0';
	for (; *words && used < size; words++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", *words);
	return out;
}

/* ---- Texts, in a body or in the query ---- */

static bool check_word(const struct field *field, const char *at, const char *text,
		       struct error *err)
{
	char words[300];

	return is_word(field->words, text) ||
	       error_field(err, ERR_INVALID, at, "%s is one of %s", field->name,
			   list_words(field->words, words, sizeof(words)));
}

/* "failed,timed_out" */
static bool check_words(const struct field *field, const char *at, const char *text,
			struct error *err)
{
	char *words = strdup(text), *rest = words;
	bool good = true;

	for (const char *word; good && (word = strsep(&rest, ","));)
		good = check_word(field, at, word, err);
	free(words);
	return good;
}

static bool check_length(const struct field *field, const char *at, const char *text,
			 struct error *err)
{
	int64_t count = (int64_t)characters(text);

	return (count >= field->min && count <= field->max) ||
	       error_field(err, ERR_INVALID, at, "%s has %" PRId64 " to %" PRId64 " characters",
			   field->name, field->min, field->max);
}

static bool check_text(const struct field *field, const char *at, const char *text,
		       struct error *err)
{
	switch (field->type) {
	case FIELD_SLUG:
		return is_slug(text) ||
		       error_field(err, ERR_INVALID, at,
				   "%s has 1 to %d characters of a-z, 0-9, _ and -", field->name,
				   SLUG_MAX);
	case FIELD_SHA256:
		return hex_is(text, 64) ||
		       error_field(err, ERR_INVALID, at, "%s is 64 lower-case hex digits",
				   field->name);
	case FIELD_WORD:
		return check_word(field, at, text, err);
	case FIELD_WORDS:
		return check_words(field, at, text, err);
	case FIELD_TIME:
		return is_time(text) ||
		       error_field(err, ERR_INVALID, at,
				   "%s is a time such as 2026-11-25T16:00:00Z", field->name);
	case FIELD_VERSION:
		return is_line(text, VERSION_MAX) ||
		       error_field(err, ERR_INVALID, at, "%s has 1 to %d characters", field->name,
				   VERSION_MAX);
	case FIELD_LINE:
		if (!utf8_printable(text, strlen(text)))
			return error_field(err, ERR_INVALID, at,
					   "%s is UTF-8 without control characters", field->name);
		return check_length(field, at, text, err);
	case FIELD_TEXT:
	case FIELD_PASSWORD:
		return check_length(field, at, text, err);
	case FIELD_INTEGER:
	case FIELD_BOOLEAN:
	case FIELD_TEXTS:
	case FIELD_CERTIFICATES:
	case FIELD_ATTRIBUTES:
	case FIELD_OBJECT:
	case FIELD_OBJECTS:
		break;
	}
	return error_field(err, ERR_INVALID, at, "%s is not a text", field->name);
}

static bool check_number(const struct field *field, const char *at, int64_t value,
			 struct error *err)
{
	if (value >= field->min && value <= field->max)
		return true;
	return error_field(err, ERR_INVALID, at, "%s is a number from %" PRId64 " to %" PRId64,
			   field->name, field->min, field->max);
}

/* ---- Arrays and objects ---- */

void value_pointer(const char *parent, const char *name, char out[VALUE_POINTER_SIZE])
{
	size_t used = (size_t)snprintf(out, VALUE_POINTER_SIZE, "%s/", parent);

	for (; *name && used < VALUE_POINTER_SIZE - 2; name++) {
		if (*name == '~' || *name == '/')
			out[used++] = '~';
		out[used++] = (char)(*name == '~' ? '0' : *name == '/' ? '1' : *name);
	}
	if (used < VALUE_POINTER_SIZE)
		out[used] = '\0';
}

static void item_pointer(const char *parent, size_t i, char out[VALUE_POINTER_SIZE])
{
	char number[INDEX_SIZE];

	snprintf(number, sizeof(number), "%zu", i);
	value_pointer(parent, number, out);
}

static bool check_item(const struct field *field, const char *at, const char *text,
		       struct error *err)
{
	if (field->type == FIELD_CERTIFICATES)
		return (text && is_certificate(text)) ||
		       error_field(err, ERR_INVALID, at,
				   "each of %s is an X.509 certificate in PEM form", field->name);
	return (text && is_line(text, ITEM_MAX)) ||
	       error_field(err, ERR_INVALID, at, "each of %s is a string of 1 to %d characters",
			   field->name, ITEM_MAX);
}

static bool check_items(const struct field *field, const char *at, const json_t *array,
			struct error *err)
{
	size_t count = json_array_size(array);
	json_auto_t *seen = json_object();

	if (!json_is_array(array) || (int64_t)count < field->min || (int64_t)count > field->max)
		return error_field(err, ERR_INVALID, at,
				   "%s is an array of %" PRId64 " to %" PRId64 " strings",
				   field->name, field->min, field->max);
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(array, i));
		char item[VALUE_POINTER_SIZE];

		item_pointer(at, i, item);
		if (!check_item(field, item, text, err))
			return false;
		if (json_object_get(seen, text))
			return error_field(err, ERR_INVALID, item, "%s has \"%s\" twice",
					   field->name, text);
		json_object_set_new(seen, text, json_true());
	}
	return true;
}

static bool check_attributes(const struct field *field, const char *at, json_t *object,
			     struct error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object) || (int64_t)json_object_size(object) > field->max)
		return error_field(err, ERR_INVALID, at,
				   "%s is an object of at most %" PRId64 " members", field->name,
				   field->max);
	json_object_foreach (object, key, value) {
		char member[VALUE_POINTER_SIZE];

		value_pointer(at, key, member);
		if (!is_line(key, ITEM_MAX) || !json_is_string(value) ||
		    characters(json_string_value(value)) > ITEM_MAX)
			return error_field(err, ERR_INVALID, member,
					   "each member of %s is a string of at most %d characters",
					   field->name, ITEM_MAX);
		if (field->words && !check_word(field, member, json_string_value(value), err))
			return false;
	}
	return true;
}

static bool check_object(const struct field *field, const char *at, const json_t *object,
			 struct error *err)
{
	if (!json_is_object(object))
		return error_field(err, ERR_INVALID, at, "%s is an object", field->name);
	return (int64_t)json_dumpb(object, NULL, 0, JSON_COMPACT) <= field->max ||
	       error_field(err, ERR_UNPROCESSABLE, at,
			   "%s has at most %" PRId64 " characters as JSON", field->name,
			   field->max);
}

static bool check_objects(const struct field *field, const char *at, const json_t *array,
			  struct error *err)
{
	size_t count = json_array_size(array);
	char item[VALUE_POINTER_SIZE];

	if (!json_is_array(array) || (int64_t)count < field->min || (int64_t)count > field->max)
		return error_field(err, ERR_INVALID, at,
				   "%s is an array of %" PRId64 " to %" PRId64 " objects",
				   field->name, field->min, field->max);
	for (size_t i = 0; i < count; i++) {
		item_pointer(at, i, item);
		if (!json_is_object(json_array_get(array, i)))
			return error_field(err, ERR_INVALID, item, "each of %s is an object",
					   field->name);
	}
	return true;
}

/* ---- All of them ---- */

bool value_check(const struct field *field, json_t *value, struct error *err)
{
	char at[VALUE_POINTER_SIZE];

	value_pointer("", field->name, at);
	if (json_is_null(value) && field->nullable)
		return true;
	switch (field->type) {
	case FIELD_INTEGER:
		return json_is_integer(value)
			       ? check_number(field, at, json_integer_value(value), err)
			       : error_field(err, ERR_INVALID, at, "%s is a whole number",
					     field->name);
	case FIELD_BOOLEAN:
		return json_is_boolean(value) ||
		       error_field(err, ERR_INVALID, at, "%s is true or false", field->name);
	case FIELD_TEXTS:
	case FIELD_CERTIFICATES:
		return check_items(field, at, value, err);
	case FIELD_ATTRIBUTES:
		return check_attributes(field, at, value, err);
	case FIELD_OBJECT:
		return check_object(field, at, value, err);
	case FIELD_OBJECTS:
		return check_objects(field, at, value, err);
	case FIELD_TEXT:
	case FIELD_LINE:
	case FIELD_PASSWORD:
	case FIELD_SLUG:
	case FIELD_VERSION:
	case FIELD_SHA256:
	case FIELD_WORD:
	case FIELD_WORDS:
	case FIELD_TIME:
		break;
	}
	return json_is_string(value)
		       ? check_text(field, at, json_string_value(value), err)
		       : error_field(err, ERR_INVALID, at, "%s is a string", field->name);
}

bool value_check_param(const struct field *field, const char *text, struct error *err)
{
	char *end;

	if (field->type == FIELD_BOOLEAN)
		return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
		       error_field(err, ERR_INVALID, field->name, "%s is true or false",
				   field->name);
	if (field->type != FIELD_INTEGER)
		return check_text(field, field->name, text, err);
	errno = 0;
	int64_t value = strtoll(text, &end, 10);
	if (end == text || *end || errno || *text == ' ' || *text == '+')
		return error_field(err, ERR_INVALID, field->name, "%s is a whole number",
				   field->name);
	return check_number(field, field->name, value, err);
}
