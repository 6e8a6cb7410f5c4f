#include "gateway/store.h"
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gateway/error.h"

static const char ID[] = "00112233445566778899aabbccddeeff";
static const char OTHER[] = "ffeeddccbbaa99887766554433221100";
static const char ABC[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

struct fixture {
	char home[64];
	struct store *store;
	struct error err;
};

static int open_store(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char path[96];

	strcpy(f->home, "/tmp/test_store.XXXXXX");
	assert_non_null(mkdtemp(f->home));
	snprintf(path, sizeof(path), "%s/some/where", f->home);
	f->store = store_open(path, &f->err);
	assert_non_null(f->store);
	*state = f;
	return 0;
}

static int close_store(void **state)
{
	struct fixture *f = *state;
	char command[96];

	store_close(f->store);
	snprintf(command, sizeof(command), "rm -rf '%s'", f->home);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
	free(f);
	return 0;
}

/* Write `text` at `offset` as one piece of the upload. */
static bool put(struct fixture *f, const char *id, int64_t offset, const char *text)
{
	struct digest_state *hash = digest_new();
	int fd = store_upload_lock(f->store, id, &f->err);
	bool written = fd >= 0 && store_upload_write(fd, offset, text, strlen(text), hash, &f->err);

	if (fd >= 0)
		close(fd);
	digest_free(hash);
	return written;
}

static struct digest digest_of(const char *text)
{
	struct digest digest = { 0 };

	digest_sha256(text, strlen(text), digest.sha256);
	return digest;
}

static bool finish(struct fixture *f, const char *id, const char *text)
{
	struct digest digest = digest_of(text);

	return store_upload_finish(f->store, id, &digest, (int64_t)strlen(text), &f->err);
}

static void assert_artifact(struct fixture *f, const char *text)
{
	struct digest digest = digest_of(text);
	char got[64] = "";
	int fd = store_artifact_open(f->store, digest.sha256, (int64_t)strlen(text), &f->err);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, got, sizeof(got) - 1), strlen(text));
	assert_string_equal(got, text);
	close(fd);
}

static bool exists(struct fixture *f, const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/some/where/%s", f->home, name);
	return access(path, F_OK) == 0;
}

static void test_upload_becomes_artifact(void **state)
{
	struct fixture *f = *state;
	char name[80];

	assert_true(store_upload_begin(f->store, ID, &f->err));
	assert_true(put(f, ID, 0, "a"));
	assert_true(put(f, ID, 1, "bc"));
	assert_int_equal(store_artifact_open(f->store, ABC, 3, &f->err), -1);
	assert_true(finish(f, ID, "abc"));
	assert_artifact(f, "abc");
	snprintf(name, sizeof(name), "ba/%s", ABC + 2);
	assert_true(exists(f, name));
	assert_true(finish(f, ID, "abc")); /* once more, as after a crash */
	assert_artifact(f, "abc");
	assert_int_equal(store_sweep(f->store, -10), 0); /* nothing is left over */
}

static void test_removal_spares_what_was_written_to(void **state)
{
	struct fixture *f = *state;
	int64_t now = time(NULL);

	assert_true(store_artifact_remove(f->store, ABC, now)); /* nothing to remove */
	assert_true(store_upload_begin(f->store, ID, &f->err));
	assert_true(put(f, ID, 0, "abc"));
	assert_true(finish(f, ID, "abc"));
	assert_false(store_artifact_remove(f->store, ABC, now - 10));
	assert_artifact(f, "abc");
	assert_true(store_artifact_remove(f->store, ABC, now + 10));
	assert_int_equal(store_artifact_open(f->store, ABC, 3, &f->err), -1);
}

/* Old bytes, stored again: as a piece that waited, or because we have them. */
static void test_storing_counts_as_writing(void **state)
{
	struct fixture *f = *state;
	struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	char path[200];

	assert_true(store_upload_begin(f->store, ID, &f->err));
	assert_true(put(f, ID, 0, "abc"));
	snprintf(path, sizeof(path), "%s/some/where/uploads/%s", f->home, ID);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	assert_true(finish(f, ID, "abc"));
	assert_false(store_artifact_remove(f->store, ABC, 2));

	snprintf(path, sizeof(path), "%s/some/where/ba/%s", f->home, ABC + 2);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	assert_true(store_upload_begin(f->store, OTHER, &f->err));
	assert_true(put(f, OTHER, 0, "abc"));
	assert_true(finish(f, OTHER, "abc"));
	assert_false(store_artifact_remove(f->store, ABC, 2));
	assert_artifact(f, "abc");
}

static void test_removal_and_storing_exclude_each_other(void **state)
{
	struct fixture *f = *state;
	char path[200];
	int lock;

	assert_true(store_upload_begin(f->store, ID, &f->err));
	assert_true(put(f, ID, 0, "abc"));
	assert_true(finish(f, ID, "abc"));
	snprintf(path, sizeof(path), "%s/some/where/.lock", f->home);
	lock = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_SH), 0); /* as another one who stores */
	assert_false(store_artifact_remove(f->store, ABC, time(NULL) + 10));
	assert_true(finish(f, ID, "abc"));
	assert_int_equal(flock(lock, LOCK_EX), 0); /* as another one who removes */
	assert_false(store_artifact_remove(f->store, ABC, time(NULL) + 10));
	assert_false(finish(f, ID, "abc"));
	assert_int_equal(f->err.code, ERR_UNAVAILABLE);
	close(lock);
	assert_true(finish(f, ID, "abc"));
	assert_true(store_artifact_remove(f->store, ABC, time(NULL) + 10));
}

