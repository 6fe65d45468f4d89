#!/usr/bin/python3
"""The gateway's figures for monitoring: right, well-formed in both formats, and there when the daemon is not."""
import re
import shutil
import subprocess
import unittest

from daemon import Daemon, referral
from gateway import Gateway, Stream

FIGURE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)+)\})? (-?[0-9.e+-]+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def figures(text):
    """{(name, labels): value}."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        match = FIGURE.fullmatch(line)
        assert match, line
        key = match.group(1), tuple(LABEL.findall(match.group(2) or ""))
        assert key not in found, line
        found[key] = float(match.group(3))
    return found


class Metrics(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(clock="2025-06-01T12:00:00Z")
        self.addCleanup(self.daemon.close)
        self.daemon.take(*(referral("W-%d" % i, "2025-05-0%d" % (i % 3 + 1), team="north" if i % 4 else "south") for i in range(20)),
                         {**referral("W-x", "2025-05-30", pathway="dols"), "source": 'a "quoted\\source"'})
        self.daemon.send(b"not json")
        self.daemon.ask("follow.report", name="relay", alert_seq=3)
        self.gateway = Gateway(self.daemon)
        self.addCleanup(self.gateway.end)
        self.gateway.wait_daemon("live")

    def scrape(self, **headers):
        answer = self.gateway.get("/metrics", **headers)
        self.assertEqual(answer.status, 200)
        return answer

    def test_what_it_says_is_what_the_daemon_says(self):
        stream = Stream(self.gateway)
        self.addCleanup(stream.close)
        self.gateway.get("/api/v1/nonsense")
        found = figures(self.scrape().body.decode())
        for row in self.daemon.ask("summary", group_by=["pathway", "team"])["rows"]:
            labels = (("pathway", row["keys"]["pathway"]), ("team", row["keys"]["team"]))
            for name, member in (("waiting", "waiting"), ("over_standard", "breach"), ("due", "due"), ("unallocated", "unallocated"),
                                 ("no_contact", "no_contact"), ("longest", "longest")):
                self.assertEqual(found["waitlist_" + name, labels], row["position"][member])
        self.assertEqual(sum(value for (name, _), value in found.items() if name == "waitlist_waiting"), 21)
        opened = self.daemon.ask("alerts", state="open")["rows"]
        self.assertEqual(sum(value for (name, _), value in found.items() if name == "waitlist_open_alerts"), len(opened))
        self.assertEqual(found["waitlist_open_alerts", (("rule", "breach"), ("severity", "warning"))],
                         sum(row["rule"] == "breach" for row in opened))
        health = self.daemon.ask("health")
        for name, value in (("up", 1), ("degraded", 0), ("journal_seq", 21), ("alert_seq", health["alert_seq"]), ("quarantine", 1),
                            ("dashboard_streams", 1), ("dashboard_streams_begun_total", 1), ("queues_left_out", 0)):
            self.assertEqual(found["waitlist_" + name, ()], value, name)
        self.assertEqual(found["waitlist_follower_lag", (("follower", "relay"),)], health["alert_seq"] - 3)
        self.assertEqual(found["waitlist_source_last_event_age_seconds", (("source", 'a \\"quoted\\\\source\\"'),)], 2 * 86400 + 4 * 3600)
        self.assertEqual(found["waitlist_dashboard_requests_total", (("code", "404"),)], 1)
        self.assertGreaterEqual(found["waitlist_dashboard_connections", ()], 2)
        self.assertEqual(found["waitlist_daemon_activity_total", (("name", "accepted"),)], 21)

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_promtool_finds_nothing(self):
        done = subprocess.run(["promtool", "check", "metrics"], input=self.scrape().body, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        self.assertEqual(self.scrape().headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")

    def test_openmetrics(self):
        answer = self.scrape(Accept=OPENMETRICS + ",*/*;q=0.1")
        self.assertEqual(answer.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8")
        text = answer.body.decode()
        self.assertTrue(text.endswith("\n# EOF\n"))
        self.assertEqual(text.count("# EOF"), 1)
        family, kind, seen = None, None, set()
        for line in text.splitlines()[:-1]:
            if line.startswith("# TYPE "):
                _, _, family, kind = line.split(" ")
                self.assertNotIn(family, seen)
                seen.add(family)
                self.assertIn(kind, ("gauge", "counter"))
                self.assertFalse(family.endswith("_total"), family)
            elif line.startswith("# HELP "):
                self.assertTrue(line.startswith("# HELP %s " % family) and line.endswith("."), line)
            else:
                self.assertEqual(FIGURE.fullmatch(line).group(1), family + ("_total" if kind == "counter" else ""))
        self.assertEqual({name for name, _ in figures(text)}, {name for name, _ in figures(self.scrape().body.decode())})

    def test_without_a_daemon(self):
        self.daemon.kill()
        self.gateway.wait_daemon("away")
        found = figures(self.scrape().body.decode())
        self.assertEqual(found["waitlist_up", ()], 0)
        self.assertNotIn("waitlist_journal_seq", {name for name, _ in found})
        self.assertIn(("waitlist_dashboard_streams", ()), found)

    def test_nothing_is_about_a_person(self):
        self.assertNotIn(b"W-1", self.scrape().body)

    def test_what_cannot_change_is_asked_once(self):
        kept = ("waitlist_dashboard_questions_total", (("outcome", "kept"),))
        outcomes = lambda: figures(self.gateway.get("/metrics").body.decode())[kept]
        settled = "/api/v1/flow?from=2025-05-01&to=2025-05-31&known_at=2025-06-01T11:30:00.000Z"
        first = self.gateway.ask(settled)
        self.assertEqual(outcomes(), 0)
        self.daemon.take(referral("W-new", "2025-05-20"))
        self.assertEqual(self.gateway.ask(settled), first)
        self.assertEqual(outcomes(), 1)
        # Up to now, to come, or of no certain day: an event may change it.
        for open_ended in ("flow?from=2025-05-01&to=2025-05-31", "flow?from=2025-05-01&to=2025-05-31&known_at=2025-06-01T12:00:00.000Z",
                           "flow?from=2025-05-01&to=2025-05-31&known_at=2026-06-01T12:00:00.000Z",
                           "summary?known_at=2025-06-01T11:30:00.000Z"):
            self.gateway.ask("/api/v1/" + open_ended)
            self.gateway.ask("/api/v1/" + open_ended)
            self.assertEqual(outcomes(), 1, open_ended)
        # Another daemon at the same place may have another journal.
        self.daemon.restart()
        self.gateway.wait_daemon("live")
        self.gateway.ask(settled)
        self.assertEqual(outcomes(), 1)


class Many(unittest.TestCase):
    def test_queues_are_bounded(self):
        with Daemon() as daemon, Gateway(daemon) as gateway:
            for first in range(0, 1100, 550):
                daemon.take(*(referral("W-%d" % i, "2025-05-01", team="team_%d" % i) for i in range(first, first + 550)))
            gateway.wait_daemon("live")
            found = figures(gateway.get("/metrics").body.decode())
            self.assertEqual(sum(name == "waitlist_waiting" for name, _ in found), 1000)
            self.assertEqual(found["waitlist_queues_left_out", ()], 100)


if __name__ == "__main__":
    unittest.main()
