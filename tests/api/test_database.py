"""The link to PostgreSQL: batches, errors, and servers that go away."""
import concurrent.futures
import contextlib
import re
import signal
import threading
import urllib.parse

import psycopg2
import pytest

from lib import gateway as mewsd
from lib.wait import wait_until

# Ids and values that could break out of an array literal, or be taken for something else.
AWKWARD = ['"', "\\", '\\"', "{}", "{a,b}", ",", "NULL", "null", "'", "'';--drop", "$1", "é€😀", "%00", '{"a":1}',
           "item", "0", "-1"]


def quote(device):
    return urllib.parse.quote(device, safe="")


def poll(gateway, device, **more):
    return gateway.ddi("GET", f"/{quote(device)}", **more)


def report(gateway, device, value="1", **more):
    """configData: one batched statement, acknowledged after its commit."""
    return gateway.ddi("PUT", f"/{quote(device)}/configData", json={"mode": "merge", "data": {"value": value}}, **more)


def at_once(*calls):
    """The results of functions that run at the same time."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [each.result() for each in [pool.submit(call) for call in calls]]


def metric(gateway, name):
    text = gateway.request("GET", "/metrics").body.decode()
    return sum(float(value) for value in re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", text, re.M))


def wait_for_lock(database):
    wait_until(lambda: database.value("select count(*) from pg_stat_activity where datname = current_database() "
                                      "and wait_event_type = 'Lock'"), what="a statement waits for a lock")


def check_unavailable(reply):
    assert reply.status == 503, reply
    assert int(reply.headers["Retry-After"]) > 0


def wrap_device_report(database, before):
    """`before`, in plpgsql, runs ahead of each configData; it sees _device, _data and _call: 1, 2, 3 ..."""
    signature = "device_report(_caller text, _project int, _device text, _mode text, _data jsonb)"
    database("alter function device_report rename to device_report_real")
    database("create sequence calls")
    database("grant usage on calls to mewsd")
    database(f"create function {signature} returns text language plpgsql as $$ "
             f"declare _call bigint := nextval('calls'); "
             f"begin {before} return device_report_real(_caller, _project, _device, _mode, _data); end $$")


def calls(database):
    """How often the wrapped function ran; a sequence counts what was rolled back, too."""
    return database.value("select case when is_called then last_value else 0 end from calls")


# ---- Batches ----

def test_everybody_gets_his_own_rows(gateway):
    def hrefs(device):
        replies = [poll(gateway, device) for _ in range(3)]
        return [(reply.status, reply.json["_links"]["configData"]["href"]) for reply in replies]

    devices = AWKWARD + [f"device-{n}" for n in range(60)]
    for device, replies in zip(devices, at_once(*[lambda device=device: hrefs(device) for device in devices])):
        for status, href in replies:
            assert status == 200
            assert urllib.parse.unquote(href).split("/controller/v1/")[1] == f"{device}/configData"


def test_values_arrive_as_they_were_sent(gateway, database):
    for value in AWKWARD:
        assert poll(gateway, value).status == 200
    replies = at_once(*[lambda value=value: report(gateway, value, value) for value in AWKWARD])
    assert [reply.status for reply in replies] == [200] * len(AWKWARD)
    stored = dict(database("select device_id, attributes ->> 'value' from device_info"))
    assert stored == {value: value for value in AWKWARD}


def test_a_bad_item_fails_alone(database, start_gateway):
    wrap_device_report(database, "if _data ->> 'value' = 'bad' then raise exception using errcode = 'MW409', "
                                 "message = 'not this one'; end if;")
    gateway = start_gateway(MEWS_WORKERS="1")
    values = {f"device-{n}": "bad" if n in (7, 8, 22) else "good" for n in range(24)}
    for device in [*values, "first"]:
        assert poll(gateway, device).status == 200

    with concurrent.futures.ThreadPoolExecutor(len(values) + 1) as pool:
        with database.locked("device_info"):
            first = pool.submit(report, gateway, "first")
            wait_for_lock(database)  # the others collect behind it
            rest = {device: pool.submit(report, gateway, device, value) for device, value in values.items()}
            wait_until(lambda: metric(gateway, "mews_connections") > len(rest), what="all have connected")
        assert first.result().status == 200
        replies = {device: each.result() for device, each in rest.items()}

    assert {device: reply.status for device, reply in replies.items()} \
        == {device: 409 if value == "bad" else 200 for device, value in values.items()}
    stored = database("select device_id from device_info where attributes ->> 'value' = 'good'")
    assert {device for (device,) in stored} == {device for device, value in values.items() if value == "good"}
    assert len(values) + 1 < calls(database) < 5 * len(values)  # it was one batch, which was halved


# ---- Errors ----

@pytest.mark.parametrize("sqlstate, status", [
    ("MW404", 404), ("MW409", 409), ("MW410", 410), ("MW422", 422), ("MW429", 429),
    ("MW299", 500), ("MWXYZ", 500),  # no such status of ours
    ("23505", 409), ("23503", 409), ("23514", 400), ("23502", 400), ("22003", 400), ("22P02", 400), ("22P05", 400),
    ("22012", 500), ("P0001", 500), ("XX000", 500), ("42501", 500),
    ("57014", 503), ("53100", 503), ("55P03", 503), ("40P01", 503), ("40001", 503), ("25006", 503), ("26000", 503)])
def test_errors_of_the_schema(database, start_gateway, sqlstate, status):
    database("create or replace function api_release_get(_call api_request) returns api_reply language plpgsql as $$ "
             f"begin raise exception using errcode = '{sqlstate}', message = 'a \"reason\"', column = '/a/field'; end $$")
    gateway = start_gateway()
    reply = gateway.api("GET", "/releases/1.0.0")
    assert reply.status == status, reply
    refused = sqlstate.startswith("MW") and status < 500
    assert (reply.json["detail"] == 'a "reason"') == refused
    assert reply.json.get("pointer") == ("/a/field" if refused else None)
    logged = re.search(f"level=(\\w+) .*event=database_error request={reply.json['request_id']} .*sqlstate={sqlstate}",
                       gateway.log)
    assert logged[1] == {500: "error", 503: "warn"}.get(status, "debug")
    if status == 503:
        check_unavailable(reply)
    gateway.wait_ready()  # the last two end their sessions, for good reasons
    assert poll(gateway, "device-1").status == 200


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
def test_deadlocks_are_tried_again(database, start_gateway, sqlstate):
    wrap_device_report(database, f"if _call < 3 then raise exception using errcode = '{sqlstate}'; end if;")
    gateway = start_gateway()
    assert poll(gateway, "device-1").status == 200
    assert report(gateway, "device-1").status == 200
    assert calls(database) == 3


def test_two_that_lock_each_other(database, start_gateway):
    """A real deadlock."""
    wrap_device_report(database, "if _data ->> 'value' = 'crossed' then perform from device d "
                                 "where d.device_id = 'other' for update; end if;")
    gateway = start_gateway()
    for device in ["device-1", "other"]:
        assert poll(gateway, device).status == 200
    with contextlib.closing(psycopg2.connect(database.conninfo)) as session, \
            concurrent.futures.ThreadPoolExecutor() as pool:
        cursor = session.cursor()
        cursor.execute("set deadlock_timeout = '1h'")  # so that PostgreSQL picks the other one
        cursor.execute("update device set wants_attributes = true where device_id = 'device-1'")
        crossed = pool.submit(report, gateway, "device-1", "crossed")  # has `other`, waits for device-1
        wait_for_lock(database)
        cursor.execute("update device set wants_attributes = true where device_id = 'other'")
        session.commit()
        assert crossed.result().status == 200
    assert calls(database) == 2


@pytest.mark.gateway(MEWS_REQUEST_TIMEOUT="1")
def test_the_database_takes_too_long(gateway, database):
    assert poll(gateway, "device-1").status == 200
    with database.locked("device"):
        check_unavailable(poll(gateway, "device-1"))
    wait_until(lambda: poll(gateway, "device-1").status == 200, what="polls are answered again")


@pytest.mark.gateway(MEWS_WORKERS="1", MEWS_DATABASE_CONNECTIONS="2")
def test_a_statement_that_waits_blocks_no_other(gateway, database):
    """Reports wait for a lock, and there are more of them than connections; polls go on."""
    devices = [f"device-{n}" for n in range(8)]
    for device in devices:
        assert poll(gateway, device).status == 200
    with concurrent.futures.ThreadPoolExecutor(len(devices)) as pool:
        with database.locked("device_info in share row exclusive mode"):  # for those who write
            reports = [pool.submit(report, gateway, device) for device in devices]
            wait_for_lock(database)
            assert [poll(gateway, device).status for device in devices] == [200] * len(devices)
            assert not any(each.done() for each in reports)
        assert [each.result().status for each in reports] == [200] * len(devices)


# ---- Servers that go away ----

class Fleet:
    """Devices that report 1, 2, 3 ... until they are stopped. What was acknowledged must be stored."""

    def __init__(self, gateway, size):
        self.gateway, self.acknowledged, self.sent, self.replies = gateway, {}, {}, []
        self.over = threading.Event()
        self.devices = [f"device-{n}" for n in range(size)]
        for device in self.devices:
            assert poll(gateway, device).status == 200
        self.pool = concurrent.futures.ThreadPoolExecutor(size)
        self.runs = [self.pool.submit(self.run, device) for device in self.devices]

    def run(self, device):
        number = 0
        while not self.over.is_set():
            number += 1
            self.sent[device] = number
            reply = report(self.gateway, device, str(number))
            self.replies.append(reply)
            if reply.status == 200:
                self.acknowledged[device] = number

    def statuses(self):
        return {reply.status for reply in list(self.replies)}

    def wait_progress(self):
        """Everybody is acknowledged once more."""
        before = dict(self.acknowledged)
        wait_until(lambda: all(self.acknowledged.get(device, 0) > before.get(device, 0) for device in self.devices), 30,
                   what="all devices are acknowledged again")

    def stop(self, database):
        self.over.set()
        for each in self.runs:
            each.result()
        self.pool.shutdown()
        for reply in self.replies:
            if reply.status != 200:
                check_unavailable(reply)
        for device, value in database("select device_id, attributes ->> 'value' from device_info"):
            assert self.acknowledged[device] <= int(value) <= self.sent[device]


def test_killed_backends_under_load(gateway, database):
    fleet = Fleet(gateway, 12)
    for _ in range(10):
        fleet.wait_progress()
        database("select pg_terminate_backend(pid) from pg_stat_activity "
                 "where datname = current_database() and application_name = 'mewsd'")
    fleet.wait_progress()
    fleet.stop(database)
    assert "database_lost" in gateway.log


def test_one_killed_backend_costs_one_batch(gateway, database):
    """The statement that waits is lost with its connection, and not repeated; its client is told."""
    assert poll(gateway, "device-1").status == 200
    with concurrent.futures.ThreadPoolExecutor() as pool:
        with database.locked("device_info"):
            reported = pool.submit(report, gateway, "device-1", "lost")
            wait_for_lock(database)
            database("select pg_terminate_backend(pid) from pg_stat_activity "
                     "where datname = current_database() and wait_event_type = 'Lock'")
            check_unavailable(reported.result())
    assert poll(gateway, "device-1").status == 200
    assert database("select from device_info where attributes ->> 'value' = 'lost'") == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_postgresql_stops_and_comes_back(start_gateway, database, postgres, how):
    database(f"alter database {database.name} set synchronous_commit = on")  # as it is by default
    gateway = start_gateway()
    fleet = Fleet(gateway, 4)
    fleet.wait_progress()
    postgres.stop(how)
    wait_until(lambda: poll(gateway, "device-1").status == 503, what="polls are refused")
    check_unavailable(poll(gateway, "device-1"))
    check_unavailable(gateway.request("GET", "/readyz"))
    assert gateway.request("GET", "/healthz").status == 200
    postgres.start()
    gateway.wait_ready()
    fleet.wait_progress()
    assert fleet.statuses() == {200, 503}
    fleet.stop(database)


def test_gateway_starts_before_postgresql(gateway, postgres):
    postgres.stop()
    gateway.kill()
    gateway.start()
    check_unavailable(gateway.request("GET", "/readyz"))
    postgres.start()
    gateway.wait_ready()


@pytest.mark.gateway(MEWS_REQUEST_TIMEOUT="30")
def test_stop_waits_for_statements(gateway, database):
    assert poll(gateway, "device-1").status == 200
    with concurrent.futures.ThreadPoolExecutor() as pool:
        with database.locked("device_info"):
            reported = pool.submit(report, gateway, "device-1", "last")
            wait_for_lock(database)
            stopped = pool.submit(gateway.stop)
            wait_until(lambda: refuses(gateway), what="no new connections are taken")
            assert not reported.done()
        assert reported.result().status == 200
        stopped.result()
    assert database.value("select attributes ->> 'value' from device_info") == "last"


def refuses(gateway):
    try:
        gateway.request("GET", "/healthz", timeout=5)
    except OSError:
        return True
    return False


def test_settings_of_a_connection(gateway, database):
    gateway.wait_ready()
    assert database("select distinct application_name from pg_stat_activity "
                    "where datname = current_database() and pid <> pg_backend_pid()") == [("mewsd",)]


@pytest.mark.parametrize("url", ["nonsense", "postgresql://[::1", "host=x port"])
def test_a_malformed_url_is_named(home, url):
    result = mewsd.run(env=mewsd.environment(url, home / "store"))
    assert result.returncode not in (0, None)
    assert "MEWS_DATABASE_URL: " in result.stderr
