"""Ways in: TLS with its certificates and their reload, several listeners, inherited sockets; and
the ways out: signals."""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

from http_wire import Wire
from laconic_process import BINARY

GET = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Process:
    """A server with flags of its own."""

    def __init__(self, *flags, **options):
        self.log = tempfile.TemporaryFile("w+")
        mode = [] if "--max-running" in flags else ["--reward-only"]
        self.process = subprocess.Popen([BINARY, "serve", *mode, *flags], stdout=self.log,
                                        stderr=self.log, **options)
        for _ in range(500):
            ready = re.search(r"laconic: ready .* s at ([^,]*),", self.text())
            if ready:
                self.urls = ready.group(1).split(" ")
                return
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended: {self.text()}")
            time.sleep(0.02)
        raise AssertionError("the server is not ready")

    def text(self):
        self.log.seek(0)
        return self.log.read()

    def port(self, index=0):
        return int(self.urls[index].rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def run(*words):
    subprocess.run(words, check=True, capture_output=True)


def make_certificates(folder):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-days", "2", "-subj", "/CN=test authority", "-keyout", f"{folder}/ca.key", "-out",
        f"{folder}/ca.pem")
    for name in ["server", "second", "client"]:
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost", "-keyout",
            f"{folder}/{name}.key", "-out", f"{folder}/{name}.csr")
        run("openssl", "x509", "-req", "-in", f"{folder}/{name}.csr", "-CA", f"{folder}/ca.pem",
            "-CAkey", f"{folder}/ca.key", "-CAcreateserial", "-days", "2", "-copy_extensions",
            "copy", "-out", f"{folder}/{name}.pem")


def context(folder, client=None, **settings):
    made = ssl.create_default_context(cafile=f"{folder}/ca.pem")
    if client:
        made.load_cert_chain(f"{folder}/{client}.pem", f"{folder}/{client}.key")
    for name, value in settings.items():
        setattr(made, name, value)
    return made


def connect(folder, port, made=None, session=None):
    plain = socket.create_connection(("127.0.0.1", port), timeout=5)
    return (made or context(folder)).wrap_socket(plain, server_hostname="localhost", session=session)


def ask(tls, data=GET):
    tls.sendall(data)
    received = b""
    while True:
        more = tls.recv(65536)
        if not more:
            return received
        received += more


def subject(tls):
    return dict(pair[0] for pair in tls.getpeercert()["subject"])["commonName"]


def tls_flags(folder, certificate="server"):
    return ["--tls-cert", f"{folder}/{certificate}.pem", "--tls-key", f"{folder}/{certificate}.key"]


