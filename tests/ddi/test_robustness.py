"""The gateway dies, PostgreSQL goes away: devices notice as little as possible, and what was acknowledged is kept."""
import http.client
import itertools
import os
import pathlib
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib.ddi import Unit, connect, expect, request_bytes, status_of
from lib.wait import wait_until

DEVICES = 8
MIB = 1 << 20


@pytest.fixture
def fleet(gateway, publish):
    """device-0 ...: each has begun with its action 1."""
    publish("1.1.0", size=5000)
    units = [Unit(gateway, f"device-{n}") for n in range(DEVICES)]
    for unit in units:
        unit.poll()
        unit.report()
        unit.begin()
    return units


class Reporters:
    """Every device of a fleet sends one feedback after the other, each with a text of its own, until stop()."""

    def __init__(self, units):
        self.acknowledged, self.others, self._ended = set(), [], threading.Event()
        self._threads = [threading.Thread(target=self._run, args=[unit]) for unit in units for _ in range(2)]
        for thread in self._threads:
            thread.start()

    def _run(self, unit):
        for n in itertools.count():
            text = f"{threading.get_ident()} {n}"
            if self._ended.is_set():
                return
            try:
                reply = unit.feedback(1, "proceeding", details=[text])
            except (OSError, http.client.HTTPException):
                continue
            if reply.status == 200:
                self.acknowledged.add(text)
            else:
                self.others.append(reply)

    def wait(self, count):
        target = len(self.acknowledged) + count
        wait_until(lambda: len(self.acknowledged) >= target, 60, f"{count} more are acknowledged")

    def stop(self):
        self._ended.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def reporters(fleet):
    running = Reporters(fleet)
    yield running
    running.stop()


def kept(database):
    """Texts in the database, once each."""
    texts = [text for text, in database("select unnest(details) from event where source = 'device'")]
    assert len(texts) == len(set(texts)), "something was stored twice"
    return set(texts)


def workers(gateway):
    master = gateway.process.pid
    return [int(pid) for pid in pathlib.Path(f"/proc/{master}/task/{master}/children").read_text().split()]


# ---- The gateway dies ----

def test_device_finds_its_deployment_after_a_crash(gateway, begun):
    links = begun.links()
    gateway.kill()
    gateway.start()
    assert begun.links() == links
    expect(200, begun.feedback(1, "closed", "success"))
    begun.report("1.1.0")
    assert begun.state == "confirmed"


def test_no_acknowledged_feedback_is_lost_by_a_crash(gateway, reporters, database):
    """Each reporter may have one more in the database than it knows of: the answer got lost."""
    for _ in range(3):
        reporters.wait(100)
        gateway.kill()
        gateway.start()
    reporters.wait(100)
    reporters.stop()
    assert not reporters.others
    stored = kept(database)
    assert reporters.acknowledged <= stored
    assert len(stored - reporters.acknowledged) <= 3 * 2 * DEVICES


def test_crash_of_one_worker_costs_its_own_requests_only(gateway, reporters, database):
    before = workers(gateway)
    reporters.wait(50)
    os.kill(before[0], signal.SIGKILL)
    reporters.wait(200)
    reporters.stop()
    assert not reporters.others
    assert reporters.acknowledged <= kept(database)
    wait_until(lambda: len(set(workers(gateway)) - {before[0]}) == len(before), what="another takes its place")


def test_requests_in_flight_are_finished_on_sigterm(gateway, fleet, database):
    """A drain: whoever has asked gets an answer."""
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
    with ThreadPoolExecutor(DEVICES) as pool:
        with database.locked("deployment"):
            replies = [pool.submit(unit.feedback, 1, "proceeding", details=[unit.id]) for unit in fleet]
            wait_until(lambda: database.value(waiting) >= 1, what="feedback waits")
            gateway.process.terminate()
        assert {reply.result().status for reply in replies} == {200}
    assert kept(database) == {unit.id for unit in fleet}


# ---- PostgreSQL goes away ----

