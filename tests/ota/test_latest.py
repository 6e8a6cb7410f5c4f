"""GET /api/v0/releases/latest: the same resolver, the same answer as DDI, for everyone else."""
import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib.ddi import Unit
from lib.ota import Asker, answer
from lib.publish import expect
from lib.releases import BOARD
from lib.wait import wait_until


def poll(gateway, asker, key=None):
    """The same facts by DDI, as another device: (version, SHA-256 of the file), or (None, None)."""
    unit = Unit(gateway, asker.params["device_serial"] + "-ddi", key=key)
    unit.poll()
    facts = {name: value for name, value in asker.params.items() if name != "device_serial"}
    expect(200, unit.request("PUT", "/configData", json={"data": facts}))
    if "deploymentBase" not in unit.links():
        return None, None
    chunk, = expect(200, unit.get(f"/deploymentBase/{unit.offered()}")).json["deployment"]["chunks"]
    return chunk["version"], chunk["artifacts"][0]["hashes"]["sha256"]


def reason_by_inspect(admin, device):
    return expect(200, admin.get(f"/devices/{device}/inspect")).json["decision"]["reason"]


# ---- The document ----

def test_document(gateway, releases):
    content = releases.create("1.1.0", notes="Fixes the clock.\n\"Ü\"", extra_info={"reboot": True, "ü": [1, None]})
    releases.activate("1.1.0")
    reply = expect(200, Asker(gateway).request())
    assert reply.headers["Content-Type"].startswith("application/json")
    assert reply.headers["Cache-Control"] == "no-store"
    document = reply.json
    artifact, = document.pop("artifacts")
    url = artifact.pop("url")
    assert document == {"version": "1.1.0", "notes": "Fixes the clock.\n\"Ü\"", "is_delta": False, "is_forced": False,
                        "extra_info": {"reboot": True, "ü": [1, None]}}
    assert artifact == {"hardware_version": BOARD, "size": len(content), "extra_info": None,
                        "md5": hashlib.md5(content).hexdigest(), "sha256": hashlib.sha256(content).hexdigest()}
    assert expect(200, gateway.request("GET", url.removeprefix(gateway.url))).body == content


def test_delta_must_pass_through_and_extra_info_of_a_file(gateway, releases):
    releases.create("1.0.0..1.1.0")
    releases.add("1.0.0..1.1.0", ["board-b"], extra_info={"slot": "b"})
    releases.activate("1.0.0..1.1.0")
    releases.publish("2.0.0", must_pass_through=True)
    delta = Asker(gateway, hardware="board-b").ask()
    assert (delta["version"], delta["is_delta"], delta["is_forced"]) == ("1.1.0", True, False)
    artifact, = delta["artifacts"]
    assert (artifact["hardware_version"], artifact["extra_info"]) == ("board-b", {"slot": "b"})
    forced = Asker(gateway, version="0.9.0").ask()
    assert (forced["version"], forced["is_delta"], forced["is_forced"]) == ("2.0.0", False, True)


def test_head(gateway, releases):
    releases.publish("1.1.0")
    reply = expect(200, Asker(gateway).request(method="HEAD"))
    assert reply.body == b"" and int(reply.headers["Content-Length"]) > 100


# ---- The same answer as DDI ----

def activate(*names, staged=(), **settings):
    """A catalog: releases (VERSION! is must-pass-through), of which some are staged, and the cohort's settings."""
    def make(admin, releases):
        for name in names:
            releases.create(name.rstrip("!"), must_pass_through=name.endswith("!"))
            releases.activate(name.rstrip("!"), staged=name in staged)
        if settings:
            expect(200, admin.patch("/cohorts/default", settings))
    return make


def natural_order(admin, releases):
    activate("1.0", "1.0.0rc1", "v1.0.1-rc10", "1.0.1-rc2")(admin, releases)


