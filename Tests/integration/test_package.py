"""The Debian package, its units and what lies beside them: see Tests/package, which runs this."""

import argparse
import contextlib
import glob
import http.client
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

TREE = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = TREE / "deploy"
SANDBOX = TREE / "Tests/integration/unit_sandbox.py"
UNIT = "/usr/lib/systemd/system/laconic.service"
EXAMPLES = "/usr/share/doc/laconic/examples"
QUESTION = ("Jack has 47 stickers. Jack buys 6 bags of 6 stickers. "
            "How many stickers does Jack have now?")
LONG_QUESTION = (
    "At first, Mia has 3 packs of 8 pencils. Then the number of pencils triples. Mia collects "
    "until she has twice as many pencils. Mia buys 250 pencils. Then the number of pencils doubles. "
    "She loses 236 pencils. What is the number of pencils that Mia has now?")

checks = 0


def expect(what, holds, found=""):
    global checks
    if not holds:
        sys.exit(f"package: {what}: {str(found)[-3000:]}")
    checks += 1


def run(*words, **options):
    """A command's status and all that it printed."""
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **options)
    return done.returncode, done.stdout


def succeeds(what, *words, **options):
    status, text = run(*words, **options)
    expect(what, status == 0, text)
    return text


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Root:
    """A fresh Debian, and what is done in it."""

    ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive",
                   "LC_ALL": "C.UTF-8", "HOME": "/root"}

    def __init__(self, base, place):
        subprocess.run(["cp", "-a", base, place], check=True)
        self.path = pathlib.Path(place)
        # Its /dev is its own: debootstrap made the few nodes that are needed. This machine's is
        # never mounted below a folder that is going to be removed.
        subprocess.run(["mount", "-t", "proc", "proc", self.path / "proc"], check=True)
        shutil.copy("/etc/resolv.conf", self.path / "etc/resolv.conf")
        # Nothing is started in here: there is no systemd.
        policy = self.path / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)

    def __truediv__(self, path):
        return self.path / str(path).lstrip("/")

    def inside(self, *words, user=None, **environment):
        as_user = [f"--userspec={user}"] if user else []
        return run("chroot", *as_user, self.path, *words, env={**self.ENVIRONMENT, **environment})

    def must(self, what, *words, **options):
        status, text = self.inside(*words, **options)
        expect(what, status == 0, text)
        return text


class Service:
    """The service under its unit's restrictions, until the block ends."""

    def __init__(self, root, *drop_ins, descriptors=()):
        self.root = root
        (root / "run/systemd").mkdir(exist_ok=True)
        path = root / "run/systemd/notify"
        path.unlink(missing_ok=True)
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(str(path))
        path.chmod(0o666)
        settings = {"unit": [str(root / UNIT), *(str(root / path) for path in drop_ins)],
                    "descriptors": list(descriptors)}
        self.log = open(root / "../service.log", "w+")
        self.process = subprocess.Popen(
            ["/usr/bin/python3", SANDBOX, root.path, json.dumps(settings)], stdout=self.log,
            stderr=self.log, pass_fds=descriptors)
        self.told = ""

    def text(self):
        return pathlib.Path(self.log.name).read_text()

    def wait_until_ready(self):
        end = time.monotonic() + 60
        while not re.search(r"^laconic: ready.*\n", self.text(), re.M):
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit(f"package: the service is not ready: {self.text()}")
            time.sleep(0.02)
        if notifies():
            expect("READY=1 comes", self.hears("READY=1"), self.told)

    def hears(self, notice):
        end = time.monotonic() + 20
        with contextlib.suppress(TimeoutError):
            while notice not in self.told.split("\n") and time.monotonic() < end:
                self.notices.settimeout(10)
                self.told += self.notices.recv(4096).decode() + "\n"
        return notice in self.told.split("\n")

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=60)

    def __enter__(self):
        self.wait_until_ready()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
        self.notices.close()
        # As systemd does when a service has ended.
        for name in ("run/credentials", "run/laconic"):
            shutil.rmtree(self.root / name, ignore_errors=True)


