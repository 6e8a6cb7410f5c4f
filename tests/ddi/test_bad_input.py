"""What no well-meaning client sends. It gets a 4xx or is cut off, nothing is written, and others notice nothing."""
import json
import socket
import struct
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib.ddi import FEEDBACK, Unit, connect, contents, exchange, expect, request_bytes, status_of
from lib.wait import wait_until

KIB = 1024
FEEDBACK_1 = "/deploymentBase/1/feedback"


def filled(size):
    """A feedback of exactly `size` bytes."""
    head = b'{"status":{"execution":"proceeding","result":{"finished":"none"},"details":["'
    return head + b"x" * (size - len(head) - 4) + b'"]}}'


def refused(answer):
    return status_of(answer) is None or 400 <= status_of(answer) < 500


@pytest.fixture
def undisturbed(begun, database):
    """device-1; nothing may have been written in the end, and the gateway serves everybody."""
    before = contents(database)
    yield begun
    assert contents(database) == before
    with ThreadPoolExecutor(4) as pool:
        assert all(reply.status == 200 for reply in pool.map(lambda _: begun.get(), range(8)))


# ---- Too much ----

def test_body_up_to_256_kib(begun):
    expect(200, begun.request("POST", FEEDBACK_1, data=filled(256 * KIB), headers={"Content-Type": "application/json"}))


@pytest.mark.parametrize("path", ["/deploymentBase/{}", "/deploymentBase/1?actionHistory={}", "/deploymentBase/1?c={}",
                                  "/cancelAction/{}", "/installedBase/{}"])
def test_numbers_that_are_cut_within_a_character(undisturbed, path):
    for length in range(36, 42):
        assert undisturbed.get(path.format("x" * length + "%C3%A9" * 30)).status == 400


@pytest.mark.parametrize("size", [256 * KIB + 1, 2 << 20, 40 << 20])
def test_larger_body(undisturbed, size):
    for method, path in (("POST", FEEDBACK_1), ("PUT", "/configData"), ("POST", "/cancelAction/1/feedback")):
        reply = undisturbed.request(method, path, data=filled(size), headers={"Content-Type": "application/json"})
        assert reply.status == 413
        assert reply.json["status"] == 413


def test_announced_body_is_refused_before_it_is_sent(undisturbed):
    for length in (1 << 30, 1 << 50, 2**63 - 1):
        head = request_bytes(undisturbed, "PUT", "/configData", Content_Type="application/json", Content_Length=length,
                             Expect="100-continue")
        assert status_of(exchange(undisturbed.gateway, head)) == 413


def test_long_range_header_is_read(begun):
    """SWUpdate's delta downloader: URL and ranges up to 32 KiB."""
    ranges = ",".join(f"{n}-{n}" for n in range(0, 5000, 2))
    header = "bytes=" + ranges
    assert 8 * KIB < len(header) < 32 * KIB
    assert begun.get("/softwaremodules/1/artifacts/image-1.1.0.swu", Range=header).status == 206
    assert begun.get(X_Padding="x" * 32 * KIB).status == 200


