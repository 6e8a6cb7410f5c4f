"""Feedback of devices that install, each acknowledged after its commit."""
import load
from figure import Figure
from load import HERE, Failed

MAX_DEVICES = 200_000  # that have a deployment


def measure(stage):
    devices = min(MAX_DEVICES, stage.devices * 9 // 10)  # the last tenth has a history: fleet.sql
    stage.say("pgbench: a row inserted, a commit")
    stage.yardstick((HERE / "commit_table.sql").read_text())
    commits = load.pgbench(stage.yardstick, stage.clients, stage.seconds, "-f", HERE / "commit.sql")
    stage.say(f"{devices:,} devices that have downloaded")
    stage.sql(HERE / "deployments.sql", count=devices)
    stage.settle()

    stage.say("feedback: the first of an installation")
    first = measure_feedback(stage, devices)
    stage.database("set session_replication_role = replica;"
                   " update deployment set state = 'installing' where state = 'downloaded'")
    stage.settle()
    stage.say("feedback: those after it")
    more = measure_feedback(stage, devices)
    yardstick = "pgbench, insert and commit"
    yield Figure("feedback, progress", "/s", more, yardstick, commits, ratio_wanted=2)
    yield Figure("feedback, enters a state", "/s", first, yardstick, commits)


def measure_feedback(stage, devices):
    def stored():
        return stage.database.value("select count(*) from event where source = 'device'")

    before = stored()
    processors = stage.processor_time()
    result = load.wrk(stage.url, "feedback", stage.key, devices, stage.clients, stage.seconds)
    stage.say(f"  {result['answers']:,} feedbacks, {processors.per(result['answers'])}")
    added = stored() - before
    if added < result["answers"]:
        raise Failed(f"{result['answers']:,} feedbacks acknowledged, but only {added:,} stored")
    stage.say(f"  stored: {added:,}")
    return result["rate"]
