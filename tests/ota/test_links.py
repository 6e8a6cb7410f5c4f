"""Signed links: files without credentials, for a time."""
import hashlib
import hmac
import http.client
import time
import urllib.parse

import pytest

from lib.operator import Operator
from lib.ota import Asker
from lib.publish import expect
from lib.releases import Releases

CONTENT = bytes(range(256)) * 100


class Link:
    """A link taken apart; str() puts it together again."""

    def __init__(self, gateway, url):
        assert url.startswith(gateway.url + "/api/v0/artifacts/")
        self.gateway = gateway
        path, query = url.removeprefix(gateway.url).split("?")
        *_, self.project, self.sha256, self.filename = path.split("/")
        self.expires, self.signature = (part.split("=")[1] for part in query.split("&"))

    def __str__(self):
        return (f"/api/v0/artifacts/{self.project}/{self.sha256}/{self.filename}"
                f"?expires={self.expires}&signature={self.signature}")

    def get(self, method="GET", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.gateway.request(method, str(self), headers=headers)

    def change(self, **parts):
        """The same link with other parts."""
        vars(self).update(parts)
        return self

    def sign(self, secret):
        said = f"{self.project}/{self.sha256}/{urllib.parse.unquote(self.filename)}?{self.expires}"
        return self.change(signature=hmac.new(secret.encode(), said.encode(), hashlib.sha256).hexdigest())


@pytest.fixture
def link(gateway, releases):
    """link(): a fresh one to CONTENT, of release 1.1.0."""
    releases.publish("1.1.0", content=CONTENT)
    return lambda: Link(gateway, Asker(gateway).artifact["url"])


@pytest.fixture
def secret(database):
    return database.value("select url_secret from project where slug = 'default'")


def refused(link, says):
    message = expect(403, link.get()).json["error"]["message"]
    assert says in message, message


# ---- What they are good for ----

def test_download_without_credentials(link):
    reply = expect(200, link().get())
    assert reply.body == CONTENT
    assert reply.headers["Content-Disposition"] == "attachment;filename=1.1.0.img"


def test_both_endpoints_give_the_same(gateway, link):
    text = expect(200, Asker(gateway).request("/url"))
    assert text.headers["Content-Type"].startswith("text/plain")
    assert text.headers["Cache-Control"] == "no-store"
    assert expect(200, Link(gateway, text.body.decode()).get()).body == CONTENT


def test_ranges_head_and_etag(link):
    """SWUpdate's delta downloader asks for pieces, and sends no token."""
    part = expect(206, link().get(Range="bytes=100-199"))
    assert part.body == CONTENT[100:200]
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(CONTENT)}"
    assert CONTENT[-10:] == expect(206, link().get(Range="bytes=-10")).body
    expect(416, link().get(Range=f"bytes={len(CONTENT)}-"))
    several = expect(206, link().get(Range="bytes=0-9,100-109"))
    assert several.headers["Content-Type"].startswith("multipart/byteranges")
    head = expect(200, link().get("HEAD"))
    assert (head.body, head.headers["Content-Length"]) == (b"", str(len(CONTENT)))
    etag = head.headers["ETag"]
    assert hashlib.sha1(CONTENT).hexdigest() in etag
    assert expect(200, link().get(Range="bytes=0-9", If_Range='"another"')).body == CONTENT
    assert expect(206, link().get(Range="bytes=0-9", If_Range=etag)).body == CONTENT[:10]


def test_filename_that_needs_encoding(gateway, releases, admin):
    content = releases.create("1.1.0")
    payload, = admin.get("/releases/1.1.0/payloads").json["items"]
    expect(204, admin.delete(f"/releases/1.1.0/payloads/{payload['id']}"))
    expect(201, admin.post("/releases/1.1.0/payloads", {
        "sha256": payload["sha256"], "filename": "größe 1?&;+#%41.img", "hardware_versions": ["board-a"]}))
    releases.activate("1.1.0")
    link = Link(gateway, Asker(gateway).artifact["url"])
    assert urllib.parse.unquote(link.filename) == "größe 1?&;+#%41.img"
    assert expect(200, link.get()).body == content


def test_survives_restart_and_other_workers(gateway, link, start_gateway):
    """The secret is the project's, in the database: any gateway on it takes the link."""
    made = link()
    gateway.restart()
    for _ in range(6):
        expect(200, made.get())
    other = start_gateway(MEWS_STORE_PATH=str(gateway.store))
    assert expect(200, other.request("GET", str(made))).body == CONTENT


def test_pulled_release(link, releases):
    """Nobody gets a new link, but a download that is under way may go on."""
    made = link()
    releases.pull("1.1.0")
    assert expect(200, made.get()).body == CONTENT


@pytest.mark.gateway(MEWS_PUBLIC_URL="https://ota.example.com")
def test_public_url(gateway, releases):
    releases.publish("1.1.0")
    assert Asker(gateway).artifact["url"].startswith("https://ota.example.com/api/v0/artifacts/default/")


# ---- How long ----

