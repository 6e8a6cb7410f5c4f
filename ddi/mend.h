/* JSON that clients broke, as far as its meaning is beyond doubt. Pure. Inside ddi/. */
#pragma once

#include <jansson.h>

struct arena;

/*
 * The document in `body`: as it is, or with control characters and bytes that are not UTF-8
 * replaced. NULL: it is still no JSON. The value belongs to the arena.
 */
json_t *mend_json(struct arena *arena, const char *body, size_t size);

/*
 * By their looks alone, from a body that is no JSON. `text` is mend_text() of it; results are as
 * their parser would have given them, NULL when nothing of that name is there.
 */
const char *mend_text(struct arena *arena, const char *body, size_t size);
const char *mend_word(struct arena *arena, const char *text, const char *name); /* "name": "word" */
json_t *mend_details(struct arena *arena, const char *text); /* all in one string */
json_t *mend_data(struct arena *arena, const char *text);    /* "key": "value" */
