/*
 * One row per rule and reason. The active releases are written in short:
 *
 *   2.0        full            1.0>2.0    delta
 *   2.0!       must-pass-through
 *   ...?       staged          ...@x      for hardware x (otherwise for a)
 *   ...%x      for software type x        ...$x      asks for region=x
 *   ...#       without payload
 *
 * The trail lists the reasons in their order. The device has hardware a, region eu and the default
 * type.
 */
#include <stdio.h>
#include <string.h>

#include "resolver/resolver.h"
#include "tests/unit/cmocka_all.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { RELEASES_MAX = 8, TEXT_SIZE = 400 };
static const int64_t MINUTE = 60 * 1000000LL;

/* The active releases of a row, with everything they point to. */
struct catalog {
	struct {
		char text[40];
		const char *hardware;
		struct resolver_attribute region;
		struct resolver_payload payload;
		struct resolver_release release;
	} slots[RELEASES_MAX];
	struct resolver_activation activations[RELEASES_MAX];
	size_t count;
};

/* Cut `text` at its last mark `c`: what follows it, or `otherwise`. */
static char *cut(char *text, char c, char *otherwise)
{
	char *mark = strrchr(text, c);

	if (!mark)
		return otherwise;
	*mark = '\0';
	return mark + 1;
}

static void add_release(struct catalog *catalog, const char *text, size_t size,
			enum version_scheme scheme)
{
	size_t i = catalog->count++;
	struct resolver_release *release = &catalog->slots[i].release;
	struct resolver_payload *payload = &catalog->slots[i].payload;
	char *at = catalog->slots[i].text;

	assert_true(i < RELEASES_MAX && size < sizeof(catalog->slots[i].text));
	memcpy(at, text, size);
	at[size] = '\0';
	catalog->activations[i] = (struct resolver_activation){ .id = 100 + (int64_t)i,
								.release = release };
	release->npayloads = cut(at, '#', NULL) ? 0 : 1;
	catalog->slots[i].region.name = "region";
	catalog->slots[i].region.value = cut(at, '$', NULL);
	payload->software_type = cut(at, '%', "main");
	catalog->slots[i].hardware = cut(at, '@', "a");
	catalog->activations[i].staged = cut(at, '?', NULL);
	release->must_pass_through = cut(at, '!', NULL);
	release->version = cut(at, '>', at);
	release->from = release->version == at ? NULL : at;
	release->id = (int64_t)i;
	release->payloads = payload;
	payload->id = 200 + (int64_t)i;
	payload->nhardware = 1;
	payload->hardware = &catalog->slots[i].hardware;
	payload->nattributes = catalog->slots[i].region.value ? 1 : 0;
	payload->attributes = &catalog->slots[i].region;
	assert_int_equal(version_parse(scheme, true, release->version, &release->key), VERSION_OK);
}

static void read_catalog(struct catalog *catalog, const char *text, enum version_scheme scheme)
{
	memset(catalog, 0, sizeof(*catalog));
	for (size_t size; *text; text += size + (text[size] == ' ')) {
		size = strcspn(text, " ");
		add_release(catalog, text, size, scheme);
	}
}

enum {
	AS_USUAL,
	NO_CHECK = 1,
	SEMVER = 2,
	STAGED = 4,
	AWAITING = 8,
	FAILED_1 = 16,
	FAILED_3 = 32,
	DELTAS_3 = 64
};

struct row {
	const char *name, *active;
	const char *version; /* what the device runs */
	int next;            /* index of the release that the rules name; -1: none */
	const char *reason, *trail;
	unsigned
		how; /* FAILED_n: n attempts at each release, the last one a minute ago; DELTAS_n */
};

