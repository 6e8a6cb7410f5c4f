#include "ddi/render.h"

#include <inttypes.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/url.h"

/* hawkBit's word for software of no special kind; Zephyr wants no other. */
static const char PART[] = "bApp";
static const char MODE[] = "forced";

/* hawkBit's names of action states; ours that it does not know are what it would show instead. */
static const struct {
	const char *state, *status;
} statuses[] = {
	{ "offered", "RUNNING" },       { "retrieved", "RETRIEVED" }, { "downloading", "DOWNLOAD" },
	{ "downloaded", "DOWNLOADED" }, { "installing", "RUNNING" },  { "rejected", "WARNING" },
	{ "canceling", "CANCELING" },   { "canceled", "CANCELED" },   { "superseded", "CANCELED" },
	{ "installed", "FINISHED" },    { "confirmed", "FINISHED" },  { "failed", "ERROR" },
	{ "rolled_back", "ERROR" },     { "timed_out", "ERROR" },
};

static const char *status_of(const char *state)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (strcmp(statuses[i].state, state) == 0)
			return statuses[i].status;
	return "RUNNING";
}

static json_t *link_to(const char *href, const char *suffix)
{
	return json_pack("{s:s+}", "href", href, suffix);
}

json_t *render_artifact(struct arena *arena, const char *base, const struct ddi_file *file)
{
	const char *href = arena_printf(arena, "%s/softwaremodules/%" PRId64 "/artifacts/%s", base,
					file->payload_id, url_encode(arena, file->filename));
	static const char MD5SUM[] = ".MD5SUM";

	return json_pack("{s:s, s:{s:s, s:s, s:s}, s:I, s:{s:o, s:o, s:o, s:o}}", "filename",
			 file->filename, "hashes", "sha1", file->sha1, "md5", file->md5, "sha256",
			 file->sha256, "size", (json_int_t)file->size, "_links", "download",
			 link_to(href, ""), "md5sum", link_to(href, MD5SUM), "download-http",
			 link_to(href, ""), "md5sum-http", link_to(href, MD5SUM));
}

json_t *render_deployment(struct arena *arena, const char *base,
			  const struct ddi_deployment *deployment)
{
	json_t *chunk = json_pack("{s:s, s:s, s:s, s:[o]}", "part", PART, "version",
				  deployment->version, "name", deployment->name, "artifacts",
				  render_artifact(arena, base, &deployment->file));
	json_t *document = json_pack("{s:s, s:{s:s, s:s, s:[o]}}", "id", deployment->n,
				     "deployment", "download", MODE, "update", MODE, "chunks",
				     chunk);

	if (deployment->messages)
		json_object_set_new(document, "actionHistory",
				    json_pack("{s:s, s:o}", "status", status_of(deployment->state),
					      "messages",
					      json_loads(deployment->messages, 0, NULL)));
	return document;
}
