#!/usr/bin/python3
"""The gateway's stream: what the daemon publishes reaches every page, alerts once each whatever breaks in between, and the truth about the
daemon every second."""
import json
import os
import random
import threading
import unittest

import zmq
from daemon import Daemon, event, referral
from gateway import Gateway, Stream, problem_of

LONG_AGO = "2024-06-01"  # in breach, and past every level of escalation: four alerts a person


def people(first, count, team="north", pathway="needs_assessment", since=LONG_AGO):
    return [referral("W-%05d" % number, since, team=team, pathway=pathway) for number in range(first, first + count)]


class Scene(unittest.TestCase):
    config = ""

    def setUp(self):
        self.daemon = Daemon(config=self.config)
        self.addCleanup(self.daemon.close)
        self.gateway = Gateway(self.daemon)
        self.addCleanup(self.gateway.end)
        self.gateway.wait_daemon("live")

    def stream(self, *arguments, **named):
        stream = Stream(self.gateway, *arguments, **named)
        self.addCleanup(stream.close)
        return stream

    def seqs(self, alerts):
        return [alert["seq"] for alert in alerts]


class Events(Scene):
    def test_a_page_is_greeted(self):
        stream = self.stream()
        self.assertEqual(stream.response.headers["Content-Type"], "text/event-stream")
        self.assertEqual(stream.response.headers["Cache-Control"], "no-store")
        name, data, _ = stream.next()
        self.assertEqual((name, data["daemon"], data["v"]), ("heartbeat", "live", 1))
        self.assertEqual(stream.retry, 2000)
        self.assertEqual(data["epoch"], self.daemon.ask("health")["epoch"])
        stream.until("heartbeat")
        stream.until("heartbeat")
        self.assertEqual(stream.last, data["epoch"] + ":0")

    def test_positions_are_as_published(self):
        stream, subscriber = self.stream(), self.daemon.subscribe("position.")
        self.daemon.take(referral("W-1", "2025-05-30"))
        published = {}
        while len(published) < 3:
            topic, _, data = subscriber.next()
            if topic.startswith("position.") and data["journal_seq"] == 1:
                published[topic] = data
        self.assertEqual(set(published), {"position.needs_assessment.north.", "position.needs_assessment.*.", "position.*.*."})
        while published:
            data, _ = stream.until("position", lambda data: data["journal_seq"] == 1)
            expected = published.pop("position.%s.%s." % (data["keys"].get("pathway", "*"), data["keys"].get("team", "*")))
            self.assertEqual(data, expected)
            self.assertEqual(data["position"]["waiting"], 1)

    def test_alerts_are_the_transitions(self):
        stream = self.stream()
        self.daemon.take(*people(0, 3))
        alerts = stream.alerts(12)
        self.assertEqual(alerts, self.daemon.alerts())
        self.assertTrue(stream.last.startswith(self.daemon.ask("health")["epoch"] + ":"))

    def test_a_page_may_follow_a_part(self):
        north = self.stream("?team=north")
        dols = self.stream("?pathway=dols")
        one = self.stream("?team=south&pathway=dols")
        self.daemon.take(*people(0, 1), *people(1, 1, "south"), *people(2, 1, "south", "dols"))
        self.daemon.take(event("wait.transferred", "W-00001", "2025-06-01", {"team": "north"}))
        expected = [row for row in self.daemon.alerts() if "north" in (row["team"], row["from_team"])]
        self.assertIn("moved", [row["transition"] for row in expected])
        self.assertEqual(north.alerts(len(expected)), expected)
        for stream, fits in ((north, lambda keys: keys["team"] == "north"), (dols, lambda keys: keys["pathway"] == "dols"),
                             (one, lambda keys: keys == {"pathway": "dols", "team": "south"})):
            data, before = stream.until("position", lambda data: data["journal_seq"] == 4)
            self.assertTrue(all(fits(other["keys"]) for name, other, _ in before + [("position", data, None)] if name == "position"))
        self.assertTrue(one.last)

    def test_however_many_pages_the_daemon_has_one_subscriber(self):
        def connections():
            with open("/proc/net/unix", encoding="ascii", errors="replace") as file:
                return sum(line.rstrip().endswith(self.daemon.folder + "/publish") for line in file)

        one = self.stream()
        one.until("heartbeat")
        before = connections()
        self.assertGreater(before, 0)
        pages = [self.stream() for _ in range(100)]
        self.daemon.take(*people(0, 1))
        for page in pages:
            self.assertEqual(self.seqs(page.alerts(4)), [1, 2, 3, 4])
        self.assertEqual(connections(), before)

    def test_wrong_parameters(self):
        for query, pointer in (("?team=", "/team"), ("?team=a&team=b", "/team"), ("?pathway=a.b", "/pathway"), ("?pathway=" + "a" * 65, "/pathway"),
                               ("?nonsense=1", None)):
            self.assertEqual(self.gateway.problem("/api/v1/stream" + query), (400, "bad_request", pointer))
        head = self.gateway.request("HEAD", "/api/v1/stream")
        self.assertEqual((head.status, head.headers["content-type"], head.body), (200, "text/event-stream", b""))
        self.assertEqual(self.gateway.request("POST", "/api/v1/stream").status, 405)


