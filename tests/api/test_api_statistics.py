"""Counts of a project, now and over time."""
import pytest

from lib.operator import expect
from lib.wait import wait_until


def test_now(admin, fleet):
    fleet(3)
    fleet(2, version="2.0.0")
    fleet(1, version=None)
    assert expect(200, admin.get("/statistics/versions")).json["now"] == {"1.0.0": 3, "2.0.0": 2, "": 1}
    assert expect(200, admin.get("/statistics/deployments")).json["now"] == {}


def test_over_time(admin, fleet, database):
    database("delete from statistic")
    for hours in (49, 25, 24, 1):
        fleet(1)
        database("delete from statistic where at = date_trunc('hour', now())")
        database("select statistics_sample()")
        database("update statistic set at = at - %s * interval '1 hour' where at = date_trunc('hour', now())", hours)

    def counts(kind, query=""):
        return [each["counts"] for each in expect(200, admin.get(f"/statistics/{kind}?step=hour{query}")).json["over_time"]]

    assert counts("versions") == [{"1.0.0": number} for number in (1, 2, 3, 4)]
    assert counts("seen") == [{"devices": number} for number in (1, 2, 3, 4)]
    assert counts("versions", "&until=2000-01-01T00:00:00Z") == []
    assert len(expect(200, admin.get("/statistics/versions?step=month")).json["over_time"]) in (1, 2)
    expect(400, admin.get("/statistics/versions?step=year"), "step")
    expect(404, admin.get("//projects/nowhere/statistics/seen"))
    assert expect(200, admin.get("/statistics/seen")).json["now"] == {"devices": 4}


def test_one_sample_an_hour(admin, database):
    for _ in range(3):
        database("select statistics_sample()")
    assert database("select count(*) from statistic") == [(3,)]


# ---- Deployments of a release or a cohort ----

@pytest.fixture
def deploy(admin, releases, fleet, database):
    """deploy("1.0.0", "beta", 3, "offered"): so many devices get the release in this state."""
    def run(release, cohort, count, state):
        if admin.get(f"/releases/{release}").status == 404:
            releases.create(release)
        if admin.get(f"/cohorts/{cohort}").status == 404:
            expect(201, admin.post("/cohorts", {"slug": cohort}))
        admin.post("/activations", {"release": release, "cohort": cohort})
        database("""
            insert into deployment (project_id, device_id, n, release_id, activation_id, payload_id, cohort_id, attempt, state)
            select v.project_id, d.device_id, 1, v.release_id, v.id, y.id, v.cohort_id, 1, %s
              from activation v join payload y on y.release_id = v.release_id join release r on r.id = v.release_id
              join cohort c on c.id = v.cohort_id join device d on d.device_id = any (%s)
             where r.version = %s and c.slug = %s""", state, fleet(count, cohort), release, cohort)
    return run


@pytest.fixture
def hours_pass(database):
    """What has been counted is folded, and happened `hours` earlier."""
    def run(hours):
        database("select counters_fold()")
        wait_until(lambda: database("select count(*) from deployment_change") == [(0,)], what="folded")
        database("update deployment_hour set at = at - %s * interval '1 hour'", hours)
    return run


def test_deployments_now_by_release_and_cohort(admin, deploy):
    deploy("1.0.0", "default", 3, "offered")
    deploy("1.0.0", "beta", 2, "failed")
    deploy("1.1.0", "beta", 1, "offered")
    for query, counts in {"": {"offered": 4, "failed": 2}, "release=1.0.0": {"offered": 3, "failed": 2},
                          "cohort=beta": {"offered": 1, "failed": 2}, "release=1.1.0&cohort=beta": {"offered": 1},
                          "release=1.1.0&cohort=default": {}}.items():
        assert expect(200, admin.get(f"/statistics/deployments?{query}")).json["now"] == counts, query
    expect(400, admin.get("/statistics/deployments?release=9.9.9"), "release")
    expect(400, admin.get("/statistics/deployments?cohort=nowhere"), "cohort")
    expect(400, admin.get("/statistics/versions?cohort=beta"), "cohort")


