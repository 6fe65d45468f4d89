#!/usr/bin/python3
"""waitlistctl and libwaitlist where not everybody is shown: tables that say so, refusals that help, followers that go on."""
import json
import os
import subprocess
import unittest

from daemon import LIMIT_S, Daemon, event, referral

CTL = os.environ["WAITLISTCTL"]
ROLES = {"north": ("manager", "north"), "counts": ("viewer", ""), "reads": ("analyst", "")}


class Limited(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(start=False)
        self.addCleanup(self.daemon.__exit__, None, None, None)
        main = dict(self.daemon.endpoints)
        self.ends = {name: {kind: "ipc://%s/%s-%s" % (self.daemon.folder, kind[0], name) for kind in ("publish", "query")} for name in ROLES}
        entries = ['{ endpoint = "%s"; name = "%s-%s"; roles = ( "%s" ); teams = ( %s ); }' % (end, kind, name, ROLES[name][0], '"%s"' % ROLES[name][1] * bool(ROLES[name][1]))
                   for name, ends in self.ends.items() for kind, end in ends.items()]
        for kind in ("publish", "query"):
            self.daemon.endpoints[kind] = '", "'.join([main[kind]] + [self.ends[name][kind] for name in ROLES])
        self.daemon.configure("security = { local = ( %s ); };" % ", ".join(entries))
        self.daemon.endpoints = main
        self.daemon.start()
        self.daemon.take(*[referral("w-%s-%d" % (team, n), "2025-04-01", team=team) for team in ("north", "south") for n in range(3)])

    def command(self, who, *words):
        published = () if words[0] == "export" else ("--publish", self.ends[who]["publish"])  # which means something else there
        return [CTL, *words, "--query", self.ends[who]["query"], *published]

    def run_as(self, who, *words, code=0):
        done = subprocess.run(self.command(who, *words), capture_output=True, text=True, timeout=LIMIT_S * 2, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def test_tables_say_whose_they_are(self):
        for words in (("waits",), ("exceptions",), ("alerts",), ("summary", "--group-by", "worker"), ("wait", "w-north-1")):
            done = self.run_as("north", *words)
            self.assertTrue(done.stdout.startswith("only of your teams: north\n\n"), (words, done.stdout[:200]))
            self.assertNotIn("south", done.stdout)
            self.assertNotIn("only of your teams", self.run_as("reads", *words).stdout)
        self.assertNotIn("only of your teams", self.run_as("north", "summary").stdout)

    def test_other_formats_stay_as_they_are(self):
        reply = json.loads(self.run_as("north", "waits", "--format", "json").stdout)
        self.assertEqual((reply["restricted_to"], len(reply["rows"])), (["north"], 3))
        done = self.run_as("north", "waits", "--format", "csv")
        self.assertEqual(len(done.stdout.splitlines()), 4)
        self.assertEqual(done.stderr, "only of your teams: north\n")

    def test_refusals_help(self):
        for who, words in (("counts", ("waits",)), ("counts", ("summary", "--group-by", "worker")), ("north", ("data-quality",)), ("reads", ("ack", "a1", "--by", "jo")),
                           ("north", ("quarantine", "list")), ("reads", ("backup", "x"))):
            done = self.run_as(who, *words, code=1)
            self.assertRegex(done.stderr, r"refused: .* for the roles? .*\(forbidden.*; which roles a connection has stands in security\.peers", words)
            self.assertEqual(done.stdout, "")
        done = self.run_as("north", "wait", "w-south-1", code=1)
        self.assertEqual(done.stderr.replace("south", ""), self.run_as("north", "wait", "w--1", code=1).stderr)

    def test_a_list_of_a_team_that_is_not_shown_is_not_empty_but_refused(self):
        done = self.run_as("north", "digest", "--team", "south", code=1)
        self.assertIn("the people of the team south are not shown to this connection", done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertIn("w-north-1", self.run_as("north", "digest", "--team", "north").stdout)

    def test_packs_are_refused_before_anything_is_read(self):
        pack = os.path.join(self.daemon.folder, "pack")
        words = ("export", "cqc", "--from", "2025-04-01", "--to", "2025-05-31", "--unsigned", "--out", pack)
        for who in ("north", "counts"):
            done = self.run_as(who, *words, code=1)
            self.assertIn("export is for the roles analyst and admin", done.stderr)
            self.assertFalse(os.path.exists(pack))
        self.run_as("reads", *words)
        self.assertIn("waits.csv", os.listdir(pack))

    def test_a_follower_hears_of_its_own_teams_and_goes_on(self):
        own = [row["seq"] for row in self.daemon.alerts() if row["team"] == "north"]
        process = subprocess.Popen(self.command("north", "alerts", "--follow", "--since", "0", "--format", "json", "--count", str(len(own) + 1)), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (process.poll() is None and process.kill(), process.communicate()))
        self.assertEqual([json.loads(process.stdout.readline())["seq"] for _ in own], own)
        self.daemon.take(event("assessment.completed", "w-south-1", "2025-05-30"), event("assessment.completed", "w-north-1", "2025-05-30"))
        last = json.loads(process.stdout.readline())
        self.assertEqual((last["subject"], last["transition"]), ("w-north-1", "resolved"))
        process.wait(LIMIT_S)

    def test_a_viewer_follows_no_alerts(self):
        done = self.run_as("counts", "alerts", "--follow", code=1)
        self.assertIn("security.peers", done.stderr)


if __name__ == "__main__":
    unittest.main()
