#include "gateway/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/error.h"
#include "gateway/hex.h"
#include "gateway/log.h"

enum {
	FOLDER_MODE = 0750,
	FILE_MODE = 0640,
	FOLDER_HEX = 2, /* digits of a SHA-256 that name the folder */
};

static const char LOCK[] = ".lock";

struct store {
	int root; /* folder descriptors: paths below are relative, whatever happens above */
	int uploads;
};

/* "ab/cdef..." */
struct artifact_path {
	char folder[FOLDER_HEX + 1];
	char file[DIGEST_SHA256_HEX + 1];
};

static bool file_failed(struct error *err, const char *what)
{
	return error_set(err, errno == ENOENT ? ERR_GONE : ERR_UNAVAILABLE,
			 "artifact store: %s: %s", what, strerror(errno));
}

/* ---- Opening ---- */

static bool make_folders(const char *path)
{
	char *copy = strdup(path);

	if (!copy)
		abort();
	for (char *slash = *copy ? strchr(copy + 1, '/') : NULL; slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(copy, FOLDER_MODE); /* what cannot be made is found missing below */
		*slash = '/';
	}
	bool made = mkdir(copy, FOLDER_MODE) == 0 || errno == EEXIST;
	free(copy);
	return made;
}

static int open_folder(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

struct store *store_open(const char *path, struct error *err)
{
	struct store *store = malloc(sizeof(*store));

	if (!store)
		abort();
	*store = (struct store){ -1, -1 };
	if (make_folders(path))
		store->root = open_folder(AT_FDCWD, path);
	if (store->root >= 0 &&
	    (mkdirat(store->root, "uploads", FOLDER_MODE) == 0 || errno == EEXIST))
		store->uploads = open_folder(store->root, "uploads");
	if (store->uploads >= 0 && faccessat(store->uploads, ".", W_OK | X_OK, AT_EACCESS) == 0)
		return store;
	error_set(err, ERR_INTERNAL, "artifact store %s: %s", path, strerror(errno));
	store_close(store);
	return NULL;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	if (store->uploads >= 0)
		close(store->uploads);
	if (store->root >= 0)
		close(store->root);
	free(store);
}

/* ---- Artifacts ---- */

static bool artifact_path(const char *sha256, struct artifact_path *out)
{
	if (!hex_is(sha256, DIGEST_SHA256_HEX - 1))
		return false;
	snprintf(out->folder, sizeof(out->folder), "%.*s", FOLDER_HEX, sha256);
	snprintf(out->file, sizeof(out->file), "%s/%s", out->folder, sha256 + FOLDER_HEX);
	return true;
}

int store_artifact_open(const struct store *store, const char *sha256, int64_t size,
			struct error *err)
{
	struct artifact_path path;
	struct stat info;

	if (!artifact_path(sha256, &path)) {
		error_set(err, ERR_INTERNAL, "artifact store: no SHA-256");
		return -1;
	}
	int fd = openat(store->root, path.file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		file_failed(err, sha256);
		return -1;
	}
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size == size)
		return fd;
	error_set(err, ERR_GONE, "artifact store: %s: is no file of %lld bytes any more", sha256,
		  (long long)size);
	close(fd);
	return -1;
}