static const struct row rows[] = {
	/* rule 1 */
	{ "nothing active", "", "1.0", -1, "no_active_release", "", AS_USUAL },
	{ "no payload", "2.0#", "1.0", -1, "no_payload", "no_payload", AS_USUAL },
	{ "other type", "2.0%modem", "1.0", -1, "software_type_mismatch", "software_type_mismatch",
	  AS_USUAL },
	{ "other hardware", "2.0@b", "1.0", -1, "hardware_mismatch", "hardware_mismatch",
	  AS_USUAL },
	{ "other region", "2.0$us", "1.0", -1, "attribute_mismatch", "attribute_mismatch",
	  AS_USUAL },
	{ "right region", "2.0$eu", "1.0", 0, "chosen", "chosen", AS_USUAL },
	{ "not staged", "2.0?", "1.0", -1, "not_staged", "not_staged", AS_USUAL },
	{ "staged", "2.0?", "1.0", 0, "chosen", "chosen", STAGED },
	{ "the mismatch weighs more than the stage", "2.0?@b", "1.0", -1, "hardware_mismatch",
	  "hardware_mismatch", AS_USUAL },
	{ "the nearest miss is told", "2.0# 2.0%modem 2.0@b 2.0?", "1.0", -1, "not_staged",
	  "no_payload software_type_mismatch hardware_mismatch not_staged", AS_USUAL },
	{ "what is not applicable does not exist", "1.0>2.0@b 1.5!? 1.8", "1.0", 2, "chosen",
	  "hardware_mismatch not_staged chosen", AS_USUAL },
	/* the classic example */
	{ "classic, 0.9", "2.0 1.0>2.0 1.0!", "0.9", 2, "chosen",
	  "must_pass_through_first delta_from_other chosen", AS_USUAL },
	{ "classic, 1.0", "2.0 1.0>2.0 1.0!", "1.0", 1, "chosen",
	  "superseded_by_delta chosen up_to_date", AS_USUAL },
	{ "classic, 1.1", "2.0 1.0>2.0 1.0!", "1.1", 0, "chosen",
	  "chosen delta_from_other would_downgrade", AS_USUAL },
	{ "classic, 2.0", "2.0 1.0>2.0 1.0!", "2.0", -1, "up_to_date",
	  "up_to_date up_to_date would_downgrade", AS_USUAL },
	/* rule 2 */
	{ "the highest delta", "1.0>1.5 1.0>3.0 1.0>2.0", "1.0", 1, "chosen",
	  "lower_than_chosen chosen lower_than_chosen", AS_USUAL },
	{ "a delta before what must be passed and what is higher", "1.5! 1.0>1.2 9.0", "1.0", 1,
	  "chosen", "superseded_by_delta chosen superseded_by_delta", AS_USUAL },
	{ "from is a string", "1.0.0>2.0", "1.0", -1, "delta_from_other", "delta_from_other",
	  AS_USUAL },
	{ "a delta never goes down", "2.0>1.0", "2.0", -1, "would_downgrade", "would_downgrade",
	  AS_USUAL },
	{ "nor without checking", "2.0>1.0", "2.0", -1, "would_downgrade", "would_downgrade",
	  NO_CHECK },
	{ "a higher version out of reach is told first", "1.0 1.0>3.0", "2.0", -1,
	  "delta_from_other", "would_downgrade delta_from_other", AS_USUAL },
	/* rule 3 */
	{ "the lowest to pass", "3.0! 2.0! 4.0", "1.0", 1, "chosen",
	  "must_pass_through_first chosen must_pass_through_first", AS_USUAL },
	{ "the next to pass", "3.0! 2.0! 4.0", "2.0", 0, "chosen",
	  "chosen up_to_date must_pass_through_first", AS_USUAL },
	{ "all passed", "3.0! 2.0! 4.0", "3.5", 2, "chosen",
	  "would_downgrade would_downgrade chosen", AS_USUAL },
	{ "a full release below it", "1.5 2.0!", "1.0", 1, "chosen", "lower_than_chosen chosen",
	  AS_USUAL },
	/* rule 4 */
	{ "the highest full", "2.0 3.0 2.5 1.0", "1.5", 1, "chosen",
	  "lower_than_chosen chosen lower_than_chosen would_downgrade", AS_USUAL },
	{ "up to date", "2.0", "2.0", -1, "up_to_date", "up_to_date", AS_USUAL },
	{ "same rank", "2.0", "2.0.0", -1, "up_to_date", "up_to_date", AS_USUAL },
	{ "of the same rank the newer release", "2.0 2.0.0 2", "1.0", 2, "chosen",
	  "lower_than_chosen lower_than_chosen chosen", AS_USUAL },
	{ "and to pass, too", "2.0! 2.0.0!", "1.0", 1, "chosen", "lower_than_chosen chosen",
	  AS_USUAL },
	/* rule 5 */
	{ "never down", "1.0 1.5", "2.0", -1, "would_downgrade", "would_downgrade would_downgrade",
	  AS_USUAL },
	{ "down without checking", "1.0 1.5 1.2!", "2.0", 1, "chosen",
	  "lower_than_chosen chosen lower_than_chosen", NO_CHECK },
	{ "without checking also up", "1.0 3.0 2.0>2.5", "2.0", 2, "chosen",
	  "would_downgrade superseded_by_delta chosen", NO_CHECK },
	{ "no way down past an installed one", "1.0 2.0", "2.0", -1, "up_to_date",
	  "would_downgrade up_to_date", NO_CHECK },
	{ "nor past an installed delta", "1.0 1.0>2.0", "2.0", -1, "up_to_date",
	  "would_downgrade up_to_date", NO_CHECK },
	{ "sideways without checking", "2.0", "2.0.0", 0, "chosen", "chosen", NO_CHECK },
	{ "applicable all the same", "1.0@b", "2.0", -1, "hardware_mismatch", "hardware_mismatch",
	  NO_CHECK },
	{ "only deltas, no way down", "0.5>1.0 1.0@b", "2.0", -1, "would_downgrade",
	  "would_downgrade hardware_mismatch", NO_CHECK },
	/* rule 6 */
	{ "unknown", "2.0 1.0>3.0", NULL, 0, "chosen", "chosen delta_from_other", AS_USUAL },
	{ "unknown, to pass", "2.0 1.0!", NULL, 1, "chosen", "must_pass_through_first chosen",
	  AS_USUAL },
	{ "empty is unknown", "2.0", "", 0, "chosen", "chosen", AS_USUAL },
	{ "unknown, only deltas", "1.0>3.0", NULL, -1, "delta_from_other", "delta_from_other",
	  AS_USUAL },
	/* no version in the project's scheme */
	{ "unordered", "2.0.0 1.0>3.0.0 2.0.0@b", "1.0", -1, "version_unordered",
	  "version_unordered version_unordered hardware_mismatch", SEMVER },
	{ "unordered without checking", "2.0.0 1.0>3.0.0 1.0.0!", "1.0", 0, "chosen",
	  "chosen version_unordered lower_than_chosen", SEMVER | NO_CHECK },
	{ "unordered natural", "2.0", "a b", -1, "version_unordered", "version_unordered",
	  AS_USUAL },
	{ "unordered, but installed", "2.0.0+a 3.0.0", "2.0.0+a", -1, "up_to_date",
	  "up_to_date version_unordered", SEMVER | NO_CHECK },
	/* rule 7 */
	{ "first back-off", "2.0 1.5", "1.0", 0, "retry_wait", "retry_wait lower_than_chosen",
	  FAILED_1 },
	{ "attempts exhausted, nothing lower", "2.0 1.5", "1.0", 0, "attempts_exhausted",
	  "attempts_exhausted lower_than_chosen", FAILED_3 },
	{ "the full release after the delta", "2.0 1.0>2.0", "1.0", 0, "chosen",
	  "chosen attempts_exhausted", DELTAS_3 },
	{ "but not while the delta waits", "2.0 1.0>2.0", "1.0", 1, "retry_wait",
	  "superseded_by_delta retry_wait", FAILED_1 },
	{ "what must be passed after the delta", "2.0 1.5! 1.0>2.0", "1.0", 1, "chosen",
	  "must_pass_through_first chosen attempts_exhausted", DELTAS_3 },
	{ "delta and full exhausted", "2.0 1.0>2.0", "1.0", 0, "attempts_exhausted",
	  "attempts_exhausted attempts_exhausted", FAILED_3 },
	{ "no other way up than the delta", "1.0 1.0>2.0 1.0>1.5", "1.0", 1, "attempts_exhausted",
	  "up_to_date attempts_exhausted attempts_exhausted", DELTAS_3 },
	{ "not down after the delta", "0.5 1.0>2.0", "1.0", 1, "attempts_exhausted",
	  "would_downgrade attempts_exhausted", NO_CHECK | DELTAS_3 },
	{ "down, but it waits", "1.0 1.5", "2.0", 1, "retry_wait", "lower_than_chosen retry_wait",
	  NO_CHECK | FAILED_1 },
	/* installed, not yet confirmed */
	{ "awaiting", "2.0 1.5", "1.0", 0, "awaiting_version_report",
	  "awaiting_version_report lower_than_chosen", AWAITING },
	{ "awaiting counts before failures", "2.0", "1.0", 0, "awaiting_version_report",
	  "awaiting_version_report", AWAITING | FAILED_1 },
	{ "awaiting, nothing to offer", "2.0", "2.0", -1, "awaiting_version_report", "up_to_date",
	  AWAITING },
	{ "awaiting, nothing active", "", "2.0", -1, "no_active_release", "", AWAITING },
};

