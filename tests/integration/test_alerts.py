#!/usr/bin/python3
"""Alerts over days, restarts and corrections (rules, section 8), and the times and days of events, in a daemon with a simulated clock."""
import datetime
import unittest

from daemon import Daemon, event, referral


def told(rows):
    return [(row["transition"], row["rule"], row["level"], row["reason"], row["occurred_on"]) for row in rows]


class Midnights(unittest.TestCase):
    def test_the_life_of_one_wait(self):
        with Daemon(clock="2025-04-01T12:00:00Z") as daemon:
            daemon.take(referral("W-1", "2025-04-01"))
            self.assertEqual(daemon.alerts(), [])
            for day in range(2, 31):
                daemon.set_clock("2025-04-%02dT12:00:00Z" % day)
            rows = told(daemon.alerts())
            self.assertEqual(rows[:2], [("raised", "approaching", 7, None, "2025-04-23"), ("raised", "approaching", 1, None, "2025-04-29")])
            self.assertEqual(sorted(rows[2:4]), [("resolved", "approaching", 1, "breached", "2025-04-29"),
                                                 ("resolved", "approaching", 7, "breached", "2025-04-23")])
            self.assertEqual(rows[4:], [("raised", "breach", None, None, "2025-04-30")])
            breach = daemon.alerts()[-1]
            self.assertEqual((breach["days"], breach["standard"], breach["subject"], breach["severity"], breach["late"]),
                             (29, 28, "W-1", "warning", False))
            daemon.set_clock("2025-05-14T12:00:00Z")
            daemon.take(event("assessment.completed", "W-1", "2025-05-14"))
            rows = told(daemon.alerts(since=5))
            self.assertEqual(rows[0], ("raised", "escalation", 42, None, "2025-05-14"))
            self.assertEqual(sorted(rows[1:], key=repr), [("resolved", "breach", None, "completed", "2025-04-30"),
                                                          ("resolved", "escalation", 42, "completed", "2025-05-14")])
            self.assertEqual(daemon.alerts(state="open"), [])

    def test_five_thousand_breaches_at_one_midnight(self):
        with Daemon(clock="2025-04-29T22:59:00Z") as daemon:
            daemon.take(*[referral("W-%d" % number, "2025-04-01", "team-%d" % (number % 20)) for number in range(5000)])
            before = daemon.ask("health")["alert_seq"]
            self.assertEqual(daemon.total()["breach"], 0)
            sub = daemon.subscribe("alert.breach.")
            daemon.set_clock("2025-04-29T23:00:00Z")
            self.assertEqual(daemon.total()["breach"], 5000)
            raised = [row for row in daemon.alerts(since=before) if row["rule"] == "breach"]
            self.assertEqual(len({row["subject"] for row in raised}), 5000)
            self.assertEqual({(row["transition"], row["occurred_on"], row["days"]) for row in raised}, {("raised", "2025-04-30", 29)})
            published = sub.alerts_through(daemon.ask("health")["alert_seq"])
            self.assertEqual([row for _, _, row in published], raised)
            sub.close()
            whole = daemon.alerts()
            daemon.restart()
            self.assertEqual(daemon.alerts(), whole)

    def test_days_the_daemon_was_down(self):
        with Daemon(clock="2025-04-20T12:00:00Z") as daemon:
            daemon.take(referral("W-1", "2025-04-01"), referral("W-2", "2025-04-03"), referral("W-3", "2025-04-15"))
            before = daemon.alerts()
            daemon.restart(clock="2025-05-04T09:00:00Z")
            rows = daemon.alerts()
            self.assertEqual(rows[:len(before)], before)
            raised = {(row["subject"], row["rule"], row["level"]): row for row in rows[len(before):] if row["transition"] == "raised"}
            self.assertEqual(raised["W-1", "breach", None]["occurred_on"], "2025-04-30")
            self.assertEqual(raised["W-2", "breach", None]["occurred_on"], "2025-05-02")
            self.assertNotIn(("W-3", "breach", None), raised)
            # Only what holds now, once.
            opened = {(row["subject"], row["rule"], row["level"]) for row in daemon.alerts(state="open")}
            self.assertEqual(opened, {("W-1", "breach", None), ("W-2", "breach", None)})
            self.assertEqual(len({(row["subject"], row["rule"], row["level"]) for row in rows if row["transition"] == "raised"}),
                             len([row for row in rows if row["transition"] == "raised"]))

    def test_a_restart_raises_nothing_twice(self):
        with Daemon(clock="2025-05-30T12:00:00Z") as daemon:
            daemon.take(*[referral("W-%d" % number, "2025-04-%02d" % (1 + number % 30)) for number in range(500)])
            rows = daemon.alerts()
            for _ in range(3):
                daemon.restart()
                self.assertEqual(daemon.alerts(), rows)
            daemon.kill()
            daemon.start()
            self.assertEqual(daemon.alerts(), rows)
            daemon.set_clock("2025-05-31T12:00:00Z")
            self.assertEqual([row["seq"] for row in daemon.alerts()], list(range(1, len(daemon.alerts()) + 1)))

    def test_the_same_midnights_give_the_same_log_alive_or_restarted_each_day(self):
        logs = []
        for restarts in (False, True):
            with Daemon(clock="2025-04-20T12:00:00Z") as daemon:
                daemon.take(*[referral("W-%d" % number, "2025-04-%02d" % (1 + number % 20), "t%d" % (number % 3),
                                       ["needs_assessment", "triage", "dols"][number % 3]) for number in range(200)])
                for day in range(21, 31):
                    now = "2025-04-%02dT12:00:00Z" % day
                    daemon.restart(clock=now) if restarts else daemon.set_clock(now)
                rows = daemon.alerts()
                logs.append(sorted(map(repr, [(row["subject"], *entry) for row, entry in zip(rows, told(rows))])))
        self.assertEqual(logs[0], logs[1])


