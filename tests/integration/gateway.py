#!/usr/bin/python3
"""Starts a real waitlist-dashboard beside a daemon, asks it over HTTP, and stops it again; shared by the tests of the gateway."""
import http.client
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import urllib.parse

from daemon import LIMIT_S, LOG_LINE, SANITIZER
from restrictions import inside

DASHBOARD = os.environ.get("WAITLIST_DASHBOARD", "")
INDEX = b"<!DOCTYPE html><title>Waiting lists</title>\n"
SCRIPT = b"export const answer = 42;\n" * 40


def write_web(folder):
    """A web folder with everything that one can have: an index, an asset with a hash and its variants, one without."""
    os.makedirs(os.path.join(folder, "assets"))
    for name, content in (("index.html", INDEX), ("assets/main-K3XW5QZ2.js", SCRIPT), ("assets/main-K3XW5QZ2.js.br", b"brotli's bytes"),
                          ("assets/main-K3XW5QZ2.js.gz", b"gzip's bytes"), ("favicon.svg", b"<svg/>"), ("notes.unknown", b"nobody's"),
                          (".hidden.html", b"nobody's"), ("assets/alone-AAAAAAAA.css.br", b"no file of its own")):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


class Answer:
    """What came back: the status, the headers by their names in small letters, the bytes."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Gateway:
    """One waitlist-dashboard in front of `daemon`, with made-up pages or those of the folder `site`. Nobody signs in there, and everybody may do everything, unless the arguments say otherwise. As a context manager it is stopped with SIGTERM at the end, and that end is checked."""

    def __init__(self, daemon, web=True, site=None, arguments=("--sign-in=none", "--open-role=admin"), start=True, environment=None):
        self.daemon = daemon
        self.folder = tempfile.mkdtemp(prefix="wg-")
        self.web = site or os.path.join(self.folder, "web")
        self.log_path = os.path.join(self.folder, "log")
        self.arguments = list(arguments)
        self.environment = dict(environment or {})
        self.process = self.exited = None
        self.port = 0
        open(self.log_path, "wb").close()
        if web and site is None:
            write_web(self.web)
        if start:
            self.start()

    def start(self):
        """Starts the process and waits until it says that it is ready, on the port that it had before if there was one."""
        path = os.path.join(self.folder, "notify")
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(path)
        command = inside("waitlist-dashboard", DASHBOARD, self.folder, self.daemon.folder, self.web,
                         writable=self.environment.get("TMPDIR") and os.path.dirname(self.environment["TMPDIR"]))
        command += [DASHBOARD, "-c", self.daemon.config_path, "--listen", "127.0.0.1:%d" % self.port, "--web", self.web] + self.arguments
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, env={**os.environ, "NOTIFY_SOCKET": path, **self.environment},
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.exited = os.pidfd_open(self.process.pid)
        try:
            ready, _, _ = select.select([notify, self.exited], [], [], LIMIT_S)
            if notify not in ready:
                raise AssertionError("the gateway does not start; log:\n" + self.log())
            told = notify.recv(4096).decode().split("\n")
        finally:
            notify.close()
            os.unlink(path)
        assert "READY=1" in told, told
        address = next(line[7:] for line in told if line.startswith("STATUS="))
        self.port = urllib.parse.urlsplit(address).port
        return self

    def wait_exit(self):
        ready, _, _ = select.select([self.exited], [], [], LIMIT_S)
        if not ready:
            raise AssertionError("the gateway does not end; log:\n" + self.log())
        code = self.process.wait()
        os.close(self.exited)
        self.process = self.exited = None
        return code

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.wait_exit()
        assert code == 0, "exit code %d; log:\n%s" % (code, self.log())
        log = self.log()
        assert not SANITIZER.search(log), log
        for line in log.splitlines():
            assert LOG_LINE.fullmatch(line), "not a log line: %r" % line

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.wait_exit()

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def end(self):
        """Stops it if it runs, checks how it ended, and takes its folder away."""
        try:
            if self.process is not None:
                self.stop()
        finally:
            self.close()

    def close(self):
        self.kill()
        shutil.rmtree(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if self.process is not None and kind is None:
                self.stop()
        finally:
            self.close()

    # --- asking ---------------------------------------------------------------------------------------------------

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)

    def request(self, method, path, body=None, headers=None):
        """One request on a connection of its own."""
        connection = self.connection()
        try:
            connection.request(method, path, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def raw(self, data):
        """Bytes as they stand, on a connection of its own; all that comes back until the other side closes or the answer is whole."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT_S) as sock:
            sock.sendall(data)
            response = http.client.HTTPResponse(sock)
            response.begin()
            return Answer(response)

    def ask(self, path):
        """A question that must be answered; gives the reply."""
        answer = self.get(path)
        assert answer.status == 200, (answer.status, answer.body)
        return answer.json()

    def problem(self, path, **headers):
        """A question that must be refused; gives (status, code, pointer)."""
        return problem_of(self.get(path, **headers))

    def wait_daemon(self, state):
        """Asks until the gateway says that the daemon is "live" or "away"; each question is an event of its own."""
        connection = self.connection()
        try:
            for _ in range(100000):
                connection.request("GET", "/healthz")
                if json.loads(connection.getresponse().read())["daemon"] == state:
                    return
        finally:
            connection.close()
        raise AssertionError("the gateway never says that the daemon is " + state)


