#include "gateway/utf8.h"

static bool continues(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Length of the character at the beginning of `at`; 0: broken. */
static size_t character(const unsigned char *at, size_t length)
{
	if (at[0] < 0x80)
		return 1;
	if (at[0] >= 0xc2 && at[0] <= 0xdf)
		return length >= 2 && continues(at[1]) ? 2 : 0;
	if (at[0] >= 0xe0 && at[0] <= 0xef) {
		if (length < 3 || !continues(at[1]) || !continues(at[2]))
			return 0;
		if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f))
			return 0; /* a longer form than needed; a surrogate */
		return 3;
	}
	if (at[0] >= 0xf0 && at[0] <= 0xf4) {
		if (length < 4 || !continues(at[1]) || !continues(at[2]) || !continues(at[3]))
			return 0;
		if ((at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
			return 0; /* a longer form than needed; above U+10FFFF */
		return 4;
	}
	return 0;
}

size_t utf8_valid(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t used = 0;

	while (used < length) {
		size_t more = character(bytes + used, length - used);

		if (!more)
			break;
		used += more;
	}
	return used;
}

/* C0, DEL, and C1 (U+0080 to U+009F), which terminals take for escape sequences, too. */
static bool is_control(const unsigned char *at, size_t length)
{
	return at[0] < ' ' || at[0] == 0x7f ||
	       (at[0] == 0xc2 && length > 1 && at[1] >= 0x80 && at[1] <= 0x9f);
}

bool utf8_printable(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (is_control((const unsigned char *)text + i, length - i))
			return false;
	return utf8_valid(text, length) == length;
}
