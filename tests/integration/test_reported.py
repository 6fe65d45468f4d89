#!/usr/bin/python3
"""Positions as reported: written at each midnight, reconstructed after a stop, never changed, and asked for by `summary`."""
import os
import random
import shutil
import sqlite3
import unittest

import zmq

from daemon import ROOT, Daemon, event, referral

KINDS = [[], ["pathway"], ["team"], ["pathway", "team"], ["pathway", "district"], ["pathway", "client_group"]]
STRICTER = 'pathways = ( { name = "needs_assessment"; standard_days = 3; }, { name = "review"; completes_on = "asc.review.completed"; }, ' \
           '{ name = "ot_assessment"; }, { name = "dols"; }, { name = "triage"; } );'


def figures(reply):
    """What must be the same, however it was asked for."""
    return reply["rows"], reply["total"]


class Reported(unittest.TestCase):
    def everything(self, daemon, **members):
        """The figures of every kind of group, and of filters that are one."""
        told = [figures(daemon.ask("summary", group_by=kind, **members)) for kind in KINDS]
        told.append(figures(daemon.ask("summary", group_by=["team"], filter={"pathway": "needs_assessment"}, **members)))
        told.append(figures(daemon.ask("summary", group_by=["team", "pathway"], filter={"team": ["north"]}, **members)))
        told.append(figures(daemon.ask("summary", group_by=["district"], filter={"pathway": "review"}, **members)))
        told.append(figures(daemon.ask("summary", group_by=[], filter={"pathway": "dols", "client_group": "unknown"}, **members)))
        return told

    def reported(self, daemon, day):
        return self.everything(daemon, basis="reported", as_at=day)

    def live(self, daemon, randomness, day, count=12):
        """A day's events: people come, are allocated, paused and done with."""
        rows = []
        for number in range(count):
            subject = "w-%s-%d" % (day, number)
            rows.append(referral(subject, day, team=randomness.choice(["north", "south"]), priority=randomness.randint(1, 4),
                                 pathway=randomness.choice(["needs_assessment", "review", "dols"]),
                                 **({"district": randomness.choice(["hill", "dale"])} if number % 3 else {}),
                                 **({"client_group": "older"} if number % 4 else {})))
            kind, data = randomness.choice([("wait.allocated", {"worker": "k-1"}), ("wait.paused", {"reason": "in_hospital"}),
                                            ("wait.closed", {"reason": "withdrawn"}), ("contact.made", {}), ("assessment.started", {})])
            rows.append(event(kind, subject, day + "T12:00:00+01:00", data))
        daemon.take(*rows)

    def report_rows(self, daemon):
        database = daemon.database()
        try:
            return database.execute("SELECT day, after_seq, at, reconstructed, rule_version, body FROM report ORDER BY day").fetchall()
        finally:
            database.close()

    def test_each_midnight_reports_what_was_said_right_before_it(self):
        randomness = random.Random(1)
        with Daemon(clock="2025-05-01T20:00:00Z") as daemon:
            told = {}
            for day in range(1, 6):
                date = "2025-05-%02d" % day
                self.live(daemon, randomness, date)
                told[date] = self.everything(daemon), daemon.ask("health")["journal_seq"]
                daemon.set_clock("2025-05-%02dT20:00:00Z" % (day + 1))
            before = self.report_rows(daemon)
            # Late, corrected and retracted: what was reported stays.
            daemon.take(referral("late", "2025-04-01", district="hill"), event("wait.closed", "w-2025-05-01-1", "2025-05-02", {"reason": "duplicate"}))
            for date, (position, seq) in told.items():
                self.assertEqual(self.reported(daemon, date), position, date)
                reply = daemon.ask("summary", basis="reported", as_at=date)
                self.assertEqual((reply["known_at"], reply["reconstructed"], reply["rule_version"], reply["basis"], reply["as_at"]),
                                 (seq, False, 1, "reported", date))
                self.assertEqual(reply["reported_at"], "2025-05-%02dT23:00:00.000Z" % int(date[-2:]))
                self.assertGreater(reply["journal_seq"], seq)
            self.assertNotEqual(figures(daemon.ask("summary", as_at="2025-05-03")), figures(daemon.ask("summary", basis="reported", as_at="2025-05-03")))
            # Several midnights of one clock.set are each a midnight of its own.
            daemon.set_clock("2025-05-10T20:00:00Z")
            for date in ("2025-05-06", "2025-05-09"):
                self.assertIs(daemon.ask("summary", basis="reported", as_at=date)["reconstructed"], False)
                self.assertEqual(self.reported(daemon, date), self.everything(daemon, as_at=date))
            daemon.restart()
            rows = self.report_rows(daemon)
            self.assertEqual(len(rows), 9)
            self.assertEqual(rows[:len(before)], before)

    def test_the_days_of_a_stop_are_reconstructed_under_the_policy_then_in_force(self):
        randomness = random.Random(2)
        with Daemon(clock="2025-05-01T20:00:00Z") as daemon:
            self.live(daemon, randomness, "2025-05-01", 40)
            daemon.set_clock("2025-05-02T22:59:00Z")
            # Half a minute fast: on 2 May this lies in the future, and on 3 May it has happened.
            daemon.take(referral("fast", "2025-05-02T23:00:30Z", team="north", district="dale"))
            seq = daemon.ask("health")["journal_seq"]
            daemon.stop()
            daemon.configure(pathways=STRICTER)
            daemon.clock = "2025-05-06T08:00:00Z"
            daemon.start()
            # The clock is put back while the daemon is down: nothing is written twice.
            daemon.restart(clock="2025-05-03T08:00:00Z")
            self.assertEqual(daemon.ask("health")["today"], "2025-05-06")
            self.assertEqual(len(self.report_rows(daemon)), 5)
            daemon.restart(clock="2025-05-06T09:00:00Z")
            daemon.take(referral("late", "2025-05-02", team="north"))
            for day in range(2, 6):
                date = "2025-05-%02d" % day
                reply = daemon.ask("summary", basis="reported", as_at=date)
                self.assertEqual((reply["reconstructed"], reply["known_at"], reply["reported_at"]), (True, seq, "2025-05-06T08:00:00.000Z"))
                self.assertEqual(self.reported(daemon, date), self.everything(daemon, as_at=date, known_at=seq), date)
            waiting = [daemon.ask("summary", basis="reported", as_at="2025-05-%02d" % day)["total"]["waiting"] for day in (2, 3)]
            self.assertEqual(waiting[1], waiting[0] + 1)
            self.assertEqual(daemon.ask("summary", basis="reported", as_at="2025-05-05", filter={"pathway": "needs_assessment"})["total"]["breach"], 0)
            daemon.set_clock("2025-05-07T08:00:00Z")
            self.assertGreater(daemon.ask("summary", basis="reported", as_at="2025-05-06", filter={"pathway": "needs_assessment"})["total"]["breach"], 0)
            self.assertEqual(len(self.report_rows(daemon)), 6)

    def test_killed_around_midnight_every_day_is_reported_once(self):
        with Daemon(clock="2025-05-01T20:00:00Z") as daemon:
            for day in range(1, 9):
                daemon.take(referral("w-%d" % day, "2025-05-%02d" % day))
                sock = daemon.socket(zmq.DEALER, "query")
                daemon.clock = "2025-05-%02dT20:00:00Z" % (day + 1)
                sock.send(b'{"v":1,"op":"clock.set","now":"%s"}' % daemon.clock.encode())
                if day % 2:
                    daemon.receive(sock)
                daemon.kill()
                daemon.start()
                days = [row[0] for row in self.report_rows(daemon)]
                self.assertEqual(days, list(range(20209, 20209 + day)))
                date = "2025-05-%02d" % day
                self.assertEqual(daemon.ask("summary", basis="reported", as_at=date)["total"]["waiting"], day)

    def test_what_cannot_be_answered_is_refused(self):
        with Daemon(clock="2025-05-01T20:00:00Z") as daemon:
            def refused(**members):
                return daemon.error("summary", basis="reported", **members)

            self.assertEqual(refused(as_at="2025-04-30"), ("not_found", "/as_at"))
            daemon.set_clock("2025-05-04T20:00:00Z")
            reply = daemon.try_ask("summary", basis="reported", as_at="2025-04-30")["error"]
            self.assertEqual(reply["code"], "not_found")
            self.assertIn("2025-05-01", reply["message"])
            self.assertIn("2025-05-03", reply["message"])
            self.assertEqual(refused(), ("bad_request", "/as_at"))
            self.assertEqual(refused(as_at="2025-05-04"), ("bad_request", "/as_at"))
            self.assertEqual(refused(as_at="2025-05-05"), ("bad_request", "/as_at"))
            self.assertEqual(refused(as_at="2025-05-03", known_at=0), ("bad_request", "/known_at"))
            self.assertEqual(refused(as_at="2025-05-03", group_by=["district"]), ("bad_request", "/group_by"))
            self.assertEqual(refused(as_at="2025-05-03", group_by=["pathway"], filter={"district": "hill"}), ("bad_request", "/filter"))
            self.assertEqual(refused(as_at="2025-05-03", filter={"breach": True}), ("bad_request", "/filter"))
            self.assertEqual(daemon.error("summary", basis="rumoured"), ("bad_request", "/basis"))

    def test_a_journal_of_version_1_is_taken_over(self):
        with Daemon(clock="2025-05-06T08:00:00Z", start=False) as daemon:
            shutil.copy(os.path.join(ROOT, "tests", "data", "journals", "version-1.db"), daemon.journal)
            daemon.start()
            self.assertEqual(daemon.ask("summary", as_at="2025-05-04", known_at=6)["total"],
                             daemon.ask("summary", as_at="2025-05-04", basis="reported")["total"])
            total = daemon.ask("summary", as_at="2025-05-04", basis="reported")["total"]
            self.assertEqual((total["waiting"], total["paused"], total["due"], total["longest"], total["median"]), (2, 1, 1, 24, 19))
            self.assertEqual(daemon.error("summary", basis="reported", as_at="2025-05-03"), ("not_found", "/as_at"))
            self.assertEqual([row["seq"] for row in daemon.alerts()][:3], [1, 2, 3])
            self.assertEqual(daemon.ask("health")["quarantine"], 1)

    def test_nobody_changes_what_was_reported(self):
        with Daemon(clock="2025-05-01T20:00:00Z") as daemon:
            daemon.set_clock("2025-05-03T20:00:00Z")
            daemon.stop()
            database = sqlite3.connect(daemon.journal)
            for change in ("UPDATE report SET body = ''", "DELETE FROM report", "REPLACE INTO report SELECT * FROM report"):
                with self.assertRaises(sqlite3.IntegrityError):
                    database.execute(change)
            database.close()
            daemon.start()


if __name__ == "__main__":
    unittest.main()