static bool artifact_there(const struct store *store, const struct artifact_path *path,
			   int64_t size)
{
	struct stat info;

	return fstatat(store->root, path->file, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(info.st_mode) && info.st_size == size;
}

/* The folder exists and its entries are on the disk. */
static bool sync_folder(const struct store *store, const char *name)
{
	int fd = open_folder(store->root, name);
	bool synced = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return synced;
}

/* Who stores files shares the lock, who removes one has it alone. It is held for one file, never
 * while others run. -1 with errno: EWOULDBLOCK, or the disk failed. */
static int lock_store(const struct store *store, int how)
{
	int fd = openat(store->root, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);

	if (fd >= 0 && flock(fd, how | LOCK_NB) != 0) {
		close(fd);
		errno = EWOULDBLOCK;
		return -1;
	}
	return fd;
}

static bool remove_if_older(const struct store *store, const struct artifact_path *path,
			    int64_t before)
{
	struct stat info;

	if (fstatat(store->root, path->file, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT;
	return info.st_mtime < before && unlinkat(store->root, path->file, 0) == 0 &&
	       sync_folder(store, path->folder);
}

bool store_artifact_remove(const struct store *store, const char *sha256, int64_t before)
{
	struct artifact_path path;

	if (!artifact_path(sha256, &path))
		return false;
	int lock = lock_store(store, LOCK_EX);
	if (lock < 0)
		return false;
	bool removed = remove_if_older(store, &path, before);
	close(lock);
	return removed;
}

/* ---- Uploads ---- */

static bool upload_id(const char *id, struct error *err)
{
	return hex_is(id, STORE_ID_SIZE - 1) ||
	       error_set(err, ERR_GONE, "artifact store: no such upload");
}

bool store_upload_begin(const struct store *store, const char *id, struct error *err)
{
	if (!upload_id(id, err))
		return false;
	int fd = openat(store->uploads, id, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return file_failed(err, "new upload");
	close(fd);
	return fsync(store->uploads) == 0 || file_failed(err, "new upload");
}

int store_upload_lock(const struct store *store, const char *id, struct error *err)
{
	if (!upload_id(id, err))
		return -1;
	int fd = openat(store->uploads, id, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		file_failed(err, "upload");
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		error_set(err, ERR_CONFLICT, "another request is writing to this upload");
	else
		file_failed(err, "lock of an upload");
	close(fd);
	return -1;
}

static bool write_all(int fd, int64_t offset, const char *data, size_t size)
{
	while (size) {
		ssize_t done = pwrite(fd, data, size, offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		data += done;
		offset += done;
		size -= (size_t)done;
	}
	return true;
}

bool store_upload_write(int fd, int64_t offset, const void *data, size_t size,
			struct digest_state *hash, struct error *err)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return file_failed(err, "upload");
	if (info.st_size < offset)
		return error_set(err, ERR_GONE, "artifact store: bytes of the upload are missing");
	if (info.st_size > offset && ftruncate(fd, offset) != 0)
		return file_failed(err, "upload");
	if (!write_all(fd, offset, data, size) || fdatasync(fd) != 0)
		return file_failed(err, "upload");
	/* A piece of no bytes prolongs an upload, too; store_sweep() looks at this time. */
	if (size == 0 && futimens(fd, NULL) != 0)
		return file_failed(err, "upload");
	digest_add(hash, data, size);
	return true;
}

/* Every piece was synced when it was written: the file is durable before its name appears. */
static bool make_visible(const struct store *store, const char *id,
			 const struct artifact_path *path, int64_t size, struct error *err)
{
	struct stat info;

	if (fstatat(store->uploads, id, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return file_failed(err, "upload");
	if (info.st_size != size)
		return error_set(err, ERR_GONE, "artifact store: bytes of the upload are missing");
	if (utimensat(store->uploads, id, NULL, 0) != 0) /* as freshen() */
		return file_failed(err, "upload");
	if (mkdirat(store->root, path->folder, FOLDER_MODE) == 0 ? fsync(store->root) != 0
								 : errno != EEXIST)
		return file_failed(err, "folder of an artifact");
	if (renameat(store->uploads, id, store->root, path->file) != 0)
		return file_failed(err, "upload");
	return true;
}

/* We have these bytes already, and nobody removes them within the next hour. */
static bool freshen(const struct store *store, const struct artifact_path *path, int64_t size)
{
	return artifact_there(store, path, size) &&
	       utimensat(store->root, path->file, NULL, AT_SYMLINK_NOFOLLOW) == 0;
}

bool store_upload_finish(const struct store *store, const char *id, const struct digest *digest,
			 int64_t size, struct error *err)
{
	struct artifact_path path;

	if (!upload_id(id, err))
		return false;
	if (!artifact_path(digest->sha256, &path))
		return error_set(err, ERR_INTERNAL, "artifact store: no SHA-256");
	int lock = lock_store(store, LOCK_SH);
	if (lock < 0)
		return file_failed(err, "lock");
	/* Asked a second time because another process may do the same for this upload just now. */
	bool there = freshen(store, &path, size) || make_visible(store, id, &path, size, err) ||
		     freshen(store, &path, size);
	close(lock);
	if (!there)
		return false;
	/* Also when it was there: whoever made it may have died before this. */
	if (!sync_folder(store, path.folder))
		return file_failed(err, "folder of an artifact");
	store_upload_drop(store, id);
	return true;
}

void store_upload_drop(const struct store *store, const char *id)
{
	if (hex_is(id, STORE_ID_SIZE - 1))
		(void)unlinkat(store->uploads, id, 0); /* what stays is swept */
}

int store_sweep(const struct store *store, int age)
{
	int fd = open_folder(store->uploads, ".");
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	time_t limit = time(NULL) - age;
	struct dirent *entry;
	struct stat info;
	int removed = 0;

	if (!folder) {
		log_warn("store_sweep_failed", "error=\"%s\"", strerror(errno));
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((entry = readdir(folder)))
		if (hex_is(entry->d_name, STORE_ID_SIZE - 1) &&
		    fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
		    info.st_mtime < limit && unlinkat(fd, entry->d_name, 0) == 0)
			removed++;
	closedir(folder);
	return removed;
}