def test_without_postgresql(gateway, begun, postgres):
    """503 + Retry-After is harmless to polls; an artifact's connection is cut, for an error would end the update."""
    file = "/softwaremodules/1/artifacts/image-1.1.0.swu"
    postgres.stop()
    for reply in (begun.get(), begun.get("/deploymentBase/1"), begun.feedback(1, "closed", "success"),
                  begun.request("PUT", "/configData", json={"data": {"a": "b"}}), Unit(gateway, "new").get()):
        assert reply.status == 503
        assert int(reply.headers["Retry-After"]) >= 1
        assert reply.json["status"] == 503
    for method, path in (("GET", file), ("HEAD", file), ("GET", file + ".MD5SUM")):
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            begun.request(method, path, headers={"Range": "bytes=5-"})
    assert gateway.request("GET", "/healthz").status == 200
    assert gateway.request("GET", "/readyz").status == 503

    postgres.start()
    gateway.wait_ready()
    assert begun.state == "downloading"
    expect(206, begun.get(file, Range="bytes=5-"))
    expect(200, begun.feedback(1, "closed", "success"))


def test_strangers_get_401_or_503_without_postgresql(gateway, postgres):
    postgres.stop()
    assert gateway.request("GET", "/default/controller/v1/device-1").status == 401
    assert Unit(gateway, key="wrong").get().status == 503  # it could be a new one
    postgres.start()
    gateway.wait_ready()
    assert Unit(gateway, key="wrong").get().status == 401


def test_running_download_goes_on_without_postgresql(gateway, unit, publish, images, postgres):
    publish("1.1.0", size=8 * MIB)
    content = images("1.1.0", size=8 * MIB).read_bytes()
    unit.get(f"/deploymentBase/{unit.offered()}")
    with connect(gateway, 30) as client:
        client.sendall(request_bytes(unit, "GET", "/softwaremodules/1/artifacts/image-1.1.0.swu"))
        received = client.recv(1000)
        assert status_of(received) == 200
        postgres.stop()
        while more := client.recv(1 << 16):
            received += more
    assert received.split(b"\r\n\r\n", 1)[1] == content
    postgres.start()
    gateway.wait_ready()


def test_no_acknowledged_feedback_is_lost_when_postgresql_restarts(gateway, reporters, database, postgres):
    for _ in range(2):
        reporters.wait(100)
        postgres.stop()
        assert gateway.request("GET", "/healthz").status == 200
        postgres.start()
        gateway.wait_ready()
    reporters.wait(100)
    reporters.stop()
    assert {reply.status for reply in reporters.others} <= {503}
    assert reporters.acknowledged <= kept(database)


def test_no_acknowledged_feedback_is_lost_when_connections_break(gateway, reporters, database):
    for _ in range(10):
        reporters.wait(20)
        database("select pg_terminate_backend(pid) from pg_stat_activity "
                 "where datname = current_database() and pid <> pg_backend_pid()")
    gateway.wait_ready()
    reporters.wait(100)
    reporters.stop()
    assert {reply.status for reply in reporters.others} <= {503}
    assert all(int(reply.headers["Retry-After"]) >= 1 for reply in reporters.others)
    assert reporters.acknowledged <= kept(database)


@pytest.mark.gateway(MEWS_REQUEST_TIMEOUT="1")
def test_slow_database(begun, database):
    with database.locked("deployment"):
        for reply in (begun.get(), begun.feedback(1, "proceeding")):
            assert reply.status == 503
            assert int(reply.headers["Retry-After"]) >= 1
    wait_until(lambda: begun.get().status == 200, what="served again")


# ---- Many at once ----

def test_everything_at_once_is_stored_once(fleet, database):
    """Both workers, all devices, all kinds of writes: nobody waits for ever, nobody gets a 5xx."""
    def act(n):
        unit = fleet[n % DEVICES]
        if n % 3 == 0:
            return unit.request("PUT", "/configData", json={"data": {"n": str(n)}})
        return unit.get() if n % 3 == 1 else unit.feedback(1, "proceeding", details=[str(n)])

    with ThreadPoolExecutor(24) as pool:
        replies = list(pool.map(act, range(600)))
    assert {reply.status for reply in replies} == {200}
    assert kept(database) == {str(n) for n in range(2, 600, 3)}
    assert {unit.state for unit in fleet} == {"installing"}
