"""Devices: lists, searches, changes, moves; what was deployed to them."""
import datetime
import urllib.parse

import pytest

from lib.operator import Operator, expect
from lib.wait import wait_until


@pytest.fixture
def beta(admin):
    return expect(201, admin.post("/cohorts", {"slug": "beta"})).json


def ids(items):
    return [each["id"] for each in items]


def report(gateway, device, version="1.0.0", hardware="board-a"):
    gateway.ddi("GET", f"/{device}")
    reply = gateway.ddi("PUT", f"/{device}/configData", json={
        "mode": "merge", "data": {"current_version": version, "hardware_version": hardware}})
    assert reply.status == 200, reply


# ---- One device ----

def test_register_ahead(admin, gateway, beta):
    made = expect(201, admin.post("/devices", {"id": "cam 1 ä", "cohort": "beta", "nickname": "Lab", "notes": "a\nb"}))
    assert made.json.items() >= {"id": "cam 1 ä", "cohort": "beta", "staged": False, "software_version": None,
                                 "last_seen": None, "nickname": "Lab", "notes": "a\nb", "deployment": None}.items()
    path = "/devices/" + urllib.parse.quote("cam 1 ä", safe="")
    got = expect(200, admin.get(path))
    assert (got.json, got.headers["ETag"]) == (made.json, made.headers["ETag"])
    expect(409, admin.post("/devices", {"id": "cam 1 ä"}), "/id")
    expect(422, admin.post("/devices", {"id": "x", "cohort": "nowhere"}), "/cohort")
    expect(400, admin.post("/devices", {"id": "a\nb"}), "/id")
    expect(422, admin.post("/devices", {"id": "a/b"}), "/id")
    expect(400, admin.post("/devices", {"id": "x" * 257}), "/id")
    assert expect(201, admin.post("/devices", {"id": "cam-2"})).json["cohort"] == "default"
    assert gateway.ddi("GET", "/cam-2").status == 200
    wait_until(lambda: admin.get("/devices/cam-2").json["last_seen"], what="seen")


def test_change(admin, beta, gateway):
    report(gateway, "cam-1")
    before = admin.get("/devices/cam-1")
    assert before.json.items() >= {"software_version": "1.0.0", "hardware_version": "board-a", "address": "127.0.0.1",
                                   "attributes": {"current_version": "1.0.0", "hardware_version": "board-a"}}.items()
    changed = expect(200, admin.patch("/devices/cam-1", {"cohort": "beta", "nickname": "n", "notes": "o"},
                                      headers={"If-Match": before.headers["ETag"]}))
    assert changed.json.items() >= {"cohort": "beta", "nickname": "n", "notes": "o"}.items()
    expect(412, admin.patch("/devices/cam-1", {"notes": ""}, headers={"If-Match": before.headers["ETag"]}))
    expect(422, admin.patch("/devices/cam-1", {"cohort": "nowhere"}), "/cohort")
    expect(404, admin.patch("/devices/cam-9", {"notes": ""}))
    expect(400, admin.patch("/devices/cam-1", {"id": "cam-2"}), "/id")


def test_etag_is_of_what_operators_change(admin, gateway, beta):
    """However they do it. Otherwise a change that is based on it would undo another unseen."""
    report(gateway, "cam-1")
    seen = {admin.get("/devices/cam-1").headers["ETag"]}

    def etag():
        return expect(200, admin.get("/devices/cam-1")).headers["ETag"]

    for change in (lambda: admin.patch("/devices/cam-1", {"notes": "n"}),
                   lambda: admin.post("/devices/cam-1/token", headers={"If-Match": etag()}),
                   lambda: admin.patch("/cohorts/default", {"staged_percent": 100}),
                   lambda: admin.post("/devices/move", {"devices": ["cam-1"], "cohort": "beta"})):
        expect(200, change())
        assert etag() not in seen
        seen.add(etag())
    now = etag()
    report(gateway, "cam-1", "1.1.0")
    expect(200, admin.patch("/devices/cam-1", {}))
    expect(200, admin.patch("/devices/cam-1", {"notes": "n", "cohort": "beta"}))
    assert etag() == now, "nothing changed"
    expect(204, admin.delete("/devices/cam-1", headers={"If-Match": now}))
    expect(201, admin.post("/devices", {"id": "cam-1", "cohort": "beta"}))
    assert etag() not in seen


