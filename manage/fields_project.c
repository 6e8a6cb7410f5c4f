#include "manage/fields.h"

enum { DAY = 86400, WEEK = 7 * DAY, YEAR = 365 * DAY };
enum { ATTRIBUTES_MAX = 10, TARGETING_MAX = 20, SIGNERS_MAX = 20 };

static const char *const SCHEMES[] = { "natural", "semver", NULL };

/* clang-format off */
#define SLUG(of_)                                                                                 \
	{ .name = "slug", .type = FIELD_SLUG, .required = true, .about = "Names the " of_ " in URLs.", \
	  .example = "\"cameras\"" }
#define NAME                                                                                      \
	{ .name = "name", .type = FIELD_LINE, .max = FIELDS_NAME_MAX, .about = "For people.",      \
	  .example = "\"Cameras\"" }

#define PROJECT_SETTINGS                                                                                       \
	NAME,                                                                                                  \
	{ .name = "version_scheme", .type = FIELD_WORD, .words = SCHEMES,                                      \
	  .about = "How versions are ordered. It can change until the first release.", .example = "\"natural\"" }, \
	{ .name = "allow_build_metadata", .type = FIELD_BOOLEAN,                                               \
	  .about = "Take versions with \"+...\", which plays no part in their order.", .example = "false" },   \
	{ .name = "polling_interval", .type = FIELD_INTEGER, .min = 1, .max = DAY - 1,                         \
	  .about = "Seconds between two polls of a device.", .example = "300" },                               \
	{ .name = "retry_attempts", .type = FIELD_INTEGER, .max = 1000,                                        \
	  .about = "How often a device tries a release that fails; 0: without end.", .example = "3" },         \
	{ .name = "retry_backoff", .type = FIELD_INTEGER, .max = WEEK,                                         \
	  .about = "Seconds before the second attempt; they double with each further one.", .example = "900" }, \
	{ .name = "deployment_timeout", .type = FIELD_INTEGER, .min = 60, .max = YEAR,                         \
	  .about = "Seconds without a sign of life after which a deployment has failed.", .example = "86400" }, \
	{ .name = "trust_feedback", .type = FIELD_BOOLEAN,                                                     \
	  .about = "A device's word is enough: do not wait until it reports the new version.", .example = "false" }, \
	{ .name = "software_version_attributes", .type = FIELD_TEXTS, .min = 1, .max = ATTRIBUTES_MAX,         \
	  .about = "Attributes that hold a device's software version; the first that is there counts.",        \
	  .example = "[\"current_version\"]" },                                                                \
	{ .name = "hardware_version_attributes", .type = FIELD_TEXTS, .min = 1, .max = ATTRIBUTES_MAX,         \
	  .about = "The same for its hardware version.", .example = "[\"hardware_version\"]" },                \
	{ .name = "software_type_attributes", .type = FIELD_TEXTS, .min = 1, .max = ATTRIBUTES_MAX,            \
	  .about = "The same for its software type.", .example = "[\"software_type\"]" },                      \
	{ .name = "targeting_attributes", .type = FIELD_TEXTS, .max = TARGETING_MAX,                           \
	  .about = "Further attributes that payloads may ask for. A device's count from its next report on.",  \
	  .example = "[\"region\"]" },                                                                         \
	{ .name = "signers", .type = FIELD_CERTIFICATES, .max = SIGNERS_MAX,                                   \
	  .about = "PEM certificates. If there are any, each file of a release must be signed by one of them before it is activated.", .example = "[]" }

const struct field fields_project[] = { SLUG("project"), PROJECT_SETTINGS, { 0 } };
const struct field fields_project_change[] = { PROJECT_SETTINGS, { 0 } };

#define KEY_NAME                                                                                                \
	{ .name = "name", .type = FIELD_LINE, .max = FIELDS_NAME_MAX, .about = "For people.", .example = "\"factory line 2\"" }
#define KEY_COHORT                                                                                              \
	.name = "cohort", .type = FIELD_SLUG, .example = "\"factory\"",                                         \
	.about = "Devices that come with this key get what is active here, whatever cohort they are in"

const struct field fields_key[] = { KEY_NAME, { KEY_COHORT "." }, { 0 } };
const struct field fields_key_change[] = { KEY_NAME, { KEY_COHORT "; null: in their own.", .nullable = true }, { 0 } };

#define COHORT_SETTINGS                                                                                        \
	NAME,                                                                                                  \
	{ .name = "default", .type = FIELD_BOOLEAN,                                                            \
	  .about = "New devices join it; true takes that over from another cohort.", .example = "true" },      \
	{ .name = "protected", .type = FIELD_BOOLEAN,                                                          \
	  .about = "Only managers, and tokens that may, change what its devices get.", .example = "true" },    \
	{ .name = "polling_interval", .type = FIELD_INTEGER, .min = 1, .max = DAY - 1, .nullable = true,       \
	  .about = "Seconds between two polls of a device; null: the project's.", .example = "60" },           \
	{ .name = "development_mode", .type = FIELD_BOOLEAN,                                                   \
	  .about = "Its devices poll every minute.", .example = "false" },                                     \
	{ .name = "version_checking", .type = FIELD_BOOLEAN,                                                   \
	  .about = "Never go down; false: its devices get the highest active release, even a lower one.",      \
	  .example = "true" },                                                                                 \
	{ .name = "staged_percent", .type = FIELD_INTEGER, .max = 100,                                         \
	  .about = "Mark this share of its present devices, at random, for staged activations.", .example = "10" }

const struct field fields_cohort[] = { SLUG("cohort"), COHORT_SETTINGS, { 0 } };
const struct field fields_cohort_change[] = { COHORT_SETTINGS, { 0 } };

/* ---- Lists ---- */

static const char *const PROJECT_SORTS[] = { "slug", "-slug", "name", "-name", "created_at", "-created_at", NULL };

const struct field fields_project_list[] = {
	FIELDS_LIMIT, FIELDS_CURSOR,
	FIELDS_SORT(PROJECT_SORTS, "`slug` by default; \"-\" turns the order round."),
	FIELDS_SEARCH("Only with this in the slug or the name."),
	{ 0 },
};

static const char *const KEY_SORTS[] = { "created_at", "-created_at", "name", "-name", NULL };

const struct field fields_key_list[] = {
	FIELDS_LIMIT, FIELDS_CURSOR,
	FIELDS_SORT(KEY_SORTS, "`-created_at` by default; \"-\" turns the order round."),
	FIELDS_SEARCH("Only with this in the name or at the beginning of the key."),
	{ .name = "revoked", .type = FIELD_BOOLEAN, .about = "Only revoked keys (true), or only others (false)." },
	{ 0 },
};

static const char *const COHORT_SORTS[] = { "slug", "-slug", "name", "-name", "created_at", "-created_at", NULL };

const struct field fields_cohort_list[] = {
	FIELDS_LIMIT, FIELDS_CURSOR,
	FIELDS_SORT(COHORT_SORTS, "`slug` by default; \"-\" turns the order round."),
	FIELDS_SEARCH("Only with this in the slug or the name."),
	{ 0 },
};
/* clang-format on */