@pytest.mark.parametrize("size", [100 * KIB, 5 << 20])
def test_over_long_head(undisturbed, size):
    for path, headers in (("", {"X_Long": "x" * size}), ("", {f"X_{n}": "x" * 90 for n in range(size // 100)}),
                          ("/" + size * "x", {}), ("/deploymentBase/1?c=" + size * "1", {})):
        assert refused(exchange(undisturbed.gateway, request_bytes(undisturbed, "GET", path, **headers)))


def test_deep_and_odd_json(undisturbed):
    bodies = [b"[" * 100_000, b'{"status":' * 20_000, b'{"data":' + b'{"a":' * 5000, b"\x00" * 1000, b"\xff\xfe" * 500,
              b"\xef\xbb\xbf{}", b'{"data":{"a":1e999}}', b'{"data":{"\\u0000":"x"', b'"' * 50_000, b"1" * 50_000]
    for body in bodies:
        for method, path in (("PUT", "/configData"), ("POST", FEEDBACK_1)):
            reply = undisturbed.request(method, path, data=body, headers={"Content-Type": "application/json"})
            assert reply.status == 400, body[:20]
            assert len(reply.body) < 2000


def test_numbers_that_jansson_cannot_hold(begun):
    """Too large an integer makes the document unreadable to strict readers; its meaning is beyond doubt."""
    body = b'{"id":99999999999999999999999,"status":{"execution":"proceeding","result":{"finished":"none"}}}'
    headers = {"Content-Type": "application/json"}
    assert begun.request("POST", FEEDBACK_1, data=body, headers=headers).status in (200, 400)


def test_text_that_postgresql_cannot_hold(begun):
    """Whatever becomes of it: no 5xx, and not to the cost of those in the same batch."""
    bad = b'{"data":{"a":"\\u0000","b":"\\ud800"}}'

    def put(n):
        body = bad if n % 2 else b'{"data":{"good":"%d"}}' % n
        return n, begun.request("PUT", "/configData", data=body, headers={"Content-Type": "application/json"}).status

    with ThreadPoolExecutor(10) as pool:
        replies = list(pool.map(put, range(40)))
    assert {status for n, status in replies if n % 2} <= {200, 400}
    assert {status for n, status in replies if not n % 2} == {200}


# ---- No HTTP, or not quite ----

LINES = [b"GET", b"GET /", b"GET / HTTP/9.9", b"GET  / HTTP/1.1", b"GET / HTTP/1.1\r\nno colon",
         b"GET / HTTP/1.1\r\n: x", b"GET http:// HTTP/1.1", b"FROB / HTTP/1.1", b"CONNECT x:1 HTTP/1.1",
         b"TRACE / HTTP/1.1", b"get / HTTP/1.1", b"GET /\x00 HTTP/1.1", b"GET \xff HTTP/1.1", b"", b"PRI * HTTP/2.0"]
TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200)
NOISE = [TLS_HELLO, bytes(5000), b"\xff" * 5000, *(line + b"\r\nHost: x\r\n\r\n" for line in LINES)]


def last_words(gateway, data):
    """The first that is answered to bytes with nothing behind them."""
    with connect(gateway) as client:
        try:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            return client.recv(1 << 16)
        except (ConnectionResetError, BrokenPipeError):
            return b""


def test_noise(undisturbed):
    for data in NOISE:
        answer = last_words(undisturbed.gateway, data)
        assert refused(answer) or status_of(answer) in (501, 505), (data[:40], answer)


def test_length_that_is_none(undisturbed):
    """The last one says chunked, but what follows are no chunks."""
    for headers in ({"Content_Length": "-1"}, {"Content_Length": "abc"}, {"Content_Length": "99999999999999999999"},
                    {"Content_Length": "0x10"}, {"Transfer_Encoding": "chunked", "Content_Length": None}):
        request = request_bytes(undisturbed, "POST", FEEDBACK_1, json.dumps(FEEDBACK).encode(), **headers)
        assert refused(last_words(undisturbed.gateway, request.replace(b"Content-Length: None\r\n", b""))), headers


def test_chunked_body(begun):
    body = json.dumps(FEEDBACK).encode()
    chunks = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in body) + b"0\r\n\r\n"
    head = request_bytes(begun, "POST", FEEDBACK_1, Transfer_Encoding="chunked", Content_Type="application/json")
    assert status_of(exchange(begun.gateway, head + chunks)) == 200
    assert begun.state == "installing"


def test_endless_chunked_body(undisturbed):
    head = request_bytes(undisturbed, "POST", FEEDBACK_1, Transfer_Encoding="chunked", Content_Type="application/json")
    chunks = b"10000\r\n" + 65536 * b"x" + b"\r\n"
    assert refused(exchange(undisturbed.gateway, head + 640 * chunks))


def test_absolute_form(begun):
    """As through a proxy: SWUpdate with http_proxy set."""
    request = request_bytes(begun, "GET").replace(b"GET /", b"GET http://ota.example.com/")
    assert status_of(exchange(begun.gateway, request)) == 200


def test_two_requests_in_one_packet(begun):
    request = request_bytes(begun, "GET", close=False) + request_bytes(begun, "GET", "/deploymentBase/1")
    answer = exchange(begun.gateway, request)
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert answer.index(b'"config"') < answer.index(b'"deployment"')


def test_two_requests_by_smuggling(undisturbed):
    """A body is a body, whatever is in it."""
    inner = request_bytes(undisturbed, "POST", FEEDBACK_1, json.dumps(FEEDBACK).encode())
    answer = exchange(undisturbed.gateway, request_bytes(undisturbed, "PUT", "/configData", inner))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert status_of(answer) == 400


def test_paths_that_lead_nowhere(undisturbed):
    for path in ("/..", "/../device-2", "/%2e%2e/%2e%2e/etc/passwd", "/;x", "/\\", "/deploymentBase/1%2ffeedback",
                 "/%00", "/deploymentBase/%00", "/softwaremodules/1/artifacts/%2e%2e%2f%2e%2e%2fx"):
        answer = exchange(undisturbed.gateway, request_bytes(undisturbed, "GET", path))
        assert status_of(answer) in (400, 404), path


def test_mutated_requests(begun, rng):
    """Bytes changed at random in requests that are right: a 4xx or nothing, or a 200 that was meant so; never a 5xx."""
    originals = [request_bytes(begun, "GET", "?x=1", If_None_Match='"x"'),
                 request_bytes(begun, "GET", "/deploymentBase/1?c=1&actionHistory=2", Accept="application/json"),
                 request_bytes(begun, "PUT", "/configData", b'{"mode":"merge","data":{"a":"b"}}'),
                 request_bytes(begun, "POST", FEEDBACK_1, json.dumps(FEEDBACK).encode()),
                 request_bytes(begun, "GET", "/softwaremodules/1/artifacts/image-1.1.0.swu", Range="bytes=1-2,5-6")]

    requests = []
    for _ in range(400):
        request = bytearray(rng.choice(originals))
        for _ in range(rng.choice([1, 1, 2, 8])):
            request[rng.randrange(len(request))] = rng.choice([*b"\0\r\n %/:\x7f\x80\xff", rng.randrange(256)])
        requests.append(bytes(request))
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda request: last_words(begun.gateway, request), requests)
        for request, answer in zip(requests, answers):
            assert (status_of(answer) or 0) < 500 or status_of(answer) in (501, 505), (request, answer)
    expect(200, begun.get())


