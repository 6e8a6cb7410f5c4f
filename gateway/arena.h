/* Memory that lives exactly as long as its owner: a request, a configuration, a catalog. */
#pragma once

#include <stddef.h>

struct arena;

struct arena *arena_new(void);

/* Run the adopted destructors, newest first, then release every block. */
void arena_free(struct arena *arena);

/* Zeroed memory; never NULL: running out of memory ends the process. */
void *arena_alloc(struct arena *arena, size_t size);

char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Tie a foreign object (json_t, file, ...) to the arena's end; returns it. */
void *arena_adopt(struct arena *arena, void *object, void (*destroy)(void *));