def notifies():
    """Whether the program tells a service manager how it is."""
    return any("NOTIFY_SOCKET" in path.read_text() for path in TREE.glob("Sources/**/*.swift"))


def ask(connection, method="POST", path="/generate", headers={}, **body):
    data = json.dumps(body or {"prompt": QUESTION, "budget": 100}) if method == "POST" else None
    connection.request(method, path, data, headers)
    reply = connection.getresponse()
    return reply.status, reply.read().decode()


def over(path):
    """An HTTP connection by a Unix socket."""
    connection = http.client.HTTPConnection("localhost", timeout=60)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(60)
    connection.sock.connect(str(path))
    return connection


def write_settings(root, **settings):
    """Sets lines of laconic.env, as an administrator would."""
    path = root / "etc/laconic/laconic.env"
    text = path.read_text()
    for name, value in settings.items():
        line = re.compile(rf"^#?LACONIC_{name}=.*$", re.M)
        text, count = line.subn(f"LACONIC_{name}={value}", text)
        expect(f"LACONIC_{name} stands in laconic.env", count == 1)
    path.write_text(text)


# The package itself

def reference_is_what_the_program_says(options):
    describe = DEPLOY / "describe"
    text = succeeds("settings are described", describe, options.binary, "env")
    expect("deploy/laconic.env is up to date (deploy/describe BINARY env >deploy/laconic.env)",
           (DEPLOY / "laconic.env").read_text() == text)
    flags = set(re.findall(r"^  --([a-z0-9-]+)", run(options.binary, "serve", "--help")[1], re.M))
    names = {name.lower().replace("_", "-") for name in re.findall(r"^#LACONIC_(\w+)=", text, re.M)}
    expect("every flag has its setting", flags - {"version", "help"} <= names, flags - names)
    folder = f"{options.work}/reference"
    succeeds("manual pages are written", describe, options.binary, "manual", f"{folder}/man")
    pages = glob.glob(f"{folder}/man/*.1")
    expect("there is a page for each command", len(pages) > 15, pages)
    text = succeeds("mandoc finds nothing", "mandoc", "-Tlint", "-Wwarning", *pages)
    for page in pages:
        status, text = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page,
                           env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
        expect(f"groff takes {page}", status == 0 and "warning" not in text, text[:500])
    succeeds("completions are written", describe, options.binary, "completions", folder)
    for shell, place in (("bash", "bash-completion/completions/laconic"),
                         ("zsh", "zsh/vendor-completions/_laconic"),
                         ("fish", "fish/vendor_completions.d/laconic.fish")):
        succeeds(f"{shell} reads its completions", shell, "-n", f"{folder}/usr/share/{place}")


def package_is_sound(options):
    first, second, again = options.packages
    text = succeeds("lintian finds no error", "lintian", "--fail-on", "error", first)
    expect("nor a warning", "W: " not in text, text)
    same = pathlib.Path(second).read_bytes() == pathlib.Path(again).read_bytes()
    expect("two builds are the same to the byte", same)
    depends = succeeds("it has dependencies", "dpkg-deb", "--field", first, "Depends")
    for name in ("libc6", "libssl3", "libsqlite3-0", "zlib1g"):
        expect(f"it depends on {name}", re.search(rf"\b{name}\b", depends), depends)
    megabytes = os.path.getsize(first) / 1e6
    expect("it stays small", megabytes < 40, megabytes)
    print(f"package: {megabytes:.1f} MB, depends on {depends.strip()}")


