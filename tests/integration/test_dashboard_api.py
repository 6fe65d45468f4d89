#!/usr/bin/python3
"""The gateway's questions and pages: what the daemon says goes out as it came, and everything else is a problem with its status."""
import json
import socket
import threading
import unittest
from urllib.parse import quote

from daemon import LIMIT_S, Daemon, referral
from gateway import INDEX, SCRIPT, Gateway, problem_of

PAGES = ("/", "/queue", "/people", "/wait", "/alerts", "/caseloads", "/data-quality", "/compare", "/definitions")
STRICT = {"content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                                     "font-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
                                     "frame-ancestors 'none'",
          "x-content-type-options": "nosniff", "referrer-policy": "same-origin", "x-frame-options": "DENY", "cross-origin-opener-policy": "same-origin",
          "cross-origin-resource-policy": "same-origin"}


class Served(unittest.TestCase):
    """A daemon with a few people, and a gateway in front of it, for all tests of a class."""

    web = True

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.take(*(referral("W-%d" % i, "2025-0%d-01" % (i % 5 + 1), team="north" if i % 3 else "south", priority=i % 4 + 1,
                                   dimensions={"deprivation": str(i % 5 + 1)}) for i in range(30)))
        cls.gateway = Gateway(cls.daemon, web=cls.web)
        cls.addClassCleanup(cls.gateway.end)
        cls.gateway.wait_daemon("live")


