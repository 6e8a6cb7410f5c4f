"""A deployment's life as docs/resolver.md tells it is what the database does: every event in every state.

A deployment gets into a state by the events of the table itself, through the gateway's own statements.
"""
import contextlib
import itertools
import json
import re

import psycopg2
import pytest

from lib.gateway import TOP

PAGE = (TOP / "docs" / "resolver.md").read_text()
BEFORE = "the state before"
NONE = "none"  # there is no deployment yet
FAILURE_COUNTED = "yes"


def table(heading):
    """The rows of the page's table whose first line is `heading`, as lists of cells."""
    lines = PAGE[PAGE.index(heading):].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines]


STATES = {name: kind for name, kind, _ in table("| state | | meaning |")}
TRANSITIONS = {(state, event): (to, failed == FAILURE_COUNTED)
               for states, event, to, failed in table("| from | what happens |")
               for state in states.split(", ")}
EVENTS = sorted({event for _, event in TRANSITIONS})
IGNORED = [f"feedback {word}" for word in ("canceled", "scheduled", "resumed")] + ["cancel feedback proceeding"]


def documented(state, event):
    return TRANSITIONS.get((state, event), (state, False))


def way_to(state):
    """The events that lead from an offered deployment to `state`, as short as can be."""
    ways = {"offered": []}
    queue = ["offered"]
    for at in queue:
        for event in EVENTS:
            to, _ = documented(at, event)
            if to != BEFORE and to not in ways:
                ways[to] = [*ways[at], event]
                queue.append(to)
    return ways[state]


# ---- One device and one release, in a transaction that is rolled back ----

class World:
    def __init__(self, connection):
        self.cursor = connection.cursor()
        self.project = self("insert into project (slug) values ('p') returning id")
        self.cohort = self.insert("cohort", slug="c", is_default=True)
        self.key = str(self.insert("project_key", hash="0" * 64, prefix=""))
        self.artifact = self.insert("artifact", sha256="0" * 64, sha1="0" * 40, md5="0" * 32, size=1, filename="f")
        self.activation, self.payload, self.release = self.activate("2.0")
        self.add_device("d")

    def __call__(self, text, *parameters):
        """SQL; the first column of the first row, if there is one."""
        self.cursor.execute(text, parameters)
        row = self.cursor.fetchone() if self.cursor.description else None
        return row and row[0]

    def insert(self, table, **columns):
        columns = {"project_id": self.project, **columns}
        places = ", ".join(["%s"] * len(columns))
        return self(f"insert into {table} ({', '.join(columns)}) values ({places}) returning id", *columns.values())

    def activate(self, version):
        """A new release; its activation, payload and id."""
        release = self.insert("release", version=version, version_key=b"")
        payload = self.insert("payload", release_id=release, artifact_id=self.artifact, filename="f",
                              hardware_versions=["a"])
        return self.insert("activation", cohort_id=self.cohort, release_id=release), payload, release

    def add_device(self, device, version="1.0"):
        self.query("device_register", [self.project], [device], [""])
        self.report(version, device)

    def query(self, name, *parameters):
        """One of the gateway's statements, as it stands in schema/queries."""
        text = re.sub("--.*", "", (TOP / "schema" / "queries" / f"{name}.sql").read_text())
        places = {f"p{i}": value for i, value in enumerate(parameters, 1)}
        self.cursor.execute(re.sub(r"\$(\d+)", r"%(p\1)s", text), places)
        names = [column.name for column in self.cursor.description or []]
        return [dict(zip(names, row)) for row in self.cursor.fetchall()] if names else []

    # ---- What happens ----

    def settle(self, activation, payload, device="d"):
        return self.query("deployment_settle", [self.project], [device], [self.cohort], [activation], [payload])[0]

    def offer(self):
        return self.settle(self.activation, self.payload)

    def feedback(self, execution, result="none", n=1, query="feedback_add", device="d", details=()):
        (row,) = self.query(query, [self.key], [self.project], [device], [n], [execution], [result], [None],
                            [json.dumps(details)])
        return row["outcome"]

    def tell_installed(self):
        self.feedback("proceeding", details=["All Chunks Installed."])

    def download(self, from_start=True):
        (row,) = self.query("artifact_find", self.key, self.project, "d", self.payload, "f", str(from_start))
        return row["offered"]

    def report(self, version, device="d"):
        data = f'{{"current_version": "{version}", "hardware_version": "a"}}'
        (row,) = self.query("device_report", [self.key], [self.project], [device], ["merge"], [data])
        return row["outcome"]

    def trust(self, trust=True):
        self("update project set trust_feedback = %s", trust)

    def pull(self):
        self("update activation set pulled_at = now() where id = %s and pulled_at is null", self.activation)

    def time_out(self):
        day = "interval '1 day 1 second'"
        self(f"update deployment set created_at = created_at - {day}, changed_at = changed_at - {day}")
        self.query("deployments_expire")

    def cancel(self, force):
        call = {"actor": {"name": "somebody", "may_change_protected": True}, "path": {"project": "p", "device": "d", "n": "1"}, "params": {},
                "body": {"force": force}}
        self("savepoint before")
        try:
            self("select api_deployment_cancel(jsonb_populate_record(null::api_request, %s))", json.dumps(call))
        except psycopg2.Error as refusal:
            assert refusal.pgcode == "MW409", refusal
            self("rollback to before")

    def do(self, event):
        if match := re.fullmatch(r"(cancel )?feedback ([a-z]+)(?:/(\w+))?(, trusted)?", event):
            cancel, execution, result, trusted = match.groups()
            self.trust(bool(trusted))
            self.feedback(execution, result or "none", query="cancel_feedback_add" if cancel else "feedback_add")
            self.trust(False)
        else:
            {"GET deploymentBase": lambda: self.query("deployment_find", self.key, self.project, "d", 1, 0),
             "GET artifact": self.download,
             "all is installed, then GET artifact from its start": lambda: (self.tell_installed(), self.download()),
             "poll, the decision has changed": lambda: self.settle(None, None),
             "poll, the release has been pulled": lambda: (self.pull(), self.settle(None, None)),
             "reports the release's version": lambda: self.report("2.0"),
             "reports another version": lambda: self.report("1.0.1"),
             "operator cancels": lambda: self.cancel(False),
             "operator cancels by force": lambda: self.cancel(True),
             "time-out": self.time_out}[event]()

    # ---- What came of it ----

    def state(self, n=1):
        return self("select state from deployment where device_id = 'd' and n = %s", n) or NONE

    def device(self, column, device="d"):
        return self(f"select {column} from device where device_id = %s", device)

    def failures(self):
        return self("select coalesce((failures -> %s::text ->> 0)::int, 0) from device where device_id = 'd'",
                    self.release)


