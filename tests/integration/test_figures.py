#!/usr/bin/python3
"""The guard of the rule versions: a fixed history must give the figures that are stored beside the version of their rules.

Usage: test_figures.py [unittest's arguments], or test_figures.py --store: stores the figures of versions that have no file yet.
"""
import itertools
import json
import os
import re
import subprocess
import sys
import unittest

from daemon import ROOT, WAITLISTCTL, Daemon

FOLDER = os.path.join(ROOT, "tests", "data", "figures")
PATHWAYS = """
pathways = (
  { name = "needs_assessment"; },
  { name = "ot_assessment"; standard_by_priority = ( (1, 2), (2, 7) ); pauses = "exclude"; },
  { name = "review"; completes_on = "asc.review.completed"; },
  { name = "dols"; standard_days = 21; },
  { name = "triage"; standard_days = 5; unit = "working_days"; clock_stops_on = "started"; },
  { name = "planned"; } );
"""
# The name in daemon/core/rules.h, and the row of docs/rules.md that begins so.
FIGURES = {"position": ("RULES_POSITION", "position"), "flow": ("RULES_FLOW", "flow"), "exceptions": ("RULES_EXCEPTIONS", "exceptions"),
           "data_quality": ("RULES_DATA_QUALITY", "data quality"), "dhsc": ("RULES_DHSC", "national waiting times")}
CHANGED = """the figures of "%s" are others than those stored in %s, but the version of their rules is the same.
If nobody wanted that, a rule was broken: find out which.
If it is wanted: raise %s in daemon/core/rules.h, add a row to "Versions of the rules" in docs/rules.md that says what changed,
and store the new figures beside the old with: test_figures.py --store"""
MISSING = """there are no figures of version %d of "%s": store them with test_figures.py --store, and look at them"""


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def version_of(figure):
    """As the sources say."""
    return int(re.search(r"#define %s +(\d+)" % FIGURES[figure][0], read("daemon", "core", "rules.h")).group(1))


def path_of(figure, version):
    return os.path.join(FOLDER, "%s-%d.json" % (figure, version))


def live(daemon):
    """Every event on the day on which it arrives, at eight in the evening."""
    for day, rows in itertools.groupby(read("tests", "data", "figures", "history.ndjson").splitlines(), lambda row: json.loads(row)["arrives"]):
        daemon.set_clock(day + "T20:00:00Z")
        daemon.take(*[row.encode() for row in rows])
    daemon.set_clock("2025-07-06T08:00:00Z")


def questions():
    """The questions whose answers are the figures, by figure."""
    position = [("summary", {"as_at": day, "group_by": group}) for day in ("2025-03-31", "2025-05-31", "2025-07-06")
                for group in ([], ["pathway"], ["team", "district"], ["priority", "stage"], ["client_group", "dimension.deprivation"])]
    position += [("summary", {"as_at": "2025-05-31", "known_at": "2025-06-01T00:00:00Z"}), ("summary", {"as_at": "2025-08-31"}),
                 ("summary", {"as_at": "2025-05-31", "basis": "reported", "group_by": ["pathway", "team"]}),
                 ("series", {"from": "2025-01-31", "to": "2025-07-06", "step": "month", "group_by": ["pathway"]}),
                 ("restatement", {"from": "2025-05-28", "to": "2025-05-31", "group_by": ["pathway"], "limit": 1000}),
                 ("waits", {"limit": 1000, "sort": "subject"}), ("waits", {"limit": 1000, "sort": "-risk", "as_at": "2025-05-31"})]
    period = {"from": "2025-01-01", "to": "2025-07-06"}
    flow = [("flow", {**period, "step": step, "group_by": group}) for step, group in
            (("month", ["pathway"]), ("quarter", ["team"]), ("all", []), ("week", []), ("month", ["client_group", "stage"]))]
    return {"position": position, "flow": flow, "exceptions": [("exceptions", {"limit": 1000})],
            "data_quality": [("data_quality", {}), ("data_quality", {"from": "2025-03-01", "to": "2025-04-30"})]}


