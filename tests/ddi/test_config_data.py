"""What a device says of itself: attributes, the facts among them, and the limits."""
import json

import pytest

from lib.ddi import NOT_FOUND, NOT_READABLE, Unit, connect, contents, is_empty, problem, request_bytes, status_of

FACTS = "select software_version, hardware_version, software_type from device where device_id = 'device-1'"
SWUPDATE = ('{ "id": "", "time": "20261122T081716", "status": { "result": { "finished": "success" }, '
            '"execution": "closed", "details" : [ "" ] }, "data" : {  "serial": "SN-0001","hwRev": "rev A" } }')


def attributes(database):
    return database.value("select attributes from device_info where device_id = 'device-1'")


@pytest.fixture
def new(gateway):
    """A device that was only just seen."""
    unit = Unit(gateway)
    assert set(unit.links()) == {"configData"}
    return unit


def put(unit, body):
    data = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return unit.request("PUT", "/configData", data=data, headers={"Content-Type": "application/json"})


def test_report_withdraws_the_link(new, database):
    """A device that is asked in every answer puts for ever and never starts an update."""
    reply = put(new, SWUPDATE)
    assert reply.status == 200 and is_empty(reply)
    assert attributes(database) == {"serial": "SN-0001", "hwRev": "rev A"}
    assert new.links() == {}
    assert put(new, SWUPDATE).status == 200  # unasked
    assert new.links() == {}


@pytest.mark.parametrize("names", ["{}", "memfault__{}"])
def test_attributes_that_are_facts(new, database, names):
    values = {"current_version": "1.0.0", "hardware_version": "board", "software_type": "main"}
    put(new, {"data": {names.format(name): value for name, value in values.items()}})
    assert database(FACTS) == [("1.0.0", "board", "main")]


def test_names_of_facts_are_a_setting_of_the_project(new, database):
    database("update project set software_version_attributes = '{os,fw}', software_type_attributes = '{kind}'")
    put(new, {"data": {"fw": "2", "os": "3", "kind": "modem", "current_version": "1", "hardware_version": "board"}})
    assert database(FACTS) == [("3", "board", "modem")]


def test_facts_go_with_their_attributes(unit, database):
    put(unit, {"mode": "remove", "data": {"current_version": "", "software_type": None}})
    assert database(FACTS) == [(None, "demo-board", None)]


def test_reported_versions_are_remembered(new, database):
    for version in ("1", "1", "2", "1"):
        new.report(version)
    put(new, {"data": {"colour": "red"}})
    assert [version for version, in database("select software_version from device_version order by at")] == \
        ["1", "2", "1"]


MODES = [  # body, attributes after it; {"a": "1", "b": "2"} before
    ({"data": {"a": "9", "c": "3"}}, {"a": "9", "b": "2", "c": "3"}),
    ({"mode": None, "data": {"a": "9"}}, {"a": "9", "b": "2"}),
    ({"mode": "merge", "data": {"a": None, "c": None}}, {"b": "2"}),
    ({"mode": "replace", "data": {"c": "3", "d": None}}, {"c": "3"}),
    ({"mode": "remove", "data": {"a": "whatever", "c": None}}, {"b": "2"}),
    ({"data": {"a": 5, "b": True, "c": 1.1}}, {"a": "5", "b": "true", "c": "1.1"}),
    ({"data": {"a": "größe ~`<b>\U0001f985", "b": ""}}, {"a": "größe ~`<b>\U0001f985", "b": ""}),
    ({"data": {"a": "x"}, "id": 7, "time": 5, "more": [{}]}, {"a": "x", "b": "2"}),
    ('{ "data" : { "a": "say "hi"" } }', {"a": 'say "hi"', "b": "2"}),
    ('{"data":{"a":"x\ny","b":"a\tb"}}', {"a": "x y", "b": "a b"}),
    (b'{"data":{"a":"\xff"}}', {"a": "?", "b": "2"}),
]


def test_modes(new, database):
    for body, after in MODES:
        put(new, {"mode": "replace", "data": {"a": "1", "b": "2"}})
        reply = put(new, body)
        assert reply.status == 200 and is_empty(reply), body
        assert attributes(database) == after, body


UNREADABLE = ["", "x", "[]", "null", {}, {"mode": "merge"}, {"data": None}, {"data": {}}, {"data": ["a"]},
              {"data": "a"}, {"mode": "merge ", "data": {"a": "b"}}, {"mode": "MERGE", "data": {"a": "b"}},
              {"mode": 1, "data": {"a": "b"}}, '{"data":{"a":"b"', '{"data":{"a" "b"}}']


def test_unreadable(new, database):
    before = contents(database)
    for body in UNREADABLE:
        reply = put(new, body)
        assert reply.status == 400, body
        assert problem(reply) == NOT_READABLE
    assert contents(database) == before
    assert set(new.links()) == {"configData"}


@pytest.mark.parametrize("character", ["x", "ö"])
def test_length_of_keys_and_values(new, database, character):
    for key, value in ((129, 1), (1, 129)):
        reply = put(new, {"data": {"a": "1", key * character: value * character}})
        assert reply.status == 400
        assert problem(reply) == ("org.eclipse.hawkbit.repository.exception.InvalidTargetAttributeException",
                                  "hawkbit.server.error.repo.invalidTargetAttributes")
        assert attributes(database) == {}
    longest = {"a": "1", 128 * character: 128 * character}
    assert put(new, {"data": longest}).status == 200
    assert attributes(database) == longest


def test_a_hundred_attributes(new, database):
    hundred = {f"k{n}": "v" for n in range(100)}
    assert put(new, {"data": hundred}).status == 200
    reply = put(new, {"data": {"one more": "v", "k1": "changed"}})
    assert reply.status == 429
    assert problem(reply) == ("org.eclipse.hawkbit.repository.exception.AssignmentQuotaExceededException",
                              "hawkbit.server.error.quota.tooManyEntries")
    assert attributes(database) == hundred
    assert put(new, {"data": {"k1": "changed"}}).status == 200
    assert put(new, {"data": {"k1": None, "one more": "v"}}).status == 200


def test_unknown_device(gateway, database):
    before = contents(database)
    reply = Unit(gateway, "stranger").request("PUT", "/configData", json={"data": {"a": "b"}})
    assert reply.status == 404
    assert problem(reply) == NOT_FOUND
    assert contents(database) == before


def test_expect_100_continue(new):
    """SWUpdate asks before every PUT; each would stall for a second without an answer."""
    request = request_bytes(new, "PUT", "/configData", SWUPDATE.encode(), Expect="100-continue")
    head, body = request.split(b"\r\n\r\n")
    with connect(new.gateway) as client:
        client.sendall(head + b"\r\n\r\n")
        assert status_of(client.recv(1000)) == 100
        client.sendall(body)
        assert status_of(client.recv(1000)) == 200
