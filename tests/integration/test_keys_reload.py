#!/usr/bin/python3
"""Keys that come and go by a reload while events are sent, alerts followed and questions asked."""
import json
import os
import subprocess
import threading
import time
import unittest

import zmq
import zmq.utils.monitor

from daemon import LIMIT_S, WAITLISTCTL, line, receive, referral
from keyed import KeyedDaemon, Peer, observed

LONG_AGO = "2025-03-01"


class Clients:
    """waitlistctl with keys: one sends and one follows, for each of two peers; and a third asks."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.processes, self.sent, self.heard = [], {}, {}

    def key_of(self, peer):
        path = os.path.join(self.daemon.folder, peer.name + ".key")
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write("waitlist-curve-secret-key %s\n" % peer.secret.decode())
        return path

    def command(self, peer, *words):
        ends = ["--%s-endpoint=%s" % pair for pair in self.daemon.tcp.items()]
        return [WAITLISTCTL, "--key", self.key_of(peer), "--server-key", self.daemon.public.decode(), "--format", "json"] + ends + list(words)

    def start(self, peer, *words, **arguments):
        process = subprocess.Popen(self.command(peer, *words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **arguments)
        self.processes.append(process)
        return process

    def follow(self, peer):
        """Follows every alert from the first; what it prints is kept by the peer's name."""
        process = self.start(peer, "alerts", "--follow", "--since", "0")
        heard = self.heard[peer.name] = []

        def read():
            for told in process.stdout:
                heard.append(told)
        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return process

    def send(self, peer, count, batch=8):
        """Sends so many events of people who have waited too long; the process ends when all are durable."""
        rows = [referral("%s-%d-%d" % (peer.name, len(self.sent.setdefault(peer.name, [])), number), LONG_AGO) for number in range(count)]
        self.sent[peer.name] += [row["id"] for row in rows]
        path = os.path.join(self.daemon.folder, "%s-%d.ndjson" % (peer.name, len(self.sent[peer.name])))
        with open(path, "wb") as file:
            file.write(b"".join(line(row) + b"\n" for row in rows))
        return self.start(peer, "send", "--batch", str(batch), "--window", "2", path)

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdout.close()


def seqs(heard):
    return [json.loads(told)["seq"] for told in list(heard) if told.startswith(b"{")]


