"""Projects and their keys."""
import pytest

from lib.operator import Operator, expect

SETTINGS = {"version_scheme": "natural", "allow_build_metadata": False, "polling_interval": 300, "retry_attempts": 3,
            "retry_backoff": 900, "deployment_timeout": 86400, "trust_feedback": False, "targeting_attributes": [],
            "signers": []}


def test_create_and_get(admin):
    created = expect(201, admin.post("//projects", {"slug": "cameras", "name": "Cameras", "retry_attempts": 5}))
    assert created.json.items() >= {**SETTINGS, "slug": "cameras", "name": "Cameras", "retry_attempts": 5,
                                    "devices": 0}.items()
    got = expect(200, admin.get("//projects/cameras"))
    assert got.json == created.json
    assert got.headers["ETag"] == created.headers["ETag"]
    cohorts = admin.items("//projects/cameras/cohorts")
    assert [(each["slug"], each["default"]) for each in cohorts] == [("default", True)]


def test_slug_is_taken(admin):
    expect(409, admin.post("//projects", {"slug": "default"}), "/slug")


@pytest.mark.parametrize("body, pointer", [
    ({}, "/slug"), ({"slug": "A"}, "/slug"), ({"slug": ""}, "/slug"), ({"slug": "-a"}, "/slug"), ({"slug": 1}, "/slug"),
    ({"slug": "a" * 41}, "/slug"), ({"slug": "a", "polling_interval": 0}, "/polling_interval"),
    ({"slug": "a", "polling_interval": None}, "/polling_interval"), ({"slug": "a", "colour": "red"}, "/colour"),
    ({"slug": "a", "version_scheme": "roman"}, "/version_scheme"), ({"slug": "a", "name": "two\nlines"}, "/name"),
    ({"slug": "a", "software_version_attributes": []}, "/software_version_attributes"),
    ({"slug": "a", "targeting_attributes": ["x", "x"]}, "/targeting_attributes/1"),
    ({"slug": "a", "signers": ["no certificate"]}, "/signers/0"), ({"slug": "a", "a~/b": 1}, "/a~0~1b"),
])
def test_what_is_wrong_is_named(admin, body, pointer):
    expect(400, admin.post("//projects", body), pointer)


def test_change(admin, signer):
    pem = signer.certificate.read_text()
    reply = expect(200, admin.patch("", {"name": "Doors", "signers": [pem], "targeting_attributes": ["region"]}))
    assert reply.json.items() >= {"name": "Doors", "signers": [pem], "targeting_attributes": ["region"]}.items()
    again = expect(200, admin.patch("", {"name": "Doors"}))
    assert again.headers["ETag"] == reply.headers["ETag"], "nothing changed"
    (last,) = admin.get("//audit?limit=1").json["items"]
    assert (last["action"], last["object"]) == ("project.change", "project default")
    assert (last["before"]["name"], last["after"]["name"]) == ("Default", "Doors")


def test_a_lost_race_is_refused(admin):
    etag = admin.get("").headers["ETag"]
    expect(200, admin.patch("", {"name": "mine"}, headers={"If-Match": etag}))
    expect(412, admin.patch("", {"name": "theirs"}, headers={"If-Match": etag}))
    assert admin.get("").json["name"] == "mine"
    expect(200, admin.patch("", {"name": "whatever"}, headers={"If-Match": "*"}))


def test_the_scheme_is_chosen_before_the_first_release(admin):
    expect(200, admin.patch("", {"version_scheme": "semver", "allow_build_metadata": True}))
    expect(201, admin.post("/releases", {"version": "1.0.0+build"}))
    expect(409, admin.patch("", {"version_scheme": "natural"}), "/version_scheme", "1.0.0+build")
    expect(409, admin.patch("", {"allow_build_metadata": False}), "/allow_build_metadata", "1.0.0+build")


def test_delete(admin, fleet):
    expect(201, admin.post("//projects", {"slug": "old"}))
    expect(204, admin.delete("//projects/old"))
    expect(404, admin.get("//projects/old"))
    fleet(1)
    expect(409, admin.delete(""), says="devices")


