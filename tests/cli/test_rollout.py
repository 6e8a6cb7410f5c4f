"""From a file to the fleet: releases, payloads, uploads, activations, the matrix."""
import hashlib
import json
import os
import signal
import subprocess

import pytest

from lib.mews import CONFLICT, MEWS, NOT_FOUND, REFUSED, UNCONFIRMED, USAGE, plain
from lib.wait import wait_until

MIB = 1 << 20
SMALL_PIECES = pytest.mark.gateway(MEWS_UPLOADS_PIECE_SIZE=str(64 * 1024))


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def swu(home):
    """swu("description"): path of an unsigned .swu with this sw-description."""
    def make(description, first="sw-description", name="image.swu"):
        (home / first).write_bytes(description if isinstance(description, bytes) else description.encode())
        (home / "rootfs.img").write_bytes(b"content")
        path = home / name
        with open(path, "wb") as out:
            subprocess.run(["cpio", "--quiet", "-o", "-H", "crc"], cwd=home, stdout=out, check=True,
                           input=f"{first}\nrootfs.img\n".encode())
        return path

    return make


# ---- Releases ----

def test_release_round_trip(mews):
    assert mews("release", "create", "1.0.0", "--must-pass-through", "--notes", "Neue Uhr", "--revision",
                "8f2c1d").out == "created release 1.0.0\n"
    assert mews("release", "create", "--from", "1.0.0", "--to", "2.0.0").out == "created release 1.0.0..2.0.0\n"
    assert mews("release", "list", "-q").lines == ["1.0.0..2.0.0", "1.0.0"]
    sheet = mews("release", "show", "1.0.0").sheet
    assert (sheet["kind"], sheet["notes"], sheet["revision"]) == ("must_pass_through", "Neue Uhr", "8f2c1d")
    assert mews("release", "show", "1.0.0..2.0.0", "--json").json["kind"] == "delta"
    mews("release", "create", "1.0.0", code=CONFLICT)
    assert mews("release", "delete", "1.0.0..2.0.0").out == "deleted release 1.0.0..2.0.0\n"
    mews("release", "show", "1.0.0..2.0.0", code=NOT_FOUND)


@pytest.mark.parametrize("words", [[], ["1.0", "--from", "0.9"], ["--from", "1.0"], ["--to", "1.0"]])
def test_release_create_is_either_full_or_delta(mews, words):
    assert "either VERSION, or --from A and --to B" in mews("release", "create", *words, code=USAGE).err


# ---- Payloads ----

def test_payload_round_trip(mews, home):
    mews("project", "set", "targeting_attributes=region", "--yes")
    mews("release", "create", "1.0.0")
    for name in ("a.img", "b.img"):
        (home / name).write_bytes(os.urandom(50_000))
    assert mews("payload", "add", "1.0.0", home / "a.img", "--hardware-version", "board-a", "board-b",
                "--software-type", "modem", "--attribute", "region=eu").out == \
        "added a.img to release 1.0.0 as payload 1\n"
    mews("payload", "add", "--hardware-version", "board-c", "--hardware-version", "board-d", "--", "1.0.0",
         home / "b.img")
    first, second = mews("payload", "list", "1.0.0", "--json").json
    assert (first["hardware_versions"], first["software_type"], first["attributes"]) == \
        (["board-a", "board-b"], "modem", {"region": "eu"})
    assert ["payload", "1", "a.img", "50000", "modem", "board-a,board-b", "region=eu", first["sha256"]] in \
        mews("release", "show", "1.0.0").rows
    assert mews("release", "show", "1.0.0", "-q").lines == ["1.0.0"]
    assert (first["sha256"], first["size"]) == (sha256(home / "a.img"), 50_000)
    assert (second["hardware_versions"], second["software_type"]) == (["board-c", "board-d"], "main")
    remove = ("payload", "remove", "1.0.0", first["id"])
    sentence = f"remove payload {first['id']} (a.img for board-a,board-b) from release 1.0.0"
    assert mews(*remove, "--dry-run").out == f"would: {sentence}\n"
    mews.terminal(*remove, dialog=[(f"{sentence}? [y/N]", "n\n")], code=UNCONFIRMED)
    assert mews(*remove).out == f"removed payload {first['id']} from release 1.0.0\n"
    assert mews("payload", "list", "1.0.0", "-q").lines == [str(second["id"])]
    for more in ([], ["--yes"], ["--dry-run"]):
        mews("payload", "remove", "1.0.0", "4711", *more, code=NOT_FOUND)
    mews("activate", "1.0.0", "--cohort", "default", "--yes")
    for more in ([], ["--yes"], ["--dry-run"]):
        assert "final" in mews("payload", "remove", "1.0.0", second["id"], *more, code=CONFLICT).err


