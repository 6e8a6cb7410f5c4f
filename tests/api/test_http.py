"""What every request meets before its handler: limits, methods, paths, bad input, connections."""
import json
import re
import socket
import time

import pytest

from lib.wait import wait_until

KIB, MIB = 1 << 10, 1 << 20


class Connection:
    """A socket to the gateway on which a test can write anything."""

    def __init__(self, gateway):
        self.socket = socket.create_connection(("127.0.0.1", gateway.port), timeout=20)
        self.left = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *lines, body=b""):
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def read_until(self, end):
        while end not in self.left:
            data = self.socket.recv(65536)
            if not data:
                break
            self.left += data
        text, _, self.left = self.left.partition(end)
        return text

    def reply(self, body=True):
        """(status, headers, body) of the next answer; status 0: the connection was closed."""
        head = self.read_until(b"\r\n\r\n").decode()
        if not head:
            return 0, {}, b""
        first, *lines = head.split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        size = int(headers.get("Content-Length", 0)) if body else 0
        while len(self.left) < size:
            data = self.socket.recv(65536)
            assert data, "closed within the body"
            self.left += data
        text, self.left = self.left[:size], self.left[size:]
        return int(first.split()[1]), headers, text

    def closed(self):
        try:
            return self.socket.recv(65536) == b""
        except ConnectionResetError:
            return True


@pytest.fixture
def connect(gateway):
    opened = []

    def open_one():
        opened.append(Connection(gateway))
        return opened[-1]

    yield open_one
    for each in opened:
        each.socket.close()


def authorization(gateway):
    return f"Authorization: Bearer {gateway.admin_token}"


# ---- Methods and paths ----

@pytest.mark.parametrize("method, path, status, allow", [
    ("GET", "/healthz", 200, None),
    ("HEAD", "/healthz", 200, None),
    ("POST", "/healthz", 405, "GET, HEAD"),
    ("OPTIONS", "/healthz", 405, "GET, HEAD"),
    ("BREW", "/healthz", 405, "GET, HEAD"),
    ("GET", "/nowhere", 404, None),
    ("GET", "/api/v1/nowhere", 404, None),
    ("PUT", "/api/v1/projects/default/uploads", 405, "GET, HEAD, POST, OPTIONS"),
    ("GET", "//healthz", 404, None),
    ("GET", "/healthz/", 404, None),
    ("GET", "/healthz?x=%41&y=a+b&&z", 200, None),
    ("GET", "/healthz?x=%ff", 400, None),
    ("GET", "/healthz?x=%00", 400, None),
    ("GET", "/healthz?%zz", 400, None),
    ("GET", "/api/v1/projects/%00/releases", 400, None),
    ("GET", "/api/v1/projects/%ff/releases", 400, None),
    ("GET", "/api/v1/projects/a%0ab/releases", 400, None),
    ("GET", "/api/v1/projects/%zz/releases", 400, None),
    ("GET", "/api/v1/projects/a%2Fb/releases", 400, None),
])
def test_routes(gateway, method, path, status, allow):
    reply = gateway.request(method, path)
    assert reply.status == status
    assert reply.headers.get("Allow") == allow
    assert int(reply.headers["Content-Length"]) == len(reply.body) or method == "HEAD"


def test_each_area_has_its_dialect(gateway):
    problem = gateway.request("GET", "/api/v1/nowhere")
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert problem.json["status"] == 404
    hawkbit = gateway.request("GET", "/default/controller/v1/device-1/nowhere")
    assert hawkbit.json.keys() >= {"timestamp", "status", "error"}
    assert gateway.request("POST", "/default/controller/v1/device-1").json["status"] == 405


def test_absolute_uri(connect):
    client = connect()
    client.send("GET http://ota.example.com/healthz HTTP/1.1", "Host: ota.example.com")
    assert client.reply()[0] == 200


# ---- Request ids ----

def test_request_id(gateway):
    assert gateway.request("GET", "/healthz", headers={"X-Request-Id": "abc-1.2_3"}).headers["X-Request-Id"] == "abc-1.2_3"
    for bad in ("", "a b", "x" * 37, "a\"b"):
        assert re.fullmatch(r"[0-9a-f]{16}", gateway.request("GET", "/healthz", headers={"X-Request-Id": bad})
                            .headers["X-Request-Id"])


