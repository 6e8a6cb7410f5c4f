"""Cohorts, and which of their devices are staged."""
import pytest

from lib.ddi import Unit
from lib.operator import expect
from lib.releases import BOARD

BETA = {"slug": "beta", "name": "Beta", "default": False, "protected": True, "polling_interval": None,
        "development_mode": False, "version_checking": True, "staged_percent": 0, "devices": 0, "staged_devices": 0}


@pytest.fixture
def beta(admin):
    return expect(201, admin.post("/cohorts", {"slug": "beta", "name": "Beta"})).json


@pytest.fixture
def staged(database):
    """staged(): ids of the staged devices of the cohort."""
    def ids(cohort="default"):
        return {id for (id,) in database("select d.device_id from device d join cohort c on c.id = d.cohort_id"
                                         " where d.staged and c.slug = %s", cohort)}
    return ids


def test_what_is_made_anew_is_not_what_was_deleted(admin):
    def etag():
        return expect(201, admin.post("/cohorts", {"slug": "beta"})).headers["ETag"]

    before = etag()
    expect(204, admin.delete("/cohorts/beta"))
    assert etag() != before
    expect(412, admin.patch("/cohorts/beta", {"name": "x"}, headers={"If-Match": before}))


def test_the_cohort_that_is_no_longer_the_default_is_logged(admin):
    expect(201, admin.post("/cohorts", {"slug": "beta"}))
    expect(200, admin.patch("/cohorts/beta", {"default": True}))
    expect(201, admin.post("/cohorts", {"slug": "gamma", "default": True}))
    lost = [each for each in admin.items("//audit?action=cohort.change") if not each["after"]["default"]]
    assert [(each["object"], each["before"]["default"]) for each in lost] == [("cohort beta", True), ("cohort default", True)]


def test_create_get_list(admin, beta):
    assert beta.items() >= BETA.items()
    assert expect(200, admin.get("/cohorts/beta")).json == beta
    assert [each["slug"] for each in admin.items("/cohorts?limit=1")] == ["beta", "default"]
    expect(409, admin.post("/cohorts", {"slug": "beta"}), "/slug")
    expect(404, admin.get("/cohorts/gamma"), says="gamma")


def test_change(admin, beta):
    change = {"name": "Field test", "protected": False, "polling_interval": 60, "development_mode": True,
              "version_checking": False}
    assert expect(200, admin.patch("/cohorts/beta", change)).json == {**beta, **change}
    assert expect(200, admin.patch("/cohorts/beta", {"polling_interval": None})).json["polling_interval"] is None
    expect(400, admin.patch("/cohorts/beta", {"slug": "gamma"}), "/slug")
    expect(400, admin.patch("/cohorts/beta", {"staged_percent": 101}), "/staged_percent")
    expect(400, admin.patch("/cohorts/beta", {"staged_percent": 9.5}), "/staged_percent")


def test_lost_race(admin, beta):
    etag = admin.get("/cohorts/beta").headers["ETag"]
    expect(200, admin.patch("/cohorts/beta", {"name": "mine"}, headers={"If-Match": etag}))
    expect(412, admin.patch("/cohorts/beta", {"name": "theirs"}, headers={"If-Match": etag}))
    expect(412, admin.delete("/cohorts/beta", headers={"If-Match": etag}))
    expect(412, admin.delete("/cohorts/beta", headers={"If-Match": f'{etag}, "x"'}))
    now = admin.get("/cohorts/beta").headers["ETag"]
    expect(200, admin.patch("/cohorts/beta", {"name": "mine again"}, headers={"If-Match": f"{etag} , {now}"}))


def test_exactly_one_default(admin, beta, gateway):
    expect(409, admin.patch("/cohorts/default", {"default": False}), "/default")
    assert expect(200, admin.patch("/cohorts/beta", {"default": True})).json["default"]
    assert [(each["slug"], each["default"]) for each in admin.items("/cohorts")] == [("beta", True), ("default", False)]
    assert gateway.ddi("GET", "/device-1").status == 200
    assert admin.get("/devices/device-1").json["cohort"] == "beta"