static void join_trail(char *text, const enum resolver_reason *trail, size_t count)
{
	*text = '\0';
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			strcat(text, " ");
		strcat(text, resolver_reason_name(trail[i]));
	}
}

static void check(const struct row *row, const struct catalog *catalog,
		  const struct resolver_decision *decision, const enum resolver_reason *trail)
{
	const struct resolver_activation *next = row->next < 0 ? NULL
							       : &catalog->activations[row->next];
	bool chosen = decision->reason == REASON_CHOSEN;
	char text[TEXT_SIZE];

	join_trail(text, trail, catalog->count);
	assert_string_equal(resolver_reason_name(decision->reason), row->reason);
	assert_string_equal(text, row->trail);
	assert_ptr_equal(decision->next, next);
	assert_ptr_equal(decision->activation, chosen ? next : NULL);
	assert_ptr_equal(decision->payload, next ? next->release->payloads : NULL);
	assert_int_equal(decision->retry_at != 0, decision->reason == REASON_RETRY_WAIT);
}

static void run(const struct row *row)
{
	bool semver = row->how & SEMVER;
	int failed = row->how & (FAILED_3 | DELTAS_3) ? 3 : row->how & FAILED_1 ? 1 : 0;
	struct resolver_attribute region = { "region", "eu" };
	struct resolver_attempts attempts[RELEASES_MAX];
	struct resolver_policy policy = { .scheme = semver ? VERSION_SEMVER : VERSION_NATURAL,
					  .retry_attempts = 3,
					  .retry_backoff = 15 * MINUTE };
	struct resolver_facts facts = { .staged = row->how & STAGED,
					.awaiting_report = row->how & AWAITING,
					.software_version = row->version,
					.hardware_version = "a",
					.nattributes = 1,
					.attributes = &region,
					.nattempts = failed ? RELEASES_MAX : 0,
					.attempts = attempts,
					.now = 1000 * MINUTE };
	enum resolver_reason trail[RELEASES_MAX];
	struct resolver_decision decision, again;
	struct catalog catalog;
	struct resolver_cohort cohort;

	read_catalog(&catalog, row->active, policy.scheme);
	for (int i = 0; i < RELEASES_MAX; i++)
		attempts[i] = (struct resolver_attempts){
			i, row->how & DELTAS_3 && !catalog.slots[i].release.from ? 0 : failed,
			999 * MINUTE
		};
	cohort = (struct resolver_cohort){ .version_checking = !(row->how & NO_CHECK),
					   .nactivations = catalog.count,
					   .activations = catalog.activations };
	decision = resolver_decide(&cohort, &policy, &facts, trail);
	check(row, &catalog, &decision, trail);
	again = resolver_decide(&cohort, &policy, &facts, NULL);
	assert_memory_equal(&again, &decision, sizeof(again));
}

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		print_message("# %s\n", rows[i].name);
		run(&rows[i]);
	}
}

