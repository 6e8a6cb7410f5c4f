"""Inspect: why is this device not updating?"""
import datetime
import urllib.parse

import pytest

from lib.ddi import Unit
from lib.operator import Operator, expect
from lib.ota import Asker
from lib.releases import BOARD

UTC = datetime.timezone.utc


@pytest.fixture
def unit(gateway):
    """device-1, that runs 1.0.0 on board-a."""
    device = Unit(gateway)
    device.poll()
    device.report("1.0.0", BOARD)
    return device


@pytest.fixture
def inspect(admin):
    return lambda id="device-1": expect(200, admin.get(f"/devices/{urllib.parse.quote(id, safe='')}/inspect")).json


def verdicts(found):
    return {each["release"]: each["reason"] for each in found["releases"]}


# ---- The decision, and the trail ----

def test_document(unit, admin, releases, inspect):
    releases.publish("1.1.0")
    releases.publish("0.9.0", staged=True)
    found = inspect()
    assert found.keys() == {"device", "decision", "releases", "versions", "deployments"}
    assert found["device"] == expect(200, admin.get("/devices/device-1")).json
    payload, = admin.get("/releases/1.1.0/payloads").json["items"]
    assert found["decision"] == {
        "release": "1.1.0", "next": "1.1.0", "payload": payload["id"], "reason": "chosen", "retry_at": None,
        "answer": "Release 1.1.0: The device gets this release."}
    assert found["releases"] == [
        {"release": "1.1.0", "kind": "full", "activation": 1, "staged": False, "reason": "chosen",
         "text": "The device gets this release."},
        {"release": "0.9.0", "kind": "full", "activation": 2, "staged": True, "reason": "not_staged",
         "text": "The release is for staged devices, and this device is not one."}]


def test_trail(unit, releases, inspect):
    """Every active release has a verdict; what is not active has none."""
    releases.publish("1.2.0", must_pass_through=True)
    releases.publish("2.0.0")
    releases.publish("1.1.0")
    releases.publish("1.0.5..3.0.0")
    releases.publish("0.9.0")
    releases.publish("1.0.0", hardware=["board-x"])
    releases.publish("4.0.0", software_type="modem")
    releases.create("5.0.0")
    releases.publish("6.0.0")
    releases.pull("6.0.0")
    found = inspect()
    assert found["decision"]["release"] == "1.2.0"
    assert verdicts(found) == {
        "1.2.0": "chosen", "2.0.0": "must_pass_through_first", "1.1.0": "lower_than_chosen",
        "1.0.5..3.0.0": "delta_from_other", "0.9.0": "would_downgrade", "1.0.0": "hardware_mismatch",
        "4.0.0": "software_type_mismatch"}
    releases.publish("1.0.0..1.1.0")
    found = inspect()
    assert found["decision"]["release"] == "1.0.0..1.1.0"
    assert {verdicts(found)[name] for name in ("1.2.0", "2.0.0", "1.1.0")} == {"superseded_by_delta"}


@pytest.mark.parametrize("release, facts, reason", [
    (None, {}, "no_active_release"),
    ("1.1.0", {"software_type": "modem"}, "software_type_mismatch"),
    ("1.1.0", {"hardware": "board-x"}, "hardware_mismatch"),
    ("1.1.0", {"version": "2.0.0"}, "would_downgrade"),
    ("1.1.0", {"version": "1.1.0"}, "up_to_date"),
    ("1.1.0", {"version": "no version"}, "version_unordered"),
    ("1.0.5..1.1.0", {}, "delta_from_other"),
])
def test_why_is_it_not_updating(gateway, releases, inspect, release, facts, reason):
    """One answer in plain words, and the device itself is told the same."""
    if release:
        releases.publish(release)
    asker = Asker(gateway, **facts)
    assert asker.reason == reason
    decision = inspect()["decision"]
    assert decision["reason"] == reason
    assert [decision[name] for name in ("release", "next", "payload", "retry_at")] == 4 * [None]
    assert decision["answer"].endswith(".") and decision["answer"][0].isupper() and "_" not in decision["answer"]
    assert [each["reason"] for each in inspect()["releases"]] == ([reason] if release else [])