class Questions(Served):
    def same(self, path, op, **members):
        """What the gateway gives for the path is, byte for byte, what the daemon says to the question."""
        sock = self.daemon.connect(5, "query")  # a DEALER of its own
        sock.send(json.dumps({"v": 1, "op": op, **members}).encode())
        expected = self.daemon.receive(sock)[-1]
        answer = self.gateway.get(path)
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "application/json"), answer.body)
        self.assertEqual(answer.body, expected)
        self.assertEqual(answer.headers["cache-control"], "no-store")

    def test_every_question_gets_the_daemons_own_words(self):
        self.same("/api/v1/summary", "summary")
        self.same("/api/v1/summary?group_by=pathway,team&team=north", "summary", group_by=["pathway", "team"], filter={"team": "north"})
        self.same("/api/v1/summary?as_at=2025-05-01&known_at=10", "summary", as_at="2025-05-01", known_at=10)
        self.same("/api/v1/summary?known_at=2025-06-01T12:00:00Z", "summary", known_at="2025-06-01T12:00:00Z")
        self.same("/api/v1/waits?limit=5&sort=-risk&team=north&team=south&breach=true&priority=2", "waits", limit=5, sort="-risk",
                  filter={"team": ["north", "south"], "breach": True, "priority": "2"})
        self.same("/api/v1/waits?min_days=20&max_days=100&dimension.deprivation=1&paused=false", "waits",
                  filter={"min_days": 20, "max_days": 100, "dimension.deprivation": "1", "paused": False})
        self.same("/api/v1/wait?subject=W-1", "wait", subject="W-1")
        self.same("/api/v1/flow?from=2025-01-01&to=2025-05-31&step=month&group_by=team", "flow", **{
            "from": "2025-01-01", "to": "2025-05-31", "step": "month", "group_by": ["team"]})
        self.same("/api/v1/series?from=2025-05-01&to=2025-05-31&step=week", "series", **{
            "from": "2025-05-01", "to": "2025-05-31", "step": "week"})
        self.same("/api/v1/alerts?since=3&limit=4&rule=breach", "alerts", since=3, limit=4, filter={"rule": "breach"})
        self.same("/api/v1/alerts?state=open", "alerts", state="open")
        self.same("/api/v1/exceptions?kind=all", "exceptions", filter={"kind": "all"})
        self.same("/api/v1/quarantine?state=all&limit=10", "quarantine", state="all", limit=10)
        self.same("/api/v1/data-quality?from=2025-01-01", "data_quality", **{"from": "2025-01-01"})
        self.same("/api/v1/data_quality", "data_quality")
        self.same("/api/v1/distribution?team=north&as_at=2025-05-31", "distribution", filter={"team": "north"}, as_at="2025-05-31")
        self.same("/api/v1/policies", "policies")
        self.same("/api/v1/config", "config")

    def test_a_snapshot_and_the_state_of_the_daemon(self):
        snapshot = self.gateway.ask("/api/v1/snapshot")
        self.assertEqual(snapshot["journal_seq"], 30)
        self.assertTrue(snapshot["positions"] and snapshot["alerts"])
        self.assertEqual(self.gateway.ask("/api/v1/health")["journal_seq"], 30)
        self.assertEqual(self.gateway.ask("/healthz")["status"], "ok")

    def test_escapes_are_decoded_once(self):
        self.assertEqual(self.gateway.ask("/api/v1/waits?team=%6eorth")["count"], self.gateway.ask("/api/v1/waits?team=north")["count"])
        self.assertEqual(self.gateway.ask("/api/v1/%77aits?team=%256eorth")["count"], 0)
        self.assertEqual(self.gateway.ask("/api/v1/waits?&&team=north&")["count"], 20)

    def test_the_daemons_refusals_keep_their_words(self):
        for path, expected in (("/api/v1/waits?limit=0", (400, "bad_request", "/limit")),
                               ("/api/v1/waits?limit=99999999999999999999", (400, "bad_request", "/limit")),
                               ("/api/v1/waits?limit=1e3", (400, "bad_request", "/limit")),
                               ("/api/v1/waits?nonsense=1", (400, "bad_request", "/filter/nonsense")),
                               ("/api/v1/waits?a/b~c=1", (400, "bad_request", "/filter/a~1b~0c")),
                               ("/api/v1/summary?as_at=yesterday", (400, "bad_request", "/as_at")),
                               ("/api/v1/flow", (400, "bad_request", "/from")),
                               ("/api/v1/wait?subject=nobody", (404, "not_found", None)),
                               ("/api/v1/waits?" + "&".join("team=t%d" % i for i in range(65)), (400, "bad_request", "/filter/team"))):
            status, code, pointer = self.gateway.problem(path)
            self.assertEqual((status, code), expected[:2], path)
            if expected[2] is not None:
                self.assertEqual(pointer, expected[2], path)

    def test_what_the_gateway_refuses_itself(self):
        for path, expected in (("/api/v1/health?a=1", (400, "bad_request", "/a")),
                               ("/api/v1/health?%C3%A9/~=1", (400, "bad_request", "/\u00e9~1~0")),
                               ("/api/v1/health?" + quote("\u00e9" * 200) + "=1", (400, "bad_request", "/" + "\u00e9" * 78)),
                               ("/api/v1/waits?limit=1&limit=2", (400, "bad_request", "/limit")),
                               ("/api/v1/nonsense", (404, "not_found", None)),
                               ("/api/v1/", (404, "not_found", None)),
                               ("/api/v1/clock.set?now=2025-06-01T12:00:00Z", (404, "not_found", None)),
                               ("/api/v1/redact", (404, "not_found", None)),
                               ("/api/v1/waits?team=%zz", (400, "bad_request", None)),
                               ("/api/v1/waits?team=%", (400, "bad_request", None)),
                               ("/api/v1/waits?team=%4", (400, "bad_request", None)),
                               ("/api/v1/waits?team=%ff", (400, "bad_request", None)),
                               ("/api/v1/waits?team=%00", (400, "bad_request", None)),
                               ("/api/v1/waits?team=%0a", (400, "bad_request", None)),
                               ("/api/v1/waits?team=%c0%af", (400, "bad_request", None)),
                               ("/api/v1/waits?team=%ed%a0%80", (400, "bad_request", None)),
                               ("/api/v1/waits?=1", (400, "bad_request", None)),
                               ("/api/v1/waits?" + "&".join("a" * 257), (400, "bad_request", None)),
                               ("/api/v1/waits?" + "&".join("a" * 4000), (400, "bad_request", None)),
                               ("/api/v1/waits?team=" + "a" * 9000, (414, "too_long", None)),
                               ("/nothing/here", (404, "not_found", None)),
                               ("/assets/../../etc/passwd", (404, "not_found", None)),
                               ("/assets/%2e%2e/%2e%2e/etc/passwd", (404, "not_found", None)),
                               ("/assets/..%2f..%2fetc%2fpasswd", (404, "not_found", None)),
                               ("//etc/passwd", (404, "not_found", None))):
            with self.subTest(path=path[:60]):
                self.assertEqual(self.gateway.problem(path), expected)

    def test_methods(self):
        for method, path, allow in (("POST", "/api/v1/waits", "GET, HEAD, OPTIONS"), ("DELETE", "/api/v1/waits", "GET, HEAD, OPTIONS"),
                                    ("PUT", "/", "GET, HEAD, OPTIONS"), ("BREW", "/healthz", "GET, HEAD, OPTIONS")):
            answer = self.gateway.request(method, path)
            self.assertEqual(problem_of(answer), (405, "method_not_allowed", None))
            self.assertEqual(answer.headers["allow"], allow)
        answer = self.gateway.request("OPTIONS", "/api/v1/waits")
        self.assertEqual((answer.status, answer.headers["allow"], answer.body), (204, "GET, HEAD, OPTIONS", b""))
        self.assertNotIn("access-control-allow-origin", answer.headers)
        full, head = self.gateway.get("/api/v1/wait?subject=W-1"), self.gateway.request("HEAD", "/api/v1/wait?subject=W-1")
        self.assertEqual((head.status, head.body, head.headers["content-length"]), (200, b"", str(len(full.body))))

    def test_every_answer_has_the_strict_headers(self):
        for path in ("/", "/assets/main-K3XW5QZ2.js", "/healthz", "/api/v1/health", "/api/v1/nonsense", "/api/v1/waits?limit=0"):
            headers = self.gateway.get(path).headers
            self.assertEqual({name: headers.get(name) for name in STRICT}, STRICT, path)
            self.assertIn("geolocation=()", headers["permissions-policy"])
            self.assertNotIn("server", headers)

    def test_bodies(self):
        self.assertEqual(problem_of(self.gateway.request("POST", "/api/v1/waits", b"x" * 9000)), (413, "too_large", None))
        chunks = (b"x" * 1000 for _ in range(9))
        self.assertEqual(problem_of(self.gateway.request("POST", "/api/v1/waits", chunks)), (413, "too_large", None))
        self.assertEqual(self.gateway.request("GET", "/healthz", b"x" * 100).status, 200)

    def test_a_connection_is_used_again(self):
        connection = self.gateway.connection()
        for path, status in (("/api/v1/health", 200), ("/api/v1/nonsense", 404), ("/api/v1/waits?limit=0", 400), ("/", 200)) * 3:
            connection.request("GET", path)
            self.assertEqual(connection.getresponse().read()[:1] and status, status)
            self.assertIsNotNone(connection.sock, path)
        connection.close()

    def test_many_at_once_are_all_answered(self):
        """More than there may be in flight to the daemon; equal and different ones, about today and about other days."""
        results = []

        def ask(number):
            path = "/api/v1/waits?limit=%d" % (number % 150 + 1) if number % 3 else "/api/v1/summary?as_at=2025-05-%02d" % (number % 4 + 1)
            results.append((path, self.gateway.get(path)))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(300)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for path, answer in results:
            self.assertEqual(answer.status, 200, (path, answer.body))
            if "limit=" in path:
                self.assertEqual(len(answer.json()["rows"]), min(30, int(path.split("=")[1])))
            else:
                self.assertEqual(answer.json()["as_at"], path.split("=")[1])

    def test_more_questions_about_other_days_than_the_daemon_takes_at_once(self):
        """Thirty different ones on their way together, of which it takes eight: the others wait for their turn."""
        connections = []
        for day in range(1, 31):
            connections.append(self.gateway.connection())
            connections[-1].request("GET", "/api/v1/series?from=2025-01-01&to=2025-05-%02d&group_by=team" % day)
        for day, connection in enumerate(connections, 1):
            response = connection.getresponse()
            reply = json.loads(response.read())
            self.assertEqual((response.status, reply["to"]), (200, "2025-05-%02d" % day))
            connection.close()

    def test_hosts(self):
        for host in ("localhost", "LOCALHOST:1", "127.0.0.1:%d" % self.gateway.port, "[::1]:80"):
            self.assertEqual(self.gateway.raw(b"GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n" % host.encode()).status, 200, host)
        for host in ("evil.example", "localhost.evil.example", "localhost:80@evil.example", "127.0.0.1.evil.example", "[::1", ""):
            answer = self.gateway.raw(b"GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n" % host.encode())
            self.assertIn(answer.status, (400, 421), host)
        self.assertIn(self.gateway.raw(b"GET /healthz HTTP/1.0\r\n\r\n").status, (400, 421))


