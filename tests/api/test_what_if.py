"""What-if: the matrix of a change that has not been made equals the matrix once it has been."""
import pytest

from lib.ddi import Unit, contents
from lib.operator import expect
from lib.releases import BOARD

VERSIONS = ("0.8.0", "0.9.0", "1.0.0", "1.1.0", "2.0.0", "no version")


@pytest.fixture
def what_if(admin):
    """what_if({"pull": "1.1.0"}, ..., cohort="beta"): the reply's document."""
    def ask(*changes, cohort="default"):
        return expect(200, admin.post(f"/cohorts/{cohort}/what-if", {"changes": list(changes)})).json
    return ask


@pytest.fixture
def matrix(admin):
    return lambda cohort="default": expect(200, admin.get(f"/cohorts/{cohort}/matrix")).json


@pytest.fixture
def shop(admin, releases, fleet):
    """20 devices on each of six versions, 40 % of them staged; two releases active, three more in the drawer."""
    for version in VERSIONS:
        fleet(20, version=version)
    expect(200, admin.patch("/cohorts/default", {"staged_percent": 40}))
    for name in ("1.1.0", "1.1.0..2.0.0"):
        releases.publish(name)
    for name in ("2.0.0", "1.0.0..1.1.0", "0.9.0"):
        releases.create(name, must_pass_through=name == "0.9.0")


def make(admin, releases, changes, cohort="default"):
    """The changes, for real."""
    for change in changes:
        if "activate" in change:
            releases.activate(change["activate"], cohort, change.get("staged", False))
        elif "pull" in change:
            releases.pull(change["pull"], cohort)
        else:
            expect(200, admin.patch(f"/cohorts/{cohort}", change))


def offers(gateway, ids):
    """{device: the version that its poll leads to, or None}"""
    found = {}
    for id in ids:
        unit = Unit(gateway, id)
        found[id] = unit.deployment["release"] if "deploymentBase" in unit.links() else None
    return found


def by_activation(matrix):
    """Releases may be listed in the order in which they became active, which a what-if has of its own."""
    for row in matrix["rows"]:
        row["cells"].sort(key=lambda cell: cell["release"])
        row["deltas"].sort(key=lambda delta: delta["release"])
    for column in matrix["columns"]:
        column["active"].sort(key=lambda each: each["release"])
    return matrix


CHANGES = {
    "activate": [{"activate": "2.0.0"}],
    "activate for the staged": [{"activate": "2.0.0", "staged": True}],
    "activate for all, said at length": [{"activate": "2.0.0", "staged": False}],
    "activate a delta": [{"activate": "1.0.0..1.1.0"}],
    "activate a must-pass-through": [{"activate": "0.9.0"}],
    "pull": [{"pull": "1.1.0"}],
    "pull a delta": [{"pull": "1.1.0..2.0.0"}],
    "pull all": [{"pull": "1.1.0"}, {"pull": "1.1.0..2.0.0"}],
    "version checking off": [{"version_checking": False}],
    "version checking as it is": [{"version_checking": True}],
    "replace": [{"activate": "2.0.0"}, {"pull": "1.1.0"}, {"version_checking": False}],
    "from normal to staged": [{"pull": "1.1.0"}, {"activate": "1.1.0", "staged": True}],
    "there and back": [{"activate": "2.0.0"}, {"pull": "2.0.0"}],
}


@pytest.mark.parametrize("name", CHANGES)
def test_equals_what_happens(gateway, admin, releases, shop, what_if, matrix, name):
    """The matrix, and how many devices are offered something else when they poll again."""
    ids = [each["id"] for each in admin.items("/devices")]
    before, was = matrix(), offers(gateway, ids)
    said = what_if(*CHANGES[name])
    assert said["before"] == before
    assert matrix() == before, "nothing has been changed"
    make(admin, releases, CHANGES[name])
    assert by_activation(said["after"]) == by_activation(matrix())
    now = offers(gateway, ids)
    assert said["moves"] == sum(was[id] != now[id] for id in ids)
    assert said["moves"] > 0 or name in ("version checking as it is", "there and back")


@pytest.mark.parametrize("percent", [0, 1, 17, 40, 41, 99, 100])
def test_percentage(admin, releases, what_if, matrix, fleet, percent):
    """Who is chosen is chance; how many is not."""
    fleet(97)
    expect(200, admin.patch("/cohorts/default", {"staged_percent": 40}))
    releases.publish("1.1.0", staged=True)
    said = what_if({"staged_percent": percent})
    make(admin, releases, [{"staged_percent": percent}])
    assert said["after"] == matrix()
    assert said["moves"] == abs(said["after"]["moving"] - said["before"]["moving"])
    assert said["before"]["moving"] == 39


def test_percentage_of_many_small_groups(admin, releases, what_if, matrix, fleet):
    """Ten per cent of 200 different devices are 20, though a tenth of each is none."""
    boards = [f"board-{n}" for n in range(50)]
    for board in boards:
        fleet(4, hardware=board)
    releases.publish("1.1.0", hardware=boards, staged=True)
    for percent in (10, 55, 3, 0, 100):
        said = what_if({"staged_percent": percent})
        assert said["after"]["moving"] == 2 * percent
        assert all(row["devices"] == 4 for row in said["after"]["rows"])
        make(admin, releases, [{"staged_percent": percent}])
        assert matrix()["moving"] == 2 * percent