class Resuming(Scene):
    def test_what_was_missed_comes_first_and_once(self):
        first = self.stream()
        self.daemon.take(*people(0, 2))
        self.assertEqual(self.seqs(first.alerts(8)), list(range(1, 9)))
        first.close()
        self.daemon.take(*people(2, 600))  # three pages of the log
        again = self.stream(last=first.last)
        self.daemon.take(*people(602, 5))
        self.assertEqual(self.seqs(again.alerts(2420)), list(range(9, 2429)))
        self.assertEqual(self.seqs(self.stream("?last_event_id=" + first.last).alerts(2420)), list(range(9, 2429)))
        south = self.stream("?team=south", last=first.last)
        self.daemon.take(*people(700, 1, "south"))
        self.assertEqual(self.seqs(south.alerts(4)), list(range(2429, 2433)))

    def test_an_id_that_nobody_knows(self):
        self.daemon.take(*people(0, 2))
        epoch = self.daemon.ask("health")["epoch"]
        for last, reason in (("nonsense", "behind"), ("other:3", "epoch"), (epoch + ":99", "epoch"), (epoch + ":", "behind"),
                             (epoch + ":-1", "behind"), (epoch + ":99999999999999999999999", "behind"), ("x" * 3000 + ":1", "behind")):
            stream = self.stream(last=last)
            data, before = stream.until("reset")
            self.assertEqual(data, {"reason": reason}, last)
            self.assertNotIn("alert", [name for name, _, _ in before])
            self.assertEqual(stream.last, epoch + ":8")
            stream.close()

    def test_too_far_behind_begins_anew(self):
        epoch = self.daemon.ask("health")["epoch"]
        other = self.stream()
        self.daemon.take(*people(0, 2600))
        self.assertEqual(len(other.alerts(10400)), 10400)  # after which the gateway knows how far behind that is
        stream = self.stream(last=epoch + ":100")
        self.assertEqual(stream.until("reset")[0], {"reason": "behind"})
        self.daemon.take(*people(2600, 1))
        self.assertEqual(self.seqs(stream.alerts(4)), [10401, 10402, 10403, 10404])
        self.assertEqual(self.seqs(self.stream(last=epoch + ":404").alerts(10000)), list(range(405, 10405)))

    def test_a_page_that_is_cut_off_again_and_again_misses_nothing(self):
        """Alerts flow all the while; a page connects, reads a bit, and is gone, fifty times."""
        chance = random.Random(20261122)
        sent = threading.Event()
        feeder = self.daemon.connect(zmq.DEALER, "ingest")

        def feed():
            for number in range(60):
                for row in people(number * 10, 10):
                    feeder.send_multipart([b"x", json.dumps(row).encode()])
                    feeder.recv_multipart()
            sent.set()

        stream = self.stream()
        thread = threading.Thread(target=feed)
        thread.start()
        seen = []
        while len(seen) < 2400:
            wanted = min(chance.randrange(1, 120), 2400 - len(seen))
            found = stream.alerts(wanted)
            seen += self.seqs(found)
            stream.close()
            stream = self.stream(last=stream.last)
        thread.join()
        self.assertTrue(sent.is_set())
        self.assertEqual(seen, list(range(1, 2401)))


