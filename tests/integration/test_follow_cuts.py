#!/usr/bin/python3
"""Alerts arrive exactly once and in order while connections are cut at random, the daemon and its followers are killed, and a journal is replaced.

`SEED=` in the environment repeats a run, `CUTS=` says how often the connections of each follower are cut (1,000 unless said).
"""
import json
import os
import queue
import random
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

from cutting import CuttingProxy
from daemon import LIMIT_S, WAITLISTCTL, Daemon, event, referral

CONSUMER = os.environ["WAITLIST_CONSUMER"]
CUTS = int(os.environ.get("CUTS", "1000"))
DAEMON_KILLS = 8
FOLLOWER_KILLS = 12
OTHER_JOURNAL = 4


class Follower:
    """A program behind a cutting proxy. What it prints is read by a thread, so that it never waits for us."""

    def __init__(self, walk, daemon, ticks):
        self.folder = tempfile.mkdtemp(prefix="wl-")
        self.seqs = []
        self.changed = threading.Condition()
        self.walk = walk
        self.is_cutting = False
        self.proxy = CuttingProxy(self.folder, daemon.folder, self.budget, ticks)
        self.process = self.reader = None
        self.kills = self.repeated = 0

    def budget(self):
        """Bytes of a connection: none at all, part of a handshake, some publications, a page of the log; and any number once it is enough."""
        if not self.is_cutting or self.proxy.cuts >= CUTS:
            return None
        largest = self.walk.choice([1, 200, 200, 200, 2000, 2000, 2000, 2000, 2000, 40000])
        return self.walk.randrange(largest)

    def words(self):
        raise NotImplementedError

    def seq_of(self, line):
        raise NotImplementedError

    def start(self):
        self.process = subprocess.Popen(self.words(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.reader = threading.Thread(target=self._read, args=(self.process.stdout, self.kills > 0), daemon=True)
        self.reader.start()

    def _read(self, stream, is_again):
        """Every line goes on where the last one ended; a program that was killed may say its last line once more, as its first."""
        for line in stream:
            if not line.endswith(b"\n"):
                break  # cut off by the kill
            seq = self.seq_of(line)
            with self.changed:
                if is_again and self.seqs and seq == self.seqs[-1]:
                    self.repeated += 1
                else:
                    self.seqs.append(seq)
                self.changed.notify_all()
            is_again = False

    def wait_for(self, seq):
        """All up to a seq. A cursor is synced for each line, so many lines may take long, but each must come in its time."""
        with self.changed:
            while not self.seqs or self.seqs[-1] < seq:
                assert self.changed.wait(2 * LIMIT_S), "%s came only to %s of %d" % (self.words()[0], self.seqs[-1:], seq)

    def kill(self):
        self.process.kill()
        self.end()
        self.kills += 1

    def end(self):
        code = self.process.wait(timeout=4 * LIMIT_S)
        self.reader.join(LIMIT_S)
        said = self.process.stderr.read().decode()
        self.process.stdout.close()
        self.process.stderr.close()
        self.process = None
        return code, said

    def close(self):
        if self.process is not None:
            self.kill()
        self.proxy.close()
        shutil.rmtree(self.folder)

    def kept(self):
        """What it has, as far as it knows itself."""
        return self.seqs


class CommandLine(Follower):
    """waitlistctl with a cursor file: each line once; the one under way when it is killed may come again."""

    def words(self):
        return [WAITLISTCTL, "--endpoint", self.folder, "--format", "json", "alerts", "--follow", "--since", "0", "--cursor",
                os.path.join(self.folder, "cursor")]

    def seq_of(self, line):
        return json.loads(line)["seq"]


class Library(Follower):
    """A program of ours that writes what it has and how far it is in one: nothing ever comes again."""

    def file(self):
        return os.path.join(self.folder, "kept")

    def words(self):
        return [CONSUMER, self.folder, self.file()]

    def seq_of(self, line):
        return int(line.split()[1])

    def kept(self):
        """Its file: killed between that and its output, it has not said its last line, and will not."""
        with open(self.file(), encoding="utf-8") as file:
            return [self.seq_of(line) for line in file]


class Council:
    """Makes transitions of every kind: raised at once or several, resolved, moved to another team, raised again."""

    def __init__(self, walk, daemon):
        self.walk, self.daemon, self.open, self.made = walk, daemon, [], 0

    def step(self):
        choice = self.walk.random()
        if choice < 0.5 or not self.open:
            self.made += 1
            subject = "W-%d" % self.made
            self.daemon.take(referral(subject, "2025-%02d-%02d" % (self.walk.randrange(1, 6), self.walk.randrange(1, 28))))
            self.open.append(subject)
            return
        subject = self.walk.choice(self.open)
        if choice < 0.7:
            self.daemon.take(event("wait.transferred", subject, "2025-05-30", {"team": self.walk.choice(["south", "east"])},
                                   time="2025-05-30T09:%02d:00Z" % self.walk.randrange(60)))
        else:
            self.open.remove(subject)
            self.daemon.take(event("assessment.completed", subject, "2025-05-31"))


class FollowCuts(unittest.TestCase):
    def setUp(self):
        self.seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2 ** 32))
        print("SEED=%d" % self.seed, flush=True)
        self.walk = random.Random(self.seed)
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.council = Council(self.walk, self.daemon)
        self.daemon.take(referral("W-0", "2025-04-01"))  # in breach, so that there is an alert to begin with
        self.followers, self.ticks = [], queue.Queue()
        for kind in (CommandLine, Library):
            self.followers.append(kind(random.Random(self.walk.random()), self.daemon, self.ticks))
            self.addCleanup(self.followers[-1].close)
            self.followers[-1].start()
            self.followers[-1].wait_for(1)

    def cut_all(self):
        """One change for each thing that happens on a wire, until every follower was cut often enough; kills in between."""
        kills = [("daemon", DAEMON_KILLS)] + [(follower, FOLLOWER_KILLS) for follower in self.followers]
        due = sorted((self.walk.randrange(CUTS), index, who) for index, (who, count) in enumerate(kills) for _ in range(count))
        for follower in self.followers:
            follower.is_cutting = True
            follower.kill()
            follower.start()
        passed = 0
        while any(follower.proxy.cuts < CUTS for follower in self.followers):
            passed += self.ticks.get(timeout=4 * LIMIT_S) == "passed"
            if passed % 4 == 0:
                self.council.step()
            while due and due[0][0] <= min(follower.proxy.cuts for follower in self.followers):
                who = due.pop(0)[2]
                if who == "daemon":
                    self.daemon.kill()
                    self.daemon.start()
                else:
                    who.kill()
                    who.start()

    def test_exactly_once(self):
        began = time.monotonic()
        self.cut_all()
        rows = self.daemon.alerts()
        seqs = list(range(1, len(rows) + 1))
        self.assertEqual([row["seq"] for row in rows], seqs)
        for follower in self.followers:
            follower.wait_for(seqs[-1])
            kept = follower.kept()
            wrong = [(at, was) for at, (was, is_right) in enumerate(zip(kept, seqs)) if was != is_right]
            self.assertEqual((wrong[:5], len(kept)), ([], len(seqs)), (follower.words()[0], self.seed, follower.kills))
        command, library = self.followers
        self.assertLessEqual(command.repeated, command.kills)
        kinds = {row["transition"] for row in rows}
        self.assertLessEqual({"raised", "moved", "resolved"}, kinds)
        print("%d and %d cuts, %d transitions, %d kills of the daemon, %d and %d of the followers, %d lines said again; %.0f s"
              % (command.proxy.cuts, library.proxy.cuts, len(rows), DAEMON_KILLS, command.kills, library.kills, command.repeated,
                 time.monotonic() - began), flush=True)
        self.another_journal(seqs)

    def another_journal(self, seqs):
        """The same endpoints, another journal: said, with a code of its own, and not a line of it is shown."""
        self.daemon.stop()
        self.daemon.journal = os.path.join(self.daemon.folder, "other.db")
        self.daemon.configure()
        self.daemon.start()
        self.daemon.take(*[referral("X-%d" % number, "2025-04-01") for number in range(5)])
        for follower in self.followers:
            code, said = follower.end()
            self.assertEqual(code, OTHER_JOURNAL, said)
            self.assertIn("another journal", said)
            self.assertEqual(follower.kept()[-1], seqs[-1])


if __name__ == "__main__":
    unittest.main()
