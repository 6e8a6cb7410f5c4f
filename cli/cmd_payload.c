/* Files of releases. */
#include <string.h>

#include "cli/api.h"
#include "cli/confirm.h"
#include "cli/handlers.h"
#include "cli/input.h"
#include "cli/payloads.h"
#include "cli/upload.h"

static const struct show_field PAYLOADS_COLUMNS[] = {
	{ "ID", "id", SHOW_NUMBER },
	{ "FILE", "filename", SHOW_TEXT },
	{ "SIZE", "size", SHOW_SIZE },
	{ "TYPE", "software_type", SHOW_TEXT },
	{ "HARDWARE", "hardware_versions", SHOW_TEXT },
	{ "ATTRIBUTES", "attributes", SHOW_TEXT },
	{ "SHA256", "sha256", SHOW_TEXT },
	{ 0 },
};

const struct show_kind PAYLOADS = {
	.nothing = "The release has no payload yet.",
	.id = "id",
	.columns = PAYLOADS_COLUMNS,
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool payloads_read(struct run *run, struct payload_target *target)
{
	size_t nattributes;
	const char *const *words = run_options(run, "attribute", &nattributes);

	target->hardware = run_options(run, "hardware-version", &target->nhardware);
	target->software_type = run_option(run, "software-type");
	return upload_check(run, target->file) &&
	       input_attributes(run, words, nattributes, &target->attributes);
}

bool payloads_open(struct run *run, const json_t *release)
{
	if (!*api_text(release, "activated_at"))
		return true;
	return run_fail(run, RUN_CONFLICT,
			"release %s has been activated: its payloads are final; another file needs "
			"another version",
			api_text(release, "release"));
}

bool payloads_upload(struct run *run, struct payload_target *target)
{
	return (target->sha256 || upload_digest(run, target->file, &target->sha256)) &&
	       upload_file(run, target->file, base_name(target->file), target->sha256);
}

bool payloads_add(struct run *run, const struct payload_target *target, json_t **out)
{
	json_t *body = json_pack("{s:s, s:s, s:o, s:s*, s:O*}", "sha256", target->sha256,
				 "filename", base_name(target->file), "hardware_versions",
				 input_words(target->hardware, target->nhardware), "software_type",
				 target->software_type, "attributes", target->attributes);

	return api_send(run, "POST",
			api_project_path(run, "releases", target->release, "payloads", NULL), body,
			out);
}

bool cmd_payload_add(struct run *run)
{
	struct payload_target target = { .release = run_arg(run, 0), .file = run_arg(run, 1) };
	json_t *release, *payload;

	if (!payloads_read(run, &target) ||
	    !api_get(run, api_project_path(run, "releases", target.release, NULL), &release) ||
	    !payloads_open(run, release) || !payloads_upload(run, &target) ||
	    !payloads_add(run, &target, &payload))
		return false;
	show_done(run, payload, "id", "added %s to release %s as payload %" JSON_INTEGER_FORMAT,
		  api_text(payload, "filename"), target.release, api_number(payload, "id"));
	return true;
}

bool cmd_payload_list(struct run *run)
{
	json_t *list;

	if (!api_get(run, api_project_path(run, "releases", run_arg(run, 0), "payloads", NULL),
		     &list))
		return false;
	show_items(run, json_object_get(list, "items"), &PAYLOADS);
	return true;
}

/* "remove payload 3 (image.swu for board-a) from release 1.1.0"; --dry-run finds what would stand
 * in the way. */
static bool describe_removal(struct run *run, const char *name, const char *id, const char **out)
{
	json_t *release, *payload;
	size_t i;

	if (!api_get(run, api_project_path(run, "releases", name, NULL), &release) ||
	    !payloads_open(run, release))
		return false;
	json_array_foreach (json_object_get(release, "payloads"), i, payload) {
		const json_t *hardware = json_object_get(payload, "hardware_versions");

		if (!api_is(payload, "id", id))
			continue;
		*out = arena_printf(run->arena, "remove payload %s (%s for %s) from release %s", id,
				    api_text(payload, "filename"),
				    show_value(run, hardware, SHOW_TEXT, false), name);
		return true;
	}
	return run_fail(run, RUN_NOT_FOUND, "release %s has no payload %s", name, id);
}

bool cmd_payload_remove(struct run *run)
{
	const char *release = run_arg(run, 0), *id = run_arg(run, 1), *sentence = "";
	enum confirm confirm;

	if ((!confirm_is_given(run) && !describe_removal(run, release, id, &sentence)) ||
	    !confirm_delete(run, NULL, sentence, &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	if (!api_send(run, "DELETE",
		      api_project_path(run, "releases", release, "payloads", id, NULL), NULL, NULL))
		return false;
	show_done(run, NULL, NULL, "removed payload %s from release %s", id, release);
	return true;
}
