/* The table of endpoints. Nothing else lists them: routing, checks and OpenAPI follow from it. */
#include "gateway/route.h"
#include "manage/endpoint.h"
#include "manage/endpoints.h"
#include "manage/fields.h"
#include "manage/manage.h"
#include "manage/problem.h"
#include "manage/uploads.h"

enum { BODY = 1 << 20, LONG_BODY = 8 << 20 }; /* bytes of a JSON body */

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

/* clang-format off */
static const struct route ROUTES[] = {
	/* Projects, their keys and cohorts */
	CALL("GET", "/projects", "project_list", ROLE_SIGNED_IN, fields_page, NULL, 200,
	     "The projects that you may see, by slug."),
	CALL("POST", "/projects", "project_create", ROLE_ADMIN, NULL, fields_project, 201,
	     "Create a project, with a cohort `default`."),
	CALL("GET", P, "project_get", ROLE_READER, NULL, NULL, 200,
	     "One project."),
	CALL("PATCH", P, "project_change", ROLE_MANAGER, NULL, fields_project_change, 200,
	     "Change its settings."),
	CALL("DELETE", P, "project_delete", ROLE_ADMIN, NULL, NULL, 204,
	     "Delete a project that has no devices, and all that belongs to it."),
	CALL("GET", P "/keys", "key_list", ROLE_READER, fields_page, NULL, 200,
	     "The keys that devices identify themselves with, newest first."),
	CALL("POST", P "/keys", "key_create", ROLE_MANAGER, NULL, fields_key, 201,
	     "Make a key. It is shown once, in `key`.", "key"),
	CALL("POST", P "/keys/{key}/revoke", "key_revoke", ROLE_MANAGER, NULL, NULL, 200,
	     "From now on no device gets in with this key."),
	CALL("GET", P "/cohorts", "cohort_list", ROLE_READER, fields_page, NULL, 200,
	     "The cohorts by slug."),
	CALL("POST", P "/cohorts", "cohort_create", ROLE_MANAGER, NULL, fields_cohort, 201,
	     "Create a cohort."),
	CALL("GET", P "/cohorts/{cohort}", "cohort_get", ROLE_READER, NULL, NULL, 200,
	     "One cohort."),
	CALL("PATCH", P "/cohorts/{cohort}", "cohort_change", ROLE_MANAGER, NULL, fields_cohort_change, 200,
	     "Change its settings, or how many of its devices are staged."),
	CALL("DELETE", P "/cohorts/{cohort}", "cohort_delete", ROLE_MANAGER, NULL, NULL, 204,
	     "Delete a cohort without devices, active releases and keys."),

	/* Releases and payloads */
	CALL("GET", P "/releases", "release_list", ROLE_READER, fields_page, NULL, 200,
	     "The releases, newest first."),
	CALL("POST", P "/releases", "release_create", ROLE_MANAGER, NULL, fields_release, 201,
	     "Create a release; with `from` it is a delta."),
	CALL("GET", P "/releases/{release}", "release_get", ROLE_READER, NULL, NULL, 200,
	     "One release: VERSION, or FROM..VERSION for a delta."),
	CALL("PATCH", P "/releases/{release}", "release_change", ROLE_MANAGER, NULL, fields_release_change, 200,
	     "Change it; once activated only its notes."),
	CALL("DELETE", P "/releases/{release}", "release_delete", ROLE_MANAGER, NULL, NULL, 204,
	     "Delete a release that is active nowhere."),
	CALL("GET", P "/releases/{release}/payloads", "payload_list", ROLE_READER, NULL, NULL, 200,
	     "The files of a release."),
	CALL("POST", P "/releases/{release}/payloads", "payload_add", ROLE_MANAGER, NULL, fields_payload, 201,
	     "Add an uploaded artifact to a release that has not been activated."),
	CALL("DELETE", P "/releases/{release}/payloads/{payload}", "payload_remove", ROLE_MANAGER, NULL, NULL, 204,
	     "Remove a file from a release that has not been activated."),

	/* Activations */
	CALL("GET", P "/activations", "activation_list", ROLE_READER, fields_activation_list, NULL, 200,
	     "What is or was active, newest first."),
	CALL("POST", P "/activations", "activation_create", ROLE_MANAGER, NULL, fields_activation, 201,
	     "Make a release active for a cohort."),
	CALL("GET", P "/activations/{activation}", "activation_get", ROLE_READER, NULL, NULL, 200,
	     "One activation."),
	CALL("POST", P "/activations/{activation}/pull", "activation_pull", ROLE_MANAGER, NULL, NULL, 200,
	     "Pull it: from now on nobody is offered the release by it."),

	/* Devices and what happens on them */
	CALL("GET", P "/devices", "device_list", ROLE_READER, fields_device_list, NULL, 200,
	     "The devices. With filters a page may be short, even empty: follow `next` to the end."),
	CALL("POST", P "/devices", "device_register", ROLE_MEMBER, NULL, fields_device, 201,
	     "Register a device ahead of its first poll."),
	LONG_CALL("POST", P "/devices/move", "device_move", ROLE_MEMBER, NULL, fields_device_move, 200,
	     "Move many devices to a cohort: all of them or, on an error, none."),
	CALL("GET", P "/devices/{device}", "device_get", ROLE_READER, NULL, NULL, 200,
	     "One device."),
	CALL("PATCH", P "/devices/{device}", "device_change", ROLE_MEMBER, NULL, fields_device_change, 200,
	     "Change its nickname and notes, or move it to another cohort."),
	CALL("DELETE", P "/devices/{device}", "device_delete", ROLE_MEMBER, NULL, NULL, 204,
	     "Forget a device and its history. When it polls again it is new."),
	CALL("POST", P "/devices/{device}/token", "device_token", ROLE_MEMBER, NULL, NULL, 200,
	     "Make its own token (hawkBit's target token). It is shown once, in `token`; the one before is void.", "token"),
	CALL("GET", P "/devices/{device}/versions", "device_versions", ROLE_READER, fields_page, NULL, 200,
	     "The versions that it has reported, newest first."),
	CALL("GET", P "/devices/{device}/deployments", "device_deployments", ROLE_READER, fields_device_deployments, NULL, 200,
	     "Its deployments, newest first, each with its newest 100 events."),
	CALL("GET", P "/devices/{device}/deployments/{n}", "deployment_get", ROLE_READER, NULL, NULL, 200,
	     "One of its deployments, with all events."),
	CALL("POST", P "/devices/{device}/deployments/{n}/cancel", "deployment_cancel", ROLE_MANAGER, NULL, fields_cancel, 200,
	     "Ask the device to cancel. What the rules say is offered again: pull the release or move the device first."),
	CALL("GET", P "/deployments", "deployment_list", ROLE_READER, fields_deployment_list, NULL, 200,
	     "The deployments, newest first. With filters a page may be short, even empty: follow `next` to the end."),

	/* Forecasts: what devices do next */
	OWN("GET", P "/devices/{device}/inspect", manage_inspect, "inspect", ROLE_READER, NULL, NULL, 200,
	    "What the device would get now, and why: one answer in plain words."),
	OWN("GET", P "/cohorts/{cohort}/matrix", manage_matrix, "matrix", ROLE_READER, NULL, NULL, 200,
	    "The version matrix: which devices make which step next."),
	OWN("POST", P "/cohorts/{cohort}/what-if", manage_what_if, "what_if", ROLE_READER, NULL, fields_what_if, 200,
	    "The matrix for a change that has not been made."),

	/* Files: the tus protocol, and PUT for small ones */
	OWN("OPTIONS", P "/uploads", manage_upload_options, "upload_options", ROLE_ANYONE, NULL, NULL, 204,
	    "What the server speaks of tus."),
	PIECE("POST", P "/uploads", manage_upload_create, "upload_create", ROLE_MANAGER, NULL, NULL, 201,
	      "Begin an upload of any size by the tus protocol."),
	OWN("OPTIONS", P "/uploads/{upload}", manage_upload_options, "upload_options_one", ROLE_ANYONE, NULL, NULL, 204,
	    "What the server speaks of tus."),
	OWN("HEAD", P "/uploads/{upload}", manage_upload_head, "upload_head", ROLE_MANAGER, NULL, NULL, 200,
	    "How far an upload is."),
	OWN("GET", P "/uploads/{upload}", manage_upload_get, "upload_get", ROLE_MANAGER, NULL, NULL, 200,
	    "How far an upload is, and what came of it."),
	PIECE("PATCH", P "/uploads/{upload}", manage_upload_patch, "upload_patch", ROLE_MANAGER, NULL, NULL, 204,
	      "The next piece."),
	OWN("DELETE", P "/uploads/{upload}", manage_upload_delete, "upload_delete", ROLE_MANAGER, NULL, NULL, 204,
	    "End an upload."),
	PIECE("POST", P "/uploads/{upload}", manage_upload_override, "upload_override", ROLE_MANAGER, NULL, NULL, 204,
	      "PATCH or DELETE for clients that know only GET and POST."),
	OWN("GET", P "/artifacts", manage_artifact_list, "artifact_list", ROLE_READER, fields_page, NULL, 200,
	    "The uploaded files, newest first."),
	PIECE("PUT", P "/artifacts/{filename}", manage_artifact_put, "artifact_put", ROLE_MANAGER, NULL, NULL, 201,
	      "Upload a file that fits one request."),

	/* Who may come in, what they did, and what is running here */
	OWN("POST", "/login", manage_login, "login", ROLE_ANYONE, NULL, fields_login, 200,
	    "Log in by password: a session for browsers or, with token_name, a token for programs."),
	OWN("POST", "/logout", manage_logout, "logout", ROLE_SIGNED_IN, NULL, NULL, 204,
	    "End this session, or the token that a login gave."),
	CALL("GET", "/me", "me", ROLE_SIGNED_IN, NULL, NULL, 200,
	     "Who you are here; for a session also its X-CSRF-Token."),
	OWN("POST", "/me/password", manage_me_password, "me_password", ROLE_SIGNED_IN, NULL, fields_me_password, 204,
	    "Choose a new password."),
	CALL("GET", "/users", "user_list", ROLE_ADMIN, fields_page, NULL, 200,
	     "The users by e-mail."),
	CALL("POST", "/users", "user_create", ROLE_ADMIN, NULL, fields_user, 201,
	     "Create a user."),
	CALL("GET", "/users/{user}", "user_get", ROLE_ADMIN, NULL, NULL, 200,
	     "One user, by id or e-mail."),
	CALL("PATCH", "/users/{user}", "user_change", ROLE_ADMIN, NULL, fields_user_change, 200,
	     "Change a user's name, password and roles."),
	CALL("DELETE", "/users/{user}", "user_delete", ROLE_ADMIN, NULL, NULL, 204,
	     "Delete a user, with all sessions and tokens."),
	CALL("GET", "/tokens", "token_list", ROLE_ADMIN, fields_page, NULL, 200,
	     "The API tokens, newest first."),
	CALL("POST", "/tokens", "token_create", ROLE_ADMIN, NULL, fields_token, 201,
	     "Make a token for a program. It is shown once, in `token`.", "token"),
	CALL("POST", "/tokens/{token}/revoke", "token_revoke", ROLE_ADMIN, NULL, NULL, 200,
	     "From now on no gateway takes this token."),
	CALL("GET", "/audit", "audit_list", ROLE_SIGNED_IN, fields_audit, NULL, 200,
	     "Who did what, newest first. A page may be short, even empty: follow `next` to the end."),
	OWN("GET", "/audit/export", manage_audit_export, "audit_export", ROLE_SIGNED_IN, fields_audit_export, NULL, 200,
	    "The same as a file. If there is more, the header X-Next-Cursor says where it goes on."),
	CALL("GET", "/audit/verify", "audit_verify", ROLE_ADMIN, fields_audit_verify, NULL, 200,
	     "Is the log as it was written? In portions: follow `next` to the end."),
	OWN("GET", "/server", manage_server, "server", ROLE_SIGNED_IN, NULL, NULL, 200,
	    "The versions and limits of this gateway."),
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
