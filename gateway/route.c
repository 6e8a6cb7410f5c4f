#include "gateway/route.h"

#include <string.h>

static const struct {
	const char *name;
	enum route_method method;
} methods[] = {
	{ "GET", ROUTE_GET },         { "HEAD", ROUTE_HEAD },   { "POST", ROUTE_POST },
	{ "PUT", ROUTE_PUT },         { "PATCH", ROUTE_PATCH }, { "DELETE", ROUTE_DELETE },
	{ "OPTIONS", ROUTE_OPTIONS },
};
enum { METHODS = sizeof(methods) / sizeof(methods[0]) };

const char *route_method_name(enum route_method method)
{
	for (size_t i = 0; i < METHODS; i++)
		if (methods[i].method == method)
			return methods[i].name;
	return NULL;
}

/* 0: none that we know. */
static unsigned method_bit(const char *name)
{
	for (size_t i = 0; i < METHODS; i++)
		if (strcmp(methods[i].name, name) == 0)
			return methods[i].method;
	return 0;
}

/* Match a path against a pattern, segment by segment. */
static bool pattern_matches(const char *pattern, const char *path, struct route_match *match)
{
	match->nparams = 0;
	while (*pattern && *path) {
		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		size_t length = strcspn(path, "/");

		if (length == 0 || length > ROUTE_MAX_PARAM || match->nparams == ROUTE_MAX_PARAMS)
			return false;
		match->param[match->nparams++] = (struct route_param){ path, length };
		path += length;
		pattern += strcspn(pattern, "}");
		pattern += *pattern == '}';
	}
	return *pattern == *path;
}

/* Below this mount: the path behind it, else NULL. */
static const char *below(const char *mount, const char *path)
{
	size_t length = strlen(mount);

	return strncmp(mount, path, length) == 0 && path[length] == '/' ? path + length : NULL;
}

/*
 * Look through the routes of an area. With `match->allowed` and no route the path exists. A GET
 * route answers HEAD unless a later one says HEAD itself.
 */
static void find_route(const struct area *area, const char *method, const char *path,
		       struct route_match *match)
{
	struct route_match best = *match;
	bool head = strcmp(method, "HEAD") == 0;

	for (const struct route *r = area->routes; r->pattern; r++) {
		if (!pattern_matches(r->pattern, path, match))
			continue;
		best.allowed |= method_bit(r->method);
		bool exact = strcmp(r->method, method) == 0;
		bool stands_in = head && !best.route && strcmp(r->method, "GET") == 0;
		if (!exact && !stands_in)
			continue;
		match->route = r;
		match->allowed = best.allowed;
		best = *match;
		if (exact)
			break;
	}
	if (best.allowed & ROUTE_GET)
		best.allowed |= ROUTE_HEAD;
	*match = best;
}

struct route_match route_find(const struct area *const *areas, const char *method, const char *path)
{
	struct route_match nearest = { 0 };

	for (; *areas; areas++) {
		for (const char *const *mount = (*areas)->mounts; *mount; mount++) {
			const char *rest = below(*mount, path);
			struct route_match match = { .area = *areas, .mount = *mount };

			if (!rest)
				continue;
			find_route(*areas, method, rest, &match);
			if (match.allowed)
				return match;
			/* If nobody has this path, the area nearest to it says so in its words. */
			if (!nearest.area || strlen(*mount) > strlen(nearest.mount))
				nearest = match;
		}
	}
	return nearest;
}
