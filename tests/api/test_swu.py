"""What a .swu says of itself, and what happens when that is not what the operator says."""
import hashlib
import io
import json
import subprocess
import tarfile
import time

import pytest

from lib import swu
from lib.operator import expect
from lib.publish import upload

BOARDS = """
    board-a = { hardware-compatibility: [ "1.0", "1.1" ]; images: ({ filename = "rootfs.img"; device = "/dev/a"; }); };
    board-b = { hardware-compatibility: [ "#RE:^2.*$" ]; images: (); };
    scripts = { x = 1; };"""
AS_JSON = json.dumps({"software": {"version": "1.1.0", "board-a": {"hardware-compatibility": ["1.0"]},
                                   "board-b": {"hardware-compatibility": []}, "description": "ü"}})


def description(version="1.1.0", inside=""):
    return f'software =\n{{\n    version = "{version}";\n    description = "for tests";{inside}\n}};\n'


def newc(name, content, size=None):
    """One file of a cpio archive, as `cpio -H newc` writes it."""
    name = name.encode() + b"\0"
    fields = [0, 0o100644, 0, 0, 1, 0, len(content) if size is None else size, 0, 0, 0, 0, len(name), 0]
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)


def archive(*files):
    return b"".join(newc(name, content) for name, content in files) + newc("TRAILER!!!", b"")


def image(text, signature=None, payload=b"root file system"):
    """A .swu; its signature is bytes."""
    text = text.encode() if isinstance(text, str) else text
    return archive(("sw-description", text), *([("sw-description.sig", signature)] if signature is not None else []),
                   ("rootfs.img", payload))


@pytest.fixture
def put(admin):
    """put(content): uploaded; what the gateway has to say about it, and its SHA-256."""
    def run(content, name="image.swu"):
        reply = admin.call("PUT", f"/artifacts/{name}", data=content)
        assert reply.status in (200, 201), reply
        item, = [each for each in admin.items("/artifacts") if each["sha256"] == hashlib.sha256(content).hexdigest()]
        return item.get("swu"), item["sha256"]
    return run


@pytest.fixture
def add(admin, put):
    """add(content, version="1.1.0"): a payload of a release of this version, uploaded and added; the reply."""
    def run(content, version="1.1.0", **more):
        _, sha256 = put(content)
        admin.post("/releases", {"version": version})
        return admin.post(f"/releases/{version}/payloads", {"sha256": sha256, **more})
    return run


# ---- Defaults ----

@pytest.mark.parametrize("text", [description(inside=BOARDS), AS_JSON, " \n" + AS_JSON],
                         ids=["libconfig", "JSON", "JSON behind blanks"])
def test_says_it_itself(put, add, text):
    """In libconfig's format or JSON: the version, and the boards that it has sections for."""
    about, _ = put(image(text))
    assert about == {"version": "1.1.0", "hardware_versions": ["board-a", "board-b"], "signed": False}
    payload = expect(201, add(image(text))).json
    assert (payload["hardware_versions"], payload["filename"]) == (["board-a", "board-b"], "image.swu")


def test_made_by_cpio(put, images):
    """As build systems do it, with checksums."""
    about, _ = put(images("1.1.0").read_bytes())
    assert about["version"] == "1.1.0" and about["signed"] is True


def test_by_tus(gateway, admin, add):
    """The other way in says the same."""
    content = image(description(inside=BOARDS))
    sha256 = upload(gateway.api, "image.swu", content)
    expect(201, admin.post("/releases", {"version": "1.1.0"}))
    payload = expect(201, admin.post("/releases/1.1.0/payloads", {"sha256": sha256})).json
    assert payload["hardware_versions"] == ["board-a", "board-b"]


def test_no_boards(add):
    """Then the operator has to say it."""
    expect(422, add(image(description())), "/hardware_versions")
    assert expect(201, add(image(description()), hardware_versions=["x"])).json["hardware_versions"] == ["x"]


@pytest.mark.parametrize("text", [
    description(inside='hardware-compatibility: [ "1.0", "#RE:^2", "1.2", "1.0" ];'),
    json.dumps({"software": {"version": "1.1.0", "hardware-compatibility": ["1.0", "#RE:^2", "1.2", "1.0"]}})], ids=["libconfig", "JSON"])
def test_revisions_are_a_default_and_no_contradiction(add, text):
    """As `mews upload` takes them. Devices may call their hardware otherwise."""
    assert expect(201, add(image(text))).json["hardware_versions"] == ["1.0", "1.2"]
    assert expect(201, add(image(text), hardware_versions=["board-a"])).json["hardware_versions"] == ["board-a"]


