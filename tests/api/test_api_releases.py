"""Releases and their payloads: what may be said of them, and how they go."""
import pytest

from lib.operator import expect

TOO_MUCH = {"long": {"a": "x" * 16_400}, "numbers written out": {"a": [1e308] * 53},
            "most of a megabyte of them": {"a": [1e308] * 100_000}}


# ---- What may be said of them ----

@pytest.mark.parametrize("extra_info", TOO_MUCH.values(), ids=TOO_MUCH)
def test_extra_info_is_bounded_as_it_is_stored(admin, releases, extra_info):
    """PostgreSQL writes 1e308 with all its digits."""
    expect(422, admin.post("/releases", {"version": "1.0.0", "extra_info": extra_info}), "/extra_info")
    expect(201, admin.post("/releases", {"version": "1.0.0", "extra_info": {"a": "x" * 16_000, "b": [1e308]}}))
    expect(422, admin.patch("/releases/1.0.0", {"extra_info": extra_info}), "/extra_info")
    sha256 = admin.call("PUT", "/artifacts/a.swu", data=b"a").json["sha256"]
    payload = {"sha256": sha256, "hardware_versions": ["board-a"]}
    expect(422, admin.post("/releases/1.0.0/payloads", {**payload, "extra_info": extra_info}), "/extra_info")
    expect(201, admin.post("/releases/1.0.0/payloads", payload))
