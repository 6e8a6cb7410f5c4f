#include "manage/openapi_schema.h"

#include <string.h>

#include "resolver/version.h"

enum { ITEM_MAX = 256, NAME_SIZE = 64 };

static json_t *decode(const char *json)
{
	return json_loads(json, JSON_DECODE_ANY, NULL);
}

static json_t *strings(const char *const *words)
{
	json_t *out = json_array();

	for (; *words; words++)
		json_array_append_new(out, json_string(*words));
	return out;
}

/* ---- Requests ---- */

static json_t *text_schema(int64_t min, int64_t max)
{
	return json_pack("{s:s, s:I, s:I}", "type", "string", "minLength", (json_int_t)min,
			 "maxLength", (json_int_t)max);
}

static json_t *array_schema(const struct field *field, json_t *items)
{
	return json_pack("{s:s, s:I, s:I, s:o}", "type", "array", "minItems",
			 (json_int_t)field->min, "maxItems", (json_int_t)field->max, "items",
			 items);
}

static json_t *map_schema(const struct field *field)
{
	json_t *value = field->words ? json_pack("{s:s, s:o}", "type", "string", "enum",
						 strings(field->words))
				     : text_schema(0, ITEM_MAX);

	return json_pack("{s:s, s:I, s:o}", "type", "object", "maxProperties",
			 (json_int_t)field->max, "additionalProperties", value);
}

static json_t *type_schema(const struct field *field)
{
	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_LINE:
	case FIELD_PASSWORD:
		return text_schema(field->min, field->max);
	case FIELD_SLUG:
		return json_pack("{s:s, s:s}", "type", "string", "pattern",
				 "^[a-z0-9][a-z0-9_-]{0,39}$");
	case FIELD_VERSION:
		return text_schema(1, VERSION_MAX);
	case FIELD_SHA256:
		return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-9a-f]{64}$");
	case FIELD_INTEGER:
		return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum",
				 (json_int_t)field->min, "maximum", (json_int_t)field->max);
	case FIELD_BOOLEAN:
		return json_pack("{s:s}", "type", "boolean");
	case FIELD_WORD:
		return json_pack("{s:s, s:o}", "type", "string", "enum", strings(field->words));
	case FIELD_WORDS:
		return json_pack("{s:s, s:I, s:{s:s, s:o}}", "type", "array", "minItems",
				 (json_int_t)1, "items", "type", "string", "enum",
				 strings(field->words));
	case FIELD_TEXTS:
		return array_schema(field, text_schema(1, ITEM_MAX));
	case FIELD_CERTIFICATES:
		return array_schema(field, json_pack("{s:s}", "type", "string"));
	case FIELD_ATTRIBUTES:
		return map_schema(field);
	case FIELD_OBJECT:
		return json_pack("{s:s}", "type", "object");
	case FIELD_OBJECTS:
		return array_schema(field, json_pack("{s:s}", "type", "object"));
	case FIELD_TIME:
		return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
	}
	return NULL;
}

json_t *schema_of_field(const struct field *field)
{
	json_t *schema = type_schema(field);

	if (field->nullable)
		json_object_set_new(schema, "type",
				    json_pack("[O, s]", json_object_get(schema, "type"), "null"));
	if (field->about)
		json_object_set_new(schema, "description", json_string(field->about));
	if (field->example)
		json_object_set_new(schema, "examples", json_pack("[o]", decode(field->example)));
	return schema;
}

json_t *schema_of_body(const struct field *fields, bool partial)
{
	json_t *properties = json_object(), *required = json_array();

	for (; fields->name; fields++) {
		json_object_set_new(properties, fields->name, schema_of_field(fields));
		if (fields->required && !partial)
			json_array_append_new(required, json_string(fields->name));
	}
	return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties,
			 "required", required, "additionalProperties", false);
}

/* ---- Replies ---- */

static const struct {
	const char *name, *schema;
} TYPES[] = {
	{ "text", "{\"type\": \"string\"}" },
	{ "integer", "{\"type\": \"integer\"}" },
	{ "boolean", "{\"type\": \"boolean\"}" },
	{ "time", "{\"type\": \"string\", \"format\": \"date-time\"}" },
	{ "texts", "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}" },
	{ "map", "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\"}}" },
	{ "counts", "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"integer\"}}" },
	{ "object", "{\"type\": \"object\"}" },
};

static json_t *reference(const char *name, size_t length)
{
	return json_pack("{s:o}", "$ref",
			 json_sprintf("#/components/schemas/%.*s", (int)length, name));
}

/* A type without what may stand behind it. */
static json_t *named_schema(const char *name, size_t length)
{
	if (*name == '[')
		return json_pack("{s:s, s:o}", "type", "array", "items",
				 reference(name + 1, length - 2));
	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
		if (strlen(TYPES[i].name) == length && strncmp(TYPES[i].name, name, length) == 0)
			return decode(TYPES[i].schema);
	return reference(name, length);
}

static json_t *member_schema(const struct reply_member *member)
{
	size_t length = strcspn(member->type, "?~");
	json_t *schema = named_schema(member->type, length);

	if (strchr(member->type, '?'))
		schema = json_pack("{s:[o, {s:s}]}", "anyOf", schema, "type", "null");
	if (*member->about)
		json_object_set_new(schema, "description", json_string(member->about));
	if (member->example)
		json_object_set_new(schema, "examples", json_pack("[o]", decode(member->example)));
	return schema;
}

json_t *schema_of_reply(const struct reply *reply)
{
	json_t *properties = json_object(), *required = json_array();

	for (const struct reply_member *member = reply->members; member->name; member++) {
		json_object_set_new(properties, member->name, member_schema(member));
		if (!strchr(member->type, '~'))
			json_array_append_new(required, json_string(member->name));
	}
	return json_pack("{s:s, s:s, s:o, s:o}", "type", "object", "description", reply->about,
			 "properties", properties, "required", required);
}

json_t *schema_of_answer(const char *reply)
{
	if (*reply != '[')
		return reference(reply, strlen(reply));
	return json_pack("{s:s, s:{s:o, s:{s:s, s:[s, s]}}, s:[s, s]}", "type", "object",
			 "properties", "items", named_schema(reply, strlen(reply)), "next",
			 "description", "The cursor of the next page; null: this is the last.",
			 "type", "string", "null", "required", "items", "next");
}