/* The back-off, from the last failure at minute 0. */
static const struct {
	const char *name;
	int allowed;     /* attempts */
	int64_t backoff; /* us */
	int failed;
	int64_t last_failed, now;
	enum resolver_reason reason;
	int64_t retry_at;
} retries[] = {
	{ "no failure", 3, 15 * 60000000LL, 0, 0, 0, REASON_CHOSEN, 0 },
	{ "nonsense is no failure", 3, 15 * 60000000LL, -1, 0, 0, REASON_CHOSEN, 0 },
	{ "just before", 3, 900000000LL, 1, 0, 899999999LL, REASON_RETRY_WAIT, 900000000LL },
	{ "just then", 3, 900000000LL, 1, 0, 900000000LL, REASON_CHOSEN, 0 },
	{ "doubled", 3, 900000000LL, 2, 0, 900000000LL, REASON_RETRY_WAIT, 1800000000LL },
	{ "doubled, over", 3, 900000000LL, 2, 0, 1800000000LL, REASON_CHOSEN, 0 },
	{ "exhausted", 3, 900000000LL, 3, 0, INT64_MAX, REASON_ATTEMPTS_EXHAUSTED, 0 },
	{ "exhausted at once", 1, 900000000LL, 1, 0, 0, REASON_ATTEMPTS_EXHAUSTED, 0 },
	{ "no limit", 0, 900000000LL, 4, 0, 0, REASON_RETRY_WAIT, 7200000000LL },
	{ "no limit, over", 0, 900000000LL, 4, 0, 7200000000LL, REASON_CHOSEN, 0 },
	{ "no back-off", 3, 0, 2, 50, 50, REASON_CHOSEN, 0 },
	{ "below no back-off", 3, -5, 2, 50, 50, REASON_CHOSEN, 0 },
	{ "last doubling below a day", 0, 900000000LL, 7, 0, 0, REASON_RETRY_WAIT, 57600000000LL },
	{ "not beyond a day", 0, 900000000LL, 8, 0, 0, REASON_RETRY_WAIT, 86400000000LL },
	{ "unless it begins so", 0, 90000000000LL, 2, 0, 0, REASON_RETRY_WAIT, 90000000000LL },
	{ "the doubling overflows", 0, 3, 63, 0, 9, REASON_RETRY_WAIT, 86400000000LL },
	{ "so many", 0, 1, 2147483647, 0, 9, REASON_RETRY_WAIT, 86400000000LL },
	{ "the sum overflows", 0, INT64_MAX, 1, 50, 0, REASON_RETRY_WAIT, INT64_MAX },
	{ "the clock was ahead", 0, 100, 1, 101, 0, REASON_CHOSEN, 0 },
	{ "maybe it was", 0, 100, 1, 100, 0, REASON_RETRY_WAIT, 200 },
	{ "before 1970", 0, 100, 1, -500, -450, REASON_RETRY_WAIT, -400 },
	{ "at the end of time", 0, 100, 1, INT64_MAX - 50, INT64_MAX, REASON_CHOSEN, 0 },
};

