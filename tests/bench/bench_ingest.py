"""Events on their way in: how many a second become durable and are acknowledged, how long one waits, how soon its alert is there."""

import os
import sqlite3

import harness
from harness import Daemon, Peer, Postgres, Scratch, Series, run_program

FEED_DAYS = 27     # a live feed: what arrived in the last four weeks
IMPORT_DAYS = 365  # a year of history: most waits are over their standard, and alerts are raised as they come in


def window_of(frame):
    """Messages under way, so many that a turn of the daemon is always full. This sender reads all answers and never sends again."""
    return 256 if frame > 1 else 4096


def events_per_turn(journal):
    """A turn of the daemon is one transaction, and all its segments carry the same received time."""
    database = sqlite3.connect(journal)
    events, turns = database.execute("SELECT total(count), count(DISTINCT received) FROM segment").fetchone()
    alerts = database.execute("SELECT count(*) FROM alert").fetchone()[0]
    database.close()
    return events / max(turns, 1), alerts


def feed_daemon(setting, seed, frame, days):
    """One round: a new journal, a saturating sender."""
    options = setting.options
    with Scratch() as scratch, Daemon(setting.build, scratch) as daemon:
        before = daemon.processor()
        figures = run_program(setting.program("send"), endpoint=daemon.ingest, events=options.events, seed=seed, frame=frame,
                              window=window_of(frame), begin=setting.days_ago(days), until=setting.until)[0]
        figures["processor_us"] = (daemon.processor() - before) / figures["events"] * 1e6
        figures["journal_bytes"] = daemon.journal_bytes() / figures["events"]
        daemon.stop()
        figures["per_turn"], figures["alerts"] = events_per_turn(daemon.journal)
    return figures


def feed_plain(setting, seed, batch):
    with Scratch() as scratch:
        return run_program(setting.program("plain"), mode="pack", path=scratch.file("plain.db"), batch=batch, events=setting.options.events,
                           seed=seed, begin=setting.days_ago(FEED_DAYS), until=setting.until)[0]


def feed_python(setting, seed, frame):
    with Scratch() as scratch:
        endpoint = "ipc://" + scratch.file("peer.ipc")
        script = os.path.join(harness.ROOT, "tests", "bench", "peer_consumer.py")
        with Peer("/usr/bin/python3", script, endpoint, scratch.file("peer.db")):
            return run_program(setting.program("send"), endpoint=endpoint, events=setting.options.peer_events, seed=seed, frame=frame,
                               window=window_of(frame), begin=setting.days_ago(FEED_DAYS), until=setting.until)[0]


def feed_postgres(setting, seed, cluster):
    return run_program(setting.program("database"), mode="ingest", connection=cluster.connection, batch=1000,
                       events=setting.options.peer_events, seed=seed, begin=setting.days_ago(FEED_DAYS), until=setting.until)[0]


def ingest_rounds(setting, cluster):
    """Every contestant once a round, always in the same order."""
    results = {}
    for seed in range(1, setting.options.rounds + 1):
        daemon = feed_daemon(setting, seed, 64, FEED_DAYS)
        turns = {
            "waitlistd, 64 events a frame": daemon,
            "plain C loop, as many a commit": feed_plain(setting, seed, max(1, round(daemon["per_turn"]))),
            "plain C loop, 1,024 a commit": feed_plain(setting, seed, 1024),
            "waitlistd, single events": feed_daemon(setting, seed, 1, FEED_DAYS),
            "waitlistd, a year of history": feed_daemon(setting, seed, 64, IMPORT_DAYS),
            "Python, 64 events a frame": feed_python(setting, seed, 64),
            "Python, single events": feed_python(setting, seed, 1),
        }
        if cluster:
            turns["PostgreSQL 15"] = feed_postgres(setting, seed, cluster)
        for name, figures in turns.items():
            results.setdefault(name, []).append(figures)
    return results


def rates(results, name):
    return [figures["events_per_s"] for figures in results[name]]


def show_ingest(setting, results):
    report = setting.report
    rows = [("durable events a second, median [least–most]", "events/s", "ack p50 ms", "ack p99 ms", "a commit", "CPU µs an event", "alerts")]
    for name, rounds in results.items():
        def middle(key, pattern, of=rounds):
            return pattern % Series([figures[key] for figures in of]).median if key in of[0] else "-"
        rows.append((name, Series(rates(results, name)).shown("%.0f"), middle("ack_p50_ms", "%.1f"), middle("ack_p99_ms", "%.1f"),
                     middle("per_turn", "%.0f"), middle("processor_us", "%.2f"), middle("alerts", "%.0f")))
    report.table(rows)
    daemon = rates(results, "waitlistd, 64 events a frame")
    report.bar("durable events a second", Series(daemon).median, "%.0f", 100000, 250000, True)
    plain = harness.ratios(daemon, rates(results, "plain C loop, as many a commit"))
    report.bar("ratio to the plain C loop, median of " + plain.shown("%.2f"), plain.median, "%.2f", 0.20, 0.40, True)
    python = harness.ratios(daemon, rates(results, "Python, 64 events a frame"))
    report.bar("ratio to Python, median of " + python.shown("%.1f"), python.median, "%.1f", 5, 15, True)
    if "PostgreSQL 15" in results:
        database = harness.ratios(daemon, rates(results, "PostgreSQL 15"))
        report.bar("ratio to PostgreSQL 15, median of " + database.shown("%.1f"), database.median, "%.1f", 4, 10, True)
    size = Series([figures["bytes"] / figures["events"] for figures in results["waitlistd, 64 events a frame"]]).median
    journal = Series([figures["journal_bytes"] for figures in results["waitlistd, 64 events a frame"]])
    report.bar("journal bytes an event of %.0f" % size, journal.median, "%.0f", 600, 400, False)