def dhsc_report():
    told = subprocess.run([WAITLISTCTL, "report", "dhsc-waiting-times", os.path.join(FOLDER, "client_level_data.csv"), "--format", "json"],
                          stdout=subprocess.PIPE, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return json.loads(told.stdout)


def measure():
    """The figures as this build counts them, and the version that its replies carry."""
    figures = {"dhsc": (dhsc_report(), {version_of("dhsc")})}
    with Daemon(clock="2025-01-01T08:00:00Z", pathways=PATHWAYS) as daemon:
        live(daemon)
        for figure, asked in questions().items():
            replies = [{"op": op, "members": members, "reply": daemon.ask(op, **members)} for op, members in asked]
            figures[figure] = (replies, {row["reply"]["rule_version"] for row in replies})
    return figures


def differences(stored, told, place=""):
    """Where what is told is not what was stored; a member that is new since is no difference."""
    if isinstance(stored, dict) and isinstance(told, dict):
        found = [line for name in stored for line in differences(stored[name], told.get(name), "%s/%s" % (place, name))]
    elif isinstance(stored, list) and isinstance(told, list) and len(stored) == len(told):
        found = [line for i, row in enumerate(stored) for line in differences(row, told[i], "%s/%d" % (place, i))]
    else:
        found = [] if stored == told and type(stored) is type(told) else ["%s: stored %s, now %s" % (place, short(stored), short(told))]
    return found


def short(value):
    text = json.dumps(value)
    return text if len(text) <= 200 else text[:200] + "…"


class Figures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.measured = measure()

    def test_the_figures_are_those_of_their_version(self):
        for figure, (told, versions) in self.measured.items():
            with self.subTest(figure):
                version = version_of(figure)
                self.assertEqual(versions, {version}, "every reply carries the version of daemon/core/rules.h")
                path = path_of(figure, version)
                self.assertTrue(os.path.exists(path), MISSING % (version, figure))
                with open(path, encoding="utf-8") as file:
                    found = differences(json.load(file), told)
                self.assertEqual(found[:10], [], CHANGED % (figure, os.path.relpath(path, ROOT), FIGURES[figure][0]))

    def test_the_versions_are_documented_and_their_figures_kept(self):
        table = read("docs", "rules.md").split("## Versions of the rules")[1]
        for figure, (_, row) in FIGURES.items():
            documented = [int(cells.group(1)) for cells in re.finditer(r"^\| %s[^|]*\| (\d+) \|" % re.escape(row), table, re.MULTILINE)]
            self.assertEqual(sorted(documented), list(range(1, version_of(figure) + 1)), "docs/rules.md, Versions of the rules: " + figure)
            for version in documented:
                self.assertTrue(os.path.exists(path_of(figure, version)), MISSING % (version, figure))

    def test_a_change_is_found(self):
        stored = {"a": [1, {"b": 2}], "c": None}
        self.assertEqual(differences(stored, {"a": [1, {"b": 2}], "c": None, "new": 3}), [])
        for told in ({"a": [1, {"b": 3}], "c": None}, {"a": [1], "c": None}, {"a": [1, {"b": 2}], "c": 0}, {"a": [1, {}], "c": None},
                     {"a": [1.0, {"b": 2}], "c": None}, [], None):
            self.assertEqual(len(differences(stored, told)), 1, told)


def store():
    for figure, (told, _) in measure().items():
        path = path_of(figure, version_of(figure))
        if os.path.exists(path):
            continue
        with open(path, "w", encoding="utf-8") as file:
            json.dump(told, file, separators=(",", ":"), ensure_ascii=False)
            file.write("\n")
        print("stored", os.path.relpath(path, ROOT))


if __name__ == "__main__":
    if sys.argv[1:] == ["--store"]:
        store()
    else:
        unittest.main()
