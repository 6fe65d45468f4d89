"""What keys cost: events on their way in over TCP with CURVE, beside plain TCP on the same machine and a Unix socket, in the same rounds."""

import harness
from bench_ingest import FEED_DAYS, window_of
from harness import Daemon, Scratch, Series, run_program

WAYS = (("Unix socket", None), ("plain TCP", "plain"), ("TCP with CURVE", "curve"))


def feed(setting, seed, frame, tcp):
    with Scratch() as scratch, Daemon(setting.build, scratch, tcp=tcp) as daemon:
        before = daemon.processor()
        figures = run_program(setting.program("send"), endpoint=daemon.ingest, events=setting.options.events, seed=seed, frame=frame,
                              window=window_of(frame), begin=setting.days_ago(FEED_DAYS), until=setting.until, **daemon.keys)[0]
        figures["processor_us"] = (daemon.processor() - before) / figures["events"] * 1e6
    return figures


def throughput(setting):
    report = setting.report
    results = {}
    for seed in range(1, setting.options.rounds + 1):
        for frame in (64, 1):
            for name, tcp in WAYS:
                results.setdefault((frame, name), []).append(feed(setting, seed, frame, tcp))
    rows = [("durable events a second, median [least–most]", "events/s", "ack p50 ms", "ack p99 ms", "CPU µs an event")]
    for (frame, name), rounds in results.items():
        rows.append(("%s, %s" % (name, "64 events a frame" if frame > 1 else "single events"),
                     Series([one["events_per_s"] for one in rounds]).shown("%.0f"),
                     *("%.2f" % Series([one[key] for one in rounds]).median for key in ("ack_p50_ms", "ack_p99_ms", "processor_us"))))
    report.table(rows)
    for frame, label in ((64, "64 events a frame"), (1, "single events")):
        rates = {name: [one["events_per_s"] for one in results[frame, name]] for name, _ in WAYS}
        for other in ("plain TCP", "Unix socket"):
            ratio = harness.ratios(rates["TCP with CURVE"], rates[other])
            report.note("ratio of TCP with CURVE to %s, %s: median of %s" % (other, label, ratio.shown("%.2f")))


def acknowledgement(setting):
    report = setting.report
    results = {name: [] for name, _ in WAYS}
    for seed in range(1, 2 * setting.options.rounds + 1):
        for name, tcp in WAYS:
            with Scratch() as scratch, Daemon(setting.build, scratch, tcp=tcp) as daemon:
                results[name].append(run_program(setting.program("send"), endpoint=daemon.ingest, events=1000 * setting.options.seconds,
                                                 seed=seed, frame=1, rate=1000, begin=setting.days_ago(FEED_DAYS), until=setting.until,
                                                 **daemon.keys)[0])
    rows = [("acknowledgement at 1,000 events/s, milliseconds, median of the rounds [least–most]", "p50", "p99", "most")]
    for name, rounds in results.items():
        rows.append((name,) + tuple(Series([one[key] for one in rounds]).shown("%.2f") for key in ("ack_p50_ms", "ack_p99_ms", "ack_max_ms")))
    report.table(rows)
    for key, label in (("ack_p50_ms", "p50"), ("ack_p99_ms", "p99")):
        ratio = harness.ratios([one[key] for one in results["TCP with CURVE"]], [one[key] for one in results["plain TCP"]])
        report.note("ratio of TCP with CURVE to plain TCP, acknowledgement %s: median of %s" % (label, ratio.shown("%.2f")))


def curve(setting):
    options = setting.options
    setting.report.title("keys: %d events a round, %d rounds; then 1,000 events/s, %d rounds of %d s"
                         % (options.events, options.rounds, 2 * options.rounds, options.seconds))
    throughput(setting)
    acknowledgement(setting)
