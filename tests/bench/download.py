"""Download of an artifact over plain HTTP, beside nginx with sendfile on the same bytes."""
import hashlib

import load
from figure import Figure
from lib import http
from load import HERE, Failed
from stage import ARTIFACT, device_id

MIB = 1 << 20
TURNS = 4


def measure(stage):
    if not stage.database.value("select count(*) from deployment"):
        stage.sql(HERE / "deployments.sql", count=1)  # only who is offered it may download
    path = artifact_path(stage)
    check_bytes(stage, path)
    for clients in (1, 8):
        connections = f"{clients} connection{'s' if clients > 1 else ''}"
        stage.say(f"download over {connections}")
        nginx, mews = fetch_in_turns(stage, clients, ((stage.nginx_port, f"/{ARTIFACT}"), (stage.gateway.port, path)))
        yield Figure(f"download, {connections}", "MiB/s", mews / MIB, "nginx, sendfile", nginx / MIB,
                     ratio_wanted=0.9)


def fetch_in_turns(stage, clients, servers):
    """The best rate of each server. Memory is the limit, and how much of it there is changes from second to second."""
    rates = [[] for _ in servers]
    for _ in range(TURNS):
        for (port, path), found in zip(servers, rates):
            found.append(load.fetch(port, path, stage.key, stage.artifact_size, clients, stage.seconds / TURNS))
    return map(max, rates)


def artifact_path(stage):
    payload = stage.database.value("select id from payload")
    return f"/default/controller/v1/{device_id(0)}/softwaremodules/{payload}/artifacts/{ARTIFACT}"


def check_bytes(stage, path):
    """Once: both send what was published."""
    wanted = stage.database.value("select sha256 from artifact")
    for reply in (stage.gateway.ddi("GET", path), http.request(stage.nginx_url, "GET", f"/{ARTIFACT}")):
        if reply.status != 200 or hashlib.sha256(reply.body).hexdigest() != wanted:
            raise Failed(f"the artifact is not what was published: {reply}")
