#!/usr/bin/python3
"""The shipped Prometheus rules and Grafana dashboard: good by promtool, and of figures that a real scrape has."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from daemon import ROOT, Daemon, referral
from gateway import Gateway

SKIPPED = 77
RULES = os.path.join(ROOT, "config", "prometheus-rules.yml")
BOARD = os.path.join(ROOT, "config", "grafana-dashboard.json")


def board():
    with open(BOARD, encoding="utf-8") as file:
        return json.load(file)


def expressions():
    """All that the dashboard's panels ask."""
    return [target["expr"] for panel in board()["panels"] for target in panel["targets"]]


def promtool(*words, folder=None):
    done = subprocess.run(["promtool", *words], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


class Rules(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="wl-")
        self.addCleanup(shutil.rmtree, self.folder)

    def test_they_are_good_rules(self):
        code, said = promtool("check", "rules", RULES)
        self.assertEqual(code, 0, said)
        self.assertIn("12 rules found", said)

    def test_they_say_what_they_should(self):
        for path in (RULES, os.path.join(ROOT, "tests", "data", "prometheus", "rules_test.yml")):
            shutil.copy(path, self.folder)
        code, said = promtool("test", "rules", "rules_test.yml", folder=self.folder)
        self.assertEqual(code, 0, said)
        with open(RULES, encoding="utf-8") as rules, open(os.path.join(self.folder, "rules_test.yml"), encoding="utf-8") as tests:
            tested = tests.read()
            for name in re.findall(r"- alert: (\w+)", rules.read()):
                self.assertRegex(tested, r"alertname: %s\n +exp_alerts:\n" % name, "no test sees %s raised" % name)

    def test_the_dashboards_expressions_are_good(self):
        """Each as a rule of its own, which promtool can read."""
        path = os.path.join(self.folder, "board.yml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"groups": [{"name": "board", "rules": [{"record": "board:%d" % number, "expr": expression}
                                                              for number, expression in enumerate(expressions())]}]}, file)
        code, said = promtool("check", "rules", path)
        self.assertEqual(code, 0, said)


class Names(unittest.TestCase):
    def test_every_name_is_one_of_a_real_scrape(self):
        with open(RULES, encoding="utf-8") as file:
            rules = file.read()
        wanted = set(re.findall(r"\bwaitlist_\w+", " ".join(re.findall(r"(?ms)^        expr:(.*?)^        (?:for|labels):", rules))))
        wanted |= set(re.findall(r"\bwaitlist_\w+", " ".join(expressions())))
        activities = set(re.findall(r'name="(\w+)"', rules)) | {"events", "accepted", "duplicates", "quarantined"}
        with Daemon() as daemon, Gateway(daemon) as gateway:
            daemon.take(referral("W-1", "2025-05-03"))
            daemon.ask("follow.report", name="relay-desk", alert_seq=0)
            gateway.get("/api/v1/health")
            scrape = gateway.get("/metrics").body.decode()
        there = {re.match(r"\w+", line).group() for line in scrape.splitlines() if line and not line.startswith("#")}
        self.assertGreater(len(wanted), 15)
        self.assertEqual(wanted - there, set())
        self.assertEqual(activities - set(re.findall(r'waitlist_daemon_activity_total\{name="(\w+)"\}', scrape)), set())
        labels = {"pathway", "rule", "follower", "source", "code", "outcome", "name"}
        self.assertEqual({name for name in labels if name + '="' not in scrape}, set())


class Board(unittest.TestCase):
    def test_its_panels(self):
        panels = board()["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        cells = [(x, y) for place in (panel["gridPos"] for panel in panels) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])]
        self.assertEqual(len(set(cells)), len(cells), "panels lie on each other")
        self.assertLess(max(x for x, _ in cells), 24)
        for panel in panels:
            self.assertTrue(panel["title"])
            for target in panel["targets"]:
                self.assertEqual(target["datasource"], {"type": "prometheus", "uid": "${datasource}"})


if __name__ == "__main__":
    if shutil.which("promtool") is None:
        print("promtool is not installed")
        sys.exit(SKIPPED)
    unittest.main()
