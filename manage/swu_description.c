#include "manage/swu_description.h"

#include <libconfig.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_BOARDS = 100,
	MAX_TEXT = 128,      /* bytes */
	MAX_SETTINGS = 2500, /* libconfig's time is quadratic in them: 40 ms */
};

static const char COMPATIBILITY[] = "hardware-compatibility";
static const char PATTERN[] = "#RE:";

/* libconfig would read the file that such a line names, from our disk. */
static bool includes(const char *text)
{
	return strstr(text, "@include") != NULL;
}

static bool has_too_many_settings(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '=' || *text == ':';
	return count > MAX_SETTINGS;
}

static void add_text(json_t *object, const char *name, const char *text)
{
	if (text && *text && strlen(text) <= MAX_TEXT)
		json_object_set_new(object, name, json_string(text));
}

static void add_board(json_t *boards, const char *name)
{
	if (name && strlen(name) <= MAX_TEXT && json_array_size(boards) < MAX_BOARDS)
		json_array_append_new(boards, json_string(name));
}

static void add_compatible(json_t *revisions, const char *text)
{
	const json_t *other;
	size_t i;

	if (!text || !*text || strncmp(text, PATTERN, strlen(PATTERN)) == 0)
		return;
	json_array_foreach (revisions, i, other)
		if (strcmp(json_string_value(other), text) == 0)
			return;
	add_board(revisions, text);
}

static void add_lists(json_t *about, json_t *boards, json_t *revisions)
{
	json_object_set_new(about, "hardware_versions", boards);
	if (json_array_size(revisions))
		json_object_set(about, "hardware_compatibility", revisions);
	json_decref(revisions);
}

/* ---- libconfig ---- */

static json_t *read_config(const config_setting_t *software)
{
	const config_setting_t *list = config_setting_get_member(software, COMPATIBILITY);
	json_t *about = json_object(), *boards = json_array(), *revisions = json_array();
	const char *version = NULL;

	config_setting_lookup_string(software, "version", &version);
	add_text(about, "version", version);
	for (unsigned i = 0; list && i < (unsigned)config_setting_length(list); i++)
		add_compatible(revisions, config_setting_get_string_elem(list, (int)i));
	for (unsigned i = 0; i < (unsigned)config_setting_length(software); i++) {
		const config_setting_t *section = config_setting_get_elem(software, i);

		if (config_setting_is_group(section) &&
		    config_setting_get_member(section, COMPATIBILITY))
			add_board(boards, config_setting_name(section));
	}
	add_lists(about, boards, revisions);
	return about;
}

static json_t *read_libconfig(const char *text)
{
	config_t config;
	json_t *about = NULL;

	if (includes(text) || has_too_many_settings(text))
		return NULL;
	config_init(&config);
	if (config_read_string(&config, text)) {
		const config_setting_t *software = config_lookup(&config, "software");

		if (software && config_setting_is_group(software))
			about = read_config(software);
	}
	config_destroy(&config);
	return about;
}

/* ---- JSON ---- */

static json_t *read_json(const char *text)
{
	json_auto_t *root = json_loads(text, 0, NULL);
	json_t *software = json_object_get(root, "software"), *section, *item;
	json_t *about, *boards, *revisions;
	const char *name;
	size_t i;

	if (!json_is_object(software))
		return NULL;
	about = json_object();
	boards = json_array();
	revisions = json_array();
	add_text(about, "version", json_string_value(json_object_get(software, "version")));
	json_object_foreach (software, name, section)
		if (json_object_get(section, COMPATIBILITY))
			add_board(boards, name);
	json_array_foreach (json_object_get(software, COMPATIBILITY), i, item)
		add_compatible(revisions, json_string_value(item));
	add_lists(about, boards, revisions);
	return about;
}

json_t *swu_description_read(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '{' ? read_json(text) : read_libconfig(text);
}
