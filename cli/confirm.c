#include "cli/confirm.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/api.h"
#include "cli/ask.h"
#include "cli/matrix.h"
#include "cli/show.h"

static bool ask(struct run *run, const char *sentence, enum confirm *out)
{
	enum answer answer = ask_yes(arena_printf(run->arena, "%s?", sentence));

	*out = CONFIRM_GO;
	if (answer == ANSWER_YES)
		return true;
	if (answer == ANSWER_NO)
		return run_fail(run, RUN_UNCONFIRMED, "nothing was changed");
	return run_fail(run, RUN_UNCONFIRMED,
			"nothing was changed: nobody is here to ask; say --yes if you mean it");
}

bool confirm_is_given(const struct run *run)
{
	return run->yes && !run->dry_run;
}

bool confirm_name(struct run *run, const char *list, const char *id, const char **name)
{
	json_t *item;

	*name = "";
	if (confirm_is_given(run))
		return true;
	if (!api_pick(run, list, "id", id, &item))
		return false;
	*name = api_text(item, "name");
	return item || run_fail(run, RUN_NOT_FOUND, "there is no %s in the list", id);
}

bool confirm_sentence(struct run *run, const char *sentence, enum confirm *out)
{
	*out = run->dry_run ? CONFIRM_STOP : CONFIRM_GO;
	if (run->dry_run) {
		json_t *would = run_keep(run, json_pack("{s:s}", "would", sentence));

		show_done(run, would, NULL, "would: %s", sentence);
		return true;
	}
	return run->yes || ask(run, sentence, out);
}

bool confirm_delete(struct run *run, const char *path, const char *sentence, enum confirm *out)
{
	*out = CONFIRM_GO;
	if (!run->dry_run && !isatty(STDIN_FILENO))
		return true;
	if (run->dry_run && path && !api_get(run, path, NULL))
		return false;
	return confirm_sentence(run, sentence, out);
}

bool confirm_change(struct run *run, const char *cohort, json_t *changes, const char *sentence,
		    enum confirm *out)
{
	json_t *body = json_pack("{s:o}", "changes", changes), *forecast;

	*out = CONFIRM_GO;
	if (confirm_is_given(run)) {
		json_decref(body);
		return true;
	}
	if (!api_send(run, "POST", api_project_path(run, "cohorts", cohort, "what-if", NULL), body,
		      &forecast))
		return false;
	if (run->dry_run && run->json)
		show_json(forecast);
	else if (!run->dry_run || !run->quiet)
		matrix_print_difference(run, run->dry_run ? stdout : stderr, forecast);
	*out = run->dry_run ? CONFIRM_STOP : CONFIRM_GO;
	return run->dry_run || ask(run, sentence, out);
}
