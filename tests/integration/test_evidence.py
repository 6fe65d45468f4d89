#!/usr/bin/python3
"""Packs of evidence: the same bytes whoever makes them, figures that a journal gives again, and every change found and named."""
import csv
import hashlib
import io
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest
import zipfile

import zmq

import test_figures
from daemon import WAITLISTCTL, Daemon, event, referral

PERIOD = ["--from", "2025-02-10", "--to", "2025-06-20"]


def run(*words, journal=None, daemon=None, check=True, environment=None, **more):
    command = [WAITLISTCTL] + (["--journal", journal] if journal else []) + (["-c", daemon.config_path] if daemon else []) + list(words)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                          env=environment or {**os.environ, "LC_ALL": "C.UTF-8"}, **more)
    if check:
        assert done.returncode == 0, (words, done.returncode, done.stdout, done.stderr)
    return done


def read_pack(path):
    """The files of a pack, by name."""
    if os.path.isdir(path):
        found = {}
        for name in os.listdir(path):
            with open(os.path.join(path, name), "rb") as file:
                found[name] = file.read()
        return found
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def table(pack, name):
    """A table as dictionaries."""
    return list(csv.DictReader(io.StringIO(pack[name + ".csv"].decode())))


def without_signature(pack):
    return {name: data for name, data in pack.items() if name != "manifest.sig"}


