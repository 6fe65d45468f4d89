#!/usr/bin/python3
"""Backups of a daemon under load, and putting them back: a backup is the state at its seq, a restore is another epoch, and an older copy
that was put there by hand is refused until somebody says that it is meant."""
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import threading
import unittest

import zmq

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import LIMIT_S, WAITLISTCTL, Daemon, event, frame, line, referral

BATCH = 64


def ctl(daemon, *words):
    """(exit code, standard output, standard error) of waitlistctl with the daemon's configuration."""
    done = subprocess.run([WAITLISTCTL, "-c", daemon.config_path, *words], capture_output=True, text=True, timeout=4 * LIMIT_S, check=False)
    return done.returncode, done.stdout, done.stderr


def answers(daemon):
    """All that clients see of the state: positions, open alerts, the log of alerts, the waits, the quarantine."""
    snapshot = daemon.ask("snapshot")
    return {"positions": snapshot["positions"], "alerts": snapshot["alerts"], "journal_seq": snapshot["journal_seq"],
            "alert_seq": snapshot["alert_seq"], "log": daemon.alerts(), "waits": daemon.waits(limit=1000),
            "summary": daemon.ask("summary", group_by=["pathway", "team"])["rows"]}


def second_daemon(journal, clock):
    """A daemon of its own over a copy of a journal."""
    other = Daemon(start=False, clock=clock)
    shutil.copy(journal, other.journal)
    return other.start()


