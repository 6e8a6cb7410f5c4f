"""The command line itself: words, options, help, configuration, exit codes, completion, the manual."""
import http.server
import os
import pty
import re
import select
import shutil
import socket
import ssl
import stat
import subprocess
import threading

import pytest

from lib.gateway import TOP
from lib.mews import FAILED, MEWS, NOT_ALLOWED, NOT_FOUND, USAGE, Mews

MANUAL, PAGE = TOP / "cli/mews.1", TOP / "docs/cli.md"


def commands(mews):
    """Each command with its arguments, as the help has it."""
    return [re.split(r"\s{2,}", line.strip())[0] for line in mews("help").lines
            if re.match(r"  [a-z]", line)]


# ---- Words and options ----

@pytest.mark.parametrize("words, says", [
    (["dance"], 'there is no command "dance"'),
    (["device", "dance"], 'there is no command "device dance"'),
    (["device", "show"], "ID is missing"),
    (["device", "show", "a", "b"], '"b" is too much'),
    (["device", "list", "--dance"], "there is no option --dance"),
    (["device", "list", "-x"], "there is no option -x"),
    (["device", "list", "-"], '"-" is too much'),
    (["device", "list", "--cohort", "b\udcfcro"], "is not UTF-8"),
    (["device", "list", "--cohort"], "--cohort needs a value"),
    (["device", "list", "--json=yes"], "--json takes no value"),
    (["device", "list", "--dry-run"], "there is no option --dry-run here"),
    (["device", "list", "--limit", "0"], "--limit is a number"),
    (["device", "list", "-q", "--json"], "exclude each other"),
    (["token", "create", "ci"], "--role ROLE is missing"),
    (["token", "create", "ci", "--role", "king"], "--role is one of reader, member, manager, admin"),
    (["token", "create", "ci", "--role", "reader", "--expires", "soon"], "--expires is a time"),
    (["user", "create", "a@b.c", "--role", "king"], "--role is one of"),
    (["audit", "export", "--format", "xml"], "--format is one of jsonl, csv"),
    (["completion", "fish"], "SHELL is one of bash, zsh"),
    (["help", "dance"], 'there is no command "dance"'),
    (["--cohort", "x", "device", "list"], "there is no option --cohort before a command"),
])
def test_usage_errors(stranger, words, says):
    assert says in stranger(*words, code=USAGE, env={"MEWS_URL": "http://127.0.0.1:1"}).err


@pytest.mark.parametrize("words, meant", [
    ("devices list", "device"), ("device lsit", "device list"), ("relaese list", "release"), ("udlpoad x", "upload"),
    ("device mvoe", "device move"), ("whoam", "whoami"), ("dance", None), ("device dance", None), ("x", None),
    ("matrixmatrixmatrix", None), ("__complet", None),
])
def test_a_slip_of_the_finger(stranger, words, meant):
    said = stranger(*words.split(), code=USAGE).err
    assert ("did you mean" in said) == bool(meant) and (not meant or f'did you mean "{meant}"?' in said)


def test_usage_errors_show_the_usage(stranger):
    assert "Usage: mews activate R --cohort COHORT [--staged]" in stranger("activate", code=USAGE).err
    assert "Try: mews help device" in stranger("device", "dance", code=USAGE).err


def test_options_may_stand_anywhere(mews, fleet):
    fleet(2)
    for words in (["device", "list", "-q"], ["-q", "device", "list"], ["--project", "default", "device", "list", "-q"],
                  ["device", "list", "--quiet", "--cohort=default"], ["device", "-q", "list", "-cdefault"]):
        assert mews(*words).lines == ["device-1", "device-2"]
    assert mews("device", "show", "-q", "--", "device-1").lines == ["device-1"]


def test_version(stranger):
    assert re.fullmatch(r"mews \d+\.\d+\.\d+\n", stranger("--version").out)


# ---- Help ----