def test_delete_and_come_back(admin, gateway):
    report(gateway, "cam-1")
    expect(204, admin.delete("/devices/cam-1"))
    expect(404, admin.get("/devices/cam-1"))
    expect(404, admin.get("/devices/cam-1/versions"))
    assert gateway.ddi("GET", "/cam-1").status == 200
    assert admin.get("/devices/cam-1").json["software_version"] is None


def test_version_history(admin, gateway):
    for version in ("1.0.0", "1.1.0", "1.1.0", "1.2.0"):
        report(gateway, "cam-1", version)
    versions = admin.items("/devices/cam-1/versions?limit=1")
    assert [each["software_version"] for each in versions] == ["1.2.0", "1.1.0", "1.0.0"]
    assert versions[0].keys() == {"at", "software_type", "software_version", "hardware_version"}


def test_target_token(admin, gateway, database):
    report(gateway, "cam-1")
    first = expect(200, admin.post("/devices/cam-1/token")).json["token"]
    second = expect(200, admin.post("/devices/cam-1/token")).json["token"]
    assert first != second and len(second) >= 40
    assert database.value("select target_token from device_info") not in (first, second)
    expect(404, admin.post("/devices/cam-9/token"))


def test_removed_target_token(admin, database):
    expect(201, admin.post("/devices", {"id": "cam-1"}))
    expect(404, admin.delete("/devices/cam-1/token"))
    expect(200, admin.post("/devices/cam-1/token"))
    etag = admin.get("/devices/cam-1").headers["ETag"]
    assert admin.get("/devices/cam-1").json["has_token"] is True
    expect(412, admin.delete("/devices/cam-1/token", headers={"If-Match": '"old"'}))
    expect(204, admin.delete("/devices/cam-1/token", headers={"If-Match": etag}))
    assert admin.get("/devices/cam-1").json["has_token"] is False
    assert database.value("select target_token from device_info") is None
    assert [each["action"] for each in admin.items("//audit?limit=2")][:2] == ["device.token_remove", "device.token"]


# ---- Lists ----

def test_pages_and_sorting(admin, fleet):
    everyone = fleet(25)
    assert ids(admin.items("/devices?limit=10")) == everyone
    assert ids(admin.items("/devices?limit=10&sort=-id")) == everyone[::-1]
    by_age = ids(admin.items("/devices?limit=10&sort=created_at"))
    assert by_age == everyone and ids(admin.items("/devices?limit=7&sort=-created_at")) == everyone[::-1]
    expect(400, admin.get("/devices?sort=colour"), "sort")
    cursor = admin.get("/devices?limit=10").json["next"]
    assert len(expect(200, admin.get(f"/devices?limit=3&cursor={cursor}")).json["items"]) == 3
    for other in ("/devices?sort=-id", "/devices?version=1.0.0", "/keys?limit=1", "/deployments?limit=1", "//audit/verify?",
                  "//projects?limit=1"):
        expect(400, admin.get(f"{other}&cursor={cursor}"), "cursor")
    expect(400, admin.get("//audit/verify?cursor=W10"), "cursor")
    expect(400, admin.get("//audit/verify?cursor=bnVsbA"), "cursor")


