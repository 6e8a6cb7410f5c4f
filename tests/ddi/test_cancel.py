"""A release is pulled: before the device has begun, while it works on it, and what it says to that."""
import pytest

from lib.ddi import contents, expect, is_empty, problem

NOT_CANCELABLE = ("org.eclipse.hawkbit.repository.exception.CancelActionNotAllowedException",
                  "hawkbit.server.error.action.notCancelable")


@pytest.fixture
def canceling(begun, pull):
    """device-1 is asked to cancel action 1."""
    pull()
    begun.poll()
    assert begun.state == "canceling"
    return begun


def test_pulled_before_the_device_has_begun(offered, pull):
    pull()
    assert offered.links() == {}
    assert offered.state == "superseded"
    assert offered.cancel_feedback(1, "closed", "success").status == 405


@pytest.mark.parametrize("step", ["read", "installing", "rejected"])
def test_pulled_once_it_has_begun(offered, pull, step):
    expect(200, offered.get("/deploymentBase/1"))
    if step != "read":
        expect(200, offered.feedback(1, "rejected" if step == "rejected" else "proceeding"))
    pull()
    assert set(offered.links()) == {"cancelAction"}
    assert offered.state == "canceling"


def test_handshake(canceling, publish):
    """SWUpdate: GET the link, POST to the link's text + "/feedback"."""
    links = canceling.links()
    assert links == {"cancelAction": f"{canceling.gateway.url}{canceling.path}/cancelAction/1"}
    assert is_empty(expect(404, canceling.get("/deploymentBase/1")))
    assert expect(200, canceling.follow(links["cancelAction"])).json == {"id": "1", "cancelAction": {"stopId": "1"}}

    body = {"id": "1", "time": "20261122T081743", "status": {
        "result": {"finished": "success"}, "execution": "closed", "details": ["cancellation acknowledged."]}}
    for _ in range(2):
        reply = canceling.follow(links["cancelAction"] + "/feedback", "POST", json=body)
        assert reply.status == 200 and is_empty(reply)
        assert canceling.state == "canceled"
    assert "cancellation acknowledged." in canceling.deployment["events"][-1]["details"]
    assert not {"cancelAction", "deploymentBase"} & set(canceling.links())
    expect(200, canceling.get("/cancelAction/1"))

    publish("1.2.0", size=5000)
    assert canceling.offered() == "2"


@pytest.mark.parametrize("execution, finished, state", [
    ("closed", "success", "canceled"), ("closed", "none", "canceled"),
    ("canceled", "success", "canceling"), ("proceeding", "none", "canceling"), ("scheduled", "none", "canceling"),
    ("resumed", "none", "canceling"), ("download", "none", "canceling"), ("downloaded", "none", "canceling"),
    ("rejected", "success", "downloading"), ("closed", "failure", "downloading"),
])
def test_answers(canceling, execution, finished, state):
    reply = canceling.cancel_feedback(1, execution, finished)
    assert reply.status == 200 and is_empty(reply)
    assert canceling.state == state
    assert ("cancelAction" in canceling.links()) == (state == "canceling")


@pytest.mark.parametrize("execution, finished", [("rejected", "none"), ("closed", "failure")])
def test_device_that_refuses_goes_on(canceling, execution, finished):
    """It is past the point of no return: it must be able to read, download and finish."""
    expect(200, canceling.cancel_feedback(1, execution, finished))
    assert canceling.begin() == "1"
    assert set(canceling.links()) == {"deploymentBase"}  # it is not asked twice
    assert is_empty(expect(404, canceling.get("/cancelAction/1")))
    expect(200, canceling.feedback(1, "closed", "success"))
    canceling.report("1.1.0")
    assert canceling.state == "confirmed"


def test_log_of_a_download_that_was_cut(canceling):
    """SWUpdate sends it after it has seen the link and before it answers."""
    expect(200, canceling.feedback(1, "proceeding", details=["Connection closed by us"]))
    assert canceling.state == "canceling"
    assert "Connection closed by us" in canceling.deployment["events"][-1]["details"]


@pytest.mark.parametrize("finished, state", [("success", "installed"), ("none", "installed"), ("failure", "failed")])
def test_end_of_the_update_overrules_the_cancellation(canceling, finished, state):
    expect(200, canceling.feedback(1, "closed", finished))
    assert canceling.state == state
    assert "cancelAction" not in canceling.links()
    assert problem(expect(405, canceling.cancel_feedback(1, "closed", "success"))) == NOT_CANCELABLE


@pytest.mark.parametrize("finished", [None, "success", "failure"])
def test_nobody_asked_for_it(begun, database, finished):
    if finished:
        expect(200, begun.feedback(1, "closed", finished))
    before = contents(database)
    reply = begun.cancel_feedback(1, "closed", "success")
    assert reply.status == 405
    assert problem(reply) == NOT_CANCELABLE
    assert is_empty(expect(404, begun.get("/cancelAction/1")))
    assert contents(database) == before


def test_feedback_after_the_cancellation(canceling):
    expect(200, canceling.cancel_feedback(1, "closed", "success"))
    for execution, finished in (("proceeding", "none"), ("closed", "failure"), ("closed", "success")):
        expect(200, canceling.feedback(1, execution, finished))
    assert canceling.state == "canceled"


def test_next_release_waits_for_the_answer(canceling, publish):
    """Cancel first, offer the next only when the old one is closed."""
    publish("1.2.0", size=5000)
    assert set(canceling.links()) == {"cancelAction"}
    expect(200, canceling.cancel_feedback(1, "closed", "success"))
    assert canceling.offered() == "2"


def test_pull_is_seen_at_once_by_all_workers(offered, pull):
    pull()
    for _ in range(20):
        assert "deploymentBase" not in offered.links()
