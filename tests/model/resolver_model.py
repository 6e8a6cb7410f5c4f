"""Who gets which release, written from the rules in docs/resolver.md and not from the C.

The forms of a case and of its answer are those of tests/unit/resolver_cli.c: dataclasses.asdict() of a Case.
"""
import dataclasses
from typing import Optional

import version_model

FOREVER = 2**63 - 1
DAY = 86_400_000_000  # us

# From the least to the most telling: a device that gets nothing is told the most telling one of its releases.
REASONS = ["no_active_release", "no_payload", "software_type_mismatch", "hardware_mismatch", "attribute_mismatch",
           "not_staged", "would_downgrade", "delta_from_other", "version_unordered", "up_to_date",
           "lower_than_chosen", "must_pass_through_first", "superseded_by_delta",
           "retry_wait", "attempts_exhausted", "awaiting_version_report", "chosen"]


@dataclasses.dataclass
class Payload:
    id: int
    software_type: str = "main"
    hardware: list = dataclasses.field(default_factory=lambda: ["a"])
    attributes: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Release:
    id: int
    version: str
    from_: Optional[str] = None  # a delta
    must_pass_through: bool = False
    payloads: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Activation:
    id: int
    release: Release
    staged: bool = False


@dataclasses.dataclass
class Policy:
    scheme: str = "natural"
    allow_build: bool = False
    retry_attempts: int = 3
    retry_backoff: int = 900 * 10**6  # us


@dataclasses.dataclass
class Cohort:
    version_checking: bool = True
    activations: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Attempts:
    release_id: int
    failed: int
    last_failed: int  # us


@dataclasses.dataclass
class Facts:
    staged: bool = False
    software_type: Optional[str] = None
    software_version: Optional[str] = None
    hardware_version: Optional[str] = None
    awaiting_report: bool = False
    attributes: dict = dataclasses.field(default_factory=dict)
    attempts: list = dataclasses.field(default_factory=list)
    now: int = 0  # us


@dataclasses.dataclass
class Case:
    policy: Policy
    cohort: Cohort
    facts: Facts


@dataclasses.dataclass
class Decision:
    """Ids, or None; `trail` has a reason for each activation, in their order."""
    activation: Optional[int]
    next: Optional[int]
    payload: Optional[int]
    reason: str
    retry_at: int
    trail: list


def to_json(case):
    """`from_` is `from` there, which Python keeps for itself."""
    def names(pairs):
        return {name.rstrip("_"): value for name, value in pairs}
    return dataclasses.asdict(case, dict_factory=names)


def from_json(value):
    def release(it):
        return Release(it["id"], it["version"], it["from"], it["must_pass_through"],
                       [Payload(**payload) for payload in it["payloads"]])

    def activation(it):
        return Activation(it["id"], release(it["release"]), it["staged"])

    cohort = Cohort(value["cohort"]["version_checking"], [activation(it) for it in value["cohort"]["activations"]])
    attempts = [Attempts(**it) for it in value["facts"]["attempts"]]
    return Case(Policy(**value["policy"]), cohort, Facts(**{**value["facts"], "attempts": attempts}))


# ---- Rule 1: what is not applicable does not exist ----

def payload_mismatch(payload, facts):
    if payload.software_type != (facts.software_type or "main"):
        return "software_type_mismatch"
    if facts.hardware_version not in payload.hardware:
        return "hardware_mismatch"
    if any(facts.attributes.get(name) != value for name, value in payload.attributes.items()):
        return "attribute_mismatch"
    return None


def fitting_payload(release, facts):
    return next((payload for payload in release.payloads if not payload_mismatch(payload, facts)), None)


def mismatch(activation, facts):
    """Why the activation is not applicable; None: it is."""
    payloads = activation.release.payloads
    if not fitting_payload(activation.release, facts):
        return max(("no_payload", *(payload_mismatch(each, facts) for each in payloads)), key=REASONS.index)
    return "not_staged" if activation.staged and not facts.staged else None


# ---- Rules 2 to 6: the next step ----

