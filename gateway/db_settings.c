#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config.h"
#include "gateway/db_internal.h"
#include "gateway/must.h"

/* What the operator's database_url does not say: notice within a minute that a server is gone. */
static const struct {
	const char *keyword, *value;
} defaults[] = {
	{ "fallback_application_name", "mewsd" },
	{ "keepalives_idle", "20" },     /* s */
	{ "keepalives_interval", "10" }, /* s */
	{ "keepalives_count", "3" },
	{ "tcp_user_timeout", "30000" }, /* ms */
};

static void add(struct db *db, size_t *n, const char *keyword, const char *value)
{
	if (*n == DB_SETTINGS - 1)
		abort(); /* libpq has grown more options than we have room for */
	db->keywords[*n] = keyword;
	db->values[*n] = value;
	++*n;
}

/*
 * The operator's `options` stay; ours come last, so they win. Generic plans: given arrays
 * PostgreSQL would plan every batch anew, which costs it more than to run one (measured: 286 us
 * against 98 us). No statement is long enough for JIT or for further processes, which take longer
 * to start than to help.
 */
static char *server_options(const struct db *db, const char *theirs)
{
	char *text;

	if (asprintf(&text,
		     "%s -c statement_timeout=%ds -c TimeZone=UTC -c "
		     "plan_cache_mode=force_generic_plan -c jit=off -c "
		     "max_parallel_workers_per_gather=0",
		     theirs, db->config->request_timeout) < 0)
		abort();
	return text;
}

/* libpq lets the later of two values win. The arrays end with NULL. */
void db_settings(struct db *db)
{
	const char *options = "";
	size_t n = 0;

	db->options = must(PQconninfoParse(db->config->database_url, NULL));
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		add(db, &n, defaults[i].keyword, defaults[i].value);
	for (const PQconninfoOption *option = db->options; option->keyword; option++) {
		if (option->val && strcmp(option->keyword, "options") == 0)
			options = option->val;
		else if (option->val)
			add(db, &n, option->keyword, option->val);
	}
	db->server_options = server_options(db, options);
	add(db, &n, "options", db->server_options);
	add(db, &n, "client_encoding", "UTF8");
}

void db_settings_free(struct db *db)
{
	PQconninfoFree(db->options);
	free(db->server_options);
}
