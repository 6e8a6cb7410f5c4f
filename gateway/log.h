/*
 * One line per event to stderr: logfmt (`time=... level=info event=... key=value`) or JSON.
 *
 *     log_info("upload_done", "upload=%s size=%lld", id, size);
 *
 * becomes `event=upload_done upload=... size=...`. The format string is a list of key=value pairs
 * separated by single spaces; a value that may hold blanks, quotes or control characters is
 * printed with %s inside double quotes: error="%s" and is escaped by the logger.
 */
#pragma once

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_LOGFMT, LOG_JSON };

/* Process-wide: called by main.c at start and after a reload. */
void log_setup(enum log_level level, enum log_format format);

bool log_enabled(enum log_level level);
void log_line(enum log_level level, const char *event, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
