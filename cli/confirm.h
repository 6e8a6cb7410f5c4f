/* Before something changes: what would happen, and whether that is wanted. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "cli/run.h"

enum confirm { CONFIRM_GO, CONFIRM_STOP }; /* STOP: all is said; the command is done */

/*
 * For what changes which releases a fleet gets. Shows what `changes` (an array for the
 * what-if endpoint, stolen) mean in numbers, then asks `sentence` + "?". With --dry-run only the
 * numbers; with --yes neither numbers nor question. Without an answer the run fails.
 */
bool confirm_change(struct run *run, const char *cohort, json_t *changes, const char *sentence,
		    enum confirm *out);

/* The same where a sentence says it all. It must be answered, too. */
bool confirm_sentence(struct run *run, const char *sentence, enum confirm *out);

/* Before something is deleted: asks on a terminal only, so that scripts just do it. */
bool confirm_delete(struct run *run, const char *sentence, enum confirm *out);
