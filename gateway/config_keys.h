/* The keys of the configuration. For config*.c alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gateway/config.h"

enum config_type {
	CONFIG_TEXT,   /* const char * */
	CONFIG_LIST,   /* const char *const *; in a variable: separated by commas */
	CONFIG_NUMBER, /* int */
	CONFIG_BYTES,  /* long */
	CONFIG_WORD,   /* an enum, as int */
};

struct config_key {
	const char *name; /* "database.url" */
	enum config_type type;
	size_t field;             /* its offset in struct config */
	const char *fallback;     /* the default, as in a variable */
	long min, max;            /* of numbers */
	const char *const *words; /* of CONFIG_WORD, in the enum's order */
	/* Of texts and of each item of a list; NULL: any will do. */
	bool (*check)(const char *item, struct error *err);
	const char *help; /* sentences; they become the sample's comments */
};
extern const struct config_key config_keys[]; /* ends with an empty entry */

/* Set the key's field from a text. The error does not name the key. */
bool config_key_set(const struct config_key *key, struct arena *arena, const char *text,
		    struct config *out, struct error *err);

/* config_file.c: set what the file says; errors name file, line and key. */
bool config_file_read(struct arena *arena, const char *path, struct config *out, struct error *err);
