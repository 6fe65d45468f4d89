#!/usr/bin/python3
"""The access log when the process is killed, its disk is full or fails, or the power goes (docs/security.md, Access log).

What is shown: every answered look is in the log; no line is broken; what a crash leaves is said; and whatever happens to the log, nobody is
shown to anybody without an entry, while counts are answered. SEED=… repeats a run.
"""
import errno
import json
import os
import random
import shutil
import subprocess
import sys
import unittest

import zmq

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from faults import Daemon, shimmed  # noqa: E402
from power_loss import Disk, read  # noqa: E402
from daemon import WAITLISTCTL, referral  # noqa: E402
from access_log import entries_of, files_of, verify  # noqa: E402

SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(2**32)))
LOOKS = int(os.environ.get("LOOKS", "10000"))


class Killed(unittest.TestCase):
    def test_every_answered_look_is_in_the_log(self):
        """kill -9 in the midst of ten thousand looks, several times over; what was answered is there, and the chain is whole."""
        chance = random.Random(SEED)
        with Daemon() as daemon:
            folder = os.path.join(daemon.folder, "access")
            daemon.take(*[referral("w-%d" % number, "2025-05-01") for number in range(100)])
            answered, asked = [], 0
            while asked < LOOKS:
                asker = daemon.connect(zmq.DEALER, "query")
                until = min(LOOKS, asked + chance.randint(LOOKS // 10, LOOKS // 3))
                flying = 0
                while asked < until:
                    while flying < 50 and asked < until:
                        on_behalf = {"user": "u-%d" % asked, "roles": ["admin"]}
                        asker.send_multipart([b"%d" % asked, json.dumps({"v": 1, "op": "wait", "subject": "w-%d" % (asked % 100),
                                                                         "on_behalf_of": on_behalf}).encode()])
                        asked, flying = asked + 1, flying + 1
                    number, reply = daemon.receive(asker)
                    assert json.loads(reply)["ok"]
                    answered.append(int(number))
                    flying -= 1
                daemon.kill()
                daemon.start()
            rows = [row for row in entries_of(folder) if row["op"] == "wait"]
            logged = {row["user"]: row["what"]["subject"] for row in rows}
            self.assertEqual(len(logged), len(rows))  # no look twice
            for number in answered:
                self.assertEqual(logged["u-%d" % number], "w-%d" % (number % 100), "SEED=%d" % SEED)
            self.assertGreater(len(answered), LOOKS // 2)
            code, text = verify(folder)
            self.assertEqual(code, 0, text)

    def test_a_line_cut_anywhere(self):
        with Daemon() as daemon:
            folder = os.path.join(daemon.folder, "access")
            daemon.take(referral("w-1", "2025-05-01"))
            for _ in range(5):
                daemon.ask("wait", subject="w-1")
            for number in range(8):
                daemon.kill()
                path = files_of(folder)[-1]
                os.truncate(path, os.path.getsize(path) - 1 - 30 * number)
                daemon.start()
                daemon.ask("wait", subject="w-1")
                self.assertEqual([row["op"] for row in entries_of(folder)][-2:], ["log.cut", "wait"])
                self.assertEqual(daemon.ask("health")["status"], "ok")
            self.assertEqual(verify(folder)[0], 0)
            self.assertIn("was cut off", daemon.log())


class Failing(unittest.TestCase):
    """The folder of the log lies on a disk of its own, which fails."""

    def setUp(self):
        self.daemon, self.shim = shimmed(with_tape=False)
        self.addCleanup(lambda: self.daemon.close())
        self.folder = os.path.join(self.daemon.folder, "disk", "access")
        self.daemon.journal = os.path.join(self.daemon.folder, "journal.db")
        self.daemon.configure('security = { access_log = { directory = "%s"; }; };' % self.folder)
        self.daemon.environment["WAITLIST_SHIM_ROOT"] = self.folder
        self.daemon.start()
        self.daemon.take(*[referral("w-%d" % number, "2025-05-01") for number in range(3)])
        self.daemon.ask("wait", subject="w-1")
        self.beats = self.daemon.subscribe()

    def tearDown(self):
        if self.daemon.process:
            self.daemon.stop()

    def refused(self):
        """Nobody is shown, and nothing changed; everything else goes on."""
        alert = "a1"
        for op, members in (("wait", {"subject": "w-1"}), ("waits", {}), ("alerts", {}), ("snapshot", {}), ("exceptions", {}), ("access", {}),
                            ("summary", {"group_by": ["worker"]}), ("alert.ack", {"alert_id": alert, "by": "jo"}),
                            ("redact", {"subject": "w-1", "by": "jo", "reason": "x"})):
            self.assertEqual(self.daemon.error(op, **members)[0], "read_only", op)
        self.assertEqual(self.daemon.error("waits", on_behalf_of={"user": "v", "roles": ["viewer"]})[0], "forbidden")
        self.assertGreaterEqual(self.daemon.total()["waiting"], 3)
        self.daemon.take(referral("n-%d" % self.daemon.ask("health")["journal_seq"], "2025-05-02"))
        health = self.daemon.ask("health")
        self.assertEqual(health["status"], "degraded")
        self.assertIn("the access log cannot be written", " ".join(health["reasons"]))
        self.assertGreater(health["access_log"]["refused"], 0)

    def goes_on(self):
        """By itself, at the latest with the second heartbeat."""
        for _ in range(20):
            self.beats.until("heartbeat.")
            if self.daemon.ask("health")["status"] == "ok":
                break
        self.assertEqual(self.daemon.ask("health")["reasons"], [])
        self.daemon.ask("wait", subject="w-1")
        rows = entries_of(self.folder)
        gaps = [row for row in rows if row["op"] == "log.gap"]
        self.assertEqual(verify(self.folder)[0], 0)
        return gaps

    def test_a_full_disk(self):
        self.shim.fail("write", errno.ENOSPC, times=-1)
        self.refused()
        self.beats.until("heartbeat.")
        self.refused()
        self.shim.mend("write")
        gaps = self.goes_on()
        self.assertEqual(len(gaps), 1)
        self.assertGreaterEqual(gaps[0]["what"]["refused"], 18)

    def test_a_disk_that_fails_while_it_is_synced(self):
        self.daemon.ask("wait", subject="w-1")
        self.shim.fail("sync", errno.EIO, times=-1)
        self.daemon.ask("wait", subject="w-2")
        self.beats.until("heartbeat.")
        self.beats.until("heartbeat.")
        self.refused()
        self.shim.mend("sync")
        self.goes_on()

    def test_a_question_of_another_day_whose_answer_cannot_be_logged(self):
        """The answer is there, and is not given."""
        self.daemon.ask("waits", as_at="2025-05-03")
        asker = self.daemon.connect(zmq.DEALER, "query")
        self.shim.sync_delay_us = 0
        asker.send(json.dumps({"v": 1, "op": "waits", "as_at": "2025-05-03"}).encode())
        self.daemon.receive(asker)
        self.shim.fail("write", errno.ENOSPC, times=-1)
        asker.send(json.dumps({"v": 1, "op": "waits", "as_at": "2025-05-03"}).encode())
        self.assertEqual(json.loads(self.daemon.receive(asker)[-1])["error"]["code"], "read_only")
        self.shim.mend("write")
        self.goes_on()

    def test_a_start_without_the_folder(self):
        self.daemon.stop()
        shutil.rmtree(self.folder)
        with open(self.folder, "w", encoding="utf-8"):
            pass
        self.daemon.start()
        self.beats = self.daemon.subscribe()
        self.refused()
        os.unlink(self.folder)
        self.goes_on()


class PowerLoss(unittest.TestCase):
    def test_what_was_synced_is_there(self):
        """Of the looks before the last heartbeat but one none is lost; what is left of later ones is cut where it is no whole chain."""
        chance = random.Random(SEED)
        daemon, shim = shimmed()
        folder = os.path.join(daemon.folder, "disk", "access")
        daemon.journal = os.path.join(daemon.folder, "journal.db")
        daemon.configure('security = { access_log = { directory = "%s"; }; };' % folder)
        daemon.environment["WAITLIST_SHIM_ROOT"] = folder
        with daemon:
            os.mkdir(folder, 0o700)
            daemon.start()
            daemon.take(referral("w-1", "2025-05-01"))
            beats = daemon.subscribe()
            known = []  # (size of the tape, entries that must be there)
            for _ in range(3):
                for _ in range(chance.randint(3, 30)):
                    daemon.ask("wait", subject="w-1")
                entries = daemon.ask("health")["access_log"]["entries"]
                beats.until("heartbeat.")
                beats.until("heartbeat.")
                known.append((shim.tape_size(), entries))
                for _ in range(chance.randint(0, 9)):
                    daemon.ask("wait", subject="w-1")
            end = shim.tape_size()
            daemon.kill()
            tape = read(shim.tape)
            os.mkdir(os.path.join(daemon.folder, "nothing"))
            for cut in [at for at, _ in known] + [end] + [chance.randint(known[0][0], end) for _ in range(5)]:
                disk = Disk(os.path.join(daemon.folder, "nothing"), chance)
                disk.play(tape, cut)
                sure = max(entries for at, entries in known if at <= cut)
                self.goes_on_from(daemon, folder, disk.image(), sure)

    def goes_on_from(self, daemon, folder, image, sure):
        for path in files_of(folder):
            os.unlink(path)
        for name, content in image.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        daemon.start()
        daemon.ask("wait", subject="w-1")
        daemon.kill()
        kept = 0
        for path in files_of(folder)[:1]:
            with open(path, "rb") as file:
                for line in file.read().split(b"\n")[:sure]:
                    kept += json.loads(line)["n"] == kept + 1
        self.assertEqual(kept, sure, "SEED=%d" % SEED)
        # A page that came to the disk without the one before it is no crash that a line's end tells: that is a break, and is said.
        last = entries_ops(folder)
        self.assertEqual(last[-1], "wait")


def entries_ops(folder):
    found = []
    with open(files_of(folder)[-1], "rb") as file:
        for line in file.read().split(b"\n")[:-1]:
            found.append(json.loads(line)["op"])
    return found


if __name__ == "__main__":
    unittest.main()
