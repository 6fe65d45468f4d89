#!/usr/bin/python3
"""The quarterly report: the daemon's own figures, held against targets and earlier quarters, in every form the same."""
import csv
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import zipfile

import test_figures
from daemon import WAITLISTCTL, Daemon
from test_evidence_publish import Attacker
from test_evidence_report import Page

KPIS = """
kpis = (
  { name = "all_waiting"; label = "Everybody <waiting>"; measure = "waiting"; target = 1; },
  { name = "over"; measure = "over_standard"; pathway = "needs_assessment"; target = 1000; benchmark = 12; benchmark_source = "a return"; },
  { name = "over_percent"; measure = "over_standard_percent"; team = "north"; target = 50; statutory = true; },
  { name = "long"; measure = "over_6_months"; },
  { name = "touch"; measure = "no_contact_percent"; },
  { name = "median"; measure = "median_wait"; },
  { name = "longest"; measure = "longest_wait"; client_group = "older"; },
  { name = "started"; measure = "started"; polarity = "high"; target = 3; },
  { name = "done"; measure = "completed"; polarity = "high"; },
  { name = "within"; measure = "within_standard_percent"; polarity = "high"; target = 100; },
  { name = "median_done"; measure = "median_completed"; },
  { name = "deaths"; measure = "died"; },
  { name = "nobody"; measure = "median_wait"; team = "nowhere"; } );
"""


