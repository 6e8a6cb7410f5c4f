/*
 * The version matrix of a cohort: for each group of equal devices, the step that they make next.
 *
 * Computed by resolver_decide() over counted groups, never over devices, so it costs the same for a
 * thousand devices as for ten million. It shows what the rules say; how single devices get on, and
 * whom the retry policy holds back, is counted beside it. Pure.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver/resolver.h"

struct arena;

/* Equal devices, or some of them; `staged_then` is what a what-if makes of their flag. */
struct matrix_group {
	struct resolver_facts facts;
	const char *attributes; /* JSON object of what payloads may test, or NULL */
	bool staged_then;
	int64_t devices;
};

/* The rules of one side of a comparison. */
struct matrix_rules {
	const struct resolver_policy *policy;
	struct resolver_cohort cohort;
	bool then; /* take staged_then instead of the facts' flag */
};

/*
 * {"devices", "moving", "staying", "columns": [...], "rows": [...]}; replies.c has the details.
 * Groups with equal facts (but for the flag) stand side by side.
 */
json_t *matrix_render(struct arena *arena, const struct matrix_rules *rules,
		      const struct matrix_group *groups, size_t count);

/*
 * {"waiting", "exhausted"}: of these groups, whose facts have failed attempts, how many devices the
 * retry policy keeps from the step that they would make next.
 */
json_t *matrix_render_held(const struct matrix_rules *rules, const struct matrix_group *groups,
			   size_t count);

/* How many devices have another next step by `b` than by `a`. */
int64_t matrix_moves(const struct matrix_rules *a, const struct matrix_rules *b,
		     const struct matrix_group *groups, size_t count);
