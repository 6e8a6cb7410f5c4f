/* The table of endpoints. Nothing else lists them: routing, checks and OpenAPI follow from it. */
#include "manage/endpoints.h"

#include "gateway/route.h"
#include "manage/endpoint.h"
#include "manage/fields.h"
#include "manage/manage.h"
#include "manage/problem.h"
#include "manage/uploads.h"

enum { BODY = 1 << 20, LONG_BODY = 8 << 20 }; /* bytes of a JSON body */

/* clang-format off */
#define ENDPOINT(...) .more = &(const struct endpoint){ __VA_ARGS__ }

/* A function of the schema. */
#define CALL(method_, pattern_, ...) \
	{ .method = method_, .pattern = pattern_, .handler = manage_call, ENDPOINT(__VA_ARGS__) }

/* The same with a body that may be as long as many names. */
#define LONG_CALL(method_, pattern_, ...)                                     \
	{ .method = method_, .pattern = pattern_, .handler = manage_call,     \
	  .max_body = LONG_BODY, ENDPOINT(__VA_ARGS__) }

/* A handler of its own. */
#define OWN(method_, pattern_, handler_, ...) \
	{ .method = method_, .pattern = pattern_, .handler = handler_, ENDPOINT(__VA_ARGS__) }

/* A handler that takes a piece of a file. */
#define PIECE(method_, pattern_, handler_, ...)                                    \
	{ .method = method_, .pattern = pattern_, .handler = handler_,              \
	  .max_body = ROUTE_WHOLE_PIECE, .too_large = upload_reply_too_large,       \
	  ENDPOINT(__VA_ARGS__) }

#define P "/projects/{project}"

