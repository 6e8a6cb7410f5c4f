#include "manage/fields.h"

enum {
	PASSWORD_MIN = 10,
	PASSWORD_MAX = 200,
	EMAIL_MAX = 254,
	ROLES_MAX = 1000,
	PROJECTS_MAX = 1000
};
enum { TEN_YEARS = 315360000, OBJECT_MAX = 600 };

static const char *const PROJECT_ROLES[] = { "none", "reader", "member", "manager", NULL };
static const char *const TOKEN_ROLES[] = { "reader", "member", "manager", "admin", NULL };
static const char *const ACTOR_KINDS[] = { "user", "token", "system", NULL };
static const char *const FORMATS[] = { "jsonl", "csv", NULL };

/* clang-format off */
#define EMAIL                                                                                           \
	{ .name = "email", .type = FIELD_LINE, .required = true, .min = 3, .max = EMAIL_MAX,            \
	  .about = "Upper and lower case are the same.", .example = "\"anna@example.com\"" }
#define USER_SETTINGS                                                                                   \
	{ .name = "name", .type = FIELD_LINE, .max = FIELDS_NAME_MAX, .about = "For people.",           \
	  .example = "\"Anna\"" },                                                                     \
	{ .name = "password", .type = FIELD_PASSWORD, .min = PASSWORD_MIN, .max = PASSWORD_MAX,         \
	  .about = "Without one the user cannot log in. A new one ends all sessions.",                 \
	  .example = "\"correct horse battery\"" },                                                    \
	{ .name = "roles", .type = FIELD_ATTRIBUTES, .max = ROLES_MAX, .words = PROJECT_ROLES,          \
	  .about = "A role per project, by slug; none takes it away, projects that are left out stay.", \
	  .example = "{\"default\": \"manager\"}" },                                                   \
	{ .name = "admin", .type = FIELD_BOOLEAN, .about = "May do everything, in all projects.",       \
	  .example = "false" }

const struct field fields_user[] = { EMAIL, USER_SETTINGS, { 0 } };
const struct field fields_user_change[] = { USER_SETTINGS, { 0 } };

const struct field fields_token[] = {
	{ .name = "name", .type = FIELD_LINE, .required = true, .min = 1, .max = FIELDS_NAME_MAX,
	  .about = "Stands in the audit log and at activations.", .example = "\"ci\"" },
	{ .name = "role", .type = FIELD_WORD, .required = true, .words = TOKEN_ROLES,
	  .about = "What its holder may do in its projects.", .example = "\"manager\"" },
	{ .name = "projects", .type = FIELD_TEXTS, .min = 1, .max = PROJECTS_MAX,
	  .about = "Slugs of the projects that it reaches; all of them if this is left out.", .example = "[\"default\"]" },
	{ .name = "may_change_protected", .type = FIELD_BOOLEAN,
	  .about = "It may also change what devices in protected cohorts get.", .example = "false" },
	{ .name = "expires_in", .type = FIELD_INTEGER, .min = 1, .max = TEN_YEARS,
	  .about = "Seconds until it ends; never if neither this nor expires_at is there.", .example = "7776000" },
	{ .name = "expires_at", .type = FIELD_TIME, .about = "When it ends.", .example = "\"2030-01-01T00:00:00Z\"" },
	{ 0 },
};

const struct field fields_login[] = {
	EMAIL,
	{ .name = "password", .type = FIELD_PASSWORD, .required = true, .min = 1, .max = PASSWORD_MAX,
	  .about = "The user's password.", .example = "\"correct horse battery\"" },
	{ .name = "token_name", .type = FIELD_LINE, .min = 1, .max = FIELDS_NAME_MAX,
	  .about = "For programs: give a token of this name instead of a session.", .example = "\"laptop\"" },
	{ 0 },
};

const struct field fields_me_password[] = {
	{ .name = "old_password", .type = FIELD_PASSWORD, .required = true, .min = 1, .max = PASSWORD_MAX,
	  .about = "The present one.", .example = "\"correct horse battery\"" },
	{ .name = "password", .type = FIELD_PASSWORD, .required = true, .min = PASSWORD_MIN, .max = PASSWORD_MAX,
	  .about = "The new one. All your sessions end.", .example = "\"staple by the window\"" },
	{ 0 },
};

#define AUDIT_FILTERS                                                                                   \
	{ .name = "project", .type = FIELD_SLUG, .about = "Only of this project. All but administrators have to say it." }, \
	{ .name = "actor", .type = FIELD_LINE, .min = 1, .max = EMAIL_MAX,                              \
	  .about = "Only by this user (e-mail), token (name) or mewsd itself." },                       \
	{ .name = "actor_kind", .type = FIELD_WORD, .words = ACTOR_KINDS, .about = "Only by users, by tokens, or by mewsd itself (system)." }, \
	{ .name = "action", .type = FIELD_LINE, .min = 1, .max = FIELDS_NAME_MAX,                       \
	  .about = "Only this action, such as release.create, or all that begin so: release." },        \
	{ .name = "object", .type = FIELD_LINE, .min = 1, .max = OBJECT_MAX,                            \
	  .about = "Only done to this, such as \"device cam-0001\"." },                                 \
	{ .name = "since", .type = FIELD_TIME, .about = "Only at this time or later." },                \
	{ .name = "until", .type = FIELD_TIME, .about = "Only before this time." }

const struct field fields_audit[] = { FIELDS_LIMIT, FIELDS_CURSOR, AUDIT_FILTERS, { 0 } };

const struct field fields_audit_export[] = {
	{ .name = "format", .type = FIELD_WORD, .words = FORMATS, .about = "jsonl by default: a JSON object a line." },
	{ .name = "limit", .type = FIELD_INTEGER, .min = 1, .max = 5000, .about = "Entries of one file, 1000 by default." },
	FIELDS_CURSOR, AUDIT_FILTERS, { 0 },
};

const struct field fields_audit_verify[] = { FIELDS_CURSOR, { 0 } };

static const char *const USER_SORTS[] = { "email", "-email", "name", "-name", "created_at", "-created_at", NULL };

const struct field fields_user_list[] = {
	FIELDS_LIMIT, FIELDS_CURSOR,
	FIELDS_SORT(USER_SORTS, "`email` by default; \"-\" turns the order round."),
	FIELDS_SEARCH("Only with this in the e-mail or the name."),
	{ 0 },
};

static const char *const TOKEN_SORTS[] = { "created_at", "-created_at", "name", "-name", "expires_at", "-expires_at", "last_used_at", "-last_used_at", NULL };

const struct field fields_token_list[] = {
	FIELDS_LIMIT, FIELDS_CURSOR,
	FIELDS_SORT(TOKEN_SORTS, "`-created_at` by default; \"-\" turns the order round."),
	FIELDS_SEARCH("Only with this in the name or at the beginning of the token."),
	{ .name = "valid", .type = FIELD_BOOLEAN, .about = "Only those that open something (true), or only revoked and expired ones (false)." },
	{ 0 },
};
/* clang-format on */
