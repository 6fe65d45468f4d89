#!/usr/bin/python3
"""Alerts that are about no wait (rules, section 8) through a real daemon: feeds that fall silent, and a quarantine that waits for somebody."""
import json
import os
import subprocess
import time
import unittest

from daemon import LIMIT_S, WAITLISTCTL, Daemon, event, referral

FEEDS = """sources = ( { name = "urn:test"; silence_minutes = 120; hours = "Mon-Fri 08:00-18:00"; }, { name = "urn:old"; silence_minutes = 1440; },
                       { name = "urn:unwatched"; } );"""


def told(rows):
    return [(row["transition"], row["rule"], row["subject"], row["severity"], row["reason"]) for row in rows]


class Feeds(unittest.TestCase):
    def alerts(self, daemon, **members):
        return [row for row in daemon.alerts(**members) if row["rule"] == "feed_silent"]

    def test_a_feed_falls_silent_and_comes_back(self):
        with Daemon(clock="2025-06-06T15:00:00Z", config=FEEDS) as daemon:  # Friday, 16:00 local
            self.assertEqual(told(self.alerts(daemon)), [("raised", "feed_silent", "urn:test", "high", None), ("raised", "feed_silent", "urn:old", "high", None)])
            sub = daemon.subscribe("alert.feed_silent.-.-.")
            daemon.take(referral("W-1", "2025-06-01"), dict(referral("W-2", "2025-06-01"), source="urn:old"))
            seq = daemon.ask("health")["alert_seq"]
            self.assertEqual({row[1:] for row in told(self.alerts(daemon, since=2))},
                             {("feed_silent", "urn:test", "high", "cleared"), ("feed_silent", "urn:old", "high", "cleared")})
            daemon.set_clock("2025-06-06T16:59:59Z")
            self.assertEqual(self.alerts(daemon, since=seq), [])
            daemon.set_clock("2025-06-06T17:00:00Z")
            row, = self.alerts(daemon, since=seq)
            self.assertEqual(row, {**row, "seq": seq + 1, "alert_id": "a%d" % (seq + 1), "transition": "raised", "subject": "urn:test", "pathway": None,
                                   "team": None, "days": None, "standard": None, "value": None, "limit": 120, "level": None,
                                   "occurred_on": "2025-06-06", "late": False, "at": "2025-06-06T17:00:00.000Z"})
            published = [each for _, _, each in sub.alerts_through(seq + 1)]
            self.assertEqual((published[-1], [each["seq"] for each in published]), (row, [each["seq"] for each in self.alerts(daemon, since=2)]))
            sub.close()
            self.assertIn({**row, "acknowledged_at": None, "overdue": False}, daemon.ask("snapshot")["alerts"])
            daemon.set_clock("2025-06-09T12:00:00Z")
            self.assertEqual([each["subject"] for each in self.alerts(daemon, state="open")], ["urn:test", "urn:old"])
            self.assertEqual(self.alerts(daemon, state="open")[1]["occurred_on"], "2025-06-07")
            silent = {each["source"]: each["silent"] for each in daemon.ask("health")["sources"]}
            self.assertEqual(silent, {"urn:unwatched": False, "urn:test": True, "urn:old": True})
            daemon.take(event("contact.made", "W-1", "2025-06-09"))
            self.assertEqual(told(daemon.alerts())[-1], ("resolved", "feed_silent", "urn:test", "high", "cleared"))
            seqs = [each["seq"] for each in daemon.alerts()]
            self.assertEqual(seqs, list(range(1, len(seqs) + 1)))
            verified = subprocess.run([WAITLISTCTL, "--format", "json", "verify", daemon.journal], stdout=subprocess.PIPE)
            self.assertTrue(json.loads(verified.stdout)["good"])

    def test_restarts_kills_and_checkpoints_repeat_nothing(self):
        config = FEEDS + "journal += { checkpoint_events = 3; checkpoint_interval_s = 0; };"
        with Daemon(clock="2025-06-06T15:00:00Z", config=config) as daemon:
            daemon.ask("alert.ack", alert_id="a2", by="jo", note="supplier called", expected_by="2025-06-06")
            daemon.take(*[event("contact.made", "W-1", "2025-06-01", source="urn:unwatched") for _ in range(6)])
            deadline = time.monotonic() + LIMIT_S
            while (daemon.ask("health")["checkpoint"] or {"seq": 0})["seq"] < 6:
                self.assertLess(time.monotonic(), deadline)
            log, opened = daemon.alerts(), daemon.alerts(state="open")
            for end in (daemon.stop, daemon.kill):
                end()
                daemon.start()
                self.assertIn("from_checkpoint=6", daemon.log())
                self.assertEqual((daemon.alerts(), daemon.alerts(state="open")), (log, opened))
            os.unlink(daemon.journal + ".checkpoint")
            daemon.restart()
            self.assertEqual((daemon.alerts(), daemon.alerts(state="open")), (log, opened))
            # A week without the daemon: it is told once what is overdue; both are still silent.
            daemon.restart(clock="2025-06-13T12:00:00Z")
            self.assertEqual([(row["transition"], row["subject"], row["severity"], row["by"]) for row in daemon.alerts(since=log[-1]["seq"])],
                             [("overdue", "urn:old", "critical", "jo")])
            self.assertEqual([row["subject"] for row in daemon.alerts(state="open")], ["urn:test", "urn:old"])
            done = subprocess.run([WAITLISTCTL, "--journal", daemon.journal, "--format", "json", "alerts", "--state", "open"], stdout=subprocess.PIPE)
            self.assertEqual(json.loads(done.stdout)["rows"], daemon.alerts(state="open"))

    def test_a_reload_watches_by_the_new_configuration(self):
        with Daemon(clock="2025-06-06T15:00:00Z", config=FEEDS) as daemon:
            daemon.configure('sources = ( { name = "urn:new"; silence_minutes = 5; } ); alerts = { feed_silent = { severity = "info"; }; };')
            self.assertEqual(daemon.reload(), "reloaded")
            self.assertEqual([(row[0], row[2], row[3]) for row in told(daemon.alerts(since=2))],
                             [("resolved", "urn:old", "high"), ("resolved", "urn:test", "high"), ("raised", "urn:new", "info")])
            daemon.configure('sources = ( { name = "urn:new"; silence_minutes = 5; } ); alerts = { feed_silent = { enabled = false; }; };')
            self.assertEqual(daemon.reload(), "reloaded")
            self.assertEqual(daemon.alerts(state="open"), [])
            self.assertTrue(daemon.ask("health")["sources"][0]["silent"])

    def test_a_change_of_the_rules_is_journalled(self):
        def journalled(daemon):
            database = daemon.database()
            try:
                return [json.loads(body) for body, in database.execute("SELECT body FROM record WHERE kind = 'standing' ORDER BY record_id")]
            finally:
                database.close()

        with Daemon(clock="2025-06-06T15:00:00Z") as daemon:
            self.assertEqual(journalled(daemon), [])
            daemon.configure(FEEDS)
            daemon.reload()
            first, = journalled(daemon)
            self.assertEqual(first["feed_silent"], {"enabled": True, "levels": [], "severity": "high", "sources": [
                {"name": "urn:test", "silence_minutes": 120, "hours": "Mon-Fri 08:00-18:00"}, {"name": "urn:old", "silence_minutes": 1440, "hours": ""}]})
            daemon.reload()
            daemon.restart()
            self.assertEqual(journalled(daemon), [first])
            daemon.configure(FEEDS + 'queue_limits = ( { name = "all"; limit = 5; } );')
            daemon.restart()
            self.assertEqual(journalled(daemon)[1]["queue_limits"], [{"name": "all", "pathway": None, "team": None, "measure": "waiting",
                                                                     "limit": 5, "clears_at": -1, "severity": "warning"}])
            daemon.configure()
            daemon.reload()
            self.assertEqual(journalled(daemon)[2:], [{}])
            verified = subprocess.run([WAITLISTCTL, "--format", "json", "verify", daemon.journal], stdout=subprocess.PIPE)
            self.assertTrue(json.loads(verified.stdout)["good"])

    def test_a_source_of_any_name(self):
        name = "urn:süd/\\\"a b\\\"/%s" % ("x" * 200)
        with Daemon(clock="2025-06-06T15:00:00Z", config='sources = ( { name = "%s"; silence_minutes = 5; } );' % name) as daemon:
            row, = daemon.alerts()
            self.assertEqual(row["subject"], name.replace("\\", ""))
            daemon.restart()
            self.assertEqual(daemon.alerts(), [row])
            reply = daemon.ask("alert.ack", alert_id="a1", by="jo")
            self.assertEqual(reply["transition"]["subject"], row["subject"])
            out = subprocess.run([WAITLISTCTL, "-c", daemon.config_path, "alerts", "--follow", "--since", "0", "--count", "1"],
                                 stdout=subprocess.PIPE, env={**os.environ, "LC_ALL": "C.UTF-8"}, timeout=LIMIT_S)
            self.assertIn("feed_silent", out.stdout.decode())


