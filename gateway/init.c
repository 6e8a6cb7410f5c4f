#include "gateway/init.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/arena.h"
#include "gateway/config.h"
#include "gateway/error.h"
#include "gateway/log.h"
#include "gateway/migrate.h"
#include "gateway/secret.h"
#include "sql_files.h"

#define PROJECT "default"

struct init {
	struct arena *arena;
	const char *path, *temporary;
	const char *url;
	struct secret key, token;
	PGconn *pg;
};

static const char *url_of(struct arena *arena, const struct config *config)
{
	if (config->public_url[0])
		return config->public_url;
	return arena_printf(arena, "http://%s", config->listen[0] ? config->listen[0] : "");
}

/* ---- The file ---- */

static bool write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text += n;
		left -= (size_t)n;
	}
	return fsync(fd) == 0;
}

/* Beside its place: rename() puts it there in one step. */
static bool write_temporary(const struct init *init, json_t *json, struct error *err)
{
	char *text = json_dumps(json, JSON_INDENT(2));
	int fd = open(init->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 && fchmod(fd, 0600) == 0 && write_all(fd, text) && write_all(fd, "\n");

	if (!ok)
		error_set(err, ERR_INTERNAL, "%s: %s", init->temporary, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(text);
	return ok;
}

static bool put_in_place(const struct init *init, struct error *err)
{
	if (rename(init->temporary, init->path) == 0)
		return true;
	return error_set(err, ERR_INTERNAL, "%s: %s", init->path, strerror(errno));
}

/* ---- The first time ---- */

static bool write_new(const struct init *init, struct error *err)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "url", init->url, "project", PROJECT,
				 "project_key", init->key.token, "admin_token", init->token.token);
	bool ok = write_temporary(init, json, err);

	json_decref(json);
	return ok;
}

/* Tell the database of our secrets. `created`: it had none, so they count. */
static bool register_secrets(const struct init *init, bool *created, struct error *err)
{
	const char *const args[] = { PROJECT, init->key.hash, init->key.prefix, init->token.hash,
				     init->token.prefix };
	PGresult *result = PQexecParams(init->pg, sql_setup_init, 5, NULL, args, NULL, NULL, 0);
	bool ok = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;

	if (ok)
		*created = PQgetvalue(result, 0, 0)[0] == 't';
	else
		error_set(err, ERR_INTERNAL, "init: %s", PQresultErrorMessage(result));
	PQclear(result);
	return ok;
}

static void show(const struct init *init)
{
	printf("url          %s\n"
	       "project      %s\n"
	       "project key  %s\n"
	       "admin token  %s\n"
	       "These are shown once; they are kept in %s\n",
	       init->url, PROJECT, init->key.token, init->token.token, init->path);
}

/* ---- Again ---- */

/* The installation was there already, but its secrets are not where we were told to put them. */
static void explain(const struct init *init)
{
	printf("The installation exists already, but %s does not. Secrets are stored hashed\n"
	       "and cannot be shown again. An administrator makes new ones with the command line:\n"
	       "mews key create, mews token create.\n",
	       init->path);
}

static bool refresh_url(const struct init *init, struct error *err)
{
	json_error_t problem;
	json_t *json = json_load_file(init->path, 0, &problem);
	const char *url = json_string_value(json_object_get(json, "url"));
	bool ok;

	if (!json_is_object(json)) {
		json_decref(json);
		return error_set(err, ERR_INTERNAL, "%s: %s", init->path,
				 problem.text[0] ? problem.text : "not a JSON object");
	}
	ok = url && strcmp(url, init->url) == 0;
	if (!ok) {
		json_object_set_new(json, "url", json_string(init->url));
		ok = write_temporary(init, json, err) && put_in_place(init, err);
	}
	json_decref(json);
	return ok;
}

static bool init_again(const struct init *init, struct error *err)
{
	if (access(init->path, F_OK) == 0)
		return refresh_url(init, err);
	explain(init);
	return true;
}

/* The file first: secrets that cannot be written down must not come into force. */
static bool init_run(struct init *init, const struct config *config, struct error *err)
{
	bool created = false, ok;

	init->pg = migrate_open(config, err);
	if (!init->pg)
		return false;
	secret_make(&init->key);
	secret_make(&init->token);
	ok = write_new(init, err) && register_secrets(init, &created, err);
	PQfinish(init->pg);
	if (ok && created) {
		ok = put_in_place(init, err);
		show(init);
		return ok;
	}
	unlink(init->temporary);
	return ok && init_again(init, err);
}

int init_credentials(const struct config *config, const char *path)
{
	struct error err;
	struct init init = { .arena = arena_new(), .path = path };
	bool ok;

	init.url = url_of(init.arena, config);
	init.temporary = arena_printf(init.arena, "%s.%ld", path, (long)getpid());
	ok = init_run(&init, config, &err);
	explicit_bzero(&init.key, sizeof(init.key));
	explicit_bzero(&init.token, sizeof(init.token));
	if (!ok)
		log_error("init", "error=\"%s\"", err.text);
	arena_free(init.arena);
	return ok ? 0 : migrate_status(&err);
}