static const struct route ROUTES[] = {
	/* Projects, their keys and cohorts */
	CALL("GET", "/projects", "project_list", ROLE_SIGNED_IN, fields_project_list, NULL, 200, "[Project]",
	     "The projects that you may see, by slug unless `sort` says otherwise."),
	CALL("POST", "/projects", "project_create", ROLE_ADMIN, NULL, fields_project, 201, "Project",
	     "Create a project, with a cohort `default`."),
	CALL("GET", P, "project_get", ROLE_READER, NULL, NULL, 200, "Project",
	     "One project."),
	CALL("PATCH", P, "project_change", ROLE_MANAGER, NULL, fields_project_change, 200, "Project",
	     "Change its settings."),
	CALL("DELETE", P, "project_delete", ROLE_ADMIN, NULL, NULL, 204, NULL,
	     "Delete a project that has no devices, and all that belongs to it."),
	CALL("GET", P "/keys", "key_list", ROLE_READER, fields_key_list, NULL, 200, "[Key]",
	     "The keys that devices identify themselves with, newest first unless `sort` says otherwise."),
	CALL("POST", P "/keys", "key_create", ROLE_MANAGER, NULL, fields_key, 201, "Key",
	     "Make a key. It is shown once, in `key`.", "key"),
	CALL("GET", P "/keys/{key}", "key_get", ROLE_READER, NULL, NULL, 200, "Key",
	     "One key."),
	CALL("PATCH", P "/keys/{key}", "key_change", ROLE_MANAGER, NULL, fields_key_change, 200, "Key",
	     "Change its name, or the cohort that it puts devices into."),
	CALL("POST", P "/keys/{key}/revoke", "key_revoke", ROLE_MANAGER, NULL, NULL, 200, "Key",
	     "From now on no device gets in with this key."),
	CALL("GET", P "/cohorts", "cohort_list", ROLE_READER, fields_cohort_list, NULL, 200, "[Cohort]",
	     "The cohorts, by slug unless `sort` says otherwise."),
	CALL("POST", P "/cohorts", "cohort_create", ROLE_MANAGER, NULL, fields_cohort, 201, "Cohort",
	     "Create a cohort."),
	CALL("GET", P "/cohorts/{cohort}", "cohort_get", ROLE_READER, NULL, NULL, 200, "Cohort",
	     "One cohort."),
	CALL("PATCH", P "/cohorts/{cohort}", "cohort_change", ROLE_MANAGER, NULL, fields_cohort_change, 200, "Cohort",
	     "Change its settings, or how many of its devices are staged."),
	CALL("DELETE", P "/cohorts/{cohort}", "cohort_delete", ROLE_MANAGER, NULL, NULL, 204, NULL,
	     "Delete a cohort without devices, active releases and keys."),

	/* Releases and payloads */
	CALL("GET", P "/releases", "release_list", ROLE_READER, fields_release_list, NULL, 200, "[Release]",
	     "The releases, newest first unless `sort` says otherwise."),
	CALL("POST", P "/releases", "release_create", ROLE_MANAGER, NULL, fields_release, 201, "Release",
	     "Create a release; with `from` it is a delta."),
	CALL("GET", P "/releases/{release}", "release_get", ROLE_READER, NULL, NULL, 200, "Release",
	     "One release: VERSION, or FROM..VERSION for a delta."),
	CALL("PATCH", P "/releases/{release}", "release_change", ROLE_MANAGER, NULL, fields_release_change, 200, "Release",
	     "Change it; once activated only its notes."),
	CALL("DELETE", P "/releases/{release}", "release_delete", ROLE_MANAGER, NULL, NULL, 204, NULL,
	     "Delete a release that is active nowhere, and what devices did with it. 202: repeat the request, there is more of that.",
	     .also = "202"),
	CALL("GET", P "/releases/{release}/payloads", "payload_list", ROLE_READER, NULL, NULL, 200, "PayloadList",
	     "The files of a release."),
	CALL("POST", P "/releases/{release}/payloads", "payload_add", ROLE_MANAGER, NULL, fields_payload, 201, "Payload",
	     "Add an uploaded artifact to a release that has not been activated. If-Match: the release's ETag.",
	     .if_match = true),
	CALL("DELETE", P "/releases/{release}/payloads/{payload}", "payload_remove", ROLE_MANAGER, NULL, NULL, 204, NULL,
	     "Remove a file from a release that has not been activated. If-Match: the release's ETag."),

	/* Activations */
	CALL("GET", P "/activations", "activation_list", ROLE_READER, fields_activation_list, NULL, 200, "[Activation]",
	     "What is or was active, newest first."),
	CALL("POST", P "/activations", "activation_create", ROLE_MANAGER, NULL, fields_activation, 201, "Activation",
	     "Make a release active for a cohort."),
	CALL("GET", P "/activations/{activation}", "activation_get", ROLE_READER, NULL, NULL, 200, "Activation",
	     "One activation."),
	CALL("POST", P "/activations/{activation}/pull", "activation_pull", ROLE_MANAGER, NULL, NULL, 200, "Activation",
	     "Pull it: from now on nobody is offered the release by it."),

	/* Devices and what happens on them */
	CALL("GET", P "/devices", "device_list", ROLE_READER, fields_device_list, NULL, 200, "[Device]",
	     "The devices. With filters a page may be short, even empty: follow `next` to the end."),
	CALL("POST", P "/devices", "device_register", ROLE_MEMBER, NULL, fields_device, 201, "Device",
	     "Register a device ahead of its first poll."),
	LONG_CALL("POST", P "/devices/move", "device_move", ROLE_MEMBER, NULL, fields_device_move, 200, "Moved",
	     "Move many devices to a cohort: all of them or, on an error, none."),
	LONG_CALL("POST", P "/devices/delete", "device_delete_many", ROLE_MEMBER, NULL, fields_device_delete, 200, "Deleted",
	     "Forget many devices and their history: all of them or, on an error, none."),
	CALL("GET", P "/devices/{device}", "device_get", ROLE_READER, NULL, NULL, 200, "Device",
	     "One device."),
	CALL("PATCH", P "/devices/{device}", "device_change", ROLE_MEMBER, NULL, fields_device_change, 200, "Device",
	     "Change its nickname and notes, or move it to another cohort."),
	CALL("DELETE", P "/devices/{device}", "device_delete", ROLE_MEMBER, NULL, NULL, 204, NULL,
	     "Forget a device and its history. When it polls again it is new."),
	CALL("POST", P "/devices/{device}/token", "device_token", ROLE_MEMBER, NULL, NULL, 200, "DeviceToken",
	     "Make its own token (hawkBit's target token). It is shown once, in `token`; the one before is void.", "token",
	     .if_match = true),
	CALL("DELETE", P "/devices/{device}/token", "device_token_remove", ROLE_MEMBER, NULL, NULL, 204, NULL,
	     "Remove its own token, which opens nothing from now on. A project key still does."),
	CALL("POST", P "/devices/{device}/retry", "device_retry", ROLE_MANAGER, NULL, NULL, 200, "Device",
	     "Forget the attempts that it failed at, so that its next poll is offered again what they hold back.",
	     .if_match = true),
	CALL("GET", P "/devices/{device}/versions", "device_versions", ROLE_READER, fields_page, NULL, 200, "[VersionReport]",
	     "The versions that it has reported, newest first."),
	CALL("GET", P "/devices/{device}/deployments", "device_deployments", ROLE_READER, fields_device_deployments, NULL, 200, "[Deployment]",
	     "Its deployments, newest first, each with its newest 100 events."),
	CALL("GET", P "/devices/{device}/deployments/{n}", "deployment_get", ROLE_READER, NULL, NULL, 200, "Deployment",
	     "One of its deployments, with all events."),
	CALL("POST", P "/devices/{device}/deployments/{n}/cancel", "deployment_cancel", ROLE_MANAGER, NULL, fields_cancel, 200, "Deployment",
	     "Ask the device to cancel. What the rules say is offered again: pull the release or move the device first.",
	     .if_match = true),
	CALL("GET", P "/deployments", "deployment_list", ROLE_READER, fields_deployment_list, NULL, 200, "[Deployment]",
	     "The deployments, newest first. With filters a page may be short, even empty: follow `next` to the end."),

	/* Forecasts: what devices do next */
	OWN("GET", P "/devices/{device}/inspect", manage_inspect, "inspect", ROLE_READER, NULL, NULL, 200, "Inspection",
	    "What the device would get now, and why: one answer in plain words.",
	    .also = "409"),
	OWN("GET", P "/cohorts/{cohort}/matrix", manage_matrix, "matrix", ROLE_READER, NULL, NULL, 200, "Matrix",
	    "The version matrix: which devices make which step next."),
	OWN("POST", P "/cohorts/{cohort}/what-if", manage_what_if, "what_if", ROLE_READER, NULL, fields_what_if, 200, "WhatIf",
	    "The matrix for a change that has not been made."),

	CALL("GET", P "/statistics/versions", "statistics_versions", ROLE_READER, fields_statistics, NULL, 200, "Statistics",
	     "Devices by software version, now and over time; \"\" is none reported."),
	CALL("GET", P "/statistics/deployments", "statistics_deployments", ROLE_READER, fields_statistics_deployments, NULL, 200, "Statistics",
	     "Deployments by state, now and over time, of the project, a release, a cohort or both."),
	CALL("GET", P "/statistics/seen", "statistics_seen", ROLE_READER, fields_statistics, NULL, 200, "Statistics",
	     "Devices that polled within the step (hour, 24 hours, 7 days, 30 days) before each sample; estimated in fleets of more than 500,000."),

	/* Files: the tus protocol, and PUT for small ones */
	OWN("OPTIONS", P "/uploads", manage_upload_options, "upload_options", ROLE_ANYONE, NULL, NULL, 204, NULL,
	    "What the server speaks of tus."),
	CALL("GET", P "/uploads", "upload_list", ROLE_READER, fields_page, NULL, 200, "[Upload]",
	     "The uploads that are not complete, newest first."),
	PIECE("POST", P "/uploads", manage_upload_create, "upload_create", ROLE_MANAGER, NULL, NULL, 201, "Upload",
	      "Begin an upload of any size by the tus protocol.",
	      NULL, "application/offset+octet-stream", fields_tus_create, "404 410 412 413 415 460"),
	OWN("OPTIONS", P "/uploads/{upload}", manage_upload_options, "upload_options_one", ROLE_ANYONE, NULL, NULL, 204, NULL,
	    "What the server speaks of tus."),
	OWN("HEAD", P "/uploads/{upload}", manage_upload_head, "upload_head", ROLE_MANAGER, NULL, NULL, 200, NULL,
	    "How far an upload is.",
	    NULL, NULL, fields_tus, "412"),
	OWN("GET", P "/uploads/{upload}", manage_upload_get, "upload_get", ROLE_MANAGER, NULL, NULL, 200, "Upload",
	    "How far an upload is, and what came of it."),
	PIECE("PATCH", P "/uploads/{upload}", manage_upload_patch, "upload_patch", ROLE_MANAGER, NULL, NULL, 204, NULL,
	      "The next piece.",
	      NULL, "application/offset+octet-stream", fields_tus_piece, "404 410 412 413 415 460"),
	OWN("DELETE", P "/uploads/{upload}", manage_upload_delete, "upload_delete", ROLE_MANAGER, NULL, NULL, 204, NULL,
	    "End an upload.",
	    NULL, NULL, fields_tus, "412"),
	PIECE("POST", P "/uploads/{upload}", manage_upload_override, "upload_override", ROLE_MANAGER, NULL, NULL, 204, NULL,
	      "PATCH or DELETE for clients that know only GET and POST.",
	      NULL, "application/offset+octet-stream", fields_tus_override, "404 405 410 412 413 415 460"),
	CALL("GET", P "/artifacts", "artifact_list", ROLE_READER, fields_artifact_list, NULL, 200, "[Artifact]",
	     "The uploaded files, newest first unless `sort` says otherwise."),
	PIECE("PUT", P "/artifacts/{artifact}", manage_artifact_put, "artifact_put", ROLE_MANAGER, NULL, NULL, 201, "Artifact",
	      "Upload a file that fits one request, by its name.",
	      NULL, "application/octet-stream", NULL, "200 413"),
	CALL("GET", P "/artifacts/{artifact}", "artifact_get", ROLE_READER, NULL, NULL, 200, "Artifact",
	     "One file, by its SHA-256, with the payloads that are made of it."),
	CALL("DELETE", P "/artifacts/{artifact}", "artifact_delete", ROLE_MANAGER, NULL, NULL, 204, NULL,
	     "Delete a file that no release uses, by its SHA-256."),
	OWN("GET", P "/artifacts/{artifact}/content", manage_artifact_content, "artifact_content", ROLE_READER, NULL, NULL, 200, "application/octet-stream",
	    "Its bytes, or those that the header Range names.",
	    NULL, NULL, fields_range, "206 416"),

	/* Who may come in, what they did, and what is running here */
	OWN("POST", "/login", manage_login, "login", ROLE_ANYONE, NULL, fields_login, 200, "Login",
	    "Log in by password: a session for browsers or, with token_name, a token for programs.",
	    .also = "401 429"),
	OWN("POST", "/logout", manage_logout, "logout", ROLE_SIGNED_IN, NULL, NULL, 204, NULL,
	    "End this session, or the token that a login gave."),
	CALL("GET", "/me", "me", ROLE_SIGNED_IN, NULL, NULL, 200, "Me",
	     "Who you are here; for a session also its X-CSRF-Token."),
	OWN("POST", "/me/password", manage_me_password, "me_password", ROLE_SIGNED_IN, NULL, fields_me_password, 204, NULL,
	    "Choose a new password.",
	    .also = "429"),
	CALL("GET", "/me/tokens", "me_tokens", ROLE_SIGNED_IN, fields_token_list, NULL, 200, "[Token]",
	     "The tokens that your logins gave, newest first unless `sort` says otherwise."),
	CALL("POST", "/me/tokens/{token}/revoke", "me_token_revoke", ROLE_SIGNED_IN, NULL, NULL, 200, "Token",
	     "From now on no gateway takes this token of yours."),
	CALL("GET", "/users", "user_list", ROLE_ADMIN, fields_user_list, NULL, 200, "[User]",
	     "The users, by e-mail unless `sort` says otherwise."),
	CALL("POST", "/users", "user_create", ROLE_ADMIN, NULL, fields_user, 201, "User",
	     "Create a user."),
	CALL("GET", "/users/{user}", "user_get", ROLE_ADMIN, NULL, NULL, 200, "User",
	     "One user, by id or e-mail."),
	CALL("PATCH", "/users/{user}", "user_change", ROLE_ADMIN, NULL, fields_user_change, 200, "User",
	     "Change a user's name, password and roles."),
	CALL("DELETE", "/users/{user}", "user_delete", ROLE_ADMIN, NULL, NULL, 204, NULL,
	     "Delete a user, with all sessions and tokens."),
	CALL("GET", "/tokens", "token_list", ROLE_ADMIN, fields_token_list, NULL, 200, "[Token]",
	     "The API tokens, newest first unless `sort` says otherwise."),
	CALL("POST", "/tokens", "token_create", ROLE_ADMIN, NULL, fields_token, 201, "Token",
	     "Make a token for a program. It is shown once, in `token`.", "token"),
	CALL("GET", "/tokens/{token}", "token_get", ROLE_ADMIN, NULL, NULL, 200, "Token",
	     "One token."),
	CALL("POST", "/tokens/{token}/revoke", "token_revoke", ROLE_ADMIN, NULL, NULL, 200, "Token",
	     "From now on no gateway takes this token."),
	CALL("GET", "/audit", "audit_list", ROLE_SIGNED_IN, fields_audit, NULL, 200, "[AuditEntry]",
	     "Who did what, newest first. A page may be short, even empty: follow `next` to the end."),
	OWN("GET", "/audit/export", manage_audit_export, "audit_export", ROLE_SIGNED_IN, fields_audit_export, NULL, 200, "application/jsonl text/csv",
	    "The same as a file. If there is more, the header X-Next-Cursor says where it goes on.",
	    .also = "404"),
	CALL("GET", "/audit/verify", "audit_verify", ROLE_ADMIN, fields_audit_verify, NULL, 200, "Verification",
	     "Is the log as it was written? In portions: follow `next` to the end."),
	OWN("GET", "/server", manage_server, "server", ROLE_SIGNED_IN, NULL, NULL, 200, "Server",
	    "The versions and limits of this gateway."),
	OWN("GET", "/openapi.json", manage_openapi, "openapi", ROLE_ANYONE, NULL, NULL, 200, "application/json",
	    "This document."),
	OWN("GET", "/docs", manage_docs, "docs", ROLE_ANYONE, NULL, NULL, 200, "text/html",
	    "The same as a page."),
	{ 0 },
};
/* clang-format on */

static const char *const MOUNTS[] = { "/api/v1", NULL };

const struct area manage_area = {
	.name = "api",
	.mounts = MOUNTS,
	.routes = ROUTES,
	.max_body = BODY,
	.reply_error = problem_reply,
	.enter = manage_enter,
};
