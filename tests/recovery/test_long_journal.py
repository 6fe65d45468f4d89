#!/usr/bin/python3
"""A disk that becomes full under a journal so long that reading it again tells the service manager how far it is."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from daemon import Daemon, event, referral  # noqa: E402
from test_disk_full import namespace  # noqa: E402

MOUNT = 'mount -t tmpfs -o size=80m tmpfs "$0" && exec "$@"'
EVENTS = 66 * 1024  # more than the 16,384 after which the progress is told


class LongJournal(unittest.TestCase):
    def test_the_register_is_built_again(self):
        unshare = namespace()
        if unshare is None:
            self.skipTest("no mount namespace with a small tmpfs can be made here")
        # GCC's sanitizer looks for dead stack frames only when it is told to.
        options = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "detect_stack_use_after_return=1"]))
        with Daemon(start=False, environment={"ASAN_OPTIONS": options}) as daemon:
            disk = os.path.join(daemon.folder, "disk")
            os.mkdir(disk)
            daemon.journal = os.path.join(disk, "journal.db")
            daemon.wrapper = unshare + ["sh", "-c", MOUNT, disk]
            daemon.configure("journal += { checkpoint_events = 0; };")  # which would take room while the disk is filled
            daemon.start()
            daemon.take(referral("W-0", "2025-05-01"))
            for first in range(0, EVENTS, 1024):
                daemon.take(*[event("contact.made", "W-%d" % ((first + number) % 8000), "2025-05-02") for number in range(1024)])
            inside = "/proc/%d/root%s" % (daemon.process.pid, disk)
            with open(os.path.join(inside, "ballast"), "wb") as file:
                status = os.statvfs(inside)
                file.write(b"x" * (status.f_bavail * status.f_frsize - (1 << 20)))
            beats = daemon.subscribe("heartbeat.")  # progress is told once a second, and the start has told some
            for _ in range(3):
                beats.until("heartbeat.")
            taken, reply = EVENTS + 1, {"ok": True}
            while reply["ok"]:
                reply = daemon.send(*[event("contact.made", "W-0", "2025-05-03", {"more": "x" * 500}) for _ in range(200)])
                taken += reply.get("accepted", 0)
                self.assertLess(taken, 2 * EVENTS, "the disk never became full")
            self.assertEqual(reply["error"]["code"], "read_only")
            self.assertEqual(daemon.ask("health")["journal_seq"], taken)
            self.assertEqual(daemon.total()["waiting"], 1)
            os.unlink(os.path.join(inside, "ballast"))
            daemon.stop()
            told = []
            while (lines := daemon.notifications.get()) is not None:
                told += lines
            self.assertTrue([line for line in told if line.startswith("STATUS=reading the journal: ")], "no progress was told")


if __name__ == "__main__":
    unittest.main()
