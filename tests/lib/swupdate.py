"""Debian's swupdate as a device: a home directory, a configuration, and the daemon that polls."""
import re

from lib import swu
from lib.process import spawn, terminate

CONFIG = """globals: {{ verbose = true; loglevel = 5; public-key-file = "{certificate}"; }};
identify: (
    {{ name = "current_version"; value = "{version}"; }},
    {{ name = "hardware_version"; value = "{hardware}"; }},
    {{ name = "software_type"; value = "{software_type}"; }}
);
suricatta: {{
    url = "{url}";
    tenant = "{tenant}";
    id = "{id}";
    {scheme} = "{token}";
    polldelay = 1;
    retry = 20;
    retrywait = 1;
    initial-report-resend-period = 1;
}};
"""


class Device:
    """One unit. It has no boot loader: reboot() plays one that found the new image good, or not."""

    def __init__(self, home, certificate, url, token, id="device-1", version="1.0.0", hardware="demo-board",
                 software_type="main", tenant="default", scheme="gatewaytoken", orphan=False, options=()):
        self.home, self.id, self.orphan, self.options = home, id, orphan, options
        self.settings = dict(certificate=certificate, url=url, token=token, id=id, version=version,
                             hardware=hardware, software_type=software_type, tenant=tenant, scheme=scheme)
        self.log_path = home / "swupdate.log"
        self.process = None
        (home / "tmp").mkdir(parents=True)

    @property
    def installed(self):
        """The bytes that the last update left, or None."""
        path = self.home / swu.INSTALLED
        return path.read_bytes() if path.exists() else None

    @property
    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def logged(self, pattern):
        return re.search(pattern, self.log)

    def start(self, *suricatta_options):
        """Run the daemon, with command line options for its hawkBit client such as "-c", "2", beside `options`."""
        config = self.home / "swupdate.cfg"
        config.write_text(CONFIG.format(**self.settings))
        with open(self.log_path, "ab") as log:
            self.process = spawn(
                ["swupdate", "-f", config, "-H", f"{self.settings['hardware']}:1.0", "-u",
                 " ".join([*self.options, *suricatta_options])],
                orphan=self.orphan, cwd=self.home, stdout=log, stderr=log,
                restore_signals=False,  # SIGPIPE stays ignored, as under systemd: now and then it would end swupdate
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                     "TMPDIR": str(self.home / "tmp")})  # its sockets lie there as well
        return self

    def stop(self):
        if self.process:
            terminate(self.process, 5)
            self.process = None

    def reboot(self, version=None, success=True):
        """The new image comes up (or the old one after a rollback) and reports what it runs and how it went."""
        self.stop()
        self.settings["version"] = version or self.settings["version"]
        self.start("-c", "2" if success else "3")
