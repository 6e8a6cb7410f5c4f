"""Media types, ETags, methods and headers: the HTTP below the documents."""
import hashlib
import json

import pytest

from lib.ddi import FEEDBACK, contents, every_get, exchange, expect, request_bytes, status_of

HAL, JSON = "application/hal+json", "application/json"
CBOR = "application/cbor"
BODIES = [("PUT", "/configData", {"data": {"a": "b"}}), ("POST", "/deploymentBase/1/feedback", FEEDBACK),
          ("POST", "/cancelAction/1/feedback", FEEDBACK)]
SECURITY = {"X-Content-Type-Options": "nosniff", "X-XSS-Protection": "0", "X-Frame-Options": "DENY"}
UNCACHED = {"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", "Pragma": "no-cache", "Expires": "0"}
CANCEL = "/cancelAction/1"


@pytest.fixture
def finished(begun):
    """Action 1 is closed: everything but cancelAction answers GET."""
    expect(200, begun.feedback(1, "closed", "success"))
    return begun


def error_page(reply):
    assert reply.json.keys() >= {"timestamp", "status", "error"}
    assert reply.json["status"] == reply.status
    return reply.json["error"]


# ---- Accept and Content-Type ----

TYPES = [  # Accept, Content-Type of the answer
    (None, HAL), ("*/*", HAL), (HAL, HAL), ("application/*", HAL), ("text/html,*/*;q=0.1", HAL), (JSON, JSON),
    ("application/json;charset=UTF-8", JSON), ("application/json; charset=utf-8", JSON), ("Application/JSON", JSON),
    ("text/html, application/json;q=0.9", JSON),
]


def test_answer_is_what_the_client_accepts(finished):
    for accept, type in TYPES:
        for path in every_get():
            reply = finished.get(path, **({"Accept": accept} if accept else {}))
            assert expect(200, reply).headers["Content-Type"].split(";")[0] == type, accept


def test_nothing_that_the_client_accepts(finished, database):
    before = contents(database)
    for accept in ("application/atom+xml", "text/plain", CBOR, "text/*", "application/jsonx", "json"):
        for path in every_get():
            assert error_page(expect(406, finished.get(path, Accept=accept))) == "Not Acceptable"
        for method, path, body in BODIES:
            expect(406, finished.request(method, path, json=body, headers={"Accept": accept}))
    assert contents(database) == before


def test_artifact_is_sent_whatever_the_client_accepts(begun):
    for accept in ("application/octet-stream", "text/plain", "application/atom+xml"):
        reply = begun.get("/softwaremodules/1/artifacts/image-1.1.0.swu", Accept=accept)
        assert expect(200, reply).headers["Content-Type"] == "application/octet-stream"


def test_body_of_another_type(begun, pull, database):
    pull()
    begun.poll()
    before = contents(database)
    for type in (HAL, "application/atom+xml", CBOR, "text/plain", "application/x-www-form-urlencoded",
                 "application/jsonx", "", None):
        for method, path, body in BODIES:
            request = request_bytes(begun, method, path, json.dumps(body).encode(), Content_Type=type)
            if type is None:
                request = request.replace(b"Content-Type: None\r\n", b"")
            assert status_of(exchange(begun.gateway, request)) == 415, type
    assert contents(database) == before


def test_body_of_the_right_type(begun):
    for type in (JSON, "application/json;charset=UTF-8", "application/json; charset=utf-8", "APPLICATION/JSON"):
        expect(200, begun.request("PUT", "/configData", data='{"data":{"a":"b"}}', headers={"Content-Type": type}))


def test_content_type_of_a_get_does_not_matter(begun):
    """SWUpdate sends one with every request."""
    assert begun.get(Content_Type="application/octet-stream").status == 200


# ---- ETag ----

def test_unchanged(finished):
    for path in every_get()[:3]:
        first = expect(200, finished.get(path))
        etag = first.headers["ETag"]
        assert etag == f'"0{hashlib.md5(first.body).hexdigest()}"'
        for known in ("{}", "W/{}", '"x", {}', '"x",W/{} , "y"'):
            reply = finished.get(path, If_None_Match=known.format(etag))
            assert (reply.status, reply.body) == (304, b""), known
            assert reply.headers["ETag"] == etag
            assert not set(UNCACHED) & set(reply.headers)
            assert {name: reply.headers[name] for name in SECURITY} == SECURITY


def test_changed(finished):
    bare = finished.get().headers["ETag"].strip('"')
    for known in ("*", '"x"', bare, "", f'"{bare}'):
        assert finished.get(If_None_Match=known).status == 200, known


