#!/usr/bin/python3
"""The rule of retention (rules, section 3): which waits it names, that they are gone from every file, and that every count stays."""
import json
import os
import random
import subprocess
import unittest

from daemon import LIMIT_S, WAITLISTCTL, Daemon, event, referral

YEARS = "privacy = { retention_years = %d; };"
NOW = "2025-06-02T09:00:00Z"
BY = {"by": "jo", "reason": "schedule of retention 7.2"}
TEAMS = ("north", "south", "east")
PATHWAYS = ("needs_assessment", "ot_assessment", "triage")


def at(day, hour=9):
    return "%sT%02d:00:00Z" % (day, hour)


def ended(subject, day, how="assessment.completed", pathway="needs_assessment", began=None, **data):
    """A wait with a worker, over on a day."""
    began = began or "%d-%s" % (int(day[:4]) - 1, day[5:] if day[5:] != "02-29" else "02-28")
    return [event("referral.received", subject, at(began), {"pathway": pathway, "team": "north", "person": "OLD-" + subject, "remark": "NOTE-" + subject, **data}),
            event("wait.allocated", subject, at(began, 10), {"worker": "WORKER-" + subject}),
            event(how, subject, at(day), {"reason": "other"} if how == "wait.closed" else {})]


class Retention(unittest.TestCase):
    config = YEARS % 5

    def setUp(self):
        self.daemon = Daemon(clock=NOW, config=self.config)
        self.addCleanup(self.daemon.close)

    def tearDown(self):
        if self.daemon.process:
            self.daemon.stop()

    def all(self, dry_run=False, **members):
        """Every piece, added up: waits, events, and the subjects of a dry run."""
        waits, events, subjects, pieces, after = 0, 0, set(), 0, 0
        while after is not None:
            reply = self.daemon.ask("retention", after=after, **({"dry_run": True} if dry_run else BY), **members)
            waits, events, pieces, after = waits + reply["waits"], events + reply["events"], pieces + 1, reply["next"]
            subjects |= set(reply["subjects"])
            self.assertEqual((sum(row["waits"] for row in reply["rows"]), sum(row["events"] for row in reply["rows"])), (reply["waits"], reply["events"]))
            self.assertLess(pieces, 2000)
        self.last = reply
        return waits, events, subjects, pieces

    def ctl(self, *words, code=0):
        done = subprocess.run([WAITLISTCTL, "-c", self.daemon.config_path, *words], capture_output=True, text=True, timeout=LIMIT_S * 4, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def redacted(self):
        """Which subjects have a person no more."""
        return {row["subject"] for status in ("waiting", "scheduled", "ended", "excluded") for row in self.daemon.waits(filter={"status": status})
                if row["person"] == "redacted"}


class Which(Retention):
    def test_whom_the_rule_names(self):
        """Five years before 2 June 2025 is 2 June 2020: what ended on 1 June goes today."""
        self.daemon.take(*ended("yesterday", "2020-06-01"), *ended("today", "2020-06-02"), *ended("long-ago", "2015-03-01", "wait.closed"),
                         *ended("wrong", "2016-03-01", "wait.closed"), *ended("recent", "2024-03-01"),
                         *ended("reopened", "2016-03-01"), event("wait.reopened", "reopened", at("2016-04-01")),
                         *ended("again", "2016-03-01"), event("wait.reopened", "again", at("2016-04-01")), event("wait.closed", "again", at("2016-05-01"), {"reason": "died"}),
                         *ended("written", "2016-03-01"), event("contact.made", "written", at("2022-05-01")),
                         *ended("retracted", "2016-03-01"), event("contact.made", "retracted", at("2022-05-01"), id="slip"),
                         event("event.retracted", "retracted", at("2022-05-02"), {"id": "slip"}),
                         *ended("to-come", "2016-03-01")[:2], event("contact.made", "never-referred", at("2015-01-01")))
        self.daemon.take(*(dict(row, data={**row["data"], "reason": "recorded_in_error"}) for row in [event("wait.closed", "error", at("2016-02-01"))]),
                         referral("error", "2016-01-01", person="OLD-error"))
        waits, events, subjects, _ = self.all(dry_run=True)
        named = {"yesterday", "long-ago", "wrong", "again", "retracted", "error"}
        self.assertEqual((subjects, waits), (named, len(named)))
        self.assertEqual((self.last["before"], self.last["retention_years"]), ("2020-06-02", 5))
        self.assertEqual(self.redacted(), set())
        before = self.daemon.ask("health")
        self.assertEqual(self.all()[:2], (waits, events))
        self.assertEqual(self.redacted(), named)
        self.assertEqual(self.all()[:2], (0, 0))
        self.assertEqual(self.daemon.ask("health")["journal_seq"], before["journal_seq"])
        written = self.daemon.bytes_on_disk()
        for subject in named:
            for text in ("OLD-", "WORKER-", "NOTE-"):
                self.assertNotIn((text + subject).encode() + b'"', written)
        for subject in ("today", "recent", "reopened", "written", "to-come"):
            self.assertIn(("OLD-%s" % subject).encode(), written)
        # The next day it is somebody else's turn; what becomes known late is redacted by a later run.
        self.daemon.take(event("wait.allocated", "long-ago", at("2014-05-01"), {"worker": "LATE"}))
        self.daemon.set_clock("2025-06-03T09:00:00Z")
        self.assertEqual(self.all(dry_run=True)[2], {"today", "long-ago"})
        self.assertEqual(self.all()[1], 4)
        self.assertNotIn(b"LATE", self.daemon.bytes_on_disk())

    def test_leap_days(self):
        self.daemon.take(*ended("leap", "2016-02-29"), *ended("before", "2016-02-28"), *ended("after", "2016-03-01"))
        for day, named in (("2021-02-28", set()), ("2021-03-01", {"leap", "before"})):
            with Daemon(clock=at(day), config=YEARS % 5) as daemon:
                daemon.take(*ended("leap", "2016-02-29"), *ended("before", "2016-02-28"), *ended("after", "2016-03-01"))
                self.assertEqual(set(daemon.ask("retention", dry_run=True)["subjects"]), named)

    def test_local_days(self):
        """Half an hour before midnight UTC it is tomorrow in summer."""
        self.daemon.take(*ended("w", "2020-06-01")[:2], event("assessment.completed", "w", "2020-06-01T23:30:00Z"))
        self.assertEqual(self.all(dry_run=True)[0], 0)
        self.daemon.set_clock("2025-06-02T23:30:00Z")
        self.assertEqual(self.all(dry_run=True)[0], 1)


class Refused(Retention):
    def test_bad_questions(self):
        for members, pointer in (({"dry_run": 1}, "/dry_run"), ({"dry_run": True, "limit": 0}, "/limit"), ({"dry_run": True, "limit": 1001}, "/limit"),
                                 ({"dry_run": True, "after": -1}, "/after"), ({"by": "jo"}, "/reason"), ({"reason": "x"}, "/by"),
                                 ({"by": "jo", "reason": "943 476 5919"}, "/reason"), ({"dry_run": True, "years": 3}, "/years")):
            self.assertEqual(self.daemon.error("retention", **members), ("bad_request", pointer), members)
        self.assertEqual(self.all(dry_run=True)[:2], (0, 0))
        self.assertIsNone(self.daemon.ask("retention", dry_run=True, after=4000000000)["next"])

    def test_no_rule_no_redaction(self):
        self.daemon.take(*ended("old", "2000-06-01"))
        self.daemon.configure("")
        self.daemon.reload()
        self.assertEqual(self.daemon.error("retention", dry_run=True)[0], "conflict")
        self.assertIn("privacy.retention_years is 0", self.ctl("retention", "--dry-run", code=1))
        self.daemon.configure(YEARS % 100)
        self.daemon.reload()
        self.assertEqual(self.all(dry_run=True)[:2], (0, 0))
        self.daemon.configure(YEARS % 1)
        self.daemon.reload()
        self.assertEqual(self.all(dry_run=True)[0], 1)

    def test_only_for_admins(self):
        for role in ("viewer", "manager", "analyst"):
            asked = {"dry_run": True, "on_behalf_of": {"user": "sam", "roles": [role], "teams": ["*"]}}
            self.assertEqual(self.daemon.error("retention", **asked), ("forbidden", "/op"), role)


class Turns(Retention):
    def test_a_run_that_is_ended_is_gone_on_with(self):
        self.daemon.take(*(row for number in range(50) for row in ended("w-%d" % number, "20%02d-04-05" % (10 + number % 8), pathway=PATHWAYS[number % 2])))
        first = self.daemon.ask("retention", limit=7, **BY)
        self.assertEqual((first["waits"], first["events"], first["next"], first["of"], first["erased"]), (7, 21, 7, 50, True))
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(len(self.redacted()), 7)
        waits, events, _, pieces = self.all(limit=10)
        self.assertEqual((waits, events), (43, 129))
        self.assertGreaterEqual(pieces, 5)
        self.assertEqual(len(self.redacted()), 50)
        records = [json.loads(body) for body, in self.daemon.database().execute("SELECT body FROM record WHERE kind = 'redaction' ORDER BY rowid")]
        self.assertEqual([record["by"] for record in records], ["jo"] * (1 + 5))
        self.assertEqual({record["reason"] for record in records}, {BY["reason"]})
        self.assertEqual(sum(record["count"] for record in records), 150)
        self.assertIn("150", self.ctl("verify", self.daemon.journal))

    def test_a_wait_with_more_events_than_one_turn_takes(self):
        rows = ended("large", "2015-06-01", began="2014-06-01")
        self.daemon.take(*rows[:2], *(event("contact.made", "large", at("2014-07-01"), {"method": "letter", "note": "MANY"}) for _ in range(12000)),
                         rows[2], *ended("small", "2015-06-01"))
        self.assertEqual(self.all(dry_run=True)[:2], (2, 12006))
        waits, events, _, pieces = self.all()
        self.assertEqual((waits, events), (2, 12006))
        self.assertGreaterEqual(pieces, 2)
        self.assertNotIn(b"MANY", self.daemon.bytes_on_disk())

    def test_events_are_taken_between_the_turns(self):
        self.daemon.take(*(row for number in range(30) for row in ended("w-%d" % number, "2015-06-01")))
        self.daemon.ask("retention", limit=10, **BY)
        self.daemon.take(*ended("new", "2015-06-01"), referral("open", "2025-05-01"))
        self.assertEqual(self.all()[0], 21)

    def test_the_disk_is_full(self):
        self.daemon.take(*ended("w", "2015-06-01"))
        self.assertEqual(self.daemon.ask("retention", dry_run=True)["waits"], 1)

    def test_the_command(self):
        self.daemon.take(*(row for number in range(30) for row in ended("w-%d" % number, "201%d-04-05" % (number % 3), pathway=PATHWAYS[number % 2])))
        told = self.ctl("retention", "--dry-run", "--limit", "4")
        self.assertIn("Waits that ended before 2020-06-02, 5 years ago", told)
        self.assertIn("The first of them ended on 2010-04-05, the last on 2012-04-05.", told)
        self.assertIn("Nothing was changed. Among them: w-0 w-1", told)
        self.assertIn("total", told)
        dry = json.loads(self.ctl("--format", "json", "retention", "--dry-run", "--limit", "7"))
        self.assertEqual((dry["waits"], dry["events"], dry["oldest_end"], dry["newest_end"], len(dry["subjects"])), (30, 90, "2010-04-05", "2012-04-05", 20))
        self.assertEqual([(row["year"], row["pathway"], row["waits"], row["events"]) for row in dry["rows"]],
                         [(2010 + year, pathway, 5, 15) for year in range(3) for pathway in sorted(PATHWAYS[:2])])
        self.assertEqual(self.redacted(), set())
        self.assertEqual(self.ctl("--format", "csv", "retention", "--by", "jo", "--limit", "7").replace("\r", "").splitlines(),
                         ["year,pathway,waits,events"] + ["%d,%s,5,15" % (2010 + year, pathway) for year in range(3) for pathway in sorted(PATHWAYS[:2])])
        self.assertEqual(len(self.redacted()), 30)
        self.assertIn("none was left to redact", self.ctl("retention", "--by", "jo"))
        for wrong in (["--limit", "0"], ["--limit", "x"], ["more"]):
            self.ctl("retention", *wrong, code=2)
        record, = {body for body, in self.daemon.database().execute("SELECT json_extract(body, '$.reason') FROM record WHERE kind = 'redaction'")}
        self.assertEqual(record, "the rule of retention")

    def test_backups_made_before_hold_what_was_erased(self):
        self.daemon.take(*ended("w", "2015-06-01"))
        self.ctl("backup", "before.db")
        self.all()
        self.ctl("backup", "after.db")
        folder = os.path.join(self.daemon.folder, "backups")
        held = {name: b"OLD-w" in open_bytes(os.path.join(folder, name)) for name in os.listdir(folder)}
        self.assertEqual(held, {"before.db": True, "after.db": False})


def open_bytes(path):
    with open(path, "rb") as file:
        return file.read()


class Figures(Retention):
    """A council of six years: all that is counted of any day comes out as before."""

    config = YEARS % 2

    def council(self):
        rng, rows = random.Random(11), []
        for number in range(400):
            began = "20%02d-%02d-%02d" % (rng.randrange(19, 25), rng.randrange(1, 13), rng.randrange(1, 28))
            subject, steps = "w-%d" % number, [began]
            while len(steps) < rng.randrange(2, 8):
                month = int(steps[-1][5:7]) % 12 + 1
                steps.append("%d-%02d-%02d" % (int(steps[-1][:4]) + (month == 1), month, rng.randrange(1, 28)))
            team = rng.choice(TEAMS)
            rows.append(event("referral.received", subject, at(began), {"pathway": rng.choice(PATHWAYS), "team": team, "person": "PERSON-%d" % (number // 2),
                                                                        "district": rng.choice(TEAMS), "priority": rng.randrange(1, 5), "impact": rng.randrange(1, 6),
                                                                        "likelihood": rng.randrange(1, 6), "client_group": rng.choice(TEAMS),
                                                                        "dimensions": {"deprivation": str(rng.randrange(1, 6))}, "remark": "REMARK"}))
            for day in steps[1:-1]:
                kind, data = rng.choice((("wait.allocated", {"worker": "WORKER-%d" % rng.randrange(9)}), ("contact.made", {"method": "visit"}),
                                         ("wait.paused", {"reason": "hospital"}), ("wait.resumed", {}), ("wait.transferred", {"team": rng.choice(TEAMS)}),
                                         ("assessment.started", {}), ("referral.triaged", {"priority": rng.randrange(1, 5)})))
                rows.append(event(kind, subject, at(day), data))
            if rng.random() < 0.8:
                kind, data = rng.choice((("assessment.completed", {"outcome": "eligible"}), ("wait.closed", {"reason": rng.choice(("died", "withdrawn", "duplicate"))})))
                rows.append(event(kind, subject, at(steps[-1]), data))
        rng.shuffle(rows)
        self.daemon.take(*rows)

    def figures(self):
        """Everything that is counted, but by worker and by person."""
        ask, found = self.daemon.ask, {}
        groups = ["pathway", "team", "district", "client_group"], ["priority", "impact", "likelihood", "dimension.deprivation"], ["stage", "team"]
        for day in ["%d-%02d-15" % (year, month) for year in range(2019, 2026) for month in (1, 4, 7, 10)] + ["2026-01-01"]:
            for group_by in groups:
                found["summary", day, group_by[0]] = ask("summary", as_at=day, group_by=group_by)
            found["distribution", day] = ask("distribution", as_at=day)
        for group_by in groups:
            found["flow", group_by[0]] = ask("flow", **{"from": "2019-01-01", "to": "2025-06-02", "step": "month", "group_by": group_by})
        for basis in ("known", "reported"):
            found["series", basis] = ask("series", **{"from": "2019-01-01" if basis == "known" else "2025-06-02", "to": "2025-06-04", "step": "day" if basis == "reported" else "week",
                                                      "group_by": ["pathway", "team"], "basis": basis})
        found["reported"] = ask("summary", basis="reported", as_at="2025-06-03", group_by=["pathway", "district"])
        found["restatement"] = {name: value for name, value in ask("restatement", day="2025-06-03").items() if name != "changes"}
        found["alerts"] = self.daemon.alerts()
        found["open"] = self.daemon.alerts(state="open")
        found["alert_figures"] = ask("alert_figures", **{"from": "2019-01-01", "to": "2025-06-04"})
        found["exceptions"] = ask("exceptions", limit=1000, filter={"kind": "exception"})
        for day in ("2021-06-01", "2023-06-01", "2025-06-04"):
            quality = ask("data_quality", as_at=day)
            quality.pop("same_person_twice")
            quality["warnings"] = {code: count for code, count in quality["warnings"]["code"].items() if code != "same_person_twice"}
            for source in quality["sources"]:
                source["warnings"] = {code: count for code, count in source["warnings"]["code"].items() if code != "same_person_twice"}
            found["data_quality", day] = quality
        for status in ("waiting", "ended", "excluded"):
            found["waits", status] = [{name: value for name, value in row.items() if name not in ("person", "worker")}
                                      for row in self.daemon.waits(filter={"status": status}, sort="subject")]
        snapshot = ask("snapshot")
        for name in ("positions", "alerts"):  # in no promised order
            found["snapshot", name] = sorted(snapshot[name], key=json.dumps)
        return json.loads(json.dumps({str(name): value for name, value in found.items()}))

    def pack(self, name, known_at):
        """The tables of a pack of evidence, by file."""
        folder = os.path.join(self.daemon.folder, name)
        self.ctl("export", "cqc", "--from", "2020-02-01", "--to", "2025-05-31", "--known-at", str(known_at), "--unsigned", "--out", folder)
        tables = {}
        for base, _, files in os.walk(folder):
            for file in files:
                if file.endswith(".csv"):
                    tables[file] = open_bytes(os.path.join(base, file))
        return tables

    def test_every_count_stays(self):
        self.council()
        self.daemon.set_clock("2025-06-03T09:00:00Z")
        self.daemon.set_clock("2025-06-04T09:00:00Z")
        self.daemon.take(event("contact.made", "w-1", at("2025-06-03")))
        seq = self.daemon.ask("health")["journal_seq"]
        before, pack, chain = self.figures(), self.pack("before", seq), self.daemon.ask("policies")["chain"]
        named = self.all(dry_run=True)
        waits, events, _, _ = self.all(limit=50)
        self.assertEqual((waits, events), named[:2])
        self.assertGreater(waits, 100)
        after = self.figures()
        for name, value in before.items():
            self.assertEqual(after[name], value, name)
        again = self.pack("after", seq)
        self.assertEqual({name for name in pack if pack[name] != again.get(name)}, set())
        self.assertGreater(len(pack), 15)
        self.assertEqual(self.daemon.ask("policies")["chain"], chain)
        self.ctl("verify", self.daemon.journal)
        self.daemon.restart()
        for name, value in self.figures().items():
            self.assertEqual(value, before[name], name)
        self.assertEqual([row for row in self.daemon.waits(filter={"status": "waiting"}) if row["person"] == "redacted"], [])


if __name__ == "__main__":
    unittest.main()
