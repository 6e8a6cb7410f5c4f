/* Requests against the fields of their endpoint. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/arena.h"
#include "gateway/error.h"
#include "gateway/hex.h"
#include "gateway/request.h"
#include "manage/endpoint.h"
#include "resolver/version.h"

enum { SLUG_MAX = 40, ITEM_MAX = 128, ATTRIBUTES_MAX = 20, POINTER_SIZE = 80 };

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static bool is_slug(const char *text)
{
	static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char ALL[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

	return *text && strchr(LETTERS, *text) && strspn(text, ALL) == strlen(text) &&
	       strlen(text) <= SLUG_MAX;
}

static bool is_time(const char *text)
{
	struct tm tm;
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (end && *end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	return end && (strcmp(end, "Z") == 0 || (strptime(end, "%z", &tm) && strlen(end) <= 6 &&
						 (*end == '+' || *end == '-')));
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

static bool check_text(const struct field *field, const char *at, const char *text,
		       struct error *err)
{
	size_t count = characters(text);
	char words[200];

	switch (field->type) {
	case FIELD_SLUG:
		return is_slug(text) || error_field(err, ERR_INVALID, at,
						    "%s has 1 to %d characters of a-z, 0-9, _ and -",
						    field->name, SLUG_MAX);
	case FIELD_SHA256:
		return hex_is(text, 64) || error_field(err, ERR_INVALID, at,
						       "%s is 64 lower-case hex digits",
						       field->name);
	case FIELD_WORD:
		return is_word(field->words, text) ||
		       error_field(err, ERR_INVALID, at, "%s is one of %s", field->name,
				   list_words(field->words, words, sizeof(words)));
	case FIELD_TIME:
		return is_time(text) || error_field(err, ERR_INVALID, at,
						    "%s is a time such as 2026-11-25T16:00:00Z",
						    field->name);
	case FIELD_VERSION:
		return (count > 0 && count <= VERSION_MAX) ||
		       error_field(err, ERR_INVALID, at, "%s has 1 to %d characters", field->name,
				   VERSION_MAX);
	case FIELD_TEXT:
		break;
	case FIELD_INTEGER:
	case FIELD_BOOLEAN:
	case FIELD_TEXTS:
	case FIELD_ATTRIBUTES:
	case FIELD_OBJECT:
	case FIELD_OBJECTS:
		return error_field(err, ERR_INVALID, at, "%s is not a text", field->name);
	}
	if ((int64_t)count >= field->min && (int64_t)count <= field->max)
		return true;
	return error_field(err, ERR_INVALID, at, "%s has %" PRId64 " to %" PRId64 " characters",
			   field->name, field->min, field->max);
}

static bool check_number(const struct field *field, const char *at, int64_t value,
			 struct error *err)
{
	if (value >= field->min && value <= field->max)
		return true;
	return error_field(err, ERR_INVALID, at, "%s is a number from %" PRId64 " to %" PRId64,
			   field->name, field->min, field->max);
}

/* ---- Bodies ---- */

static bool check_texts(const struct field *field, const char *at, const json_t *array,
			struct error *err)
{
	size_t count = json_array_size(array);

	if (!json_is_array(array) || (int64_t)count < field->min || (int64_t)count > field->max)
		return error_field(err, ERR_INVALID, at,
				   "%s is an array of %" PRId64 " to %" PRId64 " strings",
				   field->name, field->min, field->max);
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(array, i));

		if (!text || !*text || characters(text) > ITEM_MAX)
			return error_field(err, ERR_INVALID, at,
					   "each of %s is a string of 1 to %d characters",
					   field->name, ITEM_MAX);
		for (size_t k = 0; k < i; k++)
			if (json_equal(json_array_get(array, k), json_array_get(array, i)))
				return error_field(err, ERR_INVALID, at, "%s has \"%s\" twice",
						   field->name, text);
	}
	return true;
}

static bool check_attributes(const struct field *field, const char *at, json_t *object,
			     struct error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object) || json_object_size(object) > ATTRIBUTES_MAX)
		return error_field(err, ERR_INVALID, at, "%s is an object of at most %d members",
				   field->name, ATTRIBUTES_MAX);
	json_object_foreach (object, key, value)
		if (!*key || characters(key) > ITEM_MAX || !json_is_string(value) ||
		    characters(json_string_value(value)) > ITEM_MAX)
			return error_field(err, ERR_INVALID, at,
					   "each member of %s is a string of at most %d characters",
					   field->name, ITEM_MAX);
	return true;
}

static bool check_objects(const struct field *field, const char *at, const json_t *array,
			  struct error *err)
{
	size_t count = json_array_size(array);
	bool good = json_is_array(array) && (int64_t)count >= field->min &&
		    (int64_t)count <= field->max;