def semver(admin, releases):
    expect(200, admin.patch("//projects/default", {"version_scheme": "semver", "allow_build_metadata": True}))
    activate("1.0.0-rc.1", "1.0.0+build.7", "1.0.0-rc.2")(admin, releases)


def several_payloads(admin, releases):
    releases.create("1.1.0", ["board-a", "board a rev. 2"])
    releases.add("1.1.0", ["board-b"])
    releases.add("1.1.0", ["board-a"], software_type="modem ü")
    releases.activate("1.1.0")


def pulled(admin, releases):
    activate("1.1.0", "1.2.0")(admin, releases)
    releases.pull("1.2.0")


CATALOGS = {
    "nothing": activate(),
    "full": activate("1.0.0", "1.1.0", "1.2.0"),
    "must pass through": activate("1.1.0!", "1.0.5!", "2.0.0"),
    "delta": activate("1.0.0..1.1.0", "1.0.0..1.2.0", "1.1.0..1.2.0"),
    "the classic example": activate("2.0", "1.0..2.0", "1.0!"),
    "staged": activate("1.1.0", "1.2.0", staged=["1.2.0"]),
    "all staged": activate("1.2.0", staged=["1.2.0"]),
    "version checking off": activate("1.0.0", "0.9.0..1.0.0", version_checking=False),
    "natural order": natural_order,
    "semver": semver,
    "several payloads": several_payloads,
    "pulled": pulled,
}
FACTS = [dict(version=version) for version in
         (None, "0.9", "0.9.0", "1.0", "1.0.0", "1.0.0-rc.1", "1.0.0+build.1", "1.0.5", "1.1", "1.1.0", "1.2.0", "2.0",
          "2.0.0", "3.0", "no version at all", "1.0..")] + [
    dict(hardware="board-b"), dict(hardware="board-x"), dict(hardware="board a rev. 2"), dict(software_type="modem"),
    dict(software_type="modem ü")]


@pytest.mark.parametrize("catalog", CATALOGS)
def test_same_answer_as_ddi(gateway, admin, releases, catalog):
    """Each set of facts asks twice, by another device for each protocol; half of them are marked as staged."""
    askers = [Asker(gateway, f"d{i}{kind}", **facts) for i, facts in enumerate(FACTS) for kind in ("", "-marked")]
    for asker in askers:
        if asker.params["device_serial"].endswith("-marked"):
            for name in ("", "-ddi"):
                expect(201, admin.post("/devices", {"id": asker.params["device_serial"] + name}))
    expect(200, admin.patch("/cohorts/default", {"staged_percent": 100}))
    CATALOGS[catalog](admin, releases)
    offers = 0
    for asker in askers:
        version, rest = answer(asker)
        ddi_version, ddi_sha256 = poll(gateway, asker)
        assert version == ddi_version, asker.params
        if version:
            assert rest == ddi_sha256
            offers += 1
        else:
            assert rest == reason_by_inspect(admin, asker.params["device_serial"] + "-ddi"), asker.params
    assert offers > 0 or catalog == "nothing"


def test_one_device_by_both_protocols(gateway, releases):
    """It changes its mind about how to ask; a deployment that is open by DDI does not change the rules."""
    sha256 = hashlib.sha256(releases.publish("1.1.0")).hexdigest()
    unit, asker = Unit(gateway), Asker(gateway)
    assert answer(asker) == ("1.1.0", sha256)
    assert unit.offered() == "1"
    assert answer(asker) == ("1.1.0", sha256)


# ---- Registration, and what the device says of itself ----

def test_registered_on_first_request(gateway, admin):
    expect(204, Asker(gateway, "cam-1", "1.0.0", "board-b", "modem").request())
    device = expect(200, admin.get("/devices/cam-1")).json
    assert device.items() >= {
        "cohort": "default", "staged": False, "software_version": "1.0.0", "hardware_version": "board-b",
        "software_type": "modem", "address": "127.0.0.1", "deployment": None}.items()
    assert device["last_seen"] is not None
    assert device["attributes"] == {"current_version": "1.0.0", "hardware_version": "board-b", "software_type": "modem"}
    assert admin.get("/cohorts/default").json["devices"] == 1


