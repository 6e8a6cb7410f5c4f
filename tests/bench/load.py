"""Those who make the load: wrk, paced, pgbench and fetch.py, each run for some seconds, with its result as a dict."""
import json
import os
import pathlib
import re
import subprocess
import sys

from lib.process import spawn, terminate
from lib.postgres import BIN

HERE = pathlib.Path(__file__).parent
THREADS = 2  # of wrk and pgbench
SPARE_SECONDS = 30  # beyond the seconds that a run is to take


class Failed(Exception):
    """A figure that cannot be trusted. The text is for the person who runs the benchmark."""


def run(command, seconds, **options):
    """The output of a command that takes about `seconds`; it never outlives us."""
    process = spawn(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    try:
        output, errors = process.communicate(timeout=seconds + SPARE_SECONDS)
    except subprocess.TimeoutExpired:
        raise Failed(f"{command[0]} did not end in {seconds + SPARE_SECONDS:.0f} s") from None
    finally:
        terminate(process, 0)
    if process.returncode != 0:
        raise Failed(f"{command[0]} ended with {process.returncode}: {(errors or output)[-2000:]}")
    return output


def wrk(url, request, key, devices, clients, seconds, first=0):
    """As fast as `clients` connections get answers: each sends its next request after an answer."""
    output = run(["wrk", "-t", THREADS, "-c", clients, "-d", f"{seconds:.0f}s", "--timeout", "10s",
                  "-s", HERE / "devices.lua", url, "--", request, key, devices, THREADS, first], seconds)
    result = json.loads(output.splitlines()[-1])
    if result["failed"]:
        raise Failed(f"{result['failed']} of {result['answers']} requests failed:\n{output}")
    result["rate"] = result["answers"] / result["seconds"]
    return result


def paced(build, port, rate, clients, seconds, requests):
    """`rate` requests/s from the file `requests`, whether or not the answers keep up; see paced.c."""
    result = json.loads(run([build / "tests/bench/paced", port, f"{rate:.0f}", seconds, clients, requests], seconds))
    if result["failed"]:
        raise Failed(f"{result['failed']} of {result['answers']} paced requests failed")
    return result


def pgbench(database, clients, seconds, *options):
    """Transactions/s."""
    output = run([BIN / "pgbench", "-h", database.postgres.home, "-U", "mews", "-n", "-M", "prepared",
                  "-c", clients, "-j", THREADS, "-T", f"{seconds:.0f}", *options, database.name], seconds)
    match = re.search(r"^tps = ([\d.]+) \(without", output, re.MULTILINE)
    if not match:
        raise Failed(f"pgbench said no tps:\n{output}")
    return float(match[1])


def fetch(port, path, key, size, clients, seconds):
    """Bytes/s of a file of `size` bytes, fetched again and again over `clients` connections."""
    return json.loads(run([sys.executable, HERE / "fetch.py", port, path, key, size, clients, seconds],
                          seconds))["rate"]


# ---- Who used the processors? ----

class ProcessorTime:
    """Of processes by name, with their descendants, from now on."""

    def __init__(self, **pids):
        self.pids = pids
        self.before = {name: cpu_seconds(pid) for name, pid in pids.items()}

    def per(self, count):
        """A line that shares it out among `count` requests."""
        used = {name: cpu_seconds(pid) - self.before[name] for name, pid in self.pids.items()}
        return "processor time of each: " + ", ".join(f"{name} {seconds / count * 1e6:.1f} us"
                                                      for name, seconds in used.items())


def cpu_seconds(pid):
    """Of a process and its descendants that still live, in user and system mode."""
    tick = os.sysconf("SC_CLK_TCK")
    children, times = {}, {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        each = int(path.parent.name)
        children.setdefault(int(fields[1]), []).append(each)
        times[each] = (int(fields[11]) + int(fields[12])) / tick
    waiting, total = [pid], 0.0
    while waiting:
        each = waiting.pop()
        total += times.get(each, 0.0)
        waiting += children.get(each, [])
    return total
