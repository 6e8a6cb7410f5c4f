"""The OpenAPI document against the running server: every endpoint, every role, any request."""
import json
import re
import urllib.parse

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.operator import Operator, expect
from lib.schema import problems
from lib.store import digests

ROLES = ["anyone", "signed_in", "reader", "member", "manager", "admin"]


@pytest.fixture
def document(gateway):
    return expect(200, gateway.request("GET", "/api/v1/openapi.json")).json


def operations(document):
    """(method, path, operation) of each."""
    return [(method, path, operation) for path, methods in document["paths"].items()
            for method, operation in methods.items()]


def fill(path, **values):
    return re.sub(r"{(\w+)}", lambda match: urllib.parse.quote(values.get(match[1], "nothing"), safe=""), path)


# ---- The document ----

def test_document(document):
    assert document["openapi"] == "3.1.0"
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) > 60
    used = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert used == set(document["components"]["schemas"])
    for method, path, operation in operations(document):
        named = re.findall(r"{(\w+)}", path)
        declared = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
        assert declared == named, path
        assert operation["summary"] and operation["x-role"] in ROLES
        assert all(each["description"] for each in operation["parameters"]), path
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body:
            assert not problems(body["example"], body["schema"], document), path
            assert all(member["description"] and member["examples"] for member in body["schema"]["properties"].values())


def test_methods_are_those_of_the_server(document, admin):
    """In both directions: what is documented is there, what is not is refused."""
    for path in document["paths"]:
        url = fill(path)  # may fit several: devices/move is also devices/{device}
        documented = {method for each, methods in document["paths"].items()
                      if re.fullmatch(re.sub(r"{\w+}", "[^/]+", each), url) for method in methods}
        other = "PUT" if "put" not in documented else "PATCH"
        reply = admin.call(other, "/" + url)
        assert reply.status == 405, (other, path, reply)
        allowed = {name.strip().lower() for name in reply.headers["Allow"].split(",")}
        assert allowed - {"head"} == documented - {"head"}, path


def test_if_match_is_documented_where_it_works(document, admin, gateway):
    """Whoever sends it relies on it: it is compared, or refused, never ignored."""
    some_data(admin, gateway)
    known = {"project": "default", "cohort": "beta", "release": "1.0.0", "device": "cam-0001", "n": "1",
             "user": "anna@example.com", "key": "1", "artifact": digests(b"a")["sha256"]}
    for method, path, operation in operations(document):
        if method in ("get", "head", "options"):
            continue
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        reply = admin.call(method.upper(), "/" + fill(path, **known), body, headers={"If-Match": '"never"'})
        documented = "If-Match" in [each["name"] for each in operation["parameters"]]
        expect(412 if documented else 400, reply, "If-Match")
        assert ("412" in operation["responses"]) >= documented
    assert expect(200, admin.get("/devices/cam-0001")).json["cohort"] == "default"
    expect(400, admin.delete("/devices/cam-0001", headers={"If-Match": b'"\xff"'}), "If-Match", "UTF-8")


def test_docs_need_nothing_from_elsewhere(gateway):
    page = expect(200, gateway.request("GET", "/api/v1/docs"))
    text = page.body.decode()
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"(?:https?:)?//[\w.]+\.\w+|<link|<img|@import|src=", text)
    assert "innerHTML" not in text and 'fetch("openapi.json")' in text


# ---- Every endpoint for every role ----

@pytest.fixture
def caller(admin, gateway):
    """caller("member"): with a token of this role in project default. signed_in: in another one."""
    def make(role):
        if role == "admin":
            return admin
        expect(201, admin.post("//projects", {"slug": "elsewhere"}))
        token = {"name": role, "role": "manager" if role == "signed_in" else role, "may_change_protected": True,
                 "projects": ["elsewhere" if role == "signed_in" else "default"]}
        return Operator(gateway, expect(201, admin.post("//tokens", token)).json["token"])
    return make


@pytest.mark.parametrize("role", ROLES)
def test_role(document, gateway, caller, role):
    operator = Operator(gateway, "wrong") if role == "anyone" else caller(role)
    reached = 0
    for method, path, operation in operations(document):
        query = f"?project={'elsewhere' if role == 'signed_in' else 'default'}" if path.startswith("/audit") else ""
        if path == "/audit/verify":
            query = ""
        if operation["operationId"] == "logout" and role != "anyone":
            continue  # ends the token
        reply = operator.call(method.upper(), "/" + fill(path, project="default") + query, headers={"If-Match": '"never"'})
        allowed = ROLES.index(role) >= ROLES.index(operation["x-role"])
        reached += allowed
        if allowed:
            assert reply.status not in (401, 403, 500, 503), (method, path, reply)
        else:
            assert reply.status == (401 if role == "anyone" else 403), (method, path, reply)
        assert str(reply.status) in operation["responses"], (method, path, reply)
        if operation["operationId"] not in UNTOUCHED:
            check_headers(operation["responses"][str(reply.status)], reply)
    assert reached == sum(ROLES.index(role) >= ROLES.index(each["x-role"]) for _, _, each in operations(document)) - (
        role != "anyone")
    expect(200, Operator(gateway, gateway.admin_token).get(""))  # the project has survived


# ---- Any request ----

TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=30)
KNOWN = st.sampled_from(["default", "beta", "1.0.0", "0.9.0..1.0.0", "cam-0001", "1", "2", "anna@example.com", "a.swu",
                         "x" * 300, "%", "..", "%2e%2e%2f", "-1", "999999999999999999999", "null", "é\u202e"])
