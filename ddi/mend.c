#include "ddi/mend.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "gateway/arena.h"

static const char BLANKS[] = " \t\r\n";

static void drop_json(void *object)
{
	json_decref(object);
}

static json_t *adopt(struct arena *arena, json_t *value)
{
	return value ? arena_adopt(arena, value, drop_json) : NULL;
}

/* ---- Bytes to text ---- */

static bool continues(const char *at, size_t left, size_t count)
{
	if (left < count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (((unsigned char)at[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* Bytes of the UTF-8 character at `at`; 0: it is none. jansson has the last word about the rest. */
static size_t character(const char *at, size_t left)
{
	unsigned char c = (unsigned char)*at;
	size_t more = c < 0x80                ? 0
		      : c >= 0xc2 && c < 0xe0 ? 1
		      : (c & 0xf0) == 0xe0    ? 2
		      : c >= 0xf0 && c < 0xf5 ? 3
					      : SIZE_MAX;
	unsigned char next = left > 1 ? (unsigned char)at[1] : 0;
	bool bad = (c == 0xe0 && next < 0xa0) || (c == 0xed && next > 0x9f) ||
		   (c == 0xf0 && next < 0x90) || (c == 0xf4 && next > 0x8f);

	return more != SIZE_MAX && !bad && continues(at + 1, left - 1, more) ? more + 1 : 0;
}

/* Blanks for control characters are right inside and outside of strings. */
const char *mend_text(struct arena *arena, const char *body, size_t size)
{
	char *text = arena_alloc(arena, size + 1), *out = text;

	for (size_t i = 0; i < size;) {
		size_t length = character(body + i, size - i);

		if (length == 0)
			*out++ = '?';
		else if (length == 1)
			*out++ = (unsigned char)body[i] < ' ' || body[i] == 0x7f ? ' ' : body[i];
		else
			out = (char *)memcpy(out, body + i, length) + length;
		i += length ? length : 1;
	}
	*out = '\0';
	return text;
}

json_t *mend_json(struct arena *arena, const char *body, size_t size)
{
	json_t *root = size ? json_loadb(body, size, 0, NULL) : NULL;

	if (!root && size)
		root = json_loads(mend_text(arena, body, size), 0, NULL);
	return adopt(arena, root);
}

/* ---- Looking for what we need ---- */

/* Behind `"name"` and the colon; NULL: not there. */
static const char *value_of(struct arena *arena, const char *text, const char *name)
{
	const char *quoted = arena_printf(arena, "\"%s\"", name);

	for (const char *at = text; (at = strstr(at, quoted));) {
		at += strlen(quoted);
		at += strspn(at, BLANKS);
		if (*at == ':')
			return at + 1 + strspn(at + 1, BLANKS);
	}
	return NULL;
}

const char *mend_word(struct arena *arena, const char *text, const char *name)
{
	const char *value = value_of(arena, text, name);

	if (!value || *value != '"')
		return NULL;
	return arena_strndup(arena, value + 1, strcspn(value + 1, "\""));
}

/* Where strings begin and end is in doubt: everything between the brackets is one. */
json_t *mend_details(struct arena *arena, const char *text)
{
	const char *value = value_of(arena, text, "details");
	const char *end = value && *value == '[' ? strrchr(value, ']') : NULL;

	if (!end)
		return NULL;
	return adopt(arena, json_pack("[s%]", value + 1, (size_t)(end - value - 1)));
}

/* Does a value end at this quote? Behind it comes the next key, or the end of the object. */
static bool ends_value(const char *quote)
{
	const char *at = quote + 1 + strspn(quote + 1, BLANKS);

	if (*at == '}' || !*at)
		return true;
	return *at == ',' && at[1 + strspn(at + 1, BLANKS)] == '"';
}

/* `"key": "value"` at *at; NULL: something else is there. */
static json_t *take_pair(const char **at, json_t *object)
{
	const char *key = *at + strspn(*at, BLANKS), *value, *end;

	if (*key != '"')
		return NULL;
	size_t length = strcspn(++key, "\"");
	value = key + length + (key[length] == '"');
	value += strspn(value, BLANKS);
	if (*value != ':')
		return NULL;
	value += 1 + strspn(value + 1, BLANKS);
	if (*value != '"')
		return NULL;
	for (end = ++value; *end && !(*end == '"' && ends_value(end)); end++)
		;
	if (!*end)
		return NULL;
	json_object_setn_new(object, key, length, json_stringn(value, (size_t)(end - value)));
	*at = end + 1;
	return object;
}

json_t *mend_data(struct arena *arena, const char *text)
{
	const char *at = value_of(arena, text, "data");
	json_t *object = adopt(arena, json_object());

	if (!at || *at != '{')
		return NULL;
	for (at++; take_pair(&at, object); at++) {
		at += strspn(at, BLANKS);
		if (*at != ',')
			return *at == '}' ? object : NULL;
	}
	return NULL;
}
