"""Fixtures: mews with and without credentials, and what it is to find."""
import pytest

from lib.mews import Mews
from lib.publish import expect


@pytest.fixture
def stranger(home):
    """mews, configured by nothing."""
    folder = home / "operator"
    folder.mkdir()
    return Mews(folder)


@pytest.fixture
def mews(gateway, stranger):
    """mews with the administrator's token."""
    return Mews(stranger.home, MEWS_URL=gateway.url, MEWS_TOKEN=gateway.admin_token)


@pytest.fixture
def fleet(gateway):
    """fleet(3, version="1.0.0"): devices device-1 ... device-3 have polled and said what they run."""
    def make(count, version="1.0.0", hardware="demo-board", first=1):
        names = [f"device-{number}" for number in range(first, first + count)]
        for name in names:
            expect(200, gateway.ddi("GET", f"/{name}"))
            expect(200, gateway.ddi("PUT", f"/{name}/configData", json={"data": {
                "current_version": version, "hardware_version": hardware}}))
        return names

    return make


@pytest.fixture
def released(mews, images):
    """released("1.1.0"): a release with a payload for demo-board, made by `mews upload`."""
    def make(version, *more):
        mews("upload", images(version), "--hardware-version", "demo-board", *more)
        return version

    return make
