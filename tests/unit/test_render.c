#include "ddi/render.h"

#include <stdlib.h>
#include <string.h>

#include "ddi/links.h"
#include "gateway/arena.h"
#include "tests/unit/cmocka_all.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* links.c, which knows how to encode a filename, wants it. */
const char *request_base_url(struct request *req)
{
	(void)req;
	return "";
}

static const char BASE[] = "http://h:8080/DEFAULT/controller/v1/dev";

static struct ddi_deployment example(void)
{
	return (struct ddi_deployment){
		.n = "8",
		.name = "main",
		.version = "1.2.3",
		.file = { .payload_id = 40,
			  .size = 5000000000,
			  .filename = "image 1.swu",
			  .sha256 = "22222222222222222222222222222222222222222222222222222222222222"
				    "22",
			  .sha1 = "1111111111111111111111111111111111111111",
			  .md5 = "00000000000000000000000000000000" },
		.state = "offered",
	};
}

#define HREF         "http://h:8080/DEFAULT/controller/v1/dev/softwaremodules/40/artifacts/image%201.swu"
#define LINK(suffix) "{\"href\":\"" HREF suffix "\"}"

static const char EXPECTED[] =
	"{\"id\":\"8\",\"deployment\":{\"download\":\"forced\",\"update\":\"forced\",\"chunks\":[{"
	"\"part\":\"bApp\",\"version\":\"1.2.3\",\"name\":\"main\",\"artifacts\":[{"
	"\"filename\":\"image 1.swu\",\"hashes\":{"
	"\"sha1\":\"1111111111111111111111111111111111111111\","
	"\"md5\":\"00000000000000000000000000000000\","
	"\"sha256\":\"2222222222222222222222222222222222222222222222222222222222222222\"},"
	"\"size\":5000000000,\"_links\":{"
	"\"download\":" LINK("") ",\"md5sum\":" LINK(
		".MD5SUM") ","
			   "\"download-http\":" LINK("") ",\"md5sum-http\":" LINK(
				   ".MD5SUM") "}}]}]}}";

static void test_deployment(void **unused)
{
	(void)unused;
	struct arena *arena = arena_new();
	struct ddi_deployment deployment = example();
	json_auto_t *expected = json_loads(EXPECTED, 0, NULL);
	json_auto_t *document = render_deployment(arena, BASE, &deployment);
	char *text = json_dumps(document, JSON_COMPACT);

	assert_non_null(expected);
	if (!json_equal(document, expected))
		fail_msg("%s", text);
	assert_null(strchr(text, '\\')); /* Zephyr's reader does not undo escapes */
	free(text);
	arena_free(arena);
}

static void test_artifact_alone(void **unused)
{
	(void)unused;
	struct arena *arena = arena_new();
	struct ddi_deployment deployment = example();
	json_auto_t *document = render_deployment(arena, BASE, &deployment);
	json_auto_t *artifact = render_artifact(arena, BASE, &deployment.file);
	const json_t *chunk = json_array_get(
		json_object_get(json_object_get(document, "deployment"), "chunks"), 0);

	assert_true(json_equal(artifact, json_array_get(json_object_get(chunk, "artifacts"), 0)));
	arena_free(arena);
}

/* hawkBit's names; devices and hawkbit-rs want one of them. */
static const struct {
	const char *state, *status;
} statuses[] = {
	{ "offered", "RUNNING" },       { "retrieved", "RETRIEVED" }, { "downloading", "DOWNLOAD" },
	{ "downloaded", "DOWNLOADED" }, { "installing", "RUNNING" },  { "rejected", "WARNING" },
	{ "canceling", "CANCELING" },   { "canceled", "CANCELED" },   { "superseded", "CANCELED" },
	{ "installed", "FINISHED" },    { "confirmed", "FINISHED" },  { "failed", "ERROR" },
	{ "rolled_back", "ERROR" },     { "timed_out", "ERROR" },
};

static void test_history(void **unused)
{
	(void)unused;

	for (size_t i = 0; i < COUNT(statuses); i++) {
		struct arena *arena = arena_new();
		struct ddi_deployment deployment = example();

		deployment.state = statuses[i].state;
		deployment.messages = "[\"newest\",\"oldest \\\"\"]";
		json_auto_t *document = render_deployment(arena, BASE, &deployment);
		json_auto_t *expected = json_pack("{s:s, s:[s, s]}", "status", statuses[i].status,
						  "messages", "newest", "oldest \"");
		assert_true(json_equal(json_object_get(document, "actionHistory"), expected));
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deployment),
		cmocka_unit_test(test_artifact_alone),
		cmocka_unit_test(test_history),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