def test_boards_go_before_revisions(add):
    text = description(inside='hardware-compatibility: [ "1.0" ];' + BOARDS)
    assert expect(201, add(image(text))).json["hardware_versions"] == ["board-a", "board-b"]


@pytest.mark.parametrize("odd", ['"1.0"', "1", "( 1, true, { x = 1; } )", "[ ]", '[ "#RE:.*" ]', '[ "" ]', "{ x = 1; }", f'[ "{"r" * 500}" ]'])
def test_odd_revisions_are_none(add, odd):
    expect(422, add(image(description(inside=f"hardware-compatibility: {odd};"))), "/hardware_versions")


def test_one_board_of_several(add):
    payload = expect(201, add(image(description(inside=BOARDS)), hardware_versions=["board-b"])).json
    assert payload["hardware_versions"] == ["board-b"]


def test_file_that_is_no_swu(put, add):
    assert put(b"just some bytes")[0] is None
    assert expect(201, add(b"just some bytes", hardware_versions=["board-a"])).json["filename"] == "image.swu"


# ---- Contradictions: both are shown ----

def test_another_version(add):
    reply = expect(422, add(image(description("1.0.9")), version="1.1.0", hardware_versions=["board-a"]), "/sha256")
    assert "1.0.9" in reply.json["detail"] and "1.1.0" in reply.json["detail"]


def test_another_board(add, admin):
    reply = add(image(description(inside=BOARDS)), hardware_versions=["board-a", "board-x"])
    expect(422, reply, "/hardware_versions")
    for board in ("board-a", "board-b", "board-x"):
        assert board in reply.json["detail"]
    assert admin.get("/releases/1.1.0").json["payloads"] == []


def test_other_words_for_the_version(add):
    """What a device reports is compared letter by letter, so v1.1 will not do for 1.1.0."""
    expect(422, add(image(description("1.1")), hardware_versions=["board-a"]), "/sha256", says="1.1,")


# ---- Signers ----

@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """Somebody else's key and certificate."""
    return swu.Signer(tmp_path_factory.mktemp("stranger"))


@pytest.fixture
def sign(home):
    """sign(text, signer, "-nocerts"): the CMS signature that openssl makes."""
    def run(text, signer, *options):
        path = home / "sw-description"
        path.write_bytes(text.encode())
        command = ["openssl", "cms", "-sign", "-in", path, "-signer", signer.certificate, "-inkey", signer.key,
                   "-outform", "DER", "-nosmimecap", "-binary", *options]
        return subprocess.run(command, capture_output=True, check=True).stdout
    return run


def der(signer):
    """Its certificate."""
    return subprocess.run(["openssl", "x509", "-in", signer.certificate, "-outform", "DER"], capture_output=True,
                          check=True).stdout


def fingerprint(signer):
    return hashlib.sha256(der(signer)).hexdigest()


@pytest.fixture
def demanding(admin, signer):
    """The project takes only what `signer` has signed."""
    expect(200, admin.patch("//projects/default", {"signers": [signer.certificate.read_text()]}))


def test_signer_is_known_by_its_certificate(put, signer, stranger, sign):
    text = description()
    for each in (signer, stranger):
        assert put(image(text, sign(text, each)))[0]["signer"] == fingerprint(each)


def test_signed_by_ours(add, demanding, signer, sign):
    text = description(inside=BOARDS)
    expect(201, add(image(text, sign(text, signer))))


def test_signed_by_one_of_several(admin, add, signer, stranger, sign):
    expect(200, admin.patch("//projects/default", {
        "signers": [stranger.certificate.read_text(), signer.certificate.read_text()]}))
    text = description(inside=BOARDS)
    expect(201, add(image(text, sign(text, signer))))


@pytest.mark.parametrize("content", [image(description(inside=BOARDS)), b"no swu at all"], ids=["swu", "no swu"])
def test_unsigned(add, demanding, content):
    expect(422, add(content, hardware_versions=["board-a"]), "/sha256", says="not signed")


def test_signed_by_a_stranger(add, demanding, stranger, sign):
    text = description(inside=BOARDS)
    expect(422, add(image(text, sign(text, stranger))), "/sha256", says=fingerprint(stranger))


def test_signature_of_something_else(put, add, demanding, signer, sign):
    """Ours, but made for another description; also one that carries that description inside."""
    for options in ([], ["-nodetach"]):
        content = image(description(inside=BOARDS), sign(description("1.0.0"), signer, *options))
        assert put(content)[0].keys() == {"version", "hardware_versions", "signed"}
        expect(422, add(content), "/sha256", says="signature of the file is wrong")


@pytest.mark.parametrize("signature", [b"x", b"\x30\x80", bytes(5000), b"\x30\x84\xff\xff\xff\xff" + bytes(100)],
                         ids=["a letter", "without end", "zeros", "4 GiB"])
