#!/usr/bin/python3
"""Starts from a checkpoint: the same council as from the whole journal, however the daemon ended and whatever became of the file."""
import os
import re
import shutil
import time
import unittest

from daemon import LIMIT_S, PATHWAYS, Daemon, event, referral

OFTEN = "journal += { checkpoint_events = 10; checkpoint_interval_s = 0; };"
NEVER = "journal += { checkpoint_events = 0; };"
OTHER_COMPLETION = PATHWAYS.replace('{ name = "review"; completes_on = "asc.review.completed"; }',
                                    '{ name = "review"; completes_on = "asc.assessment.completed"; }')
SHORT = PATHWAYS.replace('{ name = "needs_assessment"; }', '{ name = "needs_assessment"; standard_days = 14; }')


def history(number, day="2025-05-01"):
    """A wait with pauses, a transfer, contacts and dimensions; every third one has ended."""
    subject = "W-%d" % number
    rows = [referral(subject, day, team="north" if number % 2 else "south", pathway="ot_assessment" if number % 4 == 0 else "review",
                     district="Burnley", client_group="older", dimensions={"area": "a%d" % (number % 3)}),
            event("referral.triaged", subject, "2025-05-02", {"priority": 1 + number % 4}),
            event("wait.paused", subject, "2025-05-03", {"reason": "person_unavailable"}),
            event("wait.resumed", subject, "2025-05-0%d" % (5 + number % 4)),
            event("wait.allocated", subject, "2025-05-10", {"worker": "worker-%d" % (number % 5)})]
    if number % 3 == 0:
        rows.append(event("review.completed", subject, "2025-05-20"))
    return rows


