#include "cli/swu.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libconfig.h>
#include <string.h>
#include <unistd.h>

#include "gateway/arena.h"
#include "gateway/error.h"

enum {
	MAX_DESCRIPTION = 1 << 20, /* bytes */
	MAX_TEXT = 128,            /* bytes of a version or a board */
	MAX_HARDWARE = 100,
	BLOCK_SIZE = 16 * 1024,
};

static const char DESCRIPTION[] = "sw-description";
static const char COMPATIBILITY[] = "hardware-compatibility";
static const char PATTERN[] = "#RE:";

/* ---- The archive ---- */

static bool not_swu(struct error *err, const char *path, const char *why)
{
	return error_set(err, ERR_INVALID, "%s is not a .swu: %s", path, why);
}

static bool read_entry(struct arena *arena, struct archive *archive, const char *path, char **out,
		       struct error *err)
{
	struct archive_entry *entry;
	char *text = arena_alloc(arena, MAX_DESCRIPTION + 1);
	ssize_t length = 0, n;

	if (archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		return not_swu(err, path, "it is not a cpio archive");
	const char *name = archive_entry_pathname(entry);

	if (!name || strcmp(name, DESCRIPTION) != 0)
		return not_swu(err, path, "its first file is not sw-description");
	while ((n = archive_read_data(archive, text + length,
				      (size_t)(MAX_DESCRIPTION + 1 - length))) > 0) {
		length += n;
		if (length > MAX_DESCRIPTION)
			return not_swu(err, path, "its sw-description has more than 1 MiB");
	}
	if (n < 0 || length == 0)
		return not_swu(err, path, "its sw-description is cut off");
	if (strlen(text) != (size_t)length)
		return not_swu(err, path, "its sw-description is not text");
	*out = text;
	return true;
}

static bool read_description(struct arena *arena, const char *path, char **out, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct archive *archive;
	bool ok;

	if (fd < 0)
		return error_set(err, ERR_INTERNAL, "%s: %s", path, strerror(errno));
	archive = archive_read_new();
	archive_read_support_format_cpio(archive);
	ok = archive_read_open_fd(archive, fd, BLOCK_SIZE) == ARCHIVE_OK
		     ? read_entry(arena, archive, path, out, err)
		     : not_swu(err, path, "it is not a cpio archive");
	archive_read_free(archive);
	close(fd);
	return ok;
}

/* ---- What both formats have in common ---- */

static const char *bounded(struct arena *arena, const char *text)
{
	return text && *text && strlen(text) <= MAX_TEXT ? arena_strdup(arena, text) : NULL;
}

static void add_hardware(struct arena *arena, struct swu *swu, const char *text)
{
	const char *name = bounded(arena, text);

	if (!name || swu->nhardware == MAX_HARDWARE)
		return;
	for (size_t i = 0; i < swu->nhardware; i++)
		if (strcmp(swu->hardware[i], name) == 0)
			return;
	swu->hardware[swu->nhardware++] = name;
}

static void add_compatible(struct arena *arena, struct swu *swu, const char *text)
{
	if (text && strncmp(text, PATTERN, strlen(PATTERN)) != 0)
		add_hardware(arena, swu, text);
}

/* ---- libconfig ---- */

/* libconfig would read the file that such a line names. */
static bool includes(const char *text)
{
	return strcasestr(text, "@include") != NULL;
}

static void take_config_boards(struct arena *arena, const config_setting_t *software,
			       struct swu *out)
{
	for (unsigned i = 0; i < (unsigned)config_setting_length(software); i++) {
		const config_setting_t *section = config_setting_get_elem(software, i);

		if (config_setting_is_group(section) &&
		    config_setting_get_member(section, COMPATIBILITY))
			add_hardware(arena, out, config_setting_name(section));
	}
}

static void take_config(struct arena *arena, const config_setting_t *software, struct swu *out)
{
	const config_setting_t *list = config_setting_get_member(software, COMPATIBILITY);
	const char *version = NULL;

	config_setting_lookup_string(software, "version", &version);
	out->version = bounded(arena, version);
	take_config_boards(arena, software, out);
	if (out->nhardware || !list || !config_setting_is_aggregate(list))
		return;
	for (unsigned i = 0; i < (unsigned)config_setting_length(list); i++)
		add_compatible(arena, out,
			       config_setting_get_string(config_setting_get_elem(list, i)));
}

static bool parse_config(struct arena *arena, const char *text, struct swu *out)
{
	config_t config;
	bool ok = false;

	if (includes(text))
		return false;
	config_init(&config);
	if (config_read_string(&config, text)) {
		const config_setting_t *software = config_lookup(&config, "software");

		ok = software && config_setting_is_group(software);
		if (ok)
			take_config(arena, software, out);
	}
	config_destroy(&config);
	return ok;
}

/* ---- JSON ---- */

static bool parse_json(struct arena *arena, const char *text, struct swu *out)
{
	json_auto_t *root = json_loads(text, 0, NULL);
	json_t *software = json_object_get(root, "software"), *section, *item;
	const char *name;
	size_t i;

	if (!json_is_object(software))
		return false;
	out->version = bounded(arena, json_string_value(json_object_get(software, "version")));
	json_object_foreach (software, name, section)
		if (json_object_get(section, COMPATIBILITY))
			add_hardware(arena, out, name);
	if (out->nhardware)
		return true;
	json_array_foreach (json_object_get(software, COMPATIBILITY), i, item)
		add_compatible(arena, out, json_string_value(item));
	return true;
}

bool swu_read(struct arena *arena, const char *path, struct swu *out, struct error *err)
{
	char *text = NULL;
	bool ok;

	*out = (struct swu){ 0 };
	out->hardware = arena_alloc(arena, MAX_HARDWARE * sizeof(*out->hardware));
	if (!read_description(arena, path, &text, err))
		return false;
	ok = text[strspn(text, " \t\r\n")] == '{' ? parse_json(arena, text, out)
						  : parse_config(arena, text, out);
	if (!ok)
		return not_swu(err, path, "its sw-description cannot be read");
	if (!out->version)
		return error_set(err, ERR_INVALID, "%s: its sw-description has no version", path);
	return true;
}
