#include "gateway/config_keys.h"

#include <errno.h>
#include <libpq-fe.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/address.h"
#include "gateway/arena.h"
#include "gateway/error.h"
#include "gateway/origin.h"

static const char *const LEVELS[] = { "error", "warn", "info", "debug", NULL };
static const char *const FORMATS[] = { "logfmt", "json", NULL };

static bool check_listen(const char *item, struct error *err)
{
	struct address address;

	return address_parse(item, &address, err);
}

static bool check_not_empty(const char *item, struct error *err)
{
	return *item || error_set(err, ERR_INVALID, "must not be empty");
}

static bool check_conninfo(const char *item, struct error *err)
{
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse(item, &message);

	PQconninfoFree(options);
	if (options)
		return true;
	error_set(err, ERR_INVALID, "%.*s", message ? (int)strcspn(message, "\n") : 0,
		  message ? message : "");
	PQfreemem(message);
	return false;
}

static bool check_database_url(const char *item, struct error *err)
{
	return check_not_empty(item, err) && check_conninfo(item, err);
}

static bool check_owner_url(const char *item, struct error *err)
{
	return !*item || check_conninfo(item, err);
}

/* clang-format off */
#define FIELD(name) offsetof(struct config, name)
const struct config_key config_keys[] = {
	{ "listen", CONFIG_LIST, FIELD(listen), "127.0.0.1:8080", .check = check_listen, .help =
	  "Addresses to listen on: 0.0.0.0:8080 is every IPv4 address of this machine, [::]:8080\n"
	  "every address, IPv6 and IPv4. Port 0 takes any free port." },
	{ "workers", CONFIG_NUMBER, FIELD(workers), "0", 0, 128, .help =
	  "Worker processes; 0 is one per core." },
	{ "connections", CONFIG_NUMBER, FIELD(connections), "20000", 10, 1000000, .help =
	  "Open connections of clients per worker; more wait until one is closed. The limit of\n"
	  "open files (ulimit -n) may be lower." },
	{ "public_url", CONFIG_TEXT, FIELD(public_url), "", .check = origin_url_check, .help =
	  "How devices reach this gateway, such as \"https://ota.example.com\": links begin so.\n"
	  "Empty: what the client's request says (Host, and X-Forwarded-* of trusted proxies)." },
	{ "trusted_proxies", CONFIG_LIST, FIELD(trusted_proxies), "",
	  .check = address_network_check, .help =
	  "Addresses or networks of proxies whose X-Forwarded-For, -Proto, -Host and -Port are\n"
	  "believed, such as [ \"10.0.0.0/8\", \"::1\" ]." },
	{ "database.url", CONFIG_TEXT, FIELD(database_url), "postgresql:///mews",
	  .check = check_database_url, .help =
	  "PostgreSQL, as libpq takes it: postgresql://user:password@host/database, or\n"
	  "\"host=... dbname=...\"." },
	{ "database.owner_url", CONFIG_TEXT, FIELD(database_owner_url), "",
	  .check = check_owner_url, .help =
	  "Who owns the tables: for --migrate and --init alone, best given to nobody else. When it is\n"
	  "another user than database.url's, that one can change rows, but neither the schema nor what\n"
	  "stands in the audit log. Empty: database.url." },
	{ "database.connections", CONFIG_NUMBER, FIELD(database_connections), "4", 1, 64, .help =
	  "Connections to PostgreSQL per worker. Requests are batched, a few suffice." },
	{ "store.path", CONFIG_TEXT, FIELD(store_path), "/var/lib/mews/store",
	  .check = check_not_empty, .help =
	  "The folder of artifacts and unfinished uploads. Several gateways share one." },
	{ "log.level", CONFIG_WORD, FIELD(log_level), "info", .words = LEVELS, .help =
	  "error, warn, info or debug; debug shows every request of a device." },
	{ "log.format", CONFIG_WORD, FIELD(log_format), "logfmt", .words = FORMATS, .help =
	  "logfmt or json, a line per event on stderr." },
	{ "request_timeout", CONFIG_NUMBER, FIELD(request_timeout), "10", 1, 300, .help =
	  "Seconds that a request waits for the database; then it is answered with 503." },
	{ "idle_timeout", CONFIG_NUMBER, FIELD(idle_timeout), "120", 1, 3600, .help =
	  "Seconds without a byte before a connection is closed." },
	{ "drain_timeout", CONFIG_NUMBER, FIELD(drain_timeout), "30", 1, 3600, .help =
	  "Seconds that requests in flight get to finish when the gateway stops or reloads." },
	{ "seen_resolution", CONFIG_NUMBER, FIELD(seen_resolution), "60", 0, 86400, .help =
	  "Seconds: a device's time of last contact is written when it is older than this." },
	{ "uploads.piece_size", CONFIG_BYTES, FIELD(upload_piece), "8388608", 65536, 1L << 30,
	  .help =
	  "Bytes that one request of an upload may carry; a worker holds them in memory." },
	{ "uploads.expiry", CONFIG_NUMBER, FIELD(upload_expiry), "86400", 60, 31536000, .help =
	  "Seconds that an unfinished upload is kept after its last piece." },
	{ "urls.expiry", CONFIG_NUMBER, FIELD(url_expiry), "21600", 60, 31536000, .help =
	  "Seconds that a signed download link works." },
	{ 0 },
};
/* clang-format on */

