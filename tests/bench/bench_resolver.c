/*
 * How long does a decision take? Prints ns per decision, with 50 active releases, for a device that
 * all of them fit (the worst case) and for a mixed catalog, with and without trail.
 */
#include <stdio.h>
#include <time.h>

#include "resolver/resolver.h"

enum { ACTIVE = 50, ROUNDS = 200000, TRIES = 5, HARDWARE = 4 };

static struct {
	char version[ACTIVE][24];
	struct resolver_release releases[ACTIVE];
	struct resolver_activation activations[ACTIVE];
} catalog;

static const char *const FITTING[HARDWARE] = { "evt", "dvt", "pvt-1", "pvt-2" };
static const char *const OTHER[HARDWARE] = { "evt", "dvt", "pvt-1", "pvt-3" };
static const struct resolver_attribute REGION = { "region", "eu" };
static const struct resolver_payload FITS = { 1, "main", HARDWARE, FITTING, 1, &REGION };
static const struct resolver_payload FITS_NOT = { 2, "main", HARDWARE, OTHER, 0, NULL };

/* Every `fit`-th release has a payload for the device. */
static void fill(int fit)
{
	for (int i = 0; i < ACTIVE; i++) {
		struct resolver_release *release = &catalog.releases[i];

		snprintf(catalog.version[i], sizeof(catalog.version[i]), "2.%d.%d-rc%d", i / 10,
			 i % 10, 1 + i % 3);
		*release = (struct resolver_release){ .id = i,
						      .version = catalog.version[i],
						      .npayloads = 1,
						      .payloads = i % fit ? &FITS_NOT : &FITS,
						      .from = i % 5 ? NULL : "1.9.7" };
		version_parse(VERSION_NATURAL, false, release->version, &release->key);
		catalog.activations[i] = (struct resolver_activation){ i, release, i % 7 == 0 };
	}
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double measure(bool version_checking, const char *version, bool with_trail)
{
	struct resolver_cohort cohort = { version_checking, ACTIVE, catalog.activations };
	struct resolver_policy policy = { VERSION_NATURAL, false, 3, 900000000 };
	struct resolver_facts facts = { .software_version = version,
					.hardware_version = "pvt-2",
					.nattributes = 1,
					.attributes = &REGION };
	enum resolver_reason trail[ACTIVE];
	double best = 0;

	for (int t = 0; t < TRIES; t++) {
		double start = now(), each;
		int64_t sum = 0;

		for (int i = 0; i < ROUNDS; i++) {
			facts.now = i;
			sum += resolver_decide(&cohort, &policy, &facts, with_trail ? trail : NULL)
				       .reason;
		}
		each = (now() - start) / ROUNDS;
		if (sum >= 0 && (t == 0 || each < best))
			best = each;
	}
	return best;
}

int main(void)
{
	static const struct {
		const char *name, *version;
		int fit;
		bool version_checking;
	} cases[] = {
		{ "all fit, a delta applies", "1.9.7", 1, true },
		{ "all fit, full release", "1.9.8", 1, true },
		{ "all fit, would downgrade", "3.0.0", 1, true },
		{ "all fit, goes down", "3.0.0", 1, false },
		{ "one in four fits", "1.9.8", 4, true },
	};

	printf("%-28s %12s %12s\n", "ns per decision, 50 active", "decision", "with trail");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fill(cases[i].fit);
		printf("%-28s %12.0f %12.0f\n", cases[i].name,
		       measure(cases[i].version_checking, cases[i].version, false),
		       measure(cases[i].version_checking, cases[i].version, true));
	}
	return 0;
}