def test_payload_add_finds_mistakes_before_it_uploads(mews, gateway, home):
    (home / "a.img").write_bytes(b"x")
    mews("payload", "add", "1.0.0", home / "a.img", code=USAGE)
    mews("payload", "add", "1.0.0", home / "a.img", "--hardware-version", "b", code=NOT_FOUND)
    mews("release", "create", "1.0.0")
    assert "nope.img: No such file" in mews("payload", "add", "1.0.0", home / "nope.img", "--hardware-version", "b",
                                            code=USAGE).err
    assert "standard input cannot" in mews("payload", "add", "1.0.0", "--hardware-version", "b", "--", "-",
                                           code=USAGE).err
    assert "not an attribute" in mews("payload", "add", "1.0.0", home / "a.img", "--hardware-version", "b",
                                      "--attribute", "region", code=USAGE).err
    assert "not a file" in mews("payload", "add", "1.0.0", home, "--hardware-version", "b", code=USAGE).err
    assert gateway.api("GET", "/artifacts").json["items"] == []


# ---- mews upload ----

DESCRIPTIONS = {
    "list": ('software = { version = "1.2.3"; hardware-compatibility: [ "board-a", "board-b", "#RE:^c" ]; }',
             ["board-a", "board-b"]),
    "boards": ('software = { version = "1.2.3"; board-a = { hardware-compatibility: [ "1.0" ]; };'
               ' board-b = { hardware-compatibility: [ "2.0" ]; files: (); }; }', ["board-a", "board-b"]),
    "json": (json.dumps({"software": {"version": "1.2.3", "hardware-compatibility": ["board-a"]}}), ["board-a"]),
}


@pytest.mark.parametrize("kind", DESCRIPTIONS)
def test_upload_takes_all_from_the_file(mews, swu, kind):
    description, hardware = DESCRIPTIONS[kind]
    path = swu(description)
    assert mews("upload", path, "--notes", "New", "--revision", "abc").out == "created release 1.2.3\n"
    release = mews("release", "show", "1.2.3", "--json").json
    assert (release["notes"], release["revision"]) == ("New", "abc")
    (payload,) = release["payloads"]
    assert (payload["filename"], payload["sha256"], payload["hardware_versions"]) == \
        ("image.swu", sha256(path), hardware)


def test_upload_can_be_repeated_and_continued(mews, images):
    first, other = images("1.1.0"), images("1.1.0", size=5000)
    assert mews("upload", first).out == "created release 1.1.0\n"
    assert mews("upload", first).out == "the file is already in release 1.1.0\n"
    mews("upload", other, code=CONFLICT)  # fits the same devices
    mews("upload", other, "--hardware-version", "board-x")
    assert len(mews("payload", "list", "1.1.0", "-q").lines) == 2
    assert mews("upload", first, "--json").json["release"] == "1.1.0"
    assert mews("upload", first, "-q").out == "1.1.0\n"


def test_upload_uses_a_release_that_is_there(mews, images):
    mews("release", "create", "1.1.0", "--must-pass-through")
    assert mews("upload", images("1.1.0")).out == "added the file to release 1.1.0\n"


def test_upload_that_is_refused_leaves_no_release(mews, images):
    mews("upload", images("1.1.0"), "--attribute", "region=eu", code=REFUSED)  # nobody targets by region
    mews("release", "show", "1.1.0", code=NOT_FOUND)