def test_list_has_pages(admin):
    for number in range(5):
        expect(201, admin.post("//projects", {"slug": f"p{number}"}))
    slugs = [each["slug"] for each in admin.items("//projects?limit=2")]
    assert slugs == ["default", "p0", "p1", "p2", "p3", "p4"]


# ---- Keys ----

def test_a_key_is_shown_once_and_opens_the_project(admin, gateway):
    made = expect(201, admin.post("/keys", {"name": "line 2"})).json
    assert made["key"].startswith(made["prefix"]) and made["revoked_at"] is None and made["cohort"] is None
    poll = {"Authorization": f"GatewayToken {made['key']}"}
    assert gateway.ddi("GET", "/device-1", headers=poll).status == 200
    listed = admin.items("/keys")
    assert listed[0] == {name: value for name, value in made.items() if name != "key"}
    assert made["key"] not in str(listed)

    revoked = expect(200, admin.post(f"/keys/{made['id']}/revoke")).json
    assert revoked["revoked_at"]
    assert gateway.ddi("GET", "/device-1", headers=poll).status == 401
    assert expect(200, admin.post(f"/keys/{made['id']}/revoke")).json == revoked


def test_change_of_a_key(admin, gateway, releases):
    expect(201, admin.post("/cohorts", {"slug": "beta"}))
    releases.publish("1.1.0", cohort="beta")
    made = expect(201, admin.post("/keys", {"name": "line 1"})).json
    path = f"/keys/{made['id']}"

    def asks():
        device = {"Memfault-Project-Key": made["key"]}
        query = "device_serial=cam-1&hardware_version=board-a&software_type=main&current_version=1.0.0"
        return gateway.request("GET", f"/api/v0/releases/latest?{query}", headers=device).status

    assert asks() == 204
    got = expect(200, admin.get(path))
    assert got.json.items() >= {"id": made["id"], "name": "line 1", "cohort": None}.items() and "key" not in got.json
    changed = expect(200, admin.patch(path, {"name": "line 2", "cohort": "beta"}, headers={"If-Match": got.headers["ETag"]}))
    assert changed.json == {**got.json, "name": "line 2", "cohort": "beta"}
    assert changed.headers["ETag"] == admin.get(path).headers["ETag"]
    expect(412, admin.patch(path, {"name": "line 3"}, headers={"If-Match": got.headers["ETag"]}))
    assert asks() == 200
    assert expect(200, admin.patch(path, {"cohort": None})).json["cohort"] is None
    assert asks() == 204
    expect(200, admin.patch(path, {"cohort": None}))
    assert [each["after"]["cohort"] for each in admin.items("//audit?action=key.change")] == [None, "beta"]
    expect(422, admin.patch(path, {"cohort": "nowhere"}), "/cohort")
    expect(404, admin.patch("/keys/999", {"name": "x"}))
    expect(404, admin.get("/keys/x"))


def test_keys_are_not_stored(admin, database):
    key = admin.post("/keys", {}, headers={"Idempotency-Key": "once"}).json["key"]
    for (table,) in database("select tablename from pg_tables where schemaname = 'public'"):
        assert not database(f"select x from {table} x where x::text like %s", f"%{key}%"), table


def test_a_repeated_creation_is_one(admin):
    once = {"Idempotency-Key": "a1"}
    first = expect(201, admin.post("/keys", {"name": "one"}, headers=once))
    second = expect(201, admin.post("/keys", {"name": "one"}, headers=once))
    assert second.json == {**first.json, "key": None}
    assert second.headers["Idempotent-Replayed"] == "true" and "Idempotent-Replayed" not in first.headers
    assert len(admin.items("/keys")) == 2  # with the one of --init
    expect(422, admin.post("/keys", {"name": "other"}, headers=once), "Idempotency-Key")
    expect(201, admin.post("/keys", {}, headers={"Idempotency-Key": ("ü" * 100).encode()}))
    for bad in ("x" * 101, ("ü" * 101).encode(), b"\xff", ""):
        expect(400, admin.post("/keys", {}, headers={"Idempotency-Key": bad}), "Idempotency-Key")


