"""Polls without an update, over the whole fleet, each of which records when the device was last seen."""
import load
from figure import Figure
from lib.wait import wait_until
from load import Failed
from stage import device_id

WARM_UP = 2  # seconds: caches, and the first changes of pages after a checkpoint


def measure(stage):
    stage.say("nginx: a file as large as the answer to a poll")
    nginx = wrk(stage, stage.nginx_url)["rate"]
    stage.say("pgbench -S")
    load.run([load.BIN / "pgbench", "-h", stage.postgres.home, "-U", "mews", "-i", "-q", "-s",
              max(1, stage.devices // 100_000), stage.yardstick.name], seconds=60)
    select = load.pgbench(stage.yardstick, stage.clients, stage.seconds, "-S")
    stage.say("polls")
    polls = measure_polls(stage)
    yield Figure("polls", "/s", polls, "nginx, static file", nginx, ratio_wanted=0.45)
    yield Figure("polls", "/s", polls, "pgbench -S -M prepared", select, ratio_wanted=0.45)
    yield from measure_latency(stage, polls / 2)


def wrk(stage, url, seconds=None, first=0):
    return load.wrk(url, "poll", stage.key, stage.devices, stage.clients, seconds or stage.seconds, first)


def measure_polls(stage):
    warmed = wrk(stage, stage.url, WARM_UP)["answers"]
    begin = stage.database.value("select clock_timestamp()")
    processors = stage.processor_time()
    result = wrk(stage, stage.url, first=warmed + stage.clients)
    stage.say(f"  {result['answers']:,} polls, {processors.per(result['answers'])}")
    check_last_seen(stage, begin, result["answers"])
    return result["rate"]


def check_last_seen(stage, begin, answers):
    """Every device that got an answer was seen; those whose answer was cut off by the end may be, too."""
    polled = min(answers, stage.devices)

    def seen():
        return stage.database.value("select count(*) from device where last_seen >= %s", begin)

    try:
        wait_until(lambda: seen() >= polled, 20, interval=0.5)
    except AssertionError:
        raise Failed(f"{polled:,} devices polled, but last_seen was recorded for {seen():,} only") from None
    stage.say(f"  last_seen recorded for {seen():,} devices")


def measure_latency(stage, rate):
    """At a fixed rate, as of many devices that do not wait for each other: paced.c."""
    stage.say(f"latency at {rate:,.0f} polls/s")
    requests = write_requests(stage, rate)
    nginx, mews = (load.paced(stage.build, port, rate, stage.clients, stage.seconds, requests)
                   for port in (stage.nginx_port, stage.gateway.port))
    for percentile in ("p50", "p99"):
        yield Figure(f"poll latency {percentile} at {rate:,.0f}/s", "ms", mews[percentile] / 1000,
                     "nginx at the same rate", nginx[percentile] / 1000)


def write_requests(stage, rate):
    """A file of polls for paced.c, more than it can send in the time of a run."""
    requests = stage.home / "requests"
    with open(requests, "w", encoding="ascii") as out:
        for turn in range(min(int(rate * stage.seconds * 1.1), stage.devices)):
            out.write(f"GET /default/controller/v1/{device_id(turn * 611953 % stage.devices)} HTTP/1.1\r\n"
                      f"Host: localhost\r\nAuthorization: GatewayToken {stage.key}\r\n\r\n")
    return requests
