"""The audit log: complete, filtered, exported, and nobody alters it unnoticed."""
import contextlib
import csv
import io
import json

import psycopg2
import pytest

from lib.operator import Operator, expect


@pytest.fixture
def busy(admin):
    """Ten entries more than the three that an installation begins with."""
    for number in range(5):
        expect(201, admin.post("/cohorts", {"slug": f"c{number}"}))
        expect(200, admin.patch(f"/cohorts/c{number}", {"name": f"C {number}"}))


@pytest.fixture
def tamper(database):
    """tamper("update audit ..."), as somebody does who owns the database."""
    def run(statement):
        database("alter table audit disable trigger audit_append_only")
        database(statement)
        database("alter table audit enable trigger audit_append_only")
    return run


def verify(admin):
    return expect(200, admin.get("//audit/verify")).json


def test_entry(admin, busy):
    entries = admin.items("//audit?limit=3")
    assert [each["id"] for each in entries] == list(range(13, 0, -1))
    newest = entries[0]
    assert newest.items() >= {"actor_kind": "token", "actor": "first", "address": "127.0.0.1", "project": "default",
                              "action": "cohort.change", "object": "cohort c4"}.items()
    assert (newest["before"]["name"], newest["after"]["name"]) == ("", "C 4")
    assert newest["request_id"]


def test_the_gateway_does_things_itself(admin, gateway, publish, database):
    publish("1.1.0", size=5000, hardware=("board-a",))
    gateway.ddi("GET", "/cam-1")
    gateway.ddi("PUT", "/cam-1/configData", json={"mode": "merge", "data": {
        "current_version": "1.0.0", "hardware_version": "board-a"}})
    gateway.ddi("GET", "/cam-1")
    database("update deployment set created_at = created_at - interval '2 days', changed_at = changed_at - interval '2 days'")
    database("select deployments_expire()")
    (entry,) = admin.items("//audit?action=deployment.time_out")
    assert entry.items() >= {"actor_kind": "system", "actor": "mewsd", "object": "device cam-1 deployment 1"}.items()
    assert entry["before"]["state"] == "offered"
    assert entry["after"]["state"] == "timed_out" and verify(admin)["intact"]


def test_the_log_begins_with_the_installation(admin):
    entries = admin.items("//audit")
    assert [(each["action"], each["project"], each["actor"]) for each in entries] == [
        ("token.create", None, "mewsd"), ("key.create", "default", "mewsd"), ("project.create", "default", "mewsd")]
    assert entries[0]["object"] == "token 1" and entries[0]["after"]["role"] == "admin"


def test_refused_changes_leave_nothing(admin):
    expect(409, admin.delete("/cohorts/default"))
    assert len(admin.items("//audit")) == 3


def test_filters(admin, busy):
    entries = admin.items("//audit")
    middle = entries[4]["at"].replace("+00:00", "Z")
    for query, expected in {"project=default": 12, "project=nowhere": 0, "actor=first": 10, "actor=mewsd": 3,
                            "actor_kind=token": 10, "actor_kind=system": 3,
                            "action=cohort.create": 5, "action=cohort": 10, "action=coh": 0, "object=cohort%20c1": 2,
                            "object=cohort%20c1&action=cohort.create": 1, f"since={middle}": 5, f"until={middle}": 8,
                            "since=2100-01-01T00:00:00Z": 0, "until=2000-01-01T00:00:00Z": 0}.items():
        assert len(admin.items(f"//audit?limit=4&{query}")) == expected, query


def test_who_may_read(admin, gateway, busy):
    expect(201, admin.post("//projects", {"slug": "doors"}))
    token = expect(201, admin.post("//tokens", {"name": "r", "role": "reader", "projects": ["doors"]})).json["token"]
    reader = Operator(gateway, token)
    assert len(reader.items("//audit?project=doors")) == 1
    expect(403, reader.get("//audit"), says="?project=")
    expect(403, reader.get("//audit?project=default"))
    expect(403, reader.get("//audit/export?project=default"))
    expect(403, reader.get("//audit/verify"))


def test_a_project_does_not_inherit_the_entries_of_one_that_had_its_slug(admin, gateway):
    expect(201, admin.post("//projects", {"slug": "doors"}))
    expect(200, admin.patch("//projects/doors", {"name": "Secret"}))
    expect(204, admin.delete("//projects/doors"))
    expect(201, admin.post("//projects", {"slug": "doors"}))
    token = expect(201, admin.post("//tokens", {"name": "r", "role": "reader", "projects": ["doors"]})).json["token"]
    reader = Operator(gateway, token)
    assert [each["action"] for each in reader.items("//audit?project=doors")] == ["project.create"]
    assert reader.items("//audit?project=doors&since=2000-01-01T00:00:00Z&until=2100-01-01T00:00:00Z&action=project.delete") == []
    assert reader.get("//audit/export?project=doors").body.count(b"\n") == 1
    assert len(admin.items("//audit?project=doors")) == 4