@pytest.fixture
def connection(schema):
    with contextlib.closing(psycopg2.connect(schema.conninfo)) as connection:
        yield connection


@pytest.fixture
def world(connection):
    yield World(connection)
    connection.rollback()


def enter(world, state):
    """Bring a new deployment into `state`; the state before that."""
    world.offer()
    before = NONE
    for event in way_to(state):
        before = world.state()
        world.do(event)
    assert world.state() == state, (state, way_to(state))
    return before


# ---- The page is complete ----

def test_the_page_has_all_states(schema):
    states = schema.value("select enum_range(null::deployment_state)::text[]")
    assert sorted(STATES) == sorted(states)
    for state, kind in STATES.items():
        assert schema.value("select is_open(%s)", state) == (kind == "open"), state
        assert schema.value("select is_final(%s)", state) == (kind == "over"), state
    assert {state for state, _ in TRANSITIONS} | {to for to, _ in TRANSITIONS.values()} == {*STATES, BEFORE}


# ---- Every event in every state ----

@pytest.mark.parametrize("state", sorted(STATES))
def test_every_event_in_every_state(connection, state):
    for event in EVENTS + IGNORED:
        world = World(connection)
        before, failures = enter(world, state), world.failures()
        to, failed = documented(state, event)
        to = before if to == BEFORE else to
        world.do(event)
        where = f"{state}, {event}"
        assert world.state() == to, where
        assert world.failures() == (failures + failed if to != "confirmed" else 0), where
        check_device(world, to, where)
        connection.rollback()


def check_device(world, state, where):
    """What the device's row says follows from the state."""
    assert world.device("open_n") == (1 if STATES[state] == "open" else None), where
    assert world.device("installed_n") == (1 if state == "installed" else None), where
    assert world.device("finished_n") == (1 if state in ("installed", "confirmed") else None), where
    assert (world("select closed_at from deployment") is None) == (STATES[state] == "open"), where