class Stream:
    """An open stream of events, read one by one."""

    def __init__(self, gateway, query="", last=None, receive_buffer=None, headers=None):
        self.connection = gateway.connection()
        if receive_buffer:
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            sock.settimeout(LIMIT_S)
            sock.connect(("127.0.0.1", gateway.port))
            self.connection.sock = sock
        self.connection.request("GET", "/api/v1/stream" + query, headers={**(headers or {}), **({"Last-Event-ID": last} if last else {})})
        self.sock = self.connection.sock
        self.response = self.connection.getresponse()
        assert self.response.status == 200, (self.response.status, self.response.read())
        self.last = last
        self.retry = None

    def next(self):
        """The next event as (name, data, id); one that only has an id is kept as browsers do, and passed over."""
        name, data, mark = "message", None, None
        while True:
            line = self.response.readline()
            assert line.endswith(b"\n"), "the stream ended: %r" % line
            field, _, value = line[:-1].decode().partition(": ")
            if field == "event":
                name = value
            elif field == "id":
                self.last = mark = value
            elif field == "data":
                assert data is None
                data = json.loads(value)
            elif field == "retry":
                self.retry = int(value)
            else:
                assert line == b"\n", line
                if data is not None:
                    return name, data, mark
                name, mark = "message", None

    def until(self, wanted, fits=lambda data: True):
        """Reads until such an event; gives its data and all events before it."""
        before = []
        deadline = time.monotonic() + LIMIT_S
        while True:
            assert time.monotonic() < deadline, "there is no such %s among %d events" % (wanted, len(before))
            name, data, mark = self.next()
            if name == wanted and fits(data):
                return data, before
            before.append((name, data, mark))

    def alerts(self, count):
        """The next so many alerts; nothing may be reset meanwhile."""
        found = []
        deadline = time.monotonic() + LIMIT_S
        while len(found) < count:
            assert time.monotonic() < deadline, "%d alerts of %d" % (len(found), count)
            name, data, mark = self.next()
            assert name != "reset", data
            if name == "alert":
                assert mark.endswith(":%d" % data["seq"]), mark
                found.append(data)
        return found

    def close(self):
        self.response.close()
        self.connection.close()

    def abort(self):
        """Ends the connection as a machine does that was switched off: with a reset, not with an end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


def problem_of(answer):
    """(status, code, pointer) of an answer that must be a problem as RFC 9457 has it."""
    assert answer.headers["content-type"] == "application/problem+json", (answer.status, answer.headers, answer.body)
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "code", "pointer"} and problem["status"] == answer.status, problem
    assert problem["title"] and problem["detail"] and problem["type"] == "about:blank", problem
    return answer.status, problem["code"], problem["pointer"]
