"""A hundred clients at once: no change is lost, and nobody sees a 500."""
import contextlib
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from lib.operator import expect
from lib.store import digests
from lib.wait import wait_until

CLIENTS = 100


def at_once(job, count=CLIENTS):
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(job, range(count)))


def test_no_update_is_lost(admin):
    """Each adds its line to the notes, as a client does that knows of ETags."""
    expect(201, admin.post("/devices", {"id": "cam-1"}))

    def add_line(number):
        for _ in range(1000):
            device = expect(200, admin.get("/devices/cam-1"))
            reply = admin.patch("/devices/cam-1", {"notes": device.json["notes"] + f"{number}\n"},
                                headers={"If-Match": device.headers["ETag"]})
            if reply.status == 200:
                return
            assert reply.status == 412, reply
        raise AssertionError("never got through")

    at_once(add_line, 20)
    assert sorted(map(int, admin.get("/devices/cam-1").json["notes"].split())) == list(range(20))


def test_one_of_a_hundred_wins(admin):
    etag = admin.get("").headers["ETag"]
    statuses = at_once(lambda n: admin.patch("", {"name": f"name {n}"}, headers={"If-Match": etag}).status)
    assert sorted(statuses) == [200] + [412] * (CLIENTS - 1)


def test_one_creation_of_a_hundred(admin):
    assert sorted(at_once(lambda n: admin.post("/cohorts", {"slug": "beta"}).status)) == [201] + [409] * (CLIENTS - 1)
    ids = {expect(201, reply).json["id"] for reply in at_once(
        lambda n: admin.post("/keys", {"name": "k"}, headers={"Idempotency-Key": "same"}))}
    assert len(ids) == 1


def test_everything_at_once(admin, fleet, database):
    """Edits, moves, percentages and deletions of the same things."""
    devices = fleet(300)
    for slug in ("a", "b"):
        expect(201, admin.post("/cohorts", {"slug": slug}))
    jobs = [
        lambda n: admin.patch("/cohorts/default", {"staged_percent": n}),
        lambda n: admin.patch(f"/cohorts/{'ab'[n % 2]}", {"default": True}),
        lambda n: admin.post("/devices/move", {"devices": devices[n:n + 50], "cohort": "ab"[n % 2]}),
        lambda n: admin.post("/devices/move", {"from": "ab"[n % 2], "cohort": "default"}),
        lambda n: admin.patch(f"/devices/{devices[n]}", {"cohort": "ab"[n % 2], "notes": str(n)}),
        lambda n: admin.delete(f"/devices/{devices[200 + n // 6]}"),
        lambda n: admin.post("/devices/delete", {"devices": [devices[n], *devices[280 - n // 6:281 - n // 7]]}),
        lambda n: admin.patch("", {"polling_interval": 100 + n}),
    ]
    replies = at_once(lambda n: jobs[n % len(jobs)](n))
    assert {reply.status for reply in replies} <= {200, 204, 409, 412, 422}, replies
    entries = admin.items("//audit?limit=1000")
    assert [each["id"] for each in entries] == list(range(len(entries), 0, -1))
    assert admin.get("//audit/verify").json["intact"]
    assert database("select count(*) from cohort where is_default") == [(1,)]
    counted = {each["slug"]: (each["devices"], each["staged_devices"]) for each in admin.items("/cohorts")}
    for slug, devices, staged in database("select c.slug, count(d), count(d) filter (where d.staged) from cohort c"
                                          " left join device d on d.cohort_id = c.id group by 1"):
        assert counted[slug] == (devices, staged)


def test_stored_and_deleted_at_once(admin, gateway):
    """Whoever was told that it is stored finds it, unless it was deleted behind that: never an error, no row without a file."""
    sha256 = digests(b"abc")["sha256"]
    replies = at_once(lambda n: admin.call("PUT", f"/artifacts/{n}.img", data=b"abc") if n % 2
                      else admin.delete(f"/artifacts/{sha256}"))
    assert {reply.status for reply in replies} <= {200, 201, 204, 404}, replies
    admin.call("PUT", "/artifacts/last.img", data=b"abc")
    assert expect(200, admin.get(f"/artifacts/{sha256}/content")).body == b"abc"
    assert admin.get("//audit/verify").json["intact"]


@pytest.mark.parametrize("what, more", [("delete", {"limit": 1}), ("move", {"limit": 1, "cohort": "beta"})])
def test_who_has_left_a_cohort_is_not_taken_with_it(admin, fleet, database, what, more):
    """While the request waits, somebody else moves the first device out of the cohort: it is the next one's turn."""
    for slug in ("beta", "safe"):
        expect(201, admin.post("/cohorts", {"slug": slug}))
    first, second = fleet(2)
    with contextlib.closing(psycopg2.connect(database.conninfo)) as connection, ThreadPoolExecutor() as pool:
        connection.cursor().execute("update device set cohort_id = (select id from cohort where slug = 'safe') where device_id = %s", (first,))
        taken = pool.submit(admin.post, f"/devices/{what}", {"from": "default", **more})
        wait_until(lambda: database.value("select count(*) from pg_stat_activity where wait_event_type = 'Lock'") == 1)
        connection.commit()
        assert list(expect(200, taken.result()).json.values()) == [1]
    assert expect(200, admin.get(f"/devices/{first}")).json["cohort"] == "safe"
    left = admin.get(f"/devices/{second}")
    assert left.status == 404 if what == "delete" else left.json["cohort"] == "beta"