def test_percentage_together_with_a_staged_release(releases, what_if, fleet):
    """What an operator asks before a staged rollout begins."""
    fleet(200)
    releases.create("1.1.0")
    said = what_if({"activate": "1.1.0", "staged": True}, {"staged_percent": 5})
    assert (said["moves"], said["before"]["moving"], said["after"]["moving"]) == (10, 0, 10)
    row, = said["after"]["rows"]
    cell, = row["cells"]
    assert cell == {"release": "1.1.0", "kind": "full", "version": "1.1.0", "devices": 10, "staged_devices": 10}
    assert row["staying"][0]["reason"] == "not_staged" and row["staying"][0]["devices"] == 190


def test_percentage_that_was_not_renewed(admin, releases, what_if, matrix, fleet):
    """40 % of those who were there then are 20 % of those who are here now."""
    fleet(50)
    expect(200, admin.patch("/cohorts/default", {"staged_percent": 40}))
    fleet(50)
    releases.publish("1.1.0", staged=True)
    said = what_if({"staged_percent": 40})
    assert (said["before"]["moving"], said["after"]["moving"], said["moves"]) == (20, 40, 20)


def test_other_cohorts_do_not_count(admin, releases, what_if, fleet):
    expect(201, admin.post("/cohorts", {"slug": "beta"}))
    fleet(5)
    fleet(3, "beta")
    releases.publish("1.1.0")
    said = what_if({"activate": "1.1.0"}, cohort="beta")
    assert (said["moves"], said["after"]["cohort"], said["after"]["devices"]) == (3, "beta", 3)


def test_held_devices(gateway, admin, releases, what_if):
    """Another release lets those go that failed at this one; the same one does not."""
    releases.publish("1.1.0")
    releases.create("1.2.0")
    expect(200, admin.patch("//projects/default", {"retry_attempts": 1}))
    unit = Unit(gateway)
    unit.poll()
    unit.report("1.0.0", BOARD)
    expect(200, unit.feedback(unit.offered(), "closed", "failure"))
    said = what_if({"activate": "1.2.0"})
    assert [said[side]["held"]["exhausted"] for side in ("before", "after")] == [1, 0]
    assert what_if({"pull": "1.1.0"})["after"]["held"]["exhausted"] == 0
    releases.pull("1.1.0")
    assert what_if({"activate": "1.1.0"})["after"]["held"]["exhausted"] == 1


def test_it_writes_nothing(admin, shop, what_if, database):
    stored = contents(database)
    for changes in CHANGES.values():
        what_if(*changes)
    what_if({"staged_percent": 77})
    assert contents(database) == stored


# ---- Bad questions ----

@pytest.mark.parametrize("change, status, says", [
    ({"activate": "9.9.9"}, 422, "no such release: 9.9.9"),
    ({"activate": "1.1.0"}, 409, "release 1.1.0 is active in this cohort already"),
    ({"pull": "2.0.0"}, 409, "release 2.0.0 is not active in this cohort"),
    ({"pull": "9.9.9"}, 409, "release 9.9.9 is not active in this cohort"),
    ({"activate": "3.0.0"}, 409, "no payload"),
])
def test_cannot_be_done(admin, shop, change, status, says):
    """As the change itself would be refused."""
    expect(201, admin.post("/releases", {"version": "3.0.0"}))
    changes = [{"version_checking": False}, change]
    expect(status, admin.post("/cohorts/default/what-if", {"changes": changes}), "/changes/1", says)
    if "activate" in change:
        expect(status, admin.post("/activations", {"release": change["activate"], "cohort": "default"}))


@pytest.mark.parametrize("body", [
    {}, {"changes": []}, {"changes": None}, {"changes": {}}, {"changes": "x"}, {"changes": [{}] * 21},
    {"changes": [1]}, {"changes": [{"pull": "1.1.0"}], "more": 1}, []])
def test_bad_body(admin, body):
    expect(400, admin.post("/cohorts/default/what-if", body))


@pytest.mark.parametrize("change", [
    {}, {"activat": "1.1.0"}, {"activate": 1}, {"activate": None}, {"activate": ["1.1.0"]}, {"pull": True},
    {"staged_percent": -1}, {"staged_percent": 101}, {"staged_percent": 1.5}, {"staged_percent": "5"},
    {"staged_percent": None}, {"staged_percent": 2**62}, {"version_checking": 1}, {"version_checking": None},
    {"activate": "2.0.0", "pull": "1.1.0"}, {"activate": "2.0.0", "staged": 1}, {"pull": "1.1.0", "staged": True},
    {"staged": True}, {"staged_percent": 1, "activate": 5}, {"staged_percent": 1, "more": 2}])
def test_bad_change(admin, shop, change):
    """The second of two is named."""
    reply = admin.post("/cohorts/default/what-if", {"changes": [{"version_checking": False}, change]})
    expect(400, reply, "/changes/1")


def test_unknown(admin):
    changes = {"changes": [{"staged_percent": 1}]}
    expect(404, admin.post("/cohorts/beta/what-if", changes), says="cohort")
    expect(404, admin.post("/api/v1/projects/other/cohorts/default/what-if", changes))
