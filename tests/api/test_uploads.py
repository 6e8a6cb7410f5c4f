"""Files on their way into the store, in pieces: the tus protocol."""
import base64
import email.utils
import hashlib
import pathlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib.operator import expect
from lib.store import artifact_file, digests, files
from lib.wait import wait_until

KIB, MIB = 1 << 10, 1 << 20
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


def b64(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def checksum(name, content):
    return {"Upload-Checksum": f"{name} {b64(hashlib.new(name, content).digest())}"}


class Upload:
    """A client's view of one upload."""

    def __init__(self, gateway, size, filename="x.swu", sha256=None, body=None, headers=None):
        self.gateway = gateway
        metadata = f"filename {b64(filename)}" + (f",sha256 {b64(sha256)}" if sha256 else "")
        self.created = gateway.api("POST", "/uploads", data=body, headers={
            **(TUS if body is None else PIECE), "Upload-Length": str(size), "Upload-Metadata": metadata,
            **(headers or {})})
        location = self.created.headers.get("Location", "")
        self.path = location[len(gateway.url):]
        self.id = location.rsplit("/", 1)[-1]

    def patch(self, offset, data, **headers):
        return self.gateway.api("PATCH", self.path, data=data,
                                headers={**PIECE, "Upload-Offset": str(offset), **headers})

    def head(self):
        return self.gateway.api("HEAD", self.path, headers=TUS)

    @property
    def offset(self):
        return int(self.head().headers["Upload-Offset"])

    @property
    def json(self):
        reply = self.gateway.api("GET", self.path)
        assert reply.status == 200, reply
        return reply.json


def test_list_of_what_is_not_complete(gateway, database):
    done, begun, old = Upload(gateway, 3), Upload(gateway, 10, "big.swu", sha256=64 * "a"), Upload(gateway, 5)
    done.patch(0, b"abc")
    begun.patch(0, b"0123")
    database("update upload set expires_at = now() where id = %s", old.id)
    new = Upload(gateway, 7)
    page = gateway.api("GET", "/uploads?limit=1").json
    assert [each["id"] for each in page["items"]] == [new.id]
    rest = gateway.api("GET", f"/uploads?cursor={page['next']}").json
    assert rest["next"] is None
    item, = rest["items"]
    assert item.items() >= {"id": begun.id, "filename": "big.swu", "size": 10, "received": 4, "complete": False,
                            "expected_sha256": 64 * "a"}.items()


# ---- The protocol ----

def test_options(gateway):
    for path in ("/uploads", "/uploads/" + 32 * "0"):
        reply = gateway.api("OPTIONS", path)
        assert reply.status in (200, 204)
        assert reply.headers["Tus-Version"] == "1.0.0"
        assert reply.headers["Tus-Resumable"] == "1.0.0"
        assert set(reply.headers["Tus-Extension"].split(",")) >= {"creation", "checksum", "expiration", "termination"}
        assert set(reply.headers["Tus-Checksum-Algorithm"].split(",")) == {"sha1", "md5", "sha256"}
        assert int(reply.headers["Tus-Max-Size"]) > 4 << 30


def test_a_file_in_pieces(gateway, rng):
    content = rng.randbytes(300_001)
    upload = Upload(gateway, len(content), "größe 1.swu")
    assert upload.created.status == 201
    assert upload.created.headers["Tus-Resumable"] == "1.0.0"
    assert upload.offset == 0

    for start in range(0, len(content), 100_000):
        piece = content[start:start + 100_000]
        reply = upload.patch(start, piece)
        assert reply.status == 204
        assert reply.headers["Upload-Offset"] == str(start + len(piece))
        assert reply.headers["Tus-Resumable"] == "1.0.0"
    about = upload.json
    assert about["received"] == about["size"] == len(content)
    assert about["complete"] is True
    assert about["filename"] == "größe 1.swu"
    assert {name: about[name] for name in ("sha256", "sha1", "md5")} == digests(content)
    assert files(gateway) == artifact_file(content)


def test_head_says_how_far_it_is(gateway):
    upload = Upload(gateway, 10)
    upload.patch(0, b"1234")
    reply = upload.head()
    assert reply.status == 200
    assert reply.headers["Upload-Offset"] == "4"
    assert reply.headers["Upload-Length"] == "10"
    assert reply.headers["Upload-Metadata"] == f"filename {b64('x.swu')}"
    assert reply.headers["Cache-Control"] == "no-store"
    expires = email.utils.parsedate_to_datetime(reply.headers["Upload-Expires"]).timestamp()
    assert expires > time.time() + 60
    assert "sha256" not in upload.json and upload.json["complete"] is False


def test_other_version_of_the_protocol(gateway, database):
    upload = Upload(gateway, 3)
    piece = {"Content-Type": PIECE["Content-Type"], "Upload-Offset": "0"}
    for headers in (piece, {**piece, "Tus-Resumable": "0.2.2"}):
        for method, path in (("POST", "/uploads"), ("PATCH", upload.path), ("DELETE", upload.path)):
            reply = gateway.api(method, path, data=b"abc", headers=headers)
            assert reply.status == 412
            assert reply.headers["Tus-Version"] == "1.0.0"
    assert upload.offset == 0
    assert database.value("select count(*) from upload") == 1


@pytest.mark.parametrize("name", ["sha1", "md5", "sha256"])
def test_checksum(gateway, name):
    upload = Upload(gateway, 6)
    assert upload.patch(0, b"abc", **checksum(name, b"abd")).status == 460
    assert upload.offset == 0
    assert upload.patch(0, b"abc", **checksum(name, b"abc")).status == 204
    assert upload.patch(3, b"def", **checksum(name, b"def")).status == 204
    assert upload.json["sha256"] == digests(b"abcdef")["sha256"]


def test_unknown_checksum_algorithm(gateway):
    upload = Upload(gateway, 3)
    assert upload.patch(0, b"abc", **{"Upload-Checksum": "crc32 kAFQmA=="}).status == 400
    assert upload.patch(0, b"abc", **{"Upload-Checksum": "sha1 ?"}).status == 400
    assert upload.offset == 0


def test_file_without_bytes(gateway):
    upload = Upload(gateway, 0)
    assert upload.created.status == 201
    assert upload.json["sha256"] == digests(b"")["sha256"]
    assert upload.offset == 0
    assert files(gateway) == artifact_file(b"")


def test_first_piece_with_the_creation(gateway):
    upload = Upload(gateway, 6, body=b"abc")
    assert upload.created.status == 201
    assert upload.created.headers["Upload-Offset"] == "3"
    assert upload.patch(3, b"def").status == 204
    assert upload.json["sha256"] == digests(b"abcdef")["sha256"]
    assert Upload(gateway, 3, body=b"xyz").json["sha256"] == digests(b"xyz")["sha256"]


def test_first_piece_is_refused(gateway, database):
    assert Upload(gateway, 2, body=b"abc").created.status == 413
    assert Upload(gateway, 3, body=b"abc", headers={"Content-Type": "text/plain"}).created.status == 415
    assert Upload(gateway, 3, body=b"abc", headers=checksum("md5", b"x")).created.status == 460
    assert database.value("select count(*) from upload") == 0
    assert files(gateway) == {}


def test_termination(gateway, database):
    upload = Upload(gateway, 10)
    upload.patch(0, b"1234")
    assert len(files(gateway)) == 1
    reply = gateway.api("DELETE", upload.path, headers=TUS)
    assert reply.status == 204
    assert reply.headers["Tus-Resumable"] == "1.0.0"
    assert upload.head().status == 404
    assert upload.patch(4, b"5").status == 404
    assert gateway.api("DELETE", upload.path, headers=TUS).status == 404
    assert files(gateway) == {}
    assert database.value("select count(*) from upload") == 0


def test_termination_of_a_complete_upload_keeps_the_artifact(gateway):
    upload = Upload(gateway, 3, body=b"abc")
    assert gateway.api("DELETE", upload.path, headers=TUS).status == 204
    assert [item["sha256"] for item in gateway.api("GET", "/artifacts").json["items"]] == [digests(b"abc")["sha256"]]
    assert files(gateway) == artifact_file(b"abc")


def test_expiration(gateway, database):
    upload = Upload(gateway, 10)
    upload.patch(0, b"1234")
    database("update upload set expires_at = now() - interval '1 second'")
    assert upload.head().status == 404
    assert upload.patch(4, b"5").status == 404
    Upload(gateway, 10)  # clears away what has expired
    assert database.value(f"select count(*) from upload where id = '{upload.id}'") == 0


def test_method_in_a_header(gateway):
    upload = Upload(gateway, 3)
    headers = {**PIECE, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert gateway.api("POST", upload.path, data=b"abc", headers=headers).status == 204
    headers = {**TUS, "X-HTTP-Method-Override": "DELETE"}
    assert gateway.api("POST", upload.path, headers=headers).status == 204
    assert gateway.api("POST", upload.path, headers=TUS).status == 405


def test_same_bytes_are_stored_once(gateway):
    assert Upload(gateway, 3, "a.swu", body=b"abc").json["sha256"] == digests(b"abc")["sha256"]
    assert Upload(gateway, 3, "b.swu", body=b"abc").json["sha256"] == digests(b"abc")["sha256"]
    assert files(gateway) == artifact_file(b"abc")
    assert [item["filename"] for item in gateway.api("GET", "/artifacts").json["items"]] == ["b.swu"]


# ---- What a client promises ----

def test_creation_keeps_no_answer(gateway, database):
    """A client that relies on Idempotency-Key learns that its repetition would be a second upload."""
    reply = Upload(gateway, 3, headers={"Idempotency-Key": "k"}).created
    assert (reply.status, reply.json["pointer"]) == (400, "Idempotency-Key")
    assert database.value("select count(*) from upload") == 0


def test_promised_sha256(gateway):
    upload = Upload(gateway, 3, sha256=digests(b"abc")["sha256"].upper())
    assert upload.patch(0, b"abc").status == 204
    assert upload.json["expected_sha256"] == upload.json["sha256"] == digests(b"abc")["sha256"]


def test_broken_promise(gateway, database):
    upload = Upload(gateway, 6, sha256=digests(b"abcdef")["sha256"])
    upload.patch(0, b"abc")
    reply = upload.patch(3, b"deX")
    assert (reply.status, reply.json["pointer"]) == (422, "Upload-Metadata")
    assert digests(b"abcdeX")["sha256"] in reply.json["detail"]
    assert upload.head().status == 404
    assert files(gateway) == {}
    assert database.value("select count(*) from upload") == 0
    assert database.value("select count(*) from artifact") == 0


def test_broken_promise_of_a_file_without_bytes(gateway, database):
    assert Upload(gateway, 0, sha256=digests(b"abc")["sha256"]).created.status == 422
    assert database.value("select count(*) from upload") == 0
    assert files(gateway) == {}


# ---- Bad input ----

@pytest.mark.parametrize("headers, status", [
    ({"Upload-Length": None}, 400),
    ({"Upload-Length": ""}, 400),
    ({"Upload-Length": "-1"}, 400),
    ({"Upload-Length": "12x"}, 400),
    ({"Upload-Length": "99999999999999999999999"}, 413),
    ({"Upload-Metadata": None}, 400),
    ({"Upload-Metadata": "filename"}, 400),
    ({"Upload-Metadata": "filename ?"}, 400),
    ({"Upload-Metadata": f"filename {b64('..')}"}, 400),
    ({"Upload-Metadata": f"filename {b64('a/b')}"}, 400),
    ({"Upload-Metadata": f"filename {b64(b'nul' + bytes(1))}"}, 400),
    ({"Upload-Metadata": f"filename {b64(bytes([255]))}"}, 400),
    ({"Upload-Metadata": f"filename {b64('x' * 256)}"}, 400),
    ({"Upload-Metadata": f"filename {b64('x')},filename {b64('y')}"}, 400),
    ({"Upload-Metadata": f"filename {b64('x')},sha256 {b64('abc')}"}, 400),
])
def test_creation_is_refused(gateway, database, headers, status):
    good = {**TUS, "Upload-Length": "3", "Upload-Metadata": f"filename {b64('x.swu')}"}
    sent = {name: value for name, value in {**good, **headers}.items() if value is not None}
    reply = gateway.api("POST", "/uploads", headers=sent)
    assert reply.status == status
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert list(headers)[0] in str(reply.json)
    assert database.value("select count(*) from upload") == 0
    assert files(gateway) == {}


@pytest.mark.parametrize("headers, body, status", [
    ({"Upload-Offset": None}, b"abc", 400),
    ({"Upload-Offset": "zero"}, b"abc", 400),
    ({"Upload-Offset": "1"}, b"abc", 409),
    ({"Upload-Offset": "11"}, b"", 409),
    ({"Content-Type": None}, b"abc", 415),
    ({"Content-Type": "application/octet-stream"}, b"abc", 415),
    ({}, b"0123456789x", 413),
])
def test_piece_is_refused(gateway, headers, body, status):
    upload = Upload(gateway, 10)
    good = {**PIECE, "Upload-Offset": "0"}
    sent = {name: value for name, value in {**good, **headers}.items() if value is not None}
    expect(status, gateway.api("PATCH", upload.path, data=body, headers=sent), next(iter(headers), None))
    assert upload.offset == 0
    assert list(files(gateway).values()) == [b""]


@pytest.mark.parametrize("id, status", [
    ("0" * 32, 404), ("x", 404), ("..", 404), ("A" * 32, 404), ("0" * 300, 404),
    ("%2e%2e%2fuploads", 400),  # a slash inside a segment is refused before anybody looks
])
def test_unknown_upload(gateway, id, status):
    for method in ("HEAD", "GET", "PATCH", "DELETE"):
        reply = gateway.api(method, f"/uploads/{id}", data=b"a" if method == "PATCH" else None,
                            headers={**PIECE, "Upload-Offset": "0"})
        assert reply.status == status, (method, reply)


def test_unknown_project(gateway):
    headers = {**TUS, "Upload-Length": "3", "Upload-Metadata": f"filename {b64('x.swu')}"}
    api = "/api/v1/projects/nowhere"
    assert gateway.api("POST", f"{api}/uploads", headers=headers).status in (403, 404)
    assert gateway.api("PUT", f"{api}/artifacts/x.swu", data=b"abc").status in (403, 404)
    assert gateway.api("GET", f"{api}/artifacts").status in (403, 404)
    assert files(gateway) == {}


def test_without_credentials(gateway, database):
    upload = Upload(gateway, 3)
    headers = {**PIECE, "Upload-Offset": "0"}
    assert gateway.request("POST", "/api/v1/projects/default/uploads", headers=TUS).status == 401
    assert gateway.request("PATCH", upload.path, data=b"abc", headers=headers).status == 401
    assert gateway.request("DELETE", upload.path, headers=headers).status == 401
    assert gateway.request("PUT", "/api/v1/projects/default/artifacts/x.swu", data=b"abc").status == 401
    assert upload.offset == 0
    assert database.value("select count(*) from upload") == 1


@pytest.mark.gateway(MEWS_UPLOADS_PIECE_SIZE="65536")
def test_piece_is_too_large(gateway):
    upload = Upload(gateway, 100 * KIB)
    reply = upload.patch(0, bytes(65537))
    assert reply.status == 413
    assert "tus" in reply.json["detail"] and "65536" in reply.json["detail"]
    assert upload.offset == 0
    assert upload.json["piece_size"] == 65536
    assert upload.patch(0, bytes(65536)).status == 204
    assert upload.patch(65536, bytes(100 * KIB - 65536)).status == 204
    assert upload.json["complete"] is True


# ---- Misfortune ----

def test_line_breaks_in_mid_piece(gateway):
    upload = Upload(gateway, 10 * KIB)
    upload.patch(0, bytes(KIB))
    with socket.create_connection(("127.0.0.1", gateway.port)) as client:
        client.sendall(f"PATCH {upload.path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\n"
                       f"Authorization: Bearer {gateway.admin_token}\r\nUpload-Offset: {KIB}\r\n"
                       f"Content-Type: application/offset+octet-stream\r\nContent-Length: {9 * KIB}\r\n\r\n".encode()
                       + bytes(4 * KIB))
    assert upload.offset == KIB
    assert upload.patch(KIB, 9 * KIB * b"x").status == 204
    assert upload.json["sha256"] == digests(bytes(KIB) + 9 * KIB * b"x")["sha256"]


def test_gateway_is_killed_between_pieces(gateway, rng):
    content = rng.randbytes(150_001)
    upload = Upload(gateway, len(content))
    for start in range(0, len(content), 50_000):
        assert upload.patch(start, content[start:start + 50_000]).status == 204
        gateway.kill()
        gateway.start()
    assert upload.json["sha256"] == digests(content)["sha256"]
    assert files(gateway) == artifact_file(content)


def test_killed_after_the_write(gateway):
    """More bytes are in the file than the row vouches for."""
    upload = Upload(gateway, 6)
    upload.patch(0, b"abc")
    (gateway.store / "uploads" / upload.id).write_bytes(b"abcXXXXXXXXX")
    assert upload.offset == 3
    assert upload.patch(3, b"d").status == 204
    assert upload.patch(4, b"ef").status == 204
    assert files(gateway) == artifact_file(b"abcdef")


@pytest.mark.parametrize("renamed", [False, True])
@pytest.mark.parametrize("ask", ["HEAD", "GET", "PATCH"])
def test_killed_before_the_artifact_has_its_row(gateway, database, renamed, ask):
    upload = Upload(gateway, 3, body=b"abc")
    database("update upload set artifact_id = null")
    database("delete from artifact")
    if not renamed:
        (path,) = artifact_file(b"abc")
        (gateway.store / path).rename(gateway.store / "uploads" / upload.id)
    reply = upload.patch(3, b"") if ask == "PATCH" else gateway.api(ask, upload.path, headers=TUS)
    assert reply.status in (200, 204)
    assert upload.json["sha256"] == digests(b"abc")["sha256"]
    assert files(gateway) == artifact_file(b"abc")


def test_bytes_are_lost(gateway, database):
    """A store that was restored from an older backup."""
    shorter, gone = Upload(gateway, 6, body=b"abc"), Upload(gateway, 6, body=b"abc")
    (gateway.store / "uploads" / shorter.id).write_bytes(b"a")
    (gateway.store / "uploads" / gone.id).unlink()
    for upload in (shorter, gone):
        assert upload.patch(3, b"def").status == 410
        assert upload.head().status == 404
    assert files(gateway) == {}
    assert database.value("select count(*) from upload") == 0


def test_repeated_piece(gateway):
    """The answer to the first one was lost."""
    upload = Upload(gateway, 6)
    assert upload.patch(0, b"abc").status == 204
    assert upload.patch(0, b"abc").status == 409
    assert upload.offset == 3
    assert upload.patch(3, b"def").status == 204
    assert upload.patch(3, b"def").status == 409
    assert upload.patch(6, b"").status == 204
    assert upload.json["complete"] is True


@pytest.mark.gateway(MEWS_WORKERS="1", MEWS_DATABASE_CONNECTIONS="4")
def test_asked_while_it_is_stored(gateway, database):
    """The last piece is committed, its artifact waits for a lock, and others ask: all may finish it."""
    upload = Upload(gateway, 3)
    with ThreadPoolExecutor(3) as pool:
        with database.locked("artifact"):
            last = pool.submit(upload.patch, 0, b"abc")
            wait_until(lambda: database.value("select received from upload") == 3)
            others = [pool.submit(upload.head), pool.submit(gateway.api, "GET", upload.path)]
            wait_until(lambda: database.value(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock'") == 3)
    assert last.result().status == 204
    assert [reply.result().status for reply in others] == [200, 200]
    assert others[1].result().json["complete"] is True
    assert files(gateway) == artifact_file(b"abc")


@pytest.mark.gateway(MEWS_WORKERS="2")
def test_writers_race(gateway, rng):
    """For each piece one of them wins, and its bytes are those that stay."""
    size, pieces = 64 * KIB, 10
    upload = Upload(gateway, size * pieces)
    content = b""
    with ThreadPoolExecutor(8) as pool:
        for _ in range(pieces):
            rivals = [rng.randbytes(size) for _ in range(8)]
            replies = list(pool.map(lambda piece: upload.patch(len(content), piece), rivals))
            winners = [piece for piece, reply in zip(rivals, replies) if reply.status == 204]
            assert len(winners) == 1, replies
            assert {reply.status for reply in replies} == {204, 409}
            content += winners[0]
    assert upload.json["sha256"] == digests(content)["sha256"]
    assert files(gateway) == artifact_file(content)


def test_database_is_away(gateway, postgres):
    upload = Upload(gateway, 6)
    upload.patch(0, b"abc")
    postgres.stop()
    reply = upload.patch(3, b"def")
    assert reply.status == 503
    assert reply.headers["Retry-After"]
    postgres.start()
    gateway.wait_ready()
    if upload.offset == 3:
        assert upload.patch(3, b"def").status == 204
    assert upload.json["sha256"] == digests(b"abcdef")["sha256"]


# ---- Large files ----

def resident(gateway):
    """Memory of the largest process of the gateway, in MiB."""
    sizes = []
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except OSError:  # it has just ended
            continue
        if str(gateway.process.pid) in (fields["Pid"].strip(), fields["PPid"].strip()) and "VmRSS" in fields:
            sizes.append(int(fields["VmRSS"].split()[0]) / KIB)
    return max(sizes)


def send_large(gateway, size, piece=4 * MIB):
    """Zeros, but for the offset at the beginning of each piece. Returns the growth in MiB."""
    upload = Upload(gateway, size)
    expected, before, most = hashlib.sha256(), resident(gateway), 0
    for offset in range(0, size, piece):
        data = offset.to_bytes(8, "big") + bytes(piece - 8)
        expected.update(data)
        assert upload.patch(offset, data).status == 204
        most = max(most, resident(gateway))
    assert upload.json["sha256"] == expected.hexdigest()
    return most - before


@pytest.mark.gateway(MEWS_WORKERS="1")
def test_memory_while_a_file_arrives(gateway):
    assert send_large(gateway, 128 * MIB) < 32


@pytest.mark.long
@pytest.mark.gateway(MEWS_WORKERS="1")
def test_memory_while_4_gib_arrive(gateway):
    assert send_large(gateway, 4 << 30) < 32
