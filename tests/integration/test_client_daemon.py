#!/usr/bin/python3
"""The client side against the real daemon: sending through kills, following through kills, every command, every example."""

import csv
import io
import json
import os
import subprocess
import unittest

from daemon import Daemon, event, line, referral

CTL = os.environ["WAITLISTCTL"]
EXAMPLES = os.environ["WAITLIST_EXAMPLES"]
SCRIPTS = os.environ["WAITLIST_SCRIPTS"]
LIMIT = 120  # seconds; a limit, never a wait


def town(count):
    """Referrals of three teams, some long enough ago to be in breach on 1 June 2025."""
    return [referral(f"W-{number}", f"2025-0{4 + number % 2}-{1 + number % 28:02d}", team=("north", "south", "east")[number % 3])
            for number in range(count)]


class Real(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(start=False)
        self.addCleanup(self.daemon.close)
        self.daemon.endpoints = {name: f"ipc://{self.daemon.folder}/{name}.ipc" for name in ("ingest", "publish", "query")}
        self.daemon.configure()
        self.daemon.start()

    def ctl(self, *words, stdin=None, code=0):
        result = subprocess.run([CTL, "-c", self.daemon.config_path, *words], input=stdin, capture_output=True, timeout=LIMIT, check=False)
        self.assertEqual(result.returncode, code, result.stderr.decode() + result.stdout.decode())
        return result.stdout.decode()

    def start(self, *words):
        process = subprocess.Popen(list(words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(lambda: (process.poll() is None and process.kill(), process.communicate()))
        return process

    def send(self, rows):
        return self.ctl("send", "-", stdin=b"\n".join(line(row) for row in rows))

    def test_every_command(self):
        self.assertIn("300 accepted", self.send(town(300)))
        health = json.loads(self.ctl("--format", "json", "status"))
        self.assertEqual((health["ok"], health["journal_seq"]), (True, 300))
        self.assertIn("300 events accepted", self.ctl("status"))
        summary = json.loads(self.ctl("--format", "json", "summary", "--group-by", "team"))
        self.assertEqual([row["keys"]["team"] for row in summary["rows"]], ["east", "north", "south"])
        self.assertEqual(summary["total"]["waiting"], 300)
        rows = list(csv.DictReader(io.StringIO(self.ctl("--format", "csv", "summary", "--group-by", "team"), newline="")))
        self.assertEqual(sum(int(row["waiting"]) for row in rows), 300)
        self.assertEqual(sum(int(row["breach"]) for row in rows), summary["total"]["breach"])
        written = self.ctl("--format", "csv", "waits", "--filter", "team=north", "--limit", "1000")
        listed = list(csv.DictReader(io.StringIO(written, newline="")))
        self.assertEqual(len(listed), 100)
        self.assertEqual(listed, sorted(listed, key=lambda row: (-int(row["days"]), row["subject"])))
        self.assertIn("asc.referral.received", self.ctl("wait", "W-7"))
        self.ctl("wait", "W-none", code=1)
        alerts = json.loads(self.ctl("--format", "json", "alerts", "--limit", "1000", "--filter", "rule=breach"))
        self.assertEqual(len(alerts["rows"]), summary["total"]["breach"])
        self.ctl("summary", "--filter", "colour=red", code=1)

    def test_watch_shows_what_summary_says(self):
        self.send(town(90))
        total = self.daemon.total()
        shown = self.ctl("watch", "--once", "--sort", "name")
        self.assertIn(f"90 waiting, {total['breach']} in breach, {total['due']} due", shown)
        self.assertEqual([row.split()[1:3] for row in shown.splitlines() if row.startswith("needs_assessment")],
                         [["east", "30"], ["north", "30"], ["south", "30"]])
        self.assertIn("today 2025-06-01", shown)

    def test_quarantined_lines(self):
        rows = town(5)
        rows[3]["data"]["team"] = None
        out = self.ctl("--format", "json", "send", "-", stdin=b"\n\n".join(line(row) for row in rows) + b"\n{broken", code=1)
        report = json.loads(out)
        self.assertEqual([(row["line"], row["code"], row["pointer"]) for row in report["lines"]],
                         [(7, "bad_data", "/data/team"), (10, "not_json", "")])

    def test_sending_through_kills(self):
        rows = town(20000)
        path = os.path.join(self.daemon.folder, "events.ndjson")
        with open(path, "wb") as file:
            file.write(b"\n".join(line(row) for row in rows))
        process = self.start(CTL, "-c", self.daemon.config_path, "send", path, "--batch", "64", "--window", "4")
        for seq in (500, 5000, 12000):
            subscriber = self.daemon.subscribe()
            subscriber.until("heartbeat.", lambda beat: beat["journal_seq"] >= min(seq, len(rows)))
            subscriber.close()
            self.daemon.kill()
            self.daemon.start()
        out, err = process.communicate(timeout=LIMIT)
        self.assertEqual(process.returncode, 0, err.decode())
        self.assertEqual(self.daemon.ask("health")["journal_seq"], len(rows))
        self.assertEqual(self.daemon.total()["waiting"], len(rows))
        self.assertIn("all durable", out.decode())

    def test_following_through_kills(self):
        process = self.start(CTL, "-c", self.daemon.config_path, "--format", "json", "alerts", "--follow", "--since", "0")
        expected = 0
        for part in range(4):
            reply = self.daemon.take(*[referral(f"W-{part}-{number}", "2025-04-01") for number in range(50)])
            self.assertTrue(reply["ok"])
            expected = self.daemon.ask("health")["alert_seq"]
            self.daemon.kill()
            self.daemon.start()
        seqs = []
        while len(seqs) < expected:
            seqs.append(json.loads(process.stdout.readline())["seq"])
        self.assertGreater(expected, 200)
        self.assertEqual(seqs, list(range(1, expected + 1)))

    def test_one_who_moves_is_followed_by_both_teams(self):
        self.daemon.take(referral("W-1", "2025-04-01", team="north"))
        raised = self.daemon.ask("health")["alert_seq"]
        self.daemon.take(event("wait.transferred", "W-1", "2025-05-30", {"team": "south"}))
        last = self.daemon.ask("health")["alert_seq"]
        self.assertGreater(last, raised)
        for team in ("north", "south"):
            out = self.ctl("--format", "json", "alerts", "--follow", "--since", str(raised), "--count", str(last - raised),
                           "--filter", f"team={team}")
            self.assertEqual([json.loads(row)["transition"] for row in out.splitlines()], ["moved"] * (last - raised))

    def test_a_restored_journal_is_another(self):
        self.daemon.take(referral("W-1", "2025-04-01"))
        process = self.start(CTL, "-c", self.daemon.config_path, "--format", "json", "alerts", "--follow", "--since", "0")
        first = json.loads(process.stdout.readline())
        self.assertEqual(first["seq"], 1)
        self.daemon.kill()
        for name in os.listdir(self.daemon.folder):
            if name.startswith("journal.db"):
                os.unlink(os.path.join(self.daemon.folder, name))
        self.daemon.start()
        _, err = process.communicate(timeout=LIMIT)
        self.assertEqual(process.returncode, 4)
        self.assertIn("another journal", err.decode())

    def test_simulate(self):
        """The options before and after the command, and where its events go; what they hold is checked elsewhere."""
        written = self.ctl("simulate", "--scenario", "load", "--events", "100")
        self.assertEqual([json.loads(row)["specversion"] for row in written.splitlines()], ["1.0"] * 100)
        report = json.loads(self.ctl("--format", "json", "simulate", "--scenario", "load", "--events", "1", "--send", code=1))
        self.assertEqual((report["sent"], report["quarantined"]), (1, 1), "this daemon does not have the county's pathways")

    def test_examples(self):
        folder = self.daemon.folder
        for index, words in enumerate(([os.path.join(EXAMPLES, "example_send")], [os.path.join(SCRIPTS, "send.py")])):
            path = os.path.join(folder, "events")
            with open(path, "wb") as file:
                file.write(b"\n".join(line(referral(f"W-{index}-{number}", "2025-04-01")) for number in range(500)))
            subprocess.run(words + [folder, path], check=True, timeout=LIMIT, capture_output=True)
        alert_seq = self.daemon.ask("health")["alert_seq"]
        wanted = [str(seq) for seq in range(1, alert_seq + 1)]
        for index, words in enumerate(([os.path.join(EXAMPLES, "example_follow_alerts")], [os.path.join(SCRIPTS, "follow_alerts.py")])):
            cursor = os.path.join(folder, f"cursor-{index}")
            seen = []
            for count in (10, alert_seq - 10):
                result = subprocess.run(words + [folder, cursor, str(count)], check=True, timeout=LIMIT, capture_output=True)
                seen += [row.split()[0] for row in result.stdout.decode().splitlines()]
            self.assertEqual(seen, wanted)
        result = subprocess.run([os.path.join(SCRIPTS, "summary.py"), folder], check=True, timeout=LIMIT, capture_output=True)
        self.assertEqual(result.stdout.decode().splitlines()[-1].split()[:2], ["total", "1000"])


if __name__ == "__main__":
    unittest.main(verbosity=int(os.environ.get("VERBOSE", "1")))
