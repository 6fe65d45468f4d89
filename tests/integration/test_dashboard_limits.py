#!/usr/bin/python3
"""What the gateway bears: garbage, slowness and crowds, while those who behave are served."""
import os
import random
import resource
import select
import socket
import unittest

from daemon import LIMIT_S, Daemon, referral
from gateway import Gateway, Stream

CROWD = 10000


def resident_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


class Scene(unittest.TestCase):
    config = ""

    def setUp(self):
        self.daemon = Daemon(config=self.config)
        self.addCleanup(self.daemon.close)
        self.daemon.take(*(referral("W-%d" % i, "2025-05-01") for i in range(500)))
        self.gateway = Gateway(self.daemon)
        self.addCleanup(self.gateway.end)
        self.gateway.wait_daemon("live")

    def connect(self, data=b""):
        sock = socket.create_connection(("127.0.0.1", self.gateway.port), timeout=LIMIT_S)
        self.addCleanup(sock.close)
        sock.sendall(data)
        return sock

    def answers(self, requests):
        """All that comes back for each, on a connection of its own, until the other side has closed it."""
        found = {}
        poller = select.poll()
        for data in requests:
            sock = self.connect(data)
            try:
                sock.shutdown(socket.SHUT_WR)
            except OSError:  # it was reset already
                pass
            found[sock.fileno()] = (sock, data, [])
            poller.register(sock, select.POLLIN)
        waiting = set(found)
        while waiting:
            ready = poller.poll(LIMIT_S * 1000)
            self.assertTrue(ready, "these are kept: %r" % [found[descriptor][1][:80] for descriptor in waiting])
            for descriptor, _ in ready:
                sock, _, parts = found[descriptor]
                try:
                    parts.append(sock.recv(65536))
                except ConnectionResetError:
                    parts.append(b"")
                if not parts[-1]:
                    poller.unregister(descriptor)
                    waiting.remove(descriptor)
        return [(data, b"".join(parts)) for _, data, parts in found.values()]


class Garbage(Scene):
    def test_what_is_no_http(self):
        """Refused or dropped, never answered with data, and nobody else notices."""
        chance = random.Random(7)
        head = b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n"
        wrong = [b"", b"\r\n\r\n", b"GET\r\n\r\n", b"GET /\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"\0" * 5000, b"GET / HTTP/9.9\r\n\r\n",
                 b"GET / HTTP/1.1\r\n\r\n", b"GET  HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n",
                 b"GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
                 b"GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
                 b"A" * 100000, b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", head + b"X: " + b"a" * 100000 + b"\r\n\r\n",
                 head + b"X: a\r\n" * 5000 + b"\r\n", b"POST /api/v1/alerts/a1/ack HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                 b"POST /api/v1/alerts/a1/ack HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
                 b"POST /api/v1/alerts/a1/ack HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                 b"POST /api/v1/alerts/a1/ack HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"]
        wrong += [chance.randbytes(chance.randrange(1, 3000)) for _ in range(200)]
        for data, found in self.answers(wrong):
            self.assertNotIn(b" 200 OK", found, (data[:80], found[:200]))
            self.assertNotIn(b"journal_seq", found)
        self.assertEqual(self.gateway.get("/api/v1/health").status, 200)

    def test_two_requests_at_once_on_a_connection(self):
        one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        last = b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        [(_, found)] = self.answers([one * 20 + last])
        self.assertEqual(found.count(b"HTTP/1.1 200 OK"), 21)

    def test_who_leaves_in_the_midst(self):
        for number in range(100):
            sock = self.connect(b"GET /api/v1/%s HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                % (b"waits.csv", b"snapshot", b"summary?as_at=2025-05-20", b"stream")[number % 4])
            if number % 2:
                sock.recv(100)
            sock.close()
        self.assertEqual(self.gateway.get("/api/v1/health").status, 200)


class Slow(Scene):
    def test_a_request_that_comes_byte_by_byte_is_not_waited_for(self):
        """A byte with every heartbeat of a page: the connection is never silent, and closed all the same."""
        page = Stream(self.gateway)
        self.addCleanup(page.close)
        heads = [b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nX-Padding: " + b"a" * 1000,
                 b"POST /api/v1/alerts/a1/ack HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n" + b"{" * 900]
        begun = (60, 160)  # of the second, the head is whole and the body is not
        socks = [self.connect(head[:size]) for head, size in zip(heads, begun)]
        for beat in range(40):
            page.until("heartbeat")
            ready, _, _ = select.select(socks, [], [], 0)
            if len(ready) == len(socks):
                break
            for sock, head, size in zip(socks, heads, begun):
                if sock not in ready:
                    try:
                        sock.sendall(head[size + beat:size + beat + 1])
                    except OSError:
                        pass  # closed in this very moment
        else:
            self.fail("they are still there")
        self.assertGreaterEqual(beat, 12)
        for sock in socks:
            try:
                self.assertNotIn(b" 200 OK", sock.recv(65536))
            except ConnectionResetError:
                pass

    def test_ten_thousand_who_never_finish_their_request(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < CROWD + 500:
            self.skipTest("this system gives no %d descriptors" % CROWD)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, CROWD + 500), hard))
        page = Stream(self.gateway)
        self.addCleanup(page.close)
        before = resident_kib(self.gateway.process.pid)
        crowd = [self.connect(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nX-Wait: ") for _ in range(CROWD)]
        self.assertEqual(self.gateway.get("/api/v1/health").status, 200)
        self.daemon.take(referral("W-new", "2024-01-01"))
        self.assertEqual(page.alerts(1)[0]["subject"], "W-new")
        page.until("heartbeat", lambda data: data["daemon"] == "live")
        grown = resident_kib(self.gateway.process.pid) - before
        print("%d connections: %d KiB more, %.1f KiB each" % (CROWD, grown, grown / CROWD))
        self.assertLess(grown, 40 * CROWD if os.environ.get("ASAN_OPTIONS") is None else 200 * CROWD)
        poller = select.poll()
        for sock in crowd:
            poller.register(sock, select.POLLIN)
        waiting = {sock.fileno() for sock in crowd}
        while waiting:
            ready = poller.poll(40000)
            self.assertTrue(ready, "%d connections are kept" % len(waiting))
            for descriptor, _ in ready:
                poller.unregister(descriptor)
                waiting.remove(descriptor)
        self.assertEqual(self.gateway.get("/api/v1/health").status, 200)
        page.until("heartbeat")


class Crowded(Scene):
    config = "dashboard = { connections = 16; };"

    def test_one_connection_too_many_waits_until_somebody_leaves(self):
        page = Stream(self.gateway)
        self.addCleanup(page.close)
        held = [self.connect(b"GET /healthz HTTP/1.1\r\n") for _ in range(15)]
        page.until("heartbeat")
        extra = self.connect(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        page.until("heartbeat")
        page.until("heartbeat")
        self.assertEqual(select.select([extra], [], [], 0)[0], [])
        held[0].close()
        self.assertTrue(extra.recv(100).startswith(b"HTTP/1.1 200 OK"))
        page.until("heartbeat")


if __name__ == "__main__":
    unittest.main()
