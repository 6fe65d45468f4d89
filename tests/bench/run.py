#!/usr/bin/python3
"""Runs the benchmarks and prints a table and the bars of each: run.py BUILD [NAME…] [options]; `run.py --help` lists them.

Every figure stands beside a reference measured in the same run, rounds alternate, a median comes with its spread. Time never fails a run.
"""

import argparse
import datetime
import os
import platform
import sqlite3
import sys

import harness
import bench_backup
import bench_evidence
import bench_ingest
import bench_keys
import bench_pages
import bench_past
import bench_pixels
import bench_relay
import bench_state

BENCHMARKS = {
    "ingest": bench_ingest.throughput,
    "curve": bench_keys.curve,
    "ack": bench_ingest.acknowledgement,
    "alert": bench_ingest.alerts,
    "query": bench_state.query,
    "core": bench_state.core,
    "replay": bench_state.replay,
    "past": bench_past.past,
    "backup": bench_backup.backup,
    "evidence": bench_evidence.evidence,
    "webhook": bench_relay.webhook,
    "pages": bench_pages.pages,
    "pixels": bench_pixels.pixels,
}


class Setting:
    """What every benchmark is given."""

    def __init__(self, options):
        self.options = options
        self.build = os.path.abspath(options.build)
        self.report = harness.Report(judges=not options.smoke)
        # Until yesterday, so that no event is in the future whatever the hour.
        self.until = datetime.date.today() - datetime.timedelta(days=1)

    def program(self, name):
        return os.path.join(self.build, "tests", "bench", "bench_" + name)

    def days_ago(self, days):
        return (self.until - datetime.timedelta(days=days)).isoformat()


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return "%s, %d processors, %.0f GiB, Linux %s, SQLite %s, load average %.2f" % (
        model, os.cpu_count(), memory, platform.release(), sqlite3.sqlite_version, os.getloadavg()[0])


def arguments():
    parser = argparse.ArgumentParser(description="Measures speed, memory and latency against references in the same run.")
    parser.add_argument("build", help="the folder that CMake built in")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which: %s (default: all)" % ", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each measurement (default 5; latency takes twice as many)")
    parser.add_argument("--events", type=int, default=400000, help="events a round of ingest (default 400000)")
    parser.add_argument("--peer-events", type=int, default=100000, help="events a round of the slower peers (default 100000)")
    parser.add_argument("--seconds", type=int, default=3, help="seconds a round of latency (default 3)")
    parser.add_argument("--open", type=int, default=1000000, help="open waits of the query benchmark (default 1000000)")
    parser.add_argument("--replay-events", type=int, default=1000000, help="events of the replay benchmark (default 1000000)")
    parser.add_argument("--past-events", type=int, default=1000000, help="events of the benchmark of other days (default 1000000)")
    parser.add_argument("--smoke", action="store_true", help="small numbers and no bars: only whether everything works")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error("no benchmark is called " + ", ".join(unknown))
    if options.smoke:
        options.rounds, options.events, options.peer_events, options.seconds = 1, 3000, 1200, 1
        options.open, options.replay_events, options.past_events = 2000, 3000, 3000
    return options


def main():
    options = arguments()
    setting = Setting(options)
    setting.report.note(machine())
    for name in options.names or BENCHMARKS:
        BENCHMARKS[name](setting)
    if setting.report.bars:
        setting.report.title("bars")
    for line in setting.report.bars:
        setting.report.note(line)


if __name__ == "__main__":
    try:
        main()
    except harness.Failed as failed:
        print("bench: %s" % failed, file=sys.stderr)
        sys.exit(1)
