"""Disks that are full, control groups with limits, clocks that jump: for Tests/faults."""

import os
import shutil
import struct
import subprocess

MAY_MOUNT = "MAY_MOUNT" in os.environ


class SmallDisk:
    """A file system of some KiB at `path`, while the block lasts; it can be filled and emptied."""

    def __init__(self, path, kibibytes):
        self.path, self.kibibytes = path, kibibytes
        self.ballast = os.path.join(path, "ballast")

    def __enter__(self):
        os.makedirs(self.path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.kibibytes}k,mode=755", "none",
                        self.path], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.path], check=True)

    def file(self, name):
        return os.path.join(self.path, name)

    def names(self):
        return sorted(name for name in os.listdir(self.path) if name != "ballast")

    def fill(self, leaving=0):
        """Leaves so many KiB."""
        state = os.statvfs(self.path)
        count = state.f_bavail * state.f_bsize - leaving * 1024
        with open(self.ballast, "ab") as file:
            file.write(bytes(max(0, count)))

    def clear(self):
        os.remove(self.ballast)


def control_group(folder, *, limit, usage, files=0):
    """A command that runs another where its control group has a limit, all in bytes.

    The files of the real groups are hidden from it by a tree of the same shape, of both versions.
    """
    with open("/proc/self/cgroup") as file:
        groups = {line.rstrip("\n").split(":", 2)[2] for line in file}
    for root in (folder, f"{folder}/memory"):
        for group in groups:
            place = os.path.normpath(root + group)
            os.makedirs(place, exist_ok=True)
            for name, value in (("memory.max", limit), ("memory.limit_in_bytes", limit),
                                ("memory.current", usage), ("memory.usage_in_bytes", usage)):
                with open(f"{place}/{name}", "w") as file:
                    file.write(f"{value}\n")
            with open(f"{place}/memory.stat", "w") as file:
                file.write(f"anon 0\nactive_file {files}\ninactive_file 0\n")
    return ["unshare", "--mount", "sh", "-c",
            f'mount --bind "{folder}" /sys/fs/cgroup && exec "$@"', "sh"]


class Clock:
    """The time of day as one process sees it; moments that only count seconds are the system's.

    Not by libfaketime, under which a Swift program finds no arguments.
    """

    def __init__(self, folder):
        os.makedirs(folder)
        self.path, library = f"{folder}/moved", f"{folder}/moved_clock.so"
        # The compiler that comes with Swift, which built the server.
        compiler = shutil.which("clang") or shutil.which("cc")
        source = os.path.join(os.path.dirname(__file__), "moved_clock.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library,
                        source], check=True)
        with open(self.path, "wb") as file:
            file.write(bytes(8))
        self.environment = {**os.environ, "LD_PRELOAD": library, "MOVED_CLOCK": self.path}

    def set(self, seconds):
        """Sets it so far ahead of the system's, or behind it."""
        with open(self.path, "r+b") as file:
            file.write(struct.pack("q", seconds))
