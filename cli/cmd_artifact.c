/* Artifacts: the files that were uploaded, of which payloads are made. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli/api.h"
#include "cli/confirm.h"
#include "cli/handlers.h"
#include "cli/http.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/show.h"
#include "cli/text.h"
#include "gateway/digest.h"

enum {
	SHA256_DIGITS = DIGEST_SHA256_HEX - 1,
	MIN_DIGITS = 8,    /* that may stand for all */
	SHOWN_DIGITS = 12, /* to people, in lists */
	PIECE = 8 << 20,   /* bytes of one request, which are held in memory */
};

static const char *sum_for_lists(struct run *run, const json_t *artifact)
{
	const char *sha256 = api_text(artifact, "sha256");

	return run->human ? arena_printf(run->arena, "%.*s", SHOWN_DIGITS, sha256) : sha256;
}

static const struct show_field ARTIFACT_COLUMNS[] = {
	{ "SHA-256", "", SHOW_TEXT },           { "FILE", "filename", SHOW_TEXT },
	{ "SIZE", "size", SHOW_SIZE },          { "USED", "used", SHOW_TEXT },
	{ "CREATED", "created_at", SHOW_TIME }, { 0 },
};

static const struct show_field ARTIFACT_SHEET[] = {
	{ "sha256", "sha256", SHOW_TEXT },
	{ "filename", "filename", SHOW_TEXT },
	{ "size", "size", SHOW_SIZE },
	{ "used", "used", SHOW_TEXT },
	{ "created_at", "created_at", SHOW_TIME },
	{ "sha1", "sha1", SHOW_TEXT },
	{ "md5", "md5", SHOW_TEXT },
	{ "swu", "swu", SHOW_TEXT },
	{ 0 },
};

static const struct show_kind ARTIFACT = {
	.nothing = "No artifact.",
	.id = "sha256",
	.name = sum_for_lists,
	.columns = ARTIFACT_COLUMNS,
	.sheet = ARTIFACT_SHEET,
};

static const struct show_field USE_COLUMNS[] = {
	{ "RELEASE", "release", SHOW_TEXT },
	{ "PAYLOAD", "id", SHOW_NUMBER },
	{ "FILE", "filename", SHOW_TEXT },
	{ "SOFTWARE TYPE", "software_type", SHOW_TEXT },
	{ "HARDWARE", "hardware_versions", SHOW_TEXT },
	{ 0 },
};

static const struct show_kind USES = {
	.nothing = "No release uses it.",
	.id = "id",
	.columns = USE_COLUMNS,
};

bool cmd_artifact_list(struct run *run)
{
	const char *path = api_query(run, api_project_path(run, "artifacts", NULL), "search",
				     run_option(run, "search"), "used",
				     run_flag(run, "unused") ? "false" : NULL, NULL);
	size_t limit;

	return input_limit(run, &limit) && show_list(run, path, limit, &ARTIFACT);
}

/* ---- Which one? ---- */

struct match {
	const char *begin, *sha256;
	size_t count;
};

static bool match_item(struct run *run, void *context, const json_t *item)
{
	struct match *match = context;
	const char *sha256 = api_text(item, "sha256");

	if (strncmp(sha256, match->begin, strlen(match->begin)) == 0 && match->count++ == 0)
		match->sha256 = arena_strdup(run->arena, sha256);
	return true;
}

/* What was typed may be the beginning. */
static bool whole_sum(struct run *run, const char *typed, const char **out)
{
	size_t length = strlen(typed);
	struct match match = { .begin = typed };

	if (length < MIN_DIGITS || length > SHA256_DIGITS ||
	    strspn(typed, "0123456789abcdef") != length)
		return run_usage(run,
				 "\"%s\" is not a SHA-256: %d digits as `mews artifact list -q` "
				 "has them, or the first %d or more",
				 typed, SHA256_DIGITS, MIN_DIGITS);
	*out = typed;
	if (length == SHA256_DIGITS)
		return true;
	if (!api_each(run, api_project_path(run, "artifacts", NULL), 0, match_item, &match))
		return false;
	*out = match.sha256;
	if (match.count == 0)
		return run_fail(run, RUN_NOT_FOUND, "no artifact begins with %s", typed);
	return match.count == 1 ||
	       run_usage(run, "%zu artifacts begin with %s: say more digits", match.count, typed);
}

static const char *artifact_path(struct run *run, const char *sha256)
{
	return api_project_path(run, "artifacts", sha256, NULL);
}

bool cmd_artifact_show(struct run *run)
{
	const char *sha256;
	json_t *artifact;

	if (!whole_sum(run, run_arg(run, 0), &sha256) ||
	    !api_get(run, artifact_path(run, sha256), &artifact))
		return false;
	show_one(run, artifact, &ARTIFACT);
	const json_t *payloads = json_object_get(artifact, "payloads");

	if (run->human) {
		putchar('\n');
		show_items(run, payloads, &USES);
	} else if (!run->json && !run->quiet) {
		show_lines(run, "payload", payloads, &USES);
	}
	return true;
}

/* ---- Download, in pieces: one that breaks off is asked for again ---- */

struct download {
	const char *sha256, *path;
	int64_t size, done;
	struct digest_state *digest;
	struct progress progress;
};

static void piece_progress(void *context, int64_t received)
{
	struct download *download = context;

	progress_update(&download->progress, download->done + received);
}