def postgres_or_none(setting):
    if not Postgres.program("initdb"):
        setting.report.note("PostgreSQL 15 is not installed: left out")
        return None
    if not os.access(setting.program("database"), os.X_OK):
        setting.report.note("libpq was not there at build time: PostgreSQL is left out")
        return None
    return Postgres()


def throughput(setting):
    options = setting.options
    setting.report.title("ingest: %d events a round (peers %d), %d rounds" % (options.events, options.peer_events, options.rounds))
    cluster = postgres_or_none(setting)
    if cluster is None:
        show_ingest(setting, ingest_rounds(setting, None))
        return
    with cluster:
        show_ingest(setting, ingest_rounds(setting, cluster))


def paced(setting, endpoint, seed, publish=None, each=None, days=FEED_DAYS):
    return run_program(setting.program("send"), endpoint=endpoint, publish=publish, events=1000 * setting.options.seconds, seed=seed, frame=1,
                       rate=1000, each=each, begin=setting.days_ago(days), until=setting.until)[0]


def latency_rounds(setting):
    """The daemon, a server that appends to a file, and bare appends, in turn."""
    results = {"waitlistd": [], "file behind a socket": [], "bare file": []}
    with Scratch() as scratch, Daemon(setting.build, scratch) as daemon:
        for seed in range(1, 2 * setting.options.rounds + 1):
            results["waitlistd"].append(paced(setting, daemon.ingest, seed))
            endpoint = "ipc://" + scratch.file("plain.ipc")
            with Peer(setting.program("plain"), "mode=serve", "endpoint=" + endpoint, "path=" + scratch.file("plain.log")):
                results["file behind a socket"].append(paced(setting, endpoint, seed))
            results["bare file"].append(run_program(setting.program("plain"), mode="append", path=scratch.file("bare.log"), rate=1000,
                                                    events=1000 * setting.options.seconds, seed=seed)[0])
    return results


def acknowledgement(setting):
    report = setting.report
    report.title("acknowledgement at 1,000 events/s: %d rounds of %d s" % (2 * setting.options.rounds, setting.options.seconds))
    results = latency_rounds(setting)
    rows = [("milliseconds, median of the rounds [least–most]", "p50", "p99", "most")]
    figures = {}
    for name, rounds in results.items():
        figures[name] = {key: [one[key] for one in rounds] for key in ("ack_p50_ms", "ack_p99_ms", "ack_max_ms")}
        rows.append((name,) + tuple(Series(values).shown("%.2f") for values in figures[name].values()))
    report.table(rows)
    for key, label, first, second in (("ack_p50_ms", "p50", 2, 1.3), ("ack_p99_ms", "p99", 5, 2)):
        ratio = harness.ratios(figures["waitlistd"][key], figures["file behind a socket"][key])
        report.bar("acknowledgement %s as a multiple of the file's behind a socket, median of %s" % (label, ratio.shown("%.2f")),
                   ratio.median, "%.2f", first, second, False)
        bare = harness.ratios(figures["waitlistd"][key], figures["bare file"][key])
        report.note("(%s as a multiple of the bare file's, without any socket: %s)" % (label, bare.shown("%.2f")))


def alerts(setting):
    """Every event is a referral of long ago, so that each raises alerts at once: the most that 1,000 events a second can cause."""
    report = setting.report
    report.title("alerts at 1,000 events/s, each of which raises some: %d rounds of %d s" % (setting.options.rounds, setting.options.seconds))
    rounds = []
    for seed in range(1, setting.options.rounds + 1):
        with Scratch() as scratch, Daemon(setting.build, scratch) as daemon:
            rounds.append(paced(setting, daemon.ingest, seed, daemon.publish, 1, 400))
    rows = [("milliseconds, median of the rounds [least–most]", "p50", "p99", "most")]
    for prefix, label in (("alert", "from the acknowledgement"), ("alert_from_sending", "from sending the event"), ("ack", "acknowledgement")):
        rows.append((label,) + tuple(Series([one["%s_%s_ms" % (prefix, part)] for one in rounds]).shown("%.2f") for part in ("p50", "p99", "max")))
    report.table(rows)
    report.note("%.1f alerts an event" % (sum(one["alert_count"] for one in rounds) / sum(one["accepted"] for one in rounds)))
    report.note("(an alert leaves before its acknowledgement does; from sending the event holds the whole trip, the commit included)")
    report.bar("acknowledgement to alert, p99 in ms", Series([one["alert_p99_ms"] for one in rounds]).median, "%.2f", 10, 2, False)
    report.bar("sending to alert, p99 in ms (commit included)", Series([one["alert_from_sending_p99_ms"] for one in rounds]).median, "%.2f", 10, 2, False)
