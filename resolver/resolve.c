#include "resolver/payload.h"
#include "resolver/resolver.h"

#include <string.h>

static const int64_t DAY = 86400000000; /* us */

/* The device, its version read once. */
struct device {
	const struct resolver_facts *facts;
	const struct resolver_policy *policy;
	enum { UNKNOWN, ORDERED, UNORDERED } version;
	struct version_key key; /* when ORDERED */
};

/* What the rules look for among the applicable releases; NULL: there is none. */
struct search {
	const struct resolver_activation *delta;             /* the highest that is a way up */
	const struct resolver_activation *spent_delta;       /* as well, out of attempts */
	const struct resolver_activation *must_pass_through; /* the lowest that is a way up */
	const struct resolver_activation *full;              /* the highest, wherever it is */
	bool settled;              /* the device runs the version of one of them */
	enum resolver_reason told; /* the most telling reason against one of them */
};

static const struct resolver_attempts *attempts_at(const struct resolver_facts *facts,
						   int64_t release_id)
{
	for (size_t i = 0; i < facts->nattempts; i++) {
		if (facts->attempts[i].release_id == release_id)
			return &facts->attempts[i];
	}
	return NULL;
}

/* Has it had all its attempts at this release? */
static bool is_spent(const struct resolver_policy *policy, const struct resolver_attempts *attempts)
{
	return policy->retry_attempts > 0 && attempts && attempts->failed >= policy->retry_attempts;
}

static void read_version(struct device *device)
{
	const struct resolver_policy *policy = device->policy;
	const char *text = device->facts->software_version;

	if (!text || !*text)
		device->version = UNKNOWN;
	else if (version_parse(policy->scheme, policy->allow_build, text, &device->key) ==
		 VERSION_OK)
		device->version = ORDERED;
	else
		device->version = UNORDERED;
}

static bool runs(const struct device *device, const struct resolver_release *release)
{
	return device->version != UNKNOWN &&
	       strcmp(device->facts->software_version, release->version) == 0;
}

static bool comes_from(const struct device *device, const struct resolver_release *delta)
{
	return device->version != UNKNOWN &&
	       strcmp(device->facts->software_version, delta->from) == 0;
}

/* Is an applicable release a way up from the device's version? REASON_CHOSEN: yes. */
static enum resolver_reason way_up(const struct device *device,
				   const struct resolver_release *release)
{
	int order = 1; /* rule 6: all are higher than an unknown version */

	if (device->version == UNORDERED)
		return runs(device, release) ? REASON_UP_TO_DATE : REASON_VERSION_UNORDERED;
	if (device->version == ORDERED)
		order = version_compare(&release->key, &device->key);
	if (order < 0)
		return REASON_WOULD_DOWNGRADE;
	if (order == 0)
		return REASON_UP_TO_DATE;
	if (release->from && !comes_from(device, release))
		return REASON_DELTA_FROM_OTHER;
	return REASON_CHOSEN;
}

/*
 * How the activation stands by itself, before the others are looked at. REASON_CHOSEN: a way up. A
 * delta that is out of attempts is none, so that another way is taken; rule 7.
 */
static enum resolver_reason standing(const struct device *device,
				     const struct resolver_activation *activation)
{
	const struct resolver_release *release = activation->release;
	enum resolver_reason why;

	if (!payload_fitting(release, device->facts, &why))
		return why;
	if (activation->staged && !device->facts->staged)
		return REASON_NOT_STAGED;
	why = way_up(device, release);
	if (why == REASON_CHOSEN && release->from &&
	    is_spent(device->policy, attempts_at(device->facts, release->id)))
		return REASON_ATTEMPTS_EXHAUSTED;
	return why;
}

static bool is_applicable(enum resolver_reason standing)
{
	return standing > REASON_NOT_STAGED;
}

/* Equal in rank: the newer release, and of one release the older activation, in whatever order. */
static bool wins_tie(const struct resolver_activation *a, const struct resolver_activation *b)
{
	if (a->release->id != b->release->id)
		return a->release->id > b->release->id;
	return a->id < b->id;
}

static const struct resolver_activation *higher(const struct resolver_activation *a,
						const struct resolver_activation *best)
{
	int order = best ? version_compare(&a->release->key, &best->release->key) : 1;

	return order > 0 || (order == 0 && wins_tie(a, best)) ? a : best;
}

static const struct resolver_activation *lower(const struct resolver_activation *a,
					       const struct resolver_activation *best)
{
	int order = best ? version_compare(&a->release->key, &best->release->key) : -1;

	return order < 0 || (order == 0 && wins_tie(a, best)) ? a : best;
}

static void consider(struct search *search, const struct device *device,
		     const struct resolver_activation *activation, enum resolver_reason standing)
{
	const struct resolver_release *release = activation->release;
	bool is_way_up = standing == REASON_CHOSEN;

	if (standing > search->told)
		search->told = standing;
	if (!is_applicable(standing))
		return;
	if (standing == REASON_UP_TO_DATE && runs(device, release))
		search->settled = true;
	if (!release->from)
		search->full = higher(activation, search->full);
	else if (is_way_up)
		search->delta = higher(activation, search->delta);
	else if (standing == REASON_ATTEMPTS_EXHAUSTED)
		search->spent_delta = higher(activation, search->spent_delta);
	if (!release->from && release->must_pass_through && is_way_up)
		search->must_pass_through = lower(activation, search->must_pass_through);
}

