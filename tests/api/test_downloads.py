"""Artifacts on their way to devices: ranges, conditions, and the format that delta clients need."""
import email
import email.utils
import hashlib
import http.client
import socket
import urllib.parse

import pytest

HARDWARE = "demo-board"


class Artifact:
    """A published image as a device is offered it."""

    def __init__(self, gateway, content, filename):
        self.gateway, self.content, self.filename, self.size = gateway, content, filename, len(content)
        self.sha1 = hashlib.sha1(content).hexdigest()
        attributes = {"current_version": "1.0.0", "hardware_version": HARDWARE, "software_type": "main"}
        gateway.ddi("GET", "/device-1")
        gateway.ddi("PUT", "/device-1/configData", json={"data": attributes})
        offer = follow(gateway, gateway.ddi("GET", "/device-1").json["_links"]["deploymentBase"]["href"]).json
        (chunk,) = offer["deployment"]["chunks"]
        (artifact,) = chunk["artifacts"]
        self.href = artifact["_links"]["download-http"]["href"]

    def get(self, range=None, method="GET", **headers):
        if range is not None:
            headers["Range"] = range
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return follow(self.gateway, self.href, method, headers=headers)


def follow(gateway, href, method="GET", **more):
    assert href.startswith(gateway.url)
    return gateway.ddi(method, href[len(gateway.url):], **more)


@pytest.fixture
def artifact(gateway, publish, images):
    publish("1.1.0", size=100_000)
    image = images("1.1.0", size=100_000)
    return Artifact(gateway, image.read_bytes(), image.name)


def parts(reply, size):
    """[(first, last, bytes)] of a multipart answer; fails if a strict reader would."""
    kind, boundary = reply.headers["Content-Type"].split("; boundary=")
    assert kind == "multipart/byteranges"
    assert len(boundary) == 20 and boundary.isdigit()
    delimiter = f"\r\n--{boundary}".encode()
    body = b"\r\n" + reply.body
    *found, end = body.split(delimiter)[1:]
    assert end == b"--\r\n"
    result = []
    for part in found:
        assert part.startswith(b"\r\n")
        head, data = part[2:].split(b"\r\n\r\n", 1)
        fields = email.message_from_bytes(head + b"\r\n\r\n")
        assert fields.keys() == ["Content-Type", "Content-Range"]
        span, total = fields["Content-Range"].removeprefix("bytes ").split("/")
        assert int(total) == size
        first, last = map(int, span.split("-"))
        assert len(data) == last - first + 1
        result.append((first, last, data))
    return result


# ---- Whole files ----

def test_get(artifact):
    reply = artifact.get()
    assert reply.status == 200
    assert reply.body == artifact.content
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert reply.headers["Content-Length"] == str(artifact.size)
    assert reply.headers["Accept-Ranges"] == "bytes"
    assert reply.headers["ETag"] == f'"{artifact.sha1}"'
    assert reply.headers["Content-Disposition"] == f"attachment;filename={artifact.filename}"
    assert email.utils.parsedate_to_datetime(reply.headers["Last-Modified"])


@pytest.mark.parametrize("range", [None, "bytes=0-9", "bytes=0-9,20-29", "nonsense"])
def test_head_is_the_header_of_the_whole_file(artifact, range):
    reply = artifact.get(range, method="HEAD")
    assert reply.status == 200
    assert reply.body == b""
    assert reply.headers["Content-Length"] == str(artifact.size)
    assert reply.headers["ETag"] == f'"{artifact.sha1}"'


# ---- One range ----