def test_deployments_over_time_by_release_and_cohort(admin, deploy, database, hours_pass):
    deploy("1.0.0", "default", 3, "offered")
    hours_pass(2)
    deploy("1.0.0", "beta", 2, "offered")
    database("update deployment set state = 'confirmed' where cohort_id = (select id from cohort where slug = 'default')")
    hours_pass(2)
    deploy("1.1.0", "beta", 1, "failed")
    hours_pass(1)

    def counts(query):
        reply = expect(200, admin.get(f"/statistics/deployments?step=hour&{query}")).json
        assert [each["at"] for each in reply["over_time"]] == sorted(each["at"] for each in reply["over_time"])
        return [each["counts"] for each in reply["over_time"]]

    both = {"confirmed": 3, "offered": 2}
    assert counts("release=1.0.0") == [{"offered": 3}, {"offered": 3}, both, both, both]
    assert counts("release=1.0.0&cohort=default") == [{"offered": 3}] * 2 + [{"confirmed": 3}] * 3
    assert counts("cohort=beta") == [{"offered": 2}, {"offered": 2}, {"failed": 1, "offered": 2}]
    assert counts("release=1.1.0&cohort=default") == []
    assert counts("release=1.0.0&since=2000-01-01T00:00:00Z") == counts("release=1.0.0")
    assert counts("release=1.0.0&until=2000-01-01T00:00:00Z") == []
    day = expect(200, admin.get("/statistics/deployments?release=1.0.0")).json["over_time"]
    assert len(day) in (1, 2) and day[-1]["counts"] == both


def test_a_changed_state_is_no_second_deployment(admin, deploy, database, hours_pass):
    """Between two folds as well as between two hours."""
    deploy("1.0.0", "default", 3, "offered")
    database("update deployment set state = 'retrieved'")
    database("update deployment set state = 'confirmed'")
    hours_pass(1)
    reply = expect(200, admin.get("/statistics/deployments?release=1.0.0&step=hour")).json
    assert reply["now"] == {"confirmed": 3} and [each["counts"] for each in reply["over_time"]] == [{"confirmed": 3}]


def test_hours_become_days(admin, deploy, database, hours_pass):
    for _ in range(30):
        deploy("1.0.0", "default", 1, "offered")
        hours_pass(1)
    database("update deployment_hour set at = at - interval '33 days'")
    before = expect(200, admin.get("/statistics/deployments?release=1.0.0&since=2000-01-01T00:00:00Z")).json
    database("select deployment_hours_thin(date_trunc('hour', now()))")
    database("select deployment_hours_thin(date_trunc('hour', now()))")
    assert database.value("select count(*) from deployment_hour") in (2, 3)
    assert database.value("select sum(change) from deployment_hour") == 30
    after = expect(200, admin.get("/statistics/deployments?release=1.0.0&since=2000-01-01T00:00:00Z")).json
    assert after["now"] == before["now"] and after["over_time"][-1] == before["over_time"][-1]


def test_devices_seen_within_each_step(admin, fleet, database):
    """A device that polls every few hours is one of the day, however few are there at its last hour."""
    for ago in ("10 minutes", "5 hours", "3 days", "20 days", "40 days"):
        device, = fleet(1)
        database("update device set last_seen = now() - %s::interval where device_id = %s", ago, device)
    database("delete from statistic")
    for step, expected in {"hour": 0, "month": 0}.items():
        assert admin.get(f"/statistics/seen?step={step}").json == {"now": {"devices": expected}, "over_time": []}
    database("select statistics_sample()")
    for step, expected in {"hour": 1, "day": 2, "week": 3, "month": 4}.items():
        seen = expect(200, admin.get(f"/statistics/seen?step={step}")).json
        assert [seen["now"], *(each["counts"] for each in seen["over_time"])] == [{"devices": expected}] * 2, step


def test_too_many_samples_are_refused(admin, database):
    """Rather than to leave out the newest."""
    database("delete from statistic")
    database("insert into statistic (project_id, kind, at, counts) select id, 'versions', date_trunc('hour', now())"
             " - n * interval '1 hour', '{}' from project cross join generate_series(0, 1000) n")
    path = "/statistics/versions?step=hour&since=2000-01-01T00:00:00Z"
    expect(400, admin.get(path), "step", "larger step")
    assert len(expect(200, admin.get(path.replace("hour", "day"))).json["over_time"]) in (42, 43)
    database("delete from statistic where at = (select min(at) from statistic)")
    assert len(expect(200, admin.get(path)).json["over_time"]) == 1000


def test_too_many_points_of_a_release_are_refused(admin, deploy, hours_pass):
    deploy("1.0.0", "default", 1, "offered")
    hours_pass(1005)
    path = "/statistics/deployments?release=1.0.0&step=hour&since=2000-01-01T00:00:00Z"
    expect(400, admin.get(path), "step", "larger step")
    assert expect(200, admin.get(path.replace("hour", "week"))).json["over_time"][-1]["counts"] == {"offered": 1}
