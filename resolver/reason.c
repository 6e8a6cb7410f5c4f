#include "resolver/resolver.h"

static const struct {
	const char *name, *text;
} reasons[] = {
	[REASON_NO_ACTIVE_RELEASE] = { "no_active_release",
				       "No release is active in the device's cohort." },
	[REASON_NO_PAYLOAD] = { "no_payload", "The release has no payload yet." },
	[REASON_SOFTWARE_TYPE_MISMATCH] = { "software_type_mismatch",
					    "No payload is for the device's software type." },
	[REASON_HARDWARE_MISMATCH] = { "hardware_mismatch",
				       "No payload is for the device's hardware version." },
	[REASON_ATTRIBUTE_MISMATCH] = { "attribute_mismatch",
					"A payload asks for attributes that the device does not "
					"have." },
	[REASON_NOT_STAGED] = { "not_staged",
				"The release is for staged devices, and this device is not one." },
	[REASON_WOULD_DOWNGRADE] = { "would_downgrade",
				     "The device runs a higher version than this release." },
	[REASON_DELTA_FROM_OTHER] = { "delta_from_other",
				      "The release is a delta from a version that the device does "
				      "not run." },
	[REASON_VERSION_UNORDERED] = { "version_unordered",
				       "The version that the device reports is none in the "
				       "project's version scheme, so higher and lower are "
				       "unknown." },
	[REASON_UP_TO_DATE] = { "up_to_date", "The device already runs this version." },
	[REASON_LOWER_THAN_CHOSEN] = { "lower_than_chosen",
				       "Another release, at least as high, goes first." },
	[REASON_MUST_PASS_THROUGH_FIRST] = { "must_pass_through_first",
					     "The device has to install a lower must-pass-through "
					     "release first." },
	[REASON_SUPERSEDED_BY_DELTA] = { "superseded_by_delta",
					 "A delta from the device's version goes first." },
	[REASON_RETRY_WAIT] = { "retry_wait",
				"The last attempt failed; the next one comes after the back-off." },
	[REASON_ATTEMPTS_EXHAUSTED] = { "attempts_exhausted",
					"The device has failed at this release as often as the "
					"project allows." },
	[REASON_AWAITING_VERSION_REPORT] = { "awaiting_version_report",
					     "The device has installed a release and has yet to "
					     "report the version that it runs now." },
	[REASON_CHOSEN] = { "chosen", "The device gets this release." },
};

_Static_assert(sizeof(reasons) / sizeof(reasons[0]) == RESOLVER_REASONS, "every reason has words");

const char *resolver_reason_name(enum resolver_reason reason)
{
	return reasons[reason].name;
}

const char *resolver_reason_text(enum resolver_reason reason)
{
	return reasons[reason].text;
}
