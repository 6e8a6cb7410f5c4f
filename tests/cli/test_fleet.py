"""Projects, keys, cohorts, devices: each command there and back."""
import json
import re

import pytest

from lib.mews import CONFLICT, NOT_FOUND, REFUSED, UNCONFIRMED, USAGE, plain
from lib.publish import expect


# ---- Projects and keys ----

def test_project_create_list_show(mews):
    assert mews("project", "create", "toasters", "--name", "Toasters 2").out == "created project toasters\n"
    assert [row[0] for row in mews("project", "list").rows] == ["default", "toasters"]
    assert mews("project", "list", "-q").lines == ["default", "toasters"]
    assert mews("project", "show", "--project", "toasters").sheet["name"] == "Toasters 2"
    assert [project["slug"] for project in mews("project", "list", "--json").json] == ["default", "toasters"]
    mews("project", "create", "toasters", code=CONFLICT)
    mews("project", "show", "--project", "nowhere", code=NOT_FOUND)


def test_project_set(mews, home):
    certificate = home / "signer.pem"
    certificate.write_text("not a certificate")
    mews("project", "set", "name=Größe", "polling_interval=10m", "retry_attempts=5", "trust_feedback=yes",
         "targeting_attributes=region,model", "deployment_timeout=2d", "version_scheme=semver", "--yes")
    project = mews("project", "show", "--json").json
    expected = {"name": "Größe", "polling_interval": 600, "retry_attempts": 5, "trust_feedback": True,
                "targeting_attributes": ["region", "model"], "deployment_timeout": 172800,
                "version_scheme": "semver"}
    assert {name: project[name] for name in expected} == expected
    mews("project", "set", "targeting_attributes=", "--yes")
    assert mews("project", "show", "--json").json["targeting_attributes"] == []


def test_project_set_is_asked_about(mews, fleet, home):
    fleet(3)
    (home / "signer.pem").write_text("whatever")
    words = ("project", "set", "polling_interval=10m", f"signers={home / 'signer.pem'}")
    sentence = "set polling_interval=600 (now 300), signers of project default with 3 devices"
    assert mews(*words, "--dry-run").out == f"would: {sentence}\n"
    assert mews(*words, "--dry-run", "--json").json == {"would": sentence}
    assert mews(*words, "--dry-run", "-q").out == ""
    asked = mews(*words, code=UNCONFIRMED).err
    assert f"{sentence}? [y/N]" in asked and "say --yes" in asked
    assert mews("project", "show").sheet["polling_interval"] == "300"
    mews("project", "set", "polling_interval=10m", stdin="y\n")
    assert mews("project", "show").sheet["polling_interval"] == "600"
    mews("project", "set", "name=N")  # is for people only
    assert "standard input" in mews("project", "set", "signers=-", "--yes", code=USAGE).err


@pytest.mark.parametrize("word, hint", [
    ("nope=1", "there is no key \"nope\"; there are name, version_scheme"),
    ("name", "is not KEY=VALUE"),
    ("trust_feedback=maybe", "trust_feedback is true or false"),
    ("polling_interval=5x", "polling_interval is a time such as 300, 5m"),
    ("retry_attempts=many", "retry_attempts is a number"),
    ("signers=/does/not/exist.pem", "/does/not/exist.pem: No such file"),
])
def test_project_set_refuses(mews, word, hint):
    assert hint in mews("project", "set", word, code=USAGE).err


def test_server_refuses_a_value(mews):
    assert "polling_interval" in mews("project", "set", "polling_interval=100d", "--yes", code=REFUSED).err


