#!/usr/bin/python3
"""Imports and reports over files of any size: memory stays where it is, and a full disk of temporary files is said and told in the report.

A process counts the memory of the one that started it until it is on its own, so a small one starts and measures each command.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import daemon

MEASURE = ("import os, subprocess, sys, resource\n"
           "code = subprocess.call(sys.argv[2:], stdin=subprocess.DEVNULL)\n"
           "with open(sys.argv[1], 'w') as file:\n"
           "    file.write('%d %d' % (code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))\n")
FEW, TIMES = 60000, 8
FEW_SENT = 20000
SPARE_KIB = 8 * 1024
MOUNT = 'mount -t tmpfs -o size=256k tmpfs "$0" && exec "$@"'
CLD_HEADER = ("LA Code,LA Person Unique Identifier,Date of Birth,Client Type,Event Type,Event Start Date,Event End Date,Event Outcome,"
              "Request: Route of Access,Assessment Type,Service Type\n")
CSV_HEADER = "Id,Referred,For,Team,Person,Ended\n"
CSV_MAP = """
rows = "wait";
source = "urn:test:export";
subject = { column = "Id"; prefix = "w-"; };
events = (
  { type = "asc.referral.received"; date = { column = "Referred"; };
    data = { pathway = { column = "For"; }; team = { column = "Team"; }; person = { column = "Person"; prefix = "p-"; }; }; },
  { type = "asc.assessment.completed"; date = { column = "Ended"; }; } );
