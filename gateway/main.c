/* The composition root: the one file that knows every part. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ddi/ddi.h"
#include "gateway/arena.h"
#include "gateway/config.h"
#include "gateway/error.h"
#include "gateway/health.h"
#include "gateway/init.h"
#include "gateway/log.h"
#include "gateway/master.h"
#include "gateway/migrate.h"
#include "gateway/store.h"
#include "gateway/worker.h"
#include "manage/manage.h"
#include "ota/ota.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, NO_FD = -1 };

/* In this order they are asked for a path; what nobody has below the root is worded by ddi. */
static const struct area *const AREAS[] = { &manage_area, &ota_area, &ddi_area, &health_area,
					    NULL };

static const struct worker_job JOBS[] = {
	{ QUERY_COUNTERS_FOLD, 2 },
	{ QUERY_DEPLOYMENTS_EXPIRE, 60 },
	{ QUERY_STATISTICS_SAMPLE, 60 },
	{ 0 },
};

static const char USAGE[] =
	"Usage: mewsd [--config FILE]            serve devices and operators\n"
	"       mewsd [--config FILE] COMMAND\n"
	"\n"
	"  --config FILE    the configuration (default: MEWS_CONFIG, else none)\n"
	"  --ready-fd N     write \"ready port=PORT\" to descriptor N once requests are taken\n"
	"\n"
	"Commands:\n"
	"  --check-config   read the configuration, say what is wrong with it\n"
	"  --print-config   a commented configuration with all defaults\n"
	"  --migrate        bring the database to the schema of this version\n"
	"  --init FILE      migrate, create the first project, key and token, write them to FILE\n"
	"  --version, --help\n"
	"\n"
	"Every key of the configuration is also a variable: database.url is MEWS_DATABASE_URL.\n";

enum command { SERVE, CHECK_CONFIG, PRINT_CONFIG, MIGRATE, INIT, VERSION, HELP };

struct options {
	enum command command;
	const char *config_path, *init_path;
	int ready_fd;
};

static const struct option OPTIONS[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "ready-fd", required_argument, NULL, 'r' },
	{ "init", required_argument, NULL, 'i' },
	{ "check-config", no_argument, NULL, CHECK_CONFIG },
	{ "print-config", no_argument, NULL, PRINT_CONFIG },
	{ "migrate", no_argument, NULL, MIGRATE },
	{ "version", no_argument, NULL, VERSION },
	{ "help", no_argument, NULL, HELP },
	{ 0 },
};

static bool parse_fd(const char *text, int *out)
{
	char *end;
	long number = strtol(text, &end, 10);

	*out = (int)number;
	return *text && *end == '\0' && number >= 0 && number <= 1 << 20;
}

/* False: something is wrong and has been said. */
static bool parse_options(int argc, char **argv, struct options *out)
{
	int option;

	*out = (struct options){ .config_path = getenv("MEWS_CONFIG"), .ready_fd = NO_FD };
	while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
		switch (option) {
		case '?':
			return false; /* getopt has said it */
		case 'c':
			out->config_path = optarg;
			break;
		case 'i':
			out->command = INIT;
			out->init_path = optarg;
			break;
		case 'r':
			if (parse_fd(optarg, &out->ready_fd))
				break;
			fprintf(stderr, "mewsd: --ready-fd takes the number of a descriptor\n");
			return false;
		default:
			out->command = (enum command)option;
		}
	}
	if (optind == argc)
		return true;
	fprintf(stderr, "mewsd: unexpected argument \"%s\"; see mewsd --help\n", argv[optind]);
	return false;
}

/* Better said now, in one line, than by every worker. */
static int serve(const struct options *options, struct arena *arena, const struct config *config)
{
	struct error err;
	struct store *store = store_open(config->store_path, &err);

	if (!store) {
		fprintf(stderr, "mewsd: %s\n", err.text);
		arena_free(arena);
		return EXIT_FAILED;
	}
	store_close(store);
	return master_run(&(struct master_args){
		.config_path = options->config_path,
		.config_arena = arena,
		.config = config,
		.areas = AREAS,
		.jobs = JOBS,
		.ready_fd = options->ready_fd,
	});
}

static int run(const struct options *options)
{
	struct arena *arena = arena_new();
	struct config *config = arena_alloc(arena, sizeof(*config));
	struct error err;
	int status = 0;

	if (!config_load(arena, options->config_path, config, &err)) {
		fprintf(stderr, "mewsd: %s\n", err.text);
		arena_free(arena);
		return EXIT_USAGE;
	}
	log_setup(config->log_level, config->log_format);
	if (options->command == SERVE)
		return serve(options, arena, config);
	if (options->command == MIGRATE)
		status = migrate_run(config);
	else if (options->command == INIT)
		status = init_credentials(config, options->init_path);
	arena_free(arena);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;

	if (!parse_options(argc, argv, &options))
		return EXIT_USAGE;
	switch (options.command) {
	case HELP:
		fputs(USAGE, stdout);
		return 0;
	case VERSION:
		puts("mewsd " MEWS_VERSION);
		return 0;
	case PRINT_CONFIG:
		config_print(stdout);
		return 0;
	case SERVE:
	case CHECK_CONFIG:
	case MIGRATE:
	case INIT:
		return run(&options);
	}
	return EXIT_USAGE;
}
