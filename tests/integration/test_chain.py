#!/usr/bin/python3
"""The hash chain of the journal: every event, alert and record is in it, in its order, and its head leaves the machine."""
import os
import shutil
import unittest

from daemon import ROOT, Daemon, event, referral
from journal_chain import Chain

EVENTS = [
    referral("W-1", "2025-04-01", priority=2, impact=3, likelihood=5, clock_start="2025-03-20", client_group="older_people",
             district="lancaster", dimensions={"deprivation": "3", "route": "gp"}, note="kept but meaningless"),
    event("referral.triaged", "W-1", "2025-04-02", {"priority": 1, "dimensions": {"deprivation": "1"}}, sequence="7", traceparent="x"),
    event("wait.transferred", "W-1", "2025-04-03", {"team": "south", "district": "preston"}),
    event("wait.allocated", "W-1", "2025-04-04", {"worker": "worker-1"}),
    event("wait.unallocated", "W-1", "2025-04-05"),
    event("wait.paused", "W-1", "2025-04-06", {"reason": "in_hospital"}),
    event("wait.resumed", "W-1", "2025-04-07"),
    event("contact.made", "W-1", "2025-04-08", {"method": "telephone", "reason": "not of this type"}),
    event("assessment.started", "W-1", "2025-04-09"),
    event("assessment.completed", "W-1", "2025-04-10", {"outcome": "eligible"}),
    event("wait.reopened", "W-1", "2025-04-11", {"reason": "mistake"}),
    event("wait.closed", "W-1", "2025-04-12T09:00:00.123Z", {"reason": "died"}),
    event("event.retracted", "W-1", "2025-04-13", {"id": "e-unknown"}),
    event("event.retracted", "W-1", "2025-04-13", {"id": "e-unknown", "source": "urn:other"}),
]


class TheChain(unittest.TestCase):
    def head(self, daemon):
        health = daemon.ask("health")
        return health["journal_seq"], health["chain"]

    def check(self, daemon):
        """The daemon's head is the one that an independent reader of its file finds."""
        seq, head = self.head(daemon)
        chain = Chain(daemon.journal)
        self.assertEqual(chain.head.hex(), head)
        self.assertIn(head, chain.at[seq])
        return chain

    def test_all_types_of_events_and_what_they_cause(self):
        with Daemon() as daemon:
            self.check(daemon)
            for row in EVENTS:
                before = self.head(daemon)[1]
                daemon.take(row)
                self.assertNotEqual(self.head(daemon)[1], before)
            self.check(daemon)
            daemon.take(*(referral("V-%d" % number, "2025-04-%02d" % (1 + number % 28)) for number in range(300)))
            chain = self.check(daemon)
            self.assertGreater(len(chain.heads), 600)  # the events and their alerts
            daemon.set_clock("2025-06-03T12:00:00Z")
            self.check(daemon)

    def test_the_head_goes_on_after_a_restart(self):
        with Daemon() as daemon:
            daemon.take(*EVENTS)
            known = self.head(daemon)
            daemon.restart()
            chain = self.check(daemon)
            self.assertIn(known[1], chain.at[known[0]])
            daemon.take(referral("W-2", "2025-05-01"))
            known = [known, self.head(daemon)]
            daemon.kill()
            daemon.start()
            chain = self.check(daemon)
            for seq, head in known:
                self.assertIn(head, chain.at[seq])

    def test_a_duplicate_and_a_refused_event_leave_it_alone(self):
        with Daemon() as daemon:
            row = referral("W-1", "2025-04-01")
            daemon.take(row)
            head = self.head(daemon)
            self.assertEqual(daemon.send(row)["duplicates"], 1)
            self.assertEqual(len(daemon.send(dict(row, id="other", type="asc.unknown"))["quarantined"]), 1)
            self.assertEqual(self.head(daemon), head)

    def test_salts_are_random(self):
        with Daemon() as daemon:
            daemon.take(*(referral("W-%d" % number, "2025-05-01") for number in range(200)))
            salts = []
            for seal in self.check(daemon).seals:
                salts += [seal[20 * index:20 * index + 16] for index in range((len(seal) - 44) // 20)]
            self.assertEqual(len(set(salts)), 200)
            self.assertNotIn(bytes(16), salts)

    def test_an_older_journal_gets_its_chain(self):
        for version, segments in ((1, 2), (2, 4)):
            with self.subTest(version=version), Daemon(clock="2025-05-04T08:00:00Z", start=False) as daemon:
                shutil.copy(os.path.join(ROOT, "tests", "data", "journals", "version-%d.db" % version), daemon.journal)
                daemon.start()
                chain = self.check(daemon)
                known = self.head(daemon)
                self.assertEqual((known[0], len(chain.seals)), (6, segments))
                daemon.take(referral("W-9", "2025-05-01"))
                daemon.restart()
                chain = self.check(daemon)
                self.assertIn(known[1], chain.at[known[0]])

    def test_heartbeats_carry_it(self):
        with Daemon() as daemon:
            daemon.take(referral("W-1", "2025-04-01"))
            beat = daemon.subscribe().next()[2]
            self.assertEqual((beat["journal_seq"], beat["chain"]), self.head(daemon))


if __name__ == "__main__":
    unittest.main()
