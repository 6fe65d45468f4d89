#!/usr/bin/python3
"""`waitlistctl import csv`: the two example maps, every kind of bad file, pseudonyms, a second run, and memory over the size of a file."""
import csv
import io
import json
import os
import pty
import random
import re
import select
import shutil
import signal
import subprocess
import tempfile
import unittest

from daemon import LIMIT_S, ROOT, SANITIZER, WAITLISTCTL, Daemon

EXAMPLES = os.path.join(ROOT, "config", "import")
MAP = """
rows = "wait";
source = "urn:test:export";
formats = [ "dd/mm/yyyy" ];
subject = { column = "Id"; prefix = "w-"; };
events = (
  { type = "asc.referral.received"; date = { column = "Referred"; };
    data = { pathway = { column = "For"; values = ( ("Care", "needs_assessment"), ("Other", "elsewhere") ); };
             team = { column = "Team"; as_name = true; }; person = { column = "Person"; prefix = "p-"; };
             priority = { column = "Priority"; }; }; },
  { type = "asc.assessment.completed"; date = { column = "Ended"; }; } );
"""
HEADER = "Id,Referred,For,Team,Person,Priority,Ended"
GOOD = "1,01/04/2025,Care,North,77,2,"


class ImportTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="wl-import-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return self.path(name)

    def run_ctl(self, *arguments):
        done = subprocess.run([WAITLISTCTL, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S * 4,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        out, err = done.stdout.decode(), done.stderr.decode()
        self.assertIsNone(SANITIZER.search(err), err)
        self.assertGreaterEqual(done.returncode, 0, err)
        return done.returncode, out, err

    def run_import(self, content, *arguments, map_text=MAP):
        """Imports a file; gives the exit code, the report (None when there is none) and standard error."""
        code, out, err = self.run_ctl("import", "csv", self.write("file.csv", content), "--map", self.write("map.conf", map_text),
                                      "--format", "json", *arguments)
        return code, json.loads(out) if out else None, err

    def dry(self, content, *arguments, map_text=MAP):
        return self.run_import(content, "--dry-run", *arguments, map_text=map_text)

    def only_line(self, report):
        self.assertEqual(len(report["lines"]), 1, report)
        return report["lines"][0]

    def expect(self, row, code, line, column, part, map_text=MAP):
        """One bad row between two good ones: it alone is reported, with its place."""
        after = "3" + GOOD[1:]
        content = b"\n".join(part if isinstance(part, bytes) else part.encode() for part in (HEADER, GOOD, row, after)) + b"\n"
        status, report, _ = self.dry(content, map_text=map_text)
        self.assertEqual(status, 1)
        self.assertEqual((report["rows"], report["taken"], report["not_taken"]), (3, 2, 1), report)
        found = self.only_line(report)
        self.assertEqual((found["code"], found["line"], found["column"]), (code, line, column), found)
        self.assertIn(part, found["message"])
        return found


class ExampleTest(ImportTest):
    """The shipped maps do with the shipped data what they say."""

    def import_example(self, daemon, name, *arguments):
        code, out, err = self.run_ctl("-c", daemon.config_path, "import", "csv", os.path.join(EXAMPLES, name + ".csv"), "--map",
                                      os.path.join(EXAMPLES, name + ".conf"), "--format", "json", *arguments)
        self.assertEqual(code, 0, out + err)
        return json.loads(out)

    def test_each_as_predicted_and_twice(self):
        for name, events in (("one-row-per-wait", 17), ("one-row-per-event", 11)):
            with self.subTest(name), Daemon() as daemon:
                dry = self.import_example(daemon, name, "--dry-run")
                self.assertEqual(daemon.ask("health")["journal_seq"], 0)
                self.assertIsNone(dry["sent"])
                first = self.import_example(daemon, name)
                self.assertEqual(first["events"], dry["events"])
                self.assertEqual(sum(dry["events"].values()), events)
                self.assertEqual((first["sent"]["accepted"], first["sent"]["duplicates"]), (events, 0))
                before = daemon.waits(filter={"status": ["waiting", "ended"]})
                second = self.import_example(daemon, name)
                self.assertEqual((second["sent"]["accepted"], second["sent"]["duplicates"]), (0, events))
                self.assertEqual(daemon.waits(filter={"status": ["waiting", "ended"]}), before)
                self.assertEqual([row["exceptions"] for row in before], [0] * len(before))

    def test_what_the_waits_become(self):
        with Daemon() as daemon:
            self.import_example(daemon, "one-row-per-wait")
            wait = daemon.wait("req-10231")
            self.assertEqual((wait["pathway"], wait["team"], wait["priority"], wait["client_group"]),
                             ("needs_assessment", "north_older_people", 2, "older_people"))
            self.assertEqual((wait["start"], wait["stop"], wait["stage"], wait["last_contact"]),
                             ("2025-04-01", "2025-04-22", "completed", "2025-04-03"))
            self.assertEqual(daemon.wait("req-10233")["reason"], "withdrawn")
            self.assertEqual(daemon.wait("req-10232")["worker"], "w-unknown")
            self.import_example(daemon, "one-row-per-event")
            wait = daemon.wait("E-4712")
            self.assertEqual((wait["team"], wait["district"], wait["reason"], wait["paused_days"]), ("west", "burnley", "withdrawn", 14))
            times = [row["time"] for row in daemon.ask("wait", subject="N-4711")["events"]]
            self.assertIn("2025-04-01T08:12:00.000Z", times)  # 09:12 in summer


class BadInputTest(ImportTest):
    """Every fault has its line and column, and costs its own row only."""

    def test_broken_quotes(self):
        self.expect('2,01/04/2025,"Care"x,North,77,2,', "broken_row", 3, 20, "behind the quotation mark")
        self.expect('2,01/04/2025,Care,No"rth,77,2,', "broken_row", 3, 21, "inside a cell that is not quoted")
        self.expect('2,01/04/2025,"Care,North,77,2,', "broken_row", 3, 14, "never closed")

    def test_dates(self):
        found = self.expect("2,04/23/2025,Care,North,77,2,", "us_date", 3, 3, "month first, as in the USA")
        self.assertEqual(found["header"], "Referred")
        self.expect("2,2025-04-23,Care,North,77,2,", "bad_date", 3, 3, "written as yyyy-mm-dd")
        self.expect("2,45748,Care,North,77,2,", "bad_date", 3, 3, "spreadsheet")
        self.expect("2,soon,Care,North,77,2,", "bad_date", 3, 3, "not a date")
        self.expect("2,30/02/2025,Care,North,77,2,", "bad_date", 3, 3, "not a date")
        self.expect("2,,Care,North,77,2,", "no_date", 3, 3, "required")
        self.expect("2,30/03/2025 01:30,Care,North,77,2,", "bad_date", 3, 3, "clocks went forward", map_text=MAP + "times = true;")
        self.expect("2,30/03/2025 25:30,Care,North,77,2,", "bad_date", 3, 3, "not a date")
        self.expect("2,01/04/2125,Care,North,77,2,", "time_in_future", 3, 3, "")
        self.expect("2,01/04/1889,Care,North,77,2,", "time_too_old", 3, 3, "")

    def test_a_format_must_be_chosen(self):
        unsaid = MAP.replace('formats = [ "dd/mm/yyyy" ];', "")
        code, report, _ = self.dry("\n".join((HEADER, GOOD, "2,2025-04-01,Care,North,77,2,")), map_text=unsaid)
        self.assertEqual(code, 1)
        self.assertIn("the map must say which", self.only_line(report)["message"])
        both = MAP.replace('[ "dd/mm/yyyy" ]', '[ "dd/mm/yyyy", "mm/dd/yyyy" ]')
        code, report, _ = self.dry("\n".join((HEADER, "1,02/04/2025,Care,North,77,2,", "2,23/04/2025,Care,North,77,2,",
                                              "3,04/04/2025,Care,North,77,2,")), map_text=both)
        self.assertEqual((code, self.only_line(report)["line"], self.only_line(report)["code"]), (1, 2, "ambiguous_date"))
        american = MAP.replace("dd/mm/yyyy", "mm/dd/yyyy")
        code, report, _ = self.dry("\n".join((HEADER, "1,04/23/2025,Care,North,77,2,")), map_text=american)
        self.assertEqual((code, report["taken"]), (0, 1))

    def test_mixed_formats_are_told(self):
        mixed = MAP.replace('[ "dd/mm/yyyy" ]', '[ "dd/mm/yyyy", "yyyy-mm-dd" ]')
        code, report, _ = self.dry("\n".join((HEADER, GOOD, "2,2025-04-01,Care,North,77,2,")), map_text=mixed)
        self.assertEqual(code, 0)
        self.assertTrue(any("mixes date formats: 1 as dd/mm/yyyy, 1 as yyyy-mm-dd" in note for note in report["notes"]), report["notes"])

    def test_values(self):
        found = self.expect("2,01/04/2025,Something,North,77,2,", "not_in_map", 3, 14, 'no value for "Something"')
        self.assertEqual(found["header"], "For")
        self.expect("2,01/04/2025,Care,North,77,9,", "bad_data", 3, 28, "priority must be")
        self.expect("2,01/04/2025,Care,North,77,high,", "bad_number", 3, 28, "not a whole number")
        self.expect("2,01/04/2025,Care,,77,2,", "bad_data", 3, 19, "team is required")
        self.expect("2,01/04/2025,Care,North,7 7,2,", "bad_data", 3, 25, "person must be")
        self.expect(",01/04/2025,Care,North,77,2,", "no_key", 3, 1, "no key")
        plain = MAP.replace('person = { column = "Person"; prefix = "p-"; }', 'person = { column = "Person"; }')
        self.expect("2,01/04/2025,Care,North,9434765919,2,", "personal_data", 3, 25, "NHS number", map_text=plain)
        self.expect("2,01/04/2025,Care,North,943 476 5919,2,", "personal_data", 3, 25, "which a prefix does not hide")
        self.expect("2,01/04/2025,jo@council.example,North,77,2,", "not_in_map", 3, 14, "no value for it")
        self.expect("1,01/05/2025,Care,North,77,2,", "id_conflict", 3, None, "line 2 has the same key")

    def test_cells(self):
        self.expect("2,01/04/2025,Care,North", "cell_count", 3, 24, "4 cells, the header has 7")
        self.expect("2,01/04/2025,Care,North,77,2,,more", "cell_count", 3, 31, "8 cells, the header has 7")
        code, report, _ = self.dry("\n".join((HEADER, GOOD + ",,", ",,,,,,", "", "2" + GOOD[1:])))
        self.assertEqual((code, report["rows"], report["taken"]), (0, 2, 2), report)

    def test_encodings(self):
        row = "2,01/04/2025,Care,N\u00f6rth,77,2,"
        self.expect(row.encode("latin-1"), "broken_row", 3, 20, "in Windows-1252 it is '\u00f6'")
        text = "\n".join((HEADER, row, ""))
        for content, file in ((b"\xef\xbb\xbf" + text.encode(), ""), (text.encode("cp1252"), 'file = { encoding = "windows-1252"; };')):
            code, report, _ = self.dry(content, map_text=MAP + file)
            self.assertEqual((code, report["taken"]), (0, 1), report)
        code, report, err = self.dry(text.encode("utf-16"))
        self.assertEqual((code, report), (1, None))
        self.assertIn("file.csv:1:1: the file is UTF-16", err)

    def test_line_ends(self):
        code, report, _ = self.dry("\r\n".join((HEADER, GOOD, "2,soon,Care,North,77,2,", "3" + GOOD[1:], "")))
        self.assertEqual((code, report["taken"], self.only_line(report)["line"]), (1, 2, 3))

    def test_quoted_line_ends(self):
        content = '%s,Note\n%s,"one\ntwo\nthree"\n2,soon,Care,North,77,2,,"x"\n' % (HEADER, GOOD)
        _, report, _ = self.dry(content)
        self.assertEqual(self.only_line(report)["line"], 5)

    def test_columns(self):
        code, report, err = self.dry("Id,Referred,For,Team,Person,Priority\n")
        self.assertEqual((code, report), (1, None))
        self.assertRegex(err, r'map\.conf:\d+: the file has no column "Ended"')
        code, report, err = self.dry(HEADER + ",Team\n")
        self.assertEqual((code, report), (1, None))
        self.assertIn('two columns "Team"', err)
        code, _, err = self.dry(HEADER.replace(",", ";") + "\n")
        self.assertEqual(code, 1)
        self.assertIn("is that the delimiter?", err)
        code, report, _ = self.dry("%s,Notes,Phone\n%s,x,y\n" % (HEADER, GOOD))
        self.assertEqual(code, 0)
        self.assertTrue(any('"Notes", "Phone"' in note for note in report["notes"]))

    def test_empty_files(self):
        for content in ("", "\n\r\n", b"\xef\xbb\xbf"):
            code, report, err = self.dry(content)
            self.assertEqual((code, report), (1, None))
            self.assertIn("the file is empty", err)
        code, report, _ = self.dry(HEADER)
        self.assertEqual((code, report["rows"]), (0, 0))

    def test_no_file(self):
        code, _, err = self.run_ctl("import", "csv", self.path("none"), "--map", self.write("map.conf", MAP), "--dry-run")
        self.assertEqual(code, 2)
        self.assertIn("No such file", err)
        code, _, err = self.run_ctl("import", "csv", self.folder, "--map", self.path("map.conf"), "--dry-run")
        self.assertEqual(code, 2)
        self.assertIn("not a file", err)

    def test_maps(self):
        for change, part in ((('"asc.assessment.completed"', '"asc.assessment.complete"'), "no type of event"),
                             (('priority = {', 'prioritty = {'), "no member 'prioritty'"),
                             (('dd/mm/yyyy', 'dd/mm'), "each once"),
                             (('prefix = "p-"', 'hash = true'), "needs a `key_file`"),
                             (('source = "urn:test:export";', 'colour = "red"; source = "s";'), "no option 'colour'"),
                             (('rows = "wait"', 'rows = "weight"'), 'rows is "wait"'),
                             (('( ("Care", "needs_assessment"),', '( ("Care", "needs_assessment"), ("CARE", "x"),'), "there twice"),
                             (('subject = {', 'subject = ('), "syntax error")):
            code, report, err = self.dry(HEADER, map_text=MAP.replace(*change))
            self.assertEqual((code, report), (2, None), err)
            self.assertRegex(err, r"map\.conf:(\d+:)? ")
            self.assertIn(part, err)

    def test_rubbish(self):
        """Spoilt files are taken or refused, never a crash, and every row is either taken or reported."""
        draw = random.Random(int(os.environ.get("SEED", "7")))
        rows = "\n".join([HEADER] + ['%d,01/04/2025,Care,"No, rth",77,2,' % i for i in range(20)]).encode()
        pieces = [b'"', b",", b"\n", b"\r", b"\r\n", b"\0", b"\xe9", b"\xff\xfe", b'""', b"/", b"99", "\u20ac".encode()]
        for _ in range(60):
            content = bytearray(rows)
            for _ in range(draw.randint(1, 8)):
                at = draw.randrange(len(content))
                content[at:at + draw.randint(0, 3)] = draw.choice(pieces)
            code, report, err = self.dry(bytes(content))
            self.assertIn(code, (0, 1), err)
            if report is None:
                self.assertTrue(err)
                continue
            self.assertEqual(report["rows"], report["taken"] + report["not_taken"])
            self.assertEqual(len(report["lines"]), report["not_taken"])
            self.assertEqual(code == 0, report["not_taken"] == 0 and report["done"])


class SendingTest(ImportTest):
    def test_a_row_is_taken_whole_or_not_at_all(self):
        with Daemon() as daemon:
            content = "\n".join((HEADER, GOOD, "2,01/04/2025,Care,North,78,2,32/13/2025", "3" + GOOD[1:]))
            code, report, _ = self.run_import(content, "-c", daemon.config_path)
            self.assertEqual((code, report["taken"], report["sent"]["accepted"], report["sent"]["quarantined"]), (1, 2, 2, 0))
            self.assertEqual(sorted(row["subject"] for row in daemon.waits()), ["w-1", "w-3"])

    def test_the_configuration_knows_the_pathways(self):
        content = "\n".join((HEADER, GOOD, "2,01/04/2025,Other,North,78,2,"))
        with Daemon() as daemon:
            code, report, _ = self.dry(content, "-c", daemon.config_path)
            self.assertEqual((code, self.only_line(report)["code"], self.only_line(report)["column"]), (1, "unknown_pathway", 14))
            ends = ["--%s-endpoint=%s" % pair for pair in daemon.endpoints.items()]
            code, report, _ = self.run_import(content, *ends)
            found = self.only_line(report)
            self.assertEqual((code, found["line"], found["code"]), (1, 3, "unknown_pathway"))
            self.assertEqual((report["sent"]["accepted"], report["sent"]["quarantined"]), (1, 1))

    def test_a_changed_export_is_a_conflict(self):
        with Daemon() as daemon:
            self.run_import("\n".join((HEADER, GOOD)), "-c", daemon.config_path)
            code, report, _ = self.run_import("\n".join((HEADER, GOOD.replace("01/04", "02/04"))), "-c", daemon.config_path)
            self.assertEqual((code, self.only_line(report)["code"], self.only_line(report)["line"]), (1, "id_conflict", 2))

    def test_american_dates_stop_everything(self):
        content = "\n".join((HEADER, GOOD, "2,04/23/2025,Care,North,77,2,"))
        with Daemon() as daemon:
            code, report, err = self.run_import(content, "-c", daemon.config_path)
            self.assertEqual((code, report["sent"], report["taken"]), (1, None, 0))
            self.assertIn("nothing was sent", err)
            self.assertTrue(any("first on line 3" in note for note in report["notes"]))
            self.assertEqual(daemon.ask("health")["journal_seq"], 0)
            code, report, _ = self.run_import(content, "-c", daemon.config_path, "--accept-dates")
            self.assertEqual((code, report["sent"]["accepted"]), (1, 1))

    def test_strict(self):
        content = "\n".join((HEADER, GOOD, "2,soon,Care,North,77,2,"))
        with Daemon() as daemon:
            code, report, _ = self.run_import(content, "-c", daemon.config_path, "--strict")
            self.assertEqual((code, report["sent"], report["not_taken"]), (1, None, 1))
            self.assertEqual(daemon.ask("health")["journal_seq"], 0)

    def test_pseudonyms(self):
        keyed = MAP.replace('prefix = "p-"', 'prefix = "p-"; hash = true').replace('prefix = "w-"', 'prefix = "w-"; hash = true')
        keyed += 'key_file = "key";\n'
        content = "\n".join((HEADER, "SECRET1,01/04/2025,Care,North,943 476 5919,2,", "SECRET2,01/04/2025,Care,East,9434765919,2,"))
        key = self.write("key", "0123456789abcdef" * 4 + "\n")
        os.chmod(key, 0o644)
        code, _, err = self.dry(content, map_text=keyed)
        self.assertEqual(code, 2)
        self.assertIn("chmod 600", err)
        os.chmod(key, 0o600)
        with Daemon() as daemon:
            for accepted in (2, 0):
                code, report, err = self.run_import(content, "-c", daemon.config_path, map_text=keyed)
                self.assertEqual((code, report["sent"]["accepted"]), (0, accepted), err)
            rows = daemon.waits()
            self.assertEqual(len({row["person"] for row in rows}), 1)
            self.assertRegex(rows[0]["person"], r"^p-[0-9a-f]{32}$")
            self.assertRegex(rows[0]["subject"], r"^w-[0-9a-f]{32}$")
            daemon.stop()
            for folder, _, names in os.walk(daemon.folder):
                for name in filter(lambda one: os.path.isfile(os.path.join(folder, one)), names):
                    with open(os.path.join(folder, name), "rb") as file:
                        stored = file.read()
                    for plain in (b"9434765919", b"943 476 5919", b"SECRET1"):
                        self.assertNotIn(plain, stored, name)
            daemon.start()
        other = self.write("key", "ff" * 32)
        os.chmod(other, 0o600)
        with Daemon() as daemon:
            self.run_import(content, "-c", daemon.config_path, map_text=keyed)
            self.assertNotEqual({row["person"] for row in daemon.waits()}, {rows[0]["person"]})

    def test_no_daemon(self):
        code, report, err = self.run_import("\n".join((HEADER, GOOD)), "--endpoint", self.folder, "--timeout", "0.5")
        self.assertEqual((code, report["done"], report["sent"]), (3, False, None))
        self.assertIn("waitlistctl:", err)

    def test_interrupted(self):
        leader, follower = pty.openpty()
        process = subprocess.Popen([WAITLISTCTL, "--endpoint", self.folder, "import", "csv", self.write("file.csv", "\n".join((HEADER, GOOD))),
                                    "--map", self.write("map.conf", MAP)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=follower)
        os.close(follower)
        seen = b""
        while b"(connecting)" not in seen:
            self.assertTrue(select.select([leader], [], [], LIMIT_S)[0], seen)
            seen += os.read(leader, 4096)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=LIMIT_S)
        os.close(leader)
        self.assertEqual(process.returncode, 1)
        self.assertIn(b"NOTHING SENT", out)


class ReportTest(ImportTest):
    CONTENT = "\n".join([HEADER, GOOD] + ["%d,soon,Care,North,77,2," % i for i in range(2, 40)])

    def test_for_people(self):
        code, out, err = self.run_ctl("import", "csv", self.write("file.csv", self.CONTENT), "--map", self.write("map.conf", MAP), "--dry-run")
        self.assertEqual(code, 1)
        self.assertEqual(len(re.findall(r"bad_date", out)), 38)
        self.assertIn("dry run, nothing sent: 39 rows, of which 1 would be taken and 38 would not; 1 events", out)
        self.assertIn("pathways were not checked", err)

    def test_file(self):
        for chosen in ("table", "json"):
            path = self.path("report-" + chosen)
            code, out, err = self.run_ctl("import", "csv", self.write("file.csv", self.CONTENT), "--map", self.write("map.conf", MAP),
                                          "--dry-run", "--report", path, "--format", chosen)
            self.assertEqual(code, 1, err)
            with open(path, encoding="utf-8", newline="") as file:
                text = file.read()
            rows = [json.loads(line) for line in text.splitlines()] if chosen == "json" else list(csv.DictReader(io.StringIO(text)))
            self.assertEqual([int(row["line"]) for row in rows], list(range(3, 41)))
            self.assertEqual({(row["header"], row["code"], int(row["column"]) > 2) for row in rows}, {("Referred", "bad_date", True)})
            if chosen == "table":
                self.assertEqual(out.count("bad_date"), 20)
                self.assertIn("18 further lines are in", err)
        code, _, _ = self.run_ctl("import", "csv", self.path("file.csv"), "--map", self.path("map.conf"), "--dry-run", "--report", self.folder)
        self.assertEqual(code, 2)

    def test_csv(self):
        code, out, _ = self.run_ctl("import", "csv", self.write("file.csv", self.CONTENT), "--map", self.write("map.conf", MAP), "--dry-run",
                                    "--format", "csv")
        self.assertEqual(code, 1)
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual(len(rows), 38)
        self.assertEqual(rows[0]["message"], "not a date")

    def test_a_full_disk_is_told(self):
        code, _, err = self.run_ctl("import", "csv", self.write("file.csv", self.CONTENT), "--map", self.write("map.conf", MAP), "--dry-run",
                                    "--report", "/dev/full")
        self.assertEqual(code, 1)
        self.assertIn("could not be written", err)

    def test_usage(self):
        for arguments in (["import"], ["import", "xml", "f"], ["import", "csv"], ["import", "csv", "f"], ["import", "csv", "f", "g", "--map", "m"]):
            self.assertEqual(self.run_ctl(*arguments)[0], 2, arguments)
        for arguments in (["import", "--help"], ["import", "csv", "--help"]):
            code, out, _ = self.run_ctl(*arguments)
            self.assertEqual(code, 0)
            self.assertIn("Example:", out)


class SizeTest(ImportTest):
    """Ten times the file takes no more memory: every row good, or every second one reported, or one quotation mark open over all of it."""

    def peak(self, lines, kind):
        with open(self.path("big.csv"), "w", encoding="utf-8") as file:
            file.write(HEADER + "\n")
            if kind == "open quote":
                file.write('0,"01/04/2025,Care,North,77,2,\n')
            for i in range(lines):
                date = "soon" if kind == "bad" and i % 2 else "01/04/2025"
                file.write("%d,%s,Care,North,%d,2,22/04/2025\n" % (i, date, i % 1000))
        # The address sanitizer keeps freed memory back; that is not the import's.
        environment = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"}
        process = subprocess.Popen([WAITLISTCTL, "import", "csv", self.path("big.csv"), "--map", self.write("map.conf", MAP), "--dry-run",
                                    "--format", "json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   env=environment)
        report = json.loads(process.stdout.read())
        process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(report["rows"], lines + (kind == "open quote"))
        self.assertEqual(report["taken"], lines // 2 if kind == "bad" else lines)
        return usage.ru_maxrss

    def test_memory_does_not_follow_the_file(self):
        for kind in ("good", "bad", "open quote"):
            small, large = self.peak(30000, kind), self.peak(300000, kind)
            print("%s: %d KiB for 30,000 lines, %d KiB for 300,000: %.2f times" % (kind, small, large, large / small))
            self.assertLess(large, small * 1.25)


if __name__ == "__main__":
    unittest.main()
