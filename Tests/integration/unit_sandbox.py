#!/usr/bin/python3
"""Runs a unit's ExecStart as systemd would, where there is no systemd to do it.

    unit_sandbox.py ROOT SETTINGS.json [COMMAND …]

ROOT is a folder with a Debian; the service sees it as its own root, read-only but for its folders,
with a user of its own, namespaces, limits and seccomp filters made from the unit's directives. With
a COMMAND this is run in place of ExecStart. SIGTERM and SIGHUP are handed on.

SETTINGS: "unit" (a list: the unit's file and its drop-ins) and "descriptors", the listening sockets
that are handed over.

Imitated: DynamicUser, the *Directory= and Private*= of the unit, ProtectSystem, ProtectHome,
ProtectProc, ProcSubset, LoadCredential, Environment, EnvironmentFile, UMask, LimitNOFILE,
LimitCORE, NoNewPrivileges, CapabilityBoundingSet, RestrictAddressFamilies, RestrictNamespaces,
LockPersonality, MemoryDenyWriteExecute, SystemCallFilter, SystemCallErrorNumber, NOTIFY_SOCKET,
WATCHDOG_USEC and LISTEN_FDS. Not imitated: what needs control groups (memory and task limits,
IPAddressDeny), RestrictSUIDSGID and ProtectKernel*, which here follow from having no capability.
"""

import ctypes
import errno
import fcntl
import json
import os
import resource
import signal
import subprocess
import sys

import seccomp
from seccomp import Arg

USER = 62123
NAME = "laconic"
SERVICE = f"{NAME}.service"

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
NEW_ANY = NEWNS | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET | 0x2000000 | 0x80
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
PROT_WRITE, PROT_EXEC = 2, 4

libc = ctypes.CDLL(None, use_errno=True)


def checked(result, what):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount(source, target, kind=None, flags=0, data=None):
    encode = lambda text: text.encode() if text else None
    checked(libc.mount(encode(source), encode(target), encode(kind), ctypes.c_ulong(flags),
                       encode(data)), f"mount {target}")


def directives(paths):
    """[Service] of a unit and its drop-ins: name -> values; an empty value forgets those before."""
    found = {}
    for path in paths:
        section = None
        for line in open(path):
            line = line.strip()
            if line.startswith("["):
                section = line
            elif line and line[0] not in "#;" and section == "[Service]":
                name, _, value = line.partition("=")
                values = found.setdefault(name, [])
                if value:
                    values.append(value)
                else:
                    values.clear()
    return found


