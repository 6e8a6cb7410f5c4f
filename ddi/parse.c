#include "ddi/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ddi/mend.h"
#include "gateway/arena.h"
#include "gateway/error.h"

enum {
	MAX_DETAILS = 100,   /* strings of one feedback; SWUpdate sends up to 48 */
	MAX_DETAIL = 4096,   /* bytes of one; SWUpdate's log lines have up to 2 KiB */
	MAX_ATTRIBUTE = 128, /* characters of a key or value, as in hawkBit */
};

static const char *const EXECUTIONS[] = { "closed",     "proceeding", "canceled",
					  "scheduled",  "rejected",   "resumed",
					  "downloaded", "download",   NULL };
static const char *const RESULTS[] = { "success", "failure", "none", NULL };
static const char *const MODES[] = { "merge", "replace", "remove", NULL };

/* The entry of `words` that equals `text`, so that nobody keeps a borrowed string. */
static const char *one_of(const char *const *words, const char *text)
{
	for (; text && *words; words++)
		if (strcmp(*words, text) == 0)
			return *words;
	return NULL;
}

/* 15 digits: 1.1 stays what the device wrote. */
static const char *dump(struct arena *arena, const json_t *value)
{
	return arena_adopt(
		arena, json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)),
		free);
}

/* Numbers and truths are texts where a text is wanted, as hawkBit's reader has it. */
static const char *as_text(struct arena *arena, const json_t *value)
{
	return json_is_string(value) ? json_string_value(value) : dump(arena, value);
}

/* ---- Feedback ---- */

/* Cut where a character begins. */
static json_t *cut(const char *text)
{
	size_t length = strlen(text);

	if (length > MAX_DETAIL)
		for (length = MAX_DETAIL; ((unsigned char)text[length] & 0xc0) == 0x80;)
			length--;
	return json_stringn(text, length);
}

/* `details`: an array, a single value, or nothing. */
static const char *keep_details(struct arena *arena, const json_t *details)
{
	json_auto_t *kept = json_array();
	size_t count = json_is_array(details) ? json_array_size(details) : details ? 1 : 0;

	for (size_t i = 0; i < count && json_array_size(kept) < MAX_DETAILS; i++) {
		const json_t *item = json_is_array(details) ? json_array_get(details, i) : details;

		if (!json_is_null(item))
			json_array_append_new(kept, cut(as_text(arena, item)));
	}
	if (count > MAX_DETAILS)
		json_array_append_new(kept, json_sprintf("(%zu more lines)", count - MAX_DETAILS));
	return dump(arena, kept);
}

/* Numbers may be texts, and lose what is behind the point, as hawkBit's reader has it. */
static bool take_code(struct arena *arena, const json_t *value, const char **out, struct error *err)
{
	const char *text = json_string_value(value);
	double number = json_number_value(value);
	int64_t code;

	*out = NULL;
	if (!value || json_is_null(value))
		return true;
	if (json_is_number(value) && number > INT32_MIN - 1.0 && number < INT32_MAX + 1.0)
		text = arena_printf(arena, "%" PRId32, (int32_t)number);
	bool negative = text && *text == '-';
	if (!text || !ddi_parse_number(text + negative, &code, err) ||
	    code > (int64_t)INT32_MAX + negative)
		return error_field(err, ERR_INVALID, "/status/code", "code is a 32-bit number");
	*out = text;
	return true;
}

static bool take_words(const char *execution, const char *result, struct ddi_feedback *out,
		       struct error *err)
{
	out->execution = one_of(EXECUTIONS, execution);
	out->result = one_of(RESULTS, result);
	if (!out->execution)
		return error_field(err, ERR_INVALID, "/status/execution",
				   "execution is missing or none of hawkBit's words");
	if (!out->result)
		return error_field(err, ERR_INVALID, "/status/result/finished",
				   "finished is missing or none of success, failure, none");
	return true;
}

bool ddi_parse_feedback(struct arena *arena, const char *body, size_t size,
			struct ddi_feedback *out, struct error *err)
{
	const json_t *root = mend_json(arena, body, size);
	const json_t *status = json_object_get(root, "status");
	const json_t *result = json_object_get(status, "result");

	out->code = NULL;
	if (!root) {
		const char *text = mend_text(arena, body, size);

		out->details = keep_details(arena, mend_details(arena, text));
		return take_words(mend_word(arena, text, "execution"),
				  mend_word(arena, text, "finished"), out, err);
	}
	out->details = keep_details(arena, json_object_get(status, "details"));
	return take_words(json_string_value(json_object_get(status, "execution")),
			  json_string_value(json_object_get(result, "finished")), out, err) &&
	       take_code(arena, json_object_get(status, "code"), &out->code, err);
}

/* ---- configData ---- */

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static bool take_attributes(struct arena *arena, json_t *data, struct ddi_config_data *out,
			    struct error *err)
{
	json_auto_t *kept = json_object();
	const char *key;
	json_t *value;

	if (!json_is_object(data) || json_object_size(data) == 0)
		return error_field(err, ERR_INVALID, "/data", "data is missing or empty");
	json_object_foreach (data, key, value) {
		const char *text = json_is_null(value) ? NULL : as_text(arena, value);

		if (!*key || characters(key) > MAX_ATTRIBUTE)
			return error_field(err, ERR_UNPROCESSABLE, "/data",
					   "a key has 1 to %d characters", MAX_ATTRIBUTE);
		if (text && characters(text) > MAX_ATTRIBUTE)
			return error_field(err, ERR_UNPROCESSABLE, "/data",
					   "a value has at most %d characters", MAX_ATTRIBUTE);
		json_object_set_new(kept, key, text ? json_string(text) : json_null());
	}
	out->data = dump(arena, kept);
	return true;
}

bool ddi_parse_config_data(struct arena *arena, const char *body, size_t size,
			   struct ddi_config_data *out, struct error *err)
{
	const json_t *root = mend_json(arena, body, size);
	const json_t *given = json_object_get(root, "mode");
	const char *mode = json_string_value(given);
	json_t *data = json_object_get(root, "data");

	if (!root) {
		const char *text = mend_text(arena, body, size);

		data = mend_data(arena, text);
		mode = mend_word(arena, text, "mode");
		given = NULL;
	}
	if (!mode && (!given || json_is_null(given)))
		mode = "merge";
	out->mode = one_of(MODES, mode);
	if (!out->mode)
		return error_field(err, ERR_INVALID, "/mode", "mode is merge, replace or remove");
	return take_attributes(arena, data, out, err);
}

/* ---- Numbers ---- */

bool ddi_parse_number(const char *text, int64_t *out, struct error *err)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno)
		return error_set(err, ERR_INVALID, "\"%.40s\" is not a number", text);
	return true;
}