class Checkpoint(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(config=OFTEN)
        self.addCleanup(self.daemon.close)
        self.path = self.daemon.journal + ".checkpoint"

    def tearDown(self):
        if self.daemon.process:
            self.daemon.stop()

    def taken(self, seq=None):
        """Waits for a checkpoint that holds everything up to `seq`, now by default."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            health = self.daemon.ask("health")
            if health["checkpoint"] and health["checkpoint"]["seq"] >= (seq or health["journal_seq"]):
                self.assertEqual(health["checkpoint"]["at"], health["now"])
                self.assertEqual(health["checkpoint"]["age_s"], 0)
                return health["checkpoint"]["seq"]
        raise AssertionError("no checkpoint; log:\n" + self.daemon.log())

    def fill(self):
        """Waits of all kinds, ten events at least since the last checkpoint."""
        self.daemon.take(*[row for number in range(1, 13) for row in history(number)])
        return self.taken()

    def council(self):
        """All that can be asked about."""
        return {"snapshot": self.daemon.ask("snapshot")["positions"], "waits": self.daemon.waits(limit=500),
                "alerts": self.daemon.alerts(),
                "each": [self.daemon.ask("wait", subject=row["subject"]) for row in self.daemon.waits(limit=500)],
                "sources": self.daemon.ask("health")["sources"]}

    def started(self, how, config=NEVER, **configured):
        """Ends the daemon, starts it without further checkpoints, and gives the seq from which it went on, and what it said."""
        if self.daemon.process:
            how()
        lines = len(self.daemon.log().splitlines())
        self.daemon.configure(config, **configured)
        self.daemon.start()
        said = "\n".join(self.daemon.log().splitlines()[lines:])
        return int(re.search(r"from_checkpoint=(\d+)", said).group(1)), said

    def anew(self):
        """What the whole journal comes to."""
        if os.path.exists(self.path):
            os.unlink(self.path)
        seq, said = self.started(self.daemon.stop)
        self.assertEqual(seq, 0)
        self.assertNotIn("checkpoint is not used", said)
        return self.council()

    def test_the_same_council_after_every_end(self):
        self.assertIsNone(self.daemon.ask("health")["checkpoint"])
        seq = self.fill()
        self.daemon.configure(NEVER)
        self.daemon.reload()
        self.daemon.take(*[row for number in range(20, 24) for row in history(number)])
        live = self.council()
        for how in (self.daemon.stop, self.daemon.kill):
            with self.subTest(how=how.__name__):
                self.assertEqual(self.started(how)[0], seq)
                self.assertEqual(self.council(), live)
        self.assertEqual(self.anew(), live)

    def test_late_events_and_retractions_reach_behind_it(self):
        """What came before the checkpoint is corrected after it, and what was retracted before it arrives after it."""
        self.fill()
        early = history(50)
        self.daemon.take(*early[1:], event("event.retracted", "W-3", "2025-05-21", {"id": "to-come"}), *history(60))
        seq = self.taken()
        self.daemon.configure(NEVER)
        self.daemon.reload()
        known = next(row for row in history(70) if row["type"] == "asc.wait.paused")
        self.daemon.take(early[0], event("wait.closed", "W-3", "2025-05-22", {"reason": "recorded_in_error"}, id="to-come"),
                         event("wait.paused", "W-5", "2025-05-02", {"reason": "person_unavailable"}),
                         event("event.retracted", "W-50", "2025-05-22", {"id": early[4]["id"]}),
                         event("referral.triaged", "W-7", "2025-05-01T08:00:00Z", {"priority": 4}), known)
        live = self.council()
        self.assertEqual(self.started(self.daemon.kill)[0], seq)
        self.assertEqual(self.council(), live)
        reply = self.daemon.send(early[1], dict(early[2], data={"reason": "other"}))
        self.assertEqual((reply["duplicates"], reply["accepted"]), (1, 0), reply)
        self.assertEqual(self.daemon.ask("health")["quarantine"], 1)
        live = self.council()
        self.assertEqual(self.anew(), live)

    def test_a_file_that_cannot_be_used_is_left_alone(self):
        self.fill()
        live = self.council()
        with open(self.path, "rb") as file:
            whole = file.read()
        spoilt = {"damaged": whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:], "newer release": whole[:8] + b"\x09" + whole[9:],
                  "no file": None}
        for reason, content in spoilt.items():
            with self.subTest(reason=reason):
                self.daemon.stop()
                if os.path.isdir(self.path):
                    os.rmdir(self.path)
                elif os.path.exists(self.path):
                    os.unlink(self.path)
                if content is None:
                    os.mkdir(self.path)
                else:
                    with open(self.path, "wb") as file:
                        file.write(content)
                seq, said = self.started(self.daemon.stop)
                self.assertEqual(seq, 0)
                told = [line for line in said.splitlines() if "checkpoint is not used" in line]
                self.assertEqual(len(told), 1, said)
                self.assertIn(reason, told[0])
                self.assertIsNone(self.daemon.ask("health")["checkpoint"])
                self.assertEqual(self.council(), live)
        os.rmdir(self.path)

    def test_a_policy_that_folds_otherwise(self):
        seq = self.fill()
        self.daemon.configure(NEVER, SHORT)
        self.assertNotIn("refused", self.daemon.reload())
        self.assertEqual(self.started(self.daemon.kill, pathways=SHORT)[0], seq)  # a standard is counted by, nothing is folded by it
        self.daemon.configure(NEVER, OTHER_COMPLETION)
        self.assertNotIn("refused", self.daemon.reload())
        live = self.council()
        seq, said = self.started(self.daemon.kill, pathways=OTHER_COMPLETION)
        self.assertEqual(seq, 0)
        self.assertIn("the policy, the bank holidays or the time zone's rules were others", said)
        self.assertEqual(self.council(), live)
        self.daemon.configure(OFTEN, OTHER_COMPLETION)  # and the next one is of the new policy, made from all events
        self.daemon.reload()
        taken = self.taken()
        self.assertEqual(self.started(self.daemon.stop, pathways=OTHER_COMPLETION)[0], taken)
        self.assertEqual(self.council(), live)

    def test_an_old_journal_that_was_copied_back(self):
        self.fill()
        self.daemon.stop()
        shutil.copy(self.daemon.journal, self.daemon.journal + ".old")
        self.daemon.start()
        self.daemon.take(*history(30), *history(31))
        self.taken()
        self.daemon.stop()
        checkpoint = self.path + ".new journal's"
        shutil.copy(self.path, checkpoint)
        os.replace(self.daemon.journal + ".old", self.daemon.journal)
        os.unlink(self.daemon.journal + ".highwater")  # which would not let it start
        seq, said = self.started(self.daemon.stop)
        self.assertEqual(seq, 0)
        self.assertIn("it is ahead of the journal", said)
        self.daemon.take(*history(40), *history(41), *history(42))
        live = self.council()
        self.daemon.stop()
        os.replace(checkpoint, self.path)
        seq, said = self.started(self.daemon.stop)
        self.assertEqual(seq, 0)
        self.assertIn("the journal went on otherwise since", said)
        self.assertEqual(self.council(), live)

    def test_a_disk_that_takes_none(self):
        """The old one stays, it is said once, and events go on."""
        seq = self.fill()
        os.mkdir(self.path + ".new")
        self.daemon.take(*history(30), *history(31))
        deadline = time.monotonic() + LIMIT_S
        while "no checkpoint could be taken" not in self.daemon.log() and time.monotonic() < deadline:
            self.daemon.ask("health")
        for number in range(32, 40):
            self.daemon.take(*history(number))
        self.assertEqual(self.daemon.log().count("no checkpoint could be taken"), 1, self.daemon.log())
        health = self.daemon.ask("health")
        self.assertEqual((health["status"], health["checkpoint"]["seq"]), ("ok", seq))
        live = self.council()
        os.rmdir(self.path + ".new")
        self.assertEqual(self.started(self.daemon.kill)[0], seq)
        self.assertEqual(self.council(), live)

    def test_it_is_for_the_daemon_alone(self):
        self.fill()
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)

    def test_a_full_replay_keeps_what_it_came_to(self):
        self.fill()
        self.daemon.stop()
        os.unlink(self.path)
        self.daemon.start()
        health = self.daemon.ask("health")
        self.assertEqual(health["checkpoint"]["seq"], health["journal_seq"])
        self.assertTrue(os.path.exists(self.path))


if __name__ == "__main__":
    unittest.main()
