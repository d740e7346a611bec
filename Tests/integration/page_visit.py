"""A visit to the page with a browser, and a server to visit."""

import contextlib
import json
import os
import re
import socket
import threading
import urllib.parse
from pathlib import Path

from playwright.sync_api import expect

from laconic_process import Server

ROOT = Path(__file__).resolve().parents[2]
FAMILY = ROOT / "Sources/laconic/Resources/family"
SHOTS = Path(os.environ["LACONIC_PAGE_SHOTS"])
AUDIT = Path(__file__).with_name("page_audit.js").read_text()
FLAGS = ["--public", str(ROOT / "Public"), "--log-level", "error"]
LONG = ("Tom has 226 coins. Then the number of coins triples. Then he uses up 184 coins. Then he gets "
        "137 new coins. Tom gives away 4 bags with 8 coins in each. Tom gives away 238 coins. He "
        "sells 258 coins. Tom wins 36 coins in a game. He gives away 77 coins. Then the number of "
        "coins doubles. How many coins does Tom have in the end?")


def serve(*arguments):
    """A server with the page, or the one that runs already."""
    url = os.environ.get("LACONIC_PAGE_URL")
    if url and not arguments:
        return contextlib.nullcontext(type("Running", (), {"url": url.rstrip("/")}))
    return Server(*FLAGS, *(arguments or ["--family", str(FAMILY)]))


class Visit:
    """A page in a context of its own that was asked nothing it should not, when it is left."""

    def __init__(self, browser, url, **options):
        self.url = url
        self.complaints = []
        self.requests = []
        options = {"viewport": {"width": 1280, "height": 1000}, **options}
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.page.on("console", self.note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request))
        #: Statuses that a test brings about; Chromium logs each of them as an error.
        self.expected = []

    def note(self, message):
        known = any(f"status of {status}" in message.text for status in self.expected)
        if message.type in ("error", "warning") and not known:
            self.complaints.append(message.text)

    def __enter__(self):
        self.open()
        return self

    def open(self):
        self.response = self.page.goto(self.url + "/")

    def __exit__(self, kind, *_):
        if kind is not None:
            self.shot("failed")
        self.context.close()
        if kind is None:
            assert not self.complaints, self.complaints
            strangers = [each.url for each in self.requests if not each.url.startswith(self.url)]
            assert not strangers, strangers

    def shot(self, name):
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)

    def audit(self, check):
        return self.page.evaluate(f"({AUDIT}).{check}()")

    def sent(self, method, path):
        """The bodies of the requests to a path."""
        return [json.loads(each.post_data) for each in self.requests
                if each.method == method and urllib.parse.urlsplit(each.url).path.startswith(path)]

    def wait_for_quote(self):
        expect(self.page.locator("#quote .who")).to_be_visible()

    def wait_for_end(self):
        expect(self.page.locator("#state")).to_contain_text("tokens in")

    def wait_for_thought(self, letters):
        pattern = re.compile(f".{{{letters},}}", re.DOTALL)
        expect(self.page.locator("#thought")).to_have_text(pattern)

    def ask(self, question=None, budget=None):
        if question:
            self.page.fill("#question", question)
        if budget:
            self.page.fill("#budget-exact", str(budget))
        self.page.click("#submit")


@contextlib.contextmanager
def busy(url):
    """Other people's requests, so that an answer takes seconds and can be watched."""
    address = urllib.parse.urlsplit(url)
    body = json.dumps({"prompt": LONG, "model": "base", "n": 7, "max_tokens": 1900,
                       "ignore_eos": True, "stream": True})
    head = (f"POST /generate HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n")
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            connection = socket.create_connection((address.hostname, address.port), timeout=60)
            stack.callback(connection.close)
            connection.sendall((head + body).encode())
            # The server has begun with it, or has told its place in the queue.
            while b"data: " not in connection.recv(65536):
                pass
            reader = threading.Thread(target=drain, args=[connection])
            reader.start()
            # Ends the read, and only then is the connection closed, which is the hang-up.
            stack.callback(reader.join)
            stack.callback(connection.shutdown, socket.SHUT_RDWR)
        yield


def drain(connection):
    with contextlib.suppress(OSError):
        while connection.recv(65536):
            pass
