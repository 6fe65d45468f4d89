#!/usr/bin/python3
"""The synthetic county gives the published figures: by a plain recomputation for several seeds, and by the daemon's own answers.

The programs are those that WAITLISTD and WAITLISTCTL name.
"""
import concurrent.futures
import csv
import datetime
import io
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import zmq

import evidence_sql
import wait_oracle

DATE = datetime.date
APRIL, JULY = DATE(2025, 4, 30), DATE(2025, 7, 31)
SEEDS = (1, 2, 3, 4, 5, 20250731)
PATHWAYS = {
    "needs_assessment": ("asc.assessment.completed", False),
    "ot_assessment": ("asc.assessment.completed", True),
    "review": ("asc.review.completed", False),
}
PREFIXES = ("needs-", "ot-", "review-")
LIMIT_S = 1500
WAITLISTD = os.environ.get("WAITLISTD", "")
WAITLISTCTL = os.environ.get("WAITLISTCTL", "")
CONFIG = pathlib.Path(__file__).resolve().parents[2] / "config"


class Figures:
    """What was published about the county, out of whichever answers."""

    def __init__(self):
        self.older = {}  # date to (waiting, over 28 days)
        self.ot = {}  # date to over 28 days
        self.reviews = {}  # year to completed from April to July

    def take_position(self, day, position):
        self.older[day] = tuple(position[("needs_assessment", "older_people")][:2])
        self.ot[day] = sum(count[1] for (pathway, _), count in position.items() if pathway == "ot_assessment")

    def take_reviews(self, register):
        for year in (2024, 2025):
            self.reviews[year] = register.completed("review", DATE(year, 4, 1), DATE(year, 7, 31))

    def check(self, test, hint):
        (april, april_long), (july, july_long) = self.older[APRIL], self.older[JULY]
        test.assertAlmostEqual(april, 1850, delta=18.5, msg=hint)
        test.assertAlmostEqual(july, 1075, delta=10.75, msg=hint)
        test.assertAlmostEqual(100 * (1 - july_long / april_long), 48, delta=1, msg=hint)
        test.assertAlmostEqual(100 * (1 - self.ot[JULY] / self.ot[APRIL]), 50, delta=1, msg=hint)
        test.assertAlmostEqual(100 * (self.reviews[2025] / self.reviews[2024] - 1), 8, delta=1, msg=hint)

    def __repr__(self):
        return f"older people {self.older}, OT over 28 days {self.ot}, reviews {self.reviews}"


def simulate(seed, *options):
    return [WAITLISTCTL, "simulate", "--seed", str(seed), *options]


def stream(seed, until):
    with subprocess.Popen(simulate(seed, "--until", until.isoformat()), stdout=subprocess.PIPE, text=True) as process:
        yield from process.stdout
    if process.returncode != 0:
        raise AssertionError(f"simulate ended with {process.returncode}")


def recompute(seed):
    """The figures as known on the evenings of both dates, and as known three months later."""
    arrived = {day: sum(1 for _ in stream(seed, day)) for day in (APRIL, JULY)}
    register = wait_oracle.Register(PATHWAYS, PREFIXES)
    told, known = Figures(), Figures()
    for line in stream(seed, DATE(2025, 10, 31)):
        register.add(line)
        for day in (APRIL, JULY):
            if register.lines == arrived[day]:
                told.take_position(day, register.position(day))
        if register.lines == arrived[JULY]:
            told.take_reviews(register)
    for day in (APRIL, JULY):
        known.take_position(day, register.position(day))
    known.take_reviews(register)
    february = register.position(DATE(2025, 2, 28))
    return told, known, february, register.duplicates, register.exceptions()


