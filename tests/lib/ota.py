"""A device that does not speak hawkBit: it asks for the latest release."""
import urllib.parse

from lib.publish import expect
from lib.releases import BOARD


class Asker:
    """`version` None: it does not know. `key`: another one than the project's first."""

    def __init__(self, gateway, id="device-1", version="1.0.0", hardware=BOARD, software_type="main", key=None):
        self.gateway, self.key = gateway, key or gateway.project_key
        self.params = {"device_serial": id, "hardware_version": hardware, "software_type": software_type,
                       **({} if version is None else {"current_version": version})}

    def request(self, path="", method="GET", params=None, headers=None):
        query = urllib.parse.urlencode(self.params if params is None else params)
        return self.gateway.request(method, f"/api/v0/releases/latest{path}?{query}",
                                    headers={"Memfault-Project-Key": self.key} if headers is None else headers)

    def ask(self):
        """The document; None: there is nothing to install."""
        reply = self.request()
        return None if reply.status == 204 else expect(200, reply).json

    @property
    def artifact(self):
        artifact, = self.ask()["artifacts"]
        return artifact

    @property
    def reason(self):
        return expect(204, self.request()).headers["Memfault-Reason"]

    def runs(self, version):
        """It has installed something."""
        self.params["current_version"] = version
        return self


def answer(asker):
    """(version, SHA-256 of the file) that it gets, or (None, reason)."""
    reply = asker.request()
    if reply.status == 204:
        return None, reply.headers["Memfault-Reason"]
    document = expect(200, reply).json
    return document["version"], document["artifacts"][0]["sha256"]
