"""The version matrix: how many devices make which step next."""
import collections
import json
import time

import pytest

from lib.ddi import Unit
from lib.operator import expect
from lib.releases import BOARD

FLEET = 10_000_000
GROUPS = 2_000


@pytest.fixture
def matrix(admin):
    """matrix("beta"): of this cohort, its sums checked."""
    def get(cohort="default"):
        return checked(expect(200, admin.get(f"/cohorts/{cohort}/matrix")).json)
    return get


def checked(matrix):
    """All the totals are the sums of what they stand for."""
    rows, columns = matrix["rows"], matrix["columns"]
    for row in rows:
        assert row["moving"] == sum(cell["devices"] for cell in row["cells"])
        assert row["devices"] == row["moving"] + sum(each["devices"] for each in row["staying"])
        assert row["final"] == (row["moving"] == 0)
        assert all(0 <= cell["staged_devices"] <= cell["devices"] > 0 for cell in row["cells"])
        assert all(each["devices"] > 0 and each["text"] for each in row["staying"])
    for column in columns:
        assert column["total"] == sum(cell["devices"] for row in rows for cell in row["cells"]
                                      if cell["version"] == column["version"])
    assert matrix["moving"] == sum(column["total"] for column in columns)
    assert matrix["devices"] == sum(row["devices"] for row in rows) == matrix["moving"] + matrix["staying"]
    return matrix


def steps(matrix):
    """{(version, type, hardware, attributes, release or reason): devices}"""
    found = {}
    for row in matrix["rows"]:
        facts = (row["software_version"], row["software_type"], row["hardware_version"], json.dumps(row["attributes"]))
        assert not any(key[:4] == facts for key in found), f"two rows for {facts}"
        found.update({(*facts, cell["release"]): cell["devices"] for cell in row["cells"]})
        found.update({(*facts, each["reason"]): each["devices"] for each in row["staying"]})
    return found


# ---- The document ----

def test_classic_example(matrix, releases, fleet):
    """Full 2.0, delta 1.0..2.0 and must-pass-through 1.0, as docs/resolver.md has it."""
    for count, version in ((5, "0.9"), (4, "1.0"), (3, "1.1"), (2, "2.0"), (1, None)):
        fleet(count, version=version)
    for name, passes in (("2.0", False), ("1.0..2.0", False), ("1.0", True)):
        releases.publish(name, must_pass_through=passes)
    found = matrix()
    assert found["cohort"] == "default"
    assert (found["devices"], found["moving"], found["staying"]) == (15, 13, 2)
    assert found["held"] == {"waiting": 0, "exhausted": 0}
    assert [(each["version"], each["total"]) for each in found["columns"]] == [("1.0", 6), ("2.0", 7)]
    passing = {"release": "1.0", "kind": "must_pass_through", "staged": False}
    full = {"release": "2.0", "kind": "full", "staged": False}
    delta = {"release": "1.0..2.0", "kind": "delta", "staged": False}
    assert [each["active"] for each in found["columns"]] == [[passing], [full, delta]]
    assert [(row["software_version"], row["devices"], row["final"]) for row in found["rows"]] == [
        (None, 1, False), ("0.9", 5, False), ("1.0", 4, False), ("1.1", 3, False), ("2.0", 2, True)]
    assert [row["deltas"] for row in found["rows"]] == [[], [], [delta], [], []]
    assert [[cell["release"] for cell in row["cells"]] for row in found["rows"]] == [
        ["1.0"], ["1.0"], ["1.0..2.0"], ["2.0"], []]
    assert found["rows"][4]["staying"] == [
        {"reason": "up_to_date", "text": "The device already runs this version.", "devices": 2}]
    assert found["rows"][1].items() >= {"software_type": "main", "hardware_version": BOARD, "attributes": {}}.items()


def test_staged_share_is_split(matrix, admin, releases, fleet):
    fleet(10)
    expect(200, admin.patch("/cohorts/default", {"staged_percent": 30}))
    releases.publish("2.0.0")
    releases.publish("3.0.0", staged=True)
    row, = matrix()["rows"]
    assert [(cell["release"], cell["devices"], cell["staged_devices"]) for cell in sorted(
        row["cells"], key=lambda cell: cell["release"])] == [("2.0.0", 7, 0), ("3.0.0", 3, 3)]
    releases.publish("4.0.0")
    row, = matrix()["rows"]
    assert [(cell["release"], cell["devices"], cell["staged_devices"]) for cell in row["cells"]] == [("4.0.0", 10, 3)]


