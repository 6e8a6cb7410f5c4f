"""An operator of the API with some credentials: `operator.get("/devices")` is a reply of lib/http.py."""


class Operator:
    """`path` may leave out /api/v1/projects/PROJECT ("/devices"), or only /api/v1 ("//projects")."""

    def __init__(self, gateway, token, project=None):
        self.gateway, self.token = gateway, token
        self.project = project or gateway.project

    def call(self, method, path, json=None, **more):
        if path.startswith("//"):
            path = "/api/v1" + path[1:]
        elif not path.startswith("/api/"):
            path = f"/api/v1/projects/{self.project}{path}"
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self.gateway.request(method, path, json=json, headers=headers, **more)

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, json=None, **more):
        return self.call("POST", path, json, **more)

    def patch(self, path, json, **more):
        return self.call("PATCH", path, json, **more)

    def delete(self, path, **more):
        return self.call("DELETE", path, **more)

    def items(self, path):
        """All items of a list, page by page."""
        items, cursor = [], None
        while True:
            joint = "&" if "?" in path else "?"
            page = expect(200, self.get(path + (f"{joint}cursor={cursor}" if cursor else ""))).json
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items


def expect(status, reply, pointer=None, says=None):
    """The reply, which has this status; an error points at `pointer` and says `says`."""
    assert reply.status == status, reply
    if status >= 400:
        problem = reply.json
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert problem["status"] == status and problem["detail"] and problem["title"] and problem["request_id"]
        assert pointer is None or problem.get("pointer") == pointer, problem
        assert says is None or says in problem["detail"], problem
    return reply
