#include "manage/names.h"

#include "gateway/arena.h"
#include "resolver/resolver.h"

const char *name_release(struct arena *arena, const struct resolver_release *release)
{
	if (!release->from)
		return release->version;
	return arena_printf(arena, "%s..%s", release->from, release->version);
}

const char *name_kind(const struct resolver_release *release)
{
	if (release->from)
		return "delta";
	return release->must_pass_through ? "must_pass_through" : "full";
}
