"""How soon an alert is at a webhook: from the event's sending, beside a subscriber of the same daemon in the same run."""

import datetime
import json
import os
import re
import select
import socket
import statistics
import subprocess
import threading
import time

import zmq

import harness
from harness import Daemon, Scratch, Series

LIMIT_S = 30
WAITED_DAYS = 29  # the first day of a breach, so that the alert is not late


class Hook:
    """The least HTTP server: one connection at a time, each body timed when it is whole."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d/" % self.listener.getsockname()[1]
        self.changed = threading.Condition()
        self.came = {}  # subject: when
        self.wake, self.woken = socket.socketpair()
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        sockets, pending = [self.listener, self.woken], {}
        while True:
            for one in select.select(sockets, [], [])[0]:
                if one is self.woken:
                    for each in sockets + [self.wake]:
                        each.close()
                    return
                if one is self.listener:
                    connection = one.accept()[0]
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    sockets.append(connection)
                    pending[connection] = b""
                    continue
                got = one.recv(65536)
                if not got:
                    sockets.remove(one)
                    one.close()
                    continue
                pending[one] = self._take(one, pending[one] + got)

    def _take(self, connection, data):
        head, found, body = data.partition(b"\r\n\r\n")
        size = int(re.search(rb"(?i)content-length: (\d+)", head).group(1)) if found else 0
        if not found or len(body) < size:
            return data
        now = time.monotonic()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        with self.changed:
            self.came[json.loads(body[:size])["data"]["subject"]] = now
            self.changed.notify()
        return body[size:]

    def wait(self, subject):
        with self.changed:
            if not self.changed.wait_for(lambda: subject in self.came, LIMIT_S):
                raise harness.Failed("no webhook came for %s" % subject)
            return self.came[subject]

    def close(self):
        self.wake.send(b".")
        self.thread.join()


class Relay:
    """One route to a webhook."""

    def __init__(self, setting, daemon, scratch, url):
        os.mkdir(scratch.file("relay"))
        path = scratch.file("relay.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write('relay = { state = "relay"; };\nendpoints = { publish = "%s"; query = "%s"; };\n'
                       'routes = ( { name = "hook"; to = "webhook"; url = "%s"; references = true;\n'
                       '             match = { rule = "breach"; transition = "raised"; }; } );\n' % (daemon.publish, daemon.query, url))
        program = os.path.join(setting.build, "client", "relay", "waitlist-relay")
        self.process = subprocess.Popen([program, "-c", path, "--log-level", "error"])

    def close(self):
        self.process.terminate()
        if self.process.wait(LIMIT_S):
            raise harness.Failed("the relay ended badly")


class Side:
    """What sends events and hears their alerts."""

    def __init__(self, daemon):
        self.context = zmq.Context()
        self.context.linger = 0
        self.sender = self.context.socket(zmq.DEALER)
        self.sender.connect(daemon.ingest)
        self.subscriber = self.context.socket(zmq.SUB)
        self.subscriber.connect(daemon.publish)
        self.subscriber.subscribe(b"alert.breach.")
        self.subscriber.subscribe(b"heartbeat.")
        self.day = (datetime.date.today() - datetime.timedelta(days=WAITED_DAYS)).isoformat()
        self.number = 0

    def receive(self, one):
        if not one.poll(LIMIT_S * 1000):
            raise harness.Failed("the daemon does not answer")
        return one.recv_multipart()

    def until_heartbeat(self):
        while not self.receive(self.subscriber)[0].startswith(b"heartbeat."):
            pass

    def send(self):
        """(subject, when it was sent, when it was acknowledged, when the subscriber had the alert)"""
        self.number += 1
        subject = "W-%d" % self.number
        event = {"specversion": "1.0", "id": subject, "source": "urn:bench", "type": "asc.referral.received", "subject": subject,
                 "time": self.day + "T09:00:00Z", "data": {"pathway": "needs_assessment", "team": "bench", "person": "p-1"}}
        sent = time.monotonic()
        self.sender.send_multipart([b"b", json.dumps(event).encode()])
        while True:
            topic, _, body = self.receive(self.subscriber)
            if topic.startswith(b"alert.") and json.loads(body)["subject"] == subject:
                heard = time.monotonic()
                break
        reply = json.loads(self.receive(self.sender)[-1])
        if reply.get("accepted") != 1:
            raise harness.Failed("not accepted: %r" % reply)
        return subject, sent, time.monotonic(), heard

    def close(self):
        self.context.destroy(linger=0)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def webhook(setting):
    """One event at a time; the next one when the last one's webhook came."""
    report, options = setting.report, setting.options
    alerts = 20 if options.smoke else 500
    report.title("from an event to a webhook: %d rounds of %d alerts, one at a time" % (options.rounds, alerts))
    rounds = {"a subscriber, from sending": [], "the webhook, from sending": [], "the webhook, after the acknowledgement": []}
    with Scratch() as scratch, Daemon(setting.build, scratch) as daemon:
        hook, side = Hook(), Side(daemon)
        relay = Relay(setting, daemon, scratch, hook.url)
        try:
            while not os.path.exists(scratch.file("relay/hook.cursor")):  # it knows where it begins
                side.until_heartbeat()
            for _ in range(options.rounds):
                taken = []
                for _ in range(alerts):
                    subject, sent, acknowledged, heard = side.send()
                    hooked = hook.wait(subject)
                    taken.append((heard - sent, hooked - sent, hooked - acknowledged))
                for name, values in zip(rounds, zip(*taken)):
                    rounds[name].append([1000 * value for value in values])
        finally:
            relay.close()
            side.close()
            hook.close()
    rows = [("milliseconds, median of the rounds [least–most]", "p50", "p99", "most")]
    for name, each in rounds.items():
        rows.append((name,) + tuple(Series([figure(values) for values in each]).shown("%.2f")
                                    for figure in (statistics.median, lambda values: percentile(values, 0.99), max)))
    report.table(rows)
    ratio = harness.ratios([statistics.median(values) for values in rounds["the webhook, from sending"]],
                           [statistics.median(values) for values in rounds["a subscriber, from sending"]])
    report.note("p50 of the webhook as a multiple of the subscriber's: %s" % ratio.shown("%.2f"))
