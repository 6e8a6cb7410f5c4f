/* Whatever a device sends: a value within its limits, or an error. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ddi/parse.h"
#include "gateway/arena.h"
#include "gateway/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_feedback(struct arena *arena, const char *body, size_t size)
{
	struct ddi_feedback out;
	struct error err = { 0 };
	json_t *line;
	size_t i;

	if (!ddi_parse_feedback(arena, body, size, &out, &err)) {
		require(*err.text && err.code == ERR_INVALID);
		return;
	}
	require(*out.execution && *out.result && (!out.code || strlen(out.code) <= 32));
	json_auto_t *details = json_loads(out.details, 0, NULL);
	require(json_is_array(details) && json_array_size(details) <= 101);
	json_array_foreach (details, i, line)
		require(json_string_length(line) <= 4096);
}

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static void check_config_data(struct arena *arena, const char *body, size_t size)
{
	struct ddi_config_data out;
	struct error err = { 0 };
	const char *key;
	json_t *value;

	if (!ddi_parse_config_data(arena, body, size, &out, &err)) {
		require(*err.text && (err.code == ERR_INVALID || err.code == ERR_UNPROCESSABLE));
		return;
	}
	json_auto_t *attributes = json_loads(out.data, 0, NULL);
	require(*out.mode && json_object_size(attributes) > 0);
	json_object_foreach (attributes, key, value)
		require(characters(key) <= 128 &&
			(json_is_null(value) || characters(json_string_value(value)) <= 128));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	/* A copy of its own that ends where the body ends, so that ASan sees every byte read behind
	 * it. */
	char *body = size ? malloc(size) : NULL;

	if (size)
		memcpy(body, data, size);
	check_feedback(arena, body, size);
	check_config_data(arena, body, size);
	free(body);
	arena_free(arena);
	return 0;
}