def test_device_that_has_said_nothing(gateway, releases, inspect):
    Unit(gateway).poll()
    releases.publish("1.1.0")
    found = inspect()
    assert found["decision"]["reason"] == "hardware_mismatch"
    assert (found["device"]["software_version"], found["versions"], found["deployments"]) == (None, [], [])


def test_registered_ahead(admin, releases, inspect):
    releases.publish("1.1.0")
    expect(201, admin.post("/devices", {"id": "cam 1;ü"}))
    assert inspect("cam 1;ü")["device"]["id"] == "cam 1;ü"


def test_retry(unit, releases, inspect, database):
    """Waits after a failure, until when; after the last one it says so."""
    releases.publish("1.1.0")
    for attempt in (1, 2, 3):
        before = datetime.datetime.now(UTC).replace(microsecond=0)
        expect(200, unit.feedback(unit.offered(), "closed", "failure"))
        decision = inspect()["decision"]
        assert (decision["release"], decision["next"]) == (None, "1.1.0")
        assert decision["answer"].startswith("Release 1.1.0: ")
        if attempt < 3:
            assert decision["reason"] == "retry_wait"
            retry_at = datetime.datetime.fromisoformat(decision["retry_at"])
            wait = datetime.timedelta(seconds=900 * 2 ** (attempt - 1))
            assert before + wait <= retry_at <= datetime.datetime.now(UTC) + wait
        else:
            assert (decision["reason"], decision["retry_at"]) == ("attempts_exhausted", None)
        database("update device set failures = (select jsonb_object_agg(key, jsonb_build_array(value -> 0, 1000000))"
                 " from jsonb_each(failures))")
    assert verdicts(inspect()) == {"1.1.0": "attempts_exhausted"}


def test_full_release_after_the_delta(admin, unit, releases, inspect):
    releases.publish("2.0")
    releases.publish("1.0.0..2.0")
    expect(200, admin.patch("", {"retry_attempts": 2, "retry_backoff": 0}))
    for release in ("1.0.0..2.0", "1.0.0..2.0", "2.0"):
        n = unit.offered()
        assert unit.deployment["release"] == release
        expect(200, unit.feedback(n, "closed", "failure"))
    assert verdicts(inspect()) == {"1.0.0..2.0": "attempts_exhausted", "2.0": "chosen"}
    expect(200, admin.post("/devices/device-1/retry"))
    assert inspect()["decision"]["release"] == "1.0.0..2.0"


@pytest.mark.parametrize("attempts", [1, 3])
def test_retry_now(admin, gateway, unit, releases, inspect, attempts):
    """In the middle of a back-off, and when it has had its attempts: it begins anew."""
    releases.publish("1.1.0")
    expect(200, admin.patch("", {"retry_attempts": attempts}))
    expect(200, unit.feedback(unit.offered(), "closed", "failure"))
    assert "deploymentBase" not in unit.links()
    etag = admin.get("/devices/device-1").headers["ETag"]
    expect(412, admin.post("/devices/device-1/retry", headers={"If-Match": '"old"'}))
    assert expect(200, admin.post("/devices/device-1/retry", headers={"If-Match": etag})).json["id"] == "device-1"
    assert inspect()["decision"]["reason"] == "chosen"
    assert unit.offered() == "2" and unit.deployment["attempt"] == 1
    expect(200, admin.post("/devices/device-1/retry"))  # nothing holds it back
    retries = [each for each in admin.items("//audit") if each["action"] == "device.retry"]
    assert [each["before"] for each in retries] == [{"failed_attempts": {"1.1.0": 1}}]
    expect(404, admin.post("/devices/nobody/retry"))


def test_retry_now_in_a_protected_cohort(admin, gateway, unit):
    token = expect(201, admin.post("//tokens", {"name": "ci", "role": "manager", "may_change_protected": False})).json["token"]
    expect(403, Operator(gateway, token).post("/devices/device-1/retry"))
    expect(200, admin.patch("/cohorts/default", {"protected": False}))
    expect(200, Operator(gateway, token).post("/devices/device-1/retry"))


