"""Memory of one worker: when it has nothing to do, with many idle connections, while a large file arrives."""
import os
import pathlib
import re
import sys

from figure import Figure
from lib.process import spawn, terminate
from lib.publish import expect
from lib.wait import wait_until
from load import HERE, Failed

CONNECTIONS = 10_000
MIB = 1 << 20


def measure(stage, upload_size):
    with stage.another_gateway("small", MEWS_WORKERS="1") as gateway:
        (worker,) = children(gateway.process.pid)
        gateway.ddi("GET", "/unit-00000000")
        idle = memory(worker)
        yield Figure("memory of a worker, idle (RSS)", "MiB", idle["Rss"])
        yield Figure("memory of a worker, idle (PSS)", "MiB", idle["Pss"])
        stage.say(f"{CONNECTIONS:,} idle connections")
        held = hold_connections(stage, gateway, worker)
        yield Figure(f"with {CONNECTIONS:,} idle connections (RSS)", "MiB", held["Rss"], "idle", idle["Rss"], limit=120)
        yield Figure(f"with {CONNECTIONS:,} idle connections (PSS)", "MiB", held["Pss"], "idle", idle["Pss"], limit=120)
    with stage.another_gateway("uploads", MEWS_WORKERS="1") as gateway:
        (worker,) = children(gateway.process.pid)
        gateway.ddi("GET", "/unit-00000000")
        idle = memory(worker)["Rss"]
        stage.say(f"an upload of {upload_size >> 20:,} MiB")
        upload(gateway.api, upload_size)
        peak = highest(worker)
        name = f"{upload_size >> 20:,} MiB"
        yield Figure(f"highest while {name} arrive (RSS)", "MiB", peak, "idle", idle, limit=round(idle + 32, 1))


# ---- Of a process ----

def children(pid):
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def memory(pid):
    """Resident memory in MiB: Rss, and Pss where shared pages count in part."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {name: int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)[1]) / 1024 for name in ("Rss", "Pss")}


def highest(pid):
    """The most resident memory that the process has ever had, MiB."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB", text, re.MULTILINE)[1]) / 1024


# ---- What it has to do ----

def hold_connections(stage, gateway, worker):
    with open(stage.home / "idle.log", "w+b") as log:
        client = spawn([sys.executable, HERE / "idle.py", gateway.port, stage.key, CONNECTIONS], stdout=log, stderr=log)
        try:
            wait_until(lambda: client.poll() is not None or read(log) == "ready\n", 60, lambda: f"idle.py: {read(log)}")
            held = memory(worker)
        finally:
            code = terminate(client, 30)
        if code != 0:
            raise Failed(f"idle.py ended with {code}: {read(log)}")
    return held


def read(log):
    log.seek(0)
    return log.read().decode(errors="replace")


def upload(api, size):
    """By tus, in pieces as large as the gateway takes."""
    created = expect(201, api("POST", "/uploads", headers={
        "Tus-Resumable": "1.0.0", "Upload-Length": str(size), "Upload-Metadata": "filename bGFyZ2UuaW1n"}))
    location = "/api/" + created.headers["Location"].split("/api/", 1)[1]
    piece = os.urandom(expect(200, api("GET", location)).json["piece_size"])
    for offset in range(0, size, len(piece)):
        expect(204, api("PATCH", location, data=piece[:size - offset], headers={
            "Tus-Resumable": "1.0.0", "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream"}))