	for (size_t i = 0; good && i < count; i++)
		good = json_is_object(json_array_get(array, i));
	return good || error_field(err, ERR_INVALID, at,
				   "%s is an array of %" PRId64 " to %" PRId64 " objects",
				   field->name, field->min, field->max);
}

static bool check_value(const struct field *field, json_t *value, struct error *err)
{
	char at[POINTER_SIZE];

	snprintf(at, sizeof(at), "/%s", field->name);
	if (json_is_null(value) && field->nullable)
		return true;
	switch (field->type) {
	case FIELD_INTEGER:
		return json_is_integer(value) ?
			       check_number(field, at, json_integer_value(value), err) :
			       error_field(err, ERR_INVALID, at, "%s is a number", field->name);
	case FIELD_BOOLEAN:
		return json_is_boolean(value) ||
		       error_field(err, ERR_INVALID, at, "%s is true or false", field->name);
	case FIELD_TEXTS:
		return check_texts(field, at, value, err);
	case FIELD_ATTRIBUTES:
		return check_attributes(field, at, value, err);
	case FIELD_OBJECT:
		return json_is_object(value) ||
		       error_field(err, ERR_INVALID, at, "%s is an object", field->name);
	case FIELD_OBJECTS:
		return check_objects(field, at, value, err);
	case FIELD_TEXT:
	case FIELD_SLUG:
	case FIELD_VERSION:
	case FIELD_SHA256:
	case FIELD_WORD:
	case FIELD_TIME:
		break;
	}
	return json_is_string(value) ?
		       check_text(field, at, json_string_value(value), err) :
		       error_field(err, ERR_INVALID, at, "%s is a string", field->name);
}

static const struct field *find_field(const struct field *fields, const char *name)
{
	for (; fields && fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

/* In each scheme the sort key of a version, or why it has none: the schema knows the project's. */
static json_t *version_keys(const char *version)
{
	static const struct {
		const char *name;
		enum version_scheme scheme;
		bool allow_build;
	} kinds[] = {
		{ "natural", VERSION_NATURAL, false },
		{ "natural+build", VERSION_NATURAL, true },
		{ "semver", VERSION_SEMVER, false },
		{ "semver+build", VERSION_SEMVER, true },
	};
	json_t *keys = json_object();

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct version_key key;
		char hex[2 * VERSION_KEY_MAX + 1];
		enum version_status status =
			version_parse(kinds[i].scheme, kinds[i].allow_build, version, &key);

		hex_encode(key.bytes, key.size, hex);
		json_object_set_new(keys, kinds[i].name,
				    status == VERSION_OK ?
					    json_pack("{s:s}", "key", hex) :
					    json_pack("{s:s}", "error",
						      version_status_text(status)));
	}
	return keys;
}

static void add_version_keys(const struct field *fields, json_t *body)
{
	char name[POINTER_SIZE];

	for (; fields->name; fields++) {
		const char *version = json_string_value(json_object_get(body, fields->name));

		if (fields->type != FIELD_VERSION || !version)
			continue;
		snprintf(name, sizeof(name), "%s_keys", fields->name);
		json_object_set_new(body, name, version_keys(version));
	}
}

bool endpoint_check_body(const struct field *fields, json_t *body, bool partial, struct error *err)
{
	char at[POINTER_SIZE];
	const char *name;
	json_t *value;

	json_object_foreach (body, name, value) {
		const struct field *field = find_field(fields, name);

		snprintf(at, sizeof(at), "/%s", name);
		if (!field)
			return error_field(err, ERR_INVALID, at, "there is no field of this name");
		if (!check_value(field, value, err))
			return false;
	}
	for (const struct field *field = fields; field->name && !partial; field++) {
		snprintf(at, sizeof(at), "/%s", field->name);
		if (field->required && !json_object_get(body, field->name))
			return error_field(err, ERR_INVALID, at, "%s is missing", field->name);
	}
	add_version_keys(fields, body);
	return true;
}

/* ---- The query ---- */

static bool check_param(const struct field *field, const char *text, struct error *err)
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
		return error_field(err, ERR_INVALID, field->name, "%s is a number", field->name);
	return check_number(field, field->name, value, err);
}

bool endpoint_check_params(struct request *req, const struct field *fields, json_t **out,
			   struct error *err)
{
	*out = json_object();
	for (; fields && fields->name; fields++) {
		const char *text = request_query_param(req, fields->name);

		if (text && !check_param(fields, text, err)) {
			json_decref(*out);
			return false;
		}
		if (text)
			json_object_set_new(*out, fields->name, json_string(text));
	}
	return true;
}
