#include "resolver/payload.h"

#include <string.h>

static const char DEFAULT_SOFTWARE_TYPE[] = "main";

/* Most comparisons fail at the first character, without a call. */
static bool same(const char *a, const char *b)
{
	return *a == *b && strcmp(a, b) == 0;
}

static bool has_hardware(const struct resolver_payload *payload, const char *hardware)
{
	for (size_t i = 0; i < payload->nhardware; i++) {
		if (same(payload->hardware[i], hardware))
			return true;
	}
	return false;
}

/* The value of attribute `name`, or NULL. */
static const char *value_of(const struct resolver_attribute *attributes, size_t count,
			    const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (same(attributes[i].name, name))
			return attributes[i].value;
	}
	return NULL;
}

static bool has_attributes(const struct resolver_facts *facts,
			   const struct resolver_payload *payload)
{
	for (size_t i = 0; i < payload->nattributes; i++) {
		const struct resolver_attribute *wanted = &payload->attributes[i];
		const char *value = value_of(facts->attributes, facts->nattributes, wanted->name);

		if (!value || !same(value, wanted->value))
			return false;
	}
	return true;
}

/* REASON_CHOSEN when the payload fits. */
static enum resolver_reason match(const struct resolver_payload *payload,
				  const struct resolver_facts *facts)
{
	const char *type = facts->software_type ? facts->software_type : DEFAULT_SOFTWARE_TYPE;

	if (!same(payload->software_type, type))
		return REASON_SOFTWARE_TYPE_MISMATCH;
	if (!facts->hardware_version || !has_hardware(payload, facts->hardware_version))
		return REASON_HARDWARE_MISMATCH;
	if (!has_attributes(facts, payload))
		return REASON_ATTRIBUTE_MISMATCH;
	return REASON_CHOSEN;
}

const struct resolver_payload *payload_fitting(const struct resolver_release *release,
					       const struct resolver_facts *facts,
					       enum resolver_reason *why)
{
	enum resolver_reason nearest = REASON_NO_PAYLOAD;

	for (size_t i = 0; i < release->npayloads; i++) {
		enum resolver_reason reason = match(&release->payloads[i], facts);

		if (reason == REASON_CHOSEN)
			return &release->payloads[i];
		if (reason > nearest)
			nearest = reason;
	}
	*why = nearest;
	return NULL;
}

static bool share_hardware(const struct resolver_payload *a, const struct resolver_payload *b)
{
	for (size_t i = 0; i < a->nhardware; i++) {
		if (has_hardware(b, a->hardware[i]))
			return true;
	}
	return false;
}

static bool attributes_exclude(const struct resolver_payload *a, const struct resolver_payload *b)
{
	for (size_t i = 0; i < a->nattributes; i++) {
		const struct resolver_attribute *wanted = &a->attributes[i];
		const char *value = value_of(b->attributes, b->nattributes, wanted->name);

		if (value && !same(value, wanted->value))
			return true;
	}
	return false;
}

bool resolver_payloads_overlap(const struct resolver_payload *a, const struct resolver_payload *b)
{
	return same(a->software_type, b->software_type) && share_hardware(a, b) &&
	       !attributes_exclude(a, b);
}