class Situation:
    """A case, and what the rules see in it."""

    def __init__(self, case):
        self.policy, self.cohort, self.facts = case.policy, case.cohort, case.facts
        self.current = self.facts.software_version or None
        self.ordered = self.current is not None and not version_model.trouble(
            self.current, self.policy.scheme, self.policy.allow_build)
        self.applicable = [each for each in self.cohort.activations if not mismatch(each, self.facts)]
        self.goes_up = False
        self.next = self._next_step()

    def _compared(self, activation):
        """Is its version lower (-1), of the same rank (0) or higher (1) than the current one? None: who knows."""
        if self.current is None:
            return 1
        if not self.ordered:
            return 0 if activation.release.version == self.current else None
        order = version_model.compare(activation.release.version, self.current, self.policy.scheme)
        return (order > 0) - (order < 0)

    def _rank(self, activation):
        return version_model.sort_key(self.policy.scheme)(activation.release.version)

    def _first(self, activations, lowest=False):
        """Of the highest (or lowest) version; of several such the newest release, then the oldest activation."""
        if not activations:
            return None
        edge = (min if lowest else max)(map(self._rank, activations))
        equal = [each for each in activations if self._rank(each) == edge]
        return min(equal, key=lambda each: (-each.release.id, each.id))

    def _next_step(self):
        up = [each for each in self.applicable if self._compared(each) == 1]
        ours = [each for each in self.applicable if self._is_delta_up(each)]
        deltas = [each for each in ours if not self._is_spent(each)]
        full = [each for each in self.applicable if each.release.from_ is None]
        passes = [each for each in up if each.release.from_ is None and each.release.must_pass_through]
        step = self._first(deltas) or self._first(passes, lowest=True)
        if not step and (highest := self._first(full)) in up:
            step = highest
        step = step or self._first(ours)  # it has had its attempts
        self.goes_up = step is not None
        if not step and not self.cohort.version_checking and not self._at_home():
            step = self._first(full)
        return step

    def _attempts(self, activation):
        return next((each for each in self.facts.attempts
                     if each.release_id == activation.release.id and each.failed > 0), None)

    def _is_spent(self, activation):
        attempts = self._attempts(activation)
        return attempts is not None and 0 < self.policy.retry_attempts <= attempts.failed

    def _at_home(self):
        """The device runs the version of a release that is active for it."""
        return any(each.release.version == self.current for each in self.applicable)

    def _is_delta_up(self, activation):
        from_ = activation.release.from_
        return from_ is not None and from_ == self.current and self._compared(activation) == 1

    # ---- Rule 7 and the reasons ----

    def permission(self):
        """(reason, retry_at) for the next step."""
        if self.facts.awaiting_report:
            return "awaiting_version_report", 0
        attempts = self._attempts(self.next)
        if not attempts:
            return "chosen", 0
        if self._is_spent(self.next):
            return "attempts_exhausted", 0
        first = max(self.policy.retry_backoff, 0)
        wait = min(first * 2 ** (attempts.failed - 1), max(first, DAY))
        retry_at = min(attempts.last_failed + wait, FOREVER)
        is_wrong = attempts.last_failed > min(self.facts.now + wait, FOREVER)  # the clock was ahead then
        return ("chosen", 0) if self.facts.now >= retry_at or is_wrong else ("retry_wait", retry_at)

    def verdict(self, activation):
        if activation is self.next:
            return self.permission()[0]
        if reason := mismatch(activation, self.facts):
            return reason
        if self._is_delta_up(activation) and self._is_spent(activation):
            return "attempts_exhausted"
        if self.next and self._was_possible(activation):
            return self._passed_over(activation)
        return self._no_way_up(activation)

    def _no_way_up(self, activation):
        order = self._compared(activation)
        if order == 1:
            return "delta_from_other"
        return {None: "version_unordered", 0: "up_to_date", -1: "would_downgrade"}[order]

    def _was_possible(self, activation):
        if activation.release.from_ is not None:
            return self._is_delta_up(activation)
        return self._compared(activation) == 1 or not self.goes_up  # else any full release may follow, by rule 5

    def _passed_over(self, activation):
        if self.next.release.from_ is not None:
            return "superseded_by_delta" if activation.release.from_ is None else "lower_than_chosen"
        if self.next.release.must_pass_through and self._rank(activation) > self._rank(self.next):
            return "must_pass_through_first"
        return "lower_than_chosen"


def decide(case):
    situation = Situation(case)
    activations = case.cohort.activations
    trail = [situation.verdict(each) for each in activations]
    step, retry_at = situation.next, 0
    if not activations:
        reason = "no_active_release"
    elif step:
        reason, retry_at = situation.permission()
    elif case.facts.awaiting_report:
        reason = "awaiting_version_report"
    else:
        reason = max(trail, key=REASONS.index)
    payload = step and fitting_payload(step.release, case.facts)
    return Decision(step.id if step and reason == "chosen" else None, step and step.id, payload and payload.id,
                    reason, retry_at, trail)
