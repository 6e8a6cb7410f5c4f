"""One HTTP request at a time, with whatever headers and body a test wants to send."""
import http.client
import json as jsonlib
import urllib.parse


class Reply:
    """status, headers (case-insensitive `get`), body (bytes), json (parsed when asked for)."""

    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def json(self):
        return jsonlib.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.headers.get('Content-Type')} {self.body[:500]!r}>"


def request(url, method, path, json=None, data=None, headers=None, timeout=30):
    """A request on a fresh connection. `json` is encoded, `data` (bytes or str) goes as it is."""
    headers = {"Connection": "close", **(headers or {})}
    if json is not None:
        data = jsonlib.dumps(json)
        headers.setdefault("Content-Type", "application/json")
    if isinstance(data, str):
        data = data.encode()
    where = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=timeout)
    try:
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        return Reply(response, response.read())
    finally:
        connection.close()
