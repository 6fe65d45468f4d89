#!/usr/bin/python3
"""soak MINUTES: a daemon under load, killed, stopped, reloaded and asked at random, with everything that is promised checked all along.

A council's events come at a rate (RATE=…, 300 a second), some late, some twice, the newest of the simulated clock's day. At random moments
the daemon is killed, while it works or starts, or stopped; it is reloaded, its checkpoint is deleted, its clock passes midnights; questions
of every kind are asked. Two followers go on over all of it: one that stays, and one that is killed itself and goes on from what it had
written down. Checked at every start: what was acknowledged is there once, the alert log is what it was and longer. Checked every minute:
what the followers heard is the log, positions equal those after a restart with and without the checkpoint, no reported day has changed,
memory grows with the events only. Checked at the end: positions equal the rules in plain Python.

SEED=… repeats the order of things. Ends with 0 only when all of it held.
"""
import datetime
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import zmq

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import wait_oracle  # noqa: E402
from daemon import LIMIT_S, WAITLISTCTL, Daemon, line  # noqa: E402
from test_kill import CONFIGURED, FIRST_CLOCK, FIRST_DAY, PATHWAYS, Council, Sender  # noqa: E402

SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
RATE = float(os.environ.get("RATE", "300"))
MIB = 1 << 20
MEMORY_BASE = 160 * MIB
MEMORY_EVENT = 1500
KEPT = 5000  # events that a later one may repeat or retract
ACTIONS = {"kill": 5, "kill at start": 2, "stop": 2, "reload": 3, "midnight": 4, "questions": 10, "acknowledge": 6, "kill follower": 2}
PAUSE_S = 1.2  # between two actions, on average
QUESTIONS = [
    {"op": "summary", "group_by": ["pathway", "team"]}, {"op": "summary", "group_by": ["worker"], "filter": {"breach": True}},
    {"op": "waits", "limit": 200, "sort": "-risk"}, {"op": "snapshot"}, {"op": "alerts", "since": 0, "limit": 500}, {"op": "health"},
    {"op": "flow", "from": "2025-03-01", "to": "2025-05-01", "step": "week"}, {"op": "summary", "as_at": "2025-04-10"},
    {"op": "exceptions", "limit": 10}, {"op": "data_quality"}, {"op": "config"}, {"op": "wait", "subject": "W-1"}, {"op": "no such"}]


class Failed(Exception):
    """Something that was promised did not hold."""


def require(holds, *what):
    if not holds:
        raise Failed(" ".join(map(str, what)))


class LivingCouncil(Council):
    """Events of the last days, and one in ten of any day before."""

    def __init__(self, seed):
        super().__init__(seed)
        self.today = FIRST_CLOCK.date()

    def event(self, kind, subject, data, source="urn:council"):
        row = super().event(kind, subject, data, source)
        days = (self.today - FIRST_DAY).days
        back = self.random.randrange(1, days) if self.random.random() < 0.1 else self.random.randrange(1, 4)
        row["time"] = str(self.today - datetime.timedelta(days=back)) + row["time"][10:]
        return row

    def next(self):
        row = super().next()
        if len(self.sent) > KEPT:
            del self.sent[:KEPT // 2]
        return row


class Test:
    """What the shared Sender says its requirements to."""

    @staticmethod
    def assertTrue(holds, what=None):
        require(holds, what)

    @staticmethod
    def assertEqual(first, second):
        require(first == second, first, "is not", second)

    @staticmethod
    def assertGreaterEqual(first, second):
        require(first >= second, first, "is below", second)


class Follower:
    """waitlistctl alerts --follow, whose lines are kept in a file; when it is started again it goes on after the last whole line."""

    def __init__(self, daemon, name):
        self.daemon, self.name = daemon, name
        self.path = os.path.join(daemon.folder, "heard-" + name)
        self.process = None
        self.start()

    def rows(self):
        with open(self.path, "rb") as file:
            return [json.loads(row) for row in file.read().split(b"\n")[:-1]]

    def start(self):
        since = 0
        if os.path.exists(self.path):
            with open(self.path, "r+b") as file:
                whole = file.read().rpartition(b"\n")[0]
                file.truncate(len(whole) + 1 if whole else 0)
            rows = self.rows()
            since = rows[-1]["seq"] if rows else 0
        command = [WAITLISTCTL, "-c", self.daemon.config_path, "--format", "json", "--timeout", "300", "alerts", "--follow", "--since", str(since),
                   "--name", self.name]
        with open(self.path, "ab") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=LIMIT_S)


