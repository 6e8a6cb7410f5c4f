/* What happened to devices: deployments with their events, versions, and the answer of inspect. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/run.h"

/* Append the items of a list to `items`. */
bool story_collect(struct run *run, const char *path, size_t limit, json_t *items);

/* A deployment and its events, the oldest first. */
void story_print_deployment(struct run *run, const json_t *deployment);

void story_print_history(struct run *run, const json_t *deployments, const json_t *versions);
void story_print_inspection(struct run *run, const json_t *report);

/* "DEVICE/N", as commands name a deployment. */
const char *story_id(struct run *run, const json_t *deployment);
