"""A waitlist-relay with a folder of its own, and targets that note what they are sent; nothing here waits for time to pass."""
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from daemon import LIMIT_S, SANITIZER
from restrictions import inside

RELAY = os.environ.get("WAITLIST_RELAY", "")


class Receiver:
    """An HTTP server on loopback: keeps each request, answers as `answer(request)` says: a status, or (status, headers), or with a text behind these."""

    def __init__(self, port=0, answer=None):
        self.requests = []
        self.changed = threading.Condition()
        self.answer = answer or (lambda request: 200)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                request = {"path": self.path, "headers": {name.lower(): value for name, value in self.headers.items()}, "body": body,
                           "at": time.monotonic()}
                told = outer.answer(request)
                status, headers, text = (*told, b"")[:3] if isinstance(told, tuple) else (told, {}, b"")
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
                with outer.changed:
                    outer.requests.append({**request, "status": status})
                    outer.changed.notify_all()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = "http://127.0.0.1:%d/hook" % self.port
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def wait(self, wanted, limit_s=None):
        """What `wanted` gives of all requests so far, once that is something."""
        deadline = time.monotonic() + (LIMIT_S if limit_s is None else limit_s)
        with self.changed:
            while True:
                found = wanted(self.requests)
                if found:
                    return found
                if not self.changed.wait(max(0, deadline - time.monotonic())):
                    raise AssertionError("not what was wanted among %d requests: %r" % (len(self.requests), self.requests[-3:]))

    def events(self):
        """The CloudEvents that were taken, in their order."""
        with self.changed:
            return [json.loads(request["body"]) for request in self.requests if request["status"] < 300]

    def wait_events(self, count):
        """The first so many events that were taken."""
        self.wait(lambda requests: sum(request["status"] < 300 for request in requests) >= count)
        return self.events()[:count]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(LIMIT_S)


def free_port():
    """A port of loopback on which nobody listens now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Relay:
    """`routes`: the text of the list; FOLDER in it is the relay's folder."""

    def __init__(self, daemon, routes, relay="", start=True):
        self.folder = tempfile.mkdtemp(prefix="wl-")
        self.daemon = daemon
        self.state = os.path.join(self.folder, "state")
        os.mkdir(self.state)
        self.config = os.path.join(self.folder, "relay.conf")
        self.log_path = os.path.join(self.folder, "log")
        self.process = None
        self.configure(routes, relay)
        if start:
            self.start()

    def configure(self, routes, relay=""):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write('relay = { state = "state"; %s };\nendpoints = { publish = "%s"; query = "%s"; };\nroutes = (\n%s\n);\n'
                       % (relay, self.daemon.endpoints["publish"], self.daemon.endpoints["query"], routes.replace("FOLDER", self.folder)))

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def start(self):
        """Starts it and waits until it says that it is ready."""
        path = os.path.join(self.folder, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(LIMIT_S)
            with open(self.log_path, "ab") as log:
                command = inside("waitlist-relay", RELAY, self.folder, self.daemon.folder) + [RELAY, "-c", self.config, "--log-level", "info"]
                self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                env={**os.environ, "NOTIFY_SOCKET": path})
            while b"READY=1" not in notify.recv(4096):
                assert self.process.poll() is None, self.log()
        os.unlink(path)
        return self

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def cursor(self, route):
        """(epoch, seq) as committed."""
        try:
            with open(os.path.join(self.state, route + ".cursor"), encoding="utf-8") as file:
                epoch, seq = file.read().split()
            return epoch, int(seq)
        except FileNotFoundError:
            return None

    def wait_cursor(self, route, seq):
        """Until the route has committed all up to a seq; looks again with each of the daemon's heartbeats."""
        sub = self.daemon.subscribe()
        deadline = time.monotonic() + LIMIT_S
        while self.cursor(route) is None or self.cursor(route)[1] < seq:
            assert time.monotonic() < deadline, "%s is at %s, not %d; log:\n%s" % (route, self.cursor(route), seq, self.log())
            sub.next()
        sub.close()

    def command(self, *words):
        """One run from the command line: (exit code, output, complaints)."""
        done = subprocess.run([RELAY, "-c", self.config, *words], capture_output=True, text=True, timeout=LIMIT_S, check=False)
        return done.returncode, done.stdout, done.stderr

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=LIMIT_S)
        self.process = None
        assert code == 0, self.log()
        assert not SANITIZER.search(self.log()), self.log()

    def restart(self):
        self.stop()
        return self.start()

    def finish(self):
        """Ends it as it should end, whatever its targets do, and takes its folder away."""
        try:
            if self.process is not None:
                self.stop()
        finally:
            self.close()

    def close(self):
        if self.process is not None:
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
