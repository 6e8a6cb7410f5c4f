"""./dev demo: a release is published, a real swupdate installs it, the gateway tells the story.

Everything runs in a directory under /tmp. Each wait has a limit and says what it waited for.
"""
import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

from lib import swu
from lib.process import spawn, terminate
from lib.swupdate import Device
from lib.wait import wait_until

TOP = pathlib.Path(__file__).parents[1]
DEVICE = "demo-device"
COLOURS = {"bold": "1", "dim": "2", "green": "32", "red": "31"} if sys.stdout.isatty() else {}


def paint(colour, text):
    return f"\033[{COLOURS[colour]}m{text}\033[0m" if colour in COLOURS else text


def chapter(text):
    print(f"\n{paint('bold', text)}", flush=True)


def tell(text):
    print(f"  {text}", flush=True)


class Failed(Exception):
    """What the person at the terminal should read."""


class Demo:
    def __init__(self, home):
        self.home = home
        self.run = None
        self.device = None
        self.credentials = None

    # ---- The chapters ----

    def start_gateway(self, keep):
        chapter("A gateway with a PostgreSQL of its own")
        listen = f"127.0.0.1:{free_port()}"
        log = self.home / "gateway.log"
        env = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "MEWS_BUILD")}
        with open(log, "wb") as out:
            self.run = spawn([TOP / "dev", "run"], orphan=keep, stdout=out, stderr=out,
                             env={**env, "MEWS_STATE_DIR": str(self.home / "state"), "MEWS_LISTEN": listen})
        self.wait(lambda: curl("-f", f"http://{listen}/readyz")[0] == 0, "the gateway to be ready", log, self.run)
        self.credentials = json.loads((self.home / "state" / "credentials.json").read_text())
        self.credentials["url"] = f"http://{listen}"
        tell(f"http://{listen} is ready; its data lies in {self.home}/state")

    def make_image(self):
        chapter("A signed image, as a build system makes it")
        signer = swu.Signer(self.home)
        image = swu.build(self.home, signer, "1.1.0", b"Hello from version 1.1.0\n" + os.urandom(2_000_000))
        tell(f"{image.name}, {image.stat().st_size:,} bytes: sw-description, its CMS signature, rootfs.img")
        return image

    def publish(self, image):
        chapter("Devices of cohort default shall poll every second, to keep this short")
        self.api("PATCH", "/cohorts/default", {"polling_interval": 1})
        chapter("Release 1.1.0 is published with four calls of the API")
        self.api("POST", "/releases", {"version": "1.1.0"})
        artifact = self.api("PUT", f"/artifacts/{image.name}", file=image)
        self.api("POST", "/releases/1.1.0/payloads", {
            "sha256": artifact["sha256"], "filename": image.name, "hardware_versions": ["demo-board"]})
        self.api("POST", "/activations", {"release": "1.1.0", "cohort": "default"})

    def update(self, keep):
        chapter(f"Device {DEVICE} runs 1.0.0: Debian's swupdate with the project's key")
        self.device = Device(self.home / "device", self.home / "cert.pem", self.credentials["url"],
                             self.credentials["project_key"], id=DEVICE, orphan=keep)
        self.device.start()
        self.follow("installing", "installed")
        self.wait(lambda: "All Chunks Installed." in json.dumps(self.deployment()), "swupdate to finish", self.device.log_path)
        first_line = self.device.installed.split(b"\n")[0].decode()
        tell(f"installed {self.device.home}/{swu.INSTALLED}, which begins: {first_line!r}")

    def reboot(self):
        chapter("It reboots into 1.1.0 and says so")
        self.device.reboot("1.1.0")
        self.follow("confirmed")

    def show_history(self):
        chapter("What the gateway knows of this deployment")
        deployment = self.deployment()
        rows = [("time", "result", "what the device said")]
        for event in deployment["events"]:
            result = "/".join(event[name] for name in ("execution", "result") if event.get(name))
            details = event.get("details") or [""]
            more = f" (+ {len(details) - 1} lines)" if len(details) > 1 else ""
            rows.append((clock(event["at"]), result or event.get("source", ""), shorten(details[0]) + more))
        table(rows)
        tell(f"deployment {deployment['n']} of {deployment['release']}: "
             + paint("green", deployment["state"]) + f", attempt {deployment['attempt']}")

    def explain(self):
        (self.home / "stop").write_text(f"#!/bin/sh\nkill {self.device.process.pid} {self.run.pid}\n"
                                        f"while kill -0 {self.run.pid} 2>/dev/null; do sleep 0.2; done\n"
                                        f"rm -rf {self.home}\n")
        project = f"{self.credentials['url']}/api/v1/projects/default"
        chapter("Still running, to explore")
        tell(f"T='Authorization: Bearer {self.credentials['admin_token']}'")
        tell(f"curl -s -H \"$T\" {project}/devices")
        tell(f"curl -s -H \"$T\" {project}/devices/{DEVICE}/deployments")
        tell(f"tail -f {self.device.log_path} {self.home}/gateway.log")
        tell(f"stop and remove it all: sh {self.home}/stop")

    # ---- Their tools ----

    def api(self, method, path, json_body=None, file=None):
        """Show the call, make it with curl, return the JSON that came back."""
        arguments = ["-X", method, "-H", f"Authorization: Bearer {self.credentials['admin_token']}"]
        shown = ""
        if json_body is not None:
            text = json.dumps(json_body)
            arguments += ["-H", "Content-Type: application/json", "-d", text]
            shown = shorten(text)
        if file:
            arguments += ["-T", str(file)]
            shown = f"@{file.name}"
        url = f"{self.credentials['url']}/api/v1/projects/default{path}"
        code, output = curl("-w", "\n%{http_code}", *arguments, url)
        body, _, status = output.rpartition("\n")
        if code or not status.startswith("2"):
            raise Failed(f"{method} {url}: curl exit code {code}, status {status}\n{body}")
        if method != "GET":
            tell(f"{method:4} {path:28} {paint('green', status)}  {paint('dim', shown)}")
        return json.loads(body)

    def deployment(self):
        """The device's newest deployment; before the device is known, a dummy."""
        try:
            items = self.api("GET", f"/devices/{DEVICE}/deployments")["items"]
        except Failed as error:
            if "status 404" not in str(error):
                raise
            items = []
        return max(items, key=lambda item: item["n"]) if items else {"state": "not yet offered"}

    def follow(self, *goals):
        """Tell each change of the deployment's state until it is one of `goals`' last."""
        seen = None

        def at_goal():
            nonlocal seen
            state = self.deployment()["state"]
            if state != seen:
                tell(state)
            seen = state
            if state in ("failed", "rejected", "canceled", "rolled_back", "timed_out") and state not in goals:
                raise Failed(f"the deployment ended as {state}, see {self.device.log_path}")
            return state in goals

        self.wait(at_goal, f"the deployment to be {goals[-1]}", self.device.log_path, self.device.process)

    def wait(self, condition, what, log, process=None, timeout=90):
        def check():
            if process is not None and process.poll() is not None:
                raise Failed(f"waited for {what}, but the process ended with {process.returncode}:\n{tail(log)}")
            return condition()

        try:
            wait_until(check, timeout, interval=0.1)
        except AssertionError:
            raise Failed(f"waited {timeout} s for {what}. The end of {log}:\n{tail(log)}") from None

    def stop(self):
        if self.device:
            self.device.stop()
        if self.run:
            terminate(self.run, 60)


