"""Who is asking? A project key opens its project, and nothing else does."""
import pytest

from lib.ddi import FEEDBACK, NOT_FOUND, Unit, contents, expect, is_empty, problem

REQUESTS = [
    ("GET", "", None), ("HEAD", "", None), ("PUT", "/configData", {"data": {"a": "b"}}),
    ("GET", "/deploymentBase/1", None), ("POST", "/deploymentBase/1/feedback", FEEDBACK),
    ("GET", "/cancelAction/1", None), ("POST", "/cancelAction/1/feedback", FEEDBACK), ("GET", "/installedBase/1", None),
    ("GET", "/softwaremodules/1/artifacts", None), ("GET", "/softwaremodules/1/artifacts/image-1.1.0.swu", None),
    ("GET", "/softwaremodules/1/artifacts/image-1.1.0.swu.MD5SUM", None),
]


def bad_credentials(gateway):
    key = gateway.project_key
    return [None, "", key, "GatewayToken", "GatewayToken ", f"GatewayToken  {key}", f"gatewaytoken {key}",
            f"GatewayToken {key}x", f"GatewayToken {key[:-1]}", f"GatewayToken {key} x", f"GatewayToken {key.upper()}",
            f"GatewayToken\t{key}", f"TargetToken {key}", f"Bearer {key}", f"Bearer {gateway.admin_token}",
            f"GatewayToken {gateway.admin_token}", f"Basic {key}", "GatewayToken " + 5000 * "x", "GatewayToken ö"]


def test_without_a_key_nothing_is_answered_or_written(gateway, offered, database):
    before = contents(database)
    for credential in bad_credentials(gateway):
        for method, path, json in REQUESTS if credential is None else REQUESTS[:3]:
            for device in ("device-1", "stranger"):
                headers = {} if credential is None else {"Authorization": credential.encode()}
                reply = gateway.request(method, f"/default/controller/v1/{device}{path}", json=json, headers=headers)
                assert (reply.status, reply.body) == (401, b""), (credential, method, path)
                assert "WWW-Authenticate" not in reply.headers
    assert contents(database) == before


def test_strangers_learn_nothing_about_their_requests(gateway, unit, database):
    """401 comes before any other complaint."""
    before = contents(database)
    for path, headers in (("/a%20b", {}), ("/device-1/deploymentBase/x", {}), ("/device-1/deploymentBase/1?c=x", {}),
                          ("/device-1", {"Accept": "text/html"})):
        reply = gateway.request("GET", f"/default/controller/v1{path}", headers=headers)
        assert reply.status == 401 and is_empty(reply)
    reply = gateway.request("PUT", f"{unit.path}/configData", data="{", headers={"Content-Type": "x"})
    assert reply.status == 401 and is_empty(reply)
    assert contents(database) == before


def test_tenant_is_the_keys_project(gateway, other_project, database):
    ours, theirs = gateway.project_key, other_project
    before = contents(database)
    for tenant, key, status in (("other", ours, 401), ("nobody", ours, 401), ("nobody", theirs, 401),
                                ("othe", theirs, 401), ("other2", theirs, 401), ("o%74her", ours, 401)):
        assert is_empty(expect(status, Unit(gateway, base=f"/{tenant}/controller/v1", key=key).get()))
    assert contents(database) == before
    for tenant in ("other", "OTHER", "default", "DEFAULT"):
        Unit(gateway, tenant, base=f"/{tenant}/controller/v1", key=theirs).poll()
    assert database("select slug, count(*) from device join project on id = project_id group by 1") == [("other", 4)]


@pytest.mark.gateway(MEWS_WORKERS="1")
def test_deleted_project(gateway, other_project):
    """Its devices are told at once, also by a worker that has its catalog in memory."""
    device = Unit(gateway, "device-1", base="/other/controller/v1", key=other_project)
    device.poll()
    assert gateway.api("DELETE", "/api/v1/projects/other/devices/device-1").status == 204
    assert gateway.api("DELETE", "/api/v1/projects/other").status == 204
    assert is_empty(expect(401, device.get()))


def test_projects_do_not_see_each_others_devices(gateway, begun, other_project, database):
    theirs = Unit(gateway, begun.id, base="/other/controller/v1", key=other_project)
    before = contents(database)
    for method, path, json in REQUESTS[2:]:
        reply = theirs.request(method, path, json=json)
        assert problem(expect(404, reply)) == NOT_FOUND, path
    assert contents(database) == before
    assert set(theirs.links()) == {"configData"}  # to them it is a new device
    theirs.report("7")
    assert problem(expect(404, theirs.feedback(1, "closed", "failure"))) == NOT_FOUND
    assert begun.state == "downloading"
    assert database.value("select count(*) from device") == 2


def test_revoked_key_is_refused_at_once(gateway, begun, database):
    database("update project_key set revoked_at = now()")
    before = contents(database)
    for method, path, json in REQUESTS * 2:  # whichever worker takes them
        reply = begun.request(method, path, json=json)
        assert (reply.status, reply.body) == (401, b""), path
    assert Unit(gateway, "stranger").get().status == 401
    assert contents(database) == before


def test_new_key_works_at_once(gateway, begun, database):
    database("insert into project_key (project_id, hash, prefix) "
             "select id, encode(sha256('second'), 'hex'), '' from project")
    for _ in range(10):
        assert "deploymentBase" in Unit(gateway, key="second").links()


@pytest.mark.parametrize("way", ["log", "metrics"])
def test_key_stays_secret(gateway, unit, way):
    shown = gateway.log if way == "log" else gateway.request("GET", "/metrics").body.decode()
    assert shown
    assert gateway.project_key not in shown