def test_poll_is_unchanged_until_something_happens(unit, publish):
    """Also a poll that is answered by 304 is a poll."""
    etag = unit.get().headers["ETag"]
    assert unit.get(If_None_Match=etag).status == 304
    publish("1.1.0", size=5000)
    reply = unit.get(If_None_Match=etag)
    assert expect(200, reply).json["_links"].keys() == {"deploymentBase"}
    assert unit.get(If_None_Match=reply.headers["ETag"]).status == 304
    unit.get("/deploymentBase/1")
    assert unit.get(If_None_Match=reply.headers["ETag"]).status == 200


def test_cancel_action_has_an_etag(begun, pull):
    pull()
    begun.poll()
    etag = expect(200, begun.get(CANCEL)).headers["ETag"]
    assert begun.get(CANCEL, If_None_Match=etag).status == 304


# ---- Methods ----

def test_head_is_get_without_a_body(finished):
    for path in every_get():
        get, head = finished.get(path), finished.request("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert head.headers["Content-Length"] == str(len(get.body))
        assert head.headers["Content-Type"] == get.headers["Content-Type"]


@pytest.mark.parametrize("paths, allowed", [
    ([*every_get(), CANCEL, "/softwaremodules/1/artifacts/x", "/softwaremodules/1/artifacts/x.MD5SUM"],
     {"GET", "HEAD"}),
    (["/configData"], {"PUT"}),
    (["/deploymentBase/1/feedback", CANCEL + "/feedback"], {"POST"}),
])
def test_other_methods(finished, database, paths, allowed):
    before = contents(database)
    for path in paths:
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH"} - allowed:
            reply = finished.request(method, path, **({} if method == "GET" else {"json": FEEDBACK}))
            assert reply.status == 405, (method, path)
            assert allowed <= set(reply.headers["Allow"].replace(" ", "").split(",")) <= allowed | {"OPTIONS"}
            assert error_page(reply) == "Method Not Allowed"
    assert contents(database) == before


NOWHERE = ["/", "/nothing", "/configData/", "/configData/x", "/deploymentBase", "/deploymentBase/",
           "/deploymentBase/1/", "/deploymentBase/1/feedback/x", "/deploymentbase/1", "//deploymentBase/1",
           "/softwaremodules", "/softwaremodules/1", "/softwaremodules/1/artifacts/", "/installedBase/1/feedback",
           "/confirmationBase"]


def test_unknown_path(finished, database):
    before = contents(database)
    for path in NOWHERE:
        for method in ("GET", "POST", "PUT", "DELETE"):
            reply = finished.request(method, path, **({} if method == "GET" else {"json": FEEDBACK}))
            assert reply.headers["Content-Type"] == JSON
            assert error_page(expect(404, reply)) == "Not Found", path
    assert contents(database) == before


# ---- Headers ----

def answers(unit):
    """One of each kind."""
    stranger = type(unit)(unit.gateway, key="wrong")
    return {"poll": unit.get(), "document": unit.get("/deploymentBase/1"), "put": unit.report(),
            "feedback": unit.feedback(1, "proceeding"), "401": stranger.get(), "404": unit.get("/deploymentBase/7"),
            "404 empty": unit.get(CANCEL), "404 path": unit.get("/x"), "405": unit.request("DELETE"),
            "400": unit.get("/deploymentBase/x"), "406": unit.get(Accept="text/html"),
            "415": unit.request("PUT", "/configData", data="{}", headers={"Content-Type": "x"})}


def test_headers_of_every_answer(begun):
    """Zephyr fails on chunked answers; nobody asked for gzip or cookies."""
    for name, reply in answers(begun).items():
        assert reply.headers["Content-Length"] == str(len(reply.body)), name
        for header, value in {**SECURITY, **UNCACHED}.items():
            assert reply.headers[header] == value, name
        assert not {"Transfer-Encoding", "Content-Encoding", "Set-Cookie", "Server"} & set(reply.headers), name
        assert ("Content-Type" in reply.headers) == bool(reply.body), name


def test_gzip_is_never_sent(begun):
    reply = begun.get(Accept_Encoding="gzip, deflate, br")
    assert "Content-Encoding" not in reply.headers
    assert reply.json["config"]


def test_reason_phrase(begun):
    """Zephyr reads it."""
    for method, path, body in (("GET", "", b""), ("POST", "/deploymentBase/1/feedback", json.dumps(FEEDBACK).encode())):
        answer = exchange(begun.gateway, request_bytes(begun, method, path, body))
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
