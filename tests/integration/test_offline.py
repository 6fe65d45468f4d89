#!/usr/bin/python3
"""Answers from a journal's file are the daemon's, and answers as they were at an instant are those that were given then."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import test_figures
from daemon import WAITLISTCTL, Daemon, referral, event

LISTS = {"group_by"}


def arguments(op, members):
    """A question as people write it on the command line."""
    words = [op.replace("_", "-")]
    for name, value in members.items():
        if name == "filter":
            for field, wanted in value.items():
                words += ["--filter", "%s=%s" % (field, ("true" if wanted else "false") if isinstance(wanted, bool) else wanted)]
        elif name in ("day", "subject"):
            words.append(value)
        else:
            words += ["--" + name.replace("_", "-"), ",".join(value) if name in LISTS else str(value)]
    return words


def run(journal, *words, config=None):
    command = [WAITLISTCTL] + (["-c", config] if config else []) + ["--journal", journal, "--format", "json"] + list(words)
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, env={**os.environ, "LC_ALL": "C.UTF-8"})


class Offline(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(clock="2025-01-01T08:00:00Z", pathways=test_figures.PATHWAYS + 'districts = ( "dale" );')
        cls.addClassCleanup(cls.daemon.close)
        test_figures.live(cls.daemon)
        for row, members in zip(cls.daemon.alerts(state="open"), ({"expected_by": "2025-07-06", "note": "\"visit\""}, {"expected_by": "2025-07-09"}, {})):
            cls.daemon.ask("alert.ack", alert_id=row["alert_id"], by="jo", **members)
        cls.daemon.set_clock("2025-07-07T08:00:00Z")

    def same(self, op, members, journal=None):
        told = self.daemon.ask(op, **members)
        done = run(journal or self.daemon.journal, *arguments(op, members), config=self.daemon.config_path)
        self.assertEqual((done.returncode, done.stderr), (0, b""), (op, members))
        self.assertEqual(json.loads(done.stdout), told, (op, members))

    def questions(self):
        """Those of the figures; where the command line has a default of its own, with that said."""
        defaults = {"summary": {"group_by": ["pathway", "team"]}, "waits": {"filter": {"status": "waiting"}}}
        for asked in test_figures.questions().values():
            for op, members in asked:
                members = {name: value for name, value in members.items() if value != []}
                yield op, {**defaults.get(op, {}), **members}
        yield from [("wait", {"subject": "w-60"}), ("wait", {"subject": "w-32", "as_at": "2025-03-01"}), ("quarantine list", {}),
                    ("exceptions", {"filter": {"kind": "all"}, "limit": 1000}), ("waits", {"filter": {"breach": True, "status": "waiting"}}),
                    ("summary", {"filter": {"team": "north"}, "group_by": ["pathway"]})]

    def test_the_same_answers_beside_the_daemon(self):
        for op, members in self.questions():
            with self.subTest(op=op, members=members):
                if op == "quarantine list":
                    done = run(self.daemon.journal, "quarantine", "list")
                    self.assertEqual(json.loads(done.stdout), self.daemon.ask("quarantine"))
                else:
                    self.same(op, members)

    def test_the_same_alerts(self):
        self.assertEqual([row["overdue"] for row in self.daemon.alerts(state="open") if row["by"]], [True, False, False])
        for members in ({"limit": 1000}, {"state": "open"}, {"state": "open", "limit": 3}, {"since": 5, "limit": 7},
                        {"filter": {"transition": "acknowledged"}}, {"filter": {"team": "north"}}, {"state": "open", "filter": {"rule": "breach"}}):
            with self.subTest(members):
                self.assertGreater(len(self.daemon.ask("alerts", **members)["rows"]), 0)
                self.same("alerts", members)

    def test_the_same_answers_from_a_copy(self):
        with tempfile.TemporaryDirectory() as folder:
            target, source = sqlite(os.path.join(folder, "copy.db")), self.daemon.database()
            source.backup(target)
            target.close()
            source.close()
            self.same("summary", {"group_by": ["pathway", "team"]}, journal=os.path.join(folder, "copy.db"))

    def test_what_needs_a_daemon_is_refused(self):
        for words in (["status"], ["send", os.devnull], ["simulate", "--send"]):
            done = run(self.daemon.journal, *words)
            self.assertNotEqual(done.returncode, 0, words)
            self.assertIn(b"daemon", done.stderr)
        done = run("/nowhere/journal.db", "summary")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"/nowhere/journal.db", done.stderr)

    def test_bad_questions_are_refused_alike(self):
        for op, members in (("summary", {"as_at": "1901-01-01"}), ("flow", {"from": "2025-01-01", "to": "2030-01-01"}),
                            ("summary", {"known_at": 10 ** 9})):
            done = run(self.daemon.journal, *arguments(op, members))
            self.assertEqual(done.returncode, 1)
            self.assertEqual(json.loads(done.stdout)["error"], self.daemon.try_ask(op, **members)["error"])


def sqlite(path):
    import sqlite3
    return sqlite3.connect(path)


class Figures(unittest.TestCase):
    """How alerts were dealt with, and several questions in one."""

    def test_alert_figures(self):
        with Daemon(clock="2025-04-01T08:00:00Z") as daemon:
            daemon.take(*[referral("W-%d" % number, "2025-04-01", pathway="dols") for number in range(5)])
            daemon.set_clock("2025-04-23T08:00:00Z")
            breaches = [row["alert_id"] for row in daemon.alerts(state="open") if row["rule"] == "breach"]
            self.assertEqual(len(breaches), 5)
            for clock, name in (("2025-04-23T10:00:00Z", breaches[0]), ("2025-04-23T11:30:00Z", breaches[1]), ("2025-04-24T08:00:00Z", breaches[0])):
                daemon.set_clock(clock)
                daemon.ask("alert.ack", alert_id=name, by="jo")
            daemon.take(event("assessment.completed", "W-3", "2025-04-24T07:30:00Z"))
            rows = {row["rule"]: row for row in daemon.ask("alert_figures", **{"from": "2025-04-01", "to": "2025-04-24"})["rows"]}
            raised_at = next(row["at"] for row in daemon.alerts() if row["alert_id"] == breaches[0])
            self.assertEqual(raised_at, "2025-04-22T23:00:00.000Z")
            self.assertEqual(rows["breach"], {"pathway": "dols", "rule": "breach", "raised": 5, "late": 0, "resolved": 1, "acknowledged": 2,
                                              "median_hours": 11.8, "longest_hours": 13})
            self.assertEqual(rows["approaching"]["resolved"], 10)
            then = {row["rule"]: row for row in
                    daemon.ask("alert_figures", asked_at="2025-04-23T10:30:00Z", **{"from": "2025-04-01", "to": "2025-04-23"})["rows"]}
            self.assertEqual((then["breach"]["acknowledged"], then["breach"]["resolved"], then["breach"]["median_hours"]), (1, 0, 11))
            self.assertEqual(daemon.ask("alert_figures", **{"from": "2025-04-24", "to": "2025-04-24"})["rows"], [])
            self.assertEqual(daemon.error("alert_figures", **{"from": "2025-04-24", "to": "2025-05-24"}), ("bad_request", "/to"))

    def test_several_in_one(self):
        with Daemon(clock="2025-01-01T08:00:00Z", pathways=test_figures.PATHWAYS) as daemon:
            test_figures.live(daemon)
            flows = [{"from": "2025-02-01", "to": "2025-05-20", "step": "month", "group_by": ["pathway"]}, {"from": "2025-01-01", "to": "2025-03-31"},
                     {"from": "2025-03-01", "to": "2025-06-30", "group_by": ["team"], "filter": {"pathway": "dols"}},
                     {"from": "2025-03-01", "to": "2025-06-30", "filter": {"subject_prefix": "w-1"}}]
            told = daemon.ask("flow", each=flows)["each"]
            for asked, answer in zip(flows, told):
                alone = daemon.ask("flow", **asked)
                self.assertEqual(answer, {name: alone[name] for name in ("rows", "from", "to", "step")})
            series = [{"group_by": ["pathway"]}, {}, {"group_by": ["team"], "filter": {"min_days": 28}}, {"filter": {"pathway": "dols"}}]
            period = {"from": "2025-02-10", "to": "2025-06-20", "step": "month"}
            for asked, answer in zip(series, daemon.ask("series", each=series, **period)["each"]):
                alone = daemon.ask("series", **asked, **period)
                self.assertEqual(answer, {name: alone[name] for name in ("rows", "totals")})
            reported = daemon.ask("series", each=[{"group_by": ["pathway"]}, {}], basis="reported", **period)["each"]
            self.assertEqual(reported[0]["rows"], daemon.ask("series", group_by=["pathway"], basis="reported", **period)["rows"])
            for op, members, pointer in (("flow", {"each": []}, "/each"), ("flow", {"each": [{}] * 65}, "/each"), ("flow", {"each": 3}, "/each"),
                                         ("flow", {"each": [3]}, "/each/0"), ("flow", {"each": flows, "from": "2025-01-01"}, "/from"),
                                         ("flow", {"each": [flows[0], {"known_at": 3}]}, "/each/1/known_at"), ("flow", {"each": [{}]}, "/from"),
                                         ("series", {"each": [{"from": "2025-01-01"}], **period}, "/each/0/from"),
                                         ("series", {"each": [{"group_by": ["x"]}], **period}, "/group_by/0")):
                self.assertEqual(daemon.error(op, **members), ("bad_request", pointer))


QUESTIONS = [("summary", {"group_by": ["pathway", "team"]}), ("summary", {"as_at": "2025-05-03"}),
             ("summary", {"as_at": "2025-05-03", "basis": "reported"}), ("flow", {"from": "2025-04-01", "to": "2025-05-04", "step": "week"}),
             ("series", {"from": "2025-04-01", "to": "2025-05-04", "step": "week", "group_by": ["pathway"]}),
             ("series", {"from": "2025-04-01", "to": "2025-05-03", "basis": "reported"}),
             ("restatement", {"from": "2025-05-01", "to": "2025-05-03"}), ("waits", {"sort": "subject"}), ("exceptions", {"filter": {"kind": "all"}}),
             ("alerts", {}), ("alerts", {"state": "open"})]


def without(reply, *names):
    return {name: value for name, value in reply.items() if name not in names}


class AskedAt(unittest.TestCase):
    """What is asked at an instant is answered as it was then, whatever came after: events, days, alerts, other standards."""

    def test_as_it_was_answered_then(self):
        with Daemon(clock="2025-04-01T08:00:00Z") as daemon:
            for number in range(40):
                daemon.take(referral("W-%d" % number, "2025-04-01", team=("north", "south")[number % 2]))
            daemon.set_clock("2025-05-04T12:00:00Z")
            daemon.take(*[event("assessment.completed", "W-%d" % number, "2025-04-20") for number in range(10)])
            daemon.set_clock("2025-05-04T20:00:00Z")
            then = {json.dumps(question): daemon.ask(question[0], **question[1]) for question in QUESTIONS}
            policies = daemon.ask("policies")
            # Afterwards all is otherwise: another standard from the same day, late events, corrections, weeks that pass.
            daemon.configure(pathways='pathways = ( { name = "needs_assessment"; standard_days = 5; clock_stops_on = "started"; } );')
            daemon.clock = "2025-05-04T20:30:00Z"
            daemon.ask("clock.set", now=daemon.clock)
            self.assertIn("reloaded", daemon.reload())
            daemon.take(event("assessment.started", "W-20", "2025-04-05"), event("wait.closed", "W-21", "2025-04-06", {"reason": "died"}),
                        referral("W-100", "2025-04-02"))
            daemon.set_clock("2025-06-01T12:00:00Z")
            for question in QUESTIONS:
                with self.subTest(question):
                    now = daemon.ask(question[0], **question[1])
                    told = daemon.ask(question[0], **question[1], asked_at="2025-05-04T20:00:00Z")
                    expected = then[json.dumps(question)]
                    if "basis" not in question[1]:
                        self.assertNotEqual(without(now, "journal_seq"), without(expected, "journal_seq"), "it must have changed since")
                    self.assertEqual(without(told, "journal_seq", "through"), without(expected, "journal_seq", "through"))
            self.policies(daemon, policies)

    def policies(self, daemon, then):
        """What it stands on, by seq, by instant, and what the chain was."""
        self.assertEqual([row["from"] for row in then["rows"]], ["2025-04-01"])
        told = daemon.ask("policies", known_at="2025-05-04T20:00:00Z")
        self.assertEqual(without(told, "journal_seq", "asked_at"), without(then, "journal_seq", "asked_at"))
        self.assertEqual((told["known_at"], told["today"], told["asked_at"]), (50, "2025-05-04", "2025-05-04T20:00:00.000Z"))
        now = daemon.ask("policies")
        self.assertEqual([(row["from"], row["policy"]["pathways"][0]["standard_days"]) for row in now["rows"]],
                         [("2025-04-01", 28), ("2025-05-04", 5)])
        self.assertEqual((now["known_at"], now["today"], now["timezone"]), (53, "2025-06-01", "Europe/London"))
        for seq in (0, 1, 40, 50, 53):
            chain = daemon.ask("policies", known_at=seq)["chain"]
            verified = subprocess.run([WAITLISTCTL, "verify", daemon.journal, "--head", chain, "--seq", str(seq)], stdout=subprocess.PIPE)
            self.assertEqual(verified.returncode, 0, (seq, verified.stdout))
        self.assertEqual(daemon.error("policies", known_at="2025-03-01T00:00:00Z"), ("bad_request", "/known_at"))
        self.assertEqual(daemon.error("summary", asked_at="2025-03-01T00:00:00Z"), ("bad_request", "/asked_at"))
        self.assertEqual(daemon.error("summary", asked_at="yesterday"), ("bad_request", "/asked_at"))
        self.assertEqual(daemon.error("summary", asked_at="2025-05-04T20:00:00Z", as_at="2027-01-01"), ("bad_request", "/as_at"))


if __name__ == "__main__":
    unittest.main()