def test_help(stranger):
    assert "device move ID..." in stranger("--help").out
    assert stranger("help").out == stranger("-h").out
    assert stranger("help", "device", "move").out == stranger("device", "move", "--help").out
    assert "Usage: mews device move ID... --cohort COHORT" in stranger("help", "device", "move").out
    assert "device inspect" in stranger("help", "device").out and "cohort" not in stranger("help", "key").lines[0]
    assert "staged_percent" in stranger("help", "cohort", "set").out
    listed = stranger("help").out
    assert "  device move ID... --cohort COHORT  " in listed and "  activate R --cohort COHORT  " in listed
    nothing = subprocess.run([MEWS], capture_output=True, text=True, env=stranger.env)
    assert (nothing.returncode, nothing.stdout) == (USAGE, "")
    assert "Usage: mews COMMAND" in nothing.stderr


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["help"], ["completion", "bash"]])
def test_what_cannot_be_written_is_an_error(stranger, words):
    with open("/dev/full", "w") as full:
        run = subprocess.run([MEWS, *words], stdout=full, stderr=subprocess.PIPE, text=True, env=stranger.env)
    assert (run.returncode, run.stderr) == (FAILED, "mews: writing the output failed\n")


def test_help_needs_no_configuration(stranger):
    stranger.config.parent.mkdir(parents=True)
    stranger.config.write_text("url = broken")
    stranger.config.chmod(0o600)
    stranger("help")
    stranger("completion", "bash")
    assert "line 1" in stranger("device", "list", code=USAGE).err


def test_every_command_and_option_is_in_the_manual(stranger):
    manual = MANUAL.read_text().replace("\\", "")
    page = PAGE.read_text()
    for command in commands(stranger):
        words = re.match(r"[a-z ]*[a-z]", command)[0]
        assert words in manual, words
        assert words in page, words
        for option in re.findall(r"--[a-z-]+", stranger("help", *words.split()).out):
            assert option in manual, f"{words} {option}"


def test_the_commands_are_a_contract(stranger):
    wanted = {
        "project": "list create show set", "key": "list create set revoke", "cohort": "list create show set delete",
        "device": "list show register move inspect history retry token delete", "release": "list create show delete",
        "payload": "add list remove", "artifact": "list show download delete", "deployment": "list show", "audit": "list verify export",
        "token": "list create revoke", "user": "list create set delete", "admin": "create"}
    alone = {"activate", "pull", "stage", "matrix", "upload", "login", "logout", "whoami", "help", "completion"}
    there = {re.match(r"[a-z ]*[a-z]", command)[0] for command in commands(stranger)}
    assert there == alone | {f"{group} {verb}" for group, verbs in wanted.items() for verb in verbs.split()}


def test_the_manual_is_a_page():
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    shown = subprocess.run(["groff", "-man", "-Tutf8", "-P-cbou", "-ww", str(MANUAL)], capture_output=True, text=True)
    assert (shown.returncode, shown.stderr) == (0, "")
    for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "ENVIRONMENT", "FILES", "EXIT STATUS"):
        assert heading in shown.stdout


# ---- Configuration ----

def configure(mews, mode=0o600, **values):
    mews.config.parent.mkdir(parents=True, exist_ok=True)
    mews.config.write_text("".join(f'{name} = "{value}";\n' for name, value in values.items()))
    mews.config.chmod(mode)


def test_nothing_is_configured(stranger):
    assert "mews login --url" in stranger("device", "list", code=USAGE).err


def test_file_environment_and_options(stranger, gateway):
    configure(stranger, url=gateway.url + "/", token=gateway.admin_token, project="nowhere")
    assert "nowhere" in stranger("project", "show", code=NOT_FOUND).err
    assert stranger("cohort", "list", "-q", env={"MEWS_PROJECT": "default"}).lines == ["default"]
    assert stranger("cohort", "list", "-q", "-p", "default", env={"MEWS_PROJECT": "nowhere"}).lines == ["default"]
    stranger("cohort", "list", "-p", "default", env={"MEWS_TOKEN": "wrong"}, code=NOT_ALLOWED)
    stranger("cohort", "list", "-p", "default", env={"MEWS_URL": gateway.url + "/api/v1/"})
    # An empty variable is as good as none.
    stranger("cohort", "list", "-p", "default", env={"MEWS_URL": "", "MEWS_TOKEN": "", "MEWS_PROJECT": ""})


def test_xdg_config_home(stranger, gateway, home):
    configure(stranger, url=gateway.url, token=gateway.admin_token)
    stranger.config.parent.parent.rename(home / "elsewhere")
    stranger("cohort", "list", code=USAGE)
    stranger("cohort", "list", env={"XDG_CONFIG_HOME": str(home / "elsewhere")})


