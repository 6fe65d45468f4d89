#!/usr/bin/python3
"""Acknowledged alerts (rules, section 8) through a real daemon: who deals with one, until when, and what comes of it when that day passes."""
import json
import os
import subprocess
import time
import unittest

from daemon import LIMIT_S, WAITLISTCTL, Daemon, event, referral

NOTE = "visit booked: \"Süd\" \\ 2/3"
ACK = ["seq", "alert_id", "transition", "rule", "level", "subject", "pathway", "team", "from_team", "severity", "days", "standard", "value", "limit", "occurred_on",
       "at", "reason", "by", "note", "expected_by", "late"]


class Acknowledged(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(clock="2025-05-05T12:00:00Z")
        self.addCleanup(self.daemon.close)
        self.daemon.take(referral("W-1", "2025-04-01"), referral("W-2", "2025-04-01", "south"), referral("W-3", "2025-05-01"))
        self.first, self.second = [row["alert_id"] for row in self.daemon.alerts(state="open", filter={"rule": "breach"})]

    def tearDown(self):
        if self.daemon.process:
            self.daemon.stop()

    def ack(self, alert_id=None, by="jo", **members):
        return self.daemon.ask("alert.ack", alert_id=alert_id or self.first, by=by, **members)

    def open(self, alert_id=None):
        row, = [row for row in self.daemon.alerts(state="open") if row["alert_id"] == (alert_id or self.first)]
        return row

    def refused(self, code, pointer, **members):
        before = self.daemon.ask("health")
        asked = {"alert_id": self.first, "by": "jo", **members}
        self.assertEqual(self.daemon.error("alert.ack", **{name: value for name, value in asked.items() if value is not None}), (code, pointer))
        after = self.daemon.ask("health")
        self.assertEqual((after["alert_seq"], after["chain"]), (before["alert_seq"], before["chain"]))

    def ctl(self, *words):
        done = subprocess.run([WAITLISTCTL, "-c", self.daemon.config_path, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=LIMIT_S * 4, env={**os.environ, "LC_ALL": "C.UTF-8"})
        return done.returncode, done.stdout, done.stderr

    def test_it_is_a_transition_like_any_other(self):
        sub = self.daemon.subscribe("alert.breach.needs_assessment.north.")
        before = self.daemon.ask("health")
        reply = self.ack(note=NOTE, expected_by="2025-05-09")
        row = reply["transition"]
        self.assertEqual((list(reply), list(row)), (["v", "ok", "transition", "repeated"], ACK))
        self.assertEqual(row, {**row, "seq": before["alert_seq"] + 1, "alert_id": self.first, "transition": "acknowledged", "rule": "breach",
                               "subject": "W-1", "team": "north", "severity": "warning", "days": 34, "standard": 28, "by": "jo", "note": NOTE,
                               "expected_by": "2025-05-09", "at": "2025-05-05T12:00:00.000Z", "reason": None})
        self.assertEqual(sub.alerts_through(row["seq"]), [("alert.breach.needs_assessment.north.", row["seq"], row)])
        sub.close()
        self.assertEqual(self.daemon.alerts(since=before["alert_seq"]), [row])
        self.assertEqual(self.daemon.ask("wait", subject="W-1")["alerts"][-1], row)
        after = self.daemon.ask("health")
        self.assertEqual((after["alert_seq"], after["journal_seq"]), (row["seq"], before["journal_seq"]))
        self.assertNotEqual(after["chain"], before["chain"])
        verified = json.loads(self.ctl("--format", "json", "verify", self.daemon.journal)[1])
        self.assertEqual((verified["good"], verified["chain"], verified["alerts"]), (True, after["chain"], row["seq"]))

    def test_what_open_alerts_show(self):
        self.assertEqual(self.open(), {**self.open(), "transition": "raised", "by": None, "note": None, "expected_by": None,
                                       "acknowledged_at": None, "overdue": False})
        self.daemon.set_clock("2025-05-06T08:00:00Z")
        self.ack(note=NOTE, expected_by="2025-05-09")
        shown = self.open()
        self.assertEqual(list(shown), ACK + ["acknowledged_at", "overdue"])
        self.assertEqual(shown, {**shown, "seq": int(self.first[1:]), "transition": "raised", "at": "2025-05-05T12:00:00.000Z", "by": "jo", "note": NOTE,
                                 "expected_by": "2025-05-09", "acknowledged_at": "2025-05-06T08:00:00.000Z", "overdue": False})
        self.assertIn(shown, self.daemon.ask("snapshot")["alerts"])
        self.ack(by="sam")
        self.assertEqual(self.open(), {**shown, "by": "sam", "note": None, "expected_by": None})
        self.assertIsNone(self.open(self.second)["by"])

    def test_the_same_again_and_somebody_else(self):
        first = self.ack(note="called")
        again = self.ack(note="called")
        self.assertEqual((first["repeated"], again["repeated"], again["transition"]), (False, True, first["transition"]))
        seqs = [self.ack(by="sam", note="called")["transition"]["seq"], self.ack(by="sam")["transition"]["seq"],
                self.ack(by="sam", expected_by="2025-05-05")["transition"]["seq"], self.ack(note="called")["transition"]["seq"]]
        self.assertEqual(seqs, list(range(first["transition"]["seq"] + 1, first["transition"]["seq"] + 5)))

    def test_refusals(self):
        self.daemon.take(event("assessment.completed", "W-2", "2025-05-05"))
        self.refused("conflict", "/alert_id", alert_id=self.second)
        newest = self.daemon.ask("health")["alert_seq"]  # of a transition that raised nothing
        for unknown in ("a%d" % newest, "a%d" % (newest + 1), "a0", "x", "", "a99999999999999999999", self.first[1:], "a-1"):
            with self.subTest(unknown):
                self.refused("not_found", "/alert_id", alert_id=unknown)
        for pointer, members in (("/alert_id", {"alert_id": None}), ("/alert_id", {"alert_id": 4}), ("/by", {"by": None}), ("/by", {"by": ""}),
                                 ("/by", {"by": "x" * 129}), ("/by", {"by": "jo@council.example"}), ("/note", {"note": "x" * 501}),
                                 ("/note", {"note": ""}), ("/note", {"note": "NHS 943 476 5919"}), ("/note", {"note": "a\nb"}),
                                 ("/note", {"note": 4}), ("/expected_by", {"expected_by": "2025-05-04"}),
                                 ("/expected_by", {"expected_by": "2026-05-07"}), ("/expected_by", {"expected_by": "9 May"}),
                                 ("/nonsense", {"nonsense": 1})):
            with self.subTest(members):
                self.refused("bad_request", pointer, **members)
        for good in ({"note": "x" * 500}, {"note": "\\" * 500, "by": "\"" * 128}, {"note": "ü" * 250}, {"expected_by": "2026-05-06"}):
            with self.subTest(good):
                self.assertEqual(self.ack(**{"by": "jo", **good})["transition"]["note"], good.get("note"))
                self.assertEqual(self.open()["note"], good.get("note"))

    def test_after_its_day_the_severity_rises_once(self):
        self.ack(note="visit booked", expected_by="2025-05-07")
        self.ack(self.second, expected_by="2025-05-08")
        seq = self.daemon.ask("health")["alert_seq"]
        self.daemon.set_clock("2025-05-07T22:59:59Z")
        self.assertEqual(self.daemon.alerts(since=seq), [])
        sub = self.daemon.subscribe("alert.breach.")
        self.daemon.take(event("assessment.completed", "W-2", "2025-05-07"))
        self.daemon.set_clock("2025-05-10T12:00:00Z")
        told = self.daemon.alerts(since=seq)
        self.assertEqual([(row["transition"], row["subject"], row["severity"], row["by"], row["note"], row["expected_by"], row["at"])
                          for row in told if row["rule"] == "breach"],
                         [("resolved", "W-2", "warning", None, None, None, "2025-05-07T22:59:59.000Z"),
                          ("overdue", "W-1", "high", "jo", "visit booked", "2025-05-07", "2025-05-07T23:00:00.000Z")])
        self.assertEqual([row for _, _, row in sub.alerts_through(told[-1]["seq"])], [row for row in told if row["rule"] == "breach"])
        sub.close()
        self.assertEqual((self.open()["severity"], self.open()["overdue"]), ("high", True))
        self.daemon.take(event("assessment.completed", "W-1", "2025-05-10"))
        self.assertEqual((self.daemon.alerts()[-1]["reason"], self.daemon.alerts()[-1]["severity"]), ("completed", "high"))

    def test_restarts_kills_and_checkpoints_keep_it(self):
        self.daemon.stop()
        self.daemon.configure("journal += { checkpoint_events = 5; checkpoint_interval_s = 0; };")
        self.daemon.start()
        self.ack(note=NOTE, expected_by="2025-05-07")
        shown, log = self.open(), self.daemon.alerts()
        self.daemon.take(*[event("contact.made", "W-3", "2025-05-02") for _ in range(10)])
        deadline = time.monotonic() + LIMIT_S
        while (self.daemon.ask("health")["checkpoint"] or {"seq": 0})["seq"] < 13:
            self.assertLess(time.monotonic(), deadline)
        for end in (self.daemon.stop, self.daemon.kill):
            end()
            self.daemon.start()
            self.assertIn("from_checkpoint=13", self.daemon.log())
            self.assertEqual((self.open(), self.daemon.alerts()), (shown, log))
            self.assertTrue(self.ack(note=NOTE, expected_by="2025-05-07")["repeated"])
        os.unlink(self.daemon.journal + ".checkpoint")
        self.daemon.restart()
        self.assertEqual((self.open(), self.daemon.alerts()), (shown, log))
        # Days down: what is overdue is told once, on the day of the start.
        self.daemon.restart(clock="2025-05-20T09:00:00Z")
        told = [row for row in self.daemon.alerts(since=log[-1]["seq"]) if row["transition"] == "overdue"]
        self.assertEqual([(row["alert_id"], row["severity"], row["at"]) for row in told], [(self.first, "high", "2025-05-20T09:00:00.000Z")])
        log = self.daemon.alerts()
        self.daemon.restart()
        self.assertEqual(self.daemon.alerts(), log)
        self.assertTrue(self.open()["overdue"])

    def test_another_policy_keeps_it(self):
        self.ack(expected_by="2025-05-07")
        self.daemon.configure('alerts = { breach = { severity = "info"; }; escalation = { enabled = false; }; };')
        self.assertEqual(self.daemon.reload(), "reloaded")
        self.assertEqual((self.open()["severity"], self.open()["by"]), ("warning", "jo"))
        self.daemon.set_clock("2025-05-08T12:00:00Z")
        self.assertEqual(self.open()["severity"], "high")
        self.daemon.restart(clock="2025-05-09T12:00:00Z")
        self.assertEqual((self.open()["severity"], self.open()["overdue"]), ("high", True))

    def test_from_the_command_line(self):
        code, out, err = self.ctl("ack", self.first, "--note", NOTE, "--expected-by", "2025-05-09", "--by", "jo")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out, "alert %s, breach of W-1, needs_assessment/north: acknowledged by jo, expected by 2025-05-09\n" % self.first)
        self.assertEqual((self.open()["by"], self.open()["note"]), ("jo", NOTE))
        code, out, _ = self.ctl("ack", self.first[1:], "--note", NOTE, "--expected-by", "2025-05-09", "--by", "jo")
        self.assertEqual((code, out.endswith("(already)\n")), (0, True))
        code, out, _ = self.ctl("alerts", "--state", "open")
        self.assertEqual([line.split()[2] for line in out.splitlines()[1:3]], ["acknowledged", "raised"])
        self.assertIn("acknowledged_at", self.ctl("--format", "csv", "alerts", "--state", "open")[1].splitlines()[0])
        reply = json.loads(self.ctl("--format", "json", "ack", self.second, "--by", "sam")[1])
        self.assertEqual((reply["transition"]["by"], reply["repeated"]), ("sam", False))
        self.assertIn(",sam,", self.ctl("--format", "csv", "ack", self.second, "--by", "sam")[1])
        for words, code, said in ((["a99"], 1, "there is no alert"), ([self.first, "--expected-by", "2025-05-01"], 1, "--expected-by"),
                                  ([self.first, "--note", "me@home"], 1, "--note"), ([], 2, "which alert"), (["b7"], 2, "a104"),
                                  ([self.first, self.second], 2, "one alert"), ([self.first, "--expected-by", "soon"], 2, "--expected-by")):
            with self.subTest(words):
                got, out, err = self.ctl("ack", *words, "--by", "jo")
                self.assertEqual((got, out), (code, ""))
                self.assertIn(said, err)


if __name__ == "__main__":
    unittest.main()