@pytest.mark.parametrize("range, first, last", [
    ("bytes=0-9", 0, 9),
    ("bytes=0-", 0, -1),
    ("bytes=5000-", 5000, -1),
    ("bytes=-1000", -1000, -1),
    ("bytes=5000-99999999999", 5000, -1),
    ("bytes=-99999999999", 0, -1),
    ("bytes=0-9,5-14", 0, 9),
    ("bytes=50-59,0-9", 50, 59),
])
def test_range(artifact, range, first, last):
    size = artifact.size
    first, last = first % size, last % size
    reply = artifact.get(range)
    assert reply.status == 206
    assert reply.body == artifact.content[first:last + 1]
    assert reply.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
    assert reply.headers["Content-Length"] == str(last - first + 1)
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert reply.headers["ETag"] == f'"{artifact.sha1}"'


def test_last_byte(artifact):
    reply = artifact.get(f"bytes={artifact.size - 1}-")
    assert (reply.status, reply.body) == (206, artifact.content[-1:])


def test_slices_make_the_file(artifact):
    step = artifact.size // 50
    slices = [artifact.get(f"bytes={start}-{start + step - 1}").body for start in range(0, artifact.size, step)]
    assert b"".join(slices) == artifact.content


@pytest.mark.parametrize("range", ["bytes={size}-", "bytes={size}-{size}", "bytes=9-8", "bytes=-0", "bytes=-",
                                   "bytes=a-b", "items=0-1", "0-1", ""])
def test_unsatisfiable_range(artifact, range):
    reply = artifact.get(range.format(size=artifact.size))
    assert reply.status == 416
    assert reply.body == b""
    assert reply.headers["Content-Range"] == f"bytes */{artifact.size}"


@pytest.mark.parametrize("range", ["bytes=0-9,{size}-", "bytes=0-9,9-8", "bytes=0-9,x", "bytes=0-9,"])
def test_unsatisfiable_list_does_not_crash_delta_clients(artifact, range):
    reply = artifact.get(range.format(size=artifact.size))
    assert reply.status == 416
    assert reply.body == b""
    assert "Content-Range" not in reply.headers


# ---- Several ranges ----

@pytest.mark.parametrize("spans", [
    [(0, 9), (20, 29)],
    [(0, 9), (10, 19), (20, 20)],
    [(7, 5000), (5100, 9000), (9100, 9100)],
])
def test_several_ranges(artifact, spans):
    reply = artifact.get("bytes=" + ",".join(f"{first}-{last}" for first, last in spans))
    assert reply.status == 206
    assert reply.headers["Content-Length"] == str(len(reply.body))
    assert "Content-Range" not in reply.headers
    assert "Transfer-Encoding" not in reply.headers
    assert parts(reply, artifact.size) == [(first, last, artifact.content[first:last + 1]) for first, last in spans]


def test_open_ends_and_blanks(artifact):
    size = artifact.size
    assert [part[:2] for part in parts(artifact.get(f"bytes=0-0, {size - 9}-"), size)] == [(0, 0), (size - 9, size - 1)]
    assert [part[:2] for part in parts(artifact.get("bytes=0-0,-5"), size)] == [(0, 0), (size - 5, size - 1)]


def test_as_many_ranges_as_swupdate_asks_for(artifact):
    spans = [(50 * n, 50 * n + 9) for n in range(1000)]
    reply = artifact.get("bytes=" + ",".join(f"{first}-{last}" for first, last in spans))
    assert parts(reply, artifact.size) == [(first, last, artifact.content[first:last + 1]) for first, last in spans]


def test_more_ranges_are_answered_one_by_one(artifact):
    reply = artifact.get("bytes=" + ",".join(f"{50 * n}-{50 * n + 9}" for n in range(1001)))
    assert reply.status == 206
    assert reply.headers["Content-Range"] == f"bytes 0-9/{artifact.size}"
    assert reply.body == artifact.content[:10]


def connection_of(artifact):
    where = urllib.parse.urlsplit(artifact.href)
    headers = {"Authorization": f"GatewayToken {artifact.gateway.project_key}"}
    return where, headers


