#!/usr/bin/python3
"""The list of exceptions and the figures of data quality, through a real daemon and through waitlistctl."""
import collections
import csv
import io
import json
import random
import subprocess
import unittest

import zmq

from daemon import WAITLISTCTL, Daemon, event, referral

LISTS = """
districts = ( "burnley", "lancaster" );
client_groups = ( "carer" );
teams = ( { name = "north"; }, { name = "south"; } );
dimensions = ( { name = "deprivation"; values = ( "1", "2" ); } );
"""
UNDER_WAY_MAX = 8


def by(source, row):
    """The same event from another source."""
    return {**row, "source": source}


def fill(daemon):
    """A little of everything that goes wrong."""
    daemon.take(by("urn:a", referral("W-1", "2025-05-31", district="burnley", person="P")),
                by("urn:a", referral("W-2", "2025-05-01", person="P", team="nort")),
                by("urn:b", event("wait.resumed", "W-1", "2025-06-01T09:00:00Z")),
                by("urn:b", referral("W-3", "2025-05-31", pathway="review")),
                by("urn:b", event("wait.closed", "W-3", "2025-06-01T09:00:00Z", {"reason": "duplicate"})),
                by("urn:b", event("contact.made", "W-4", "2025-06-01T09:00:00Z")))
    daemon.send(referral("W-9", "2025-05-01", pathway="nowhere"), b"nonsense", event("nothing.known", "W-9", "2025-05-01"))


class ExceptionsTest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(clock="2025-06-01T12:00:00Z", config=LISTS)
        self.addCleanup(self.daemon.close)

    def tearDown(self):
        if self.daemon.process:
            self.daemon.stop()

    def found(self, **members):
        """(subject, code) of every row, page by page."""
        rows, cursor = [], None
        while True:
            page = self.daemon.ask("exceptions", cursor=cursor, **members)
            rows += page["rows"]
            cursor = page["next"]
            if cursor is None:
                return rows

    def codes(self, **members):
        return [(row["subject"], row["code"]) for row in self.found(**members)]

    def run_ctl(self, *arguments):
        done = subprocess.run([WAITLISTCTL, "--endpoint", self.daemon.folder, "--query-endpoint", self.daemon.endpoints["query"], *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))
        return done.stdout.decode()