class Contact(unittest.TestCase):
    def test_contact_overdue_where_it_is_switched_on(self):
        pathways = """pathways = ( { name = "needs_assessment"; alerts = { contact_overdue = { enabled = true; severity = "high"; }; }; },
                                   { name = "dols"; } ); contact = { interval_days = 14; by_priority = (); };"""
        with Daemon(clock="2025-04-14T12:00:00Z", pathways=pathways) as daemon:
            daemon.take(referral("W-1", "2025-04-01"), referral("W-2", "2025-04-01", pathway="dols"), referral("W-3", "2025-04-01"),
                        event("contact.made", "W-3", "2025-04-10"))
            sub = daemon.subscribe("alert.contact_overdue.")
            daemon.set_clock("2025-04-16T12:00:00Z")
            row, = daemon.alerts(filter={"rule": "contact_overdue"})
            self.assertEqual((row["subject"], row["transition"], row["level"], row["severity"], row["days"], row["occurred_on"], row["late"]),
                             ("W-1", "raised", None, "high", 15, "2025-04-16", False))
            self.assertEqual([told for _, _, told in sub.alerts_through(row["seq"])], [row])
            sub.close()
            self.assertEqual(daemon.total()["no_contact"], 2)
            daemon.restart()
            daemon.ask("alert.ack", alert_id=row["alert_id"], by="jo", expected_by="2025-04-16")
            daemon.set_clock("2025-04-17T12:00:00Z")
            daemon.take(event("contact.made", "W-1", "2025-04-17"))
            self.assertEqual([(each["transition"], each["severity"], each["reason"]) for each in daemon.alerts(filter={"rule": "contact_overdue"})],
                             [("raised", "high", None), ("acknowledged", "high", None), ("overdue", "critical", None),
                              ("resolved", "critical", "cleared")])
            self.assertEqual(daemon.alerts(state="open", filter={"rule": "contact_overdue"}), [])