def tls_is_spoken(folder):
    with Process(*tls_flags(folder), "--port", "0") as server:
        assert server.urls[0].startswith("https://"), server.urls
        for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
            made = context(folder, minimum_version=version, maximum_version=version)
            made.set_alpn_protocols(["h2", "http/1.1"])
            with connect(folder, server.port(), made) as tls:
                assert tls.selected_alpn_protocol() == "http/1.1"
                reply = ask(tls)
                assert reply.startswith(b"HTTP/1.1 200"), reply
        # A body of many records, both ways.
        body = b'{"groups":[' + b" " * 3_000_000 + b"]}"
        head = (f"POST /v1/reward HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        with connect(folder, server.port()) as tls:
            assert b"HTTP/1.1 " in ask(tls, head + body)
        # Requests one after the other, a handshake that is resumed.
        made = context(folder, maximum_version=ssl.TLSVersion.TLSv1_2)
        with connect(folder, server.port(), made) as tls:
            ask(tls)
            session = tls.session
        with connect(folder, server.port(), made, session) as tls:
            assert tls.session_reused, "the ticket was not taken"


def old_versions_and_other_protocols_are_refused(folder):
    with Process(*tls_flags(folder), "--port", "0") as server:
        old = context(folder, minimum_version=ssl.TLSVersion.TLSv1,
                      maximum_version=ssl.TLSVersion.TLSv1_1)
        old.set_ciphers("ALL:@SECLEVEL=0")
        other = context(folder)
        other.set_alpn_protocols(["h2"])
        for made in [old, other]:
            try:
                connect(folder, server.port(), made)
                raise AssertionError("the handshake succeeded")
            except (ssl.SSLError, ConnectionResetError):
                pass
        with connect(folder, server.port()) as tls:
            assert ask(tls).startswith(b"HTTP/1.1 200")


def plain_text_to_tls_is_answered(folder):
    with Process(*tls_flags(folder), "--port", "0") as server:
        for data in [GET, b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", b"hello\r\n"]:
            with Wire(("127.0.0.1", server.port())) as wire:
                wire.send(data)
                reply = wire.reply()
                assert reply.status == 400 and b"TLS" in reply.body, reply
                assert wire.closed()


def a_handshake_that_never_ends_is_cut_off(folder):
    with Process(*tls_flags(folder), "--port", "0", "--handshake-timeout", "1") as server:
        for data in [b"", b"\x16\x03\x01\x02\x00\x01\x00"]:
            with Wire(("127.0.0.1", server.port())) as wire:
                wire.send(data)
                assert wire.closed(3)
        with connect(folder, server.port()) as tls:
            assert ask(tls).startswith(b"HTTP/1.1 200")


def broken_tls_harms_nobody(folder):
    with Process(*tls_flags(folder), "--port", "0") as server:
        for seed in range(200):
            with Wire(("127.0.0.1", server.port())) as wire:
                wire.send(b"\x16\x03\x01\x00\x80" + os.urandom(seed))
        with connect(folder, server.port()) as tls:
            tls.sendall(GET[:-2])
            os.write(tls.fileno(), b"garbage in the middle of a record stream")
        with connect(folder, server.port()) as tls:
            assert ask(tls).startswith(b"HTTP/1.1 200")


def certificates_are_loaded_again(folder):
    for kind in ["pem", "key"]:
        run("cp", f"{folder}/server.{kind}", f"{folder}/live.{kind}")
    with Process(*tls_flags(folder, "live"), "--port", "0") as server:
        with connect(folder, server.port()) as before:
            assert subject(before) == "server"
            for kind in ["pem", "key"]:
                run("cp", f"{folder}/second.{kind}", f"{folder}/live.{kind}")
            server.process.send_signal(signal.SIGHUP)
            wait_for(server, "is loaded again")
            with connect(folder, server.port()) as tls:
                assert subject(tls) == "second"
            assert ask(before).startswith(b"HTTP/1.1 200"), "an open connection was harmed"
        run("cp", f"{folder}/server.key", f"{folder}/live.key")
        server.process.send_signal(signal.SIGHUP)
        wait_for(server, "stays in use: .*live.key")
        with connect(folder, server.port()) as tls:
            assert subject(tls) == "second"


def wait_for(server, pattern):
    for _ in range(200):
        if re.search(pattern, server.text()):
            return
        time.sleep(0.02)
    raise AssertionError(f"no line matches {pattern}: {server.text()}")


def clients_show_certificates(folder):
    asked = ["--tls-client-ca", f"{folder}/ca.pem"]
    for how, without in [("required", False), ("optional", True)]:
        with Process(*tls_flags(folder), *asked, "--tls-client-auth", how, "--port", "0") as server:
            with connect(folder, server.port(), context(folder, "client")) as tls:
                assert ask(tls).startswith(b"HTTP/1.1 200")
            try:
                with connect(folder, server.port()) as tls:
                    served = ask(tls).startswith(b"HTTP/1.1 200")
            except (ssl.SSLError, ConnectionResetError):
                served = False
            assert served == without, how


def bad_files_are_named(folder):
    with open(f"{folder}/nonsense.pem", "w") as file:
        file.write("nonsense")
    run("openssl", "ec", "-in", f"{folder}/server.key", "-aes128", "-passout", "pass:x", "-out",
        f"{folder}/locked.key")
    for certificate, key, named in [("missing.pem", "server.key", "missing.pem: cannot be read"),
                                    ("server.pem", "missing.key", "missing.key: cannot be read"),
                                    ("nonsense.pem", "server.key", "nonsense.pem: no certificate"),
                                    ("server.pem", "locked.key", "locked.key: no private key"),
                                    ("server.pem", "second.key", "second.key: "),
                                    (".", "server.key", "is no file")]:
        try:
            with Process("--tls-cert", f"{folder}/{certificate}", "--tls-key", f"{folder}/{key}",
                         "--port", "0", stdin=subprocess.DEVNULL):
                raise RuntimeError(f"{certificate} and {key} were taken")
        except AssertionError as error:
            assert named in str(error), error


def several_listeners_serve(folder):
    path = f"{folder}/socket"
    with Process(*tls_flags(folder), "--listen", "127.0.0.1:0", "--listen", "http://127.0.0.1:0",
                 "--listen", "[::1]:0", "--listen", f"unix:{path}") as server:
        assert [url.split(":")[0] for url in server.urls] == ["https", "http", "https", "unix"]
        with connect(folder, server.port(0)) as tls:
            assert ask(tls).startswith(b"HTTP/1.1 200")
        for address in [("127.0.0.1", server.port(1)), path]:
            with Wire(address) as wire:
                wire.send(GET)
                assert wire.reply().status == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(10) == 0
        assert not os.path.exists(path)


def inherited_sockets_serve(folder):
    path = f"{folder}/inherited"
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(path)
        unix.listen()
        script = ("import os, sys\n"
                  f"os.dup2({tcp.fileno()}, 10); os.dup2({unix.fileno()}, 11)\n"
                  "os.dup2(10, 3); os.dup2(11, 4)\n"
                  "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='2')\n"
                  f"os.execv({BINARY!r}, [{BINARY!r}, 'serve', '--reward-only'])\n")
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE,
                                   pass_fds=[tcp.fileno(), unix.fileno()], text=True)
        try:
            line = process.stdout.readline()
            assert f":{tcp.getsockname()[1]} unix:{path}" in line, line
            for address in [tcp.getsockname(), path]:
                with Wire(address) as wire:
                    wire.send(GET)
                    assert wire.reply().status == 200
            process.terminate()
            assert process.wait(10) == 0
            assert os.path.exists(path), "the path belongs to whoever made it"
        finally:
            process.kill()


def connections_are_counted_by_client(_):
    with Process("--port", "0", "--max-client-connections", "3") as server:
        address = ("127.0.0.1", server.port())
        held = [Wire(address) for _ in range(3)]
        for wire in held:
            wire.send(GET.replace(b"close", b"keep-alive"))
            assert wire.reply().status == 200
        with Wire(address) as fourth:
            fourth.send(GET)
            reply = fourth.reply()
            assert reply.status == 429 and reply["retry-after"], reply
        held.pop().socket.close()
        for _ in range(100):
            with Wire(address) as wire:
                wire.send(GET)
                if wire.reply().status == 200:
                    return
            time.sleep(0.02)
        raise AssertionError("no room came back")


def silent_clients_are_let_go(_):
    with Process("--port", "0", "--first-byte-timeout", "1", "--header-timeout", "1") as server:
        address = ("127.0.0.1", server.port())
        with Wire(address) as silent, Wire(address) as slow:
            slow.send("GET / HT")
            assert silent.closed(3)
            assert slow.reply().status == 408


def a_second_signal_ends_at_once(_):
    with Process("--port", "0", "--drain", "60") as server:
        with Wire(("127.0.0.1", server.port())) as wire:
            wire.send("POST /v1/reward HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n")
            time.sleep(0.2)
            server.process.send_signal(signal.SIGTERM)
            wait_for(server, "stopping")
            assert server.process.poll() is None, "a request was running"
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(2) == 1


def one_signal_lets_requests_end(_):
    with Process("--port", "0", "--drain", "60") as server:
        with Wire(("127.0.0.1", server.port())) as wire, Wire(("127.0.0.1", server.port())) as idle:
            idle.send(GET.replace(b"close", b"keep-alive"))
            assert idle.reply().status == 200
            wire.send("POST /v1/reward HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{")
            time.sleep(0.2)
            server.process.send_signal(signal.SIGTERM)
            assert idle.closed(2), "an idle client was kept"
            wire.send("}")
            assert wire.reply()["connection"] == "close"
            assert server.process.wait(5) == 0


def a_client_that_leaves_frees_its_slot(_):
    """One slot and no queue to speak of: while the first is answered nobody else can be."""
    long = b'{"prompt":"2+2?","n":16,"max_tokens":1500,"ignore_eos":true,"stream":%s}'
    with Process("--port", "0", "--max-running", "1", "--log-level", "critical") as server:
        address = ("127.0.0.1", server.port())
        for streams in [b"true", b"false"]:
            body = long % streams
            leaving = Wire(address)
            leaving.send(b"POST /generate HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s"
                         % (len(body), body))
            if streams == b"true":
                leaving.until(b"data: ")
            else:
                time.sleep(0.1)
            leaving.socket.close()
            start = time.monotonic()
            with Wire(address, timeout=60) as wire:
                body = b'{"prompt":"2+2?","max_tokens":1}'
                wire.send(b"POST /generate HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s"
                          % (len(body), body))
                assert wire.reply().status == 200
            seconds = time.monotonic() - start
            assert seconds < 1, f"the next one waited {seconds:.1f} s"


def main():
    failures = 0
    laws = [
        tls_is_spoken, old_versions_and_other_protocols_are_refused, plain_text_to_tls_is_answered,
        a_handshake_that_never_ends_is_cut_off, broken_tls_harms_nobody,
        certificates_are_loaded_again, clients_show_certificates, bad_files_are_named,
        several_listeners_serve, inherited_sockets_serve, connections_are_counted_by_client,
        silent_clients_are_let_go, a_second_signal_ends_at_once, one_signal_lets_requests_end,
        a_client_that_leaves_frees_its_slot]
    with tempfile.TemporaryDirectory() as folder:
        make_certificates(folder)
        for law in laws:
            try:
                law(folder)
            except (AssertionError, EOFError, OSError, RuntimeError) as error:
                failures += 1
                print(f"entrances: {law.__name__}: {type(error).__name__} {error}", file=sys.stderr)
    print(f"entrances: {len(laws)} laws, {failures} broken")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
