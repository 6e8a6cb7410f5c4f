#include "manage/assume.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/catalog.h"
#include "gateway/error.h"
#include "manage/names.h"

enum { POINTER_SIZE = 40 };

/* ---- Reading ---- */

static bool is_text(const json_t *value)
{
	return json_is_string(value);
}

static bool is_percent(const json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) >= 0 &&
	       json_integer_value(value) <= 100;
}

static bool is_boolean(const json_t *value)
{
	return json_is_boolean(value);
}

static const struct {
	const char *name;
	bool (*check)(const json_t *value);
	const char *otherwise;
} KINDS[] = {
	{ "activate", is_text, "activate names a release: VERSION, or FROM..VERSION for a delta" },
	{ "pull", is_text, "pull names a release: VERSION, or FROM..VERSION for a delta" },
	{ "staged_percent", is_percent, "staged_percent is a number from 0 to 100" },
	{ "version_checking", is_boolean, "version_checking is true or false" },
};

static bool check_change(const json_t *change, size_t at, struct error *err)
{
	const json_t *staged = json_object_get(change, "staged");
	size_t members = staged && json_object_get(change, "activate") ? 2 : 1, kinds = 0;
	char pointer[POINTER_SIZE];

	snprintf(pointer, sizeof(pointer), "/changes/%zu", at);
	for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
		const json_t *value = json_object_get(change, KINDS[i].name);

		if (value && !KINDS[i].check(value))
			return error_field(err, ERR_INVALID, pointer, "%s", KINDS[i].otherwise);
		kinds += value != NULL;
	}
	if (kinds != 1 || json_object_size(change) != members)
		return error_field(err, ERR_INVALID, pointer,
				   "a change is one of activate (and with it staged), pull, "
				   "staged_percent and version_checking");
	return !staged || json_is_boolean(staged) ||
	       error_field(err, ERR_INVALID, pointer, "staged is true or false");
}

bool assume_parse(struct arena *arena, const json_t *changes, struct assumption *out,
		  struct error *err)
{
	json_auto_t *activated = json_array();

	out->changes = changes;
	out->staged_percent = -1;
	for (size_t i = 0; i < json_array_size(changes); i++) {
		const json_t *change = json_array_get(changes, i);
		json_t *release = json_object_get(change, "activate");
		const json_t *percent = json_object_get(change, "staged_percent");

		if (!check_change(change, i, err))
			return false;
		if (release)
			json_array_append(activated, release);
		if (percent)
			out->staged_percent = (int)json_integer_value(percent);
	}
	out->activated = arena_adopt(arena, json_dumps(activated, JSON_COMPACT), free);
	return true;
}

/* ---- Rules ---- */

struct edit {
	struct arena *arena;
	const struct resolver_policy *policy;
	const json_t *releases;
	struct resolver_activation *activations;
	struct resolver_cohort *cohort;
};

static size_t find_active(const struct edit *edit, const char *name)
{
	size_t i = 0;

	while (i < edit->cohort->nactivations &&
	       strcmp(name_release(edit->arena, edit->activations[i].release), name) != 0)
		i++;
	return i;
}

static bool pull(struct edit *edit, const char *at, const char *name, struct error *err)
{
	size_t found = find_active(edit, name);

	if (found == edit->cohort->nactivations)
		return error_field(err, ERR_CONFLICT, at, "release %s is not active in this cohort",
				   name);
	edit->cohort->nactivations--;
	memmove(&edit->activations[found], &edit->activations[found + 1],
		(edit->cohort->nactivations - found) * sizeof(*edit->activations));
	return true;
}

/* `problem`: why it cannot be activated, or NULL. */
static const struct resolver_release *read_release(struct edit *edit, const char *name,
						   const char **problem)
{
	for (size_t i = 0; i < json_array_size(edit->releases); i++) {
		const json_t *object = json_array_get(edit->releases, i);
		size_t npayloads = json_array_size(json_object_get(object, "payloads"));
		struct catalog_payload *payloads = arena_alloc(edit->arena,
							       (npayloads + 1) * sizeof(*payloads));
		struct catalog_release release;

		*problem = json_string_value(json_object_get(object, "problem"));
		if (catalog_read_release(edit->arena, edit->policy, object, &release, payloads) &&
		    strcmp(name_release(edit->arena, release.rules), name) == 0)
			return release.rules;
	}
	return NULL;
}