class Corrections(unittest.TestCase):
    def setUp(self):
        self.daemon = self.open("2025-05-05T12:00:00Z")

    def open(self, clock):
        daemon = Daemon(clock=clock)
        self.addCleanup(daemon.close)
        return daemon

    def breaches(self, daemon=None):
        return told((daemon or self.daemon).alerts(filter={"rule": "breach"}))

    def test_a_retracted_referral_was_no_breach(self):
        first = referral("W-1", "2025-04-01")
        self.daemon.take(first)
        self.daemon.take(event("event.retracted", "W-1", "2025-05-05", {"id": first["id"]}))
        self.assertEqual(self.breaches()[-1], ("resolved", "breach", None, "corrected", "2025-04-30"))

    def test_a_completion_that_arrives_late(self):
        self.daemon.take(referral("W-1", "2025-04-01"))
        self.daemon.take(event("assessment.completed", "W-1", "2025-04-20"))
        self.assertEqual(self.breaches()[-1][3], "corrected")

    def test_a_completion_after_the_breach(self):
        self.daemon.take(referral("W-1", "2025-04-01"))
        self.daemon.take(event("assessment.completed", "W-1", "2025-05-02"))
        self.assertEqual(self.breaches()[-1][3], "completed")

    def test_closed(self):
        self.daemon.take(referral("W-1", "2025-04-01"))
        self.daemon.take(event("wait.closed", "W-1", "2025-05-05", {"reason": "died"}))
        self.assertEqual(self.breaches()[-1][3], "closed")

    def test_recorded_in_error(self):
        self.daemon.take(referral("W-1", "2025-04-01"))
        self.daemon.take(event("wait.closed", "W-1", "2025-05-05", {"reason": "recorded_in_error"}))
        self.assertEqual(self.breaches()[-1][3], "corrected")

    def test_a_completion_that_is_retracted_raises_a_new_alert(self):
        self.daemon.take(referral("W-1", "2025-04-01"))
        end = event("assessment.completed", "W-1", "2025-05-05")
        self.daemon.take(end)
        self.daemon.take(event("event.retracted", "W-1", "2025-05-05", {"id": end["id"]}))
        rows = self.daemon.alerts(filter={"rule": "breach"})
        self.assertEqual([row["transition"] for row in rows], ["raised", "resolved", "raised"])
        self.assertEqual((rows[2]["occurred_on"], rows[0]["alert_id"] != rows[2]["alert_id"]), ("2025-04-30", True))

    def test_a_pause_resolves_what_approaches(self):
        daemon = self.open("2025-04-25T12:00:00Z")
        daemon.take(referral("W-1", "2025-04-01", pathway="ot_assessment"))
        daemon.take(event("wait.paused", "W-1", "2025-04-25", {"reason": "in_hospital"}))
        self.assertEqual(told(daemon.alerts()), [("raised", "approaching", 7, None, "2025-04-23"),
                                                 ("resolved", "approaching", 7, "paused", "2025-04-23")])

    def test_a_standard_that_a_priority_shortens(self):
        daemon = self.open("2025-04-04T12:00:00Z")
        daemon.take(referral("W-1", "2025-04-01", pathway="ot_assessment", priority=3))
        daemon.take(event("referral.triaged", "W-1", "2025-04-04", {"priority": 1}))
        row = daemon.alerts(filter={"rule": "breach"})[0]
        self.assertEqual((row["occurred_on"], row["days"], row["standard"]), ("2025-04-04", 3, 2))

    def test_moved_with_its_wait(self):
        self.daemon.take(referral("W-1", "2025-04-01"))
        self.daemon.take(event("wait.transferred", "W-1", "2025-05-05", {"team": "south"}))
        self.daemon.take(event("assessment.completed", "W-1", "2025-05-05"))
        rows = self.daemon.alerts(filter={"rule": "breach"})
        self.assertEqual([(row["transition"], row["team"]) for row in rows], [("raised", "north"), ("moved", "south"), ("resolved", "south")])
        self.assertEqual(len({row["alert_id"] for row in rows}), 1)


