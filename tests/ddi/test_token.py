"""A device's own token, hawkBit's target token: it opens this device, and nothing else."""
import pytest

from lib.ddi import FEEDBACK, Unit, contents, expect, is_empty
from test_auth import REQUESTS


def make_token(gateway, id, project="default"):
    return expect(200, gateway.api("POST", f"/api/v1/projects/{project}/devices/{id}/token")).json["token"]


@pytest.fixture
def token(gateway, unit):
    """Of device-1."""
    return make_token(gateway, unit.id)


@pytest.mark.parametrize("base", ["/default/controller/v1", "/DEFAULT/controller/v1",
                                  "/api/v0/hawkbit/default/controller/v1"])
def test_an_update_with_it(gateway, token, publish, base):
    unit = Unit(gateway, base=base, token=token)
    publish("1.1.0", size=5000)
    n = unit.begin()
    expect(200, unit.feedback(n, "proceeding"))
    expect(200, unit.feedback(n, "closed", "success"))
    unit.report("1.1.0")
    assert unit.state == "confirmed"
    for path in (f"/installedBase/{n}", "/softwaremodules/1/artifacts"):
        expect(200, unit.get(path))


def test_a_cancel_with_it(gateway, token, publish, pull):
    unit = Unit(gateway, token=token)
    publish("1.1.0", size=5000)
    n = unit.begin()
    pull()
    assert unit.links()["cancelAction"].endswith(f"/cancelAction/{n}")
    expect(200, unit.get(f"/cancelAction/{n}"))
    expect(200, unit.cancel_feedback(n, "closed", "success"))
    assert unit.state == "canceled"


def test_it_opens_this_device_only(gateway, begun, token, other_project, database):
    """Strangers, other devices and other projects: 401 all alike, and nothing is written."""
    Unit(gateway, "device-2").poll()
    other = make_token(gateway, "device-2")
    Unit(gateway, "device-1", base="/other/controller/v1", key=other_project).poll()
    theirs = make_token(gateway, "device-1", "other")
    units = [Unit(gateway, "device-2", token=token), Unit(gateway, "stranger", token=token),
             Unit(gateway, "device-1", token=other), Unit(gateway, "device-1", token=theirs),
             Unit(gateway, "device-1", base="/other/controller/v1", token=token),
             Unit(gateway, "device-1", base="/nobody/controller/v1", token=token),
             Unit(gateway, "x" * 200, token=token), Unit(gateway, "device-1", token=gateway.project_key)]
    units += [Unit(gateway, id, token="x" * 43) for id in ("device-1", "stranger")]
    before = contents(database)
    for unit in units:
        for method, path, json in REQUESTS:
            reply = unit.request(method, path, json=json)
            assert (reply.status, reply.body) == (401, b""), (unit.authorization, unit.path, method, path)
            assert "WWW-Authenticate" not in reply.headers
    assert contents(database) == before


def test_wrong_spellings(gateway, token):
    for credential in (f"targettoken {token}", f"TargetToken  {token}", f"TargetToken {token} ", f"TargetToken\t{token}",
                       "TargetToken ", "TargetToken", f"GatewayToken {token}", f"TargetToken {token.swapcase()}",
                       "TargetToken " + 5000 * "x"):
        reply = gateway.request("GET", "/default/controller/v1/device-1", headers={"Authorization": credential})
        if credential.rstrip() != f"TargetToken {token}":  # blanks at the end are none of a header's value
            assert is_empty(expect(401, reply)), credential


def test_a_device_without_one_has_none_that_fits(gateway, unit):
    assert is_empty(expect(401, Unit(gateway, token="e3b0c44298fc1c149afbf4c8996fb924").get()))


def test_replaced_and_removed_at_once(gateway, begun, token):
    second = make_token(gateway, begun.id)
    old, new = Unit(gateway, token=token), Unit(gateway, token=second)
    for path in ("", "/deploymentBase/1"):
        assert is_empty(expect(401, old.get(path)))
        expect(200, new.get(path))
    expect(204, gateway.api("DELETE", f"/devices/{begun.id}/token"))
    for path in ("", "/deploymentBase/1"):
        assert is_empty(expect(401, new.get(path)))
    assert is_empty(expect(401, new.request("POST", "/deploymentBase/1/feedback", json=FEEDBACK)))
    expect(200, begun.get())  # with the project's key, as before


def test_it_follows_the_devices_own_cohort(gateway, unit, token, publish):
    """A key may name another cohort; a token never does."""
    beta = expect(201, gateway.api("POST", "/cohorts", {"slug": "beta"})).json["slug"]
    key = expect(201, gateway.api("POST", "/keys", {"name": "beta", "cohort": beta})).json["key"]
    publish("1.1.0", cohort=beta, size=5000)
    assert "deploymentBase" not in Unit(gateway, token=token).links()
    assert "deploymentBase" in Unit(gateway, key=key).links()


@pytest.mark.gateway(MEWS_WORKERS="1")
def test_of_a_deleted_project_and_its_successor(gateway, other_project):
    """Also by a worker that has the old catalog in memory."""
    Unit(gateway, "device-1", base="/other/controller/v1", key=other_project).poll()
    unit = Unit(gateway, "device-1", base="/other/controller/v1", token=make_token(gateway, "device-1", "other"))
    unit.poll()
    for path in ("devices/device-1", ""):
        assert gateway.api("DELETE", f"/api/v1/projects/other/{path}".rstrip("/")).status == 204
    assert is_empty(expect(401, unit.get()))
    expect(201, gateway.api("POST", "/api/v1/projects", {"slug": "other"}))
    expect(201, gateway.api("POST", "/api/v1/projects/other/devices", {"id": "device-1"}))
    Unit(gateway, "device-1", base="/other/controller/v1", token=make_token(gateway, "device-1", "other")).poll()


def test_it_stays_secret(gateway, token):
    Unit(gateway, token=token).poll()
    assert gateway.log
    assert token not in gateway.log
