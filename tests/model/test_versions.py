"""The order of versions is the same in C, in PostgreSQL by the stored keys, and in the model."""
import itertools
import random

import pytest

import version_model

CASES = 6000  # versions per scheme

# Each ascends.
SEMVER_CHAIN = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
                "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1"]  # semver.org, 11
CHAINS = [
    ("semver", SEMVER_CHAIN),
    ("natural", SEMVER_CHAIN),
    ("natural", ["1.0.0rc1", "1.0.0"]),  # the design's examples
    ("natural", ["1.0.1-dev", "1.0.1-rc2", "1.0.1", "1.0.12", "1.0.20"]),
    ("natural", ["v1.0-rc2", "1.0.0-rc10", "1", "1.0.0.1", "v1.1", "10"]),
]
SAME_RANK = [("1.0", "1.0.0"), ("v1.0", "1"), ("1.0rc1", "1.0.0-rc1"), ("1.0_rc01", "1.0~rc1"), ("1.0+a", "1.0+b")]


def keys_of(version_keys, scheme, versions):
    """The C keys as bytes; for what is none, the name of the trouble."""
    answers = version_keys.ask([f"{scheme} {version}" for version in versions])
    return [answer if "_" in answer or answer == "empty" else bytes.fromhex(answer) for answer in answers]


# ---- Many versions, near to each other ----

def some_number(rng):
    return rng.choice(["0", "1", "2", "9", "10", "19", "00", "01", "18446744073709551616", str(rng.randrange(40))])


def some_identifier(rng):
    return rng.choice(["rc", "a", "B", "dev", "-", "x-y", "rc1", "rc01", "rc10", "rc2a", "7b", "", "a.b",
                       some_number(rng), "".join(rng.choices("0129aAz-", k=rng.randrange(1, 5)))])


def natural(rng):
    core = ".".join(some_number(rng) for _ in range(rng.choice([0, 1, 2, 3, 3, 3, 4])))
    suffix = "".join(rng.choice([".", ".", "-", "_", "~", ""]) + some_identifier(rng)
                     for _ in range(rng.choice([0, 0, 1, 2, 3])))
    return rng.choice(["", "", "", "v", "V"]) + core + suffix + rng.choice(["", "", "", "+1", "+b.7"])


def semver(rng):
    core = ".".join(some_number(rng) for _ in range(3))
    suffix = ".".join(some_identifier(rng) for _ in range(rng.choice([0, 1, 1, 2, 3])))
    return core + ("-" + suffix if suffix else "") + rng.choice(["", "", "", "+1", "+b.007"])


def noise(rng):
    return "".join(rng.choices("01.1.29-_+~v/\x7fäb ", k=rng.randrange(12))).replace(" ", "")


def generate(scheme, rng):
    makers = [natural] * 6 + [semver] * (30 if scheme == "semver" else 6) + [noise]
    return [rng.choice(makers)(rng) for _ in range(CASES)] + ["9" * 128, "9" * 129, "a" * 128]


@pytest.mark.parametrize("build", ["", "+build"])
@pytest.mark.parametrize("scheme", ["natural", "semver"])
def test_what_is_a_version(version_keys, rng, scheme, build):
    versions = generate(scheme, rng)
    for version, key in zip(versions, keys_of(version_keys, scheme + build, versions)):
        said = "ok" if isinstance(key, bytes) else key
        assert said == (version_model.trouble(version, scheme, bool(build)) or "ok"), repr(version)


def dense_ranks(ordered, same):
    """{version: 0, 1, ...} of a sorted list; neighbours that are the same share a rank."""
    ranks, rank = {}, 0
    for i, version in enumerate(ordered):
        rank += i > 0 and not same(ordered[i - 1], version)
        ranks[version] = rank
    return ranks


def ranks_in_postgres(postgres, keys):
    rows = postgres.rows("postgres", "select version, dense_rank() over (order by key) - 1"
                         "  from unnest(%s::text[], %s::bytea[]) each_version(version, key)",
                         list(keys), list(keys.values()))
    return dict(rows)


@pytest.mark.parametrize("scheme", ["natural", "semver"])
def test_all_three_sort_alike(version_keys, postgres, rng, scheme):
    versions = sorted(set(generate(scheme, rng)))
    keys = {version: key for version, key in zip(versions, keys_of(version_keys, scheme + "+build", versions))
            if isinstance(key, bytes)}
    assert len(keys) > CASES // 4
    in_c = dense_ranks(sorted(keys, key=keys.get), lambda a, b: keys[a] == keys[b])
    shuffled = random.Random(rng.random()).sample(sorted(keys), len(keys))
    in_model = dense_ranks(sorted(shuffled, key=version_model.sort_key(scheme)),
                           lambda a, b: version_model.compare(a, b, scheme) == 0)
    assert in_model == in_c
    assert ranks_in_postgres(postgres, keys) == in_c


# ---- What is known beforehand ----

@pytest.mark.parametrize("scheme, chain", CHAINS)
def test_chain(version_keys, scheme, chain):
    keys = keys_of(version_keys, scheme, chain)
    for (i, a), (j, b) in itertools.product(enumerate(chain), repeat=2):
        wanted = (i > j) - (i < j)
        assert (keys[i] > keys[j]) - (keys[i] < keys[j]) == wanted, (a, b)
        order = version_model.compare(a, b, scheme)
        assert (order > 0) - (order < 0) == wanted, (a, b)


@pytest.mark.parametrize("a, b", SAME_RANK)
def test_same_rank(version_keys, a, b):
    first, second = keys_of(version_keys, "natural+build", [a, b])
    assert first == second and version_model.compare(a, b, "natural") == 0