class Packs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(clock="2025-01-01T08:00:00Z", pathways=test_figures.PATHWAYS)
        cls.addClassCleanup(cls.daemon.close)
        test_figures.live(cls.daemon)
        cls.folder = tempfile.mkdtemp(prefix="wl-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.journal = os.path.join(cls.folder, "journal.db")
        cls.copy_journal()
        cls.key = os.path.join(cls.folder, "key")
        cls.public = run("keygen", cls.key).stdout.decode().split()[-1]
        cls.known_at = str(cls.daemon.ask("health")["journal_seq"])
        cls.pack = os.path.join(cls.folder, "pack")
        cls.export(cls.pack)

    @classmethod
    def copy_journal(cls):
        source, target = cls.daemon.database(), sqlite3.connect(cls.journal)
        source.backup(target)
        source.close()
        target.close()

    @classmethod
    def export(cls, out, *more, journal=None, daemon=None, check=True):
        if daemon is None:
            journal = journal or cls.journal
        return run("export", "cqc", *PERIOD, "--known-at", cls.known_at, "--key", cls.key, "--out", out, *more, journal=journal, daemon=daemon,
                   check=check)

    def path(self, name):
        return os.path.join(self.folder, self.id().split(".")[-1] + "-" + name)

    # --- what it is ----------------------------------------------------------------------------------------------

    def test_the_manifest_tells_what_it_stands_on(self):
        pack = read_pack(self.pack)
        manifest = json.loads(pack["manifest.json"])
        health = self.daemon.ask("health")
        self.assertEqual(manifest["journal"]["epoch"], health["epoch"])
        self.assertEqual(manifest["journal"]["seq"], int(self.known_at))
        self.assertEqual(manifest["parameters"]["from"], "2025-02-10")
        self.assertEqual(sorted(entry["name"] for entry in manifest["files"]), sorted(set(pack) - {"manifest.json", "manifest.sig"}))
        for entry in manifest["files"]:
            self.assertEqual(entry["sha256"], hashlib.sha256(pack[entry["name"]]).hexdigest(), entry["name"])
            self.assertEqual(entry["bytes"], len(pack[entry["name"]]))
        self.assertEqual(json.loads(pack["manifest.sig"])["public_key"], self.public)
        run("verify", self.daemon.journal, "--head", manifest["journal"]["chain"], "--seq", self.known_at)
        self.assertEqual(os.stat(self.pack).st_mode & 0o777, 0o700, "it is sensitive")

    def test_the_same_bytes_from_another_place_another_time_and_the_daemon(self):
        first = without_signature(read_pack(self.pack))
        self.export(self.path("a"))
        self.assertEqual(without_signature(read_pack(self.path("a"))), first)
        self.export(self.path("b"), daemon=self.daemon)
        self.assertEqual(without_signature(read_pack(self.path("b"))), first)
        zips = []
        for name in ("c.zip", "d.zip"):
            self.export(self.path(name))
            with open(self.path(name), "rb") as file:
                zips.append(file.read())
        self.assertEqual(zips[0], zips[1])
        self.assertEqual(without_signature(read_pack(self.path("c.zip"))), first)

    def test_the_same_bytes_for_other_users(self):
        """Another directory, umask, language, time zone and environment, as on another machine: the same bytes, and modes that are the pack's own."""
        locales = self.path("locales")
        os.mkdir(locales)
        has_locales = os.path.exists("/usr/share/i18n/locales/tr_TR")
        for name in ("tr_TR.UTF-8", "de_DE.ISO-8859-1") if has_locales else ():  # a dotless i, a comma in numbers, another encoding
            subprocess.run(["localedef", "-i", name[:5], "-f", name[6:], os.path.join(locales, name)], check=True, stderr=subprocess.DEVNULL)
        users = [(0o000, {"LC_ALL": "C", "TZ": "Pacific/Kiritimati", "HOME": "/nonexistent", "COLUMNS": "20"}),
                 (0o077, {"LC_ALL": "tr_TR.UTF-8" if has_locales else "POSIX", "LOCPATH": locales, "TZ": "America/St_Johns", "USER": "Zo\u00eb",
                          "TMPDIR": self.folder, "SOURCE_DATE_EPOCH": "1"}),
                 (0o027, {"LC_ALL": "de_DE.ISO-8859-1" if has_locales else "C.UTF-8", "LOCPATH": locales, "TZ": ":/nowhere", "PATH": "/nowhere"})]
        kept = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        first, published, modes = without_signature(read_pack(self.pack)), [], set()
        for number, (umask, environment) in enumerate(users):
            folder = self.path("user-%d" % number)
            os.mkdir(folder)
            words = ["export", "cqc", *PERIOD, "--known-at", self.known_at, "--unsigned"]
            for out, more in (("pack", []), ("pack.zip", []), ("told", ["--publish"])):
                run(*words, "--out", out, *more, journal=self.journal, environment={**environment, **kept}, cwd=folder,
                    preexec_fn=lambda mask=umask: os.umask(mask))
            self.assertEqual(read_pack(os.path.join(folder, "pack")), first)
            self.assertEqual(read_pack(os.path.join(folder, "pack.zip")), first)
            published.append(read_pack(os.path.join(folder, "told")))
            modes.add(tuple(os.stat(os.path.join(folder, name)).st_mode & 0o777 for name in ("pack", "pack/risk.csv", "pack.zip", "told", "told/risk.csv")))
        self.assertTrue(all(pack == published[0] for pack in published))
        self.assertEqual(modes, {(0o700, 0o600, 0o600, 0o755, 0o644)})

    def test_the_figures_are_the_daemons(self):
        pack = read_pack(self.pack)
        for day in ("2025-02-09", "2025-03-31", "2025-06-20"):
            for field in ("pathway", "team", "client_group", "priority"):
                told = {row["keys"][field]: row["position"] for row in self.daemon.ask("summary", as_at=day, group_by=[field])["rows"]}
                rows = {row["group"]: row for row in table(pack, "position") if (row["day"], row["breakdown"]) == (day, field)}
                self.assertEqual(set(rows), set(told))
                for group, row in rows.items():
                    position = told[group]
                    self.assertEqual([int(row[name]) for name in ("waiting", "over_standard", "due", "scheduled")],
                                     [position[name] for name in ("waiting", "breach", "due", "scheduled")], (day, group))
                    self.assertEqual(row["median"], "" if position["median"] is None else "%.1f" % position["median"])
                    long = self.daemon.ask("summary", as_at=day, filter={field: group, "min_days": 183})["total"]["waiting"]
                    self.assertEqual(int(row["over_6_months"]), long)
        flow = self.daemon.ask("flow", **{"from": "2025-02-10", "to": "2025-06-20", "step": "month", "group_by": ["pathway"]})["rows"]
        rows = [row for row in table(pack, "flow") if (row["period"], row["breakdown"]) == ("month", "pathway")]
        self.assertEqual([(row["from_day"], row["to_day"], row["group"], int(row["started"]), int(row["completed"])) for row in rows],
                         [(row["from"], row["to"], row["keys"]["pathway"], row["flow"]["started"], row["flow"]["completed"]) for row in flow])

    def test_parts_add_up(self):
        pack = read_pack(self.pack)
        for day in ("2025-02-09", "2025-02-28", "2025-06-20"):
            rows = [row for row in table(pack, "position") if row["day"] == day]
            whole = next(int(row["waiting"]) for row in rows if row["breakdown"] == "all")
            self.assertGreater(whole, 0)
            for breakdown in ("pathway", "team", "district", "client_group", "priority", "pathway_and_client_group"):
                self.assertEqual(sum(int(row["waiting"]) for row in rows if row["breakdown"] == breakdown), whole, (day, breakdown))
            bands = [row for row in table(pack, "bands") if (row["day"], row["breakdown"]) == (day, "all")]
            self.assertEqual(sum(int(row["waiting"]) for row in bands), whole)
        self.assertEqual(len(table(pack, "waits")), whole, "the list is of the end")
        self.assertEqual(sum(int(row["waiting"]) for row in table(pack, "risk")), whole)
        flow = next(row for row in table(pack, "flow") if (row["period"], row["breakdown"]) == ("whole", "all"))
        start = next(int(row["waiting"]) for row in table(pack, "position") if (row["day"], row["breakdown"]) == ("2025-02-09", "all"))
        self.assertEqual(start + int(flow["started"]) + int(flow["reopened"]) - int(flow["completed"]) - int(flow["closed"]), whole)
        removed = sum(int(row["removed"]) for row in table(pack, "removals") if row["pathway"] == "all")
        died = sum(int(row["died"]) for row in table(pack, "deaths") if (row["period"], row["pathway"]) == ("whole", "all"))
        self.assertEqual(removed + died, int(flow["closed"]))

    def test_one_pathway(self):
        self.export(self.path("p"), "--pathway", "dols,review")
        pack = read_pack(self.path("p"))
        groups = {row["group"] for row in table(pack, "position") if row["breakdown"] == "pathway"}
        self.assertEqual(groups, {"dols", "review"})
        self.assertEqual({row["group"] for row in table(pack, "restatement")}, {"dols", "review"})
        run("verify", self.path("p"), journal=self.journal)

    # --- checking it ----------------------------------------------------------------------------------------------

    def verify(self, path, *words, journal=None):
        done = run("--format", "json", "verify", path, *words, journal=journal, check=False)
        return done.returncode, json.loads(done.stdout)

    def test_a_good_pack(self):
        code, told = self.verify(self.pack, journal=self.journal)
        self.assertEqual((code, told["good"], told["signature"], told["recomputed"], told["faults"]), (0, True, "good", True, []))
        code, told = self.verify(self.pack, "--public-key", self.public)
        self.assertEqual((code, told["recomputed"]), (0, False))
        code, told = self.verify(self.pack, "--public-key", "0" * 64)
        self.assertEqual(code, 1)

    def test_it_stands_when_the_journal_grows(self):
        with Daemon(clock="2025-04-01T08:00:00Z") as daemon:
            daemon.take(*[referral("W-%d" % number, "2025-04-01") for number in range(30)])
            daemon.set_clock("2025-05-20T12:00:00Z")
            words = ["export", "cqc", "--from", "2025-04-05", "--to", "2025-05-19", "--key", self.key, "--out"]
            run(*words, self.path("then.zip"), daemon=daemon)
            daemon.configure(pathways='pathways = ( { name = "needs_assessment"; standard_days = 5; clock_stops_on = "started"; } );')
            self.assertIn("reloaded", daemon.reload())
            daemon.take(*[event("wait.closed", "W-%d" % number, "2025-04-10", {"reason": "died"}) for number in range(9)])
            daemon.set_clock("2025-06-20T12:00:00Z")
            code, told = self.verify(self.path("then.zip"), journal=daemon.journal)
            self.assertEqual((code, told["faults"]), (0, []))
            known = json.loads(read_pack(self.path("then.zip"))["manifest.json"])["parameters"]["asked_at"]
            run(*words, self.path("again.zip"), "--known-at", known, daemon=daemon)
            self.assertEqual(without_signature(read_pack(self.path("again.zip"))), without_signature(read_pack(self.path("then.zip"))))
            run(*words, self.path("now.zip"), daemon=daemon)
            self.assertNotEqual(read_pack(self.path("now.zip"))["position.csv"], read_pack(self.path("then.zip"))["position.csv"])

    def forge(self, name, file, change):
        """A copy of the pack in which somebody changed a file, the manifest and the signature fitting it when they hold another key."""
        folder = self.path(name)
        shutil.copytree(self.pack, folder)
        path = os.path.join(folder, file)
        with open(path, "rb") as stream:
            data = change(stream.read())
        with open(path, "wb") as stream:
            stream.write(data)
        return folder

    def test_a_changed_file_is_named(self):
        folder = self.forge("file", "position.csv", lambda data: data.replace(b",dols,", b",dolz,", 1))
        code, told = self.verify(folder)
        self.assertEqual((code, told["good"], told["faults"]),
                         (1, False, ["position.csv: the file is not the one that the manifest describes (SHA-256)"]))
        folder = self.forge("manifest", "manifest.json", lambda data: data.replace(b"2025-06-20", b"2025-06-19", 1))
        code, told = self.verify(folder)
        self.assertEqual((code, told["signature"]), (1, "bad"))
        folder = self.forge("missing", "risk.csv", lambda data: data)
        os.unlink(os.path.join(folder, "risk.csv"))
        with open(os.path.join(folder, "more.csv"), "w") as stream:
            stream.write("x\n")
        code, told = self.verify(folder)
        self.assertEqual((code, told["faults"]), (1, ["risk.csv: the file is missing", "more.csv: the manifest has no file of this name"]))
        os.unlink(os.path.join(folder, "manifest.sig"))
        self.assertIn("manifest.sig: the pack is not signed", self.verify(folder)[1]["faults"])

    def test_a_changed_cell_is_named_though_all_is_signed_anew(self):
        rows = list(csv.reader(io.StringIO(read_pack(self.pack)["position.csv"].decode())))
        column = rows[0].index("waiting")
        number = next(i for i, row in enumerate(rows) if i > 0 and int(row[column]) > 3)
        before, rows[number][column] = rows[number][column], "3"
        changed = "".join(",".join(row) + "\r\n" for row in rows).encode()
        folder = self.forge("cell", "position.csv", lambda data: changed)
        manifest_path = os.path.join(folder, "manifest.json")
        with open(manifest_path) as stream:
            manifest = json.load(stream)
        entry = next(entry for entry in manifest["files"] if entry["name"] == "position.csv")
        entry.update(sha256=hashlib.sha256(changed).hexdigest(), bytes=len(changed))
        with open(manifest_path, "w") as stream:
            json.dump(manifest, stream)
        os.unlink(os.path.join(folder, "manifest.sig"))
        self.assertEqual(self.verify(folder, "--unsigned")[0], 0, "without the journal nobody can know")
        code, told = self.verify(folder, "--unsigned", journal=self.journal)
        self.assertEqual(code, 1)
        self.assertIn('position.csv, row %d, column waiting: the pack says "3", the journal gives "%s"' % (number + 1, before), told["faults"])

    def test_another_journal_is_told(self):
        with Daemon(clock="2025-01-01T08:00:00Z", pathways=test_figures.PATHWAYS) as other:
            test_figures.live(other)
            code, told = self.verify(self.pack, journal=other.journal)
            self.assertEqual(code, 1)
            self.assertTrue(any(fault.startswith("manifest.json, journal.epoch") for fault in told["faults"]), told)

    # --- bad input ------------------------------------------------------------------------------------------------

    def refused(self, words, said, code=1):
        out = self.path("never")
        done = run("export", "cqc", "--unsigned", "--out", out, *words, journal=self.journal, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(said, done.stderr.decode())
        self.assertFalse(os.path.exists(out))
        self.assertEqual([name for name in os.listdir(self.folder) if "never" in name], [], "nothing half is left either")

    def test_bad_input(self):
        self.refused(["--from", "2025-02-01", "--to", "2025-12-31"], "2025-12-31 lies behind the journal: the last day that is known is 2025-07-06")
        self.refused(["--from", "2001-02-01", "--to", "2025-03-31"], "2001-02-01 lies before the journal")
        self.refused(PERIOD + ["--pathway", "dols,nonsense"], 'no policy of the journal has a pathway "nonsense"')
        self.refused(PERIOD + ["--known-at", "999999"], "has not come to this seq")
        self.refused(PERIOD + ["--known-at", "2025-03-01T00:00:00Z"], "2025-06-20 lies behind the journal")
        self.refused(PERIOD + ["--known-at", "yesterday"], "--known-at", code=2)
        self.refused(["--from", "2025-06-20", "--to", "2025-02-01"], "--from lies behind --to", code=2)
        self.refused(["--from", "2025-13-01", "--to", "2025-02-01"], "--from is a date", code=2)
        self.refused(["--to", "2025-02-01"], "--from", code=2)

    def test_a_disk_that_is_full_half_way(self):
        """Whichever file it is that has no room: nothing stands under the name, and nothing beside it."""
        def limit(size):
            def apply():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            return apply

        sizes = sorted({len(data) for data in read_pack(self.pack).values()})
        zipped = self.path("whole.zip")
        self.export(zipped)
        for out, at_most in ((self.path("dir"), sizes[-1]), (self.path("file.zip"), os.path.getsize(zipped))):
            for size in (0, 1, sizes[len(sizes) // 2], at_most - 1):
                with self.subTest(out=out, size=size):
                    done = run("export", "cqc", *PERIOD, "--key", self.key, "--out", out, daemon=self.daemon, check=False, preexec_fn=limit(size))
                    self.assertEqual(done.returncode, 1)
                    self.assertIn(b"nothing was written", done.stderr)
                    self.assertEqual([name for name in os.listdir(self.folder) if os.path.basename(out) in name], [])

    def test_an_interrupted_run(self):
        """A signal that comes while the pack is written: it is looked for before each piece and before the name is given."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for name in ("dir", "file.zip"):
                def pend():
                    signal.pthread_sigmask(signal.SIG_BLOCK, [number])
                    os.kill(os.getpid(), number)
                out = self.path(name)
                done = run("export", "cqc", *PERIOD, "--key", self.key, "--out", out, journal=self.journal, check=False, preexec_fn=pend)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"it was interrupted; nothing was written", done.stderr)
                self.assertEqual([found for found in os.listdir(self.folder) if os.path.basename(out) in found], [])

    def test_interrupted_while_it_is_computed(self):
        """Of somebody who takes the question and never answers."""
        context = zmq.Context()
        self.addCleanup(context.destroy, 0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for name in ("dir", "file.zip"):
                out, endpoint = self.path(name), "ipc://" + self.path("%d-%s" % (number, name))
                silent = context.socket(zmq.ROUTER)
                silent.bind(endpoint)
                with subprocess.Popen([WAITLISTCTL, "--query-endpoint", endpoint, "export", "cqc", *PERIOD, "--unsigned", "--out", out],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
                    self.assertTrue(silent.poll(60000), "it asks")
                    process.send_signal(number)
                    said = process.stderr.read()
                    self.assertEqual(process.wait(60), 1)
                silent.close()
                self.assertEqual(said, b"waitlistctl: it was interrupted; nothing was written\n")
                self.assertEqual([found for found in os.listdir(self.folder) if os.path.basename(out) in found], [])

    def test_a_pack_is_never_overwritten(self):
        before = read_pack(self.pack)
        done = self.export(self.pack, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"exists already", done.stderr)
        self.assertEqual(read_pack(self.pack), before)
        done = self.export("/nowhere/at/all/pack.zip", check=False)
        self.assertEqual(done.returncode, 1)

    def test_keys(self):
        self.assertEqual(os.stat(self.key).st_mode & 0o777, 0o600)
        done = run("keygen", self.key, check=False)
        self.assertEqual(done.returncode, 1)
        shutil.copy(self.key, self.path("open"))
        os.chmod(self.path("open"), 0o644)
        done = run("export", "cqc", *PERIOD, "--key", self.path("open"), "--out", self.path("x"), journal=self.journal, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"can be read by others", done.stderr)
        done = run("export", "cqc", *PERIOD, "--key", self.pack + "/risk.csv", "--out", self.path("x"), journal=self.journal, check=False)
        self.assertIn(b"is no key", done.stderr)

    def test_what_is_no_pack(self):
        path = self.path("x.zip")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("../up.csv", "x")
        self.assertEqual(run("verify", path, check=False).returncode, 1)
        with open(path, "wb") as file:
            file.write(b"PK\x03\x04 nothing of the kind")
        self.assertEqual(run("verify", path, check=False).returncode, 1)
        os.mkdir(self.path("empty"))
        self.assertEqual(run("verify", self.path("empty"), check=False).returncode, 1)


if __name__ == "__main__":
    unittest.main()