def test_rows_and_columns_in_the_order_of_versions(matrix, releases, fleet):
    """Texts sort otherwise; what is no version comes last, unknown ones first."""
    for version in ("1.10.0", "1.9.0", "no version", "1.9.0-rc10", "1.9.0-rc9", None):
        fleet(1, version=version)
    for version in ("1.12.0", "1.11.0", "1.9.1"):
        releases.publish(version)
    found = matrix()
    assert [row["software_version"] for row in found["rows"]] == [
        None, "1.9.0-rc9", "1.9.0-rc10", "1.9.0", "1.10.0", "no version"]
    assert [each["version"] for each in found["columns"]] == ["1.9.1", "1.11.0", "1.12.0"]
    assert [each["total"] for each in found["columns"]] == [0, 0, 5]


def test_empty(matrix, admin, releases, fleet):
    empty = {"cohort": "default", "devices": 0, "moving": 0, "staying": 0, "columns": [], "rows": [],
             "held": {"waiting": 0, "exhausted": 0}}
    assert matrix() == empty
    releases.publish("1.1.0")
    assert [each["version"] for each in matrix()["columns"]] == ["1.1.0"]
    expect(201, admin.post("/cohorts", {"slug": "beta"}))
    fleet(3)
    assert matrix("beta") == {**empty, "cohort": "beta"}
    assert matrix()["moving"] == 3


def test_unknown(admin, gateway):
    expect(404, admin.get("/cohorts/beta/matrix"), says="cohort")
    expect(404, admin.get("/api/v1/projects/other/cohorts/default/matrix"))
    assert gateway.request("GET", "/api/v1/projects/default/cohorts/default/matrix").status == 401


def test_follows_devices(matrix, admin, releases, fleet, database):
    """Each change shows at once, whether the counters have been folded or not."""
    releases.publish("1.1.0")
    expect(201, admin.post("/cohorts", {"slug": "beta"}))
    ids = fleet(6)
    for fold in (lambda: None, lambda: database("select counters_fold()")):
        fold()
        assert steps(matrix()) == {("1.0.0", "main", BOARD, "{}", "1.1.0"): 6}
    expect(200, admin.post("/devices/move", {"devices": ids[:2], "cohort": "beta"}))
    expect(204, admin.delete(f"/devices/{ids[2]}"))
    database("update device set software_version = '1.1.0' where device_id = %s", ids[3])
    for fold in (lambda: None, lambda: database("select counters_fold()")):
        fold()
        assert steps(matrix()) == {("1.0.0", "main", BOARD, "{}", "1.1.0"): 2,
                                   ("1.1.0", "main", BOARD, "{}", "up_to_date"): 1}
        assert steps(matrix("beta")) == {("1.0.0", "main", BOARD, "{}", "no_active_release"): 2}


# ---- What devices really get ----

def mixed_devices(rng, count):
    """[(id, cohort, {attributes})]"""
    choices = {"current_version": ["0.9.0", "1.0.0", "1.1.0", "2.0.0", "3.0.0", "no version"],
               "hardware_version": ["board-a", "board-b", "board-x"], "software_type": ["main", "main", "modem"],
               "region": ["eu", "us", None]}
    return [(f"dev-{n:04}", rng.choice(["default", "beta"]),
             {name: value for name, values in choices.items() if (value := rng.choice(values))}) for n in range(count)]


def mixed_project(admin, releases, devices):
    """Many rules at once: types, boards, regions, staged, deltas, must-pass-through, two cohorts."""
    expect(201, admin.post("/cohorts", {"slug": "beta", "version_checking": False}))
    expect(200, admin.post("/devices/move", {"devices": [id for id, cohort, _ in devices if cohort == "beta"],
                                             "cohort": "beta"}))
    for cohort in ("default", "beta"):
        expect(200, admin.patch(f"/cohorts/{cohort}", {"staged_percent": 40}))
    releases.publish("1.1.0", must_pass_through=True, hardware=["board-a", "board-b"])
    releases.publish("2.0.0", attributes={"region": "eu"})
    releases.publish("1.1.0..2.0.0", hardware=["board-b"])
    releases.publish("3.0.0", staged=True)
    releases.publish("0.5.0", software_type="modem")
    releases.activate("1.1.0", "beta")
    releases.activate("1.1.0..2.0.0", "beta", staged=True)


def offer_of(unit, admin):
    """The release that a poll offers, or why there is none."""
    if "deploymentBase" in unit.links():
        return unit.deployment["release"]
    return expect(200, admin.get(f"/devices/{unit.id}/inspect")).json["decision"]["reason"]


