#!/usr/bin/python3
"""Redaction and every file beside the journal: whatever was cut off, held open or copied back, who was erased comes to light nowhere."""
import fcntl
import os
import shutil
import unittest

from daemon import Daemon, referral

SECRET = "secret-person-77"
ORDER = {"by": "jo", "reason": "erasure request 1"}
OFTEN = "journal += { checkpoint_events = 10; checkpoint_interval_s = 0; };"
NEVER = "journal += { checkpoint_events = 0; };"


class RedactionAndFiles(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(config=NEVER)
        self.addCleanup(self.daemon.close)

    def council(self):
        self.daemon.take(referral("W-1", "2025-04-01", person=SECRET), *(referral("V-%d" % number, "2025-04-02") for number in range(30)))

    def holding(self):
        """The names of the files in which the person is."""
        found = []
        for name in sorted(os.listdir(self.daemon.folder)):
            path = os.path.join(self.daemon.folder, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    if SECRET.encode() in file.read():
                        found.append(name)
        return found

    def hold(self):
        """A reader that stays in one transaction, as a backup does."""
        reader = self.daemon.database()
        reader.isolation_level = None
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM segment").fetchall()
        self.addCleanup(reader.close)
        return reader

    def wait_until_gone(self):
        """Nobody sends anything meanwhile; every heartbeat is a look at it."""
        sub = self.daemon.subscribe()
        for _ in range(20):
            if not self.holding():
                return
            sub.next()
        self.assertEqual(self.holding(), [])

    def test_a_checkpoint_that_was_cut_off_while_it_was_written(self):
        self.council()
        self.daemon.kill()
        with open(self.daemon.journal + ".checkpoint.new", "wb") as file:
            file.write(b"wlcheck\n" + SECRET.encode())
        self.daemon.start()
        self.assertTrue(self.daemon.ask("redact", person=SECRET, **ORDER)["erased"])
        self.assertEqual(self.holding(), [])

    def test_a_checkpoint_that_is_not_used(self):
        """That of another build, for one, is known to nobody, and stays until there is another."""
        self.daemon.configure(OFTEN)
        self.daemon.reload()
        self.council()
        sub = self.daemon.subscribe()
        while not self.daemon.ask("health")["checkpoint"]:
            sub.next()
        self.daemon.configure(NEVER)
        self.daemon.restart()
        path = self.daemon.journal + ".checkpoint"
        self.assertIn("journal.db.checkpoint", self.holding())
        self.daemon.stop()
        with open(path, "r+b") as file:
            file.seek(40)
            file.write(b"\xff")
        self.daemon.start()
        self.assertIn("checkpoint is not used", self.daemon.log())
        self.assertTrue(self.daemon.ask("redact", person=SECRET, **ORDER)["erased"])
        self.assertEqual(self.holding(), [])

    def test_a_reader_goes_and_nobody_sends_anything(self):
        self.council()
        reader = self.hold()
        self.assertFalse(self.daemon.ask("redact", person=SECRET, **ORDER)["erased"])
        self.assertIn("journal.db-wal", self.holding())
        reader.close()
        self.wait_until_gone()

    def test_a_reader_outlives_the_daemon(self):
        self.council()
        reader = self.hold()
        self.assertFalse(self.daemon.ask("redact", person=SECRET, **ORDER)["erased"])
        self.daemon.kill()
        self.daemon.start()
        reader.close()
        self.wait_until_gone()
        self.assertEqual(self.daemon.wait("W-1")["person"], "redacted")

    def test_a_backup_that_was_cut_off(self):
        """It is as large as the journal, has a name that nobody looks for, and would never be used again."""
        self.council()
        self.daemon.kill()
        folder = os.path.join(self.daemon.folder, "backups")
        os.mkdir(folder)
        for name in (".journal-20250601T020000Z.db.part", ".other.part", "kept.db", ".hidden", "x.part", "..part"):
            shutil.copy(self.daemon.journal, os.path.join(folder, name))
        with open(os.path.join(folder, ".other.part"), "rb") as other:
            fcntl.flock(other, fcntl.LOCK_EX)  # another daemon is writing it
            self.daemon.start()
        self.assertEqual(sorted(os.listdir(folder)), sorted([".other.part", "kept.db", ".hidden", "x.part", "..part"]))

    def test_a_copy_from_before_it_is_refused(self):
        """Nothing was accepted meanwhile, so that neither has more events than the other."""
        self.council()
        self.daemon.stop()
        copy = self.daemon.journal + ".copy"
        shutil.copy(self.daemon.journal, copy)
        self.daemon.start()
        self.daemon.ask("redact", person=SECRET, **ORDER)
        self.daemon.stop()
        os.replace(copy, self.daemon.journal)
        self.daemon.spawn()
        self.assertEqual(self.daemon.wait_exit(), 1)
        self.assertIn("restore", self.daemon.log())


if __name__ == "__main__":
    unittest.main()
