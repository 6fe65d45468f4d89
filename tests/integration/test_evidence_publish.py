#!/usr/bin/python3
"""Packs for publication: no count of few people is told, and none can be worked out from all that is told together.

An attacker is played who has every file of a pack, and knows its rules: what each count may be, which counts make up which, and that people
neither appear nor vanish between two days. By linear programming the attacker finds, for every hidden count, the least and the most that it can
be. Written from the description of the tables alone.
"""
import csv
import io
import json
import os
import random
import re
import shutil
import subprocess
import tempfile
import unittest

import numpy
import scipy.optimize
import scipy.sparse

import test_figures
from daemon import ROOT, WAITLISTCTL, Daemon
from test_evidence import read_pack, run, table

SEED = int(os.environ.get("SEED", "7"))
VALUES = 3  # that every hidden count must be able to have
ROUNDS = 30
GROUPS = ("pathway", "team", "district", "client_group", "priority")


class Attacker:
    """Every count of a pack as a variable, with what its cell says, and what ties them."""

    def __init__(self, pack):
        self.pack = pack
        self.cells, self.low, self.high, self.names = {}, [], [], []
        self.rows = []  # (terms, low, high): the sum of coefficient × variable lies between
        self.read()
        self.tie()

    def note(self, key, text):
        """A count under its name; the same people counted in two tables have one name."""
        if text == "":
            return
        low, high = (1, numpy.inf) if text == "*" else (0, 0) if text == "0" else (max(8, int(text) - 2), int(text) + 2)
        if key not in self.cells:
            self.cells[key] = len(self.low)
            self.low.append(low)
            self.high.append(high)
            self.names.append((key, text))
        else:
            i = self.cells[key]
            assert self.names[i][1] == text, ("told differently", key, self.names[i][1], text)

    def read(self):
        for row in table(self.pack, "position") + table(self.pack, "contact"):
            who = (row["breakdown"], row["group"], row["subgroup"])
            for name in ("waiting", "over_standard", "due", "unallocated", "allocated", "in_progress", "paused", "scheduled", "over_6_months",
                         "over_12_months", "in_contact", "no_contact"):
                if name in row:
                    self.note((name, row["day"]) + who, row[name])
        for row in table(self.pack, "bands"):
            self.note(("band", row["day"], row["breakdown"], row["group"], row["subgroup"], int(row["from_days"])), row["waiting"])
        for row in table(self.pack, "change"):
            who = (row["breakdown"], row["group"], row["subgroup"])
            for name in ("waiting", "over_standard"):
                self.note((name, row["from_day"]) + who, row[name + "_from"])
                self.note((name, row["to_day"]) + who, row[name + "_to"])
        for row in table(self.pack, "restatement"):
            for name in ("waiting", "over_standard"):
                self.note((name, row["day"], row["breakdown"], row["group"], ""), row[name + "_known"])
                self.note((name + " reported", row["day"], row["breakdown"], row["group"], ""), row[name + "_reported"])
        self.read_flows()
        self.read_people()
        self.read_national()

    def read_flows(self):
        for row in table(self.pack, "flow"):
            when = (row["from_day"], row["to_day"])
            who = (row["breakdown"], row["group"], row["subgroup"])
            for name in ("started", "completed", "closed", "reopened", "transferred_in", "transferred_out", "contacts"):
                self.note((name, when) + who, row[name])
        for row in table(self.pack, "completed"):
            who = (row["breakdown"], row["group"], row["subgroup"])
            for name in ("completed", "within_standard"):
                self.note((name, (row["from_day"], row["to_day"])) + who, row[name])
        for row in table(self.pack, "removals"):
            self.note(("removed " + row["reason"], (row["from_day"], row["to_day"]), self.kind(row["pathway"]), row["pathway"], ""), row["removed"])
        for row in table(self.pack, "deaths"):
            self.note(("died", (row["from_day"], row["to_day"]), self.kind(row["pathway"]), row["pathway"], ""), row["died"])
        for row in table(self.pack, "foi"):
            who = (self.kind(row["pathway"]), row["pathway"], "")
            self.note(("waiting", row["day"]) + who, row["waiting"])
            self.note(("completed", (row["from_day"], row["day"])) + who, row["completed"])
            self.note(("died", (row["from_day"], row["day"])) + who, row["died"])

    @staticmethod
    def kind(pathway):
        return "all" if pathway == "all" else "pathway"

    @staticmethod
    def equity(dimension, pathway, value):
        if dimension in ("district", "client_group") and pathway == "all":
            return (dimension, value, "")
        if dimension == "client_group":
            return ("pathway_and_client_group", pathway, value)
        return ("dimension " + dimension, pathway, value)

    def read_people(self):
        for row in table(self.pack, "risk"):
            for name in ("waiting", "over_standard"):
                self.note((name, row["day"], "risk", row["impact"], row["likelihood"]), row[name])
        for row in table(self.pack, "equity"):
            for name in ("waiting", "over_standard"):
                self.note((name, row["day"]) + self.equity(row["dimension"], row["pathway"], row["value"]), row[name])
        for row in table(self.pack, "equity_gap"):
            for end in ("shortest", "longest"):
                self.note(("waiting", row["day"]) + self.equity(row["dimension"], row["pathway"], row[end + "_group"]), row[end + "_waiting"])
        for row in table(self.pack, "caseloads"):
            who = ("all" if row["team"] == "all" else "team", row["team"], "")
            for name in ("workers", "waiting_with_worker", "waiting_without_worker"):
                self.note((name, row["day"]) + who, row[name])
        for row in table(self.pack, "completeness"):
            for name in ("with", "of"):
                self.note((name, "", "field", row["pathway"], row["field"]), row[name])
        for row in table(self.pack, "data_quality"):
            self.note(("records", "", row["kind"], row["code"], ""), row["records"])
        for row in table(self.pack, "lateness"):
            for name in ("records", "over_14_days"):
                self.note((name, "", "source", row["source"], ""), row[name])
        for row in table(self.pack, "alerts"):
            for name in ("raised", "late", "resolved", "acknowledged"):
                self.note((name, "", "alerts", row["pathway"], row["rule"]), row[name])

    def read_national(self):
        if "national_measure.csv" not in self.pack:
            return
        for row in table(self.pack, "national_measure"):
            who = ((row["from_day"], row["to_day"]), "national", row["la_code"], row["age_band"])
            self.note(("n " + row["metric"],) + who, row["n"])
            for name in ("requests", "assessments", "services"):
                self.note(("all " + name,) + who, row[name])
            for name in ("by_request", "by_assessment", "by_service", "at_short", "at_long", "own_within_28_days", "lts_nursing", "lts_residential",
                         "lts_community", "lts_prison", "sts_st_max", "sts_ongoing", "sts_other"):
                self.note((name,) + who, row[name])

    # --- what ties them -------------------------------------------------------------------------------------------

    def sums(self, whole_of, exact=True):
        """Parts, each under the name of its whole, make that up where it is told."""
        parts = {}
        for key, i in self.cells.items():
            for whole, kind in whole_of(key):
                if whole in self.cells:
                    parts.setdefault((whole, kind), []).append((i, 1.0))
        for (whole, _), terms in parts.items():
            self.rows.append((terms + [(self.cells[whole], -1.0)], 0.0 if exact else -numpy.inf, 0.0))

    @staticmethod
    def groups(key):
        name, when, breakdown, group, subgroup = key[:5]
        rest = key[5:]
        if name == "workers":
            return  # one may work in two teams
        everybody = (name, when, "all", "all", "") + rest
        if breakdown in GROUPS or breakdown == "risk":
            yield everybody, breakdown
        elif breakdown == "pathway_and_client_group":
            yield (name, when, "pathway", group, "") + rest, breakdown
            yield (name, when, "client_group", subgroup, "") + rest, breakdown
        elif breakdown.startswith("dimension "):
            yield ((name, when, "pathway", group, "") if group != "all" else everybody), breakdown
            if group != "all":
                yield ((name, when, "district", subgroup, "") if breakdown == "dimension district"
                       else (name, when, breakdown, "all", subgroup)), breakdown + " over pathways"
        elif breakdown == "field" and group != "all":
            yield (name, when, breakdown, "all", subgroup), breakdown
        elif breakdown == "source" and group != "all":
            yield (name, when, breakdown, "all", ""), breakdown

    def kinds(self, key):
        wholes = {"unallocated": ("waiting", "stage"), "allocated": ("waiting", "stage"), "in_progress": ("waiting", "stage"),
                  "in_contact": ("waiting", "contact"), "no_contact": ("waiting", "contact"), "band": ("waiting", "band"),
                  "waiting_with_worker": ("waiting", "worker"), "waiting_without_worker": ("waiting", "worker"), "died": ("closed", "reason")}
        name = "removed" if key[0].startswith("removed ") else key[0]
        wholes["removed"] = ("closed", "reason")
        if name in wholes and (wholes[name][1] != "reason" or key[1] == self.period):  # of months deaths alone are told
            yield (wholes[name][0],) + key[1:5], wholes[name][1]

    @staticmethod
    def parts(key):
        wholes = {"over_standard": "waiting", "due": "waiting", "paused": "waiting", "over_6_months": "waiting", "over_12_months": "over_6_months",
                  "within_standard": "completed", "with": "of", "over_14_days": "records", "late": "raised", "resolved": "raised",
                  "acknowledged": "raised", "workers": "waiting_with_worker", "died": "closed"}
        if key[0] in wholes:
            yield (wholes[key[0]],) + key[1:], key

    @staticmethod
    def national(key):
        """Responses are of three kinds, assessments of two, first services of seven."""
        wholes = {"by_request": "n Wait time to first response", "by_assessment": "n Wait time to first response",
                  "by_service": "n Wait time to first response", "at_short": "by_assessment", "at_long": "by_assessment"}
        whole = "n Wait time to first service" if key[0][:4] in ("lts_", "sts_") else wholes.get(key[0])
        if key[2] == "national" and whole:
            yield (whole,) + key[1:], whole

    @staticmethod
    def national_parts(key):
        """A response starts in its quarter, as everything that started; a service that is a first response is a first service."""
        wholes = {"own_within_28_days": ["by_assessment"], "by_request": ["all requests"], "by_assessment": ["all assessments"],
                  "by_service": ["all services", "n Wait time to first service"], "n Wait time to first service": ["all services"]}
        for whole in wholes.get(key[0], []) if key[2] == "national" else []:
            yield (whole,) + key[1:], (key, whole)

    def over(self, key):
        """Bands that begin behind half a year, or behind the one standard of a pathway, where a band begins there."""
        if key[0] != "band":
            return
        edges = [("over_6_months", 182)]
        if key[2] in ("pathway", "pathway_and_client_group"):
            edges += [("over_standard", days) for days in self.standards(key[3], key[1])]
        for name, edge in edges:
            if key[5] > edge and key[:5] + (edge + 1,) in self.cells:
                yield (name,) + key[1:5], "over %s" % name

    def standards(self, pathway, day):
        rows = [row for row in table(self.pack, "standards") if row["pathway"] == pathway]
        in_force = [row for row in rows if row["from_day"] <= day] or rows[:1]
        last = in_force[-1]
        return [] if any(last["priority_%d" % number] for number in (1, 2, 3, 4)) else [int(last["standard_days"])]

    def months(self, key):
        whole = self.period
        if isinstance(key[1], tuple) and key[2] != "national" and key[1] != whole and key[1][0] >= whole[0]:
            yield (key[0], whole) + key[2:], "months"

    def tie(self):
        parameters = json.loads(self.pack["manifest.json"])["parameters"]
        self.period = (parameters["from"], parameters["to"])
        for ways in (self.groups, self.kinds, self.over, self.months, self.national):
            self.sums(ways)
        self.sums(self.parts, exact=False)
        self.sums(self.national_parts, exact=False)
        self.flow()

    def flow(self):
        """Who waits at the end is who waited at the start and who came, without who left."""
        days = sorted({key[1] for key in self.cells if key[0] == "waiting" and key[2] == "all"})
        for key in list(self.cells):
            if key[0] != "started" or key[2] not in ("all", "pathway", "team") or key[1][0] < self.period[0]:
                continue
            before = max((day for day in days if day < key[1][0]), default=None)
            if before is None or key[1][1] not in days:
                continue
            moves = [("started", 1), ("reopened", 1), ("completed", -1), ("closed", -1)]
            moves += [("transferred_in", 1), ("transferred_out", -1)] if key[2] == "team" else []
            terms = [(self.cells[(name,) + key[1:]], float(sign)) for name, sign in moves]
            for day, sign in ((before, 1.0), (key[1][1], -1.0)):
                if ("waiting", day) + key[2:] in self.cells:
                    terms.append((self.cells[("waiting", day) + key[2:]], sign))
            self.rows.append((terms, 0.0, 0.0))

    # --- the attack -----------------------------------------------------------------------------------------------

    def hidden(self):
        return [i for i, (_, text) in enumerate(self.names) if text == "*"]

    def solver(self):
        entries = [(row, i, value) for row, (terms, _, _) in enumerate(self.rows) for i, value in terms]
        rows, columns, values = zip(*entries)
        matrix = scipy.sparse.csr_matrix((values, (rows, columns)), shape=(len(self.rows), len(self.low)))
        exact = [i for i, row in enumerate(self.rows) if row[1] == 0.0]
        below = [i for i, row in enumerate(self.rows) if row[1] != 0.0]
        bounds = numpy.column_stack([self.low, numpy.minimum(self.high, 1e6)])

        def solve(costs):
            found = scipy.optimize.linprog(costs, A_eq=matrix[exact], b_eq=numpy.zeros(len(exact)), A_ub=matrix[below],
                                           b_ub=numpy.zeros(len(below)), bounds=bounds, method="highs")
            assert found.status == 0, found.message
            return found.x
        return solve

    def exposed(self):
        """Hidden counts that can have fewer than VALUES values: (name, least, most). Many are shown to be free by few points that fit; the
        rest is asked one by one."""
        chance, solve = random.Random(SEED), self.solver()
        hidden = self.hidden()
        least, most = {i: numpy.inf for i in hidden}, {i: -numpy.inf for i in hidden}

        def look(costs):
            point = solve(costs)
            for i in hidden:
                least[i], most[i] = min(least[i], point[i]), max(most[i], point[i])

        def is_free(i):
            return most[i] - least[i] >= VALUES - 1 - 1e-6

        for _ in range(ROUNDS):
            left = [i for i in hidden if not is_free(i)]
            if not left:
                break
            costs = numpy.zeros(len(self.low))
            for i in left:
                costs[i] = chance.choice((-1.0, 1.0)) * chance.random()
            look(costs)
        found = []
        for i in [i for i in hidden if not is_free(i)]:
            for sign in (1.0, -1.0):
                costs = numpy.zeros(len(self.low))
                costs[i] = sign
                look(costs)
            if numpy.floor(most[i] + 1e-6) - numpy.ceil(least[i] - 1e-6) + 1 < VALUES:
                found.append((self.names[i][0], least[i], most[i]))
        return found


