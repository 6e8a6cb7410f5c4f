"""Users, tokens, login, the first administrator, the audit log: each command there and back."""
import csv
import io
import json
import os
import pty
import signal
import stat
import subprocess
import termios

import pytest

from lib.gateway import TOP
from lib.mews import ALTERED, CONFLICT, MEWS, NOT_ALLOWED, NOT_FOUND, REFUSED, UNCONFIRMED, USAGE, plain
from lib.wait import wait_until

PASSWORD = "correct horse battery staple"


def user_of(mews, email):
    """The user as the API shows it, or None."""
    return next((user for user in mews("user", "list", "--json").json if user["email"] == email), None)


@pytest.fixture
def ann(mews):
    """A manager of the project `default`."""
    mews("user", "create", "ann@example.com", "--role", "manager", "--name", "Ann", "--password-stdin",
         stdin=PASSWORD + "\n")
    return "ann@example.com"


# ---- Users ----

def test_user_round_trip(mews, ann):
    assert mews("user", "list", "-q").lines == [ann]
    user = user_of(mews, ann)
    assert (user["name"], user["roles"], user["admin"]) == ("Ann", {"default": "manager"}, False)

    mews("project", "create", "toasters")
    mews("user", "set", ann, "role=reader", "--project", "toasters")
    mews("user", "set", ann, "role=member", "name=Ann B.")
    user = user_of(mews, ann)
    assert (user["name"], user["roles"]) == ("Ann B.", {"default": "member", "toasters": "reader"})
    mews("user", "set", ann, "role=none")
    assert user_of(mews, ann)["roles"] == {"toasters": "reader"}
    mews("user", "set", ann, "admin=yes")
    assert user_of(mews, ann)["admin"] is True

    mews("user", "create", ann, "--role", "reader", code=CONFLICT)
    for wrong in ("role=king", "role="):
        assert "role is one of reader, member, manager, none" in mews("user", "set", ann, wrong, code=USAGE).err
    mews("user", "set", ann, "role=admin", code=USAGE)
    mews("user", "set", ann, code=USAGE)
    mews("user", "set", "nobody@example.com", "name=N", code=NOT_FOUND)
    mews("user", "create", "no-address", "--role", "reader", code=REFUSED)
    mews.terminal("user", "delete", ann, code=UNCONFIRMED, dialog=[("delete user ann@example.com? [y/N]", "n\n")])
    assert mews("user", "delete", ann).out == "deleted user ann@example.com\n"
    assert user_of(mews, ann) is None


def test_password_that_is_made_up_works(mews, stranger, gateway):
    ((email, password),) = mews("user", "create", "bob@example.com", "--role", "reader").rows
    assert len(password) == 20
    stranger("login", "--url", gateway.url, "--email", email, stdin=password + "\n")
    assert mews("user", "create", "eve@example.com", "--role", "reader", "--json").json["password"] != password
    assert "shown this once" in mews.terminal("user", "create", "joe@example.com", "--role", "admin").out
    assert user_of(mews, "joe@example.com")["admin"] is True


def test_new_password(mews, stranger, gateway, ann):
    mews("user", "set", ann, "--password-stdin", stdin="another long password\n")
    stranger("login", "--url", gateway.url, "--email", ann, stdin=PASSWORD + "\n", code=NOT_ALLOWED)
    stranger("login", "--url", gateway.url, "--email", ann, stdin="another long password\n")
    assert "Password is missing" in mews("user", "set", ann, "--password-stdin", code=USAGE).err


# ---- Login ----

def test_login_whoami_logout(stranger, mews, gateway, ann):
    said = stranger("login", "--url", gateway.url, "--email", ann, "--name", "desk 7", stdin=PASSWORD + "\n").out
    assert gateway.url in said and str(stranger.config) in said
    assert stat.S_IMODE(stranger.config.stat().st_mode) == 0o600
    assert PASSWORD not in stranger.config.read_text()
    sheet = stranger("whoami").sheet
    assert (sheet["server"], sheet["project"], sheet["user"]) == (gateway.url, "default", ann)
    assert stranger("whoami", "--json").json["user"]["roles"] == {"default": "manager"}
    stranger("cohort", "list")
    assert any("desk 7" in token["name"] for token in mews("token", "list", "--json").json)

    kept = stranger.config.read_text()
    assert stranger("logout").out == f"revoked and forgot the token for {gateway.url}\n"
    assert "token" not in stranger.config.read_text().replace("mews login", "")
    stranger("cohort", "list", code=NOT_ALLOWED)
    stranger("logout", code=USAGE)
    stranger.config.write_text(kept)  # nobody else can use it either
    stranger("cohort", "list", code=NOT_ALLOWED)
    assert "not valid any more" in stranger("logout").out


