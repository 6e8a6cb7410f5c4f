"""Child processes in a session of their own, so that they and their children can be stopped as one."""
import ctypes
import os
import signal
import subprocess

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _end_with_parent():
    """A test run that is killed must leave no daemons behind."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def spawn(command, orphan=False, **options):
    """Start `command`; it gets SIGTERM when we die, unless it may become an `orphan`."""
    return subprocess.Popen([str(word) for word in command], start_new_session=True, stdin=subprocess.DEVNULL,
                            preexec_fn=None if orphan else _end_with_parent, **options)


def signal_all(process, number):
    """Signal a process of spawn() and all its descendants that did not leave its session."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


def terminate(process, timeout):
    """SIGTERM to the process, SIGKILL to what is left after `timeout` seconds; its exit code, or None."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        signal_all(process, signal.SIGKILL)
        process.wait()