static bool set_number(const struct config_key *key, const char *text, long *out, struct error *err)
{
	char *end;

	errno = 0;
	*out = strtol(text, &end, 10);
	if (errno || end == text || *end || *out < key->min || *out > key->max)
		return error_set(err, ERR_INVALID, "\"%s\" is not a number from %ld to %ld", text,
				 key->min, key->max);
	return true;
}

static bool set_word(const struct config_key *key, const char *text, int *out, struct error *err)
{
	for (int i = 0; key->words[i]; i++) {
		if (strcmp(key->words[i], text) == 0) {
			*out = i;
			return true;
		}
	}
	error_set(err, ERR_INVALID, "\"%s\" is unknown, choose one of:", text);
	for (int i = 0; key->words[i]; i++)
		strncat(strncat(err->text, " ", sizeof(err->text) - strlen(err->text) - 1),
			key->words[i], sizeof(err->text) - strlen(err->text) - 1);
	return false;
}

/* "a, b": an array of its items, NULL-terminated. Blank items do not count. */
static const char **split(struct arena *arena, const char *text)
{
	static const char SEPARATORS[] = ", \t\n";
	const char **items = arena_alloc(arena, (strlen(text) / 2 + 2) * sizeof(*items));
	size_t count = 0;

	for (text += strspn(text, SEPARATORS); *text; text += strspn(text, SEPARATORS)) {
		size_t length = strcspn(text, SEPARATORS);

		items[count++] = arena_strndup(arena, text, length);
		text += length;
	}
	return items;
}

static bool set_list(const struct config_key *key, struct arena *arena, const char *text,
		     const char *const **out, struct error *err)
{
	const char **items = split(arena, text);

	*out = items;
	if (!*items && *key->fallback)
		return error_set(err, ERR_INVALID, "must not be empty");
	for (; *items; items++)
		if (key->check && !key->check(*items, err))
			return false;
	return true;
}

static bool set_text(const struct config_key *key, struct arena *arena, const char *text,
		     const char **out, struct error *err)
{
	*out = arena_strdup(arena, text);
	return !key->check || key->check(text, err);
}

bool config_key_set(const struct config_key *key, struct arena *arena, const char *text,
		    struct config *out, struct error *err)
{
	void *field = (char *)out + key->field;
	long number;

	switch (key->type) {
	case CONFIG_TEXT:
		return set_text(key, arena, text, field, err);
	case CONFIG_LIST:
		return set_list(key, arena, text, field, err);
	case CONFIG_WORD:
		return set_word(key, text, field, err);
	case CONFIG_NUMBER:
		if (!set_number(key, text, &number, err))
			return false;
		*(int *)field = (int)number;
		return true;
	case CONFIG_BYTES:
		return set_number(key, text, field, err);
	}
	abort();
}