def test_a_file_that_is_a_link_stays_one(stranger, gateway, home):
    stranger.config.parent.mkdir(parents=True)
    target = home / "dotfiles"
    target.touch(0o600)
    stranger.config.symlink_to(target)
    stranger("login", "--url", gateway.url, "--token", stdin=gateway.admin_token + "\n")
    assert stranger.config.is_symlink() and gateway.admin_token in target.read_text()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_token_is_for_its_server_only(stranger, gateway):
    with Recorder() as other:
        configure(stranger, url=gateway.url, token=gateway.admin_token)
        stranger("cohort", "list", "--url", other.url, code=FAILED)
        stranger("cohort", "list", env={"MEWS_URL": other.url}, code=FAILED)
        assert len(other.requests) >= 2
        assert not any(gateway.admin_token in text for text in other.requests)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_file_that_others_can_read_is_refused(stranger, gateway, mode):
    configure(stranger, mode, url=gateway.url, token=gateway.admin_token)
    assert "chmod 600" in stranger("cohort", "list", code=USAGE).err


@pytest.mark.parametrize("url", ["gateway.example", "ftp://gateway.example", "file:///etc/passwd",
                                 "http://a\nb"])
def test_bad_url(stranger, url):
    assert "https://" in stranger("cohort", "list", "--url", url, code=USAGE).err


# ---- The way to the server ----

class Recorder(http.server.ThreadingHTTPServer):
    """Answers each request with the next of `answers` (status, headers, body), the last one for ever."""

    def __init__(self, *answers):
        self.answers = list(answers) or [(404, {}, b"not here")]
        self.requests = []
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.requests.append(f"{self.command} {self.path}\n{self.headers}{body}")
        answers = self.server.answers
        status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
        if status == 0:  # hang up
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PATCH = do_DELETE = do_HEAD = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def authority(home):
    """authority("name"): a self-signed certificate for 127.0.0.1, with its key in the same file."""
    def make(name):
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj",
                               f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "-", "-out", "-"],
                              capture_output=True, check=True)
        (home / f"{name}.pem").write_bytes(made.stdout)
        return home / f"{name}.pem"

    return make