/* `standings`, when not NULL, gets that of each activation. */
static struct search look_around(const struct resolver_cohort *cohort, const struct device *device,
				 enum resolver_reason *standings)
{
	struct search search = { .told = REASON_NO_ACTIVE_RELEASE };

	for (size_t i = 0; i < cohort->nactivations; i++) {
		enum resolver_reason reason = standing(device, &cohort->activations[i]);

		consider(&search, device, &cohort->activations[i], reason);
		if (standings)
			standings[i] = reason;
	}
	return search;
}

/*
 * Rules 2 to 5. Without version checking the highest full release is taken wherever it is, but a
 * device on the version of an active release stays: with a delta or two full releases active it
 * would otherwise go down and up for ever.
 */
static const struct resolver_activation *next_step(const struct search *search,
						   const struct device *device,
						   bool version_checking)
{
	if (search->delta)
		return search->delta;
	if (search->must_pass_through)
		return search->must_pass_through;
	if (search->full && way_up(device, search->full->release) == REASON_CHOSEN)
		return search->full;
	if (search->spent_delta)
		return search->spent_delta; /* no other way up: permission() refuses it */
	return !search->full || version_checking || search->settled ? NULL : search->full;
}

static int64_t add_saturated(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* The back-off after the `failed`-th failure (1, 2, ...). It doubles, up to a day. */
static int64_t backoff(int64_t first, int failed)
{
	int64_t limit = first > DAY ? first : DAY;
	int doublings = failed - 1;

	if (first <= 0)
		return 0;
	return doublings > 62 || first > limit >> doublings ? limit : first << doublings;
}

/* May the device have the release that the rules name, now? Rule 7. */
static enum resolver_reason permission(const struct resolver_policy *policy,
				       const struct resolver_facts *facts, int64_t release_id,
				       int64_t *retry_at)
{
	const struct resolver_attempts *attempts = attempts_at(facts, release_id);
	int64_t wait, next;

	if (!attempts || attempts->failed <= 0)
		return REASON_CHOSEN;
	if (is_spent(policy, attempts))
		return REASON_ATTEMPTS_EXHAUSTED;
	wait = backoff(policy->retry_backoff, attempts->failed);
	next = add_saturated(attempts->last_failed, wait);
	if (facts->now >= next || attempts->last_failed > add_saturated(facts->now, wait))
		return REASON_CHOSEN; /* or the clock was ahead when it failed */
	*retry_at = next;
	return REASON_RETRY_WAIT;
}

/* Why `other`, a possible step like `next`, is not the next step. */
static enum resolver_reason passed_over(const struct resolver_release *next,
					const struct resolver_release *other)
{
	if (next->from)
		return other->from ? REASON_LOWER_THAN_CHOSEN : REASON_SUPERSEDED_BY_DELTA;
	if (next->must_pass_through && version_compare(&other->key, &next->key) > 0)
		return REASON_MUST_PASS_THROUGH_FIRST;
	return REASON_LOWER_THAN_CHOSEN;
}

/* Turn the standings in `trail` into verdicts. */
static void finish_trail(const struct resolver_cohort *cohort, const struct device *device,
			 const struct resolver_decision *decision, enum resolver_reason *trail)
{
	const struct resolver_activation *next = decision->next;
	bool goes_up = way_up(device, next->release) == REASON_CHOSEN;

	for (size_t i = 0; i < cohort->nactivations; i++) {
		const struct resolver_activation *other = &cohort->activations[i];
		bool possible = trail[i] == REASON_CHOSEN;

		/* By rule 5 every other full release was possible, too. */
		if (!goes_up && is_applicable(trail[i]) && !other->release->from)
			possible = true;
		if (other == next)
			trail[i] = decision->reason;
		else if (possible)
			trail[i] = passed_over(next->release, other->release);
	}
}

struct resolver_decision resolver_decide(const struct resolver_cohort *cohort,
					 const struct resolver_policy *policy,
					 const struct resolver_facts *facts,
					 enum resolver_reason *trail)
{
	struct resolver_decision decision = { .reason = REASON_NO_ACTIVE_RELEASE };
	enum resolver_reason unused;
	struct device device; /* its key is big: filled by read_version only as far as needed */
	struct search search;

	if (cohort->nactivations == 0)
		return decision;
	device.facts = facts;
	device.policy = policy;
	read_version(&device);
	search = look_around(cohort, &device, trail);
	decision.reason = search.told;
	decision.next = next_step(&search, &device, cohort->version_checking);
	if (decision.next) {
		decision.payload = payload_fitting(decision.next->release, facts, &unused);
		decision.reason = permission(policy, facts, decision.next->release->id,
					     &decision.retry_at);
	}
	if (facts->awaiting_report) {
		decision.reason = REASON_AWAITING_VERSION_REPORT;
		decision.retry_at = 0;
	}
	if (decision.reason == REASON_CHOSEN)
		decision.activation = decision.next;
	if (trail && decision.next)
		finish_trail(cohort, &device, &decision, trail);
	return decision;
}
