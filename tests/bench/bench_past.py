"""Questions about other days: how long they take over a long journal, and what they cost those who ask about today."""

import datetime
import threading

from bench_state import BACKLOG_DAYS, ask
from harness import Daemon, Scratch, Series, run_program

YEAR = 365


def days_before(day, count):
    return day - datetime.timedelta(days=count)


def while_asking(setting, daemon, question):
    """Live questions one after the other while another is about the past: their percentiles."""
    done = threading.Thread(target=ask, args=(setting, daemon, 1), kwargs=question)
    done.start()
    live = []
    while done.is_alive():
        live.append(ask(setting, daemon, 50, op="summary", group_by=["pathway", "team"]))
    done.join()
    return live


def past(setting):
    options, report = setting.options, setting.report
    report.title("other days, with {:,} events of {} days".format(options.past_events, BACKLOG_DAYS))
    today = setting.until
    with Scratch() as scratch, Daemon(setting.build, scratch, clock="%sT22:00:00Z" % today) as daemon:
        run_program(setting.program("send"), endpoint=daemon.ingest, events=options.past_events, frame=64, window=256,
                    begin=setting.days_ago(BACKLOG_DAYS), until=setting.until)
        year = {"op": "series", "from": str(days_before(today, YEAR - 1)), "to": str(today)}
        first = ask(setting, daemon, 1, op="summary", group_by=["pathway"], as_at=str(days_before(today, 100)))["p50_ms"]
        rounds = {"another day": [], "a day half a year ago by what was known half-way": [], "the same day again": [],
                  "flow of a year by month": [], "a year of days, all": [], "a year of days by pathway and team": []}
        for number in range(options.rounds):
            day = {"op": "summary", "group_by": ["pathway"], "as_at": str(days_before(today, 10 + 20 * number))}
            rounds["another day"].append(ask(setting, daemon, 1, **day))
            rounds["the same day again"].append(ask(setting, daemon, 5, **day))
            rounds["a day half a year ago by what was known half-way"].append(
                ask(setting, daemon, 1, op="summary", as_at=str(days_before(today, 180 + number)), known_at=options.past_events // 2))
            rounds["flow of a year by month"].append(
                ask(setting, daemon, 1, op="flow", step="month", group_by=["pathway"], **{name: year[name] for name in ("from", "to")}))
            rounds["a year of days, all"].append(ask(setting, daemon, 1, **year))
            rounds["a year of days by pathway and team"].append(ask(setting, daemon, 1, group_by=["pathway", "team"], **year))
        quiet = ask(setting, daemon, 200, op="summary", group_by=["pathway", "team"])
        beside = while_asking(setting, daemon, dict(year, group_by=["pathway", "team"]))
        grown = daemon.memory()
    rows = [("milliseconds, median [least–most]", "ms", "rows", "bytes"),
            ("the first question, which reads the journal", "%.0f" % first, "-", "-")]
    for label, of in rounds.items():
        rows.append((label, Series([one["p50_ms"] for one in of]).shown("%.0f"), "%d" % of[0]["rows"], "%d" % of[0]["bytes"]))
    report.table(rows)
    report.note("summary of today: %.2f ms, and %.2f ms (p99 %.2f ms) while a year of days is computed; the daemon holds %.0f MB" % (
        quiet["p50_ms"], Series([one["p50_ms"] for one in beside]).median, max(one["p99_ms"] for one in beside), grown / 1e6))
    report.bar("position at a past day, seconds over {:,} events".format(options.past_events),
               Series([one["p50_ms"] for one in rounds["another day"]]).median / 1e3, "%.2f", 3, 0.3, False)
