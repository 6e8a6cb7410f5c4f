"""Users, sessions, tokens: who comes in, and how far."""
import contextlib
import re
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from lib.operator import Operator, expect
from lib.wait import wait_until

PASSWORD = "correct horse battery"
LOGIN = {"email": "anna@example.com", "password": PASSWORD}


class Browser:
    """Holds the session's cookie, and its CSRF token once it knows it."""

    def __init__(self, gateway):
        self.gateway, self.cookie, self.csrf = gateway, None, None

    def call(self, method, path, json=None, csrf=True):
        headers = {"Cookie": f"other=1; {self.cookie}"} if self.cookie else {}
        if csrf and self.csrf:
            headers["X-CSRF-Token"] = self.csrf
        return self.gateway.request(method, "/api/v1" + path, json=json, headers=headers)

    def login(self, password=PASSWORD, email="anna@example.com"):
        reply = self.call("POST", "/login", {"email": email, "password": password})
        if reply.status == 200:
            self.cookie = reply.headers["Set-Cookie"].split(";")[0]
            self.csrf = reply.json["csrf"]
        return reply


@pytest.fixture
def anna(admin):
    """A manager of project default."""
    return expect(201, admin.post("//users", {"email": "Anna@Example.com", "name": "Anna", "password": PASSWORD,
                                              "roles": {"default": "manager"}})).json


@pytest.fixture
def browser(gateway, anna):
    return Browser(gateway)


# ---- Users ----

def test_the_same_key_with_another_password_is_another_request(admin, gateway, database):
    """Else somebody would believe in a password that nobody has set; what is kept to tell it does not help to guess it."""
    once = {"Idempotency-Key": "u1"}
    user = {"email": "bob@example.com", "password": PASSWORD}
    first = expect(201, admin.post("//users", user, headers=once))
    assert expect(201, admin.post("//users", user, headers=once)).json == first.json
    expect(422, admin.post("//users", {**user, "password": PASSWORD + "!"}, headers=once), "Idempotency-Key")
    expect(422, admin.post("//users", {"email": user["email"]}, headers=once), "Idempotency-Key")
    kept = database.value("select request from idempotency")
    database("delete from idempotency")
    database("delete from operator where email = 'bob@example.com'")
    other = Operator(gateway, expect(201, admin.post("//tokens", {"name": "a", "role": "admin"})).json["token"])
    expect(201, other.post("//users", user, headers=once))
    assert database.value("select request from idempotency") != kept, "it depends on a token, which the database does not know"


def test_refusals_name_no_inner_role(browser):
    browser.login()
    expect(403, browser.call("GET", "/users"), says="only administrators may do this")


def test_user(admin, anna, database):
    assert anna.items() >= {"email": "anna@example.com", "name": "Anna", "admin": False, "has_password": True,
                            "roles": {"default": "manager"}}.items()
    assert PASSWORD not in str(database("select * from operator"))
    assert expect(200, admin.get(f"//users/{anna['id']}")).json == anna
    assert expect(200, admin.get("//users/ANNA@example.com")).json == anna
    expect(409, admin.post("//users", {"email": "anna@EXAMPLE.com"}), "/email")
    expect(422, admin.post("//users", {"email": "nobody"}), "/email")
    expect(422, admin.post("//users", {"email": "b@c", "roles": {"nowhere": "reader"}}), "/roles/nowhere")
    expect(400, admin.post("//users", {"email": "b@c", "roles": {"default": "king"}}), "/roles/default")
    expect(400, admin.post("//users", {"email": "b@c", "password": "short"}), "/password")

    expect(201, admin.post("//projects", {"slug": "doors"}))
    changed = expect(200, admin.patch("//users/anna@example.com", {"roles": {"doors": "reader"}, "admin": True})).json
    assert changed["roles"] == {"default": "manager", "doors": "reader"} and changed["admin"]
    changed = expect(200, admin.patch("//users/anna@example.com", {"roles": {"default": "none"}})).json
    assert changed["roles"] == {"doors": "reader"}
    expect(204, admin.delete(f"//users/{anna['id']}"))
    expect(404, admin.get(f"//users/{anna['id']}"))
    assert admin.items("//users") == []


