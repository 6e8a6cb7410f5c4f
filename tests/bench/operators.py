"""What operators wait for: lists, single things, forecasts and statistics, while the fleet polls at half load."""
import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor

import load
import polls
from figure import Figure
from load import Failed
from stage import HARDWARE, VERSION, device_id

REQUESTS = 200  # of each kind, one after the other
LIMIT = 100  # ms, p99


def measure(stage):
    rate = polls.wrk(stage, stage.url, 3)["rate"] / 2
    requests = polls.write_requests(stage, rate)
    stage.say(f"the operators' API while {rate:,.0f} polls/s arrive")
    for name, path in paths(stage):
        with ThreadPoolExecutor(1) as pool:
            fleet = pool.submit(load.paced, stage.build, stage.gateway.port, rate, stage.clients, stage.seconds, requests)
            times = ask(stage, path, stage.seconds)
            fleet.result()
        yield Figure(f"API p99, {name}", "ms", percentile(times, 0.99), limit=LIMIT)


def paths(stage):
    """(name, path) of what is asked for."""
    device = device_id(stage.devices - 1)  # one with a history
    keys = "created_at, device_id, n"  # of deployments, newest first
    return [("devices, first page", "/devices"),
            ("devices, last page", f"/devices?cursor={last_page(stage, 'device', 'device_id', 'device_id desc')}"),
            ("devices, newest first", "/devices?sort=-created_at"),
            ("devices of a version", "/devices?version=1.1.0&cohort=default"),
            ("devices of a rare version", "/devices?version=1.1.0.6&cohort=site-3"),
            ("devices of a hardware version", f"/devices?hardware_version={HARDWARE}-b"),
            ("devices that failed last", "/devices?state=failed"),
            ("search, one device", f"/devices?search={device[5:]}"),
            ("search, some devices", f"/devices?search={device[5:9]}"),
            ("search, a sixteenth of the fleet", f"/devices?search={device[:6]}"),
            ("search, the whole fleet", "/devices?search=unit"),
            ("one device", f"/devices/{device}"),
            ("inspect a device", f"/devices/{device}/inspect"),
            ("deployments of a device", f"/devices/{device}/deployments"),
            ("deployments, first page", "/deployments"),
            ("deployments, last page",
             f"/deployments?cursor={last_page(stage, 'deployment', keys, keys)}"),
            ("deployments of a release", f"/deployments?release={VERSION}"),
            ("deployments that failed", "/deployments?state=failed"),
            ("deployments in trouble", "/deployments?state=failed,rolled_back,timed_out"),
            ("version matrix", "/cohorts/default/matrix"),
            ("cohorts with counts", "/cohorts"),
            ("statistics, versions", "/statistics/versions"),
            ("statistics, a year of deployments", "/statistics/deployments?since=2000-01-01T00:00:00Z"),
            ("statistics, deployments of a release", f"/statistics/deployments?release={VERSION}"),
            ("statistics, devices seen", "/statistics/seen")]


def last_page(stage, table, keys, from_the_end):
    """The cursor of a list's last page. `from_the_end`: the order by of the list read backwards."""
    path = json.dumps({"project": stage.credentials["project"]})
    return stage.database.value(
        f"with list as (select set_config('mews.list', cursor_list('{table}_list', row(null, %s, '{{}}', null, null)), true))"
        f" select cursor_encode(jsonb_build_array({keys})) from list, {table} order by {from_the_end} offset 100 limit 1", path)


def ask(stage, path, seconds):
    """The times of up to REQUESTS answers, in ms, within `seconds`."""
    connection = http.client.HTTPConnection("127.0.0.1", stage.gateway.port, timeout=30)
    headers = {"Authorization": f"Bearer {stage.credentials['admin_token']}"}
    times, end = [], time.monotonic() + seconds
    while len(times) < REQUESTS and time.monotonic() < end:
        begin = time.monotonic()
        connection.request("GET", f"/api/v1/projects/{stage.credentials['project']}{path}", headers=headers)
        reply = connection.getresponse()
        body = reply.read()
        times.append((time.monotonic() - begin) * 1000)
        if reply.status != 200:
            raise Failed(f"GET {path}: {reply.status} {body[:500]!r}")
    connection.close()
    return times


def percentile(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
