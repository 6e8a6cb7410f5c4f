#include "gateway/facts.h"

#include <stdlib.h>

#include "gateway/arena.h"
#include "gateway/db.h"

static const char *copy(struct request *req, const struct db_rows *rows, size_t row,
			const char *column)
{
	const char *text = db_text(rows, row, column);

	return text ? arena_strdup(req->arena, text) : NULL;
}

static void drop_json(void *object)
{
	json_decref(object);
}

/* A JSON object that lives as long as the request, or NULL: most devices have none. */
static json_t *object(struct request *req, const struct db_rows *rows, size_t row,
		      const char *column)
{
	const char *text = db_text(rows, row, column);
	json_t *json = text ? json_loads(text, 0, NULL) : NULL;

	return json ? arena_adopt(req->arena, json, drop_json) : NULL;
}

/* {"region": "eu"} */
static void read_attributes(struct request *req, json_t *targeting, struct resolver_facts *out)
{
	struct resolver_attribute *list = arena_alloc(req->arena,
						      json_object_size(targeting) * sizeof(*list));
	const char *name;
	json_t *value;

	json_object_foreach (targeting, name, value)
		list[out->nattributes++] = (struct resolver_attribute){ name,
									json_string_value(value) };
	out->attributes = list;
}

/* {"<release id>": [failed attempts, us of the last]} */
static void read_attempts(struct request *req, json_t *failures, struct resolver_facts *out)
{
	struct resolver_attempts *list = arena_alloc(req->arena,
						     json_object_size(failures) * sizeof(*list));
	const char *release;
	json_t *value;

	json_object_foreach (failures, release, value)
		list[out->nattempts++] = (struct resolver_attempts){
			strtoll(release, NULL, 10),
			(int)json_integer_value(json_array_get(value, 0)),
			json_integer_value(json_array_get(value, 1)),
		};
	out->attempts = list;
}

void facts_read(struct request *req, const struct db_rows *rows, size_t row,
		struct resolver_facts *out)
{
	json_t *targeting = object(req, rows, row, "targeting");
	json_t *failures = object(req, rows, row, "failures");

	*out = (struct resolver_facts){
		.staged = db_bool(rows, row, "staged"),
		.software_type = copy(req, rows, row, "software_type"),
		.software_version = copy(req, rows, row, "software_version"),
		.hardware_version = copy(req, rows, row, "hardware_version"),
		.awaiting_report = db_text(rows, row, "installed_n") != NULL,
		.now = req->now,
	};
	if (targeting)
		read_attributes(req, targeting, out);
	if (failures)
		read_attempts(req, failures, out);
}