class List(ExceptionsTest):
    def test_a_row_says_which_events(self):
        first = referral("W-1", "2025-05-01")
        second = by("urn:other", referral("W-1", "2025-05-03"))
        self.daemon.take(first, second)
        reply = self.daemon.ask("exceptions")
        received = "2025-06-01T12:00:00.000Z"
        named = [{"seq": seq, "subject": "W-1", "source": row["source"], "id": row["id"], "type": "asc.referral.received",
                  "time": "2025-05-0%dT08:00:00.000Z" % day, "received": received} for seq, row, day in ((1, first, 1), (2, second, 3))]
        self.assertEqual(reply["rows"], [{"subject": "W-1", "pathway": "needs_assessment", "team": "north", "kind": "exception",
                                          "code": "duplicate_referral", "field": None, "value": None, "age_days": 29, "excluded": False,
                                          "event": named[1], "involved": [named[0]]}])
        self.assertEqual((reply["count"], reply["next"], reply["as_at"], reply["known_at"], reply["journal_seq"], reply["rule_version"]),
                         (1, None, "2025-06-01", 2, 2, 1))
        counts = reply["counts"]
        self.assertEqual({code: count for code, count in counts["code"].items() if count}, {"duplicate_referral": 1})
        self.assertEqual(len(counts["code"]), 11)
        self.assertEqual(counts["source"], [{"source": "urn:other", "count": 1}])
        self.assertEqual(counts["team"], [{"team": "north", "count": 1}])
        self.assertEqual((counts["sources_total"], counts["teams_total"]), (1, 1))
        self.assertEqual(counts["age"], [{"from_days": 0, "to_days": 7, "count": 0}, {"from_days": 8, "to_days": 28, "count": 0},
                                         {"from_days": 29, "to_days": 84, "count": 1}, {"from_days": 85, "to_days": None, "count": 0}])

    def test_a_late_referral_heals(self):
        self.daemon.take(event("wait.allocated", "W-1", "2025-05-05", {"worker": "w"}), event("contact.made", "W-1", "2025-05-06"))
        self.assertEqual(self.codes(), [("W-1", "no_referral")] * 2)
        self.assertIsNone(self.found()[0]["team"])
        self.assertEqual(self.codes(filter={"team": "unknown"}), [("W-1", "no_referral")] * 2)
        self.daemon.set_clock("2025-06-02T12:00:00Z")
        self.daemon.take(referral("W-1", "2025-05-01"))
        self.assertEqual(self.codes(), [])
        self.assertEqual(self.codes(known_at=2), [("W-1", "no_referral")] * 2, "as it was known then")
        self.assertEqual(self.codes(known_at="2025-06-01T20:00:00Z"), [("W-1", "no_referral")] * 2)
        self.assertEqual(self.codes(known_at=2, as_at="2025-05-05"), [("W-1", "no_referral")])

    def test_pages_are_the_whole_list_in_order(self):
        chance = random.Random(3)
        rows = [event("wait.resumed", "W-%d" % chance.randrange(40), "2025-05-%02d" % chance.randint(1, 30)) for _ in range(350)]
        self.daemon.take(*rows)
        whole = self.daemon.ask("exceptions", limit=1000)
        self.assertEqual((whole["count"], len(whole["rows"]), whole["next"]), (350, 350, None))
        places = [(row["event"]["time"], row["event"]["seq"]) for row in whole["rows"]]
        self.assertEqual(places, sorted(places))
        self.assertEqual(self.found(limit=33), whole["rows"])
        self.assertEqual(len(self.daemon.ask("exceptions")["rows"]), 100)
        page = self.daemon.ask("exceptions", limit=33, filter={"subject": ["W-1", "W-2", "nobody"]})
        self.assertEqual(page["rows"], [row for row in whole["rows"] if row["subject"] in ("W-1", "W-2")][:33])

    def test_excluded_waits_keep_theirs(self):
        self.daemon.take(referral("W-1", "2025-05-01"), event("wait.closed", "W-1", "2025-05-02", {"reason": "recorded_in_error"}),
                         event("contact.made", "W-1", "2025-05-03"))
        row = self.found()[0]
        self.assertEqual((row["code"], row["excluded"], row["involved"][0]["seq"]), ("after_end", True, 2))

    def test_warnings_only_when_asked_for(self):
        self.daemon.take(referral("W-1", "2025-05-31", team="east", person="P", clock_start="2025-06-10"),
                         referral("W-2", "2025-05-30", team="north", person="P", dimensions={"deprivation": "9", "height": "2"}),
                         event("assessment.completed", "W-1", "2025-05-31T18:00:00Z"), event("contact.made", "W-2", "2025-05-01"))
        self.assertEqual(self.codes(), [("W-2", "no_referral")])
        rows = self.found(filter={"kind": "warning"})
        self.assertEqual([(row["subject"], row["code"], row["field"], row["value"]) for row in rows],
                         [("W-2", "backdated", None, None), ("W-2", "unknown_value", "dimension.deprivation", "9"),
                          ("W-2", "unknown_value", "dimension", "height"), ("W-1", "unknown_value", "team", "east"),
                          ("W-1", "ended_before_start", None, None)])
        self.assertEqual(len(self.found(filter={"kind": "all"})), 6)
        self.assertEqual(self.codes(filter={"code": ["backdated", "no_referral"]}), [("W-2", "no_referral"), ("W-2", "backdated")])
        self.assertEqual(self.codes(filter={"code": ["backdated", "no_referral"], "kind": "exception"}), [("W-2", "no_referral")])
        self.daemon.take(referral("W-3", "2025-05-31", person="P"))
        twice = self.found(filter={"code": "same_person_twice"})
        self.assertEqual([(row["subject"], [named["subject"] for named in row["involved"]]) for row in twice], [("W-3", ["W-2"])])

    def test_a_reload_that_adds_a_team_makes_it_known(self):
        self.daemon.take(referral("W-1", "2025-05-31", team="east"))
        self.assertEqual(self.codes(filter={"kind": "warning"}), [("W-1", "unknown_value")])
        self.assertEqual(self.daemon.ask("data_quality")["unknown_values"]["count"], 1)
        self.daemon.configure(LISTS.replace('{ name = "south"; }', '{ name = "south"; }, { name = "east"; }'))
        self.assertEqual(self.daemon.reload(), "reloaded")
        self.assertEqual(self.codes(filter={"kind": "warning"}), [])
        self.assertEqual(self.daemon.ask("data_quality")["unknown_values"], {"count": 0, "distinct": 0, "rows": []})
        self.daemon.configure(LISTS + "data_quality = { backdated_days = 0; };")
        self.assertEqual(self.daemon.reload(), "reloaded")
        self.assertEqual(self.codes(filter={"kind": "warning"}), [("W-1", "backdated"), ("W-1", "unknown_value")])
        self.assertEqual(self.daemon.ask("data_quality")["backdated_days"], 0)

    def test_what_is_refused(self):
        for pointer, members in (("/filter", {"filter": []}), ("/filter/code", {"filter": {"code": "late"}}),
                                 ("/filter/kind", {"filter": {"kind": "warnings"}}), ("/filter/subject", {"filter": {"subject": 7}}),
                                 ("/filter/days", {"filter": {"days": 7}}), ("/filter/team", {"filter": {"team": []}}),
                                 ("/filter/kind", {"filter": {"code": "backdated", "kind": "exception"}}),
                                 ("/limit", {"limit": 1001}), ("/cursor", {"cursor": "nonsense"}), ("/cursor", {"cursor": 7}),
                                 ("/basis", {"basis": "known"}), ("/as_at", {"as_at": "1989-12-31"})):
            with self.subTest(members=members):
                self.assertEqual(self.daemon.error("exceptions", **members), ("bad_request", pointer))
        self.daemon.take(referral("W-1", "2025-05-01"), referral("W-2", "2025-05-01"))
        waits = self.daemon.ask("waits", limit=1)["next"]
        self.assertEqual(self.daemon.error("exceptions", cursor=waits), ("bad_request", "/cursor"))
        self.assertEqual(self.daemon.error("data_quality", **{"from": "2025-05-02", "to": "2025-05-01"}), ("bad_request", "/to"))
        self.assertEqual(self.daemon.error("data_quality", filter={}), ("bad_request", "/filter"))

    def test_more_at_once_than_are_taken(self):
        """Beyond the limit they are busy; events are taken meanwhile, and every question that was taken is answered."""
        self.daemon.take(*[event("wait.resumed", "W-%d" % number, "2025-05-01") for number in range(1000)])
        sock = self.daemon.socket(zmq.DEALER, "query")
        for _ in range(3 * UNDER_WAY_MAX):
            sock.send(json.dumps({"v": 1, "op": "exceptions", "filter": {"kind": "all"}}).encode())
        self.daemon.take(referral("W-X", "2025-05-01"))
        replies = [json.loads(self.daemon.receive(sock)[-1]) for _ in range(3 * UNDER_WAY_MAX)]
        answered = [reply for reply in replies if reply["ok"]]
        self.assertGreaterEqual(len(answered), UNDER_WAY_MAX)
        self.assertEqual({reply["counts"]["code"]["no_referral"] for reply in answered}, {1000})
        self.assertTrue(all(reply["error"]["code"] == "busy" for reply in replies if not reply["ok"]))


