"""What operators wait for: lists, single things, forecasts and statistics, while the fleet polls at half load."""
import http.client
import time
from concurrent.futures import ThreadPoolExecutor

import load
import polls
from figure import Figure
from load import Failed
from stage import device_id

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
    last = stage.database.value(
        "select cursor_encode(jsonb_build_array('id', device_id)) from device order by device_id desc offset 100 limit 1")
    return [("devices, first page", "/devices"),
            ("devices, last page", f"/devices?cursor={last}"),
            ("devices of a version", "/devices?version=1.1.0&cohort=default"),
            ("one device", f"/devices/{device_id(7)}"),
            ("inspect a device", f"/devices/{device_id(7)}/inspect"),
            ("deployments", "/deployments"),
            ("version matrix", "/cohorts/default/matrix"),
            ("cohorts with counts", "/cohorts"),
            ("statistics, versions", "/statistics/versions"),
            ("statistics, deployments", "/statistics/deployments")]


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
