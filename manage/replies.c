#include "manage/replies.h"

/* clang-format off */
#define MEMBERS(...) (const struct reply_member[]){ __VA_ARGS__, { 0 } }
#define CREATED_AT { "created_at", "time", "When it was made." }

const struct reply replies[] = {
	{ "Problem", "What went wrong, as RFC 9457 has it.", MEMBERS(
		{ "type", "text", "about:blank: the status says it all.", "\"about:blank\"" },
		{ "title", "text", "The status in words.", "\"Conflict\"" },
		{ "status", "integer", "The HTTP status.", "409" },
		{ "detail", "text", "A sentence for people: what is wrong and what to do.", "\"the release is active in default; pull it there first\"" },
		{ "pointer", "text~", "JSON pointer to the member of the body, or name of the parameter or header.", "\"/cohort\"" },
		{ "request_id", "text", "By which the gateway's log and the audit log know the request.", "\"50c89dda00000001\"" }) },

	/* Projects */
	{ "Project", "A product line: devices, releases, cohorts, keys.", MEMBERS(
		{ "slug", "text", "Names it in URLs.", "\"cameras\"" },
		{ "name", "text", "For people.", "\"Cameras\"" },
		{ "version_scheme", "text", "How versions are ordered: natural or semver.", "\"natural\"" },
		{ "allow_build_metadata", "boolean", "Are versions with \"+...\" taken?", "false" },
		{ "polling_interval", "integer", "Seconds between two polls of a device.", "300" },
		{ "retry_attempts", "integer", "How often a device tries a release that fails; 0: without end.", "3" },
		{ "retry_backoff", "integer", "Seconds before the second attempt.", "900" },
		{ "deployment_timeout", "integer", "Seconds without a sign of life until a deployment has failed.", "86400" },
		{ "trust_feedback", "boolean", "Is a device's word enough?", "false" },
		{ "software_version_attributes", "texts", "Attributes that hold a device's software version.", "[\"current_version\"]" },
		{ "hardware_version_attributes", "texts", "The same for its hardware version.", "[\"hardware_version\"]" },
		{ "software_type_attributes", "texts", "The same for its software type.", "[\"software_type\"]" },
		{ "targeting_attributes", "texts", "Further attributes that payloads may ask for.", "[\"region\"]" },
		{ "signers", "texts", "Certificates, one of which must have signed each .swu.", "[]" },
		{ "devices", "integer", "How many there are.", "1200" },
		CREATED_AT) },
	{ "Key", "What devices of a project identify themselves with.", MEMBERS(
		{ "id", "integer", "", "7" },
		{ "name", "text", "For people.", "\"factory line 2\"" },
		{ "prefix", "text", "Its first characters.", "\"h4Jx9a\"" },
		{ "cohort", "text?", "Overrides the cohort of devices that come with it.", "\"factory\"" },
		CREATED_AT,
		{ "revoked_at", "time?", "Since when it opens nothing." },
		{ "key", "text?~", "The key itself, in the answer that made it and nowhere else." }) },
	{ "Cohort", "A group of devices. Each device is in exactly one.", MEMBERS(
		{ "slug", "text", "Names it in URLs.", "\"beta\"" },
		{ "name", "text", "For people.", "\"Beta testers\"" },
		{ "default", "boolean", "Do new devices join it?", "false" },
		{ "protected", "boolean", "Does a change need a manager, or a token that may?", "true" },
		{ "polling_interval", "integer?", "Seconds between two polls; null: the project's.", "60" },
		{ "development_mode", "boolean", "Do its devices poll every minute?", "false" },
		{ "version_checking", "boolean", "false: devices also go down.", "true" },
		{ "staged_percent", "integer", "The share that was marked when this was set.", "10" },
		{ "devices", "integer", "How many are in it.", "500" },
		{ "staged_devices", "integer", "How many of them are marked.", "50" },
		CREATED_AT) },

	/* Releases */
	{ "Release", "A version that devices can move to.", MEMBERS(
		{ "release", "text", "Its name: VERSION, or FROM..VERSION for a delta.", "\"1.1.0\"" },
		{ "version", "text", "What a device reports that has installed it.", "\"1.1.0\"" },
		{ "from", "text?", "Makes it a delta.", "null" },
		{ "kind", "text", "full, must_pass_through or delta.", "\"full\"" },
		{ "must_pass_through", "boolean", "Must lower versions install it before they go higher?", "false" },
		{ "notes", "text", "For people.", "\"Fixes the clock.\"" },
		{ "revision", "text", "Of the source that it was built from.", "\"8f2c1d\"" },
		{ "extra_info", "object?", "Handed to devices that ask for the latest release." },
		CREATED_AT,
		{ "activated_at", "time?", "Since when only its notes can change." },
		{ "active_in", "texts", "Slugs of cohorts.", "[\"default\"]" },
		{ "payloads", "[Payload]", "Its files." }) },
	{ "Payload", "A file of a release, for one software type and some hardware versions.", MEMBERS(
		{ "id", "integer", "", "12" },
		{ "filename", "text", "What devices call it.", "\"image-1.1.0.swu\"" },
		{ "software_type", "text", "The namespace of the version on the device.", "\"main\"" },
		{ "hardware_versions", "texts", "Those that it fits.", "[\"board-a\"]" },
		{ "attributes", "map", "That a device must have besides.", "{\"region\": \"eu\"}" },
		{ "extra_info", "object?", "Handed to devices that ask for the latest release." },
		{ "sha256", "text", "" }, { "sha1", "text", "" }, { "md5", "text", "" },
		{ "size", "integer", "Bytes.", "41943040" },
		CREATED_AT) },
	{ "PayloadList", "The payloads of a release, all of them.", MEMBERS(
		{ "items", "[Payload]", "" }) },
	{ "Activation", "A release made active for a cohort, until it is pulled.", MEMBERS(
		{ "id", "integer", "", "31" },
		{ "release", "text", "Its name.", "\"1.1.0\"" },
		{ "cohort", "text?", "Its slug; null: deleted since.", "\"default\"" },
		{ "staged", "boolean", "Only for marked devices?", "false" },
		{ "active", "boolean", "Is it active now?", "true" },
		{ "activated_by", "text", "The user; empty: a token.", "\"anna@example.com\"" },
		{ "activated_token", "text", "The token's name.", "\"\"" },
		CREATED_AT,
		{ "pulled_by", "text", "", "\"\"" }, { "pulled_token", "text", "", "\"\"" },
		{ "pulled_at", "time?", "" }) },

	/* Devices */
	{ "Device", "One unit in the field.", MEMBERS(
		{ "id", "text", "As it calls itself.", "\"cam-0001\"" },
		{ "cohort", "text", "Its slug.", "\"default\"" },
		{ "staged", "boolean", "Is it marked for staged activations?", "false" },
		{ "software_type", "text?", "As it reported.", "\"main\"" },
		{ "software_version", "text?", "As it reported.", "\"1.0.0\"" },
		{ "hardware_version", "text?", "As it reported.", "\"board-a\"" },
		{ "last_seen", "time?", "Its last poll, exact to seen_resolution; null: never." },
		{ "nickname", "text", "", "\"lab bench 4\"" }, { "notes", "text", "", "\"\"" },
		{ "has_token", "boolean", "Has it a token of its own?", "false" },
		{ "address", "text", "Of its first poll.", "\"203.0.113.9\"" },
		CREATED_AT,
		{ "deployment", "DeploymentState?", "Its newest deployment." },
		{ "attributes", "map", "All that it reported.", "{\"current_version\": \"1.0.0\"}" }) },
	{ "DeploymentState", "A deployment in short.", MEMBERS(
		{ "n", "integer", "1, 2, 3 ... of its device.", "3" },
		{ "release", "text", "Its name.", "\"1.1.0\"" },
		{ "state", "text", "See Deployment.", "\"installing\"" }) },
	{ "DeviceToken", "A device's own token.", MEMBERS(
		{ "prefix", "text", "Its first characters.", "\"h4Jx9a\"" },
		{ "token", "text?", "The token itself; it is nowhere else." }) },
	{ "Moved", "What a move did.", MEMBERS(
		{ "moved", "integer", "Devices that were elsewhere before.", "4" }) },
	{ "Deleted", "What a deletion of many did.", MEMBERS(
		{ "deleted", "integer", "Devices that were there before.", "4" }) },
	{ "VersionReport", "What a device reported at some time.", MEMBERS(
		{ "at", "time", "" }, { "software_type", "text?", "" },
		{ "software_version", "text?", "", "\"1.0.0\"" }, { "hardware_version", "text?", "" }) },
	{ "Deployment", "One attempt of one device at one release.", MEMBERS(
		{ "device", "text", "Its id.", "\"cam-0001\"" },
		{ "n", "integer", "1, 2, 3 ... of its device.", "3" },
		{ "release", "text", "Its name.", "\"1.1.0\"" },
		{ "cohort", "text?", "Whose activation it came by; null: deleted since.", "\"default\"" },
		{ "activation", "integer", "", "31" },
		{ "state", "text", "offered, retrieved, downloading, downloaded, installing, rejected, canceling; installed; or how it "
		  "ended: confirmed, failed, canceled, superseded, rolled_back, timed_out.", "\"installing\"" },
		{ "attempt", "integer", "Of this device at this release.", "1" },
		{ "from_version", "text?", "What the device ran before.", "\"1.0.0\"" },
		CREATED_AT,
		{ "changed_at", "time", "The last sign of life in it." },
		{ "closed_at", "time?", "" },
		{ "cancel_refused", "boolean", "Did the device refuse to cancel?", "false" },
		{ "folded_events", "integer", "Beyond the quota: counted, not kept.", "0" },
		{ "events", "[Event]~", "What happened in it, the oldest first." }) },
	{ "Event", "Something that happened in a deployment.", MEMBERS(
		{ "at", "time", "" },
		{ "source", "text", "device, gateway or operator.", "\"device\"" },
		{ "execution", "text?", "As the device sent it.", "\"proceeding\"" },
		{ "result", "text?", "As the device sent it.", "\"none\"" },
		{ "code", "integer?", "As the device sent it." },
		{ "details", "texts", "", "[\"Writing rootfs.\"]" }) },

	/* Forecasts */
	{ "Inspection", "What a device would get now, and why.", MEMBERS(
		{ "device", "Device", "" },
		{ "decision", "Decision", "" },
		{ "releases", "[Verdict]", "Each active release of its cohort." },
		{ "versions", "[VersionReport]", "The newest 100." },
		{ "deployments", "[Deployment]", "The newest 20." }) },
	{ "Decision", "The resolver's answer for a device.", MEMBERS(
		{ "release", "text?", "What it gets.", "\"1.1.0\"" },
		{ "next", "text?", "What it would get if it had not to wait.", "\"1.1.0\"" },
		{ "payload", "integer?", "The file.", "12" },
		{ "reason", "text", "Of a fixed set: docs/resolver.md.", "\"chosen\"" },
		{ "answer", "text", "In plain words." },
		{ "retry_at", "time?", "Until when it waits." }) },
	{ "Verdict", "Why a device gets a release, or does not.", MEMBERS(
		{ "release", "text", "", "\"1.1.0\"" }, { "kind", "text", "", "\"full\"" },
		{ "activation", "integer", "", "31" }, { "staged", "boolean", "", "false" },
		{ "reason", "text", "", "\"hardware_mismatch\"" }, { "text", "text", "The reason in plain words." }) },
	{ "Matrix", "Which devices of a cohort make which step next.", MEMBERS(
		{ "cohort", "text", "Its slug.", "\"default\"" },
		{ "devices", "integer", "", "500" },
		{ "moving", "integer", "That have a next step, also those that are held.", "420" },
		{ "staying", "integer", "That will not.", "80" },
		{ "held", "Held", "Devices after failures that do not take the step which their cell shows." },
		{ "columns", "[MatrixColumn]", "The active versions, in their order." },
		{ "rows", "[MatrixRow]", "What devices report, in the order of versions." }) },
	{ "Held", "Devices that have failed to install what they would be offered.", MEMBERS(
		{ "waiting", "integer", "For their next attempt.", "2" },
		{ "exhausted", "integer", "Without further attempts.", "1" }) },
	{ "MatrixColumn", "A version that is active.", MEMBERS(
		{ "version", "text", "", "\"1.1.0\"" },
		{ "total", "integer", "Devices that go there next.", "420" },
		{ "active", "[ActiveRelease]", "" }) },
	{ "ActiveRelease", "A release that is active in the cohort.", MEMBERS(
		{ "release", "text", "", "\"1.1.0\"" }, { "kind", "text", "", "\"full\"" },
		{ "staged", "boolean", "", "false" }) },
	{ "MatrixRow", "Devices that report the same.", MEMBERS(
		{ "software_version", "text?", "", "\"1.0.0\"" }, { "software_type", "text?", "", "\"main\"" },
		{ "hardware_version", "text?", "", "\"board-a\"" },
		{ "attributes", "map", "Those that the project targets." },
		{ "devices", "integer", "", "420" }, { "moving", "integer", "", "420" },
		{ "final", "boolean", "Does none of them go anywhere?", "false" },
		{ "deltas", "[ActiveRelease]", "That begin at this version." },
		{ "cells", "[MatrixCell]", "" },
		{ "staying", "[Staying]", "Why the others do not go on." }) },
	{ "MatrixCell", "Devices that make the same step.", MEMBERS(
		{ "version", "text", "Where to.", "\"1.1.0\"" }, { "release", "text", "", "\"1.1.0\"" },
		{ "kind", "text", "", "\"full\"" }, { "devices", "integer", "", "420" },
		{ "staged_devices", "integer", "", "42" }) },
	{ "Staying", "Devices that get nothing for one reason.", MEMBERS(
		{ "reason", "text", "", "\"up_to_date\"" }, { "text", "text", "" }, { "devices", "integer", "", "80" }) },
	{ "WhatIf", "The matrix before and after a change that has not been made.", MEMBERS(
		{ "moves", "integer", "Devices whose next step changes.", "378" },
		{ "before", "Matrix", "" }, { "after", "Matrix", "" }) },

	{ "Statistics", "Counts, now and at full hours.", MEMBERS(
		{ "now", "counts", "Of devices seen: the newest sample.", "{\"1.1.0\": 420}" },
		{ "over_time", "[Sample]", "The oldest first." }) },
	{ "Sample", "Counts at some time.", MEMBERS(
		{ "at", "time", "" }, { "counts", "counts", "", "{\"1.1.0\": 420}" }) },

	/* Files */
	{ "Artifact", "Stored bytes.", MEMBERS(
		{ "sha256", "text", "" }, { "sha1", "text", "" }, { "md5", "text", "" },
		{ "size", "integer", "Bytes.", "41943040" },
		{ "filename", "text", "", "\"image-1.1.0.swu\"" },
		{ "swu", "object?~", "What a .swu says of itself." },
		{ "used", "boolean", "Are payloads made of it?", "true" },
		CREATED_AT,
		{ "payloads", "[ArtifactUse]~", "Those payloads, in the answer about one artifact." }) },
	{ "ArtifactUse", "A payload that is made of an artifact.", MEMBERS(
		{ "id", "integer", "Of the payload.", "12" },
		{ "release", "text", "Its name.", "\"1.1.0\"" },
		{ "filename", "text", "What devices call it.", "\"image-1.1.0.swu\"" },
		{ "software_type", "text", "", "\"main\"" },
		{ "hardware_versions", "texts", "", "[\"board-a\"]" }) },
	{ "Upload", "A file on its way into the store.", MEMBERS(
		{ "id", "text", "" }, { "filename", "text", "", "\"image-1.1.0.swu\"" },
		{ "size", "integer", "Bytes.", "41943040" }, { "received", "integer", "Bytes so far.", "8388608" },
		{ "complete", "boolean", "Is it stored?", "false" },
		{ "expected_sha256", "text~", "As announced." },
		{ "sha256", "text~", "Once it is complete." }, { "sha1", "text~", "" }, { "md5", "text~", "" },
		{ "swu", "object?~", "What a .swu says of itself." },
		{ "piece_size", "integer~", "Bytes that one request may carry; not in lists.", "8388608" },
		CREATED_AT, { "expires_at", "time", "" }) },

	/* Who may come in, and what they did */
	{ "User", "A person.", MEMBERS(
		{ "id", "integer", "", "3" }, { "email", "text", "", "\"anna@example.com\"" },
		{ "name", "text", "", "\"Anna\"" }, { "admin", "boolean", "May they do everything?", "false" },
		{ "has_password", "boolean", "Can they log in?", "true" },
		{ "roles", "map", "Project to reader, member or manager.", "{\"default\": \"manager\"}" },
		CREATED_AT) },
	{ "Token", "What a program identifies itself with.", MEMBERS(
		{ "id", "integer", "", "5" }, { "name", "text", "", "\"ci\"" },
		{ "prefix", "text", "Its first characters.", "\"h4Jx9a\"" },
		{ "role", "text?", "reader, member, manager or admin; null: what its user may do.", "\"manager\"" },
		{ "projects", "texts?", "That it reaches; null: all.", "[\"default\"]" },
		{ "may_change_protected", "boolean", "May it change protected cohorts?", "false" },
		{ "user", "text?", "Whose login it came from." },
		{ "created_by", "text", "", "\"anna@example.com\"" },
		CREATED_AT, { "expires_at", "time?", "" }, { "revoked_at", "time?", "" }, { "last_used_at", "time?", "" },
		{ "token", "text?~", "The token itself, in the answer that made it and nowhere else." }) },
	{ "Login", "The session is in the cookie mews_session.", MEMBERS(
		{ "user", "User", "" },
		{ "csrf", "text~", "To be sent as X-CSRF-Token with everything but GET." },
		{ "token", "text~", "Instead of a session, when token_name asked for it." }) },
	{ "Me", "Who is asking.", MEMBERS(
		{ "kind", "text", "user or token.", "\"user\"" }, { "name", "text", "", "\"anna@example.com\"" },
		{ "admin", "boolean", "", "false" },
		{ "user", "User?", "" }, { "token", "Token?", "" },
		{ "csrf", "text?", "Of the session." }) },
	{ "AuditEntry", "Who did what to which thing.", MEMBERS(
		{ "id", "integer", "1, 2, 3 ... without gaps.", "417" }, { "at", "time", "" },
		{ "actor_kind", "text", "user, token or system.", "\"token\"" }, { "actor", "text", "", "\"ci\"" },
		{ "address", "text", "", "\"203.0.113.9\"" }, { "request_id", "text", "" },
		{ "project", "text?", "null: the installation.", "\"default\"" },
		{ "action", "text", "", "\"activation.create\"" }, { "object", "text", "", "\"release 1.1.0 in cohort default\"" },
		{ "before", "object?", "" }, { "after", "object?", "" },
		{ "hash", "text", "Of this entry and the hash of the one before." }) },
	{ "Verification", "Of a portion of the audit log.", MEMBERS(
		{ "intact", "boolean", "", "true" },
		{ "checked", "integer", "Entries that are as they were written.", "417" },
		{ "first", "Finding?", "The first entry that is not." },
		{ "head", "AuditHead", "The newest entry: note it elsewhere, and nobody can rewrite all of it." },
		{ "next", "text?", "The cursor of the next portion." }) },
	{ "Finding", "An entry that is not as it was written.", MEMBERS(
		{ "id", "integer", "", "400" }, { "problem", "text", "", "\"it is missing\"" }) },
	{ "AuditHead", "The end of the audit log.", MEMBERS(
		{ "id", "integer", "", "417" }, { "hash", "text", "" }) },
	{ "Server", "This gateway.", MEMBERS(
		{ "version", "text", "", "\"0.1.0\"" }, { "url", "text", "", "\"https://ota.example.com\"" },
		{ "schema", "text", "The newest migration.", "\"0005_accounts\"" }, { "postgresql", "text", "", "\"15.8\"" },
		{ "postgresql_started_at", "time", "" }, { "time", "time", "" },
		{ "upload_piece_size", "integer", "Bytes that one request of an upload may carry.", "8388608" },
		{ "seen_resolution", "integer", "Seconds: how exact last_seen is.", "60" }) },
	{ 0 },
};
/* clang-format on */
