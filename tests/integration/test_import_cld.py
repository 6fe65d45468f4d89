#!/usr/bin/python3
"""`waitlistctl import cld` and `report dhsc-waiting-times` against a real daemon: what arrives, what is said, what is never stored."""
import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import daemon

CTL = os.environ["WAITLISTCTL"]
MAKER = os.path.join(daemon.ROOT, "tests", "data", "cld", "make_cld.py")
SHIPPED = os.path.join(daemon.ROOT, "config", "import", "cld.conf")
KEY = "00112233445566778899aabbccddeeff" * 2
PERSONAL = [b"Zebedee", b"Quillfeather", b"ZZ99", b"Surgery", b"hoist", b"P0000"]


def nhs_numbers(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        column = [name.replace("_", " ") for name in next(rows)].index("NHS Number")
        return {row[column] for row in rows if row[column] not in ("", "NULL")}


class ImportCase(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="wl-cld-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.map = os.path.join(self.folder, "cld.conf")
        shutil.copyfile(SHIPPED, self.map)
        self.write("person.key", KEY + "\n")
        os.chmod(os.path.join(self.folder, "person.key"), 0o600)

    def write(self, name, text, mode="w"):
        path = os.path.join(self.folder, name)
        with open(path, mode) as file:
            file.write(text)
        return path

    def make(self, name, *options):
        path = os.path.join(self.folder, name)
        subprocess.run(["/usr/bin/python3", "-B", MAKER, *options, path], check=True)
        return path

    def run_ctl(self, *arguments, code=0):
        done = subprocess.run([CTL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        self.assertEqual(done.returncode, code, done.stdout[-2000:] + done.stderr)
        self.assertFalse(daemon.SANITIZER.search(done.stderr.decode(errors="replace")), done.stderr)
        return done

    def imported(self, path, *options, code=0):
        return json.loads(self.run_ctl("--format", "json", *options, "import", "cld", path, "--map", self.map, code=code).stdout)


class Import(ImportCase):
    """The file and the daemon."""

    def test_finished_waits_arrive_and_a_second_run_changes_nothing(self):
        path = self.make("cld.csv", "--rows", "3000", "--seed", "7")
        with daemon.Daemon(clock="2026-03-01T12:00:00Z") as served:
            report = self.imported(path, "-c", served.config_path)
            waits = report["waits"]
            self.assertTrue(report["done"])
            self.assertGreater(waits["assessed"], 300)
            self.assertGreater(waits["closed"], 300)
            self.assertEqual(report["accepted"], report["events"])
            self.assertEqual(report["events"], 3 * waits["assessed"] + 2 * waits["closed"])
            self.assertEqual(waits["assessed"] + waits["closed"], sum(waits["by_pathway"].values()))
            self.assertIn("no open requests", report["limits"])
            # History only: nobody waits, and every fold took every event.
            self.assertEqual(served.total()["waiting"], 0)
            rows = served.waits(filter={"status": "ended"})
            self.assertEqual(len(rows), waits["assessed"] + waits["closed"])
            self.assertEqual(sum(row["exceptions"] for row in rows), 0)
            self.assertEqual(sum(row["stage"] == "completed" for row in rows), waits["assessed"])
            self.assertEqual({row["dimensions"]["origin"] for row in rows}, {"client_level_data"})
            by_pathway = {name: sum(row["pathway"] == name for row in rows) for name in waits["by_pathway"]}
            self.assertEqual(by_pathway, waits["by_pathway"])
            again = self.imported(path, "-c", served.config_path)
            self.assertEqual((again["accepted"], again["duplicates"]), (0, report["events"]))
            self.check_nothing_personal(served, path)

    def check_nothing_personal(self, served, path):
        written = served.bytes_on_disk()
        for text in PERSONAL + [number.encode() for number in sorted(nhs_numbers(path))[:200]]:
            self.assertNotIn(text, written)

    def test_the_same_data_in_another_dress_is_the_same(self):
        first = self.make("one.csv", "--rows", "1500", "--release", "1")
        second = self.make("two.csv", "--rows", "1500", "--release", "2", "--headers", "underscores", "--dates", "iso")
        with open(second, encoding="utf-8") as file:
            lines = file.read().splitlines()
        second = self.write("two.csv", "\ufeff" + "\r\n".join([lines[0]] + lines[:0:-1]) + "\r\n")
        with daemon.Daemon(clock="2026-03-01T12:00:00Z") as served:
            report = self.imported(first, "-c", served.config_path)
            again = self.imported(second, "-c", served.config_path)
            self.assertGreater(report["accepted"], 1000)
            self.assertEqual((again["accepted"], again["duplicates"], again["quarantined"]), (0, report["accepted"], 0))

    def test_a_dry_run_needs_no_daemon_and_says_the_same(self):
        path = self.make("cld.csv", "--rows", "2000")
        with daemon.Daemon(clock="2026-03-01T12:00:00Z") as served:
            dry = json.loads(self.run_ctl("--format", "json", "-c", served.config_path, "import", "cld", path, "--map", self.map,
                                          "--dry-run").stdout)
            self.assertEqual(served.ask("health")["journal_seq"], 0)
            report = self.imported(path, "-c", served.config_path)
        for name in ("waits", "events", "not_taken", "lines", "median_days"):
            self.assertEqual(dry[name], report[name])
        self.assertTrue(dry["dry_run"])
        self.run_ctl("--endpoint", self.folder, "import", "cld", path, "--map", self.map, "--dry-run")

    def test_every_line_not_taken_is_told_with_its_reason(self):
        path = self.make("cld.csv", "--rows", "2000", "--faults", "0.05")
        done = self.run_ctl("--format", "csv", "import", "cld", path, "--map", self.map, "--dry-run", code=1)
        told = list(csv.DictReader(io.StringIO(done.stdout.decode())))
        numbers = {int(row["line"]) for row in told}
        self.assertEqual(len(numbers), len(told))
        report = json.loads(self.run_ctl("--format", "json", "import", "cld", path, "--map", self.map, "--dry-run", code=1).stdout)
        self.assertEqual(len(told), sum(report["not_taken"].values()))
        # What is not listed is in a wait: an assessment and its request, or a request.
        self.assertEqual(report["rows"] - len(told), 2 * report["waits"]["assessed"] + report["waits"]["closed"])
        with open(path, encoding="utf-8", newline="") as file:
            lines = dict(enumerate(csv.DictReader(file), 2))
        for row in told:
            if row["code"] == "event_type":
                self.assertEqual(lines[int(row["line"])]["Event Type"], "Telephone call")
            if row["code"] == "service":
                self.assertEqual(lines[int(row["line"])]["Event Type"], "Service")
        for text in PERSONAL:
            self.assertNotIn(text, done.stdout + done.stderr)
        table = self.run_ctl("import", "cld", path, "--map", self.map, "--dry-run", code=1).stdout.decode()
        self.assertRegex(table, r"Lines at fault:\s+LINE +COLUMN +CODE")
        self.assertIn("It has no open requests", table)

    def test_an_unknown_pathway_is_told_by_line(self):
        path = self.make("cld.csv", "--rows", "200")
        with open(self.map, encoding="utf-8") as file:
            text = file.read()
        self.write("cld.conf", text.replace('closed_requests = "needs_assessment"', 'closed_requests = "front_door"'))
        with daemon.Daemon(clock="2026-03-01T12:00:00Z") as served:
            report = self.imported(path, "-c", served.config_path, code=1)
        self.assertFalse(report["done"])
        self.assertGreater(report["quarantined"], 0)
        self.assertEqual({row["code"] for row in report["quarantined_lines"]}, {"unknown_pathway"})
        self.assertTrue(all(2 <= row["line"] <= 201 for row in report["quarantined_lines"]))

    def test_exit_codes(self):
        path = self.make("cld.csv", "--rows", "100")
        self.run_ctl("--endpoint", self.folder, "import", "cld", path, "--map", self.map, code=3)
        self.run_ctl("import", "cld", os.path.join(self.folder, "none.csv"), "--map", self.map, code=2)
        self.run_ctl("import", "cld", path, "--map", os.path.join(self.folder, "none.conf"), code=2)
        self.run_ctl("import", "cld", self.write("other.csv", "a,b\n1,2\n"), "--map", self.map, code=1)
        with open(path, encoding="utf-8") as file:
            american = re.sub(r"(\d\d)/(\d\d)/(\d{4})", r"\2/\1/\3", file.read())
        done = self.run_ctl("import", "cld", self.write("us.csv", american), "--map", self.map, code=1)
        self.assertIn(b"month first", done.stderr)
        self.assertIn(b"nothing was imported", done.stderr)

    def test_without_a_map_it_says_what_is_missing_and_how_to_make_it(self):
        path = self.make("cld.csv", "--rows", "10")
        config = self.write("waitlistd.conf", "")
        said = self.run_ctl("-c", config, "import", "cld", path, "--dry-run", code=2).stderr.decode()
        for text in ("needs a map", os.path.join(self.folder, "import", "cld.conf"), "--map=FILE", "openssl rand", "cld.conf"):
            self.assertIn(text, said)
        os.mkdir(os.path.join(self.folder, "import"))
        shutil.copyfile(SHIPPED, os.path.join(self.folder, "import", "cld.conf"))
        said = self.run_ctl("-c", config, "import", "cld", path, "--dry-run", code=2).stderr.decode()
        self.assertRegex(said, r"cld.conf:\d+: the key file: No such file or directory \(make it once: openssl rand -hex 32")

    def test_it_can_be_interrupted(self):
        pipe = os.path.join(self.folder, "pipe")
        os.mkfifo(pipe)
        running = subprocess.Popen([CTL, "import", "cld", pipe, "--map", self.map, "--dry-run"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        with open(pipe, "w", encoding="utf-8") as file:
            # Open on both ends: the signals are watched by now, and the reader waits for the rest of the header.
            file.write("LA Code,")
            file.flush()
            running.send_signal(signal.SIGTERM)
            _, said = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 1)
        self.assertIn(b"nothing was imported", said)


class Report(ImportCase):
    """The national measure from the command line."""

    ROWS = ("LA Code,LA Person Unique Identifier,Date of Birth,Client Type,Event Type,Event Start Date,Event End Date,Event Outcome,"
            "Assessment Type,Service Type\n"
            "503,A,01/06/1944,Service User,Request,06/01/2025,06/01/2025,Progress to Assessment,,\n"
            "503,A,01/06/1944,Service User,Assessment,03/02/2025,10/02/2025,Progress to Support Planning / Services,Long Term Assessment,\n"
            "503,A,01/06/1944,Service User,Service,17/02/2025,,,,Long Term Support: Community\n")

    def test_the_first_example_in_every_format(self):
        path = self.write("cld.csv", self.ROWS)
        reply = json.loads(self.run_ctl("report", "dhsc-waiting-times", path, "--format", "json").stdout)
        self.assertEqual(reply["method"], {"version": "1.1", "dated": "2026-05-19", "reading_version": 1})
        first, second = reply["rows"]
        self.assertEqual((first["metric"], first["median"], first["n"]), ("Wait time to first response", 28, 1))
        self.assertEqual((first["own_median"], first["own_n"], first["own_within_standard"]), (35, 1, 0))
        self.assertEqual((second["metric"], second["median"], second["lts_community"]), ("Wait time to first service", 42, 1))
        self.assertEqual((first["quarter"], first["age_band"]), ("01 Jan 25 - 31 Mar 25", "65 and above"))
        rows = list(csv.DictReader(io.StringIO(self.run_ctl("report", "dhsc-waiting-times", path, "--format", "csv").stdout.decode())))
        self.assertEqual([(row["median"], row["method_version"], row["own_rule_version"]) for row in rows],
                         [("28.0", "1.1", "1"), ("42.0", "1.1", "1")])
        table = self.run_ctl("report", "dhsc-waiting-times", path).stdout.decode()
        self.assertIn("method 1.1 of 2026-05-19", table)
        self.assertIn("Only finished waits are counted", table)
        later = json.loads(self.run_ctl("report", "dhsc-waiting-times", path, "--format=json", "--from", "2025-04-01").stdout)
        self.assertEqual(later["rows"], [])

    def test_counts_add_up(self):
        path = self.make("cld.csv", "--rows", "4000", "--faults", "0.01")
        reply = json.loads(self.run_ctl("report", "dhsc-waiting-times", path, "--format", "json", "--from", "2023-04-01").stdout)
        responses = [row for row in reply["rows"] if row["metric"] == "Wait time to first response"]
        self.assertEqual(sum(row["n"] for row in responses), reply["requests"]["counted"])
        for row in responses:
            self.assertEqual(row["n"], row["response_event_request"] + row["response_event_assessment"] + row["response_event_service"])
            self.assertEqual(row["response_event_assessment"], row["at_short"] + row["at_long"])
            self.assertEqual(row["own_n"], row["response_event_assessment"])
        self.assertEqual(reply["lines"], 4000)

    def test_usage(self):
        self.run_ctl("report", code=2)
        self.run_ctl("report", "nonsense", code=2)
        self.run_ctl("report", "dhsc-waiting-times", code=2)
        self.run_ctl("report", "dhsc-waiting-times", os.path.join(self.folder, "none.csv"), code=2)
        self.run_ctl("report", "dhsc-waiting-times", self.write("other.csv", "a,b\n"), code=1)
        self.assertIn(b"Example:", self.run_ctl("report", "dhsc-waiting-times", "--help").stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2, argv=sys.argv)
