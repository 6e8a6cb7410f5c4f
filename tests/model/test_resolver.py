"""The C resolver and the model agree on decision, reason and trail.

Each example is a catalog, with version checking and without, and a few devices, each on all versions.
MEWS_EXAMPLES: how many examples; each has about a hundred cases.
A case on which they differ is printed as JSON: keep it as a line of kept/resolver.jsonl, with the `why`.
"""
import collections
import dataclasses
import json
import os
import pathlib
import re

import hypothesis
import pytest
from hypothesis import strategies as st

import resolver_model as model
from lib.gateway import TOP
from resolver_model import Activation, Attempts, Case, Cohort, Facts, Payload, Policy, Release

KEPT = pathlib.Path(__file__).parent / "kept" / "resolver.jsonl"
EXAMPLES = int(os.environ.get("MEWS_EXAMPLES", "300"))

# Few values, so that they meet. Of some ranks there are several.
NATURAL = ["0.9", "1.0", "1.0.0", "v1.0", "1.0.1-rc1", "1.0.1", "1.1", "2.0", "2.0.0", "2.0+b7", "2", "3.0"]
SEMVER = ["0.9.0", "1.0.0-rc.1", "1.0.0", "1.0.0+a", "1.0.0+b", "1.1.0", "2.0.0", "2.0.0-rc.1", "3.0.0"]
ODD = [None, "", "1.0 beta", "not-a-version", "5.0", "1.0+x", "9" * 129]
HARDWARE = ["a", "b", "c"]
TYPES = ["main", "modem"]
ATTRIBUTES = {"region": ["eu", "us"], "tier": ["1", "2"]}
MINUTE = 60 * 10**6
TIMES = [0, MINUTE, 15 * MINUTE - 1, 15 * MINUTE, 30 * MINUTE, 61 * MINUTE, model.FOREVER]

attributes = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in ATTRIBUTES.items()})


@st.composite
def releases(draw, versions):
    """Up to eight, each [version, from] once, as the schema has it."""
    kinds = st.tuples(st.sampled_from(versions), st.one_of(st.none(), st.none(), st.sampled_from(versions)))
    made = []
    for id, (version, from_) in enumerate(draw(st.lists(kinds, unique=True, max_size=8)), 1):
        payloads = [Payload(id * 10 + n, draw(st.sampled_from(TYPES[:1] * 4 + TYPES)),
                            draw(st.lists(st.sampled_from(HARDWARE), min_size=1, max_size=3, unique=True)),
                            draw(st.one_of(st.just({}), attributes)))
                    for n in range(draw(st.sampled_from([1, 1, 1, 2, 3, 0])))]
        made.append(Release(id, version, from_, from_ is None and draw(st.booleans()), apart(payloads)))
    return draw(st.permutations(made))


def apart(payloads):
    """Without those that could fit a device which another one fits, too: the gateway refuses them."""
    kept = []
    for payload in payloads:
        if not any(overlap(payload, other) for other in kept):
            kept.append(payload)
    return kept


def overlap(a, b):
    excluded = any(a.attributes[name] != b.attributes[name] for name in a.attributes.keys() & b.attributes.keys())
    return a.software_type == b.software_type and bool(set(a.hardware) & set(b.hardware)) and not excluded


@st.composite
def devices(draw, releases):
    """All but their versions."""
    failed = st.builds(Attempts, st.just(0), st.sampled_from([-1, 0, 1, 1, 2, 3, 5, 63, 64]), st.sampled_from(TIMES))
    attempts = [dataclasses.replace(draw(failed), release_id=id)
                for id in draw(st.lists(st.integers(1, len(releases) + 1), unique=True, max_size=5))]
    return Facts(draw(st.booleans()), draw(st.sampled_from([None, None, *TYPES])),
                 None, draw(st.sampled_from(HARDWARE * 4 + [None])), draw(st.sampled_from([False, False, False, True])),
                 draw(attributes), attempts, draw(st.sampled_from(TIMES)))