def test_delete_names_what_it_is_used_for(admin, beta, fleet, database):
    expect(409, admin.delete("/cohorts/default"), says="default")
    (device,) = fleet(1, "beta")
    expect(409, admin.delete("/cohorts/beta"), says="devices")
    expect(200, admin.patch(f"/devices/{device}", {"cohort": "default"}))
    key = expect(201, admin.post("/keys", {"cohort": "beta"})).json["id"]
    expect(409, admin.delete("/cohorts/beta"), says="key")
    expect(200, admin.post(f"/keys/{key}/revoke"))
    expect(201, admin.post("/releases", {"version": "1.0.0"}))
    expect(201, admin.call("PUT", "/artifacts/a.bin", data=b"a"))
    sha256 = admin.items("/artifacts")[0]["sha256"]
    expect(201, admin.post("/releases/1.0.0/payloads", {"sha256": sha256, "hardware_versions": ["board-a"]}))
    activation = expect(201, admin.post("/activations", {"release": "1.0.0", "cohort": "beta"})).json["id"]
    expect(409, admin.delete("/cohorts/beta"), says="active")
    expect(200, admin.post(f"/activations/{activation}/pull"))
    expect(204, admin.delete("/cohorts/beta"))
    expect(404, admin.get("/cohorts/beta"))
    assert admin.get(f"/activations/{activation}").json["cohort"] is None
    database("select counters_fold()")  # what is left of its counters goes, too
    assert database("select count(*) from fleet_change") == [(0,)]


def test_delete_one_that_has_had_deployments(admin, beta, gateway, releases):
    unit = Unit(gateway, "cam-1")
    unit.poll()
    unit.report("1.0.0", BOARD)
    expect(200, admin.patch("/devices/cam-1", {"cohort": "beta"}))
    releases.publish("1.1.0", cohort="beta")
    expect(200, unit.feedback(unit.offered(), "closed", "failure"))
    releases.pull("1.1.0", cohort="beta")
    expect(200, admin.patch("/devices/cam-1", {"cohort": "default"}))
    expect(204, admin.delete("/cohorts/beta"))
    (deployment,) = admin.items("/devices/cam-1/deployments")
    assert (deployment["cohort"], deployment["state"]) == (None, "failed")


# ---- Staged ----

@pytest.mark.parametrize("percent, expected", [(0, 0), (1, 1), (10, 11), (33, 35), (50, 54), (99, 106), (100, 107)])
def test_exactly_the_rounded_share(admin, fleet, staged, percent, expected):
    fleet(107)
    reply = expect(200, admin.patch("/cohorts/default", {"staged_percent": percent}))
    assert (reply.json["devices"], reply.json["staged_devices"]) == (107, expected)
    assert len(staged()) == expected


def test_raising_keeps_lowering_takes(admin, fleet, staged):
    fleet(200)
    seen = []
    for percent in (10, 30, 75, 100, 20, 5, 0):
        expect(200, admin.patch("/cohorts/default", {"staged_percent": percent}))
        seen.append(staged())
        assert len(seen[-1]) == 2 * percent
    for fewer, more in zip(seen[:4], seen[1:4]):
        assert fewer < more
    for more, fewer in zip(seen[3:], seen[4:]):
        assert fewer < more


def test_the_choice_is_random(admin, fleet, staged):
    ids = fleet(200)
    choices = []
    for _ in range(3):
        expect(200, admin.patch("/cohorts/default", {"staged_percent": 20}))
        choices.append(frozenset(staged()))
        expect(200, admin.patch("/cohorts/default", {"staged_percent": 0}))
    assert len(set(choices)) == 3  # by chance the same: once in 10^40 runs
    assert all(choice not in (frozenset(ids[:40]), frozenset(ids[-40:])) for choice in choices)


def test_who_joins_and_who_leaves(admin, beta, fleet, staged):
    fleet(10)
    expect(200, admin.patch("/cohorts/default", {"staged_percent": 50}))
    fleet(10)
    assert len(staged()) == 5, "those who join later are not marked"
    assert expect(200, admin.patch("/cohorts/default", {"staged_percent": 50})).json["staged_devices"] == 10
    leaving = sorted(staged())
    expect(200, admin.post("/devices/move", {"devices": leaving[:3], "cohort": "beta"}))
    expect(200, admin.patch(f"/devices/{leaving[3]}", {"cohort": "beta"}))
    assert staged("beta") == set() and staged() == set(leaving[4:])
    expect(200, admin.post("/devices/move", {"devices": leaving[:3], "cohort": "default"}))
    assert staged() == set(leaving[4:])


def test_the_same_percentage_again_is_a_change_if_it_marks_others(admin, fleet):
    fleet(10)
    first = expect(200, admin.patch("/cohorts/default", {"staged_percent": 50}))
    again = expect(200, admin.patch("/cohorts/default", {"staged_percent": 50}))
    assert again.headers["ETag"] == first.headers["ETag"]
    fleet(10)
    more = expect(200, admin.patch("/cohorts/default", {"staged_percent": 50}))
    assert more.json["staged_devices"] == 10 and more.headers["ETag"] != first.headers["ETag"]
    expect(412, admin.patch("/cohorts/default", {"staged_percent": 0}, headers={"If-Match": first.headers["ETag"]}))
