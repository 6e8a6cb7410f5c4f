"""What is to be installed, what was installed, and the files."""
import hashlib

import pytest

from lib.ddi import HARDWARE, NOT_FOUND, NOT_READABLE, Unit, contents, expect, is_empty, problem

NOT_ASSIGNED = ("org.eclipse.hawkbit.repository.exception.SoftwareModuleNotAssignedToTargetException", NOT_FOUND[1])


def artifact_of(unit, n=1, resource="deploymentBase"):
    chunk, = expect(200, unit.get(f"/{resource}/{n}")).json["deployment"]["chunks"]
    artifact, = chunk["artifacts"]
    return artifact


def href_of(unit, n=1):
    return artifact_of(unit, n)["_links"]["download-http"]["href"]


def notes(unit):
    """What the gateway itself wrote to the deployment's history."""
    return [text for event in unit.deployment["events"] if event["source"] == "gateway" for text in event["details"]]


# ---- The document ----

def test_document(offered, images):
    image = images("1.1.0", size=5000)
    content = image.read_bytes()
    document = expect(200, offered.follow(offered.links()["deploymentBase"])).json
    chunk, = document["deployment"].pop("chunks")
    artifact, = chunk.pop("artifacts")
    links = {name: link.pop("href") for name, link in artifact.pop("_links").items()}

    assert document == {"id": "1", "deployment": {"download": "forced", "update": "forced"}}
    assert chunk == {"part": "bApp", "name": "main", "version": "1.1.0"}
    assert artifact == {"filename": image.name, "size": len(content),
                        "hashes": {name: hashlib.new(name, content).hexdigest() for name in ("sha1", "md5", "sha256")}}
    assert set(links) == {"download", "download-http", "md5sum", "md5sum-http"}
    for name, href in links.items():
        body = expect(200, offered.follow(href)).body
        md5sum = f"{artifact['hashes']['md5']}  {image.name}".encode()
        assert body == (md5sum if "md5sum" in name else content)


def test_md5sum(offered):
    reply = offered.follow(href_of(offered) + ".MD5SUM")
    assert reply.headers["Content-Type"].startswith("text/plain")
    assert reply.headers["Content-Length"] == str(len(reply.body))
    assert reply.headers["Content-Disposition"] == "attachment;filename=image-1.1.0.swu.MD5SUM"


def test_filename_that_needs_encoding(unit, publish, images, home):
    image = home / "größe 1;+#.swu"
    image.write_bytes(images("1.1.0", size=5000).read_bytes())
    publish("1.1.0", image=image)
    artifact = artifact_of(unit, unit.offered())
    assert artifact["filename"] == image.name
    assert artifact["_links"]["download"]["href"].endswith("/gr%C3%B6%C3%9Fe%201%3B%2B%23.swu")
    for link in artifact["_links"].values():
        expect(200, unit.follow(link["href"]))


# ---- Reading it ----

def test_reading_has_an_effect_once(offered):
    """SWUpdate reads it three times before it downloads, and then once per polling interval."""
    for _ in range(4):
        expect(200, offered.get("/deploymentBase/1"))
    assert offered.state == "retrieved"
    assert notes(offered) == ["Offered to the device.", "Retrieved by the device."]


def test_downloading_has_an_effect_once(offered):
    href = href_of(offered)
    expect(200, offered.follow(href, "HEAD"))
    expect(200, offered.follow(href + ".MD5SUM"))
    assert offered.state == "retrieved"  # SWUpdate only asked for the size
    expect(200, offered.follow(href))
    assert offered.state == "downloading"
    expect(206, offered.follow(href, headers={"Range": "bytes=100-"}))
    expect(200, offered.feedback(1, "downloaded"))
    expect(200, offered.follow(href))
    assert offered.state == "downloaded"
    assert notes(offered)[2:] == ["Download begins."]


@pytest.mark.parametrize("finished, state", [("success", "installed"), ("failure", "failed")])
def test_closed_one_can_still_be_read(begun, finished, state):
    expect(200, begun.feedback(1, "closed", finished))
    assert expect(200, begun.get("/deploymentBase/1")).json["id"] == "1"
    assert begun.state == state


HISTORIES = [
    ("", None), ("?actionHistory=", None), ("?actionHistory=0", None), ("?c=5&actionHistory=0", None),
    ("?actionHistory=2", ["third", "second b"]), ("?c=-2147483648&actionHistory=3", ["third", "second b", "second a"]),
    ("?actionHistory=-1", ["third", "second b", "second a", "first"]),
    ("?actionHistory=1000", ["third", "second b", "second a", "first"]),
]


def test_history(begun):
    for details in (["first"], ["second b", "second a"], ["third"]):
        begun.feedback(1, "proceeding", details=details)
    for query, messages in HISTORIES:
        history = expect(200, begun.get("/deploymentBase/1" + query)).json.get("actionHistory")
        if messages is None:
            assert history is None, query
        else:
            assert history["status"] == "RUNNING"
            assert history["messages"][:4] == messages, query


@pytest.mark.parametrize("resource", ["deploymentBase", "installedBase"])
def test_query_that_is_no_number(begun, resource):
    for query in ("c=x", "c=1.5", "actionHistory=x", "actionHistory=1x", "actionHistory=-",
                  "actionHistory=99999999999999999999", "c=%00", "c=%ff"):
        reply = begun.get(f"/{resource}/1?{query}")
        assert reply.status == 400, query
        assert problem(reply) == NOT_READABLE


