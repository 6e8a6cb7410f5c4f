"""Fixtures: a PostgreSQL per pytest process, a fresh database and gateway per test, devices, images.

Environment: MEWS_BUILD (build directory with mewsd; default build/), MEWS_WRAPPER (command before
mewsd, such as valgrind), MEWS_SEED (the number in the header of a run that is to be repeated).
"""
import itertools
import json
import os
import pathlib
import random
import shutil
import tempfile

import pytest

from lib import gateway as mewsd
from lib import publish as publishing
from lib import swu
from lib.postgres import Database, Postgres
from lib.proxy import Proxy
from lib.swupdate import Device

_numbers = itertools.count(1)  # of databases in this process' PostgreSQL
LOG_TAIL = 20000  # characters of a log that a failing test shows


def pytest_configure(config):
    os.environ.setdefault("MEWS_SEED", str(random.SystemRandom().randrange(10**9)))  # xdist's workers inherit it


def pytest_report_header():
    return f"mewsd: {mewsd.MEWSD}, seed: MEWS_SEED={os.environ['MEWS_SEED']}"


@pytest.fixture
def rng(request):
    """Random numbers that a run with the same MEWS_SEED repeats, whatever tests run beside."""
    return random.Random(f"{os.environ['MEWS_SEED']} {request.node.nodeid}")


@pytest.fixture(scope="session")
def scratch():
    """A directory for this pytest process. Its path is short because sockets lie in it."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="mews-"))
    path.chmod(0o711)  # user postgres passes through
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def home(scratch):
    """A directory for this test."""
    path = pathlib.Path(tempfile.mkdtemp(dir=scratch, prefix="test-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


# ---- PostgreSQL ----

@pytest.fixture(scope="session")
def postgres(scratch):
    home = scratch / "pg"
    home.mkdir()
    cluster = Postgres(home)
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def credentials(postgres, scratch):
    """Of the project `default` in the template of all databases, made by `mewsd --init`."""
    postgres.rows("postgres", "create database template_mews")
    path = scratch / "credentials.json"
    template = Database(postgres, "template_mews")
    env = mewsd.environment(template.url, scratch / "template-store", MEWS_DATABASE_OWNER_URL=template.conninfo)
    result = mewsd.run("--init", path, env=env)
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(path.read_text())


@pytest.fixture
def empty_database(postgres):
    """A database without a schema."""
    yield from _database(postgres, "template0")


@pytest.fixture
def database(postgres, credentials):
    """A migrated database with the project `default`. Call it with SQL; see lib/postgres.py."""
    yield from _database(postgres, "template_mews")


def _database(postgres, template):
    name = f"test_{next(_numbers)}"
    postgres.rows("postgres", f"create database {name} template {template}")
    yield Database(postgres, name)
    if not postgres.running:  # a test that stopped it failed before it started it
        postgres.start()
    postgres.rows("postgres", f"drop database {name} with (force)")


# ---- The gateway ----

@pytest.fixture
def start_gateway(database, credentials, home):
    """Start further gateways on the test's database: start_gateway(MEWS_WORKERS="1")."""
    started = []

    def start(**settings):
        started.append(mewsd.Gateway(home / f"gateway-{len(started)}", database.url, credentials, **settings))
        return started[-1]

    yield start
    try:
        for each in started:
            each.stop()
    finally:
        for each in started:
            print(f"==== {each.log_path} ====\n{each.log[-LOG_TAIL:]}")  # pytest shows it when a test fails
            each.terminate()


@pytest.fixture
def gateway(start_gateway, request):
    """One mewsd for this test; @pytest.mark.gateway(MEWS_WORKERS="1") changes its settings."""
    marker = request.node.get_closest_marker("gateway")
    return start_gateway(**(marker.kwargs if marker else {}))


# ---- Devices and what they install ----

@pytest.fixture(scope="session")
def signer(scratch):
    return swu.Signer(scratch)


@pytest.fixture(scope="session")
def images(scratch, signer):
    """images("1.1.0", size=5000): path of a signed .swu, made once per session, that installs `size` bytes."""
    made = {}

    def image(version, size=100_000, **more):
        key = (version, size, *sorted(more.items()))
        if key not in made:
            made[key] = swu.build(scratch / f"images-{len(made)}", signer, version, content(version, size), **more)
        return made[key]

    def content(version, size):
        text = f"image {version}\n".encode()
        return text + random.Random(version).randbytes(size - len(text))

    image.content = content
    return image


@pytest.fixture
def publish(gateway, images):
    """publish("1.1.0", size=5000) or publish("1.1.0", image=path): released and active for cohort `default`."""
    def run(version, image=None, cohort="default", hardware=("demo-board",), **more):
        image = image or images(version, **more)
        return publishing.publish(gateway.api, version, image, cohort, hardware)

    return run


@pytest.fixture
def proxy(gateway):
    """Between devices and the gateway; see lib/proxy.py."""
    with_limits = Proxy(("127.0.0.1", gateway.port))
    yield with_limits
    with_limits.close()


@pytest.fixture
def device(gateway, database, signer, home):
    """device("device-1", version="1.0.0", url=...): a real swupdate, started; it polls every second."""
    database("update cohort set polling_interval = 1")
    database("update project set generation = generation + 1")
    started = []

    def start(id="device-1", url=None, token=None, **more):
        each = Device(home / id, signer.certificate, url or gateway.url, token or gateway.project_key, id=id, **more)
        started.append(each.start())
        return each

    yield start
    for each in started:
        each.stop()
        print(f"==== {each.id} ====\n{each.log[-LOG_TAIL:]}")
