#!/usr/bin/python3
"""waitlistctl verify: what was changed in a journal is named; what was computed anew is found by a head that was noted elsewhere."""
import json
import os
import shutil
import sqlite3
import subprocess
import unittest

from daemon import LIMIT_S, WAITLISTCTL, Daemon, event, referral
from journal_chain import Chain


def verify(path, *options):
    """(exit code, result or complaint)."""
    done = subprocess.run([WAITLISTCTL, "--format", "json", "verify", path, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=LIMIT_S * 4)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def rows():
    return [referral("W-%d" % number, "2025-04-%02d" % (1 + number % 28), person="secret-%d" % number) for number in range(120)]


class Verify(unittest.TestCase):
    def good(self, path, *options):
        code, result = verify(path, *options)
        self.assertEqual((code, result["good"], result["fault"]), (0, True, None), result)
        return result

    def bad(self, path, seq, words, *options):
        code, result = verify(path, *options)
        self.assertEqual((code, result["good"], result["bad_seq"]), (1, False, seq), result)
        self.assertIn(words, result["fault"])

    def test_beside_the_daemon_and_after_it(self):
        with Daemon() as daemon:
            daemon.take(*rows())
            daemon.take(event("wait.closed", "W-1", "2025-05-01", {"reason": "died"}))
            beat = daemon.subscribe().next()[2]
            self.assertEqual(beat["journal_seq"], 121)
            noted = ("--head", beat["chain"], "--seq", str(beat["journal_seq"]))
            result = self.good(daemon.journal, *noted)
            self.assertEqual((result["events"], result["chain"]), (121, beat["chain"]))
            self.assertEqual(result["alerts"], daemon.ask("health")["alert_seq"])
            daemon.set_clock("2025-06-04T12:00:00Z")
            daemon.take(referral("W-1000", "2025-05-01"))
            later = self.good(daemon.journal, *noted)
            self.assertNotEqual(later["chain"], beat["chain"])
            self.assertEqual(later["reports"], 3)
            daemon.stop()
            self.assertEqual(self.good(daemon.journal, *noted), later)
            daemon.start()

    def tampered(self, daemon, *statements):
        copy = os.path.join(daemon.folder, "copy.db")
        shutil.copy(daemon.journal, copy)
        database = sqlite3.connect(copy)
        for statement in statements:
            database.execute(*statement)
        database.commit()
        database.close()
        return copy

    def segment_of(self, journal, seq):
        database = sqlite3.connect(journal)
        try:
            return database.execute("SELECT first_seq, body, seal FROM segment WHERE first_seq <= ? ORDER BY first_seq DESC", [seq]).fetchone()
        finally:
            database.close()

    def test_changes_behind_the_daemons_back(self):
        with Daemon() as daemon:
            daemon.take(*rows())
            noted = daemon.ask("health")
            daemon.stop()
            self.good(daemon.journal)
            for seq in (1, 47, 120):
                first, body, _ = self.segment_of(daemon.journal, seq)
                changed = body.replace(b'"secret-%d"' % (seq - 1), b'"secreT-%d"' % (seq - 1))
                self.assertNotEqual(changed, body)
                copy = self.tampered(daemon, ["UPDATE segment SET body = ? WHERE first_seq = ?", [changed, first]])
                self.bad(copy, seq, "not as it was written")
            first = self.segment_of(daemon.journal, 60)[0]
            self.bad(self.tampered(daemon, ["DELETE FROM segment WHERE first_seq = ?", [first]]), first, "missing")
            self.bad(self.tampered(daemon, ["DELETE FROM alert WHERE alert_seq = 5"]), 120, "alert 5")
            self.bad(self.tampered(daemon, ["UPDATE record SET body = replace(body, '28', '56') WHERE kind = 'policy'"]), 0, "record")
            # Whoever throws the end away leaves a chain that is good, but not the one that was noted.
            last = self.segment_of(daemon.journal, 120)[0]
            copy = self.tampered(daemon, ["DELETE FROM segment WHERE first_seq = ?", [last]], ["DELETE FROM alert WHERE after_seq >= ?", [last]],
                                 ["DELETE FROM link WHERE after_seq >= ?", [last]], ["DELETE FROM record WHERE after_seq >= ?", [last]])
            self.good(copy)
            self.bad(copy, 120, "ends before", "--head", noted["chain"], "--seq", "120")
            daemon.start()

    def test_a_journal_that_was_computed_anew(self):
        """The same council but for one date, in a journal that is good by itself."""
        with Daemon() as daemon, Daemon() as other:
            events = rows()
            daemon.take(*events)
            noted = daemon.ask("health")
            other.take(*([dict(events[0], time="2025-05-31T08:00:00Z")] + events[1:]))
            noted_at = ("--head", noted["chain"], "--seq", str(noted["journal_seq"]))
            self.good(daemon.journal, *noted_at)
            self.good(other.journal)
            self.bad(other.journal, 120, "not on the chain", *noted_at)

    def test_what_cannot_be_checked(self):
        with Daemon() as daemon:
            code, complaint = verify(os.path.join(daemon.folder, "nothing.db"))
            self.assertEqual(code, 1)
            self.assertIn("nothing.db", complaint)
            code, complaint = verify(daemon.config_path)
            self.assertEqual(code, 1)
            self.assertIn("not a database", complaint)
            for options in (["--head", "00"], ["--seq", "x"], ["--head", "0" * 64], ["--seq", "7"], ["another"]):
                self.assertEqual(verify(daemon.journal, *options)[0], 2, options)

    def test_the_words_for_people(self):
        with Daemon() as daemon:
            daemon.take(*rows())
            for form in ("table", "csv"):
                done = subprocess.run([WAITLISTCTL, "--format", form, "verify", daemon.journal], stdout=subprocess.PIPE, text=True, timeout=LIMIT_S)
                self.assertEqual(done.returncode, 0)
                self.assertIn(daemon.ask("health")["chain"], done.stdout)
            self.assertEqual(Chain(daemon.journal).head.hex(), daemon.ask("health")["chain"])


if __name__ == "__main__":
    unittest.main()