def test_keys(mews, gateway):
    mews("cohort", "create", "lab")
    ((number, secret),) = mews("key", "create", "--name", "factory", "--cohort", "lab").rows
    expect(200, gateway.request("GET", "/default/controller/v1/device-1",
                                headers={"Authorization": f"GatewayToken {secret}"}))
    (key,) = [key for key in mews("key", "list", "--json").json if key["name"] == "factory"]
    assert (str(key["id"]), key["cohort"]) == (number, "lab")
    assert secret not in mews("key", "list").out

    sentence = f"revoke key {number} (factory): devices that have it get in no more"
    assert mews("key", "revoke", number, "--dry-run").out == f"would: {sentence}\n"
    assert f"{sentence}? [y/N]" in mews("key", "revoke", number, code=UNCONFIRMED).err
    assert mews("key", "revoke", number, "--yes").out == f"revoked key {number}\n"
    expect(401, gateway.request("GET", "/default/controller/v1/device-1",
                                headers={"Authorization": f"GatewayToken {secret}"}))
    for more in ([], ["--yes"], ["--dry-run"]):
        mews("key", "revoke", "4711", *more, code=NOT_FOUND)
    mews("key", "create", "--cohort", "nowhere", code=NOT_FOUND)


def test_key_set(mews):
    mews("cohort", "create", "lab")
    ((number, _),) = mews("key", "create", "--name", "factory").rows
    assert mews("key", "set", number, "name=line 2").out == f"changed key {number}\n"
    words, sentence = ("key", "set", number, "cohort=lab"), f"change key {number} (line 2): cohort=lab (now none)"
    assert mews(*words, "--dry-run").out.startswith(f"would: {sentence}")
    assert sentence in mews(*words, code=UNCONFIRMED).err
    mews(*words, stdin="y\n")
    assert mews(*words, "--json").json.items() >= {"name": "line 2", "cohort": "lab"}.items()  # it is so already
    assert "cohort=none (now lab)" in mews("key", "set", number, "cohort=none", code=UNCONFIRMED).err
    assert mews("key", "set", number, "cohort=none", "--yes", "--json").json["cohort"] is None
    mews("key", "set", number, "cohort=nowhere", "--yes", code=NOT_FOUND)
    mews("key", "set", number, "colour=red", code=USAGE)
    for more in ([], ["--dry-run"]):
        mews("key", "set", "4711", "name=N", *more, code=NOT_FOUND)


# ---- Cohorts ----

def test_cohort_round_trip(mews):
    mews("cohort", "create", "beta", "--name", "Beta testers")
    mews("cohort", "set", "beta", "protected=no", "polling_interval=30s", "development_mode=on", "default=true",
         "name=β")
    sheet = mews("cohort", "show", "beta").sheet
    assert {name: sheet[name] for name in ("name", "protected", "polling_interval", "development_mode", "default")} \
        == {"name": "β", "protected": "false", "polling_interval": "30", "development_mode": "true",
            "default": "true"}
    assert mews("cohort", "list", "-q").lines == ["beta", "default"]
    mews("cohort", "set", "beta", "polling_interval=none")
    assert mews("cohort", "show", "beta", "--json").json["polling_interval"] is None

    mews("cohort", "delete", "beta", code=CONFLICT)  # it is the default one
    mews("cohort", "set", "default", "default=true")
    assert mews("cohort", "delete", "beta").out == "deleted cohort beta\n"
    mews("cohort", "show", "beta", code=NOT_FOUND)


def test_what_decides_about_releases_is_asked_first(mews, fleet, released):
    fleet(4)
    released("1.1.0")
    mews("activate", "1.1.0", "--cohort", "default", "--staged", "--yes")
    asked = mews("cohort", "set", "default", "staged_percent=50", code=UNCONFIRMED)
    assert "2 of 4 devices in cohort default get another next step." in asked.err
    assert mews("cohort", "show", "default").sheet["staged_percent"] == "0"

    tried = mews("cohort", "set", "default", "staged_percent=50", "--dry-run")
    assert ["1.1.0", "0", "2"] in tried.rows and ["none", "4", "2"] in tried.rows
    assert mews("cohort", "show", "default").sheet["staged_percent"] == "0"

    mews("cohort", "set", "default", "version_checking=off", stdin="y\n")
    assert mews("cohort", "show", "default").sheet["version_checking"] == "false"
    mews("cohort", "set", "default", "staged_percent=50", "--yes")
    assert mews("cohort", "show", "default").sheet["staged_devices"] == "2"