@pytest.mark.parametrize("description, says", [
    ('software = { version = "1.0"; }', "does not name the hardware"),
    ('software = { hardware-compatibility: [ "a" ]; }', "has no version"),
    ('@include "/etc/passwd"\nsoftware = { version = "1.0"; }', "cannot be read"),
    ("software = {", "cannot be read"),
    ('{"software": 7}', "cannot be read"),
    ('software = { version = "' + "1" * 200 + '"; }', "has no version"),
    (b"software\0", "is not text"),
    (b"# " + b"x" * (MIB + 1), "more than 1 MiB"),
    ("", "cut off"),
], ids=["hardware", "version", "include", "syntax", "type", "long", "binary", "big", "empty"])
def test_upload_refuses_broken_descriptions(mews, swu, description, says):
    assert says in mews("upload", swu(description), code=USAGE).err


def test_upload_refuses_what_is_no_swu(mews, swu, home):
    assert "its first file is not sw-description" in mews("upload", swu("x", first="other"), code=USAGE).err
    for content in (b"", b"PK\3\4 whatever" * 100, swu('software = { version = "1.0"; };').read_bytes()[:150]):
        (home / "no.swu").write_bytes(content)
        assert "is not a .swu" in mews("upload", home / "no.swu", code=USAGE).err
    assert "No such file" in mews("upload", home / "nothing.swu", code=USAGE).err
    assert "is not a file" in mews("upload", home, code=USAGE).err
    os.mkfifo(home / "pipe.swu")
    assert "is not a file" in mews("upload", home / "pipe.swu", code=USAGE).err
    assert "standard input cannot be uploaded" in mews("upload", "-", code=USAGE).err


@pytest.mark.parametrize("option", [["--notes", "New"], ["--revision", "abc"], ["--must-pass-through"]])
def test_upload_does_not_ignore_what_the_release_contradicts(mews, gateway, images, option):
    mews("release", "create", "1.1.0")
    said = mews("upload", images("1.1.0"), *option, code=CONFLICT).err
    assert f"another {option[0]}" in said and "mews release delete 1.1.0" in said
    assert gateway.api("GET", "/artifacts").json["items"] == []  # found before anything was sent
    mews("release", "delete", "1.1.0")
    for _ in range(2):  # the same once more is no contradiction
        mews("upload", images("1.1.0"), *option)
        mews("upload", images("1.1.0"))


def test_upload_does_not_ignore_for_whom_the_file_is_in(mews, released, images):
    mews("project", "set", "targeting_attributes=region", "--yes")
    mews("upload", images("1.1.0"), "--hardware-version", "board-a", "board-b", "--attribute", "region=eu")
    for other in (["--hardware-version", "board-a"], ["--hardware-version", "board-a", "board-b", "board-c"],
                  ["--software-type", "modem"], ["--attribute", "region=us"]):
        assert "mews payload list 1.1.0" in mews("upload", images("1.1.0"), *other, code=CONFLICT).err
    for same in ([], ["--hardware-version", "board-b", "board-a"], ["--software-type", "main"],
                 ["--attribute", "region=eu"]):
        assert mews("upload", images("1.1.0"), *same).out == "the file is already in release 1.1.0\n"


def test_no_upload_to_a_release_that_is_final(mews, gateway, released, images):
    released("1.1.0")
    mews("activate", "1.1.0", "--cohort", "default", "--yes")
    other = images("1.1.0", size=5000)
    for words in (["upload", other], ["payload", "add", "1.1.0", other]):
        assert "another version" in mews(*words, "--hardware-version", "board-x", code=CONFLICT).err
    assert len(gateway.api("GET", "/artifacts").json["items"]) == 1


# ---- Uploads in pieces ----

@SMALL_PIECES
def test_upload_in_pieces(mews, gateway, images):
    image = images("1.1.0", size=1_000_000)
    mews("upload", image)
    assert mews("payload", "list", "1.1.0", "--json").json[0]["sha256"] == sha256(image)
    assert gateway.log.count("method=PATCH") > 10


