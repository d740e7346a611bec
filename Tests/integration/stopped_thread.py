"""A thread of another process that stands still, by ptrace(2)."""

import ctypes
import os

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.restype = ctypes.c_long
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
SEIZE, INTERRUPT, DETACH, ANY_CHILD = 0x4206, 0x4207, 17, 0x40000000


def thread_named(process, name):
    """The number of a process's thread of that name."""
    tasks = f"/proc/{process.pid}/task"
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/comm") as comm:
            if comm.read().strip() == name:
                return int(task)
    raise AssertionError(f"no thread {name}")


class Stopped:
    """A thread that stands still while the block lasts; None where that is forbidden."""

    def __init__(self, process, name):
        self.thread = thread_named(process, name)
        self.held = False

    def __enter__(self):
        if LIBC.ptrace(SEIZE, self.thread, None, None) != 0:
            print(f"no thread can be stopped here: {os.strerror(ctypes.get_errno())}")
            return None
        LIBC.ptrace(INTERRUPT, self.thread, None, None)
        os.waitpid(self.thread, ANY_CHILD)
        self.held = True
        return self

    def __exit__(self, *_):
        if self.held:
            LIBC.ptrace(DETACH, self.thread, None, None)
