#!/usr/bin/python3
"""Clients that misbehave cost the others nothing: a hung subscriber, hundreds that only connect, garbage at full speed, a storm of slow
questions, answers that nobody reads (docs/operations.md). Beside each a proper sender and a proper follower go on, and lose nothing."""
import json
import os
import random
import socket
import sys
import threading
import time
import unittest

import zmq

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from daemon import Daemon, frame, referral  # noqa: E402
from test_back_pressure import MIB, is_sanitized, resident  # noqa: E402

SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
BATCHES = 30 if is_sanitized() else 150
EVENTS = 40
PATIENCE_S = 5.0  # within which whoever behaves gets an answer, whatever the others do


class Nuisance:
    """Something done over and over by a thread of its own, until the end of the block."""

    def __init__(self, daemon, act):
        self.daemon, self.act, self.times = daemon, act, 0
        self.ended, self.failure = threading.Event(), None
        self.thread = threading.Thread(target=self.run)

    def run(self):
        context = zmq.Context()
        try:
            while not self.ended.is_set():
                self.act(context)
                self.times += 1
        except Exception as failure:  # told to the test, which would not see it here
            self.failure = failure
        finally:
            context.destroy(linger=0)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        if self.failure:
            raise self.failure


class Misbehaving(unittest.TestCase):
    def setUp(self):
        print("SEED=%d" % SEED, flush=True)
        self.chance = random.Random(SEED)
        self.daemon = Daemon(config="endpoints += { publications_waiting = 1000; };")
        self.addCleanup(self.daemon.close)
        self.memory = resident(self.daemon.process.pid)
        self.limit = 160 * MIB * (6 if is_sanitized() else 1)

    def behave(self, batches=BATCHES):
        """What the others must not be made to feel: every batch is acknowledged in time, and every alert is heard once, in order."""
        sub = self.daemon.subscribe("alert.")
        slowest, sent = 0.0, 0
        for number in range(batches):
            began = time.monotonic()
            reply = self.daemon.send(*[referral("W-%d-%d" % (number, i), "2025-04-25") for i in range(EVENTS)])
            slowest = max(slowest, time.monotonic() - began)
            self.assertEqual(reply["accepted"], EVENTS, reply)
            sent += EVENTS
        self.assertLess(slowest, PATIENCE_S)
        heard = [told[2] for told in sub.alerts_through(self.daemon.ask("health")["alert_seq"])]
        log = self.daemon.alerts()
        self.assertEqual([row["seq"] for row in log], list(range(1, len(log) + 1)))
        self.assertEqual(len({row["subject"] for row in log if row["rule"] == "breach"}), sent)
        self.check_heard(heard, log)
        self.assertEqual(self.daemon.total()["waiting"], sent)
        if not is_sanitized():  # it keeps what was freed, and reads too slowly for a flood over ever new connections
            self.assertLess(resident(self.daemon.process.pid), self.memory + self.limit)
        return slowest

    def check_heard(self, heard, log):
        self.assertEqual(heard, log)

    def finish(self):
        self.assertEqual(self.daemon.ask("health")["reasons"], [])
        self.daemon.stop()

    def test_hung_subscribers(self):
        """They subscribe to everything and read nothing: at 1,000 publications each loses what follows, and nobody else does."""
        hung = []
        for _ in range(10):
            sock = self.daemon.connect(zmq.SUB, "publish")
            sock.rcvhwm = 1
            sock.subscribe(b"")
            sock.poll(10000)  # it is there: something came
            hung.append(sock)
        self.behave()
        self.finish()

    def test_two_hundred_that_only_connect(self):
        idle = []
        for number in range(200):
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.connect(self.daemon.endpoints[("ingest", "query", "publish")[number % 3]][6:])
            idle.append(sock)
            self.addCleanup(sock.close)
        zmq_idle = [self.daemon.connect(zmq.DEALER, "query") for _ in range(200)]
        for sock in zmq_idle:
            sock.send(b'{"v":1,"op":"health"}')
        for sock in zmq_idle:
            self.assertTrue(json.loads(self.daemon.receive(sock)[-1])["ok"])
        self.behave(30)
        self.finish()

    def test_more_connections_than_descriptors(self):
        """libzmq ends the process when it can accept no connection; the next one has all that was acknowledged."""
        with Daemon(start=False, wrapper=["prlimit", "--nofile=64"]) as daemon:
            daemon.start()
            daemon.take(*[referral("W-%d" % number, "2025-04-25") for number in range(100)])
            log = daemon.alerts()
            for number in range(100):
                sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                self.addCleanup(sock.close)
                try:
                    sock.connect(daemon.endpoints["query"][6:])
                except OSError:
                    break  # it is gone already
            self.assertNotEqual(daemon.wait_exit(), 0)
            self.assertIn("Too many open files", daemon.log())
            daemon.start()
            self.assertEqual((daemon.total()["waiting"], daemon.alerts()), (100, log))
            daemon.kill()

    def test_garbage_at_full_speed(self):
        paths = [self.daemon.endpoints[name][6:] for name in ("ingest", "query", "publish")]

        def raw(_context):
            """Bytes that are no ZMTP, until the daemon hangs up."""
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
                sock.settimeout(5)
                try:
                    sock.connect(self.chance.choice(paths))
                    for _ in range(20):
                        sock.sendall(self.chance.randbytes(4096))
                except OSError:
                    pass

        def wrapped(context):
            """Messages that are no requests, to both sockets; the answers are not read."""
            for name in ("ingest", "query"):
                sock = context.socket(zmq.DEALER)
                sock.linger = 0
                sock.sndtimeo = 1000
                sock.connect(self.daemon.endpoints[name])
                for _ in range(300):
                    parts = [self.chance.randbytes(self.chance.choice([0, 1, 16, 33, 900])) for _ in range(self.chance.randint(1, 5))]
                    if name == "ingest" and len(parts) > 1:
                        parts[0] = b""  # no batch id: refused as a whole, so that the quarantine does not fill
                    try:
                        sock.send_multipart(parts)
                    except zmq.Again:
                        break
                sock.close()

        with Nuisance(self.daemon, raw) as first, Nuisance(self.daemon, wrapped) as second:
            slowest = self.behave()
        self.assertGreater(first.times, 0)
        self.assertGreater(second.times, 0)
        self.assertGreater(self.daemon.ask("health")["counters"]["malformed"], 100)
        print("%d raw, %d wrapped; the slowest batch took %.0f ms" % (first.times, second.times, 1000 * slowest))
        self.daemon.check_log()
        self.assertLess(len(self.daemon.log()), MIB)  # garbage does not fill the log either
        self.finish()

    def test_answers_that_nobody_reads(self):
        sock = self.daemon.connect(zmq.DEALER, "query")
        sock.rcvhwm = 1
        sock.sndtimeo = 1000
        self.daemon.take(*[referral("X-%d" % i, "2025-05-31") for i in range(1000)])
        sent = 0
        try:
            for _ in range(3000):
                sock.send(b'{"v":1,"op":"waits","limit":1000}')  # some 700 kB each
                sent += 1
        except zmq.Again:
            pass
        self.assertGreater(sent, 128)
        self.assertGreaterEqual(self.daemon.total()["waiting"], 1000)
        self.assertLess(resident(self.daemon.process.pid), self.memory + 2 * self.limit)
        sock.close()
        self.daemon.send(referral("X-last", "2025-05-31"))
        self.finish()

    def test_a_storm_of_slow_questions(self):
        self.daemon.take(*[referral("S-%d" % number, "2025-05-%02d" % (20 + number % 10), worker="x") for number in range(5000)])
        baseline = self.daemon.total()["waiting"]
        questions = [{"op": "flow", "from": "2024-01-01", "to": "2025-05-31", "step": "day", "group_by": ["team", "pathway"]},
                     {"op": "waits", "limit": 1000, "sort": "-risk"}, {"op": "summary", "group_by": ["worker", "district", "team"]},
                     {"op": "exceptions"}, {"op": "summary", "as_at": "2025-05-25"}, {"op": "snapshot"}, {"op": "data_quality"}]
        answers = {"ok": 0, "busy": 0}

        def storm(context):
            socks = [context.socket(zmq.DEALER) for _ in range(12)]
            for number, sock in enumerate(socks):
                sock.linger = 0
                sock.connect(self.daemon.endpoints["query"])
                sock.send(json.dumps({"v": 1, **questions[number % len(questions)]}).encode())
            for sock in socks:
                if sock.poll(30000):
                    reply = json.loads(sock.recv_multipart()[-1])
                    answers["ok" if reply["ok"] else reply["error"]["code"]] += 1
                sock.close()

        with Nuisance(self.daemon, storm), Nuisance(self.daemon, storm):
            slowest = 0.0
            for number in range(60):
                began = time.monotonic()
                _, reply = self.daemon.request([b"b", frame([referral("T-%d-%d" % (number, i), "2025-05-30") for i in range(EVENTS)])])
                slowest = max(slowest, time.monotonic() - began)
                self.assertEqual(reply["accepted"], EVENTS)
        print("questions: %r; the slowest batch took %.0f ms" % (answers, 1000 * slowest))
        self.assertLess(slowest, PATIENCE_S)
        self.assertGreater(answers["ok"], 20)
        self.assertEqual(self.daemon.total()["waiting"], baseline + 60 * EVENTS)
        self.assertEqual(self.daemon.ask("health")["status"], "ok")
        self.daemon.stop()


if __name__ == "__main__":
    unittest.main()