@SMALL_PIECES
def test_upload_survives_a_restart_of_the_gateway(mews, gateway, images):
    image = images("1.1.0", size=20_000_000)
    process = subprocess.Popen([str(MEWS), "upload", str(image)], env=mews.env, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    wait_until(lambda: gateway.log.count("method=PATCH") > 20, what="pieces arrive")
    gateway.kill()
    assert process.poll() is None
    gateway.start()
    out, err = process.communicate(timeout=100)
    assert (process.returncode, out, err) == (0, "created release 1.1.0\n", "")
    assert mews("payload", "list", "1.1.0", "--json").json[0]["sha256"] == sha256(image)


@SMALL_PIECES
def test_upload_that_is_interrupted_leaves_no_release(mews, gateway, images):
    process = subprocess.Popen([str(MEWS), "upload", str(images("1.1.0", size=20_000_000))], env=mews.env)
    wait_until(lambda: gateway.log.count("method=PATCH") > 5, what="pieces arrive")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == -signal.SIGINT
    mews("release", "show", "1.1.0", code=NOT_FOUND)


@SMALL_PIECES
def test_files_of_one_version_may_come_at_the_same_time(mews, gateway, images):
    slow, quick = images("1.1.0", size=20_000_000), images("1.1.0")
    process = subprocess.Popen([str(MEWS), "upload", str(slow), "--hardware-version", "board-b"], env=mews.env,
                               stdout=subprocess.PIPE, text=True)
    wait_until(lambda: gateway.log.count("method=PATCH") > 5, what="pieces arrive")
    assert mews("upload", quick).out == "created release 1.1.0\n"
    assert process.poll() is None
    assert process.communicate(timeout=100)[0] == "added the file to release 1.1.0\n"
    assert len(mews("payload", "list", "1.1.0", "-q").lines) == 2


def test_progress_is_for_terminals(mews, images):
    image = images("1.1.0", size=30_000_000)
    assert mews("upload", image).err == ""
    mews("release", "delete", "1.1.0")
    seen = mews.terminal("upload", image).out
    assert "% " in seen and "MiB" in seen
    assert "created release 1.1.0\nNext: mews activate 1.1.0 --cohort COHORT" in plain(seen)
    mews("release", "delete", "1.1.0")
    assert mews.terminal("upload", image, "-q").out == "1.1.0\n"


# ---- Activate, pull, stage ----

def test_activate_and_pull(mews, fleet, released):
    fleet(3)
    released("1.1.0")
    words = ("activate", "1.1.0", "--cohort", "default")
    assert mews(*words, "--dry-run").rows == [["1.1.0", "0", "3"], ["none", "3", "0"]]
    forecast = mews(*words, "--dry-run", "--json").json
    assert (forecast["moves"], forecast["after"]["moving"]) == (3, 3)
    assert mews(*words, "--dry-run", "-q").out == ""
    asked = mews(*words, code=UNCONFIRMED)
    assert "3 of 3 devices in cohort default get another next step." in asked.err and "say --yes" in asked.err
    mews(*words, stdin="n\n", code=UNCONFIRMED)
    assert mews("release", "show", "1.1.0").sheet["active_in"] == ""

    assert mews(*words, "--yes").out == "release 1.1.0 is active in cohort default (activation 1)\n"
    assert mews("release", "show", "1.1.0").sheet["active_in"] == "default"
    mews(*words, "--yes", code=CONFLICT)
    assert "active in default" in mews("release", "delete", "1.1.0", code=CONFLICT).err

    pull = ("pull", "1.1.0", "--cohort", "default")
    assert mews(*pull, "--dry-run").rows == [["1.1.0", "3", "0"], ["none", "0", "3"]]
    mews(*pull, code=UNCONFIRMED)
    assert mews(*pull, stdin="yes\n").out == "pulled release 1.1.0 from cohort default\n"
    assert "is not active in cohort default" in mews(*pull, "--yes", code=NOT_FOUND).err
    mews("release", "delete", "1.1.0")


@pytest.mark.parametrize("command", [["activate"], ["pull"]])
def test_names_are_checked_first(mews, released, command):
    released("1.1.0")
    assert "9.9" in mews(*command, "9.9", "--cohort", "default", "--yes", code=NOT_FOUND).err
    assert "nowhere" in mews(*command, "1.1.0", "--cohort", "nowhere", "--yes", code=NOT_FOUND).err
    assert "--cohort COHORT is missing" in mews(*command, "1.1.0", code=USAGE).err


def test_activating_nothing_is_a_conflict(mews):
    mews("release", "create", "1.1.0")
    for more in ("--yes", "--dry-run"):
        assert "no payload" in mews("activate", "1.1.0", "--cohort", "default", more, code=CONFLICT).err


def test_stage(mews, fleet, released):
    fleet(10)
    released("1.1.0")
    mews("activate", "1.1.0", "--cohort", "default", "--staged", "--yes")
    assert mews("stage", "default", "30", "--dry-run").rows == [["1.1.0", "0", "3"], ["none", "10", "7"]]
    mews("stage", "default", "30", code=UNCONFIRMED)
    assert mews("stage", "default", "30%", "--yes").out == "3 of 10 devices in cohort default are staged\n"
    assert sum(device["staged"] for device in mews("device", "list", "--json").json) == 3
    for wrong in ("101", "many", "-1", ""):
        mews("stage", "--yes", "--", "default", wrong, code=USAGE)


# ---- Matrix ----

def test_matrix(mews, fleet, released):
    fleet(3)
    fleet(2, version="1.1.0", first=4)
    released("1.1.0")
    released("1.2.0", "--must-pass-through")
    mews("activate", "1.1.0", "--cohort", "default", "--yes")
    assert sorted(mews("matrix", "default").rows) == [
        ["1.0.0", "", "demo-board", "1.1.0", "3", "0", "chosen"],
        ["1.1.0", "", "demo-board", "", "2", "0", "up_to_date"]]
    assert mews("matrix", "default", "--json").json["moving"] == 3
    assert mews("matrix", "default", "-q").lines == ["1.1.0"]
    mews("matrix", "nowhere", code=NOT_FOUND)

    changes = ["--if", "activate 1.2.0", "pull 1.1.0"]
    assert sorted(row[3] for row in mews("matrix", "default", *changes).rows) == ["1.2.0", "1.2.0"]
    assert mews("matrix", "default", *changes, "--json").json["moves"] == 5
    assert mews("matrix", "default", "--if", "activate 1.2.0 staged", "--if", "stage 100", "--json").json["moves"] == 5
    assert mews("matrix", "default", "--if", "version_checking", "off", "--json").json["moves"] == 0
    mews("matrix", "default", "--if", "activate 9.9", code=NOT_FOUND)
    for wrong in ("dance", "stage 200", "activate", "version_checking perhaps", "staged"):
        assert f'--if does not understand "{wrong}"' in mews("matrix", "default", "--if", wrong, code=USAGE).err


def test_a_version_that_nobody_knows_is_not_a_good_one(mews, gateway):
    assert gateway.ddi("GET", "/device-1").status == 200  # it has not said what it runs
    (line,) = [line for line in mews.terminal("matrix", "default").lines if "unknown" in line]
    assert line.startswith("\x1b[2munknown")


def test_matrix_for_people(mews, fleet, released):
    fleet(3)
    released("1.1.0")
    mews("activate", "1.1.0", "--cohort", "default", "--staged", "--yes")
    mews("stage", "default", "34", "--yes")
    text = plain(mews.terminal("matrix", "default").out)
    head, row, total = text.splitlines()[:3]
    assert "> 1.1.0 (staged)" in head
    assert "1 (1 staged)" in row and "2 not_staged" in row and row.startswith("1.0.0")
    assert total.split() == ["total", "3", "1", "2"]
    assert "1 of 3 devices in cohort default has a next step." in text
    asked = mews.terminal("pull", "1.1.0", "--cohort", "default", dialog=[("[y/N]", "n\n")], code=UNCONFIRMED).out
    assert "pull release 1.1.0 from cohort default? [y/N]" in asked
