"""Debian's swupdate, the real daemon, against the gateway; and what goes wrong between them."""
import pytest

from lib.wait import wait_until

MIB = 1 << 20
NEW, OLD = "1.1.0", "1.0.0"


def events(deployment):
    return [(event["execution"], event["result"]) for event in deployment["events"] if event["execution"]]


def details(deployment):
    return "\n".join(text for event in deployment["events"] for text in event["details"] or [])


def facts(database, device):
    return database("select software_version, hardware_version, software_type from device where device_id = %s", device)


@pytest.mark.parametrize("prefix, tenant", [("", "default"), ("", "DEFAULT"), ("/api/v0/hawkbit", "default")])
def test_update_is_confirmed_by_the_version_report(gateway, publish, device, images, prefix, tenant):
    publish(NEW)
    unit = device(url=gateway.url + prefix, tenant=tenant)
    installed = gateway.wait_deployment(unit.id, "installing")
    wait_until(lambda: unit.logged("SWUPDATE successful"), 30, "swupdate installs")
    assert unit.installed == images.content(NEW, 100_000)

    unit.reboot(NEW)
    confirmed = gateway.wait_deployment(unit.id, "confirmed")
    assert confirmed["n"] == installed["n"]
    assert confirmed["attempt"] == 1
    assert confirmed["release"] == NEW
    assert ("closed", "success") in events(confirmed)
    assert "All Chunks Installed." in details(confirmed)


def test_nothing_to_do_is_quiet(gateway, publish, device, database):
    publish(NEW)
    unit = device(version=NEW)
    wait_until(lambda: database.value("select count(*) from device") == 1, what="device registers")
    wait_until(lambda: NEW in str(gateway.api("GET", f"/devices/{unit.id}").json), what="version report")
    wait_until(lambda: gateway.log.count("/controller/v1/device-1") >= 5, what="some polls")
    assert gateway.deployments(unit.id) == []
