"""Releases and their payloads: what may be said of them, and how they go."""
import contextlib
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from lib.operator import expect
from lib.wait import wait_until

TOO_MUCH = {"long": {"a": "x" * 16_400}, "numbers written out": {"a": [1e308] * 53},
            "most of a megabyte of them": {"a": [1e308] * 100_000}}


# ---- What may be said of them ----

@pytest.mark.parametrize("extra_info", TOO_MUCH.values(), ids=TOO_MUCH)
def test_extra_info_is_bounded_as_it_is_stored(admin, releases, extra_info):
    """PostgreSQL writes 1e308 with all its digits."""
    expect(422, admin.post("/releases", {"version": "1.0.0", "extra_info": extra_info}), "/extra_info")
    expect(201, admin.post("/releases", {"version": "1.0.0", "extra_info": {"a": "x" * 16_000, "b": [1e308]}}))
    expect(422, admin.patch("/releases/1.0.0", {"extra_info": extra_info}), "/extra_info")
    sha256 = admin.call("PUT", "/artifacts/a.swu", data=b"a").json["sha256"]
    payload = {"sha256": sha256, "hardware_versions": ["board-a"]}
    expect(422, admin.post("/releases/1.0.0/payloads", {**payload, "extra_info": extra_info}), "/extra_info")
    expect(201, admin.post("/releases/1.0.0/payloads", payload))


@pytest.mark.parametrize("version", ["1/2", "..", ".", "1..2", ".1", "1."])
def test_every_release_is_found_by_its_name(admin, version):
    """What could not be a segment of a path, or would be another release's name, is refused."""
    expect(422, admin.post("/releases", {"version": version}), "/version")
    assert admin.items("/releases") == []


def test_every_delta_is_found_by_its_name(admin):
    expect(422, admin.post("/releases", {"version": "2.0.0", "from": "1/2"}), "/from")
    expect(422, admin.post("/releases", {"version": "2.0.0", "from": "1."}), "/from")
    name = "v1%2F..v2?#&"
    expect(201, admin.post("/releases", {"version": "v2?#&", "from": "v1%2F"}))
    assert expect(200, admin.get("/releases/" + urllib.parse.quote(name, safe=""))).json["release"] == name


def test_nothing_but_its_name_names_a_delta(admin):
    expect(201, admin.post("/releases", {"version": "2.0.0", "from": "1.0.0"}))
    for name in ("1.0.0..2.0.0..3.0.0", "1.0.0..2.0.0..", "1.0.0..2.0.0.", "1.0.0...2.0.0", "1.0.0..", "..2.0.0"):
        expect(404, admin.delete(f"/releases/{name}"), says=f"no such release: {name}")
    assert [each["release"] for each in admin.items("/releases")] == ["1.0.0..2.0.0"]


def test_attributes_and_their_names_are_pointed_at(admin, releases):
    sha256 = admin.call("PUT", "/artifacts/a.swu", data=b"a").json["sha256"]
    expect(201, admin.post("/releases", {"version": "1.0.0"}))
    payload = {"sha256": sha256, "hardware_versions": ["board-a"]}
    expect(400, admin.post("/releases/1.0.0/payloads", {**payload, "attributes": {"a~b/c": 1}}), "/attributes/a~0b~1c")
    expect(422, admin.post("/releases/1.0.0/payloads", {**payload, "attributes": {"a~b/c": "1"}}), "/attributes/a~0b~1c")
    expect(400, admin.post("/releases/1.0.0/payloads", {**payload, "hardware_versions": ["a", 1]}), "/hardware_versions/1")


def test_what_cannot_change_any_more_is_pointed_at(admin, releases):
    releases.publish("1.0.0")
    expect(200, admin.patch("/releases/1.0.0", {"notes": "n"}))
    expect(409, admin.patch("/releases/1.0.0", {"notes": "n", "revision": "r"}), "/revision")


# ---- How they go ----

@pytest.fixture
def history(admin, releases, fleet, database):
    """Release 1.0.0 was active once; each of 5 devices has installed it `count` / 5 times. The devices."""
    def make(count):
        devices = fleet(5)
        releases.publish("1.0.0")
        releases.pull("1.0.0")
        database("""
            insert into deployment (project_id, device_id, n, release_id, activation_id, payload_id, cohort_id, attempt, state)
            select d.project_id, d.device_id, n, v.release_id, v.id, y.id, v.cohort_id, n, 'confirmed'
              from device d cross join activation v join payload y using (release_id) cross join generate_series(1, %s) n
            """, count // 5)
        database("update device set deployments = %s, finished_n = %s", count // 5, count // 5)
        return devices
    return make


def test_delete_takes_what_devices_did_with_it(admin, history, database):
    devices = history(5)
    expect(204, admin.delete("/releases/1.0.0"))
    assert database("select count(*) from deployment") == [(0,)]
    assert database("select count(*) from device where finished_n is not null") == [(0,)]
    assert admin.items(f"/devices/{devices[0]}/deployments") == []
    assert expect(200, admin.get("/statistics/deployments")).json["now"] == {}
    (last,) = admin.get("//audit?limit=1").json["items"]
    assert (last["action"], last["before"]["version"], last["after"]) == ("release.delete", "1.0.0", None)


def test_delete_of_a_long_history_goes_in_portions(admin, history, database):
    """So that it never takes longer than a request may."""
    history(25_000)
    assert [admin.delete("/releases/1.0.0").status for _ in range(4)] == [202, 202, 204, 404]
    assert [each["action"] for each in admin.items("//audit")[:3]] == ["release.delete", "release.forget", "release.forget"]


def test_delete_and_a_change_of_a_device_do_not_wait_for_each_other(admin, history, database):
    """Both lock the device first and the end of the audit log last."""
    device = history(5)[0]
    with contextlib.closing(psycopg2.connect(database.conninfo)) as connection, ThreadPoolExecutor() as pool:
        cursor = connection.cursor()
        cursor.execute("select from device where device_id = %s for no key update", (device,))
        deleted = pool.submit(admin.delete, "/releases/1.0.0")
        wait_until(lambda: database.value("select count(*) from pg_stat_activity where wait_event_type = 'Lock'") == 1)
        cursor.execute("select from audit_head for update")
        connection.commit()
        expect(204, deleted.result())


def test_delete_and_a_late_report_do_not_wait_for_each_other(admin, history, database):
    """A deployment that is changed twice in a transaction is looked up in its release by PostgreSQL."""
    device = history(5)[0]
    with contextlib.closing(psycopg2.connect(database.conninfo)) as connection, ThreadPoolExecutor(1) as pool:
        cursor = connection.cursor()
        cursor.execute("select from device where device_id = %s for no key update", (device,))
        deleted = pool.submit(admin.delete, "/releases/1.0.0")
        wait_until(lambda: database.value("select count(*) from pg_stat_activity where wait_event_type = 'Lock'") == 1)
        cursor.execute("set local lock_timeout = '100ms'")
        for _ in range(2):
            cursor.execute("update deployment set events = events + 1 where device_id = %s", (device,))
        connection.commit()
        expect(204, deleted.result())