class Sender(threading.Thread):
    """Sends referrals without end, a few batches under way, until it is told to stop."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.endpoint = daemon.endpoints["ingest"]
        self.stopping = threading.Event()
        self.accepted = 0

    def run(self):
        with zmq.Context() as context, context.socket(zmq.DEALER) as sock:
            sock.linger = 0
            sock.connect(self.endpoint)
            number = 0
            for _ in range(4):
                number = self.send(sock, number)
            while not self.stopping.is_set() and sock.poll(int(LIMIT_S * 1000)):
                self.accepted += json.loads(sock.recv_multipart()[-1])["accepted"]
                number = self.send(sock, number)

    @staticmethod
    def send(sock, number):
        rows = [referral("load-%d-%d" % (number, i), "2025-04-%02d" % (1 + number % 28)) for i in range(BATCH)]
        sock.send_multipart([b"%d" % number, frame(rows)])
        return number + 1

    def stop(self):
        self.stopping.set()
        self.join(LIMIT_S)


class Backup(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)

    def backup(self, *words):
        code, told, complaint = ctl(self.daemon, "--format", "json", "backup", *words)
        self.assertEqual((code, complaint), (0, ""))
        return json.loads(told)

    def path(self, name):
        return os.path.join(self.daemon.folder, "backups", name)

    def test_while_sending_it_is_the_state_at_its_seq(self):
        daemon = self.daemon
        daemon.take(*[referral("W-%d" % i, "2025-04-%02d" % (1 + i % 28), team=random.choice(["north", "south"])) for i in range(6000)])
        sender = Sender(daemon)
        sender.start()
        try:
            made = [self.backup("load-%d.db" % i) for i in range(3)]
        finally:
            sender.stop()
        after = daemon.ask("health")
        self.assertGreater(sender.accepted, 0)
        self.assertLess(made[0]["journal_seq"], made[2]["journal_seq"])
        self.assertEqual({one["epoch"] for one in made}, {after["epoch"]})
        for one in made:
            with self.subTest(one["name"]):
                self.check_is_state_at(one)
        daemon.stop()

    def check_is_state_at(self, made):
        """A daemon over the backup equals one that was given the journal's events up to that seq."""
        kept = [text for seq, _, text in self.daemon.journalled() if seq <= made["journal_seq"]]
        with second_daemon(self.path(made["name"]), self.daemon.clock) as other, Daemon() as fed:
            health = other.ask("health")
            self.assertEqual((health["journal_seq"], health["alert_seq"], health["epoch"]),
                             (made["journal_seq"], made["alert_seq"], made["epoch"]))
            self.assertEqual([text for _, _, text in other.journalled()], kept)
            fed.take(*kept)
            self.assertEqual(other.waits(limit=1000), fed.waits(limit=1000))
            self.assertEqual(other.ask("summary", group_by=["pathway", "team"])["rows"],
                             fed.ask("summary", group_by=["pathway", "team"])["rows"])
            self.assertEqual([row["seq"] for row in other.alerts()], list(range(1, made["alert_seq"] + 1)))
            self.assertEqual(other.alerts(), [row for row in self.daemon.alerts() if row["seq"] <= made["alert_seq"]])

    def test_everything_is_in_it(self):
        daemon = self.daemon
        daemon.take(*[referral("W-%d" % i, "2025-05-%02d" % (1 + i % 28)) for i in range(300)])
        daemon.send(b"{", b'{"no":"event"}', line(event("wait.closed", "W-1", "2025-05-30", {"reason": "no such reason!"})))
        daemon.set_clock("2025-06-04T12:00:00Z")
        daemon.take(event("wait.closed", "W-2", "2025-06-03", {"reason": "withdrawn"}))
        made = self.backup("all.db")
        before = answers(daemon)
        reported = daemon.ask("summary", as_at="2025-06-02", basis="reported")
        quarantined = daemon.quarantined()
        self.assertEqual(len(quarantined), 3)
        with second_daemon(self.path("all.db"), daemon.clock) as other:
            self.assertEqual(answers(other), before)
            self.assertEqual(other.ask("summary", as_at="2025-06-02", basis="reported"), reported)
            self.assertEqual(other.quarantined(), quarantined)
        self.assertEqual(made["state"], "done")
        code, told, complaint = ctl(daemon, "verify", self.path("all.db"))
        self.assertEqual(code, 0, told + complaint)
        mode = os.stat(self.path("all.db"))
        self.assertEqual(stat.S_IMODE(mode.st_mode), 0o640)
        self.assertEqual(mode.st_size, made["bytes"])
        self.assertEqual(os.listdir(os.path.join(daemon.folder, "backups")), ["all.db"])
        daemon.stop()
        self.assertIn("backup made and checked name=all.db", daemon.log())

    def test_who_may_write_what_where(self):
        daemon = self.daemon
        daemon.take(referral("W-1", "2025-05-01"))
        for name in ("", ".", "..", "../x", "a/b", "/tmp/x", ".x", "-x", "a b", "x" * 129, "journal.db-wal", "x.key", "ä"):
            self.assertEqual(daemon.error("backup", name=name), ("bad_request", "/name"), name)
        self.assertEqual(daemon.error("backup"), ("bad_request", "/name"))
        self.assertEqual(daemon.error("backup", name=7)[0], "bad_request")
        self.assertEqual(daemon.error("backup", name="x", with_key="yes"), ("bad_request", "/with_key"))
        self.assertEqual(daemon.error("backup", name="x", directory="/tmp"), ("bad_request", "/directory"))
        none = daemon.ask("backup.status")
        self.assertEqual((none["state"], none["name"], none["progress"]), ("none", None, None))
        self.assertFalse(os.path.exists(os.path.join(daemon.folder, "backups")))
        code, _, complaint = ctl(daemon, "backup", os.path.join(daemon.folder, "elsewhere.db"))
        self.assertEqual(code, 1)
        self.assertIn("journal.backup_directory", complaint)
        self.backup(self.path("by-path.db"))
        with open(self.path("by-path.db"), "rb") as file:
            held = file.read()
        code, _, complaint = ctl(daemon, "backup", "by-path.db")
        self.assertEqual(code, 1)
        self.assertIn("nothing is ever overwritten", complaint)
        with open(self.path("by-path.db"), "rb") as file:
            self.assertEqual(file.read(), held)
        dated = self.backup("--with-key")
        self.assertRegex(dated["name"], r"^journal-\d{8}T\d{6}Z\.db$")
        key = self.path(dated["name"] + ".key")
        self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)
        with open(key, "rb") as copied, open(daemon.journal + ".key", "rb") as ours:
            self.assertEqual(copied.read(), ours.read())
        daemon.stop()

    def test_one_at_a_time_and_given_up_at_a_stop(self):
        daemon = self.daemon
        number = 0
        while os.path.getsize(daemon.journal) < 40 << 20:  # more than a second's copying
            daemon.take(*[referral("W-%d-%d" % (number, i), "2025-05-01", filler="x" * 8000) for i in range(200)])
            number += 1
        first = daemon.ask("backup", name="first.db")
        self.assertEqual((first["state"], first["name"]), ("copying", "first.db"))
        self.assertEqual(daemon.error("backup", name="second.db"), ("busy", None))
        daemon.stop()
        self.assertEqual(os.listdir(os.path.join(daemon.folder, "backups")), [])

    def test_the_configured_folder(self):
        daemon = self.daemon
        folder = os.path.join(daemon.folder, "else where%")
        daemon.stop()
        with open(daemon.config_path, encoding="utf-8") as file:
            text = file.read()
        with open(daemon.config_path, "w", encoding="utf-8") as file:
            file.write(text.replace("journal = {", 'journal = { backup_directory = "else where%";'))
        daemon.start()
        daemon.take(referral("W-1", "2025-05-01"))
        made = self.backup("one.db")
        self.assertEqual((made["directory"], os.listdir(folder)), (folder, ["one.db"]))
        code, told, complaint = ctl(daemon, "restore", "--dry-run", os.path.join(folder, "one.db"), os.path.join(daemon.folder, "new.db"))
        self.assertEqual((code, complaint), (0, ""))
        self.assertIn("1 events", told)
        daemon.stop()


