"""Acknowledgements at 1,000 events a second while a backup of a long journal is made and checked, and without one, in turn."""

import json
import os
import subprocess
import time

import harness
from bench_ingest import FEED_DAYS, window_of
from harness import Daemon, Scratch, Series, run_program

SAMPLE_S = 0.1


def make_backup(setting, daemon, name):
    """Seconds that it took, and how large the write-ahead file became meanwhile."""
    began, largest, done = time.monotonic(), 0, False
    command = [os.path.join(setting.build, "client", "ctl", "waitlistctl"), "-c", os.path.join(daemon.folder, "waitlistd.conf"), "backup", name]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        while not done:
            largest = max(largest, os.path.getsize(daemon.journal + "-wal"))
            try:
                process.wait(SAMPLE_S)
                done = True
            except subprocess.TimeoutExpired:
                pass
        if process.returncode:
            raise harness.Failed("the backup failed: " + process.stderr.read())
    took = time.monotonic() - began
    os.unlink(os.path.join(daemon.folder, "backups", name))
    return took, largest


def feed(setting, daemon, seed, seconds, name=None):
    """A round of so many seconds; with a name, a backup begins with it."""
    words = [setting.program("send")] + ["%s=%s" % pair for pair in (
        ("endpoint", daemon.ingest), ("events", 1000 * seconds), ("seed", seed), ("frame", 1), ("rate", 1000),
        ("begin", setting.days_ago(FEED_DAYS)), ("until", setting.until))]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as sender:
        made = make_backup(setting, daemon, name) if name else None
        output = sender.communicate()[0]
    if sender.returncode:
        raise harness.Failed("the sender failed")
    return json.loads(output), made


def backup(setting):
    """As many seconds as a backup takes, so that every acknowledgement of such a round lies beside it."""
    report, options = setting.report, setting.options
    report.title("acknowledgement beside a backup of %d events: %d rounds" % (options.replay_events, options.rounds))
    results, took, grown = {"without": [], "beside a backup": []}, [], []
    with Scratch() as scratch, Daemon(setting.build, scratch, checkpoints=0) as daemon:
        run_program(setting.program("send"), endpoint=daemon.ingest, events=options.replay_events, seed=1, frame=64, window=window_of(64),
                    begin=setting.days_ago(FEED_DAYS), until=setting.until)
        seconds = max(1, round(make_backup(setting, daemon, "first.db")[0]))
        for seed in range(2, 2 + options.rounds):
            results["without"].append(feed(setting, daemon, 2 * seed, seconds)[0])
            figures, made = feed(setting, daemon, 2 * seed + 1, seconds, "round-%d.db" % seed)
            results["beside a backup"].append(figures)
            took.append(made[0])
            grown.append(made[1] / 1e6)
        size = os.path.getsize(daemon.journal) / 1e6
    rows = [("milliseconds, median of the rounds [least–most]", "p50", "p99", "most")]
    for name, rounds in results.items():
        rows.append((name,) + tuple(Series([one[key] for one in rounds]).shown("%.2f") for key in ("ack_p50_ms", "ack_p99_ms", "ack_max_ms")))
    report.table(rows)
    report.note("a backup of %.0f MB took %s s; the write-ahead file grew to %s MB meanwhile"
                % (size, Series(took).shown("%.1f"), Series(grown).shown("%.0f")))
    ratio = harness.ratios([one["ack_p99_ms"] for one in results["beside a backup"]], [one["ack_p99_ms"] for one in results["without"]])
    report.note("p99 beside a backup as a multiple of that without: %s" % ratio.shown("%.2f"))
