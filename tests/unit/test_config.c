#include "gateway/config.h"
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/arena.h"
#include "gateway/error.h"

struct fixture {
	struct arena *arena;
	struct config config;
	struct error err;
	char path[40];
};

/* What the developer's shell or the test before has set. */
static void forget_variables(void)
{
	for (char **entry = environ; *entry;) {
		char name[80];

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*entry, "="), *entry);
		if (strncmp(name, "MEWS_", 5) == 0 && unsetenv(name) == 0)
			entry = environ; /* it has moved */
		else
			entry++;
	}
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->arena = arena_new();
	strcpy(f->path, "/tmp/test_config.XXXXXX");
	close(mkstemp(f->path));
	*state = f;
	forget_variables();
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	arena_free(f->arena);
	free(f);
	return 0;
}

static bool load_text(struct fixture *f, const char *text)
{
	FILE *file = fopen(f->path, "w");

	fputs(text, file);
	fclose(file);
	return config_load(f->arena, f->path, &f->config, &f->err);
}

static void test_defaults(void **state)
{
	struct fixture *f = *state;

	assert_true(config_load(f->arena, NULL, &f->config, &f->err));
	assert_string_equal(f->config.listen[0], "127.0.0.1:8080");
	assert_null(f->config.listen[1]);
	assert_null(f->config.trusted_proxies[0]);
	assert_string_equal(f->config.public_url, "");
	assert_int_equal(f->config.workers, 0);
	assert_int_equal(f->config.log_level, LOG_LEVEL_INFO);
	assert_int_equal(f->config.log_format, LOG_LOGFMT);
	assert_int_equal(f->config.upload_piece, 8 << 20);
	assert_int_equal(f->config.url_expiry, 21600);
}

static void test_file(void **state)
{
	struct fixture *f = *state;

	assert_true(load_text(f, "listen = [ \"0.0.0.0:80\", \"[::]:80\" ];\n"
				 "public_url = \"https://ota.example.com\";\n"
				 "database: { url = \"host=/run dbname=m\"; connections = 7; };\n"
				 "log = { level = \"debug\"; format = \"json\"; };\n"
				 "uploads: { piece_size = 65536L; };\n"));
	assert_string_equal(f->config.listen[0], "0.0.0.0:80");
	assert_string_equal(f->config.listen[1], "[::]:80");
	assert_null(f->config.listen[2]);
	assert_string_equal(f->config.public_url, "https://ota.example.com");
	assert_string_equal(f->config.database_url, "host=/run dbname=m");
	assert_int_equal(f->config.database_connections, 7);
	assert_int_equal(f->config.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(f->config.log_format, LOG_JSON);
	assert_int_equal(f->config.upload_piece, 65536);
}

static void test_environment_wins(void **state)
{
	struct fixture *f = *state;

	setenv("MEWS_DATABASE_CONNECTIONS", "9", 1);
	setenv("MEWS_LISTEN", "127.0.0.1:0, [::1]:0", 1);
	setenv("MEWS_UPLOADS_EXPIRY", "60", 1);
	setenv("MEWS_CONFIG", "x", 1);
	setenv("MEWS_SEED", "1", 1);
	assert_true(load_text(f, "listen = \"0.0.0.0:80\"; database: { connections = 7; };"));
	assert_int_equal(f->config.database_connections, 9);
	assert_string_equal(f->config.listen[1], "[::1]:0");
	assert_int_equal(f->config.upload_expiry, 60);
}

/* Each is refused, and the text names the place and the key. */
static const struct {
	const char *text, *line, *said;
} bad_files[] = {
	{ "\nworkers = ;", ":2:", "syntax error" },
	{ "\n\ncolour = \"red\";", ":3:", "colour: unknown key" },
	{ "database: { uri = \"x\"; };", ":1:", "database.uri: unknown key" },
	{ "database = \"x\";", ":1:", "database: unknown key" },
	{ "workers = \"4\";", ":1:", "workers: must be a whole number" },
	{ "workers = 1.5;", ":1:", "workers: must be a whole number" },
	{ "workers = 129;", ":1:", "workers: \"129\" is not a number from 0 to 128" },
	{ "public_url = 7;", ":1:", "public_url: must be a text" },
	{ "public_url = \"ota.example.com\";", ":1:", "public_url:" },
	{ "public_url = \"https://ota.example.com/\";", ":1:", "public_url:" },
	{ "listen = [ ];", ":1:", "listen: must not be empty" },
	{ "listen = [ \"localhost:80\" ];", ":1:", "listen: \"localhost:80\" is no address" },
	{ "listen = [ 80 ];", ":1:", "listen: must be a list" },
	{ "listen = { a = 1; };", ":1:", "listen: must be a list" },
	{ "trusted_proxies = [ \"10.0.0.0/8\", \"proxy\" ];", ":1:", "trusted_proxies: \"proxy\"" },
	{ "log: { level = \"loud\"; };", ":1:", "choose one of: error warn info debug" },
	{ "store: { path = \"\"; };", ":1:", "store.path: must not be empty" },
};

static void test_bad_files(void **state)
{
	struct fixture *f = *state;
	char place[64];

	for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++) {
		print_message("# %s\n", bad_files[i].said);
		assert_false(load_text(f, bad_files[i].text));
		snprintf(place, sizeof(place), "%s%s", f->path, bad_files[i].line);
		assert_memory_equal(f->err.text, place, strlen(place));
		assert_non_null(strstr(f->err.text, bad_files[i].said));
	}
}

static void test_missing_file(void **state)
{
	struct fixture *f = *state;

	assert_false(config_load(f->arena, "/nowhere/mews.conf", &f->config, &f->err));
	assert_string_equal(f->err.text, "/nowhere/mews.conf: No such file or directory");
}

static void assert_variable_refused(struct fixture *f, const char *name, const char *value)
{
	setenv(name, value, 1);
	assert_false(config_load(f->arena, NULL, &f->config, &f->err));
	assert_memory_equal(f->err.text, name, strlen(name));
	unsetenv(name);
}

static void test_bad_variables(void **state)
{
	struct fixture *f = *state;

	assert_variable_refused(f, "MEWS_WORKERS", "many");
	assert_variable_refused(f, "MEWS_WORKERS", "");
	assert_variable_refused(f, "MEWS_LISTEN", "80");
	assert_variable_refused(f, "MEWS_LOG_LEVEL", "INFO");
	assert_variable_refused(f, "MEWS_WORKER", "1");
	assert_variable_refused(f, "MEWS_", "1");
	assert_true(config_load(f->arena, NULL, &f->config, &f->err));
}

/* What is printed is a configuration, and says what is so without it. */
static void test_sample_is_the_default(void **state)
{
	struct fixture *f = *state;
	struct config defaults;
	FILE *file = fopen(f->path, "w");

	config_print(file);
	fclose(file);
	assert_true(config_load(f->arena, NULL, &defaults, &f->err));
	assert_true(config_load(f->arena, f->path, &f->config, &f->err));
	assert_string_equal(f->config.listen[0], defaults.listen[0]);
	assert_string_equal(f->config.database_url, defaults.database_url);
	assert_string_equal(f->config.store_path, defaults.store_path);
	assert_int_equal(f->config.upload_piece, defaults.upload_piece);
	assert_int_equal(f->config.log_level, defaults.log_level);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_environment_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_variables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sample_is_the_default, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
