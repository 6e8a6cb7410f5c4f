/*
 * Which server, as whom, which project: options of the command line go before MEWS_* variables, and
 * those before the file ~/.config/mews/config (libconfig's format, mode 0600, written by login).
 *
 * The file's token is for the file's server: with another URL it stays where it is.
 */
#pragma once

#include <stdbool.h>

struct arena;
struct error;

struct cli_config {
	const char *path;     /* of the file, whether it exists or not */
	const char *url;      /* without a slash at its end; NULL: nobody said */
	const char *token;    /* NULL: nobody said */
	const char *project;  /* a slug */
	const char *ca_file;  /* certificates to trust instead of the system's; NULL: those */
	bool token_is_stored; /* the token is the file's */
	bool project_is_said; /* false: it is the one of whoever says none */
	/* What the file has, whether it counts or not; NULL: nothing. */
	const char *stored_url, *stored_token;
};

/* `url`, `project`: of the command line, or NULL. What is returned lives in `arena`. */
bool cli_config_load(struct arena *arena, const char *url, const char *project,
		     struct cli_config *out, struct error *err);

/* Write url, token (NULL: forget it), project (if anybody said one) and ca_file to config->path, or
 * where it links to, in one step. */
bool cli_config_save(struct arena *arena, const struct cli_config *config, struct error *err);