class Pages(Served):
    def test_every_view_is_the_index(self):
        for path in PAGES + ("/queue?team=north&as_at=2025-07-31",):
            answer = self.gateway.get(path)
            self.assertEqual((answer.status, answer.body), (200, INDEX), path)
            self.assertEqual(answer.headers["content-type"], "text/html; charset=utf-8")
            self.assertEqual(answer.headers["cache-control"], "no-cache")
        tag = answer.headers["etag"]
        again = self.gateway.get("/", If_None_Match=tag)
        self.assertEqual((again.status, again.body), (304, b""))
        self.assertEqual(self.gateway.get("/", If_None_Match='"another"').status, 200)

    def test_assets_are_for_ever_and_come_as_the_browser_likes(self):
        path = "/assets/main-K3XW5QZ2.js"
        plain = self.gateway.get(path)
        self.assertEqual((plain.body, plain.headers.get("content-encoding")), (SCRIPT, None))
        self.assertEqual(plain.headers["content-type"], "text/javascript; charset=utf-8")
        self.assertEqual(plain.headers["cache-control"], "public, max-age=31536000, immutable")
        self.assertEqual(plain.headers["vary"], "Accept-Encoding")
        for accepted, encoding in (("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip"), ("identity", None),
                                   ("brx", None), ("gzip;q=0.0", None), ("gzip;q=0.001", "gzip")):
            answer = self.gateway.get(path, Accept_Encoding=accepted)
            self.assertEqual(answer.headers.get("content-encoding"), encoding, accepted)
            self.assertEqual(answer.body, {"br": b"brotli's bytes", "gzip": b"gzip's bytes", None: SCRIPT}[encoding])
        self.assertEqual(self.gateway.get("/favicon.svg").headers["cache-control"], "no-cache")

    def test_only_what_was_there_at_the_start_is_served(self):
        for path in ("/notes.unknown", "/.hidden.html", "/assets", "/assets/", "/assets/alone-AAAAAAAA.css", "/assets/main-K3XW5QZ2.js.br"):
            self.assertEqual(self.gateway.problem(path), (404, "not_found", None), path)
        page = self.gateway.get("/nowhere", Accept="text/html,*/*")
        self.assertEqual((page.status, page.body), (404, INDEX))