class Unit:
    def __init__(self, root, settings):
        self.root = root
        self.descriptors = settings.get("descriptors", [])
        self.values = directives(settings["unit"])
        self.credentials = f"/run/credentials/{SERVICE}"

    def one(self, name, default=None):
        return (self.values.get(name) or [default])[-1]

    def on(self, name):
        return self.one(name) in ("yes", "true", "1", "on")

    def host(self, path):
        return self.root + path

    def folder(self, path, mode, owner=USER):
        os.makedirs(self.host(path), exist_ok=True)
        os.chmod(self.host(path), mode)
        os.chown(self.host(path), owner, owner)
        return path

    def make_folders(self):
        """The *Directory= of the unit; returns those that can be written, and their variables."""
        writable, variables = [], {}
        for kind, place in (("State", "lib"), ("Cache", "cache")):
            name = self.one(f"{kind}Directory")
            if not name:
                continue
            # systemd closes "private" to all but root and shows it to the service by a mount.
            os.makedirs(self.host(f"/var/{place}/private"), exist_ok=True)
            mode = int(self.one(f"{kind}DirectoryMode", "0755"), 8)
            writable.append(self.folder(f"/var/{place}/private/{name}", mode))
            link = self.host(f"/var/{place}/{name}")
            if not os.path.islink(link):
                os.symlink(f"private/{name}", link)
            variables[f"{kind.upper()}_DIRECTORY"] = f"/var/{place}/{name}"
        name = self.one("RuntimeDirectory")
        if name:
            subprocess.run(["rm", "-rf", self.host(f"/run/{name}")], check=True)
            mode = int(self.one("RuntimeDirectoryMode", "0755"), 8)
            writable.append(self.folder(f"/run/{name}", mode))
            variables["RUNTIME_DIRECTORY"] = f"/run/{name}"
        name = self.one("ConfigurationDirectory")
        if name:
            os.makedirs(self.host(f"/etc/{name}"), exist_ok=True)
            variables["CONFIGURATION_DIRECTORY"] = f"/etc/{name}"
        loads = self.values.get("LoadCredential", [])
        if loads:
            self.folder(self.credentials, 0o500)
            for load in loads:
                name, _, source = load.partition(":")
                copy = self.host(f"{self.credentials}/{name}")
                if os.path.exists(copy):
                    os.remove(copy)
                with open(self.host(source), "rb") as secret, open(copy, "wb") as file:
                    file.write(secret.read())
                os.chmod(copy, 0o400)
                os.chown(copy, USER, USER)
            variables["CREDENTIALS_DIRECTORY"] = self.credentials
        return writable, variables

    def environment(self, variables):
        """What systemd.exec(5) says a service of the system gets, and the unit's own."""
        found = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                 "LANG": "C.UTF-8", "USER": NAME, "LOGNAME": NAME, **variables,
                 "NOTIFY_SOCKET": "/run/systemd/notify"}
        if self.one("WatchdogSec"):
            found["WATCHDOG_USEC"] = str(int(self.one("WatchdogSec")) * 1_000_000)
        for line in self.values.get("Environment", []):
            for assignment in line.replace("%d", self.credentials).split():
                name, _, value = assignment.partition("=")
                found[name] = value
        for path in self.values.get("EnvironmentFile", []):
            if not os.path.exists(self.host(path.lstrip("-"))) and path.startswith("-"):
                continue
            for line in open(self.host(path.lstrip("-"))):
                line = line.strip()
                if line and line[0] not in "#;":
                    name, _, value = line.partition("=")
                    found[name] = value.strip("\"'")
        return found

    def mount_all(self, writable):
        mount(None, "/", flags=MS_REC | MS_PRIVATE)
        mount(self.root, self.root, flags=MS_BIND)
        for path in writable:
            mount(self.host(path), self.host(path), flags=MS_BIND)
        mount("tmpfs", self.host("/dev"), "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755")
        for node in ("null", "zero", "full", "random", "urandom"):
            open(self.host(f"/dev/{node}"), "w").close()
            mount(f"/dev/{node}", self.host(f"/dev/{node}"), flags=MS_BIND)
        for name in ("shm", "mqueue"):
            os.mkdir(self.host(f"/dev/{name}"))
        mount("/sys", self.host("/sys"), flags=MS_BIND | MS_REC)
        mount(None, self.host("/sys"), flags=MS_REMOUNT | MS_BIND | MS_RDONLY)
        options = []
        if self.one("ProcSubset") == "pid":
            options.append("subset=pid")
        if self.one("ProtectProc"):
            options.append(f"hidepid={self.one('ProtectProc')}")
        mount("proc", self.host("/proc"), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              ",".join(options) or None)
        if self.on("PrivateTmp"):
            for path in ("/tmp", "/var/tmp"):
                mount("tmpfs", self.host(path), "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
        if self.on("ProtectHome"):
            for path in ("/home", "/root"):
                mount("tmpfs", self.host(path), "tmpfs", MS_RDONLY, "mode=000")
        if self.one("ProtectSystem") == "strict":
            mount(None, self.root, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID)
        # Not chroot(2): who is in one may make no user namespace.
        os.chdir(self.root)
        checked(libc.pivot_root(b".", b"."), "pivot_root")
        checked(libc.umount2(b".", MNT_DETACH), "umount2")
        os.chdir(self.one("WorkingDirectory", "/"))

    def calls(self):
        """The system calls that SystemCallFilter= leaves."""
        allowed = set()
        for value in self.values.get("SystemCallFilter", []):
            names = set().union(*(expand(word) for word in value.lstrip("~").split()))
            allowed = allowed - names if value.startswith("~") else allowed | names
        return allowed

    def drop_privileges(self):
        for value in ("LimitNOFILE", "LimitCORE"):
            if self.one(value):
                kind = getattr(resource, f"RLIMIT_{value[5:]}")
                limit, most = int(self.one(value)), resource.getrlimit(kind)[1]
                if most != resource.RLIM_INFINITY:
                    limit = min(limit, most)  # A container may not raise it.
                resource.setrlimit(kind, (limit, limit))
        os.umask(int(self.one("UMask", "0022"), 8))
        self.drop_capabilities()
        os.setgroups([])
        os.setresgid(USER, USER, USER)
        os.setresuid(USER, USER, USER)
        if self.on("PrivateUsers"):
            # Who changed its user may not write its own maps, but for this.
            libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
            checked(libc.unshare(NEWUSER), "unshare users")
            for name, text in (("setgroups", "deny"), ("uid_map", f"{USER} {USER} 1"),
                               ("gid_map", f"{USER} {USER} 1")):
                with open(f"/proc/self/{name}", "w") as file:
                    file.write(text)
            self.drop_capabilities()  # A new user namespace begins with all of its own.
        if self.on("NoNewPrivileges"):
            checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")

    def drop_capabilities(self):
        if self.values.get("CapabilityBoundingSet") == []:
            for capability in range(64):
                libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)

    def filter_calls(self, allowed):
        """The seccomp filters; several hold together, the strictest answer wins."""
        def refusing(code):
            return seccomp.ERRNO(code)

        rules = seccomp.SyscallFilter(defaction=seccomp.ALLOW)
        families = self.values.get("RestrictAddressFamilies")
        if families is not None:
            numbers = {{"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}[name]
                       for line in families for name in line.split()}
            for number in set(range(64)) - numbers:
                rules.add_rule(refusing(errno.EAFNOSUPPORT), "socket", Arg(0, seccomp.EQ, number))
        if self.on("MemoryDenyWriteExecute"):
            both = PROT_WRITE | PROT_EXEC
            rules.add_rule(refusing(errno.EPERM), "mmap", Arg(2, seccomp.MASKED_EQ, both, both))
            for name in ("mprotect", "pkey_mprotect"):
                rules.add_rule(refusing(errno.EPERM), name,
                               Arg(2, seccomp.MASKED_EQ, PROT_EXEC, PROT_EXEC))
        if self.on("RestrictNamespaces"):
            # The flags of clone3 cannot be seen by a filter; the C library then uses clone.
            rules.add_rule(refusing(errno.ENOSYS), "clone3")
            rules.add_rule(refusing(errno.EPERM), "setns")
            for bit in (1 << shift for shift in range(32)):
                if bit & NEW_ANY:
                    for name in ("unshare", "clone"):
                        rules.add_rule(refusing(errno.EPERM), name,
                                       Arg(0, seccomp.MASKED_EQ, bit, bit))
        if self.on("LockPersonality"):
            rules.add_rule(refusing(errno.EPERM), "personality", Arg(0, seccomp.NE, 0))
        rules.load()
        if allowed:
            code = getattr(errno, self.one("SystemCallErrorNumber", "EPERM"))
            rules = seccomp.SyscallFilter(defaction=refusing(code))
            for name in allowed:
                try:
                    number = seccomp.resolve_syscall(seccomp.Arch(), name)
                except (ValueError, RuntimeError):
                    continue
                if number >= 0:
                    rules.add_rule(seccomp.ALLOW, number)
            rules.load()


def expand(word):
    """A system call's name, or those in a set such as @system-service."""
    if not word.startswith("@"):
        return {word}
    listing = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", word], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    words = [line.strip() for line in listing.splitlines()[1:]]
    return set().union(*(expand(name) for name in words if name and not name.startswith("#")))


def hand_on(pid):
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda number, _: os.kill(pid, number))