def test_registered_once_by_many(gateway, admin, releases):
    """Boots, loses its patience, asks again: all at the same time, also by DDI."""
    releases.publish("1.1.0")
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda n: Asker(gateway, f"cam-{n % 3}").request() if n % 4 else
                                Unit(gateway, f"cam-{n % 3}").get(), range(48)))
    assert {reply.status for reply in replies} == {200}
    assert len(admin.items("/devices")) == 3
    assert admin.get("/cohorts/default/matrix").json["devices"] == 3


def test_default_cohort_of_the_moment(gateway, admin, releases):
    expect(201, admin.post("/cohorts", {"slug": "beta", "default": True}))
    releases.publish("1.1.0", cohort="beta")
    assert Asker(gateway).ask()["version"] == "1.1.0"
    assert admin.get("/devices/device-1").json["cohort"] == "beta"


def test_version_history(gateway, admin):
    asker = Asker(gateway)
    for version in ("1.0.0", "1.0.0", "1.1.0", "1.0.0"):
        asker.runs(version).request()
    versions = admin.items("/devices/device-1/versions")
    assert [each["software_version"] for each in versions] == ["1.0.0", "1.1.0", "1.0.0"]


def test_version_left_out_keeps_what_is_known(gateway, admin, releases):
    releases.publish("1.1.0")
    assert Asker(gateway, version=None).ask()["version"] == "1.1.0"
    assert Asker(gateway, version="1.1.0").reason == "up_to_date"
    assert Asker(gateway, version=None).reason == "up_to_date"
    assert admin.get("/devices/device-1").json["software_version"] == "1.1.0"


def test_attributes_of_ddi_stay_and_count(gateway, admin, releases):
    """A payload asks for one that this endpoint has no parameter for."""
    expect(200, admin.patch("//projects/default", {"targeting_attributes": ["region"]}))
    releases.publish("1.1.0", attributes={"region": "eu"})
    unit, asker = Unit(gateway), Asker(gateway)
    unit.poll()
    unit.report("0.9.0", BOARD, region="eu", colour="red")
    assert asker.ask()["version"] == "1.1.0"
    assert admin.get("/devices/device-1").json["attributes"].items() >= {"region": "eu", "colour": "red"}.items()
    unit.report("0.9.0", BOARD, region="us")
    assert asker.reason == "attribute_mismatch"


def test_names_of_attributes_are_the_projects(gateway, admin, releases):
    expect(200, admin.patch("//projects/default", {
        "software_version_attributes": ["fw"], "hardware_version_attributes": ["hw"],
        "software_type_attributes": ["kind"]}))
    releases.publish("1.1.0")
    assert Asker(gateway).ask()["version"] == "1.1.0"
    assert admin.get("/devices/device-1").json["attributes"] == {"fw": "1.0.0", "hw": BOARD, "kind": "main"}


def test_last_seen_moves(gateway, database):
    asker = Asker(gateway)
    asker.request()
    database("update device set last_seen = now() - interval '1 day'")
    asker.request()
    wait_until(lambda: database.value("select last_seen > now() - interval '1 minute' from device"), what="seen")


@pytest.mark.parametrize("state, version", [("confirmed", "1.1.0"), ("rolled_back", "1.0.0")])
def test_confirms_what_ddi_installed(gateway, releases, state, version):
    releases.publish("1.1.0")
    unit, asker = Unit(gateway), Asker(gateway)
    unit.poll()
    unit.report("1.0.0", BOARD)
    expect(200, unit.feedback(unit.offered(), "closed", "success"))
    assert Asker(gateway, version=None).reason == "awaiting_version_report"
    assert unit.state == "installed"
    assert asker.runs(version).reason == ("up_to_date" if state == "confirmed" else "retry_wait")
    assert unit.state == state


