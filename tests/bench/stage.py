"""What is measured, in one directory under /tmp: PostgreSQL as ./dev run has it, a fleet, the gateway, nginx."""
import contextlib
import getpass
import json
import os
import pathlib
import re
import shutil
import socket
import string
import tempfile

import psycopg2

from lib import gateway as mewsd
from lib import publish
from lib.postgres import Database, Postgres
from lib.process import spawn, terminate
from lib.wait import wait_until
from load import HERE, Failed, ProcessorTime

VERSION, HARDWARE = "1.1.0", "bench-board"  # of the only release and of all devices
ARTIFACT = "bench.img"


class Stage(contextlib.ExitStack):
    """Enter it to start everything; leaving stops and removes everything, whatever has happened."""

    def __init__(self, devices, clients, seconds, artifact_size):
        super().__init__()
        self.devices, self.clients, self.seconds, self.artifact_size = devices, clients, seconds, artifact_size
        self.build = mewsd.MEWSD.parent
        self.cores = os.cpu_count()

    def __enter__(self):
        super().__enter__()
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def say(self, text):
        print(f"  {text}", flush=True)

    # ---- Start ----

    def _start(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="mews-bench-"))
        self.callback(shutil.rmtree, self.home, ignore_errors=True)
        self.home.chmod(0o711)  # user postgres passes through
        self._start_postgres()
        self._start_gateway()
        self._publish()
        self.say(f"a fleet of {self.devices:,} devices")
        self.sql(HERE / "fleet.sql", devices=self.devices, version=VERSION, hardware=HARDWARE)
        self.settle()
        self._start_nginx()

    def _start_postgres(self):
        (self.home / "pg").mkdir()
        self.postgres = Postgres(self.home / "pg", dev_settings())
        self.postgres.start()
        self.callback(self.postgres.stop)
        for name in ("mews", "yardstick"):
            self.postgres.rows("postgres", f"create database {name}")
        self.database = Database(self.postgres, "mews")
        self.yardstick = Database(self.postgres, "yardstick")

    def _start_gateway(self):
        path = self.home / "credentials.json"
        env = mewsd.environment(self.database.url, self.home / "store", MEWS_DATABASE_OWNER_URL=self.database.conninfo)
        result = mewsd.run("--init", path, env=env)
        if result.returncode:
            raise Failed(f"mewsd --init: {result.stdout}{result.stderr}")
        self.credentials = json.loads(path.read_text())
        self.key = self.credentials["project_key"]
        self.gateway = self.enter_context(self.another_gateway("gateway"))

    @contextlib.contextmanager
    def another_gateway(self, name, **settings):
        """A mewsd on the same database. Every poll writes last_seen: none is too soon after the one before."""
        settings = {"MEWS_WORKERS": str(self.cores), "MEWS_SEEN_RESOLUTION": "0", "MEWS_LOG_LEVEL": "info",
                    "MEWS_DATABASE_CONNECTIONS": "4",
                    **settings}
        gateway = mewsd.Gateway(self.home / name, self.database.url, self.credentials, **settings)
        try:
            gateway.wait_ready()
            yield gateway
            gateway.stop()
        finally:
            gateway.terminate()

    def _publish(self):
        self.say(f"a release with an artifact of {self.artifact_size >> 20} MiB")
        image = self.home / ARTIFACT
        with open(image, "wb") as out:
            for _ in range(self.artifact_size >> 20):
                out.write(os.urandom(1 << 20))
        publish.publish(self.gateway.api, VERSION, image, hardware=(HARDWARE,))

    def _start_nginx(self):
        www = self.home / "www"
        www.mkdir()
        www.chmod(0o755)
        (www / "poll.json").write_bytes(self.poll().body)
        (self.home / ARTIFACT).rename(www / ARTIFACT)
        self.nginx_port = free_port()
        text = string.Template((HERE / "nginx.conf").read_text()).substitute(
            home=self.home, user=getpass.getuser(), workers=self.cores, port=self.nginx_port)
        (self.home / "nginx.conf").write_text(text)
        with open(self.home / "nginx.log", "wb") as log:
            nginx = spawn(["/usr/sbin/nginx", "-e", "stderr", "-c", self.home / "nginx.conf"], stdout=log, stderr=log)
        self.callback(terminate, nginx, 10)
        wait_until(lambda: self._nginx_answers(nginx), 20, "nginx answers")

    def _nginx_answers(self, nginx):
        if nginx.poll() is not None:
            raise Failed(f"nginx ended:\n{(self.home / 'nginx.log').read_text()}")
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.nginx_port)) == 0

    # ---- For those who measure ----

    @property
    def url(self):
        return self.gateway.url

    @property
    def nginx_url(self):
        return f"http://127.0.0.1:{self.nginx_port}"

    def poll(self, number=0):
        """The reply to a poll of the device with this number; it must be up to date."""
        reply = self.gateway.ddi("GET", f"/{device_id(number)}")
        if reply.status != 200 or "_links" in reply.json:
            raise Failed(f"a poll was not answered as expected: {reply}")
        return reply

    def processor_time(self):
        return ProcessorTime(mewsd=self.gateway.process.pid, PostgreSQL=self.postgres.process.pid)

    def sql(self, path, **parameters):
        """Run a file of statements in one transaction."""
        with contextlib.closing(psycopg2.connect(self.database.conninfo)) as connection, connection:
            connection.cursor().execute(path.read_text(), parameters)

    def settle(self):
        """After much has been written: statistics, and nothing left to do in the background."""
        self.database("vacuum analyze")
        self.database("checkpoint")


def device_id(number):
    """As fleet.sql and devices.lua have it."""
    return f"unit-{number * 2654435761 % 2**32:08x}"


def dev_settings():
    """The settings of PostgreSQL in ./dev run, so that what is measured is what people get."""
    text = re.search(r"^pg_settings=\((.*?)\)", (mewsd.TOP / "dev").read_text(), re.DOTALL | re.MULTILINE)[1]
    return {name: value.strip("'") for name, value in (word.split("=", 1) for word in text.split())}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
