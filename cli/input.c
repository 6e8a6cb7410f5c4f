#include "cli/input.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "cli/command.h"
#include "cli/parse.h"
#include "cli/text.h"

enum { MAX_LIMIT = 1000000000, MAX_TEXT_FILE = 256 * 1024 };

bool input_limit(struct run *run, size_t *out)
{
	const char *text = run_option(run, "limit");
	int64_t number = 0;

	if (text && !text_number(text, 1, MAX_LIMIT, &number))
		return run_usage(run, "--limit is a number from 1 on, not \"%s\"", text);
	*out = (size_t)number;
	return true;
}

bool input_time(struct run *run, const char *option, const char **out)
{
	const char *text = run_option(run, option);
	int64_t ago;
	char when[32];
	struct tm tm;

	*out = text;
	if (!text || strchr(text, 'T'))
		return true; /* the server knows more spellings of a time than we do */
	if (!text_duration(text, &ago))
		return run_usage(run,
				 "--%s is a time such as 2026-11-25T16:00:00Z, or 24h or 7d "
				 "for so long ago, not \"%s\"",
				 option, text);
	time_t at = time(NULL) - (time_t)ago;

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
	*out = arena_strdup(run->arena, when);
	return true;
}

static const char *listed(struct run *run, const char *const *words)
{
	const char *text = *words;

	while (*++words)
		text = arena_printf(run->arena, "%s, %s", text, *words);
	return text;
}

bool input_word(struct run *run, const char *what, const char *text, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (strcmp(words[i], text) == 0)
			return true;
	return run_usage(run, "%s is one of %s, not \"%s\"", what, listed(run, words), text);
}

json_t *input_words(const char *const *words, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_string(words[i]));
	return array;
}

/* ---- Values of KEY=VALUE ---- */

static json_t *boolean_of(const char *text)
{
	static const char *const YES[] = { "true", "yes", "on", "1" };
	static const char *const NO[] = { "false", "no", "off", "0" };

	for (size_t i = 0; i < sizeof(YES) / sizeof(YES[0]); i++) {
		if (strcasecmp(text, YES[i]) == 0)
			return json_true();
		if (strcasecmp(text, NO[i]) == 0)
			return json_false();
	}
	return NULL;
}

static json_t *number_of(const char *text, bool (*parse)(const char *, int64_t *))
{
	int64_t number;

	return parse(text, &number) ? json_integer(number) : NULL;
}

static bool any_number(const char *text, int64_t *out)
{
	return text_number(text, INT64_MIN, INT64_MAX, out);
}

/* NULL: not readable, and errno says why. */
static json_t *file_text(struct run *run, const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = arena_alloc(run->arena, MAX_TEXT_FILE + 1);
	size_t length;
	json_t *json;

	if (!file)
		return NULL;
	length = fread(text, 1, MAX_TEXT_FILE + 1, file);
	bool ok = !ferror(file) && length <= MAX_TEXT_FILE;

	fclose(file);
	errno = ok ? EILSEQ : EFBIG;
	json = ok ? json_stringn(text, length) : NULL;
	return json;
}

static json_t *list_of(struct run *run, const char *text, bool files)
{
	json_t *array = json_array();
	char *rest = arena_strdup(run->arena, text), *word;

	while ((word = strsep(&rest, ",")) != NULL) {
		if (files && strcmp(word, "-") == 0) {
			run_usage(run, "standard input cannot be read here: name a file");
			json_decref(array);
			return NULL;
		}
		json_t *item = !*word ? NULL : files ? file_text(run, word) : json_string(word);

		if (*word && !item) {
			run_usage(run, "%s: %s", word, strerror(errno));
			json_decref(array);
			return NULL;
		}
		if (item)
			json_array_append_new(array, item);
	}
	return array;
}

static json_t *value_of(struct run *run, enum key_kind kind, const char *text)
{
	switch (kind) {
	case KEY_TEXT:
		return json_string(text);
	case KEY_BOOLEAN:
		return boolean_of(text);
	case KEY_NUMBER:
		return number_of(text, any_number);
	case KEY_SECONDS:
		return number_of(text, text_duration);
	case KEY_SECONDS_OR_NONE:
		return strcmp(text, "none") == 0 ? json_null() : number_of(text, text_duration);
	case KEY_SLUG_OR_NONE:
		return strcmp(text, "none") == 0 ? json_null() : json_string(text);
	case KEY_WORDS:
		return list_of(run, text, false);
	case KEY_FILES:
		return list_of(run, text, true);
	}
	return NULL;
}

static const struct key *find_key(const struct key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static bool unknown_key(struct run *run, const struct key *keys, const char *name)
{
	const char *all = keys->name;

	while ((++keys)->name)
		all = arena_printf(run->arena, "%s, %s", all, keys->name);
	return run_usage(run, "there is no key \"%s\"; there are %s", name, all);
}

static bool add_setting(struct run *run, const struct key *keys, const char *word, json_t *out)
{
	const char *equals = strchr(word, '=');

	if (!equals)
		return run_usage(run, "\"%s\" is not KEY=VALUE", word);
	const char *name = arena_strndup(run->arena, word, (size_t)(equals - word));
	const struct key *key = find_key(keys, name);

	if (!key)
		return unknown_key(run, keys, name);
	json_t *value = value_of(run, key->kind, equals + 1);

	if (!value && run->exit)
		return false;
	if (!value)
		return run_usage(run, "%s is %s, not \"%s\"", name, key_wants(key->kind),
				 equals + 1);
	json_object_set_new(out, name, value);
	return true;
}

bool input_settings(struct run *run, size_t first, size_t min, json_t **out)
{
	const struct key *keys = run->parsed->command->keys;
	size_t count;
	const char *const *words = run_args(run, first, &count);

	*out = run_keep(run, json_object());
	for (size_t i = 0; i < count; i++)
		if (!add_setting(run, keys, words[i], *out))
			return false;
	if (json_object_size(*out) < min)
		return run_usage(run, "KEY=VALUE is missing");
	return true;
}

bool input_attributes(struct run *run, const char *const *words, size_t count, json_t **out)
{
	*out = NULL;
	for (size_t i = 0; i < count; i++) {
		const char *equals = strchr(words[i], '=');

		if (!equals || equals == words[i])
			return run_usage(run, "\"%s\" is not an attribute: K=V", words[i]);
		if (!*out)
			*out = run_keep(run, json_object());
		json_object_setn_new(*out, words[i], (size_t)(equals - words[i]),
				     json_string(equals + 1));
	}
	return true;
}
