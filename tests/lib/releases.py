"""Releases as an operator makes them, in a few words, for tests that look at who gets which."""
import hashlib

from lib.operator import expect

BOARD = "board-a"


class Releases:
    """A release is called VERSION, or FROM..VERSION for a delta."""

    def __init__(self, operator):
        self.operator = operator

    def create(self, name, hardware=(BOARD,), software_type="main", content=None, attributes=None, **more):
        """A release with one payload; `more` goes to the release. What its file holds."""
        from_version, _, version = name.rpartition("..")
        start = {"from": from_version} if from_version else {}
        expect(201, self.operator.post("/releases", {"version": version, **start, **more}))
        return self.add(name, hardware, software_type, content, attributes)

    def add(self, name, hardware=(BOARD,), software_type="main", content=None, attributes=None, **more):
        """One more payload."""
        content = content or f"{name} {software_type} {hardware} {attributes}".encode()
        filename = name.replace("..", "-") + ".img"
        stored = self.operator.call("PUT", f"/artifacts/{filename}", data=content)
        assert stored.status in (200, 201), stored  # 200: the project has it already
        expect(201, self.operator.post(f"/releases/{name}/payloads", {
            "sha256": hashlib.sha256(content).hexdigest(), "filename": filename, "hardware_versions": list(hardware),
            "software_type": software_type, "attributes": attributes or {}, **more}))
        return content

    def activate(self, name, cohort="default", staged=False):
        return expect(201, self.operator.post("/activations", {
            "release": name, "cohort": cohort, "staged": staged})).json["id"]

    def pull(self, name, cohort="default"):
        active = self.operator.items(f"/activations?cohort={cohort}&active=true")
        id, = [each["id"] for each in active if each["release"] == name]
        expect(200, self.operator.post(f"/activations/{id}/pull"))

    def publish(self, name, staged=False, cohort="default", **more):
        """Created and active; what its file holds."""
        content = self.create(name, **more)
        self.activate(name, cohort, staged)
        return content
