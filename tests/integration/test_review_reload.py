#!/usr/bin/python3
"""Changes of the configuration that a start must survive: the journal keeps every policy that was ever in force."""
import os
import unittest

from daemon import PATHWAYS, Daemon, event, referral

WITH_TRIAL = PATHWAYS.replace("pathways = (", 'pathways = ( { name = "trial"; standard_days = 7; },')


class PoliciesOfOneDay(unittest.TestCase):
    def test_a_pathway_removed_on_its_first_day_that_somebody_once_used(self):
        # As on the day of the installation: a trial event is sent and taken back, and the trial's pathway leaves the configuration.
        with Daemon(pathways=WITH_TRIAL) as daemon:
            trial = referral("W-1", "2025-05-01", pathway="trial")
            daemon.take(trial, event("event.retracted", "W-1", "2025-06-01", {"id": trial["id"]}), referral("W-2", "2025-05-01"))
            daemon.configure()
            self.assertEqual(daemon.reload(), "reloaded")
            before = daemon.ask("snapshot")
            daemon.restart()
            after = daemon.ask("snapshot")
            self.assertEqual((after["positions"], after["alerts"]), (before["positions"], before["alerts"]))
            self.assertEqual(daemon.ask("wait", subject="W-1")["wait"], None)

    def test_a_standard_changed_twice_in_a_day_is_the_same_after_a_restart(self):
        with Daemon() as daemon:
            daemon.take(*[referral("W-%d" % number, "2025-05-%02d" % (number + 1)) for number in range(28)])
            for days in (7, 21, 14):
                daemon.configure(pathways=PATHWAYS.replace('name = "needs_assessment";', 'name = "needs_assessment"; standard_days = %d;' % days))
                self.assertEqual(daemon.reload(), "reloaded")
            before = (daemon.ask("snapshot")["positions"], daemon.alerts())
            daemon.restart()
            self.assertEqual((daemon.ask("snapshot")["positions"], daemon.alerts()), before)

    def test_more_pathways_over_time_than_can_be_told_apart(self):
        with Daemon() as daemon:
            told = []
            for turn in range(4):
                names = "".join('{ name = "p%d_%d"; }, ' % (turn, number) for number in range(63))
                daemon.configure(pathways="pathways = ( %s { name = \"needs_assessment\"; } );" % names)
                told.append(daemon.reload())
            self.assertEqual(told[:3], ["reloaded"] * 3)
            self.assertIn("refused", told[3])
            self.assertIn("254 pathways", daemon.log())
            daemon.take(referral("W-1", "2025-05-01"), referral("W-2", "2025-05-01", pathway="p2_62"))
            self.assertEqual(daemon.total()["waiting"], 2)


class TheKey(unittest.TestCase):
    def test_a_start_that_was_cut_off_while_it_made_the_key(self):
        with Daemon(start=False) as daemon:
            with open(daemon.journal + ".key.new", "wb") as file:
                file.write(b"half")
            daemon.start()
            self.assertEqual(os.stat(daemon.journal + ".key").st_mode & 0o777, 0o600)
            self.assertEqual(os.stat(daemon.journal + ".key").st_size, 32)
            self.assertFalse(os.path.exists(daemon.journal + ".key.new"))
            with open(daemon.journal + ".key", "rb") as file:
                key = file.read()
            daemon.restart()
            with open(daemon.journal + ".key", "rb") as file:
                self.assertEqual(file.read(), key)


if __name__ == "__main__":
    unittest.main()
