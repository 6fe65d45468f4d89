#!/usr/bin/python3
"""Days of the demonstration council through the real Alertmanager: two months of history are its first import, then a weekend and a Monday are
lived, and in the evening Alertmanager holds what the daemon holds, no more and no less."""
import collections
import os
import re
import subprocess
import sys
import time
import unittest

from alertmanager import PROGRAM, Alertmanager
from daemon import ROOT, WAITLISTCTL, Daemon
from relay import Relay

SKIPPED = 77
RULES = ["breach", "escalation"]
PATHWAYS = ["needs_assessment", "ot_assessment", "carers_assessment"]  # of nine; the county's 25,000 open alerts would try Alertmanager itself
ROUTE = '{ name = "am"; to = "alertmanager"; url = "%s"; references = true; resend_s = 3600; hold_s = 0; ' \
         'match = { rule = [ "breach", "escalation" ]; pathway = [ "needs_assessment", "ot_assessment", "carers_assessment" ]; }; }'


class Day(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(clock="2023-10-01T00:00:00+01:00", start=False)
        self.addCleanup(self.daemon.close)
        with open(os.path.join(ROOT, "config", "lancashire-2025.conf"), encoding="utf-8") as file:
            text = file.read()
        ends = "".join('%s = [ "%s" ]; ' % pair for pair in sorted(self.daemon.endpoints.items()))
        text = re.sub(r"endpoints = \{.*?\};", "endpoints = { %s };" % ends, text, flags=re.DOTALL)
        text = text.replace('"bank-holidays.json"', '"%s"' % os.path.join(ROOT, "config", "bank-holidays.json"))
        text = text.replace("/var/lib/waitlistd/journal.db", self.daemon.journal)
        with open(self.daemon.config_path, "w", encoding="utf-8") as file:
            file.write(text)
        self.daemon.start()

    def live(self, *words):
        done = subprocess.run([WAITLISTCTL, "-c", self.daemon.config_path, "simulate", "--scenario", "lancashire-2025", "--send", *words],
                              capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def wanted(self):
        """What is open, as labels say it."""
        return {(row["alert_id"], row["rule"], row["level"], row["team"], row["severity"]) for row in self.daemon.alerts(state="open")
                if row["rule"] in RULES and row["pathway"] in PATHWAYS}

    def held(self, manager):
        return {(labels["alert"], labels["rule"], int(labels["level"]) if "level" in labels else None, labels["team"], labels["severity"])
                for labels in (alert["labels"] for alert in manager.alerts())}

    def test_a_day(self):
        self.live("--until", "2023-11-24", "--drive-clock=day")
        manager = Alertmanager(wait="5s", interval="5s")
        self.addCleanup(manager.close)
        relay = Relay(self.daemon, ROUTE % manager.url)
        self.addCleanup(relay.finish)
        relay.wait_cursor("am", 0)
        began = time.monotonic()
        before = self.wanted()
        newest = self.daemon.ask("health")["alert_seq"]
        self.assertGreater(len(before), 1000)
        relay.wait_cursor("am", newest)
        self.assertEqual(self.held(manager), before)
        print("%d open alerts told in %.1f s" % (len(before), time.monotonic() - began), flush=True)
        teams = {wanted[3] for wanted in before}
        manager.notified.wait(lambda _: {one["groupLabels"]["team"] for one in manager.notifications() + manager.notifications("/late")} == teams)
        first = len(manager.notifications())
        self.assertLessEqual(first, 2 * len(teams))  # one a team, and one more where the first pages came before the last

        self.live("--from", "2023-11-25", "--until", "2023-11-27", "--drive-clock")
        relay.wait_cursor("am", self.daemon.ask("health")["alert_seq"])
        rows = [row for row in self.daemon.alerts(since=newest) if row["rule"] in RULES and row["pathway"] in PATHWAYS]
        kinds = collections.Counter(row["transition"] for row in rows)
        self.assertGreater(kinds["raised"], 100)
        self.assertGreater(kinds["resolved"], 10)
        after = self.wanted()
        gone = before - after
        held = self.held(manager)
        self.assertEqual(after - held, set())
        self.assertEqual(held - after, set())
        self.assertTrue(gone.isdisjoint(held))
        print("a day: %s; %d notifications to %d teams, %d in the first" % (dict(kinds), len(manager.notifications()), len(teams), first), flush=True)
        relay.stop()


if __name__ == "__main__":
    if PROGRAM is None:
        print("prometheus-alertmanager is not installed")
        sys.exit(SKIPPED)
    unittest.main()