def test_deleting_asks_at_a_terminal(mews):
    mews("cohort", "create", "beta")
    mews.terminal("cohort", "delete", "beta", dialog=[("delete cohort beta? [y/N]", "n\n")], code=UNCONFIRMED)
    assert mews("cohort", "delete", "beta", "--dry-run").out == "would: delete cohort beta\n"
    assert mews("cohort", "delete", "beta", "--dry-run", "--json").json == {"would": "delete cohort beta"}
    assert mews("cohort", "delete", "beta", "--dry-run", "-q").out == ""
    for group in ("cohort", "device", "release", "user"):
        mews(group, "delete", "nobody", "--dry-run", code=NOT_FOUND)
    mews("cohort", "set", "nowhere", "name=N", "--dry-run", code=NOT_FOUND)
    mews.terminal("cohort", "delete", "beta", dialog=[("[y/N]", "yes\n")])
    mews("cohort", "show", "beta", code=NOT_FOUND)


# ---- Devices ----

def test_device_list(mews, fleet):
    fleet(3)
    fleet(2, version="2.0.0", hardware="board-b", first=4)
    mews("cohort", "create", "beta")
    mews("device", "move", "device-1", "device-4", "--cohort", "beta", "--yes")

    assert mews("device", "list", "-q").lines == [f"device-{n}" for n in range(1, 6)]
    assert mews("device", "list", "-q", "--cohort", "beta").lines == ["device-1", "device-4"]
    assert mews("device", "list", "-q", "--version", "2.0.0").lines == ["device-4", "device-5"]
    assert mews("device", "list", "-q", "--hardware-version", "board-b", "-c", "beta").lines == ["device-4"]
    assert mews("device", "list", "-q", "--search", "ICE-5").lines == ["device-5"]
    assert mews("device", "list", "-q", "-n", "2").lines == ["device-1", "device-2"]
    assert mews("device", "list").rows[0][:4] == ["device-1", "beta", "1.0.0", "demo-board"]
    assert [device["id"] for device in mews("device", "list", "--json").json] == [f"device-{n}" for n in range(1, 6)]
    mews("device", "list", "--cohort", "nowhere", code=NOT_FOUND)


def test_empty_lists(mews):
    assert mews("device", "list").out == ""
    assert mews("device", "list", "--json").json == []
    assert mews("device", "list", "-q").out == ""
    assert mews.terminal("device", "list").out == "No device.\n"


def test_long_lists_come_in_pages(mews, database):
    database("insert into device (project_id, device_id, cohort_id)"
             " select 1, 'unit-' || to_char(n, 'FM00000'), 1 from generate_series(1, 1234) n")
    database("insert into device_info (project_id, device_id) select project_id, device_id from device")
    names = [f"unit-{number:05}" for number in range(1, 1235)]
    assert mews("device", "list", "-q").lines == names
    assert [device["id"] for device in mews("device", "list", "--json").json] == names
    assert mews("device", "list", "-q", "-n", "1001").lines == names[:1001]


def test_device_life(mews):
    mews("cohort", "create", "beta")
    assert mews("device", "register", "unit 7 ä", "--cohort", "beta").out == \
        "registered device unit 7 ä in cohort beta\n"
    assert mews("device", "show", "unit 7 ä").sheet["cohort"] == "beta"
    assert mews("device", "show", "unit 7 ä", "-q").lines == ["unit 7 ä"]
    mews("device", "register", "unit 7 ä", code=CONFLICT)
    assert mews("device", "delete", "unit 7 ä").out == "deleted device unit 7 ä\n"
    assert "no such device" in mews("device", "show", "unit 7 ä", code=NOT_FOUND).err


