#!/usr/bin/python3
"""The national measure in packs of evidence: what the report of its own says, computed again from the same files, and missed where it is
missing."""
import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import daemon
from daemon import WAITLISTCTL, Daemon, referral
from test_evidence import read_pack, run, table, without_signature

MAKER = os.path.join(daemon.ROOT, "tests", "data", "cld", "make_cld.py")
SHIPPED = os.path.join(daemon.ROOT, "config", "import", "cld.conf")
PERIOD = ["--from", "2025-01-01", "--to", "2025-06-30"]
QUARTERS = ["2024-01-01", "2024-04-01", "2024-07-01", "2024-10-01", "2025-01-01", "2025-04-01"]
PERSONAL = (b"Zebedee", b"Quillfeather", b"ZZ99", b"Surgery", b"hoist", b"P0000")


def make_cld(path, *options):
    subprocess.run(["/usr/bin/python3", "-B", MAKER, *options, path], check=True)


class National(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="wl-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.cld = [os.path.join(cls.folder, name) for name in ("cld-2024.csv", "cld-2025.csv")]
        make_cld(cls.cld[0], "--rows", "3000", "--seed", "7")
        make_cld(cls.cld[1], "--rows", "800", "--seed", "9", "--release", "2")
        shutil.copyfile(SHIPPED, os.path.join(cls.folder, "cld.conf"))
        with open(os.path.join(cls.folder, "person.key"), "w", encoding="ascii") as file:
            file.write("00112233445566778899aabbccddeeff" * 2 + "\n")
        os.chmod(os.path.join(cls.folder, "person.key"), 0o600)
        cls.daemon = Daemon(clock="2026-06-01T12:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.take(*[referral("W-%d" % number, "2024-04-02") for number in range(20)])
        cls.before = str(cls.daemon.ask("health")["journal_seq"])
        run("import", "cld", cls.cld[0], "--map", os.path.join(cls.folder, "cld.conf"), daemon=cls.daemon)
        cls.known_at = str(cls.daemon.ask("health")["journal_seq"])
        cls.journal = cls.daemon.journal
        cls.pack = os.path.join(cls.folder, "pack")
        cls.export(cls.pack, *cls.given(*cls.cld))

    @staticmethod
    def given(*paths):
        return [word for path in paths for word in ("--cld", path)]

    @classmethod
    def export(cls, out, *more, check=True, known_at=None):
        return run("export", "cqc", *PERIOD, "--known-at", known_at or cls.known_at, "--unsigned", "--out", out, *more, daemon=cls.daemon, check=check)

    def path(self, name):
        return os.path.join(self.folder, self.id().split(".")[-1] + "-" + name)

    def verify(self, path, *words):
        done = run("--format", "json", "verify", "--unsigned", path, *words, journal=self.journal, check=False)
        return done.returncode, json.loads(done.stdout)

    # --- what it says -----------------------------------------------------------------------------------------------

    def test_it_is_the_report_of_its_own(self):
        """The figures of `report dhsc-waiting-times` for the quarters of the period and those a year before."""
        told = list(csv.DictReader(io.StringIO(run("report", "dhsc-waiting-times", *self.cld, "--from", "2023-04-01", "--format", "csv").stdout.decode())))
        told = [row for row in told if row["quarter_from"] in QUARTERS]
        rows = table(read_pack(self.pack), "national_measure")
        self.assertGreater(len(rows), 15)
        self.assertEqual(len(rows), len(told))
        names = {"metric": "metric", "la_code": "la_code", "from_day": "quarter_from", "to_day": "quarter_to", "age_band": "age_band", "n": "n",
                 "median": "median", "requests": "all_request_count", "assessments": "all_assessment_count", "services": "all_service_count"}
        of_responses = {"by_request": "response_event_request", "by_assessment": "response_event_assessment", "by_service": "response_event_service",
                        "at_short": "at_short", "at_long": "at_long", "own_median": "own_median", "own_mean": "own_mean", "own_p90": "own_p90",
                        "own_longest": "own_longest", "own_within_28_days": "own_within_standard"}
        of_services = {name: name for name in ("lts_nursing", "lts_residential", "lts_community", "lts_prison", "sts_st_max", "sts_ongoing", "sts_other")}
        for row, report in zip(rows, told):
            is_response = report["metric"] == "Wait time to first response"
            for name, column in {**names, **(of_responses if is_response else of_services)}.items():
                self.assertEqual(row[name], report[column], (name, report))
            for name in of_services if is_response else of_responses:
                self.assertEqual(row[name], "", (name, report))
            if is_response and int(row["by_assessment"]):
                self.assertEqual(row["own_within_28_days_percent"], "%.1f" % (100 * int(row["own_within_28_days"]) / int(row["by_assessment"]) + 1e-9))

    def test_the_manifest_names_the_files(self):
        pack = read_pack(self.pack)
        told = json.loads(pack["manifest.json"])["parameters"]["cld"]
        self.assertEqual([file["name"] for file in told["files"]], ["cld-2024.csv", "cld-2025.csv"])
        for file, path in zip(told["files"], self.cld):
            with open(path, "rb") as stream:
                data = stream.read()
            self.assertEqual((file["sha256"], file["bytes"]), (hashlib.sha256(data).hexdigest(), len(data)))
            self.assertIn(file["sha256"], pack["methodology.html"].decode())
        self.assertEqual((told["encoding"], told["method_version"], told["reading_version"]), ("utf-8", "1.1", 1))
        for name, data in pack.items():
            self.assertNotIn(self.folder.encode(), data, name)
            for word in PERSONAL:
                self.assertNotIn(word, data, name)
        self.assertIn('<section id="national_measure">', pack["index.html"].decode())

    # --- the same bytes ---------------------------------------------------------------------------------------------

    def test_the_same_bytes_from_the_same_files_elsewhere(self):
        elsewhere = self.path("elsewhere")
        os.mkdir(elsewhere)
        copies = [shutil.copy(path, elsewhere) for path in self.cld]
        run("export", "cqc", *PERIOD, "--known-at", self.known_at, "--unsigned", "--out", self.path("again"), *self.given(*copies), journal=self.journal)
        self.assertEqual(without_signature(read_pack(self.path("again"))), without_signature(read_pack(self.pack)))
        self.export(self.path("turned"), *self.given(*reversed(self.cld)))
        self.assertNotEqual(read_pack(self.path("turned"))["manifest.json"], read_pack(self.pack)["manifest.json"], "the later one is the newer submission")

    # --- computed again ---------------------------------------------------------------------------------------------

    def test_verified_with_its_files(self):
        renamed = [shutil.copy(path, self.path("%d.csv" % number)) for number, path in enumerate(self.cld)]
        code, told = self.verify(self.pack, *self.given(*reversed(renamed)))  # neither name nor order matters, the digest does
        self.assertEqual((code, told["faults"], told["national_measure"]), (0, [], "recomputed"))
        said = run("verify", "--unsigned", self.pack, *self.given(*renamed), journal=self.journal).stdout.decode()
        self.assertIn("the journal and the Client Level Data give every figure", said)

    def test_verified_without_its_files(self):
        code, told = self.verify(self.pack)
        self.assertEqual((code, told["faults"], told["recomputed"], told["national_measure"]), (0, [], True, "not given"))
        said = run("verify", "--unsigned", self.pack, journal=self.journal).stdout.decode()
        self.assertIn("every figure but the national measure", said)
        self.assertIn("national measure: not computed again, nor index.html and evidence.xlsx", said)

    def test_verified_with_other_files(self):
        other = self.path("other.csv")
        make_cld(other, "--rows", "800", "--seed", "10", "--release", "2")
        for words in ([self.cld[0], other], [other], [*self.cld, other]):
            code, told = self.verify(self.pack, *self.given(*words))
            self.assertEqual((code, told["faults"], told["national_measure"]),
                             (1, [other + ": it is none of the files of Client Level Data that the manifest names (SHA-256)"], "another"))
        code, told = self.verify(self.pack, *self.given(self.cld[0]))
        self.assertEqual((code, told["national_measure"]), (1, "another"))
        self.assertIn("not all of them were given", told["faults"][0])
        self.export(self.path("without"))
        code, told = self.verify(self.path("without"), *self.given(self.cld[0]))
        self.assertEqual((code, told["national_measure"]), (1, "none"))
        self.assertIn("made without Client Level Data", told["faults"][0])
        done = run("verify", "--unsigned", self.pack, *self.given(self.path("nowhere.csv")), journal=self.journal, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No such file", done.stderr)
        self.assertEqual(run("verify", "--unsigned", self.pack, *self.given(*self.cld), check=False).returncode, 2, "only with a journal")

    def test_a_changed_cell_is_named(self):
        """Though the manifest was made to fit it."""
        folder = self.path("changed")
        shutil.copytree(self.pack, folder)
        rows = list(csv.reader(io.StringIO(read_pack(self.pack)["national_measure.csv"].decode())))
        column = rows[0].index("median")
        before, rows[3][column] = rows[3][column], "1.0"
        changed = "".join(",".join(row) + "\r\n" for row in rows).encode()
        with open(os.path.join(folder, "national_measure.csv"), "wb") as stream:
            stream.write(changed)
        manifest_path = os.path.join(folder, "manifest.json")
        with open(manifest_path, encoding="utf-8") as stream:
            manifest = json.load(stream)
        entry = next(entry for entry in manifest["files"] if entry["name"] == "national_measure.csv")
        entry.update(sha256=hashlib.sha256(changed).hexdigest(), bytes=len(changed))
        with open(manifest_path, "w", encoding="utf-8") as stream:
            json.dump(manifest, stream)
        self.assertEqual(self.verify(folder)[0], 0, "without the files nobody can know")
        code, told = self.verify(folder, *self.given(*self.cld))
        self.assertEqual(code, 1)
        self.assertIn('national_measure.csv, row 4, column median: the pack says "1.0", the journal gives "%s"' % before, told["faults"])

    # --- missing ----------------------------------------------------------------------------------------------------

    def test_what_was_imported_and_is_not_there_is_told(self):
        done = self.export(self.path("without"))
        pack = read_pack(self.path("without"))
        self.assertIn(b"without the national measure", done.stdout)
        self.assertNotIn("national_measure.csv", pack)
        self.assertNotIn("national_measure", pack["index.html"].decode())
        self.assertIn("Waits were imported from Client Level Data", pack["methodology.html"].decode())
        self.assertIn("is not in this pack, though waits were imported", pack["index.html"].decode())
        self.assertIsNone(json.loads(pack["manifest.json"])["parameters"]["cld"])
        self.assertEqual(self.verify(self.path("without"))[1]["national_measure"], "none")
        done = self.export(self.path("before"), known_at=self.before)  # as known before the import
        pack = read_pack(self.path("before"))
        self.assertNotIn(b"national", done.stdout)
        self.assertIn("and none had been imported by then", pack["methodology.html"].decode())
        self.assertNotIn("Client Level Data", pack["index.html"].decode())

    # --- bad input --------------------------------------------------------------------------------------------------

    def refused(self, said, *words, code=1):
        done = self.export(self.path("never"), *words, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr.decode(errors="replace"), said)
        self.assertEqual([name for name in os.listdir(self.folder) if "never" in name], [])

    def write(self, name, data):
        path = os.path.join(os.fsencode(self.folder), name if isinstance(name, bytes) else self.path(name).encode())
        with open(path, "wb") as stream:
            stream.write(data)
        return os.fsdecode(path)

    def test_bad_input(self):
        self.refused(r"nowhere\.csv: No such file.*; nothing was written", "--cld", self.path("nowhere.csv"))
        self.refused(r"Invalid argument; nothing was written", "--cld", self.folder)
        self.refused(r"Invalid argument; nothing was written", "--cld", "/dev/null")
        self.refused(r"other\.csv: .*; nothing was written", "--cld", self.write("other.csv", b"a,b\n1,2\n"))
        self.refused(r"empty\.csv: .*; nothing was written", "--cld", self.write("empty.csv", b""))
        self.refused(r"no plain UTF-8 text", "--cld", self.write(b"\xff\xfe.csv", b"a,b\n"))
        self.refused(r"--cld-encoding", "--cld", self.cld[0], "--cld-encoding", "latin-1", code=2)
        self.refused(r"at most 200 files", *(["--cld", self.cld[0]] * 201), code=2)

    def test_lines_at_fault_are_told(self):
        path = self.path("faulty.csv")
        make_cld(path, "--rows", "500", "--seed", "3", "--faults", "0.2")
        done = self.export(self.path("faulty"), "--cld", path)
        self.assertRegex(done.stderr.decode(), r"\d+ of 500 lines of Client Level Data are at fault")

    def test_windows_1252(self):
        with open(self.cld[0], "rb") as stream:
            data = stream.read()
        path = self.write("old.csv", data.replace("\u2013".encode(), b"\x96"))
        self.assertIn("\u2013".encode(), data)
        self.export(self.path("old"), "--cld", path, "--cld-encoding", "windows-1252")
        code, told = self.verify(self.path("old"), "--cld", path)
        self.assertEqual((code, told["faults"], told["national_measure"]), (0, [], "recomputed"))
        self.export(self.path("new"), "--cld", self.cld[0])
        self.assertEqual(table(read_pack(self.path("old")), "national_measure"), table(read_pack(self.path("new")), "national_measure"))


if __name__ == "__main__":
    unittest.main()