static void test_same_bytes_are_stored_once(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		const char *id = i ? OTHER : ID;

		assert_true(store_upload_begin(f->store, id, &f->err));
		assert_true(put(f, id, 0, "abc"));
		assert_true(finish(f, id, "abc"));
	}
	assert_artifact(f, "abc");
	assert_int_equal(store_sweep(f->store, -10), 0);
}

static void test_lost_attempt_is_cut_off(void **state)
{
	struct fixture *f = *state;

	assert_true(store_upload_begin(f->store, ID, &f->err));
	assert_true(put(f, ID, 0, "a"));
	assert_true(put(f, ID, 1, "XXXXXXXX"));
	assert_true(put(f, ID, 1, "bc"));
	assert_true(finish(f, ID, "abc"));
	assert_artifact(f, "abc");
}

static void test_missing_bytes(void **state)
{
	struct fixture *f = *state;

	assert_false(put(f, ID, 0, "abc"));
	assert_int_equal(f->err.code, ERR_GONE);
	assert_true(store_upload_begin(f->store, ID, &f->err));
	assert_false(put(f, ID, 3, "def"));
	assert_int_equal(f->err.code, ERR_GONE);
	assert_true(put(f, ID, 0, "ab"));
	assert_false(finish(f, ID, "abc"));
	assert_int_equal(f->err.code, ERR_GONE);
	store_upload_drop(f->store, ID);
	assert_false(finish(f, ID, "abc"));
	assert_int_equal(f->err.code, ERR_GONE);
}

static void test_one_writer_at_a_time(void **state)
{
	struct fixture *f = *state;
	int status, fd;

	assert_true(store_upload_begin(f->store, ID, &f->err));
	assert_false(store_upload_begin(f->store, ID, &f->err));
	fd = store_upload_lock(f->store, ID, &f->err);
	assert_true(fd >= 0);
	assert_int_equal(store_upload_lock(f->store, ID, &f->err), -1);
	assert_int_equal(f->err.code, ERR_CONFLICT);
	close(fd);

	pid_t child = fork();
	if (child == 0) { /* dies with the lock in its hands */
		_exit(store_upload_lock(f->store, ID, &f->err) >= 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(put(f, ID, 0, "abc"));
}

static void test_artifact_of_wrong_size(void **state)
{
	struct fixture *f = *state;

	assert_true(store_upload_begin(f->store, ID, &f->err));
	assert_true(put(f, ID, 0, "abc"));
	assert_true(finish(f, ID, "abc"));
	assert_int_equal(store_artifact_open(f->store, ABC, 4, &f->err), -1);
	assert_int_equal(f->err.code, ERR_GONE);
}

static void test_paths_stay_inside(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = { "", "..", "../../etc/passwd",
					   "00112233445566778899AABBCCDDEEFF",
					   "00112233445566778899aabbccddeef/" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(store_upload_begin(f->store, bad[i], &f->err));
		assert_int_equal(store_upload_lock(f->store, bad[i], &f->err), -1);
		assert_int_equal(store_artifact_open(f->store, bad[i], 1, &f->err), -1);
		assert_false(finish(f, bad[i], "abc"));
		store_upload_drop(f->store, bad[i]);
	}
}

static void test_sweep_takes_the_old(void **state)
{
	struct fixture *f = *state;
	char path[200];
	const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };

	assert_true(store_upload_begin(f->store, ID, &f->err));
	assert_true(store_upload_begin(f->store, OTHER, &f->err));
	snprintf(path, sizeof(path), "%s/some/where/uploads/%s", f->home, ID);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	assert_int_equal(store_sweep(f->store, 60), 1);
	assert_false(put(f, ID, 0, "abc"));
	assert_true(put(f, OTHER, 0, "abc"));

	snprintf(path, sizeof(path), "%s/some/where/uploads/%s", f->home, OTHER);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	assert_true(put(f, OTHER, 3, "")); /* no bytes, but still alive */
	assert_int_equal(store_sweep(f->store, 60), 0);
}

static void test_cannot_open(void **state)
{
	struct fixture *f = *state;

	assert_null(store_open("", &f->err));
	assert_null(store_open("/dev/null/store", &f->err));
	assert_non_null(strstr(f->err.text, "/dev/null/store"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_upload_becomes_artifact),
		TEST(test_same_bytes_are_stored_once),
		TEST(test_removal_spares_what_was_written_to),
		TEST(test_storing_counts_as_writing),
		TEST(test_removal_and_storing_exclude_each_other),
		TEST(test_lost_attempt_is_cut_off),
		TEST(test_missing_bytes),
		TEST(test_one_writer_at_a_time),
		TEST(test_artifact_of_wrong_size),
		TEST(test_paths_stay_inside),
		TEST(test_sweep_takes_the_old),
		TEST(test_cannot_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
