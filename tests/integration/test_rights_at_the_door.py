#!/usr/bin/python3
"""What each may send and hear: sources on the ingest socket, topics on the publishing one, and peers that try for more."""
import json
import os
import unittest

import zmq

from daemon import Subscriber, event, frame, line, receive, referral
from keyed import KeyedDaemon, Peer, observed

# A referral so long ago that it is in breach at the clock's start, 2025-06-01.
LONG_AGO = "2025-03-01"


def of_source(row, source):
    return dict(row, source=source)


class Listener(Subscriber):
    """A SUB socket with a key. `heartbeat` False: who may not hear even that."""

    def __init__(self, daemon, peer, topics, heartbeat=True):  # pylint: disable=super-init-not-called
        self.sock = daemon.dial(zmq.SUB, "publish", peer)
        self.kept = []
        for topic in topics:
            self.sock.subscribe(topic)
        if heartbeat:
            self.sock.subscribe(b"heartbeat.")
            self.first_heartbeat = self.until("heartbeat.")[-1]


class Publish(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.viewer, cls.producer = Peer("viewer"), Peer("producer", ("producer",))
        cls.north, cls.both = Peer("north", ("manager",), ("north",)), Peer("both", ("manager",), ("north", "south"))
        cls.every, cls.analyst, cls.admin = Peer("every", ("manager",), ("*",)), Peer("analyst", ("analyst",)), Peer("admin", ("admin",))
        cls.rude = [Peer("rude%d" % number) for number in range(3)]
        cls.peers = [cls.viewer, cls.producer, cls.north, cls.both, cls.every, cls.analyst, cls.admin] + cls.rude

    def setUp(self):
        self.daemon = KeyedDaemon(self.peers)

    def tearDown(self):
        self.daemon.stop()
        self.daemon.close()

    def heard(self, peer, topics, rows):
        """The topics of alerts and positions that a peer hears of what these referrals do, up to the heartbeat that follows."""
        listener = Listener(self.daemon, peer, topics)
        self.daemon.take(*rows)
        seq = self.daemon.ask("health")["alert_seq"]
        seen = listener.until("heartbeat.", lambda beat: beat["alert_seq"] >= seq)
        listener.close()
        return {topic for topic, _, _ in seen if topic != "heartbeat."}

    def test_each_role_hears_what_it_may(self):
        number = 0
        for peer, hears in ((self.viewer, ()), (self.north, ("north",)), (self.both, ("north", "south")),
                            (self.every, ("north", "northeast", "south")), (self.analyst, ("north", "northeast", "south")),
                            (self.admin, ("north", "northeast", "south"))):
            rows = []
            for team in ("north", "northeast", "south"):
                number += 1
                rows.append(referral("W-%d" % number, LONG_AGO, team))
            topics = self.heard(peer, [b""], rows)
            alerts = {topic for topic in topics if topic.startswith("alert.")}
            self.assertEqual({topic.split(".")[3] for topic in alerts}, set(hears), peer.name)
            self.assertTrue(all(topic.endswith(".") for topic in alerts))
            for team in ("north", "northeast", "south"):
                observed("subscribe to everything, alerts of " + team, peer.name, "heard" if team in hears else "not heard")

    def test_prefixes_do_not_widen(self):
        for number, topic in enumerate((b"a", b"al", b"alert", b"alert.", b"alert.b", b"alert.breach.needs_assessment.n",
                                        b"alert.breach.needs_assessment.north")):
            rows = [referral("P-%d-%s" % (number, team), LONG_AGO, team) for team in ("north", "northeast", "south")]
            topics = self.heard(self.north, [topic], rows)
            self.assertEqual({heard.split(".")[3] for heard in topics}, {"north"}, topic)
            observed("subscribe to %s" % topic.decode(), "north", "heard: alerts of north alone")

    def test_what_is_forbidden_is_not_heard_and_is_logged(self):
        rows = [referral("F-%s" % team, LONG_AGO, team) for team in ("north", "south")]
        before = self.daemon.ask("health")["counters"]["subscriptions_refused"]
        self.assertEqual(self.heard(self.viewer, [b"alert.", b"alert.breach.needs_assessment.south."], rows), set())
        self.assertEqual(self.heard(self.north, [b"alert.breach.needs_assessment.south."], [referral("F-9", LONG_AGO, "south")]), set())
        self.assertEqual(self.daemon.ask("health")["counters"]["subscriptions_refused"], before + 3)
        self.daemon.until_logged("what=subscribe")
        self.assertIn("peer=viewer", self.daemon.log())
        observed("subscribe to alert.", "viewer", "not heard, logged")
        observed("subscribe to the alerts of south", "north", "not heard, logged")

    def test_who_may_only_send_hears_nothing(self):
        silent = Listener(self.daemon, self.producer, [b"", b"heartbeat."], heartbeat=False)
        witness = Listener(self.daemon, self.analyst, [b""])
        self.daemon.take(referral("S-1", LONG_AGO))
        witness.until("alert.")
        witness.until("heartbeat.")
        self.assertFalse(silent.sock.poll(0))
        observed("subscribe to everything", "producer", "not heard")

    def test_an_unsubscription_takes_back_what_it_gave_and_no_more(self):
        listener = Listener(self.daemon, self.north, [b"", b"alert.breach.", b"alert."])
        for round_number, (given_back, heard) in enumerate(((b"", True), (b"alert.", True), (b"alert.breach.", False))):
            listener.sock.unsubscribe(given_back)
            # A pipe keeps its order: what follows in it works when this does.
            listener.sock.subscribe(b"position.review.")
            listener.sock.subscribe(b"position.*.%d" % round_number)
            listener.sock.unsubscribe(b"heartbeat.")
            listener.sock.subscribe(b"heartbeat.")
            self.daemon.take(referral("U-%d" % round_number, LONG_AGO))
            seq = self.daemon.ask("health")["alert_seq"]
            self.daemon.ask("summary")
            seen = {topic for topic, _, _ in listener.until("heartbeat.", lambda beat, seq=seq: beat["alert_seq"] >= seq)}
            if round_number == 2:
                self.daemon.take(referral("U-9", LONG_AGO))
                seq = self.daemon.ask("health")["alert_seq"]
                seen = {topic for topic, _, _ in listener.until("heartbeat.", lambda beat, seq=seq: beat["alert_seq"] >= seq)}
            self.assertEqual(any(topic.startswith("alert.") for topic in seen), heard, (round_number, seen))

    def test_messages_that_no_subscriber_sends_give_nobody_anothers_subscriptions(self):
        """libzmq 4.3 takes one connection for another after such a message; the daemon must not."""
        for rude in self.rude:
            listeners = [Listener(self.daemon, self.admin, [b"alert."]) for _ in range(3)]
            sock = self.daemon.dial(zmq.XSUB, "publish", rude)
            for number in range(50):
                sock.send(b"zzz%d" % number)
                sock.send(b"\x01position.%d" % number)
            fresh = [Listener(self.daemon, self.admin, [b"alert."]) for _ in range(5)]
            self.daemon.until_logged("peer=%s" % rude.name)
            self.daemon.take(referral("Z-" + rude.name, LONG_AGO))
            for listener in listeners + fresh:
                listener.until("heartbeat.")  # back again after the socket was made anew
            self.daemon.take(referral("Y-" + rude.name, LONG_AGO))
            for listener in listeners + fresh:
                listener.until("alert.", lambda body, rude=rude: body["subject"] == "Y-" + rude.name)
            while sock.poll(0):
                self.assertFalse(sock.recv_multipart()[0].startswith(b"alert."))
            self.assertEqual(self.daemon.handshake(zmq.SUB, "publish", rude), "refused, 400")
            self.assertEqual(self.daemon.handshake(zmq.DEALER, "query", rude), "let in")
            observed("messages that are no subscriptions", rude.name, "cut off, kept away for a minute")

    def test_connections_that_end_at_once_give_nobody_their_subscriptions(self):
        """Subscriptions of connections that have ended by the time they are read, while others begin."""
        waiting = self.daemon.dial(zmq.SUB, "publish", self.viewer)
        waiting.subscribe(b"")
        for number in range(40):
            gone = [self.daemon.dial(zmq.SUB, "publish", self.admin) for _ in range(10)]
            for sock in gone:
                sock.subscribe(b"alert.")
            others = [self.daemon.dial(zmq.SUB, "publish", self.viewer) for _ in range(5)]
            for sock in others:
                sock.subscribe(b"")
            if number % 2:
                self.daemon.take(referral("G-%d" % number, LONG_AGO))
            for sock in gone:
                sock.close()
            for sock in others[1:]:
                sock.close()
            while others[0].poll(0):
                self.assertFalse(others[0].recv_multipart()[0].startswith(b"alert."))
        witness = Listener(self.daemon, self.admin, [b"alert."])
        self.daemon.take(referral("G-last", LONG_AGO))
        witness.until("alert.")
        while waiting.poll(0):
            self.assertFalse(waiting.recv_multipart()[0].startswith(b"alert."))

    def test_subscriptions_are_bounded(self):
        sock = self.daemon.dial(zmq.SUB, "publish", self.rude[0])
        for number in range(2000):
            sock.subscribe(b"position.%d." % number)
        self.daemon.until_logged("peer=rude0")
        self.assertIn("more subscriptions", self.daemon.log())
        Listener(self.daemon, self.admin, [b"alert."])
        observed("2,000 subscriptions of one connection", "rude0", "cut off, kept away for a minute")


class Ingest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.las, cls.any = Peer("las", ("producer",), sources=("urn:las", "urn:las:2")), Peer("any", ("producer",))
        cls.others = [Peer("viewer"), Peer("manager", ("manager",), ("*",)), Peer("analyst", ("analyst",))]
        cls.admin = Peer("admin", ("admin",))
        cls.daemon = KeyedDaemon([cls.las, cls.any, cls.admin] + cls.others)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()
        cls.daemon.close()

    def send(self, peer, *rows):
        sock = self.daemon.dial(zmq.DEALER, "ingest", peer)
        sock.send_multipart([b"b", frame(rows)])
        reply = json.loads(receive(sock)[1])
        sock.close()
        return reply

    def forbidden(self, peer, *rows):
        before = self.daemon.ask("health")
        reply = self.send(peer, *rows)
        self.assertEqual((reply["ok"], reply["error"]["code"]), (False, "forbidden"), reply)
        after = self.daemon.ask("health")
        self.assertEqual((after["journal_seq"], after["quarantine"]), (before["journal_seq"], before["quarantine"]))
        self.assertEqual(after["counters"]["forbidden"], before["counters"]["forbidden"] + 1)
        observed("hand in events: " + reply["error"]["message"], peer.name, "forbidden")
        return reply["error"]["message"]

    def test_only_producers_hand_in(self):
        for peer in self.others:
            self.assertIn("producer", self.forbidden(peer, referral("R-" + peer.name, "2025-05-01")))
        for peer in (self.any, self.admin):
            self.assertEqual(self.send(peer, referral("R-" + peer.name, "2025-05-01"))["accepted"], 1)
        self.daemon.until_logged("what=ingest")

    def test_a_source_of_somebody_else_forbids_the_whole_batch(self):
        own = [of_source(referral("S-%d" % number, "2025-05-01"), "urn:las") for number in range(3)]
        self.assertEqual(self.send(self.las, *own)["accepted"], 3)
        self.assertEqual(self.send(self.las, of_source(referral("S-9", "2025-05-01"), "urn:las:2"))["accepted"], 1)
        foreign = of_source(referral("S-10", "2025-05-01"), "urn:other")
        message = self.forbidden(self.las, *[of_source(referral("T-%d" % number, "2025-05-01"), "urn:las") for number in range(5)], foreign)
        self.assertIn("event 5", message)
        self.assertIn("urn:other", message)
        for source in ("urn:las2", "urn:la", "urn:las ", "URN:LAS"):
            self.forbidden(self.las, of_source(referral("S-11", "2025-05-01"), source))

    def test_a_source_that_is_personal_is_not_repeated(self):
        for source in ("j.smith@example.org", "urn:9434765919", "x" * 200, "a\nb", "ümlaut"):
            message = self.forbidden(self.las, of_source(referral("X-1", "2025-05-01"), source))
            self.assertNotIn(source, message)
            self.assertNotIn(source, self.daemon.log())

    def test_a_retraction_of_somebody_elses_event_is_forbidden(self):
        first = of_source(referral("V-1", "2025-05-01"), "urn:other")
        self.assertEqual(self.send(self.any, first)["accepted"], 1)
        retraction = of_source(event("event.retracted", "V-1", "2025-05-02", {"id": first["id"], "source": "urn:other"}), "urn:las")
        self.assertIn("urn:other", self.forbidden(self.las, retraction))
        own = of_source(referral("V-2", "2025-05-01"), "urn:las")
        taken_back = of_source(event("event.retracted", "V-2", "2025-05-02", {"id": own["id"]}), "urn:las")
        self.assertEqual(self.send(self.las, own, taken_back)["accepted"], 2)

    def test_what_cannot_be_read_goes_to_quarantine(self):
        reply = self.send(self.las, b"{broken", b"[]", line(of_source(referral("Q-1", "2025-05-01"), "urn:las")),
                          line({key: value for key, value in referral("Q-2", "2025-05-01").items() if key != "source"}))
        self.assertTrue(reply["ok"], reply)
        self.assertEqual((reply["accepted"], len(reply["quarantined"])), (1, 3))
        # But what is wrong with an event of another source is not its sender's to keep either.
        broken = of_source(referral("Q-3", "2025-05-01"), "urn:other")
        broken["time"] = "yesterday"
        self.forbidden(self.las, broken)

    def test_an_endpoint_for_one_source(self):
        path = os.path.join(self.daemon.folder, "wall")
        with KeyedDaemon([], start=False) as daemon:
            daemon.endpoints["ingest"] = "ipc://" + path
            daemon.let_in([], '{ name = "import"; endpoint = "ipc://%s"; roles = ( "producer" ); sources = ( "urn:csv" ); }' % path)
            daemon.start()
            self.assertEqual(daemon.send(of_source(referral("E-1", "2025-05-01"), "urn:csv"))["accepted"], 1)
            self.assertEqual(daemon.send(referral("E-2", "2025-05-01"))["error"]["code"], "forbidden")


if __name__ == "__main__":
    unittest.main()
