"""How a device gets on: what each feedback leads to, repeats, broken bodies, and quotas that never fail it."""
import pytest

from lib.ddi import NOT_FOUND, NOT_READABLE, Unit, contents, expect, is_empty, problem

JSON = {"Content-Type": "application/json"}


def from_device(unit):
    return [(event["execution"], event["result"]) for event in unit.deployment["events"] if event["source"] == "device"]


def details(unit):
    return [text for event in unit.deployment["events"] if event["source"] == "device" for text in event["details"]]


def post(unit, body, n=1, resource="deploymentBase"):
    return unit.request("POST", f"/{resource}/{n}/feedback", data=body, headers=JSON)


# ---- What it leads to ----

@pytest.mark.parametrize("execution, finished, state", [
    ("proceeding", "none", "installing"), ("scheduled", "none", "downloading"), ("resumed", "none", "downloading"),
    ("canceled", "success", "downloading"), ("canceled", "failure", "downloading"), ("rejected", "none", "rejected"),
    ("download", "none", "downloading"), ("downloaded", "success", "downloaded"),
    ("proceeding", "failure", "installing"),  # finished counts only when closed
])
def test_open(begun, execution, finished, state):
    """Nothing but `closed` closes."""
    reply = begun.feedback(1, execution, finished)
    assert reply.status == 200 and is_empty(reply)
    assert begun.state == state
    assert from_device(begun) == [(execution, finished)]
    links = begun.links()
    assert set(links) == {"deploymentBase"}
    expect(200, begun.follow(links["deploymentBase"]))


@pytest.mark.parametrize("finished, state, links", [
    ("success", "installed", {"installedBase", "configData"}), ("none", "installed", {"installedBase", "configData"}),
    ("failure", "failed", set()),
])
def test_closed(begun, finished, state, links):
    """After a success the device is asked what it runs; after a failure it waits for its next attempt."""
    reply = begun.feedback(1, "closed", finished)
    assert reply.status == 200 and is_empty(reply)
    assert begun.state == state
    assert set(begun.links()) == links


def test_feedback_without_reading_the_deployment(offered):
    expect(200, offered.feedback(1, "closed", "success"))
    assert offered.state == "installed"


@pytest.mark.parametrize("version, state", [("1.1.0", "confirmed"), ("1.0.0", "rolled_back"), ("0.5", "rolled_back")])
def test_version_report_decides(begun, version, state):
    expect(200, begun.feedback(1, "closed", "success"))
    begun.report(version)
    assert begun.state == state
    assert "deploymentBase" not in begun.links()  # done, or waiting for the next attempt
    assert ("installedBase" in begun.links()) == (state == "confirmed")


def test_project_that_trusts_feedback(begun, database):
    database("update project set trust_feedback = true")
    expect(200, begun.feedback(1, "closed", "success"))
    assert begun.state == "confirmed"


def test_failed_attempt_is_counted_and_tried_again(begun, database):
    expect(200, begun.feedback(1, "closed", "failure"))
    database("update project set retry_backoff = 0")
    assert begun.offered() == "2"
    assert begun.deployment["attempt"] == 2


# ---- What is kept ----

def test_everything_is_kept(begun):
    lines = ["größe", 'a "b" \\ c', "", "x" * 2000]
    expect(200, begun.feedback(1, "proceeding", "none", lines, code=-7, more={}))
    event = begun.deployment["events"][-1]
    assert (event["source"], event["execution"], event["result"]) == ("device", "proceeding", "none")
    assert (event["code"], event["details"]) == (-7, lines)
    assert event["at"]


def test_details_of_other_types(begun):
    for sent, kept in (("x", ["x"]), ([1, None, True], ["1", "true"]), ([], []), (None, [])):
        expect(200, begun.feedback(1, "proceeding", details=sent))
        assert begun.deployment["events"][-1]["details"] == kept


def test_swupdates_log_is_kept_whole(begun):
    lines = [f"{n:02}" + 2046 * "x" for n in range(48)]
    expect(200, begun.feedback(1, "proceeding", details=lines))
    assert details(begun) == lines


def test_id_in_the_body_does_not_count(begun):
    """SWUpdate sends a number, Zephyr nothing, others a string."""
    for id in (99, "99", None, [], "x"):
        body = {"id": id, "time": 5, "timestamp": 1627997501890,
                "status": {"execution": "proceeding", "result": {"finished": "none", "progress": {"cnt": 1, "of": 0}}}}
        expect(200, begun.request("POST", "/deploymentBase/1/feedback", json=body))
    assert len(from_device(begun)) == 5


BROKEN = [
    (b"[ \"Got malformed JSON.\n\",\"No suitable .swu image found\" ]", "No suitable .swu image found"),
    (b"[ \"and bad \xff byte, \xc3\xa9\" ]", "and bad ? byte, é"),
    (b"[ \"say \"hi\" to\",\"x\" ]", 'say "hi" to'),
    (b"[ \"a\tb\x00c\" ]", "a b c"),
    (b"[ \"\\u0000 \\ud800\" ]", "u0000"),
]