class Quarantine(unittest.TestCase):
    def test_too_many_wait_for_somebody(self):
        with Daemon(config="alerts = { quarantine = { enabled = true; limit = 3; }; };") as daemon:
            def bad(number):
                return event("referral.received", "W-%d" % number, "2025-05-01", {"team": "north", "person": "p", "pathway": "nothing"})
            daemon.send(bad(1), bad(2))
            self.assertEqual(daemon.alerts(), [])
            daemon.send(bad(3), bad(4))
            row, = daemon.alerts()
            self.assertEqual((row["transition"], row["rule"], row["subject"], row["value"], row["limit"], row["severity"], row["days"], row["pathway"]),
                             ("raised", "quarantine", "quarantine", 4, 3, "warning", None, None))
            daemon.send(bad(5))
            self.assertEqual(daemon.alerts(), [row])
            daemon.kill()
            daemon.start()
            self.assertEqual(daemon.alerts(), [row])
            daemon.ask("quarantine.discard", ids=[1, 2], by="jo", reason="test data")
            self.assertEqual(daemon.alerts(), [row])
            daemon.ask("quarantine.discard", ids=[3], by="jo", reason="test data")
            self.assertEqual(told(daemon.alerts())[-1], ("resolved", "quarantine", "quarantine", "warning", "cleared"))
            self.assertEqual(daemon.alerts(state="open"), [])


