"""What should this device do next? First contact, links, and when to come back."""
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib.ddi import Unit, contents, expect, problem
from lib.wait import wait_until


def sleep_of(unit):
    hours, minutes, seconds = re.fullmatch(r"(\d\d):(\d\d):(\d\d)", unit.poll()["config"]["polling"]["sleep"]).groups()
    assert int(hours) < 24 and int(minutes) < 60 and int(seconds) < 60
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


# ---- First contact ----

def test_first_poll_registers_the_device(gateway, database):
    unit = Unit(gateway)
    document = unit.poll()
    assert document["_links"] == {"configData": {"href": f"{gateway.url}{unit.path}/configData"}}
    assert re.fullmatch(r"\d\d:\d\d:\d\d", document["config"]["polling"]["sleep"])
    assert database("select device_id, slug, last_seen is not null from device join cohort on id = cohort_id") == \
        [("device-1", "default", True)]
    assert database("select address, attributes from device_info") == [("127.0.0.1", {})]
    assert gateway.api("GET", "/devices/device-1").status == 200


def test_first_polls_at_once_register_one_device(gateway, database):
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda _: Unit(gateway).get(), range(60)))
    assert {reply.status for reply in replies} == {200}
    assert database.value("select count(*) from device") == 1


def test_a_fleet_registers(gateway, database):
    ids = [f"device-{n}" for n in range(200)]
    with ThreadPoolExecutor(20) as pool:
        assert all("configData" in links for links in pool.map(lambda id: Unit(gateway, id).links(), ids))
    assert [id for id, in database("select device_id from device_info order by 1")] == sorted(ids)


