/* libconfig's tree -> the table of keys. */
#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/config_keys.h"
#include "gateway/error.h"

enum { NAME_SIZE = 80, NUMBER_SIZE = 24 };

static const struct config_key *find_key(const char *name)
{
	for (const struct config_key *key = config_keys; key->name; key++)
		if (strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

/* Is `name` the beginning of keys, as "database"? */
static bool is_group(const char *name)
{
	size_t length = strlen(name);

	for (const struct config_key *key = config_keys; key->name; key++)
		if (strncmp(key->name, name, length) == 0 && key->name[length] == '.')
			return true;
	return false;
}

/* A value without parts, as a variable would have it; NULL: not of this key's type. */
static const char *scalar(const struct config_key *key, const config_setting_t *value, char *number)
{
	int type = config_setting_type(value);
	bool wants_number = key->type == CONFIG_NUMBER || key->type == CONFIG_BYTES;

	if (!wants_number)
		return type == CONFIG_TYPE_STRING ? config_setting_get_string(value) : NULL;
	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
		return NULL;
	snprintf(number, NUMBER_SIZE, "%lld", config_setting_get_int64(value));
	return number;
}

/* [ "a", "b" ] as "a,b"; NULL: something else is in it. */
static const char *join(struct arena *arena, const config_setting_t *list)
{
	const char *text = "";

	for (int i = 0; i < config_setting_length(list); i++) {
		const char *item = config_setting_get_string_elem(list, i);

		if (!item || strpbrk(item, ", \t\n"))
			return NULL;
		text = arena_printf(arena, "%s%s%s", text, i ? "," : "", item);
	}
	return text;
}

static bool set_value(struct arena *arena, const struct config_key *key,
		      const config_setting_t *value, struct config *out, struct error *err)
{
	static const char *const WANTED[] = {
		[CONFIG_TEXT] = "a text in quotes", [CONFIG_LIST] = "a list of texts: [ \"...\" ]",
		[CONFIG_NUMBER] = "a whole number", [CONFIG_BYTES] = "a whole number",
		[CONFIG_WORD] = "a word in quotes",
	};
	char number[NUMBER_SIZE];
	bool list = key->type == CONFIG_LIST && config_setting_is_aggregate(value) &&
		    !config_setting_is_group(value);
	const char *text = list ? join(arena, value) : scalar(key, value, number);

	if (!text)
		return error_set(err, ERR_INVALID, "must be %s", WANTED[key->type]);
	return config_key_set(key, arena, text, out, err);
}

/* `prefix` is "" or "database." */
static bool read_group(struct arena *arena, const config_setting_t *group, const char *prefix,
		       const char *path, struct config *out, struct error *err)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *value = config_setting_get_elem(group, (unsigned)i);
		char name[NAME_SIZE];

		snprintf(name, sizeof(name), "%s%s", prefix, config_setting_name(value));
		const struct config_key *key = find_key(name);
		if (!key && is_group(name) && config_setting_is_group(value)) {
			strncat(name, ".", sizeof(name) - strlen(name) - 1);
			if (!read_group(arena, value, name, path, out, err))
				return false;
			continue;
		}
		if (!key)
			error_set(err, ERR_INVALID,
				  "unknown key; mewsd --print-config shows all that there are");
		if (!key || !set_value(arena, key, value, out, err))
			return error_context(err, "%s:%u: %s", path,
					     config_setting_source_line(value), name);
	}
	return true;
}

bool config_file_read(struct arena *arena, const char *path, struct config *out, struct error *err)
{
	FILE *file = fopen(path, "re");
	config_t tree;
	bool read;

	if (!file)
		return error_set(err, ERR_UNKNOWN, "%s: %s", path, strerror(errno));
	config_init(&tree);
	read = config_read(&tree, file) == CONFIG_TRUE;
	fclose(file);
	if (read)
		read = read_group(arena, config_root_setting(&tree), "", path, out, err);
	else
		error_set(err, ERR_INVALID, "%s:%d: %s", path, config_error_line(&tree),
			  config_error_text(&tree));
	config_destroy(&tree);
	return read;
}
