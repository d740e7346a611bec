"""Files of a folder, by raw bytes: types, validators, conditions, ranges, codings, no way out."""

import gzip
import os
import socket
import sys
import tempfile

from http_wire import Wire
from laconic_process import Server

TEXT = b"".join(b"line %d\n" % number for number in range(400))
LARGE = bytes(range(256)) * 10000


def make(folder):
    os.makedirs(f"{folder}/Public/sub/deeper")
    for name, data in [("index.html", b"<!doctype html><p>page</p>"), ("app.js", TEXT),
                       ("short.css", b"p{}"), ("large.bin", LARGE), ("empty.txt", b""),
                       ("a b+c%.txt", b"odd"), ("sub/index.html", b"sub"), (".hidden", b"secret"),
                       ("packed.js", TEXT), ("packed.js.gz", gzip.compress(TEXT + b"gz")),
                       ("sub/deeper/x.unknown", b"?"), ("icon.svg", b"<svg/>")]:
        with open(f"{folder}/Public/{name}", "wb") as file:
            file.write(data)
    with open(f"{folder}/outside.txt", "wb") as file:
        file.write(b"outside")
    os.makedirs(f"{folder}/Public/.git")
    with open(f"{folder}/Public/.git/config", "wb") as file:
        file.write(b"secret")
    os.symlink("../outside.txt", f"{folder}/Public/link.txt")
    os.symlink("/etc", f"{folder}/Public/etc")
    os.symlink("short.css", f"{folder}/Public/inside.css")
    os.mkfifo(f"{folder}/Public/pipe")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/Public/socket")


def ask(address, path, fields="", method="GET"):
    with Wire(address) as wire:
        wire.send(f"{method} {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n")
        return wire.reply(method)


def types(address):
    for path, expected in [("/app.js", "text/javascript; charset=utf-8"),
                           ("/short.css", "text/css; charset=utf-8"),
                           ("/index.html", "text/html; charset=utf-8"),
                           ("/icon.svg", "image/svg+xml"), ("/large.bin", "application/octet-stream"),
                           ("/sub/deeper/x.unknown", "application/octet-stream")]:
        reply = ask(address, path)
        assert reply.status == 200 and reply["content-type"] == expected, reply
        assert reply["x-content-type-options"] == "nosniff", reply
        assert "default-src 'self'" in reply["content-security-policy"], reply
        assert reply["etag"].startswith('"') and reply["last-modified"].endswith(" GMT"), reply
        assert reply["cache-control"] and reply["accept-ranges"] == "bytes", reply


def bodies(address):
    assert ask(address, "/app.js").body == TEXT
    assert ask(address, "/large.bin").body == LARGE
    assert ask(address, "/empty.txt").body == b""
    assert ask(address, "/a%20b+c%25.txt?query").body == b"odd"
    assert ask(address, "/inside.css").body == b"p{}"


def folders(address):
    assert ask(address, "/sub/").body == b"sub"
    moved = ask(address, "/sub?x=1")
    assert moved.status == 301 and moved["location"] == "/sub/?x=1", moved
    assert ask(address, "/sub/deeper").status == 404
    assert ask(address, "/sub/deeper/").status == 404


def browsers_get_the_page_and_others_the_greeting(address):
    browser = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
    page = ask(address, "/", browser)
    assert b"page" in page.body and "accept" in page["vary"].lower(), page
    assert ask(address, "/", browser, "HEAD")["content-length"] == str(len(page.body))
    for fields in ["", "Accept: application/json\r\n", "Accept: */*\r\n"]:
        assert ask(address, "/", fields)["content-type"] == "application/json"


def routes_win(address):
    assert ask(address, "/health")["content-type"] == "application/json"
    assert ask(address, "/v1/reward").status == 405


def nothing_leads_out(address):
    for path in ["/../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt",
                 "/sub/../../outside.txt", "/sub/..%2f..%2foutside.txt", "/%2e%2e%2foutside.txt",
                 "/..%5coutside.txt", "/..\\outside.txt", "/%252e%252e/outside.txt",
                 "//etc/passwd", "/./index.html", "/sub//index.html", "/.hidden", "/.git/config",
                 "/%2ehidden", "/link.txt", "/etc/passwd", "/etc/hostname", "/pipe", "/socket",
                 "/index.html/", "/index.html/x", "/app.js%00.png", "/nothing", "/app.js%0a",
                 "/" + "a" * 300, "/" + "x/" * 2000]:
        reply = ask(address, path)
        assert reply.status in (400, 404), (path, reply)
        assert b"secret" not in reply.body and b"root:" not in reply.body, reply


def methods(address):
    for method in ["POST", "PUT", "DELETE", "PATCH"]:
        reply = ask(address, "/app.js", "Content-Length: 0\r\n", method)
        assert reply.status == 405 and "GET" in reply["allow"], reply
    assert ask(address, "/app.js", method="OPTIONS")["allow"] == "GET, HEAD, OPTIONS"
    assert ask(address, "/sub", method="POST").status == 405
    head, whole = ask(address, "/large.bin", method="HEAD"), ask(address, "/large.bin")
    for name in ["content-length", "etag", "content-type", "last-modified"]:
        assert head[name] == whole[name], name


