"""A pack of evidence over five years: how long it takes from a journal's file, and what it costs those who ask about today of the daemon."""

import os
import shutil
import subprocess
import threading
import time

from bench_state import ask
from harness import Daemon, Failed, Scratch, Series, run_program

FIVE_YEARS = 1826


def export(setting, out, *source):
    """Seconds that one pack takes, and its bytes."""
    command = [os.path.join(setting.build, "client", "ctl", "waitlistctl"), *source, "export", "cqc", "--from", setting.days_ago(FIVE_YEARS - 10),
               "--to", setting.until.isoformat(), "--unsigned", "--timeout", "600", "--out", out]
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    taken = time.monotonic() - began
    if done.returncode:
        raise Failed("export: %s" % done.stdout.decode(errors="replace"))
    size = sum(os.path.getsize(os.path.join(out, name)) for name in os.listdir(out))
    shutil.rmtree(out)
    return taken, size


def evidence(setting):
    options, report = setting.options, setting.report
    report.title("a pack of evidence, with {:,} events of five years".format(options.past_events))
    with Scratch() as scratch, Daemon(setting.build, scratch, clock="%sT22:00:00Z" % setting.until) as daemon:
        run_program(setting.program("send"), endpoint=daemon.ingest, events=options.past_events, frame=64, window=256,
                    begin=setting.days_ago(FIVE_YEARS), until=setting.until)
        out, endpoint = scratch.file("pack"), ["--query-endpoint", daemon.query]
        from_file = [export(setting, out, "--journal", daemon.journal) for _ in range(options.rounds)]
        from_daemon = [export(setting, out, *endpoint) for _ in range(options.rounds)]
        quiet = ask(setting, daemon, 200, op="summary", group_by=["pathway", "team"])
        beside, done = [], threading.Thread(target=export, args=(setting, out, *endpoint))
        done.start()
        while done.is_alive():
            beside.append(ask(setting, daemon, 50, op="summary", group_by=["pathway", "team"])["p50_ms"])
        done.join()
    report.table([("seconds, median [least–most]", "s", "kB"),
                  ("from the journal's file", Series([one[0] for one in from_file]).shown("%.1f"), "%d" % (from_file[0][1] / 1000)),
                  ("from the daemon", Series([one[0] for one in from_daemon]).shown("%.1f"), "%d" % (from_daemon[0][1] / 1000))])
    report.note("summary of today: %.2f ms, and %.2f ms while the daemon answers for a pack" % (quiet["p50_ms"], Series(beside).median))
    report.bar("evidence pack, seconds over {:,} events of five years".format(options.past_events),
               Series([one[0] for one in from_file]).median, "%.1f", 60, 10, False)
