/* Deployments: attempts of devices at releases. */
#include <string.h>

#include "cli/api.h"
#include "cli/handlers.h"
#include "cli/input.h"
#include "cli/show.h"
#include "cli/story.h"
#include "cli/text.h"

static const struct show_field DEPLOYMENT_COLUMNS[] = {
	{ "DEPLOYMENT", "", SHOW_TEXT },
	{ "RELEASE", "release", SHOW_TEXT },
	{ "FROM", "from_version", SHOW_TEXT },
	{ "COHORT", "cohort", SHOW_TEXT },
	{ "STATE", "state", SHOW_STATE },
	{ "ATTEMPT", "attempt", SHOW_NUMBER },
	{ "CREATED", "created_at", SHOW_TIME },
	{ "CHANGED", "changed_at", SHOW_TIME },
	{ 0 },
};

static const struct show_kind DEPLOYMENT = {
	.nothing = "No deployment.",
	.id = "",
	.name = story_id,
	.columns = DEPLOYMENT_COLUMNS,
};

bool cmd_deployment_list(struct run *run)
{
	const char *since, *until;
	size_t limit;

	if (!input_limit(run, &limit) || !input_time(run, "since", &since) ||
	    !input_time(run, "until", &until))
		return false;
	return show_list(run,
			 api_query(run, api_project_path(run, "deployments", NULL), "state",
				   run_option(run, "state"), "release", run_option(run, "release"),
				   "cohort", run_option(run, "cohort"), "since", since, "until",
				   until, NULL),
			 limit, &DEPLOYMENT);
}

/* DEVICE/N; ids of devices may have slashes, too. */
bool cmd_deployment_show(struct run *run)
{
	const char *id = run_arg(run, 0), *slash = strrchr(id, '/');
	json_t *deployment;
	int64_t n;

	if (!slash || slash == id || !text_number(slash + 1, 1, INT32_MAX, &n))
		return run_usage(run,
				 "\"%s\" is not a deployment: DEVICE/N, as `mews deployment list` "
				 "has it",
				 id);
	const char *device = arena_strndup(run->arena, id, (size_t)(slash - id));

	if (!api_get(run, api_project_path(run, "devices", device, "deployments", slash + 1, NULL),
		     &deployment))
		return false;
	story_print_deployment(run, deployment);
	return true;
}
