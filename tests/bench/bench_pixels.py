"""The dashboard in a real Chromium: from a commit to the pixels of an open page, and what its first load takes over the wire."""

import json
import os
import shutil
import subprocess

from harness import Failed, Series

HERE = os.path.dirname(os.path.abspath(__file__))


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def pixels(setting):
    build, report = setting.build, setting.report
    web = os.path.join(build, "client", "dashboard", "web")
    report.title("the dashboard, from a commit to pixels")
    if shutil.which("node") is None or not os.path.exists(os.path.join(web, "site", "index.html")):
        report.note("left out: the pages are not built (node, npm, Chromium)")
        return
    environment = dict(os.environ, WAITLISTD=os.path.join(build, "daemon", "waitlistd"),
                       WAITLISTCTL=os.path.join(build, "client", "ctl", "waitlistctl"),
                       WAITLIST_DASHBOARD=os.path.join(build, "client", "dashboard", "waitlist-dashboard"),
                       WAITLIST_WEB_WORK=os.path.join(web, "work"), WAITLIST_WEB_SITE=os.path.join(web, "site"))
    count = 3 if setting.options.smoke else 20 * setting.options.rounds
    ran = subprocess.run(["node", os.path.join(HERE, "pixels.mjs"), str(count)], env=environment, stdout=subprocess.PIPE, check=False)
    if ran.returncode != 0:
        raise Failed("pixels.mjs ended with exit code %d" % ran.returncode)
    measured = json.loads(ran.stdout)
    report.table([
        ("", "median [least–most]", "p99"),
        ("acknowledgement to pixels, ms", Series(measured["ms"]).shown("%.0f"), "%.0f" % percentile(measured["ms"], 0.99)),
        ("first load: pages, kB over the wire", "%.1f" % (measured["bytes"]["pages"] / 1e3), "-"),
        ("first load: answers of the API, kB", "%.1f" % (measured["bytes"]["answers"] / 1e3), "-")])
    report.note("one event at a time; positions are published every 250 ms at most, which is most of it")
    report.bar("first load of the dashboard over the wire, kB", sum(measured["bytes"].values()) / 1e3, "%.0f", 400, 200, False)
    report.bar("acknowledgement to pixels, p99, seconds", percentile(measured["ms"], 0.99) / 1e3, "%.2f", 1, 0.4, False)
