"""Small files in one request, the list of artifacts, and what crashes left over."""
import os

import pytest

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


@pytest.mark.gateway(MEWS_UPLOADS_EXPIRY="60")
def test_left_over_files_are_swept(gateway):
    """A file that no row knows, as old as uploads may become."""
    orphan = gateway.store / "uploads" / (32 * "0")
    orphan.write_bytes(b"abc")
    os.utime(orphan, (1, 1))
    gateway.restart()
    wait_until(lambda: not orphan.exists(), 10, "swept")
