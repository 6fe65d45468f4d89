#!/usr/bin/python3
"""Writes and syncs that fail, at any call: EIO ends the process and loses nothing; a write with ENOSPC is waited out (docs/operations.md).

The load is that of test_power_loss: after every failed sync the page cache forgets what was to be written, and in the end the power fails
as well. What had been acknowledged must be there even then.

SEED=… repeats a run; FAILURES=… says how many lives each kind of failure gets.
"""
import errno
import json
import os
import random
import sys
import unittest

import zmq

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from faults import shimmed  # noqa: E402
from daemon import line, referral  # noqa: E402
from power_loss import Disk, files_in, read  # noqa: E402
from test_kill import CONFIGURED, FIRST_CLOCK, Council  # noqa: E402

SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
LIVES = int(os.environ.get("FAILURES", "9"))
OFTEN = "journal += { checkpoint_events = 500; checkpoint_interval_s = 0; };"
CLOCK = FIRST_CLOCK.strftime("%Y-%m-%dT%H:%M:%SZ")
WINDOW = 6


class Failing(unittest.TestCase):
    def setUp(self):
        print("SEED=%d" % SEED, flush=True)
        self.chance = random.Random(SEED)
        self.council = Council(SEED + 1)
        self.acknowledged = set()
        self.waiting = []
        self.under_way = {}  # over this connection
        self.connection = None
        self.refused = 0
        self.daemon, self.shim = shimmed(clock=CLOCK, pathways=CONFIGURED, config=OFTEN)
        self.addCleanup(self.daemon.close)
        self.disk = Disk(os.path.dirname(self.daemon.journal), self.chance)
        self.log = []

    def send(self, count, stop=lambda: False):
        """Batches, each again until it is taken; whether the daemon still runs."""
        sock = self.daemon.socket(zmq.DEALER, "ingest")
        poller = zmq.Poller()
        poller.register(sock, zmq.POLLIN)
        poller.register(self.daemon.exited, zmq.POLLIN)
        self.waiting += [(b"%d" % self.chance.randrange(1 << 60), self.council.batch()) for _ in range(count)]
        if sock is not self.connection:
            self.waiting = list(self.under_way.items()) + self.waiting
            self.under_way, self.connection = {}, sock
        while (self.waiting or self.under_way) and not stop():
            while self.waiting and len(self.under_way) < WINDOW:
                batch, rows = self.waiting.pop(0)
                self.under_way[batch] = rows
                sock.send_multipart([batch, b"\n".join(map(line, rows))])
            ready = dict(poller.poll(30000))
            self.assertTrue(ready, "the daemon does not answer; log:\n" + self.daemon.log())
            if sock not in ready:
                break  # what it had answered was taken before
            batch, body = sock.recv_multipart()
            self.take(batch, json.loads(body))
        return self.daemon.exited not in dict(poller.poll(0))

    def take(self, batch, reply):
        rows = self.under_way.pop(batch)
        if reply["ok"]:
            self.acknowledged.update(row["id"] for row in rows)
        else:
            self.assertEqual(reply["error"]["code"], "read_only")
            self.refused += 1
            self.waiting.append((batch, rows))

    def check(self):
        """Of the running daemon."""
        found = [json.loads(body)["id"] for _, _, body in self.daemon.journalled()]
        self.assertEqual(len(found), len(set(found)))
        lost = self.acknowledged - set(found)
        self.assertFalse(lost, "%d acknowledged, and lost" % len(lost))
        log = self.daemon.alerts()
        self.assertEqual([row["seq"] for row in log], list(range(1, len(log) + 1)))
        self.assertEqual(log[:len(self.log)], self.log)
        self.log = log

    def cut_the_power(self):
        """The daemon is gone; what it wrote is there as far as a disk that failed has it."""
        for name in files_in(os.path.dirname(self.daemon.journal)):
            os.unlink(os.path.join(os.path.dirname(self.daemon.journal), name))
        self.disk.play(read(self.shim.tape), self.shim.tape_size())
        for name, content in self.disk.image().items():
            with open(os.path.join(os.path.dirname(self.daemon.journal), name), "wb") as file:
                file.write(content)
        os.unlink(self.shim.tape)
        self.disk = Disk(os.path.dirname(self.daemon.journal), self.chance)

    def failing(self, what):
        """Lives that each end by a failure: one call or all from then on; after some of them the power fails too."""
        ended = 0
        for life in range(LIVES):
            self.daemon.start()
            self.check()
            self.send(self.chance.randint(0, 10))
            self.shim.fail(what, errno.EIO, self.chance.randint(1, 40), self.chance.choice([1, -1]))
            if not self.send(150):
                self.assertEqual(self.daemon.wait_exit(), 1)
                ended += 1
            else:
                self.daemon.kill()
            self.shim.mend(what)
            if life % 3 == 2:
                self.cut_the_power()
        self.daemon.start()
        self.check()
        self.assertGreater(ended, 0)
        self.assertTrue(self.send(0))
        self.check()
        self.daemon.stop()
        print("%s: %d of %d lives ended by the failure, %d events acknowledged" % (what, ended, LIVES, len(self.acknowledged)))

    def test_syncs_that_fail(self):
        self.failing("sync")

    def test_writes_that_fail(self):
        self.failing("write")

    def test_nothing_is_acknowledged_after_a_sync_that_failed(self):
        """The first sync of a commit fails and all that follow succeed, as Linux has it: the process may not go on."""
        self.daemon.configure("journal += { checkpoint_events = 0; };", CONFIGURED)  # the sync that fails is not a checkpoint's
        self.daemon.start()
        self.send(3)
        self.shim.fail("sync", errno.EIO)
        before = len(self.acknowledged)
        self.assertFalse(self.send(50))
        self.assertEqual(self.daemon.wait_exit(), 1)
        self.assertEqual(len(self.acknowledged), before)
        self.assertIn("the journal failed", self.daemon.log())
        self.cut_the_power()
        self.daemon.start()
        self.check()
        self.daemon.stop()

    def test_no_room_for_a_while(self):
        """ENOSPC at any call: refused, shown as degraded, and taken again when there is room. The process stays."""
        self.daemon.start()
        process = self.daemon.process.pid
        for _ in range(LIVES // 2):
            self.shim.fail("write", errno.ENOSPC, self.chance.randint(1, 30), -1)
            refused = self.refused
            self.assertTrue(self.send(60, lambda: self.refused > refused), self.daemon.log())
            if self.refused > refused:
                health = self.daemon.ask("health")
                self.assertEqual(health["status"], "degraded")
                self.assertIn("full", health["reasons"][0])
                self.assertEqual(health["journal_seq"], len(self.daemon.journalled()))
            self.shim.mend("write")
            sub = self.daemon.subscribe()
            for _ in range(30):
                if self.daemon.ask("health")["status"] == "ok":
                    break
                sub.next()
            self.assertTrue(self.send(2))
            self.check()
        self.assertTrue(self.send(0))
        self.assertEqual(self.waiting, [])
        self.assertEqual(self.daemon.process.pid, process)
        self.assertGreater(self.refused, 0)
        picture = self.daemon.ask("summary", group_by=["pathway", "team", "priority", "stage"])["rows"]
        self.daemon.kill()
        self.cut_the_power()
        self.daemon.start()
        self.check()
        self.assertEqual(self.daemon.ask("summary", group_by=["pathway", "team", "priority", "stage"])["rows"], picture)
        self.daemon.take({**referral("later", "2025-05-01"), "id": "later"})
        self.daemon.stop()


if __name__ == "__main__":
    unittest.main()
