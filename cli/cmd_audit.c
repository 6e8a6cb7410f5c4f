/* The audit log: who did what, and whether the log still says so. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/api.h"
#include "cli/handlers.h"
#include "cli/http.h"
#include "cli/input.h"
#include "cli/progress.h"
#include "cli/show.h"

static const struct show_kind ENTRY = {
	.nothing = "No entry.",
	.id = "id",
	.columns = (const struct show_field[]){ { "ID", "id", SHOW_NUMBER },
						{ "TIME", "at", SHOW_TIME },
						{ "ACTOR", "actor", SHOW_TEXT },
						{ "ADDRESS", "address", SHOW_TEXT },
						{ "PROJECT", "project", SHOW_TEXT },
						{ "ACTION", "action", SHOW_TEXT },
						{ "OBJECT", "object", SHOW_TEXT },
						{ 0 } },
};

/* Without --project and MEWS_PROJECT the log is that of the whole installation. */
static const char *entries(struct run *run, const char *path, const char *since, const char *until)
{
	return api_query(run, path, "since", since, "until", until, NULL);
}

bool cmd_audit_list(struct run *run)
{
	const char *since, *until, *path;
	size_t limit;

	if (!input_limit(run, &limit) || !input_time(run, "since", &since) ||
	    !input_time(run, "until", &until))
		return false;
	path = api_query(run, api_path(run, "audit", NULL), "project", run_option(run, "project"),
			 "actor", run_option(run, "actor"), "action", run_option(run, "action"),
			 "object", run_option(run, "object"), NULL);
	return show_list(run, entries(run, path, since, until), limit, &ENTRY);
}

bool cmd_audit_verify(struct run *run)
{
	json_t *report;

	if (!api_get(run, api_path(run, "audit", "verify", NULL), &report))
		return false;
	bool intact = json_is_true(json_object_get(report, "intact"));

	if (run->json)
		show_json(run, report);
	if (!intact)
		return run_fail(run, RUN_ALTERED, "the audit log was tampered with: entry %s %s",
				show_value(run, json_object_get(report, "entry"), SHOW_TEXT, true),
				api_text(report, "problem"));
	if (!run->json)
		show_done(run, report, NULL,
			  "%" JSON_INTEGER_FORMAT " entries, none altered or removed",
			  api_number(report, "entries"));
	return true;
}

/* ---- Export ---- */

static void received(void *context, int64_t sent, int64_t bytes)
{
	(void)sent;
	progress_update(context, bytes);
}

static bool download(struct run *run, const char *path, FILE *sink)
{
	struct progress progress;
	struct http_request request = { .method = "GET",
					.path = path,
					.repeatable = true,
					.slow = true,
					.sink = sink,
					.progress = received,
					.context = &progress };
	struct http_reply reply;

	/* On the terminal the entries themselves are the progress. */
	progress_begin(&progress, "audit log", 0, run->quiet || sink == stdout);
	bool ok = http_do(run->http, run->arena, &request, &reply, &run->err);

	progress_end(&progress);
	return ok && (reply.status == 200 || api_problem(run, path, &reply));
}

/* Beside its place first, so that half an export is never taken for a whole one. */
static bool download_to(struct run *run, const char *path, const char *file)
{
	const char *temporary = arena_printf(run->arena, "%s.part", file);
	FILE *sink = fopen(temporary, "we");

	if (!sink)
		return error_set(&run->err, ERR_INTERNAL, "%s: %s", temporary, strerror(errno));
	bool ok = download(run, path, sink);

	if (fclose(sink) != 0 && ok)
		ok = error_set(&run->err, ERR_INTERNAL, "%s: %s", temporary, strerror(errno));
	if (ok && rename(temporary, file) == 0)
		return true;
	if (ok)
		error_set(&run->err, ERR_INTERNAL, "%s: %s", file, strerror(errno));
	unlink(temporary);
	return false;
}

bool cmd_audit_export(struct run *run)
{
	static const char *const FORMATS[] = { "jsonl", "csv", NULL };
	const char *format = run_option(run, "format"), *file = run_option(run, "output");
	const char *since, *until, *path;

	if (!format)
		format = FORMATS[0];
	if (!input_word(run, "--format", format, FORMATS) || !input_time(run, "since", &since) ||
	    !input_time(run, "until", &until))
		return false;
	path = api_query(run, api_path(run, "audit", "export", NULL), "format", format, "project",
			 run_option(run, "project"), NULL);
	path = entries(run, path, since, until);
	return file ? download_to(run, path, file) : download(run, path, stdout);
}
