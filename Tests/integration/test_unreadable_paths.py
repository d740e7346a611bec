"""Paths that the service's user cannot read, against the release binary: see Tests/paths.

Root may read everything, so as root the server runs as a user without a name.
"""

import os
import re
import shutil
import subprocess
import tempfile

from checks import check, tell

BINARY = os.environ["LACONIC_BINARY"]
SHIPPED = os.path.realpath("Sources/laconic/Resources/family")
USER = 61234 if os.geteuid() == 0 else os.geteuid()
AS_USER = (["setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups"]
           if os.geteuid() == 0 else [])
# The class of users that the server is of, as chmod calls it.
CLASS = "o" if os.geteuid() == 0 else "u"


def start(*arguments, folder="/", **environment):
    """What a server says that is not to start, or that it starts."""
    variables = {name: value for name, value in os.environ.items() if name != "INVOCATION_ID"}
    process = subprocess.Popen(
        [*AS_USER, PROGRAM, "serve", "--port", "0", *arguments], cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=variables | environment)
    said = ""
    for line in process.stdout:
        if line.startswith("laconic: ready"):
            # How it stops is another test's matter.
            process.kill()
            process.communicate(timeout=60)
            return "ready"
        said += line
    check(process.wait(timeout=60) == 1, f"{arguments}: exit {process.returncode}: {said}")
    check(len(said.splitlines()) == 1, f"expected one line, found {said}")
    return said.strip()


def denied(flag, path, component, what, bits, **more):
    """Checks that the start fails because of `component`."""
    said = start(flag, path, **more)
    expected = (f"laconic: {flag} {path}: cannot be read: {component} is not {what} by "
                f"(user \\S+ \\()?uid {USER}\\)?: [-drwxst]{{10}} \\S+:\\S+; "
                f"chmod {CLASS}[+]{bits} ")
    check(re.match(expected, said), f"{said}\nis not\n{expected}")


def closed(path, mode):
    """A block in which a path has another mode."""
    class Closed:
        def __enter__(self):
            self.before = os.stat(path).st_mode & 0o7777
            os.chmod(path, mode)

        def __exit__(self, *_):
            os.chmod(path, self.before)
    return Closed()


def test_everything_open():
    check(start("--family", f"{WORK}/srv/family") == "ready", "the family is served")
    check(start("--model", f"{WORK}/srv/family/{MEMBER}") == "ready", "a member is served")
    check(start("--model", MEMBER, folder=f"{WORK}/srv/family") == "ready", "a relative path")


def test_a_parent_that_cannot_be_searched():
    path = f"{WORK}/srv/family"
    with closed(f"{WORK}/srv", 0o600):
        denied("--family", path, f"{WORK}/srv", "searchable", "x")
        denied("--model", f"{path}/{MEMBER}", f"{WORK}/srv", "searchable", "x")
        denied("--api-key-file", f"{WORK}/srv/keys", f"{WORK}/srv", "searchable", "x")
        denied("--public", f"{WORK}/srv/page", f"{WORK}/srv", "searchable", "x")


def test_members_and_their_files():
    family = f"{WORK}/srv/family"
    member = f"{family}/{MEMBER}"
    with closed(family, 0o711):
        denied("--family", family, family, "readable", "rx")
    with closed(member, 0o000):
        denied("--family", family, member, "readable", "rx")
    for name in ["config.json", "model.safetensors", "tokenizer.json"]:
        with closed(f"{member}/{name}", 0o000):
            denied("--family", family, f"{member}/{name}", "readable", "r")
            denied("--model", member, f"{member}/{name}", "readable", "r")
    with closed(f"{family}/family.json", 0o000):
        denied("--family", family, f"{family}/family.json", "readable", "r")
    # Without a manifest it would have been no member, and nobody had known.
    os.rename(f"{family}/family.json", f"{WORK}/family.json")
    with closed(member, 0o000):
        denied("--family", family, member, "readable", "rx")
    os.rename(f"{WORK}/family.json", f"{family}/family.json")


def test_links_and_relative_paths():
    os.symlink("srv", f"{WORK}/link")
    with closed(f"{WORK}/srv/family", 0o600):
        said = start("--family", f"{WORK}/link/family/{MEMBER}")
        check(f"{WORK}/srv/family (by the link {WORK}/link) is not searchable by" in said, said)
        said = start("--model", f"family/{MEMBER}", folder=f"{WORK}/srv")
        check(f"cannot be read: family (in {WORK}/srv) is not searchable by" in said, said)


def test_what_is_missing_or_no_folder():
    said = start("--model", f"{WORK}/srv/famly/{MEMBER}")
    check(f"{WORK}/srv/famly does not exist for " in said and f"uid {USER}" in said, said)
    said = start("--model", f"{WORK}/srv/keys/{MEMBER}")
    check(f"{WORK}/srv/keys is no folder: -rw" in said, said)
    said = start("--model", "/home/nobody-here/m", INVOCATION_ID="0")
    check(said.endswith("; ProtectHome= of the unit hides it"), said)


def test_secrets():
    for name, flags in [("keys", ["--api-key-file"]), ("tls.pem", ["--tls-cert"]),
                        ("tls.key", ["--tls-key", "--tls-cert", f"{WORK}/srv/tls.pem"])]:
        path = f"{WORK}/srv/{name}"
        more = flags[1:] if flags[1:] else (["--tls-key", f"{WORK}/srv/tls.key"]
                                           if flags == ["--tls-cert"] else [])
        with closed(path, 0o000):
            said = start(flags[0], path, *more)
            check(f"{flags[0]} {path}: cannot be read: {path} is not readable by" in said, said)
            check(f"chmod {CLASS}+r {path} would let it" in said, said)


# Not under /tmp, where a sticky bit and the user's own folders would be on the way.
WORK = tempfile.mkdtemp(prefix="laconic-paths-", dir="/var/tmp")
try:
    os.chmod(WORK, 0o755)
    # The checkout may lie where that user cannot go.
    PROGRAM = f"{WORK}/laconic"
    shutil.copy(BINARY, PROGRAM)
    os.mkdir(f"{WORK}/srv", 0o755)
    shutil.copytree(SHIPPED, f"{WORK}/srv/family")
    MEMBER = sorted(name for name in os.listdir(SHIPPED) if name.startswith("alpha"))[0]
    os.mkdir(f"{WORK}/srv/page", 0o755)
    for name in ["keys", "tls.pem", "tls.key"]:
        with open(f"{WORK}/srv/{name}", "w") as file:
            file.write("secret\n")
        os.chmod(f"{WORK}/srv/{name}", 0o644)
    for parent, folders, files in os.walk(f"{WORK}/srv/family"):
        for name in folders:
            os.chmod(f"{parent}/{name}", 0o755)
        for name in files:
            os.chmod(f"{parent}/{name}", 0o644)
    for name, test in sorted(globals().items()):
        if name.startswith("test_"):
            test()
finally:
    shutil.rmtree(WORK)
tell("paths")
