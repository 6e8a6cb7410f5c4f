"""A device to speak for, and a second project."""
import hashlib

import pytest

from lib.ddi import Unit

OTHER_KEY = "another-projects-key"


@pytest.fixture
def unit(gateway):
    """device-1: registered, runs 1.0.0."""
    device = Unit(gateway)
    device.poll()
    device.report()
    return device


@pytest.fixture
def offered(unit, publish):
    """device-1, to which 1.1.0 is offered as action 1."""
    publish("1.1.0", size=5000)
    assert unit.offered() == "1"
    return unit


@pytest.fixture
def begun(offered):
    """device-1, which has begun with action 1."""
    assert offered.begin() == "1"
    return offered


@pytest.fixture
def pull(gateway):
    """pull(activation), as publish() returns it; nothing: of the only one."""
    def run(activation=1):
        id = activation["id"] if isinstance(activation, dict) else activation
        reply = gateway.api("POST", f"/activations/{id}/pull")
        assert reply.status == 200, reply

    return run


@pytest.fixture
def other_project(database):
    """Project `other` with a key of its own; the key."""
    database("""
        with new as (insert into project (slug) values ('other') returning id),
             home as (insert into cohort (project_id, slug, is_default) select id, 'default', true from new)
        insert into project_key (project_id, hash, prefix) select id, %s, '' from new""",
             hashlib.sha256(OTHER_KEY.encode()).hexdigest())
    return OTHER_KEY
