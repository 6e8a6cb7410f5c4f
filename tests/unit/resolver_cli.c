/*
 * Decisions for tests/model: reads one case as JSON per line, answers with the decision as JSON per
 * line. The form of a case: see tests/model/resolver_model.py, to_json.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/resolver.h"

enum { POOL_SIZE = 1 << 20 };

/* Everything of one case; emptied by the next one. */
static struct {
	_Alignas(16) unsigned char bytes[POOL_SIZE];
	size_t used;
} pool;

static void *take(size_t count, size_t size)
{
	size_t bytes = (count * size + 15) / 16 * 16;
	void *memory = pool.bytes + pool.used;

	if (bytes > POOL_SIZE - pool.used) {
		fputs("the case is too big\n", stderr);
		exit(1);
	}
	pool.used += bytes;
	return memset(memory, 0, bytes);
}

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static int64_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static bool truth(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

/* {"name": "value"} */
static const struct resolver_attribute *read_attributes(json_t *object, size_t *count)
{
	struct resolver_attribute *attributes = take(json_object_size(object), sizeof(*attributes));
	const char *name;
	json_t *value;

	*count = 0;
	json_object_foreach (object, name, value)
		attributes[(*count)++] = (struct resolver_attribute){ name,
								      json_string_value(value) };
	return attributes;
}

static struct resolver_payload read_payload(const json_t *object)
{
	json_t *hardware = json_object_get(object, "hardware");
	const char **versions = take(json_array_size(hardware), sizeof(*versions));
	struct resolver_payload payload = {
		.id = number(object, "id"),
		.software_type = text(object, "software_type"),
		.nhardware = json_array_size(hardware),
		.hardware = versions,
	};

	for (size_t i = 0; i < payload.nhardware; i++)
		versions[i] = json_string_value(json_array_get(hardware, i));
	payload.attributes = read_attributes(json_object_get(object, "attributes"),
					     &payload.nattributes);
	return payload;
}

static const struct resolver_release *read_release(const json_t *object, enum version_scheme scheme)
{
	json_t *list = json_object_get(object, "payloads");
	struct resolver_release *release = take(1, sizeof(*release));
	struct resolver_payload *payloads = take(json_array_size(list), sizeof(*payloads));

	release->id = number(object, "id");
	release->version = text(object, "version");
	release->from = text(object, "from");
	release->must_pass_through = truth(object, "must_pass_through");
	release->npayloads = json_array_size(list);
	release->payloads = payloads;
	for (size_t i = 0; i < release->npayloads; i++)
		payloads[i] = read_payload(json_array_get(list, i));
	if (version_parse(scheme, true, release->version, &release->key) != VERSION_OK) {
		fprintf(stderr, "not a version: %s\n", release->version);
		exit(1);
	}
	return release;
}

static struct resolver_policy read_policy(const json_t *object)
{
	return (struct resolver_policy){
		.scheme = strcmp(text(object, "scheme"), "semver") ? VERSION_NATURAL
								   : VERSION_SEMVER,
		.allow_build = truth(object, "allow_build"),
		.retry_attempts = (int)number(object, "retry_attempts"),
		.retry_backoff = number(object, "retry_backoff"),
	};
}

static struct resolver_cohort read_cohort(const json_t *object, enum version_scheme scheme)
{
	json_t *list = json_object_get(object, "activations");
	struct resolver_activation *activations = take(json_array_size(list), sizeof(*activations));

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *activation = json_array_get(list, i);

		activations[i] = (struct resolver_activation){
			.id = number(activation, "id"),
			.release = read_release(json_object_get(activation, "release"), scheme),
			.staged = truth(activation, "staged"),
		};
	}
	return (struct resolver_cohort){ truth(object, "version_checking"), json_array_size(list),
					 activations };
}

static struct resolver_facts read_facts(const json_t *object)
{
	json_t *list = json_object_get(object, "attempts");
	struct resolver_attempts *attempts = take(json_array_size(list), sizeof(*attempts));
	struct resolver_facts facts = {
		.staged = truth(object, "staged"),
		.software_type = text(object, "software_type"),
		.software_version = text(object, "software_version"),
		.hardware_version = text(object, "hardware_version"),
		.awaiting_report = truth(object, "awaiting_report"),
		.nattempts = json_array_size(list),
		.attempts = attempts,
		.now = number(object, "now"),
	};

	for (size_t i = 0; i < facts.nattempts; i++) {
		const json_t *entry = json_array_get(list, i);

		attempts[i] = (struct resolver_attempts){ number(entry, "release_id"),
							  (int)number(entry, "failed"),
							  number(entry, "last_failed") };
	}
	facts.attributes = read_attributes(json_object_get(object, "attributes"),
					   &facts.nattributes);
	return facts;
}

/* An id, or null. */
static json_t *id_or_null(bool known, int64_t id)
{
	return known ? json_integer(id) : json_null();
}

static void answer(const json_t *object)
{
	struct resolver_policy policy = read_policy(json_object_get(object, "policy"));
	struct resolver_cohort cohort = read_cohort(json_object_get(object, "cohort"),
						    policy.scheme);
	struct resolver_facts facts = read_facts(json_object_get(object, "facts"));
	enum resolver_reason *trail = take(cohort.nactivations, sizeof(*trail));
	struct resolver_decision d = resolver_decide(&cohort, &policy, &facts, trail);
	json_t *reasons = json_array(), *reply;

	for (size_t i = 0; i < cohort.nactivations; i++)
		json_array_append_new(reasons, json_string(resolver_reason_name(trail[i])));
	reply = json_pack("{s:o, s:o, s:o, s:s, s:I, s:o}", "activation",
			  id_or_null(d.activation, d.activation ? d.activation->id : 0), "next",
			  id_or_null(d.next, d.next ? d.next->id : 0), "payload",
			  id_or_null(d.payload, d.payload ? d.payload->id : 0), "reason",
			  resolver_reason_name(d.reason), "retry_at", (json_int_t)d.retry_at,
			  "trail", reasons);
	json_dumpf(reply, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(reply);
}

int main(void)
{
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		json_error_t error;
		json_t *object = json_loads(line, 0, &error);

		if (!object) {
			fprintf(stderr, "%s\n", error.text);
			return 1;
		}
		pool.used = 0;
		answer(object);
		json_decref(object);
	}
	free(line);
	return 0;
}
