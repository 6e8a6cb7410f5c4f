"""Debian's swupdate, the real daemon, against the gateway; and what goes wrong between them."""
import pytest

from lib.ddi import Unit, contents
from lib.wait import wait_until

MIB = 1 << 20
NEW, OLD = "1.1.0", "1.0.0"
SIZE = 4 * MIB  # of an image that is held or cut in the middle
WRONG = "1" * 64  # a SHA-256
SLOWLY = ("-n", "400k")  # bytes/s: several polls fit in a download


def events(deployment):
    return [(event["execution"], event["result"]) for event in deployment["events"] if event["execution"]]


def details(deployment):
    return "\n".join(text for event in deployment["events"] for text in event["details"] or [])


def polls(gateway, unit, count):
    """Until the device has polled `count` more times."""
    def seen():
        return gateway.log.count(f"/controller/v1/{unit.id} ") + gateway.log.count(f"/controller/v1/{unit.id}\"")
    target = seen() + count
    wait_until(lambda: seen() >= target, 30, f"{count} more polls")


def finish(gateway, unit, images, size):
    """The device installs, comes back with the new version, and that is confirmed."""
    wait_until(lambda: unit.logged("SWUPDATE successful"), 60, "swupdate installs")
    assert unit.installed == images.content(NEW, size)
    unit.reboot(NEW)
    return gateway.wait_deployment(unit.id, "confirmed")


# ---- What is meant to be ----

@pytest.mark.parametrize("prefix, tenant", [("", "default"), ("", "DEFAULT"), ("/api/v0/hawkbit", "default")])
def test_update_is_confirmed_by_the_version_report(gateway, publish, device, images, prefix, tenant):
    publish(NEW)
    unit = device(url=gateway.url + prefix, tenant=tenant)
    gateway.wait_deployment(unit.id, "installing")
    wait_until(lambda: "All Chunks Installed." in details(gateway.deployments(unit.id)[-1]), 30, "it says so")
    confirmed = finish(gateway, unit, images, 100_000)
    assert (confirmed["n"], confirmed["attempt"], confirmed["release"]) == (1, 1, NEW)
    assert ("closed", "success") in events(confirmed)


def test_nothing_to_do_is_quiet(gateway, publish, device, database):
    publish(NEW)
    unit = device(version=NEW)
    wait_until(lambda: database("select software_version from device") == [(NEW,)], what="version report")
    polls(gateway, unit, 3)
    assert gateway.deployments(unit.id) == []
    assert gateway.log.count("/configData") == 1  # it is not asked again


# ---- Images and tokens that are wrong ----

def test_broken_image_fails_with_swupdates_own_words(gateway, publish, device):
    publish(NEW, sha256=WRONG)
    unit = device()
    failed = gateway.wait_deployment(unit.id, "failed")
    assert ("closed", "failure") in events(failed)
    assert "HASH mismatch" in details(failed)
    polls(gateway, unit, 3)
    assert len(gateway.deployments(unit.id)) == 1  # the next attempt waits its time


def test_garbage_fails(gateway, publish, device, home):
    image = home / "garbage.swu"
    image.write_bytes(b"no image at all\n" * 1000)
    publish(NEW, image=image)
    unit = device()
    failed = gateway.wait_deployment(unit.id, "failed")
    assert ("closed", "failure") in events(failed)
    assert details(failed)
    assert unit.installed is None


@pytest.mark.parametrize("token", ["wrong", "x" * 100])
def test_wrong_token_writes_nothing(gateway, publish, device, database, token):
    publish(NEW)
    before = contents(database)
    device(token=token)
    wait_until(lambda: gateway.log.count("status=401") >= 3, 30, "it is refused")
    assert contents(database) == before


def test_update_with_a_token_of_its_own(gateway, publish, device, images):
    """No project key: the device is registered ahead, and nobody else's token opens it."""
    publish(NEW)
    unit = Unit(gateway)
    assert unit.poll()
    token = gateway.api("POST", f"/devices/{unit.id}/token").json["token"]
    confirmed = finish(gateway, device(token=token, scheme="targettoken"), images, 100_000)
    assert (confirmed["n"], confirmed["attempt"]) == (1, 1)


# ---- Lines that break ----

def test_download_is_resumed_with_range(gateway, publish, device, images, proxy):
    publish(NEW, size=SIZE)
    proxy.cut_at(MIB, 2 * MIB)
    unit = device(url=proxy.url)
    confirmed = finish(gateway, unit, images, SIZE)
    first, *resumed = proxy.ranges()
    assert first is None
    assert len(resumed) == 2
    assert all(range.startswith("bytes=") and range.endswith("-") for range in resumed)
    assert confirmed["attempt"] == 1


def test_gateway_is_killed_in_mid_download(gateway, publish, device, images, proxy):
    publish(NEW, size=SIZE)
    proxy.hold_at(MIB, cut=True)  # the rest may be in the kernel's buffers already
    unit = device(url=proxy.url)
    proxy.wait_held()
    gateway.kill()
    proxy.release()
    gateway.start()
    confirmed = finish(gateway, unit, images, SIZE)
    assert (confirmed["n"], confirmed["attempt"]) == (1, 1)
    assert proxy.ranges()[-1].startswith("bytes=")


