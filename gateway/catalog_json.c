#include "gateway/catalog_json.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/arena.h"

static const int64_t SECOND = 1000000; /* us */

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name)); /* NULL for null */
}

static int64_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static bool truth(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

/* A member that devices get as it is: its JSON text, or NULL for null. */
static const char *raw(struct arena *arena, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!value || json_is_null(value))
		return NULL;
	return arena_adopt(arena, json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY), free);
}

static const char *const *texts(struct arena *arena, const json_t *array, size_t *count)
{
	const char **list;

	*count = json_array_size(array);
	list = arena_alloc(arena, *count * sizeof(*list));
	for (size_t i = 0; i < *count; i++)
		list[i] = json_string_value(json_array_get(array, i));
	return list;
}

static const struct resolver_attribute *attributes(struct arena *arena, json_t *object,
						   size_t *count)
{
	struct resolver_attribute *list = arena_alloc(arena,
						      json_object_size(object) * sizeof(*list));
	const char *name;
	json_t *value;

	*count = 0;
	json_object_foreach (object, name, value)
		list[(*count)++] = (struct resolver_attribute){ name, json_string_value(value) };
	return list;
}

static void read_payload(struct arena *arena, const json_t *object, int64_t release_id,
			 struct resolver_payload *rules, struct catalog_payload *out)
{
	*rules = (struct resolver_payload){ .id = number(object, "id"),
					    .software_type = text(object, "software_type") };
	rules->hardware = texts(arena, json_object_get(object, "hardware_versions"),
				&rules->nhardware);
	rules->attributes = attributes(arena, json_object_get(object, "attributes"),
				       &rules->nattributes);
	*out = (struct catalog_payload){
		.id = rules->id,
		.release_id = release_id,
		.filename = text(object, "filename"),
		.sha256 = text(object, "sha256"),
		.sha1 = text(object, "sha1"),
		.md5 = text(object, "md5"),
		.extra_info = raw(arena, object, "extra_info"),
		.size = number(object, "size"),
		.created = number(object, "created"),
	};
}

bool catalog_read_release(struct arena *arena, const struct resolver_policy *policy,
			  const json_t *object, struct catalog_release *out,
			  struct catalog_payload *payloads)
{
	const json_t *list = json_object_get(object, "payloads");
	struct resolver_release *rules = arena_alloc(arena, sizeof(*rules));
	struct resolver_payload *rows = arena_alloc(arena, json_array_size(list) * sizeof(*rows));

	*rules = (struct resolver_release){
		.id = number(object, "id"),
		.version = text(object, "version"),
		.from = text(object, "from"),
		.must_pass_through = truth(object, "must_pass_through"),
		.npayloads = json_array_size(list),
		.payloads = rows,
	};
	for (size_t i = 0; i < rules->npayloads; i++)
		read_payload(arena, json_array_get(list, i), rules->id, &rows[i], &payloads[i]);
	*out = (struct catalog_release){
		.id = rules->id,
		.notes = text(object, "notes"),
		.revision = text(object, "revision"),
		.extra_info = raw(arena, object, "extra_info"),
		.rules = rules,
	};
	/* Whether build metadata was allowed when it was created is history. */
	return version_parse(policy->scheme, true, rules->version, &rules->key) == VERSION_OK;
}

static bool read_releases(struct arena *arena, const json_t *list, struct catalog *out)
{
	struct catalog_release *releases;
	struct catalog_payload *payloads;

	out->nreleases = json_array_size(list);
	out->npayloads = 0;
	for (size_t i = 0; i < out->nreleases; i++)
		out->npayloads += json_array_size(
			json_object_get(json_array_get(list, i), "payloads"));
	releases = arena_alloc(arena, out->nreleases * sizeof(*releases));
	payloads = arena_alloc(arena, out->npayloads * sizeof(*payloads));
	out->releases = releases;
	out->payloads = payloads;
	for (size_t i = 0; i < out->nreleases; i++) {
		if (!catalog_read_release(arena, &out->policy, json_array_get(list, i),
					  &releases[i], payloads))
			return false;
		payloads += releases[i].rules->npayloads;
	}
	return true;
}

static void read_keys(struct arena *arena, const json_t *list, struct catalog *out)
{
	struct catalog_key *keys = arena_alloc(arena, json_array_size(list) * sizeof(*keys));

	out->nkeys = json_array_size(list);
	out->keys = keys;
	for (size_t i = 0; i < out->nkeys; i++) {
		const json_t *key = json_array_get(list, i);

		keys[i] = (struct catalog_key){ number(key, "id"), text(key, "hash"),
						number(key, "cohort_id") };
	}
}

static struct resolver_cohort read_activations(struct arena *arena, const json_t *cohort,
					       const struct catalog *catalog)
{
	const json_t *list = json_object_get(cohort, "activations");
	struct resolver_activation *rows = arena_alloc(arena,
						       json_array_size(list) * sizeof(*rows));

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *each = json_array_get(list, i);

		rows[i] = (struct resolver_activation){
			.id = number(each, "id"),
			.release = catalog_release(catalog, number(each, "release_id"))->rules,
			.staged = truth(each, "staged"),
		};
	}
	return (struct resolver_cohort){ truth(cohort, "version_checking"), json_array_size(list),
					 rows };
}

static void read_cohorts(struct arena *arena, const json_t *list, struct catalog *out)
{
	struct catalog_cohort *cohorts = arena_alloc(arena,
						     json_array_size(list) * sizeof(*cohorts));

	out->ncohorts = json_array_size(list);
	out->cohorts = cohorts;
	for (size_t i = 0; i < out->ncohorts; i++) {
		const json_t *cohort = json_array_get(list, i);

		cohorts[i] = (struct catalog_cohort){
			.id = number(cohort, "id"),
			.slug = text(cohort, "slug"),
			.is_default = truth(cohort, "is_default"),
			.polling_interval = (int)number(cohort, "polling_interval"),
			.decision = read_activations(arena, cohort, out),
		};
	}
}

bool catalog_read(struct arena *arena, const json_t *root, struct catalog *out)
{
	*out = (struct catalog){
		.project_id = number(root, "project_id"),
		.generation = number(root, "generation"),
		.slug = text(root, "slug"),
		.url_secret = text(root, "url_secret"),
		.policy = {
			.scheme = strcmp(text(root, "version_scheme"), "semver") == 0 ?
					  VERSION_SEMVER :
					  VERSION_NATURAL,
			.allow_build = truth(root, "allow_build_metadata"),
			.retry_attempts = (int)number(root, "retry_attempts"),
			.retry_backoff = number(root, "retry_backoff") * SECOND,
		},
	};
	out->targeting = texts(arena, json_object_get(root, "targeting"), &out->ntargeting);
	if (!read_releases(arena, json_object_get(root, "releases"), out))
		return false;
	read_keys(arena, json_object_get(root, "keys"), out);
	read_cohorts(arena, json_object_get(root, "cohorts"), out);
	return true;
}
