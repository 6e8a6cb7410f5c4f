/* Before something changes: what would happen, and whether that is wanted. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "cli/run.h"

enum confirm { CONFIRM_GO, CONFIRM_STOP }; /* STOP: all is said; the command is done */

/*
 * With --dry-run each of them says what would happen, as a sentence, in numbers or as JSON, and
 * with --quiet nothing: then the exit code alone says whether it could be done.
 *
 * For what changes which releases a fleet gets. Shows what `changes` (an array for the
 * what-if endpoint, stolen) mean in numbers, then asks `sentence` + "?". With --dry-run only the
 * numbers; with --yes neither numbers nor question. Without an answer the run fails.
 */
bool confirm_change(struct run *run, const char *cohort, json_t *changes, const char *sentence,
		    enum confirm *out);

/* The same where a sentence says it all. It must be answered, too. */
bool confirm_sentence(struct run *run, const char *sentence, enum confirm *out);

/*
 * Before something is deleted or revoked: asks on a terminal only, so that scripts just do it.
 * `path`: where --dry-run looks whether it is there; NULL: the caller has seen it.
 */
bool confirm_delete(struct run *run, const char *path, const char *sentence, enum confirm *out);

/* The name of item `id` of a list, for the question; "" when there will be none. It must be there.
 */
bool confirm_name(struct run *run, const char *list, const char *id, const char **name);

/* Is there nobody who wants to know more than the command line says? Then it need not be found out.
 */
bool confirm_is_given(const struct run *run);
