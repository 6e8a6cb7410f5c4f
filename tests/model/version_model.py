"""The order of versions, written from the rules in docs/resolver.md. It knows nothing of sort keys."""
import functools
import re

MAX_LENGTH = 128
SEMVER = re.compile(  # as semver.org publishes it
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?", re.ASCII)
NATURAL = re.compile(r"(?:[vV](?=[0-9]))?(?P<core>[0-9]+(?:\.[0-9]+)*)?(?P<suffix>.*)", re.ASCII | re.DOTALL)


def trouble(text, scheme, allow_build):
    """None for a version, or what is wrong with it, as the C helper names it."""
    ordering, plus, _ = text.partition("+")
    if len(text.encode()) > MAX_LENGTH:
        return "too_long"
    if not all("!" <= c <= "~" for c in text) or text[:1] == "." or text[-1:] == "." or ".." in text:
        return "bad_character"
    if plus and not allow_build:
        return "build_metadata"
    if not ordering:
        return "empty"
    if scheme == "semver" and not SEMVER.fullmatch(text):
        return "not_semver"
    return None


def parts(text):
    """The numbers of the core, and the identifiers of the suffix; None: there is no suffix."""
    match = NATURAL.fullmatch(text.partition("+")[0])
    core = [int(group) for group in match["core"].split(".")] if match["core"] else []
    suffix = match["suffix"]
    if not suffix:
        return core, None
    return core, (suffix[1:] if suffix[0] in "-._~" else suffix).split(".")


def compare(a, b, scheme):
    """Negative, zero or positive, for two texts that are versions."""
    (core_a, suffix_a), (core_b, suffix_b) = parts(a), parts(b)
    for i in range(max(len(core_a), len(core_b))):
        x, y = (core[i] if i < len(core) else 0 for core in (core_a, core_b))
        if x != y:
            return -1 if x < y else 1
    if suffix_a is None or suffix_b is None:
        return (suffix_a is None) - (suffix_b is None)  # a release is above its candidates
    for x, y in zip(suffix_a, suffix_b):
        if order := compare_identifiers(x, y, scheme):
            return order
    return len(suffix_a) - len(suffix_b)


def compare_identifiers(a, b, scheme):
    if a.isdigit() and b.isdigit():
        return int(a) - int(b)
    if a.isdigit() or b.isdigit():
        return -1 if a.isdigit() else 1  # SemVer: numbers are below texts
    if scheme == "semver":
        return (a > b) - (a < b)
    return compare_texts(a, b)


def compare_texts(a, b):
    """Character by character, but a run of digits is one number, which stands where "0" does."""
    runs_a, runs_b = (re.findall("[0-9]+|[^0-9]", text) for text in (a, b))
    for x, y in zip(runs_a, runs_b):
        if x.isdigit() and y.isdigit():
            if int(x) != int(y):
                return int(x) - int(y)
        elif x[0] != y[0]:
            return -1 if x[0] < y[0] else 1
    return len(runs_a) - len(runs_b)


def sort_key(scheme):
    """For sorted(), min() and max()."""
    return functools.cmp_to_key(lambda a, b: compare(a, b, scheme))
