#!/usr/bin/python3
"""Days as reported against days as known: a made-up council's half a year with late records, corrections and retractions, and single cases."""
import csv
import datetime
import io
import json
import subprocess
import unittest

from council import FIRST, KINDS, TODAY, Council, days
from daemon import WAITLISTCTL, Daemon, event, referral

COUNTS = ("waiting", "unallocated", "allocated", "in_progress", "paused", "breach", "due", "scheduled", "no_contact")
STATISTICS = ("longest", "median", "mean", "p90")
YESTERDAY = TODAY - datetime.timedelta(days=1)


def by_keys(rows):
    return {tuple(row["keys"].values()): row for row in rows}


class WholeCouncil(Council, unittest.TestCase):
    """Every evening's summary was kept by the test; midnight must have reported it, and later records must explain what became of it."""

    def test_each_day_was_reported_as_it_was_told_in_the_evening(self):
        for kind in KINDS:
            series = self.daemon.ask("series", **{"from": str(FIRST), "to": str(YESTERDAY)}, group_by=kind, basis="reported")
            self.assertEqual([one["day"] for one in series["totals"]], [str(day) for day in days(FIRST, YESTERDAY)])
            rows = {}
            for row in series["rows"]:
                rows.setdefault(row["day"], []).append({"keys": row["keys"], "position": row["position"]})
            for one in series["totals"]:
                evening = self.evenings[datetime.date.fromisoformat(one["day"])][tuple(kind)]
                self.assertEqual((one["position"], rows.get(one["day"], [])), (evening["total"], evening["rows"] if kind else []))

    def test_the_whole_period(self):
        """Reported, known and difference of every day and group, against the summaries of both."""
        whole = {"from": str(FIRST), "to": str(YESTERDAY)}
        reply = self.daemon.ask("restatement", group_by=["pathway", "team"], limit=1000, **whole)
        self.assertEqual([one["day"] for one in reply["totals"]], [str(day) for day in days(FIRST, YESTERDAY)])
        known = self.daemon.ask("series", group_by=["pathway", "team"], **whole)
        known_rows, rows = {}, {}
        for row in known["rows"]:
            known_rows.setdefault(row["day"], {})[tuple(row["keys"].values())] = row["position"]
        for row in reply["rows"]:
            rows.setdefault(row["day"], {})[tuple(row["keys"].values())] = row
        restated = 0
        for total, now in zip(reply["totals"], known["totals"]):
            day = datetime.date.fromisoformat(total["day"])
            seq, _ = self.lived[day]
            evening = self.evenings[day]["pathway", "team"]
            self.assertEqual((total["reported"], total["known"]), (evening["total"], now["position"]))
            self.assertEqual((total["reported_seq"], total["reconstructed"], total["explained"]), (seq, False, True))
            then = {tuple(row["keys"].values()): row["position"] for row in evening["rows"]}
            self.assertEqual(set(rows.get(total["day"], {})), set(then) | set(known_rows.get(total["day"], {})))
            for key, row in rows.get(total["day"], {}).items():
                self.check_difference(row, then.get(key), known_rows.get(total["day"], {}).get(key))
            restated += total["changes_total"]
        self.assertEqual(reply["changes_total"], restated)
        self.assertEqual(len(reply["changes"]), 1000)
        self.assertGreater(restated, 1000)

    def check_difference(self, row, reported, known):
        for side, position in (("reported", reported), ("known", known)):
            if position is None:
                self.assertEqual([row[side][name] for name in COUNTS + STATISTICS], [0] * len(COUNTS) + [None] * len(STATISTICS))
            else:
                self.assertEqual(row[side], position)
        for name in COUNTS:
            self.assertEqual(row["difference"][name], row["known"][name] - row["reported"][name])
        for name in STATISTICS:
            both = None not in (row["known"][name], row["reported"][name])
            self.assertEqual(row["difference"][name] is None, not both)
            if both:
                self.assertAlmostEqual(row["difference"][name], row["known"][name] - row["reported"][name], places=6)
        self.assertEqual(row["difference"]["bands"], [a - b for a, b in zip(row["known"]["bands"], row["reported"]["bands"])])

    def wait_or_none(self, subject, **members):
        return self.daemon.try_ask("wait", subject=subject, **members).get("wait")

    def test_who_explains_a_day(self):
        """Exactly the waits that count otherwise, each with events that came after the report; their sides add up to the difference."""
        for day in days(FIRST, YESTERDAY)[20::29]:
            reply = self.daemon.ask("restatement", day=str(day), limit=1000)
            total = reply["totals"][0]
            self.assertEqual((len(reply["changes"]), reply["rows"]), (total["changes_total"], []))
            for change in reply["changes"]:
                self.assertTrue(change["events"])
                self.assertEqual(len(change["events"]), change["events_total"])
                for one in change["events"]:
                    sent = self.sent[one["seq"] - 1]
                    self.assertGreater(one["seq"], total["reported_seq"])
                    self.assertEqual((one["id"], one["type"]), (sent["id"], sent["type"]))
                    self.assertTrue(sent["subject"] == change["subject"] or one["type"] == "asc.event.retracted")
                then = self.wait_or_none(change["subject"], as_at=str(day), known_at=total["reported_seq"])
                now = self.wait_or_none(change["subject"], as_at=str(day))
                self.assertEqual((change["reported"], change["known"]), (then, now))
            counted = [[side for side in sides if side is not None and side["status"] == "waiting"]
                       for sides in zip(*[(change["reported"], change["known"]) for change in reply["changes"]])] or [[], []]
            self.assertEqual(len(counted[1]) - len(counted[0]), total["difference"]["waiting"])
            self.assertEqual(sum(one["breach"] for one in counted[1]) - sum(one["breach"] for one in counted[0]), total["difference"]["breach"])

    def test_filtered(self):
        for filters, names in (({"team": "north"}, ["pathway"]), ({"pathway": "review"}, ["client_group"]), ({"pathway": "review", "team": "east"}, [])):
            reply = self.daemon.ask("restatement", day="2025-03-31", filter=filters, group_by=names)
            evening = self.daemon.ask("summary", as_at="2025-03-31", known_at=self.lived[datetime.date(2025, 3, 31)][0], filter=filters, group_by=names)
            now = self.daemon.ask("summary", as_at="2025-03-31", filter=filters, group_by=names)
            self.assertEqual((reply["totals"][0]["reported"], reply["totals"][0]["known"]), (evening["total"], now["total"]))
            self.assertEqual({key: row["known"]["waiting"] for key, row in by_keys(reply["rows"]).items() if row["known"]["waiting"]},
                             {key: row["position"]["waiting"] for key, row in by_keys(now["rows"] if names else []).items() if row["position"]["waiting"]})
            self.assertTrue(reply["totals"][0]["explained"])

    def test_against_what_was_known_half_way(self):
        half = len(self.sent) // 2
        last = max(day for day in days(FIRST, TODAY) if self.lived[day][0] <= half)
        reply = self.daemon.ask("restatement", day=str(FIRST + datetime.timedelta(days=40)), known_at=half)
        self.assertEqual(reply["known_at"], half)
        self.assertEqual(reply["totals"][0]["known"], self.daemon.ask("summary", as_at=reply["from"], known_at=half)["total"])
        day_after = last + datetime.timedelta(days=1)
        self.assertEqual(self.daemon.error("restatement", day=str(day_after), known_at=half), ("bad_request", "/known_at"))

    def test_what_is_refused(self):
        for members, code, where in (({}, "bad_request", "/from"), ({"day": str(TODAY)}, "bad_request", "/day"),
                                     ({"day": "2025-02-01", "from": "2025-02-01"}, "bad_request", "/day"),
                                     ({"from": "2025-02-01", "to": str(TODAY)}, "bad_request", "/to"),
                                     ({"from": "2023-02-01", "to": "2025-02-01"}, "bad_request", "/to"),
                                     ({"day": "2025-02-01", "group_by": ["priority"]}, "bad_request", "/group_by"),
                                     ({"day": "2025-02-01", "filter": {"breach": True}}, "bad_request", "/filter"),
                                     ({"day": "2025-02-01", "limit": 1001}, "bad_request", "/limit"),
                                     ({"day": "2025-01-05"}, "not_found", None)):
            with self.subTest(members=members):
                self.assertEqual(self.daemon.error("restatement", **members), (code, where))

    def command(self, *words):
        done = subprocess.run([WAITLISTCTL, "--query-endpoint", self.daemon.endpoints["query"], *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def test_the_commands(self):
        code, out, _ = self.command("restatement", "2025-03-31", "--group-by", "pathway")
        self.assertEqual(code, 0)
        self.assertIn("waits count otherwise", out)
        self.assertIn("rule version 1", out)
        total = self.daemon.ask("restatement", day="2025-03-31")["totals"][0]
        code, out, _ = self.command("--format", "csv", "restatement", "--from", "2025-03-31", "--to", "2025-04-02")
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual((code, [row["day"] for row in rows]), (0, ["2025-03-31", "2025-04-01", "2025-04-02"]))
        self.assertEqual(int(rows[0]["breach_difference"]), total["difference"]["breach"])
        self.assertEqual({name: rows[0][name] for name in ("reported_seq", "reconstructed", "reported_rule_version", "rule_version")},
                         {"reported_seq": str(total["reported_seq"]), "reconstructed": "no", "reported_rule_version": "1", "rule_version": "1"})
        changes = self.daemon.ask("restatement", day="2025-03-31", limit=1000)["changes"]
        code, out, _ = self.command("--format", "csv", "restatement", "2025-03-31", "--explain", "--limit", "1000")
        self.assertEqual((code, [(row["subject"], row["event_id"]) for row in csv.DictReader(io.StringIO(out))]),
                         (0, [(change["subject"], one["id"]) for change in changes for one in change["events"]]))
        code, out, complaint = self.command("--format", "csv", "restatement", "2025-03-31", "--explain", "--limit", "1")
        self.assertEqual(len({row["subject"] for row in csv.DictReader(io.StringIO(out))}), 1)
        self.assertIn(f"{len(changes) - 1} waits more", complaint)
        code, out, _ = self.command("--format", "json", "series", "--from", "2025-03-31", "--to", "2025-04-02", "--basis", "reported")
        self.assertEqual((code, json.loads(out)["totals"][0]["position"]), (0, total["reported"]))
        code, out, _ = self.command("series", "--from", "2025-03-01", "--to", "2025-03-31", "--step", "week", "--group-by", "team")
        self.assertEqual(code, 0)
        self.assertIn("2025-03-09  east", out)
        code, _, complaint = self.command("restatement")
        self.assertEqual((code, "2025-07-31" in complaint), (2, True))
        code, _, complaint = self.command("restatement", "2025-01-05")
        self.assertEqual(code, 1)
        self.assertIn("2025-01-06", complaint)


class SingleCases(unittest.TestCase):
    def changes(self, daemon, day):
        reply = daemon.ask("restatement", day=day)
        self.assertTrue(reply["totals"][0]["explained"])
        return {change["subject"]: [one["id"] for one in change["events"]] for change in reply["changes"]}, reply["totals"][0]["difference"]

    def test_late_retracted_and_in_error(self):
        with Daemon(clock="2025-06-01T12:00:00Z") as daemon:
            kept, late, wrong = (referral(subject, "2025-05-20") for subject in ("W-1", "W-2", "W-3"))
            daemon.take(kept, wrong)
            done = event("assessment.completed", "W-1", "2025-06-01")
            daemon.take(done)
            daemon.set_clock("2025-06-03T12:00:00Z")
            self.assertEqual(self.changes(daemon, "2025-06-01")[0], {})
            daemon.take(late)
            self.assertEqual(self.changes(daemon, "2025-06-01")[0], {"W-2": [late["id"]]})
            error = event("wait.closed", "W-3", "2025-06-03", {"reason": "recorded_in_error"})
            retraction = event("event.retracted", "somewhere-else", "2025-06-03", {"id": done["id"]})
            daemon.take(error, retraction)
            changes, difference = self.changes(daemon, "2025-06-01")
            self.assertEqual(changes, {"W-1": [retraction["id"]], "W-2": [late["id"]], "W-3": [error["id"]]})
            self.assertEqual(difference["waiting"], 1)
            healed = event("wait.reopened", "W-3", "2025-06-03")
            daemon.set_clock("2025-06-03T13:00:00Z")
            daemon.take(healed)
            self.assertNotIn("W-3", self.changes(daemon, "2025-06-01")[0])

    def test_a_day_on_which_the_daemon_was_down(self):
        with Daemon(clock="2025-06-01T12:00:00Z") as daemon:
            daemon.take(referral("W-1", "2025-05-20"))
            daemon.restart(clock="2025-06-04T12:00:00Z")
            daemon.take(referral("W-2", "2025-05-21"))
            reply = daemon.ask("restatement", **{"from": "2025-06-01", "to": "2025-06-03"})
            self.assertEqual([(one["day"], one["reconstructed"], one["reported_seq"], one["difference"]["waiting"]) for one in reply["totals"]],
                             [("2025-06-01", True, 1, 1), ("2025-06-02", True, 1, 1), ("2025-06-03", True, 1, 1)])
            self.assertEqual([change["day"] for change in reply["changes"]], ["2025-06-01", "2025-06-02", "2025-06-03"])

    def test_before_the_first_midnight(self):
        with Daemon(clock="2025-06-01T12:00:00Z") as daemon:
            daemon.take(referral("W-1", "2025-05-20"))
            self.assertEqual(daemon.error("restatement", day="2025-05-31"), ("not_found", None))
            self.assertEqual(daemon.ask("series", **{"from": "2025-05-20", "to": "2025-05-31"}, basis="reported")["totals"], [])


if __name__ == "__main__":
    unittest.main()