class Reload(unittest.TestCase):
    def setUp(self):
        self.stays, self.goes = Peer("stays", ("admin",)), Peer("goes", ("admin",))
        self.asks = Peer("asks", ("analyst",))
        self.daemon = KeyedDaemon([self.stays, self.goes, self.asks], clock=None)
        self.clients = Clients(self.daemon)
        self.addCleanup(self.clean)

    def clean(self):
        self.clients.end()
        if self.daemon.process is not None:
            self.daemon.stop()
        self.daemon.close()

    def until(self, wanted, what):
        deadline = time.monotonic() + LIMIT_S
        while not wanted():
            self.assertLess(time.monotonic(), deadline, "%s; log:\n%s" % (what, self.daemon.log()))
            self.daemon.ask("health")

    def events(self):
        return self.daemon.ask("health")["journal_seq"]

    def nothing_lost(self, senders):
        """Every event sent is there once, and who follows has heard each transition once."""
        for process in senders:
            out, _ = process.communicate(timeout=LIMIT_S * 3)
            self.assertEqual(process.returncode, 0, out)
        kept = [json.loads(body)["id"] for _, _, body in self.daemon.journalled()]
        self.assertEqual(len(kept), len(set(kept)))
        self.assertLessEqual(set(self.clients.sent["stays"]), set(kept))
        newest = self.daemon.ask("health")["alert_seq"]
        heard = self.clients.heard["stays"]
        self.until(lambda: seqs(heard) and seqs(heard)[-1] >= newest, "the follower is behind")
        self.assertEqual(seqs(heard), list(range(1, newest + 1)))

    def test_who_is_removed_is_out_and_nobody_else_notices(self):
        self.clients.follow(self.stays)
        gone = self.clients.follow(self.goes)
        sender, other = self.clients.send(self.stays, 1500), self.clients.send(self.goes, 100000)
        question = self.daemon.dial(zmq.DEALER, "query", self.asks)
        self.until(lambda: self.events() > 300, "no events")
        self.assertTrue(self.daemon.ask_by(question, "summary")["ok"])
        began = time.monotonic()
        self.daemon.let_in([self.stays, self.asks])
        self.assertEqual(self.daemon.reload(), "reloaded")
        for kind, name in ((zmq.DEALER, "ingest"), (zmq.SUB, "publish"), (zmq.DEALER, "query")):
            self.assertEqual(self.daemon.handshake(kind, name, self.goes), "refused, 400")
            observed("a key that was removed, on " + name, "goes", "refused, 400")
        self.assertLess(time.monotonic() - began, LIMIT_S)
        with self.subTest("a question after it on the connection from before"):
            self.assertTrue(self.daemon.ask_by(question, "summary")["ok"])
        self.nothing_lost([sender])
        self.assertNotEqual(other.poll(), 0, "its events cannot all be durable")
        self.assertIn("made anew", self.daemon.log())
        # Nothing of what it sends is taken, and nothing told.
        at = self.daemon.ask("health")
        again = self.clients.send(self.stays, 50)
        self.nothing_lost([again])
        self.assertEqual(self.events(), at["journal_seq"] + 50)
        self.assertLessEqual(len(seqs(self.clients.heard["goes"])), at["alert_seq"])
        self.assertTrue(all(seq <= at["alert_seq"] for seq in seqs(self.clients.heard["goes"])))
        observed("following and sending after the key was removed", "goes", "nothing heard, nothing taken")
        gone.kill()

    def test_who_is_added_comes_in_and_nobody_is_cut(self):
        new = Peer("new")
        sock, monitor = self.daemon.dial(zmq.DEALER, "query", self.asks, monitored=True)
        self.assertTrue(self.daemon.ask_by(sock, "summary")["ok"])
        self.assertEqual(zmq.utils.monitor.recv_monitor_message(monitor)["event"], zmq.EVENT_HANDSHAKE_SUCCEEDED)
        self.assertEqual(self.daemon.handshake(zmq.DEALER, "query", new), "refused, 400")
        self.daemon.let_in([self.stays, self.goes, new, self.asks])
        self.assertEqual(self.daemon.reload(), "reloaded")
        self.assertEqual(self.daemon.handshake(zmq.DEALER, "query", new), "let in")
        self.assertTrue(self.daemon.ask_by(sock, "summary")["ok"])
        self.assertFalse(monitor.poll(0))
        self.assertNotIn("made anew", self.daemon.log())

    def test_rights_that_change_hold_at_once(self):
        sock = self.daemon.dial(zmq.DEALER, "ingest", self.goes)
        reply = self.daemon.hand_in(sock, referral("A", LONG_AGO))
        self.assertTrue(reply["ok"])
        self.goes.roles = ("viewer",)
        self.daemon.let_in([self.stays, self.goes, self.asks])
        self.assertEqual(self.daemon.reload(), "reloaded")
        reply = self.daemon.hand_in(sock, referral("B", LONG_AGO))
        self.assertEqual(reply["error"]["code"], "forbidden")
        # An endpoint that gets an entry is another one to those who came through it before.
        plain = self.daemon.connect(zmq.DEALER, "ingest")
        reply = self.daemon.hand_in(plain, referral("C", LONG_AGO))
        self.assertTrue(reply["ok"])
        self.daemon.let_in([self.stays, self.goes, self.asks],
                           '{ name = "wall"; endpoint = "%s"; roles = ( "viewer" ); }' % self.daemon.endpoints["ingest"])
        self.assertEqual(self.daemon.reload(), "reloaded")
        reply = self.daemon.hand_in(plain, referral("D", LONG_AGO))
        self.assertEqual(reply["error"]["code"], "forbidden")

    def test_a_managers_alerts_follow_the_pathways(self):
        north = Peer("north", ("manager",), ("north",))
        pathways = 'pathways = ( { name = "needs_assessment"; }%s );'
        self.daemon.pathways = None
        text = 'security = { secret_key = "own.key"; peers = ( %s ); };' % ", ".join(peer.entry() for peer in (north, self.stays))
        self.daemon.configure(text, pathways=pathways % "")
        self.assertEqual(self.daemon.reload(), "reloaded")
        sub = self.daemon.dial(zmq.SUB, "publish", north)
        for topic in (b"alert.", b"heartbeat."):
            sub.subscribe(topic)
        receive(sub)
        self.daemon.configure(text, pathways=pathways % ', { name = "later"; }')
        self.assertEqual(self.daemon.reload(), "reloaded")
        receive(sub)
        deadline, number = time.monotonic() + LIMIT_S, 0
        heard = b""
        while not heard.startswith(b"alert.") and time.monotonic() < deadline:
            number += 1
            self.daemon.take(referral("L-%d" % number, LONG_AGO, pathway="later"))
            if sub.poll(200):
                heard = sub.recv_multipart()[0]
        self.assertEqual(heard, b"alert.breach.later.north.")

    def test_kills_and_reloads_under_load_lose_nothing(self):
        self.clients.follow(self.stays)
        senders = [self.clients.send(self.stays, 600)]
        for number in range(4):
            before = self.events()
            self.until(lambda before=before, senders=senders: self.events() > before + 60 or senders[0].poll() is not None, "no events")
            self.daemon.let_in([self.stays, self.asks] + ([self.goes] if number % 2 else []))
            if number == 2:
                self.daemon.kill()
                self.daemon.start()
            else:
                self.assertEqual(self.daemon.reload(), "reloaded")
        self.nothing_lost(senders)


if __name__ == "__main__":
    unittest.main()
