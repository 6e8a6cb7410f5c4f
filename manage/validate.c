/* Requests against the fields of their endpoint. */
#include <string.h>

#include "gateway/arena.h"
#include "gateway/error.h"
#include "gateway/hex.h"
#include "gateway/request.h"
#include "gateway/url.h"
#include "manage/endpoint.h"
#include "manage/value.h"
#include "resolver/version.h"

static const struct field *find_field(const struct field *fields, const char *name)
{
	for (; fields && fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

/* ---- Bodies ---- */

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
		enum version_status status = version_parse(kinds[i].scheme, kinds[i].allow_build,
							   version, &key);

		hex_encode(key.bytes, key.size, hex);
		json_object_set_new(keys, kinds[i].name,
				    status == VERSION_OK ? json_pack("{s:s}", "key", hex)
							 : json_pack("{s:s}", "error",
								     version_status_text(status)));
	}
	return keys;
}

static void add_version_keys(const struct field *fields, json_t *body)
{
	char name[VALUE_POINTER_SIZE];

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
	char at[VALUE_POINTER_SIZE];
	const char *name;
	json_t *value;

	json_object_foreach (body, name, value) {
		const struct field *field = find_field(fields, name);

		value_pointer("", name, at);
		if (!field)
			return error_field(err, ERR_INVALID, at, "there is no field of this name");
		if (!value_check(field, value, err))
			return false;
	}
	for (const struct field *field = fields; field->name && !partial; field++) {
		value_pointer("", field->name, at);
		if (field->required && !json_object_get(body, field->name))
			return error_field(err, ERR_INVALID, at, "%s is missing", field->name);
	}
	add_version_keys(fields, body);
	return true;
}

/* ---- The query ---- */

bool endpoint_known_params(struct request *req, struct error *err)
{
	const struct field *fields = endpoint_of(req)->params;
	const char *at = req->query ? req->query : "";

	for (; *at; at += strcspn(at, "&"), at += *at == '&') {
		const char *name = url_decode(req->arena, at, strcspn(at, "=&"), true);

		if (!name)
			return error_set(err, ERR_INVALID, "the query has a broken escape");
		if (*name && !find_field(fields, name))
			return error_field(err, ERR_INVALID, name,
					   "there is no parameter of this name here");
		if (*name && request_query_params(req, name)[1])
			return error_field(err, ERR_INVALID, name, "%s is given more than once",
					   name);
	}
	return true;
}

bool endpoint_check_params(struct request *req, const struct field *fields, json_t **out,
			   struct error *err)
{
	*out = json_object();
	for (; fields && fields->name; fields++) {
		const char *text = request_query_param(req, fields->name);

		if (text && !value_check_param(fields, text, err)) {
			json_decref(*out);
			*out = NULL;
			return false;
		}
		if (text)
			json_object_set_new(*out, fields->name, json_string(text));
	}
	return true;
}