class Published(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="wl-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.cld = os.path.join(self.folder, "cld.csv")  # counts on both sides of 7, and of 0
        subprocess.run(["/usr/bin/python3", "-B", os.path.join(ROOT, "tests", "data", "cld", "make_cld.py"), "--rows", "900", self.cld], check=True)

    def export(self, journal, name, *words):
        path = os.path.join(self.folder, name)
        run("export", "cqc", "--unsigned", "--out", path, *words, journal=journal)
        return read_pack(path)

    def check(self, journal, *period):
        """The published pack beside the sensitive one of the same period."""
        secret, told = self.export(journal, "secret", *period), self.export(journal, "told", *period, "--publish")
        self.assertNotIn("waits.csv", told)
        self.cells(secret, told)
        attacker = Attacker(told)
        self.assertGreater(len(attacker.hidden()), 50)
        self.assertEqual(attacker.exposed(), [])
        self.references(told)
        return secret, told

    def cells(self, secret, told):
        """Each cell by itself: hidden, rounded, or a band."""
        kinds = {(row["table"], row["column"]): row for row in table(told, "columns")}
        hidden_more = 0
        for name in told:
            stem = name[:-4]
            if not name.endswith(".csv") or stem == "columns":
                continue
            for true, shown in zip(table(secret, stem), table(told, stem)):
                for column, text in shown.items():
                    unit, value = kinds[stem, column]["unit"], true[column]
                    if unit == "count" and re.fullmatch(r"[0-9]+", value) and "change" not in column and "difference" not in column:
                        self.assertTrue(text == "*" if 1 <= int(value) <= 7 else text in ("*", str((int(value) + 2) // 5 * 5)), (name, column, value, text))
                        hidden_more += text == "*" and int(value) > 7
                    elif column in ("own_p90", "own_longest", "p90", "longest", "longest_without_contact", "largest_caseload", "longest_hours"):
                        self.assertRegex(text, r"^$|^\*$|^\d+ to \d+$|^over 365$", (name, column))
                    elif unit in ("text", "date", "number"):
                        self.assertEqual(text, value, (name, column))
            self.assertEqual(len(table(secret, stem)), len(table(told, stem)))
        for row in table(told, "position"):
            if row["waiting"] == "*":
                self.assertIn(row["median"], ("*", ""))
            elif row["over_standard_percent"] not in ("", "*"):
                expected = 100 * int(row["over_standard"]) / int(row["waiting"])
                self.assertAlmostEqual(float(row["over_standard_percent"]), expected, delta=0.051)
        stars = sum(text == "*" for name in told if name.endswith(".csv") for row in table(told, name[:-4]) for text in row.values())
        self.assertLess(hidden_more, 0.3 * stars, "what is hidden to protect others is the smaller part")

    def references(self, told):
        """No reference of a wait, a person or a worker stands anywhere."""
        for name, data in told.items():
            self.assertIsNone(re.search(rb"w-\d\d|p-\d|needs-0000", data), name)

    def test_few_people(self):
        with Daemon(clock="2025-01-01T08:00:00Z", pathways=test_figures.PATHWAYS) as daemon:
            test_figures.live(daemon)
            self.check(daemon.journal, "--from", "2025-02-10", "--to", "2025-06-20", "--cld", self.cld)
            shutil.rmtree(os.path.join(self.folder, "secret"))
            shutil.rmtree(os.path.join(self.folder, "told"))
            self.check(daemon.journal, "--from", "2025-03-01", "--to", "2025-03-31", "--pathway", "needs_assessment")

    def test_a_county(self):
        """Two months of the synthetic county."""
        with open(os.path.join(os.path.dirname(__file__), "..", "..", "config", "lancashire-2025.conf"), encoding="utf-8") as file:
            config = re.sub(r"(?s)(council|journal|endpoints) = \{.*?\};", "", file.read())
        with Daemon(clock="2023-10-01T00:00:00+01:00", pathways=config) as daemon:
            subprocess.run([WAITLISTCTL, "-c", daemon.config_path, "simulate", "--until", "2023-12-10", "--send", "--drive-clock=day"],
                           stdout=subprocess.PIPE, check=True, timeout=600)
            self.check(daemon.journal, "--from", "2023-11-01", "--to", "2023-12-09")

    def test_the_attacker_finds_what_is_exposed(self):
        """Without it the tests above would say nothing: where a count that was hidden to protect others is told, others are found out."""
        with Daemon(clock="2025-01-01T08:00:00Z", pathways=test_figures.PATHWAYS) as daemon:
            test_figures.live(daemon)
            period = ["--from", "2025-02-10", "--to", "2025-06-20", "--cld", self.cld]
            secret, told = self.export(daemon.journal, "secret", *period), self.export(daemon.journal, "told", *period, "--publish")
        true, attacker, found = Attacker(secret), Attacker(told), 0
        protecting = [key for key, i in attacker.cells.items() if attacker.names[i][1] == "*" and int(true.names[true.cells[key]][1]) > 7]
        self.assertGreater(len(protecting), 5)
        for key in protecting[:40]:
            i, rounded = attacker.cells[key], (int(true.names[true.cells[key]][1]) + 2) // 5 * 5
            before = attacker.names[i], attacker.low[i], attacker.high[i]
            attacker.names[i], attacker.low[i], attacker.high[i] = (key, str(rounded)), max(8, rounded - 2), rounded + 2
            found += bool(attacker.exposed())
            if found:
                break
            attacker.names[i], attacker.low[i], attacker.high[i] = before
        self.assertGreater(found, 0)
        self.check_national(true, Attacker(told))

    def check_national(self, true, attacker):
        """Its sums are short, so that rounding alone leaves three values: were all but the small counts told as they are, some would be found."""
        for key, i in attacker.cells.items():
            count = int(true.names[true.cells[key]][1])
            if key[2] == "national" and count > 7:
                attacker.low[i] = attacker.high[i] = count
                attacker.names[i] = (key, str(count))
        found = [key for key, _, _ in attacker.exposed() if key[2] == "national"]
        self.assertGreater(len(found), 5)


if __name__ == "__main__":
    unittest.main()
