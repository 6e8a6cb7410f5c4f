/* What the user typed, as the API takes it. False: run->err says what is wrong and what is right.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/run.h"

/* Of --limit; 0 when there is none: all. */
bool input_limit(struct run *run, size_t *out);

/* Of --since or --until: a time as it is, or a duration as the time that long ago; NULL: not given.
 */
bool input_time(struct run *run, const char *option, const char **out);

/* Is it one of these? The list ends with NULL. */
bool input_word(struct run *run, const char *what, const char *text, const char *const *words);

/* KEY=VALUE from argument `first` on, as JSON object that lives as long as the run; at least `min`
 * of them. */
bool input_settings(struct run *run, size_t first, size_t min, json_t **out);

/* K=V words as an object of strings, which lives as long as the run; NULL when there are none. */
bool input_attributes(struct run *run, const char *const *words, size_t count, json_t **out);

/* Words as array of strings. */
json_t *input_words(const char *const *words, size_t count);