def test_connection_is_usable_after_each_answer(artifact):
    where, headers = connection_of(artifact)
    connection = http.client.HTTPConnection(where.hostname, where.port)
    for range in ("bytes=0-9,20-29", "bytes=5-", f"bytes={artifact.size}-", "bytes=0-9,20-29"):
        connection.request("GET", where.path, headers={**headers, "Range": range})
        response = connection.getresponse()
        assert response.status in (206, 416)
        response.read()
        socket_before = connection.sock
        assert socket_before is not None  # the gateway has not closed it
    connection.close()


def test_first_delimiter_comes_with_the_header(artifact):
    """SWUpdate's delta downloader fails when the first delimiter is split over two reads."""
    where, headers = connection_of(artifact)
    lines = [f"GET {where.path} HTTP/1.1", f"Host: {where.netloc}", "Range: bytes=0-49999,60000-99999",
             "Connection: close", *(f"{name}: {value}" for name, value in headers.items())]
    for _ in range(20):
        with socket.create_connection((where.hostname, where.port)) as client:
            client.sendall("\r\n".join([*lines, "", ""]).encode())
            first = client.recv(1 << 16)
            while client.recv(1 << 16):
                pass
        assert first.startswith(b"HTTP/1.1 206 ")
        assert first.split(b"\r\n\r\n", 1)[1].startswith(b"--")
        assert first.count(b"\r\n\r\n") >= 2, "the part's header is in the second write"


# ---- Conditions ----

@pytest.mark.parametrize("match", ["{sha1}", '"{sha1}"', "*", '"x", "{sha1}"', "x,{sha1}"])
def test_if_match(artifact, match):
    assert artifact.get(If_Match=match.format(sha1=artifact.sha1)).status == 200


@pytest.mark.parametrize("match", ["x", '"x"', '"x", "y"', 'W/"{sha1}"', "{sha1}0", '""', ""])
def test_if_match_of_another_state(artifact, match):
    reply = artifact.get(If_Match=match.format(sha1=artifact.sha1))
    assert (reply.status, reply.body) == (412, b"")
    assert artifact.get("bytes=0-9", If_Match=match.format(sha1=artifact.sha1)).status == 412


def test_if_range(artifact):
    modified = artifact.get(method="HEAD").headers["Last-Modified"]
    for same in (f'"{artifact.sha1}"', artifact.sha1, modified):
        assert artifact.get("bytes=0-9", If_Range=same).status == 206
    for other in ('"x"', "Sun, 06 Nov 1994 08:49:37 GMT", "yesterday", ""):
        reply = artifact.get("bytes=0-9", If_Range=other)
        assert (reply.status, reply.body) == (200, artifact.content)


def test_never_304(artifact):
    modified = artifact.get(method="HEAD").headers["Last-Modified"]
    assert artifact.get(If_None_Match=f'"{artifact.sha1}"').status == 200
    assert artifact.get(If_Modified_Since=modified).status == 200


# ---- Misfortune ----

def test_file_is_missing(artifact):
    sha256 = hashlib.sha256(artifact.content).hexdigest()
    path = artifact.gateway.store / sha256[:2] / sha256[2:]
    path.unlink()
    reply = artifact.get()
    assert reply.status == 500
    assert str(artifact.gateway.store) not in str(reply.body)


def test_slow_reader_does_not_hinder_others(artifact):
    where, headers = connection_of(artifact)
    lines = [f"GET {where.path} HTTP/1.1", f"Host: {where.netloc}",
             *(f"{name}: {value}" for name, value in headers.items())]
    with socket.create_connection((where.hostname, where.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        assert artifact.get().body == artifact.content


def test_client_vanishes_in_mid_download(artifact):
    where, headers = connection_of(artifact)
    lines = [f"GET {where.path} HTTP/1.1", f"Host: {where.netloc}", "Range: bytes=0-49999,60000-99999",
             *(f"{name}: {value}" for name, value in headers.items())]
    for _ in range(10):
        with socket.create_connection((where.hostname, where.port)) as client:
            client.sendall("\r\n".join([*lines, "", ""]).encode())
            client.recv(100)
    assert artifact.get().body == artifact.content
