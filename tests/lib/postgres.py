"""A PostgreSQL of our own on a Unix socket; by default fast because it may lose everything in a power cut."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess

import psycopg2

from lib.process import spawn
from lib.wait import wait_until

BIN = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))[-1]
SETTINGS = {"listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
            "shared_buffers": "64MB", "max_connections": "200"}
# PostgreSQL refuses to run as root. A change of user drops the death signal that spawn() asks for.
AS_POSTGRES = ["setpriv", "--pdeathsig=INT"]
if os.geteuid() == 0:
    AS_POSTGRES += ["--reuid=postgres", "--regid=postgres", "--clear-groups"]


class Postgres:
    """One cluster in the directory `home`, whose path must be short: it holds the socket."""

    def __init__(self, home, settings=SETTINGS):
        self.home, self.data, self.log_path = home, home / "data", home / "postgres.log"
        self.settings = {**settings, "unix_socket_directories": home}
        self.process = None
        if os.geteuid() == 0:
            shutil.chown(home, "postgres", "postgres")
        subprocess.run([*AS_POSTGRES, BIN / "initdb", "-D", self.data, "-A", "trust", "-U", "mews", "-E", "UTF8",
                        "--locale=C.UTF-8", "--no-sync"], check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=120)

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    @property
    def running(self):
        return self.process is not None

    def start(self):
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        with open(self.log_path, "ab") as log:
            self.process = spawn([*AS_POSTGRES, BIN / "postgres", "-D", self.data, *options],
                                 stdout=log, stderr=log, cwd="/")
        wait_until(self._answers, 60, lambda: f"PostgreSQL answers:\n{self.log[-2000:]}")
        if not self.rows("postgres", "select 1 from pg_roles where rolname = 'mewsd'"):
            self.rows("postgres", "create role mewsd login")

    def stop(self, how=signal.SIGINT):
        """SIGINT: its "fast" shutdown. SIGQUIT: as if the power had failed."""
        self.process.send_signal(how)
        self.process.wait(60)
        self.process = None

    def conninfo(self, database, user="mews"):
        """As the owner of everything, or as `mewsd`, the gateways' role."""
        return f"host={self.home} user={user} dbname={database}"

    def rows(self, database, text, *parameters):
        """Run SQL and commit; its rows as tuples, or [] when it returns none."""
        with contextlib.closing(psycopg2.connect(self.conninfo(database))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(text, parameters or None)
                return cursor.fetchall() if cursor.description else []

    def _answers(self):
        assert self.process.poll() is None, f"PostgreSQL ended:\n{self.log[-2000:]}"
        try:
            return self.rows("postgres", "select 1")
        except psycopg2.OperationalError:
            return False


class Database:
    """One database of a cluster. Call it with SQL (and parameters for its %s) to get rows.

    `conninfo` is its owner's, `url` the gateways'.
    """

    def __init__(self, postgres, name):
        self.postgres, self.name = postgres, name
        self.conninfo = postgres.conninfo(name)
        self.url = postgres.conninfo(name, "mewsd")

    def __call__(self, text, *parameters):
        return self.postgres.rows(self.name, text, *parameters)

    def value(self, text, *parameters):
        """The only column of the only row."""
        ((value,),) = self(text, *parameters)
        return value

    @contextlib.contextmanager
    def locked(self, table):
        """Hold an exclusive lock on a table from another session."""
        with contextlib.closing(psycopg2.connect(self.conninfo)) as connection:
            connection.cursor().execute(f"lock table {table}")
            yield
