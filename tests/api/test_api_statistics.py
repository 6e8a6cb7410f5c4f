"""Counts of a project, now and over time."""
from lib.operator import expect


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
