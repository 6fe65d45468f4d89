#!/usr/bin/python3
"""`waitlistctl send`: every event durable exactly once whatever happens on the way, and a true report."""

import csv
import io
import json
import os
import pty
import signal
import subprocess
import unittest

from client_testing import ClientTest, event, ndjson


class Send(ClientTest):
    def test_all_accepted(self):
        path = self.write("events.ndjson", ndjson(event(i) for i in range(1000)))
        code, out, err = self.run_ctl("send", path, "--batch", "64", "--window", "4")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("all durable: 1000 events sent, 1000 accepted", out)
        self.assertEqual(len(self.daemon.events), 1000)
        self.assertEqual(self.daemon.duplicates, 0)

    def test_sending_again_changes_nothing(self):
        text = ndjson(event(i) for i in range(100)).encode()
        self.assertEqual(self.run_ctl("send", "-", stdin=text)[0], 0)
        code, out, _ = self.run_ctl("send", "-", stdin=text)
        self.assertEqual(code, 0)
        self.assertIn("0 accepted, 100 duplicates", out)

    def test_quarantined_lines_are_named_by_their_number(self):
        lines = [json.dumps(event(1)), "", json.dumps(event(2, "nonsense")), "   ", "{broken", json.dumps(event(3))]
        code, out, _ = self.run_ctl("--format", "json", "send", "-", "--batch", "2", stdin="\r\n".join(lines).encode())
        report = json.loads(out)
        self.assertEqual(code, 1)
        self.assertEqual([(row["line"], row["code"]) for row in report["lines"]], [(3, "unknown_type"), (5, "not_json")])
        self.assertEqual((report["accepted"], report["quarantined"], report["not_answered"], report["done"]), (2, 2, 0, False))
        code, out, _ = self.run_ctl("send", "-", "--format", "csv", stdin="\r\n".join(lines).encode())
        rows = list(csv.DictReader(io.StringIO(out, newline="")))
        self.assertEqual([row["line"] for row in rows], ["3", "5"])
        code, out, _ = self.run_ctl("send", "-", stdin="\r\n".join(lines).encode())
        self.assertEqual(code, 1)
        self.assertIn("all durable, not all accepted", out)

    def test_answers_lost_by_a_kill_are_not_believed(self):
        """The daemon takes the batches, dies before it answers, and comes back: each event is there once."""
        self.set(drop_replies=10 ** 6)
        path = self.write("events.ndjson", ndjson(event(i) for i in range(500)))
        process = self.start_ctl("send", path, "--batch", "50", "--window", "4")
        self.daemon.wait_for("batch", 4)
        self.restart()
        code, out, _ = self.finish(process)
        self.assertEqual(code, 0, out)
        self.assertEqual(len(self.daemon.events), 500)
        self.assertIn("300 accepted, 200 duplicates", out)

    def test_read_only_is_waited_for(self):
        self.set(read_only=3)
        code, out, err = self.run_ctl("send", "-", stdin=ndjson(event(i) for i in range(10)).encode())
        self.assertEqual(code, 0, err)
        self.assertIn("takes no events now", err)
        self.assertIn("takes events again", err)
        self.assertEqual(len(self.daemon.events), 10)

    def test_read_only_for_too_long(self):
        self.set(read_only=10 ** 6)
        code, out, err = self.run_ctl("--timeout", "0.7", "send", "-", stdin=ndjson([event(1)]).encode())
        self.assertEqual(code, 1)
        self.assertIn("still read-only", err)
        self.assertIn("NOT ALL DURABLE", out)
        self.assertEqual(len(self.daemon.events), 0)

    def test_refused_batches(self):
        self.set(refuse=("forbidden", "you may not send"))
        code, out, _ = self.run_ctl("send", "-", "--batch", "2", stdin=ndjson(event(i) for i in range(4)).encode())
        self.assertEqual(code, 1)
        self.assertIn("you may not send", out)
        self.assertIn("4 refused", out)

    def test_nobody_there(self):
        self.daemon.stop()
        code, _, err = self.run_ctl("--timeout", "0.5", "send", "-", stdin=ndjson([event(1)]).encode())
        self.assertEqual(code, 3)
        self.assertIn("is waitlistd running", err)

    def test_no_answer(self):
        self.set(drop_replies=10 ** 6)
        code, out, _ = self.run_ctl("--timeout", "0.7", "send", "-", stdin=ndjson([event(1)]).encode())
        self.assertEqual(code, 3)
        self.assertIn("1 not answered", out)

    def test_a_slow_pipe_is_not_held_back(self):
        process = self.start_ctl("send", "-", stdin=subprocess.PIPE)
        process.stdin.write(ndjson([event(1)]).encode())
        process.stdin.flush()
        self.daemon.wait_for("batch", 1)
        self.assertEqual(list(self.daemon.events), ["e-1"])
        code, out, _ = self.finish(process)
        self.assertEqual(code, 0, out)

    def test_the_last_line_needs_no_end(self):
        code, _, _ = self.run_ctl("send", "-", stdin=json.dumps(event(1)).encode())
        self.assertEqual((code, list(self.daemon.events)), (0, ["e-1"]))

    def test_a_line_too_long_to_send(self):
        text = ndjson([event(1)]).encode() + b"x" * 3_000_000 + b"\n" + ndjson([event(2)]).encode()
        code, out, _ = self.run_ctl("--format", "json", "send", "-", stdin=text)
        report = json.loads(out)
        self.assertEqual(code, 1)
        self.assertEqual([(row["line"], row["code"]) for row in report["lines"]], [(2, "too_large")])
        self.assertEqual(sorted(self.daemon.events), ["e-1", "e-2"])

    def test_an_empty_file_is_done(self):
        self.assertEqual(self.run_ctl("send", "-", stdin=b"")[0], 0)

    def test_a_missing_file(self):
        self.assertEqual(self.run_ctl("send", self.directory + "/none")[0], 2)

    def test_interrupted(self):
        process = self.start_ctl("send", "-", stdin=subprocess.PIPE)
        process.stdin.write(ndjson([event(1)]).encode())
        process.stdin.flush()
        self.daemon.wait_for("batch", 1)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        code, out, err = self.finish(process)
        self.assertEqual(code, 1)
        self.assertIn("interrupted", err)
        self.assertIn("1 events sent", out)

    def test_progress_only_on_a_terminal(self):
        text = ndjson(event(i) for i in range(2000))
        path = self.write("events.ndjson", text)
        leader, follower = pty.openpty()
        process = self.start_ctl("send", path, "--batch", "10", stderr=follower)
        os.close(follower)
        seen = b""
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            seen += piece
        os.close(leader)
        self.assertEqual(process.wait(timeout=30), 0)
        self.assertIn(b"events durable", seen)
        self.assertIn(b"%", seen)


if __name__ == "__main__":
    unittest.main(verbosity=int(os.environ.get("VERBOSE", "1")))