class Quality(ExceptionsTest):
    def test_nothing_is_null_and_not_zero(self):
        reply = self.daemon.ask("data_quality")
        self.assertEqual(reply["lateness"], {"n": 0, "median": None, "p90": None, "over_14_days": 0, "over_14_days_percent": None})
        self.assertEqual((reply["sources"], reply["from"], reply["to"], reply["rule_version"]), ([], None, None, 1))
        self.assertEqual([row["pathway"] for row in reply["completeness"]], [None])
        self.assertEqual(reply["completeness"][0]["fields"]["district"], {"with": 0, "of": 0, "percent": None})
        self.assertEqual(reply["completeness"][0]["dimensions"], {"deprivation": {"with": 0, "of": 0, "percent": None}})
        self.assertEqual(reply["quarantine"], {"count": 0, "code": {}})

    def test_every_figure(self):
        fill(self.daemon)
        reply = self.daemon.ask("data_quality")
        self.assertEqual({code: count for code, count in reply["exceptions"]["code"].items() if count}, {"not_paused": 1, "no_referral": 1})
        self.assertEqual(reply["exceptions"]["count"], 2)
        self.assertEqual(reply["warnings"], {"count": 3, "code": {"ended_before_start": 0, "backdated": 1, "unknown_value": 1,
                                                                  "same_person_twice": 1}})
        self.assertEqual(reply["lateness"], {"n": 6, "median": 0.5, "p90": 31, "over_14_days": 1, "over_14_days_percent": 16.7})
        b, a = reply["sources"]
        self.assertEqual((a["source"], a["events"], b["source"], b["events"], reply["sources_total"]), ("urn:a", 2, "urn:b", 4, 2))
        self.assertEqual((a["first_event"], a["last_event"]), ("2025-05-01T08:00:00.000Z", "2025-05-31T08:00:00.000Z"))
        self.assertEqual((b["exceptions"]["count"], b["warnings"]["count"], a["exceptions"]["count"], a["warnings"]["count"]), (2, 0, 0, 3))
        self.assertEqual(a["lateness"], {"n": 2, "median": 16, "p90": 31, "over_14_days": 1, "over_14_days_percent": 50})
        self.assertEqual(reply["unknown_values"], {"count": 1, "distinct": 1, "rows": [{"field": "team", "value": "nort", "count": 1}]})
        self.assertEqual(reply["same_person_twice"], {"count": 1, "rows": [
            {"person": "P", "pathway": "needs_assessment", "subject": "W-1", "first_subject": "W-2"}]})
        self.assertEqual([(row["pathway"], row["waits"]) for row in reply["completeness"]], [(None, 2), ("needs_assessment", 2)])
        self.assertEqual(reply["completeness"][0]["fields"]["district"], {"with": 1, "of": 2, "percent": 50})
        self.assertEqual(reply["completeness"][0]["fields"]["worker"], {"with": 0, "of": 0, "percent": None})
        self.assertEqual((reply["excluded"], reply["without_referral"]), ({"duplicate": 1, "recorded_in_error": 0}, 1))
        self.assertEqual(reply["quarantine"], {"count": 3, "code": {"not_json": 1, "unknown_pathway": 1, "unknown_type": 1}})
        self.assertEqual(self.daemon.ask("data_quality", known_at=1)["lateness"]["n"], 1)
        tomorrow = self.daemon.ask("data_quality", **{"from": "2025-06-02"})
        self.assertEqual((tomorrow["lateness"]["n"], tomorrow["sources"], tomorrow["exceptions"]["count"]), (0, [], 0))

    def test_the_counts_are_those_of_the_list(self):
        chance = random.Random(11)
        kinds = ("wait.allocated", "wait.paused", "wait.resumed", "assessment.started", "assessment.completed", "wait.reopened")
        rows = [by(chance.choice(["urn:a", "urn:b"]), referral("W-%d" % n, "2025-05-%02d" % chance.randint(1, 31),
                                                               chance.choice(["north", "east"]), person="P-%d" % (n % 30)))
                for n in range(40)]
        rows += [event(kind, "W-%d" % chance.randrange(50), "2025-05-%02d" % chance.randint(1, 31),
                       {"wait.allocated": {"worker": "w"}, "wait.paused": {"reason": "r"}}.get(kind), source=chance.choice(["urn:a", "urn:b"]))
                 for kind in chance.choices(kinds, k=400)]
        chance.shuffle(rows)
        self.daemon.take(*rows)
        listed = self.found(filter={"kind": "all"}, limit=1000)
        by_code = collections.Counter(row["code"] for row in listed)
        reply = self.daemon.ask("data_quality")
        self.assertEqual({**reply["exceptions"]["code"], **reply["warnings"]["code"]},
                         {code: by_code[code] for code in {**reply["exceptions"]["code"], **reply["warnings"]["code"]}})
        by_source = collections.Counter(row["event"]["source"] for row in listed)
        for source in reply["sources"]:
            self.assertEqual(source["exceptions"]["count"] + source["warnings"]["count"], by_source[source["source"]])
        self.assertGreater(len(by_code), 8)
        by_wait = collections.Counter(row["subject"] for row in listed if row["kind"] == "exception")
        for row in self.daemon.waits(limit=1000):
            self.assertEqual(row["exceptions"], by_wait[row["subject"]])