def test_nobody_locks_themselves_out(gateway, admin, browser):
    expect(200, admin.patch("//users/anna@example.com", {"admin": True}))
    expect(200, browser.login())
    expect(409, browser.call("PATCH", "/users/anna@example.com", {"admin": False}))
    expect(409, browser.call("DELETE", "/users/anna@example.com"))


def test_passwords_are_in_no_answer_that_is_kept(admin, database):
    user = {"email": "b@example.com", "password": "known to nobody"}
    expect(201, admin.post("//users", user, headers={"Idempotency-Key": "u"}))
    again = expect(201, admin.post("//users", user, headers={"Idempotency-Key": "u"}))
    assert again.headers["Idempotent-Replayed"] == "true"
    for table in ("idempotency", "audit", "operator"):
        text = str(database(f"select x::text from {table} x"))
        assert "known to nobody" not in text
    assert "scrypt" not in str(database("select x::text from audit x"))


# ---- Sessions ----

def test_login(browser, gateway):
    reply = expect(200, browser.login())
    cookie = reply.headers["Set-Cookie"]
    assert re.fullmatch(r"mews_session=[\w-]{43}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict", cookie)
    assert reply.json["user"]["email"] == "anna@example.com" and "token" not in reply.json
    me = expect(200, browser.call("GET", "/me")).json
    assert (me["kind"], me["name"], me["csrf"]) == ("user", "anna@example.com", browser.csrf)
    expect(200, browser.call("GET", "/projects/default/devices"))


@pytest.mark.gateway(MEWS_PUBLIC_URL="https://ota.example.com")
def test_cookie_is_for_https_alone(browser):
    assert browser.login().headers["Set-Cookie"].endswith("; Secure")


def test_another_site_cannot_use_the_cookie(browser):
    expect(200, browser.login())
    expect(403, browser.call("POST", "/projects/default/cohorts", {"slug": "x"}, csrf=False), says="X-CSRF-Token")
    browser.csrf, right = "x" * 43, browser.csrf
    expect(403, browser.call("POST", "/projects/default/cohorts", {"slug": "x"}))
    browser.csrf = right
    expect(201, browser.call("POST", "/projects/default/cohorts", {"slug": "x"}))


def test_logout(browser):
    expect(200, browser.login())
    reply = expect(204, browser.call("POST", "/logout"))
    assert "Max-Age=0" in reply.headers["Set-Cookie"]
    expect(401, browser.call("GET", "/me"))


def test_sessions_end(browser, admin, database, gateway):
    expect(200, browser.login())
    other = Browser(gateway)
    expect(200, other.login())
    database("update session set expires_at = now() where csrf = %s", browser.csrf)
    expect(401, browser.call("GET", "/me"))
    expect(200, other.call("GET", "/me"))
    expect(200, admin.patch("//users/anna@example.com", {"password": "another one here"}))
    expect(401, other.call("GET", "/me"))
    expect(401, other.login())


def test_roles_count_at_once(browser, admin):
    expect(200, browser.login())
    expect(200, browser.call("PATCH", "/projects/default", {"name": "x"}))
    expect(200, admin.patch("//users/anna@example.com", {"roles": {"default": "reader"}}))
    expect(403, browser.call("PATCH", "/projects/default", {"name": "y"}), says="manager")
    expect(200, admin.patch("//users/anna@example.com", {"roles": {"default": "none"}}))
    expect(403, browser.call("GET", "/projects/default"))
    assert browser.call("GET", "/projects").json["items"] == []


