/* The audit log: who did what, and whether the log still says so. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/api.h"
#include "cli/handlers.h"
#include "cli/http.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/show.h"
#include "cli/text.h"

static const struct show_field ENTRY_COLUMNS[] = {
	{ "ID", "id", SHOW_NUMBER },         { "TIME", "at", SHOW_TIME },
	{ "ACTOR", "actor", SHOW_TEXT },     { "ADDRESS", "address", SHOW_TEXT },
	{ "PROJECT", "project", SHOW_TEXT }, { "ACTION", "action", SHOW_TEXT },
	{ "OBJECT", "object", SHOW_TEXT },   { 0 },
};

static const struct show_kind ENTRY = {
	.nothing = "No entry.",
	.id = "id",
	.columns = ENTRY_COLUMNS,
};

static bool explain(struct run *run, bool ok)
{
	if (!ok && run->err.code == ERR_FORBIDDEN && !run_option(run, "project"))
		return run_fail(run, RUN_NOT_ALLOWED,
				"only administrators see the whole log; say --project SLUG");
	return ok;
}

/* The same filters for list and export; NULL: run->err. */
static const char *entries(struct run *run, const char *path)
{
	const char *since, *until;

	if (!input_time(run, "since", &since) || !input_time(run, "until", &until))
		return NULL;
	return api_query(run, path, "project", run_option(run, "project"), "actor",
			 run_option(run, "actor"), "action", run_option(run, "action"), "object",
			 run_option(run, "object"), "since", since, "until", until, NULL);
}

bool cmd_audit_list(struct run *run)
{
	const char *path = entries(run, api_path(run, "audit", NULL));
	size_t limit;

	if (!path || !input_limit(run, &limit))
		return false;
	return explain(run, show_list(run, path, limit, &ENTRY));
}

/* ---- Verify ---- */

static bool report(struct run *run, json_t *last, json_int_t checked)
{
	const json_t *first = json_object_get(last, "first");

	json_object_set_new(last, "checked", json_integer(checked));
	json_object_del(last, "next");
	if (run->json)
		show_json(last);
	if (!json_is_true(json_object_get(last, "intact")))
		return run_fail(run, RUN_ALTERED,
				"the audit log was tampered with: entry %" JSON_INTEGER_FORMAT
				": %s",
				api_number(first, "id"), api_text(first, "problem"));
	if (!run->json)
		show_done(run, NULL, NULL,
			  "%" JSON_INTEGER_FORMAT " entries, none altered or removed; the last is "
			  "%" JSON_INTEGER_FORMAT " with hash %s",
			  checked, api_number(last, "head.id"), api_text(last, "head.hash"));
	return true;
}

/* The server checks in portions. */
bool cmd_audit_verify(struct run *run)
{
	const char *path = api_path(run, "audit", "verify", NULL), *next = NULL;
	json_int_t checked = 0;
	json_t *portion;

	do {
		if (!api_get(run, api_query(run, path, "cursor", next, NULL), &portion))
			return false;
		checked += api_number(portion, "checked");
		next = json_string_value(json_object_get(portion, "next"));
	} while (next);
	return report(run, portion, checked);
}

/* ---- Export ---- */

/* Where it goes, and how much has gone there. */
struct export
{
	FILE *sink;
	struct progress progress;
	int64_t bytes;
	bool terminal;
};

/* Bytes as they are; on a terminal each line without what it would obey. */
static bool write_body(struct export *export, const struct http_reply *reply)
{
	if (!export->terminal)
		return fwrite(reply->body, 1, reply->size, export->sink) == reply->size;
	struct arena *arena = arena_new();
	const char *line = reply->body;

	while (*line) {
		size_t length = strcspn(line, "\n");

		fprintf(export->sink, "%s\n",
			text_printable(arena, arena_strndup(arena, line, length)));
		line += length + (line[length] == '\n');
	}
	arena_free(arena);
	return !ferror(export->sink);
}

static bool write_page(struct run *run, struct export *export, const struct http_reply *reply)
{
	if (!write_body(export, reply))
		return error_set(&run->err, ERR_INTERNAL, "writing the export: %s",
				 strerror(errno));
	export->bytes += (int64_t)reply->size;
	progress_update(&export->progress, export->bytes);
	return true;
}

/* One page; *next is the cursor of the one behind it, to be freed, or NULL. */
static bool export_page(struct run *run, struct export *export, const char *path, char **next)
{
	struct http_request request = { .method = "GET", .path = path, .repeatable = true };
	struct http_reply reply;
	struct arena *arena = arena_new();
	const char *cursor;
	bool ok = api_ask(run, arena, &request, &reply) && write_page(run, export, &reply);

	cursor = ok ? http_header(run->http, "X-Next-Cursor") : NULL;
	*next = cursor ? strdup(cursor) : NULL;
	arena_free(arena);
	return ok;
}

static bool export_all(struct run *run, void *context, FILE *sink)
{
	const char *const *path = context;
	struct export export = { .sink = sink, .terminal = isatty(fileno(sink)) };
	char *cursor = NULL;
	bool ok;

	/* On the terminal the entries themselves are the progress. */
	progress_begin(&export.progress, "audit log", 0, sink == stdout);
	do {
		const char *page = api_query(run, *path, "cursor", cursor, NULL);

		free(cursor);
		ok = export_page(run, &export, page, &cursor);
	} while (ok && cursor);
	free(cursor);
	progress_end(&export.progress);
	return ok;
}

bool cmd_audit_export(struct run *run)
{
	static const char *const FORMATS[] = { "jsonl", "csv", NULL };
	const char *format = run_option(run, "format");
	const char *path = entries(run, api_path(run, "audit", "export", NULL));

	if (!path || (format && !input_word(run, "--format", format, FORMATS)))
		return false;
	if (run->json || run->quiet)
		return run_usage(run, "--format says how entries are written; --json and --quiet "
				      "are for `mews audit list`");
	path = api_query(run, path, "format", format ? format : FORMATS[0], NULL);
	return explain(run, output_write(run, run_option(run, "output"), export_all, &path));
}
