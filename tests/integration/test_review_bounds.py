#!/usr/bin/python3
"""What one peer can make the daemon do or keep: every answer, queue and turn has its bound."""
import json
import unittest

import zmq

from daemon import Daemon, event, referral


class Bounds(unittest.TestCase):
    def test_a_wait_with_thousands_of_events(self):
        # A sender that uses one subject for everything: its events all count, an answer shows the last ones.
        with Daemon(clock="2025-04-03T12:00:00Z") as daemon:
            daemon.take(referral("W-1", "2025-04-01"))
            contacts = [event("contact.made", "W-1", "2025-04-02T%02d:%02d:%02dZ" % (number // 3600, number // 60 % 60, number % 60))
                        for number in range(6000)]
            daemon.take(*contacts)
            daemon.take(event("contact.made", "W-1", "2025-04-01T22:00:00Z", source="urn:late"))
            reply = daemon.ask("wait", subject="W-1")
            self.assertEqual((len(reply["events"]), reply["events_total"], reply["wait"]["exceptions"]), (5000, 6002, 0))
            self.assertEqual([row["id"] for row in reply["events"]], [row["id"] for row in contacts[1000:]])
            self.assertEqual(reply["wait"]["last_contact"], "2025-04-02")
            daemon.restart()
            self.assertEqual(daemon.ask("wait", subject="W-1"), reply)

    def test_alerts_that_come_and_go(self):
        with Daemon() as daemon:
            daemon.take(referral("W-1", "2025-05-25", pathway="ot_assessment", priority=4))
            for number in range(1100):
                priority = 2 if number % 2 == 0 else 4
                daemon.take(event("referral.triaged", "W-1", "2025-05-26T%02d:%02d:00Z" % (number // 60, number % 60), {"priority": priority}))
            alerts = daemon.ask("wait", subject="W-1")["alerts"]
            every = [row for row in daemon.alerts() if row["subject"] == "W-1"]
            self.assertGreater(len(every), 1000)
            self.assertEqual(alerts, every[-1000:])

    def test_more_exceptions_than_are_counted(self):
        with Daemon() as daemon:
            daemon.take(referral("W-1", "2025-05-01"))
            for first in range(0, 65 * 1024, 1024):
                daemon.take(*[event("event.retracted", "W-1", "2025-05-05", {"id": "nobody-%d" % (first + number)}) for number in range(1024)])
            self.assertEqual(daemon.wait("W-1")["exceptions"], 65535)
            daemon.restart()
            self.assertEqual(daemon.wait("W-1")["exceptions"], 65535)

    def test_a_source_for_every_event(self):
        with Daemon() as daemon:
            daemon.take(*[event("contact.made", "W-1", "2025-05-01", source="urn:%d" % number) for number in range(1024)])
            health = daemon.ask("health")
            self.assertEqual((len(health["sources"]), health["sources_total"]), (1000, 1024))

    def test_answers_that_nobody_reads(self):
        with Daemon() as daemon:
            lazy = daemon.context.socket(zmq.DEALER)
            lazy.linger = 0
            lazy.rcvhwm = 1
            lazy.connect(daemon.endpoints["query"])
            for _ in range(3000):
                lazy.send(b'{"v":1,"op":"config"}')
            sub = daemon.subscribe()
            for _ in range(20):
                if daemon.ask("health")["counters"]["answers_dropped"] > 0:
                    break
                sub.next()  # one heartbeat a second
            else:
                self.fail("every answer was kept")
            lazy.close()

    def test_questions_behind_one_that_sets_the_clock(self):
        with Daemon() as daemon:
            asker = daemon.connect(zmq.DEALER, "query")
            for day in range(2, 12):
                now = "2025-06-%02dT12:00:00.000Z" % day
                asker.send(json.dumps({"v": 1, "op": "clock.set", "now": now}).encode())
                asker.send(b'{"v":1,"op":"health"}')
                daemon.receive(asker)
                self.assertEqual(json.loads(daemon.receive(asker)[0])["now"], now)

    def test_a_subscriber_that_never_stops_subscribing(self):
        with Daemon() as daemon:
            noisy = daemon.context.socket(zmq.XSUB)
            noisy.linger = 0
            noisy.connect(daemon.endpoints["publish"])
            for _ in range(20):
                for _ in range(5000):
                    noisy.send(b"no subscription at all")
                self.assertEqual(daemon.ask("health")["status"], "ok")
            noisy.close()


if __name__ == "__main__":
    unittest.main()