def test_signature_that_is_none(add, demanding, signature):
    expect(422, add(image(description(inside=BOARDS), signature)), "/sha256", says="signature of the file is wrong")


def test_signature_without_certificate(add, demanding, signer, sign):
    text = description(inside=BOARDS)
    expect(422, add(image(text, sign(text, signer, "-nocerts"))), "/sha256", says="certificate")


def test_two_signatures(add, demanding, signer, stranger, sign):
    """Ours among others does not count: which one would a device believe?"""
    text = description(inside=BOARDS)
    both = sign(text, signer, "-signer", stranger.certificate, "-inkey", stranger.key)
    expect(422, add(image(text, both)), "/sha256", says="signature of the file is wrong")


def test_signature_broken_anywhere(put, signer, sign, rng):
    """After a flipped bit there is no signer, or it is the certificate as it stands there, bit for bit."""
    text = description()
    good, certificate = sign(text, signer), der(signer)
    begin = good.index(certificate)
    for _ in range(60):
        at = rng.randrange(len(good))
        bad = good[:at] + bytes([good[at] ^ 1 << rng.randrange(8)]) + good[at + 1:]
        as_it_stands = hashlib.sha256(bad[begin:begin + len(certificate)]).hexdigest()
        assert put(image(text, bad))[0].get("signer") in (None, as_it_stands)


def test_twin_of_our_certificate(add, demanding, signer, sign, home):
    """A stranger's key in a certificate of the same name and number, and ours laid beside it."""
    serial = subprocess.run(["openssl", "x509", "-in", signer.certificate, "-noout", "-serial"], capture_output=True,
                            check=True, text=True).stdout.strip().split("=")[1]
    (home / "twin").mkdir()
    twin = swu.Signer(home / "twin")
    subprocess.run(["openssl", "req", "-x509", "-new", "-key", twin.key, "-days", "365", "-subj", "/CN=mews-images",
                    "-set_serial", f"0x{serial}", "-out", twin.certificate, "-addext", "keyUsage=digitalSignature",
                    "-addext", "extendedKeyUsage=emailProtection"], check=True)
    text = description(inside=BOARDS)
    for options in ([], ["-certfile", signer.certificate], ["-nocerts", "-certfile", signer.certificate]):
        expect(422, add(image(text, sign(text, twin, *options))), "/sha256")


def test_payload_that_is_older_than_the_signers(admin, add, put, signer, sign):
    """It was added when anybody could sign; now the release is not activated with it, and what-if says so, too."""
    text = description(inside=BOARDS)
    expect(201, add(image(text, sign(text, signer)), hardware_versions=["board-a"]))
    payload = expect(201, add(image(text), hardware_versions=["board-b"])).json
    expect(200, admin.patch("//projects/default", {"signers": [signer.certificate.read_text()]}))
    activation, change = {"release": "1.1.0", "cohort": "default"}, {"changes": [{"activate": "1.1.0"}]}
    says = f"payload {payload['id']} (image.swu) of release 1.1.0: the file is not signed"
    expect(409, admin.post("/activations", activation), "/release", says)
    expect(409, admin.post("/cohorts/default/what-if", change), "/changes/0", says)
    etag = admin.get("/releases/1.1.0").headers["ETag"]
    expect(204, admin.delete(f"/releases/1.1.0/payloads/{payload['id']}", headers={"If-Match": etag}))
    expect(200, admin.post("/cohorts/default/what-if", change))
    expect(201, admin.post("/activations", activation))


def test_signers_changed_since_it_was_active(admin, add, signer, stranger, sign):
    """Its payloads are final, so the way out is a new release."""
    text = description(inside=BOARDS)
    expect(201, add(image(text, sign(text, stranger))))
    active = expect(201, admin.post("/activations", {"release": "1.1.0", "cohort": "default"})).json
    expect(200, admin.post(f"/activations/{active['id']}/pull"))
    expect(200, admin.patch("//projects/default", {"signers": [signer.certificate.read_text()]}))
    expect(409, admin.post("/activations", {"release": "1.1.0", "cohort": "default"}), "/release", "create a new release")


def test_certificates_are_checked(admin, signer):
    expect(400, admin.patch("//projects/default", {"signers": [signer.certificate.read_text(), "no certificate"]}), "/signers/1")


# ---- Hostile ones: nothing crashes, nothing is read from our disk ----

@pytest.mark.parametrize("text", [
    '@include "{path}"\n', '  \t@include "{path}"\n', 'software = {{\n@include "{path}"\n}};\n',
    'a = 1;\n@include   "{path}"\n', '@include\t"{path}"\n', '@include "{name}"\n'])