def test_equals_what_devices_get(gateway, matrix, admin, releases, rng):
    """Hundreds of devices poll one by one, and get what the matrix had said before."""
    devices = mixed_devices(rng, 300)
    expect(200, admin.patch("//projects/default", {"targeting_attributes": ["region"]}))
    units = {}
    for id, _, attributes in devices:
        units[id] = Unit(gateway, id)
        units[id].poll()
        expect(200, units[id].request("PUT", "/configData", json={"data": attributes}))
    mixed_project(admin, releases, devices)
    said = {cohort: matrix(cohort) for cohort in ("default", "beta")}

    got = {cohort: collections.Counter() for cohort in said}
    for id, cohort, attributes in devices:
        targeting = json.dumps({"region": attributes["region"]} if "region" in attributes else {})
        got[cohort][attributes["current_version"], attributes["software_type"], attributes["hardware_version"],
                    targeting, offer_of(units[id], admin)] += 1
    for cohort in said:
        assert steps(said[cohort]) == got[cohort]
        assert said[cohort]["moving"] > 20 and said[cohort]["staying"] > 20, "a catalog that tests something"


# ---- Held by the retry policy ----

def test_held_devices_are_counted(gateway, matrix, admin, releases, database):
    """They stay where the rules lead them, and are counted beside; but only at the release that is their next."""
    releases.publish("1.1.0")
    for failures, id in ((0, "fine"), (1, "waits"), (2, "waits-longer"), (3, "has-had-enough")):
        unit = Unit(gateway, id)
        unit.poll()
        unit.report("1.0.0", BOARD)
        for _ in range(failures):
            back_off_is_over(database, id)
            expect(200, unit.feedback(unit.offered(), "closed", "failure"))
            assert "deploymentBase" not in unit.links()
    assert matrix()["held"] == {"waiting": 2, "exhausted": 1}
    assert (matrix()["moving"], matrix()["staying"]) == (4, 0)

    expect(200, admin.patch("//projects/default", {"retry_attempts": 0}))
    assert matrix()["held"] == {"waiting": 3, "exhausted": 0}
    expect(200, admin.patch("//projects/default", {"retry_attempts": 2}))
    assert matrix()["held"] == {"waiting": 1, "exhausted": 2}
    back_off_is_over(database, "waits")
    assert matrix()["held"] == {"waiting": 0, "exhausted": 2}

    releases.publish("1.2.0")
    assert matrix()["held"] == {"waiting": 0, "exhausted": 0}, "the next step is another release"
    releases.pull("1.2.0")
    assert matrix()["held"] == {"waiting": 0, "exhausted": 2}
    releases.pull("1.1.0")
    assert matrix()["held"] == {"waiting": 0, "exhausted": 0}


def back_off_is_over(database, id):
    database("update device set failures = (select jsonb_object_agg(key, jsonb_build_array(value -> 0, 1000000))"
             " from jsonb_each(failures)) where device_id = %s and failures is not null", id)


def test_as_many_failures_as_there_can_be(matrix, releases, fleet, database):
    """Without a limit a device may fail for years; its back-off is a day."""
    database("update project set retry_attempts = 0")
    releases.publish("1.1.0")
    release = database.value("select id from release")
    fleet(2)
    database("update device set failures = jsonb_build_object(%s::text, array[2000000000,"
             " (extract(epoch from now() - interval '23 hours') * 1000000)::bigint])", release)
    assert matrix()["held"] == {"waiting": 2, "exhausted": 0}


# ---- Fast ----

@pytest.fixture
def huge(database, admin, releases):
    """A cohort of 10 M devices in 2,000 groups, with a dozen active releases, among 20 others of that size."""
    for n in range(20):
        expect(201, admin.post("/cohorts", {"slug": f"other-{n}"}))
    database("""
        insert into fleet (project_id, cohort_id, software_type, software_version, hardware_version, staged, devices)
        select c.project_id, c.id, 'main', '1.' || n / 10 || '.' || n %% 10, 'board-' || chr(97 + m), staged, %s
          from cohort c, generate_series(0, 249) n, generate_series(0, 3) m, unnest(array[false, true]) staged
        """, FLEET // GROUPS)
    database("analyze fleet")
    boards = [f"board-{letter}" for letter in "abcd"]
    for n in range(10):
        releases.publish(f"1.{n}.9..2.{n}.0", hardware=boards)
    releases.publish("1.5.0", hardware=boards, must_pass_through=True)
    releases.publish("2.5.0", hardware=boards, staged=True)


def seconds(request, times=20):
    """(best, median) of some requests."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        expect(200, request())
        taken.append(time.perf_counter() - begin)
    return min(taken), sorted(taken)[times // 2]


def test_ten_million_devices(admin, matrix, huge):
    found = matrix()
    assert (found["devices"], len(found["rows"])) == (FLEET, 1000)
    assert found["moving"] > FLEET / 2
    changes = {"changes": [{"pull": "2.5.0"}, {"activate": "2.5.0"}, {"staged_percent": 33}]}
    for name, request in (("matrix", lambda: admin.get("/cohorts/default/matrix")),
                          ("what-if", lambda: admin.post("/cohorts/default/what-if", changes))):
        best, median = seconds(request)
        print(f"{name}: best {best * 1000:.0f} ms, median {median * 1000:.0f} ms")
        assert best < 0.5