def test_device_retry(mews, fleet, database):
    fleet(1)
    database("update device set failures = '{\"1\": [3, 0]}'")
    words = ("device", "retry", "device-1")
    assert mews(*words, "--dry-run").out == "would: let device device-1 try again what it failed at\n"
    mews(*words, code=UNCONFIRMED, stdin="no\n")
    assert database.value("select failures from device")
    assert mews(*words, stdin="y\n").out == "device device-1 tries again with its next poll\n"
    assert database.value("select failures from device") is None
    mews("device", "retry", "nobody", "--dry-run", code=NOT_FOUND)
    mews("device", "retry", "nobody", "--yes", code=NOT_FOUND)


def test_device_token(mews, fleet, gateway):
    fleet(1)
    words = ("device", "token", "device-1")

    def opens(token):
        return gateway.request("GET", "/default/controller/v1/device-1", headers={"Authorization": f"TargetToken {token}"}).status == 200

    assert mews(*words, "--dry-run").out == "would: make a token for device device-1\n"
    ((name, first),) = mews(*words).rows
    assert name == "device-1" and opens(first)
    sentence = "make a token for device device-1: the one that it has opens nothing from now on"
    assert f"{sentence}? [y/N]" in mews(*words, code=UNCONFIRMED).err and opens(first)
    second = mews(*words, "--yes", "--json").json["token"]
    assert opens(second) and not opens(first)
    seen = mews.terminal(*words, "--yes").out
    third = re.search('targettoken = "(.*)";', seen)[1]
    assert "suricatta" in seen and "shown this once" in seen and opens(third)

    assert mews(*words, "--remove", "--dry-run").out == "would: remove the token of device device-1: it gets in with a project key only\n"
    assert mews(*words, "--remove", stdin="y\n").out == "device device-1 has no token of its own\n"
    assert not opens(third)
    for more in ([], ["--dry-run"], ["--yes"]):
        mews(*words, "--remove", *more, code=NOT_FOUND)
        mews("device", "token", "nobody", *more, code=NOT_FOUND)


def test_device_move(mews, fleet):
    fleet(3)
    mews("cohort", "create", "beta")
    words = ("device", "move", "device-1", "device-3", "--cohort", "beta")
    sentence = "move 2 devices to cohort beta, 2 from default"
    assert mews(*words, "--dry-run").out == f"would: {sentence}\n"
    assert mews(*words, "--dry-run", "--json").json == {"would": sentence}
    assert mews(*words, "--dry-run", "-q").out == ""
    assert "say --yes" in mews(*words, code=UNCONFIRMED).err
    mews(*words, code=UNCONFIRMED, stdin="no\n")
    assert mews("device", "list", "-q", "--cohort", "beta").lines == []
    assert mews(*words, stdin="y\n").out == "moved 2 devices to cohort beta\n"
    assert mews("device", "list", "-q", "--cohort", "beta").lines == ["device-1", "device-3"]
    mews("device", "move", "device-2", "nobody", "--cohort", "beta", "--yes", code=NOT_FOUND)
    mews("device", "move", "device-2", "--cohort", "nowhere", "--dry-run", code=NOT_FOUND)
    assert mews("device", "move", "device-2", "--cohort", "beta", "--yes", "--json").json == {"moved": 1}


