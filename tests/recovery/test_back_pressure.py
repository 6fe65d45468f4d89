#!/usr/bin/python3
"""More than the daemon can take: its memory and the senders' stay bounded, and nothing acknowledged is lost (docs/operations.md).

The fault shim makes every sync slow, so that a sender is far faster than the disk. SECONDS=60 floods for a minute instead of a few seconds.
"""
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

import zmq

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from faults import Daemon, shimmed  # noqa: E402
from daemon import WAITLISTCTL, WAITLISTD, line, referral  # noqa: E402

SECONDS = float(os.environ.get("SECONDS", "4"))
SLOW_SYNC_US = 150000
MIB = 1 << 20
EVENT_BYTES = 1500  # of memory for each accepted event, and more than enough
SLACK_MIB = 96
EVENTS = 64


def resident(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return next(int(row.split()[1]) for row in file if row.startswith("VmRSS:")) * 1024


def is_sanitized():
    with open(WAITLISTD, "rb") as file:
        return b"__asan_init" in (content := file.read()) or b"__tsan_init" in content


class Events:
    """Batches of referrals, each new, made quickly."""

    def __init__(self, more=""):
        self.template = b"\n".join(line({**referral("W-@-%d" % i, "2025-05-01", more=more), "id": "e-@-%d" % i}) for i in range(EVENTS))
        self.number = 0

    def next(self):
        self.number += 1
        return self.template.replace(b"@", b"%d" % self.number)


class Flood(unittest.TestCase):
    def setUp(self):
        factor = 6 if is_sanitized() else 1
        self.event_bytes, self.slack = EVENT_BYTES * factor, SLACK_MIB * MIB * factor

    def flood(self, daemon, shim, senders=1):
        """Sends as fast as the sockets take it and gives (accepted, how often a socket took no more, the most memory in use)."""
        socks = [daemon.connect(zmq.DEALER, "ingest") for _ in range(senders)]
        for sock in socks:
            sock.sndhwm = 50
        events, accepted, refusals, most, sent = Events(), 0, 0, 0, 0
        poller = zmq.Poller()
        for sock in socks:
            poller.register(sock, zmq.POLLIN)
        began = time.monotonic()
        while time.monotonic() - began < SECONDS or accepted < sent:
            for sock in socks:
                for _ in range(100 if time.monotonic() - began < SECONDS else 0):
                    try:
                        sock.send_multipart([b"b", events.next()], zmq.DONTWAIT)
                        sent += EVENTS
                    except zmq.Again:
                        refusals += 1
                        break
            for sock, _ in poller.poll(50):
                accepted += json.loads(sock.recv_multipart()[1])["accepted"]
            most = max(most, resident(daemon.process.pid))
        return accepted, refusals, most

    def test_a_sender_faster_than_the_disk(self):
        daemon, shim = shimmed(with_tape=False)
        with daemon:
            daemon.start()
            before = resident(daemon.process.pid)
            shim.sync_delay_us = SLOW_SYNC_US
            accepted, refusals, most = self.flood(daemon, shim, senders=4)
            shim.sync_delay_us = 0
            print("%d accepted, held back %d times, memory %.0f -> %.0f MiB" % (accepted, refusals, before / MIB, most / MIB))
            self.assertGreater(refusals, 10, "the disk kept up: nothing was tested")
            self.assertLess(most, before + accepted * self.event_bytes + self.slack)
            self.assertEqual(daemon.ask("health")["journal_seq"], accepted)
            self.assertLess(daemon.ask("health")["loop_lag_ms"], 10000)
            daemon.restart()
            self.assertEqual(daemon.total()["waiting"], accepted)

    def test_a_slow_disk_is_told(self):
        daemon, shim = shimmed(with_tape=False)
        with daemon:
            daemon.start()
            shim.sync_delay_us = 2100000
            daemon.take(referral("W-1", "2025-05-01"))
            shim.sync_delay_us = 0
            health = daemon.ask("health")
            self.assertEqual(health["status"], "degraded")
            self.assertIn("longer than two seconds", health["reasons"][0])
            self.assertGreater(health["loop_lag_ms"], 2000)

    def test_what_waits_is_configurable(self):
        """Large requests to a daemon that stands still: one sender's memory in it is bounded by the key."""
        daemon, shim = shimmed(with_tape=False, config="endpoints += { requests_waiting = 4; };")
        with daemon:
            daemon.start()
            before = resident(daemon.process.pid)
            shim.sync_delay_us = SLOW_SYNC_US
            sock = daemon.connect(zmq.DEALER, "ingest")
            sock.sndhwm = 2
            most, taken, answers = 0, 0, 0
            while answers < 60:
                if taken < 60 and sock.poll(10, zmq.POLLOUT):
                    # New bytes each, of which all but one event are blank lines.
                    sock.send_multipart([b"b", line(referral("W-%d" % taken, "2025-05-01")) + b"\n" * (3 * MIB)])
                    taken += 1
                while sock.poll(0):
                    self.assertTrue(json.loads(sock.recv_multipart()[1])["ok"])
                    answers += 1
                most = max(most, resident(daemon.process.pid))
            # A turn takes little more than 8 MiB of them, the socket holds four, and libzmq as many again on their way.
            self.assertLess(most, before + self.slack)

    def test_the_library_holds_its_reader(self):
        """waitlistctl send reads on only as events become durable."""
        daemon, shim = shimmed(with_tape=False)
        with daemon:
            daemon.start()
            shim.sync_delay_us = SLOW_SYNC_US
            sender = subprocess.Popen([WAITLISTCTL, "-c", daemon.config_path, "send", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT)
            events, most, written = Events("x" * 200), 0, 0
            began = time.monotonic()
            while time.monotonic() - began < SECONDS / 2:
                sender.stdin.write(events.next() + b"\n")
                written += EVENTS
                most = max(most, resident(sender.pid))
            shim.sync_delay_us = 0
            out, _ = sender.communicate(timeout=120)
            print("%d events through waitlistctl, its memory at most %.0f MiB" % (written, most / MIB))
            self.assertIn(b"%d accepted" % written, out)
            self.assertEqual(sender.returncode, 0)
            self.assertLess(most, self.slack)


class Endless(unittest.TestCase):
    """A multipart message that never ends, as only a raw peer can send it: libzmq collects it until the service's limit is reached."""

    LIMIT = 600 * MIB

    def peer(self, path):
        """A ZMTP 3.0 connection after its handshake."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.connect(path)
        sock.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
        ready = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER"
        sock.sendall(bytes([4, len(ready)]) + ready)
        # What comes before the daemon has asked who this is, and said that it is ready, would end the connection.
        with sock.makefile("rb") as answers:
            answers.read(64)
            _, size = answers.read(2)
            answers.read(size)
        return sock

    def pour(self, path, ended):
        frame = b"\x03" + struct.pack(">Q", MIB) + bytes(MIB)
        with self.peer(path) as sock:
            try:
                while not ended.is_set():
                    sock.sendall(frame)
            except OSError:
                pass  # the daemon is gone

    def test_the_daemon_comes_back_without_loss(self):
        """The test does what the kernel does under MemoryMax, and what the service manager does then."""
        with Daemon() as daemon:
            daemon.take(*[referral("W-%d" % number, "2025-05-01") for number in range(500)])
            log = daemon.alerts()
            ended = threading.Event()
            thread = threading.Thread(target=self.pour, args=(daemon.endpoints["ingest"][6:], ended))
            thread.start()
            try:
                others = 0
                while resident(daemon.process.pid) < self.LIMIT:
                    daemon.take(referral("W-other-%d" % others, "2025-05-01"))  # nobody else is held up meanwhile
                    others += 1
                daemon.kill()
            finally:
                ended.set()
                thread.join()
            self.assertGreater(others, 0)
            daemon.start()
            self.assertEqual(daemon.total()["waiting"], 500 + others)
            self.assertEqual(daemon.alerts()[:len(log)], log)
            self.assertLess(resident(daemon.process.pid), self.LIMIT // 2)
            daemon.take(referral("W-500", "2025-05-01"))
            daemon.stop()


if __name__ == "__main__":
    unittest.main()
