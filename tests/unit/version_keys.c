/*
 * Sort keys for tests/model: reads lines `SCHEME VERSION`, SCHEME being natural, semver,
 * natural+build or semver+build; answers each with the key in hex or the name of what is wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/version.h"

static const char *const STATUS_NAMES[] = {
	[VERSION_OK] = "ok",
	[VERSION_EMPTY] = "empty",
	[VERSION_TOO_LONG] = "too_long",
	[VERSION_BAD_CHARACTER] = "bad_character",
	[VERSION_NOT_SEMVER] = "not_semver",
	[VERSION_BUILD_METADATA] = "build_metadata",
};

static void answer(const char *scheme, const char *version)
{
	bool allow_build = strchr(scheme, '+') != NULL;
	struct version_key key;
	enum version_status status = version_parse(
		strncmp(scheme, "semver", 6) == 0 ? VERSION_SEMVER : VERSION_NATURAL, allow_build,
		version, &key);

	if (status != VERSION_OK)
		fputs(STATUS_NAMES[status], stdout);
	for (size_t i = 0; i < key.size; i++)
		printf("%02x", key.bytes[i]);
	putchar('\n');
	fflush(stdout);
}

int main(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t size;

	while ((size = getline(&line, &room, stdin)) > 0) {
		char *blank = strchr(line, ' ');

		if (line[size - 1] == '\n')
			line[size - 1] = '\0';
		if (!blank)
			return 1;
		*blank = '\0';
		answer(line, blank + 1);
	}
	free(line);
	return 0;
}
