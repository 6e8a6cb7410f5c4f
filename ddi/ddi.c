#include "ddi/ddi.h"

#include "ddi/endpoints.h"

#define BASE "/{tenant}/controller/v1/{device}"

enum {
	SMALL_BODY = 256 * 1024, /* configData; SWUpdate's feedback with its log: clients.md A.5 */
};

static const char *const MOUNTS[] = {
	"/api/v0/hawkbit", /* memfaultd configures SWUpdate with this */
	"",
	NULL,
};

static const struct route ROUTES[] = {
	{ .method = "GET", .pattern = BASE, .handler = ddi_poll },
	{ .method = "PUT", .pattern = BASE "/configData", .handler = ddi_config_data },
	{ .method = "GET", .pattern = BASE "/deploymentBase/{action}", .handler = ddi_deployment },
	{ .method = "POST",
	  .pattern = BASE "/deploymentBase/{action}/feedback",
	  .handler = ddi_feedback },
	{ .method = "GET", .pattern = BASE "/cancelAction/{action}", .handler = ddi_cancel },
	{ .method = "POST",
	  .pattern = BASE "/cancelAction/{action}/feedback",
	  .handler = ddi_cancel_feedback },
	{ .method = "GET", .pattern = BASE "/installedBase/{action}", .handler = ddi_installed },
	{ .method = "GET",
	  .pattern = BASE "/softwaremodules/{payload}/artifacts",
	  .handler = ddi_artifact_list },
	/* An error here ends the update of a SWUpdate device; a lost connection does not. */
	{ .method = "GET",
	  .pattern = BASE "/softwaremodules/{payload}/artifacts/{filename}",
	  .handler = ddi_artifact,
	  .access = "any",
	  .cut_unavailable = true },
	{ 0 },
};

const struct area ddi_area = {
	.name = "ddi",
	.mounts = MOUNTS,
	.routes = ROUTES,
	.max_body = SMALL_BODY,
	.reply_error = ddi_reply_error,
	.enter = ddi_enter,
	.quiet = true,
};