def test_change_own_password(browser, gateway):
    expect(200, browser.login())
    new = {"old_password": PASSWORD, "password": "something else"}
    expect(422, browser.call("POST", "/me/password", {**new, "old_password": "wrong"}), "/old_password")
    expect(204, browser.call("POST", "/me/password", new))
    expect(401, browser.call("GET", "/me"))
    expect(401, browser.login())
    expect(200, browser.login("something else"))


def test_a_password_that_is_none_any_more_changes_nothing(browser, database, gateway):
    """An administrator sets another one while somebody who knows the old one changes it."""
    expect(200, browser.login())
    with contextlib.closing(psycopg2.connect(database.conninfo)) as holder, ThreadPoolExecutor(1) as pool:
        cursor = holder.cursor()
        cursor.execute("select from operator where email = 'anna@example.com' for no key update")
        change = pool.submit(browser.call, "POST", "/me/password", {"old_password": PASSWORD, "password": "something else"})
        wait_until(lambda: waiting(database), what="the change waits")
        cursor.execute("select user_password(o, 'scrypt$') from operator o where email = 'anna@example.com'")
        holder.commit()
        expect(401, change.result())
    assert database.value("select password from operator where email = 'anna@example.com'") == "scrypt$"


@pytest.mark.parametrize("whose", ["own", "by an administrator"])
def test_a_new_password_ends_the_tokens_of_the_old_one(browser, gateway, admin, whose):
    laptop = Operator(gateway, expect(200, browser.call("POST", "/login", {**LOGIN, "token_name": "laptop"})).json["token"])
    expect(200, browser.login())
    if whose == "own":
        expect(204, browser.call("POST", "/me/password", {"old_password": PASSWORD, "password": "something else"}))
    else:
        expect(200, admin.patch("//users/anna@example.com", {"password": "something else"}))
    expect(401, laptop.get("//me"))
    (entry,) = admin.items("//audit?action=user.change")
    assert entry["after"] == {**entry["before"], "password": "changed", "revoked": ["token 2"]}
    (token,) = [each for each in admin.items("//tokens") if each["user"]]
    assert token["revoked_at"]


def test_logging_in_and_out_is_logged(browser, gateway, admin):
    laptop = Operator(gateway, expect(200, browser.call("POST", "/login", {**LOGIN, "token_name": "laptop"})).json["token"])
    expect(200, browser.login())
    expect(204, browser.call("POST", "/logout"))
    expect(204, laptop.post("//logout"))
    revoked, *entries = admin.items("//audit?limit=5")[:5]
    assert [(each["action"], each["object"], each["actor"]) for each in entries] == [
        ("user.logout", "user anna@example.com", "anna@example.com"),
        ("user.login", "user anna@example.com", "anna@example.com"),
        ("token.create", "token 2", "anna@example.com"),
        ("user.login", "user anna@example.com", "anna@example.com")]
    assert revoked["action"] == "token.revoke" and revoked["actor"] == "anna@example.com (laptop)"
    assert not revoked["before"]["revoked_at"] and revoked["after"]["revoked_at"]
    assert entries[2]["after"]["name"] == "anna@example.com (laptop)" and "hash" not in entries[2]["after"]


# ---- Guessing ----

def test_errors_do_not_tell_whether_an_account_exists(browser, admin):
    expect(201, admin.post("//users", {"email": "silent@example.com"}))  # has no password
    replies = [expect(401, browser.login("wrong wrong wrong", email))
               for email in ("anna@example.com", "nobody@example.com", "silent@example.com")]
    assert len({reply.json["detail"] for reply in replies}) == 1


def test_unknown_accounts_take_as_long(browser):
    def fastest(email):
        times = []
        for _ in range(4):
            start = time.monotonic()
            expect(401, browser.login("wrong wrong wrong", email))
            times.append(time.monotonic() - start)
        return min(times)

    known, unknown = fastest("anna@example.com"), fastest("nobody@example.com")
    assert 0.5 < known / unknown < 2, (known, unknown)


