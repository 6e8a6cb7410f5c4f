"""Waiting for something to become true, instead of sleeping and hoping."""
import time


def wait_until(condition, timeout=20, what=None, interval=0.02):
    """Return the first true value of `condition()`; AssertionError naming `what` after `timeout` seconds."""
    end = time.monotonic() + timeout
    while not (value := condition()):
        text = what() if callable(what) else what or getattr(condition, "__name__", "condition")
        assert time.monotonic() < end, f"not within {timeout} s: {text}"
        time.sleep(interval)
    return value
