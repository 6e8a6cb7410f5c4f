"""What devices and operators do, done to the model and to the gateway, which must agree after each step.

A step is a dict such as {"do": "feedback", "device": 1, "back": 0, "execution": "closed", "result": "failure"}, so
that a sequence is JSON and can be kept. Numbers that name something are taken modulo what is there; most steps that
need a deployment take a device that has one.
"""
import copy
import http.client
import itertools
import json
import re

from service_model import BEGUN, LATE, OPEN, Poll, Service, release_name
from steps import ALL_INSTALLED, COHORTS, DAY_AND_MORE, DEVICES, KEYS, PAYLOADS, VERSIONS

CONNECTIONS = 4  # which end up at different workers
_numbers = itertools.count(1)  # of projects


class Client:
    """Keeps a few connections open and takes them in turn."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.connections = [http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
                            for _ in range(CONNECTIONS)]
        self.turns = itertools.cycle(self.connections)

    def __call__(self, method, path, body, authorization):
        """(status, JSON or None)."""
        connection = next(self.turns)
        headers = {"Authorization": authorization}
        if isinstance(body, (dict, list)):
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        is_json = "json" in (response.headers["Content-Type"] or "")
        return response.status, json.loads(content) if is_json and content else None

    def close(self):
        for connection in self.connections:
            connection.close()


class Sequence:
    """A project of its own in the gateway, and its model."""

    def __init__(self, client, database):
        self.client, self.database = client, database  # a psycopg2 connection in autocommit mode
        self.slug = f"s{next(_numbers)}"
        self.model = Service(targeting=("region",))
        self.payload_ids, self.activation_ids = {}, {}  # the model's id: the gateway's
        self._create_project()

    def run(self, steps):
        for each in steps:
            self.do(each)
        for id in DEVICES:
            self.check_device(id, thoroughly=True)
        for cohort in COHORTS:
            self.check_matrix(cohort)

    def do(self, step):
        arguments = {name: value for name, value in step.items() if name != "do"}
        getattr(self, "do_" + step["do"])(**arguments)

    # ---- HTTP ----

    def api(self, method, path, body=None):
        return self.client(method, f"/api/v1/projects/{self.slug}{path}", body,
                           f"Bearer {self.client.gateway.admin_token}")

    def agree(self, expected, method, path, body=None):
        """The gateway answers as the model says; the JSON."""
        status, answer = self.api(method, path, body)
        assert status == expected, (method, path, body, status, answer, "expected", expected)
        return answer

    def ddi(self, method, path, body=None, key="plain"):
        return self.client(method, f"/{self.slug}/controller/v1/{path}", body, f"GatewayToken {self.keys[key]}")

    def _create_project(self):
        status, _ = self.client("POST", "/api/v1/projects", {"slug": self.slug, "targeting_attributes": ["region"]},
                                f"Bearer {self.client.gateway.admin_token}")
        assert status == 201
        self.model.add_cohort("beta")
        self.agree(201, "POST", "/cohorts", {"slug": "beta"})
        self.keys = {}
        for name, cohort in KEYS.items():
            self.model.add_key(name, cohort)
            body = {"name": name, **({"cohort": cohort} if cohort else {})}
            self.keys[name] = self.agree(201, "POST", "/keys", body)["key"]
        self.artifact = self.agree(201, "PUT", "/artifacts/image.bin", b"an image")["sha256"]

    # ---- What numbers stand for ----

    def _device(self, device):
        return DEVICES[device % len(DEVICES)]

    def _busy(self, device, *states):
        """One that has had a deployment, if there is one; rather one whose newest is in one of `states`."""
        known = self.model.devices
        some = [id for id in DEVICES if id in known and known[id].newest and known[id].newest.state in states]
        some = some or [id for id in DEVICES if id in known and known[id].count] or DEVICES
        return some[device % len(some)]

    def _n(self, id, back):
        device = self.model.devices.get(id)
        return max((device.count if device else 0) - back, 1)

    # ---- Devices ----

    def do_poll(self, device, key="plain"):
        id = self._busy(device, "canceling", *BEGUN) if device % 2 else self._device(device)
        self.poll(id, key)
        self.check_device(id)

    def poll(self, id, key="plain"):
        expected = self.model.poll(id, key)
        status, answer = self.ddi("GET", id, key=key)
        assert status == 200
        links = {name: link["href"] for name, link in answer.get("_links", {}).items()}

        def number(name):
            match = re.search(rf"/{name}/(\d+)(\?c=-?\d+)?$", links.get(name, ""))
            return int(match[1]) if match else None

        said = Poll(number("deploymentBase"), number("cancelAction"), number("installedBase"), "configData" in links)
        assert said == expected, (id, key, answer, expected)
        return expected

    def do_get(self, device, back):
        id = self._busy(device)
        n = self._n(id, back)
        self.check_document("deploymentBase", id, n, *self.model.get_deployment(id, n))
        self.check_document("installedBase", id, n, *self.model.get_installed(id, n))
        self.check_device(id)

    def check_document(self, resource, id, n, expected, deployment):
        status, answer = self.ddi("GET", f"{id}/{resource}/{n}")
        assert status == expected, (resource, id, n, status, deployment)
        if deployment:
            (chunk,) = answer["deployment"]["chunks"]
            assert (answer["id"], chunk["version"], chunk["name"]) == (
                str(n), deployment.release.version, deployment.payload.software_type)

    def do_download(self, device, release, offered):
        id = self._busy(device, *OPEN)
        known = self.model.devices.get(id)
        payloads = [payload for each in self.model.releases.values() for payload in each.payloads]
        if offered and known and known.newest:
            payloads = [known.newest.payload]
        if payloads:
            self.download(id, payloads[release % len(payloads)])
            self.check_device(id)

    def download(self, id, payload):
        sent = self.model.download(id, payload)
        status, _ = self.ddi("GET", f"{id}/softwaremodules/{self.payload_ids[payload.id]}/artifacts/image.bin")
        assert (status == 200) == sent and status in (200, 403, 404), (id, status, sent)

    def do_feedback(self, device, back, word):
        id = self._busy(device, *(OPEN if device % 2 else ()))
        self.feedback(id, self._n(id, back), *word)
        self.check_device(id)

    def feedback(self, id, n, execution, result, details="x"):
        expected = self.model.feedback(id, n, execution, result, details == ALL_INSTALLED)
        self._send("deploymentBase", id, n, execution, result, expected, details)

    def do_cancel_feedback(self, device, back, word):
        id = self._busy(device, "canceling")
        self._send_cancel(id, self._n(id, back), word)
        self.check_device(id)

    def _send_cancel(self, id, n, word):
        self._send("cancelAction", id, n, *word, self.model.cancel_feedback(id, n, *word))

    def _send(self, resource, id, n, execution, result, expected, details="x"):
        body = {"id": str(n), "status": {"execution": execution, "result": {"finished": result}, "details": [details]}}
        status, answer = self.ddi("POST", f"{id}/{resource}/{n}/feedback", body)
        assert status == expected, (resource, id, n, execution, result, status, answer)

    def do_report(self, device, version, hardware, region, type):
        attributes = {"current_version": VERSIONS[version % len(VERSIONS)], "hardware_version": hardware}
        if region:
            attributes["region"] = region
        if type:
            attributes["software_type"] = type
        self.report(self._device(device), attributes)

    def do_report_new(self, device):
        """The version that its newest deployment brings."""
        id = self._busy(device, *(("installed", *LATE) if device % 2 else ()))
        known = self.model.devices.get(id)
        if known and known.newest:
            self.report(id, {"current_version": known.newest.release.version})

    def report(self, id, attributes):
        if id not in self.model.devices:
            self.poll(id)
        expected = self.model.report(id, attributes)
        status, answer = self.ddi("PUT", f"{id}/configData", {"mode": "merge", "data": attributes})
        assert status == expected, (id, attributes, status, answer)
        self.check_device(id)

    def do_install(self, device, words):
        """As a client does it: poll, read, download, tell."""
        id = self._device(device)
        n = self.poll(id).deployment
        if n:
            status, deployment = self.model.get_deployment(id, n)
            self.check_document("deploymentBase", id, n, status, deployment)
            if deployment:
                self.download(id, deployment.payload)
            for word in words:
                self.feedback(id, n, *word)
        self.check_device(id)

    def do_be_pulled(self, device, words, answer):
        """Its release is pulled while it works; the poll tells it, and it answers."""
        id = self._device(device)
        self.do_install(device, words)
        known = self.model.devices[id]
        if known.newest:
            self.pull(known.newest.activation)
            self.poll(id)
            self._send_cancel(id, known.count, answer)
            self.poll(id)
            self.check_device(id)

    def do_vanish(self, device, words):
        """It is not heard of for longer than the project waits."""
        self.do_install(device, words)
        self.do_wait(DAY_AND_MORE)
        self.poll(self._device(device))

    # ---- Operators ----

    def do_activate(self, version, from_, must, payloads, cohort, staged):
        version = VERSIONS[version % len(VERSIONS)]
        from_ = None if from_ is None else VERSIONS[from_ % len(VERSIONS)]
        name = f"{from_}..{version}" if from_ else version
        payloads = PAYLOADS[payloads % len(PAYLOADS)]
        if name not in self.model.releases:
            self._create_release(name, version, from_, must and not from_, payloads)
        release = self.model.releases.get(name)
        expected = 409 if release and not release.payloads else self.model.activate(name, COHORTS[cohort], staged)
        body = {"release": name, "cohort": COHORTS[cohort], "staged": staged}
        answer = self.agree(expected, "POST", "/activations", body)
        if expected == 201:
            self.activation_ids[self.model.activations[-1].id] = answer["id"]

    def _create_release(self, name, version, from_, must, payloads):
        expected = self.model.create_release(version, from_, must, payloads)
        body = {"version": version, "must_pass_through": must, **({"from": from_} if from_ else {})}
        self.agree(expected, "POST", "/releases", body)
        if expected == 201:
            for payload in self.model.releases[name].payloads:
                self.payload_ids[payload.id] = self.agree(201, "POST", f"/releases/{name}/payloads", {
                    "sha256": self.artifact, "filename": "image.bin", "software_type": payload.software_type,
                    "hardware_versions": payload.hardware, "attributes": payload.attributes})["id"]

    def do_pull(self, activation, of):
        """Any, or that of a device's deployment."""
        device = None if of is None else self.model.devices.get(self._busy(of, *BEGUN))
        choice = [device.newest.activation] if device and device.newest else self.model.activations
        if choice:
            self.pull(choice[activation % len(choice)])

    def pull(self, activation):
        self.agree(self.model.pull(activation), "POST", f"/activations/{self.activation_ids[activation.id]}/pull")

    def do_stage(self, cohort, percent):
        cohort = COHORTS[cohort]
        self.agree(200, "PATCH", f"/cohorts/{cohort}", {"staged_percent": percent})
        marked = {each["id"] for each in self.agree(200, "GET", "/devices?staged=true")["items"]
                  if each["cohort"] == cohort}
        self.model.stage(cohort, percent, marked)

    def do_move(self, devices, cohort):
        ids = sorted({self._device(device) for device in devices})
        self.agree(self.model.move(ids, COHORTS[cohort]), "POST", "/devices/move",
                   {"devices": ids, "cohort": COHORTS[cohort]})

    def do_check_versions(self, cohort, checking):
        self.model.set_version_checking(COHORTS[cohort], checking)
        self.agree(200, "PATCH", f"/cohorts/{COHORTS[cohort]}", {"version_checking": checking})

    def do_cancel(self, device, back, force):
        id = self._busy(device, *OPEN)
        n = self._n(id, back)
        self.agree(self.model.cancel(id, n, force), "POST", f"/devices/{id}/deployments/{n}/cancel", {"force": force})
        self.check_device(id)

    def do_retries(self, attempts, backoff):
        self.model.set_retries(attempts, backoff)
        self.agree(200, "PATCH", "", {"retry_attempts": attempts, "retry_backoff": backoff})

    def do_trust(self, trust):
        self.model.set_trust(trust)
        self.agree(200, "PATCH", "", {"trust_feedback": trust})

    def do_delete_release(self, release):
        names = [*self.model.releases, "9.9"]
        name = names[release % len(names)]
        self.agree(self.model.delete_release(name), "DELETE", f"/releases/{name}")

    def do_forget(self, device):
        id = self._device(device)
        self.agree(self.model.forget(id), "DELETE", f"/devices/{id}")

    def do_wait(self, seconds):
        """What happened in the project moves into the past; then comes the housekeeping."""
        self.model.wait(seconds)
        with self.database.cursor() as cursor:
            cursor.execute(WAIT, {"slug": self.slug, "seconds": seconds})
        for id in self.model.devices:
            self.check_device(id)

    def do_matrix(self, cohort):
        self.check_matrix(COHORTS[cohort])

    def do_what_if(self, cohort, release, change, staged):
        """Pull a release that is active, activate one that is not, or turn version checking round."""
        cohort = COHORTS[cohort]
        active = {release_name(each.release): each for each in self.model.active(cohort)}
        others = [name for name, each in self.model.releases.items() if name not in active and each.payloads]
        then = copy.deepcopy(self.model)
        checking = not then.cohorts[cohort].version_checking
        names = sorted(active) if change == "pull" else sorted(others)
        if change == "checking" or not names:
            body = {"version_checking": checking}
            then.set_version_checking(cohort, checking)
        elif change == "pull":
            body = {"pull": names[release % len(names)]}
            then.pull(next(each for each in then.active(cohort) if release_name(each.release) == body["pull"]))
        else:
            body = {"activate": names[release % len(names)], "staged": staged}
            then.activate(body["activate"], cohort, staged)
        answer = self.agree(200, "POST", f"/cohorts/{cohort}/what-if", {"changes": [body]})
        assert matrix_of(answer["before"]) == self.model.matrix(cohort), body
        assert matrix_of(answer["after"]) == then.matrix(cohort), body
        assert answer["moves"] == self.model.moves(then, cohort), body

    # ---- What must be the same ----

    def check_device(self, id, thoroughly=False):
        device = self.model.devices.get(id)
        answer = self.agree(200 if device else 404, "GET", f"/devices/{id}")
        if not device:
            return
        newest = device.newest and {"n": device.newest.n, "release": release_name(device.newest.release),
                                    "state": device.newest.state}
        expected = {"cohort": device.cohort, "staged": device.staged, "software_version": device.version,
                    "software_type": self.model.software_type(device), "deployment": newest,
                    "hardware_version": device.attributes.get("hardware_version"), "attributes": device.attributes}
        assert {name: answer[name] for name in expected} == expected, (id, answer)
        if thoroughly:
            self.check_deployments(id, device)
            self.check_inspection(id, device)

    def check_deployments(self, id, device):
        items = self.agree(200, "GET", f"/devices/{id}/deployments?limit=100")["items"]
        said = [(each["n"], each["release"], each["state"], each["cohort"], each["attempt"], each["from_version"],
                 each["cancel_refused"], each["activation"]) for each in items]
        expected = [(each.n, release_name(each.release), each.state, each.cohort, each.attempt, each.from_version,
                     each.refused, self.activation_ids[each.activation.id])
                    for each in sorted(device.deployments.values(), key=lambda each: -each.n)]
        assert said == expected, id

    def check_inspection(self, id, device):
        answer = self.agree(200, "GET", f"/devices/{id}/inspect")
        decision = self.model.decide(device, device.cohort)
        names = {each.id: release_name(each.release) for each in self.model.activations}
        assert answer["decision"]["reason"] == decision.reason, id
        assert answer["decision"]["release"] == names.get(decision.activation), id
        assert answer["decision"]["next"] == names.get(decision.next), id
        active = self.model.active(device.cohort)
        assert [(each["activation"], each["reason"]) for each in answer["releases"]] == [
            (self.activation_ids[each.id], reason) for each, reason in zip(active, decision.trail)], id

    def check_matrix(self, cohort):
        assert matrix_of(self.agree(200, "GET", f"/cohorts/{cohort}/matrix")) == self.model.matrix(cohort), cohort