RESOURCES = ["deploymentBase", "installedBase", "cancelAction"]


@pytest.mark.parametrize("resource", RESOURCES)
def test_unknown_action(gateway, offered, database, resource):
    stranger, other = Unit(gateway, "stranger"), Unit(gateway, "device-2")
    other.poll()
    before = contents(database)
    for unit, n in ((offered, 2), (offered, 0), (offered, 2**31), (offered, 2**63 - 1), (other, 1), (stranger, 1)):
        reply = unit.get(f"/{resource}/{n}")
        assert reply.status == 404
        assert problem(reply) == NOT_FOUND
    for n in ("one", "1x", "0x1", "1.0", "%201", 2**63, "1" * 200):
        reply = offered.get(f"/{resource}/{n}")
        assert reply.status == 400
        assert problem(reply) == NOT_READABLE
    assert contents(database) == before


# ---- What was installed ----

def test_installed(begun):
    assert is_empty(expect(404, begun.get("/installedBase/1")))
    expect(200, begun.feedback(1, "closed", "success"))
    links = begun.links()
    assert links["installedBase"] == f"{begun.gateway.url}{begun.path}/installedBase/1"
    assert "deploymentBase" not in links
    before = begun.deployment
    document = expect(200, begun.follow(links["installedBase"])).json
    assert document["id"] == "1"
    assert document["deployment"]["chunks"][0]["version"] == "1.1.0"
    assert begun.deployment == before


def test_installed_is_the_newest_that_ended_well(begun, publish):
    expect(200, begun.feedback(1, "closed", "success"))
    begun.report("1.1.0")
    publish("1.2.0", size=5000)
    assert begun.begin() == "2"
    assert begun.links()["installedBase"].endswith("/installedBase/1")  # beside deploymentBase
    expect(200, begun.feedback(2, "closed", "failure"))
    assert begun.links()["installedBase"].endswith("/installedBase/1")
    publish("1.3.0", size=5000)
    begun.begin()
    expect(200, begun.feedback(3, "closed", "success"))
    assert begun.links()["installedBase"].endswith("/installedBase/3")
    expect(200, begun.get("/installedBase/1"))


# ---- Files ----

def test_file_of_nobody_or_of_another_device(gateway, offered, database):
    href = href_of(offered)
    module = href.split("/softwaremodules/")[1].split("/")[0]
    other = Unit(gateway, "device-2")
    other.poll()
    before = contents(database)
    files = f"/softwaremodules/{module}/artifacts"
    for unit, path, expected in (
            (other, f"{files}/image-1.1.0.swu", NOT_ASSIGNED), (other, files, NOT_ASSIGNED),
            (other, f"{files}/image-1.1.0.swu.MD5SUM", NOT_ASSIGNED),
            (Unit(gateway, "stranger"), f"{files}/image-1.1.0.swu", NOT_FOUND),
            (offered, "/softwaremodules/999/artifacts/image-1.1.0.swu", NOT_FOUND),
            (offered, "/softwaremodules/999/artifacts", NOT_FOUND)):
        reply = unit.get(path)
        assert reply.status == 404
        assert problem(reply) == expected
    for name in ("other.swu", "other.swu.MD5SUM", ".MD5SUM", "..", "%2e%2e%2fimage-1.1.0.swu"):
        assert offered.get(f"{files}/{name}").status in (400, 404)
    for module in ("x", "1x", 2**63):
        assert problem(expect(400, offered.get(f"/softwaremodules/{module}/artifacts"))) == NOT_READABLE
    assert contents(database) == before


def test_file_is_there_as_long_as_the_deployment_is_open(begun):
    href = href_of(begun)
    files = href.rsplit("/", 1)[0]
    listed, = expect(200, begun.follow(files)).json
    assert listed == artifact_of(begun)
    begun.feedback(1, "closed", "success")
    assert problem(expect(404, begun.follow(href))) == NOT_ASSIGNED
    assert problem(expect(404, begun.follow(href + ".MD5SUM"))) == NOT_ASSIGNED
    assert expect(200, begun.follow(files)).json == [listed]  # of what is installed


def test_pull_hides_an_offer(offered, pull):
    href = href_of(offered)
    pull()
    assert is_empty(expect(404, offered.get("/deploymentBase/1")))
    assert problem(expect(404, offered.follow(href))) == NOT_ASSIGNED


def test_superseded_one_is_hidden(offered, publish):
    publish("1.2.0", size=5000)
    assert offered.offered() == "2"
    for resource in RESOURCES:
        assert is_empty(expect(404, offered.get(f"/{resource}/1")))
    expect(200, offered.get("/deploymentBase/2"))


def test_hardware_decides(gateway, publish):
    publish("1.1.0", size=5000, hardware=("rev-a", "rev-b"))
    for hardware, links in (("rev-b", {"deploymentBase"}), ("rev-c", set()), (HARDWARE, set())):
        unit = Unit(gateway, f"device-{hardware}")
        unit.poll()
        unit.report(hardware=hardware)
        assert set(unit.links()) == links