# ---- The pure functions behind it ----

FEEDBACK_STATE = "feedback_state({0}::deployment_state, {1}, {2}, {3}::boolean)"
REPORT_STATE = "report_state({0}::deployment_state, {1}::boolean, {2}::boolean)"


def called(database, call, cases):
    """What a function of the database makes of each case; {0}, {1} ... stand for the parts of a case."""
    parts = (f"(it ->> {i})" for i in range(len(cases[0])))
    rows = database(f"select {call.format(*parts)}::text"
                    "  from jsonb_array_elements(%s::jsonb) with ordinality as each_case (it, place) order by place",
                    json.dumps(cases))
    return [state for state, in rows]


def test_feedback_state(schema):
    executions = ["closed", "proceeding", "canceled", "scheduled", "rejected", "resumed", "downloaded", "download"]
    cases = list(itertools.product(STATES, executions, ["success", "failure", "none"], [False, True]))
    for (state, execution, result, trust), given in zip(cases, called(schema, FEEDBACK_STATE, cases)):
        if execution == "closed":
            execution += "/failure" if result == "failure" else "/success" + (", trusted" if trust else "")
        to, _ = documented(state, f"feedback {execution}")
        assert (given or state) == to, (state, execution, result, trust)


def test_report_state(schema):
    cases = list(itertools.product(STATES, [False, True], [False, True]))
    for (state, runs, news), given in zip(cases, called(schema, REPORT_STATE, cases)):
        to, _ = documented(state, "reports the release's version" if runs else "reports another version")
        if not news and state != "installed":
            to = state  # it had reported that version before
        if to == "canceling":
            to = state  # deployment_recheck() does that
        assert (given or state) == to, (state, runs, news)


# ---- What else the page promises ----

@pytest.mark.parametrize("state", ["installed", "canceled", "timed_out"])
def test_attributes_are_asked_for(world, state):
    assert world.device("wants_attributes") is False
    enter(world, state)
    assert world.device("wants_attributes") is True


@pytest.mark.parametrize("data", [{"hardware_version": "b"}, {"software_type": "modem"}, {"current_version": "3.0"}])
def test_a_device_that_is_another_one_now_is_asked_to_cancel(world, data):
    enter(world, "retrieved")
    world.query("device_report", [world.key], [world.project], ["d"], ["merge"], [json.dumps(data)])
    assert world.state() == "canceling"


def test_a_report_without_a_version_leaves_it_known(world):
    for mode, data in (("replace", {"hardware_version": "a"}), ("merge", {"current_version": ""}),
                       ("merge", {"current_version": None})):
        world.query("device_report", [world.key], [world.project], ["d"], [mode], [json.dumps(data)])
        assert world.device("software_version") == "1.0", (mode, data)


def test_a_download_that_goes_on_is_a_sign_of_life(world):
    enter(world, "downloading")
    world("update deployment set changed_at = changed_at - interval '23 hours', created_at = created_at - interval '23 hours'")
    world.download()
    assert world("select changed_at > created_at + interval '22 hours' from deployment")
    world.query("deployments_expire")
    assert world.state() == "downloading"


def test_a_fact_stays_until_another_is_told(world):
    for data, expected in (({"memfault__hardware_version": "b"}, "b"), ({"serial": "1"}, "b"),
                           ({"memfault__hardware_version": None}, "a")):  # which was told first
        world.query("device_report", [world.key], [world.project], ["d"], ["merge"], [json.dumps(data)])
        assert world.device("hardware_version") == expected, data


def test_what_is_told_now_counts_before_what_was_told_once(world):
    for version in ("2.0", "1.0"):
        world.query("device_report", [world.key], [world.project], ["d"], ["merge"],
                    [json.dumps({"memfault__current_version": version})])
        assert world.device("software_version") == version


def test_a_download_that_goes_on_starts_nothing_over(world):
    """Nor does one after anything else than that all is installed."""
    enter(world, "installing")
    assert world.download() and world.state() == "installing"
    world.tell_installed()
    assert world.download(from_start=False) and world.state() == "installing"
    assert not world.download()
    assert (world.state(), world.failures()) == ("failed", 1)


