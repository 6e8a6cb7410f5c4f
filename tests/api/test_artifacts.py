"""Small files in one request, what becomes of artifacts, and what crashes left over."""
import contextlib
import os
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from lib.operator import Operator, expect
from lib.publish import upload
from lib.store import artifact_file, digests, files
from lib.wait import wait_until


def test_put(gateway):
    reply = gateway.api("PUT", "/artifacts/a%20b.swu", data=b"abc")
    assert reply.status == 201
    assert reply.json.items() >= {**digests(b"abc"), "size": 3, "filename": "a b.swu"}.items()
    assert files(gateway) == artifact_file(b"abc")


def test_put_again(gateway):
    gateway.api("PUT", "/artifacts/a.swu", data=b"abc")
    reply = gateway.api("PUT", "/artifacts/b.swu", data=b"abc")
    assert (reply.status, reply.json["filename"]) == (200, "b.swu")
    assert files(gateway) == artifact_file(b"abc")


@pytest.mark.parametrize("way", ["PUT", "tus"])
def test_artifacts_are_in_the_audit_log(gateway, admin, way):
    for name in ("a.swu", "a.swu", "b.swu"):
        if way == "PUT":
            gateway.api("PUT", f"/artifacts/{name}", data=b"abc")
        else:
            upload(gateway.api, name, b"abc")
    renamed, added = admin.items("//audit?action=artifact")
    assert {renamed["object"], added["object"]} == {"artifact " + digests(b"abc")["sha256"]}
    assert (added["action"], added["actor"], added["before"], added["after"]["filename"]) == ("artifact.add", "first", None, "a.swu")
    assert (renamed["before"]["filename"], renamed["after"]["filename"]) == ("a.swu", "b.swu")


def test_put_without_bytes(gateway):
    reply = gateway.api("PUT", "/artifacts/empty", data=b"")
    assert reply.status == 201
    assert reply.json["sha256"] == digests(b"")["sha256"]


@pytest.mark.parametrize("name", ["a%2Fb", "%2e%2e", "x" * 256, "a%5Cb"])
def test_put_of_a_bad_name(gateway, name):
    assert gateway.api("PUT", f"/artifacts/{name}", data=b"abc").status == 400
    assert files(gateway) == {}


@pytest.mark.gateway(MEWS_UPLOADS_PIECE_SIZE="65536")
@pytest.mark.parametrize("size", [65537, 200_000])
def test_put_of_a_large_file(gateway, size):
    reply = gateway.api("PUT", "/artifacts/x.swu", data=bytes(size))
    assert reply.status == 413
    assert "tus" in reply.json["detail"]
    assert "/api/v1/projects/default/uploads" in reply.json["detail"]
    assert files(gateway) == {}
    assert gateway.api("PUT", "/artifacts/x.swu", data=bytes(65536)).status == 201


def test_list(gateway):
    assert gateway.api("GET", "/artifacts").json == {"items": [], "next": None}
    for n in range(5):
        gateway.api("PUT", f"/artifacts/{n}.swu", data=str(n))
    names, cursor = [], None
    for _ in range(3):
        page = gateway.api("GET", "/artifacts?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        names.append([item["filename"] for item in page["items"]])
        cursor = page["next"]
    assert names == [["4.swu", "3.swu"], ["2.swu", "1.swu"], ["0.swu"]]
    assert cursor is None


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=", "cursor=-1", "cursor=0x1",
                                   "cursor=99999999999999999999"])
def test_list_of_a_bad_page(gateway, query):
    assert gateway.api("GET", f"/artifacts?{query}").status == 400


def put(operator, name, content):
    reply = operator.call("PUT", f"/artifacts/{name}", data=content)
    assert reply.status in (200, 201), reply
    return reply.json["sha256"]


def test_sorted_and_filtered(admin, releases):
    for name, content in {"b.swu": b"22", "A.swu": b"333", "c_100%25.img": b"1"}.items():
        put(admin, name, content)
    releases.create("1.0.0", content=b"used")

    def names(query):
        return [each["filename"] for each in admin.items(f"/artifacts?limit=1&{query}")]

    assert names("sort=size") == ["c_100%.img", "b.swu", "A.swu", "1.0.0.img"]
    assert names("sort=-filename") == ["c_100%.img", "b.swu", "A.swu", "1.0.0.img"]
    assert names("sort=created_at") == ["b.swu", "A.swu", "c_100%.img", "1.0.0.img"]
    assert names("used=true") == ["1.0.0.img"]
    assert names("used=false&search=.SWU&sort=filename") == ["A.swu", "b.swu"]
    assert names("search=%25") == ["c_100%.img"]
    cursor = admin.get("/artifacts?limit=1&sort=size").json["next"]
    expect(400, admin.get(f"/artifacts?cursor={cursor}"), "cursor")
    expect(400, admin.get("/artifacts?sort=colour"), "sort")


def test_one_artifact_and_what_uses_it(admin, releases):
    sha256 = put(admin, "a.img", b"abc")
    assert expect(200, admin.get(f"/artifacts/{sha256}")).json.items() >= {
        **digests(b"abc"), "filename": "a.img", "used": False, "payloads": []}.items()
    for name in ("1.0.0", "1.0.0..1.1.0"):
        releases.create(name, content=b"abc")
    found = expect(200, admin.get(f"/artifacts/{sha256}")).json
    assert [each["release"] for each in found["payloads"]] == ["1.0.0..1.1.0", "1.0.0"] and found["used"]
    expect(404, admin.get("/artifacts/" + 64 * "0"))
    expect(404, admin.get("/artifacts/a.img"))


