"""Signed SWUpdate images, made as a build system would: openssl, cpio and a sw-description."""
import hashlib
import subprocess

DESCRIPTION = """software = {{
    version = "{version}";
    hardware-compatibility: [ {hardware} ];
    files: (
        {{
            filename = "rootfs.img";
            path = "{path}";
            sha256 = "{sha256}";
            installed-directly = true;
        }}
    );
}};
"""
INSTALLED = "slot-b.img"  # relative: each device installs into the directory that it was started in


class Signer:
    """A key and the self-signed certificate that devices trust. Debian's swupdate wants CMS and this usage."""

    def __init__(self, home):
        self.key, self.certificate = home / "key.pem", home / "cert.pem"
        _run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "365", "-subj", "/CN=mews-images",
             "-keyout", self.key, "-out", self.certificate,
             "-addext", "keyUsage=digitalSignature", "-addext", "extendedKeyUsage=emailProtection")

    def sign(self, path):
        _run("openssl", "cms", "-sign", "-in", path, "-out", f"{path}.sig", "-signer", self.certificate,
             "-inkey", self.key, "-outform", "DER", "-nosmimecap", "-binary")


def build(folder, signer, version, content, hardware=("1.0",), sha256=None):
    """Make `folder`/image-VERSION.swu, which installs `content` as INSTALLED. A wrong `sha256` breaks it."""
    parts = folder / f"parts-{version}"
    parts.mkdir(parents=True)
    (parts / "rootfs.img").write_bytes(content)
    (parts / "sw-description").write_text(DESCRIPTION.format(
        version=version, path=INSTALLED, sha256=sha256 or hashlib.sha256(content).hexdigest(),
        hardware=", ".join(f'"{revision}"' for revision in hardware)))
    signer.sign(parts / "sw-description")
    names = b"sw-description\nsw-description.sig\nrootfs.img\n"  # the order matters
    image = folder / f"image-{version}.swu"
    with open(image, "wb") as out:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "crc"], cwd=parts, input=names, stdout=out, check=True)
    return image


def _run(*command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert result.returncode == 0, f"{command[0]}: {result.stderr}"