class CommandLine(ExceptionsTest):
    """Tables for people, the reply itself as JSON, rows as CSV."""

    def test_exceptions(self):
        fill(self.daemon)
        told = self.run_ctl("exceptions")
        for text in ("Exceptions at the end of 2025-06-01", "no_referral", "not_paused", "urn:b", "2 of 2 shown", "by age: 2 of 0 to 7"):
            self.assertIn(text, told)
        self.assertLessEqual(max(len(line) for line in told.splitlines()), 80)
        warnings = self.run_ctl("exceptions", "--filter", "kind=warning")
        self.assertRegex(warnings, r"same_person_twice, \d+ days old: W-1.*\n.*\n    against asc.referral.received of .*, wait W-2 \(")
        self.assertIn("nothing contradicts", self.run_ctl("exceptions", "--filter", "code=after_end"))
        self.assertEqual(json.loads(self.run_ctl("exceptions", "--format", "json", "--filter", "kind=all")),
                         self.daemon.ask("exceptions", filter={"kind": "all"}))
        rows = list(csv.DictReader(io.StringIO(self.run_ctl("--format", "csv", "exceptions", "--filter", "kind=all"), newline="")))
        self.assertEqual(len(rows), 5)
        twice = [row for row in rows if row["code"] == "same_person_twice"][0]
        self.assertEqual((twice["subject"], twice["involved_subject"], twice["kind"], twice["rule_version"]),
                         ("W-1", "W-2", "warning", "1"))

    def test_data_quality(self):
        fill(self.daemon)
        told = self.run_ctl("data-quality")
        for text in ("Data quality at the end of 2025-06-01", "Exceptions: 2", "Warnings: 3", "In quarantine now: 3", "16.7",
                     "Unknown values: 1", "nort", "excluded as duplicate 1", "urn:a"):
            self.assertIn(text, told)
        self.assertIn("from 2025-06-02", self.run_ctl("data-quality", "--from", "2025-06-02", "--to", "2025-06-03"))
        self.assertEqual(json.loads(self.run_ctl("data-quality", "--format", "json")), self.daemon.ask("data_quality"))
        rows = {(row["section"], row["of"], row["figure"]): row["value"]
                for row in csv.DictReader(io.StringIO(self.run_ctl("--format", "csv", "data-quality"), newline=""))}
        self.assertEqual(rows["sources.lateness", "urn:a", "over_14_days_percent"], "50")
        self.assertEqual(rows["completeness", "needs_assessment", "district.percent"], "50")
        self.assertEqual(rows["unknown_values", "team", "nort"], "1")
        self.assertEqual(rows["quarantine", "", "not_json"], "1")
        self.assertNotIn(("report", "", "v"), rows)
        self.assertEqual(rows["completeness", "", "worker.percent"], "")


if __name__ == "__main__":
    unittest.main()