ANY_JSON = st.recursive(st.none() | st.booleans() | st.integers(-2**70, 2**70) | st.floats(allow_nan=False, allow_infinity=False)
                        | TEXT, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
                        max_leaves=6)


def of_schema(schema):
    """Values that mostly fit."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return st.none() | of_schema({**schema, "type": kind[0]})
    if kind == "integer":
        low, high = schema.get("minimum", -5), schema.get("maximum", 5)
        return st.integers(low, high) | st.sampled_from([low - 1, high + 1])
    if kind == "boolean":
        return st.booleans()
    if kind == "array":
        return st.lists(of_schema(schema["items"]), max_size=3)
    if kind == "object":
        return st.dictionaries(TEXT, KNOWN | TEXT, max_size=3)
    if schema.get("format") == "date-time":
        return st.datetimes().map(lambda time: time.isoformat() + "Z")
    return st.sampled_from(schema.get("examples", ["default"])) | KNOWN | TEXT


def body_of(operation):
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return st.just(b"") | st.binary(max_size=20)
    properties = content["application/json"]["schema"]["properties"]
    fits = st.fixed_dictionaries({}, optional={name: of_schema(schema) | ANY_JSON for name, schema in properties.items()})
    example = st.just(content["application/json"]["example"])
    good = st.tuples(example, fits, st.booleans()).map(lambda three: {**three[0], **(three[1] if three[2] else {})})
    broken = st.binary(max_size=20) | ANY_JSON.map(encode)
    return good.map(encode) | fits.map(encode) | broken


def encode(value):
    return json.dumps(value).encode()


def query_of(operation):
    parameters = {each["name"]: of_schema(each["schema"]) for each in operation["parameters"] if each["in"] == "query"}
    return st.fixed_dictionaries({}, optional={**parameters, "odd": TEXT}).map(
        lambda query: urllib.parse.urlencode({name: str(value) for name, value in query.items()}))


def headers_of(operation):
    good = {each["name"]: st.sampled_from(each["schema"].get("examples", ['"1"', "x"]))
            for each in operation["parameters"] if each["in"] == "header"}
    return st.fixed_dictionaries({}, optional=good)


GENERAL = {"accept-ranges", "cache-control", "connection", "content-disposition", "content-length", "content-type", "date",
           "last-modified", "x-content-type-options", "x-request-id"}


def check_headers(documented, reply):
    """In both directions: all that must be there, and nothing that is not in the document."""
    headers = {name.lower(): header for name, header in documented.get("headers", {}).items()}
    sent = {name.lower() for name in reply.headers}
    assert {name for name, header in headers.items() if header["required"]} <= sent <= GENERAL | set(headers), reply.headers.items()


def check_answer(operation, document, reply):
    documented = operation["responses"].get(str(reply.status))
    assert documented, f"undocumented: {reply}"
    check_headers(documented, reply)
    content = documented.get("content", {})
    if not content:
        assert reply.body == b"", reply
        return
    kind = reply.headers["Content-Type"].split(";")[0]
    assert kind in content, reply
    if kind.endswith("json") and reply.body:
        assert problems(reply.json, content[kind]["schema"], document) == [], reply


def some_data(admin, gateway):
    """So that requests find something now and then."""
    admin.post("/cohorts", {"slug": "beta", "protected": False})
    admin.post("/devices", {"id": "cam-0001"})
    admin.post("//users", {"email": "anna@example.com"})
    sha256 = admin.call("PUT", "/artifacts/a.swu", data=b"a").json["sha256"]
    admin.post("/releases", {"version": "1.0.0"})
    admin.post("/releases/1.0.0/payloads", {"sha256": sha256, "hardware_versions": ["board-a"]})
    admin.post("/activations", {"release": "1.0.0", "cohort": "default"})
    gateway.ddi("GET", "/cam-0001")
    gateway.ddi("PUT", "/cam-0001/configData", json={"mode": "merge", "data": {
        "current_version": "0.9.0", "hardware_version": "board-a"}})
    gateway.ddi("GET", "/cam-0001")


UNTOUCHED = {"docs", "openapi", "logout"}


def test_no_answer_contradicts_the_document(document, admin, gateway):
    some_data(admin, gateway)
    expect(201, admin.post("//projects", {"slug": "spare"}))
    choices = [each for each in operations(document) if each[2]["operationId"] not in UNTOUCHED]

    @settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.data())
    def run(data):
        method, path, operation = data.draw(st.sampled_from(choices))
        values = {name: data.draw(KNOWN | TEXT.filter(bool)) for name in re.findall(r"{(\w+)}", path)}
        if "project" in values and method != "delete":
            values["project"] = data.draw(st.sampled_from(["default"] * 9 + ["nothing"]))
        query = data.draw(query_of(operation))
        body = data.draw(body_of(operation)) if "requestBody" in operation else None
        url = "/api/v1" + fill(path, **values) + (f"?{query}" if query else "")
        headers = data.draw(headers_of(operation))
        if body is not None:
            headers["Content-Type"] = next(iter(operation["requestBody"]["content"]))
        reply = admin.call(method.upper(), url, data=body, headers=headers)
        assert reply.status < 500, (method, url, body, reply)
        if reply.status != 404 or reply.body and "request_id" in reply.json:
            check_answer(operation, document, reply)

    run()