class Restore(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.take(*[referral("W-%d" % i, "2025-04-01") for i in range(200)])
        self.assertEqual(ctl(self.daemon, "backup", "one.db")[0], 0)
        self.backup = os.path.join(self.daemon.folder, "backups", "one.db")
        self.before = answers(self.daemon)
        self.epoch = self.daemon.ask("health")["epoch"]
        self.daemon.take(*[referral("X-%d" % i, "2025-04-01") for i in range(50)])

    def refused_start(self):
        before = len(self.daemon.log())
        self.daemon.spawn()
        self.assertEqual(self.daemon.wait_exit(), 1)
        return self.daemon.log()[before:]

    def test_another_epoch_that_followers_see(self):
        daemon = self.daemon
        code, _, complaint = ctl(daemon, "restore", self.backup)
        self.assertEqual(code, 1)
        self.assertIn("stop it first", complaint)
        seen = daemon.alerts()
        daemon.stop()
        code, told, complaint = ctl(daemon, "restore", "--dry-run", self.backup)
        self.assertEqual((code, complaint), (0, ""))
        self.assertIn("would be missing: 50 events (seq 201 to 250) and 100 alert transitions", told)
        code, told, complaint = ctl(daemon, "restore", self.backup)
        self.assertEqual((code, complaint), (0, ""))
        self.assertIn("now missing: 50 events (seq 201 to 250) and 100 alert transitions", told)
        daemon.start()
        health = daemon.ask("health")
        self.assertNotEqual(health["epoch"], self.epoch)
        self.assertIn(health["epoch"], told)
        self.assertEqual(answers(daemon), self.before)
        self.assertEqual(daemon.subscribe().first_heartbeat[2]["epoch"], health["epoch"])
        daemon.take(*[referral("Y-%d" % i, "2025-04-01", team="south") for i in range(50)])
        again = daemon.alerts()
        self.assertEqual(len(again), len(seen))
        self.assertNotEqual(again, seen)  # the same numbers with another meaning, hence the epoch
        daemon.stop()
        kept = [name for name in os.listdir(daemon.folder) if name.startswith("journal.db.before-restore-")]
        self.assertEqual(len(kept), 1)
        with second_daemon(os.path.join(daemon.folder, kept[0]), daemon.clock) as old:
            self.assertEqual((old.ask("health")["epoch"], old.alerts()), (self.epoch, seen))

    def test_a_follower_is_told(self):
        """`waitlistctl alerts --follow` goes on over a stop, and ends when it meets another epoch: what it printed is of the old one."""
        daemon = self.daemon
        follower = subprocess.Popen([WAITLISTCTL, "-c", daemon.config_path, "--format", "json", "alerts", "--follow", "--since", "500"],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(follower.communicate)
        self.addCleanup(follower.kill)
        daemon.take(referral("Z-1", "2025-04-01"))
        first = [json.loads(follower.stdout.readline()) for _ in range(2)]
        self.assertEqual([row["seq"] for row in first], [501, 502])
        daemon.stop()
        self.assertEqual(ctl(daemon, "restore", self.backup)[0], 0)
        daemon.start()
        told, complaint = follower.communicate(timeout=LIMIT_S)
        self.assertEqual((follower.returncode, told), (4, ""))
        self.assertIn("another journal", complaint)
        daemon.stop()

    def test_an_old_copy_put_back_by_hand(self):
        daemon = self.daemon
        daemon.stop()
        shutil.copy(self.backup, daemon.journal)
        log = self.refused_start()
        self.assertIn("an older copy of the journal was put here", log)
        self.assertIn("ends at event 200 and alert 400, but had reached 250 and 500", log)
        self.assertIn("waitlistctl restore --accept", log)
        self.assertIn("older copy", self.refused_start())  # it stays so
        code, told, _ = ctl(daemon, "restore", "--accept", "--dry-run")
        self.assertEqual(code, 0)
        self.assertIn("would be missing: 50 events", told)
        self.assertIn("older copy", self.refused_start())
        code, told, complaint = ctl(daemon, "--format", "json", "restore", "--accept")
        self.assertEqual((code, complaint), (0, ""))
        result = json.loads(told)
        self.assertEqual((result["journal_seq"], result["was"]["journal_seq"], result["epoch_before"]), (200, 250, self.epoch))
        daemon.start()
        self.assertEqual(daemon.ask("health")["epoch"], result["epoch"])
        self.assertEqual(answers(daemon), self.before)
        daemon.restart()
        daemon.stop()

    def test_a_journal_that_is_gone_is_not_begun_anew(self):
        daemon = self.daemon
        daemon.stop()
        os.rename(daemon.journal, daemon.journal + ".away")
        self.assertIn("the journal is gone", self.refused_start())
        self.assertFalse(os.path.exists(daemon.journal))
        self.assertEqual(ctl(daemon, "restore", self.backup)[0], 0)
        daemon.start()
        self.assertEqual(answers(daemon), self.before)
        daemon.stop()

    def test_a_lost_high_water_file_is_made_anew(self):
        daemon = self.daemon
        daemon.stop()
        os.unlink(daemon.journal + ".highwater")
        daemon.start()
        self.assertEqual(daemon.ask("health")["journal_seq"], 250)
        self.assertEqual(daemon.log().count("there was no high-water file"), 1)
        daemon.restart()
        self.assertEqual(daemon.log().count("there was no high-water file"), 1)
        daemon.stop()

    def test_kills_never_refuse(self):
        daemon = self.daemon
        chance = random.Random(int(os.environ.get("SEED") or 7))
        for number in range(30):
            sock = daemon.socket(zmq.DEALER, "ingest")
            for part in range(6):
                sock.send_multipart([b"b", frame([referral("K-%d-%d-%d" % (number, part, i), "2025-04-01") for i in range(20)])])
            for _ in range(chance.randrange(6)):
                daemon.receive(sock)
            daemon.kill()
            daemon.start()
        seq = daemon.ask("health")["journal_seq"]
        daemon.kill()
        with open(daemon.journal + ".highwater", encoding="ascii") as file:
            self.assertIn(seq, [int(slot.split()[5]) for slot in file.read().splitlines()])  # exact after a kill
        shutil.copy(self.backup, daemon.journal)
        for suffix in ("-wal", "-shm"):
            os.unlink(daemon.journal + suffix)
        self.assertIn("older copy", self.refused_start())

    def test_a_damaged_backup_changes_nothing(self):
        daemon = self.daemon
        daemon.stop()
        with open(self.backup, "r+b") as file:
            file.seek(os.path.getsize(self.backup) // 2)
            file.write(b"\xff" * 40000)
        listed = sorted(os.listdir(daemon.folder))
        code, told, complaint = ctl(daemon, "restore", self.backup)
        self.assertEqual((code, told), (1, ""))
        self.assertIn("nothing was restored", complaint)
        self.assertEqual(sorted(os.listdir(daemon.folder)), listed)
        self.assertEqual(ctl(daemon, "restore", os.path.join(daemon.folder, "none.db"))[0], 1)
        self.assertEqual(ctl(daemon, "restore")[0], 2)
        daemon.start()
        self.assertEqual(daemon.ask("health")["epoch"], self.epoch)
        daemon.stop()


if __name__ == "__main__":
    unittest.main()
