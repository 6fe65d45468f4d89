"""Five hundred open pages of the dashboard: what they cost the gateway and the daemon, and how long a commit takes to a page."""

import datetime
import json
import os
import selectors
import socket
import subprocess
import threading
import time

import zmq

from harness import Daemon, Failed, Scratch, Series

CHANGES_A_SECOND = 10
QUEUES = [(pathway, team) for pathway in ("review", "ot_assessment", "needs_assessment") for team in ("review_central", "ot_central", "sw_preston")]


class Gateway:
    """A waitlist-dashboard in front of a daemon, found by the line that it logs when it is ready."""

    def __init__(self, build, daemon):
        self.process = subprocess.Popen(
            [os.path.join(build, "client", "dashboard", "waitlist-dashboard"), "-c", os.path.join(daemon.folder, "waitlistd.conf"), "--listen", "127.0.0.1:0", "--sign-in=none", "--open-role=admin", "--web", daemon.folder],
            stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "ready" in line:
                self.port = int(line.rsplit(":", 1)[1].rstrip("/\n"))
                break
        else:
            raise Failed("the gateway does not start")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def processor(self):
        with open("/proc/%d/stat" % self.process.pid, encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        with open("/proc/%d/statm" % self.process.pid, encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)


class Pages:
    """Open streams, read by a thread; the first one's alerts are noted with the moment in which they came."""

    def __init__(self, port, count):
        self.selector = selectors.DefaultSelector()
        self.socks, self.reads, self.bytes, self.came = [], 0, 0, {}
        self.noted = threading.Condition()
        for number in range(count):
            sock = socket.create_connection(("127.0.0.1", port))
            sock.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            sock.setblocking(False)
            self.selector.register(sock, selectors.EVENT_READ, number == 0)
            self.socks.append(sock)
        self.stop_read, self.stop_write = os.pipe()
        self.selector.register(self.stop_read, selectors.EVENT_READ, None)
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self):
        rest = b""
        while True:
            for key, _ in self.selector.select():
                if key.data is None:
                    return
                data = key.fileobj.recv(262144)
                self.reads += 1
                self.bytes += len(data)
                if key.data:
                    now = time.perf_counter()
                    *lines, rest = (rest + data).split(b"\n")
                    for line in lines:
                        if line.startswith(b"data: {") and b'"transition":' in line:
                            with self.noted:
                                self.came.setdefault(json.loads(line[6:])["subject"], now)
                                self.noted.notify()

    def wait_for(self, subject):
        with self.noted:
            if not self.noted.wait_for(lambda: subject in self.came, 30):
                raise Failed("the alert of %s never came" % subject)
            return self.came[subject]

    def close(self):
        os.write(self.stop_write, b"x")
        self.thread.join()
        for sock in self.socks:
            sock.close()
        os.close(self.stop_read)
        os.close(self.stop_write)


class Sender:
    """One event at a time, each waited for."""

    def __init__(self, daemon):
        self.context = zmq.Context()
        self.sock = self.context.socket(zmq.DEALER)
        self.sock.connect(daemon.ingest)
        self.count = 0

    def send(self, start):
        """A referral; gives its subject and the moment in which it was durable."""
        self.count += 1
        subject = "page-%d-%d" % (os.getpid(), self.count)
        pathway, team = QUEUES[self.count % len(QUEUES)]
        event = {"specversion": "1.0", "id": subject, "source": "urn:bench", "type": "asc.referral.received", "subject": subject,
                 "time": datetime.datetime.now(datetime.timezone.utc).isoformat(),
                 "data": {"pathway": pathway, "team": team, "person": subject, "clock_start": start}}
        self.sock.send_multipart([b"b", json.dumps(event).encode()])
        if not self.sock.poll(30000):
            raise Failed("no answer to an event")
        reply = json.loads(self.sock.recv_multipart()[-1])
        if reply.get("accepted") != 1:
            raise Failed("an event was not accepted: %s" % reply)
        return subject, time.perf_counter()

    def run(self, seconds, start):
        """So many changes a second, each at its time."""
        begin = time.perf_counter()
        for number in range(int(seconds * CHANGES_A_SECOND)):
            wait = begin + number / CHANGES_A_SECOND - time.perf_counter()
            if wait > 0:
                threading.Event().wait(wait)
            self.send(start)
        return time.perf_counter() - begin

    def close(self):
        self.context.destroy(linger=0)


def plain_share(writes_a_second, size, count):
    """What it costs to write so often so many bytes to so many sockets on this machine, with no gateway at all: the share of a core."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=count)
    writers, readers = [], []
    for _ in range(count):
        writers.append(socket.create_connection(listener.getsockname()))
        readers.append(listener.accept()[0])
    data = b"x" * max(1, size)
    rounds, used = 20, 0.0
    for _ in range(rounds):
        begin = time.thread_time()
        for writer in writers:
            writer.sendall(data)
        used += time.thread_time() - begin
        for reader in readers:
            reader.recv(1 << 20)
    for sock in writers + readers + [listener]:
        sock.close()
    return used / (rounds * count) * writes_a_second


def measure(setting, daemon, gateway, sender, count):
    """One round with so many pages: shares of a core, and what a page gets."""
    seconds = setting.options.seconds * (1 if setting.options.smoke else 3)
    pages = Pages(gateway.port, count) if count else None
    today = datetime.date.today().isoformat()
    sender.run(1, today)  # until everybody is there
    reads, size = (pages.reads, pages.bytes) if pages else (0, 0)
    gateway_before, daemon_before = gateway.processor(), daemon.processor()
    took = sender.run(seconds, today)
    found = {"gateway": (gateway.processor() - gateway_before) / took, "daemon": (daemon.processor() - daemon_before) / took,
             "memory": gateway.memory(), "reads": 0, "bytes": 0, "latency": []}
    if pages:
        found["reads"], found["bytes"] = (pages.reads - reads) / took, (pages.bytes - size) / took
        for _ in range(20 if not setting.options.smoke else 2):
            subject, durable = sender.send("2024-01-01")
            found["latency"].append(max(0.0, pages.wait_for(subject) - durable))
        pages.close()
    return found


def pages(setting):
    report, rounds = setting.report, setting.options.rounds
    many = 20 if setting.options.smoke else 500
    report.title("open pages of the dashboard, %d changes a second" % CHANGES_A_SECOND)
    counts = (0, 1, many)
    found = {count: [] for count in counts}
    with Scratch() as scratch, Daemon(setting.build, scratch) as daemon, Gateway(setting.build, daemon) as gateway:
        sender = Sender(daemon)
        for _ in range(rounds):
            for count in counts:
                found[count].append(measure(setting, daemon, gateway, sender, count))
        sender.close()
    rows = [("pages", "gateway, % of a core", "daemon, % of a core", "gateway, MiB", "to all pages, kB/s", "commit to a page, ms")]
    for count in counts:
        of = lambda name, factor=1.0: Series([one[name] * factor for one in found[count]])
        latency = sorted(1000 * value for one in found[count] for value in one["latency"])
        rows.append((str(count), of("gateway", 100).shown("%.1f"), of("daemon", 100).shown("%.1f"), "%.0f" % of("memory", 2**-20).median,
                     "%.0f" % of("bytes", 1e-3).median,
                     "%.1f, p99 %.1f" % (latency[len(latency) // 2], latency[int(len(latency) * 0.99)]) if latency else "-"))
    report.table(rows)
    last = found[many]
    reads = Series([one["reads"] for one in last]).median
    size = int(Series([one["bytes"] / max(1, one["reads"]) for one in last]).median)
    share = plain_share(reads, size, many)
    report.note("%d pages took %.0f reads a second of %d bytes; so many plain writes cost %.1f %% of a core: the gateway takes %.1f times that"
                % (many, reads, size, 100 * share, Series([one["gateway"] for one in last]).median / share))
    report.note("alerts go out at once; the daemon's subscribers are one, whatever the number of pages: its own share is the same")
    report.bar("gateway with %d open pages, %% of a core" % many, Series([100 * one["gateway"] for one in last]).median, "%.1f", 30, 10, False)
