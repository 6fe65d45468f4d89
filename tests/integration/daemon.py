#!/usr/bin/python3
"""Starts a real waitlistd on a fresh folder, talks to its three sockets, and stops it again; shared by the integration and recovery tests.

Nothing here waits for time to pass: a start is over when the service manager's socket says READY=1, a subscription is in place when a
heartbeat came through it, an end is seen through the process's own descriptor. Every limit is only a limit.
"""
import itertools
import json
import os
import queue
import re
import select
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time

import zmq

from restrictions import inside

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WAITLISTD = os.environ.get("WAITLISTD", "")
WAITLISTCTL = os.environ.get("WAITLISTCTL", "")
LIMIT_S = float(os.environ.get("WAITLIST_TEST_LIMIT_S", "30"))
SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:")
LOG_LINE = re.compile(r"<[3-7]>[^\x00-\x1f\x7f]+")
PATHWAYS = """
pathways = (
  { name = "needs_assessment"; },
  { name = "ot_assessment"; standard_by_priority = ( (1, 2), (2, 7) ); pauses = "exclude"; },
  { name = "review"; completes_on = "asc.review.completed"; },
  { name = "dols"; standard_days = 21; },
  { name = "triage"; standard_days = 5; unit = "working_days"; clock_stops_on = "started"; } );
"""
_numbers = itertools.count(1)


def event(kind, subject, at, data=None, **more):
    """One event; `kind` without "asc."; `at` an instant, or a date that stands for nine o'clock local time in Europe/London's summer."""
    row = {"specversion": "1.0", "id": "e-%d" % next(_numbers), "source": "urn:test", "type": "asc." + kind, "subject": subject,
           "time": at if "T" in at else at + "T09:00:00+01:00", "data": data or {}}
    row.update(more)
    return row


def referral(subject, at, team="north", pathway="needs_assessment", **data):
    """A referral; the members of its data that are not given are made up."""
    return event("referral.received", subject, at, {"pathway": pathway, "team": team, "person": "P-" + subject, **data})


def line(row):
    """An event as one line of JSON, as most senders write it."""
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode()


def frame(rows):
    """Events as one NDJSON frame; bytes stay as they are."""
    return b"\n".join(row if isinstance(row, bytes) else line(row) for row in rows)


def remaining(deadline):
    """Milliseconds until a deadline, for poll."""
    return max(0, int((deadline - time.monotonic()) * 1000))


def receive(sock, limit_s=None):
    """The next message of a socket; fails when none comes."""
    limit_s = LIMIT_S if limit_s is None else limit_s
    if not sock.poll(int(limit_s * 1000)):
        raise AssertionError("no message within %g s" % limit_s)
    return sock.recv_multipart()