class Breaks(Scene):
    def test_the_daemon_dies_and_comes_back(self):
        stream = self.stream()
        self.daemon.take(*people(0, 1))
        stream.alerts(4)
        self.daemon.kill()
        away, _ = stream.until("heartbeat", lambda data: data["daemon"] == "away")
        self.assertGreaterEqual(away["silent_ms"], 0)
        stream.until("heartbeat", lambda data: data["daemon"] == "away")
        self.daemon.start()
        self.daemon.take(*people(1, 50))  # published before the gateway is connected again, perhaps
        self.assertEqual(self.seqs(stream.alerts(200)), list(range(5, 205)))
        stream.until("heartbeat", lambda data: data["daemon"] == "live")

    def test_a_daemon_that_hangs_is_away(self):
        stream = self.stream()
        self.daemon.signal(19)
        stream.until("heartbeat", lambda data: data["daemon"] == "away")
        self.assertEqual(self.gateway.ask("/healthz")["daemon"], "away")
        self.daemon.signal(18)
        stream.until("heartbeat", lambda data: data["daemon"] == "live")

    def test_another_journal_is_another_life(self):
        stream = self.stream()
        self.daemon.take(*people(0, 3))
        stream.alerts(12)
        old = stream.last
        self.daemon.kill()
        for name in os.listdir(self.daemon.folder):
            if name.startswith("journal.db"):
                os.unlink(os.path.join(self.daemon.folder, name))
        self.daemon.start()
        self.assertEqual(stream.until("reset")[0], {"reason": "epoch"})
        self.daemon.take(*people(0, 1))
        self.assertEqual(self.seqs(stream.alerts(4)), [1, 2, 3, 4])
        self.assertEqual(self.stream(last=old).until("reset")[0], {"reason": "epoch"})

    def test_the_gateway_dies_and_comes_back(self):
        stream = self.stream()
        self.daemon.take(*people(0, 3))
        stream.alerts(12)
        self.gateway.kill()
        self.daemon.take(*people(3, 30))
        self.gateway.start()
        again = self.stream(last=stream.last)  # perhaps before the gateway has heard of the daemon
        self.daemon.take(*people(33, 1))
        self.assertEqual(self.seqs(again.alerts(124)), list(range(13, 137)))

    def test_a_page_waits_for_a_daemon_that_is_away(self):
        stream = self.stream()
        self.daemon.take(*people(0, 3))
        stream.alerts(12)
        self.daemon.take(*people(3, 3))
        self.daemon.kill()
        again = self.stream(last=stream.last.split(":")[0] + ":12")
        _, before = again.until("heartbeat", lambda data: data["daemon"] == "away")
        again.until("heartbeat", lambda data: data["daemon"] == "away")
        self.assertEqual([name for name, _, _ in before if name in ("alert", "reset")], [])
        self.daemon.start()
        self.assertEqual(self.seqs(again.alerts(12)), list(range(13, 25)))

    def test_an_end_with_open_pages_is_clean(self):
        streams = [self.stream() for _ in range(5)]
        self.gateway.stop()
        for stream in streams:
            stream.close()


class Limits(Scene):
    config = "dashboard = { streams = 3; };"

    def test_one_page_too_many_is_told_when_to_come_again(self):
        streams = [self.stream() for _ in range(3)]
        refused = self.gateway.get("/api/v1/stream")
        self.assertEqual(problem_of(refused), (503, "busy", None))
        self.assertEqual(refused.headers["retry-after"], "10")
        self.assertEqual(self.gateway.get("/api/v1/health").status, 200)
        streams[0].close()
        self.open_when_there_is_room(streams[2])
        self.assertEqual(self.gateway.get("/api/v1/stream").status, 503)
        streams[1].abort()  # gone without a word
        self.open_when_there_is_room(streams[2])
        self.assertEqual(self.gateway.get("/api/v1/stream").status, 503)

    def open_when_there_is_room(self, other):
        """A page that is gone is noticed by the heartbeats."""
        for _ in range(10):
            connection = self.gateway.connection()
            connection.request("GET", "/api/v1/stream")
            response = connection.getresponse()
            if response.status == 200:
                self.addCleanup(connection.close)
                self.addCleanup(response.close)
                return
            connection.close()
            other.until("heartbeat")
        self.fail("a page that is gone keeps its place")


class Slow(Scene):
    def test_a_page_that_does_not_read_holds_nobody_up_and_begins_anew(self):
        slow = self.stream(receive_buffer=4096)
        quick = self.stream()
        slow.next()
        epoch = self.daemon.ask("health")["epoch"]
        for first in range(0, 5000, 500):  # 20,000 alerts of 400 bytes: more than ring, kernel and page hold together
            self.daemon.take(*people(first, 500))
            self.assertEqual(len(quick.alerts(2000)), 2000)
        found = []
        while True:
            name, data, _ = slow.next()
            if name == "alert":
                found.append(data["seq"])
            elif name == "reset":
                break
        self.assertEqual(data, {"reason": "behind"})
        self.assertEqual(found, list(range(1, len(found) + 1)))
        self.assertLess(len(found), 20000)
        self.assertEqual(slow.last, epoch + ":20000")
        self.daemon.take(*people(6000, 1))
        self.assertEqual(slow.alerts(4), quick.alerts(4))


if __name__ == "__main__":
    unittest.main()
