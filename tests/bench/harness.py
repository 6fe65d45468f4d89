"""What the benchmarks start, stop and print: the daemon, its peers, medians with their spread, tables, bars."""

import json
import os
import pwd
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
READY_TIMEOUT_S = 600


class Failed(Exception):
    """Something could not be measured."""


def run_program(program_path, **arguments):
    """One of the C programs; its line of JSON."""
    words = [program_path] + ["%s=%s" % (name, value) for name, value in arguments.items() if value is not None]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise Failed("%s: %s" % (" ".join(words), done.stderr.strip() or "exit code %d" % done.returncode))
    return [json.loads(line) for line in done.stdout.splitlines()]


class Scratch:
    """A folder of its own under the temporary directory, taken away at the end."""

    def __init__(self, mode=0o700):
        self.path = tempfile.mkdtemp(prefix="waitlist-bench-")
        os.chmod(self.path, mode)

    def file(self, name):
        return os.path.join(self.path, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


class Daemon:
    """A waitlistd with the synthetic county's configuration, in a folder of its own; started and stopped as often as one likes."""

    def __init__(self, build, scratch, clock=None, checkpoints=None, tcp=None):
        """`tcp`: None for Unix sockets, "plain" or "curve" for TCP on the loopback address."""
        self.program = os.path.join(build, "daemon", "waitlistd")
        self.folder = scratch.path
        self.clock = clock
        self.process = None
        self.journal = scratch.file("journal.db")
        self.ingest = "ipc://" + scratch.file("ingest.ipc")
        self.publish = "ipc://" + scratch.file("publish.ipc")
        self.query = "ipc://" + scratch.file("query.ipc")
        with open(os.path.join(ROOT, "config", "lancashire-2025.conf"), encoding="utf-8") as file:
            text = file.read()
        text = text.replace("ipc:///run/waitlistd/", "ipc://%s/" % self.folder).replace("/var/lib/waitlistd/", self.folder + "/")
        self.keys = {}
        if tcp is not None:
            text = self.over_tcp(build, scratch, text, tcp)
        if checkpoints is not None:
            text = text.replace("journal = {", "journal = { checkpoint_events = %d; checkpoint_interval_s = 0;" % checkpoints)
        with open(scratch.file("waitlistd.conf"), "w", encoding="utf-8") as file:
            file.write(text)
        shutil.copy(os.path.join(ROOT, "config", "bank-holidays.json"), self.folder)

    def over_tcp(self, build, scratch, text, how):
        """The configuration with its endpoints on TCP; with keys, the sender's are in `keys`."""
        security = "allow_plain_loopback = true;"
        for name in ("ingest", "publish", "query"):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                endpoint = "tcp://127.0.0.1:%d" % free.getsockname()[1]
            text = text.replace(getattr(self, name), endpoint)
            setattr(self, name, endpoint)
        if how == "curve":
            for name in ("daemon", "sender"):
                subprocess.run([os.path.join(build, "client", "ctl", "waitlistctl"), "keygen", "--curve", scratch.file(name + ".key")],
                               stdout=subprocess.DEVNULL, check=True)
            with open(scratch.file("sender.key.pub"), encoding="ascii") as file:
                public = file.read().split()[1]
            security = 'secret_key = "%s"; peers = ( { name = "sender"; public_key = "%s"; roles = ( "admin", "producer" ); } );' % (
                scratch.file("daemon.key"), public)
            self.keys = {"key": scratch.file("sender.key"), "server_key": scratch.file("daemon.key.pub")}
        return text + "\nsecurity = { %s };\n" % security

    def start(self):
        """Returns the seconds until it said that it was ready."""
        path = os.path.join(self.folder, "notify")
        if os.path.exists(path):
            os.unlink(path)
        words = [self.program, "-c", os.path.join(self.folder, "waitlistd.conf"), "--log-level", "warning"]
        if self.clock:
            words += ["--simulated-clock", self.clock]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, open(os.path.join(self.folder, "log"), "ab") as log:
            notify.bind(path)
            notify.settimeout(1)
            began = time.monotonic()
            self.process = subprocess.Popen(words, stderr=log, env=dict(os.environ, NOTIFY_SOCKET=path))
            while time.monotonic() < began + READY_TIMEOUT_S:
                try:
                    if b"READY=1" in notify.recv(4096):
                        return time.monotonic() - began
                except socket.timeout:
                    if self.process.poll() is not None:
                        break
        self.stop(signal.SIGKILL)
        raise Failed("the daemon did not start: " + self.last_words())

    def last_words(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            return log.read()[-2000:]

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return
        process, self.process = self.process, None
        process.send_signal(how)
        code = process.wait(READY_TIMEOUT_S)
        if how == signal.SIGTERM and code:
            raise Failed("the daemon ended with %d: %s" % (code, self.last_words()))

    def memory(self):
        """Resident bytes."""
        with open("/proc/%d/statm" % self.process.pid, encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def processor(self):
        """Seconds of processor time so far, of all its threads."""
        with open("/proc/%d/stat" % self.process.pid, encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def journal_bytes(self):
        return sum(os.path.getsize(self.journal + end) for end in ("", "-wal") if os.path.exists(self.journal + end))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop(signal.SIGKILL)


class Peer:
    """A program that says "ready", then serves until its standard input ends."""

    def __init__(self, *words):
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            self.process.kill()
            self.process.wait()
            raise Failed("%s did not start" % words[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(READY_TIMEOUT_S)
        self.process.stdout.close()


class Postgres:
    """A cluster of its own: a fresh folder, a Unix socket, no network, PostgreSQL's defaults. It does not run as root."""

    def __init__(self):
        self.scratch = Scratch(0o711)
        self.data = self.scratch.file("data")
        self.as_user = {}
        if os.geteuid() == 0:
            name = "postgres" if "postgres" in [entry.pw_name for entry in pwd.getpwall()] else "nobody"
            account = pwd.getpwnam(name)
            self.as_user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            os.chown(self.scratch.path, account.pw_uid, account.pw_gid)
        self.connection = "host=%s dbname=postgres user=bench" % self.scratch.path

    @staticmethod
    def program(name):
        """Its path, or None when PostgreSQL 15 is not installed."""
        path = "/usr/lib/postgresql/15/bin/" + name
        return path if os.access(path, os.X_OK) else None

    def command(self, *words):
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.scratch.path, **self.as_user)
        if done.returncode:
            raise Failed("%s: %s" % (words[0], done.stdout[-2000:]))

    def __enter__(self):
        self.command(self.program("initdb"), "-D", self.data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--no-locale")
        options = "-c listen_addresses='' -c unix_socket_directories=%s" % self.scratch.path
        self.command(self.program("pg_ctl"), "-D", self.data, "-o", options, "-l", self.scratch.file("log"), "-w", "start")
        return self

    def __exit__(self, *_):
        try:
            self.command(self.program("pg_ctl"), "-D", self.data, "-m", "immediate", "-w", "stop")
        finally:
            self.scratch.__exit__()


class Series:
    """One figure over several rounds."""

    def __init__(self, values):
        self.values = sorted(values)
        self.median = statistics.median(self.values)

    def shown(self, pattern):
        return "%s [%s–%s]" % tuple(pattern % value for value in (self.median, self.values[0], self.values[-1]))


def ratios(first, second):
    """Of each round, so that what the machine did to a round it did to both."""
    return Series([a / b for a, b in zip(first, second)])


class Report:
    """Prints tables and bars as they come, and keeps the bars for the end. With `judges` false the numbers are too small to compare."""

    def __init__(self, judges=True):
        self.judges = judges
        self.bars = []

    @staticmethod
    def title(text):
        print("\n== " + text, flush=True)

    @staticmethod
    def note(text):
        print("   " + text, flush=True)

    @staticmethod
    def table(rows):
        """The first row is the heading; the first column text, the others figures."""
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        for row in rows:
            print("   " + "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))))
        print(end="", flush=True)

    def bar(self, what, value, pattern, first, second, at_least):
        """Compares a figure with its two bars and says which are reached; never fails the run."""
        if not self.judges:
            return
        def reached(bar):
            return value >= bar if at_least else value <= bar
        word = "reached (second bar too)" if reached(second) else "reached" if reached(first) else "not reached"
        sign = "≥" if at_least else "≤"
        line = "bar %s: %s, wanted %s %s (then %s): %s" % (what, pattern % value, sign, pattern % first, pattern % second, word)
        self.bars.append(line)
        print("   " + line, flush=True)
