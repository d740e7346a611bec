"""RFC 9110 and RFC 9112 by raw bytes against the running server: one line a law."""

import gzip
import json
import sys
import time
import zlib

from http_wire import Wire
from laconic_process import Server

HOST = "Host: localhost\r\n"
REWARD = (b'{"alpha":0.1,"groups":[{"answer":"4","responses":'
          b'[{"text":"</think>\\\\boxed{4}","tokens":3,"finished":true}]}]}')


def get(path="/health", fields=HOST, version="HTTP/1.1", method="GET"):
    return f"{method} {path} {version}\r\n{fields}\r\n"


def post(body=REWARD, fields="", path="/v1/reward", length=None):
    length = len(body) if length is None else length
    return (f"POST {path} HTTP/1.1\r\n{HOST}{fields}Content-Length: {length}\r\n\r\n").encode() + body


def chunked(rest, fields="", head_fields=HOST):
    return (f"POST /v1/reward HTTP/1.1\r\n{head_fields}{fields}Transfer-Encoding: chunked\r\n\r\n"
            ).encode() + rest


def chunks(body=REWARD, size=10, end=b"0\r\n\r\n"):
    parts = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + end


def is_json_error(reply):
    assert (reply["content-type"] or "").startswith("application/json"), reply
    error = json.loads(reply.body)["error"]
    assert isinstance(error["message"], str) and error["message"], error
    assert isinstance(error["type"], str) and error["type"], error
    assert "param" in error and "code" in error, error


