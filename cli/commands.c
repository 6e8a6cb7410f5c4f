/* The table of commands. Its words, arguments and options are a contract with scripts. */
#include "cli/command.h"
#include "cli/handlers.h"

#define OPTIONS(...)            \
	(const struct option[]) \
	{                       \
		__VA_ARGS__,    \
		{               \
			0       \
		}               \
	}

/* clang-format off */

const struct option GENERAL_OPTIONS[] = {
	{ "url", 0, "URL", .about = "the server (MEWS_URL)" },
	{ "project", 'p', "PROJECT", .about = "the project (MEWS_PROJECT); \"default\" if nobody says" },
	{ "json", 0, .about = "the server's answer as JSON" },
	{ "quiet", 'q', .about = "ids only, one a line" },
	{ "yes", 'y', .about = "do not ask" },
	{ "dry-run", 0, .about = "only show what would change" },
	{ "help", 'h', .about = "explain the command" },
	{ "version", 0, .about = "print the version of this program" },
	{ 0 },
};

#define ACTOR  { "actor", 0, "WHO", .about = "done by this user or token" }
#define ACTION { "action", 0, "WHAT", .about = "such as activation.create" }
#define OBJECT { "object", 0, "THING", .about = "done to this, such as \"device unit-7\"" }
#define LIMIT { "limit", 'n', "N", .about = "at most so many" }
#define COHORT(about_) { "cohort", 'c', "COHORT", .about = about_ }
#define OF_COHORT(about_) { "cohort", 'c', "COHORT", .required = true, .about = about_ }
#define SINCE { "since", 0, "TIME", .about = "from this time on: 2026-11-25T16:00:00Z, or 24h, 7d ago" }
#define UNTIL { "until", 0, "TIME", .about = "before this time" }
#define NOTES { "notes", 0, "TEXT", .about = "what is new in it" }
#define REVISION { "revision", 0, "REV", .about = "of the source that it was built from" }
#define MUST_PASS { "must-pass-through", 0, .about = "no device goes past it without installing it" }
#define SOFTWARE_TYPE { "software-type", 0, "T", .about = "kind of software; \"main\" if left out" }
#define ATTRIBUTE { "attribute", 0, "K=V...", .about = "only for devices that report this, too" }
#define PASSWORD_STDIN { "password-stdin", 0, .about = "read a password, instead of making one up" }

static const struct key PROJECT_KEYS[] = {
	{ "name", KEY_TEXT },
	{ "version_scheme", KEY_TEXT },
	{ "allow_build_metadata", KEY_BOOLEAN },
	{ "polling_interval", KEY_SECONDS },
	{ "retry_attempts", KEY_NUMBER },
	{ "retry_backoff", KEY_SECONDS },
	{ "deployment_timeout", KEY_SECONDS },
	{ "trust_feedback", KEY_BOOLEAN },
	{ "software_version_attributes", KEY_WORDS },
	{ "hardware_version_attributes", KEY_WORDS },
	{ "software_type_attributes", KEY_WORDS },
	{ "targeting_attributes", KEY_WORDS },
	{ "signers", KEY_FILES },
	{ 0 },
};

static const struct key KEY_KEYS[] = {
	{ "name", KEY_TEXT },
	{ "cohort", KEY_SLUG_OR_NONE },
	{ 0 },
};

static const struct key COHORT_KEYS[] = {
	{ "name", KEY_TEXT },
	{ "default", KEY_BOOLEAN },
	{ "protected", KEY_BOOLEAN },
	{ "polling_interval", KEY_SECONDS_OR_NONE },
	{ "development_mode", KEY_BOOLEAN },
	{ "version_checking", KEY_BOOLEAN },
	{ "staged_percent", KEY_NUMBER },
	{ 0 },
};

static const struct key USER_KEYS[] = {
	{ "name", KEY_TEXT },
	{ "role", KEY_TEXT },
	{ "admin", KEY_BOOLEAN },
	{ 0 },
};

