#include "gateway/hex.h"

#include <stdint.h>
#include <string.h>

static const char DIGITS[] = "0123456789abcdef";
static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hex_encode(const void *data, size_t size, char *out)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++) {
		*out++ = DIGITS[bytes[i] >> 4];
		*out++ = DIGITS[bytes[i] & 0xf];
	}
	*out = '\0';
}

/* The place of `c` in `letters`, or -1. */
static int place(const char *letters, char c)
{
	const char *found = c ? strchr(letters, c) : NULL;

	return found ? (int)(found - letters) : -1;
}

bool hex_decode(const char *text, size_t digits, unsigned char *out)
{
	for (size_t i = 0; i + 1 < digits; i += 2) {
		int high = place(DIGITS, text[i]), low = high < 0 ? -1 : place(DIGITS, text[i + 1]);

		if (low < 0)
			return false;
		*out++ = (unsigned char)(high << 4 | low);
	}
	return digits % 2 == 0;
}

bool hex_is(const char *text, size_t digits)
{
	return strlen(text) == digits && strspn(text, DIGITS) == digits;
}

/* Four letters make three bytes, the last four with `pad` '=' fewer. */
static bool decode_quad(const char *text, size_t pad, unsigned char *out)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		int value = i < 4 - pad ? place(ALPHABET, text[i]) : 0;

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
	}
	for (size_t i = 0; i < 3; i++) {
		unsigned char byte = (unsigned char)(bits >> (16 - 8 * i));

		if (i < 3 - pad)
			out[i] = byte;
		else if (byte)
			return false; /* a second spelling of the same bytes */
	}
	return true;
}

bool base64_decode(const char *text, size_t length, unsigned char *out, size_t *size)
{
	size_t pad = 0;

	*size = 0;
	if (length % 4)
		return false;
	while (pad < 2 && pad < length && text[length - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < length; i += 4) {
		size_t missing = i + 4 == length ? pad : 0;

		if (!decode_quad(text + i, missing, out + *size))
			return false;
		*size += 3 - missing;
	}
	return true;
}
