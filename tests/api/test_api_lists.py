"""Lists of what operators make themselves: each sorted, searched, and the same page by page."""
import urllib.parse

import pytest

from lib.operator import expect


@pytest.fixture
def listed(admin):
    """listed("/cohorts", "slug", "sort=name"): this member of each item, one a page."""
    def names(path, member, query):
        return [each[member] for each in admin.items(f"{path}?limit=1&{query}")]
    return names


def test_releases(admin, releases, listed):
    for name, notes in {"1.10.0": "Fixes the clock.", "1.9.0": "", "1.9.0..1.10.0": "", "2.0.0": "New CLOCK"}.items():
        releases.create(name, notes=notes)
    releases.activate("1.9.0")
    for query, expected in {
        "": ["2.0.0", "1.9.0..1.10.0", "1.9.0", "1.10.0"], "sort=created_at": ["1.10.0", "1.9.0", "1.9.0..1.10.0", "2.0.0"],
        "sort=version": ["1.9.0", "1.10.0", "1.9.0..1.10.0", "2.0.0"],
        "sort=-version": ["2.0.0", "1.9.0..1.10.0", "1.10.0", "1.9.0"],
        "search=1.9": ["1.9.0..1.10.0", "1.9.0"], "search=clock&sort=version": ["1.10.0", "2.0.0"],
        "active=true": ["1.9.0"], "active=false&search=1.9": ["1.9.0..1.10.0"], "search=%25": [],
    }.items():
        assert listed("/releases", "release", query) == expected, query


def test_cohorts_and_projects(admin, listed):
    for slug, name in {"zoo": "Animals", "beta": "beta testers", "alpha": "Zulu"}.items():
        expect(201, admin.post("/cohorts", {"slug": slug, "name": name}))
        expect(201, admin.post("//projects", {"slug": slug, "name": name}))
    for path in ("/cohorts", "//projects"):
        for query, expected in {
            "": ["alpha", "beta", "default", "zoo"], "sort=-slug": ["zoo", "default", "beta", "alpha"],
            "sort=name": ["zoo", "beta", "default", "alpha"], "sort=-created_at": ["alpha", "beta", "zoo", "default"],
            "search=TEST": ["beta"], "search=zu": ["alpha"],
        }.items():
            assert listed(path, "slug", query) == expected, (path, query)


def test_keys(admin, listed):
    made = [expect(201, admin.post("/keys", {"name": name})).json for name in ("line 1", "Garage", "line 2")]
    expect(200, admin.post(f"/keys/{made[0]['id']}/revoke"))
    for query, expected in {
        "": ["line 2", "Garage", "line 1", "first"], "sort=name": ["first", "Garage", "line 1", "line 2"],
        "search=LINE&sort=created_at": ["line 1", "line 2"], "revoked=true": ["line 1"], "revoked=false&search=line": ["line 2"],
        f"search={urllib.parse.quote(made[1]['prefix'])}": ["Garage"],
    }.items():
        assert listed("/keys", "name", query) == expected, query


def test_users(admin, listed):
    for email, name in {"zoe@example.com": "anna", "bob@example.org": "Zed", "carl@example.com": ""}.items():
        expect(201, admin.post("//users", {"email": email, "name": name}))
    for query, expected in {
        "": ["bob", "carl", "zoe"], "sort=-email": ["zoe", "carl", "bob"], "sort=name": ["carl", "zoe", "bob"],
        "sort=created_at": ["zoe", "bob", "carl"], "search=EXAMPLE.COM": ["carl", "zoe"], "search=zed": ["bob"],
    }.items():
        assert [each.split("@")[0] for each in listed("//users", "email", query)] == expected, query


def test_tokens(admin, listed):
    soon, revoked, _ = [expect(201, admin.post("//tokens", {"name": name, "role": "reader", **more})).json for name, more in
                        [("soon", {"expires_in": 1000}), ("gone", {}), ("ever", {})]]
    expect(200, admin.post(f"//tokens/{revoked['id']}/revoke"))
    for query, expected in {
        "": ["ever", "gone", "soon", "first"], "sort=name": ["ever", "first", "gone", "soon"],
        "sort=expires_at": ["soon", "first", "gone", "ever"], "sort=-last_used_at": ["first", "ever", "gone", "soon"],
        "valid=false": ["gone"], "valid=true&sort=created_at": ["first", "soon", "ever"], "search=SO": ["soon"],
        f"search={urllib.parse.quote(soon['prefix'])}": ["soon"],
    }.items():
        assert listed("//tokens", "name", query) == expected, query


def test_activations_of_a_release(admin, releases, listed):
    expect(201, admin.post("/cohorts", {"slug": "beta"}))
    releases.publish("1.0.0")
    releases.activate("1.0.0", "beta")
    releases.publish("1.1.0", cohort="beta")
    releases.pull("1.0.0", "beta")
    assert listed("/activations", "cohort", "release=1.0.0") == ["beta", "default"]
    assert listed("/activations", "cohort", "release=1.0.0&active=true") == ["default"]
    assert listed("/activations", "release", "cohort=beta&active=false") == ["1.0.0"]
    assert listed("/activations", "release", "cohort=default&release=1.1.0") == []
    expect(400, admin.get("/activations?release=9.9.9"), "release")


def test_a_cursor_belongs_to_its_order(admin):
    expect(201, admin.post("/cohorts", {"slug": "beta"}))
    cursor = admin.get("/cohorts?limit=1").json["next"]
    expect(200, admin.get(f"/cohorts?cursor={cursor}&limit=10"))
    expect(400, admin.get(f"/cohorts?cursor={cursor}&sort=name"), "cursor")
    expect(400, admin.get("/cohorts?sort=devices"), "sort")
    expect(400, admin.get("/cohorts?search="), "search")
