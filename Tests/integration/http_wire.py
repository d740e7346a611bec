"""Raw bytes to a server and what comes back, taken apart by the letter of RFC 9112."""

import socket


class Reply:
    def __init__(self, status, fields, body, head):
        self.status, self.fields, self.body, self.head = status, fields, body, head

    def __getitem__(self, name):
        return self.fields.get(name.lower(), [None])[0]

    def __repr__(self):
        return f"{self.status} {self.head!r} {self.body[:200]!r}"


class Wire:
    """One connection."""

    def __init__(self, address, timeout=5):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout=timeout)
        self.buffer = b""
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
        except (BrokenPipeError, ConnectionResetError):
            pass  # The server may answer and hang up before it has everything.

    def fill(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            self.ended = True
        self.buffer += data
        return bool(data)

    def until(self, mark):
        while mark not in self.buffer:
            if not self.fill():
                raise EOFError(f"the connection ended after {self.buffer[:200]!r}")
        head, self.buffer = self.buffer.split(mark, 1)
        return head

    def exactly(self, count):
        while len(self.buffer) < count:
            if not self.fill():
                raise EOFError("the body is cut off")
        body, self.buffer = self.buffer[:count], self.buffer[count:]
        return body

    def reply(self, method="GET"):
        head = self.until(b"\r\n\r\n").decode("latin-1")
        lines = head.split("\r\n")
        version, status, _ = (lines[0] + " ").split(" ", 2)
        assert version == "HTTP/1.1", lines[0]
        fields = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            assert colon and name == name.strip() and name, line
            fields.setdefault(name.lower(), []).append(value.strip())
        status = int(status)
        body = b""
        if status < 200:
            return Reply(status, fields, body, head)
        assert len(fields.get("date", [])) == 1, f"Date in {head!r}"
        assert not ("content-length" in fields and "transfer-encoding" in fields), head
        if method == "HEAD" or status in (204, 304):
            pass
        elif "transfer-encoding" in fields:
            while True:
                size = int(self.until(b"\r\n").split(b";")[0], 16)
                body += self.exactly(size)
                assert self.exactly(2) == b"\r\n"
                if size == 0:
                    break
        elif "content-length" in fields:
            body = self.exactly(int(fields["content-length"][0]))
        else:
            while self.fill():
                pass
            body, self.buffer = self.buffer, b""
        return Reply(status, fields, body, head)

    def closed(self, within=4):
        """Whether the server ends the connection, after nothing but what was read already."""
        self.socket.settimeout(within)
        try:
            while self.fill():
                pass
        except TimeoutError:
            return False
        return self.buffer == b""