@pytest.fixture
def tls(authority):
    """A server whose certificate is that of the file server.pem."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority("server"))
    server = Recorder(page('{"slug": "a"}'))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.url = server.url.replace("http:", "https:")
    with server:
        yield server


def test_whom_to_trust(stranger, tls, authority, home):
    listing = ("cohort", "list", "-q", "--url", tls.url)
    assert "MEWS_CA_FILE" in stranger(*listing, code=FAILED).err
    assert "instead of" in stranger(*listing, env={"MEWS_CA_FILE": str(authority("other"))}, code=FAILED).err
    assert "cannot be read as certificates" in stranger(*listing, env={"MEWS_CA_FILE": "nothing.pem"}, code=FAILED).err
    assert stranger(*listing, env={"MEWS_CA_FILE": "server.pem"}, cwd=home).lines == ["a"]


def test_login_stores_where_the_certificates_are(stranger, tls, home):
    tls.answers = [(200, {}, b'{"name": "me"}')]
    stranger("login", "--url", tls.url, "--token", stdin="t\n", env={"MEWS_CA_FILE": "server.pem"}, cwd=home)
    stranger("whoami")


def test_certificates_replace_those_of_the_system(stranger, tls, authority, home):
    """In a mount namespace in which the system trusts the server."""
    system = home / "system"
    system.mkdir()
    name = subprocess.run(["openssl", "x509", "-hash", "-noout", "-in", home / "server.pem"], capture_output=True,
                          text=True, check=True).stdout.strip()
    shutil.copy(home / "server.pem", system / f"{name}.0")
    shutil.copy(authority("other"), system / "ca-certificates.crt")

    def within(**env):
        script = 'mount --bind "$0" /etc/ssl/certs && exec "$@"'
        return subprocess.run(["unshare", "-Urm", "sh", "-c", script, system, MEWS, "cohort", "list", "-q", "--url",
                               tls.url], env={**stranger.env, **env}, capture_output=True, text=True)

    trusted = within()
    if trusted.returncode and not trusted.stderr.startswith("mews: "):
        pytest.skip(f"no mount namespaces here: {trusted.stderr}")
    assert (trusted.stdout, trusted.stderr) == ("a\n", "")
    assert within(MEWS_CA_FILE=str(home / "other.pem")).returncode == FAILED


def test_nobody_is_there(stranger):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = "http://127.0.0.1:{}".format(free.getsockname()[1])
    assert "cannot reach" in stranger("cohort", "list", env={"MEWS_URL": url}, code=FAILED).err


def test_somebody_else_is_there(stranger):
    for answer in ((404, {}, b"<h1>404"), (200, {}, b"<h1>hello"), (302, {"Location": "http://127.0.0.1:1/"}, b"")):
        with Recorder(answer) as other:
            assert "is the URL right?" in stranger("cohort", "list", env={"MEWS_URL": other.url}, code=FAILED).err
            assert len(other.requests) == 1


def page(*items):
    return 200, {}, ('{"items": [%s], "next": null}' % ",".join(items)).encode()


def test_what_can_be_repeated_is(stranger):
    busy = (503, {"Retry-After": "0"}, b'{"detail": "busy"}')
    with Recorder((0, {}, b""), busy, page('{"slug": "a"}')) as other:
        assert stranger("cohort", "list", "-q", env={"MEWS_URL": other.url}).lines == ["a"]
        assert len(other.requests) == 3


def test_a_repeated_creation_has_the_same_key(stranger):
    with Recorder((0, {}, b""), (502, {}, b""), (201, {}, b'{"slug": "beta"}')) as other:
        stranger("cohort", "create", "beta", env={"MEWS_URL": other.url})
    keys = [re.search(r"(?m)^Idempotency-Key: (\S{16,})\s*$", text)[1] for text in other.requests]
    assert len(keys) == 3 and len(set(keys)) == 1
    with Recorder((201, {}, b'{"slug": "beta"}')) as other:
        stranger("cohort", "create", "beta", env={"MEWS_URL": other.url})
    assert keys[0] not in other.requests[0]


def test_a_repeated_deletion_has_succeeded(stranger):
    gone = (404, {}, b'{"detail": "no such cohort", "status": 404}')
    with Recorder((0, {}, b""), gone) as other:
        stranger("cohort", "delete", "beta", env={"MEWS_URL": other.url})
    with Recorder(gone) as other:
        stranger("cohort", "delete", "beta", env={"MEWS_URL": other.url}, code=NOT_FOUND)


def test_a_server_that_stays_busy(stranger):
    with Recorder((503, {"Retry-After": "3600"}, b'{"detail": "the database is away"}')) as other:
        said = stranger("cohort", "list", env={"MEWS_URL": other.url}, code=FAILED).err
        assert said == "mews: the database is away: try again in a moment\n"
        assert len(other.requests) == 1  # nobody waits an hour


@pytest.mark.parametrize("status, code", [
    (400, 6), (401, 4), (403, 4), (404, 3), (409, 5), (410, 3), (412, 5), (413, 6), (415, 6), (418, 1), (422, 6),
    (429, 1), (500, 1), (503, 1)])
def test_exit_codes(stranger, status, code):
    with Recorder((status, {}, b'{"detail": "so it is", "request_id": "r1"}')) as other:
        assert "so it is" in stranger("cohort", "list", env={"MEWS_URL": other.url}, code=code).err


def test_output_that_cannot_be_written(mews):
    with open("/dev/full", "w") as full:
        process = subprocess.run([MEWS, "cohort", "list"], env=mews.env, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (process.returncode, process.stderr) == (FAILED, "mews: writing the output failed\n")


# ---- Completion ----

def offered(mews, *words):
    return [line.split("\t")[0] for line in mews("__complete", "--", *words).lines]


def test_completion_of_words(stranger):
    assert offered(stranger, "dev") == ["device"]
    assert offered(stranger, "device", "") == ["list", "show", "register", "move", "inspect", "history", "retry", "token",
                                                  "delete"]
    assert offered(stranger, "device", "move", "--c") == ["--cohort"]
    assert "--dry-run" in offered(stranger, "device", "move", "--") and \
        "--dry-run" not in offered(stranger, "device", "list", "--")
    assert offered(stranger, "token", "create", "--role", "m") == ["member", "manager"]
    assert offered(stranger, "deployment", "list", "--state", "dow") == ["downloading", "downloaded"]
    assert offered(stranger, "deployment", "list", "--state", "failed,ti") == ["failed,timed_out"]
    assert offered(stranger, "deployment", "list", "--state=failed,ti") == ["--state=failed,timed_out"]
    assert offered(stranger, "cohort", "set", "beta", "st") == ["staged_percent="]
    assert offered(stranger, "upload", "") == [":files"]
    assert offered(stranger, "completion", "") == ["bash", "zsh"]
    assert offered(stranger, "dance", "") == []


def test_completion_of_values(mews, fleet):
    fleet(12)
    mews("cohort", "create", "beta")
    mews("release", "create", "1.0.0")
    assert offered(mews, "activate", "") == ["1.0.0"]
    assert offered(mews, "activate", "1.0.0", "--cohort", "b") == ["beta"]
    assert offered(mews, "device", "show", "device-1") == ["device-1", "device-10", "device-11", "device-12"]
    assert offered(mews, "--project", "d") == ["default"]
    assert offered(mews, "matrix", "") == ["beta", "default"]


def test_completion_without_a_server_says_nothing(stranger):
    assert offered(stranger, "activate", "") == []
    assert offered(Mews(stranger.home, MEWS_URL="http://127.0.0.1:1"), "activate", "") == []


class Bash:
    """An interactive bash with completion: press("mews dev") is what that line is after a Tab."""

    def __init__(self, mews):
        self.home = mews.home
        self.terminal, theirs = pty.openpty()
        env = {**mews.env, "PATH": f"{MEWS.parent}:{mews.env['PATH']}", "TERM": "dumb", "INPUTRC": "/dev/null"}
        self.process = subprocess.Popen(["bash", "--norc", "--noprofile", "-i"], stdin=theirs, stdout=theirs,
                                        stderr=theirs, env=env, cwd=mews.home, start_new_session=True)
        os.close(theirs)
        self.type("source <(mews completion bash); echo e''nd\n")

    def type(self, keys):
        os.write(self.terminal, keys.encode())
        seen = ""
        while "end\r\n" not in seen:
            assert select.select([self.terminal], [], [], 30)[0], seen
            seen += os.read(self.terminal, 65536).decode(errors="replace")

    def press(self, line):
        """After the Tab, Ctrl-A and Ctrl-E make a command of the line that notes its words."""
        self.type(f"{line}\t\x01printf '%s\\n' \x05 >said; echo e''nd\n")
        return " ".join((self.home / "said").read_text().splitlines())

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


@pytest.fixture
def bash(mews):
    shell = Bash(mews)
    yield shell
    shell.close()


def test_bash(bash, mews, gateway):
    mews("release", "create", "1.0.0")
    mews("user", "create", "ann@example.com", "--role", "reader")
    for name in ("dev:1:a", "unit-1$(id>pwned)"):
        assert gateway.ddi("GET", f"/{name}").status == 200
    (mews.home / "file-1.swu").touch()
    for typed, line in {
        "mews dev": "mews device",
        "mews device mo": "mews device move",
        "mews cohort set x stag": "mews cohort set x staged_percent=",
        "mews upload fi": "mews upload file-1.swu",
        "mews activate 1": "mews activate 1.0.0",
        # Signs at which bash splits words, and what a shell would obey.
        "mews device show dev:": "mews device show dev:1:a",
        "mews device show dev:1:": "mews device show dev:1:a",
        "mews  device  list --cohort=": "mews device list --cohort=default",
        "mews device list --cohort=def": "mews device list --cohort=default",
        "mews user set ann@ex": "mews user set ann@example.com",
        "mews audit export --output=fi": "mews audit export --output=file-1.swu",
        "mews device show un": "mews device show unit-1$(id>pwned)",
        "mews help devi": "mews help device",
        "mews help device mo": "mews help device move",
    }.items():
        assert bash.press(typed) == line
    assert not (mews.home / "pwned").exists()


def test_zsh(stranger):
    if not shutil.which("zsh"):
        pytest.skip("zsh is not installed")
    script = 'autoload -U compinit && compinit -D && source <("$MEWS" completion zsh) && print -r -- $_comps[mews]'
    shell = subprocess.run(["zsh", "-f", "-c", script], env={**stranger.env, "MEWS": str(MEWS)},
                           capture_output=True, text=True)
    assert (shell.stdout, shell.stderr, shell.returncode) == ("_mews\n", "", 0)
