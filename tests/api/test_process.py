"""mewsd as a process: options, configuration, signals, workers that die."""
import os
import pathlib
import re
import signal
import socket
import time

import pytest

from lib import gateway as mewsd
from lib.wait import wait_until


def workers(gateway):
    """Process ids of the workers."""
    children = pathlib.Path(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children").read_text()
    return [int(pid) for pid in children.split()]


def count(gateway, event):
    return len(re.findall(rf"event={event}\b", gateway.log))


# ---- Options and configuration ----

@pytest.mark.parametrize("arguments, settings, said", [
    (["--nonsense"], {}, "nonsense"),
    (["nonsense"], {}, "nonsense"),
    (["--ready-fd", "x"], {}, "--ready-fd"),
    (["--config", "/nowhere"], {}, "/nowhere"),
    ([], {"MEWS_WORKERS": "many"}, "MEWS_WORKERS"),
    ([], {"MEWS_NONSENSE": "1"}, "MEWS_NONSENSE"),
    (["--check-config"], {"MEWS_LISTEN": "80"}, "MEWS_LISTEN"),
])
def test_wrong_usage(tmp_path, arguments, settings, said):
    result = mewsd.run(*arguments, env=mewsd.environment("dbname=x", tmp_path / "store", **settings))
    assert result.returncode == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_wrong_file(tmp_path):
    path = tmp_path / "mews.conf"
    path.write_text("workers = 1;\nlog: {\n  level = \"loud\";\n};\n")
    result = mewsd.run("--config", path, "--check-config", env=mewsd.environment("dbname=x", tmp_path / "store"))
    assert result.returncode == 2
    assert result.stderr.startswith(f"mewsd: {path}:3: log.level: ")


def test_help_version_and_sample(tmp_path):
    env = mewsd.environment("dbname=x", tmp_path / "store")
    assert "--check-config" in mewsd.run("--help", env=env).stdout
    assert re.fullmatch(r"mewsd \d+\.\d+\.\d+\n", mewsd.run("--version", env=env).stdout)
    sample = mewsd.run("--print-config", env=env).stdout
    assert sample == (mewsd.TOP / "deploy/mews.conf").read_text()
    path = tmp_path / "mews.conf"
    path.write_text(sample)
    assert mewsd.run("--config", path, "--check-config", env=env).returncode == 0


def test_every_key_is_documented(tmp_path):
    text = (mewsd.TOP / "docs/configuration.md").read_text()
    group = ""
    for line in (mewsd.TOP / "deploy/mews.conf").read_text().splitlines():
        if found := re.match(r"(\w+): \{", line):
            group = found[1] + "."
        elif line == "};":
            group = ""
        elif found := re.match(r"\s*(\w+) = (.*);$", line):
            key = group + found[1]
            variable = "MEWS_" + key.upper().replace(".", "_")
            assert f"| `{key}` | `{variable}` | `{found[2]}` |" in text


def test_address_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        env = mewsd.environment("dbname=x", tmp_path / "store", MEWS_LISTEN=f"127.0.0.1:{port}")
        result = mewsd.run(env=env)
    assert result.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in result.stderr


def test_two_gateways_do_not_share_a_port(gateway):
    result = mewsd.run(env=gateway.env)
    assert result.returncode == 1
    assert "cannot listen" in result.stderr


def test_store_cannot_be_used(tmp_path):
    (tmp_path / "file").write_text("")
    result = mewsd.run(env=mewsd.environment("dbname=x", tmp_path / "file" / "store"))
    assert result.returncode == 1
    assert "artifact store" in result.stderr


# ---- Workers ----

def all_started(gateway):
    """Return the pids of the gateway's workers, once each of them has said that it serves."""
    wait_until(lambda: count(gateway, "worker_started") == 2)
    return workers(gateway)


def test_worker_that_dies_is_replaced(gateway):
    before = all_started(gateway)
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: len(set(workers(gateway)) - set(before)) == 1)
    wait_until(lambda: count(gateway, "worker_started") == 3)
    for _ in range(20):
        assert gateway.request("GET", "/healthz").status == 200


