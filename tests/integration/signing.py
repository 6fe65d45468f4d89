#!/usr/bin/python3
"""People with tokens, sessions and groups in front of a gateway, for the tests of who may see what."""
import http.client
import itertools
import json
import os
import subprocess
import time
import urllib.parse

from daemon import LIMIT_S, WAITLISTCTL
from gateway import Answer, Gateway

COOKIE = "__Host-waitlist"
OWN = {"Sec-Fetch-Site": "same-origin"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAGE = {"Accept": "text/html"}
_addresses = itertools.count(2)


def loopback():
    """An address of this machine that nobody used before, so that nobody's failures count for it."""
    number = next(_addresses)
    return "127.0.%d.%d" % (1 + number // 250, 1 + number % 250)


def tokens_path(daemon):
    return os.path.join(daemon.folder, "tokens.json")


def add_token(daemon, user, *roles, teams=(), days=30):
    """Makes a token; gives its text."""
    words = [WAITLISTCTL, "token", "add", user, "--days", str(days), "--file", tokens_path(daemon)]
    words += ["--role=" + role for role in roles] + ["--team=" + team for team in teams]
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=LIMIT_S).stdout.strip()


def remove_token(daemon, user):
    subprocess.run([WAITLISTCTL, "token", "remove", user, "--file", tokens_path(daemon)], check=True, timeout=LIMIT_S)


class SigningGateway(Gateway):
    """A gateway at which people sign in as its configuration says."""

    def __init__(self, daemon, **named):
        super().__init__(daemon, arguments=(), **named)

    def ask_from(self, address, method, path, body=None, headers=None):
        """One request from an address of this machine."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S, source_address=(address, 0))
        try:
            connection.request(method, path, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def sign_in(self, token, to="/", headers=None, address=None):
        """Sends the form; gives the answer."""
        body = urllib.parse.urlencode({"token": token, "to": to})
        return self.ask_from(address or loopback(), "POST", "/sign-in", body, {**FORM, **OWN, **PAGE, **(headers or {})})

    def session(self, token):
        """Signs in; gives headers with the session's cookie."""
        answer = self.sign_in(token)
        assert answer.status == 303, (answer.status, answer.body)
        return {"Cookie": answer.headers["set-cookie"].split(";")[0], **OWN}

    def as_program(self, token, path, method="GET", body=None, headers=None):
        return self.request(method, path, body, {"Authorization": "Bearer " + token, **(headers or {})})

    def reads(self):
        """How often it has read the file of tokens, or found that it cannot."""
        return sum(self.log().count(words) for words in ("tokens were read", "no file of tokens, so", "no token is known"))

    def wait_read(self, before):
        """Waits until it has done so once more than `before`; it looks each second."""
        deadline = time.monotonic() + LIMIT_S
        while self.reads() <= before:
            assert time.monotonic() < deadline, "the file of tokens is not read: " + self.log()
            self.get("/healthz")

    def known_token(self, user, role, teams=()):
        """A new token, once the gateway knows it."""
        before = self.reads()
        token = add_token(self.daemon, user, role, teams=teams)
        self.wait_read(before)
        return token


def json_of(answer):
    return json.loads(answer.body)


def ends(stream):
    """Whether the stream of events comes to its end within the limit; the connection may stay for other requests."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if not stream.response.readline():
            return True
    return False
