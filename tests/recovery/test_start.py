#!/usr/bin/python3
"""Starts under difficulties: a disk that is full already, files that cannot be written, journals of every earlier release (docs/operations.md)."""
import errno
import os
import shutil
import sys
import unittest

import zmq

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from faults import Daemon, shimmed  # noqa: E402
from daemon import ROOT, referral  # noqa: E402
from power_loss import files_in  # noqa: E402
from test_disk_full import MOUNT, access_log_in, namespace  # noqa: E402

JOURNALS = os.path.join(ROOT, "tests", "data", "journals")
WARMER = "alerts = { breach = { severity = \"critical\"; }; };"


class FullAtStart(unittest.TestCase):
    """The mount belongs to the test's helper process, so that it outlives the daemons."""

    def setUp(self):
        unshare = namespace()
        if unshare is None:
            self.skipTest("no mount namespace with a small tmpfs can be made here")
        self.daemon = Daemon(start=False)
        self.addCleanup(self.daemon.close)
        self.disk = os.path.join(self.daemon.folder, "disk")
        os.mkdir(self.disk)
        self.daemon.journal = os.path.join(self.disk, "journal.db")
        self.daemon.configure(access_log_in(self.daemon.folder))
        self.seed = os.path.join(self.daemon.folder, "seed")
        os.mkdir(self.seed)
        # Each start gets the files of the seed and then a disk without a free byte.
        fill = 'cp -a "$SEED/." "$0" && { cat /dev/zero > "$0/ballast" 2>/dev/null; true; } && exec "$@"'
        self.wrapper = unshare + ["sh", "-c", MOUNT.split(" && ", maxsplit=1)[0] + " && " + fill, self.disk]
        self.daemon.environment["SEED"] = self.seed

    def start_full(self):
        self.daemon.wrapper = self.wrapper
        self.daemon.start()

    def keep(self):
        """The files of the daemon that has ended become the next start's."""
        for name in files_in(self.disk):
            shutil.copy2(os.path.join(self.disk, name), os.path.join(self.seed, name))

    def room(self):
        os.unlink("/proc/%d/root%s/ballast" % (self.daemon.process.pid, self.disk))
        sub = self.daemon.subscribe()
        beats = 0
        while self.daemon.ask("health")["status"] != "ok":
            sub.next()  # one heartbeat a second
            beats += 1
            self.assertLess(beats, 30)

    def first_run(self, end):
        self.daemon.start()
        self.daemon.take(*[referral("W-%d" % number, "2025-05-%02d" % (1 + number % 20)) for number in range(300)])
        log = self.daemon.alerts()
        end()
        self.keep()
        return log

    def check(self, end):
        daemon = self.daemon
        log = self.first_run(end)
        daemon.clock = "2025-06-10T12:00:00Z"
        daemon.configure(WARMER + access_log_in(daemon.folder))
        self.start_full()
        health = daemon.ask("health")
        self.assertEqual((health["status"], health["journal_seq"], health["today"]), ("degraded", 300, "2025-06-01"))
        self.assertIn("full", " ".join(health["reasons"]))
        self.assertIn("at the start", " ".join(health["reasons"]))
        self.assertEqual(daemon.total()["waiting"], 300)
        self.assertEqual(daemon.alerts(), log)
        self.assertEqual(daemon.ask("summary", as_at="2025-05-10")["total"]["waiting"], 150)  # the other thread reads beside it
        reply = daemon.send(referral("W-300", "2025-05-01"))
        self.assertEqual((reply["ok"], reply["error"]["code"]), (False, "read_only"))
        self.assertIn("refused", daemon.reload())
        self.room()
        health = daemon.ask("health")
        self.assertEqual((health["today"], health["reasons"]), ("2025-06-10", []))
        self.assertTrue(daemon.send(referral("W-300", "2025-05-01"))["ok"])
        after = daemon.alerts()
        self.assertEqual(after[:len(log)], log)
        self.assertEqual([row["seq"] for row in after], list(range(1, len(after) + 1)))
        # The days were begun under the old rules, and then the new ones applied.
        self.assertEqual(daemon.alerts()[-1]["severity"], "critical")
        self.assertEqual(len({row["subject"] for row in after if row["rule"] == "breach"}), daemon.total()["breach"])
        daemon.stop()

    def test_after_a_clean_stop(self):
        self.check(self.daemon.stop)

    def test_after_a_kill(self):
        self.check(self.daemon.kill)

    def test_a_journal_that_was_never_begun(self):
        self.daemon.wrapper = self.wrapper
        self.daemon.spawn()
        self.assertEqual(self.daemon.wait_exit(), 1)
        self.assertRegex(self.daemon.log(), "No space left|is full")
        self.daemon.wrapper = []
        self.daemon.start()
        self.assertTrue(self.daemon.send(referral("W-1", "2025-05-01"))["ok"])
        self.daemon.stop()


class NotWritable(unittest.TestCase):
    """A start that cannot write for another reason than a full disk is refused, and the files stay as they are."""

    def test_a_read_only_file_system(self):
        daemon, shim = shimmed(with_tape=False)
        with daemon:
            daemon.start()
            daemon.take(referral("W-1", "2025-05-01"))
            daemon.stop()
            shim.read_only = 1
            daemon.spawn()
            self.assertEqual(daemon.wait_exit(), 1)
            self.assertIn("Read-only file system", daemon.log())
            self.assertIn(daemon.journal, daemon.log())
            shim.read_only = 0
            daemon.start()
            self.assertEqual(daemon.total()["waiting"], 1)

    def test_a_file_system_that_becomes_read_only(self):
        """As a kernel does it after an error of the disk: the process ends, and comes back when it can write."""
        daemon, shim = shimmed(with_tape=False)
        with daemon:
            daemon.start()
            daemon.take(referral("W-1", "2025-05-01"))
            shim.fail("write", errno.EROFS, times=-1)
            daemon.socket(zmq.DEALER, "ingest").send_multipart([b"b", b"{}"])
            self.assertEqual(daemon.wait_exit(), 1)
            shim.mend("write")
            daemon.start()
            self.assertEqual(daemon.total()["waiting"], 1)


class EarlierReleases(unittest.TestCase):
    def test_every_one(self):
        journals = sorted(name for name in os.listdir(JOURNALS) if name.endswith(".db"))
        self.assertIn("version-1.db", journals)
        for name in journals:
            for end in ("stop", "kill"):
                with self.subTest(name, end=end), Daemon(start=False, clock="2026-06-01T12:00:00Z") as daemon:
                    shutil.copy(os.path.join(JOURNALS, name), daemon.journal)
                    daemon.start()
                    log, total, seq = daemon.alerts(), daemon.total(), daemon.ask("health")["journal_seq"]
                    self.assertGreater(seq, 0)
                    self.assertEqual([row["seq"] for row in log], list(range(1, len(log) + 1)))
                    self.assertEqual(len({body for _, _, body in daemon.journalled()}), seq)
                    getattr(daemon, end)()
                    daemon.start()
                    self.assertEqual((daemon.alerts(), daemon.total(), daemon.ask("health")["journal_seq"]), (log, total, seq))
                    daemon.take({**referral("W-later", "2026-05-30"), "id": "later"})


if __name__ == "__main__":
    unittest.main()