def test_inspect_and_history(mews, fleet, released, gateway):
    fleet(1)
    released("1.1.0")
    assert mews("device", "inspect", "device-1").sheet["reason"] == "no_active_release"
    mews("activate", "1.1.0", "--cohort", "default", "--yes")
    inspected = mews("device", "inspect", "device-1")
    assert (inspected.sheet["release"], inspected.sheet["reason"]) == ("1.1.0", "chosen")
    assert ["active", "1.1.0", "chosen"] in [row[:3] for row in inspected.rows]
    assert mews("device", "inspect", "device-1", "--json").json["decision"]["release"] == "1.1.0"

    poll = expect(200, gateway.ddi("GET", "/device-1")).json
    assert "deploymentBase" in poll["_links"]
    expect(200, gateway.ddi("POST", "/device-1/deploymentBase/1/feedback", json={
        "id": "1", "status": {"execution": "proceeding", "result": {"finished": "none"},
                              "details": ["half", "way\tthere"]}}))
    rows = mews("device", "history", "device-1").rows
    assert rows[0][:5] == ["deployment", "device-1/1", "1.1.0", "1.0.0", "1"]
    assert [row[:2] for row in rows[1:-1]] == [["event", "device-1/1"]] * (len(rows) - 2)
    assert "way there" in [row[-1] for row in rows]
    assert [row[0] for row in rows][-1] == "version" and rows[-1][3] == "1.0.0"
    history = mews("device", "history", "device-1", "--json").json
    assert history["deployments"][0]["release"] == "1.1.0"
    assert history["versions"][0]["software_version"] == "1.0.0"

    (row,) = mews("deployment", "list").rows
    assert row[:2] == ["device-1/1", "1.1.0"]
    assert mews("deployment", "list", "-q", "--release", "1.1.0", "--since", "1h").lines == ["device-1/1"]
    assert mews("deployment", "list", "-q", "--state", "confirmed").lines == []
    (state,) = {each["state"] for each in mews("deployment", "list", "--json").json}
    assert mews("deployment", "list", "-q", "--state", f"confirmed,{state}").lines == ["device-1/1"]
    assert "half" in [row[-1] for row in mews("deployment", "show", "device-1/1").rows]
    assert mews("deployment", "show", "device-1/1", "--json").json["n"] == 1
    mews("deployment", "show", "device-1/9", code=NOT_FOUND)
    mews("deployment", "show", "device-1", code=USAGE)
    mews("deployment", "list", "--since", "yesterday", code=USAGE)
    mews("deployment", "list", "--state", "dancing", code=REFUSED)


# ---- At a terminal ----

def test_terminal_aligns_by_width(mews, database, fleet):
    fleet(2)
    database("update device_info set nickname = '東京' where device_id = 'device-1'")
    text = mews.terminal("device", "show", "device-1", env={"NO_COLOR": "1"}).out
    assert "nickname          東京\n" in text
    mews("project", "set", "name=東京")
    head, row = mews.terminal("project", "list", env={"NO_COLOR": "1"}).lines
    assert head.startswith("PROJECT  NAME  DEVICES") and row.startswith("default  東京        2")


def test_colour_can_be_switched_off(mews, fleet):
    fleet(1)
    assert "\x1b[" in mews.terminal("device", "list").out
    assert "\x1b[" not in mews.terminal("device", "list", env={"NO_COLOR": "1"}).out
    assert "\x1b[" not in mews.terminal("device", "list", env={"TERM": "dumb"}).out
    assert "\x1b[" not in mews("device", "list").out


def test_devices_cannot_drive_the_terminal(mews, gateway):
    evil = "\x1b]0;owned\x07\u009b31m\u202eabc\nx"
    expect(200, gateway.ddi("GET", "/device-1"))
    expect(200, gateway.ddi("PUT", "/device-1/configData", json={"data": {"current_version": "1", "x": evil}}))
    for words in (["device", "show", "device-1"], ["device", "show", "device-1", "--json"]):
        seen = plain(mews.terminal(*words).out) + mews(*words).out
        assert not any(letter in seen for letter in "\x1b\x07\u009b"), seen
    assert json.loads(mews("device", "show", "device-1", "--json").out)["attributes"]["x"] == evil


def test_terminal_shows_inspect_and_history(mews, fleet, released, gateway):
    fleet(1)
    released("1.1.0")
    mews("activate", "1.1.0", "--cohort", "default", "--yes")
    assert "Release 1.1.0:" in mews.terminal("device", "inspect", "device-1").out
    expect(200, gateway.ddi("GET", "/device-1"))
    text = plain(mews.terminal("device", "history", "device-1").out)
    assert "device-1/1  release 1.1.0 from 1.0.0  attempt 1  offered" in text
    assert "REPORTED" in text
