"""The C helpers of tests/unit that answer each line with a line."""
import subprocess

from lib.gateway import MEWSD

CHUNK = 100  # lines under way: what they are answered fits a pipe, so neither side waits for the other


class Helper:
    """One process for many questions. It ends when its input does, so also when we die."""

    def __init__(self, name):
        self.process = subprocess.Popen([MEWSD.parent / "tests" / "unit" / name], encoding="utf-8",
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, lines):
        return [answer for i in range(0, len(lines), CHUNK) for answer in self._ask(lines[i:i + CHUNK])]

    def _ask(self, lines):
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()
        answers = [self.process.stdout.readline() for _ in lines]
        assert all(answers), f"{self.process.args[0]} ended with {self.process.wait(10)}"
        return [answer.rstrip("\n") for answer in answers]

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(10) == 0  # sanitizers have their say
