#!/usr/bin/python3
"""The wall clock is set forward and back under a running daemon (docs/operations.md): days are begun once, received time never runs back."""
import datetime
import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from faults import shimmed  # noqa: E402
from daemon import event  # noqa: E402

DAY_MS = 86400000


class Clock(unittest.TestCase):
    def setUp(self):
        self.daemon, self.shim = shimmed(with_tape=False, clock=None)
        self.addCleanup(self.daemon.close)
        # Noon, so that no step of hours crosses a midnight by chance.
        noon = datetime.datetime.now(datetime.timezone.utc).replace(hour=12, minute=0, second=0, microsecond=0)
        self.noon_ms = round((noon.timestamp() - time.time()) * 1000)
        self.today = noon.date()
        self.shim.clock_offset_ms = self.noon_ms
        self.daemon.start()
        self.sub = self.daemon.subscribe("alert.")

    def day(self, days):
        return str(self.today + datetime.timedelta(days=days))

    def send(self, kind, subject, days, seconds=0, **data):
        """An event of noon of another day."""
        instant = datetime.datetime.combine(self.today, datetime.time(12), datetime.timezone.utc) + datetime.timedelta(days=days, seconds=seconds)
        row = event(kind, subject, instant.strftime("%Y-%m-%dT%H:%M:%SZ"), data)
        return self.daemon.send(row)

    def until_today(self, day):
        """Heartbeats until the day is that one: they come once a second whatever the clock on the wall does."""
        for _ in range(10):
            _, _, beat = self.sub.until("heartbeat.")[-1]
            if beat["today"] == day:
                return beat
        raise AssertionError("%s is not begun: %r" % (day, beat))

    def refer(self, subject, days):
        reply = self.send("referral.received", subject, days, pathway="needs_assessment", team="north", person="P")
        self.assertEqual(reply["accepted"], 1)

    def test_forward_over_midnights_and_back(self):
        self.refer("W-1", -27)
        self.assertEqual(self.daemon.wait("W-1")["breach"], False)
        self.shim.clock_offset_ms = self.noon_ms + 3 * DAY_MS
        self.until_today(self.day(3))
        raised = self.daemon.alerts()
        breach = [row for row in raised if row["rule"] == "breach"]
        self.assertEqual([(row["subject"], row["occurred_on"], row["late"]) for row in breach], [("W-1", self.day(2), True)])
        self.refer("W-2", 3)
        received = self.daemon.journalled()[-1][1]
        # Back: no day is begun twice, nothing is taken back, received time stands still, and somebody is told.
        self.shim.clock_offset_ms = self.noon_ms
        self.sub.until("heartbeat.", lambda beat: beat["now"][:10] == self.day(0))
        health = self.daemon.ask("health")
        self.assertEqual((health["status"], health["today"]), ("degraded", self.day(3)))
        self.assertIn("set back", health["reasons"][0])
        self.assertEqual(self.daemon.alerts(), raised)
        self.refer("W-3", -1)
        self.assertGreaterEqual(self.daemon.journalled()[-1][1], received)
        reply = self.send("contact.made", "W-1", 2)
        self.assertEqual([row["code"] for row in reply["quarantined"]], ["time_in_future"])
        # The same over a restart, and when the clock is right again.
        self.daemon.restart()
        self.sub = self.daemon.subscribe()
        self.assertEqual(self.daemon.ask("health")["today"], self.day(3))
        self.assertEqual(self.daemon.alerts(), raised)
        self.shim.clock_offset_ms = self.noon_ms + 3 * DAY_MS
        self.sub.until("heartbeat.", lambda beat: beat["now"][:10] == self.day(3))
        health = self.daemon.ask("health")
        self.assertEqual((health["status"], health["today"]), ("ok", self.day(3)))
        rows = self.daemon.journalled()
        self.assertEqual([row[1] for row in rows], sorted(row[1] for row in rows))
        self.assertEqual(len({json.loads(body)["id"] for _, _, body in rows}), 3)
        self.daemon.stop()

    def test_small_steps(self):
        """As time synchronisation makes them: seconds to and fro in the midst of a load."""
        for number in range(40):
            self.shim.clock_offset_ms = self.noon_ms + (-1) ** number * 50 * number
            self.refer("W-%d" % number, -10)
        rows = self.daemon.journalled()
        self.assertEqual([row[1] for row in rows], sorted(row[1] for row in rows))
        self.assertEqual(self.daemon.total()["waiting"], 40)
        self.assertNotIn("set back", " ".join(self.daemon.ask("health")["reasons"]))
        self.daemon.stop()


if __name__ == "__main__":
    unittest.main()