# What one request gets: name, bytes, statuses allowed, whether the connection must then go on.
GOES_ON, ENDS, EITHER = "goes on", "ends", None
ONE_REQUEST = [
    # The request line.
    ("a plain GET", get(), {200}, GOES_ON),
    ("a query", get("/health?a=%20&b"), {200}, GOES_ON),
    ("CR LF before the request line", b"\r\n" + get().encode(), {200}, GOES_ON),
    ("absolute form", get("http://localhost/health"), {200}, GOES_ON),
    ("absolute form, scheme in capitals", get("HTTP://localhost:80/health"), {200}, GOES_ON),
    ("absolute form without Host", get("http://localhost/health", ""), {400}, ENDS),
    ("absolute form with an invalid Host", get("http://localhost/health", "Host: a b\r\n"), {400},
     ENDS),
    ("asterisk form", get("*", method="OPTIONS"), {200, 204}, GOES_ON),
    ("asterisk form with GET", get("*"), {400}, ENDS),
    ("authority form with CONNECT", get("localhost:80", method="CONNECT"), {400, 405, 501}, EITHER),
    ("CONNECT with a path", get("/", method="CONNECT"), {400, 405, 501}, EITHER),
    ("a target without its slash", get("health"), {400}, ENDS),
    ("a fragment", get("/health#a"), {400}, ENDS),
    ("a bare percent sign", get("/%"), {400}, ENDS),
    ("a percent sign and no digits", get("/%zz"), {400}, ENDS),
    ("an encoded NUL", get("/%00"), {400}, ENDS),
    ("a NUL", get("/a\0b"), {400}, ENDS),
    ("a byte above ASCII", get("/\xe9"), {400}, ENDS),
    ("a space in the target", get("/a b"), {400}, ENDS),
    ("two spaces", "GET  /health HTTP/1.1\r\n" + HOST + "\r\n", {400}, ENDS),
    ("a tab for a space", "GET\t/health HTTP/1.1\r\n" + HOST + "\r\n", {400}, ENDS),
    ("a blank at the end", "GET /health HTTP/1.1 \r\n" + HOST + "\r\n", {400}, ENDS),
    ("a blank at the start", " GET /health HTTP/1.1\r\n" + HOST + "\r\n", {400}, ENDS),
    ("no target", "GET HTTP/1.1\r\n" + HOST + "\r\n", {400}, ENDS),
    ("an empty method", " /health HTTP/1.1\r\n" + HOST + "\r\n", {400}, ENDS),
    ("a method that is no token", get(method="G@T"), {400}, ENDS),
    ("no such path", get("/nowhere"), {404}, GOES_ON),
    ("traversal", get("/../../etc/passwd"), {400, 403, 404}, EITHER),
    ("encoded traversal", get("/%2e%2e/%2e%2e/etc/passwd"), {400, 403, 404}, EITHER),
    # Versions.
    ("HTTP/1.2 is spoken to as 1.1", get(version="HTTP/1.2"), {200, 505}, EITHER),
    ("HTTP/2.0", get(version="HTTP/2.0"), {505}, ENDS),
    ("HTTP/3.0", get(version="HTTP/3.0"), {505}, ENDS),
    ("HTTP/0.9 with its version", get(version="HTTP/0.9"), {400, 505}, ENDS),
    ("HTTP/0.9", "GET /health\r\n", {400, 505}, ENDS),
    ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}, ENDS),
    ("a version in small letters", get(version="http/1.1"), {400, 505}, ENDS),
    ("a version without its dot", get(version="HTTP/11"), {400, 505}, ENDS),
    ("a version with too many digits", get(version="HTTP/1.10"), {400, 505}, ENDS),
    ("another protocol", get(version="ICY/1.1"), {400, 505}, ENDS),
    ("HTTP/1.0 without Host", get(fields="", version="HTTP/1.0"), {200}, ENDS),
    ("HTTP/1.0 kept alive",
     get(fields="Connection: keep-alive\r\n", version="HTTP/1.0"), {200}, GOES_ON),
    ("HTTP/1.0 with Transfer-Encoding",
     "POST /v1/reward HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400, 501}, ENDS),
    ("HTTP/1.0 POST without a length", "POST /v1/reward HTTP/1.0\r\n\r\n", {400, 411}, ENDS),
    # Host.
    ("no Host", get(fields=""), {400}, ENDS),
    ("two Hosts", get(fields=HOST + HOST), {400}, ENDS),
    ("two Hosts that differ", get(fields=HOST + "Host: other\r\n"), {400}, ENDS),
    ("an empty Host", get(fields="Host:\r\n"), {200, 400}, EITHER),
    ("a Host with a port", get(fields="Host: localhost:8080\r\n"), {200}, GOES_ON),
    ("an IPv6 Host", get(fields="Host: [::1]:8080\r\n"), {200}, GOES_ON),
    ("a Host with a path", get(fields="Host: localhost/x\r\n"), {400}, ENDS),
    ("a Host with a blank", get(fields="Host: local host\r\n"), {400}, ENDS),
    ("a Host with user info", get(fields="Host: a@localhost\r\n"), {400}, ENDS),
    ("a Host with a port that is no number", get(fields="Host: localhost:x\r\n"), {400}, ENDS),
    ("a Host with a port that is too large", get(fields="Host: localhost:65536\r\n"), {400}, ENDS),
    ("a Host with half a bracket", get(fields="Host: [::1\r\n"), {400}, ENDS),
    ("a list of Hosts", get(fields="Host: a, b\r\n"), {400}, ENDS),
    # Fields.
    ("a name in any case", get(fields="hOsT: localhost\r\n"), {200}, GOES_ON),
    ("a value without blanks", get(fields="Host:localhost\r\n"), {200}, GOES_ON),
    ("a value between blanks", get(fields="Host: \t localhost \t\r\n"), {200}, GOES_ON),
    ("a value above ASCII", get(fields=HOST + "X: \xe9\xff\r\n"), {200}, GOES_ON),
    ("an empty value", get(fields=HOST + "X:\r\n"), {200}, GOES_ON),
    ("a blank before the colon", get(fields=HOST + "X : a\r\n"), {400}, ENDS),
    ("a tab before the colon", get(fields=HOST + "X\t: a\r\n"), {400}, ENDS),
    ("a line without a colon", get(fields=HOST + "X\r\n"), {400}, ENDS),
    ("an empty name", get(fields=HOST + ": a\r\n"), {400}, ENDS),
    ("a name that is no token", get(fields=HOST + "X(y): a\r\n"), {400}, ENDS),
    ("a name with a NUL", get(fields=HOST + "X\0: a\r\n"), {400}, ENDS),
    ("a name above ASCII", get(fields=HOST + "X\xe9: a\r\n"), {400}, ENDS),
    ("a value with a NUL", get(fields=HOST + "X: a\0b\r\n"), {400}, ENDS),
    ("a value with a control character", get(fields=HOST + "X: a\x01b\r\n"), {400}, ENDS),
    ("a value with DEL", get(fields=HOST + "X: a\x7fb\r\n"), {400}, ENDS),
    ("a value with a lone CR", get(fields=HOST + "X: a\rb\r\n"), {400}, ENDS),
    ("a folded line", get(fields=HOST + "X: a\r\n b\r\n"), {400}, ENDS),
    ("a line folded by a tab", get(fields=HOST + "X: a\r\n\tb\r\n"), {400}, ENDS),
    ("a blank before the first field", "GET /health HTTP/1.1\r\n " + HOST + "\r\n", {400}, ENDS),
    ("lone LFs", "GET /health HTTP/1.1\nHost: localhost\n\n", {400}, ENDS),
    ("a lone LF after a field", "GET /health HTTP/1.1\r\nHost: localhost\n\r\n", {400}, ENDS),
    ("a lone CR for a line end", "GET /health HTTP/1.1\rHost: localhost\r\r\n\r\n", {400}, ENDS),
    ("CR CR LF", "GET /health HTTP/1.1\r\r\nHost: localhost\r\n\r\n", {400}, ENDS),
    # Lengths and codings.
    ("a body of a length", post(), {200}, GOES_ON),
    ("a body of a length of zero", post(b""), {400, 411}, GOES_ON),
    ("leading zeros", post(fields="", length=f"000{len(REWARD)}"), {200, 400}, EITHER),
    ("a POST without any length", get("/v1/reward", method="POST"), {400, 411}, GOES_ON),
    ("a negative length", post(length="-1"), {400}, ENDS),
    ("a length with a plus", post(length=f"+{len(REWARD)}"), {400}, ENDS),
    ("a hexadecimal length", post(length="0x10"), {400}, ENDS),
    ("a length with a point", post(length="5.0"), {400}, ENDS),
    ("a length with a letter", post(length="5a"), {400}, ENDS),
    ("an empty length", post(length=""), {400}, ENDS),
    ("a length with a blank inside", post(length="5 5"), {400}, ENDS),
    ("a length with a vertical tab", post(length="\x0b5"), {400}, ENDS),
    ("a list of lengths", post(length=f"{len(REWARD)}, {len(REWARD)}"), {200, 400}, EITHER),
    ("a list of lengths that differ", post(length="5, 6"), {400}, ENDS),
    ("two lengths", post(fields="Content-Length: 5\r\n"), {400}, ENDS),
    ("two equal lengths", post(fields=f"Content-Length: {len(REWARD)}\r\n"), {200, 400}, EITHER),
    ("a length beyond 64 bits", post(length="9" * 30), {400, 413}, ENDS),
    ("a length over the limit", post(length="999999999999"), {413}, ENDS),
    ("a length with a blank before its colon",
     f"POST /v1/reward HTTP/1.1\r\n{HOST}Content-Length : 5\r\n\r\nhello", {400}, ENDS),
    ("both framings", chunked(b"0\r\n\r\n", "Content-Length: 5\r\n"), {400}, ENDS),
    ("both framings, the other way round",
     f"POST /v1/reward HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
     "0\r\n\r\n", {400}, ENDS),
    ("a body of chunks", chunked(chunks()), {200}, GOES_ON),
    ("chunks of one byte", chunked(chunks(size=1)), {200}, GOES_ON),
    ("the coding in capitals",
     f"POST /v1/reward HTTP/1.1\r\n{HOST}transfer-encoding: CHUNKED\r\n\r\n".encode() + chunks(),
     {200}, GOES_ON),
    ("chunk extensions", chunked(b"%x;a;b=c;d=\"e;\\\"f\"\r\n%s\r\n0;x\r\n\r\n"
                                 % (len(REWARD), REWARD)), {200}, GOES_ON),
    ("sizes in capitals and with zeros", chunked(b"000%X\r\n%s\r\n000\r\n\r\n"
                                                 % (len(REWARD), REWARD)), {200}, GOES_ON),
    ("trailers", chunked(chunks(end=b"0\r\nX-Sum: 1\r\nY: 2\r\n\r\n")), {200}, GOES_ON),
    ("a trailer that would frame", chunked(chunks(end=b"0\r\nContent-Length: 5\r\n\r\n")),
     {200, 400}, EITHER),
    ("a trailer that is no field", chunked(chunks(end=b"0\r\nX y\r\n\r\n")), {400}, ENDS),
    ("a trailer with a blank before its colon", chunked(chunks(end=b"0\r\nX : y\r\n\r\n")), {400},
     ENDS),
    ("no size", chunked(b"\r\nhello\r\n0\r\n\r\n"), {400}, ENDS),
    ("a size with a plus", chunked(b"+5\r\nhello\r\n0\r\n\r\n"), {400}, ENDS),
    ("a negative size", chunked(b"-5\r\nhello\r\n0\r\n\r\n"), {400}, ENDS),
    ("a size with 0x", chunked(b"0x5\r\nhello\r\n0\r\n\r\n"), {400}, ENDS),
    ("a size that is no number", chunked(b"xyz\r\nhello\r\n0\r\n\r\n"), {400}, ENDS),
    ("a blank before a size", chunked(b" 5\r\nhello\r\n0\r\n\r\n"), {400}, ENDS),
    ("a size of 17 digits", chunked(b"00000000000000005\r\nhello\r\n0\r\n\r\n"), {200, 400},
     EITHER),
    ("a size beyond 64 bits", chunked(b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n"), {400, 413},
     ENDS),
    ("a size over the limit", chunked(b"ffffffff\r\nhello\r\n0\r\n\r\n"), {400, 413}, ENDS),
    ("a chunk that is longer", chunked(b"5\r\nhello!\r\n0\r\n\r\n"), {400}, ENDS),
    ("a chunk that ends in a lone LF", chunked(b"5\r\nhello\n0\r\n\r\n"), {400}, ENDS),
    ("a size that ends in a lone LF", chunked(b"5\nhello\r\n0\r\n\r\n"), {400}, ENDS),
    ("a size that ends in a lone CR", chunked(b"5\rhello\r\n0\r\n\r\n"), {400}, ENDS),
    ("an extension with a control character", chunked(b"5;a=\x01\r\nhello\r\n0\r\n\r\n"), {400},
     ENDS),
    ("a coding nobody knows",
     f"POST /v1/reward HTTP/1.1\r\n{HOST}Transfer-Encoding: cow\r\n\r\n", {400, 501}, ENDS),
    ("identity, which was taken back",
     f"POST /v1/reward HTTP/1.1\r\n{HOST}Transfer-Encoding: identity\r\n\r\n", {400, 501}, ENDS),
    ("chunked that is not last",
     f"POST /v1/reward HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked, gzip\r\n\r\n", {400, 501},
     ENDS),
    ("chunked twice",
     f"POST /v1/reward HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked, chunked\r\n\r\n", {400, 501},
     ENDS),
    ("chunked in two fields", chunked(b"0\r\n\r\n", "Transfer-Encoding: chunked\r\n"), {400, 501},
     ENDS),
    ("chunked and a cow", chunked(b"0\r\n\r\n", "Transfer-encoding: cow\r\n"), {400, 501}, ENDS),
    ("chunked behind a vertical tab",
     f"POST /v1/reward HTTP/1.1\r\n{HOST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", {400, 501},
     ENDS),
    ("xchunked", f"POST /v1/reward HTTP/1.1\r\n{HOST}Transfer-Encoding: xchunked\r\n\r\n",
     {400, 501}, ENDS),
    ("Transfer-Encoding with a blank before its colon",
     f"POST /v1/reward HTTP/1.1\r\n{HOST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", {400}, ENDS),
    ("a GET with a body", get(fields=HOST + "Content-Length: 5\r\n") + "hello", {200}, GOES_ON),
    # Methods.
    ("a wrong method", get("/v1/reward"), {405}, GOES_ON),
    ("DELETE", get(method="DELETE"), {405}, GOES_ON),
    ("TRACE", get(method="TRACE"), {405, 501}, EITHER),
    ("a method nobody knows", get(method="BREW"), {405, 501}, EITHER),
    ("a method in small letters", get(method="get"), {400, 405, 501}, EITHER),
    ("OPTIONS", get(method="OPTIONS"), {200, 204}, GOES_ON),
    ("OPTIONS of nothing", get("/nowhere", method="OPTIONS"), {204, 404}, EITHER),
    # Expectations.
    ("an expectation nobody knows", get(fields=HOST + "Expect: the-best\r\n"), {417}, EITHER),
    ("100-continue without a body", get(fields=HOST + "Expect: 100-continue\r\n"), {200}, EITHER),
    # Content.
    ("a type nobody reads", post(fields="Content-Type: application/xml\r\n"), {415}, GOES_ON),
    ("JSON of another charset name", post(fields="Content-Type: application/json;charset=utf-8\r\n"),
     {200}, GOES_ON),
    ("what curl -d calls a form", post(fields="Content-Type: application/x-www-form-urlencoded\r\n"),
     {200}, GOES_ON),
    ("a body of gzip", post(gzip.compress(REWARD), "Content-Encoding: gzip\r\n"), {200}, GOES_ON),
    ("a body of x-gzip", post(gzip.compress(REWARD), "Content-Encoding: x-gzip\r\n"), {200}, GOES_ON),
    ("a body of deflate", post(zlib.compress(REWARD), "Content-Encoding: deflate\r\n"), {200},
     GOES_ON),
    ("a chunked body of gzip",
     chunked(chunks(gzip.compress(REWARD)), "Content-Encoding: gzip\r\n"), {200}, GOES_ON),
    ("identity", post(fields="Content-Encoding: identity\r\n"), {200}, GOES_ON),
    ("a coding of content nobody knows", post(fields="Content-Encoding: br\r\n"), {415}, EITHER),
    ("gzip that is none", post(fields="Content-Encoding: gzip\r\n"), {400}, EITHER),
    ("gzip that is cut off", post(gzip.compress(REWARD)[:-9], "Content-Encoding: gzip\r\n"), {400},
     EITHER),
    ("gzip with something after it",
     post(gzip.compress(REWARD) + b"garbage", "Content-Encoding: gzip\r\n"), {400}, EITHER),
    ("gzip of two members", post(gzip.compress(REWARD[:9]) + gzip.compress(REWARD[9:]),
                                 "Content-Encoding: gzip\r\n"), {200}, GOES_ON),
    ("a bomb", post(gzip.compress(bytes(64 << 20)), "Content-Encoding: gzip\r\n"), {413}, EITHER),
    ("broken JSON", post(b"{"), {400}, GOES_ON),
    ("JSON in UTF-16", post("{}".encode("utf-16")), {400}, GOES_ON),
    ("JSON that nests deep", post(b"[" * 100000), {400}, GOES_ON),
    # Limits.
    ("a target over the limit", get("/" + "a" * 70000), {414}, ENDS),
    ("a target without an end", "GET /" + "a" * 70000, {414}, ENDS),
    ("a field over the limit", get(fields=HOST + "X: " + "a" * 70000 + "\r\n"), {431}, ENDS),
    ("a name over the limit", get(fields=HOST + "X" * 70000 + ": a\r\n"), {431}, ENDS),
    ("fields over the limit", get(fields=HOST + ("X: " + "a" * 1000 + "\r\n") * 100), {431}, ENDS),
    ("too many fields", get(fields=HOST + "X: a\r\n" * 1000), {431}, ENDS),
    ("trailers over the limit", chunked(chunks(end=b"0\r\n" + b"X: y\r\n" * 10000 + b"\r\n")),
     {400, 431}, ENDS),
    ("an extension over the limit", chunked(b"5;" + b"a" * 10000 + b"\r\nhello\r\n0\r\n\r\n"),
     {400}, ENDS),
    # Other protocols.
    ("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(11, 200)), {400},
     ENDS),
    ("bytes without sense", bytes(range(128, 256)) * 4, {400}, ENDS),
]


def check_one(address, name, data, statuses, afterwards):
    data = data if isinstance(data, bytes) else data.encode("latin-1")
    method = data.lstrip().split(b" ")[0].decode("latin-1")
    with Wire(address) as wire:
        wire.send(data)
        reply = wire.reply(method)
        assert reply.status in statuses, reply
        if reply.status >= 400:
            is_json_error(reply)
        if reply.status == 405:
            assert reply["allow"], reply
        if afterwards == ENDS or reply["connection"] == "close":
            assert afterwards != GOES_ON, f"the connection ends: {reply}"
            assert reply["connection"] == "close", reply
            assert wire.closed(), f"the connection stays open, or more came: {wire.buffer[:200]!r}"
        elif afterwards == GOES_ON:
            wire.send(get("/ready", HOST + "Connection: close\r\n"))
            following = wire.reply()
            assert following.status in (200, 503), following
            assert wire.closed()


def pipelined_requests_come_back_in_order(address):
    with Wire(address) as wire:
        wire.send(get() + get("/nowhere") + get(method="HEAD") + get(method="OPTIONS"))
        wire.send(post() + chunked(chunks()) + get("/v1/reward").encode())
        found = [wire.reply(method).status
                 for method in ["GET", "GET", "HEAD", "OPTIONS", "POST", "POST", "GET"]]
        assert found == [200, 404, 200, 204, 200, 200, 405], found


def hundreds_of_pipelined_requests_are_all_answered(address):
    with Wire(address) as wire:
        wire.send(get("/nowhere") * 500)
        assert [wire.reply().status for _ in range(500)] == [404] * 500


def what_follows_a_broken_request_is_not_read(address):
    with Wire(address) as wire:
        wire.send(get() + "GET /\r\n\r\n" + get())
        assert wire.reply().status == 200
        assert wire.reply().status == 400
        assert wire.closed()


def what_follows_a_last_request_is_not_read(address):
    with Wire(address) as wire:
        wire.send(get(fields=HOST + "Connection: close\r\n") + get())
        assert wire.reply()["connection"] == "close"
        assert wire.closed()


def requests_may_come_in_pieces(address):
    with Wire(address) as wire:
        for byte in get() + get("/nowhere"):
            wire.send(byte)
        assert [wire.reply().status, wire.reply().status] == [200, 404]


def a_body_may_come_in_pieces(address):
    with Wire(address) as wire:
        for byte in chunked(chunks()):
            wire.send(bytes([byte]))
        assert wire.reply().status == 200


def head_has_the_fields_of_get_and_no_body(address):
    for path in ["/health", "/nowhere", "/metrics", "/", "/v1/reward", "/v1/models/x"]:
        with Wire(address) as wire:
            wire.send(get(path) + get(path, method="HEAD") + get())
            first, second = wire.reply(), wire.reply("HEAD")
            assert first.status == second.status, (first, second)
            for name in ["content-type", "content-length", "allow"]:
                if path not in ("/metrics", "/v1/reward"):
                    assert first[name] == second[name], (name, first, second)
            assert wire.reply().status == 200


def head_that_is_refused_has_no_body(address):
    with Wire(address) as wire:
        wire.send("HEAD /health HTTP/1.1\r\n\r\n")
        assert wire.reply("HEAD").status == 400
        assert wire.closed()


def a_waiting_client_is_told_to_go_on(address):
    with Wire(address) as wire:
        wire.send(post(b"", "Expect: 100-continue\r\n", length=len(REWARD)))
        assert wire.reply().status == 100
        wire.send(REWARD)
        assert wire.reply().status == 200
        wire.send(get())
        assert wire.reply().status == 200


def a_client_that_does_not_wait_is_served(address):
    with Wire(address) as wire:
        wire.send(post(fields="Expect: 100-continue\r\n"))
        reply = wire.reply()
        assert (wire.reply() if reply.status == 100 else reply).status == 200


def a_waiting_client_is_refused_before_it_sends(address):
    for path, length, status in [("/nowhere", 10, 404), ("/health", 10, 405),
                                 ("/v1/reward", 10 ** 12, 413)]:
        with Wire(address) as wire:
            wire.send(post(b"", "Expect: 100-continue\r\n", path, length))
            reply = wire.reply()
            assert reply.status == status, reply
            assert reply["connection"] == "close", reply


def http_1_0_gets_no_interim_answer(address):
    with Wire(address) as wire:
        wire.send(f"POST /v1/reward HTTP/1.0\r\nExpect: 100-continue\r\n"
                  f"Content-Length: {len(REWARD)}\r\n\r\n")
        time.sleep(0.1)
        wire.send(REWARD)
        assert wire.reply().status == 200


def http_1_0_is_told_how_the_connection_goes_on(address):
    with Wire(address) as wire:
        wire.send(get(fields="Connection: keep-alive\r\n", version="HTTP/1.0"))
        assert wire.reply()["connection"].lower() == "keep-alive"
        wire.send(get(fields="", version="HTTP/1.0"))
        assert wire.reply()["connection"] == "close"
        assert wire.closed()


def options_of_everything_names_the_methods(address):
    with Wire(address) as wire:
        wire.send(get("*", method="OPTIONS"))
        allowed = wire.reply("OPTIONS")["allow"]
        assert {"GET", "HEAD", "POST", "OPTIONS"} <= set(allowed.split(", ")), allowed


def a_large_body_that_is_refused_still_shows_the_answer(address):
    with Wire(address) as wire:
        wire.send(post(b"", length=40 << 20))
        for _ in range(160):
            wire.send(bytes(64 << 10))
        assert wire.reply().status == 413


def an_answer_is_compressed_for_who_asks(address):
    for asked, expected in [("gzip", "gzip"), ("GZIP;q=0.5", "gzip"), ("x-gzip", "gzip"),
                            ("*", "gzip"), ("gzip;q=0", None), ("*;q=0", None), ("br", None),
                            ("identity", None), ("identity;q=1, gzip;q=0.5", None),
                            ("gzip;q=0, *", None), ("", None), ("gzip;q=x", None)]:
        with Wire(address) as wire:
            wire.send(get("/metrics", HOST + f"Accept-Encoding: {asked}\r\n"))
            reply = wire.reply()
            assert reply["content-encoding"] == expected, (asked, reply)
            assert "accept-encoding" in reply["vary"].lower(), reply
            body = gzip.decompress(reply.body) if expected else reply.body
            assert body.startswith(b"# "), body


def a_short_answer_is_left_as_it_is(address):
    with Wire(address) as wire:
        wire.send(get("/health", HOST + "Accept-Encoding: gzip\r\n"))
        assert wire.reply()["content-encoding"] is None


def a_refused_coding_names_those_that_work(address):
    with Wire(address) as wire:
        wire.send(post(fields="Content-Encoding: br\r\n"))
        assert "gzip" in wire.reply()["accept-encoding"]


LAWS = [value for value in list(globals().values())
        if callable(value) and getattr(value, "__module__", None) == __name__
        and value.__code__.co_varnames[:value.__code__.co_argcount] == ("address",)]


def main():
    with Server("--reward-only", "--log-level", "critical") as server:
        host, port = server.url.removeprefix("http://").split(":")
        address = (host, int(port))
        failures = 0
        for name, *case in ONE_REQUEST:
            try:
                check_one(address, name, *case)
            except (AssertionError, EOFError, OSError, ValueError) as error:
                failures += 1
                print(f"conformance: {name}: {type(error).__name__} {error}", file=sys.stderr)
        for law in LAWS:
            try:
                law(address)
            except (AssertionError, EOFError, OSError, ValueError) as error:
                failures += 1
                print(f"conformance: {law.__name__}: {type(error).__name__} {error}",
                      file=sys.stderr)
        print(f"conformance: {len(ONE_REQUEST) + len(LAWS)} laws, {failures} broken")
        sys.exit(failures > 0)


if __name__ == "__main__":
    main()
