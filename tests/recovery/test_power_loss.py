#!/usr/bin/python3
"""Power that fails at any instant: of what was written only what was synced is sure to be there, and of the rest anything (docs/operations.md).

A daemon takes a load through the fault shim, which keeps a tape of its writes and syncs. From the tape disks are made as the power might
have left them at random instants, and on each a daemon is started: every event that had been acknowledged by then is there once, every
alert that had been published is in the log as it was published. One of the disks carries the next load.

SEED=… repeats a run; CUTS=… says how many disks are made of each load.
"""
import json
import os
import random
import shutil
import sys
import tempfile
import unittest

import zmq

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from faults import Daemon, shimmed  # noqa: E402
from power_loss import Disk, files_in, put_back, read  # noqa: E402
from daemon import line  # noqa: E402
from test_kill import CONFIGURED, FIRST_CLOCK, Council  # noqa: E402

SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
CUTS = int(os.environ.get("CUTS", "16"))
LOADS = 3
BATCHES = 150
WINDOW = 8
OFTEN = "journal += { checkpoint_events = 500; checkpoint_interval_s = 0; };"
CLOCK = FIRST_CLOCK.strftime("%Y-%m-%dT%H:%M:%SZ")


class Load:
    """Sends batches until a number of them was acknowledged, and notes how long the tape was when it learnt of something."""

    def __init__(self, daemon, shim, batches):
        self.shim = shim
        self.known = []  # (tape's size, identities acknowledged, alerts published)
        self.ingest = daemon.connect(zmq.DEALER, "ingest")
        self.alerts = daemon.connect(zmq.SUB, "publish")
        self.alerts.subscribe(b"alert.")
        self.waiting = list(enumerate(batches))
        self.under_way = {}

    def fill(self):
        while self.waiting and len(self.under_way) < WINDOW:
            number, rows = self.waiting.pop(0)
            self.under_way[b"%d" % number] = [row["id"] for row in rows]
            self.ingest.send_multipart([b"%d" % number, b"\n".join(map(line, rows))])

    def run(self, daemon, limit):
        """Until so many answers came, or the daemon ended; whether it still runs."""
        poller = zmq.Poller()
        for sock in (self.ingest, self.alerts, daemon.exited):
            poller.register(sock, zmq.POLLIN)
        self.fill()
        while limit > 0 and self.under_way:
            ready = dict(poller.poll(30000))
            assert ready, "the daemon does not answer"
            identities, published = [], []
            if self.ingest in ready:
                limit -= 1
                identities = self.take_answer()
            elif self.alerts in ready:
                published = [json.loads(self.alerts.recv_multipart()[2])]
            elif daemon.exited in ready:
                return False
            self.known.append((self.shim.tape_size(), identities, published))
            self.fill()
        return True

    def take_answer(self):
        batch, body = self.ingest.recv_multipart()
        reply = json.loads(body)
        identities = self.under_way.pop(batch)
        assert reply["ok"], reply
        return identities

    def known_at(self, position):
        """What the world knew when the tape was so long."""
        identities, alerts = set(), {}
        for size, acknowledged, published in self.known:
            if size <= position:
                identities.update(acknowledged)
                alerts.update((row["seq"], row) for row in published)
        return identities, alerts


class PowerLoss(unittest.TestCase):
    def setUp(self):
        print("SEED=%d" % SEED, flush=True)
        self.chance = random.Random(SEED)
        self.council = Council(SEED + 1)
        self.known = set()  # acknowledged before the present load
        self.told = {}
        self.base = tempfile.mkdtemp(prefix="wl-base-")
        self.addCleanup(shutil.rmtree, self.base)
        self.disks = 0

    def check(self, image, identities, alerts):
        """A daemon that starts on this disk has all of it."""
        with Daemon(start=False, clock=CLOCK, pathways=CONFIGURED) as daemon:
            disk = os.path.dirname(daemon.journal)
            for name, content in image.items():
                with open(os.path.join(disk, name), "wb") as file:
                    file.write(content)
            daemon.start()
            found = [json.loads(body)["id"] for _, _, body in daemon.journalled()]
            self.assertEqual(len(found), len(set(found)), "an event is there twice")
            lost = (self.known | identities) - set(found)
            log = daemon.alerts()
            self.assertEqual([row["seq"] for row in log], list(range(1, len(log) + 1)))
            daemon.kill()
        self.disks += 1
        if self.known | identities:
            self.assertIn("journal.db.key", image, "the key by which personal data is hashed would be another one")
        self.assertFalse(lost, "%d acknowledged, and lost" % len(lost))
        for seq, row in {**self.told, **alerts}.items():
            self.assertLessEqual(seq, len(log), "published, and not in the log")
            self.assertEqual(log[seq - 1], row)

    def cut(self, load, tape, position, chance):
        """The disk, and what was known, when the power failed there."""
        disk = Disk(self.base, chance)
        disk.play(tape, position)
        return (disk.image(), *load.known_at(position))

    def load(self, prepare=lambda shim: None):
        """One daemon's life, from the base's disk to its end; gives the load and the tape."""
        daemon, shim = shimmed(clock=CLOCK, pathways=CONFIGURED, config=OFTEN)
        with daemon:
            folder = os.path.dirname(daemon.journal)
            put_back(folder, {name: read(os.path.join(self.base, name)) for name in files_in(self.base)})
            daemon.start()
            prepare(shim)
            load = Load(daemon, shim, [self.council.batch() for _ in range(BATCHES)])
            running = load.run(daemon, self.chance.randint(BATCHES // 2, BATCHES - WINDOW))
            if running:
                daemon.kill()
            else:
                self.assertEqual(daemon.wait_exit(), 1)
            tape = read(shim.tape)
        return load, tape

    def test_what_was_acknowledged_survives(self):
        for _ in range(LOADS):
            load, tape = self.load()
            # The first disks are cut at acknowledgements: there a sync that came too late would show.
            cuts = [size for size, identities, _ in load.known if identities]
            for number in range(CUTS):
                position = self.chance.choice(cuts) if number % 2 == 0 else self.chance.randint(0, len(tape))
                image, identities, alerts = self.cut(load, tape, position, self.chance if number % 4 > 1 else None)
                self.check(image, identities, alerts)
            put_back(self.base, image)
            self.known |= identities
            self.told.update(alerts)
        print("%d disks of %d loads, %d events acknowledged, %d alerts published" % (self.disks, LOADS, len(self.known), len(self.told)))

    def test_a_disk_that_lies_is_noticed(self):
        """Syncs that only say so lose what was acknowledged: this test can fail."""
        load, tape = self.load(lambda shim: setattr(shim, "sync_lies", 1))
        image, identities, alerts = self.cut(load, tape, len(tape), None)
        self.assertGreater(len(identities), 0)
        with self.assertRaisesRegex(AssertionError, "acknowledged, and lost"):
            self.check(image, identities, alerts)


if __name__ == "__main__":
    unittest.main()