@st.composite
def some_cases(draw):
    scheme = draw(st.sampled_from(["natural", "natural", "semver"]))
    versions = NATURAL if scheme == "natural" else SEMVER
    policy = Policy(scheme, draw(st.booleans()), draw(st.sampled_from([3, 3, 1, 0, -1])),
                    draw(st.sampled_from([15 * MINUTE, 15 * MINUTE, 0, -5, 1, model.FOREVER])))
    made = draw(releases(versions))
    active = made + made[:draw(st.integers(0, 1))]  # the resolver takes it, too, if one is active twice
    ids = draw(st.permutations(range(100, 100 + len(active))))
    activations = [Activation(id, release, draw(st.booleans())) for id, release in zip(ids, active)]
    return [Case(policy, Cohort(checking, activations), dataclasses.replace(device, software_version=version))
            for device in draw(st.lists(devices(made), min_size=1, max_size=4))
            for version in versions + ODD
            for checking in (True, False)]


def compare(cli, cases):
    """The decisions of both."""
    lines = [json.dumps(model.to_json(case)) for case in cases]
    decisions = [model.decide(case) for case in cases]
    for line, answer, decision in zip(lines, cli.ask(lines), decisions):
        assert json.loads(answer) == dataclasses.asdict(decision), f"keep this case:\n{line}"
    return decisions


def test_model_and_c_agree(resolver_cli):
    @hypothesis.seed(int(os.environ["MEWS_SEED"]))
    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, database=None, print_blob=True,
                         suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(some_cases())
    def agree(cases):
        for decision in compare(resolver_cli, cases):
            met.update([decision.reason, *decision.trail])

    met = collections.Counter()
    agree()
    assert set(met) == set(model.REASONS), "the cases must be such that every reason comes up"


@pytest.mark.parametrize("case", [json.loads(line) for line in KEPT.read_text().splitlines()], ids=lambda it: it["why"])
def test_kept(resolver_cli, case):
    case.pop("why")
    compare(resolver_cli, [model.from_json(case)])


# ---- docs/resolver.md has the reasons, in their order and with their words ----

def test_every_reason_is_documented():
    source = (TOP / "resolver" / "reason.c").read_text()
    entries = re.findall(r'\[(REASON_\w+)\] = \{\s*"(\w+)",\s*((?:"[^"]*"\s*)+)\}', source)
    words = {name: (reason, "".join(re.findall('"([^"]*)"', text))) for name, reason, text in entries}
    enum = re.search(r"enum resolver_reason \{(.*?)\}", (TOP / "resolver" / "resolver.h").read_text(), re.DOTALL)[1]
    order = re.findall(r"^\s*(REASON_\w+)", enum, re.MULTILINE)
    page = (TOP / "docs" / "resolver.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|$", page[page.index("| reason | in words |"):], re.MULTILINE)
    assert [words[name] for name in order] == rows[:len(order)]
    assert [reason for reason, _ in rows[:len(order)]] == model.REASONS


# ---- The classic example, by the model alone ----

@pytest.mark.parametrize("version, steps", [
    ("0.9", ["1.0", "1.0>2.0"]), (None, ["1.0", "1.0>2.0"]), ("1.0", ["1.0>2.0"]), ("1.1", ["2.0"]), ("2.0", []),
    ("2.1", [])])
def test_classic_example(version, steps):
    payloads = [Payload(1)]
    active = [Activation(1, Release(1, "2.0", payloads=payloads)),
              Activation(2, Release(2, "2.0", "1.0", payloads=payloads)),
              Activation(3, Release(3, "1.0", must_pass_through=True, payloads=payloads))]
    taken = []
    while True:
        device = Facts(software_version=version, hardware_version="a")
        decision = model.decide(Case(Policy(), Cohort(True, active), device))
        if decision.activation is None:
            break
        release = active[decision.activation - 1].release
        version = release.version
        taken.append(f"{release.from_}>{version}" if release.from_ else version)
    assert taken == steps