def test_content(admin):
    sha256 = put(admin, "a.img", b"0123456789")
    whole = expect(200, admin.get(f"/artifacts/{sha256}/content"))
    assert whole.body == b"0123456789" and whole.headers["Content-Disposition"] == "attachment;filename=a.img"
    part = expect(206, admin.get(f"/artifacts/{sha256}/content", headers={"Range": "bytes=3-5"}))
    assert (part.body, part.headers["Content-Range"]) == (b"345", "bytes 3-5/10")
    assert admin.get(f"/artifacts/{sha256}/content", headers={"Range": "bytes=10-"}).status == 416
    assert admin.call("HEAD", f"/artifacts/{sha256}/content").headers["Content-Length"] == "10"
    expect(404, admin.get(f"/artifacts/{64 * '0'}/content"))


# ---- Deleting ----

@pytest.fixture
def remove(gateway, database):
    """An hour later: housekeeping has looked, and `count` files remain to be removed."""
    def run(count=0):
        for file in (path for path in gateway.store.rglob("*") if path.is_file()):
            os.utime(file, (1, 1))
        database("update artifact_gone set gone_at = gone_at - interval '2 hours'")
        gateway.restart()
        wait_until(lambda: database("select count(*) from artifact_gone") == [(count,)], 10, "housekeeping")
    return run


def test_delete(admin, gateway, remove):
    sha256 = put(admin, "a.img", b"abc")
    etag = admin.get(f"/artifacts/{sha256}").headers["ETag"]
    put(admin, "b.img", b"abc")
    expect(412, admin.delete(f"/artifacts/{sha256}", headers={"If-Match": etag}))
    expect(204, admin.delete(f"/artifacts/{sha256}"))
    expect(404, admin.delete(f"/artifacts/{sha256}"))
    assert admin.items("/artifacts") == []
    (entry,) = admin.items("//audit?action=artifact.delete")
    assert (entry["action"], entry["object"]) == ("artifact.delete", f"artifact {sha256}")
    assert entry["before"]["filename"] == "b.img"
    assert files(gateway) == artifact_file(b"abc"), "for an hour"
    remove()
    assert files(gateway) == {}


def test_what_releases_use_stays(admin, releases):
    releases.create("1.0.0", content=b"abc")
    releases.create("1.1.0", content=b"abc")
    sha256 = digests(b"abc")["sha256"]
    expect(409, admin.delete(f"/artifacts/{sha256}"), says="1.0.0, 1.1.0")
    for release in ("1.0.0", "1.1.0"):
        expect(204, admin.delete(f"/releases/{release}"))
    expect(204, admin.delete(f"/artifacts/{sha256}"))


def test_bytes_of_two_projects(admin, gateway, remove):
    expect(201, admin.post("//projects", {"slug": "other"}))
    other = Operator(gateway, gateway.admin_token, "other")
    sha256 = put(admin, "a.img", b"abc")
    put(other, "b.img", b"abc")
    expect(204, admin.delete(f"/artifacts/{sha256}"))
    remove()
    assert expect(200, other.get(f"/artifacts/{sha256}/content")).body == b"abc"
    expect(204, other.delete("//projects/other"))  # takes its artifacts along
    remove()
    assert files(gateway) == {}


def test_deleted_and_uploaded_again(admin, gateway, remove):
    sha256 = put(admin, "a.img", b"abc")
    expect(204, admin.delete(f"/artifacts/{sha256}"))
    assert upload(gateway.api, "a.img", b"abc") == sha256
    remove()
    assert expect(200, admin.get(f"/artifacts/{sha256}/content")).body == b"abc"
    expect(204, admin.delete(f"/artifacts/{sha256}"))
    remove()
    put(admin, "a.img", b"abc")
    assert expect(200, admin.get(f"/artifacts/{sha256}/content")).body == b"abc"


def test_a_file_that_somebody_stores_just_now_stays(admin, gateway, database):
    """Its row is on the way: the file has been written to, though nobody has had it for long."""
    sha256 = put(admin, "a.img", b"abc")
    expect(204, admin.delete(f"/artifacts/{sha256}"))
    database("update artifact_gone set gone_at = gone_at - interval '2 hours'")
    put(admin, "other.img", b"x")
    expect(204, admin.delete(f"/artifacts/{digests(b'x')['sha256']}"))
    os.utime(gateway.store / next(iter(artifact_file(b"x"))), (1, 1))
    database("update artifact_gone set gone_at = gone_at - interval '3 hours' where sha256 = %s", digests(b"x")["sha256"])
    gateway.restart()
    wait_until(lambda: artifact_file(b"x").keys().isdisjoint(files(gateway)), 10, "removed")
    assert files(gateway) == artifact_file(b"abc")


def test_stored_again_while_it_is_deleted(admin, database):
    """The row is there when the upload looks for it, and gone when it wants to know more."""
    sha256 = put(admin, "a.img", b"abc")
    with contextlib.closing(psycopg2.connect(database.conninfo)) as deleting, ThreadPoolExecutor(1) as pool:
        cursor = deleting.cursor()
        cursor.execute("select from artifact for update")
        again = pool.submit(admin.call, "PUT", "/artifacts/b.img", data=b"abc")
        wait_until(lambda: database.value("select count(*) from pg_stat_activity where wait_event_type = 'Lock'") == 1)
        cursor.execute("delete from artifact")
        deleting.commit()
        assert again.result().status == 201, again.result()
    assert expect(200, admin.get(f"/artifacts/{sha256}")).json["filename"] == "b.img"


@pytest.mark.gateway(MEWS_UPLOADS_EXPIRY="60")
def test_left_over_files_are_swept(gateway):
    """A file that no row knows, as old as uploads may become."""
    orphan = gateway.store / "uploads" / (32 * "0")
    orphan.write_bytes(b"abc")
    os.utime(orphan, (1, 1))
    gateway.restart()
    wait_until(lambda: not orphan.exists(), 10, "swept")
