#!/usr/bin/python3
"""The publishing socket (docs/protocol.md, Publish): topics, sequence numbers, heartbeats, positions, alerts, catching up without loss."""
import time
import unittest

import zmq

from daemon import Daemon, event, referral
from test_queries import EMPTY, POSITION, TRANSITION


class Publish(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)

    def tearDown(self):
        if not self.daemon.process:
            return
        self.daemon.stop()

    def test_heartbeats(self):
        sub = self.daemon.subscribe()
        began = time.monotonic()
        beats = [sub.next() for _ in range(3)]
        took = time.monotonic() - began
        health = self.daemon.ask("health")
        for topic, seq, beat in beats:
            self.assertEqual(topic, "heartbeat.")
            self.assertEqual(list(beat), ["v", "epoch", "journal_seq", "alert_seq", "pub", "now", "today", "version", "chain"])
            self.assertEqual((beat["v"], beat["epoch"], beat["journal_seq"], seq), (1, health["epoch"], 0, 0))
            self.assertEqual(beat["chain"], health["chain"])
            self.assertEqual((beat["now"], beat["today"]), ("2025-06-01T12:00:00.000Z", "2025-06-01"))
        # Every second: three of them can come no faster than that, and, on a busy machine, later.
        self.assertGreater(took, 1.5)
        self.assertEqual([beat["pub"] for _, _, beat in beats], sorted({beat["pub"] for _, _, beat in beats}))

    def test_a_changed_position_is_published_within_the_interval(self):
        sub = self.daemon.subscribe("position.")
        seq = self.daemon.take(referral("W-1", "2025-05-01"))["seq"]
        seen = sub.until("position.*.*.", lambda row: row["journal_seq"] == seq)
        rows = {topic: (number, row) for topic, number, row in seen if topic.startswith("position.") and row["journal_seq"] == seq}
        self.assertEqual(set(rows), {"position.*.*.", "position.needs_assessment.*.", "position.needs_assessment.north."})
        for topic, (number, row) in rows.items():
            self.assertEqual(list(row), ["keys", "position", "v", "pub", "today", "journal_seq"])
            self.assertEqual((list(row["position"]), row["today"], number), (POSITION, "2025-06-01", seq))
            self.assertEqual((row["position"]["waiting"], row["position"]["longest"], row["position"]["breach"]), (1, 31, 1))
        self.assertEqual(rows["position.needs_assessment.north."][1]["keys"], {"pathway": "needs_assessment", "team": "north"})

    def test_the_last_value_wins_and_unchanged_queues_are_silent(self):
        self.daemon.take(referral("W-0", "2025-05-01", "south", "dols"))
        sub = self.daemon.subscribe("position.needs_assessment.")
        for number in range(200):
            self.daemon.take(referral("W-%d" % (number + 1), "2025-05-30"))
        seen = sub.until("position.needs_assessment.north.", lambda row: row["position"]["waiting"] == 200)
        self.assertFalse([topic for topic, _, _ in seen if "dols" in topic])
        published = [row["journal_seq"] for topic, _, row in seen if topic == "position.needs_assessment.north."]
        self.assertEqual(published, sorted(published))
        self.assertLess(len(published), 100)

    def test_every_position_comes_again_within_ten_seconds(self):
        self.daemon.take(referral("W-0", "2025-05-01", "south", "dols"), referral("W-1", "2025-05-01"))
        sub = self.daemon.subscribe("position.")
        began = time.monotonic()
        topics = set()
        while len(topics) < 5:
            topic, _, row = sub.next()
            if topic.startswith("position."):
                topics.add(topic)
                self.assertEqual(row["journal_seq"], 2)
        self.assertLess(time.monotonic() - began, 20)
        self.assertEqual(topics, {"position.*.*.", "position.dols.*.", "position.dols.south.", "position.needs_assessment.*.",
                                  "position.needs_assessment.north."})

    def test_a_queue_that_is_empty_again_is_published_as_empty(self):
        first = referral("W-1", "2025-05-30")
        self.daemon.take(first)
        sub = self.daemon.subscribe("position.")
        seq = self.daemon.take(event("event.retracted", "W-1", "2025-05-31", {"id": first["id"]}))["seq"]
        seen = sub.until("position.*.*.", lambda row: row["journal_seq"] == seq)
        by_topic = {topic: row for topic, _, row in seen if topic.startswith("position.") and row["journal_seq"] == seq}
        self.assertEqual(by_topic["position.needs_assessment.north."]["position"], EMPTY)

    def test_a_prefix_never_matches_a_longer_name(self):
        sub = self.daemon.subscribe("position.dols.nor.", "alert.breach.dols.north.")
        reply = self.daemon.take(referral("W-1", "2025-05-01", "north", "dols"), referral("W-2", "2025-05-01", "north2", "dols"))
        last = self.daemon.ask("health")["alert_seq"]
        seen = sub.alerts_through(last)
        self.assertEqual({topic for topic, _, _ in seen}, {"alert.breach.dols.north."})
        self.assertEqual(reply["accepted"], 2)

    def test_alerts_are_published_as_they_are_logged(self):
        sub = self.daemon.subscribe("alert.")
        self.daemon.take(referral("W-1", "2025-05-01"), referral("W-2", "2025-04-01", "south", "dols", priority=1),
                         referral("W-3", "2025-05-08"))
        self.daemon.take(event("wait.transferred", "W-1", "2025-06-01", {"team": "east"}))
        self.daemon.take(event("assessment.completed", "W-1", "2025-06-01"), event("wait.closed", "W-2", "2025-06-01", {"reason": "died"}))
        log = self.daemon.alerts()
        seen = sub.alerts_through(log[-1]["seq"])
        self.assertEqual([row["seq"] for row in log], list(range(1, len(log) + 1)))
        for topic, seq, row in seen:
            self.assertEqual((row, row["seq"]), (log[seq - 1], seq))
            self.assertEqual([name for name in row if name != "from_team"], TRANSITION)
        moved = [row for row in log if row["transition"] == "moved"]
        self.assertEqual([(row["subject"], row["team"], row["from_team"]) for row in moved], [("W-1", "east", "north")])
        topics = {}
        for topic, seq, _ in seen:
            topics.setdefault(seq, []).append(topic)
        for row in log:
            expected = ["alert.%s.%s.%s." % (row["rule"], row["pathway"], row["team"])]
            if row["transition"] == "moved":
                expected.append("alert.breach.needs_assessment.north.")
            self.assertEqual(sorted(topics[row["seq"]]), sorted(expected))
        self.assertEqual(sorted(topics), [row["seq"] for row in log])

    def test_an_alert_comes_after_its_commit_and_before_the_answer_is_old(self):
        sub = self.daemon.subscribe("alert.breach.")
        self.daemon.take(referral("W-1", "2025-05-01"))
        topic, seq, row = next(told for told in sub.until("alert.") if told[0].startswith("alert."))
        self.assertEqual((row["subject"], row["transition"], seq), ("W-1", "raised", row["seq"]))
        self.assertEqual(self.daemon.alerts()[seq - 1], row)
        self.assertEqual(len(self.daemon.journalled()), 1)

    def test_catching_up_by_pages_with_filters(self):
        rows = [referral("W-%d" % number, "2025-05-%02d" % (1 + number % 3), "north" if number % 2 else "south") for number in range(300)]
        self.daemon.take(*rows)
        whole = self.daemon.alerts()
        self.assertEqual([row["seq"] for row in whole], list(range(1, len(whole) + 1)))
        self.assertEqual(len(whole), 300)
        for limit in (1, 7, 299, 1000):
            since, found = 0, []
            while since < len(whole):
                page = self.daemon.ask("alerts", since=since, limit=limit)
                self.assertEqual([row["seq"] for row in page["rows"]], list(range(since + 1, page["through"] + 1)))
                found += page["rows"]
                since = page["through"]
            self.assertEqual(found, whole)
        page = self.daemon.ask("alerts", since=100, filter={"team": "north"}, limit=1000)
        self.assertEqual(page["rows"], [row for row in whole if row["seq"] > 100 and row["team"] == "north"])
        self.assertEqual(page["through"], len(whole))
        page = self.daemon.ask("alerts", filter={"team": "nobody"})
        self.assertEqual((page["rows"], page["through"]), ([], len(whole)))
        page = self.daemon.ask("alerts", since=10**12)
        self.assertEqual((page["rows"], page["through"]), ([], 10**12))

    def test_a_moved_alert_is_found_under_both_teams(self):
        self.daemon.take(referral("W-1", "2025-05-01"))
        self.daemon.take(event("wait.transferred", "W-1", "2025-06-01", {"team": "east"}))
        for team, transitions in (("north", ["raised", "moved"]), ("east", ["moved"])):
            rows = self.daemon.alerts(filter={"team": team, "rule": "breach"})
            self.assertEqual([row["transition"] for row in rows], transitions)

    def test_a_subscriber_that_never_reads_holds_nobody_up(self):
        idle = self.daemon.connect(zmq.SUB, "publish")
        idle.rcvhwm = 1
        idle.subscribe(b"")
        for number in range(20):
            self.daemon.take(*[referral("W-%d-%d" % (number, i), "2025-05-01") for i in range(1000)])
        self.assertEqual(self.daemon.ask("health")["alert_seq"], 20000)
        idle.close()


if __name__ == "__main__":
    unittest.main()
