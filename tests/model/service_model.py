"""A model of the whole service: a project, what its operators do and what its devices do.

Written from docs/resolver.md. Pure: no HTTP, no database, no clock; time is a number that `wait` moves.
Everything that somebody asks for returns the HTTP status, or (status, what the answer says).
"""
import dataclasses
from typing import Optional

import resolver_model as rules
import version_model

SECOND = 10**6  # us
BEGUN = ("retrieved", "downloading", "downloaded", "installing", "rejected")
OPEN = ("offered", *BEGUN, "canceling")
HIDDEN = ("canceling", "canceled", "superseded")  # deploymentBase does not show them any more
LATE = ("failed", "rolled_back", "timed_out", "canceled")  # may yet turn out well


@dataclasses.dataclass
class Cohort:
    version_checking: bool = True
    is_default: bool = False


@dataclasses.dataclass
class Activation:
    id: int
    release: rules.Release
    cohort: str
    staged: bool
    pulled: bool = False


@dataclasses.dataclass
class Deployment:
    n: int
    activation: Activation
    payload: rules.Payload
    cohort: str  # the effective one
    from_version: Optional[str]
    attempt: int
    changed: int  # us: the device's last sign of life in it
    state: str = "offered"
    before: Optional[str] = None  # of canceling
    refused: bool = False  # the device has refused to cancel
    told_installed: bool = False  # the device has told that all is installed

    @property
    def is_withdrawn(self):
        """Pulled. A device that has refused to cancel may go on."""
        return self.activation.pulled and not self.refused

    @property
    def release(self):
        return self.activation.release


@dataclasses.dataclass
class Device:
    cohort: str
    staged: bool = False
    wants_attributes: bool = True
    attributes: dict = dataclasses.field(default_factory=dict)
    version: Optional[str] = None  # what it runs, as far as we know
    deployments: dict = dataclasses.field(default_factory=dict)  # by n
    count: int = 0  # of all deployments that it has had
    finished: Optional[int] = None
    failures: dict = dataclasses.field(default_factory=dict)  # release id: [how many, us of the last]

    @property
    def newest(self):
        return self.deployments.get(self.count)

    def is_awaited(self):
        return self.newest is not None and self.newest.state == "installed"


@dataclasses.dataclass
class Poll:
    """What the answer links to: numbers of deployments, or None."""
    deployment: Optional[int] = None
    cancel: Optional[int] = None
    installed: Optional[int] = None
    attributes: bool = False


def release_name(release):
    return f"{release.from_}..{release.version}" if release.from_ else release.version


def release_kind(release):
    return "delta" if release.from_ else "must_pass_through" if release.must_pass_through else "full"