def test_head_is_a_poll_without_a_body(gateway, database):
    reply = Unit(gateway).request("HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert int(reply.headers["Content-Length"]) > 50
    assert database.value("select count(*) from device") == 1


# ---- Where ----

BASES = ["/default/controller/v1", "/DEFAULT/controller/v1", "/Default/controller/v1",
         "/api/v0/hawkbit/default/controller/v1", "/api/v0/hawkbit/DEFAULT/controller/v1"]


def test_links_are_spelled_as_the_request(gateway, publish):
    publish("1.1.0", size=5000)
    for n, base in enumerate(BASES):
        unit = Unit(gateway, f"device-{n}", base=base)
        assert unit.links() == {"configData": f"{gateway.url}{base}/{unit.id}/configData"}
        unit.report()
        links = unit.links()
        assert re.fullmatch(re.escape(f"{gateway.url}{base}/{unit.id}/deploymentBase/1") + r"\?c=-?\d+",
                            links["deploymentBase"])
        assert f"{gateway.url}{base}/{unit.id}/softwaremodules/" in unit.follow(links["deploymentBase"]).body.decode()


def test_links_name_the_host_that_was_asked(gateway):
    unit = Unit(gateway)
    for host in ("ota.example.com", "ota.example.com:8443", "[::1]:8080"):
        href = unit.get(Host=host).json["_links"]["configData"]["href"]
        assert href == f"http://{host}{unit.path}/configData"


def test_forwarded_headers_of_strangers_do_not_count(gateway, database):
    unit = Unit(gateway)
    reply = unit.get(X_Forwarded_Host="evil.example.com", X_Forwarded_Proto="https", X_Forwarded_For="203.0.113.9")
    assert reply.json["_links"]["configData"]["href"].startswith(gateway.url + "/")
    assert database.value("select address from device_info") == "127.0.0.1"


@pytest.mark.gateway(MEWS_TRUSTED_PROXIES="127.0.0.1")
def test_forwarded_headers_of_a_trusted_proxy(gateway, database):
    unit = Unit(gateway)
    reply = unit.get(Host="ota.example.com", X_Forwarded_Proto="https", X_Forwarded_For="203.0.113.9")
    assert reply.json["_links"]["configData"]["href"] == f"https://ota.example.com{unit.path}/configData"
    assert database.value("select address from device_info") == "203.0.113.9"


@pytest.mark.gateway(MEWS_PUBLIC_URL="https://ota.example.com:8443")
def test_public_url_begins_all_links(gateway, publish):
    publish("1.1.0", size=5000)
    unit = Unit(gateway)
    unit.poll()
    unit.report()
    links = unit.links()
    document = unit.get(f"/deploymentBase/{unit.offered()}").body.decode()
    assert links["deploymentBase"].startswith(f"https://ota.example.com:8443{unit.path}/deploymentBase/1?c=")
    assert re.findall(r'"href":"(.*?/)default', document) == 4 * ["https://ota.example.com:8443/"]


# ---- Device ids ----

IDS = [
    ("aa:bb:cc", "aa%3Abb%3Acc"), ("größe", "gr%C3%B6%C3%9Fe"), ('a"b\'c', "a%22b%27c"), ("$1", "%241"),
    ("AZaz09-._~", "AZaz09-._~"), ("x" * 128, "x" * 128), ("ö" * 128, "%C3%B6" * 128), ("{a,b}", "%7Ba%2Cb%7D"),
    ("NULL", "NULL"),
]


def test_device_ids(gateway, database):
    for id, encoded in IDS:
        unit = Unit(gateway, id)
        href = unit.links()["configData"]
        assert href == f"{gateway.url}/default/controller/v1/{encoded}/configData"
        assert unit.follow(href, "PUT", json={"data": {"a": id}}).status == 200
    stored = database("select device_id, attributes ->> 'a' from device_info")
    assert sorted(stored) == sorted((id, id) for id, _ in IDS)


def test_ids_that_cannot_register(gateway, database):
    before = contents(database)
    for id in ("x" * 129, "ö" * 128 + "x", "x" * 257, "a b", " ", "a "):
        reply = Unit(gateway, id).get()
        assert reply.status == 400, id
        assert problem(reply) == ("jakarta.validation.ConstraintViolationException",
                                  "hawkbit.server.error.repo.constraintViolation")
    assert contents(database) == before


def test_ids_that_an_operator_registered(gateway, publish):
    publish("1.1.0", size=5000)
    for id in ("x" * 256, "\U0001f600" * 256, "a b"):
        assert gateway.api("POST", "/devices", {"id": id}).status == 201, id
        unit = Unit(gateway, id)
        unit.poll()
        unit.report()
        n = unit.begin()
        assert unit.feedback(n, "closed", "success").status == 200


def test_ids_that_are_no_text(gateway, database):
    before = contents(database)
    for path in ("a%00", "a%0a", "a%ff", "%ed%a0%80", "%zz", "%"):
        assert gateway.ddi("GET", f"/{path}").status == 400, path
    assert contents(database) == before


# ---- What to do ----

def test_device_of_which_nothing_is_known_gets_nothing(gateway, publish):
    publish("1.1.0", size=5000)
    assert set(Unit(gateway).links()) == set(Unit(gateway).links()) == {"configData"}


def test_offer(offered):
    links = offered.links()
    assert set(links) == {"deploymentBase"}
    assert offered.links() == links  # and it stays the same while nothing happens
    assert offered.state == "offered"
    offered.follow(links["deploymentBase"])
    later = offered.links()["deploymentBase"]
    assert later != links["deploymentBase"]
    assert later.split("?")[0] == links["deploymentBase"].split("?")[0]


def test_up_to_date(unit, publish, gateway):
    publish("1.0.0", size=5000)
    assert unit.links() == {}
    assert "_links" not in unit.poll()
    assert gateway.deployments(unit.id) == []


def test_action_ids_count_per_device(gateway, publish):
    publish("1.1.0", size=5000)
    for id in ("device-1", "device-2"):
        unit = Unit(gateway, id)
        unit.poll()
        unit.report()
        assert unit.offered() == "1"


def test_better_release_replaces_an_offer(offered, publish, gateway):
    publish("1.2.0", size=5000)
    assert offered.offered() == "2"
    assert [each["state"] for each in gateway.deployments(offered.id)] == ["superseded", "offered"]


def test_better_release_waits_for_a_device_at_work(begun, publish, gateway):
    """SWUpdate books its success on whatever is offered at that moment."""
    publish("1.2.0", size=5000)
    assert begun.offered() == "1"
    assert [each["release"] for each in gateway.deployments(begun.id)] == ["1.1.0"]


# ---- When to come back ----

def test_sleep_is_near_the_interval_and_constant_for_a_device(gateway):
    sleeps = {}
    for n in range(10):
        unit = Unit(gateway, f"device-{n}")
        sleeps[unit.id] = sleep_of(unit)
        assert sleep_of(unit) == sleeps[unit.id]
        assert 285 <= sleeps[unit.id] <= 315
    assert len(set(sleeps.values())) > 1


def test_interval_is_a_setting(gateway, database):
    unit = Unit(gateway)
    for change, low, high in (("update project set polling_interval = 1", 1, 1),
                              ("update project set polling_interval = 86399", 82079, 86399),
                              ("update cohort set polling_interval = 3600", 3420, 3780),
                              ("update cohort set development_mode = true", 57, 63)):
        database(change)
        assert low <= sleep_of(unit) <= high


def test_last_seen_is_written_when_it_is_old(unit, database):
    seen = database.value("select last_seen from device")
    unit.poll()
    assert database.value("select last_seen from device") == seen
    database("update device set last_seen = now() - interval '1 hour'")
    unit.poll()
    wait_until(lambda: database.value("select last_seen > now() - interval '1 minute' from device"), what="last_seen")


def test_only_polls_are_polls(offered, database):
    database("update device set last_seen = null")
    expect(200, offered.get("/deploymentBase/1"))
    expect(200, offered.feedback(1, "proceeding"))
    offered.report()
    assert database.value("select last_seen from device") is None
