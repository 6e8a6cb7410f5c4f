#include "gateway/config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/config_keys.h"
#include "gateway/error.h"

enum { VARIABLE_SIZE = 80 };

static const char PREFIX[] = "MEWS_";

/* Variables with our prefix that are no keys: where the file is, and what ./dev, tests and `mews`
 * read. */
static const char *const OTHERS[] = {
	"MEWS_CONFIG",    "MEWS_STATE_DIR",      "MEWS_BUILD",   "MEWS_SETUP", "MEWS_URL",
	"MEWS_TOKEN",     "MEWS_PROJECT",        "MEWS_CA_FILE", "MEWS_SEED",  "MEWS_EXAMPLES",
	"MEWS_SEQUENCES", "MEWS_TEST_PROCESSES", "MEWS_WRAPPER", NULL,
};

/* "database.url" -> "MEWS_DATABASE_URL" */
static void variable_name(const char *key, char out[VARIABLE_SIZE])
{
	snprintf(out, VARIABLE_SIZE, "%s%s", PREFIX, key);
	for (char *c = out; *c; c++)
		*c = *c == '.' ? '_' : (char)toupper((unsigned char)*c);
}

static bool set_defaults(struct arena *arena, struct config *out, struct error *err)
{
	for (const struct config_key *key = config_keys; key->name; key++)
		if (!config_key_set(key, arena, key->fallback, out, err))
			return error_context(err, "default of %s", key->name);
	return true;
}

static bool is_listed(const char *name, size_t length)
{
	char variable[VARIABLE_SIZE];

	for (const char *const *other = OTHERS; *other; other++)
		if (strlen(*other) == length && strncmp(*other, name, length) == 0)
			return true;
	for (const struct config_key *key = config_keys; key->name; key++) {
		variable_name(key->name, variable);
		if (strlen(variable) == length && strncmp(variable, name, length) == 0)
			return true;
	}
	return false;
}

/* A misspelt variable is a setting that silently does nothing. */
static bool check_names(struct error *err)
{
	for (char **entry = environ; *entry; entry++) {
		size_t length = strcspn(*entry, "=");

		if (strncmp(*entry, PREFIX, strlen(PREFIX)) == 0 && !is_listed(*entry, length))
			return error_set(err, ERR_INVALID,
					 "%.*s: unknown variable; see mewsd --print-config",
					 (int)length, *entry);
	}
	return true;
}

static bool read_environment(struct arena *arena, struct config *out, struct error *err)
{
	char variable[VARIABLE_SIZE];

	for (const struct config_key *key = config_keys; key->name; key++) {
		variable_name(key->name, variable);
		const char *text = getenv(variable);
		if (text && !config_key_set(key, arena, text, out, err))
			return error_context(err, "%s", variable);
	}
	return check_names(err);
}

bool config_load(struct arena *arena, const char *path, struct config *out, struct error *err)
{
	*out = (struct config){ 0 };
	return set_defaults(arena, out, err) &&
	       (!path || config_file_read(arena, path, out, err)) &&
	       read_environment(arena, out, err);
}

/* ---- The sample ---- */

static void print_help(FILE *out, const char *indent, const char *help)
{
	while (*help) {
		size_t length = strcspn(help, "\n");

		fprintf(out, "%s# %.*s\n", indent, (int)length, help);
		help += length + (help[length] == '\n');
	}
}

static void print_value(FILE *out, const struct config_key *key)
{
	switch (key->type) {
	case CONFIG_TEXT:
	case CONFIG_WORD:
		fprintf(out, "\"%s\"", key->fallback);
		break;
	case CONFIG_LIST:
		fprintf(out, *key->fallback ? "[ \"%s\" ]" : "[ ]", key->fallback);
		break;
	case CONFIG_NUMBER:
	case CONFIG_BYTES:
		fputs(key->fallback, out);
		break;
	}
}

/* Length of the group's name in "group.name", 0 without one. */
static size_t group_length(const char *name)
{
	return strchr(name, '.') ? strcspn(name, ".") : 0;
}

void config_print(FILE *out)
{
	const char *group = "";
	size_t length = 0;

	fputs("# Configuration of mewsd; what stands here are the defaults.\n"
	      "# Every key is also a variable, which wins: database.url is MEWS_DATABASE_URL.\n",
	      out);
	for (const struct config_key *key = config_keys; key->name; key++) {
		size_t now = group_length(key->name);
		bool same = now == length && strncmp(key->name, group, now) == 0;

		if (length && !same)
			fputs("};\n", out);
		fputs("\n", out);
		if (now && !same)
			fprintf(out, "%.*s: {\n", (int)now, key->name);
		print_help(out, now ? "\t" : "", key->help);
		fprintf(out, "%s%s = ", now ? "\t" : "", key->name + now + (now > 0));
		print_value(out, key);
		fputs(";\n", out);
		group = key->name;
		length = now;
	}
	if (length)
		fputs("};\n", out);
}
