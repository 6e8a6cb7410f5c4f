#include "manage/fields.h"

enum { ATTRIBUTES_MAX = 20 };
enum { EXTRA_INFO_MAX = 16384 }; /* as check_extra_info() has it */

/* clang-format off */
#define EXTRA_INFO(example_)                                                                            \
	{ .name = "extra_info", .type = FIELD_OBJECT, .nullable = true, .max = EXTRA_INFO_MAX,          \
	  .about = "Handed to devices that ask for the latest release. At most 16,384 characters, with numbers written out.", \
	  .example = example_ }

const struct field fields_release[] = {
	{ .name = "version", .type = FIELD_VERSION, .required = true,
	  .about = "What a device reports that has installed it.", .example = "\"1.1.0\"" },
	{ .name = "from", .type = FIELD_VERSION,
	  .about = "Makes it a delta, for devices that report exactly this version." , .example = "\"1.0.0\"" },
	{ .name = "must_pass_through", .type = FIELD_BOOLEAN,
	  .about = "Devices on lower versions have to install it before they go higher.", .example = "false" },
	{ .name = "notes", .type = FIELD_TEXT, .max = FIELDS_TEXT_MAX,
	  .about = "For people.", .example = "\"Fixes the clock.\"" },
	{ .name = "revision", .type = FIELD_LINE, .max = 200,
	  .about = "Of the source that it was built from.", .example = "\"8f2c1d\"" },
	EXTRA_INFO("{\"reboot\": true}"),
	{ 0 },
};

const struct field fields_release_change[] = {
	{ .name = "notes", .type = FIELD_TEXT, .max = FIELDS_TEXT_MAX, .about = "For people.", .example = "\"Fixes the clock.\"" },
	{ .name = "revision", .type = FIELD_LINE, .max = 200,
	  .about = "Of the source that it was built from.", .example = "\"8f2c1d\"" },
	EXTRA_INFO("{\"reboot\": true}"),
	{ 0 },
};

const struct field fields_payload[] = {
	{ .name = "sha256", .type = FIELD_SHA256, .required = true, .about = "Of an artifact of the project.",
	  .example = "\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"" },
	{ .name = "filename", .type = FIELD_LINE, .min = 1, .max = 255,
	  .about = "What devices call it; SWUpdate wants it to end in .swu.", .example = "\"image-1.1.0.swu\"" },
	{ .name = "hardware_versions", .type = FIELD_TEXTS, .min = 1, .max = 100,
	  .about = "The hardware versions that it fits; a .swu may say so itself, by sections for boards or else by hardware-compatibility.", .example = "[\"board-a\", \"board-b\"]" },
	{ .name = "software_type", .type = FIELD_LINE, .min = 1, .max = 128,
	  .about = "The namespace of the version on the device, \"main\" by default.", .example = "\"main\"" },
	{ .name = "attributes", .type = FIELD_ATTRIBUTES, .max = ATTRIBUTES_MAX,
	  .about = "Further attributes that a device must have, among the project's targeting_attributes.",
	  .example = "{\"region\": \"eu\"}" },
	EXTRA_INFO("{\"slot\": \"b\"}"),
	{ 0 },
};

const struct field fields_activation[] = {
	{ .name = "release", .type = FIELD_LINE, .required = true, .min = 1, .max = 300,
	  .about = "VERSION, or FROM..VERSION for a delta.", .example = "\"1.1.0\"" },
	{ .name = "cohort", .type = FIELD_SLUG, .required = true, .about = "For its devices.", .example = "\"default\"" },
	{ .name = "staged", .type = FIELD_BOOLEAN, .about = "Only for devices that the cohort's percentage has marked.",
	  .example = "false" },
	{ 0 },
};

const struct field fields_activation_list[] = {
	FIELDS_LIMIT, FIELDS_CURSOR,
	{ .name = "cohort", .type = FIELD_SLUG, .about = "Only of this cohort." },
	{ .name = "release", .type = FIELD_LINE, .min = 1, .max = 300, .about = "Only of this release." },
	{ .name = "active", .type = FIELD_BOOLEAN, .about = "Only what is active (true), or was pulled (false)." },
	{ 0 },
};

const struct field fields_what_if[] = {
	{ .name = "changes", .type = FIELD_OBJECTS, .required = true, .min = 1, .max = 20,
	  .about = "Each is activate (with staged), pull, staged_percent or version_checking.",
	  .example = "[{\"activate\": \"1.1.0\", \"staged\": true}, {\"staged_percent\": 10}]" },
	{ 0 },
};

static const char *const STEPS[] = { "hour", "day", "week", "month", NULL };

#define PERIOD                                                                                          \
	{ .name = "since", .type = FIELD_TIME, .about = "From this time on; 30 days ago by default." }, \
	{ .name = "until", .type = FIELD_TIME, .about = "Before this time." },                          \
	{ .name = "step", .type = FIELD_WORD, .words = STEPS, .about = "One sample each, its newest; day by default. At most 1,000." }

const struct field fields_statistics[] = { PERIOD, { 0 } };

const struct field fields_statistics_deployments[] = {
	PERIOD,
	{ .name = "release", .type = FIELD_LINE, .min = 1, .max = 300, .about = "Only of this release." },
	{ .name = "cohort", .type = FIELD_SLUG, .about = "Only for this cohort." },
	{ 0 },
};

static const char *const RELEASE_SORTS[] = { "created_at", "-created_at", "version", "-version", NULL };

const struct field fields_release_list[] = {
	FIELDS_LIMIT, FIELDS_CURSOR,
	FIELDS_SORT(RELEASE_SORTS, "`-created_at` by default; \"-\" turns the order round."),
	FIELDS_SEARCH("Only with this in the name or the notes."),
	{ .name = "active", .type = FIELD_BOOLEAN, .about = "Only what is active in a cohort (true), or nowhere (false)." },
	{ 0 },
};
/* clang-format on */