def test_export(admin, busy):
    entries = admin.items("//audit")
    first = expect(200, admin.get("//audit/export?limit=8"))
    assert first.headers["Content-Type"] == "application/jsonl"
    second = expect(200, admin.get(f"//audit/export?limit=8&cursor={first.headers['X-Next-Cursor']}"))
    assert "X-Next-Cursor" not in second.headers
    assert [json.loads(line) for line in (first.body + second.body).splitlines()] == entries

    expect(200, admin.patch("/cohorts/c1", {"name": '=1+1, "quoted"'}))
    reply = expect(200, admin.get("//audit/export?format=csv"))
    assert reply.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(reply.body.decode(), newline="")))
    assert [row["id"] for row in rows] == [str(number) for number in range(14, 0, -1)]
    assert json.loads(rows[0]["after"])["name"] == '=1+1, "quoted"'
    expect(400, admin.get("//audit/export?format=pdf"), "format")


def test_formulas_stay_text(admin):
    expect(200, admin.patch("", {"name": "x"}, headers={"X-Request-Id": "=cmd"}))
    reply = admin.get("//audit/export?format=csv")
    assert ',"=cmd"' not in reply.body.decode()


# ---- Tampering ----

def test_intact(admin, busy):
    found = verify(admin)
    assert found.items() >= {"intact": True, "checked": 13, "first": None, "next": None}.items()
    assert found["head"]["id"] == 13


@pytest.mark.parametrize("statement, first", [
    ("update audit set actor = 'somebody' where id = 4", 4),
    ("update audit set after = after || '{\"name\": \"x\"}' where id = 4", 4),
    ("update audit set at = at + interval '1 us' where id = 7", 7),
    ("update audit set hash = repeat('0', 64) where id = 7", 7),
    ("delete from audit where id = 1", 1),
    ("delete from audit where id in (5, 8)", 5),
    ("delete from audit where id = 13", 13),
    ("delete from audit where id > 6", 7),
    ("truncate audit", 1),
    ("update audit set id = id + 100 where id = 13", 13),
    ("insert into audit select a.id + 1, a.at, 'user', 'x', '', '', null, 'a', 'o', null, null, a.hash from audit a where id = 13", 14),
    ("alter table audit drop constraint audit_id_from_one; insert into audit select -5, a.at, 'user', 'x', '', '', null, 'a', 'o', "
     "null, null, a.hash from audit a where id = 3", -5),
])
def test_verification_names_the_first_that_was_touched(admin, busy, tamper, statement, first):
    tamper(statement)
    found = verify(admin)
    assert not found["intact"] and found["first"]["id"] == first and found["first"]["problem"]
    assert found["next"] is None and found["checked"] == max(first - 1, 0)


def test_rewriting_one_entry_with_a_fitting_hash(admin, busy, tamper):
    tamper("""update audit a set actor = 'somebody', hash = audit_hash(
                row(a.id, a.at, a.actor_kind, 'somebody', a.address, a.request_id, a.project, a.action, a.object,
                    a.before, a.after, '')::audit, (select hash from audit where id = 3)) where id = 4""")
    assert verify(admin)["first"]["id"] == 5  # the next one does not follow from it


def test_owners_do_it_on_purpose_or_not_at_all(database):
    for statement in ("update audit set actor = ''", "delete from audit", "truncate audit"):
        with pytest.raises(psycopg2.Error, match="append-only"):
            database(statement)


@pytest.fixture
def as_gateway(database):
    """as_gateway(statement...) in one session, with the rights of the gateway's database role."""
    def run(*statements):
        with contextlib.closing(psycopg2.connect(database.url)) as connection, connection:
            for statement in statements:
                connection.cursor().execute(statement)
    return run


@pytest.mark.parametrize("statement", [
    "update audit set actor = ''",
    "delete from audit",
    "truncate audit",
    "insert into audit select a.id + 1, a.at, 'user', 'x', '', '', null, 'a', 'o', null, null, a.hash from audit a where id = 10",
    "update audit_head set hash = '', id = 0",
    "delete from audit_head",
    "alter table audit disable trigger audit_append_only",
    "alter table audit_head add column x int",
    "drop table audit",
    "create or replace function audit_append_only() returns trigger language plpgsql as $$ begin return new; end $$",
    "create or replace function audit_hash(_entry audit, _previous text) returns text language sql as $$ select '' $$",
    "set session_replication_role = replica",
    "set role mews"])
def test_the_gateway_itself_cannot(as_gateway, admin, busy, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        as_gateway(statement)
    assert verify(admin)["intact"]


def test_tables_of_a_session_do_not_stand_in_for_the_log(as_gateway, admin, database, busy):
    """audit_add() has the owner's rights: a trigger of the caller's must not get them."""
    as_gateway("create temporary table audit (like public.audit)",
               "create temporary table audit_head (like public.audit_head)",
               "insert into pg_temp.audit_head values (true, 1, '')",
               "select public.audit_add(null, null, 'test', 'entry', null, null)")
    assert database.value("select object from audit order by id desc limit 1") == "entry"
    assert verify(admin)["intact"]


def test_verification_in_portions(admin, database, tamper):
    database("select count(audit_add(null, 'default', 'test', 'entry ' || n, null, null)) from generate_series(4, 12000) n")
    checked, cursor = [], ""
    while cursor is not None:
        found = expect(200, admin.get("//audit/verify" + (cursor and f"?cursor={cursor}"))).json
        assert found["intact"]
        checked.append(found["checked"])
        cursor = found["next"]
    assert sum(checked) == 12000 and len(checked) > 1
    assert {each["actor_kind"] for each in admin.get("//audit").json["items"]} == {"system"}
