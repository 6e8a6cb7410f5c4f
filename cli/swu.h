/*
 * What a .swu says of itself: its first file, sw-description, in libconfig's format or JSON.
 * Nothing behind it is read. The content is hostile: sizes are bounded, and nothing is included.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;

struct swu {
	const char *version;
	/*
	 * The boards that it has sections for; without any, the strings of hardware-compatibility
	 * that are no patterns.
	 */
	const char **hardware;
	size_t nhardware;
};

bool swu_read(struct arena *arena, const char *path, struct swu *out, struct error *err);