def conditions(address):
    reply = ask(address, "/app.js")
    tag, date = reply["etag"], reply["last-modified"]
    old = "Sun, 06 Nov 1994 08:49:37 GMT"
    for fields, status in [
            (f"If-None-Match: {tag}", 304), (f"If-None-Match: W/{tag}", 304),
            (f'If-None-Match: "x", {tag}', 304), ("If-None-Match: *", 304),
            ('If-None-Match: "x"', 200), (f"If-Modified-Since: {date}", 304),
            (f"If-Modified-Since: {old}", 200), ("If-Modified-Since: nonsense", 200),
            (f'If-None-Match: "x"\r\nIf-Modified-Since: {date}', 200),
            (f"If-Match: {tag}", 200), ("If-Match: *", 200), ('If-Match: "x"', 412),
            (f"If-Match: W/{tag}", 412), (f"If-Unmodified-Since: {date}", 200),
            (f"If-Unmodified-Since: {old}", 412),
            ("If-Unmodified-Since: Sunday, 06-Nov-94 08:49:37 GMT", 412),
            ("If-Unmodified-Since: Sun Nov  6 08:49:37 1994", 412)]:
        reply = ask(address, "/app.js", fields + "\r\n")
        assert reply.status == status, (fields, reply)
        if status == 304:
            assert reply["etag"] == tag and reply.body == b"", reply
            assert reply["content-length"] is None, reply
    assert ask(address, "/app.js", f"If-None-Match: {tag}\r\n", "HEAD").status == 304


def ranges(address):
    count = len(LARGE)
    for asked, expected in [("bytes=0-0", (0, 1)), ("bytes=5-9", (5, 10)), ("bytes=-5", (count - 5, count)),
                            ("bytes=100-", (100, count)), (f"bytes=0-{count * 2}", (0, count)),
                            (f"bytes=-{count * 2}", (0, count)), ("BYTES=1-2", (1, 3)),
                            (f"bytes={count - 1}-", (count - 1, count))]:
        reply = ask(address, "/large.bin", f"Range: {asked}\r\n")
        start, end = expected
        assert reply.status == 206, (asked, reply)
        assert reply["content-range"] == f"bytes {start}-{end - 1}/{count}", (asked, reply.head)
        assert reply.body == LARGE[start:end], asked
    for asked in [f"bytes={count}-", "bytes=-0", f"bytes={count}-{count + 5}", "bytes=99999999999999999999-"]:
        reply = ask(address, "/large.bin", f"Range: {asked}\r\n")
        assert reply.status == 416 and reply["content-range"] == f"bytes */{count}", (asked, reply)
    for asked in ["bytes=5-2", "bytes=a-b", "bytes=-", "bytes=", "lines=1-2", "bytes 1-2", "bytes=1",
                  "bytes=0-1,5-6", "bytes=+1-2", "bytes=1- 2"]:
        reply = ask(address, "/large.bin", f"Range: {asked}\r\n")
        assert reply.status == 200 and reply.body == LARGE, (asked, reply.status)
    reply = ask(address, "/large.bin")
    tag, date = reply["etag"], reply["last-modified"]
    for condition, status in [(tag, 206), (date, 206), ('"x"', 200), (f"W/{tag}", 200),
                              ("Sun, 06 Nov 1994 08:49:37 GMT", 200)]:
        fields = f"Range: bytes=0-4\r\nIf-Range: {condition}\r\n"
        assert ask(address, "/large.bin", fields).status == status, condition
    assert ask(address, "/large.bin", "Range: bytes=0-4\r\n", "HEAD").status == 200
    assert ask(address, "/empty.txt", "Range: bytes=0-\r\n").status == 416


def codings(address):
    plain, packed = ask(address, "/app.js"), ask(address, "/app.js", "Accept-Encoding: gzip\r\n")
    assert packed["content-encoding"] == "gzip" and gzip.decompress(packed.body) == TEXT
    assert len(packed.body) < len(TEXT) / 2
    assert plain["vary"] == packed["vary"] == "Accept-Encoding"
    assert plain["etag"] != packed["etag"]
    fields = f"Accept-Encoding: gzip\r\nIf-None-Match: {packed['etag']}\r\n"
    assert ask(address, "/app.js", fields).status == 304
    head = ask(address, "/app.js", "Accept-Encoding: gzip\r\n", "HEAD")
    assert head["content-length"] == str(len(packed.body)), head
    beside = ask(address, "/packed.js", "Accept-Encoding: gzip\r\n")
    assert gzip.decompress(beside.body) == TEXT + b"gz"
    part = ask(address, "/app.js", "Accept-Encoding: gzip\r\nRange: bytes=0-3\r\n")
    assert part.status == 206 and part.body == TEXT[:4] and part["content-encoding"] is None
    assert ask(address, "/short.css", "Accept-Encoding: gzip\r\n")["content-encoding"] is None
    assert ask(address, "/large.bin", "Accept-Encoding: gzip\r\n")["content-encoding"] is None


def main():
    with tempfile.TemporaryDirectory() as folder:
        make(folder)
        with Server("--reward-only", "--log-level", "critical", "--public", f"{folder}/Public") as server:
            host, port = server.url.removeprefix("http://").split(":")
            address, failures = (host, int(port)), 0
            laws = [types, bodies, folders, browsers_get_the_page_and_others_the_greeting, routes_win,
                    nothing_leads_out, methods, conditions, ranges, codings]
            for law in laws:
                try:
                    law(address)
                except (AssertionError, EOFError, OSError, TypeError) as error:
                    failures += 1
                    print(f"files: {law.__name__}: {type(error).__name__} {error}", file=sys.stderr)
            descriptors = os.listdir(f"/proc/{server.process.pid}/fd")
            if len(descriptors) > 32:
                failures += 1
                print(f"files: {len(descriptors)} descriptors are left open", file=sys.stderr)
            print(f"files: {len(laws) + 1} laws, {failures} broken")
            sys.exit(failures > 0)


if __name__ == "__main__":
    main()
