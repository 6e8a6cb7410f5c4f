/* Which payload of a release fits a device (rule 1), inside resolver/. */
#pragma once

#include "resolver/resolver.h"

/*
 * The payload of `release` that fits, or NULL; then `why` is the mismatch of the payload that came
 * nearest (REASON_NO_PAYLOAD ... REASON_ATTRIBUTE_MISMATCH). `why` is untouched otherwise.
 */
const struct resolver_payload *payload_fitting(const struct resolver_release *release,
					       const struct resolver_facts *facts,
					       enum resolver_reason *why);
