"""What the daemon holds in memory: the cost of events and midnights as it grows, its size, its answers, and rebuilding it at the start."""

import datetime
import json
import os
import re
import signal
import time

import zmq

import harness
from harness import Daemon, Peer, Scratch, Series, run_program
from bench_ingest import FEED_DAYS, paced, postgres_or_none

SIZES = (1000, 10000, 100000, 1000000)
BACKLOG_DAYS = 365  # the open waits of the query benchmark began within a year: some 2,700 of a million pass 28 days at each midnight
FEW_MIDNIGHTS = 5
QUIET_DAYS = 12     # nobody has reached a standard of 21 or 28 days yet: waits with few open alerts


def core(setting):
    report = setting.report
    sizes = [size for size in SIZES if size <= max(setting.options.open, SIZES[0])]
    report.title("the core alone: an event and a midnight at %s open waits" % ", ".join("{:,}".format(size) for size in sizes))
    config = os.path.join(harness.ROOT, "config", "lancashire-2025.conf")
    rows = [("open waits (each with four open alerts)", "ns an event", "in turns of 256", "on 1,000 of them", "µs a midnight, 20 passing", "waits touched")]
    costs = []
    for size in sizes:
        one = run_program(setting.program("core"), mode="cost", config=config, open=size)[0]
        costs.append(one)
        rows.append(("{:,}".format(size), "%d [%d–%d]" % (one["event_ns"], one["event_ns_least"], one["event_ns_most"]),
                     "%d" % one["event_in_turn_ns"], "%d" % one["event_of_few_ns"],
                     "%.1f [%.1f–%.1f]" % tuple(one["midnight_ns" + end] / 1e3 for end in ("", "_least", "_most")), "%.0f" % one["touched"]))
    report.table(rows)
    report.note("from the fewest to the most waits: an event ×%.1f, on 1,000 of them ×%.1f, a midnight ×%.1f"
                % tuple(costs[-1][key] / costs[0][key] for key in ("event_ns", "event_of_few_ns", "midnight_ns")))
    crossing = min(2000, setting.options.open)
    night = run_program(setting.program("core"), mode="cost", config=config, open=sizes[-1], crossing=crossing, count=2000)[0]
    report.note("midnight with {:,} open and {:,} passing their standard, core alone: {:.2f} ms, {:.0f} alert transitions".format(
        sizes[-1], crossing, night["midnight_ns_most"] / 1e6, night["transitions"]))
    memory(setting, config)


