"""A pack of evidence over five years: how long it takes from a journal's file, and what it costs those who ask about today of the daemon, and
those who send to it."""

import os
import shutil
import subprocess
import threading
import time

import harness
from bench_ingest import FEED_DAYS, window_of
from bench_state import ask
from harness import Daemon, Failed, Scratch, Series, run_program

FIVE_YEARS = 1826
GATEWAY_NICENESS = 15  # client/dashboard/child.c
WAITS_BEHIND = 500000000  # numbers of waits that none of the journal has


def command(setting, out, *words):
    return [os.path.join(setting.build, "client", "ctl", "waitlistctl"), "export", "cqc", "--from", setting.days_ago(FIVE_YEARS - 10), "--to",
            setting.until.isoformat(), "--unsigned", "--timeout", "600", "--out", out, *words]


def export(setting, out, *words, niceness=0):
    """Seconds that one pack takes, and its bytes."""
    began = time.monotonic()
    done = subprocess.run(["nice", "-n", str(niceness), *command(setting, out, *words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    taken = time.monotonic() - began
    if done.returncode:
        raise Failed("export: %s" % done.stdout.decode(errors="replace"))
    size = sum(os.path.getsize(os.path.join(out, name)) for name in os.listdir(out))
    shutil.rmtree(out)
    return taken, size


class Packs:
    """One pack after the other, from before the block until it is left; `seconds` of each."""

    def __init__(self, setting, out, *words, niceness=0):
        self.seconds, self.failure, self.ends = [], None, threading.Event()
        self.thread = threading.Thread(target=self.make, args=(setting, out, words, niceness))

    def make(self, setting, out, words, niceness):
        try:
            while not self.ends.is_set():
                self.seconds.append(export(setting, out, *words, niceness=niceness)[0])
        except Failed as failed:
            self.failure = failed

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()
        if self.failure:
            raise self.failure


def sending(setting, daemon, number):
    """Single events at 1,000 a second, then frames as fast as they are taken; of new waits, each time as many."""
    def send(part, **more):
        seed = WAITS_BEHIND + (2 * number + part) * setting.options.events
        return run_program(setting.program("send"), endpoint=daemon.ingest, seed=seed, shift=seed, begin=setting.days_ago(FEED_DAYS), until=setting.until,
                           **more)[0]
    steady = send(0, events=1000 * setting.options.seconds, frame=1, rate=1000)
    flat = send(1, events=setting.options.events, frame=64, window=window_of(64))
    return {"p50": steady["ack_p50_ms"], "p99": steady["ack_p99_ms"], "most": steady["ack_max_ms"], "rate": flat["events_per_s"]}


ALONE, ASKED, FROM_FILE = "alone", "beside a pack asked of the daemon, as the gateway does", "beside a pack from the journal's file"


def beside_sending(setting, daemon, out, known):
    """Every round alone and beside each way of making packs, by what was known before, so that each is of the same events."""
    results, packs = {ALONE: [], ASKED: [], FROM_FILE: []}, {ASKED: [], FROM_FILE: []}
    ways = {ASKED: (["--query-endpoint", daemon.query], GATEWAY_NICENESS), FROM_FILE: (["--journal", daemon.journal], 0)}
    for number in range(setting.options.rounds):
        results[ALONE].append(sending(setting, daemon, 3 * number))
        for place, (name, (words, niceness)) in enumerate(ways.items(), 1):
            with Packs(setting, out, "--known-at", known, *words, niceness=niceness) as made:
                results[name].append(sending(setting, daemon, 3 * number + place))
            packs[name] += made.seconds
    return results, packs


def show_sending(report, results, packs):
    rows = [("median of the rounds [least–most]", "ack p50 ms", "ack p99 ms", "most ms", "events/s flat out", "a pack, s")]
    for name, rounds in results.items():
        rows.append((name, *(Series([one[key] for one in rounds]).shown(pattern) for key, pattern in
                             (("p50", "%.2f"), ("p99", "%.2f"), ("most", "%.1f"), ("rate", "%.0f"))),
                     Series(packs[name]).shown("%.1f") if name in packs else "-"))
    report.table(rows)
    for name in packs:
        def ratio(key):
            return harness.ratios([one[key] for one in results[name]], [one[key] for one in results[ALONE]]).shown("%.2f")
        report.note("%s by alone: p50 %s, p99 %s, events a second %s" % (name, ratio("p50"), ratio("p99"), ratio("rate")))


def evidence(setting):
    options, report = setting.options, setting.report
    report.title("a pack of evidence, with {:,} events of five years".format(options.past_events))
    with Scratch() as scratch, Daemon(setting.build, scratch, clock="%sT22:00:00Z" % setting.until) as daemon:
        sent = run_program(setting.program("send"), endpoint=daemon.ingest, events=options.past_events, frame=64, window=256,
                           begin=setting.days_ago(FIVE_YEARS), until=setting.until)[0]
        out, endpoint, known = scratch.file("pack"), ["--query-endpoint", daemon.query], str(sent["accepted"])
        from_file = [export(setting, out, "--journal", daemon.journal) for _ in range(options.rounds)]
        from_daemon = [export(setting, out, *endpoint) for _ in range(options.rounds)]
        quiet = ask(setting, daemon, 200, op="summary", group_by=["pathway", "team"])
        beside, done = [], threading.Thread(target=export, args=(setting, out, *endpoint))
        done.start()
        while done.is_alive():
            beside.append(ask(setting, daemon, 50, op="summary", group_by=["pathway", "team"])["p50_ms"])
        done.join()
        results, packs = beside_sending(setting, daemon, out, known)
    report.table([("seconds, median [least–most]", "s", "kB"),
                  ("from the journal's file", Series([one[0] for one in from_file]).shown("%.1f"), "%d" % (from_file[0][1] / 1000)),
                  ("from the daemon", Series([one[0] for one in from_daemon]).shown("%.1f"), "%d" % (from_daemon[0][1] / 1000))])
    report.note("summary of today: %.2f ms, and %.2f ms while the daemon answers for a pack" % (quiet["p50_ms"], Series(beside).median))
    show_sending(report, results, packs)
    report.bar("evidence pack, seconds over {:,} events of five years".format(options.past_events),
               Series([one[0] for one in from_file]).median, "%.1f", 60, 10, False)