def test_a_key_is_harmless_where_nothing_is_kept(admin):
    """Clients may send one with each POST."""
    once = {"Idempotency-Key": "w"}
    expect(200, admin.post("/cohorts/default/what-if", {"changes": [{"staged_percent": 1}]}, headers=once))
    expect(401, admin.post("//login", {"email": "a@b", "password": "x"}, headers=once))


def test_a_failed_creation_can_be_repeated(admin):
    once = {"Idempotency-Key": "a2"}
    expect(422, admin.post("/keys", {"cohort": "beta"}, headers=once), "/cohort")
    expect(201, admin.post("/cohorts", {"slug": "beta"}))
    assert expect(201, admin.post("/keys", {"cohort": "beta"}, headers=once)).json["cohort"] == "beta"


def test_old_answers_are_forgotten(admin, database):
    expect(201, admin.post("/keys", {}, headers={"Idempotency-Key": "old"}))
    database("update idempotency set created_at = now() - interval '25 hours'")
    expect(201, admin.post("/keys", {}, headers={"Idempotency-Key": "new"}))
    assert database("select key from idempotency") == [("new",)]


def test_unknown_things(admin, gateway):
    expect(404, admin.get("//projects/nowhere"), says="no such project")
    expect(404, admin.get("//projects/nowhere/keys"))
    expect(404, admin.post("/keys/999/revoke"))
    expect(404, admin.post("/keys/x/revoke"))
    expect(401, Operator(gateway, "wrong").get("/keys"))


def test_unknown_parameters_are_refused(admin):
    expect(400, admin.get("/keys?colour=red"), "colour")
    expect(400, admin.get("/keys?limit=0"), "limit")
    expect(400, admin.get("/keys?limit=1001"), "limit")
    expect(400, admin.get("/keys?cursor=rubbish"), "cursor")
    expect(400, admin.get("/keys?%zz=1"))
    expect(400, admin.get("/keys?limit=1&limit=2"), "limit", "more than once")
    expect(400, admin.get("/keys?limit=1&%6cimit=1"), "limit")


@pytest.mark.parametrize("kind, status", [
    ("application/json", 201), ("Application/JSON; charset=utf-8", 201), ("application/json ;x", 201),
    ("application/x-www-form-urlencoded", 415), ("text/plain", 415), ("application/jsonp", 415), ("", 415),
    ("multipart/form-data; boundary=application/json", 415)])
def test_json_is_called_json(admin, kind, status):
    """What another site's form can send is none; what people type with curl is told what to do."""
    reply = admin.call("POST", "/keys", data=b'{"name": "x"}', headers={"Content-Type": kind} if kind else {})
    expect(status, reply, "Content-Type" if status == 415 else None, "application/json" if status == 415 else None)


def test_no_login_by_a_form(gateway):
    reply = gateway.request("POST", "/api/v1/login", data=b'{"email": "anna@example.com", "password": "x"}',
                            headers={"Content-Type": "text/plain"})
    expect(415, reply, "Content-Type")
    assert "Set-Cookie" not in reply.headers


def test_nul_in_a_text(admin):
    reply = admin.call("POST", "/keys", data=b'{"name": "a\\u0000b"}', headers={"Content-Type": "application/json"})
    expect(400, reply, says="U+0000")
    assert "JSON_" not in reply.json["detail"]


def test_each_answer_about_a_key_has_its_etag(admin):
    created = expect(201, admin.post("/keys", {"name": "A"}))
    path = f"/keys/{created.json['id']}"
    changed = expect(200, admin.patch(path, {"name": "B"}, headers={"If-Match": created.headers["ETag"]}))
    expect(412, admin.patch(path, {"name": "C"}, headers={"If-Match": created.headers["ETag"]}))
    revoked = expect(200, admin.post(f"{path}/revoke"))
    assert created.headers["ETag"] != changed.headers["ETag"] != revoked.headers["ETag"] == admin.get(path).headers["ETag"]
    assert expect(200, admin.post(f"{path}/revoke")).headers["ETag"] == revoked.headers["ETag"]