def curl(*arguments):
    result = subprocess.run(["curl", "-s", "--max-time", "30", *arguments], capture_output=True, text=True)
    return result.returncode, result.stdout


def free_port(wanted=8080):
    for port in (wanted, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as listener:
                return listener.getsockname()[1]
        except OSError:
            continue
    raise Failed("no free port")


def table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for number, row in enumerate(rows):
        line = "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[-1]]).rstrip()
        tell(paint("dim", line) if number == 0 else line)


def clock(timestamp):
    match = re.search(r"\d\d:\d\d:\d\d(\.\d)?", timestamp)
    return match[0] if match else timestamp


def shorten(text, width=72):
    text = " ".join(text.split())
    return text if len(text) <= width else text[:width - 3] + "..."


def tail(path, lines=15):
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else "(empty)"


def play(demo, keep):
    demo.start_gateway(keep)
    image = demo.make_image()
    demo.publish(image)
    demo.update(keep)
    demo.reboot()
    demo.show_history()
    if keep:
        demo.explain()


def main():
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave everything running to explore")
    keep = parser.parse_args().keep
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    home = pathlib.Path(tempfile.mkdtemp(prefix="mews-demo."))
    demo = Demo(home)
    try:
        play(demo, keep)
    except Failed as error:
        print(f"\n{paint('red', 'The demo failed:')} {error}", file=sys.stderr)
        demo.stop()
        print(f"Its files are kept in {shlex.quote(str(home))}", file=sys.stderr)
        return 1
    except BaseException:
        demo.stop()
        shutil.rmtree(home, ignore_errors=True)
        raise
    if not keep:
        demo.stop()
        shutil.rmtree(home)
        print("\nDone. `./dev demo --keep` leaves it running, `./dev run` starts a gateway of your own.")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
