"""The schema: migrations, the rights of the two database roles, and the first start."""
import contextlib
import hashlib
import json
import re

import psycopg2
import pytest

from lib import gateway as mewsd
from lib.process import spawn


# ---- The schema ----

@pytest.fixture
def run(empty_database, home):
    """mewsd on the empty database, with arguments that make it end or, without any, expected to end by itself."""
    def run(*arguments, **settings):
        settings = {"MEWS_DATABASE_OWNER_URL": empty_database.conninfo, **settings}
        return mewsd.run(*arguments, env=mewsd.environment(empty_database.url, home / "store", **settings))
    return run


def records(database):
    return database("select kind, name, checksum, applied_at from schema_migration order by kind, name")


def check_refused(result, text):
    assert result.returncode == 3, result
    assert text in result.stderr, result.stderr


def test_migrate_twice(run, empty_database):
    assert run("--migrate").returncode == 0
    before = records(empty_database)
    assert {"migration", "function"} == {kind for kind, *_ in before}
    again = run("--migrate")
    assert again.returncode == 0
    assert "schema_applied" not in again.stderr
    assert records(empty_database) == before


def test_migrate_at_once(empty_database, home):
    env = mewsd.environment(empty_database.url, home / "store", MEWS_DATABASE_OWNER_URL=empty_database.conninfo)
    with open(home / "log", "w") as log:
        started = [spawn([*mewsd.WRAPPER, mewsd.MEWSD, "--migrate"], env=env, stdout=log, stderr=log) for _ in range(4)]
        assert [each.wait(60) for each in started] == [0] * 4
    applied = re.findall(r"event=schema_applied kind=migration name=(\S+)", (home / "log").read_text())
    assert sorted(applied) == [name for kind, name, *_ in records(empty_database) if kind == "migration"]


def test_a_migration_that_fails_leaves_nothing(run, empty_database):
    empty_database("create table upload (in_the_way int)")
    failed = run("--migrate")
    assert failed.returncode == 1
    assert "0002_uploads" in failed.stderr and "already exists" in failed.stderr
    assert [name for _, name, *_ in records(empty_database)] == ["0001_foundation"]
    empty_database("drop table upload")
    assert run("--migrate").returncode == 0


@pytest.mark.parametrize("change, text", [
    ("update schema_migration set checksum = repeat('0', 64) where name = '0001_foundation'",
     "0001_foundation is not the one that the database was made with"),
    ("insert into schema_migration (kind, name, checksum) values ('migration', '9999_later', repeat('0', 64))",
     "this mewsd is older")])
def test_migrations_that_are_not_ours(run, empty_database, change, text):
    assert run("--migrate").returncode == 0
    empty_database(change)
    empty_database("update schema_migration set checksum = repeat('0', 64) where kind = 'function'")
    before = records(empty_database)
    check_refused(run("--migrate"), text)
    check_refused(run(), text)
    assert records(empty_database) == before


@pytest.mark.parametrize("change", [
    "update schema_migration set checksum = repeat('0', 64) where name = 'device'",
    "delete from schema_migration where name = 'device'",
    "insert into schema_migration (kind, name, checksum) values ('function', 'old', repeat('0', 64))",
    "drop schema public cascade; create schema public"])
def test_a_schema_that_has_to_be_migrated(run, empty_database, change):
    assert run("--migrate").returncode == 0
    empty_database(change)
    check_refused(run(), "run mewsd --migrate")
    assert run("--migrate").returncode == 0
    functions = {name for kind, name, *_ in records(empty_database) if kind == "function"}
    assert "device" in functions and "old" not in functions
    assert "schema_applied" not in run("--migrate").stderr


def test_a_statement_that_does_not_prepare(run, empty_database):
    assert run("--migrate").returncode == 0
    empty_database("alter table upload rename column metadata to other")
    result = run()
    check_refused(result, "schema/queries/upload_")
    assert "metadata" in result.stderr


def test_the_daemons_role_has_no_more_rights_than_it_needs(run, empty_database):
    assert "audit_not_protected" not in run("--migrate").stderr
    tables = {(table, right) for table, right in empty_database(
        "select table_name::text, privilege_type::text from information_schema.table_privileges where grantee = 'mewsd'")}
    for table in ("audit", "audit_head", "schema_migration"):
        assert {right for name, right in tables if name == table} == {"SELECT"}
    assert {right for name, right in tables if name == "device"} == {"SELECT", "INSERT", "UPDATE", "DELETE"}


def test_one_role_for_everything_is_warned_of(run, empty_database):
    result = run("--migrate", MEWS_DATABASE_URL=empty_database.conninfo)
    assert result.returncode == 0
    assert "event=audit_not_protected" in result.stderr and "database.owner_url" in result.stderr


@pytest.mark.parametrize("grant", [
    "alter database {name} owner to mewsd", "alter schema public owner to mewsd", "grant create on schema public to public",
    "grant insert on audit to public", "grant update on audit_head to public"])
def test_rights_that_undo_the_protection_are_warned_of(run, empty_database, grant):
    assert run("--migrate").returncode == 0
    empty_database(grant.format(name=empty_database.name))
    assert "event=audit_not_protected" in run("--migrate").stderr