def test_include(put, home, text):
    """libconfig would read the file."""
    path = home / "secret.cfg"
    path.write_text('software = { version = "stolen"; };\nversion = "stolen";\n')
    about, _ = put(image(text.format(path=path, name=path.name)))
    assert about is None


def nested(n):
    return "software = " + "{ a = " * n + "1" + "; }" * n + ";"


def tar():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        info = tarfile.TarInfo("sw-description")
        info.size = len(description())
        made.addfile(info, io.BytesIO(description().encode()))
    return out.getvalue()


HOSTILE = {
    "empty": b"",
    "empty description": image(""),
    "blanks": image(" \n\t"),
    "bytes": bytes(range(256)) * 100,
    "zeros": bytes(100_000),
    "tar": tar(),
    "gzip": b"\x1f\x8b\x08" + bytes(100),
    "magic only": b"070701",
    "head only": image(description())[:110],
    "cut in the name": image(description())[:115],
    "cut in the description": image(description())[:150],
    "not first": archive(("rootfs.img", b"x"), ("sw-description", description().encode())),
    "another name": archive(("../sw-description", description().encode())),
    "size beyond all": newc("sw-description", description().encode(), size=0xffffffff),
    "size beyond the end": newc("sw-description", description().encode(), size=500_000),
    "long name": newc("x" * 100_000, b"x"),
    "head that is no hex": b"070701" + b"zzzzzzzz" * 13 + b"sw-description\0\0",
    "huge description": image(description(inside=f' x = "{"x" * 1_500_000}";')),
    "not UTF-8": image(b'software = { version = "\xff\xfe"; };'),
    "NUL": image(b'software = { version = "1.1.0\x00"; };'),
    "control characters": image('software = { version = "1\\n1\\x00\\x01"; };'),
    "version that is a number": image("software = { version = 11; };"),
    "software that is a list": image("software = ( 1, 2 );"),
    "no software": image('version = "1.1.0";'),
    "deep": image(nested(5000)),
    "deeper": image(nested(100_000)),
    "brackets": image("a = " + "(" * 1_000_000),
    "JSON deep": image('{"software": ' + "[" * 500_000),
    "JSON of another shape": image('{"software": [1]}'),
    "JSON with odd values": image('{"software": {"version": {}, "board": null, "x": {"hardware-compatibility": 1}}}'),
    "JSON with NUL": image('{"software": {"version": "1\\u0000"}}'),
    "long version": image(description("1" * 100_000)),
    "long board": image(description(inside=f"{'b' * 10_000} = {{ hardware-compatibility: []; }};")),
    "signature is huge": image(description(), bytes(3_000_000)),
    "symbolic link": newc("sw-description", b"/etc/passwd").replace(b"000081A4", b"0000A1FF"),
}


@pytest.mark.gateway(MEWS_WORKERS="1")
def test_hostile(gateway, put):
    """One after the other to one worker, which is still the same afterwards."""
    for name, content in HOSTILE.items():
        about, sha256 = put(content)
        assert about is None or about.keys() <= {"version", "hardware_versions", "signed", "signer"}, name
        assert about is None or len(json.dumps(about)) < 1000, name
        assert about is None or about.get("version", "").isprintable() or name == "control characters", name
    assert "worker_died" not in gateway.log
    known = {name: put(content)[0] for name, content in HOSTILE.items()}
    assert {name for name, about in known.items() if about and "version" in about} == {
        "control characters", "long board", "signature is huge"}, known


@pytest.mark.gateway(MEWS_WORKERS="1")
def test_nothing_takes_long(put):
    """libconfig compares each name with all that came before: 60,000 would keep the worker for half a minute."""
    many = description(inside="".join(f"a{n:x}=1;" for n in range(60_000)))
    begin = time.monotonic()
    about, _ = put(image(many))
    assert time.monotonic() - begin < 5
    assert about is None


def test_many_boards(put):
    """Kept are as many as anybody could mean."""
    boards = "".join(f"b{n} = {{ hardware-compatibility: []; }};" for n in range(500))
    about, _ = put(image(description(inside=boards)))
    assert len(about["hardware_versions"]) == 100


def test_any_cut_and_any_flip(gateway, put, rng):
    """Truncated at each length, then changed at random."""
    good = image(description(inside=BOARDS), b"signature")
    for size in range(0, 300, 7):
        put(good[:size])
    for _ in range(100):
        bad = bytearray(good)
        for _ in range(rng.randrange(1, 8)):
            bad[rng.randrange(len(bad))] = rng.randrange(256)
        put(bytes(bad))
    assert "worker_died" not in gateway.log
