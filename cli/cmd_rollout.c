/* What changes a fleet: activate and pull; and the matrix that shows it. */
#include <string.h>

#include "cli/api.h"
#include "cli/confirm.h"
#include "cli/handlers.h"
#include "cli/matrix.h"
#include "cli/show.h"

/* Both by their names first: whoever mistypes one learns which. */
static bool both_exist(struct run *run, const char *release, const char *cohort)
{
	return api_get(run, api_project_path(run, "releases", release, NULL), NULL) &&
	       api_get(run, api_project_path(run, "cohorts", cohort, NULL), NULL);
}

bool cmd_activate(struct run *run)
{
	const char *release = run_arg(run, 0), *cohort = run_option(run, "cohort");
	bool staged = run_flag(run, "staged");
	const char *sentence = arena_printf(run->arena, "activate release %s for %s cohort %s",
					    release, staged ? "the staged devices of" : "all of",
					    cohort);
	json_t *body, *activation;
	enum confirm confirm;

	if (!both_exist(run, release, cohort) ||
	    !confirm_change(run, cohort,
			    json_pack("[{s:s, s:b}]", "activate", release, "staged", staged),
			    sentence, &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	body = json_pack("{s:s, s:s, s:b}", "release", release, "cohort", cohort, "staged", staged);
	if (!api_send(run, "POST", api_project_path(run, "activations", NULL), body, &activation))
		return false;
	show_done(run, activation, "id",
		  "release %s is active in cohort %s%s (activation %" JSON_INTEGER_FORMAT ")",
		  release, cohort, staged ? ", staged" : "", api_number(activation, "id"));
	return true;
}

/* ---- Pull ---- */

static bool find_active(struct run *run, const char *release, const char *cohort, json_int_t *out)
{
	const char *path = api_query(run, api_project_path(run, "activations", NULL), "cohort",
				     cohort, "active", "true", NULL);
	json_t *activation;

	if (!api_pick(run, path, "release", release, &activation))
		return false;
	*out = api_number(activation, "id");
	return activation || run_fail(run, RUN_NOT_FOUND, "release %s is not active in cohort %s",
				      release, cohort);
}

bool cmd_pull(struct run *run)
{
	const char *release = run_arg(run, 0), *cohort = run_option(run, "cohort");
	json_int_t id;
	enum confirm confirm;
	json_t *activation;

	if (!both_exist(run, release, cohort) || !find_active(run, release, cohort, &id) ||
	    !confirm_change(
		    run, cohort, json_pack("[{s:s}]", "pull", release),
		    arena_printf(run->arena, "pull release %s from cohort %s", release, cohort),
		    &confirm))
		return false;
	if (confirm == CONFIRM_STOP)
		return true;
	const char *number = arena_printf(run->arena, "%" JSON_INTEGER_FORMAT, id);

	if (!api_send(run, "POST", api_project_path(run, "activations", number, "pull", NULL), NULL,
		      &activation))
		return false;
	show_done(run, activation, "id", "pulled release %s from cohort %s", release, cohort);
	return true;
}

/* ---- Matrix ---- */

static bool what_if(struct run *run, const char *cohort, const char *const *words, size_t count)
{
	json_t *changes, *forecast;

	if (!matrix_parse_changes(run, words, count, &changes) ||
	    !api_send(run, "POST", api_project_path(run, "cohorts", cohort, "what-if", NULL),
		      json_pack("{s:O}", "changes", changes), &forecast))
		return false;
	if (run->json) {
		show_json(forecast);
		return true;
	}
	matrix_print(run, json_object_get(forecast, "after"));
	if (run->human) {
		putchar('\n');
		matrix_print_difference(run, stdout, forecast);
	}
	return true;
}

bool cmd_matrix(struct run *run)
{
	const char *cohort = run_arg(run, 0);
	size_t count;
	const char *const *words = run_options(run, "if", &count);
	json_t *matrix;

	if (count)
		return what_if(run, cohort, words, count);
	if (!api_get(run, api_project_path(run, "cohorts", cohort, "matrix", NULL), &matrix))
		return false;
	matrix_print(run, matrix);
	return true;
}