const struct command COMMANDS[] = {
	{ "project list", "", OPTIONS(LIMIT), cmd_project_list,
	  .about = "The projects that you may see." },
	{ "project create", "SLUG", OPTIONS({ "name", 0, "NAME", .about = "for people" }), cmd_project_create,
	  .about = "Create a project; its cohort \"default\" comes with it." },
	{ "project show", "", NULL, cmd_project_show,
	  .about = "The project and its settings." },
	{ "project set", "KEY=VALUE...", NULL, cmd_project_set, .keys = PROJECT_KEYS, .changes = true,
	  .about = "Change settings of the project." },

	{ "key list", "", OPTIONS(LIMIT), cmd_key_list,
	  .about = "The project keys, with which devices come." },
	{ "key create", "", OPTIONS({ "name", 0, "N", .about = "for people" },
	    COHORT("devices with this key get what is active there")), cmd_key_create,
	  .about = "Create a project key; it is shown once." },
	{ "key set", "ID KEY=VALUE...", NULL, cmd_key_set, .keys = KEY_KEYS, .changes = true,
	  .about = "Change a key's name, or the cohort in which its devices are; none: in their own." },
	{ "key revoke", "ID", NULL, cmd_key_revoke, .changes = true,
	  .about = "From now on no device gets in with this key." },

	{ "cohort list", "", OPTIONS(LIMIT), cmd_cohort_list,
	  .about = "The cohorts of the project." },
	{ "cohort create", "SLUG", OPTIONS({ "name", 0, "N", .about = "for people" }), cmd_cohort_create,
	  .about = "Create a cohort." },
	{ "cohort show", "SLUG", NULL, cmd_cohort_show,
	  .about = "One cohort." },
	{ "cohort set", "SLUG KEY=VALUE...", NULL, cmd_cohort_set, .keys = COHORT_KEYS,
	  .changes = true, .about = "Change settings of a cohort." },
	{ "cohort delete", "SLUG", NULL, cmd_cohort_delete, .changes = true,
	  .about = "Delete a cohort without devices, keys and active releases." },

	{ "device list", "", OPTIONS(COHORT("of this cohort"),
	    { "version", 0, "V", .about = "with this software version" },
	    { "hardware-version", 0, "H", .about = "with this hardware version" },
	    { "search", 0, "TEXT", .about = "with this in the id or nickname; 3 characters or more" }, LIMIT), cmd_device_list,
	  .about = "The devices by id." },
	{ "device show", "ID", NULL, cmd_device_show,
	  .about = "One device." },
	{ "device register", "ID", OPTIONS(COHORT("where it starts")), cmd_device_register,
	  .about = "Register a device ahead of its first poll." },
	{ "device move", "ID...", OPTIONS(OF_COHORT("where to")), cmd_device_move, .changes = true,
	  .about = "Move devices to another cohort." },
	{ "device inspect", "ID", NULL, cmd_device_inspect,
	  .about = "Why does it get what it gets? Each active release with the reason." },
	{ "device history", "ID", OPTIONS(LIMIT), cmd_device_history,
	  .about = "Its deployments with their events, and the versions that it reported." },
	{ "device retry", "ID", NULL, cmd_device_retry, .changes = true,
	  .about = "Let a device try again what it failed at, now." },
	{ "device token", "ID", OPTIONS({ "remove", 0, .about = "it has none from now on" }), cmd_device_token,
	  .changes = true, .about = "Make a token of its own for a device; it is shown once, the one before is void." },
	{ "device delete", "ID", NULL, cmd_device_delete, .changes = true,
	  .about = "Delete a device and its history." },

	{ "release list", "", OPTIONS(LIMIT), cmd_release_list,
	  .about = "The releases, newest first." },
	{ "release create", "[VERSION]", OPTIONS(MUST_PASS,
	    { "from", 0, "A", .about = "a delta for devices with exactly this version" },
	    { "to", 0, "B", .about = "the version that the delta leads to" }, NOTES, REVISION), cmd_release_create,
	  .about = "Create a release: VERSION, or --from A --to B for a delta." },
	{ "release show", "R", NULL, cmd_release_show,
	  .about = "One release with its payloads. R: VERSION, or A..B for a delta." },
	{ "release delete", "R", NULL, cmd_release_delete, .changes = true,
	  .about = "Delete a release that is active nowhere, with what devices did with it." },

	{ "payload add", "R FILE", OPTIONS(
	    { "hardware-version", 0, "H...", .required = true, .about = "the hardware versions that it is for" },
	    SOFTWARE_TYPE, ATTRIBUTE), cmd_payload_add,
	  .about = "Upload a file and add it to a release." },
	{ "payload list", "R", NULL, cmd_payload_list,
	  .about = "The files of a release." },
	{ "payload remove", "R ID", NULL, cmd_payload_remove, .changes = true,
	  .about = "Take a file out of a release that has not been activated." },
	{ "upload", "FILE", OPTIONS(NOTES, REVISION, MUST_PASS,
	    { "hardware-version", 0, "H...", .about = "instead of those in the file" },
	    SOFTWARE_TYPE, ATTRIBUTE), cmd_upload,
	  .about = "Release, payload and hardware versions from a .swu file, in one step." },

	{ "artifact list", "", OPTIONS({ "search", 0, "TEXT", .about = "with this in the file's name" },
	    { "unused", 0, .about = "of which no release is made" }, LIMIT), cmd_artifact_list,
	  .about = "The uploaded files, newest first." },
	{ "artifact show", "SHA256", NULL, cmd_artifact_show,
	  .about = "One file with the payloads that are made of it. SHA256: its first 8 digits or more." },
	{ "artifact download", "SHA256", OPTIONS(
	    { "output", 'o', "FILE", .about = "write it there; - is standard output" }), cmd_artifact_download,
	  .about = "Fetch a file, under the name that it was uploaded with, and verify it." },
	{ "artifact delete", "SHA256...", NULL, cmd_artifact_delete, .changes = true,
	  .about = "Delete files that no release uses." },

	{ "activate", "R", OPTIONS(OF_COHORT("whose devices get it"),
	    { "staged", 0, .about = "only its staged devices" }), cmd_activate, .changes = true,
	  .about = "Make a release active for a cohort." },
	{ "pull", "R", OPTIONS(OF_COHORT("where it is active")), cmd_pull, .changes = true,
	  .about = "From now on nobody in the cohort is offered the release." },
	{ "stage", "COHORT PERCENT", NULL, cmd_stage, .changes = true,
	  .about = "How many of the cohort's devices get what is active as staged." },
	{ "matrix", "COHORT", OPTIONS(
	    { "if", 0, "CHANGE...", .about = "as if: \"activate R [staged]\", \"pull R\", \"stage PERCENT\", \"version_checking off\"" }),
	    cmd_matrix,
	  .about = "Which versions there are, and how many devices take which next step." },

	{ "deployment list", "", OPTIONS({ "state", 0, "S", .about = "in this state, or in one of several: failed,timed_out" },
	    { "release", 0, "R", .about = "of this release" }, COHORT("of this cohort"), SINCE, UNTIL, LIMIT),
	    cmd_deployment_list,
	  .about = "The deployments, newest first." },
	{ "deployment show", "ID", NULL, cmd_deployment_show,
	  .about = "One deployment with its events. ID: DEVICE/N, as the list has it." },

	{ "audit list", "", OPTIONS(ACTOR, ACTION, OBJECT, SINCE, UNTIL, LIMIT), cmd_audit_list,
	  .about = "Who did what, newest first." },
	{ "audit verify", "", NULL, cmd_audit_verify,
	  .about = "Has an entry been altered or removed? Names the first one." },
	{ "audit export", "", OPTIONS({ "format", 0, "FORMAT", .about = "jsonl or csv; jsonl if left out" },
	    { "output", 'o', "FILE", .about = "write it there; - is standard output" }, ACTOR, ACTION, OBJECT, SINCE, UNTIL),
	    cmd_audit_export,
	  .about = "The same entries as a file." },

	{ "token list", "", OPTIONS(LIMIT), cmd_token_list,
	  .about = "The API tokens." },
	{ "token create", "NAME", OPTIONS(
	    { "role", 0, "ROLE", .required = true, .about = "reader, member, manager or admin" },
	    { "expires", 0, "TIME", .about = "such as 90d; never if left out" },
	    { "protected", 0, .about = "may change protected cohorts" },
	    { "all-projects", 0, .about = "of every project, not of one" }), cmd_token_create,
	  .about = "Create an API token; it is shown once." },
	{ "token revoke", "ID", NULL, cmd_token_revoke, .changes = true,
	  .about = "End a token, on all gateways at once." },

	{ "user list", "", OPTIONS(LIMIT), cmd_user_list,
	  .about = "The users." },
	{ "user create", "EMAIL", OPTIONS(
	    { "role", 0, "ROLE", .required = true, .about = "reader, member or manager in the project; admin everywhere" },
	    { "name", 0, "NAME", .about = "for people" }, PASSWORD_STDIN), cmd_user_create,
	  .about = "Create a user; a password that is made up is shown once." },
	{ "user set", "EMAIL [KEY=VALUE...]", OPTIONS(PASSWORD_STDIN), cmd_user_set, .keys = USER_KEYS,
	  .about = "Change a user; role is that in the project, \"none\" takes it away." },
	{ "user delete", "EMAIL", NULL, cmd_user_delete, .changes = true,
	  .about = "Delete a user." },

	{ "login", "", OPTIONS({ "email", 0, "EMAIL", .about = "who you are; asked for if left out" },
	    { "name", 0, "NAME", .about = "of the token; this machine's name if left out" },
	    { "token", 0, .about = "store a token that you have, instead of making one" }), cmd_login,
	  .about = "Store server, project and a token in ~/.config/mews/config." },
	{ "logout", "", NULL, cmd_logout,
	  .about = "Revoke the stored token and forget it." },
	{ "whoami", "", NULL, cmd_whoami,
	  .about = "As whom you speak to which server." },
	{ "admin create", "EMAIL", OPTIONS({ "name", 0, "NAME", .about = "for people" }, PASSWORD_STDIN),
	    cmd_admin_create,
	  .about = "The first administrator, on the server: with its credentials.json." },

	{ "help", "[COMMAND...]", NULL, cmd_help,
	  .about = "Explain commands." },
	{ "completion", "SHELL", NULL, cmd_completion,
	  .about = "Completion for bash or zsh: source <(mews completion bash)" },
	{ "__complete", "[WORD...]", NULL, cmd_complete },
	{ 0 },
};