def test_guessing_is_slowed(browser, database):
    for _ in range(6):
        expect(401, browser.login("wrong wrong wrong"))
    refused = expect(429, browser.login())  # the right one does not help now
    assert 1 <= int(refused.headers["Retry-After"]) <= 2
    database("update login_attempt set until = now()")
    expect(401, browser.login("wrong wrong wrong"))
    assert int(expect(429, browser.login()).headers["Retry-After"]) in (3, 4)
    database("update login_attempt set until = now()")
    expect(200, browser.login())
    for _ in range(5):
        expect(401, browser.login("wrong wrong wrong"))  # all is forgiven
    expect(200, browser.login())


def test_who_is_refused_does_not_shut_out_others(browser, start_gateway, database):
    for _ in range(6):
        expect(401, browser.login("wrong wrong wrong"))
    database("update login_attempt set until = now() + interval '5 min' where kind = 'account from address'")
    with ThreadPoolExecutor(4) as pool:
        refused = list(pool.map(lambda _: browser.login("wrong wrong wrong").status, range(100)))
    assert set(refused) == {429}
    expect(401, browser.login("wrong wrong wrong", "somebody@example.com"))


@pytest.mark.parametrize("last, remembered", [("1 second", 7), ("1 hour", 7), ("-1 second", 7), ("-16 minutes", 6), ("-1 day", 0)])
def test_an_attempt_that_waited_for_another_counts_once(database, last, remembered):
    """Its transaction has begun before the other's, which came first."""
    assert remembered == database.value(
        "select login_remembered(row('address', 'x', 7, now() + %s::interval, now())::login_attempt)", last)


def test_many_accounts_from_one_address(browser, database):
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda n: browser.login("wrong wrong wrong", f"user{n}@example.com").status, range(20)))
    assert statuses == [401] * 20
    expect(401, browser.login("wrong wrong wrong", "another@example.com"))
    assert database.value("select until > now() - interval '1 min' from login_attempt where kind = 'address'")
    database("update login_attempt set until = now() + interval '5 min' where kind = 'address'")
    expect(429, browser.login("wrong wrong wrong", "yet-another@example.com"))


def waiting(database):
    return database.value("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")


def test_guesses_at_once_are_no_more_than_one_after_the_other(browser, database):
    for _ in range(6):
        expect(401, browser.login("wrong wrong wrong"))
    database("update login_attempt set until = now()")
    with contextlib.closing(psycopg2.connect(database.conninfo)) as holder, ThreadPoolExecutor(8) as pool:
        holder.cursor().execute("select from login_attempt for update")
        guesses = [pool.submit(browser.login, "wrong wrong wrong") for _ in range(8)]
        wait_until(lambda: waiting(database) >= 2, what="attempts wait for each other")
        holder.rollback()
        assert sorted(each.result().status for each in guesses) == [401] + [429] * 7


def test_errors_of_an_office_do_not_add_up_for_ever(browser, database):
    expect(401, browser.login("wrong wrong wrong"))
    database("update login_attempt set failures = 40, until = now(), at = now() - interval '9 hours' where kind = 'address'")
    expect(200, browser.login())
    assert database.value("select failures from login_attempt where kind = 'address'") == 4


def test_who_knows_the_password_makes_nobody_wait(browser, database):
    expect(401, browser.login("wrong wrong wrong"))
    database("update login_attempt set failures = 30 where kind = 'address'")
    expect(200, browser.login())
    expect(204, browser.call("POST", "/me/password", {"old_password": PASSWORD, "password": "something else"}))
    expect(200, browser.login("something else"))
    assert database("select kind, failures from login_attempt where kind <> 'everyone'") == [("address", 30)]


