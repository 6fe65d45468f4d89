"""What the tests of the client side share: the programs under test, and a fake daemon in a fresh directory for each test."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

from fake_daemon import FakeDaemon

CTL = os.environ["WAITLISTCTL"]
EXAMPLES = os.environ["WAITLIST_EXAMPLES"]  # where the compiled examples are
SCRIPTS = os.environ["WAITLIST_SCRIPTS"]  # where those in Python are
LIMIT = 60  # seconds; a limit, never a wait


def event(number, kind="asc.referral.received"):
    return {"specversion": "1.0", "id": f"e-{number}", "source": "urn:test", "type": kind, "subject": f"W-{number}",
            "time": "2025-04-01T09:00:00Z", "data": {"pathway": "needs_assessment", "team": "north", "person": f"P-{number}"}}


def ndjson(events):
    return "".join(json.dumps(one) + "\n" for one in events)


class ClientTest(unittest.TestCase):
    """One fake daemon, one scratch directory; the programs see no configuration of this machine."""

    epoch = "epoch-1"

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="waitlist-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.daemon = FakeDaemon(self.directory, epoch=self.epoch)
        self.addCleanup(lambda: self.daemon.close())
        self.daemon.start()
        self.started = []
        self.addCleanup(self.end_all)

    def end_all(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def restart(self, **changes):
        """The daemon ends as if killed and comes back with what it had on its disk."""
        old = self.daemon
        old.close()
        self.daemon = FakeDaemon(self.directory, epoch=old.epoch)
        for name in ("alerts", "alert_topics", "positions", "events", "journal_seq", "alerts_epoch", "page"):
            setattr(self.daemon, name, getattr(old, name))
        for name, value in changes.items():
            setattr(self.daemon, name, value)
        self.daemon.start()

    def set(self, **values):
        def act(daemon):
            for name, value in values.items():
                setattr(daemon, name, value)
        self.daemon.do(act)

    def command(self, *arguments):
        return [CTL, "--endpoint", self.directory, *arguments]

    def run_ctl(self, *arguments, stdin=None, environment=None):
        result = subprocess.run(self.command(*arguments), input=stdin, capture_output=True, timeout=LIMIT, check=False,
                                env={**os.environ, **(environment or {})})
        return result.returncode, result.stdout.decode(), result.stderr.decode()

    def start_ctl(self, *arguments, **options):
        return self.start(self.command(*arguments), **options)

    def start(self, words, **options):
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        process = subprocess.Popen(words, **options)
        self.started.append(process)
        return process

    def finish(self, process):
        out, err = process.communicate(timeout=LIMIT)
        return process.returncode, out.decode(), err.decode()

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        return path