class Service:
    def __init__(self, targeting=()):
        self.now = 0  # us
        self.targeting = targeting
        self.retry_attempts, self.retry_backoff, self.trust, self.timeout = 3, 900, False, 86400
        self.cohorts = {"default": Cohort(is_default=True)}
        self.keys = {"plain": None}  # name: cohort that it names instead
        self.releases = {}  # by name, in the order of their creation
        self.activations = []
        self.devices = {}
        self.gone = {}  # how many deployments a device had that was deleted
        self._ids = 0

    def _id(self):
        self._ids += 1
        return self._ids

    # ---- Operators ----

    def add_cohort(self, slug):
        self.cohorts[slug] = Cohort()

    def add_key(self, name, cohort):
        self.keys[name] = cohort

    def set_version_checking(self, cohort, checking):
        self.cohorts[cohort].version_checking = checking

    def set_retries(self, attempts, backoff):
        self.retry_attempts, self.retry_backoff = attempts, backoff

    def set_trust(self, trust):
        self.trust = trust

    def create_release(self, version, from_, must_pass_through, payloads):
        """`payloads`: (software type, hardware versions, attributes) each."""
        if from_ and version_model.compare(from_, version, "natural") >= 0:
            return 422
        release = rules.Release(self._id(), version, from_, must_pass_through,
                                [rules.Payload(self._id(), *each) for each in payloads])
        if release_name(release) in self.releases:
            return 409
        self.releases[release_name(release)] = release
        return 201

    def delete_release(self, name):
        release = self.releases.get(name)
        if not release:
            return 404
        its = [(device, each) for device in self.devices.values() for each in device.deployments.values()
               if each.release is release]
        if any(each.release is release and not each.pulled for each in self.activations):
            return 409
        if any(each.state in (*OPEN, "installed") for _, each in its):
            return 409
        for device, deployment in its:
            del device.deployments[deployment.n]
            if device.finished == deployment.n:
                device.finished = None
        self.activations = [each for each in self.activations if each.release is not release]
        del self.releases[name]
        return 204

    def activate(self, name, cohort, staged):
        release = self.releases.get(name)
        if not release:
            return 422
        if any(each.release is release for each in self.active(cohort)):
            return 409
        self.activations.append(Activation(self._id(), release, cohort, staged))
        return 201

    def active(self, cohort):
        return [each for each in self.activations if each.cohort == cohort and not each.pulled]

    def pull(self, activation):
        activation.pulled = True
        return 200

    def members(self, cohort):
        return [id for id, device in self.devices.items() if device.cohort == cohort]

    def stage(self, cohort, percent, marked):
        """Which devices are staged is up to chance: take over `marked` if it is as promised."""
        members = self.members(cohort)
        before = {id for id in members if self.devices[id].staged}
        assert len(marked) == (2 * percent * len(members) + 100) // 200, (percent, members, marked)
        assert marked <= set(members) and (marked >= before or marked <= before), (before, marked)
        for id in members:
            self.devices[id].staged = id in marked

    def move(self, ids, cohort):
        if not all(id in self.devices for id in ids):
            return 422
        for id in ids:
            if self.devices[id].cohort != cohort:
                self.devices[id].cohort, self.devices[id].staged = cohort, False
        return 200

    def forget(self, id):
        device = self.devices.pop(id, None)
        if device and device.count:
            self.gone[id] = device.count
        return 204 if device else 404

    def cancel(self, id, n, force):
        device = self.devices.get(id)
        deployment = device and device.deployments.get(n)
        if not deployment:
            return 404
        if deployment.state == "installed" and not force or deployment.state not in (*OPEN, "installed"):
            return 409
        if deployment.state == "canceling" and not force:
            return 200
        deployment.refused = False
        self._enter(device, deployment, "canceled" if force or deployment.state == "offered" else "canceling")
        return 200

    # ---- Decisions ----

    def software_type(self, device):
        return device.attributes.get("software_type")

    def targeted(self, device):
        return {name: value for name, value in device.attributes.items() if name in self.targeting}

    def decide(self, device, cohort, as_group=False):
        """`as_group`: as the matrix sees it, by what it shares with others."""
        facts = rules.Facts(device.staged, self.software_type(device), device.version,
                            device.attributes.get("hardware_version"), attributes=self.targeted(device), now=self.now)
        if not as_group:
            facts.awaiting_report = device.is_awaited()
            facts.attempts = [rules.Attempts(id, *each) for id, each in device.failures.items()]
        policy = rules.Policy("natural", False, self.retry_attempts, self.retry_backoff * SECOND)
        active = [rules.Activation(each.id, each.release, each.staged) for each in self.active(cohort)]
        return rules.decide(rules.Case(policy, rules.Cohort(self.cohorts[cohort].version_checking, active), facts))

    # ---- Devices ----

    def poll(self, id, key):
        device = self.devices.get(id)
        if not device:
            default = next(slug for slug, cohort in self.cohorts.items() if cohort.is_default)
            self.devices[id] = Device(default, count=self.gone.get(id, 0))
            return Poll(attributes=True)
        wants_attributes, finished = device.wants_attributes, device.finished
        self._settle(device, self.keys[key] or device.cohort)
        open = device.newest if device.newest and device.newest.state in OPEN else None
        canceling = open and open.state == "canceling"
        return Poll(open.n if open and not canceling else None, open.n if canceling else None, finished,
                    wants_attributes)

    def _settle(self, device, cohort):
        """Make what the device is offered fit the decision."""
        open = device.newest
        if open and open.state in BEGUN:
            if open.is_withdrawn:
                self._enter(device, open, "canceling")
            return
        if open and open.state == "canceling":
            return
        decision = self.decide(device, cohort)
        if open and open.state == "offered":
            if open.activation.id == decision.activation:
                return
            self._enter(device, open, "superseded")
        if decision.activation is not None:
            self._offer(device, cohort, decision)

    def _offer(self, device, cohort, decision):
        (activation,) = (each for each in self.activations if each.id == decision.activation)
        (payload,) = (each for each in activation.release.payloads if each.id == decision.payload)
        device.count += 1
        attempt = device.failures.get(activation.release.id, [0])[0] + 1
        device.deployments[device.count] = Deployment(device.count, activation, payload, cohort, device.version, attempt,
                                                      self.now)

    def _enter(self, device, deployment, state, failed=False):
        if state == deployment.state:
            return
        deployment.before = deployment.state if state == "canceling" else None
        deployment.state, deployment.changed = state, self.now
        if state in OPEN:
            return
        if state in ("installed", "confirmed"):
            device.finished = deployment.n
        elif device.finished == deployment.n:
            device.finished = None
        if state in ("installed", "canceled", "timed_out"):
            device.wants_attributes = True
        if failed:
            count, _ = device.failures.get(deployment.release.id, (0, 0))
            device.failures[deployment.release.id] = (count + 1, self.now)
        elif state == "confirmed":
            device.failures.pop(deployment.release.id, None)

    def _find(self, id, n):
        device = self.devices.get(id)
        return device, device and device.deployments.get(n)

    def get_deployment(self, id, n):
        """(200, deployment) or (404, None)."""
        device, deployment = self._find(id, n)
        if not deployment or deployment.state in HIDDEN or deployment.is_withdrawn:
            return 404, None
        if deployment.state == "offered":
            self._enter(device, deployment, "retrieved")
        return 200, deployment

    def get_installed(self, id, n):
        _, deployment = self._find(id, n)
        shown = deployment and deployment.state not in (*OPEN, *HIDDEN)
        return (200, deployment) if shown else (404, None)

    def download(self, id, payload):
        """True: the file is sent."""
        device = self.devices.get(id)
        open = device and device.newest
        if not open or open.payload is not payload or open.is_withdrawn or open.state not in ("offered", *BEGUN):
            return False
        if open.state == "installing" and open.told_installed:
            self._enter(device, open, "failed", failed=True)  # it starts over
            return False
        if open.state in ("offered", "retrieved"):
            self._enter(device, open, "downloading")
        return True

    def feedback(self, id, n, execution, result, all_installed=False):
        device, deployment = self._find(id, n)
        if not deployment:
            return 404
        deployment.changed = self.now
        deployment.told_installed |= all_installed
        success = execution == "closed" and result != "failure"
        if success and deployment.state not in OPEN:
            device.wants_attributes = True
        if deployment is device.newest:
            self._hear(device, deployment, execution, success)
        return 200

    def _hear(self, device, deployment, execution, success):
        state = deployment.state
        if execution == "closed" and not success:
            if state in (*OPEN, "installed"):
                self._enter(device, deployment, "failed", failed=True)
        elif success and self.trust:
            if state in (*OPEN, "installed", "timed_out"):
                self._enter(device, deployment, "confirmed")
                device.version, device.wants_attributes = deployment.release.version, True
        elif success and state in OPEN:
            self._enter(device, deployment, "installed")
        elif state in OPEN and state != "canceling":
            self._progress(device, deployment, execution)

    def _progress(self, device, deployment, execution):
        to = {"proceeding": "installing", "downloaded": "downloaded", "download": "downloading",
              "rejected": "rejected"}.get(execution)
        later = {"downloaded": ("installing",), "downloading": ("downloaded", "installing")}.get(to, ())
        if to and deployment.state not in later:
            self._enter(device, deployment, to)

    def cancel_feedback(self, id, n, execution, result):
        device, deployment = self._find(id, n)
        if not deployment:
            return 404
        if deployment.state not in ("canceling", "canceled"):
            return 405
        deployment.changed = self.now
        if deployment.state == "canceling":
            if execution == "rejected" or (execution, result) == ("closed", "failure"):
                deployment.refused = True
                self._enter(device, deployment, deployment.before)
            elif execution == "closed":
                self._enter(device, deployment, "canceled")
        return 200

    def report(self, id, attributes):
        """configData, mode merge."""
        device = self.devices.get(id)
        if not device:
            return 404
        before, said = device.version, device.attributes.get("current_version")
        device.attributes = {**device.attributes, **attributes}
        device.wants_attributes = False
        if not self.trust or device.attributes.get("current_version") != said:
            device.version = device.attributes.get("current_version")
        if "current_version" in attributes and device.newest:
            self._judge(device, device.newest, device.version != before)
        if device.newest and device.newest.state in BEGUN and not device.newest.refused:
            self._recheck(device, device.newest, before)
        return 200

    def _recheck(self, device, deployment, before):
        """What it was given has to fit what it is now."""
        facts = rules.Facts(device.staged, self.software_type(device), device.version,
                            device.attributes.get("hardware_version"), attributes=self.targeted(device), now=self.now)
        if device.version not in (before, deployment.from_version) or rules.payload_mismatch(deployment.payload, facts):
            self._enter(device, deployment, "canceling")

    def _judge(self, device, deployment, is_news):
        """A version report decides about the newest deployment."""
        runs = (device.version == deployment.release.version
                and (self.software_type(device) or "main") == deployment.payload.software_type)
        if deployment.state == "installed":
            self._enter(device, deployment, "confirmed" if runs else "rolled_back", failed=not runs)
        elif runs and is_news and deployment.state in (*OPEN, *LATE):
            self._enter(device, deployment, "confirmed")

    # ---- Time ----

    def wait(self, seconds):
        """Time passes, and what has waited for too long ends."""
        self.now += seconds * SECOND
        for device in self.devices.values():
            deployment = device.newest
            if deployment and deployment.state in (*OPEN, "installed") \
                    and self.now - deployment.changed > self.timeout * SECOND:
                self._enter(device, deployment, "timed_out", failed=deployment.state not in ("offered", "canceling"))

    # ---- The version matrix ----

    def matrix(self, cohort):
        rows = {}
        for id in self.members(cohort):
            device = self.devices[id]
            group = (device.version, self.software_type(device), device.attributes.get("hardware_version"),
                     tuple(sorted(self.targeted(device).items())))
            row = rows.setdefault(group, {"devices": 0, "moving": 0, "cells": {}, "staying": {}})
            row["devices"] += 1
            decision = self.decide(device, cohort, as_group=True)
            if decision.activation is None:
                row["staying"][decision.reason] = row["staying"].get(decision.reason, 0) + 1
                continue
            (activation,) = (each for each in self.activations if each.id == decision.activation)
            devices, staged = row["cells"].get(release_name(activation.release), (0, 0))
            row["cells"][release_name(activation.release)] = (devices + 1, staged + device.staged)
            row["moving"] += 1
        return {"devices": sum(row["devices"] for row in rows.values()),
                "moving": sum(row["moving"] for row in rows.values()), "rows": rows,
                "columns": self._columns(cohort, rows)}

    def moves(self, then, cohort):
        """How many devices of the cohort have another next step in `then`, a copy of this service with a change."""
        def step(service, id):
            decision = service.decide(service.devices[id], cohort, as_group=True)
            return next((each.release.id for each in service.activations if each.id == decision.activation), None)

        return sum(step(self, id) != step(then, id) for id in self.members(cohort))

    def _columns(self, cohort, rows):
        """[version, how many devices move to it, what is active] in the order of versions."""
        active = sorted(self.active(cohort), key=lambda each: each.release.version)
        active.sort(key=lambda each: version_model.sort_key("natural")(each.release.version))
        columns = {}
        for each in active:
            column = columns.setdefault(each.release.version, [each.release.version, 0, set()])
            column[2].add((release_name(each.release), release_kind(each.release), each.staged))
            column[1] += sum(row["cells"].get(release_name(each.release), (0, 0))[0] for row in rows.values())
        return list(columns.values())