"""


def day(number):
    return "20%02d-%02d-%02d" % (20 + number // 360 % 6, number // 30 % 12 + 1, number % 28 + 1)


def cld_rows(kind, count):
    """`count` lines of Client Level Data: each pair of lines a person's wait, or a fault, or all of one person, or nothing but services."""
    request = "999,%s,1944-06-01,Service user,Request,%s,%s,Progress to assessment,Planned entry (transition),,\n"
    assessment = "999,%s,1944-06-01,Service user,Assessment,%s,%s,Continuation of support or services,,Long term assessment,\n"
    for i in range(count):
        person = "A" if kind == "one person" else "P%d" % (i // 2 * 7919 % count)
        if kind == "bad":
            yield ("999,%s,1944-06-01,Dog,Request,2025-01-01,2025-01-01,,,,\n" if i % 2 else "999,%s,\"quoted\" or not\n") % person
        elif kind == "unanswered":
            yield request % ("P%d" % i, "2025-01-01", "2025-01-02")
        else:
            yield (assessment if i % 2 else request) % (person, day(i), day(i))


def csv_rows(kind, count):
    for i in range(count):
        yield "%d,%s,needs_assessment,north,%d,2025-03-01\n" % (i, "soon" if kind == "bad" else "2025-01-%02d" % (i % 28 + 1), i % 1000)


class SizeCase(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="wl-size-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.temporary = os.path.join(self.folder, "temporary")
        os.mkdir(self.temporary)
        shutil.copyfile(os.path.join(daemon.ROOT, "config", "import", "cld.conf"), self.path("cld.conf"))
        self.write("person.key", ["0123456789abcdef" * 4 + "\n"])
        os.chmod(self.path("person.key"), 0o600)
        self.write("csv.conf", [CSV_MAP])

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, lines):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.writelines(lines)
        return self.path(name)

    def run_ctl(self, *arguments, wrapper=()):
        """Gives (exit code, peak in KiB, report, standard error)."""
        # The address sanitizer keeps freed memory back; that is not the import's.
        environment = {**os.environ, "TMPDIR": self.temporary,
                       "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"}
        with open(self.path("out"), "wb") as out, open(self.path("err"), "wb") as err:
            subprocess.run(["/usr/bin/python3", "-S", "-E", "-c", MEASURE, self.path("measured"), *wrapper, daemon.WAITLISTCTL, "--format", "json",
                            *arguments], stdout=out, stderr=err, env=environment, timeout=280, check=True)
        with open(self.path("measured"), encoding="ascii") as file:
            code, peak = map(int, file.read().split())
        with open(self.path("out"), encoding="utf-8") as file:
            text = file.read()
        with open(self.path("err"), encoding="utf-8") as file:
            said = file.read()
        self.assertFalse(daemon.SANITIZER.search(said), said)
        self.assertIn(code, (0, 1), said)
        return code, peak, json.loads(text) if text else None, said


class Flat(SizeCase):
    """Eight times the file, the same memory."""

    def compare(self, what, header, rows, command, few=FEW):
        peaks = []
        for count in (few, few * TIMES):
            path = self.write("file.csv", [header, *rows(count)])
            _, peak, report, said = self.run_ctl(*command(path))
            self.assertIsNotNone(report, said)
            self.assertEqual(report.get("rows") if isinstance(report.get("rows"), int) else report["lines"], count, said)
            self.assertEqual(os.listdir(self.temporary), [])
            peaks.append(peak)
        print("%s: %d KiB for %d rows, %d KiB for %d" % (what, peaks[0], few, peaks[1], few * TIMES))
        self.assertLessEqual(peaks[1], peaks[0] * 1.2 + SPARE_KIB)
        return report

    def cld(self, *options):
        return lambda path: ["import", "cld", path, "--map", self.path("cld.conf"), *options]

    def csv(self, *options):
        return lambda path: ["import", "csv", path, "--map", self.path("csv.conf"), *options]

    def test_cld_dry_run(self):
        report = self.compare("cld", CLD_HEADER, lambda count: cld_rows("good", count), self.cld("--dry-run"))
        self.assertEqual(report["people"], FEW * TIMES // 2)
        self.assertEqual(report["waits"]["assessed"], FEW * TIMES // 2)

    def test_cld_of_bad_lines(self):
        """Every one of them is in the report."""
        report = self.compare("cld, all bad", CLD_HEADER, lambda count: cld_rows("bad", count), self.cld("--dry-run"))
        self.assertEqual([line["line"] for line in report["lines"]], list(range(2, FEW * TIMES + 2)))

    def test_cld_of_unanswered_requests(self):
        report = self.compare("cld, nothing answered", CLD_HEADER, lambda count: cld_rows("unanswered", count), self.cld("--dry-run"))
        self.assertEqual([line["line"] for line in report["lines"]], list(range(2, FEW * TIMES + 2)))

    def test_cld_of_one_person(self):
        report = self.compare("cld, one person", CLD_HEADER, lambda count: cld_rows("one person", count), self.cld("--dry-run"))
        self.assertEqual(report["people"], 1)

    def test_report(self):
        report = self.compare("report", CLD_HEADER, lambda count: cld_rows("good", count),
                              lambda path: ["report", "dhsc-waiting-times", path, "--from", "2023-04-01"])
        self.assertGreater(report["requests"]["counted"], FEW * TIMES // 8)

    def test_report_of_one_person(self):
        """Over the limit of events that a person can have: told as lines that do not count."""
        report = self.compare("report, one person", CLD_HEADER, lambda count: ("999,A,1944-06-01,Service user,Service,%s,,,,,"
                              "Long term support: Community\n" % day(i) if i % 2 else "999,A,,Service user,Request,%s,%s,,Route %d,,\n" %
                              (day(i), day(i), i) for i in range(count)), lambda path: ["report", "dhsc-waiting-times", path])
        self.assertGreater(report["not_taken"]["no_one_person"], 100000)
        self.assertEqual(report["rows"], [])

    def test_csv_dry_run(self):
        self.compare("csv", CSV_HEADER, lambda count: csv_rows("good", count), self.csv("--dry-run"))
        self.compare("csv, all bad", CSV_HEADER, lambda count: csv_rows("bad", count), self.csv("--dry-run"))

    def test_sending(self):
        """Into a daemon; the second time everything is a duplicate."""
        with daemon.Daemon(clock="2026-03-01T12:00:00Z") as served:
            command = self.cld("-c", served.config_path)
            self.compare("cld, sent", CLD_HEADER, lambda count: cld_rows("good", count), command, FEW_SENT)
            report = self.compare("cld, sent again", CLD_HEADER, lambda count: cld_rows("good", count), command, FEW_SENT)
            self.assertEqual((report["accepted"], report["duplicates"]), (0, report["events"]))
            command = self.csv("-c", served.config_path)
            report = self.compare("csv, sent", CSV_HEADER, lambda count: csv_rows("good", count), command, FEW_SENT)
            self.assertEqual(report["sent"]["accepted"] + report["sent"]["duplicates"], FEW_SENT * TIMES * 2)


class FullDisk(SizeCase):
    """The temporary files on a disk of 256 KiB, in a mount namespace that belongs to the command alone."""

    def setUp(self):
        super().setUp()
        for command in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
            self.wrapper = [*command, "sh", "-c", MOUNT, self.temporary]
            if shutil.which("unshare") and subprocess.run([*self.wrapper, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
                return
        self.skipTest("no mount namespace with a small tmpfs can be made here")

    def test_while_reading(self):
        path = self.write("file.csv", [CLD_HEADER, *cld_rows("good", 200000)])
        with daemon.Daemon(clock="2026-03-01T12:00:00Z") as served:
            code, _, report, said = self.run_ctl("-c", served.config_path, "import", "cld", path, "--map", self.path("cld.conf"),
                                                 wrapper=self.wrapper)
            self.assertEqual((code, report), (1, None))
            self.assertEqual(served.ask("health")["journal_seq"], 0)
        self.assertIn("the disk of temporary files is full", said)
        self.assertIn("TMPDIR=", said)
        self.assertIn("nothing was imported", said)
        code, _, report, said = self.run_ctl("report", "dhsc-waiting-times", path, wrapper=self.wrapper)
        self.assertEqual((code, report), (1, None))
        self.assertIn("the disk of temporary files is full", said)

    def test_while_sending(self):
        """The records fit into the memory; the lines that give no wait, found while events are sent, do not."""
        answered = list(cld_rows("good", 20000))
        path = self.write("file.csv", [CLD_HEADER, *cld_rows("bad", 80000), *cld_rows("unanswered", 60000),
                                       *(row.replace("999,P", "999,Q") for row in answered)])
        with daemon.Daemon(clock="2026-03-01T12:00:00Z") as served:
            command = ["-c", served.config_path, "import", "cld", path, "--map", self.path("cld.conf")]
            code, _, report, said = self.run_ctl(*command, wrapper=self.wrapper)
            self.assertEqual(code, 1)
            self.assertIn("the disk of temporary files is full", said)
            self.assertIn("the report is of a part of the file; importing it again is safe", said)
            self.assertFalse(report["done"])
            self.assertGreater(report["accepted"], 0)
            self.assertEqual(report["accepted"], served.ask("health")["journal_seq"])
            self.assertLess(report["waits"]["assessed"], 10000)
            _, _, again, _ = self.run_ctl(*command)
            self.assertEqual(again["waits"]["assessed"], 10000)
            self.assertEqual(again["duplicates"], report["accepted"])
            self.assertEqual(again["accepted"] + again["duplicates"], 30000)


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=sys.argv)