# ---- What there is nothing for ----

def one_full(releases):
    releases.publish("1.1.0")


def none_active(releases):
    pass


def staged_only(releases):
    releases.publish("1.1.0", staged=True)


def delta_only(releases):
    releases.publish("1.0.5..1.1.0")


def for_a_region(releases):
    expect(200, releases.operator.patch("//projects/default", {"targeting_attributes": ["region"]}))
    releases.publish("1.1.0", attributes={"region": "eu"})


@pytest.mark.parametrize("reason, catalog, facts", [
    ("no_active_release", none_active, {}),
    ("software_type_mismatch", one_full, {"software_type": "modem"}),
    ("hardware_mismatch", one_full, {"hardware": "board-x"}),
    ("attribute_mismatch", for_a_region, {}),
    ("not_staged", staged_only, {}),
    ("would_downgrade", one_full, {"version": "2.0.0"}),
    ("delta_from_other", delta_only, {}),
    ("version_unordered", one_full, {"version": "no version"}),
    ("up_to_date", one_full, {"version": "1.1.0"}),
    ("up_to_date", one_full, {"version": "1.1"}),
])
@pytest.mark.parametrize("path", ["", "/url"])
def test_reason(gateway, releases, reason, catalog, facts, path):
    catalog(releases)
    reply = expect(204, Asker(gateway, **facts).request(path))
    assert reply.headers["Memfault-Reason"] == reason
    assert reply.body == b""


def back_off_is_over(database):
    database("update device set failures = (select jsonb_object_agg(key, jsonb_build_array(value -> 0, 1000000))"
             " from jsonb_each(failures)) where failures is not null")


def test_reasons_of_the_retry_policy(gateway, admin, releases, database):
    releases.publish("1.1.0")
    unit, asker = Unit(gateway), Asker(gateway)
    unit.poll()
    unit.report("1.0.0", BOARD)
    for attempt in (1, 2, 3):
        assert asker.ask()["version"] == "1.1.0"
        expect(200, unit.feedback(unit.offered(), "closed", "failure"))
        assert asker.reason == ("retry_wait" if attempt < 3 else "attempts_exhausted")
        assert asker.reason == reason_by_inspect(admin, "device-1")
        back_off_is_over(database)
    assert asker.reason == "attempts_exhausted"
    expect(200, admin.patch("//projects/default", {"retry_attempts": 4}))
    assert asker.ask()["version"] == "1.1.0"


def test_pulled_is_never_given_again(gateway, releases):
    """From the moment on that the API has answered, on every worker."""
    releases.create("1.1.0")
    askers = [Asker(gateway, f"cam-{n}") for n in range(4)]
    for _ in range(5):
        releases.activate("1.1.0")
        assert {asker.ask()["version"] for asker in askers} == {"1.1.0"}
        releases.pull("1.1.0")
        assert {asker.reason for asker in askers} == {"no_active_release"}


# ---- Project keys ----

def test_key_with_a_cohort(gateway, admin, releases):
    """It changes what is offered, not where the device is; the staged flag comes along."""
    expect(201, admin.post("/cohorts", {"slug": "factory"}))
    key = expect(201, admin.post("/keys", {"cohort": "factory"})).json["key"]
    releases.publish("1.1.0")
    releases.publish("2.0.0", cohort="factory")
    releases.publish("3.0.0", cohort="factory", staged=True)
    normal, factory = Asker(gateway, "cam-1"), Asker(gateway, "cam-1", key=key)
    assert (normal.ask()["version"], factory.ask()["version"], normal.ask()["version"]) == ("1.1.0", "2.0.0", "1.1.0")
    assert admin.get("/devices/cam-1").json["cohort"] == "default"
    expect(200, admin.patch("/cohorts/default", {"staged_percent": 100}))
    assert factory.ask()["version"] == "3.0.0"
    assert normal.ask()["version"] == "1.1.0"
    new = Asker(gateway, "cam-2", key=key)
    assert new.ask()["version"] == "2.0.0" == poll(gateway, new, key)[0]
    assert admin.get("/devices/cam-2").json["cohort"] == "default"