class WorkedExamples(unittest.TestCase):
    """Some of the rules' worked examples (section 10) from the socket to the answer; all of them are unit tests of the core."""

    def state(self, rows, *dates, pathways=None):
        """The one wait at noon of each date."""
        found = []
        with Daemon(clock=dates[0] + "T12:00:00Z", **({"pathways": pathways} if pathways else {})) as daemon:
            daemon.take(*[row for row in rows if row["time"][:10] <= dates[0]])
            for date in dates:
                daemon.set_clock(date + "T12:00:00Z")
                found.append(daemon.wait("W-1"))
        return found

    def test_1_standard_of_28_days(self):
        on_29, on_30 = self.state([referral("W-1", "2025-04-01")], "2025-04-29", "2025-04-30")
        self.assertEqual((on_29["days"], on_29["breach"], on_29["due"], on_29["days_to_breach"], on_29["breach_on"]),
                         (28, False, True, 1, "2025-04-30"))
        self.assertEqual((on_30["days"], on_30["breach"]), (29, True))

    def test_3_summer_time(self):
        state, = self.state([referral("W-1", "2025-03-30T23:30:00Z")], "2025-03-31")
        self.assertEqual((state["start"], state["days"]), ("2025-03-31", 0))

    def test_4_leap_year(self):
        state, = self.state([referral("W-1", "2024-02-01")], "2024-03-01")
        self.assertEqual((state["days"], state["breach"]), (29, True))

    def test_6_an_allocation_that_arrives_first(self):
        with Daemon(clock="2025-04-07T12:00:00Z") as daemon:
            daemon.take(event("wait.allocated", "W-1", "2025-04-05", {"worker": "w"}))
            self.assertEqual(daemon.ask("wait", subject="W-1")["events"][0]["exception"], "no_referral")
            daemon.take(referral("W-1", "2025-04-01"))
            state = daemon.wait("W-1")
            self.assertEqual((state["stage"], state["exceptions"], state["days"]), ("allocated", 0, 6))

    def test_7_pauses(self):
        for pathway, expected in (("needs_assessment", (34, 34, 10, True, False)), ("ot_assessment", (24, 34, 10, False, True))):
            state, = self.state([referral("W-1", "2025-04-01", pathway=pathway),
                                 event("wait.paused", "W-1", "2025-04-10", {"reason": "in_hospital"}), event("wait.resumed", "W-1", "2025-04-20")],
                                "2025-05-05")
            self.assertEqual((state["days"], state["gross_days"], state["paused_days"], state["breach"], state["due"]), expected)

    def test_12_recorded_in_error_counts_nowhere(self):
        with Daemon(clock="2025-04-20T12:00:00Z") as daemon:
            daemon.take(referral("W-1", "2025-04-01"), event("wait.closed", "W-1", "2025-04-20", {"reason": "recorded_in_error"}))
            self.assertEqual((daemon.total()["waiting"], daemon.wait("W-1")["status"]), (0, "excluded"))

    def test_14_a_planned_review(self):
        rows = [referral("W-1", "2025-01-10", pathway="review", clock_start="2025-06-01")]
        before, first, late = self.state(rows, "2025-05-31", "2025-06-01", "2025-06-30")
        self.assertEqual((before["status"], first["status"], first["days"]), ("scheduled", "waiting", 0))
        self.assertEqual((late["days"], late["breach"]), (29, True))

    def test_16_all_at_one_instant(self):
        at = "2025-04-01T00:00:00+01:00"
        state, = self.state([event("assessment.completed", "W-1", at), event("wait.allocated", "W-1", at, {"worker": "w"}), referral("W-1", at)],
                            "2025-04-01")
        self.assertEqual((state["status"], state["days"], state["exceptions"]), ("ended", 0, 0))

    def test_18_working_days(self):
        on_28, on_29 = self.state([referral("W-1", "2025-04-17", pathway="triage")], "2025-04-28", "2025-04-29")
        self.assertEqual((on_28["days"], on_28["breach"], on_29["days"], on_29["breach"]), (5, False, 6, True))

    def test_19_the_figures_of_a_queue(self):
        with Daemon(clock="2025-06-01T12:00:00Z") as daemon:
            today = datetime.date(2025, 6, 1)
            daemon.take(*[referral("W-%d" % days, str(today - datetime.timedelta(days=days))) for days in (10, 20, 29, 40)])
            total = daemon.total()
            self.assertEqual((total["median"], total["mean"], total["p90"], total["breach"]), (24.5, 24.8, 40, 2))


class Future(unittest.TestCase):
    def test_an_event_of_tomorrow_within_the_skew_waits_for_its_day(self):
        with Daemon(clock="2025-06-01T22:58:00Z") as daemon:
            daemon.take(referral("W-1", "2025-05-01"))
            reply = daemon.send(event("assessment.completed", "W-1", "2025-06-01T23:02:59Z"), event("contact.made", "W-1", "2025-06-01T23:03:00.001Z"))
            self.assertEqual((reply["accepted"], reply["quarantined"][0]["code"]), (1, "time_in_future"))
            self.assertEqual((daemon.wait("W-1")["status"], daemon.ask("wait", subject="W-1")["events"][1]["effect"]), ("waiting", "pending"))
            daemon.restart()
            self.assertEqual(daemon.wait("W-1")["status"], "waiting")
            self.assertEqual(daemon.alerts(state="open")[0]["subject"], "W-1")
            daemon.set_clock("2025-06-01T23:00:00Z")
            self.assertEqual((daemon.wait("W-1")["status"], daemon.wait("W-1")["days"]), ("ended", 32))
            self.assertEqual(daemon.alerts(state="open"), [])

    def test_a_whole_day_of_skew(self):
        with Daemon(clock="2025-06-01T12:00:00Z", config="endpoints += { max_future_skew_s = 86400; };") as daemon:
            daemon.take(referral("W-1", "2025-06-02"))
            self.assertIsNone(daemon.ask("wait", subject="W-1")["wait"])
            self.assertEqual(daemon.total()["waiting"], 0)
            daemon.set_clock("2025-06-02T00:00:00Z")
            self.assertEqual((daemon.wait("W-1")["days"], daemon.total()["waiting"]), (0, 1))

    def test_planned_starts_join_at_midnight(self):
        with Daemon(clock="2025-06-01T12:00:00Z") as daemon:
            daemon.take(*[referral("W-%d" % day, "2025-05-01", clock_start="2025-06-%02d" % day) for day in range(2, 12)])
            for day in range(2, 12):
                total = daemon.total()
                self.assertEqual((total["waiting"], total["scheduled"]), (day - 2, 12 - day))
                daemon.set_clock("2025-06-%02dT12:00:00Z" % day)
            self.assertEqual(daemon.total()["waiting"], 10)


if __name__ == "__main__":
    unittest.main()
