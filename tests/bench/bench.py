"""./dev bench: each figure beside its yardstick, measured in the same run on the same machine.

docs/performance.md says what is measured, and how to read the table.
"""
import argparse
import json
import os
import pathlib
import platform
import resource
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))  # for lib/

import download  # noqa: E402
import feedback  # noqa: E402
import memory  # noqa: E402
import operators  # noqa: E402
import polls  # noqa: E402
from figure import table  # noqa: E402
from lib.gateway import MEWSD  # noqa: E402
from load import Failed  # noqa: E402
from stage import Stage  # noqa: E402

MIB, GIB = 1 << 20, 1 << 30
PARTS = ["polls", "operators", "feedback", "download", "memory", "resolver"]


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, action="append",
                        help="measure only this; may be repeated")
    parser.add_argument("--quick", action="store_true",
                        help="a small fleet, short runs, a small upload: does it work? The figures mean little")
    parser.add_argument("--seconds", type=int, help="of each run (10; quick: 5)")
    parser.add_argument("--devices", type=int, help="in the fleet (1,000,000; quick: 100,000)")
    parser.add_argument("--clients", type=int, default=64, help="connections of wrk and pgbench (64)")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="write the figures there, too")
    found = parser.parse_args()
    found.only = found.only or PARTS
    found.seconds = found.seconds or (5 if found.quick else 10)
    found.devices = found.devices or (100_000 if found.quick else 1_000_000)
    if found.seconds < 1 or found.devices < 1000 or not 2 <= found.clients <= 80:
        parser.error("at least 1 second and 1000 devices, 2 to 80 clients (PostgreSQL takes 100 connections)")
    return found


def figures(stage, options):
    if "polls" in options.only:
        yield from polls.measure(stage)
    if "operators" in options.only:
        yield from operators.measure(stage)
    if "feedback" in options.only:
        yield from feedback.measure(stage)
    if "download" in options.only:
        yield from download.measure(stage)
    if "memory" in options.only:
        yield from memory.measure(stage, upload_size=512 * MIB if options.quick else 4 * GIB)


def machine():
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return f"{os.cpu_count()} x {model}, {memory_gib:.0f} GiB, Linux {platform.release()}"


def decisions():
    """The resolver alone, without any I/O."""
    return subprocess.run([MEWSD.parent / "tests/bench/bench_resolver"], capture_output=True, text=True, check=True,
                          timeout=120).stdout


def allow_many_files():
    """10,000 connections need as many descriptors, here and in the gateway."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < 10_200:
        raise Failed(f"this shell allows {hard} open files, 10,200 are needed: ulimit -Hn")


def run(options):
    """The figures of what is to run on a stage."""
    if options.only == ["resolver"]:
        return []
    artifact_size = 16 * MIB if options.quick else 256 * MIB
    with Stage(options.devices, options.clients, options.seconds, artifact_size) as stage:
        return list(figures(stage, options))


def measure(options):
    """Measure, then print the table."""
    started = time.strftime("%Y-%m-%d %H:%M")
    print(f"{started}, {machine()}", flush=True)
    found = run(options)
    if found:
        print("", *table(found), sep="\n")
    if "resolver" in options.only:
        print(f"\nDecisions of the resolver:\n{decisions()}")
    if options.json:
        options.json.write_text(json.dumps({"date": started, "machine": machine(), "devices": options.devices,
                                            "clients": options.clients, "seconds": options.seconds,
                                            "figures": [figure.as_json() for figure in found]}, indent=2) + "\n")


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        allow_many_files()
        measure(options)
    except Failed as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