def units_are_sound(options):
    """With a program that is installed here, for `verify` looks."""
    place = pathlib.Path(options.work, "units")
    place.mkdir()
    service = (DEPLOY / "laconic.service").read_text()
    (place / "laconic.service").write_text(service.replace("/usr/bin/laconic", options.binary))
    shutil.copy(DEPLOY / "laconic.socket", place)
    drop_in = place / "laconic.service.d/drop-in.conf"
    drop_in.parent.mkdir()
    units = [place / "laconic.service", place / "laconic.socket"]
    scores = {}
    for example in [None, *sorted(DEPLOY.glob("examples/*.conf"))]:
        name = example.stem if example else "as it is"
        drop_in.unlink(missing_ok=True)
        if example:
            shutil.copy(example, drop_in)
        text = succeeds(f"systemd takes the units, {name}", "systemd-analyze", "verify", "--man=no",
                        *units)
        # Other units of this machine may be named.
        expect("and says nothing of them", "laconic" not in text, text)
        text = succeeds(f"exposure is at most 1.5, {name}", "systemd-analyze", "security",
                        "--offline=true", "--threshold=15", "--no-pager", units[0])
        scores[name] = re.search(r"exposure level for \S+: ([\d.]+)", text)[1]
    print("package: exposure " + ", ".join(f"{score} {name}" for name, score in scores.items()))


# In a fresh Debian

def install(root, options):
    shutil.copy(options.packages[0], root / "first.deb")
    shutil.copy(options.packages[1], root / "second.deb")
    root.must("the root finds packages", "apt-get", "update", "-qq")
    root.must("apt installs it with what it needs", "apt-get", "install", "-qq", "-y",
              "--no-install-recommends", "/first.deb")
    text = root.must("dpkg verifies", "dpkg", "--verify", "laconic")
    expect("files are as they were packed", text == "", text)
    expect("the program starts", root.must("it runs", "laconic", "--version", user="65534:65534"))
    text = root.must("its libraries are listed", "ldd", "/usr/bin/laconic")
    expect("all libraries are there", "not found" not in text, text)
    expect("the service is enabled",
           os.path.islink(root / "etc/systemd/system/multi-user.target.wants/laconic.service"))
    expect("the socket is not",
           not (root / "etc/systemd/system/sockets.target.wants/laconic.socket").exists())


def restrictions_hold(root, _):
    """Not the program's law but the sandbox's: what follows would mean nothing without it."""
    settings = json.dumps({"unit": [str(root / UNIT)]})

    def shell(script):
        return run("/usr/bin/python3", SANDBOX, root.path, settings, "/bin/sh", "-c", script)

    for what, script in (("no user's rights", "test $(id -u) -ne 0 && ! chown 0 ."),
                         ("no capability", "grep -q 'CapBnd:.*0000000000000000' /proc/self/status"),
                         ("a read-only system", "! touch /usr/file /etc/file"),
                         ("its own state", "touch /var/lib/laconic/file"),
                         ("no namespaces", "! unshare --mount true"),
                         ("no facts of the machine", "! cat /proc/meminfo /proc/cpuinfo"),
                         ("no homes", "! ls /home /root"),
                         ("seccomp", "grep -q 'Seccomp:.*2' /proc/self/status")):
        status, text = shell(script)
        expect(f"the sandbox grants {what}", status == 0, text)


def it_serves(root, _):
    port = free_port()
    write_settings(root, PORT=port)
    # The unit's half a minute is too long to wait for here.
    (root / "watchdog.conf").write_text("[Service]\nWatchdogSec=2\n")
    with Service(root, "watchdog.conf") as service:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        status, text = ask(connection)
        expect("the family that comes along answers", status == 200 and "83" in text, text)
        status, text = ask(connection, "GET", "/", {"Accept": "text/html"})
        expect("the page is there", status == 200 and "<html" in text, text)
        status, text = ask(connection, "GET", "/health")
        expect("it is well", status == 200, text)
        if notifies():
            expect("the watchdog is fed", service.hears("WATCHDOG=1"), service.told)
        service.process.send_signal(signal.SIGHUP)
        status, _ = ask(connection, "GET", "/health")
        expect("SIGHUP ends nothing", status == 200)
        connection.close()
        expect("SIGTERM ends it well", service.stop() == 0, service.text())
        if notifies():
            expect("it says that it stops", service.hears("STOPPING=1"), service.told)
    expect("the state is the service's alone",
           (root / "var/lib/private/laconic").stat().st_mode & 0o777 == 0o700)