# ---- Slow, and gone ----

@pytest.mark.gateway(MEWS_IDLE_TIMEOUT="1")
@pytest.mark.parametrize("part", ["nothing", "head", "body"])
def test_slow_client_is_dropped(undisturbed, part):
    request = request_bytes(undisturbed, "POST", FEEDBACK_1, json.dumps(FEEDBACK).encode())
    sent = {"nothing": b"", "head": request[:40], "body": request[:-5]}[part]
    with connect(undisturbed.gateway) as client:
        client.sendall(sent)
        expect(200, undisturbed.get())
        assert refused(client.recv(1000))  # which waits until the gateway gives up
        assert client.recv(1000) == b""


def test_many_slow_clients_hinder_nobody(undisturbed):
    request = request_bytes(undisturbed, "POST", FEEDBACK_1, json.dumps(FEEDBACK).encode())
    clients = [connect(undisturbed.gateway) for _ in range(200)]
    try:
        for n, client in enumerate(clients):
            client.sendall(request[:n % len(request)])
        expect(200, undisturbed.get())
        expect(200, undisturbed.get("/softwaremodules/1/artifacts/image-1.1.0.swu"))
    finally:
        for client in clients:
            client.close()


def test_clients_that_vanish(begun):
    """Before they have sent all, and before they have their answer; politely and by a reset."""
    requests = [request_bytes(begun, "GET"), request_bytes(begun, "GET", "/deploymentBase/1"),
                request_bytes(begun, "POST", FEEDBACK_1, json.dumps(FEEDBACK).encode()),
                request_bytes(begun, "GET", "/softwaremodules/1/artifacts/image-1.1.0.swu")]
    for n in range(200):
        request = requests[n % len(requests)]
        client = connect(begun.gateway)
        client.sendall(request if n % 3 else request[:len(request) // 2])
        if n % 2:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    expect(200, begun.feedback(1, "proceeding", details=["still there"]))
    assert ["still there"] in [event["details"] for event in begun.deployment["events"]]


def test_clients_that_vanish_while_the_database_works(begun, database):
    with database.locked("deployment"):
        for n in range(50):
            with connect(begun.gateway) as client:
                client.sendall(request_bytes(begun, "POST", FEEDBACK_1, json.dumps(FEEDBACK).encode()))
    wait_until(lambda: begun.get().status == 200, what="served again")
    wait_until(lambda: Unit(begun.gateway, "device-2").get().status == 200, what="registers")
