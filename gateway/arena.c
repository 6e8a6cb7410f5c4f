#include "gateway/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 4096, ALIGN = _Alignof(max_align_t) };

struct block {
	struct block *older;
	size_t used, size;
	_Alignas(max_align_t) char data[];
};

struct adopted {
	struct adopted *older;
	void *object;
	void (*destroy)(void *);
};

/* Lies in its own first block: a request that needs little is one malloc. */
struct arena {
	struct block *blocks;
	struct adopted *adopted;
};

static struct block *block_new(size_t room, struct block *older)
{
	struct block *block = calloc(1, sizeof(*block) + room);

	if (!block)
		abort();
	block->size = room;
	block->older = older;
	return block;
}

static size_t aligned(size_t size)
{
	return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static void *take(struct block *block, size_t size)
{
	block->used += size;
	return block->data + block->used - size;
}

struct arena *arena_new(void)
{
	struct block *first = block_new(BLOCK_SIZE - sizeof(struct block), NULL);
	struct arena *arena = take(first, aligned(sizeof(*arena)));

	arena->blocks = first;
	return arena;
}

void arena_free(struct arena *arena)
{
	struct block *block = arena->blocks; /* the oldest, freed last, has the arena in it */

	for (struct adopted *a = arena->adopted; a; a = a->older)
		a->destroy(a->object);
	while (block) {
		struct block *older = block->older;

		free(block);
		block = older;
	}
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (size > SIZE_MAX - sizeof(struct block) - BLOCK_SIZE)
		abort();
	size = aligned(size);
	if (arena->blocks->size - arena->blocks->used < size) {
		size_t room = BLOCK_SIZE - sizeof(struct block);

		arena->blocks = block_new(size > room ? size : room, arena->blocks);
	}
	return take(arena->blocks, size);
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);

	return memcpy(copy, text, length); /* zeroed: the NUL is there */
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args, again;
	char *text;
	int length;

	va_start(args, fmt);
	va_copy(again, args);
	length = vsnprintf(NULL, 0, fmt, args);
	if (length < 0)
		abort();
	text = arena_alloc(arena, (size_t)length + 1);
	vsnprintf(text, (size_t)length + 1, fmt, again);
	va_end(again);
	va_end(args);
	return text;
}

void *arena_adopt(struct arena *arena, void *object, void (*destroy)(void *))
{
	struct adopted *a = arena_alloc(arena, sizeof(*a));

	*a = (struct adopted){ arena->adopted, object, destroy };
	arena->adopted = a;
	return object;
}
