/* The table of endpoints. Nothing else lists them: routing, checks and OpenAPI follow from it. */
#include "gateway/route.h"
#include "manage/endpoint.h"
#include "manage/endpoints.h"
#include "manage/fields.h"
#include "manage/manage.h"
#include "manage/problem.h"
#include "manage/uploads.h"

enum { BODY = 1 << 20 }; /* bytes of a JSON body */

#define ENDPOINT(...) .more = &(const struct endpoint){ __VA_ARGS__ }

/* A function of the schema. */
#define CALL(method_, pattern_, ...) \
	{ .method = method_, .pattern = pattern_, .handler = manage_call, ENDPOINT(__VA_ARGS__) }

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

	/* Devices */
	CALL("GET", P "/devices", "device_list", ROLE_READER, fields_device_list, NULL, 200,
	     "The devices by id."),
	CALL("GET", P "/devices/{device}", "device_get", ROLE_READER, NULL, NULL, 200,
	     "One device."),
	CALL("GET", P "/devices/{device}/deployments", "device_deployments", ROLE_READER, fields_page, NULL, 200,
	     "Its deployments with their events, newest first."),

	OWN("GET", P "/devices/{device}/inspect", manage_inspect, "inspect", ROLE_READER, NULL, NULL, 200,
	    "What the device would get now, and why: one answer in plain words."),

	/* Forecasts: what devices do next */
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