def test_filters(admin, fleet, beta, database):
    old, new = fleet(3), fleet(3, version="2.0.0")
    other = fleet(2, "beta", hardware="board-b", software_type="modem")
    silent = fleet(1, version=None)
    database("update device set last_seen = now() - interval '3 days' where device_id = %s", old[0])
    database("update device set last_seen = null, staged = true where device_id = %s", silent[0])
    yesterday = (datetime.datetime.utcnow() - datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for query, expected in {
        "cohort=beta": other, "version=1.0.0": old + other, "version=1.0.0&cohort=default": old, "version=": silent,
        "version=2.0.0": new, "version=3.0.0": [], "hardware_version=board-b": other, "software_type=modem": other,
        "staged=true": silent, "staged=false&cohort=default": old + new, "software_type=main&version=2.0.0": new,
        f"seen_after={yesterday}": old[1:] + new + other, f"seen_before={yesterday}": [old[0], *silent],
        "state=failed": [], "search=DEV-0000003": [new[0]], "search=0000&version=2.0.0": new,
    }.items():
        assert ids(admin.items(f"/devices?limit=2&{query}")) == expected, query
        if "search" not in query:
            newest = ids(admin.items(f"/devices?limit=2&sort=-created_at&{query}"))
            assert newest == expected[::-1], query
    expect(400, admin.get("/devices?cohort=nowhere"), "cohort")
    expect(400, admin.get("/devices?search=ab"), "search")
    for time in ("yesterday", "2026-02-31T00:00:00Z", "2025-02-29T00:00:00Z", "2026-2-3T1:2:3Z", "2026-11-25 16:00:00Z",
                 "2026-11-25T16:00:00", "2026-11-25T24:00:00Z", "2026-11-25T16:00:60Z", "0000-11-25T16:00:00Z",
                 "2026-11-25T16:00:00.Z", "2026-11-25T16:00:00%2B1", "2026-11-25T16:00:00%2B01:60",
                 "2026-11-25T16:00:00-16:00", "2026-11-25T16:00:00Z ", "12026-11-25T16:00:00Z"):
        expect(400, admin.get(f"/devices?seen_after={urllib.parse.quote(time, safe='%')}"), "seen_after")
    for time in ("2024-02-29T23:59:59.123456789Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-15:59", "2026-11-25T16:00:00%2B05:30"):
        expect(200, admin.get(f"/devices?seen_after={time}"))


def test_search_takes_every_character_as_it_is(admin):
    for name in ("100%", "1000", "a_b_c", "axbxc", "back\\slash", "Büro 'x'", '"; drop table device; --'):
        expect(201, admin.post("/devices", {"id": f"id of {name}"}))
    expect(201, admin.post("/devices", {"id": "other", "nickname": "Bench 100%"}))
    for text, expected in {"100%": 2, "a_b": 1, "k\\s": 1, "BÜRO 'X": 1, "drop table": 1, "id of": 7}.items():
        assert len(admin.items("/devices?search=" + urllib.parse.quote(text))) == expected, text


def test_rare_devices_are_found_in_short_pages(admin, fleet, database):
    """More devices than one request looks at; what is wanted is at the end."""
    everyone = fleet(4_100)
    database("update device set hardware_version = 'rare' where device_id = %s", everyone[-1])
    pages, cursor = [], ""
    while cursor is not None:
        page = expect(200, admin.get("/devices?hardware_version=rare" + (cursor and f"&cursor={cursor}"))).json
        pages.append(ids(page["items"]))
        cursor = page["next"]
    assert pages == [[], [], [everyone[-1]]]


def test_search_for_what_nearly_all_have(admin, fleet):
    """More than the index is asked for at once: page by page, all of them."""
    everyone = fleet(2_100)
    expect(201, admin.post("/devices", {"id": "other"}))
    for sort in ("id", "-id", "-created_at"):
        found = ids(admin.items(f"/devices?search=DEV-0&limit=1000&sort={sort}"))
        assert found == (everyone if sort == "id" else everyone[::-1]), sort
    assert ids(admin.items("/devices?search=-00020&version=1.0.0")) == everyone[2000:]


# ---- Many at once: deleted ----

def test_delete_some(admin, fleet, beta, gateway, database):
    everyone = [*fleet(4), *fleet(2, "beta")]
    report(gateway, everyone[0], "1.1.0")
    chosen = [everyone[0], everyone[2], everyone[5]]
    assert expect(200, admin.post("/devices/delete", {"devices": chosen})).json == {"deleted": 3}
    assert ids(admin.items("/devices")) == [id for id in everyone if id not in chosen]
    assert (admin.get("/cohorts/beta").json["devices"], admin.get("/cohorts/default").json["devices"]) == (1, 2)
    assert database("select count(*) from device_version") == [(0,)]
    entry, = admin.items("//audit?action=device.delete")
    assert entry["before"] == {"default": {"devices": 2, "ids": chosen[:2]}, "beta": {"devices": 1, "ids": chosen[2:]}}
    assert entry["after"] is None
    report(gateway, everyone[0])
    expect(200, admin.get(f"/devices/{everyone[0]}"))


def test_delete_is_all_or_nothing(admin, fleet):
    everyone = fleet(3)
    expect(422, admin.post("/devices/delete", {"devices": [*everyone, "nobody"]}), "/devices", "nobody")
    expect(422, admin.post("/devices/delete", {}), "/devices")
    expect(422, admin.post("/devices/delete", {"devices": everyone, "from": "default"}), "/devices")
    expect(422, admin.post("/devices/delete", {"from": "default"}), "/limit")
    expect(422, admin.post("/devices/delete", {"devices": everyone, "limit": 2}), "/limit")
    expect(422, admin.post("/devices/delete", {"from": "nowhere", "limit": 2}), "/from")
    expect(400, admin.post("/devices/delete", {"devices": []}), "/devices")
    assert ids(admin.items("/devices")) == everyone and admin.items("//audit?action=device.delete") == []


def test_delete_of_a_cohort_in_portions(admin, fleet, beta):
    kept, scrapped = fleet(3), fleet(2_500, "beta")
    deleted = [admin.post("/devices/delete", {"from": "beta", "limit": 2_200}).json["deleted"] for _ in range(3)]
    assert deleted == [2_200, 300, 0] and ids(admin.items("/devices")) == kept
    entries = admin.items("//audit?action=device.delete")[::-1]
    assert [each["before"]["beta"]["devices"] for each in entries] == [1000, 1000, 200, 300]
    assert [id for each in entries for id in each["before"]["beta"]["ids"]] == scrapped
    assert admin.get("/cohorts/beta").json["devices"] == 0


def test_numbers_go_on_after_many_were_deleted(admin, releases, gateway):
    """As after one: clients remember the number of a deployment."""
    releases.publish("1.1.0")
    report(gateway, "cam-1")
    gateway.ddi("GET", "/cam-1")
    expect(200, admin.post("/devices/delete", {"devices": ["cam-1"]}))
    report(gateway, "cam-1")
    gateway.ddi("GET", "/cam-1")
    assert [each["n"] for each in admin.items("/devices/cam-1/deployments")] == [2]


# ---- Moves ----

def test_move_some(admin, fleet, beta):
    everyone = fleet(10)
    assert expect(200, admin.post("/devices/move", {"devices": everyone[:4], "cohort": "beta"})).json == {"moved": 4}
    assert expect(200, admin.post("/devices/move", {"devices": everyone[:5], "cohort": "beta"})).json == {"moved": 1}
    assert ids(admin.items("/devices?cohort=beta")) == everyone[:5]
    assert (admin.get("/cohorts/beta").json["devices"], admin.get("/cohorts/default").json["devices"]) == (5, 5)


def test_a_move_is_logged_with_who_was_where(admin, fleet, beta):
    everyone = fleet(4)
    expect(200, admin.post("/devices/move", {"devices": everyone[:1], "cohort": "beta"}))
    expect(201, admin.post("/cohorts", {"slug": "gamma"}))
    expect(200, admin.post("/devices/move", {"devices": everyone, "cohort": "gamma"}))
    entry = admin.items("//audit?action=device.move")[0]
    assert entry["object"] == "cohort gamma" and entry["after"] == {"gamma": 4}
    assert entry["before"] == {"beta": {"devices": 1, "ids": everyone[:1]}, "default": {"devices": 3, "ids": everyone[1:]}}


def test_move_is_all_or_nothing(admin, fleet, beta):
    everyone = fleet(3)
    expect(422, admin.post("/devices/move", {"devices": [*everyone, "nobody"], "cohort": "beta"}), "/devices/3", "nobody")
    assert admin.items("/devices?cohort=beta") == []
    expect(422, admin.post("/devices/move", {"devices": everyone, "cohort": "gamma"}), "/cohort")
    expect(422, admin.post("/devices/move", {"cohort": "beta"}), "/devices")
    expect(422, admin.post("/devices/move", {"devices": everyone, "from": "default", "cohort": "beta"}), "/devices")
    expect(400, admin.post("/devices/move", {"devices": [everyone[0]] * 2, "cohort": "beta"}), "/devices/1")
    expect(400, admin.post("/devices/move", {"devices": [], "cohort": "beta"}), "/devices")
    expect(422, admin.post("/devices/move", {"devices": everyone, "limit": 1, "cohort": "beta"}), "/limit")


def test_move_from_a_cohort(admin, fleet, beta):
    everyone = fleet(10)
    move = {"from": "default", "cohort": "beta", "limit": 4}
    assert [admin.post("/devices/move", move).json["moved"] for _ in range(4)] == [4, 4, 2, 0]
    assert ids(admin.items("/devices?cohort=beta")) == everyone


@pytest.mark.gateway(MEWS_REQUEST_TIMEOUT="60")  # on a machine that runs other tests beside
def test_move_100_000(admin, fleet, beta, database):
    everyone = fleet(100_000)
    expect(200, admin.patch("/cohorts/default", {"staged_percent": 10}))
    assert expect(200, admin.post("/devices/move", {"devices": everyone, "cohort": "beta"})).json == {"moved": 100_000}
    assert admin.get("/cohorts/beta").json.items() >= {"devices": 100_000, "staged_devices": 0}.items()
    assert expect(200, admin.post("/devices/move", {"from": "beta", "cohort": "default"})).json == {"moved": 100_000}


# ---- Deployments ----

@pytest.fixture
def offered(admin, gateway, publish):
    """cam-1 has been offered release 1.1.0."""
    publish("1.1.0", size=5000, hardware=("board-a",))
    report(gateway, "cam-1")
    assert "deploymentBase" in gateway.ddi("GET", "/cam-1").json["_links"]
    return "/devices/cam-1/deployments/1"


def begin(gateway):
    reply = gateway.ddi("POST", "/cam-1/deploymentBase/1/feedback", json={
        "id": "1", "status": {"execution": "proceeding", "result": {"finished": "none"}, "details": ["writing"]}})
    assert reply.status == 200, reply


def test_deployment(admin, offered):
    story = expect(200, admin.get(offered)).json
    assert story.items() >= {"device": "cam-1", "n": 1, "release": "1.1.0", "cohort": "default", "state": "offered",
                             "attempt": 1, "from_version": "1.0.0", "closed_at": None}.items()
    assert [each["source"] for each in story["events"]] == ["gateway"]
    assert admin.items("/devices/cam-1/deployments") == [story]
    assert admin.get("/devices/cam-1").json["deployment"] == {"n": 1, "release": "1.1.0", "state": "offered"}
    expect(404, admin.get("/devices/cam-1/deployments/2"), says="deployment")
    expect(404, admin.get("/devices/cam-2/deployments/1"), says="device")
    expect(404, admin.get("/devices/cam-1/deployments/x"))


def test_cancel_before_the_device_begins(admin, offered, gateway):
    assert expect(200, admin.post(offered + "/cancel", {})).json["state"] == "canceled"
    expect(409, admin.post(offered + "/cancel", {}), says="canceled")
    events = admin.get(offered).json["events"]
    assert (events[-1]["source"], events[-1]["details"]) == ("operator", ["Canceled by first."])


def test_cancel_asks_the_device(admin, offered, gateway):
    begin(gateway)
    assert expect(200, admin.post(offered + "/cancel", {})).json["state"] == "canceling"
    assert expect(200, admin.post(offered + "/cancel", {})).json["state"] == "canceling", "again changes nothing"
    assert "cancelAction" in gateway.ddi("GET", "/cam-1").json["_links"]
    reply = gateway.ddi("POST", "/cam-1/cancelAction/1/feedback", json={
        "id": "1", "status": {"execution": "closed", "result": {"finished": "success"}, "details": []}})
    assert reply.status == 200 and admin.get(offered).json["state"] == "canceled"


def test_cancel_by_force(admin, offered, gateway):
    begin(gateway)
    assert expect(200, admin.post(offered + "/cancel", {"force": True})).json["state"] == "canceled"


def test_cancel_in_a_protected_cohort(admin, offered, gateway):
    token = expect(201, admin.post("//tokens", {"name": "ci", "role": "manager"})).json["token"]
    expect(403, Operator(gateway, token).post(offered + "/cancel", {"force": True}), says="cohort default is protected")
    expect(200, admin.patch("/cohorts/default", {"protected": False}))
    expect(201, admin.post("/cohorts", {"slug": "beta"}))
    expect(200, admin.patch("/devices/cam-1", {"cohort": "beta"}))
    expect(403, Operator(gateway, token).post(offered + "/cancel", {"force": True}), says="cohort beta is protected")
    expect(200, admin.patch("/cohorts/beta", {"protected": False}))
    expect(200, Operator(gateway, token).post(offered + "/cancel", {"force": True}))


def test_list_and_filters(admin, offered, gateway, database):
    begin(gateway)
    gateway.ddi("POST", "/cam-1/deploymentBase/1/feedback", json={
        "id": "1", "status": {"execution": "closed", "result": {"finished": "failure"}, "details": ["no space"]}})
    database("insert into deployment (project_id, device_id, n, release_id, activation_id, payload_id, cohort_id, attempt)"
             " select project_id, device_id, 2, release_id, activation_id, payload_id, cohort_id, 2 from deployment")
    database("update device set deployments = 2")
    for query, expected in {
        "": [2, 1], "state=failed": [1], "state=offered": [2], "release=1.1.0": [2, 1], "cohort=default": [2, 1],
        "release=1.1.0&state=failed&cohort=default": [1], "since=2020-01-01T00:00:00Z": [2, 1],
        "until=2020-01-01T00:00:00Z": [], "state=confirmed": [],
        "state=failed,offered": [2, 1], "state=failed,canceled": [1], "state=failed,timed_out,failed": [1],
        "state=canceled,timed_out": [], "release=1.1.0&state=canceled,failed": [1],
    }.items():
        assert [each["n"] for each in admin.items(f"/deployments?limit=1&{query}")] == expected, query
    for states in ("odd", "", "failed,", "failed,odd"):
        expect(400, admin.get(f"/deployments?state={states}"), "state")
    expect(400, admin.get("/deployments?release=9.9.9"), "release")
    assert ids(admin.items("/devices?state=failed")) == []  # its newest counts


def test_deployments_of_several_states_in_their_order(admin, offered, database):
    """Each state is looked up on its own; pages go through all of them, newest first."""
    database("""
        insert into deployment (project_id, device_id, n, release_id, activation_id, payload_id, cohort_id, attempt, state, created_at)
        select project_id, device_id, i, release_id, activation_id, payload_id, cohort_id, i,
               (array['failed', 'timed_out', 'confirmed'])[1 + i % 3]::deployment_state, created_at + i * interval '1 second'
          from deployment, generate_series(2, 31) i""")
    expected = [n for n in range(31, 1, -1) if n % 3 != 2]
    assert [each["n"] for each in admin.items("/deployments?limit=3&state=timed_out,failed,canceled")] == expected