def no_admitted_request_is_lost(root, _):
    port = int(re.search(r"^LACONIC_PORT=(\d+)",
                         (root / "etc/laconic/laconic.env").read_text(), re.M)[1])
    clients, samples, begun, ends = 16, 8, threading.Semaphore(0), []

    def stream():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", "/v1/chat/completions", json.dumps({
            "model": "alpha_0", "messages": [{"role": "user", "content": LONG_QUESTION}],
            "n": samples, "stream": True, "max_tokens": 700}))
        reply = connection.getresponse()
        text = reply.readline()
        begun.release()
        try:
            text += reply.read()
        except (OSError, http.client.HTTPException) as error:
            text += repr(error).encode()
        ends.append((reply.status, text.decode()))

    with Service(root) as service:
        threads = [threading.Thread(target=stream) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for _ in range(clients):
            expect("a stream begins", begun.acquire(timeout=60))
        running = clients - len(ends)
        status = service.stop()
        for thread in threads:
            thread.join()
        expect("it ends well under load", status == 0, service.text())
        expect("streams were running when it was told to stop", running > clients // 2, running)
        expect("each stream has an end", len(ends) == clients, len(ends))
        for code, text in ends:
            expect("every admitted stream ends as it should",
                   code == 200 and text.rstrip().endswith("data: [DONE]")
                   and text.count('"finish_reason":"') >= samples, (code, text[-500:]))
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            expect("nobody listens any more", False)
        except ConnectionRefusedError:
            pass


def sockets_outlive_it(root, _):
    """The socket unit's part: listening, and keeping those that come while the service restarts."""
    path = root / "run/activation.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(64)
        drop_in = f"{EXAMPLES}/socket-activated.conf"
        early = over(path)
        early.request("POST", "/generate", json.dumps({"prompt": QUESTION, "budget": 100}))
        with Service(root, drop_in, descriptors=[listener.fileno()]) as service:
            reply = early.getresponse()
            expect("who came before the service is answered", reply.status == 200, reply.read())
            expect("it stops", service.stop() == 0, service.text())
        between = over(path)
        between.request("GET", "/health")
        with Service(root, drop_in, descriptors=[listener.fileno()]):
            reply = between.getresponse()
            expect("who came between two runs is answered", reply.status == 200, reply.read())


def secrets_come_as_credentials(root, options):
    (root / "etc/laconic/api-keys").write_text("secret-of-the-test\n")
    folder = root / "etc/letsencrypt/live/example.org"
    folder.mkdir(parents=True)
    succeeds("a certificate is made", "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-days", "2", "-subj", "/CN=example.org", "-keyout", folder / "privkey.pem", "-out",
             folder / "fullchain.pem")
    for path in (root / "etc/laconic/api-keys", folder / "privkey.pem"):
        path.chmod(0o600)
    port = int(re.search(r"^LACONIC_PORT=(\d+)",
                         (root / "etc/laconic/laconic.env").read_text(), re.M)[1])
    with Service(root, f"{EXAMPLES}/keys.conf", f"{EXAMPLES}/tls.conf"):
        context = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
        context.check_hostname = False
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=60)
        status, text = ask(connection)
        expect("without the key nobody is answered", status == 401, text)
        status, text = ask(connection, headers={"Authorization": "Bearer secret-of-the-test"})
        expect("with it, over TLS", status == 200, text)
        connection.close()
    shutil.rmtree(root / "etc/letsencrypt")
    (root / "etc/laconic/api-keys").unlink()


def upgrade_keeps_what_is_somebodys(root, _):
    before = (root / "etc/laconic/laconic.env").read_text()
    kept = root / "var/lib/private/laconic/kept"
    kept.write_text("state")
    wants = root / "etc/systemd/system/sockets.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / "laconic.socket").symlink_to("/usr/lib/systemd/system/laconic.socket")
    old = root.must("the version", "dpkg-query", "-W", "-f", "${Version}", "laconic")
    root.must("dpkg upgrades it", "dpkg", "-i", "/second.deb")
    new = root.must("the version", "dpkg-query", "-W", "-f", "${Version}", "laconic")
    expect("the version is the next", new == f"{old}+1", new)
    expect("settings are kept", (root / "etc/laconic/laconic.env").read_text() == before)
    expect("a socket that was enabled stays so", os.path.islink(wants / "laconic.socket"))
    expect("state is kept", kept.read_text() == "state")
    port = int(re.search(r"^LACONIC_PORT=(\d+)", before, re.M)[1])
    with Service(root):
        status, text = ask(http.client.HTTPConnection("127.0.0.1", port, timeout=60))
        expect("it answers after the upgrade", status == 200, text)


def removal_leaves_nothing(root, _):
    root.must("it is removed", "apt-get", "remove", "-qq", "-y", "laconic")
    expect("the program is gone", not (root / "usr/bin/laconic").exists())
    expect("settings stay", (root / "etc/laconic/laconic.env").exists())
    expect("state stays", (root / "var/lib/private/laconic/kept").exists())
    root.must("it comes back", "apt-get", "install", "-qq", "-y", "/second.deb")
    expect("with its settings", "\nLACONIC_PORT=" in (root / "etc/laconic/laconic.env").read_text())
    root.must("it is purged", "apt-get", "purge", "-qq", "-y", "laconic")
    left = [path for path in run("find", root.path, "-xdev", "-iname", "*laconic*")[1].splitlines()
            if "/var/lib/apt/" not in path]
    expect("nothing is left", not left, left)
    status, text = root.inside("dpkg-query", "-W", "-f", "${Status}", "laconic")
    expect("dpkg has forgotten it", status != 0 or "not-installed" in text, text)


# Beside it

class Upstream:
    """A server that sends the next event when it is told that the one before has arrived."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.arrived = threading.Semaphore(1)
        self.connections = 0
        self.hung_up = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            peer, _ = self.listener.accept()
            self.connections += 1
            threading.Thread(target=self.serve, args=[peer], daemon=True).start()

    def serve(self, peer):
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                more = peer.recv(4096)
                if not more:
                    return
                data += more
            head, data = data.split(b"\r\n\r\n", 1)
            if b"/stream" not in head:
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                if b" HTTP/1.0\r\n" in head + b"\r\n":
                    peer.close()
                    return
                continue
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n")
            for number in range(8):
                if not self.arrived.acquire(timeout=10):
                    peer.close()
                    return
                event = b"data: %d\n\n" % number
                peer.sendall(b"%x\r\n%s\r\n" % (len(event), event))
            if peer.recv(1) == b"":
                self.hung_up.set()
            return


class Nginx:
    """The site of deploy/nginx.conf before a server, on a port of its own."""

    def __init__(self, work, upstream):
        self.port = free_port()
        site = (DEPLOY / "nginx.conf").read_text()
        for old, new in (("    server 127.0.0.1:8080;", f"    server 127.0.0.1:{upstream};"),
                         ("    listen 80;", f"    listen 127.0.0.1:{self.port};"),
                         ("    listen [::]:80;", "")):
            expect(f"nginx.conf has '{old.strip()}'", site.count(old) == 1)
            site = site.replace(old, new)
        folder = pathlib.Path(work, f"nginx-{self.port}")
        folder.mkdir()
        (folder / "site.conf").write_text(site)
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        configuration = folder / "nginx.conf"
        configuration.write_text(
            f"daemon off; user root; pid {folder}/pid; error_log {folder}/errors;"
            "worker_processes 1; events {} http { access_log off;"
            f"{temporary} include {folder}/site.conf; }}\n")
        succeeds("nginx takes the site", "nginx", "-t", "-q", "-c", configuration)
        self.process = subprocess.Popen(["nginx", "-c", configuration])
        for _ in range(200):
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            time.sleep(0.02)
        sys.exit("package: nginx does not listen")

    def __enter__(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def nginx_passes_each_event(root, options):
    upstream = Upstream()
    with Nginx(options.work, upstream.port) as connection:
        for _ in range(3):
            expect("nginx passes requests", ask(connection, "GET", "/health")[0] == 200)
        expect("over one connection that stays open", upstream.connections == 1,
               upstream.connections)
        connection.request("GET", "/stream")
        reply = connection.getresponse()
        for number in range(8):
            lines = reply.readline() + reply.readline()
            expect("an event arrives before the next is sent", lines == b"data: %d\n\n" % number,
                   lines)
            upstream.arrived.release()
        connection.sock.close()
        reply.close()
        expect("a client that hangs up is hung up on", upstream.hung_up.wait(10))
    port = free_port()
    write_settings(root, PORT=port)
    with Service(root), Nginx(options.work, port) as connection:
        status, text = ask(connection, prompt=QUESTION, budget=100, stream=True)
        expect("a stream of the server comes through nginx whole",
               status == 200 and text.rstrip().endswith("data: [DONE]"), text)
        status, text = ask(connection, prompt="x", budget=0)
        expect("and its errors as they are", status == 400 and '"param":"budget' in text, text)


def dockerfile_makes_a_server(options):
    """Its last stage, step by step, in a fresh Debian; there is no container engine here."""
    text = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text())
    steps = [line.split(None, 1) for line in text.splitlines() if line and line[0] != "#"]
    known = {"FROM", "ENV", "RUN", "WORKDIR", "COPY", "ARG", "USER", "VOLUME", "EXPOSE",
             "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    expect("every line of the Dockerfile is a known step", {step[0] for step in steps} <= known,
           [step[0] for step in steps])
    last = max(index for index, step in enumerate(steps) if step[0] == "FROM")
    root = Root(options.base, f"{options.work}/container")
    environment, found, folder = {}, {}, "/"
    for name, value in steps[last + 1:]:
        if name == "ENV":
            environment.update(word.split("=", 1) for word in shlex.split(value))
        elif name == "COPY":
            expect("the package is what is copied", value == "--from=build /package /package")
            (root / "package").mkdir()
            shutil.copy(options.packages[0], root / "package")
        elif name == "RUN":
            root.must(f"RUN {value[:40]}", "/bin/sh", "-c", value, **environment)
        elif name == "WORKDIR":
            folder = value
        else:
            found[name] = value
    expect("the user is not root", found["USER"].split(":")[0] not in ("0", "root"), found["USER"])
    health = found["HEALTHCHECK"].split("CMD", 1)
    environment["LACONIC_PORT"] = str(free_port())
    prefix = ["chroot", f"--userspec={found['USER']}", root.path, "/usr/bin/env", "-C", folder]
    process = subprocess.Popen(
        prefix + json.loads(found["ENTRYPOINT"]) + json.loads(found["CMD"]),
        env={**Root.ENVIRONMENT, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True)
    log = ""
    while "laconic: ready" not in log:
        line = process.stdout.readline()
        expect("the container's program starts", line, log)
        log += line
    probe = prefix + json.loads(health[1])
    succeeds("the health check succeeds", *probe, env={**Root.ENVIRONMENT, **environment})
    connection = http.client.HTTPConnection("127.0.0.1", environment["LACONIC_PORT"], timeout=60)
    status, text = ask(connection)
    expect("the container answers", status == 200 and "83" in text, text)
    connection.close()
    process.send_signal(getattr(signal, found["STOPSIGNAL"]))
    expect("the stop signal ends it well", process.wait(timeout=60) == 0)
    status, text = run(*probe, env={**Root.ENVIRONMENT, **environment})
    expect("then the health check fails", status != 0, text)


def main():
    parser = argparse.ArgumentParser()
    for name in ("binary", "base", "work"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--packages", nargs=3, required=True)
    options = parser.parse_args()
    for law in (reference_is_what_the_program_says, package_is_sound, units_are_sound):
        law(options)
    root = Root(options.base, f"{options.work}/root")
    for law in (install, restrictions_hold, it_serves, no_admitted_request_is_lost,
                sockets_outlive_it, secrets_come_as_credentials, nginx_passes_each_event,
                upgrade_keeps_what_is_somebodys, removal_leaves_nothing):
        law(root, options)
    dockerfile_makes_a_server(options)
    print(f"package: {checks} checks passed")


main()
