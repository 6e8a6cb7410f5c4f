/*
 * Which release does this device get next, and why?
 *
 * Pure: facts and a catalog in, a decision out. No I/O, no clock, no heap: the same function serves
 * DDI polls, the latest-release endpoint, inspect, the version matrix and what-if, so what the
 * operator sees is what the device gets. The rules and their reasons: docs/resolver.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver/version.h"

/* An attribute of a device, or one that a payload asks for. */
struct resolver_attribute {
	const char *name, *value;
};

/* One file of a release, for one software type and a set of hardware versions. */
struct resolver_payload {
	int64_t id;
	const char *software_type;
	size_t nhardware;
	const char *const *hardware; /* hardware versions it fits */
	size_t nattributes;
	const struct resolver_attribute *attributes; /* all must be equal on the device */
};

struct resolver_release {
	int64_t id;
	const char *version; /* what a device that installed it reports */
	struct version_key key;
	const char *from;       /* delta [from -> version]; NULL: full [* -> version] */
	bool must_pass_through; /* full only */
	size_t npayloads;
	const struct resolver_payload *payloads; /* at most one fits a device */
};

/* A release made active for the cohort. */
struct resolver_activation {
	int64_t id;
	const struct resolver_release *release;
	bool staged; /* only for devices with the staged flag */
};

/* What the rules need of a cohort (the effective one: a project key may override the device's). */
struct resolver_cohort {
	bool version_checking; /* false: rule 5 may go down */
	size_t nactivations;
	const struct resolver_activation *activations;
};

struct resolver_policy {
	enum version_scheme scheme;
	bool allow_build;
	int retry_attempts;    /* per release and device; <= 0: no limit */
	int64_t retry_backoff; /* us after the first failure; doubles with each further one */
};

/* Failed attempts of the device at one release. */
struct resolver_attempts {
	int64_t release_id;
	int failed;
	int64_t last_failed; /* us since 1970 */
};

struct resolver_facts {
	bool staged;
	const char *software_type;    /* NULL: not reported yet; counts as "main" */
	const char *software_version; /* NULL or "": not reported yet; lower than all others */
	const char *hardware_version; /* NULL: not reported yet; fits no payload */
	bool awaiting_report;         /* a deployment is installed, its version not yet reported */
	size_t nattributes;
	const struct resolver_attribute *attributes; /* a name at most once */
	size_t nattempts;
	const struct resolver_attempts *attempts; /* a release at most once */
	int64_t now;                              /* us since 1970 */
};

/*
 * Why a release is chosen or not, and why a device gets nothing. Names are part of the API; the
 * numbers are not, never store them: the order is from the least to the most telling, and what a
 * device is told is the highest reason among its releases.
 */
enum resolver_reason {
	REASON_NO_ACTIVE_RELEASE,
	/* not applicable (rule 1): the further down, the nearer a miss */
	REASON_NO_PAYLOAD, /* the release has no files yet */
	REASON_SOFTWARE_TYPE_MISMATCH,
	REASON_HARDWARE_MISMATCH,
	REASON_ATTRIBUTE_MISMATCH,
	REASON_NOT_STAGED, /* everything else fits */
	/* applicable, but no way from the current version */
	REASON_WOULD_DOWNGRADE,
	REASON_DELTA_FROM_OTHER,  /* a delta to a higher version, from one that the device does not
				     run */
	REASON_VERSION_UNORDERED, /* the reported version is none in the project's scheme */
	REASON_UP_TO_DATE,        /* the device runs it, or a version of the same rank */
	/* possible, but another release goes first */
	REASON_LOWER_THAN_CHOSEN, /* not higher than the chosen release, which is of the same kind
				   */
	REASON_MUST_PASS_THROUGH_FIRST, /* higher than the must-pass-through release that is chosen
					 */
	REASON_SUPERSEDED_BY_DELTA,
	/* the release that the rules name */
	REASON_RETRY_WAIT,
	REASON_ATTEMPTS_EXHAUSTED,
	REASON_AWAITING_VERSION_REPORT,
	REASON_CHOSEN,
	RESOLVER_REASONS
};

struct resolver_decision {
	const struct resolver_activation *activation; /* NULL: nothing; then `reason` says why */
	const struct resolver_payload *payload;       /* of `next`: which file it would be */
	enum resolver_reason reason;                  /* REASON_CHOSEN with an activation */
	/* The release that the rules name, also when the device has to wait or has had its
	 * attempts. */
	const struct resolver_activation *next;
	int64_t retry_at; /* us since 1970 with REASON_RETRY_WAIT, else 0 */
};

/*
 * Decide. `trail`, when not NULL, has room for cohort->nactivations entries and gets the verdict on
 * each activation, in their order. The decision points into `cohort`.
 */
struct resolver_decision resolver_decide(const struct resolver_cohort *cohort,
					 const struct resolver_policy *policy,
					 const struct resolver_facts *facts,
					 enum resolver_reason *trail);

const char *resolver_reason_name(enum resolver_reason reason); /* "up_to_date" */
const char *resolver_reason_text(enum resolver_reason reason); /* a sentence for an operator */

/* Could both payloads fit one and the same device? Two such payloads in one release are refused. */
bool resolver_payloads_overlap(const struct resolver_payload *a, const struct resolver_payload *b);
