/* How releases are called on the operators' side. Pure. Inside manage/. */
#pragma once

struct arena;
struct resolver_release;

/* "1.1.0", or "1.0.0..1.1.0" for a delta. Lives in `arena`, or as long as the release. */
const char *name_release(struct arena *arena, const struct resolver_release *release);

/* "full", "must_pass_through" or "delta". */
const char *name_kind(const struct resolver_release *release);
