#include "cli/config.h"

#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/arena.h"
#include "gateway/error.h"

static const char DEFAULT_PROJECT[] = "default"; /* the first one of an installation */
enum { MAX_FILE = 64 * 1024 };

static const char *file_path(struct arena *arena)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (base && *base == '/')
		return arena_printf(arena, "%s/mews/config", base);
	return arena_printf(arena, "%s/.config/mews/config", home && *home ? home : "");
}

/* A variable that is empty is as good as none. */
static const char *from_environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* ---- The file ---- */

static const char *lookup(struct arena *arena, const config_t *file, const char *name)
{
	const char *value = NULL;

	if (!config_lookup_string(file, name, &value) || !*value)
		return NULL;
	return arena_strdup(arena, value);
}

static bool is_private(int fd, const char *path, struct error *err)
{
	struct stat about;

	if (fstat(fd, &about) != 0)
		return error_set(err, ERR_INTERNAL, "%s: %s", path, strerror(errno));
	if (!S_ISREG(about.st_mode) || about.st_size > MAX_FILE)
		return error_set(err, ERR_INTERNAL, "%s: not a small file", path);
	if (about.st_mode & 077)
		return error_set(err, ERR_INTERNAL,
				 "%s is for tokens, and others can read it; run: chmod 600 %s",
				 path, path);
	return true;
}

static bool parse_file(struct arena *arena, FILE *stream, struct cli_config *out, struct error *err)
{
	config_t file;
	bool ok;

	config_init(&file);
	ok = config_read(&file, stream);
	if (ok) {
		out->url = lookup(arena, &file, "url");
		out->token = lookup(arena, &file, "token");
		out->project = lookup(arena, &file, "project");
		out->ca_file = lookup(arena, &file, "ca_file");
	} else {
		error_set(err, ERR_INTERNAL, "%s: line %d: %s", out->path, config_error_line(&file),
			  config_error_text(&file));
	}
	config_destroy(&file);
	return ok;
}

/* A file that is not there says nothing. */
static bool read_file(struct arena *arena, struct cli_config *out, struct error *err)
{
	int fd = open(out->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (fd < 0)
		return error_set(err, ERR_INTERNAL, "%s: %s", out->path, strerror(errno));
	if (!is_private(fd, out->path, err)) {
		close(fd);
		return false;
	}
	FILE *stream = fdopen(fd, "r");
	bool ok = parse_file(arena, stream, out, err);

	fclose(stream);
	return ok;
}

/* ---- The whole ---- */

static bool has_control_characters(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

static bool clean_url(struct arena *arena, const char **url, struct error *err)
{
	static const char API[] = "/api/v1";
	size_t length = strlen(*url);

	if ((strncmp(*url, "http://", 7) != 0 && strncmp(*url, "https://", 8) != 0) ||
	    has_control_characters(*url))
		return error_set(err, ERR_INVALID,
				 "the URL of the server begins with https:// or http://, this one "
				 "is \"%s\"",
				 *url);
	while (length && (*url)[length - 1] == '/')
		length--;
	if (length > strlen(API) && strncmp(*url + length - strlen(API), API, strlen(API)) == 0)
		length -= strlen(API); /* people copy the API's URL, too */
	*url = arena_strndup(arena, *url, length);
	return true;
}

static void choose_token(struct cli_config *out)
{
	const char *token = from_environment("MEWS_TOKEN");

	out->token_is_stored = !token && out->token;
	if (token) {
		out->token = token;
	} else if (!out->url || !out->stored_url || strcmp(out->url, out->stored_url) != 0) {
		out->token = NULL;
		out->token_is_stored = false;
	}
}

/* From here: login stores it, and other commands are run elsewhere. */
static const char *absolute(struct arena *arena, const char *path)
{
	char *here = *path == '/' ? NULL : get_current_dir_name();

	if (!here)
		return path;
	return arena_printf(arena, "%s/%s", (char *)arena_adopt(arena, here, free), path);
}

bool cli_config_load(struct arena *arena, const char *url, const char *project,
		     struct cli_config *out, struct error *err)
{
	*out = (struct cli_config){ .path = file_path(arena) };
	if (!read_file(arena, out, err) || (out->url && !clean_url(arena, &out->url, err)))
		return false;
	out->stored_url = out->url;
	out->stored_token = out->token;
	if (!url)
		url = from_environment("MEWS_URL");
	if (url) {
		if (!clean_url(arena, &url, err))
			return false;
		out->url = url;
	}
	choose_token(out);
	if (out->token && has_control_characters(out->token))
		return error_set(err, ERR_INVALID, "the token has characters that no token has");
	if (!project)
		project = from_environment("MEWS_PROJECT");
	if (project)
		out->project = project;
	out->project_is_said = out->project != NULL;
	if (!out->project_is_said)
		out->project = DEFAULT_PROJECT;
	if (from_environment("MEWS_CA_FILE"))
		out->ca_file = absolute(arena, from_environment("MEWS_CA_FILE"));
	return true;
}

/* ---- Writing ---- */

static void put(config_setting_t *root, const char *name, const char *value)
{
	if (value)
		config_setting_set_string(config_setting_add(root, name, CONFIG_TYPE_STRING),
					  value);
}

static bool make_folders(struct arena *arena, const char *path, struct error *err)
{
	char *folder = arena_strdup(arena, path);

	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0700) != 0 && errno != EEXIST)
			return error_set(err, ERR_INTERNAL, "%s: %s", folder, strerror(errno));
		*slash = '/';
	}
	return true;
}

static bool write_config(const struct cli_config *config, FILE *stream)
{
	config_t file;

	config_init(&file);
	put(config_root_setting(&file), "url", config->url);
	put(config_root_setting(&file), "token", config->token);
	put(config_root_setting(&file), "project",
	    config->project_is_said ? config->project : NULL);
	put(config_root_setting(&file), "ca_file", config->ca_file);
	fputs("# Written by `mews login`; see `man mews`.\n", stream);
	config_write(&file, stream);
	config_destroy(&file);
	return fflush(stream) == 0 && fsync(fileno(stream)) == 0;
}

bool cli_config_save(struct arena *arena, const struct cli_config *config, struct error *err)
{
	char *linked = realpath(config->path, NULL); /* where it is a link of a dotfile manager */
	const char *path = linked ? arena_adopt(arena, linked, free) : config->path;
	char *temporary = arena_printf(arena, "%s.XXXXXX", path);
	int fd = -1;

	if (!make_folders(arena, path, err))
		return false;
	fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
	FILE *stream = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool ok = stream && write_config(config, stream);

	if (stream)
		ok = fclose(stream) == 0 && ok;
	if (ok && rename(temporary, path) == 0)
		return true;
	error_set(err, ERR_INTERNAL, "%s: %s", temporary, strerror(errno));
	if (fd >= 0)
		unlink(temporary);
	return false;
}