def memory(setting, config):
    report = setting.report
    waits = max(200, setting.options.open // 5)
    opened = run_program(setting.program("core"), mode="memory", config=config, open=waits, each=5,
                         begin=setting.days_ago(QUIET_DAYS), until=setting.until)[0]
    backlog = run_program(setting.program("core"), mode="memory", config=config, open=waits, each=5,
                          begin=setting.days_ago(BACKLOG_DAYS), until=setting.until)[0]
    ended = run_program(setting.program("core"), mode="memory", config=config, open=1, events=waits * 5, each=5,
                        begin=setting.days_ago(BACKLOG_DAYS), until=setting.until)[0]
    identity = run_program(setting.program("core"), mode="identity", count=waits * 5)[0]
    rows = [("memory of the register, five events a wait", "waits", "open", "open alerts", "bytes a wait")]
    for name, one in (("open, most below their standard", opened), ("open, a year's backlog with its alerts", backlog), ("ended", ended)):
        rows.append((name, "%d" % one["waits"], "%d" % one["open"], "%d" % one["open_alerts"], "%.0f" % (one["bytes"] / one["waits"])))
    report.table(rows)
    report.note("identities: %.1f bytes, %d ns to add, %d ns to find, longest 64 additions %.0f µs" % (
        identity["bytes"] / identity["count"], identity["add_ns"], identity["find_ns"], identity["longest_64_adds_us"]))
    report.bar("bytes an open wait", opened["bytes"] / opened["waits"], "%.0f", 400, 160, False)
    report.bar("bytes an ended wait", ended["bytes"] / ended["waits"], "%.0f", 200, 64, False)
    report.bar("bytes an identity", identity["bytes"] / identity["count"], "%.1f", 40, 16, False)


def ask(setting, daemon, times, **request):
    return run_program(setting.program("ask"), endpoint=daemon.query, request=json.dumps(dict(request, v=1)), times=times)[0]


def midnights(setting, daemon, today):
    """Through the clock of the daemon: the answer comes when the midnight is done, journalled and published."""
    stalls, alerts = [], []
    for day in range(1, FEW_MIDNIGHTS + 1):
        before = alert_seq(daemon)
        # First to the last second, so that the timed step holds nothing but the midnight.
        ask(setting, daemon, 1, op="clock.set", now="%sT23:59:59Z" % (today + datetime.timedelta(days=day - 1)))
        stalls.append(ask(setting, daemon, 1, op="clock.set", now="%sT02:00:00Z" % (today + datetime.timedelta(days=day)))["max_ms"])
        alerts.append(alert_seq(daemon) - before)
    return stalls, alerts


def alert_seq(daemon):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.linger = 0
    socket.connect(daemon.query)
    socket.send(b'{"v":1,"op":"health"}')
    reply = json.loads(socket.recv())
    socket.close()
    return reply["alert_seq"]


def query(setting):
    options, report = setting.options, setting.report
    report.title("queries and midnights with {:,} open waits that began within {} days".format(options.open, BACKLOG_DAYS))
    today = setting.until + datetime.timedelta(days=1)
    with Scratch() as scratch, Daemon(setting.build, scratch, clock="%sT12:00:00Z" % today) as daemon:
        before = daemon.memory()
        loaded = run_program(setting.program("send"), endpoint=daemon.ingest, open=options.open, each=1, frame=64, window=256,
                             begin=setting.days_ago(BACKLOG_DAYS), until=setting.until)[0]
        alerts = alert_seq(daemon)
        report.note("loaded %d waits at %.0f events/s with %d alert transitions; the daemon grew by %.0f MB"
                    % (loaded["accepted"], loaded["events_per_s"], alerts, (daemon.memory() - before) / 1e6))
        summary = {"op": "summary", "group_by": ["pathway", "team"]}
        page = {"op": "waits", "filter": {"team": "sw_preston"}, "limit": 100}
        rounds = {"summary": [], "page": [], "fine": []}
        for _ in range(options.rounds):
            rounds["summary"].append(ask(setting, daemon, 50, **summary))
            rounds["page"].append(ask(setting, daemon, 10, **page))
            rounds["fine"].append(ask(setting, daemon, 5, op="summary", group_by=["district", "client_group", "priority", "stage"]))
        grouped = group_by(setting)
        stalls, raised = midnights(setting, daemon, today)
    rows = [("milliseconds, median of %d rounds [least–most]" % options.rounds, "p50", "p99", "rows", "bytes")]
    for name, label in (("summary", "summary by pathway and team"), ("page", "waits: 100 of one team by days"),
                        ("fine", "summary by district, group, priority, stage")):
        of = rounds[name]
        rows.append((label, Series([one["p50_ms"] for one in of]).shown("%.2f"), Series([one["p99_ms"] for one in of]).shown("%.2f"),
                     "%d" % of[0]["rows"], "%d" % of[0]["bytes"]))
    for one in grouped:
        rows.append(("PostgreSQL 15, GROUP BY pathway, team", "%.1f [%.1f–%.1f]" % (one["p50_ms"], one["least_ms"], one["most_ms"]), "-", "%d" % one["rows"], "-"))
    report.table(rows)
    report.note("midnights: %s ms with %s alert transitions" % (Series(stalls).shown("%.1f"), Series(raised).shown("%.0f")))
    middle = Series([one["p50_ms"] for one in rounds["summary"]]).median
    report.bar("summary of all pathways and teams, ms", middle, "%.2f", 5, 0.5, False)
    if grouped:
        report.bar("summary, ratio to PostgreSQL's GROUP BY", grouped[0]["p50_ms"] / middle, "%.0f", 50, 1000, True)
    report.bar("page of 100 waits of one team, ms", Series([one["p50_ms"] for one in rounds["page"]]).median, "%.2f", 20, 2, False)
    report.bar("midnight, stall in ms", max(stalls), "%.1f", 500, 50, False)


def group_by(setting):
    """PostgreSQL's answer with the same measures over the same waits; an empty list without PostgreSQL."""
    cluster = postgres_or_none(setting)
    if cluster is None:
        return []
    load = {"connection": cluster.connection, "open": setting.options.open, "each": 1, "begin": setting.days_ago(BACKLOG_DAYS), "until": setting.until}
    with cluster:
        run_program(setting.program("database"), mode="load", **load)
        return run_program(setting.program("database"), mode="group", connection=cluster.connection,
                           today=setting.until + datetime.timedelta(days=1), times=setting.options.rounds)


class Starts:
    """Ends a daemon in one way or the other and measures the start; the events between are of waits that nobody has heard of."""

    def __init__(self, setting, daemon, tail):
        self.setting, self.daemon, self.tail = setting, daemon, tail
        self.shift = 500000000

    def ask(self, op):
        socket = zmq.Context.instance().socket(zmq.REQ)
        socket.linger = 0
        socket.connect(self.daemon.query)
        socket.send(json.dumps({"v": 1, "op": op}).encode())
        reply = json.loads(socket.recv())
        socket.close()
        return reply

    def send(self, **how):
        self.shift += 1000000
        return run_program(self.setting.program("send"), endpoint=self.daemon.ingest, seed=self.shift, shift=self.shift,
                           begin=self.setting.days_ago(FEED_DAYS), until=self.setting.until, **how)[0]

    def wait_until(self, holds, what):
        """Looks again whenever the daemon shows that it lives."""
        socket = zmq.Context.instance().socket(zmq.SUB)
        socket.linger, socket.rcvtimeo = 0, 1000 * harness.READY_TIMEOUT_S
        socket.connect(self.daemon.publish)
        socket.subscribe(b"heartbeat.")
        until = time.monotonic() + harness.READY_TIMEOUT_S
        while not holds():
            if time.monotonic() > until:
                raise harness.Failed(what)
            socket.recv_multipart()
        socket.close()

    def take_checkpoints(self, events):
        """After so many events from now on, 0: never."""
        path = os.path.join(self.daemon.folder, "waitlistd.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r"checkpoint_events = \d+", "checkpoint_events = %d" % events, text))
        self.daemon.process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: self.ask("config")["config"]["journal"]["checkpoint_events"] == events, "the daemon was not reloaded")

    def is_kept(self):
        now = self.ask("health")
        return now["checkpoint"] is not None and now["checkpoint"]["seq"] == now["journal_seq"]

    def keep(self):
        """Everything up to now, and from now on whatever comes."""
        self.take_checkpoints(1)
        self.wait_until(self.is_kept, "no checkpoint was taken: " + self.daemon.last_words())

    def full(self, how):
        """Without its checkpoint; the start writes the next one."""
        self.daemon.stop(how)
        if os.path.exists(self.daemon.journal + ".checkpoint"):
            os.unlink(self.daemon.journal + ".checkpoint")
        return self.daemon.start()

    def with_tail(self, how):
        """From a checkpoint, and the events since."""
        self.keep()
        self.take_checkpoints(0)
        self.send(events=self.tail, frame=64, window=64)
        self.daemon.stop(how)
        return self.daemon.start()


def replay(setting):
    options, report = setting.options, setting.report
    report.title("start-up with {:,} events".format(options.replay_events))
    tail = min(50000, options.replay_events // 20)  # as many as the default lets come together
    full = {signal.SIGTERM: [], signal.SIGKILL: []}
    short = {signal.SIGTERM: [], signal.SIGKILL: []}
    with Scratch() as scratch, Daemon(setting.build, scratch, checkpoints=tail) as daemon:
        loaded = run_program(setting.program("send"), endpoint=daemon.ingest, events=options.replay_events, frame=64, window=256,
                             begin=setting.days_ago(BACKLOG_DAYS), until=setting.until)[0]
        starts = Starts(setting, daemon, tail)
        alerts = alert_seq(daemon)
        size = daemon.journal_bytes()
        for _ in range(options.rounds):
            for how in (signal.SIGTERM, signal.SIGKILL):
                full[how].append(starts.full(how))
        for _ in range(max(3, options.rounds)):
            for how in (signal.SIGTERM, signal.SIGKILL):
                short[how].append(starts.with_tail(how))
        checkpoint = os.path.getsize(daemon.journal + ".checkpoint")
        latency = checkpoint_latency(setting, starts, scratch)
    rows = [("seconds until ready, median [least–most]", "after a clean stop", "after kill -9")]
    for label, of in (("full replay", full), ("checkpoint and %d events" % tail, short)):
        rows.append((label, Series(of[signal.SIGTERM]).shown("%.2f"), Series(of[signal.SIGKILL]).shown("%.2f")))
    report.table(rows)
    report.note("journal: %.0f MB, %.0f bytes an event of %.0f, with %d alert transitions; checkpoint: %.0f MB" % (
        size / 1e6, size / loaded["accepted"], loaded["bytes"] / loaded["events"], alerts, checkpoint / 1e6))
    show_checkpoint_latency(report, latency)
    how_measured = "measured" if options.replay_events == 10000000 else "projected"
    report.bar("full replay, seconds for 10,000,000 events (%s)" % how_measured,
               Series(full[signal.SIGTERM]).median * 1e7 / options.replay_events, "%.1f", 40, 15, False)
    if options.replay_events == 10000000:
        report.bar("start from a checkpoint, seconds with 10,000,000 events", Series(short[signal.SIGTERM]).median, "%.2f", 5, 1, False)
    for label, of in (("full replay", full), ("start from a checkpoint", short)):
        ratio = harness.ratios(of[signal.SIGKILL], of[signal.SIGTERM])
        report.bar("%s after kill -9 by that after a clean stop, median of %s" % (label, ratio.shown("%.2f")), ratio.median, "%.2f", 1.5, 1.1, False)


def checkpoint_latency(setting, starts, scratch):
    """Acknowledgements while no checkpoint is taken, while one is taken after the other, and of a program whose store is a file, in turn."""
    rounds = {"no checkpoint": [], "one checkpoint after the other": [], "file behind a socket": []}
    seconds = setting.options.seconds
    for seed in range(1, 2 * setting.options.rounds + 1):
        starts.take_checkpoints(0)
        rounds["no checkpoint"].append(starts.send(events=1000 * seconds, frame=1, rate=1000))
        starts.keep()
        rounds["one checkpoint after the other"].append(starts.send(events=1000 * seconds, frame=1, rate=1000))
        starts.take_checkpoints(0)
        endpoint = "ipc://" + scratch.file("plain.ipc")
        with Peer(setting.program("plain"), "mode=serve", "endpoint=" + endpoint, "path=" + scratch.file("plain.log")):
            rounds["file behind a socket"].append(paced(setting, endpoint, seed))
    return rounds


def show_checkpoint_latency(report, latency):
    rows = [("acknowledgement at 1,000 events/s, ms, median [least–most]", "p50", "p99", "most")]
    for label, rounds in latency.items():
        rows.append((label,) + tuple(Series([one["ack_%s_ms" % part] for one in rounds]).shown("%.2f") for part in ("p50", "p99", "max")))
    report.table(rows)
    for part, first, second in (("p50", 2, 1.3), ("p99", 5, 2)):
        of = {label: [one["ack_%s_ms" % part] for one in rounds] for label, rounds in latency.items()}
        ratio = harness.ratios(of["one checkpoint after the other"], of["file behind a socket"])
        report.bar("acknowledgement %s while checkpoints are taken as a multiple of the file's behind a socket, median of %s"
                   % (part, ratio.shown("%.2f")), ratio.median, "%.2f", first, second, False)