class NoPages(Served):
    web = False

    def test_questions_are_answered_and_the_lack_is_said(self):
        self.assertEqual(self.gateway.ask("/api/v1/health")["journal_seq"], 30)
        self.assertEqual(self.gateway.problem("/queue"), (503, "no_pages", None))
        self.assertIn(self.gateway.web, self.gateway.get("/").json()["detail"])
        page = self.gateway.get("/", Accept="text/html")
        self.assertEqual((page.status, page.headers["content-type"]), (503, "text/html; charset=utf-8"))
        self.assertIn(b"not installed", page.body)
        self.assertEqual(self.gateway.problem("/assets/a.js"), (404, "not_found", None))
        self.assertIn("no pages", self.gateway.log())


class Away(unittest.TestCase):
    """The daemon goes and comes back; the gateway does too."""

    def test_a_daemon_that_is_not_there_is_said_at_once(self):
        with Daemon() as daemon, Gateway(daemon) as gateway:
            gateway.wait_daemon("live")
            self.assertEqual(gateway.ask("/api/v1/health")["status"], "ok")
            daemon.kill()
            gateway.wait_daemon("away")
            answer = gateway.get("/api/v1/health")
            self.assertEqual(problem_of(answer), (503, "daemon_away", None))
            self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
            self.assertEqual(gateway.get("/").status, 200)
            daemon.start()
            gateway.wait_daemon("live")
            self.assertEqual(gateway.ask("/api/v1/health")["status"], "ok")

    def test_who_waits_when_it_goes_is_told(self):
        with Daemon() as daemon, Gateway(daemon) as gateway:
            gateway.wait_daemon("live")
            daemon.signal(19)  # SIGSTOP: it does not answer any more
            sock = socket.create_connection(("127.0.0.1", gateway.port), timeout=LIMIT_S)
            sock.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            self.assertEqual(gateway.get("/").status, 200)  # after which the question is with the daemon
            daemon.kill()
            answer = b"".join(iter(lambda: sock.recv(65536), b""))
            sock.close()
            self.assertTrue(answer.startswith(b"HTTP/1.1 503 "), answer)
            self.assertIn(b'"code":"daemon_away"', answer)
            daemon.start()

    def test_a_daemon_that_hangs_is_said_in_time(self):
        with Daemon(config='dashboard = { answer_timeout_s = 1; };') as daemon, Gateway(daemon) as gateway:
            gateway.wait_daemon("live")
            daemon.signal(19)
            self.assertEqual(gateway.problem("/api/v1/health"), (504, "no_answer", None))
            daemon.signal(18)  # SIGCONT
            self.assertEqual(gateway.ask("/api/v1/health")["status"], "ok")

    def test_the_limit_of_questions(self):
        with Daemon(config='dashboard = { questions = 16; answer_timeout_s = 600; };') as daemon, Gateway(daemon) as gateway:
            gateway.wait_daemon("live")
            daemon.signal(19)
            waiting = []
            for number in range(16):
                sock = socket.create_connection(("127.0.0.1", gateway.port), timeout=LIMIT_S)
                waiting.append(sock)
                for _ in range(1 + number % 2):  # the same in the same words counts once
                    sock.sendall(b"GET /api/v1/waits?limit=%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % (number + 1))
                self.assertEqual(gateway.get("/").status, 200)
            answer = gateway.get("/api/v1/waits?limit=100")
            self.assertEqual(problem_of(answer), (503, "busy", None))
            self.assertEqual(answer.headers["retry-after"], "1")
            daemon.signal(18)
            for sock in waiting:
                self.assertTrue(sock.recv(12).startswith(b"HTTP/1.1 200"))
                sock.close()
            self.assertEqual(gateway.get("/api/v1/waits?limit=100").status, 200)

    def test_an_end_in_the_midst_of_questions_is_clean(self):
        with Daemon() as daemon, Gateway(daemon) as gateway:
            gateway.wait_daemon("live")
            daemon.signal(19)
            sock = socket.create_connection(("127.0.0.1", gateway.port), timeout=LIMIT_S)
            sock.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertEqual(gateway.get("/").status, 200)
            gateway.stop()
            sock.close()
            daemon.signal(18)

    def test_it_starts_before_the_daemon(self):
        with Daemon(start=False) as daemon, Gateway(daemon) as gateway:
            self.assertEqual(gateway.problem("/api/v1/health"), (503, "daemon_away", None))
            daemon.start()
            gateway.wait_daemon("live")
            self.assertEqual(gateway.ask("/api/v1/health")["status"], "ok")


if __name__ == "__main__":
    unittest.main()