def matrix_of(answer):
    """The gateway's in the form of the model's."""
    rows = {}
    for row in answer["rows"]:
        group = (row["software_version"], row["software_type"], row["hardware_version"],
                 tuple(sorted(row["attributes"].items())))
        assert group not in rows and row["final"] == (row["moving"] == 0)
        rows[group] = {"devices": row["devices"], "moving": row["moving"],
                       "cells": {each["release"]: (each["devices"], each["staged_devices"]) for each in row["cells"]},
                       "staying": {each["reason"]: each["devices"] for each in row["staying"]}}
    columns = [[column["version"], column["total"],
                {(each["release"], each["kind"], each["staged"]) for each in column["active"]}]
               for column in answer["columns"]]
    return {"devices": answer["devices"], "moving": answer["moving"], "rows": rows, "columns": columns}


# In one transaction and with the housekeeper's lock, so that the gateway's own does not come in between.
WAIT = """
select pg_advisory_xact_lock(hashtext('mews.deployments_expire'));
with deployments as (
  update deployment
     set created_at = created_at - %(seconds)s * interval '1 second',
         changed_at = changed_at - %(seconds)s * interval '1 second'
   where project_id = (select id from project where slug = %(slug)s)
)
update device
   set failures = (select jsonb_object_agg(
                            key, jsonb_build_array(value -> 0, (value ->> 1)::bigint - %(seconds)s * 1000000::bigint))
                     from jsonb_each(failures))
 where project_id = (select id from project where slug = %(slug)s) and failures is not null;
select deployments_expire();
"""