def test_workers_die_with_the_master(gateway):
    pids = workers(gateway)
    os.kill(gateway.process.pid, signal.SIGKILL)
    gateway.process.wait()
    wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids))
    gateway.start()
    assert gateway.request("GET", "/healthz").status == 200


def test_counters_survive_a_worker(gateway):
    def requests():
        text = gateway.request("GET", "/metrics").body.decode()
        return int(re.search(r'route="/healthz",status="200"\} (\d+)', text)[1])

    for _ in range(10):
        gateway.request("GET", "/healthz")
    assert requests() == 10
    for pid in all_started(gateway):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: count(gateway, "worker_started") == 4)
    assert requests() == 10


# ---- Signals ----

def test_reload(gateway, tmp_path):
    before = all_started(gateway)
    gateway.process.send_signal(signal.SIGHUP)
    wait_until(lambda: count(gateway, "worker_stopped") == 2)
    wait_until(lambda: len(workers(gateway)) == 2 and not set(workers(gateway)) & set(before))
    assert gateway.request("GET", "/readyz").status == 200


def test_reload_loses_no_request(gateway):
    end = time.monotonic() + 3
    reloads = 0
    while time.monotonic() < end:
        if reloads < 3 and count(gateway, "worker_started") == 2 * (reloads + 1):
            gateway.process.send_signal(signal.SIGHUP)
            reloads += 1
        assert gateway.request("GET", "/readyz").status == 200
    assert reloads >= 1


@pytest.fixture
def configured(start_gateway, tmp_path):
    path = tmp_path / "mews.conf"
    path.write_text("workers = 1;\n")
    gateway = start_gateway(MEWS_CONFIG=str(path))
    return gateway, path


def test_reload_reads_the_file(configured):
    gateway, path = configured
    all_started(gateway)
    path.write_text('public_url = "https://ota.example.com";\n')
    gateway.process.send_signal(signal.SIGHUP)
    wait_until(lambda: count(gateway, "worker_stopped") == 2)
    link = gateway.ddi("GET", "/device-1").json["_links"]["configData"]["href"]
    assert link.startswith("https://ota.example.com/")


def test_stop_in_the_middle_of_a_reload(configured):
    """Workers that have hardly begun are told to end."""
    gateway, path = configured
    gateway.process.send_signal(signal.SIGHUP)
    gateway.stop()


def test_reload_of_nonsense(configured):
    gateway, path = configured
    before = workers(gateway)
    path.write_text('\nnonsense = 1;\n')
    gateway.process.send_signal(signal.SIGHUP)
    wait_until(lambda: count(gateway, "reload_refused") == 1)
    assert f"{path}:2: nonsense: unknown key" in gateway.log
    assert workers(gateway) == before
    assert gateway.request("GET", "/healthz").status == 200


def test_drain_closes_idle_connections(gateway):
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
        start = time.monotonic()
        gateway.stop()
        assert time.monotonic() - start < 10
        assert client.recv(1000) == b""


def test_drain_finishes_requests(gateway, database):
    all_started(gateway)
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as client:
        with database.locked("release"):
            client.sendall(f"GET /api/v1/projects/default/releases HTTP/1.1\r\n"
                           f"Authorization: Bearer {gateway.admin_token}\r\n\r\n".encode())
            wait_until(lambda: database.value(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock'") == 1)
            gateway.process.terminate()
            wait_until(lambda: count(gateway, "worker_draining") == 2)
        reply = client.recv(10000)
        assert reply.startswith(b"HTTP/1.1 200")
        assert b"Connection: close" in reply
    gateway.stop()


@pytest.mark.gateway(MEWS_DRAIN_TIMEOUT="1")
def test_drain_is_bounded(gateway):
    with socket.create_connection(("127.0.0.1", gateway.port)) as client:
        client.sendall(b"PUT /x HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc")
        wait_until(lambda: "mews_connections 2" in gateway.request("GET", "/metrics").body.decode())
        gateway.stop()
    assert count(gateway, "drain_timeout") == 1


def test_schema_of_another_version(start_gateway, database):
    database("update schema_migration set checksum = repeat('0', 64)")
    with pytest.raises(AssertionError, match="did not become ready"):
        start_gateway()