@pytest.mark.gateway(MEWS_LISTEN="[::]:0")
def test_clients_of_an_ipv6_socket_are_told_apart(browser, admin, database):
    expect(401, browser.login("wrong wrong wrong"))
    assert database.value("select subject from login_attempt where kind = 'address'") == "127.0.0.1"
    assert admin.items("//audit?limit=1")[0]["address"] == "127.0.0.1"


# ---- Tokens ----

def test_token(admin, gateway, database):
    made = expect(201, admin.post("//tokens", {"name": "ci", "role": "member", "expires_in": 3600})).json
    assert made.items() >= {"name": "ci", "role": "member", "projects": None, "user": None, "revoked_at": None,
                            "may_change_protected": False, "created_by": "first"}.items()
    ci = Operator(gateway, made["token"])
    expect(200, ci.get("/devices"))
    expect(403, ci.post("/cohorts", {"slug": "x"}), says="manager")
    assert expect(200, ci.get("//me")).json["token"]["name"] == "ci"
    listed = admin.items("//tokens")
    assert [each["name"] for each in listed] == ["ci", "first"] and listed[0]["last_used_at"]
    assert made["token"] not in str(listed)
    database("update api_token set expires_at = now(), last_used_at = '2020-01-01' where name = 'ci'")
    expect(401, ci.get("/devices"))
    assert admin.items("//tokens")[0]["last_used_at"].startswith("2020")  # a refusal is no use


def test_revoked_at_once_on_all_gateways(admin, gateway, start_gateway):
    other = start_gateway()
    made = expect(201, admin.post("//tokens", {"name": "ci", "role": "reader"})).json
    elsewhere = Operator(other, made["token"])
    expect(200, elsewhere.get("/devices"))
    assert expect(200, admin.post(f"//tokens/{made['id']}/revoke")).json["revoked_at"]
    expect(401, elsewhere.get("/devices"))
    expect(409, admin.post("//logout"), says="administrator")


def test_token_of_some_projects(admin, gateway):
    expect(201, admin.post("//projects", {"slug": "doors"}))
    made = expect(201, admin.post("//tokens", {"name": "d", "role": "manager", "projects": ["doors"]})).json
    assert made["projects"] == ["doors"]
    token = Operator(gateway, made["token"], project="doors")
    expect(200, token.get("/devices"))
    for elsewhere in ("default", "nowhere"):
        expect(403, token.get(f"//projects/{elsewhere}/devices"))
    assert [each["slug"] for each in token.items("//projects")] == ["doors"]
    expect(403, token.get("//users"))
    expect(422, admin.post("//tokens", {"name": "d", "role": "reader", "projects": ["doors", "nowhere"]}), "/projects/1")
    expect(422, admin.post("//tokens", {"name": "d", "role": "admin", "projects": ["doors"]}), "/projects")
    expect(204, admin.delete("//projects/doors"))
    expect(403, token.get("//projects/default"))  # what reached one project does not reach all when it is gone


def test_expiry_is_said_once(admin):
    token = {"name": "t", "role": "reader"}
    expect(422, admin.post("//tokens", {**token, "expires_in": 1, "expires_at": "2030-01-01T00:00:00Z"}), "/expires_in")
    expect(422, admin.post("//tokens", {**token, "expires_at": "2020-01-01T00:00:00Z"}), "/expires_at")
    expect(400, admin.post("//tokens", {**token, "expires_at": "soon"}), "/expires_at")
    assert expect(201, admin.post("//tokens", {**token, "expires_at": "2030-01-01T00:00:00+02:00"})).json[
        "expires_at"].startswith("2029-12-31T22:00:00")


def test_token_by_login(browser, gateway, admin):
    reply = expect(200, browser.call("POST", "/login", {**LOGIN, "token_name": "laptop"}))
    assert "Set-Cookie" not in reply.headers and "csrf" not in reply.json
    laptop = Operator(gateway, reply.json["token"])
    expect(200, laptop.patch("", {"name": "x"}))
    assert admin.get("//audit?limit=1").json["items"][0]["actor"] == "anna@example.com (laptop)"
    expect(200, admin.patch("//users/anna@example.com", {"roles": {"default": "reader"}}))
    expect(403, laptop.patch("", {"name": "x"}))
    expect(204, laptop.post("//logout"))
    expect(401, laptop.get("//me"))


