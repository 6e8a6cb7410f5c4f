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

	if (!payloads_read(run, out))
		return false;
	if (!swu_read(run->arena, out->file, &swu, &run->err)) {
		run->exit = run->err.code == ERR_INVALID ? RUN_USAGE : RUN_FAILED;
		return false;
	}
	out->release = swu.version;
	if (out->nhardware)
		return true;
	out->hardware = swu.hardware;
	out->nhardware = swu.nhardware;
	return swu.nhardware > 0 || run_usage(run,
					      "%s does not name the hardware that it is for; say "
					      "--hardware-version H",
					      out->file);
}

/* ---- What is there already, and must not contradict the command line ---- */

static bool same_text(struct run *run, const json_t *release, const char *option)
{
	const char *said = run_option(run, option);

	return !said || strcmp(said, api_text(release, option)) == 0;
}

static bool check_release(struct run *run, const json_t *release)
{
	const char *name = api_text(release, "release");
	const char *other = !same_text(run, release, "notes")      ? "notes"
			    : !same_text(run, release, "revision") ? "revision"
								   : NULL;

	if (run_flag(run, "must-pass-through") &&
	    !json_is_true(json_object_get(release, "must_pass_through")))
		other = "must-pass-through";
	return !other || run_fail(run, RUN_CONFLICT,
				  "release %s is there already, with another --%s; leave that out, "
				  "or delete the release first: mews release delete %s",
				  name, other, name);
}

/* As sets: the server keeps them in the order in which they were said. */
static bool same_hardware(const struct payload_target *target, const json_t *payload)
{
	const json_t *there = json_object_get(payload, "hardware_versions"), *version;
	size_t i, found = 0;

	json_array_foreach (there, i, version)
		for (size_t k = 0; k < target->nhardware; k++)
			if (strcmp(json_string_value(version), target->hardware[k]) == 0) {
				found++;
				break;
			}
	return found == json_array_size(there) && found == target->nhardware;
}

/* Only what was said counts: a payload may have been added with more. */
static bool same_targets(struct run *run, const struct payload_target *target,
			 const json_t *payload)
{
	size_t said;

	run_options(run, "hardware-version", &said);
	return (!said || same_hardware(target, payload)) &&
	       (!target->software_type ||
		strcmp(target->software_type, api_text(payload, "software_type")) == 0) &&
	       (!target->attributes ||
		json_equal(target->attributes, json_object_get(payload, "attributes")));
}

/* Is the file in? False: it is, but for other devices than the command line says. */
static bool find_file(struct run *run, const struct payload_target *target, const json_t *release,
		      bool *out)
{
	const json_t *payload, *other = NULL;
	size_t i;

	*out = false;
	json_array_foreach (json_object_get(release, "payloads"), i, payload) {
		if (strcmp(api_text(payload, "sha256"), target->sha256) != 0)
			continue;
		if (same_targets(run, target, payload)) {
			*out = true;
			return true;
		}
		other = payload;
	}
	return !other ||
	       run_fail(run, RUN_CONFLICT,
			"the file is already in release %s, for other devices (payload "
			"%" JSON_INTEGER_FORMAT "); say what `mews payload list %s` shows, or "
			"`mews payload add` if it is for these, too",
			target->release, api_number(other, "id"), target->release);
}

/* ---- The release ---- */

static bool create_release(struct run *run, const char *version, json_t **out)
{
	json_t *body = json_pack("{s:s, s:s*, s:s*}", "version", version, "notes",
				 run_option(run, "notes"), "revision", run_option(run, "revision"));

	if (run_flag(run, "must-pass-through"))
		json_object_set_new(body, "must_pass_through", json_true());
	return api_send(run, "POST", api_project_path(run, "releases", NULL), body, out);
}

/* When the file is refused, a release that was made for it goes, too. */
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

/* The release, or NULL when there is none; it does not contradict the command line. */
static bool find_release(struct run *run, const char *version, json_t **out)
{
	return api_find(run, api_project_path(run, "releases", version, NULL), out) &&
	       (!*out || check_release(run, *out));
}

/*
 * The file goes first: whoever interrupts that leaves nothing behind but an unused artifact.
 * Meanwhile somebody may have made the release, for another board's file of the same version.
 */
static bool send(struct run *run, struct payload_target *target, json_t *release, bool *created)
{
	json_t *payload;

	if (!payloads_upload(run, target) ||
	    (!release && !find_release(run, target->release, &release)))
		return false;
	*created = !release;
	if (*created && !create_release(run, target->release, &release))
		return false;
	return payloads_add(run, target, &payload) || (*created && take_back(run, target->release));
}

bool cmd_upload(struct run *run)
{
	struct payload_target target = { .file = run_arg(run, 0) };
	json_t *release;
	bool is_in, created;

	if (!read_target(run, &target) || !upload_digest(run, target.file, &target.sha256) ||
	    !find_release(run, target.release, &release) ||
	    !find_file(run, &target, release, &is_in))
		return false;
	if (is_in)
		return report(run, target.release, "the file is already in");
	return (!release || payloads_open(run, release)) && send(run, &target, release, &created) &&
	       report(run, target.release, created ? "created" : "added the file to");
}