class Daemon:
    """One waitlistd with a folder of its own. As a context manager it is stopped with SIGTERM at the end, and that end is checked."""

    def __init__(self, clock="2025-06-01T12:00:00Z", config="", pathways=PATHWAYS, endpoints=None, start=True, wrapper=(), journal=None,
                 environment=None, arguments=()):
        self.folder = tempfile.mkdtemp(prefix="wl-")
        self.context = zmq.Context()
        self.context.linger = 0
        self.clock = clock
        self.wrapper = list(wrapper)
        self.arguments = list(arguments)
        self.environment = dict(environment or {})
        self.journal = journal or os.path.join(self.folder, "journal.db")
        self.config_path = os.path.join(self.folder, "waitlistd.conf")
        self.log_path = os.path.join(self.folder, "log")
        self.notify_path = os.path.join(self.folder, "notify")
        self.endpoints = {name: "ipc://%s/%s" % (self.folder, name) for name in ("ingest", "publish", "query")}
        self.endpoints.update(endpoints or {})
        self.process = self.notify = self.exited = self.listener = self.notifications = None
        self.sockets, self.opened = {}, []
        self.batches = itertools.count(1)
        self.configure(config, pathways)
        open(self.log_path, "wb").close()
        if start:
            self.start()

    # --- the process ---------------------------------------------------------------------------------------------

    def configure(self, config="", pathways=PATHWAYS):
        """Writes the configuration file; a running daemon reads it on `reload`."""
        ends = "".join('%s = [ "%s" ]; ' % pair for pair in sorted(self.endpoints.items()))
        merged = re.search(r"endpoints \+= \{(.*?)\};", config, re.DOTALL)
        if merged:
            config = config.replace(merged.group(0), "")
            ends += merged.group(1)
        journal = re.search(r"journal \+= \{(.*?)\};", config, re.DOTALL)
        if journal:
            config = config.replace(journal.group(0), "")
        with open(self.config_path, "w", encoding="utf-8") as file:
            if "council = {" not in config:
                file.write('council = { calendar = "%s"; };\n' % os.path.join(ROOT, "config", "bank-holidays.json"))
            file.write('journal = { path = "%s"; %s };\nendpoints = { %s };\n%s\n%s\n'
                       % (self.journal, journal.group(1) if journal else "", ends, pathways, config))

    def spawn(self):
        """Starts the process without waiting for it."""
        assert self.process is None and WAITLISTD, "set WAITLISTD to the daemon's path"
        self.close_notify()
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.notify_path)
        command = inside("waitlistd", WAITLISTD, self.folder) + self.wrapper + [WAITLISTD, "-c", self.config_path] + self.arguments
        if self.clock:
            command += ["--simulated-clock", self.clock]
        environment = {**os.environ, "NOTIFY_SOCKET": self.notify_path, **self.environment}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.exited = os.pidfd_open(self.process.pid)
        self.notifications = queue.Queue()
        self.listener = threading.Thread(target=self._listen, args=(self.notify, self.exited), daemon=True)
        self.listener.start()

    def start(self):
        """Starts the process and waits until it says that it is ready."""
        self.spawn()
        self.wait_notified("READY=1")
        return self

    def _listen(self, notify, exited):
        """Reads all that the service manager is told until the process ends: nobody may hold the daemon up by not listening."""
        poller = select.poll()
        poller.register(notify, select.POLLIN)
        poller.register(exited, select.POLLIN)
        ended = False
        while not ended:
            ended = any(descriptor == exited for descriptor, _ in poller.poll())
            try:
                while True:
                    self.notifications.put(notify.recv(4096, socket.MSG_DONTWAIT).decode().split("\n"))
            except BlockingIOError:
                pass
        self.notifications.put(None)

    def next_notification(self, limit_s=None):
        """What the daemon tells its service manager next, as a list of lines; None when it has ended."""
        try:
            return self.notifications.get(timeout=LIMIT_S if limit_s is None else limit_s)
        except queue.Empty:
            raise AssertionError("the daemon says nothing; log:\n" + self.log()) from None

    def wait_notified(self, wanted):
        """Reads notifications until one holds the line `wanted`, and gives all lines read."""
        lines = []
        while wanted not in lines:
            told = self.next_notification()
            if told is None:
                raise AssertionError("the daemon ended; log:\n" + self.log())
            lines += told
        return lines

    def wait_exit(self, limit_s=None):
        """Waits for the process to end, and gives its exit code."""
        ready, _, _ = select.select([self.exited], [], [], LIMIT_S if limit_s is None else limit_s)
        if not ready:
            raise AssertionError("the daemon does not end; log:\n" + self.log())
        code = self.process.wait()
        self.listener.join()
        os.close(self.exited)
        self.process = self.exited = None
        self.close_sockets()
        return code

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """kill -9: what a power cut leaves of a process."""
        if self.process is not None:
            self.process.kill()
            self.wait_exit()

    def stop(self):
        """SIGTERM, and all that a clean end means."""
        self.signal(signal.SIGTERM)
        code = self.wait_exit()
        assert code == 0, "exit code %d; log:\n%s" % (code, self.log())
        self.check_log()

    def restart(self, clock=None, start=True):
        """Stops it cleanly and starts it again, at another instant when one is given."""
        self.stop()
        self.clock = clock or self.clock
        return self.start() if start else self

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def check_log(self):
        """No sanitizer spoke, and every line is one line with its level."""
        log = self.log()
        assert not SANITIZER.search(log), log
        for written in log.splitlines():
            assert LOG_LINE.fullmatch(written), "not a log line: %r" % written

    def reload(self):
        """SIGHUP; gives the status that the daemon ends the reload with."""
        self.signal(signal.SIGHUP)
        self.wait_notified("RELOADING=1")
        lines = self.wait_notified("READY=1")
        return next(told[7:] for told in lines[lines.index("READY=1"):] if told.startswith("STATUS="))

    def close_notify(self):
        if self.notify is not None:
            self.notify.close()
            os.unlink(self.notify_path)
            self.notify = None

    def close_sockets(self):
        for sock in self.opened:
            sock.close()
        self.opened.clear()
        self.sockets.clear()

    def close(self):
        self.kill()
        self.close_notify()
        self.close_sockets()
        self.context.destroy(linger=0)
        shutil.rmtree(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if self.process is not None and kind is None:
                self.stop()
        finally:
            self.close()

    # --- the sockets ---------------------------------------------------------------------------------------------

    def connect(self, kind, name):
        """A fresh socket to one of the endpoints; closed at the latest when the daemon has ended."""
        sock = self.context.socket(kind)
        self.opened.append(sock)
        sock.linger = 0
        sock.rcvhwm = sock.sndhwm = 0
        sock.connect(self.endpoints[name])
        return sock

    def socket(self, kind, name):
        """The one socket of this kind that the helper keeps for itself."""
        if (kind, name) not in self.sockets:
            self.sockets[kind, name] = self.connect(kind, name)
        return self.sockets[kind, name]

    def receive(self, sock):
        """The next message of a socket; fails at once when the daemon has ended."""
        poller = zmq.Poller()
        poller.register(sock, zmq.POLLIN)
        poller.register(self.exited, zmq.POLLIN)
        ready = dict(poller.poll(int(LIMIT_S * 1000)))
        if sock not in ready:
            raise AssertionError("the daemon %s; log:\n%s" % ("ended" if ready else "does not answer", self.log()))
        return sock.recv_multipart()

    def request(self, frames, kind=zmq.DEALER):
        """One ingest request as it stands; gives (batch id, reply)."""
        sock = self.socket(kind, "ingest")
        sock.send_multipart(frames)
        batch, body = self.receive(sock)
        return batch, json.loads(body)

    def send(self, *rows):
        """Events in one request; gives the reply."""
        batch = b"b%d" % next(self.batches)
        answered, reply = self.request([batch, frame(rows)])
        assert answered == batch, (answered, batch)
        return reply

    def take(self, *rows):
        """Events that must all be accepted, in requests of up to 1,024; gives the last reply."""
        reply = None
        for first in range(0, len(rows), 1024):
            part = rows[first:first + 1024]
            reply = self.send(*part)
            assert reply["ok"] and reply["accepted"] == len(part), reply
        return reply

    def query(self, body):
        """A query of any bytes, in one frame; gives the reply."""
        sock = self.socket(zmq.DEALER, "query")
        sock.send(body)
        return json.loads(self.receive(sock)[-1])

    def try_ask(self, op, **members):
        return self.query(json.dumps({"v": 1, "op": op, **members}).encode())

    def ask(self, op, **members):
        """A question that must be answered."""
        reply = self.try_ask(op, **members)
        assert reply["ok"] is True, reply
        return reply

    def error(self, op, **members):
        """A question that must be refused; gives (code, pointer)."""
        reply = self.try_ask(op, **members)
        assert reply["ok"] is False and reply["v"] == 1 and reply["error"]["message"], reply
        return reply["error"]["code"], reply["error"]["pointer"]

    def set_clock(self, now):
        self.clock = now
        return self.ask("clock.set", now=now)

    def total(self, **filters):
        return self.ask("summary", filter=filters)["total"]

    def wait(self, subject):
        return self.ask("wait", subject=subject)["wait"]

    def alerts(self, since=0, **members):
        """All rows behind a seq, page by page."""
        rows = []
        while True:
            reply = self.ask("alerts", since=since, **members)
            rows += reply["rows"]
            if reply["through"] == since or not reply["rows"]:
                return rows
            since = reply["through"]

    def waits(self, **members):
        """All rows of a listing, page by page."""
        rows, cursor = [], None
        while True:
            page = self.ask("waits", cursor=cursor, **members)
            rows += page["rows"]
            cursor = page["next"]
            if cursor is None:
                return rows

    def subscribe(self, *topics):
        return Subscriber(self, topics)

    # --- the journal's file, behind the daemon's back -------------------------------------------------------------

    def database(self):
        return sqlite3.connect("file:%s?mode=ro" % self.journal, uri=True)

    def journalled(self, after_seq=0):
        """(seq, received, bytes) of the accepted events, as docs/journal.md lays them out; fails on a gap."""
        rows = []
        database = self.database()
        try:
            found = database.execute("SELECT first_seq, count, received, body FROM segment WHERE first_seq > ? ORDER BY first_seq", [after_seq])
            for first_seq, count, received, body in found:
                assert first_seq == after_seq + 1, "a gap in the journal before seq %d" % first_seq
                table = len(body) - 12 - 8 * count
                begin = 0
                for number in range(count):
                    end, distance = struct.unpack_from("<II", body, table + 8 * number)
                    assert distance <= first_seq + number
                    rows.append((first_seq + number, received, body[begin:end]))
                    begin = end
                assert begin == table and struct.unpack_from("<I", body, len(body) - 12) == (1,)
                after_seq = first_seq + count - 1
        finally:
            database.close()
        return rows

    def quarantined(self):
        """The quarantine table as dictionaries, in the order of first arrival."""
        database = self.database()
        database.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in database.execute("SELECT * FROM quarantine ORDER BY id")]
        finally:
            database.close()

    def bytes_on_disk(self):
        """Everything that the daemon wrote: journal, write-ahead file, log, access log."""
        found = b""
        for folder, _, names in sorted(os.walk(self.folder)):
            for name in sorted(names):
                path = os.path.join(folder, name)
                if os.path.isfile(path) and name != "waitlistd.conf":
                    with open(path, "rb") as file:
                        found += file.read()
        return found


