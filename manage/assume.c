#include "manage/assume.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/catalog.h"
#include "gateway/error.h"
#include "manage/names.h"

enum { MAX_CHANGES = 20 };

/* ---- Reading ---- */

static bool check_change(const json_t *change, size_t at, struct assumption *out, struct error *err)
{
	const json_t *percent = json_object_get(change, "staged_percent");
	bool is_release = json_is_string(json_object_get(change, "activate")) ||
			  json_is_string(json_object_get(change, "pull"));
	char pointer[40];

	snprintf(pointer, sizeof(pointer), "/changes/%zu", at);
	if (percent) {
		int64_t value = json_integer_value(percent);

		if (!json_is_integer(percent) || value < 0 || value > 100)
			return error_field(err, ERR_INVALID, pointer,
					   "staged_percent is a number from 0 to 100");
		out->staged_percent = (int)value;
	}
	if (!percent && !is_release &&
	    !json_is_boolean(json_object_get(change, "version_checking")))
		return error_field(
			err, ERR_INVALID, pointer,
			"a change is activate, pull, staged_percent or version_checking");
	return true;
}

bool assume_parse(struct arena *arena, const json_t *body, struct assumption *out,
		  struct error *err)
{
	json_auto_t *activated = json_array();
	size_t count;

	out->changes = json_object_get(body, "changes");
	out->staged_percent = -1;
	count = json_array_size(out->changes);
	if (count < 1 || count > MAX_CHANGES)
		return error_field(err, ERR_INVALID, "/changes",
				   "changes is an array of 1 to %d objects", MAX_CHANGES);
	for (size_t i = 0; i < count; i++) {
		json_t *change = json_array_get(out->changes, i);
		json_t *release = json_object_get(change, "activate");

		if (!check_change(change, i, out, err))
			return false;
		if (release)
			json_array_append(activated, release);
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

static bool pull(struct edit *edit, const char *name, struct error *err)
{
	size_t at = find_active(edit, name);

	if (at == edit->cohort->nactivations)
		return error_field(err, ERR_UNPROCESSABLE, "/changes",
				   "release %s is not active in this cohort", name);
	edit->cohort->nactivations--;
	memmove(&edit->activations[at], &edit->activations[at + 1],
		(edit->cohort->nactivations - at) * sizeof(*edit->activations));
	return true;
}

static const struct resolver_release *read_release(struct edit *edit, const char *name)
{
	for (size_t i = 0; i < json_array_size(edit->releases); i++) {
		const json_t *object = json_array_get(edit->releases, i);
		size_t npayloads = json_array_size(json_object_get(object, "payloads"));
		struct catalog_payload *payloads = arena_alloc(edit->arena,
							       (npayloads + 1) * sizeof(*payloads));
		struct catalog_release release;

		if (catalog_read_release(edit->arena, edit->policy, object, &release, payloads) &&
		    strcmp(name_release(edit->arena, release.rules), name) == 0)
			return release.rules;
	}
	return NULL;
}

static bool activate(struct edit *edit, const char *name, bool staged, struct error *err)
{
	const struct resolver_release *release = read_release(edit, name);

	if (!release)
		return error_field(err, ERR_UNPROCESSABLE, "/changes", "no such release: %s", name);
	if (find_active(edit, name) < edit->cohort->nactivations)
		return error_field(err, ERR_UNPROCESSABLE, "/changes",
				   "release %s is active in this cohort already", name);
	edit->activations[edit->cohort->nactivations++] =
		(struct resolver_activation){ .release = release, .staged = staged };
	return true;
}

static bool apply(struct edit *edit, const json_t *change, struct error *err)
{
	const char *activated = json_string_value(json_object_get(change, "activate"));
	const char *pulled = json_string_value(json_object_get(change, "pull"));
	const json_t *checking = json_object_get(change, "version_checking");

	if (checking)
		edit->cohort->version_checking = json_is_true(checking);
	if (pulled && !pull(edit, pulled, err))
		return false;
	return !activated ||
	       activate(edit, activated, json_is_true(json_object_get(change, "staged")), err);
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
		if (!apply(&edit, json_array_get(assumption->changes, i), err))
			return false;
	return true;
}

/* ---- Staged devices ---- */

/* Of `part` devices among `all`, so many when `some` of `all` are chosen at random. */
static int64_t share(int64_t part, int64_t some, int64_t all)
{
	return all ? (int64_t)((double)part * (double)some / (double)all + 0.5) : 0;
}

struct matrix_group *assume_staged(struct arena *arena, const struct assumption *assumption,
				   struct matrix_group *groups, size_t *count)
{
	struct matrix_group *out = arena_alloc(arena, (2 * *count + 1) * sizeof(*out));
	int64_t all = 0, staged = 0, target;
	size_t n = 0;

	for (size_t i = 0; i < *count; i++) {
		all += groups[i].devices;
		staged += groups[i].facts.staged ? groups[i].devices : 0;
	}
	target = assumption->staged_percent < 0 ? staged
						: share(all, assumption->staged_percent, 100);
	for (size_t i = 0; i < *count; i++) {
		bool from = target < staged; /* who changes: the staged, or the others */
		int64_t change = 0;

		if (groups[i].facts.staged == from)
			change = share(groups[i].devices, from ? staged - target : target - staged,
				       from ? staged : all - staged);
		out[n] = groups[i];
		out[n++].devices -= change;
		if (change == 0)
			continue;
		out[n] = groups[i];
		out[n].devices = change;
		out[n++].staged_then = !from;
	}
	*count = n;
	return out;
}