def test_access_log(gateway):
    gateway.api("GET", "/releases?limit=1", headers={"X-Request-Id": "my-id"})
    wait_until(lambda: "request=my-id" in gateway.log)
    line = next(line for line in gateway.log.splitlines() if "request=my-id" in line)
    assert re.search(r'level=info .* event=request request=my-id method=GET path="/api/v1/projects/default/releases" '
                     r'status=200 ms=\d+\.\d bytes=\d+$', line)


@pytest.mark.gateway(MEWS_LOG_FORMAT="json")
def test_json_log(gateway):
    gateway.request("GET", "/api/v1/%22%0a", headers={"X-Request-Id": "my-id"})
    wait_until(lambda: "my-id" in gateway.log)
    events = [json.loads(line) for line in gateway.log.splitlines()]
    assert [event["status"] for event in events if event.get("request") == "my-id"] == [404]


# ---- Bodies ----

def put_head(gateway, size, *more):
    return ["PUT /api/v1/projects/default/artifacts/x HTTP/1.1", "Host: x", authorization(gateway),
            f"Content-Length: {size}", *more]


@pytest.mark.gateway(MEWS_UPLOADS_PIECE_SIZE="65536")
@pytest.mark.parametrize("size", [MIB, MIB + 1, 5 * MIB])
def test_too_large(gateway, size):
    """Around and above what evhttp takes the answer is the same, and the client may send all before it reads."""
    reply = gateway.api("PUT", "/artifacts/x.swu", data=bytes(size))
    assert reply.status == 413
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert "tus" in reply.json["detail"]


@pytest.mark.gateway(MEWS_UPLOADS_PIECE_SIZE="65536")
def test_too_large_in_pieces(gateway, connect):
    """The head arrives byte by byte, the body in several writes."""
    client = connect()
    for byte in "\r\n".join([*put_head(gateway, 2 * MIB), "", ""]).encode():
        client.socket.sendall(bytes([byte]))
    for _ in range(32):
        client.socket.sendall(bytes(64 * KIB))
    status, headers, body = client.reply()
    assert (status, headers["Connection"]) == (413, "close")
    assert b"tus" in body
    assert client.closed()


@pytest.mark.parametrize("size", ["99999999999", "9" * 30])
def test_announced_only(gateway, connect, size):
    """Who asks first is answered at once."""
    client = connect()
    client.send(*put_head(gateway, size, "Expect: 100-continue"))
    assert client.reply()[0] == 413
    assert client.closed()


def test_vanishes_in_a_body_that_is_too_large(gateway):
    for _ in range(5):
        with Connection(gateway) as client:
            client.send(*put_head(gateway, 100 * MIB), body=bytes(MIB))
    assert gateway.request("GET", "/healthz").status == 200


def test_other_areas_have_their_own_413(gateway):
    reply = gateway.ddi("PUT", "/device-1/configData", data=b" " * MIB)
    assert (reply.status, reply.json["status"]) == (413, 413)
    reply = gateway.ddi("PUT", "/device-1/configData", data=b" " * 20 * MIB)
    assert (reply.status, reply.json["status"]) == (413, 413)
    assert gateway.request("POST", "/nowhere", data=b" " * 20 * MIB).status == 404


def test_expect_continue(gateway, connect):
    client = connect()
    start = time.monotonic()
    client.send(*put_head(gateway, 3, "Expect: 100-continue"))
    assert client.reply()[0] == 100
    assert time.monotonic() - start < 0.9
    client.socket.sendall(b"abc")
    assert client.reply()[0] == 201


