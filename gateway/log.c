#include "gateway/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "gateway/utf8.h"

enum {
	LINE_SIZE = 4096,
	RESERVE = 8,      /* for what ends a line: quote, brace, newline */
	ESCAPE_SIZE = 6,  /* \u00xx */
	NUMBER_SIZE = 32, /* characters of any number that we print */
};

/* Process-wide, as the header says: logging must be possible anywhere. */
static enum log_level threshold = LOG_LEVEL_INFO;
static enum log_format style = LOG_LOGFMT;

static const char *const LEVELS[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

struct line {
	char text[LINE_SIZE];
	size_t used;
};

void log_setup(enum log_level level, enum log_format format)
{
	threshold = level;
	style = format;
}

bool log_enabled(enum log_level level)
{
	return level <= threshold;
}

/* ---- Text that cannot break out of its value. A full line loses what comes last ---- */

static void put(struct line *line, const char *text, size_t length)
{
	if (length > LINE_SIZE - RESERVE - line->used)
		return;
	memcpy(line->text + line->used, text, length);
	line->used += length;
}

static void put_text(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

/* A byte of valid UTF-8. */
static void put_byte(struct line *line, const char *byte)
{
	char escape[ESCAPE_SIZE + 1] = { '\\', *byte };
	unsigned char code = (unsigned char)*byte;

	if (code == '\n') {
		put(line, "\\n", 2);
	} else if (code == '"' || code == '\\') {
		put(line, escape, 2);
	} else if (code < ' ' || code == 0x7f) {
		snprintf(escape, sizeof(escape), "\\u%04x", code);
		put(line, escape, ESCAPE_SIZE);
	} else {
		put(line, byte, 1);
	}
}

static void put_escaped(struct line *line, const char *text, size_t length)
{
	while (length) {
		size_t valid = utf8_valid(text, length);

		for (size_t i = 0; i < valid; i++)
			put_byte(line, text + i);
		text += valid;
		length -= valid;
		if (!length)
			break;
		put_text(line, "\\ufffd");
		text++;
		length--;
	}
}

static void put_key(struct line *line, const char *key, size_t length)
{
	if (style == LOG_JSON) {
		put_text(line, line->used > 1 ? ",\"" : "\"");
		put(line, key, length);
		put_text(line, "\":");
	} else {
		if (line->used)
			put_text(line, " ");
		put(line, key, length);
		put_text(line, "=");
	}
}

static void put_word(struct line *line, const char *key, const char *word)
{
	put_key(line, key, strlen(key));
	put_text(line, style == LOG_JSON ? "\"" : "");
	put_text(line, word);
	put_text(line, style == LOG_JSON ? "\"" : "");
}

/* ---- The format: key=value pairs ---- */

/* One conversion, of those that this program uses: s .*s c d i u x f, with h l ll z j. */
struct conversion {
	char letter;
	int size;      /* 0: int, 1: long (and z, j: all 64 bits here), 2: long long */
	int precision; /* -1: none */
};

/* `at` is behind the '%'; returns what is behind the conversion. */
static const char *parse_conversion(const char *at, struct conversion *out, va_list *args)
{
	*out = (struct conversion){ .precision = -1 };
	at += strspn(at, "-+ #0123456789");
	if (*at == '.') {
		at++;
		out->precision = 0;
		if (*at == '*') {
			out->precision = va_arg(*args, int);
			at++;
		}
		for (; *at >= '0' && *at <= '9'; at++)
			out->precision = out->precision * 10 + *at - '0';
	}
	for (; strchr("hlzj", *at) && *at; at++)
		out->size += *at == 'l' ? 1 : *at == 'h' ? 0 : 1;
	out->letter = *at;
	return *at ? at + 1 : at;
}

static long long take_signed(const struct conversion *c, va_list *args)
{
	if (c->size == 0)
		return va_arg(*args, int);
	return c->size == 1 ? va_arg(*args, long) : va_arg(*args, long long);
}

static unsigned long long take_unsigned(const struct conversion *c, va_list *args)
{
	if (c->size == 0)
		return va_arg(*args, unsigned);
	return c->size == 1 ? va_arg(*args, unsigned long) : va_arg(*args, unsigned long long);
}

static void put_argument(struct line *line, const struct conversion *c, va_list *args)
{
	char number[NUMBER_SIZE] = "";
	const char *text;

	switch (c->letter) {
	case 's':
		text = va_arg(*args, const char *);
		text = text ? text : "-";
		put_escaped(line, text,
			    c->precision < 0 ? strlen(text) : strnlen(text, (size_t)c->precision));
		return;
	case 'c':
		number[0] = (char)va_arg(*args, int);
		put_escaped(line, number, 1);
		return;
	case 'd':
	case 'i':
		snprintf(number, sizeof(number), "%lld", take_signed(c, args));
		break;
	case 'u':
		snprintf(number, sizeof(number), "%llu", take_unsigned(c, args));
		break;
	case 'x':
		snprintf(number, sizeof(number), "%llx", take_unsigned(c, args));
		break;
	case 'f':
		snprintf(number, sizeof(number), "%.*f", c->precision < 0 ? 6 : c->precision,
			 va_arg(*args, double));
		break;
	default:
		put_text(line, "?"); /* nobody writes such a format */
		return;
	}
	put_text(line, number);
}

/* Does this value need no quotes in JSON? A single %d and the like, or digits as they stand. */
static bool is_number(const char *value)
{
	size_t length = strcspn(value, " ");

	if (*value != '%')
		return length > 0 && strspn(value, "0123456789") == length;
	return strcspn(value + 1, "sdiuxfc%\"") == length - 2 && strchr("diuf", value[length - 1]);
}

/* The value up to `end` (a blank, or the closing quote); returns what is behind it. */
static const char *put_value(struct line *line, const char *value, va_list *args)
{
	bool quoted = *value == '"';
	bool quotes = style == LOG_JSON ? !is_number(value) : quoted;
	char end = quoted ? '"' : ' ';

	if (quotes)
		put_text(line, "\"");
	value += quoted;
	while (*value && *value != end) {
		struct conversion conversion;

		if (*value != '%') {
			put_escaped(line, value++, 1);
			continue;
		}
		value = parse_conversion(value + 1, &conversion, args);
		put_argument(line, &conversion, args);
	}
	if (quotes) {
		line->text[line->used++] = '"'; /* has its place, see RESERVE */
	}
	return quoted && *value ? value + 1 : value;
}

static void put_pairs(struct line *line, const char *fmt, va_list *args)
{
	while (*fmt) {
		size_t key = strcspn(fmt, "= ");

		if (fmt[key] != '=') {
			fmt += key + (fmt[key] == ' ');
			continue;
		}
		if (line->used > LINE_SIZE / 2 + LINE_SIZE / 4)
			return; /* no half pairs */
		put_key(line, fmt, key);
		fmt = put_value(line, fmt + key + 1, args);
		fmt += *fmt == ' ';
	}
}

static void put_time(struct line *line)
{
	struct timespec now;
	struct tm utc;
	char text[NUMBER_SIZE];
	size_t used;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	used = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + used, sizeof(text) - used, ".%03dZ", (int)(now.tv_nsec / 1000000));
	put_word(line, "time", text);
}

void log_line(enum log_level level, const char *event, const char *fmt, ...)
{
	struct line line;
	char process[NUMBER_SIZE];
	va_list args;

	if (level > threshold)
		return;
	line.used = 0;
	if (style == LOG_JSON)
		put_text(&line, "{");
	put_time(&line);
	put_word(&line, "level", LEVELS[level]);
	snprintf(process, sizeof(process), "%d", (int)getpid());
	put_word(&line, "process", process);
	put_word(&line, "event", event);
	va_start(args, fmt);
	put_pairs(&line, fmt, &args);
	va_end(args);
	if (style == LOG_JSON)
		line.text[line.used++] = '}';
	line.text[line.used++] = '\n';
	/* One write: lines of several processes do not mix. Where would a failure be told? */
	ssize_t written = write(STDERR_FILENO, line.text, line.used);
	(void)written;
}
