"""What the integration tests hold true, counted, so that a test that checks nothing shows."""

import time

count = 0


def check(truth, what):
    global count
    assert truth, what
    count += 1


def eventually(what, truth, seconds=30):
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    check(True, what)


def tell(name):
    """The last line of a test that passed."""
    print(f"{name}: {count} checks passed")
