"""Uploaded files: find, look into, fetch and delete them."""
import hashlib

import pytest

from lib.mews import CONFLICT, FAILED, NOT_FOUND, UNCONFIRMED, USAGE, plain
from lib.publish import expect
from lib.store import artifact_file

LARGE = 20_000_000  # more than two pieces


@pytest.fixture
def put(gateway):
    """put("a.img", b"abc"): its SHA-256."""
    def run(name, content):
        return expect(201, gateway.api("PUT", f"/artifacts/{name}", data=content)).json["sha256"]

    return run


@pytest.fixture
def large(mews, images):
    """A file of a release that takes several pieces."""
    image = images("1.1.0", size=LARGE)
    mews("upload", image)
    return image


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_list(mews, put, released):
    released("1.1.0")
    spare = put("spare.img", b"abc")
    used = mews("release", "show", "1.1.0", "--json").json["payloads"][0]["sha256"]
    assert mews("artifact", "list", "-q").lines == [spare, used]
    assert mews("artifact", "list", "-q", "--unused").lines == mews("artifact", "list", "-q", "--search", "SPARE").lines == [spare]
    assert mews("artifact", "list", "--unused").rows[0][:4] == [spare, "spare.img", "3", "false"]
    assert [each["sha256"] for each in mews("artifact", "list", "--json", "-n", "1").json] == [spare]
    shown = plain(mews.terminal("artifact", "list").out)
    assert spare[:12] in shown and spare not in shown


def test_show(mews, put, released):
    released("1.1.0")
    (sum,) = mews("artifact", "list", "-q").lines
    shown = mews("artifact", "show", sum[:8])
    assert (shown.sheet["sha256"], shown.sheet["used"]) == (sum, "true")
    assert shown.rows[-1][:2] == ["payload", "1.1.0"] and shown.rows[-1][-1] == "demo-board"
    assert mews("artifact", "show", sum, "--json").json["payloads"][0]["release"] == "1.1.0"
    assert mews("artifact", "show", sum[:8], "-q").lines == [sum]
    assert "No release uses it." in mews.terminal("artifact", "show", put("a.img", b"abc")).out
    for typed, code in {64 * "0": NOT_FOUND, 8 * "0": NOT_FOUND, sum[:7]: USAGE, sum + "0": USAGE, "a.img": USAGE}.items():
        mews("artifact", "show", typed, code=code)


def test_a_beginning_of_several_is_none(mews, database):
    database("insert into artifact (project_id, sha256, sha1, md5, size, filename)"
             " select 1, repeat('a', 63) || n, repeat('b', 40), repeat('c', 32), 1, 'x' from generate_series(1, 2) n")
    assert "2 artifacts begin with aaaaaaaa: say more" in mews("artifact", "show", 8 * "a", code=USAGE).err
    mews("artifact", "show", 63 * "a" + "2")


def test_download(mews, large, home):
    sum = sha256(large)
    assert mews("artifact", "download", sum[:10]).out == f"downloaded {large.name}\n"
    assert sha256(mews.home / large.name) == sum
    assert "say -o FILE" in mews("artifact", "download", sum, code=USAGE).err
    assert mews("artifact", "download", sum, "-o", large.name, "-q").lines == [sum]
    assert {path.name for path in mews.home.iterdir()} == {large.name}
    mews("artifact", "download", sum, "-o", home / "no" / "where", code=FAILED)
    shown = mews.terminal("artifact", "download", sum, "-o", home / "copy").out
    assert "% " in shown and f"downloaded {home / 'copy'}" in plain(shown)


def test_download_to_standard_output(mews, put, home):
    sum, empty = put("a.img", b"abc"), put("empty", b"")
    assert mews("artifact", "download", sum, "-o", "-").out == "abc"
    assert mews("artifact", "download", empty, "-o", "-").out == ""
    assert "not for a terminal" in mews.terminal("artifact", "download", sum, "-o", "-", code=USAGE).out


@pytest.mark.parametrize("name", [".bashrc", "-rf"])
def test_names_that_are_not_written_to_unasked(mews, put, name):
    sum = put(name, b"abc")
    mews("artifact", "download", sum, code=USAGE)
    mews("artifact", "download", sum, "-o", name)


def test_a_download_goes_on_where_it_broke(mews, large, proxy):
    proxy.cut_at(1_000_000, 5_000_000)
    mews("artifact", "download", sha256(large), env={"MEWS_URL": proxy.url})
    first, second, third = list(dict.fromkeys(proxy.ranges()))
    assert proxy.ranges() == [first, first, first, second, third]
    assert sha256(mews.home / large.name) == sha256(large)


def test_another_file_arrives(mews, gateway, large):
    """The store's disk has lost a bit."""
    sum = sha256(large)
    (path,) = artifact_file(large.read_bytes())
    stored = gateway.store / path
    stored.chmod(0o600)
    with open(stored, "r+b") as file:
        file.seek(LARGE // 2)
        byte = file.read(1)
        file.seek(LARGE // 2)
        file.write(bytes([byte[0] ^ 1]))
    assert "what arrived is another file" in mews("artifact", "download", sum, code=FAILED).err
    assert list(mews.home.iterdir()) == []


def test_delete(mews, put, released):
    released("1.1.0")
    (used,) = mews("artifact", "list", "-q").lines
    first, second = put("a.img", b"a"), put("b.img", b"b")
    sentence = f"delete a.img ({first[:12]})"
    assert mews("artifact", "delete", first[:8], "--dry-run").out == f"would: {sentence}\n"
    mews.terminal("artifact", "delete", first, dialog=[(f"{sentence}? [y/N]", "n\n")], code=UNCONFIRMED)
    for more in ([], ["--yes"], ["--dry-run"]):
        assert "in use by 1.1.0" in mews("artifact", "delete", used, *more, code=CONFLICT).err
    mews("artifact", "delete", first, used, code=CONFLICT)
    assert mews("artifact", "list", "-q", "--unused").lines == [second, first]
    assert mews("artifact", "delete", first, second).lines == [f"deleted artifact {first}", f"deleted artifact {second}"]
    assert mews("artifact", "list", "-q").lines == [used]
    mews("artifact", "delete", first, code=NOT_FOUND)


def test_completion(mews, put):
    sums = {put("a.img", b"a"), put("b.img", b"b")}
    offered = {line.split("\t")[0] for line in mews("__complete", "--", "artifact", "delete", "x" * 64, "").lines}
    assert offered == sums
