"""The command line as an operator or a pipeline uses it: a process with arguments, output and an exit code."""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import struct
import subprocess
import termios
import time

from lib import gateway as mewsd

MEWS = mewsd.MEWSD.with_name("mews")
DONE, FAILED, USAGE, NOT_FOUND, NOT_ALLOWED, CONFLICT, REFUSED, UNCONFIRMED, ALTERED = range(9)
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Result:
    """What a command said (`out`, `err`) and its exit `code`."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def rows(self):
        """The cells of tab-separated lines."""
        return [line.split("\t") for line in self.lines]

    @property
    def sheet(self):
        """Names and values of one thing."""
        return dict(row for row in self.rows if len(row) == 2)

    def __repr__(self):
        return f"<exit {self.code}\n{self.out}{self.err}>"


class Mews:
    """mews("device", "list"): a run that must end with `code`. `env` is all that it knows of its surroundings."""

    def __init__(self, home, **env):
        self.home = home
        self.env = {"PATH": os.environ["PATH"], "HOME": str(home), "TZ": "UTC", **mewsd.SANITIZERS, **env}

    def __call__(self, *words, code=DONE, stdin="", env=None, cwd=None, timeout=60):
        process = subprocess.run([str(MEWS), *map(str, words)], env={**self.env, **(env or {})}, input=stdin,
                                 capture_output=True, text=True, timeout=timeout, cwd=cwd or self.home)
        result = Result(process.returncode, process.stdout, process.stderr)
        assert result.code == code, result
        assert not mewsd.SANITIZER_REPORT.search(result.err), result.err
        if code:
            said = [line for line in result.err.splitlines() if line.startswith("mews: ")]
            assert len(said) == 1, result  # one readable line
        return result

    def terminal(self, *words, code=DONE, dialog=(), env=None, width=120, timeout=60):
        """The same at a terminal. `dialog`: pairs of what is waited for and what is typed then.

        `out` is everything that appears there.
        """
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
        process = subprocess.Popen([str(MEWS), *map(str, words)], stdin=theirs, stdout=theirs, stderr=theirs,
                                   env={**self.env, "TERM": "xterm-256color", **(env or {})}, cwd=self.home,
                                   start_new_session=True)
        os.close(theirs)
        try:
            seen = self._talk(ours, list(dialog), time.monotonic() + timeout)
            result = Result(process.wait(timeout), seen.replace("\r\n", "\n"), "")
        finally:
            process.kill()
            process.wait()
            os.close(ours)
        assert result.code == code, result
        return result

    @staticmethod
    def _talk(terminal, dialog, end):
        """Type what the dialog says; everything that appeared until nobody is left at the other end."""
        seen, answered = b"", 0
        while select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                return seen.decode(errors="replace")
            seen += piece
            if dialog and dialog[0][0].encode() in seen[answered:]:
                answered = len(seen)
                os.write(terminal, dialog.pop(0)[1].encode())
        raise AssertionError(f"it waits for more: {seen!r}")

    @property
    def config(self):
        return pathlib.Path(self.home, ".config/mews/config")


def plain(text):
    """Without colours and cursor movements."""
    return ESCAPES.sub("", text)