def wait(pid):
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def main():
    root, settings, *command = sys.argv[1:]
    unit = Unit(os.path.realpath(root), json.loads(settings))
    allowed = unit.calls()
    writable, variables = unit.make_folders()
    environment = unit.environment(variables)
    namespaces = NEWNS | NEWPID
    for name, flag in (("PrivateIPC", NEWIPC), ("ProtectHostname", NEWUTS),
                       ("PrivateNetwork", NEWNET)):
        if unit.on(name):
            namespaces |= flag
    checked(libc.unshare(namespaces), "unshare")
    init = os.fork()
    if init:
        hand_on(init)
        code = wait(init)
        sys.exit(code if code >= 0 else 128 - code)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    service = os.fork()
    if service:
        hand_on(service)
        code = wait(service)
        os._exit(code if code >= 0 else 128 - code)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    unit.mount_all(writable)
    environment["MAINPID"] = environment["WATCHDOG_PID"] = str(os.getpid())
    if unit.descriptors:
        held = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 100) for one in unit.descriptors]
        for index, descriptor in enumerate(held):
            os.dup2(descriptor, 3 + index, inheritable=True)
        environment["LISTEN_FDS"] = str(len(held))
        environment["LISTEN_PID"] = str(os.getpid())
    unit.drop_privileges()
    words = command or unit.one("ExecStart").split()
    unit.filter_calls(allowed)
    os.execve(words[0], words, environment)


main()
