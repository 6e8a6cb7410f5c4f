"""The classic example with the real swupdate: must-pass-through first, then the delta, then full releases."""
import pytest

from lib import publish as publishing
from lib.wait import wait_until


@pytest.fixture
def catalog(gateway, images):
    """Full 2.0, delta 1.0 -> 2.0 and must-pass-through 1.0, all active for cohort `default`."""
    publishing.publish(gateway.api, "2.0", images("2.0"))
    publishing.publish(gateway.api, "2.0", images("2.0", size=60_000), **{"from": "1.0"})
    publishing.publish(gateway.api, "1.0", images("1.0"), must_pass_through=True)


def step(gateway, unit, images, release, version, size=100_000):
    """The device installs this release next and comes back with its version."""
    def newest():
        deployments = gateway.deployments(unit.id)
        return deployments and deployments[-1]["release"] == release
    wait_until(newest, 60, lambda: f"{release} is offered: {gateway.deployments(unit.id)}")
    wait_until(lambda: unit.installed == images.content(version, size), 60, f"{release} is installed")
    wait_until(lambda: "All Chunks Installed." in str(gateway.deployments(unit.id)[-1]), 60, "it says so")
    unit.reboot(version)
    assert gateway.wait_deployment(unit.id, "confirmed")["release"] == release


def test_one_on_0_9_passes_through_1_0_and_takes_the_delta(gateway, catalog, device, images):
    unit = device(version="0.9")
    step(gateway, unit, images, "1.0", "1.0")
    step(gateway, unit, images, "1.0..2.0", "2.0", size=60_000)
    assert [each["release"] for each in gateway.deployments(unit.id)] == ["1.0", "1.0..2.0"]


def test_one_on_1_0_takes_the_delta(gateway, catalog, device, images):
    step(gateway, device(version="1.0"), images, "1.0..2.0", "2.0", size=60_000)


def test_one_on_1_1_takes_the_full_release(gateway, catalog, device, images):
    step(gateway, device(version="1.1"), images, "2.0", "2.0")