def test_the_two_roles_are_separated_later(run, empty_database, home):
    empty_database("create role mews_single login; create role mews_owner login")
    empty_database(f"alter database {empty_database.name} owner to mews_single")
    url = empty_database.postgres.conninfo(empty_database.name, "mews_single")
    assert run("--init", home / "credentials.json", MEWS_DATABASE_URL=url, MEWS_DATABASE_OWNER_URL="").returncode == 0
    empty_database("reassign owned by mews_single to mews_owner")
    owner = empty_database.postgres.conninfo(empty_database.name, "mews_owner")
    separated = run("--migrate", MEWS_DATABASE_URL=url, MEWS_DATABASE_OWNER_URL=owner)
    assert separated.returncode == 0 and "audit_not_protected" not in separated.stderr


def test_what_another_owner_adds_is_the_daemons_too(run, empty_database):
    """A database of one role, and its migrations are run by an administrator from now on."""
    empty_database(f"create role mews_first login; alter database {empty_database.name} owner to mews_first")
    url = empty_database.postgres.conninfo(empty_database.name, "mews_first")
    assert run("--migrate", MEWS_DATABASE_URL=url, MEWS_DATABASE_OWNER_URL="").returncode == 0
    empty_database("alter table artifact_gone owner to mews")
    empty_database("revoke all on artifact_gone from mews_first")
    assert "audit_not_protected" in run("--migrate", MEWS_DATABASE_URL=url).stderr
    assert empty_database.value("select has_table_privilege('mews_first', 'artifact_gone', 'insert')")
    assert empty_database.value("select has_table_privilege('mews_first', 'audit', 'insert')")  # as audit_add() needs


def test_others_in_the_cluster_append_nothing(run, empty_database):
    """audit_add() has the rights of its owner, who is the daemon here."""
    assert run("--migrate", MEWS_DATABASE_URL=empty_database.conninfo).returncode == 0
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), \
            contextlib.closing(psycopg2.connect(empty_database.url)) as other:
        other.cursor().execute("select audit_add(null, null, 'test', 'entry', null, null)")


def test_the_daemons_role_is_not_there(run, postgres, empty_database):
    result = run("--migrate", MEWS_DATABASE_URL=postgres.conninfo(empty_database.name, "nobody_here"))
    assert result.returncode == 1
    assert "database.url" in result.stderr and "nobody_here" in result.stderr


def test_migrate_without_a_server(run, postgres):
    postgres.stop()
    result = run("--migrate")
    assert result.returncode == 1
    assert "connection to server" in result.stderr
    postgres.start()


# ---- The first start ----

def secrets(path):
    written = json.loads(path.read_text())
    return written["project_key"], written["admin_token"]


def count_secrets(database):
    return database.value("select (select count(*) from project_key) + (select count(*) from api_token)")


def test_init_twice(run, empty_database, home):
    path = home / "credentials.json"
    first = run("--init", path, MEWS_LISTEN="127.0.0.1:8123")
    assert first.returncode == 0, first
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["url"] == "http://127.0.0.1:8123"
    assert json.loads(path.read_text())["project"] == "default"
    for secret in secrets(path):
        assert first.stdout.count(secret) == 1
        assert secret not in first.stderr

    written = path.read_text()
    again = run("--init", path, MEWS_LISTEN="127.0.0.1:8123")
    assert again.returncode == 0
    assert path.read_text() == written
    assert not any(secret in again.stdout for secret in secrets(path))
    assert count_secrets(empty_database) == 2


def test_what_init_logs_is_in_utc(run, empty_database, home):
    empty_database(f"alter database {empty_database.name} set timezone = 'Asia/Tokyo'")
    assert run("--init", home / "credentials.json").returncode == 0
    assert empty_database.value("select bool_and(after ->> 'created_at' like '%%+00:00') from audit")


def test_secrets_are_stored_hashed(run, empty_database, home):
    path = home / "credentials.json"
    assert run("--init", path).returncode == 0
    key, token = secrets(path)
    for table, secret in ("project_key", key), ("api_token", token):
        row = empty_database.value(f"select to_jsonb(t) from {table} t")
        assert row["hash"] == hashlib.sha256(secret.encode()).hexdigest()
        assert row["prefix"] == secret[:6]
        assert secret not in json.dumps(row)


def test_init_refreshes_the_url(run, home):
    path = home / "credentials.json"
    assert run("--init", path).returncode == 0
    before = json.loads(path.read_text())
    assert run("--init", path, MEWS_PUBLIC_URL="https://ota.example.com").returncode == 0
    assert json.loads(path.read_text()) == {**before, "url": "https://ota.example.com"}
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(home.glob("credentials.json*")) == [path]


def test_init_cannot_show_secrets_again(run, empty_database, home):
    path = home / "credentials.json"
    assert run("--init", path).returncode == 0
    path.unlink()
    again = run("--init", path)
    assert again.returncode == 0
    assert "Secrets are stored hashed" in again.stdout and "mews token create" in again.stdout
    assert not path.exists()
    assert count_secrets(empty_database) == 2


def test_init_creates_nothing_that_it_cannot_write_down(run, empty_database, home):
    path = home / "missing" / "credentials.json"
    failed = run("--init", path)
    assert failed.returncode == 1
    assert str(path) in failed.stderr
    assert count_secrets(empty_database) == 0
    path.parent.mkdir()
    assert run("--init", path).returncode == 0
    assert count_secrets(empty_database) == 2
