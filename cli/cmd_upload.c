/* A .swu becomes a release, in one step that can be repeated. */
#include <string.h>

#include "cli/api.h"
#include "cli/handlers.h"
#include "cli/payloads.h"
#include "cli/show.h"
#include "cli/swu.h"
#include "cli/text.h"
#include "cli/upload.h"

/* What the file says, unless the command line knows better. */
static bool read_target(struct run *run, struct payload_target *out)
{
	struct swu swu;

	if (!swu_read(run->arena, out->file, &swu, &run->err))
		return false;
	out->release = swu.version;
	out->hardware = run_options(run, "hardware-version", &out->nhardware);
	if (out->nhardware)
		return true;
	out->hardware = swu.hardware;
	out->nhardware = swu.nhardware;
	return swu.nhardware > 0 || run_usage(run,
					      "%s does not name the hardware that it is for; say "
					      "--hardware-version H",
					      out->file);
}

static bool create_release(struct run *run, const char *version, json_t **out)
{
	json_t *body = json_pack("{s:s, s:s*, s:s*}", "version", version, "notes",
				 run_option(run, "notes"), "revision", run_option(run, "revision"));

	if (run_flag(run, "must-pass-through"))
		json_object_set_new(body, "must_pass_through", json_true());
	return api_send(run, "POST", api_project_path(run, "releases", NULL), body, out);
}

/* The release of this version: the one that is there, or a new one. */
static bool find_or_create(struct run *run, const char *version, bool *created, json_t **out)
{
	if (!api_find(run, api_project_path(run, "releases", version, NULL), out))
		return false;
	*created = !*out;
	return *out || create_release(run, version, out);
}

/* When the upload fails, a release that was made for it goes, too. */
static bool take_back(struct run *run, const char *version)
{
	struct error why = run->err;
	enum run_exit exit = run->exit;

	if (!api_send(run, "DELETE", api_project_path(run, "releases", version, NULL), NULL, NULL))
		error_context(&why, "release %s was created and stays without payload", version);
	run->err = why;
	run->exit = exit;
	return false;
}

static bool has_file(const json_t *release, const char *sha256)
{
	const json_t *payload;
	size_t i;

	json_array_foreach (json_object_get(release, "payloads"), i, payload)
		if (strcmp(api_text(payload, "sha256"), sha256) == 0)
			return true;
	return false;
}

static bool report(struct run *run, const char *version, const char *verb)
{
	json_t *release;

	if (!api_get(run, api_project_path(run, "releases", version, NULL), &release))
		return false;
	show_done(run, release, "release", "%s release %s", verb, version);
	if (run->human)
		printf("Next: mews activate %s --cohort COHORT\n",
		       text_printable(run->arena, version));
	return true;
}

bool cmd_upload(struct run *run)
{
	struct payload_target target = { .file = run_arg(run, 0) };
	json_t *release, *payload;
	bool created;

	if (!read_target(run, &target) || !upload_digest(run, target.file, &target.sha256) ||
	    !find_or_create(run, target.release, &created, &release))
		return false;
	if (has_file(release, target.sha256))
		return report(run, target.release, "the file is already in");
	if (!payloads_add(run, &target, &payload))
		return created ? take_back(run, target.release) : false;
	return report(run, target.release, created ? "created" : "added the file to");
}
