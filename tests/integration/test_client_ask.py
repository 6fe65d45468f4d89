#!/usr/bin/python3
"""Questions by `waitlistctl`: formats, options as members of the query, exit codes, and where the daemon is."""

import csv
import io
import json
import os
import unittest

from client_testing import CTL, SCRIPTS, ClientTest
from fake_daemon import transition


class Ask(ClientTest):
    def last_request(self, op):
        return [request for request in self.daemon.requests if request["op"] == op][-1]

    def test_json_is_the_reply_itself(self):
        code, out, _ = self.run_ctl("--format", "json", "status")
        self.assertEqual(code, 0)
        self.assertEqual(json.loads(out), {"v": 1, "ok": True, **self.daemon._op_health({})})
        self.assertIn('"v": 1', out, "the daemon's own spelling, not another's")

    def test_status(self):
        code, out, _ = self.run_ctl("status")
        self.assertEqual(code, 0)
        for text in ("today            2025-04-30", "1 d 2 h 3 min", "urn:las", "3 events wait"):
            self.assertIn(text, out)
        self.assertEqual(next(line for line in out.splitlines() if "urn:mosaic" in line).split()[-2:], ["never", "heard"])
        rows = dict(csv.reader(io.StringIO(self.run_ctl("status", "--format", "csv")[1], newline="")))
        self.assertEqual(rows["epoch"], "epoch-1")
        health = self.daemon._op_health({})
        self.assertEqual(rows["sources.1.source"], health["sources"][0]["source"])
        self.assertEqual(rows["sources.1.events"], str(health["sources"][0]["events"]))

    def test_summary(self):
        self.daemon.set_position("needs_assessment", "north", waiting=12, breach=3, median=24.8)
        self.daemon.set_position("needs_assessment", "süd", waiting=5)
        code, out, _ = self.run_ctl("summary")
        lines = out.splitlines()
        self.assertEqual(code, 0)
        self.assertEqual(len({len(line) for line in lines[2:]}), 1, "columns are aligned, also beside an ü")
        self.assertIn("24.8", out)
        self.assertEqual(lines[-1].split()[:2], ["total", "17"])

    def test_summary_as_csv(self):
        self.daemon.set_position("needs_assessment", "north", waiting=12, mean=24.8)
        out = self.run_ctl("--format", "csv", "summary", "--group-by", "team,pathway")[1]
        self.assertTrue(out.endswith("\r\n"))
        row = next(csv.DictReader(io.StringIO(out, newline="")))
        self.assertEqual((row["team"], row["waiting"], row["mean"], row["longest"], row["band_7"], row["rule_version"]), ("north", "12", "24.8", "", "0", "1"))

    def test_nobody_waits(self):
        code, out, _ = self.run_ctl("summary")
        self.assertEqual(code, 0)
        self.assertIn("nobody is waiting", out)
        self.assertIn("no such alerts", self.run_ctl("alerts")[1])

    def test_options_become_members(self):
        self.run_ctl("summary", "--group-by", "team", "--filter", "team=north,south", "--filter", "pathway=review",
                     "--filter", "pathway=dols", "--as-at", "2025-07-31", "--known-at", "17", "--basis", "known")
        self.assertEqual(self.last_request("summary"), {
            "v": 1, "op": "summary", "group_by": ["team"], "filter": {"team": ["north", "south"], "pathway": ["review", "dols"]},
            "as_at": "2025-07-31", "known_at": 17, "basis": "known"})
        self.run_ctl("waits", "--filter", "breach=yes", "--filter", "min_days=28", "--sort", "-risk", "--limit", "5", "--cursor", "c9")
        self.assertEqual(self.last_request("waits"), {
            "v": 1, "op": "waits", "filter": {"breach": True, "min_days": 28, "status": "waiting"}, "sort": "-risk", "limit": 5,
            "cursor": "c9"})
        self.run_ctl("waits", "--filter", "status=ended")
        self.assertEqual(self.last_request("waits")["filter"], {"status": "ended"})
        self.run_ctl("alerts", "--since", "4", "--state", "open", "--limit", "2")
        self.assertEqual(self.last_request("alerts"), {"v": 1, "op": "alerts", "since": 4, "state": "open", "limit": 2})

    def test_flow(self):
        self.assertIn("nothing happened", self.run_ctl("flow", "--from", "2025-04-01", "--to", "2025-04-30", "--group-by", "team")[1])
        self.daemon.set_position("needs_assessment", "north", waiting=12)
        code, out, _ = self.run_ctl("flow", "--from", "2025-04-01", "--to", "2025-04-30", "--step", "month", "--group-by", "client_group",
                                    "--filter", "team=north", "--known-at", "2025-04-30T08:00:00Z")
        self.assertEqual(self.last_request("flow"), {
            "v": 1, "op": "flow", "from": "2025-04-01", "to": "2025-04-30", "step": "month", "group_by": ["client_group"],
            "filter": {"team": "north"}, "known_at": "2025-04-30T08:00:00Z"})
        self.assertEqual((code, out.splitlines()[2].split()[:4]), (0, ["FROM", "CLIENT", "GROUP", "STARTED"]))
        self.assertEqual(out.splitlines()[3].split(), ["2025-04-01", "süd", "12", "5", "3", "3", "1", "9", "24.5", "40", "41"])
        out = self.run_ctl("--format", "csv", "flow", "--from", "2025-04-01", "--to", "2025-04-30")[1]
        row = next(csv.DictReader(io.StringIO(out, newline="")))
        self.assertEqual((row["closed_by_reason"], row["transferred_in"], row["mean"], row["rule_version"]), ("declined=1;died=2", "4", "24.8", "1"))
        self.assertEqual(json.loads(self.run_ctl("--format", "json", "flow", "--from", "2025-04-01", "--to", "2025-04-30")[1])["step"], "all")
        for words in (["flow"], ["flow", "--from", "2025-04-01"], ["flow", "--to", "2025-04-01"]):
            code, out, err = self.run_ctl(*words)
            self.assertEqual((code, out), (2, ""))
            self.assertIn("--from and --to", err)

    def test_distribution(self):
        self.assertIn("nobody is waiting", self.run_ctl("distribution", "--filter", "team=nobody")[1])
        self.daemon.set_position("needs_assessment", "north", waiting=9)
        code, out, _ = self.run_ctl("distribution", "--filter", "team=north", "--as-at", "2025-04-29", "--known-at", "3")
        self.assertEqual(self.last_request("distribution"), {"v": 1, "op": "distribution", "filter": {"team": "north"}, "as_at": "2025-04-29",
                                                             "known_at": 3})
        lines = out.splitlines()
        self.assertEqual((code, lines[1]), (0, "Standard: 28 days for 7; 5 working days for 2"))
        self.assertEqual([line.split() for line in lines[4:7] + lines[-1:]],
                         [["0", "to", "6", "4", "0"], ["7", "to", "13", "0", "0"], ["14", "and", "more", "5", "3"], ["total", "9", "3"]])
        rows = list(csv.DictReader(io.StringIO(self.run_ctl("--format", "csv", "distribution")[1], newline="")))
        self.assertEqual([(row["from_days"], row["to_days"], row["count"], row["over_standard"], row["rule_version"]) for row in rows],
                         [("0", "6", "4", "0", "1"), ("7", "13", "0", "0", "1"), ("14", "", "5", "3", "1")])

    def test_formulas_are_disarmed(self):
        out = self.run_ctl("waits", "--format", "csv")[1]
        row = next(csv.DictReader(io.StringIO(out, newline="")))
        self.assertEqual(row["worker"], "'=cmd")
        self.assertEqual(row["days_to_breach"], "-1", "a number is no formula")
        self.assertEqual(row["dimensions"], "deprivation=1")

    def test_the_next_page_is_named(self):
        self.assertIn("1 of 7 shown, rule version 1; the next page: --cursor c2", self.run_ctl("waits")[1])
        self.assertIn("--cursor c2", self.run_ctl("waits", "--format", "csv")[2])

    def test_control_characters_do_not_reach_the_terminal(self):
        self.daemon.publish_alert(transition(1, team="no\x1b[31mrth\x07"))
        out = self.run_ctl("alerts")[1]
        self.assertNotIn("\x1b", out)
        self.assertNotIn("\x07", out)
        self.assertIn("\ufffd", out)

    def test_refusals(self):
        self.set(refuse_query=("bad_request", "there is no filter of this name"))
        code, out, err = self.run_ctl("summary", "--filter", "colour=red")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("--filter: refused: there is no filter of this name (bad_request)", err)
        code, out, _ = self.run_ctl("--format", "json", "summary")
        self.assertEqual(code, 1)
        self.assertEqual(json.loads(out)["error"]["code"], "bad_request")

    def test_an_unknown_wait(self):
        self.assertEqual(self.run_ctl("wait", "W-404")[0], 1)
        self.assertEqual(self.last_request("wait"), {"v": 1, "op": "wait", "subject": "W-404"})

    def test_wrong_usage(self):
        for words in (["frobnicate"], ["wait"], ["wait", "a", "b"], ["--format", "xml", "status"],
                      ["summary", "--filter", "breach=perhaps"], ["waits", "--limit", "many"], ["--timeout", "0", "status"], ["--endpoint", "relative", "status"], ["status", "--bad"],
                      ["send"], ["completion", "fish"], ["watch", "--group", "colour"], ["alerts", "--count", "3"], ["waits", "--sort", "size"], ["summary", "--as-at", "31/07/2025"],
                      ["summary", "--as-at", "2025-02-30"], ["summary", "--basis", "felt"],
                      ["flow", "--from", "2025-07-01", "--to", "2025-07-31", "--step", "fortnight"], ["restatement", "yesterday"],
                      ["restatement", "2025-07-31", "--explain"], ["watch", "--once", "--format", "json"], []):
            with self.subTest(words=words):
                code, out, err = self.run_ctl(*words)
                self.assertEqual((code, out), (2, ""))
                self.assertIn("waitlistctl", err)

    def test_wrong_values_are_told_with_the_option(self):
        for words, option in ((["waits", "--sort", "-size"], "--sort is days"), (["series", "--from", "1.7.2025"], "--from is a date like 2025-"),
                              (["restatement", "31/07/2025"], "the day is a date like 2025-")):
            with self.subTest(words=words):
                self.assertIn(option, self.run_ctl(*words)[2])
        self.assertEqual([request["op"] for request in self.daemon.requests], [], "the command itself knows")

    def test_empty_answers_say_where_names_are_found(self):
        for words, hinted in ((["summary"], False), (["summary", "--filter", "team=nrth"], True)):
            out = self.run_ctl(*words)[1]
            self.assertEqual(("nobody is waiting" in out, "'waitlistctl summary' shows" in out), (True, hinted))

    def test_unreachable(self):
        self.daemon.stop()
        code, _, err = self.run_ctl("--timeout", "0.3", "status")
        self.assertEqual(code, 3)
        self.assertIn("is waitlistd running", err)
        code, _, err = self.run_ctl("simulate", "--send", "--scenario", "load", "--events", "20")
        self.assertEqual(code, 3)
        self.assertRegex(err, "nobody answers at ipc://.*: is waitlistd running")

    def test_a_lost_question_is_asked_again(self):
        self.set(drop_queries=2)
        self.assertEqual(self.run_ctl("--timeout", "3", "status")[0], 0)
        self.assertEqual(len(self.daemon.requests), 3)

    def test_no_answer_at_all(self):
        self.set(drop_queries=100)
        code, _, err = self.run_ctl("--timeout", "0.6", "status")
        self.assertEqual(code, 3)
        self.assertIn("did not answer in time", err)
        self.assertEqual(len(self.daemon.requests), 3)

    def test_what_may_take_long_is_asked_once(self):
        self.set(drop_queries=100)
        self.assertEqual(self.run_ctl("--timeout", "0.6", "summary", "--as-at", "2025-03-31")[0], 3)
        self.assertEqual(self.run_ctl("--timeout", "0.6", "series", "--from", "2025-03-01", "--to", "2025-03-31")[0], 3)
        self.assertEqual(len(self.daemon.requests), 2)

    def test_help_and_manual_pages(self):
        help_text = self.run_ctl("--help")[1]
        commands = [line.split()[0] for line in help_text.split("Commands:\n")[1].splitlines() if line.startswith("  ")]
        commands = [word for word in commands if word != "waitlistctl"]
        self.assertIn("watch", commands)
        pages = os.path.join(SCRIPTS, "..", "..", "ctl", "man")
        for command in commands:
            with self.subTest(command=command):
                code, out, err = self.run_ctl(command, "--help")
                self.assertEqual((code, err), (0, ""))
                self.assertRegex(out, "Examples?:\n")
                self.assertTrue(os.path.exists(os.path.join(pages, f"waitlistctl-{command}.1")))

    def test_options_before_and_after_the_command(self):
        self.assertEqual(self.run_ctl("summary", "--format", "json")[1], self.run_ctl("--format", "json", "summary")[1])