@pytest.mark.parametrize("failed", [60, 10**6, 2 * 10**9])
def test_back_off_is_a_day_at_most(unit, database, releases, inspect, failed):
    """Without a limit of attempts; and a failure of the future, when the clock was ahead, holds nobody."""
    releases.publish("1.1.0")
    database("update project set retry_attempts = 0")
    release = database.value("select id from release")
    for ago, reason in ((-25, "chosen"), (-2, "retry_wait"), (23, "retry_wait"), (25, "chosen")):  # hours
        database("update device set failures = jsonb_build_object(%s::text, array[%s,"
                 " (extract(epoch from now()) * 1000000)::bigint - %s * 3600000000::bigint])", release, failed, ago)
        assert inspect()["decision"]["reason"] == reason, ago


# ---- While it works on something ----

def test_open_deployment(unit, releases, inspect):
    """The answer says how far it is; what is only offered follows the rules with the next poll."""
    releases.publish("1.1.0")
    n = unit.offered()
    assert inspect()["decision"]["answer"] == "Release 1.1.0: The device gets this release."
    releases.pull("1.1.0")
    assert inspect()["decision"]["answer"] == "No release is active in the device's cohort."
    releases.activate("1.1.0")
    n = unit.offered()
    for execution, state in (("download", "downloading"), ("proceeding", "installing")):
        expect(200, unit.feedback(n, execution))
        answer, at = inspect()["decision"]["answer"].split(" at ")
        assert answer == f"Deployment {n} of release 1.1.0 is {state}; the device was last heard in it"
        assert datetime.datetime.now(UTC) - datetime.datetime.fromisoformat(at[:-1]) < datetime.timedelta(minutes=1)
    releases.pull("1.1.0")
    unit.poll()
    assert "is canceling" in inspect()["decision"]["answer"]


def test_awaiting_version_report(unit, releases, inspect):
    releases.publish("1.1.0")
    expect(200, unit.feedback(unit.offered(), "closed", "success"))
    decision = inspect()["decision"]
    assert (decision["reason"], decision["release"], decision["next"]) == ("awaiting_version_report", None, "1.1.0")
    unit.report("1.1.0", BOARD)
    assert inspect()["decision"]["reason"] == "up_to_date"


def test_versions_and_deployments(unit, admin, releases, inspect):
    """Newest first, each deployment with its events."""
    for version in ("1.1.0", "1.2.0"):
        releases.publish(version)
        n = unit.begin()
        expect(200, unit.feedback(n, "proceeding", details=["50 %"]))
        expect(200, unit.feedback(n, "closed", "success"))
        unit.report(version, BOARD)
    found = inspect()
    assert [each["software_version"] for each in found["versions"]] == ["1.2.0", "1.1.0", "1.0.0"]
    assert [(each["n"], each["release"], each["state"]) for each in found["deployments"]] == [
        (2, "1.2.0", "confirmed"), (1, "1.1.0", "confirmed")]
    assert "50 %" in [text for event in found["deployments"][0]["events"] for text in event["details"]]
    assert found["deployments"] == admin.items("/devices/device-1/deployments")
    assert found["versions"] == admin.items("/devices/device-1/versions")


def test_moved_device(unit, admin, releases, inspect):
    releases.publish("1.1.0")
    expect(201, admin.post("/cohorts", {"slug": "beta"}))
    releases.publish("1.2.0", cohort="beta")
    assert inspect()["decision"]["release"] == "1.1.0"
    expect(200, admin.patch("/devices/device-1", {"cohort": "beta"}))
    found = inspect()
    assert (found["device"]["cohort"], found["decision"]["release"]) == ("beta", "1.2.0")


def test_inspecting_changes_nothing(unit, releases, inspect):
    releases.publish("1.1.0")
    for _ in range(3):
        inspect()
    assert inspect()["deployments"] == []
    assert unit.offered() == "1"


def test_unknown(admin, gateway):
    expect(404, admin.get("/devices/nobody/inspect"), says="device")
    expect(404, admin.get("/api/v1/projects/other/devices/nobody/inspect"))
    assert gateway.request("GET", "/api/v1/projects/default/devices/nobody/inspect").status == 401