class Subscriber:
    """A SUB socket whose topics are in place when it is made."""

    def __init__(self, daemon, topics):
        self.sock = daemon.connect(zmq.SUB, "publish")
        self.kept = []
        for topic in topics:
            self.sock.subscribe(topic.encode())
        # A pipe keeps its order: when this last subscription works, those before it do too.
        self.sock.subscribe(b"heartbeat.")
        self.first_heartbeat = self.until("heartbeat.")[-1]

    def next(self, limit_s=None):
        """(topic, seq, payload) of the next publication."""
        topic, seq, body = receive(self.sock, limit_s)
        assert len(seq) == 8
        return topic.decode(), struct.unpack(">Q", seq)[0], json.loads(body)

    def until(self, prefix, wanted=lambda payload: True):
        """All publications up to the first one under `prefix` that is wanted, which is the last of the list."""
        deadline = time.monotonic() + LIMIT_S
        seen = []
        while time.monotonic() < deadline:
            seen.append(self.next())
            if seen[-1][0].startswith(prefix) and wanted(seen[-1][2]):
                return seen
        raise AssertionError("nothing wanted under %s among %d publications" % (prefix, len(seen)))

    def alerts_through(self, alert_seq):
        """Alert publications until a heartbeat tells that all up to `alert_seq` were published."""
        seen = self.until("heartbeat.", lambda beat: beat["alert_seq"] >= alert_seq)
        return [told for told in seen if told[0].startswith("alert.")]

    def close(self):
        self.sock.close()