class Offline(unittest.TestCase):
    """No daemon: the NDJSON alone, folded by the rules."""

    def test_published_figures_hold_for_every_seed(self):
        with concurrent.futures.ProcessPoolExecutor(max_workers=2) as pool:
            for seed, (told, known, february, duplicates, exceptions) in zip(SEEDS, pool.map(recompute, SEEDS)):
                with self.subTest(seed=seed):
                    told.check(self, f"seed {seed}, as told that evening: {told}")
                    known.check(self, f"seed {seed}, as known later: {known}")
                    assessments = [count for (pathway, _), count in february.items() if pathway == "needs_assessment"]
                    self.assertAlmostEqual(sum(count[0] for count in assessments), 2060, delta=100)
                    self.assertAlmostEqual(max(count[2] for count in assessments), 226, delta=15)
                    self.assertGreater(sum(count[1] for (pathway, _), count in february.items() if pathway == "review"), 3500)
                    self.assertGreater(duplicates, 1000)
                    self.assertLess(exceptions, 50)

    def test_from_goes_on_where_until_ended(self):
        whole = subprocess.run(simulate(9, "--until", "2023-11-10"), stdout=subprocess.PIPE, check=True).stdout
        first = subprocess.run(simulate(9, "--until", "2023-10-20"), stdout=subprocess.PIPE, check=True).stdout
        rest = subprocess.run(simulate(9, "--from", "2023-10-21", "--until", "2023-11-10"), stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(whole, first + rest)

    def test_begin_brings_those_who_wait_already(self):
        register = wait_oracle.Register(PATHWAYS, PREFIXES)
        output = subprocess.run(simulate(1, "--begin", "2025-04-01", "--until", "2025-04-30"), stdout=subprocess.PIPE, check=True, text=True)
        for line in output.stdout.splitlines():
            register.add(line)
        self.assertAlmostEqual(register.position(APRIL)[("needs_assessment", "older_people")][0], 1850, delta=18.5)

    def test_wrong_usage_is_2(self):
        for options in (["--seed", "x"], ["--until", "2025-02-30"], ["--events", "5"], ["--drive-clock"], ["--scenario", "utopia"], ["more"]):
            with self.subTest(options=options):
                process = subprocess.run(simulate(1, *options), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
                self.assertEqual(process.returncode, 2, process.stderr)
                self.assertIn("simulate", process.stderr)


class Daemon:
    """A waitlistd under a simulated clock in a folder of its own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="waitlist-simulation-"))
        for name in ("lancashire-2025.conf", "bank-holidays.json"):
            shutil.copy(CONFIG / name, self.folder / name)
        self.config = self.folder / "lancashire-2025.conf"
        text = self.config.read_text(encoding="utf-8")
        text = text.replace("ipc:///run/waitlistd/", f"ipc://{self.folder}/").replace("/var/lib/waitlistd/", f"{self.folder}/")
        self.config.write_text(text, encoding="utf-8")
        self.context = zmq.Context()
        self.log = open(self.folder / "daemon.log", "wb")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(self.folder / "notify"))
            notify.settimeout(30)
            command = [WAITLISTD, "-c", str(self.config), "--simulated-clock", "2023-09-30T12:00:00Z"]
            environment = dict(os.environ, NOTIFY_SOCKET=str(self.folder / "notify"))
            self.process = subprocess.Popen(command, stderr=self.log, env=environment)
            try:
                while b"READY=1" not in notify.recv(4096):
                    pass
            except TimeoutError:
                self.stop()
                raise

    def ask(self, request):
        with self.context.socket(zmq.REQ) as query:
            query.linger = 0
            query.rcvtimeo = 60000
            query.connect(f"ipc://{self.folder}/query.ipc")
            query.send_json(dict(request, v=1))
            reply = query.recv_json()
        if not reply["ok"]:
            raise AssertionError(f"{request}: {reply}")
        return reply

    def follow(self, seed, *options):
        """Lets waitlistctl send the stream and drive the clock; returns its report."""
        command = [WAITLISTCTL, "-c", str(self.config), "simulate", "--seed", str(seed), "--send", "--drive-clock", "--format", "json"]
        process = subprocess.run([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=LIMIT_S, check=False)
        if process.returncode != 0:
            raise AssertionError(f"simulate ended with {process.returncode}: {process.stdout}{process.stderr}{self.read_log()}")
        return json.loads(process.stdout)

    def total(self, **filters):
        return self.ask({"op": "summary", "filter": filters})["total"]

    def pages(self, **filters):
        cursor = None
        while True:
            request = {"op": "waits", "filter": filters, "sort": "subject", "limit": 1000}
            reply = self.ask(request if cursor is None else dict(request, cursor=cursor))
            yield from reply["rows"]
            cursor = reply["next"]
            if cursor is None:
                return

    def read_log(self):
        return (self.folder / "daemon.log").read_text(encoding="utf-8", errors="replace")[-2000:]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        self.log.close()
        self.context.destroy(linger=0)
        shutil.rmtree(self.folder)
        return code


class Answers(unittest.TestCase):
    """The daemon lives through the county's history and is asked on both evenings."""

    SEED = 1

    def take(self, figures, day):
        older = self.daemon.total(pathway="needs_assessment", client_group="older_people")
        ot = self.daemon.total(pathway="ot_assessment")
        figures.older[day] = (older["waiting"], older["breach"])
        figures.ot[day] = ot["breach"]
        self.assertEqual(ot["breach"], sum(ot["bands"][3:]), "over 28 days is the breach of this pathway")
        everything = self.daemon.ask({"op": "summary", "group_by": ["pathway", "team"]})
        for measure in ("waiting", "breach", "due", "unallocated", "scheduled"):
            self.assertEqual(everything["total"][measure], sum(row["position"][measure] for row in everything["rows"]), measure)
        self.assertEqual(everything["as_at"], day.isoformat())

    def check_evidence(self, figures):
        """The published figures stand in a pack of evidence, and plain SQL over the journal gives the pack's figures to the person."""
        journal, out = self.daemon.folder / "journal.db", self.daemon.folder / "pack"
        command = [WAITLISTCTL, "--journal", str(journal), "export", "cqc", "--from", "2025-04-01", "--to", JULY.isoformat(), "--unsigned"]
        subprocess.run([*command, "--out", str(out)], stdout=subprocess.PIPE, check=True, timeout=LIMIT_S)
        pack = {path.stem: list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))) for path in out.glob("*.csv")}
        changes = {(row["from_day"], row["group"], row["subgroup"]): row for row in pack["change"]}
        older = changes[APRIL.isoformat(), "needs_assessment", "older_people"]
        self.assertEqual([int(older[name]) for name in ("waiting_from", "waiting_to", "over_standard_from", "over_standard_to")],
                         [figures.older[APRIL][0], figures.older[JULY][0], figures.older[APRIL][1], figures.older[JULY][1]])
        self.assertAlmostEqual(float(older["over_standard_change_percent"]), -48, delta=1)
        self.assertAlmostEqual(float(changes[APRIL.isoformat(), "ot_assessment", ""]["over_standard_change_percent"]), -50, delta=1)
        reviews = next(row for row in pack["flow"] if (row["period"], row["breakdown"], row["group"]) == ("whole", "pathway", "review"))
        self.assertEqual([int(reviews["completed"]), int(reviews["completed_year_before"])], [figures.reviews[2025], figures.reviews[2024]])
        self.assertAlmostEqual(float(reviews["completed_change_percent"]), 8, delta=1)
        self.recompute_pack(pack, evidence_sql.Journal(journal))
        verified = subprocess.run([WAITLISTCTL, "verify", str(out), "--unsigned", "--journal", str(journal)], stdout=subprocess.PIPE, check=False)
        self.assertEqual(verified.returncode, 0, verified.stdout)

    def recompute_pack(self, pack, journal):
        standards = {"needs_assessment": 28, "carers_assessment": 28, "review": 28, "care_start": 28, "dols": 21}
        for day in evidence_sql.month_ends("2025-04-01", JULY.isoformat()):
            told = {(row["group"], row["subgroup"] or None): (int(row["waiting"]), int(row["over_standard"]), row["median"], int(row["longest"]))
                    for row in pack["position"] if row["day"] == day and row["breakdown"].startswith("pathway") and row["group"] in standards}
            self.assertGreater(len(told), 10)
            self.assertEqual(told, journal.waiting(day, standards), day)
        completed = journal.completed("2025-04-01", JULY.isoformat())
        for row in pack["completed"]:
            if row["breakdown"] == "pathway" and row["group"] != "triage":  # whose clock stops with the start
                self.assertEqual(int(row["completed"]), completed[row["group"]], row["group"])

    def test_daemon_answers_the_published_figures(self):
        self.daemon = Daemon()
        try:
            figures = Figures()
            first = self.daemon.follow(self.SEED, "--until", APRIL.isoformat())
            self.take(figures, APRIL)
            second = self.daemon.follow(self.SEED, "--from", "2025-05-01", "--until", JULY.isoformat())
            self.take(figures, JULY)
            figures.reviews = {2024: 0, 2025: 0}
            for row in self.daemon.pages(pathway="review", status="ended"):
                stop = DATE.fromisoformat(row["stop"])
                if row["stage"] == "completed" and stop.year in figures.reviews and 4 <= stop.month <= 7:
                    figures.reviews[stop.year] += 1
            self.check_evidence(figures)
            for report in (first, second):
                self.assertEqual(report["quarantined"], 0)
                self.assertGreater(report["duplicates"], 0.005 * report["sent"])
        finally:
            code = self.daemon.stop()
        self.assertEqual(code, 0)
        figures.check(self, f"the daemon's answers: {figures}")
        told = recompute(self.SEED)[0]
        self.assertEqual((figures.older, figures.ot, figures.reviews), (told.older, told.ot, told.reviews), "as recomputed from the NDJSON")


if __name__ == "__main__":
    unittest.main()