static void test_retries(void **state)
{
	struct catalog catalog;
	struct resolver_cohort cohort = { true, 1, catalog.activations };

	(void)state;
	read_catalog(&catalog, "2.0", VERSION_NATURAL);
	for (size_t i = 0; i < COUNT(retries); i++) {
		struct resolver_policy policy = { .retry_attempts = retries[i].allowed,
						  .retry_backoff = retries[i].backoff };
		struct resolver_attempts attempts[] = {
			{ 77, 9, 0 }, /* at another release */
			{ 0, retries[i].failed, retries[i].last_failed },
		};
		struct resolver_facts facts = { .hardware_version = "a",
						.nattempts = COUNT(attempts),
						.attempts = attempts,
						.now = retries[i].now };
		struct resolver_decision decision = resolver_decide(&cohort, &policy, &facts, NULL);

		print_message("# %s\n", retries[i].name);
		assert_int_equal(decision.reason, retries[i].reason);
		assert_int_equal(decision.retry_at, retries[i].retry_at);
		assert_ptr_equal(decision.next, catalog.activations);
	}
}

/* Of one release's payloads the one that fits is taken, or the nearest miss is told. */
static void test_payloads(void **state)
{
	const char *const old[] = { "a", "b" }, *const new[] = { "c" };
	const struct resolver_attribute eu = { "region", "eu" };
	const struct resolver_payload payloads[] = {
		{ .id = 1, .software_type = "modem", .nhardware = 2, .hardware = old },
		{ .id = 2, .software_type = "main", .nhardware = 2, .hardware = old },
		{ .id = 3,
		  .software_type = "main",
		  .nhardware = 1,
		  .hardware = new,
		  .nattributes = 1,
		  .attributes = &eu },
	};
	struct resolver_release release = {
		.id = 1, .version = "2.0", .npayloads = 3, .payloads = payloads
	};
	struct resolver_activation activation = { .id = 1, .release = &release };
	struct resolver_cohort cohort = { true, 1, &activation };
	struct resolver_policy policy = { 0 };
	struct {
		const char *type, *hardware;
		size_t nattributes;
		int64_t payload; /* 0: none */
		enum resolver_reason reason;
	} cases[] = {
		{ NULL, "a", 0, 2, REASON_CHOSEN },
		{ "main", "b", 1, 2, REASON_CHOSEN },
		{ "modem", "b", 0, 1, REASON_CHOSEN },
		{ "main", "c", 1, 3, REASON_CHOSEN },
		{ "main", "c", 0, 0, REASON_ATTRIBUTE_MISMATCH },
		{ "modem", "c", 1, 0, REASON_HARDWARE_MISMATCH },
		{ "main", NULL, 1, 0, REASON_HARDWARE_MISMATCH },
		{ "gnss", "a", 1, 0, REASON_SOFTWARE_TYPE_MISMATCH },
	};

	(void)state;
	assert_int_equal(version_parse(VERSION_NATURAL, false, "2.0", &release.key), VERSION_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct resolver_facts facts = { .software_type = cases[i].type,
						.hardware_version = cases[i].hardware,
						.nattributes = cases[i].nattributes,
						.attributes = &eu };
		struct resolver_decision decision = resolver_decide(&cohort, &policy, &facts, NULL);

		assert_int_equal(decision.reason, cases[i].reason);
		assert_int_equal(decision.payload ? decision.payload->id : 0, cases[i].payload);
	}
}

