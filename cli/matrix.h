/* The version matrix, and what would become of it, for people and for scripts. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "cli/run.h"

/*
 * On a terminal: a row for each kind of device, a column for each active version. Elsewhere a line
 * for each step: version, software type, hardware version, next release or "", devices, staged,
 * reason.
 */
void matrix_print(struct run *run, const json_t *matrix);

/* What-if: how many devices move, and each next step's number of devices now and then. */
void matrix_print_difference(struct run *run, FILE *out, const json_t *forecast);

/*
 * Words such as "activate 1.1.0 staged", "pull 1.0.0", "stage 20", "version_checking off" as the
 * changes of the what-if endpoint; the words of one change may come apart.
 */
bool matrix_parse_changes(struct run *run, const char *const *words, size_t count, json_t **out);