def test_broken_json_of_a_final_feedback(gateway, publish):
    """Refused, it would leave the action open: the device would install again and again."""
    publish("1.1.0", size=5000)
    for n, (text, kept) in enumerate(BROKEN):
        unit = Unit(gateway, f"device-{n}")
        unit.poll()
        unit.report()
        unit.begin()
        body = (b'{ "id": 1, "time": "20261122T082655", "status": { "result": { "progress": { "cnt" : 0, "of" : 1 }, '
                b'"finished": "failure" }, "execution": "closed", "details" : ' + text + b' } }')
        expect(200, post(unit, body))
        assert unit.state == "failed"
        assert kept in "\n".join(details(unit))


# ---- Again, and too late ----

def test_repeats_of_the_end_are_harmless(begun, database):
    """SWUpdate sends its final feedback again until it has seen a 200."""
    for _ in range(3):
        expect(200, begun.feedback(1, "closed", "failure", ["no space left"]))
    expect(200, begun.feedback(1, "closed", "success"))
    assert begun.state == "failed"
    assert from_device(begun) == [("closed", "failure"), ("closed", "success")]
    failures, = database.value("select failures from device").values()
    assert failures[0] == 1


def test_repeat_after_the_version_report(begun):
    expect(200, begun.feedback(1, "closed", "success"))
    begun.report("1.1.0")
    expect(200, begun.feedback(1, "closed", "success"))
    expect(200, begun.feedback(1, "proceeding", details=["late"]))
    assert begun.state == "confirmed"


def test_feedback_for_a_superseded_offer(offered, publish):
    publish("1.2.0", size=5000)
    assert offered.offered() == "2"
    for execution, finished in (("proceeding", "none"), ("closed", "failure")):
        expect(200, offered.feedback(1, execution, finished))
    first, second = offered.gateway.deployments(offered.id)
    assert (first["state"], second["state"]) == ("superseded", "offered")


# ---- Limits ----

def test_beyond_the_quota_entries_are_counted(begun, database):
    """hawkBit answers 429, and the device fails; here it goes on and the end is kept."""
    database("update deployment set events = 998")
    for n in range(5):
        expect(200, begun.feedback(1, "proceeding", details=[str(n)]))
    assert details(begun) == ["0", "1"]
    assert database("select events, folded, state from deployment") == [(1000, 3, "installing")]
    expect(200, begun.feedback(1, "closed", "failure", ["the end"]))
    assert details(begun) == ["0", "1", "the end"]
    assert begun.state == "failed"


def test_too_many_lines_are_counted(begun):
    expect(200, begun.feedback(1, "proceeding", details=[f"line {n}" for n in range(5000)]))
    kept = details(begun)
    assert kept[:50] == [f"line {n}" for n in range(50)]
    assert len(kept) < 200 and "more" in kept[-1]


# ---- Refused ----

UNREADABLE = [
    "", "x", "null", "[]", "{}", '{"status":[]}', '{"status":{"execution":"closed"}}',
    '{"status":{"execution":"closed","result":{}}}', '{"status":{"result":{"finished":"success"}}}',
    '{"status":{"execution":"closed","result":{"finished":"maybe"}}}',
    '{"status":{"execution":"CLOSED","result":{"finished":"success"}}}',
    '{"status":{"execution":5,"result":{"finished":"success"}}}',
    '{"status":{"execution":"closed","result":{"finished":"success"},"code":"x"}}',
    '{"status":{"execution":"closed","result":{"finished":"success"},"code":3000000000}}',
    '{"status":{"execution":"closed"',
]


@pytest.mark.parametrize("resource", ["deploymentBase", "cancelAction"])
def test_unreadable(begun, database, pull, resource):
    if resource == "cancelAction":
        pull()
        begun.links()
    before = contents(database)
    for body in UNREADABLE:
        reply = post(begun, body, resource=resource)
        assert reply.status == 400, body
        assert problem(reply) == NOT_READABLE
    assert contents(database) == before


@pytest.mark.parametrize("resource", ["deploymentBase", "cancelAction"])
def test_unknown_action(gateway, begun, database, resource):
    stranger, other = Unit(gateway, "stranger"), Unit(gateway, "device-2")
    other.poll()
    before = contents(database)
    for unit, n in ((begun, 2), (begun, 0), (begun, 2**31), (begun, 2**63 - 1), (other, 1), (stranger, 1)):
        reply = unit.feedback(n, "closed", "success", resource=resource)
        assert reply.status == 404
        assert problem(reply) == NOT_FOUND
    for n in ("one", "1x", 2**63):
        reply = begun.feedback(n, "closed", "success", resource=resource)
        assert reply.status == 400
        assert problem(reply) == NOT_READABLE
    assert contents(database) == before