def test_login_asks(stranger, gateway, ann):
    seen = stranger.terminal("login", dialog=[
        ("URL of the server: ", gateway.url + "\n"), ("E-mail: ", ann + "\n"), ("Password: ", PASSWORD + "\n")]).out
    assert "logged in" in seen and PASSWORD not in seen
    stranger("cohort", "list")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(stranger, gateway, number):
    ours, theirs = pty.openpty()

    def echoes():
        return bool(termios.tcgetattr(theirs)[3] & termios.ECHO)

    process = subprocess.Popen([MEWS, "login", "--url", gateway.url, "--email", "ann@example.com"], env=stranger.env,
                               stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    wait_until(lambda: not echoes(), what="the prompt hides what is typed")
    process.send_signal(number)
    assert process.wait(60) == -number
    assert echoes()
    os.close(ours)
    os.close(theirs)


def test_a_stop_that_is_over_asks_once_more(stranger, gateway, ann):
    """A job that is stopped and continued; nobody stops one without a shell, so it goes on at once."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([MEWS, "login", "--url", gateway.url, "--email", ann], env=stranger.env, stdin=theirs,
                               stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    seen = bytearray()
    for prompts in (1, 2):
        while seen.count(b"Password: ") < prompts:
            seen += os.read(ours, 1000)
        if prompts == 1:
            process.send_signal(signal.SIGTSTP)
    os.write(ours, f"{PASSWORD}\n".encode())
    assert process.wait(60) == 0
    os.close(ours)


def test_login_with_a_token_that_one_has(stranger, mews, gateway):
    stranger("login", "--url", gateway.url, "--token", "--project", "toasters", stdin="wrong\n", code=NOT_ALLOWED)
    assert not stranger.config.exists()
    mews("project", "create", "toasters")
    stranger("login", "--url", gateway.url, "--token", "--project", "toasters", stdin=gateway.admin_token + "\n")
    assert stranger("project", "show", "-q").lines == ["toasters"]
    assert "stays valid" in stranger("logout").out
    mews("cohort", "list")


def test_wrong_password(stranger, gateway, ann):
    said = stranger("login", "--url", gateway.url, "--email", ann, stdin="wrong\n", code=NOT_ALLOWED).err
    other = stranger("login", "--url", gateway.url, "--email", "nobody@example.com", stdin="wrong\n",
                     code=NOT_ALLOWED).err
    assert said == other and "mews login" not in said
    assert not stranger.config.exists()


def live_tokens(mews, email):
    return [token["name"] for token in mews("token", "list", "--json").json
            if token["user"] == email and not token["revoked_at"]]


def test_login_looks_for_the_project(stranger, mews, gateway, ann):
    login = ("login", "--url", gateway.url, "--email", ann)
    said = stranger(*login, "--project", "nosuch", stdin=PASSWORD + "\n", code=NOT_ALLOWED).err
    assert "project nosuch" in said and "nothing was stored" in said
    stranger("login", "--url", gateway.url, "--token", "--project", "nosuch", stdin=gateway.admin_token + "\n",
             code=NOT_FOUND)
    assert not stranger.config.exists() and live_tokens(mews, ann) == []
    mews("user", "set", ann, "role=none")
    assert "say which with --project" in stranger(*login, stdin=PASSWORD + "\n").err  # nobody said "default"
    assert "default" not in stranger.config.read_text()


def test_login_ends_the_token_before(stranger, mews, gateway, ann):
    login = ("login", "--url", gateway.url, "--email", ann)
    for name in ("first", "second"):
        assert stranger(*login, "--name", name, stdin=PASSWORD + "\n").err == ""
        assert live_tokens(mews, ann) == [f"{ann} ({name})"]
    # A token that no login has made stays; so does the file when it is given once more.
    given = ("login", "--url", gateway.url, "--token")
    for _ in range(2):
        assert stranger(*given, stdin=gateway.admin_token + "\n").err == ""
    assert live_tokens(mews, ann) == []
    stranger(*login, stdin=PASSWORD + "\n")
    mews("cohort", "list")


def test_login_elsewhere_says_what_stays_valid(stranger, mews, gateway, ann):
    stranger.config.parent.mkdir(parents=True)
    stranger.config.touch(0o600)
    stranger.config.write_text('url = "http://127.0.0.1:1"; token = "t";')
    said = stranger("login", "--url", gateway.url, "--email", ann, stdin=PASSWORD + "\n")
    assert "the token before stays valid" in said.err and "127.0.0.1:1" in said.err
    stranger("cohort", "list")


# ---- Tokens ----

def test_token_round_trip(mews, gateway):
    ((number, secret),) = mews("token", "create", "pipeline", "--role", "manager", "--expires", "90d",
                               "--protected").rows
    (token,) = [token for token in mews("token", "list", "--json").json if token["name"] == "pipeline"]
    assert (str(token["id"]), token["role"], token["projects"], token["may_change_protected"]) == \
        (number, "manager", ["default"], True)
    assert token["expires_at"] > token["created_at"]
    assert "90d" in mews("token", "create", "t", "--role", "reader", "--expires", "90", code=USAGE).err
    with_token = {"MEWS_TOKEN": secret}
    mews("cohort", "create", "beta", env=with_token)
    assert mews("whoami", env=with_token).sheet["role"] == "manager"
    mews("project", "create", "toasters", env=with_token, code=NOT_ALLOWED)

    sentence = f"revoke token {number} (pipeline)"
    assert mews("token", "revoke", number, "--dry-run").out == f"would: {sentence}\n"
    mews.terminal("token", "revoke", number, dialog=[(f"{sentence}? [y/N]", "n\n")], code=UNCONFIRMED)
    mews("cohort", "list", env=with_token)
    assert mews("token", "revoke", number).out == f"revoked token {number}\n"
    assert "mews login" in mews("cohort", "list", env=with_token, code=NOT_ALLOWED).err
    for more in ([], ["--yes"], ["--dry-run"]):
        mews("token", "revoke", "4711", *more, code=NOT_FOUND)


def test_tokens_reach_a_project_or_all(mews):
    mews("project", "create", "toasters")
    for more, reaches in (([], False), (["--all-projects"], True)):
        secret = mews("token", "create", "t", "--role", "reader", *more, "--json").json["token"]
        mews("project", "show", "--project", "toasters", env={"MEWS_TOKEN": secret},
             code=0 if reaches else NOT_ALLOWED)
    secret = mews("token", "create", "root", "--role", "admin").rows[0][1]
    mews("project", "create", "kettles", env={"MEWS_TOKEN": secret})
    assert "shown this once" in mews.terminal("token", "create", "x", "--role", "reader").out


def test_protected_cohorts(mews, released):
    released("1.1.0")
    plain_token = mews("token", "create", "a", "--role", "manager").rows[0][1]
    strong_token = mews("token", "create", "b", "--role", "manager", "--protected").rows[0][1]
    words = ("activate", "1.1.0", "--cohort", "default", "--yes")
    assert "protected" in mews(*words, env={"MEWS_TOKEN": plain_token}, code=NOT_ALLOWED).err
    mews(*words, env={"MEWS_TOKEN": strong_token})


# ---- The first administrator ----

@pytest.fixture
def state(home, gateway):
    """The server's state directory."""
    folder = home / "state"
    folder.mkdir()
    (folder / "credentials.json").write_text(json.dumps({
        "url": gateway.url, "project": "default", "project_key": gateway.project_key,
        "admin_token": gateway.admin_token}))
    return folder


def test_admin_create(stranger, mews, state, gateway):
    ((email, password),) = stranger("admin", "create", "root@example.com", "--name", "Root",
                                    env={"MEWS_STATE_DIR": str(state)}).rows
    assert (user_of(mews, email)["admin"], user_of(mews, email)["name"]) == (True, "Root")
    stranger("login", "--url", gateway.url, "--email", email, stdin=password + "\n")
    stranger("admin", "create", "root@example.com", env={"MEWS_STATE_DIR": str(state)}, code=CONFLICT)


def test_admin_create_in_the_checkout(stranger, mews, state):
    state.rename(stranger.home / ".mews")
    stranger("admin", "create", "root@example.com", "--password-stdin", stdin=PASSWORD + "\n")
    assert user_of(mews, "root@example.com")["admin"] is True


def test_admin_create_elsewhere(stranger):
    assert "on the server" in stranger("admin", "create", "root@example.com", code=USAGE).err


def test_dev_mews(state, gateway, home):
    """./dev mews with the instance's credentials; relative paths are the caller's."""
    (home / "notes.pem").write_text("x")
    env = {**{name: value for name, value in os.environ.items() if not name.startswith("MEWS_")},
           "MEWS_STATE_DIR": str(state), "MEWS_BUILD": str(MEWS.parent)}
    dev = TOP / "dev"
    shown = subprocess.run([dev, "mews", "whoami"], env=env, cwd=home, capture_output=True, text=True)
    assert shown.returncode == 0 and f"server\t{gateway.url}" in shown.stdout, shown
    made = subprocess.run([dev, "mews", "project", "set", "signers=notes.pem", "--yes"], env=env, cwd=home,
                          capture_output=True, text=True)
    assert "No such file" not in made.stderr


# ---- The audit log ----

def test_audit_list_and_export(mews, home):
    mews("cohort", "create", "beta")
    mews("cohort", "set", "beta", "name=B")
    newest, before = mews("audit", "list", "-n", "2", "--json").json
    assert [newest["action"], before["action"]] == ["cohort.change", "cohort.create"]
    assert newest["object"] == "cohort beta"
    assert mews("audit", "list", "-q", "--action", "cohort.change").lines == [str(newest["id"])]
    assert mews("audit", "list", "-q", "--object", "cohort beta", "--since", "1h").lines == \
        [str(newest["id"]), str(before["id"])]
    assert mews("audit", "list", "-q", "--until", "1h").lines == []
    assert mews("audit", "list", "-q", "--actor", "nobody").lines == []
    assert "cohort.change" in plain(mews.terminal("audit", "list").out)

    entries = [json.loads(line) for line in mews("audit", "export").lines]
    assert newest["id"] in [entry["id"] for entry in entries]
    rows = list(csv.DictReader(io.StringIO(mews("audit", "export", "--format", "csv").out)))
    assert [int(row["id"]) for row in rows] == [entry["id"] for entry in entries]
    assert mews("audit", "export", "-o", home / "audit.jsonl").out == ""
    assert [json.loads(line)["id"] for line in (home / "audit.jsonl").read_text().splitlines()] == \
        [entry["id"] for entry in entries]
    assert not (home / "audit.jsonl.part").exists()
    assert len(mews("audit", "export", "-o", "-").lines) >= len(entries)
    (filtered,) = mews("audit", "export", "--object", "cohort beta", "--action", "cohort.change", "--actor", newest["actor"]).lines
    assert json.loads(filtered)["id"] == newest["id"]
    for wrong in ("--json", "-q"):
        assert "mews audit list" in mews("audit", "export", wrong, code=USAGE).err


def test_audit_export_cannot_drive_the_terminal(mews, database):
    evil = "\x1b]0;owned\x07\u009b31m\u202eabc"
    database("select audit_add(null, 'default', 'test', %s, null, null)", evil)
    for form in ("csv", "jsonl"):
        seen = plain(mews.terminal("audit", "export", "--format", form, "--until", "2999-01-01T00:00:00Z").out)
        assert "owned" in seen and not any(letter in seen for letter in "\x1b\x07\u009b\u202e")
        assert all(line.startswith(("{", "id,", *"123456789")) for line in seen.splitlines())
    assert evil in mews("audit", "export", "--format", "csv").out  # a pipe gets it as it is


def test_audit_export_is_whole(mews, database):
    database("select audit_add(null, 'default', 'test', 'thing ' || n, null, null) from generate_series(1, 2345) n")
    objects = [json.loads(line)["object"] for line in mews("audit", "export").lines]
    assert {f"thing {n}" for n in range(1, 2346)} <= set(objects) and len(objects) == len(set(objects))
    assert mews("audit", "export", "--format", "csv").out.count("actor_kind") == 1


def test_audit_of_one_project(mews):
    secret = mews("token", "create", "r", "--role", "reader").rows[0][1]
    reader = {"MEWS_TOKEN": secret}
    mews("cohort", "create", "beta")
    assert "say --project" in mews("audit", "list", env=reader, code=NOT_ALLOWED).err
    entries = mews("audit", "list", "--project", "default", "--json", env=reader).json
    assert {entry["project"] for entry in entries} == {"default"}


def test_audit_verify(mews, database):
    for name in ("a", "b", "c"):
        mews("cohort", "create", name)
    assert "none altered or removed" in mews("audit", "verify").out
    assert mews("audit", "verify", "--json").json["intact"] is True
    altered = database.value("select id from audit where object = 'cohort b'")
    database("alter table audit disable trigger user")
    database("update audit set actor = 'somebody' where id = %s", altered)
    assert f"entry {altered}:" in mews("audit", "verify", code=ALTERED).err
    assert mews("audit", "verify", "--json", code=ALTERED).json["first"]["id"] == altered
