/* The documents that tell a device what to install. Pure but for the links' base. Inside ddi/. */
#pragma once

#include <jansson.h>
#include <stdint.h>

struct arena;

/* One file, as devices see it; texts are borrowed. */
struct ddi_file {
	int64_t payload_id, size;
	const char *filename, *sha256, *sha1, *md5;
};

/* {"filename", "hashes", "size", "_links"}; `base` is links_device(). */
json_t *render_artifact(struct arena *arena, const char *base, const struct ddi_file *file);

struct ddi_deployment {
	const char *n;              /* the action id */
	const char *name, *version; /* of the only chunk */
	struct ddi_file file;
	const char *state;    /* of the deployment */
	const char *messages; /* JSON array, newest first, or NULL */
};
/*
 * deploymentBase and installedBase. Always "forced": a device that should wait is not offered
 * anything, because SWUpdate books "skip" as a success (clients.md 8).
 */
json_t *render_deployment(struct arena *arena, const char *base,
			  const struct ddi_deployment *deployment);
