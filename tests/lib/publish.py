"""What an operator does to bring an image to devices: release, upload, payload, activation."""
import base64

PIECE = 1 << 20  # bytes per PATCH; the gateway takes up to its uploads.piece_size


def upload(api, filename, content):
    """Send bytes by the tus protocol, resuming nothing; the SHA-256 by which payloads name them."""
    name = base64.b64encode(filename.encode()).decode()
    created = expect(201, api("POST", "/uploads", headers={
        "Tus-Resumable": "1.0.0", "Upload-Length": str(len(content)), "Upload-Metadata": f"filename {name}"}))
    location = "/api/" + created.headers["Location"].split("/api/", 1)[1]
    for offset in range(0, len(content), PIECE):
        expect(204, api("PATCH", location, data=content[offset:offset + PIECE], headers={
            "Tus-Resumable": "1.0.0", "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream"}))
    return expect(200, api("GET", location)).json["sha256"]


def publish(api, version, image, cohort="default", hardware=("demo-board",), **release):
    """`image` is the path of a .swu, or None to activate a release that has its payload. The activation.

    `release` may say more of it: must_pass_through=True, or {"from": "1.0.0"} for a delta.
    """
    name = f"{release['from']}..{version}" if "from" in release else version
    if image is not None:
        expect(201, api("POST", "/releases", json={"version": version, **release}))
        sha256 = upload(api, image.name, image.read_bytes())
        expect(201, api("POST", f"/releases/{name}/payloads", json={
            "sha256": sha256, "filename": image.name, "hardware_versions": list(hardware)}))
    return expect(201, api("POST", "/activations", json={"release": name, "cohort": cohort})).json


def expect(status, reply):
    assert reply.status == status, reply
    return reply
