#include "manage/filename.h"

#include <jansson.h>
#include <string.h>

#include "gateway/error.h"

static bool is_utf8(const char *text, size_t length)
{
	json_t *string = json_stringn(text, length);
	bool valid = string != NULL;

	json_decref(string);
	return valid;
}

bool filename_check(const char *name, size_t length, const char *field, struct error *err)
{
	if (length == 0 || length > FILENAME_MAX_BYTES)
		return error_field(err, ERR_INVALID, field, "a file name has 1 to %d bytes",
				   FILENAME_MAX_BYTES);
	if (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.')))
		return error_field(err, ERR_INVALID, field, "\".\" and \"..\" are no file names");
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)name[i] < ' ' || strchr("/\\\x7f", name[i]))
			return error_field(err, ERR_INVALID, field,
					   "a file name has no slashes, backslashes or control "
					   "characters");
	if (!is_utf8(name, length))
		return error_field(err, ERR_INVALID, field, "a file name is UTF-8");
	return true;
}
