#!/usr/bin/python3
"""The launcher of the restricted tests bites: inside each unit's restrictions the forbidden fails, the needed works, and outside it does not.

It prints which lines of each unit are applied here and which are not, and why.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

UNITS = os.environ["WAITLIST_TEST_UNITS"]
LAUNCHER = os.environ["WAITLIST_TEST_LAUNCHER"]
HERE = os.path.dirname(os.path.abspath(__file__))
SERVICES = ("waitlistd", "waitlist-dashboard", "waitlist-relay", "waitlistd-retention")
NO_TCP = {"waitlistd-retention"}  # it talks to the daemon by its UNIX socket alone
REFUSALS = {"EPERM", "EACCES", "EROFS", "ENOENT", "EAFNOSUPPORT", "ENOSYS"}
LIMIT_S = 60
# What does no harm, and shows that the probe can do it: as root and unrestricted, also in a container.
DONE_OUTSIDE = {"write another service's folder", "read another service's folder", "see another process", "read the kernel's settings",
                "netlink socket", "memory that is written and executed", "memory that becomes executable", "a set-user-id file",
                "another personality", "become root"}


def unit_of(service):
    return os.path.join(UNITS, service + ".service")


def run(command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=LIMIT_S, check=False)


class Bites(unittest.TestCase):
    def setUp(self):
        self.folder, self.other = tempfile.mkdtemp(prefix="wr-"), tempfile.mkdtemp(prefix="wr-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.addCleanup(shutil.rmtree, self.other)
        self.probe = ["/usr/bin/python3", "-B", os.path.join(HERE, "probe.py"), self.folder, self.other, str(os.getpid())]

    def inside(self, service, command, *more):
        return run(["/usr/bin/python3", "-B", LAUNCHER, "--unit", unit_of(service), "--folder", self.folder, "--visible", HERE, *more, "--",
                    *command])

    def test_inside(self):
        for service in SERVICES:
            with self.subTest(service=service):
                done = self.inside(service, self.probe, "--visible", self.other)
                self.assertEqual(done.returncode, 0, done.stderr)
                outcomes = json.loads(done.stdout)
                if service in NO_TCP:
                    self.assertEqual(outcomes["allowed"].pop("TCP on loopback"), "EAFNOSUPPORT")
                self.assertEqual({name: error for name, error in outcomes["allowed"].items() if error is not None}, {})
                self.assertEqual({name: error for name, error in outcomes["forbidden"].items() if error not in REFUSALS}, {})
                print("%s: %d forbidden things were refused: %s" % (service, len(outcomes["forbidden"]), ", ".join(
                    "%s %s" % pair for pair in outcomes["forbidden"].items())))

    def test_outside(self):
        done = run(self.probe + sorted(DONE_OUTSIDE))
        self.assertEqual(done.returncode, 0, done.stderr)
        outcomes = json.loads(done.stdout)["forbidden"]
        self.assertEqual({name: outcomes[name] for name in DONE_OUTSIDE if outcomes[name] is not None}, {})

    def test_a_filter_of_calls_has_its_own_error(self):
        """A call of the set @obsolete, which no unit allows."""
        done = self.inside("waitlistd", ["/usr/bin/python3", "-c",
                                         "import ctypes; l = ctypes.CDLL(None, use_errno=True); print(l.syscall(134), ctypes.get_errno())"])
        self.assertEqual(done.stdout.split(), ["-1", "1"], done.stderr)  # uselib: EPERM, where the kernel alone says ENOSYS

    def test_the_monthly_run_can_talk(self):
        """libzmq ends a process whose threads may not set their scheduling; without a daemon waitlistctl says so and ends by itself."""
        ctl = os.environ["WAITLISTCTL"]
        done = self.inside("waitlistd-retention", [ctl, "--endpoint", self.folder, "--timeout", "1", "status"], "--visible",
                           os.path.dirname(os.path.dirname(os.path.realpath(ctl))))
        self.assertGreater(done.returncode, 0, done.stderr)
        self.assertNotIn("Operation not permitted", done.stderr)
        self.assertIn("waitlistctl: ", done.stderr)

    def test_an_unknown_line_is_an_error(self):
        with open(unit_of("waitlistd"), encoding="utf-8") as file:
            text = file.read()
        for line in ("ProtectEverything=yes", "ProtectSystem=full"):
            path = os.path.join(self.folder, "unknown.service")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace("NoNewPrivileges=yes", line))
            done = run(["/usr/bin/python3", "-B", LAUNCHER, "--unit", path, "--folder", self.folder, "--", "/bin/true"])
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("does not know", done.stderr)

    def test_what_is_applied(self):
        for service in SERVICES:
            done = run(["/usr/bin/python3", "-B", LAUNCHER, "--unit", unit_of(service), "--list"])
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("applied      NoNewPrivileges=yes", done.stdout)
            self.assertIn("not applied  MemoryMax=", done.stdout)
            print("%s:\n%s" % (service, done.stdout))


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("NOT RUN: the restrictions of the units can only be tried by root")
    unittest.main()
