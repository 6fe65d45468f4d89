#!/usr/bin/python3
"""Followers that say how far they are: follow.report, and what health and waitlistctl show of them (docs/protocol.md)."""
import signal
import subprocess
import unittest

from daemon import WAITLISTCTL, Daemon, referral

NAMES = 256  # kept at most


class Followers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.daemon.take(*[referral("W-%d" % number, "2025-04-25") for number in range(10)])
        cls.newest = cls.daemon.ask("health")["alert_seq"]
        cls.epoch = cls.daemon.ask("health")["epoch"]

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()
        cls.daemon.close()

    def followers(self):
        return {row["name"]: row for row in self.daemon.ask("health")["followers"]}

    def test_lag_and_age(self):
        self.assertEqual(self.newest, 10)
        reply = self.daemon.ask("follow.report", name="dash-board_1", alert_seq=3)
        self.assertEqual((reply["lag"], reply["alert_seq"], reply["epoch"]), (7, 10, self.epoch))
        self.daemon.ask("follow.report", name="letters", alert_seq=10, epoch=self.epoch)
        row = self.followers()["dash-board_1"]
        self.assertEqual({**row, "age_s": 0}, {"name": "dash-board_1", "alert_seq": 3, "lag": 7, "age_s": 0})
        self.assertIn(row["age_s"], range(60))
        names = [row["name"] for row in self.daemon.ask("health")["followers"]]
        self.assertLess(names.index("dash-board_1"), names.index("letters"))  # the one behind comes first
        self.daemon.ask("follow.report", name="dash-board_1", alert_seq=10)
        self.assertEqual(self.followers()["dash-board_1"]["lag"], 0)

    def test_what_is_refused(self):
        for name in ("", "a b", "a.b", "é", "x" * 65, None, 5):
            self.assertEqual(self.daemon.error("follow.report", name=name, alert_seq=0), ("bad_request", "/name"), name)
        self.assertEqual(self.daemon.error("follow.report", alert_seq=0), ("bad_request", "/name"))
        for seq in (-1, self.newest + 1, "3", 1.5):
            self.assertEqual(self.daemon.error("follow.report", name="a", alert_seq=seq), ("bad_request", "/alert_seq"), seq)
        self.assertEqual(self.daemon.error("follow.report", name="a"), ("bad_request", "/alert_seq"))
        self.assertEqual(self.daemon.error("follow.report", name="a", alert_seq=0, epoch="other"), ("bad_request", "/epoch"))
        self.assertNotIn("a", self.followers())

    def test_the_one_silent_for_longest_leaves(self):
        with Daemon() as daemon:
            for number in range(NAMES):
                daemon.ask("follow.report", name="f-%d" % number, alert_seq=0)
            self.assertEqual(len(daemon.ask("health")["followers"]), NAMES)
            sub = daemon.subscribe()
            sub.next()  # a second later: the others are older than what comes now
            for number in range(1, NAMES):
                daemon.ask("follow.report", name="f-%d" % number, alert_seq=0)
            daemon.ask("follow.report", name="one-more", alert_seq=0)
            names = {row["name"] for row in daemon.ask("health")["followers"]}
            self.assertEqual(names, {"f-%d" % number for number in range(1, NAMES)} | {"one-more"})
            daemon.restart()
            self.assertEqual(daemon.ask("health")["followers"], [])

    def test_the_command_line_reports(self):
        ctl = [WAITLISTCTL, "-c", self.daemon.config_path]
        follower = subprocess.Popen(ctl + ["alerts", "--follow", "--since", "0", "--name", "letters-2"], stdout=subprocess.PIPE, text=True)
        try:
            for _ in range(self.newest):
                follower.stdout.readline()
            sub = self.daemon.subscribe()
            for _ in range(20):
                row = self.followers().get("letters-2")
                if row and row["lag"] == 0:
                    break
                sub.next()  # it reports after a heartbeat
            self.assertEqual((row["alert_seq"], row["lag"]), (self.newest, 0))
            status = subprocess.run(ctl + ["status"], stdout=subprocess.PIPE, text=True, check=True).stdout
            self.assertRegex(status, r"FOLLOWER +AT ALERT +BEHIND +SECONDS AGO\nletters-2|letters-2 +10 +0 +\d+")
        finally:
            follower.send_signal(signal.SIGINT)
            follower.communicate(timeout=30)
        self.assertEqual(follower.returncode, 0)
        for arguments in (["alerts", "--name", "x"], ["alerts", "--follow", "--name", "a b"]):
            done = subprocess.run(ctl + arguments, stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn("--name", done.stderr)


if __name__ == "__main__":
    unittest.main()