def test_tokens_of_ones_own(browser, gateway, admin):
    laptop, phone = (Operator(gateway, expect(200, browser.call("POST", "/login", {**LOGIN, "token_name": name})).json["token"])
                     for name in ("laptop", "phone"))
    ci = expect(201, admin.post("//tokens", {"name": "ci", "role": "admin"})).json
    assert [each["name"] for each in laptop.items("//me/tokens?limit=1")] == [
        "anna@example.com (phone)", "anna@example.com (laptop)"]
    assert admin.items("//me/tokens") == [], "it has no user"
    lost = laptop.items("//me/tokens")[0]
    assert expect(200, admin.get(f"//tokens/{lost['id']}")).json == lost
    expect(403, laptop.get(f"//tokens/{lost['id']}"))
    assert expect(200, laptop.post(f"//me/tokens/{lost['id']}/revoke")).json["revoked_at"]
    expect(401, phone.get("//me"))
    entry = admin.get("//audit?limit=1").json["items"][0]
    assert (entry["action"], entry["object"]) == ("token.revoke", f"token {lost['id']}")
    for other in (ci["id"], 999, "x"):
        expect(404, laptop.post(f"//me/tokens/{other}/revoke"))
    expect(404, admin.post(f"//me/tokens/{ci['id']}/revoke"))
    expect(404, admin.get("//tokens/999"))


def test_protected_cohorts(admin, gateway, browser):
    """They need a manager, or a token with the right."""
    tokens = [Operator(gateway, expect(201, admin.post("//tokens", {
        "name": f"t{may}", "role": "manager", "may_change_protected": may})).json["token"]) for may in (False, True)]
    expect(201, admin.post("/cohorts", {"slug": "open", "protected": False}))
    change = {"version_checking": False}
    expect(403, tokens[0].patch("/cohorts/default", change), says="protected")
    expect(403, tokens[0].delete("/cohorts/default"))
    expect(403, tokens[0].patch("", {"trust_feedback": True}), says="cohort default is protected")
    expect(200, tokens[0].patch("", {"name": "Cameras"}))
    expect(403, tokens[0].patch("/cohorts/open", {"default": True}), says="cohort default is protected")
    expect(403, tokens[0].post("/cohorts", {"slug": "mine", "default": True}), says="cohort default is protected")
    expect(403, tokens[0].patch("/keys/1", {"cohort": "open"}), says="cohort default is protected")  # for its devices come from there
    expect(200, tokens[0].patch("/keys/1", {"name": "line 2"}))
    expect(200, tokens[0].patch("/cohorts/open", change))
    expect(200, tokens[1].patch("/cohorts/default", change))
    expect(200, tokens[1].patch("/keys/1", {"cohort": "open"}))
    expect(403, tokens[0].patch("/keys/1", {"cohort": None}), says="cohort default is protected")
    expect(200, tokens[1].patch("/cohorts/default", {"protected": False}))
    expect(200, tokens[0].patch("/keys/1", {"cohort": None}))
    expect(200, browser.login())
    expect(200, browser.call("PATCH", "/projects/default/cohorts/default", change))


def test_garbage_credentials(gateway):
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Basic abc"}, {"Cookie": "mews_session="},
                    {"Cookie": ";;;=;mews_session"}, {"Authorization": "Bearer " + "x" * 5000}):
        reply = expect(401, gateway.request("GET", "/api/v1/projects", headers=headers))
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")


def test_server(admin):
    server = expect(200, admin.get("//server")).json
    assert server.keys() == {"version", "url", "schema", "postgresql", "postgresql_started_at", "time",
                             "upload_piece_size", "seen_resolution"}
