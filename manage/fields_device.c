#include "manage/fields.h"

static const char *const STATES[] = { "offered",     "retrieved", "downloading", "downloaded",
				      "installing",  "rejected",  "canceling",   "installed",
				      "confirmed",   "failed",    "canceled",    "superseded",
				      "rolled_back", "timed_out", NULL };
static const char *const SORTS[] = { "id", "-id", "created_at", "-created_at", NULL };

enum {
	SEARCH_MIN = 3,
	SEARCH_MAX = 100,
	VERSION_MAX = 128,
	RELEASE_MAX = 300,
	STORY_PAGE_MAX = 100
};

/* clang-format off */
const struct field fields_device_list[] = {
	FIELDS_LIMIT, FIELDS_CURSOR,
	{ .name = "sort", .type = FIELD_WORD, .words = SORTS, .about = "`id` by default; \"-\" turns the order round." },
	{ .name = "cohort", .type = FIELD_SLUG, .about = "Only of this cohort." },
	{ .name = "version", .type = FIELD_LINE, .max = VERSION_MAX,
	  .about = "Only with this software version; empty: that have reported none." },
	{ .name = "hardware_version", .type = FIELD_LINE, .min = 1, .max = VERSION_MAX,
	  .about = "Only with this hardware version." },
	{ .name = "software_type", .type = FIELD_LINE, .min = 1, .max = VERSION_MAX, .about = "Only with this software type." },
	{ .name = "search", .type = FIELD_LINE, .min = SEARCH_MIN, .max = SEARCH_MAX,
	  .about = "Only with this in the id or the nickname, in upper or lower case." },
	{ .name = "staged", .type = FIELD_BOOLEAN, .about = "Only staged devices (true), or only others (false)." },
	{ .name = "state", .type = FIELD_WORD, .words = STATES, .about = "Only whose newest deployment is in this state." },
	{ .name = "seen_after", .type = FIELD_TIME, .about = "Only that have polled since then." },
	{ .name = "seen_before", .type = FIELD_TIME, .about = "Only that have not polled since then, or never." },
	{ 0 },
};

#define NICKNAME                                                                                        \
	{ .name = "nickname", .type = FIELD_LINE, .max = FIELDS_NAME_MAX, .about = "For people; the search finds it.", \
	  .example = "\"lab bench 4\"" }
#define NOTES                                                                                           \
	{ .name = "notes", .type = FIELD_TEXT, .max = FIELDS_TEXT_MAX, .about = "For people.",           \
	  .example = "\"Has the old antenna.\"" }

const struct field fields_device[] = {
	{ .name = "id", .type = FIELD_LINE, .required = true, .min = 1, .max = FIELDS_DEVICE_MAX,
	  .about = "As the device will call itself.", .example = "\"cam-0001\"" },
	{ .name = "cohort", .type = FIELD_SLUG, .about = "Where it belongs; the default cohort if it is left out.",
	  .example = "\"default\"" },
	NICKNAME, NOTES, { 0 },
};

const struct field fields_device_change[] = {
	{ .name = "cohort", .type = FIELD_SLUG, .about = "Move it there; it is not staged any more then.",
	  .example = "\"beta\"" },
	NICKNAME, NOTES, { 0 },
};

const struct field fields_device_move[] = {
	{ .name = "cohort", .type = FIELD_SLUG, .required = true, .about = "Where to.", .example = "\"beta\"" },
	{ .name = "devices", .type = FIELD_TEXTS, .min = 1, .max = FIELDS_DEVICES_MAX,
	  .about = "These devices.", .example = "[\"cam-0001\", \"cam-0002\"]" },
	{ .name = "from", .type = FIELD_SLUG, .about = "Or all devices of this cohort.", .example = "\"default\"" },
	{ .name = "limit", .type = FIELD_INTEGER, .min = 1, .max = 10000000,
	  .about = "At most so many of them, by id.", .example = "1000" },
	{ 0 },
};

const struct field fields_device_delete[] = {
	{ .name = "devices", .type = FIELD_TEXTS, .min = 1, .max = FIELDS_DEVICES_MAX,
	  .about = "These devices.", .example = "[\"cam-0001\", \"cam-0002\"]" },
	{ .name = "from", .type = FIELD_SLUG, .about = "Or devices of this cohort.", .example = "\"scrapped\"" },
	{ .name = "limit", .type = FIELD_INTEGER, .min = 1, .max = FIELDS_DEVICES_MAX,
	  .about = "At most so many of them, by id; required with `from`.", .example = "1000" },
	{ 0 },
};

const struct field fields_device_deployments[] = {
	{ .name = "limit", .type = FIELD_INTEGER, .min = 1, .max = STORY_PAGE_MAX,
	  .about = "Items of one page, 20 by default.", .example = "20" },
	FIELDS_CURSOR, { 0 },
};

const struct field fields_deployment_list[] = {
	FIELDS_LIMIT, FIELDS_CURSOR,
	{ .name = "state", .type = FIELD_WORDS, .words = STATES, .about = "Only in this state, or in one of several: failed,timed_out." },
	{ .name = "release", .type = FIELD_LINE, .min = 1, .max = RELEASE_MAX, .about = "Only of this release." },
	{ .name = "cohort", .type = FIELD_SLUG, .about = "Only for this cohort." },
	{ .name = "since", .type = FIELD_TIME, .about = "Only that began at this time or later." },
	{ .name = "until", .type = FIELD_TIME, .about = "Only that began before this time." },
	{ 0 },
};

const struct field fields_cancel[] = {
	{ .name = "force", .type = FIELD_BOOLEAN,
	  .about = "Do not ask the device: end it here at once. What it does then is unknown.", .example = "false" },
	{ 0 },
};
/* clang-format on */
