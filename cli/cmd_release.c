/* Releases. */
#include <string.h>

#include "cli/api.h"
#include "cli/confirm.h"
#include "cli/handlers.h"
#include "cli/input.h"
#include "cli/payloads.h"
#include "cli/show.h"

static const char *payload_names(struct run *run, const json_t *release)
{
	const char *text = "";
	const json_t *payload;
	size_t i;

	json_array_foreach (json_object_get(release, "payloads"), i, payload)
		text = arena_printf(run->arena, "%s%s%s", text, i ? "," : "",
				    api_text(payload, "filename"));
	return !*text && run->human ? "-" : text;
}

static const struct show_field RELEASE_COLUMNS[] = {
	{ "RELEASE", "release", SHOW_TEXT },     { "KIND", "kind", SHOW_TEXT },
	{ "ACTIVE IN", "active_in", SHOW_TEXT }, { "PAYLOADS", "", SHOW_TEXT },
	{ "CREATED", "created_at", SHOW_TIME },  { 0 },
};

static const struct show_field RELEASE_SHEET[] = {
	{ "release", "release", SHOW_TEXT },
	{ "kind", "kind", SHOW_TEXT },
	{ "notes", "notes", SHOW_TEXT },
	{ "revision", "revision", SHOW_TEXT },
	{ "extra_info", "extra_info", SHOW_TEXT },
	{ "created_at", "created_at", SHOW_TIME },
	{ "activated_at", "activated_at", SHOW_TIME },
	{ "active_in", "active_in", SHOW_TEXT },
	{ 0 },
};

static const struct show_kind RELEASE = {
	.nothing = "No release. `mews upload FILE.swu` makes one.",
	.id = "release",
	.name = payload_names,
	.columns = RELEASE_COLUMNS,
	.sheet = RELEASE_SHEET,
};

bool cmd_release_list(struct run *run)
{
	size_t limit;

	return input_limit(run, &limit) &&
	       show_list(run, api_project_path(run, "releases", NULL), limit, &RELEASE);
}

/* VERSION, or --from and --to: which of both? */
static bool read_versions(struct run *run, const char **version, const char **from)
{
	const char *to = run_option(run, "to");

	*version = run_arg(run, 0);
	*from = run_option(run, "from");
	if (*version && !*from && !to)
		return true;
	if (!*version && *from && to) {
		*version = to;
		return true;
	}
	return run_usage(run, "say either VERSION, or --from A and --to B for a delta");
}

bool cmd_release_create(struct run *run)
{
	const char *version, *from;
	json_t *release;

	if (!read_versions(run, &version, &from))
		return false;
	json_t *body = json_pack("{s:s, s:s*, s:s*, s:s*}", "version", version, "from", from,
				 "notes", run_option(run, "notes"), "revision",
				 run_option(run, "revision"));

	if (run_flag(run, "must-pass-through"))
		json_object_set_new(body, "must_pass_through", json_true());
	if (!api_send(run, "POST", api_project_path(run, "releases", NULL), body, &release))
		return false;
	show_done(run, release, "release", "created release %s", api_text(release, "release"));
	return true;
}

bool cmd_release_show(struct run *run)
{
	json_t *release;

	if (!api_get(run, api_project_path(run, "releases", run_arg(run, 0), NULL), &release))
		return false;
	show_one(run, release, &RELEASE);
	const json_t *payloads = json_object_get(release, "payloads");

	if (run->human) {
		putchar('\n');
		show_items(run, payloads, &PAYLOADS);
	} else if (!run->json && !run->quiet) {
		show_lines(run, "payload", payloads, &PAYLOADS);
	}
	return true;
}

bool cmd_release_delete(struct run *run)
{
	const char *name = run_arg(run, 0), *path = api_project_path(run, "releases", name, NULL);
	enum confirm confirm;

	if (!confirm_delete(run, path,
			    arena_printf(run->arena,
					 "delete release %s and what devices did with it", name),
			    &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	if (!api_send(run, "DELETE", path, NULL, NULL))
		return false;
	show_done(run, NULL, NULL, "deleted release %s", name);
	return true;
}