def test_gateway_is_killed_before_the_final_report(gateway, publish, device):
    """SWUpdate repeats it until it gets through."""
    publish(NEW)
    unit = device()
    wait_until(lambda: unit.logged("SWUPDATE successful"), 30, "swupdate installs")
    gateway.kill()
    unit.reboot(NEW)
    wait_until(lambda: unit.logged("(?i)connection refused|couldn't connect|failed to connect"), 30, "it cannot report")
    gateway.start()
    assert gateway.wait_deployment(unit.id, "confirmed")["attempt"] == 1


@pytest.mark.parametrize("line_breaks", [False, True])
def test_postgresql_restarts_in_mid_download(gateway, publish, device, images, proxy, postgres, line_breaks):
    """A running download needs no database; one that is resumed is refused until there is one, and tries again."""
    publish(NEW, size=SIZE)
    proxy.hold_at(MIB, cut=line_breaks)
    unit = device(url=proxy.url)
    proxy.wait_held()
    postgres.stop()
    proxy.release()
    if line_breaks:
        wait_until(lambda: len(proxy.ranges()) >= 2, 30, "it tries to resume")
    else:
        wait_until(lambda: unit.logged("SWUPDATE successful"), 60, "swupdate installs")
    postgres.start()
    gateway.wait_ready()
    confirmed = finish(gateway, unit, images, SIZE)
    assert (confirmed["n"], confirmed["attempt"]) == (1, 1)


# ---- Pulled ----

def test_pulled_before_the_download(gateway, publish, device, pull_of):
    """It has read what it is to install when its operator thinks again."""
    activation = publish(NEW)
    unit = Unit(gateway)
    unit.poll()
    unit.report()
    unit.get(f"/deploymentBase/{unit.offered()}")
    pull_of(activation)
    real = device(unit.id)
    canceled = gateway.wait_deployment(unit.id, "canceled")
    assert "cancellation acknowledged." in details(canceled)
    polls(gateway, real, 2)
    assert len(gateway.deployments(unit.id)) == 1
    assert not real.logged("Software Update started")


def test_pulled_in_mid_download(gateway, publish, device, pull_of, proxy):
    activation = publish(NEW, size=SIZE)
    unit = device(url=proxy.url, options=SLOWLY)
    wait_until(proxy.ranges, 30, "the download begins")
    pull_of(activation)
    canceled = gateway.wait_deployment(unit.id, "canceled")
    assert "cancellation acknowledged." in details(canceled)
    assert "failure" not in [result for _, result in events(canceled)]
    publish("1.2.0")
    assert gateway.wait_deployment(unit.id, "installing")["release"] == "1.2.0"


@pytest.fixture
def pull_of(gateway):
    def pull(activation):
        reply = gateway.api("POST", f"/activations/{activation['id']}/pull")
        assert reply.status == 200, reply

    return pull


# ---- The new image is no good ----

def test_roll_back_that_nobody_reported(gateway, publish, device, database):
    """The device says that all went well, and then that it runs what it ran before."""
    publish(NEW)
    unit = device()
    wait_until(lambda: unit.logged("SWUPDATE successful"), 30, "swupdate installs")
    unit.reboot(OLD)
    rolled_back = gateway.wait_deployment(unit.id, "rolled_back")
    assert ("closed", "success") in events(rolled_back)
    polls(gateway, unit, 2)
    assert len(gateway.deployments(unit.id)) == 1
    database("update project set retry_backoff = 0")
    again = gateway.wait_deployment(unit.id, "installing")
    assert (again["n"], again["attempt"]) == (2, 2)


def test_roll_back_that_the_boot_loader_reported(gateway, publish, device):
    publish(NEW)
    unit = device()
    wait_until(lambda: unit.logged("SWUPDATE successful"), 30, "swupdate installs")
    unit.reboot(OLD, success=False)
    failed = gateway.wait_deployment(unit.id, "failed")
    assert events(failed)[-1] == ("closed", "failure")


# ---- It comes back as if nothing had been ----

def test_install_loop_is_a_failed_attempt(gateway, publish, device, database):
    """The boot loader went back without a word: swupdate begins anew, as it would for ever."""
    publish(NEW)
    unit = device()
    wait_until(lambda: gateway.deployments(unit.id) and "All Chunks Installed." in details(gateway.deployments(unit.id)[-1]),
               60, "it is installed")
    unit.stop()
    unit.start()
    failed = gateway.wait_deployment(unit.id, "failed")
    assert (failed["n"], failed["attempt"]) == (1, 1)
    polls(gateway, unit, 3)
    assert len(gateway.deployments(unit.id)) == 1  # the next attempt waits its time
    assert database.value("select failures -> (select id from release)::text ->> 0 from device") == "1"