def test_started_over_and_well_in_the_end(world):
    enter(world, "offered")
    world.do("all is installed, then GET artifact from its start")
    assert world.feedback("closed", "failure") == "accepted"  # SWUpdate says so when it is sent nothing
    assert world.failures() == 1
    world.report("2.0")
    assert (world.state(), world.failures()) == ("confirmed", 0)


def test_nothing_is_offered_while_installed(world):
    enter(world, "installed")
    assert world.offer()["n"] is None
    world.report("2.0")
    assert world.offer()["n"] == 2


def test_late_success_of_an_older_deployment_changes_nothing(world):
    enter(world, "timed_out")
    other, payload, _ = world.activate("3.0")
    assert world.settle(other, payload)["n"] == 2
    world.trust()
    assert world.feedback("closed", "success", n=1) == "accepted"
    assert (world.state(1), world.state(2), world.device("open_n")) == ("timed_out", "offered", 2)
    world.report("2.0")
    assert (world.state(1), world.state(2)) == ("timed_out", "offered")


def test_attempts_are_counted_and_forgotten(world):
    for attempt in (1, 2):
        assert world.offer()["n"] == attempt
        assert world("select attempt from deployment where n = %s", attempt) == attempt
        world.feedback("closed", "failure", n=attempt)
        world.feedback("closed", "failure", n=attempt)  # sent again: it had missed our answer
        assert world.failures() == attempt
    world.report("2.0")
    assert (world.state(1), world.state(2), world.failures()) == ("failed", "confirmed", 0)


def test_a_trusted_device_runs_what_it_was_given(world):
    world.trust()
    world.offer()
    world.feedback("closed", "success")
    assert (world.state(), world.device("software_version")) == ("confirmed", "2.0")
    world.report("1.0")  # its configuration says so, as ever
    assert world.device("software_version") == "2.0"
    world.report("1.1")
    assert world.device("software_version") == "1.1"
    assert world("select array_agg(software_version order by at) from device_version") == ["1.0", "2.0", "1.1"]


def test_a_refused_cancel_is_not_repeated(world):
    before = enter(world, "canceling")
    world.feedback("rejected", query="cancel_feedback_add")
    assert world.settle(None, None)["state"] == world.state() == before
    assert world.feedback("closed", query="cancel_feedback_add") == "not_canceling"


def test_events_beyond_the_quota_are_counted(world):
    world.offer()
    world("update deployment set events = 999")
    for _ in range(3):
        world.feedback("proceeding")
    assert world("select array[events, folded] from deployment") == [1000, 2]
    for _ in range(3):
        world.feedback("closed", "success")
    assert world("select array[events, folded] from deployment") == [1001, 4]
    assert world.state() == "installed"


def test_a_deleted_device_is_settled_to_nothing(world):
    assert set(world.settle(world.activation, world.payload, "gone").values()) == {1, None}  # 1: the item


# ---- Batches lock devices in one order, whatever order they arrive in ----

def order_of(world, table, condition):
    return world(f"select array_agg(device_id order by at) from {table} where {condition}")


def test_batches_go_by_device(world):
    devices = ["z", "m", "a"]
    for device in devices:
        world.add_device(device)
    world("delete from device_version")
    each = [1] * 3
    keys, projects, cohorts = [world.key] * 3, [world.project] * 3, [world.cohort] * 3
    world.query("deployment_settle", projects, devices, cohorts, [world.activation] * 3, [world.payload] * 3)
    rest = ([None] * 3, ["[]"] * 3)
    world.query("feedback_add", keys, projects, devices, each, ["proceeding"] * 3, ["none"] * 3, *rest)
    world.query("device_report", keys, projects, devices, ["merge"] * 3, ['{"current_version": "1.5"}'] * 3)
    world.pull()
    for device in devices:
        world.settle(None, None, device)
    outcomes = world.query("cancel_feedback_add", keys, projects, devices, each, ["closed"] * 3, ["success"] * 3, *rest)
    assert outcomes == [{"item": item, "outcome": "accepted"} for item in (1, 2, 3)]
    for condition in ("seq = 1", "execution = 'proceeding'", "execution = 'closed'"):
        assert order_of(world, "event", condition) == sorted(devices), condition
    assert order_of(world, "device_version", "true") == sorted(devices)