class Queues(unittest.TestCase):
    CONFIG = """queue_limits = ( { name = "ot_north"; pathway = "ot_assessment"; team = "north"; limit = 3; clears_at = 1; severity = "high"; },
                                 { name = "oldest"; measure = "longest"; limit = 40; } );"""

    def test_a_queue_reaches_its_limit_until_its_lower_one(self):
        with Daemon(clock="2025-06-01T12:00:00Z", config=self.CONFIG) as daemon:
            def limits(**members):
                return [row for row in daemon.alerts(**members) if row["rule"] == "queue_limit"]
            daemon.take(*[referral("W-%d" % number, "2025-05-30", pathway="ot_assessment") for number in range(2)],
                        *[referral("S-%d" % number, "2025-05-30", "south", pathway="ot_assessment") for number in range(9)])
            self.assertEqual(limits(), [])
            daemon.take(*[referral("W-%d" % number, "2025-05-30", pathway="ot_assessment") for number in range(2, 5)])
            row, = limits()
            self.assertEqual((row["subject"], row["pathway"], row["team"], row["value"], row["limit"], row["days"], row["severity"], row["occurred_on"]),
                             ("ot_north", "ot_assessment", "north", 5, 3, None, "high", "2025-06-01"))
            daemon.take(*[event("assessment.completed", "W-%d" % number, "2025-06-01") for number in range(3)])
            daemon.restart()
            self.assertEqual(limits(), [row])
            daemon.kill()
            daemon.start()
            daemon.take(event("assessment.completed", "W-3", "2025-06-01"))
            self.assertEqual([(each["transition"], each["reason"]) for each in limits()], [("raised", None), ("resolved", "cleared")])
            # Days alone do it too: at the midnight on which somebody has waited 40 days.
            daemon.set_clock("2025-07-12T12:00:00Z")
            row, = limits(state="open")
            self.assertEqual((row["subject"], row["pathway"], row["value"], row["at"], row["occurred_on"]),
                             ("oldest", None, 40, "2025-07-08T23:00:00.000Z", "2025-07-09"))
            daemon.configure(self.CONFIG.replace("limit = 40", "limit = 50"))
            self.assertEqual(daemon.reload(), "reloaded")
            self.assertEqual([each["transition"] for each in limits() if each["subject"] == "oldest"], ["raised", "resolved"])
            self.assertEqual(limits(state="open"), [])

    def test_what_is_published(self):
        with Daemon(clock="2025-06-01T12:00:00Z", config=self.CONFIG) as daemon:
            sub = daemon.subscribe("alert.queue_limit.")
            daemon.take(*[referral("W-%d" % number, "2025-05-30", pathway="ot_assessment") for number in range(3)], referral("W-9", "2025-04-01"))
            newest = daemon.ask("health")["alert_seq"]
            self.assertEqual([(topic, row["subject"]) for topic, _, row in sub.alerts_through(newest)],
                             [("alert.queue_limit.ot_assessment.north.", "ot_north"), ("alert.queue_limit.-.-.", "oldest")])
            sub.close()


if __name__ == "__main__":
    unittest.main()
