"""mewsd as a test sees it: started on a free port, spoken to over HTTP, stopped, killed, restarted."""
import itertools
import os
import pathlib
import re
import select
import signal
import socket
import subprocess

from lib import http
from lib.process import signal_all, spawn, terminate
from lib.wait import wait_until

TOP = pathlib.Path(__file__).parents[2]
MEWSD = pathlib.Path(os.environ.get("MEWS_BUILD", TOP / "build")).resolve() / "mewsd"
WRAPPER = os.environ.get("MEWS_WRAPPER", "").split()  # such as "valgrind -q --error-exitcode=9"
START_SECONDS, STOP_SECONDS = 60, 40
# Below the ports that the kernel gives to clients: a gateway that was killed finds its own free again.
PORTS_BEGIN, PORTS_EACH = 12000, 1000
SANITIZER_REPORT = re.compile(r"ERROR: \w+Sanitizer|runtime error:|WARNING: \w+Sanitizer")
SANITIZERS = {"ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
              "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}


def _numbers():
    """The ports of this pytest process, again and again: pytest-xdist numbers its processes gw0, gw1 ..."""
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    return itertools.cycle(range(PORTS_BEGIN + process * PORTS_EACH, PORTS_BEGIN + (process + 1) * PORTS_EACH))


_ports = _numbers()


def free_port():
    """One that nobody listens on."""
    for port in itertools.islice(_ports, PORTS_EACH):
        try:
            socket.create_server(("127.0.0.1", port)).close()
            return port
        except OSError:
            continue
    raise AssertionError("no free port")


def environment(database_url, store, **settings):
    """The daemon sees our settings and nothing that the developer's shell has set for it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MEWS_")}
    return {**SANITIZERS, **env, "MEWS_DATABASE_URL": database_url, "MEWS_STORE_PATH": str(store),
            "MEWS_LISTEN": "127.0.0.1:0", "MEWS_WORKERS": "2", "MEWS_DATABASE_CONNECTIONS": "2",
            "MEWS_LOG_LEVEL": "debug", **settings}


def run(*arguments, env):
    """mewsd with arguments that make it end by itself."""
    return subprocess.run([*WRAPPER, str(MEWSD), *map(str, arguments)], env=env, capture_output=True, text=True,
                          timeout=START_SECONDS)


class Gateway:
    """`home` gets the log and the artifacts; `credentials` is what `mewsd --init` wrote."""

    def __init__(self, home, database_url, credentials, **settings):
        home.mkdir(parents=True, exist_ok=True)
        self.log_path = home / "mewsd.log"
        self.store = home / "store"
        self.env = environment(database_url, self.store, **{"MEWS_LISTEN": f"127.0.0.1:{free_port()}", **settings})
        self.project = credentials["project"]
        self.project_key = credentials["project_key"]
        self.admin_token = credentials["admin_token"]
        self.process = None
        self.url = None
        self.start()

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    # ---- The process ----

    def start(self):
        reader, writer = os.pipe()
        with open(self.log_path, "ab") as log:
            self.process = spawn([*WRAPPER, MEWSD, "--ready-fd", writer], env=self.env, pass_fds=[writer],
                                 stdout=log, stderr=log)
        os.close(writer)
        with os.fdopen(reader) as ready:
            readable, _, _ = select.select([ready], [], [], START_SECONDS)
            line = ready.readline() if readable else ""
        match = re.fullmatch(r"ready port=(\d+)\n", line)
        if not match:
            terminate(self.process, 0)
            raise AssertionError(f"mewsd did not become ready (said {line!r}):\n{self.log[-4000:]}")
        self.url = f"http://127.0.0.1:{match[1]}"
        self.env["MEWS_LISTEN"] = f"127.0.0.1:{match[1]}"  # a restart comes back where clients look for it

    def stop(self):
        """Drain and end. Every test is also a test of this, and of what the sanitizers saw."""
        if self.process is None:
            return
        code = terminate(self.process, STOP_SECONDS)
        self.process = None
        assert code is not None, f"mewsd did not end within {STOP_SECONDS} s"
        assert code == 0, f"mewsd ended with {code}"
        self.check_log()

    def kill(self):
        """kill -9 of the master and its workers: nobody gets to clean up."""
        signal_all(self.process, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def terminate(self):
        """Make sure that it is gone, without questions."""
        if self.process is not None:
            self.kill()

    def restart(self):
        """Stop, unless it was killed, and start on the same port."""
        self.stop()
        self.start()

    def check_log(self):
        report = SANITIZER_REPORT.search(self.log)
        assert not report, self.log[report.start():report.start() + 8000]

    def wait_ready(self, timeout=20):
        """Until the database is reachable again; fails after `timeout` seconds."""
        wait_until(lambda: self.request("GET", "/readyz").status == 200, timeout, "ready")

    # ---- HTTP ----

    def request(self, method, path, **more):
        """Without credentials."""
        return http.request(self.url, method, path, **more)

    def api(self, method, path, json=None, data=None, headers=None, **more):
        """As the administrator. `path` may leave out /api/v1/projects/default: "/releases"."""
        if not path.startswith("/api/"):
            path = f"/api/v1/projects/{self.project}{path}"
        headers = {"Authorization": f"Bearer {self.admin_token}", **(headers or {})}
        return self.request(method, path, json=json, data=data, headers=headers, **more)

    def ddi(self, method, path, json=None, data=None, headers=None, **more):
        """As a device. `path` may leave out /default/controller/v1: "/device-1"."""
        if "/controller/v1" not in path:
            path = f"/default/controller/v1{path}"
        headers = {"Authorization": f"GatewayToken {self.project_key}", **(headers or {})}
        return self.request(method, path, json=json, data=data, headers=headers, **more)

    def deployments(self, device):
        """The device's deployments, each with its events, oldest first."""
        reply = self.api("GET", f"/devices/{device}/deployments")
        assert reply.status in (200, 404), reply
        return sorted(reply.json["items"], key=lambda each: each["n"]) if reply.status == 200 else []

    def wait_deployment(self, device, state, timeout=60):
        """Until the device's newest deployment is in `state`; that deployment."""
        def newest():
            return (self.deployments(device) or [{"state": "none"}])[-1]
        wait_until(lambda: newest()["state"] == state, timeout, lambda: f"{state}, it is {newest()}", interval=0.1)
        return newest()
