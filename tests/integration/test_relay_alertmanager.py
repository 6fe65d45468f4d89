#!/usr/bin/python3
"""waitlist-relay and Debian's Alertmanager: labels, resolves, moves, a thousand breaches at one midnight, restarts of either."""
import os
import subprocess
import sys
import unittest

from alertmanager import PROGRAM, Alertmanager
from daemon import ROOT, Daemon, event, referral
from relay import Relay

SKIPPED = 77
ROUTE = '{ name = "am"; to = "alertmanager"; url = "%s"; resend_s = %d; hold_s = %d; retry_first_ms = 50; retry_last_s = 1; %s }'
NOW = "2025-06-01T12:00:00Z"


class RealAlertmanager(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(clock=NOW)
        self.addCleanup(self.daemon.close)
        self.manager = Alertmanager(wait="2s", interval="1s")
        self.addCleanup(self.manager.close)

    def relay(self, more="", resend_s=60, hold_s=900, start=True, **options):
        relay = Relay(self.daemon, ROUTE % (self.manager.url, resend_s, hold_s, more), start=start, **options)
        self.addCleanup(relay.finish)
        return relay

    def newest(self):
        return self.daemon.ask("health")["alert_seq"]

    def firing(self):
        return {(alert["labels"]["alertname"], alert["labels"].get("subject")): alert for alert in self.manager.alerts()
                if alert["status"]["state"] != "suppressed"}

    def test_an_alert_and_its_resolve(self):
        relay = self.relay("references = true;", relay='dashboard = "https://waiting.example.gov.uk";')
        relay.wait_cursor("am", 0)
        self.daemon.take(referral("W-1", "2025-05-03"))
        told = self.manager.wait_notification(lambda one: one["status"] == "firing")
        row = next(row for row in self.daemon.alerts() if row["rule"] == "breach")
        alert = next(alert for alert in told["alerts"] if alert["labels"]["alertname"] == "WaitlistBreach")
        self.assertEqual(told["groupLabels"], {"team": "north"})
        self.assertEqual(alert["labels"], {"alertname": "WaitlistBreach", "alert": row["alert_id"], "rule": "breach", "severity": "warning",
                                           "pathway": "needs_assessment", "team": "north", "subject": "W-1", "late": "false"})
        self.assertEqual(alert["generatorURL"], "https://waiting.example.gov.uk/wait?subject=W-1")
        self.assertEqual(alert["annotations"], {"summary": "needs_assessment, wait W-1, team north: breach, waited 29 days of 28",
                                                "days": "29", "standard": "28", "occurred_on": "2025-06-01", "at": "2025-06-01T12:00:00.000Z"})
        self.daemon.take(event("assessment.completed", "W-1", "2025-06-01"))
        over = self.manager.wait_notification(lambda one: one["status"] == "resolved")
        self.assertEqual([one["labels"] for one in over["alerts"] if one["labels"]["alertname"] == "WaitlistBreach"], [alert["labels"]])
        relay.wait_cursor("am", self.newest())
        self.assertEqual(self.firing(), {})

    def test_no_references(self):
        relay = self.relay(relay='dashboard = "https://waiting.example.gov.uk";')
        relay.wait_cursor("am", 0)
        self.daemon.take(referral("W-secret", "2025-05-03"))
        told = self.manager.wait_notification(lambda one: one["status"] == "firing")
        self.assertNotIn("W-secret", str(told))
        self.assertEqual(told["alerts"][0]["generatorURL"], "https://waiting.example.gov.uk/alerts?pathway=needs_assessment&team=north&rule=" +
                         told["alerts"][0]["labels"]["rule"])

    def test_a_thousand_breaches_at_one_midnight(self):
        relay = self.relay('match = { rule = "breach"; };')
        relay.wait_cursor("am", 0)
        teams = ["north", "south", "east", "west"]
        self.daemon.take(*[referral("W-%d" % number, "2025-05-04", team=teams[number % 4]) for number in range(1000)])
        before = self.newest()
        self.daemon.set_clock("2025-06-02T06:00:00Z")
        rows = [row for row in self.daemon.alerts(since=before) if row["rule"] == "breach"]
        self.assertEqual(len(rows), 1000)
        relay.wait_cursor("am", self.newest())
        self.assertEqual(len(self.manager.alerts()), 1000)
        self.manager.notified.wait(lambda _: len({one["groupLabels"]["team"] for one in self.manager.notifications()}) == 4)
        told = self.manager.notifications()
        self.assertEqual(sorted(one["groupLabels"]["team"] for one in told), sorted(teams))  # one each
        self.assertEqual(sum(len(one["alerts"]) for one in told), 1000)

    def test_flapping_is_one_alert(self):
        """Paused and resumed: the log has it all, Alertmanager one alert that goes on; and when it stays paused, that is told in the end."""
        relay = self.relay('references = true; match = { rule = "approaching"; };', hold_s=3)
        relay.wait_cursor("am", 0)
        self.daemon.take(referral("W-1", "2025-05-10", pathway="ot_assessment", priority=3))
        first = self.manager.wait_notification(lambda one: one["status"] == "firing")["alerts"][0]["labels"]
        for number in range(3):
            self.daemon.take(event("wait.paused", "W-1", "", {"reason": "hospital"}, time="2025-06-01T%02d:00:00Z" % (1 + number)))
            self.daemon.take(event("wait.resumed", "W-1", "", time="2025-06-01T%02d:30:00Z" % (1 + number)))
        rows = [row["transition"] for row in self.daemon.alerts() if row["rule"] == "approaching"]
        self.assertEqual(rows, ["raised"] + ["resolved", "raised"] * 3)
        relay.wait_cursor("am", self.newest())
        self.assertEqual([alert["labels"] for alert in self.manager.alerts()], [first])
        self.daemon.take(event("wait.paused", "W-1", "", {"reason": "hospital"}, time="2025-06-01T10:00:00Z"))
        self.manager.wait_notification(lambda one: one["status"] == "resolved")
        self.assertEqual([one["status"] for one in self.manager.notifications()], ["firing", "resolved"])

    def test_a_move_and_an_escalation_of_severity(self):
        relay = self.relay('references = true; match = { rule = "breach"; };')
        relay.wait_cursor("am", 0)
        self.daemon.take(referral("W-1", "2025-05-03"))
        self.manager.wait_notification(lambda one: one["groupLabels"]["team"] == "north" and one["status"] == "firing")
        self.daemon.take(event("wait.transferred", "W-1", "", {"team": "south"}, time="2025-06-01T10:00:00Z"))
        self.manager.wait_notification(lambda one: one["groupLabels"]["team"] == "south" and one["status"] == "firing")
        self.manager.wait_notification(lambda one: one["groupLabels"]["team"] == "north" and one["status"] == "resolved")
        self.assertEqual([alert["labels"]["team"] for alert in self.manager.alerts()], ["south"])
        alert_id = next(row["alert_id"] for row in self.daemon.alerts(state="open"))
        self.daemon.ask("alert.ack", alert_id=alert_id, by="jo", note="seen", expected_by="2025-06-02")
        relay.wait_cursor("am", self.newest())
        acknowledged = self.manager.alerts()[0]
        self.assertEqual((acknowledged["annotations"]["acknowledged_by"], acknowledged["annotations"]["expected_by"]), ("jo", "2025-06-02"))
        self.daemon.set_clock("2025-06-04T06:00:00Z")
        raised = self.manager.wait_notification(lambda one: any(alert["labels"]["severity"] == "high" for alert in one["alerts"]))
        self.assertEqual(raised["groupLabels"], {"team": "south"})
        relay.wait_cursor("am", self.newest())
        self.assertEqual([alert["labels"]["severity"] for alert in self.manager.alerts()], ["high"])

    def test_restarts_of_either_side(self):
        relay = self.relay("references = true;", resend_s=1)
        relay.wait_cursor("am", 0)
        self.daemon.take(*[referral("W-%d" % number, "2025-05-03") for number in range(5)])
        relay.wait_cursor("am", self.newest())
        self.assertEqual({subject for _, subject in self.firing()}, {"W-%d" % number for number in range(5)})
        relay.kill()
        self.daemon.take(event("assessment.completed", "W-0", "2025-06-01"), event("assessment.completed", "W-1", "2025-06-01"))
        self.daemon.take(referral("W-9", "2025-05-03"))
        relay.start()
        relay.wait_cursor("am", self.newest())
        self.assertEqual({subject for _, subject in self.firing()}, {"W-2", "W-3", "W-4", "W-9"})
        self.manager.stop()  # away, and when it is back it is told of everything again
        self.daemon.take(referral("W-10", "2025-05-03"))
        self.manager.start()
        relay.wait_cursor("am", self.newest())
        self.assertIn("W-10", {subject for _, subject in self.firing()})
        sub = self.daemon.subscribe()
        for _ in range(20):
            if {subject for _, subject in self.firing()} == {"W-2", "W-3", "W-4", "W-9", "W-10"}:
                break
            sub.next()
        else:
            self.fail(self.firing())

    def test_late_alerts_go_where_nobody_is_paged(self):
        relay = self.relay()
        relay.wait_cursor("am", 0)
        self.daemon.take(*[referral("W-%d" % number, "2025-01-10", team=["north", "south"][number % 2]) for number in range(100)])
        rows = self.daemon.alerts(state="open")
        for team in ("north", "south"):
            count = sum(row["team"] == team for row in rows)
            self.assertGreater(count, 100)
            self.manager.wait_notification(lambda one, team=team, count=count: one["groupLabels"]["team"] == team and len(one["alerts"]) == count,
                                           path="/late")
        self.assertEqual(self.manager.notifications("/desk"), [])

    def test_an_alert_that_is_about_no_wait(self):
        """What it is about is no reference to a person, so it is said on every route."""
        self.daemon.configure("alerts = { quarantine = { enabled = true; limit = 2; }; };")
        self.daemon.reload()
        relay = self.relay(relay='dashboard = "https://waiting.example.gov.uk";')
        relay.wait_cursor("am", 0)
        self.daemon.send(b"nonsense", b"more of it")
        alert = self.manager.wait_notification(lambda one: one["status"] == "firing")["alerts"][0]
        self.assertEqual({name: alert["labels"][name] for name in ("alertname", "rule", "subject", "severity", "late")},
                         {"alertname": "WaitlistQuarantine", "rule": "quarantine", "subject": "quarantine", "severity": "warning", "late": "false"})
        self.assertNotIn("team", alert["labels"])
        self.assertEqual(alert["annotations"]["summary"], "quarantine: quarantine, 2 at a limit of 2")
        self.assertEqual(alert["generatorURL"], "https://waiting.example.gov.uk/alerts?rule=quarantine")

    def test_the_documented_configuration_is_a_good_one(self):
        done = subprocess.run(["amtool", "check-config", os.path.join(ROOT, "config", "alertmanager.yml")], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    if PROGRAM is None:
        print("prometheus-alertmanager is not installed")
        sys.exit(SKIPPED)
    unittest.main()