static bool activate(struct edit *edit, const char *at, const char *name, bool staged,
		     struct error *err)
{
	const char *problem;
	const struct resolver_release *release = read_release(edit, name, &problem);

	if (!release)
		return error_field(err, ERR_UNPROCESSABLE, at, "no such release: %s", name);
	if (problem)
		return error_field(err, ERR_CONFLICT, at, "%s", problem);
	if (find_active(edit, name) < edit->cohort->nactivations)
		return error_field(err, ERR_CONFLICT, at,
				   "release %s is active in this cohort already", name);
	edit->activations[edit->cohort->nactivations++] =
		(struct resolver_activation){ .release = release, .staged = staged };
	return true;
}

static bool apply(struct edit *edit, const json_t *change, size_t n, struct error *err)
{
	const char *activated = json_string_value(json_object_get(change, "activate"));
	const char *pulled = json_string_value(json_object_get(change, "pull"));
	const json_t *checking = json_object_get(change, "version_checking");
	char at[POINTER_SIZE];

	snprintf(at, sizeof(at), "/changes/%zu", n);
	if (checking)
		edit->cohort->version_checking = json_is_true(checking);
	if (pulled && !pull(edit, at, pulled, err))
		return false;
	return !activated ||
	       activate(edit, at, activated, json_is_true(json_object_get(change, "staged")), err);
}

bool assume_rules(struct arena *arena, const struct assumption *assumption,
		  const struct resolver_policy *policy, const struct resolver_cohort *cohort,
		  const json_t *releases, struct resolver_cohort *out, struct error *err)
{
	size_t changes = json_array_size(assumption->changes);
	size_t room = cohort->nactivations + changes;
	struct edit edit = { arena, policy, releases,
			     arena_alloc(arena, room * sizeof(*edit.activations)), out };

	*out = *cohort;
	out->activations = edit.activations;
	if (cohort->nactivations)
		memcpy(edit.activations, cohort->activations,
		       cohort->nactivations * sizeof(*edit.activations));
	for (size_t i = 0; i < changes; i++)
		if (!apply(&edit, json_array_get(assumption->changes, i), i, err))
			return false;
	return true;
}

/* ---- Staged devices ---- */

/* round(part x some / all), halves up as PostgreSQL does. */
static int64_t share(int64_t part, int64_t some, int64_t all)
{
	return all ? (2 * part * some + all) / (2 * all) : 0;
}

/* How many devices change their flag: `some` of the `all` that are marked (`from`), or are not. */
struct shift {
	bool from;
	int64_t some, all;
};

static struct shift find_shift(const struct assumption *assumption,
			       const struct matrix_group *groups, size_t count)
{
	int64_t all = 0, staged = 0, target;

	for (size_t i = 0; i < count; i++) {
		all += groups[i].devices;
		staged += groups[i].facts.staged ? groups[i].devices : 0;
	}
	target = share(all, assumption->staged_percent, 100);
	if (target < staged)
		return (struct shift){ true, staged - target, staged };
	return (struct shift){ false, target - staged, all - staged };
}

struct matrix_group *assume_staged(struct arena *arena, const struct assumption *assumption,
				   struct matrix_group *groups, size_t *count)
{
	struct matrix_group *out = arena_alloc(arena, (2 * *count + 1) * sizeof(*out));
	struct shift shift;
	int64_t passed = 0; /* devices that might change */
	size_t n = 0;

	if (assumption->staged_percent < 0)
		return groups;
	shift = find_shift(assumption, groups, *count);
	for (size_t i = 0; i < *count; i++) {
		int64_t devices = groups[i].devices, change = 0;

		if (groups[i].facts.staged == shift.from) {
			/* Rounded as a running sum, so that small groups add up, too. */
			change = share(passed + devices, shift.some, shift.all) -
				 share(passed, shift.some, shift.all);
			passed += devices;
		}
		if (devices > change) {
			out[n] = groups[i];
			out[n++].devices = devices - change;
		}
		if (change > 0) {
			out[n] = groups[i];
			out[n].devices = change;
			out[n++].staged_then = !shift.from;
		}
	}
	*count = n;
	return out;
}
