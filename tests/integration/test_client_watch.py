#!/usr/bin/python3
"""`waitlistctl watch`: one frame as text, and the live view in a terminal of its own."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
import unittest

from client_testing import ClientTest
from fake_daemon import transition

DEADLINE = 40  # seconds; a limit, never a wait


class Terminal:
    """A terminal of 24 lines of 80 columns that remembers what was written to it, without its control sequences."""

    def __init__(self, test, *words, rows=24, columns=80, term="xterm"):
        self.leader, follower = pty.openpty()
        self.resize(rows, columns)
        self.text = ""
        self.raw = b""
        environment = {**os.environ, "TERM": term, "LC_ALL": "C.UTF-8"}
        environment.pop("COLUMNS", None)
        environment.pop("LINES", None)
        self.process = test.start_ctl(*words, stdin=follower, stdout=follower, stderr=follower, env=environment, start_new_session=True,
                                      preexec_fn=lambda: fcntl.ioctl(follower, termios.TIOCSCTTY, 0))
        os.close(follower)
        test.addCleanup(self.close)

    def close(self):
        if self.leader >= 0:
            os.close(self.leader)
        self.leader = -1

    def resize(self, rows, columns):
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, wanted, each=None):
        """Waits until `wanted` was written since the last call; `each` is called while it waits."""
        deadline = time.monotonic() + DEADLINE
        while wanted not in self.text:
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"{wanted!r} was not shown; shown was {self.text[-3000:]!r}")
            if select.select([self.leader], [], [], min(left, 1))[0]:
                try:
                    piece = os.read(self.leader, 65536)
                except OSError:
                    piece = b""
                if not piece:
                    raise AssertionError(f"the view ended; shown was {self.text[-3000:]!r}")
                self.raw += piece
                self.text += re.sub(r"\x1b[\[(][0-9;?>]*[A-Za-z]", "", piece.decode(errors="replace"))
            elif each is not None:
                each()
        before, self.text = self.text.split(wanted, 1)
        return before

    def type(self, keys):
        os.write(self.leader, keys.encode())

    def ended(self):
        """Reads to the end, so that the view is not held up by a full terminal."""
        while True:
            try:
                if not os.read(self.leader, 65536):
                    break
            except OSError:
                break
        return self.process.wait(timeout=DEADLINE)


class Once(ClientTest):
    def fill(self):
        self.daemon.set_position("needs_assessment", "north", waiting=12, breach=3, due=2, longest=40, median=12.5)
        self.daemon.set_position("review", "north", waiting=5, breach=4, due=1, longest=99, median=50)
        self.daemon.set_position("needs_assessment", "south", waiting=30, breach=1, due=0, longest=29, median=7)
        self.daemon.set_position("needs_assessment", "*", waiting=42, breach=4, due=2, longest=40, median=9)
        self.daemon.set_position("review", "*", waiting=5, breach=4, due=1, longest=99, median=50)
        self.daemon.set_position("*", "*", waiting=47, breach=8, due=3, longest=99, median=10)
        for seq in range(1, 31):
            self.daemon.publish_alert(transition(seq))

    def rows(self, out):
        lines = out.splitlines()
        start = next(index for index, line in enumerate(lines) if "WAITING" in line) + 1
        end = next(index for index, line in enumerate(lines) if line.startswith("ALERTS"))
        return [line.split() for line in lines[start:end]]

    def test_queues(self):
        self.fill()
        code, out, err = self.run_ctl("watch", "--once", environment={"COLUMNS": "80"})
        self.assertEqual((code, err), (0, ""))
        self.assertIn("today 2025-04-30", out)
        self.assertIn("47 waiting, 8 in breach, 3 due in 7 days; longest 99", out)
        self.assertEqual([row[:2] for row in self.rows(out)],
                         [["review", "north"], ["needs_assessment", "north"], ["needs_assessment", "south"]])
        self.assertEqual(self.rows(out)[1][2:7], ["12", "3", "2", "40", "12.5"])
        self.assertIn("W-30", out)
        self.assertNotIn("W-25 ", out, "the ticker shows the last few")
        self.assertLessEqual(max(len(line) for line in out.splitlines()), 80)

    def test_groups_and_orders(self):
        self.fill()
        teams = self.rows(self.run_ctl("watch", "--once", "--group", "team", "--sort", "waiting")[1])
        self.assertEqual([row[:5] for row in teams], [["south", "30", "1", "0", "29"], ["north", "17", "7", "3", "99"]])
        pathways = self.rows(self.run_ctl("watch", "--once", "--group", "pathway", "--sort", "longest")[1])
        self.assertEqual([row[:2] for row in pathways], [["review", "5"], ["needs_assessment", "42"]])

    def test_nobody_waits(self):
        code, out, _ = self.run_ctl("watch", "--once")
        self.assertEqual(code, 0)
        self.assertIn("nobody is waiting", out)
        self.assertIn("none yet", out)

    def test_nobody_there(self):
        self.daemon.stop()
        self.assertEqual(self.run_ctl("--timeout", "0.3", "watch", "--once")[0], 3)

    def test_without_a_terminal(self):
        code, _, err = self.run_ctl("watch")
        self.assertEqual(code, 2)
        self.assertIn("--once", err)


class Live(ClientTest):
    def open(self, **options):
        self.daemon.set_position("needs_assessment", "north", waiting=12, breach=3)
        terminal = Terminal(self, "watch", **options)
        terminal.read_until("needs_assessment")
        return terminal

    def test_news_and_trend(self):
        terminal = self.open()
        self.daemon.set_position("needs_assessment", "north", waiting=777, breach=3)
        terminal.read_until("777")
        terminal.read_until("↑ 765")
        self.daemon.publish_alert(transition(1, subject="W-live"))
        terminal.read_until("W-live")
        terminal.type("q")
        self.assertEqual(terminal.ended(), 0)

    def test_stale_is_said_and_ends(self):
        terminal = self.open()
        before = terminal.read_until("STALE since ")
        self.assertNotIn("STALE", before)
        terminal.read_until("not live")
        terminal.read_until("live", each=self.daemon.heartbeat)
        terminal.type("q")
        self.assertEqual(terminal.ended(), 0)

    def test_keys_and_resize(self):
        terminal = self.open()
        terminal.type("h")
        terminal.read_until("HELP")
        terminal.type(" ")
        terminal.read_until("q quit")
        terminal.type("g")
        terminal.read_until("team")
        terminal.type("s")
        terminal.read_until("waiting")
        terminal.resize(14, 60)
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.read_until("Waiting lists")
        terminal.type("q")
        self.assertEqual(terminal.ended(), 0)

    def test_no_colour(self):
        terminal = self.open(term="vt100")
        self.assertIsNone(re.search(rb"\x1b\[[0-9;]*3[0-7]m", terminal.raw))
        terminal.type("q")
        self.assertEqual(terminal.ended(), 0)

    def test_signals_restore_the_terminal(self):
        terminal = self.open()
        terminal.process.send_signal(signal.SIGTERM)
        self.assertEqual(terminal.ended(), 0)

    def test_ends_when_the_terminal_is_closed(self):
        terminal = self.open()
        terminal.close()
        self.assertEqual(terminal.process.wait(timeout=10), 0)

    def test_another_journal(self):
        terminal = self.open()
        self.restart(epoch="epoch-2", alerts=[])
        self.daemon.wait_for("query", "snapshot")
        terminal.read_until("another journal", each=self.daemon.heartbeat)
        terminal.type("q")
        self.assertEqual(terminal.ended(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=int(os.environ.get("VERBOSE", "1")))
