"""Requests in every dialect over plain sockets, and what their answers say; for Tests/soak."""

import asyncio
import json
import socket
import ssl

STORIES = [
    "{a} has {n} stickers. {a} buys {k} bags of {m} stickers. How many stickers does {a} have now?",
    "{a} has {n} marbles and gives {k} of them away. How many marbles are left?",
    "{a} reads {k} pages a day for {m} days. How many pages does {a} read?",
]


def question(random):
    """A story of the kind that the shipped family solves."""
    return random.choice(STORIES).format(
        a=random.choice(["Jack", "Mia", "Ana", "Tom"]), n=random.randint(11, 99),
        k=random.randint(2, 9), m=random.randint(2, 9))


def call(dialect, text, model, tokens, temperature, seed, stream, more=None):
    """Path and body of a request for at most so many tokens."""
    chat = [{"role": "user", "content": text}]
    more = more or {}
    if dialect == "generate":
        return "/generate", {"prompt": text, "model": model, "budget": tokens, "seed": seed,
                             "temperature": temperature, "stream": stream, **more}
    if dialect == "chat":
        return "/v1/chat/completions", {
            "messages": chat, "model": model, "max_tokens": tokens, "seed": seed,
            "temperature": temperature, "stream": stream, **more}
    if dialect == "completions":
        return "/v1/completions", {
            "prompt": text, "model": model, "max_tokens": tokens, "seed": seed,
            "temperature": temperature, "stream": stream, **more}
    if dialect == "responses":
        return "/v1/responses", {"input": text, "model": model, "max_output_tokens": tokens,
                                 "temperature": 0, "stream": stream, **more}
    if dialect == "ollama":
        return "/api/chat", {
            "messages": chat, "model": model, "stream": stream, **more,
            "options": {"temperature": temperature, "seed": seed, "num_predict": tokens}}
    assert dialect == "tgi"
    parameters = {"max_new_tokens": tokens, "seed": seed}
    if temperature:
        parameters.update(do_sample=True, temperature=temperature)
    return "/generate_stream" if stream else "/generate", {
        "inputs": text, "model": model, "parameters": parameters}


DIALECTS = ["generate", "chat", "completions", "responses", "ollama", "tgi"]


def documents(payload, dialect):
    """The JSON documents of a stream."""
    text = payload.decode()
    if dialect == "ollama":
        return [json.loads(line) for line in text.splitlines() if line]
    frames = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(frame) for frame in frames if frame != "[DONE]"]


def whole_text(payload, dialect):
    """Thought and answer of a whole answer."""
    body = json.loads(payload)
    if dialect == "generate":
        return (body["reasoning"] or "") + "|" + body["text"]
    if dialect == "chat":
        message = body["choices"][0]["message"]
        return (message.get("reasoning_content") or "") + "|" + (message["content"] or "")
    if dialect == "completions":
        return body["choices"][0]["text"]
    if dialect == "responses":
        parts = {"reasoning": "", "message": ""}
        for item in body["output"]:
            parts[item["type"]] += "".join(part["text"] for part in item["content"])
        return parts["reasoning"] + "|" + parts["message"]
    if dialect == "ollama":
        return (body["message"].get("thinking") or "") + "|" + body["message"]["content"]
    return body["generated_text"]


def streamed_text(payload, dialect):
    """The same of a stream; it must have come to its end."""
    events = documents(payload, dialect)
    assert events, "a stream without an event"
    last = events[-1]
    assert not any("error" in event and event["error"] for event in events), last
    if dialect == "generate":
        assert last["type"] == "done", last
        return ("".join(event["text"] for event in events if event["type"] == "reasoning") + "|"
                + "".join(event["text"] for event in events if event["type"] == "answer"))
    if dialect == "chat":
        deltas = [event["choices"][0]["delta"] for event in events if event["choices"]]
        assert events[-1]["choices"][0]["finish_reason"], last
        return ("".join(delta.get("reasoning_content") or "" for delta in deltas) + "|"
                + "".join(delta.get("content") or "" for delta in deltas))
    if dialect == "completions":
        assert events[-1]["choices"][0]["finish_reason"], last
        return "".join(event["choices"][0]["text"] for event in events if event["choices"])
    if dialect == "responses":
        assert last["type"] in ("response.completed", "response.incomplete"), last
        return whole_text(json.dumps(last["response"]).encode(), dialect)
    if dialect == "ollama":
        assert last["done"], last
        return ("".join(event["message"].get("thinking") or "" for event in events) + "|"
                + "".join(event["message"]["content"] for event in events))
    assert last["details"]["finish_reason"], last
    return last["generated_text"]


class Wire:
    """One connection from one of several addresses of this machine."""

    @classmethod
    async def connect(cls, port, *, address="127.0.0.1", tls=False, receive_buffer=None,
                      unix=None):
        wire = cls()
        family = socket.AF_UNIX if unix else socket.AF_INET
        raw = socket.socket(family, socket.SOCK_STREAM)
        raw.setblocking(False)
        try:
            if receive_buffer:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            if not unix:
                raw.bind((address, 0))
            await asyncio.get_running_loop().sock_connect(
                raw, unix or ("127.0.0.1", port))
            context = None
            if tls:
                context = ssl.create_default_context()
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            wire.reader, wire.writer = await asyncio.open_connection(
                sock=raw, ssl=context, server_hostname="localhost" if tls else None,
                limit=1 << 12 if receive_buffer else 1 << 20)
        except BaseException:
            raw.close()
            raise
        return wire

    def send(self, path, body, id, method="POST"):
        data = json.dumps(body).encode() if not isinstance(body, bytes) else body
        self.writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: soak\r\nX-Request-Id: {id}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode()
            + data)

    async def head(self):
        """Status and fields of the next answer."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = {}
        for line in lines[1:]:
            if line:
                name, value = line.split(":", 1)
                fields[name.lower()] = value.strip()
        return int(lines[0].split()[1]), fields

    async def pieces(self, fields):
        """The answer's body, piece by piece."""
        if "content-length" in fields:
            yield await self.reader.readexactly(int(fields["content-length"]))
            return
        while True:
            size = int((await self.reader.readuntil(b"\r\n")).strip(), 16)
            piece = await self.reader.readexactly(size + 2)
            if size == 0:
                return
            yield piece[:-2]

    async def answer(self):
        """The next answer: status, fields, body."""
        status, fields = await self.head()
        payload = b"".join([piece async for piece in self.pieces(fields)])
        return status, fields, payload

    def close(self, reset=False):
        raw = self.writer.get_extra_info("socket")
        if reset and raw is not None and raw.family == socket.AF_INET:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        if reset:
            self.writer.transport.abort()
        else:
            self.writer.close()