def test_chunked(gateway, connect):
    client = connect()
    head = put_head(gateway, 0)[:-1] + ["Transfer-Encoding: chunked"]
    client.send(*head, body=b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    status, _, body = client.reply()
    assert (status, json.loads(body)["size"]) == (201, 5)


@pytest.mark.gateway(MEWS_WORKERS="1", MEWS_UPLOADS_PIECE_SIZE="65536")
def test_endless_chunks(gateway, connect):
    client = connect()
    client.send(*put_head(gateway, 0)[:-1], "Transfer-Encoding: chunked")
    with pytest.raises(OSError):
        for _ in range(1000):
            client.socket.sendall(b"10000\r\n" + bytes(64 * KIB) + b"\r\n")
    assert gateway.request("GET", "/healthz").status == 200


# ---- Bad requests ----

@pytest.mark.parametrize("lines", [
    ["nonsense"],
    ["GET /"],
    ["GET / HTTP/9.9"],
    ["GET / HTTP/1.1", "no colon"],
    ["GET /healthz HTTP/1.1", "Host : x"],
    ["GET /healthz HTTP/1.1", "X: " + "x" * 70000],
    ["GET /" + "x" * 70000 + " HTTP/1.1"],
    ["PUT /x HTTP/1.1", "Content-Length: -1"],
    ["PUT /x HTTP/1.1", "Content-Length: x"],
    ["PUT /x HTTP/1.1", "Content-Length: 3", "Content-Length: 4", "", "abcd"],
    ["PUT /x HTTP/1.1", "Content-Length: 3", "Transfer-Encoding: chunked", "", "3\r\nabc\r\n0\r\n"],
    ["PUT /x HTTP/1.1", "Transfer-Encoding: gzip", "", "abc"],
    ["\x00\x01\x02\x03"],
])
def test_bad_request(gateway, connect, lines):
    client = connect()
    client.send(*lines)
    status, _, _ = client.reply()
    assert status in (400, 413, 0)
    assert client.closed()
    assert gateway.request("GET", "/healthz").status == 200


def test_long_headers_are_fine(gateway, connect):
    client = connect()
    client.send("GET /healthz HTTP/1.1", "Range: bytes=" + ",".join(f"{n}-{n}" for n in range(5000)))
    assert client.reply()[0] == 200


# ---- Connections ----

def test_keep_alive_and_pipelining(gateway, connect):
    client = connect()
    one = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    put = "\r\n".join([*put_head(gateway, 3), "", "abc"])
    client.socket.sendall((one + put + one + one).encode())
    assert [client.reply()[0] for _ in range(4)] == [200, 201, 200, 200]
    client.send("HEAD /healthz HTTP/1.1")
    status, headers, _ = client.reply(body=False)
    assert (status, headers["Content-Length"], "Connection" in headers) == (200, "3", False)
    client.send("GET /healthz HTTP/1.0")
    assert client.reply()[0] == 200
    assert client.closed()


def test_pipelined_request_that_is_too_large(gateway, connect):
    client = connect()
    head = "\r\n".join([*put_head(gateway, 30 * MIB, "Expect: 100-continue"), "", ""])
    client.socket.sendall(("GET /healthz HTTP/1.1\r\n\r\n" + head).encode())
    assert [client.reply()[0] for _ in range(2)] == [200, 413]
    assert client.closed()


@pytest.mark.parametrize("method", ["HEAD", "BREW"])
def test_body_that_nobody_reads_is_no_request(connect, method):
    client = connect()
    client.send(f"{method} /healthz HTTP/1.1", "Content-Length: 40", body=b"GET /smuggled HTTP/1.1\r\n\r\n")
    assert client.reply(body=method != "HEAD")[1]["Connection"] == "close"
    assert client.closed()


@pytest.mark.gateway(MEWS_IDLE_TIMEOUT="1")
@pytest.mark.parametrize("begin", [b"", b"GET /healthz HT", b"PUT /x HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"])
def test_idle_connection_is_closed(gateway, connect, begin):
    client = connect()
    client.socket.sendall(begin)
    assert client.closed()


@pytest.mark.gateway(MEWS_CONNECTIONS="10", MEWS_WORKERS="1")
def test_too_many_connections_wait(gateway, connect):
    clients = [connect() for _ in range(12)]
    for client in clients:
        client.send("GET /healthz HTTP/1.1")
    assert [client.reply()[0] for client in clients[:10]] == 10 * [200]
    clients[0].socket.close()
    clients[1].socket.close()
    assert [client.reply()[0] for client in clients[10:]] == 2 * [200]


def test_client_that_sends_too_far_ahead(gateway, connect):
    """It does not read its reply; what it sends meanwhile must not fill our memory."""
    client = connect()
    client.socket.settimeout(3)
    with pytest.raises((TimeoutError, ConnectionError)):
        for _ in range(400):
            client.socket.sendall(b"GET /metrics HTTP/1.1\r\n\r\n" * 10000)
    assert gateway.request("GET", "/healthz").status == 200


# ---- Behind a proxy ----

def links(gateway, headers):
    reply = gateway.ddi("GET", "/device-1", headers=headers)
    return reply.json["_links"]["configData"]["href"].split("/default/")[0]


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "ota.example.com", "X-Forwarded-Port": "8443"}