class Quarter(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(clock="2025-01-01T08:00:00Z", pathways=test_figures.PATHWAYS + KPIS)
        cls.addClassCleanup(cls.daemon.close)
        test_figures.live(cls.daemon)
        cls.folder = tempfile.mkdtemp(prefix="wl-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def run_kpi(self, *words, journal=False, check=True):
        command = [WAITLISTCTL, "-c", self.daemon.config_path] + (["--journal", self.daemon.journal] if journal else [])
        done = subprocess.run(command + ["report", "kpi", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def told(self, quarter, *words, **more):
        return json.loads(self.run_kpi("--quarter", quarter, "--format", "json", *words, **more).stdout)

    def expected(self, first, last):
        """The same by questions of their own."""
        def total(**members):
            return self.daemon.ask("summary", as_at=last, **members)["total"]

        def percent(part, whole):
            return round(100 * part / whole + 1e-9, 1) if whole else None
        flow = self.daemon.ask("flow", **{"from": first, "to": last})["rows"][0]["flow"]
        north, everybody = total(filter={"team": "north"}), total()
        return {"all_waiting": everybody["waiting"], "over": total(filter={"pathway": "needs_assessment"})["breach"],
                "over_percent": percent(north["breach"], north["waiting"]), "long": total(filter={"min_days": 183})["waiting"],
                "touch": percent(everybody["no_contact"], everybody["waiting"]), "median": everybody["median"],
                "longest": total(filter={"client_group": "older"})["longest"], "started": flow["started"], "done": flow["completed"],
                "within": percent(flow["completed_within_standard"], flow["completed"]), "median_done": flow["median"],
                "deaths": flow["closed_by_reason"].get("died", 0), "nobody": None}

    def test_the_values_are_the_daemons(self):
        told = self.told("2025-Q1")
        rows = {row["name"]: row for row in told["rows"]}
        self.assertEqual((told["from"], told["to"]), ("2025-04-01", "2025-06-30"))
        now, before = self.expected("2025-04-01", "2025-06-30"), self.expected("2025-01-01", "2025-03-31")
        for name in ("started", "done", "within", "median_done", "deaths"):
            before[name] = None  # the records begin in the middle of that quarter
        self.assertEqual({name: row["value"] for name, row in rows.items()}, now)
        self.assertEqual({name: row["quarter_before"] for name, row in rows.items()}, before)
        self.assertEqual({row["history"][-1]["quarter"] for row in told["rows"]}, {"2025-Q1"})
        self.assertEqual([entry["quarter"] for entry in rows["over"]["history"]][:2], ["2023-Q2", "2023-Q3"])
        self.assertIsNone(rows["over"]["year_before"])
        self.assertGreater(now["started"], 3)
        self.assertEqual([(rows[name]["met"], rows[name]["good"]) for name in ("all_waiting", "over", "started", "long")],
                         [("no", "low"), ("yes", "low"), ("yes", "high"), (None, "low")])
        for name, row in rows.items():
            a, b = row["value"], row["quarter_before"]
            wanted = None if a is None or b is None else "unchanged" if a == b else "better" if (a < b) == (row["good"] == "low") else "worse"
            self.assertEqual(row["direction"], wanted, name)
            values = [entry["value"] for entry in row["history"] if entry["value"] is not None]
            self.assertEqual((row["lowest"], row["highest"]), (min(values, default=None), max(values, default=None)), name)
        self.assertEqual((rows["over"]["benchmark"], rows["over"]["benchmark_source"], rows["over_percent"]["statutory"]), (12, "a return", "yes"))
        self.assertIn("which is not met", rows["all_waiting"]["commentary"])
        self.assertIn("of at most 1,000", rows["over"]["commentary"])
        self.assertIn("percentage points", rows["over_percent"]["commentary"])
        self.assertEqual(rows["nobody"]["commentary"], "There is no value of Q1 2025/26: nobody was counted.")

    def test_the_same_from_the_journal_and_as_known_then(self):
        self.assertEqual(self.told("2025-Q1", journal=True), self.told("2025-Q1"))
        then = self.told("2024-Q4", "--known-at", "2025-04-01T12:00:00Z")
        self.assertEqual(then["asked_at"] < "2025-04-01T12:00:01", True)
        self.assertNotEqual([row["value"] for row in then["rows"]], [row["value"] for row in self.told("2024-Q4")["rows"]])

    def test_every_form_has_the_same_figures(self):
        told = self.told("2025-Q1")
        rows = list(csv.DictReader(io.StringIO(self.run_kpi("--quarter", "2025-Q1", "--format", "csv").stdout.decode())))
        self.assertEqual([float(row["value"]) if row["value"] else None for row in rows], [row["value"] for row in told["rows"]])
        text = self.run_kpi("--quarter", "2025-Q1").stdout.decode()
        files = {}
        for end in ("html", "xlsx", "json"):
            path = os.path.join(self.folder, "q." + end)
            self.run_kpi("--quarter", "2025-Q1", "--out", path)
            with open(path, "rb") as file:
                files[end] = file.read()
            self.assertEqual(self.run_kpi("--quarter", "2025-Q1", "--out", path, check=False).returncode, 1, "nothing is overwritten")
        self.assertEqual(json.loads(files["json"]), told)
        page = files["html"].decode()
        found = Page(page)
        self.assertEqual(len(found.tables), 1 + len(told["rows"]))
        self.assertIn("Everybody &lt;waiting&gt;", page)
        self.assertIn("SENSITIVE", page, "medians and longest waits are of single people")
        self.assertNotRegex(page, r"https?://|<script|statutory breach")
        for row in told["rows"]:
            self.assertIn(row["commentary"], text)
            self.assertIn(row["commentary"], page)
        self.assertIn("xl/worksheets/sheet2.xml", zipfile.ZipFile(io.BytesIO(files["xlsx"])).namelist())

    def test_bad_input(self):
        for words, said in ((["--quarter", "2025-Q2"], "2025-09-30 lies behind the journal"), (["--quarter", "1999-Q1"], "lies before the journal")):
            done = self.run_kpi(*words, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(said, done.stderr.decode())
        for words in ([], ["--quarter", "2025"], ["--quarter", "2025-Q5"], ["--quarter", "2025-Q1x"], ["--quarter", "2025-Q1", "--out", "x.pdf"]):
            self.assertEqual(self.run_kpi(*words, check=False).returncode, 2, words)
        path = os.path.join(self.folder, "empty.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write("bands = [ 7 ];\n")
        done = subprocess.run([WAITLISTCTL, "-c", path, "--journal", self.daemon.journal, "report", "kpi", "--quarter", "2025-Q1"],
                              stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"no kpis", done.stderr)


class Reader(Attacker):
    """Who has a published report with the same measures of many scopes, and knows which scopes are parts of which, and that some are all parts."""

    def __init__(self, told, scopes, wholes):
        self.cells, self.low, self.high, self.names, self.rows = {}, [], [], [], []
        for row in told["rows"]:
            for entry in row["history"]:
                if entry["value"] is not None:
                    self.note((row["measure"], entry["quarter"]) + scopes[row["name"]], str(entry["value"]))
        for key in self.cells:
            for other in self.cells:
                is_inside = key[:2] == other[:2] and key != other and all(b in (None, a) for a, b in zip(key[2:], other[2:]))
                is_part = key[1:] == other[1:] and (key[0], other[0]) == ("over_standard", "waiting")
                if is_inside or is_part:
                    self.rows.append(([(self.cells[key], 1.0), (self.cells[other], -1.0)], -float("inf"), 0.0))
        for measure, quarter in sorted({key[:2] for key in self.cells}):
            for whole, parts in wholes:
                keys = [(measure, quarter) + scope for scope in parts]
                if all(key in self.cells for key in keys + [(measure, quarter) + whole]):
                    self.rows.append(([(self.cells[key], 1.0) for key in keys] + [(self.cells[(measure, quarter) + whole], -1.0)], 0.0, 0.0))


class Published(unittest.TestCase):
    """The report for everybody to read."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="wl-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.journal = os.path.join(cls.folder, "journal.db")
        with Daemon(clock="2025-01-01T08:00:00Z", pathways=test_figures.PATHWAYS) as daemon:
            test_figures.live(daemon)
            groups = {field: sorted({row["keys"][field] for day in ("2025-03-31", "2025-06-30") for row in daemon.ask("summary", as_at=day, group_by=[field])["rows"]})
                      for field in ("pathway", "team")}
            daemon.stop()
            for name in os.listdir(os.path.dirname(daemon.journal)):
                if name.startswith("journal.db"):
                    shutil.copy(os.path.join(os.path.dirname(daemon.journal), name), cls.folder)
        pathways, teams = groups["pathway"], groups["team"]
        whole = (None, None)
        # Not the last combination of each, so that there is a rest that is not told.
        cls.scopes = [whole] + [(pathway, None) for pathway in pathways] + [(None, team) for team in teams]
        cls.scopes += list(itertools.product(pathways, teams))[:24 - len(cls.scopes)]
        cls.wholes = [(whole, [(pathway, None) for pathway in pathways]), (whole, [(None, team) for team in teams])]
        cls.wholes += [((pathway, None), [(pathway, team) for team in teams]) for pathway in pathways]

    def report(self, measures, *words, out=None):
        lines, names = [], {}
        for measure, (pathway, team) in itertools.product(measures, self.scopes):
            name = "k%d" % len(lines)
            names[name] = (pathway, team)
            lines.append('{ name = "%s"; measure = "%s"; target = 9;%s%s }' % (name, measure, ' pathway = "%s";' % pathway if pathway else "",
                                                                               ' team = "%s";' % team if team else ""))
        path = os.path.join(self.folder, "kpi.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(test_figures.PATHWAYS + "kpis = (\n%s\n);\n" % ",\n".join(lines))
        done = subprocess.run([WAITLISTCTL, "-c", path, "--journal", self.journal, "report", "kpi", "--quarter", "2025-Q1", "--format", "json", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return (json.loads(done.stdout) if out is None else None), names

    def test_counts(self):
        hidden, found = 0, 0
        for measures in (["waiting", "over_standard"], ["started", "completed"], ["waiting", "died"], ["waiting", "over_6_months"]):
            (secret, names), (told, _) = self.report(measures), self.report(measures, "--publish")
            for true, shown in zip(secret["rows"], told["rows"]):
                for before, after in zip(true["history"], shown["history"]):
                    if before["value"] is None:
                        self.assertIsNone(after["value"])
                    elif 1 <= before["value"] <= 7:
                        self.assertEqual(after["value"], "*")
                    else:
                        self.assertIn(after["value"], ("*", (before["value"] + 2) // 5 * 5))
                numbers = [entry["value"] for entry in shown["history"] if isinstance(entry["value"], int)]
                self.assertEqual((shown["lowest"], shown["highest"]), (min(numbers, default=None), max(numbers, default=None)))
                self.assertEqual(shown["met"], ("yes" if (shown["value"] <= 9) == (shown["good"] == "low") else "no")
                                 if isinstance(shown["value"], int) else None, shown)
                if shown["value"] == "*":
                    self.assertIn("is not told, to protect few people, and so neither is whether the target is met.", shown["commentary"])
                    self.assertIsNone(shown["direction"])
            reader = Reader(told, names, self.wholes)
            hidden += len(reader.hidden())
            self.assertEqual(reader.exposed(), [], measures)
            true = Reader(secret, names, self.wholes)
            for key, i in reader.cells.items():  # were all but the small counts told as they are, some would be found
                count = int(true.names[true.cells[key]][1])
                if count > 7:
                    reader.low[i] = reader.high[i] = count
                    reader.names[i] = (key, str(count))
            found += len(reader.exposed())
        self.assertGreater(hidden, 40)
        self.assertGreater(found, 0)

    def test_what_is_made_of_counts(self):
        for measure, part, whole in (("over_standard_percent", "over_standard", "waiting"), ("within_standard_percent", None, "completed")):
            (secret, _), (told, _) = self.report([measure, whole]), self.report([measure, whole], "--publish")
            half = len(told["rows"]) // 2
            for shown, count in zip(told["rows"][:half], told["rows"][half:]):
                if count["value"] in ("*", 0):
                    self.assertIn(shown["value"], ("*", None))
            self.assertNotEqual([row["value"] for row in secret["rows"]], [row["value"] for row in told["rows"]])
        (parts, _), (told, _) = self.report(["over_standard", "waiting"], "--publish"), self.report(["over_standard_percent", "waiting"], "--publish")
        half, made = len(parts["rows"]) // 2, 0
        for over, waiting, percent in zip(parts["rows"][:half], parts["rows"][half:], told["rows"][:half]):
            if all(isinstance(row["value"], int) for row in (over, waiting)) and waiting["value"]:
                self.assertAlmostEqual(percent["value"], 100 * over["value"] / waiting["value"], delta=0.051)
                made += 1
        self.assertGreater(made, 1)

    def test_days(self):
        (secret, _), (told, _) = self.report(["median_wait", "longest_wait"]), self.report(["median_wait", "longest_wait"], "--publish")
        (counts, _), half = self.report(["waiting"]), len(told["rows"]) // 2
        hidden = 0
        for row, longest, count, median in zip(told["rows"][:half], told["rows"][half:], counts["rows"], secret["rows"]):
            if count["value"] <= 7:
                self.assertIn(row["value"], ("*", None))
                self.assertIn(longest["value"], ("*", None))
                hidden += row["value"] == "*"
            else:
                self.assertIn(row["value"], ("*", median["value"]))
                self.assertRegex(str(longest["value"]), r"^\*$|^\d+ to \d+$|^over 365$")
                self.assertIsNone(longest["met"])
        self.assertGreater(hidden, 2)

    def test_the_forms(self):
        paths = {end: os.path.join(self.folder, "told." + end) for end in ("html", "xlsx")}
        for path in paths.values():
            self.report(["waiting", "longest_wait"], "--publish", "--out", path, out=path)
        with open(paths["html"], encoding="utf-8") as file:
            page = file.read()
        Page(page)
        self.assertNotIn("SENSITIVE", page)
        self.assertIn("For publication: a count of 1 to 7 is shown as *", page)
        told, _ = self.report(["waiting", "longest_wait"], "--publish")
        for row in told["rows"]:
            self.assertIn(row["commentary"], page)
        book = zipfile.ZipFile(paths["xlsx"])
        self.assertFalse(any(b"SENSITIVE" in book.read(name) for name in book.namelist()))


if __name__ == "__main__":
    unittest.main()
