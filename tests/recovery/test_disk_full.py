#!/usr/bin/python3
"""A full disk: nothing is taken and everything else goes on, until there is room (docs/protocol.md, Ingest: read_only).

The journal lies on a file system of 6 MiB in memory, in a mount namespace that belongs to the daemon alone. Where the machine allows no
such mount the test is skipped, and says so.
"""
import datetime
import json
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from daemon import Daemon, frame, referral

SIZE = "6m"
MOUNT = 'mount -t tmpfs -o size=%s tmpfs "$0" && exec "$@"' % SIZE


def namespace():
    """The command that runs another one in a mount namespace, or None."""
    for command in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
        if shutil.which("unshare") and subprocess.run(command + ["sh", "-c", MOUNT, "/mnt", "true"], stderr=subprocess.DEVNULL).returncode == 0:
            return command
    return None


def access_log_in(folder):
    """It lies on another disk than the journal: without an entry in it nobody would be shown."""
    return 'security = { access_log = { directory = "%s"; }; };' % os.path.join(folder, "access")


class DiskFull(unittest.TestCase):
    def setUp(self):
        self.namespace = namespace()
        if self.namespace is None:
            self.skipTest("no mount namespace with a small tmpfs can be made here")

    def batch(self, number):
        return [referral("W-%d-%d" % (number, i), "2025-05-01", more="x" * 500) for i in range(200)]

    def test_full_and_free_again(self):
        with Daemon(start=False) as daemon:
            disk = os.path.join(daemon.folder, "disk")
            os.mkdir(disk)
            daemon.journal = os.path.join(disk, "journal.db")
            daemon.wrapper = self.namespace + ["sh", "-c", MOUNT, disk]
            daemon.configure(access_log_in(daemon.folder))
            daemon.start()
            inside = "/proc/%d/root%s" % (daemon.process.pid, disk)
            with open(os.path.join(inside, "ballast"), "wb") as file:
                file.write(b"x" * (3 << 20))
            daemon.send(referral("Q-1", "2025-05-01", pathway="unknown"))
            taken, number, reply = 0, 0, {"ok": True}
            while reply["ok"]:
                _, reply = daemon.request([b"%d" % number, frame(self.batch(number))])
                taken += reply.get("accepted", 0)
                number += 1
                self.assertLess(number, 200, "the disk never became full")
            self.assertEqual(reply["error"]["code"], "read_only")
            self.assertGreater(taken, 0)
            self.full(daemon, taken)
            os.unlink(os.path.join(inside, "ballast"))
            self.free_again(daemon, taken, number)
            daemon.stop()
            self.assertIn("disk is full", daemon.log())

    def test_a_midnight_that_the_disk_does_not_take_comes_again(self):
        with Daemon(start=False, clock="2025-05-01T12:00:00Z") as daemon:
            disk = os.path.join(daemon.folder, "disk")
            os.mkdir(disk)
            daemon.journal = os.path.join(disk, "journal.db")
            daemon.wrapper = self.namespace + ["sh", "-c", MOUNT, disk]
            daemon.configure()
            daemon.start()
            daemon.take(*self.batch(1))
            inside = "/proc/%d/root%s" % (daemon.process.pid, disk)
            with self.assertRaises(OSError), open(os.path.join(inside, "ballast"), "wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 4096)
            # The write-ahead file has some room of its own.
            day = datetime.date(2025, 5, 1)
            while daemon.try_ask("clock.set", now="%sT12:00:00Z" % (day + datetime.timedelta(days=1)))["ok"]:
                day += datetime.timedelta(days=1)
                self.assertLess(day, datetime.date(2026, 5, 1), "the disk never became full")
            self.assertEqual(daemon.ask("health")["status"], "degraded")
            self.assertEqual(daemon.ask("health")["today"], str(day))
            self.assertEqual(daemon.error("summary", basis="reported", as_at=str(day)), ("bad_request", "/as_at"))
            position = daemon.ask("summary", group_by=["team"])
            os.unlink(os.path.join(inside, "ballast"))
            sub = daemon.subscribe()
            for _ in range(30):
                if daemon.ask("health")["status"] == "ok":
                    break
                sub.next()  # one heartbeat a second
            daemon.set_clock("%sT12:00:00Z" % (day + datetime.timedelta(days=2)))
            reported = daemon.ask("summary", group_by=["team"], basis="reported", as_at=str(day))
            self.assertEqual((reported["rows"], reported["total"], reported["reconstructed"]), (position["rows"], position["total"], False))
            passed = (day - datetime.date(2025, 5, 1)).days + 2
            for number in range(passed):
                daemon.ask("summary", basis="reported", as_at=str(datetime.date(2025, 5, 1) + datetime.timedelta(days=number)))

    def test_a_backup_that_has_no_room(self):
        """It says so, leaves nothing of its name, and does not make the journal read-only; with room it is made."""
        with Daemon(start=False) as daemon:
            disk = os.path.join(daemon.folder, "disk")
            os.mkdir(disk)
            daemon.journal = os.path.join(disk, "journal.db")
            daemon.wrapper = self.namespace + ["sh", "-c", MOUNT, disk]
            daemon.configure()
            daemon.start()
            inside = "/proc/%d/root%s" % (daemon.process.pid, disk)
            for number in range(5):
                daemon.take(*self.batch(number))
            with open(os.path.join(inside, "ballast"), "wb") as file:
                file.write(b"x" * (self.room(inside) - (1 << 19)))
            failed = self.backup(daemon, "one.db")
            self.assertEqual(failed["state"], "failed")
            self.assertIn("no room", failed["message"])
            self.assertEqual(os.listdir(os.path.join(inside, "backups")), [])
            self.assertEqual(daemon.ask("health")["status"], "ok")
            os.unlink(os.path.join(inside, "ballast"))
            made = self.backup(daemon, "one.db")
            self.assertEqual((made["state"], made["journal_seq"]), ("done", 1000))
            self.assertEqual(os.listdir(os.path.join(inside, "backups")), ["one.db"])
            daemon.take(*self.batch(100))
            daemon.stop()
            self.assertIn("there is no room", daemon.log())

    @staticmethod
    def room(path):
        disk = os.statvfs(path)
        return disk.f_bavail * disk.f_frsize

    def backup(self, daemon, name):
        daemon.ask("backup", name=name)
        for _ in range(100000):
            status = daemon.ask("backup.status")
            if status["state"] not in ("copying", "checking"):
                return status
        raise AssertionError("the backup does not end: %r" % status)

    def test_a_checkpoint_leaves_half_of_what_is_free(self):
        """Else it would itself be what makes the journal read-only, once a minute."""
        with Daemon(start=False) as daemon:
            disk = os.path.join(daemon.folder, "disk")
            os.mkdir(disk)
            daemon.journal = os.path.join(disk, "journal.db")
            daemon.wrapper = self.namespace + ["sh", "-c", MOUNT.replace(SIZE, "60m"), disk]
            daemon.configure("journal += { checkpoint_events = 0; };")
            daemon.start()
            for number in range(20):
                daemon.take(*[referral("W-%d-%d" % (number, i), "2025-05-01") for i in range(1000)])
            inside = "/proc/%d/root%s" % (daemon.process.pid, disk)
            with open(os.path.join(inside, "ballast"), "wb") as file:
                status = os.statvfs(inside)
                file.write(b"x" * (status.f_bavail * status.f_frsize - (3 << 20)))  # a checkpoint of these waits takes more than 2 MiB
            daemon.configure("journal += { checkpoint_events = 10; checkpoint_interval_s = 0; };")
            daemon.reload()
            sub = daemon.subscribe()
            for _ in range(30):
                if "no checkpoint could be taken" in daemon.log():
                    break
                sub.next()
            health = daemon.ask("health")
            self.assertEqual((health["status"], health["checkpoint"]), ("ok", None))
            self.assertIn("No space left", daemon.log())
            self.assertEqual([name for name in os.listdir(inside) if "checkpoint" in name], [])
            daemon.take(referral("W-last", "2025-05-01"))

    def full(self, daemon, taken):
        """Queries are answered from what is durable; nothing is taken, not even quietly."""
        before = daemon.ask("snapshot")
        health = daemon.ask("health")
        self.assertEqual((health["status"], health["journal_seq"]), ("degraded", taken))
        self.assertIn("full", health["reasons"][0])
        self.assertEqual((daemon.total()["waiting"], daemon.total()["breach"]), (taken, taken))
        for number in range(5):
            _, reply = daemon.request([b"again", frame(self.batch(1000 + number))])
            self.assertEqual((reply["ok"], reply["error"]["code"]), (False, "read_only"))
        _, reply = daemon.request([b"bad"])
        self.assertEqual(reply["error"]["code"], "bad_request")
        again = daemon.ask("snapshot")
        self.assertEqual((again["positions"], again["alerts"], again["alert_seq"]), (before["positions"], before["alerts"], before["alert_seq"]))
        log = daemon.alerts()
        self.assertEqual([row["seq"] for row in log], list(range(1, len(log) + 1)))
        self.assertEqual(daemon.error("clock.set", now="2025-06-05T12:00:00Z"), ("bad_request", "/now"))
        self.assertIn("refused", daemon.reload())
        for op in ("quarantine.retry", "quarantine.discard"):
            self.assertEqual(daemon.error(op, ids=[1], by="jo", reason="no use"), ("read_only", None))
        for row in log[:1]:
            self.assertEqual(daemon.error("alert.ack", alert_id=row["alert_id"], by="jo"), ("read_only", None))
        self.assertEqual((daemon.ask("quarantine", id=1)["acts"], daemon.ask("health")["quarantine"]), ([], 1))

    def free_again(self, daemon, taken, number):
        sub = daemon.subscribe()
        beats = 0
        while daemon.ask("health")["status"] != "ok":
            sub.next()  # one heartbeat a second
            beats += 1
            self.assertLess(beats, 30)
        _, reply = daemon.request([b"last", frame(self.batch(number))])
        self.assertEqual((reply["ok"], reply["accepted"], reply["seq"]), (True, 200, taken + 200))
        self.assertEqual(daemon.ask("quarantine.discard", ids=[1], by="jo", reason="no use")["done"], 1)
        self.assertEqual(daemon.ask("health")["quarantine"], 0)
        daemon.set_clock("2025-06-05T12:00:00Z")
        self.assertEqual(daemon.total()["waiting"], taken + 200)
        log = daemon.alerts()
        self.assertEqual([row["seq"] for row in log], list(range(1, len(log) + 1)))
        self.assertEqual(len({row["subject"] for row in log if row["rule"] == "breach"}), taken + 200)
        kept = sum(json.loads(line)["specversion"] == "1.0" for _, _, line in self.journalled(daemon))
        self.assertEqual(kept, taken + 200)

    def journalled(self, daemon):
        """The events in a copy of the resting journal's files, which SQLite does not open at their place in the other namespace."""
        path = daemon.journal
        for suffix in ("", "-wal"):
            shutil.copy("/proc/%d/root%s%s" % (daemon.process.pid, path, suffix), os.path.join(daemon.folder, "copy.db" + suffix))
        daemon.journal = os.path.join(daemon.folder, "copy.db")
        try:
            return daemon.journalled()
        finally:
            daemon.journal = path


if __name__ == "__main__":
    unittest.main()
