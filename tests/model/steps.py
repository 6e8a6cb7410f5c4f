"""The steps of sequences.py, as Hypothesis draws them."""
from hypothesis import strategies as st

DEVICES = ["d0", "d1", "d2", "d3"]
COHORTS = ["default", "beta"]
KEYS = {"plain": None, "to-beta": "beta"}
VERSIONS = ["1.0", "1.1", "2.0", "2.0.0", "3.0-rc1", "3.0"]
PAYLOADS = [[("main", ["a", "b"], {})], [("main", ["a", "b"], {})], [("main", ["a"], {})],
            [("main", ["a"], {}), ("main", ["b"], {"region": "eu"})], [("modem", ["a", "b"], {})], []]

ALL_INSTALLED = "All Chunks Installed."  # SWUpdate's last words before the reboot
FEEDBACK = [("proceeding", "none"), ("proceeding", "none", ALL_INSTALLED), ("download", "none"), ("downloaded", "none"), ("rejected", "none"),
            ("canceled", "none"), ("closed", "success"), ("closed", "success"), ("closed", "none"),
            ("closed", "failure"), ("closed", "failure")]
CANCEL = [("closed", "success"), ("closed", "failure"), ("rejected", "none"), ("proceeding", "none")]
DAY_AND_MORE = 25 * 3600

index = st.integers(0, 7)
truth = st.booleans()


def step(do, **arguments):
    return st.fixed_dictionaries({"do": st.just(do), **arguments})


def one_of(*values):
    return st.sampled_from(values)


def words(longest):
    return st.lists(st.sampled_from(FEEDBACK), max_size=longest)


device_steps = [
    step("poll", device=index, key=one_of("plain", "plain", "plain", "to-beta")),
    step("install", device=index, words=words(4)),
    step("install", device=index, words=st.just([("proceeding", "none"), ("closed", "success")])),
    step("install", device=index, words=st.just([("proceeding", "none", ALL_INSTALLED)])),
    step("get", device=index, back=one_of(0, 0, 0, 1)),
    step("download", device=index, release=index, offered=one_of(True, True, False)),
    step("feedback", device=index, back=one_of(0, 0, 0, 0, 1), word=st.sampled_from(FEEDBACK)),
    step("feedback", device=index, back=st.just(0), word=st.just(("closed", "success"))),
    step("cancel_feedback", device=index, back=one_of(0, 0, 0, 1), word=st.sampled_from(CANCEL)),
    step("report", device=index, version=one_of(0, 0, 1, 2, 3, 5), hardware=one_of(*"aaaabbc"),
         region=one_of(None, "eu", "us"), type=one_of(None, None, None, "main", "modem")),
    step("report_new", device=index),
    step("be_pulled", device=index, words=words(2), answer=st.sampled_from(CANCEL)),
    step("vanish", device=index, words=words(2)),
]
operator_steps = [
    step("activate", version=index, from_=one_of(None, None, 0, 1, 2), must=one_of(False, False, True), payloads=index,
         cohort=one_of(0, 0, 1), staged=one_of(False, False, True)),
    step("pull", activation=index, of=one_of(None, 0, 1)),
    step("stage", cohort=one_of(0, 0, 1), percent=one_of(0, 10, 30, 50, 70, 100)),
    step("move", devices=st.lists(index, min_size=1, max_size=3), cohort=one_of(0, 1)),
    step("check_versions", cohort=one_of(0, 0, 1), checking=truth),
    step("cancel", device=index, back=one_of(0, 0, 0, 1), force=truth),
    step("wait", seconds=one_of(17 * 60, 40 * 60, DAY_AND_MORE)),
    step("matrix", cohort=one_of(0, 1)),
    step("what_if", cohort=one_of(0, 0, 1), release=index, change=one_of("pull", "activate", "checking"), staged=truth),
]
rare_steps = [
    step("retries", attempts=one_of(0, 1, 2, 3), backoff=one_of(0, 900)),
    step("trust", trust=truth),
    step("delete_release", release=index),
    step("forget", device=index),
]
reports = [step("report", device=st.just(i), version=one_of(0, 0, 1), hardware=one_of("a", "a", "b"),
                region=one_of(None, "eu"), type=st.none()) for i in range(len(DEVICES))]
activations = step("activate", version=one_of(0, 1, 2, 5), from_=one_of(None, None, None, 0),
                   must=one_of(False, False, True), payloads=one_of(0, 0, 1, 3), cohort=one_of(0, 0, 0, 1),
                   staged=one_of(False, False, False, True))
something_new = step("activate", version=one_of(2, 3, 5), from_=st.none(), must=st.just(False), payloads=one_of(0, 1, 3),
                     cohort=st.just(0), staged=st.just(False))
beginnings = st.tuples(*reports, something_new, st.lists(activations, max_size=3)).map(lambda it: [*it[:-1], *it[-1]])
# one_of() would take each once.
some_steps = st.sampled_from(device_steps * 6 + operator_steps * 3 + rare_steps).flatmap(lambda each: each)


def sequences(length):
    """Something that can happen, and then anything."""
    return st.tuples(beginnings, st.lists(some_steps, min_size=length // 2, max_size=length)).map(
        lambda pair: pair[0] + pair[1])
