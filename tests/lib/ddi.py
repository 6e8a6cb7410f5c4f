"""A device that a test speaks for, request by request; and what it needs to misbehave."""
import hashlib
import re
import socket
import urllib.parse

from lib.publish import expect

HARDWARE = "demo-board"
FEEDBACK = {"status": {"execution": "proceeding", "result": {"finished": "none"}}}
NOT_READABLE = ("org.eclipse.hawkbit.rest.exception.MessageNotReadableException",
                "hawkbit.server.error.rest.body.notReadable")
NOT_FOUND = ("org.eclipse.hawkbit.repository.exception.EntityNotFoundException",
             "hawkbit.server.error.repo.entityNotFound")


class Unit:
    """`base` is everything before the device id: mount, tenant, /controller/v1. `key`: another project's; `token`: its own."""

    def __init__(self, gateway, id="device-1", base="/default/controller/v1", key=None, token=None):
        self.gateway, self.id, self.key = gateway, id, key or gateway.project_key
        self.authorization = f"TargetToken {token}" if token else f"GatewayToken {self.key}"
        self.path = f"{base}/{urllib.parse.quote(id, safe='')}"

    def request(self, method, path="", headers=None, **more):
        headers = {"Authorization": self.authorization, **(headers or {})}
        return self.gateway.request(method, self.path + path, headers=headers, **more)

    def get(self, path="", **headers):
        return self.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def follow(self, href, method="GET", **more):
        """Whatever a link leads to, as this device."""
        path = href.removeprefix(self.gateway.url)
        assert path.startswith(self.path), href
        return self.request(method, path.removeprefix(self.path), **more)

    # ---- The usual requests, which have to succeed ----

    def poll(self):
        return expect(200, self.get()).json

    def links(self):
        """{"deploymentBase": href, ...} of a poll."""
        return {name: link["href"] for name, link in self.poll().get("_links", {}).items()}

    def report(self, version="1.0.0", hardware=HARDWARE, **attributes):
        data = {"current_version": version, "hardware_version": hardware, "software_type": "main", **attributes}
        return expect(200, self.request("PUT", "/configData", json={"data": data}))

    def offered(self):
        """The action id that a poll offers."""
        return re.fullmatch(r".*/deploymentBase/(\d+)\?c=-?\d+", self.links()["deploymentBase"])[1]

    def begin(self):
        """Take the offer up, as a client does that reads it and starts to download; its id."""
        n = self.offered()
        chunk, = expect(200, self.get(f"/deploymentBase/{n}")).json["deployment"]["chunks"]
        expect(200, self.follow(chunk["artifacts"][0]["_links"]["download-http"]["href"]))
        return n

    # ---- Requests whose answer the test looks at ----

    def feedback(self, n, execution, finished="none", details=(), resource="deploymentBase", **status):
        status = {"execution": execution, "result": {"finished": finished}, "details": details, **status}
        return self.request("POST", f"/{resource}/{n}/feedback", json={"id": n, "status": status})

    def cancel_feedback(self, n, execution, finished="none", **more):
        return self.feedback(n, execution, finished, resource="cancelAction", **more)

    @property
    def deployment(self):
        """Its newest deployment, as the API has it."""
        return self.gateway.deployments(self.id)[-1]

    @property
    def state(self):
        return self.deployment["state"]


def problem(reply):
    """(exceptionClass, errorCode) of hawkBit's error document, which has nothing but a message beside."""
    assert set(reply.json) == {"exceptionClass", "errorCode", "message"}, reply
    assert reply.json["message"]
    return reply.json["exceptionClass"], reply.json["errorCode"]


def is_empty(reply):
    return reply.body == b"" and reply.headers["Content-Length"] == "0" and "Content-Type" not in reply.headers


HOUSEKEEPING = {"fleet", "fleet_change", "deployment_count", "deployment_change", "deployment_hour"}  # their sums are in views


def contents(database):
    """A fingerprint of everything that is stored: the same as long as nothing was written."""
    tables = {name for name, in database("select relname from pg_class where relnamespace = 'public'::regnamespace "
                                         "and relkind in ('r', 'v')")} - HOUSEKEEPING
    return {name: hashlib.sha256(repr(database(f"select t::text from {name} t order by 1")).encode()).hexdigest()
            for name in sorted(tables)}


def request_bytes(unit, method, path="", body=b"", close=True, **headers):
    """A whole request as it goes over the wire."""
    headers = {"Host": f"127.0.0.1:{unit.gateway.port}", "Authorization": f"GatewayToken {unit.key}",
               **({"Content-Type": "application/json", "Content-Length": len(body)} if body else {}),
               **{name.replace("_", "-"): value for name, value in headers.items()},
               **({"Connection": "close"} if close else {})}
    lines = [f"{method} {unit.path + path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def exchange(gateway, data, timeout=10):
    """Send bytes; what comes back until the gateway closes the connection, which it may do early."""
    received = b""
    with connect(gateway, timeout) as client:
        try:
            client.sendall(data)
            while more := client.recv(1 << 16):
                received += more
        except (ConnectionResetError, BrokenPipeError):
            pass
    return received


def connect(gateway, timeout=10):
    return socket.create_connection(("127.0.0.1", gateway.port), timeout=timeout)


def status_of(answer):
    """The status of a raw answer; None: there is none."""
    match = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return match and int(match[1])


def every_get(n=1, payload=1):
    """Paths below a device that answer GET with JSON, once `n` was offered and finished."""
    return ["", f"/deploymentBase/{n}", f"/installedBase/{n}", f"/softwaremodules/{payload}/artifacts"]