class Endpoints(ClientTest):
    def ctl(self, *words):
        import subprocess
        result = subprocess.run([CTL, *words], capture_output=True, timeout=60, check=False)
        return result.returncode, result.stderr.decode()

    def test_from_the_configuration(self):
        path = self.write("waitlistd.conf", f'''
            council = {{ name = "Test"; }};
            endpoints = {{ ingest = ["ipc://{self.directory}/ingest.ipc"]; publish = ["ipc://{self.directory}/publish.ipc"];
                           query = ["ipc://{self.directory}/nowhere.ipc", "ipc://{self.directory}/query.ipc"]; }};''')
        self.assertEqual(self.ctl("-c", path, "status"), (0, ""))
        self.assertEqual(self.ctl("status", "-c", path), (0, ""))

    def test_a_broken_configuration(self):
        path = self.write("waitlistd.conf", "council = {\n  name = ;\n")
        code, err = self.ctl("-c", path, "status")
        self.assertEqual(code, 2)
        self.assertIn(f"{path}:2:", err)
        self.assertEqual(self.ctl("-c", self.directory + "/none", "status")[0], 2)

    def test_one_by_one(self):
        query = f"ipc://{self.directory}/query.ipc"
        self.assertEqual(self.ctl("--query-endpoint", f"ipc://{self.directory}/dead.ipc,{query}", "status")[0], 0)
        self.assertEqual(self.ctl("--endpoint", "ipc://" + self.directory, "status")[0], 0)
        self.assertEqual(self.ctl("--query-endpoint", "http://example", "status")[0], 2)


if __name__ == "__main__":
    unittest.main(verbosity=int(os.environ.get("VERBOSE", "1")))