class Soak:
    def __init__(self, minutes):
        self.until = time.monotonic() + 60 * minutes
        self.random = random.Random(SEED)
        self.council = LivingCouncil(SEED + 1)
        self.sender = Sender([])
        self.clock = FIRST_CLOCK
        self.batch_number = 0
        self.lines = {}  # identity: bytes, of every event ever made
        self.seen, self.seen_seq, self.last_received = set(), 0, 0
        self.log = []
        self.reported = {}
        self.figures = {name: 0 for name in ACTIONS}
        self.figures.update(starts=0, checks=0, answers=0, slowest_start_ms=0, memory=0)
        self.daemon = Daemon(start=False, pathways=CONFIGURED)
        self.severe = False
        self.head = None  # of the chain, and the seq that it was told with
        self.followers = []
        self.configure()

    def configure(self):
        self.daemon.configure("journal += { checkpoint_events = 3000; checkpoint_interval_s = 2; };\n"
                              'alerts = { breach = { severity = "%s"; }; contact_overdue = { enabled = true; }; };\n'
                              'sources = ( { name = "urn:council"; silence_minutes = 600; hours = "Mon-Fri 08:00-18:00"; } );\n'
                              'queue_limits = ( { name = "many"; limit = 400; clears_at = 300; }, { name = "late"; measure = "breach"; limit = 50; } );'
                              % ("critical" if self.severe else "warning"), CONFIGURED)

    def now(self):
        return self.clock.strftime("%Y-%m-%dT%H:%M:%SZ")

    # --- the load -------------------------------------------------------------------------------------------------

    def add_batch(self):
        rows = [line(row) for row in self.council.batch()]
        for row in rows:
            self.lines[json.loads(row)["id"]] = row
        self.batch_number += 1
        self.sender.waiting.append((b"%d" % self.batch_number, rows))
        return len(rows)

    def load(self, seconds):
        """Events at the rate, for so long."""
        end = min(time.monotonic() + seconds, self.until)
        owed = 0.0
        last = time.monotonic()
        while last < end:
            self.answers(0.02)
            now = time.monotonic()
            owed, last = owed + (now - last) * RATE, now
            while owed > 0 and len(self.sender.waiting) < 100:
                owed -= self.add_batch()
            self.sender.fill()

    def answers(self, seconds):
        sock = self.sender.sock
        if sock.poll(seconds * 1000):
            while sock.poll(0):
                self.sender.take(Test)

    def drain(self):
        """Until everything that was made is acknowledged."""
        deadline = time.monotonic() + LIMIT_S
        self.sender.fill()
        while not self.sender.done():
            require(time.monotonic() < deadline, "events are not acknowledged")
            self.answers(0.1)

    # --- what happens to the daemon ---------------------------------------------------------------------------------

    def start(self):
        self.daemon.clock = self.now()
        began = time.monotonic()
        self.daemon.start()
        self.figures["slowest_start_ms"] = max(self.figures["slowest_start_ms"], round(1000 * (time.monotonic() - began)))
        self.figures["starts"] += 1
        self.check_start()
        self.sender.connect(self.daemon)

    def act(self, what):
        self.figures[what] += 1
        getattr(self, what.replace(" ", "_"))()

    def kill(self):
        self.daemon.kill()
        if self.random.random() < 0.3:
            self.delete_checkpoint()
        self.start()

    def kill_at_start(self):
        self.daemon.kill()
        self.daemon.clock = self.now()
        self.daemon.spawn()
        deadline = time.monotonic() + self.random.uniform(0, 0.1)
        try:
            while "READY=1" not in (self.daemon.next_notification(max(0, deadline - time.monotonic())) or []):
                pass
        except AssertionError:
            pass  # the limit is over: that is the moment
        self.daemon.kill()
        self.start()

    def stop(self):
        self.daemon.stop()
        self.start()

    def delete_checkpoint(self):
        path = self.daemon.journal + ".checkpoint"
        if os.path.exists(path):
            os.unlink(path)

    def reload(self):
        self.severe = not self.severe
        self.configure()
        require(self.daemon.reload() == "reloaded", "a reload was refused")

    def midnight(self):
        self.clock += datetime.timedelta(days=self.random.choice([1, 1, 1, 2]))
        self.council.today = self.clock.date()
        self.daemon.set_clock(self.now())

    def questions(self):
        for _ in range(self.random.randint(1, 5)):
            question = self.random.choice(QUESTIONS)
            reply = self.daemon.try_ask(**question)
            require(reply["ok"] or reply["error"]["code"] in ("unknown_op", "not_found", "busy"), question, reply)
            self.figures["answers"] += 1

    def acknowledge(self):
        """Somebody deals with an alert, until today, tomorrow or never; it may be resolved by then."""
        opened = self.daemon.ask("alerts", state="open", limit=1000)["rows"]
        if opened:
            row = self.random.choice(opened)
            days = self.random.choice([None, 0, 1])
            day = {} if days is None else {"expected_by": str(self.clock.date() + datetime.timedelta(days=days))}
            reply = self.daemon.try_ask("alert.ack", alert_id=row["alert_id"], by=self.random.choice(["jo", "sam"]), **day)
            require(reply["ok"] or reply["error"]["code"] == "conflict", row, reply)

    def kill_follower(self):
        self.followers[1].kill()
        self.followers[1].start()

    # --- what must hold ------------------------------------------------------------------------------------------------

    def check_start(self):
        for seq, received, body in self.daemon.journalled(self.seen_seq):
            identity = json.loads(body)["id"]
            require(identity not in self.seen, "an event is there twice:", identity)
            require(received >= self.last_received, "received time ran backwards at", seq)
            self.seen.add(identity)
            self.seen_seq, self.last_received = seq, received
        lost = self.sender.acknowledged - self.seen
        require(not lost, len(lost), "acknowledged events are lost")
        self.read_log()

    def read_log(self):
        """What is new of the log; its last known transition is what it was."""
        since = max(0, len(self.log) - 1)
        rows = self.daemon.alerts(since=since)
        require([row["seq"] for row in rows] == list(range(since + 1, since + 1 + len(rows))), "the alert log has a gap after", since)
        require(not self.log or rows[:1] == self.log[-1:], "the alert log changed at", since)
        self.log += rows[1 if self.log else 0:]

    def check_reported(self):
        day = FIRST_CLOCK.date()
        while day < self.clock.date():
            reply = self.daemon.ask("summary", as_at=str(day), basis="reported", group_by=["pathway", "team"])
            kept = {name: reply[name] for name in ("rows", "total", "reconstructed", "reported_at")}
            require(self.reported.setdefault(day, kept) == kept, "the reported positions changed of", day)
            day += datetime.timedelta(days=1)

    def check_followers(self):
        sub = self.daemon.subscribe()
        for follower in self.followers:
            for _ in range(60):
                heard = follower.rows()
                if len(heard) >= len(self.log):
                    break
                require(follower.process.poll() is None, "the follower", follower.name, "ended")
                sub.next()
            if heard != self.log:
                place = next((i for i, pair in enumerate(zip(heard, self.log)) if pair[0] != pair[1]), min(len(heard), len(self.log)))
                raise Failed("the follower %s heard %d transitions of %d, and differs at %d" % (follower.name, len(heard), len(self.log), place + 1))
        sub.close()
        lags = {row["name"]: row["lag"] for row in self.daemon.ask("health")["followers"]}
        require(set(lags) <= {follower.name for follower in self.followers}, "unknown followers", lags)

    def picture(self):
        return {"queues": self.daemon.ask("summary", group_by=["pathway", "team", "priority", "stage"])["rows"],
                "groups": self.daemon.ask("summary", group_by=["client_group", "worker"])["rows"],
                "open": self.daemon.alerts(state="open"), "longest": self.daemon.ask("waits", limit=500)["rows"]}

    def check_rebuild(self):
        picture = self.picture()
        for with_checkpoint in (True, False):
            self.daemon.kill()
            if not with_checkpoint:
                self.delete_checkpoint()
            self.start()
            again = self.picture()
            for name, rows in picture.items():
                require(again[name] == rows, name, "differ after a start", "with" if with_checkpoint else "without", "the checkpoint")

    def check_chain(self):
        """The journal beside the running daemon, whole, and the head that it told at the check before still lies on its chain."""
        command = [WAITLISTCTL, "verify", self.daemon.journal]
        for words in ([], ["--head", self.head[0], "--seq", str(self.head[1])] if self.head else []):
            done = subprocess.run(command + words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S)
            require(done.returncode == 0, "verify:", done.stdout)
        health = self.daemon.ask("health")
        self.head = (health["chain"], health["journal_seq"])

    def check_memory(self):
        with open("/proc/%d/status" % self.daemon.process.pid, encoding="ascii") as file:
            memory = next(int(row.split()[1]) * 1024 for row in file if row.startswith("VmHWM:"))
        self.figures["memory"] = max(self.figures["memory"], memory)
        require(memory < MEMORY_BASE + len(self.lines) * MEMORY_EVENT, "memory is", memory // MIB, "MiB")

    def check(self):
        self.drain()
        self.read_log()
        self.check_memory()
        self.check_chain()
        self.check_followers()
        self.check_reported()
        self.check_rebuild()
        require(self.daemon.ask("health")["reasons"] in ([], [row for row in self.daemon.ask("health")["reasons"] if "two seconds" in row]),
                "health:", self.daemon.ask("health")["reasons"])
        self.figures["checks"] += 1

    def check_rules(self):
        oracle = wait_oracle.Register(PATHWAYS, ["W-"])
        for row in self.lines.values():
            if b'"type":"asc.event.retracted"' in row:
                event = json.loads(row)
                oracle.retracted.add((event["source"], event["data"]["id"]))
            oracle.add(row.decode())
        expected = {(pathway, group or "unknown"): count for (pathway, group), count in oracle.position(self.clock.date()).items()}
        found = {}
        for row in self.daemon.ask("summary", group_by=["pathway", "client_group"])["rows"]:
            position = row["position"]
            if position["waiting"]:
                found[row["keys"]["pathway"], row["keys"]["client_group"]] = [position["waiting"], position["breach"], position["longest"]]
        require(found == expected, "the positions are not those of the rules:", found, expected)
        require(self.seen == set(self.lines), "the journal does not hold exactly what was sent")

    # --- all of it -------------------------------------------------------------------------------------------------------

    def tell(self, began):
        print("%5.1f min  %d events, %d transitions, %d days, %d starts, %d kills, memory %d MiB, all checks held" % (
            (time.monotonic() - began) / 60, len(self.sender.acknowledged), len(self.log), len(self.reported), self.figures["starts"],
            self.figures["kill"] + self.figures["kill at start"], self.figures["memory"] // MIB), flush=True)

    def run(self):
        began = time.monotonic()
        self.start()
        self.followers = [Follower(self.daemon, "stays"), Follower(self.daemon, "resumes")]
        next_check = began + 60
        while time.monotonic() < self.until:
            self.load(self.random.expovariate(1 / PAUSE_S))
            self.act(self.random.choices(list(ACTIONS), list(ACTIONS.values()))[0])
            if time.monotonic() >= next_check:
                self.check()
                self.tell(began)
                next_check = time.monotonic() + 60
        self.check()
        self.check_rules()
        for follower in self.followers:
            require(follower.end() == 0, "the follower", follower.name, "did not end well")
        self.daemon.stop()
        self.tell(began)

    def end(self):
        for follower in self.followers:
            if follower.process.poll() is None:
                follower.kill()
        self.daemon.close()


def main():
    if len(sys.argv) != 2 or not sys.argv[1].replace(".", "", 1).isdigit():
        print("usage: soak.py MINUTES", file=sys.stderr)
        return 2
    print("SEED=%d RATE=%g" % (SEED, RATE), flush=True)
    soak = Soak(float(sys.argv[1]))
    try:
        soak.run()
    except Exception:
        traceback.print_exc()
        kept = tempfile.mkdtemp(prefix="wl-soak-")
        shutil.copytree(soak.daemon.folder, kept, dirs_exist_ok=True, ignore=lambda folder, names: [
            name for name in names if not os.path.isfile(os.path.join(folder, name)) and not os.path.isdir(os.path.join(folder, name))])
        print("soak: FAILED; SEED=%d, journal and log are kept in %s" % (SEED, kept))
        return 1
    finally:
        soak.end()
    print("soak: clean. " + ", ".join("%s %d" % (name, count) for name, count in sorted(soak.figures.items()) if name != "memory") +
          ", events %d, transitions %d, reported days %d, memory at most %d MiB" % (
              len(soak.lines), len(soak.log), len(soak.reported), soak.figures["memory"] // MIB))
    return 0


if __name__ == "__main__":
    sys.exit(main())