def test_keys_that_do_not_open(gateway, admin, releases):
    releases.publish("1.1.0")
    made = expect(201, admin.post("/keys", {})).json
    asker = Asker(gateway, key=made["key"])
    for _ in range(4):
        assert asker.ask()
    expect(200, admin.post(f"/keys/{made['id']}/revoke"))
    for each in [asker.request()] * 4 + [Asker(gateway, key="wrong").request(), asker.request(headers={}),
                                         asker.request(headers={"Memfault-Project-Key": ""}),
                                         Asker(gateway, key=gateway.admin_token).request()]:
        message = expect(403, each).json["error"]["message"]
        assert "key" in message or "Key" in message
    for _ in range(4):
        expect(403, asker.request())
    assert Asker(gateway).ask()


def test_wrong_key_registers_nothing(gateway, admin):
    expect(403, Asker(gateway, "cam-1", key="wrong").request())
    assert admin.items("/devices") == []


def test_projects_do_not_see_each_other(gateway, admin, releases, database):
    releases.publish("1.1.0")
    expect(201, admin.post("//projects", {"slug": "other"}))
    key = expect(201, admin.post("/api/v1/projects/other/keys", {})).json["key"]
    assert Asker(gateway, "cam-1").ask()
    assert Asker(gateway, "cam-1", key=key).reason == "no_active_release"
    assert database.value("select count(*) from device where device_id = 'cam-1'") == 2


# ---- Bad questions ----

GOOD = {"device_serial": "d", "hardware_version": "h", "software_type": "t", "current_version": "1"}


@pytest.mark.parametrize("name", ["device_serial", "hardware_version", "software_type"])
def test_missing_parameter(gateway, admin, name):
    reply = expect(400, Asker(gateway).request(params={key: value for key, value in GOOD.items() if key != name}))
    assert name in reply.json["error"]["message"]
    assert admin.items("/devices") == []


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", ["", 129 * "x", "a\nb", "a\0b", b"\xff", "\x7f", 9000 * "x"],
                         ids=["empty", "long", "newline", "NUL", "no UTF-8", "DEL", "very long"])
def test_malformed_parameter(gateway, admin, name, value):
    reply = Asker(gateway).request(params={**GOOD, name: value})
    assert reply.status in (400, 414), reply
    assert admin.items("/devices") == []


def test_serial_with_blank(gateway):
    expect(400, Asker(gateway, "a b").request())


def test_longest_and_strangest_parameters(gateway, admin):
    serial = 127 * "ü" + "'"
    software_type = "\\'; drop table device"
    expect(204, Asker(gateway, serial, 128 * "\"", 128 * "€", software_type).request())
    device, = admin.items("/devices")
    assert (device["id"], device["hardware_version"], device["software_type"]) == (serial, 128 * "€", software_type)


def test_no_query_no_path(gateway):
    headers = {"Memfault-Project-Key": gateway.project_key}
    expect(400, gateway.request("GET", "/api/v0/releases/latest", headers=headers))
    expect(404, gateway.request("GET", "/api/v0/releases", headers=headers))
    expect(405, Asker(gateway).request(method="POST"))


def test_database_is_away(gateway, releases, postgres):
    releases.publish("1.1.0")
    asker = Asker(gateway)
    assert asker.ask()
    postgres.stop()
    reply = expect(503, asker.request())
    assert int(reply.headers["Retry-After"]) > 0
    assert reply.json["error"]["message"]
    postgres.start()
    gateway.wait_ready()
    assert asker.ask()["version"] == "1.1.0"
