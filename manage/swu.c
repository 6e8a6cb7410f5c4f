#include "manage/swu.h"

#include <archive.h>
#include <archive_entry.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/arena.h"
#include "gateway/log.h"
#include "gateway/request.h"
#include "gateway/store.h"
#include "gateway/worker.h"
#include "manage/swu_description.h"
#include "manage/swu_signature.h"

enum {
	BLOCK = 64 * 1024,
	MAX_FILE = 1 << 20, /* bytes of sw-description, and of its signature */
	MAX_READ = 3 << 20, /* bytes of the archive: both and their heads */
};

/* The beginning of a file, for libarchive, which else looks for a head in all that follows. */
struct beginning {
	int fd;
	size_t left;
	char block[BLOCK];
};

static la_ssize_t read_beginning(struct archive *archive, void *data, const void **out)
{
	struct beginning *in = data;
	ssize_t size = read(in->fd, in->block, in->left < BLOCK ? in->left : BLOCK);

	(void)archive;
	if (size > 0)
		in->left -= (size_t)size;
	*out = in->block;
	return size; /* 0: the end */
}

/* A file of the archive. */
struct part {
	char *data; /* NUL-terminated; NULL: not there, or too large */
	size_t size;
};

/* The next file, which has to be called `name`. */
static struct part next_part(struct arena *arena, struct archive *archive, const char *name)
{
	struct part part = { NULL, 0 };
	struct archive_entry *entry;
	int64_t size;

	if (archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		return part;
	const char *path = archive_entry_pathname(entry);
	size = archive_entry_size(entry);
	if (!path || strcmp(path, name) != 0 || size < 1 || size > MAX_FILE)
		return part;
	part.data = arena_alloc(arena, (size_t)size + 1);
	part.size = (size_t)size;
	if (archive_read_data(archive, part.data, part.size) != (la_ssize_t)size)
		part.data = NULL;
	return part;
}

static struct archive *open_archive(struct arena *arena, int fd)
{
	struct beginning *in = arena_alloc(arena, sizeof(*in));
	struct archive *archive = archive_read_new();

	in->fd = fd;
	in->left = MAX_READ;
	if (!archive)
		abort();
	archive_read_support_format_cpio(archive);
	if (archive_read_open(archive, in, NULL, read_beginning, NULL) == ARCHIVE_OK)
		return archive;
	archive_read_free(archive);
	return NULL;
}

const char *swu_describe(struct arena *arena, int fd)
{
	struct archive *archive = open_archive(arena, fd);
	struct part description, signature;
	char signer[SWU_SIGNER_SIZE];
	json_auto_t *about = NULL;

	if (!archive)
		return NULL;
	description = next_part(arena, archive, "sw-description");
	signature = description.data ? next_part(arena, archive, "sw-description.sig")
				     : (struct part){ NULL, 0 };
	archive_read_free(archive);
	if (!description.data)
		return NULL;
	about = swu_description_read(description.data);
	if (!about)
		return NULL;
	json_object_set_new(about, "signed", json_boolean(signature.data != NULL));
	if (signature.data && swu_signature_signer(description.data, description.size,
						   signature.data, signature.size, signer))
		json_object_set_new(about, "signer", json_string(signer));
	return arena_adopt(arena, json_dumps(about, JSON_COMPACT), free);
}

const char *swu_describe_artifact(struct request *req, const char *sha256, int64_t size)
{
	struct error err;
	int fd = store_artifact_open(req->worker->store, sha256, size, &err);
	const char *about;

	if (fd < 0) {
		log_warn("artifact_unreadable", "request=%s error=\"%s\"", req->id, err.text);
		return NULL;
	}
	about = swu_describe(req->arena, fd);
	close(fd);
	return about;
}