static bool take_piece(struct run *run, struct arena *arena, struct download *download, FILE *sink)
{
	int64_t left = download->size - download->done, size = left < PIECE ? left : PIECE;
	const char *headers[] = {
		arena_printf(arena, "Range: bytes=%" PRId64 "-%" PRId64, download->done,
			     download->done + size - 1),
		NULL,
	};
	struct http_request request = { .method = "GET",
					.path = download->path,
					.headers = headers,
					.repeatable = true,
					.slow = true,
					.progress = piece_progress,
					.context = download };
	struct http_reply reply;

	if (!api_ask(run, arena, &request, &reply))
		return false;
	if (reply.status != 206 || (int64_t)reply.size != size)
		return error_set(&run->err, ERR_INTERNAL,
				 "%s did not send the part of the file that it was asked for; is "
				 "there a proxy that ignores Range?",
				 run->config.url);
	if (fwrite(reply.body, 1, reply.size, sink) != reply.size)
		return error_set(&run->err, ERR_INTERNAL, "writing the file: %s", strerror(errno));
	digest_add(download->digest, reply.body, reply.size);
	download->done += size;
	return true;
}

static bool check_digest(struct run *run, const struct download *download)
{
	struct digest digest;

	digest_end(download->digest, &digest);
	return strcmp(digest.sha256, download->sha256) == 0 ||
	       error_set(&run->err, ERR_INTERNAL,
			 "what arrived is another file: its SHA-256 is %s; does the server's store "
			 "have a broken one?",
			 digest.sha256);
}

static bool take_all(struct run *run, void *context, FILE *sink)
{
	struct download *download = context;
	bool ok = true;

	while (ok && download->done < download->size) {
		struct arena *arena = arena_new();

		ok = take_piece(run, arena, download, sink);
		arena_free(arena);
	}
	return ok && check_digest(run, download);
}

/* -o, or the name that the file was uploaded with, which must not do harm here. */
static bool choose_file(struct run *run, const json_t *artifact, const char **out)
{
	const char *name = api_text(artifact, "filename");

	*out = run_option(run, "output");
	if (*out)
		return !output_is_stdout(*out) || !isatty(STDOUT_FILENO) ||
		       run_usage(run, "the bytes are not for a terminal: say -o FILE");
	*out = name;
	if (!*name || *name == '.' || *name == '-' || strchr(name, '/'))
		return run_usage(run, "\"%s\" is not a name to write to unasked: say -o FILE",
				 name);
	return access(name, F_OK) != 0 ||
	       run_usage(run, "%s is there already: say -o FILE, which may be the same", name);
}

bool cmd_artifact_download(struct run *run)
{
	struct download download = { 0 };
	const char *file;
	json_t *artifact;

	if (!whole_sum(run, run_arg(run, 0), &download.sha256) ||
	    !api_get(run, artifact_path(run, download.sha256), &artifact) ||
	    !choose_file(run, artifact, &file))
		return false;
	download.path = arena_printf(run->arena, "%s/content", artifact_path(run, download.sha256));
	download.size = api_number(artifact, "size");
	download.digest = digest_new();
	progress_begin(&download.progress, api_text(artifact, "filename"), download.size,
		       run->quiet);
	bool ok = output_write(run, file, take_all, &download);

	progress_end(&download.progress);
	digest_free(download.digest);
	if (ok && !output_is_stdout(file))
		show_done(run, artifact, "sha256", "downloaded %s", file);
	return ok;
}

/* ---- Delete ---- */

/* The server refuses it, too; here it is known before the first one of several is gone. */
static bool check_unused(struct run *run, const json_t *artifact)
{
	const char *text = "", *last = "";
	const json_t *payload;
	size_t i;

	json_array_foreach (json_object_get(artifact, "payloads"), i, payload) {
		const char *release = api_text(payload, "release");

		if (strcmp(release, last) != 0)
			text = arena_printf(run->arena, "%s%s%s", text, i ? ", " : "", release);
		last = release;
	}
	return !*text ||
	       run_fail(run, RUN_CONFLICT,
			"%s (%.*s) is in use by %s; remove their payloads or delete these "
			"releases first",
			api_text(artifact, "filename"), SHOWN_DIGITS, api_text(artifact, "sha256"),
			text);
}

static bool describe_deletion(struct run *run, const char *const *sums, size_t count,
			      const char **out)
{
	json_t *artifact = NULL;

	for (size_t i = 0; i < count; i++)
		if (!api_get(run, artifact_path(run, sums[i]), &artifact) ||
		    !check_unused(run, artifact))
			return false;
	*out = count == 1 ? arena_printf(run->arena, "delete %s (%.*s)",
					 api_text(artifact, "filename"), SHOWN_DIGITS, sums[0])
			  : arena_printf(run->arena, "delete %zu files", count);
	return true;
}

bool cmd_artifact_delete(struct run *run)
{
	size_t count;
	const char *const *typed = run_args(run, 0, &count), *sentence = "";
	const char **sums = arena_alloc(run->arena, count * sizeof(*sums));
	enum confirm confirm;

	for (size_t i = 0; i < count; i++)
		if (!whole_sum(run, typed[i], &sums[i]))
			return false;
	if ((!confirm_is_given(run) && !describe_deletion(run, sums, count, &sentence)) ||
	    !confirm_delete(run, NULL, sentence, &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	for (size_t i = 0; i < count; i++) {
		if (!api_send(run, "DELETE", artifact_path(run, sums[i]), NULL, NULL))
			return false;
		show_done(run, NULL, NULL, "deleted artifact %s", sums[i]);
	}
	return true;
}