@pytest.mark.gateway(MEWS_TRUSTED_PROXIES="10.0.0.0/8,127.0.0.1")
def test_trusted_proxy(gateway):
    assert links(gateway, FORWARDED) == "https://ota.example.com:8443"


def test_anybody_else_is_not_believed(gateway):
    assert links(gateway, FORWARDED) == gateway.url
    assert links(gateway, {"Host": "evil\"x"}) == gateway.url


@pytest.mark.gateway(MEWS_PUBLIC_URL="https://ota.example.com")
def test_public_url(gateway):
    assert links(gateway, {"Host": "other"}) == "https://ota.example.com"


# ---- For those who run it ----

def test_health_and_metrics(gateway):
    assert gateway.request("GET", "/healthz").body == b"ok\n"
    assert gateway.request("GET", "/readyz").json == {"status": "ready", "database": True}
    gateway.ddi("GET", "/device-1")
    text = gateway.request("GET", "/metrics").body.decode()
    assert 'mews_http_requests_total{area="health",route="/healthz",status="200"} 1\n' in text
    assert 'mews_http_requests_total{area="ddi",route="/{tenant}/controller/v1/{device}",status="200"} 1\n' in text
    assert 'mews_db_round_trips_total{query="device_register"} 1\n' in text
    assert re.search(r"^mews_connections [1-9]", text, re.M)
    for line in text.splitlines():
        assert re.fullmatch(r'#.*|[a-z_]+(\{([a-z]+="[^"]*",?)*\})? [0-9.e+-]+', line), line


def test_bytes_served(gateway, publish, images):
    def served():
        text = gateway.request("GET", "/metrics").body.decode()
        return int(re.search(r"^mews_bytes_served_total (\d+)", text, re.M)[1])

    publish("1.1.0", size=100_000)
    size = images("1.1.0", size=100_000).stat().st_size
    attributes = {"current_version": "1.0.0", "hardware_version": "demo-board", "software_type": "main"}
    gateway.ddi("GET", "/device-1")
    gateway.ddi("PUT", "/device-1/configData", json={"data": attributes})
    href = gateway.ddi("GET", "/device-1").json["_links"]["deploymentBase"]["href"][len(gateway.url):]
    chunk = gateway.ddi("GET", href).json["deployment"]["chunks"][0]
    path = chunk["artifacts"][0]["_links"]["download-http"]["href"][len(gateway.url):]
    assert len(gateway.ddi("GET", path).body) == size
    wait_until(lambda: served() == size)
    gateway.ddi("HEAD", path)
    assert len(gateway.ddi("GET", path, headers={"Range": "bytes=0-99"}).body) == 100
    wait_until(lambda: served() == size + 100)


def test_database_is_away(gateway, postgres):
    postgres.stop()
    wait_until(lambda: gateway.request("GET", "/readyz").status == 503)
    assert gateway.request("GET", "/healthz").status == 200
    reply = gateway.api("GET", "/releases")
    assert reply.status == 503
    assert 1 <= int(reply.headers["Retry-After"]) <= 20
    text = gateway.request("GET", "/metrics")
    assert (text.status, b"mews_deployments" in text.body) == (200, False)
    postgres.start()
    gateway.wait_ready()
