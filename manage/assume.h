/* The changes of a what-if, applied to copies. Pure. Inside manage/. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "manage/matrix.h"

struct error;

struct assumption {
	const json_t *changes; /* array, checked */
	const char *activated; /* JSON array of the releases to activate */
	int staged_percent;    /* -1: as it is */
};

/*
 * `changes`: an array of objects, each {"activate": R, "staged": B} | {"pull": R} |
 * {"staged_percent": N} | {"version_checking": B}. Made one after the other.
 */
bool assume_parse(struct arena *arena, const json_t *changes, struct assumption *out,
		  struct error *err);

/*
 * The cohort with the changes made. `releases`: of `activated`, as catalog_release() has them, each
 * with `problem`: why it cannot be activated, or null.
 */
bool assume_rules(struct arena *arena, const struct assumption *assumption,
		  const struct resolver_policy *policy, const struct resolver_cohort *cohort,
		  const json_t *releases, struct resolver_cohort *out, struct error *err);

/*
 * With another staged percentage, groups fall into devices that keep their flag and those that
 * change it. They are chosen at random, so how many of each group is the expectation; in all they
 * are as many as will be. Groups stay in their order; none is empty.
 */
struct matrix_group *assume_staged(struct arena *arena, const struct assumption *assumption,
				   struct matrix_group *groups, size_t *count);