/* One release active twice: the older activation, in whatever order they come. */
static void test_active_twice(void **state)
{
	struct catalog catalog;
	struct resolver_cohort cohort = { true, 2, catalog.activations };
	struct resolver_policy policy = { 0 };
	struct resolver_facts facts = { .staged = true, .hardware_version = "a" };

	(void)state;
	read_catalog(&catalog, "2.0 2.0", VERSION_NATURAL);
	catalog.activations[1].release = catalog.activations[0].release;
	for (int64_t first = 1; first <= 3; first += 2) {
		catalog.activations[0].id = first;
		catalog.activations[1].id = 2;
		assert_int_equal(resolver_decide(&cohort, &policy, &facts, NULL).activation->id,
				 first < 2 ? first : 2);
	}
}

static void test_overlap(void **state)
{
	const char *const ab[] = { "a", "b" }, *const bc[] = { "b", "c" }, *const c[] = { "c" };
	const struct resolver_attribute eu[] = { { "region", "eu" }, { "tier", "1" } };
	const struct resolver_attribute us[] = { { "tier", "1" }, { "region", "us" } };
	const struct resolver_payload base = { 1, "main", 2, ab, 0, NULL };
	const struct {
		struct resolver_payload a, b;
		bool overlap;
	} cases[] = {
		{ base, base, true },
		{ base, { 2, "main", 2, bc, 0, NULL }, true },
		{ base, { 2, "main", 1, c, 0, NULL }, false },
		{ base, { 2, "main", 0, NULL, 0, NULL }, false },
		{ base, { 2, "modem", 2, ab, 0, NULL }, false },
		{ base, { 2, "main", 2, ab, 2, eu }, true },
		{ { 1, "main", 2, ab, 2, eu }, { 2, "main", 2, bc, 2, us }, false },
		{ { 1, "main", 2, ab, 2, eu }, { 2, "main", 2, bc, 1, us }, true },
		{ { 1, "main", 2, ab, 2, eu }, { 2, "main", 2, ab, 2, eu }, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(resolver_payloads_overlap(&cases[i].a, &cases[i].b),
				 cases[i].overlap);
		assert_int_equal(resolver_payloads_overlap(&cases[i].b, &cases[i].a),
				 cases[i].overlap);
	}
}

static void test_reasons_have_words(void **state)
{
	(void)state;
	for (int i = 0; i < RESOLVER_REASONS; i++) {
		const char *name = resolver_reason_name((enum resolver_reason)i);
		const char *text = resolver_reason_text((enum resolver_reason)i);

		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
		assert_int_equal(text[strlen(text) - 1], '.');
		for (int j = 0; j < i; j++)
			assert_string_not_equal(name,
						resolver_reason_name((enum resolver_reason)j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),    cmocka_unit_test(test_retries),
		cmocka_unit_test(test_payloads), cmocka_unit_test(test_active_twice),
		cmocka_unit_test(test_overlap),  cmocka_unit_test(test_reasons_have_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
