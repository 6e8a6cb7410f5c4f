#include <stdlib.h>
#include <string.h>

#include "gateway/db_internal.h"
#include "gateway/error.h"
#include "gateway/log.h"

static const char *field(const PGresult *result, int code)
{
	const char *text = PQresultErrorField(result, code);

	return text ? text : "";
}

#define OUR_BUG "Something went wrong here; the log has the details."
#define AWAY    "The database is not available; try again later."
#define CROWDED "Others are changing this just now; try again."

/* What SQLSTATEs that begin like this mean for a client; the first that fits. */
static const struct meaning {
	const char *state;
	enum error_code code;
	const char *text;
} meanings[] = {
	{ "23505", ERR_CONFLICT, "The same exists already." },
	{ "23503", ERR_CONFLICT, "It refers to what is gone, or something still refers to it." },
	{ "23514", ERR_INVALID, "A value is not allowed." },
	{ "23502", ERR_INVALID, "A value is missing." },
	{ "22001", ERR_INVALID, "A text is too long." },
	{ "22003", ERR_INVALID, "A number is out of range." },
	{ "22008", ERR_INVALID, "A date is out of range." },
	{ "22012", ERR_INTERNAL, OUR_BUG }, /* division by zero */
	{ "22021", ERR_INVALID, "A text is not valid UTF-8." },
	{ "22P05", ERR_INVALID, "A text has a character that cannot be stored." },
	{ "22", ERR_INVALID, "A value has the wrong form." },
	{ "57014", ERR_UNAVAILABLE, "The database took too long; try again later." },
	{ "55P03", ERR_UNAVAILABLE, CROWDED },
	{ "40", ERR_UNAVAILABLE, CROWDED },
	{ "25006", ERR_UNAVAILABLE, "The database is read-only just now; try again later." },
	{ "26000", ERR_UNAVAILABLE, AWAY },
	{ "08", ERR_UNAVAILABLE, AWAY },
	{ "53", ERR_UNAVAILABLE, AWAY },
	{ "57", ERR_UNAVAILABLE, AWAY },
	{ "", ERR_INTERNAL, OUR_BUG },
};

static const struct meaning *meaning_of(const char *state)
{
	const struct meaning *meaning = meanings;

	while (strncmp(state, meaning->state, strlen(meaning->state)) != 0)
		meaning++; /* the last fits all */
	return meaning;
}

/* MW404 -> ERR_UNKNOWN; what is no status of ours is our bug. */
static enum error_code refusal_code(const char *state)
{
	long status = strtol(state + 2, NULL, 10);

	for (enum error_code code = 0; code < ERR_CODES; code++)
		if (error_http_status(code) == status)
			return code;
	return ERR_INTERNAL;
}

void db_error(const PGresult *result, struct error *err)
{
	const char *state = field(result, PG_DIAG_SQLSTATE);
	const struct meaning *meaning = meaning_of(state);
	enum error_code refusal = strncmp(state, "MW", 2) == 0 ? refusal_code(state) : ERR_INTERNAL;

	if (refusal != ERR_INTERNAL)
		error_field(err, refusal, field(result, PG_DIAG_COLUMN_NAME), "%s",
			    field(result, PG_DIAG_MESSAGE_PRIMARY));
	else
		error_set(err, meaning->code, "%s", meaning->text);
}

bool db_error_transient(const PGresult *result)
{
	const char *state = field(result, PG_DIAG_SQLSTATE);

	return strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0;
}

bool db_error_stale(const PGresult *result)
{
	const char *state = field(result, PG_DIAG_SQLSTATE);

	return strcmp(state, "25006") == 0 || strcmp(state, "26000") == 0;
}

/* Refusals are everyday; what is unavailable is a warning; anything else is a bug. */
void db_error_log(const PGresult *result, const struct db_job *job, const struct error *err)
{
	const struct request *req = job->count == 1 ? job->first->req : NULL;
	enum log_level level = err->code == ERR_INTERNAL      ? LOG_LEVEL_ERROR
			       : err->code == ERR_UNAVAILABLE ? LOG_LEVEL_WARN
							      : LOG_LEVEL_DEBUG;

	log_line(level, "database_error",
		 "request=%s query=%s sqlstate=%s error=\"%s\" context=\"%s\"", req ? req->id : "",
		 query_texts[job->query].name, field(result, PG_DIAG_SQLSTATE),
		 field(result, PG_DIAG_MESSAGE_PRIMARY), field(result, PG_DIAG_CONTEXT));
}
