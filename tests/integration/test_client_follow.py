#!/usr/bin/python3
"""Following alerts: each transition exactly once and in order, whatever is lost, doubled or restarted; never another journal in silence."""

import json
import os
import random
import unittest

from client_testing import EXAMPLES, SCRIPTS, ClientTest
from fake_daemon import transition


class Follow(ClientTest):
    def follow(self, count, *arguments, since=0):
        return self.start_ctl("--format", "json", "alerts", "--follow", "--since", str(since), "--count", str(count), *arguments)

    def seqs(self, process):
        code, out, err = self.finish(process)
        self.assertEqual(code, 0, err)
        return [json.loads(line)["seq"] for line in out.splitlines()]

    def attached(self):
        self.daemon.wait_for("subscribe", "heartbeat.")

    def test_what_was_before_and_what_comes(self):
        for seq in range(1, 6):
            self.daemon.publish_alert(transition(seq))
        process = self.follow(8)
        self.attached()
        for seq in range(6, 9):
            self.daemon.publish_alert(transition(seq))
        self.assertEqual(self.seqs(process), list(range(1, 9)))

    def test_live_alerts_are_not_asked_for(self):
        process = self.follow(1, since=0)
        self.attached()
        for op in ("health", "alerts", "health"):  # where to begin; what was missed; of which journal
            self.daemon.wait_for("query", op)
        self.daemon.heartbeat()
        self.daemon.publish_alert(transition(1))
        self.assertEqual(self.seqs(process), [1])

    def test_a_lost_publication_is_found_by_the_next(self):
        process = self.follow(3)
        self.attached()
        self.daemon.publish_alert(transition(1))
        self.daemon.publish_alert(transition(2), silently=True)
        self.daemon.publish_alert(transition(3))
        self.assertEqual(self.seqs(process), [1, 2, 3])

    def test_a_lost_publication_is_found_by_the_heartbeat(self):
        process = self.follow(1)
        self.attached()
        self.daemon.publish_alert(transition(1), silently=True)
        self.daemon.heartbeat()
        self.assertEqual(self.seqs(process), [1])

    def test_doubled_publications(self):
        process = self.follow(3)
        self.attached()
        for seq in range(1, 4):
            topic = "alert.breach.needs_assessment.north."
            self.daemon.publish_alert(transition(seq), topics=[topic, topic, "alert.breach.needs_assessment.south."])
        self.assertEqual(self.seqs(process), [1, 2, 3])

    def test_pages(self):
        self.set(page=3)
        for seq in range(1, 21):
            self.daemon.publish_alert(transition(seq))
        self.assertEqual(self.seqs(self.follow(20)), list(range(1, 21)))

    def test_replies_that_name_their_epoch(self):
        self.set(alerts_epoch=True)
        for seq in range(1, 4):
            self.daemon.publish_alert(transition(seq), silently=True)
        self.assertEqual(self.seqs(self.follow(3)), [1, 2, 3])

    def example(self, count):
        cursor = os.path.join(self.directory, "cursor")
        return self.start([os.path.join(EXAMPLES, "example_follow_alerts"), self.directory, cursor, str(count)])

    def test_a_lost_answer_is_asked_for_again(self):
        self.daemon.publish_alert(transition(1))
        self.set(drop_queries=1)
        code, out, err = self.finish(self.example(1))
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out.split()[0], "1")
        self.assertGreaterEqual(sum(request["op"] == "alerts" for request in self.daemon.requests), 2)

    def test_restarts_lose_nothing(self):
        process = self.follow(6)
        self.attached()
        for seq in (1, 2):
            self.daemon.publish_alert(transition(seq))
        self.restart(alerts=[transition(seq) for seq in range(1, 5)])
        self.attached()
        for seq in (5, 6):
            self.daemon.publish_alert(transition(seq))
        self.assertEqual(self.seqs(process), [1, 2, 3, 4, 5, 6])

    def test_another_journal_is_said(self):
        process = self.follow(5)
        self.attached()
        self.daemon.publish_alert(transition(1))
        self.restart(epoch="epoch-2", alerts=[transition(1), transition(2)])
        code, out, err = self.finish(process)
        self.assertEqual(code, 4)
        self.assertIn("another journal", err)
        self.assertLessEqual(len(out.splitlines()), 1, "nothing of the new journal may be shown as the old one's")

    def test_another_journal_between_page_and_heartbeat(self):
        """The cursor is of epoch-1, and what answers is of epoch-2: its rows must not be delivered."""
        self.daemon.publish_alert(transition(1))
        cursor = self.write("cursor", "epoch-0 0\n")
        self.assertTrue(os.path.exists(cursor))
        code, out, err = self.finish(self.example(1))
        self.assertEqual((code, out), (1, ""))
        self.assertIn("another journal", err)

    def test_filters(self):
        process = self.follow(3, "--filter", "team=south")
        self.daemon.wait_for("subscribe", "heartbeat.")
        for seq, team in enumerate(["north", "south", "north", "north", "south", "north", "south"], 1):
            self.daemon.publish_alert(transition(seq, team=team))
        self.assertEqual(self.seqs(process), [2, 5, 7])

    def test_rule_filter(self):
        process = self.follow(2, "--rule", "escalation")
        self.attached()
        for seq, rule in enumerate(["breach", "escalation", "breach", "escalation"], 1):
            self.daemon.publish_alert(transition(seq, rule=rule))
        self.assertEqual(self.seqs(process), [2, 4])

    def test_one_who_moves_is_seen_by_both_teams(self):
        topics = ["alert.breach.needs_assessment.south.", "alert.breach.needs_assessment.north."]
        processes = [self.follow(1, "--filter", f"team={team}") for team in ("north", "south")]
        self.attached()
        self.attached()
        self.daemon.publish_alert(transition(1, team="south", kind="moved"), topics=topics)
        for process in processes:
            self.assertEqual(self.seqs(process), [1])

    def follow_with_cursor(self, count, *arguments):
        return self.start_ctl("--format", "json", "alerts", "--follow", "--cursor", self.cursor(), "--count", str(count), *arguments)

    def cursor(self):
        return os.path.join(self.directory, "cursor")

    def noted(self):
        with open(self.cursor(), encoding="utf-8") as file:
            return file.read()

    def test_a_cursor_goes_on_where_the_last_run_ended(self):
        for seq in range(1, 4):
            self.daemon.publish_alert(transition(seq))
        self.assertEqual(self.seqs(self.follow_with_cursor(2, "--since", "0")), [1, 2])
        self.assertEqual(self.noted(), "epoch-1 2\n")
        self.daemon.publish_alert(transition(4))
        self.assertEqual(self.seqs(self.follow_with_cursor(2, "--since", "0")), [3, 4])  # --since was for the first time
        self.assertEqual(self.noted(), "epoch-1 4\n")
        self.assertEqual([name for name in os.listdir(self.directory) if name.startswith("cursor")], ["cursor"])

    def test_the_first_time_begins_now_and_notes_it(self):
        for seq in range(1, 4):
            self.daemon.publish_alert(transition(seq))
        process = self.follow_with_cursor(1)
        self.attached()
        self.assertEqual(self.noted(), "epoch-1 3\n")
        self.daemon.publish_alert(transition(4))
        self.assertEqual(self.seqs(process), [4])

    def test_what_the_filter_leaves_out_moves_the_cursor(self):
        process = self.follow_with_cursor(1, "--since", "0", "--filter", "team=south")
        self.attached()
        for seq, team in enumerate(["north", "south", "north"], 1):
            self.daemon.publish_alert(transition(seq, team=team))
        self.assertEqual(self.seqs(process), [2])
        self.assertEqual(self.noted(), "epoch-1 2\n")

    def test_a_cursor_of_another_journal(self):
        self.daemon.publish_alert(transition(1))
        self.write("cursor", "epoch-0 7\n")
        code, out, err = self.finish(self.follow_with_cursor(1))
        self.assertEqual((code, out), (4, ""))
        self.assertIn("epoch epoch-0, through seq 7", err)
        self.assertIn("remove " + self.cursor(), err)
        self.assertEqual(self.noted(), "epoch-0 7\n")

    def test_a_broken_cursor_is_not_passed_over(self):
        for broken in ("", "epoch-1\n", "epoch-1 7", "epoch-1 -7\n", "epoch-1 7 8\n", "epoch-1 99999999999999999999\n", "é 1\n", "x" * 65 + " 1\n"):
            self.write("cursor", broken)
            code, out, err = self.finish(self.follow_with_cursor(1))
            self.assertEqual((code, out), (1, ""), broken)
            self.assertIn("holds no cursor", err)
            self.assertEqual(self.noted(), broken)

    def test_a_cursor_that_cannot_be_written(self):
        code, out, err = self.run_ctl("alerts", "--follow", "--cursor", os.path.join(self.directory, "nowhere", "cursor"))
        self.assertEqual((code, out), (1, ""))
        self.assertIn("No such file or directory", err)

    def test_a_line_that_is_not_written_is_not_noted(self):
        """/dev/full takes nothing: the cursor stays where it was."""
        self.daemon.publish_alert(transition(1))
        with open("/dev/full", "wb") as full:
            process = self.start(self.command("--format", "json", "alerts", "--follow", "--since", "0", "--cursor", self.cursor()), stdout=full)
            _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)
        self.assertIn(b"seq 1 could not be written", err)
        self.assertEqual(self.noted(), "epoch-1 0\n")

    def test_a_refused_catch_up_is_said(self):
        self.daemon.publish_alert(transition(1))
        self.set(refuse_query=("forbidden", "not you"))
        code, out, err = self.finish(self.example(1))
        self.assertEqual((code, out), (1, ""))
        self.assertIn("refused", err)

    def test_filters_that_cannot_be_followed(self):
        code, _, err = self.run_ctl("alerts", "--follow", "--filter", "breach=true")
        self.assertEqual(code, 2)
        self.assertIn("breach", err)

    def test_random_walk(self):
        seed = int(os.environ.get("SEED", random.SystemRandom().randrange(2 ** 32)))
        print("seed", seed)
        walk = random.Random(seed)
        total = 120
        self.set(page=walk.choice([2, 7, 1000]))
        process = self.follow(total)
        seq = 0
        while seq < total:
            step = walk.random()
            if step < 0.80:
                seq += 1
                row = transition(seq, team=walk.choice(["north", "south"]))
                own = f"alert.breach.needs_assessment.{row['team']}."
                self.daemon.publish_alert(row, topics=[own] * walk.choice([1, 1, 2]), silently=walk.random() < 0.2)
            elif step < 0.95:
                self.daemon.heartbeat()
            else:
                self.restart()
                self.attached()
        self.daemon.heartbeat()
        self.assertEqual(self.seqs(process), list(range(1, total + 1)), f"seed {seed}")


class Examples(ClientTest):
    """The cursor file survives the follower; nothing is printed twice or left out."""

    def words(self):
        yield [os.path.join(EXAMPLES, "example_follow_alerts")]
        yield [os.path.join(SCRIPTS, "follow_alerts.py")]

    def test_resume(self):
        for index, words in enumerate(self.words()):
            with self.subTest(words=words):
                cursor = os.path.join(self.directory, f"cursor-{index}")
                first = len(self.daemon.alerts)
                shown = []
                for _ in range(2):
                    for _ in range(3):
                        self.daemon.publish_alert(transition(len(self.daemon.alerts) + 1))
                    count = len(self.daemon.alerts) - len(shown)
                    process = self.start(words + [self.directory, cursor, str(count)])
                    code, out, err = self.finish(process)
                    self.assertEqual(code, 0, err)
                    shown += [int(line.split()[0]) for line in out.splitlines()]
                self.assertEqual(shown, list(range(1, first + 7)))


if __name__ == "__main__":
    unittest.main(verbosity=int(os.environ.get("VERBOSE", "1")))