@pytest.mark.parametrize("seconds", [21600, pytest.param(60, marks=pytest.mark.gateway(MEWS_URLS_EXPIRY="60"))])
def test_expiry(link, seconds):
    assert abs(int(link().expires) - time.time() - seconds) < 30


def test_expired(link, secret):
    made = link()
    refused(made.change(expires=int(time.time()) - 2).sign(secret), "expired")
    expect(200, made.change(expires=int(time.time()) + 60).sign(secret).get())


@pytest.mark.parametrize("expires", ["", "0", "-1", "1e99", "9" * 30, "0x7fffffff", "4000000000x", "+4000000000"])
def test_signed_nonsense_has_expired(link, secret, expires):
    """Even if somebody got it signed."""
    assert expect(403, link().change(expires=expires).sign(secret).get())


# ---- Altered ----

def test_cannot_be_prolonged(link):
    made = link()
    refused(made.change(expires=int(made.expires) + 1), "not one of ours")


def test_cannot_name_another_file(link, releases):
    other = releases.publish("1.0.1", content=b"another file")
    refused(link().change(sha256=hashlib.sha256(other).hexdigest()), "not one of ours")
    refused(link().change(filename="other.img"), "not one of ours")


def test_cannot_move_to_another_project(gateway, link, admin, database):
    """The same bytes and name lie in the other project, too."""
    expect(201, admin.post("//projects", {"slug": "other"}))
    theirs = Operator(gateway, gateway.admin_token, "other")
    Releases(theirs).publish("1.1.0", content=CONTENT)
    refused(link().change(project="other"), "not one of ours")
    refused(link().change(project="nowhere"), "not one of ours")
    secret = database.value("select url_secret from project where slug = 'other'")
    refused(link().sign(secret), "not one of ours")
    expect(200, link().change(project="other").sign(secret).get())


@pytest.mark.parametrize("alter", [
    lambda signature: "", lambda signature: signature[:-1], lambda signature: signature + "0",
    lambda signature: ("1" if signature[0] == "0" else "0") + signature[1:], lambda signature: signature.upper(),
    lambda signature: 64 * "0", lambda signature: 10000 * "0"],
    ids=["none", "shorter", "longer", "one digit", "upper case", "zeros", "many"])
def test_wrong_signature(link, alter):
    made = link()
    refused(made.change(signature=alter(made.signature)), "not one of ours")


def test_missing_parts(gateway, link):
    path, query = str(link()).split("?")
    for rest in ("", "?" + query.split("&")[0], "?" + query.split("&")[1]):
        expect(403, gateway.request("GET", path + rest))


@pytest.mark.parametrize("path", ["default/x/y", "default/%2e%2e/passwd", "..%2f..%2fetc/x/passwd", "default/%00/x",
                                  "default/%ff/x"])
def test_hostile_paths(gateway, path):
    reply = gateway.request("GET", f"/api/v0/artifacts/{path}?expires=9999999999&signature={64 * '0'}")
    assert reply.status in (400, 403, 404), reply


def test_no_other_methods(gateway, link):
    for method in ("PUT", "POST", "DELETE", "PATCH"):
        expect(405, link().get(method))


# ---- When the file, or all of the project, is gone ----

def test_file_is_no_longer_here(link, secret):
    sha256 = hashlib.sha256(b"never uploaded").hexdigest()
    reply = expect(404, link().change(sha256=sha256).sign(secret).get())
    assert "no longer" in reply.json["error"]["message"]


def test_name_of_the_project_is_given_to_another(gateway, admin, link):
    """Each worker has met the old one, and must not mistake it for the new one."""
    expect(201, admin.post("//projects", {"slug": "short"}))
    mine = Operator(gateway, gateway.admin_token, "short")
    key = expect(201, mine.post("/keys", {})).json["key"]
    Releases(mine).publish("1.1.0", content=CONTENT)
    for _ in range(6):
        expect(200, mine.get("/cohorts/default/matrix"))
    old = Link(gateway, Asker(gateway, key=key).artifact["url"])
    expect(204, mine.delete("/devices/device-1"))
    Releases(mine).pull("1.1.0")
    for _ in range(6):
        expect(200, old.get())
    expect(204, mine.delete("//projects/short"))
    expect(403, old.get())

    expect(201, admin.post("//projects", {"slug": "short"}))
    key = expect(201, mine.post("/keys", {})).json["key"]
    Releases(mine).publish("1.1.0", content=CONTENT)
    new = Link(gateway, Asker(gateway, key=key).artifact["url"])
    for _ in range(6):
        expect(200, new.get())
        expect(403, old.get())
        assert expect(200, mine.get("/cohorts/default/matrix")).json["devices"] == 1
        assert expect(200, mine.get("/devices/device-1/inspect")).json["decision"]["release"] == "1.1.0"


def test_database_is_away(gateway, link, postgres):
    """SWUpdate takes any answer for the last word about a download, but tries again after a cut."""
    made = link()
    postgres.stop()
    with pytest.raises(http.client.RemoteDisconnected):
        made.get()
    postgres.start()
    gateway.wait_ready()
    expect(200, made.get())
