#!/usr/bin/python3
"""kill -9 in the middle of a load, again and again (rules of the house: durable before visible).

A sender keeps a window of batches under way and sends again, after every restart, whatever was not acknowledged. The daemon is killed at
random moments: while it takes events, while it starts, while it goes through midnights. After each restart every acknowledged event is
there exactly once and the alert log is what it was, and longer; at the end the positions equal those of a daemon that was fed the same
events in another order, those of a restart, and those that the rules give in plain Python.

SEED=… repeats a run; KILLS=… says how often.
"""
import datetime
import json
import os
import random
import sys
import time
import unittest

import zmq

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import wait_oracle
from daemon import LIMIT_S, Daemon, line

SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
KILLS = int(os.environ.get("KILLS", "200"))
BATCHES = 900
WINDOW = 24
FIRST_DAY = datetime.date(2025, 2, 1)
DAYS = 100  # of events; the clock begins behind the last
FIRST_CLOCK = datetime.datetime(2025, 5, 12, 9, tzinfo=datetime.timezone.utc)
TEAMS = ["north", "south", "east", "west"]
PATHWAYS = {"needs_assessment": ("asc.assessment.completed", False), "ot_assessment": ("asc.assessment.completed", True),
            "review": ("asc.review.completed", False), "dols": ("asc.assessment.completed", False)}
CONFIGURED = """
pathways = ( { name = "needs_assessment"; }, { name = "ot_assessment"; pauses = "exclude"; },
             { name = "review"; completes_on = "asc.review.completed"; }, { name = "dols"; } );
"""


class Council:
    """Random events, one batch after the other, the same for the same seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.waits = []
        self.sent = []
        self.number = 0

    def event(self, kind, subject, data, source="urn:council"):
        self.number += 1
        day = FIRST_DAY + datetime.timedelta(days=self.random.randrange(DAYS))
        return {"specversion": "1.0", "id": "e%d" % self.number, "source": source, "type": "asc." + kind, "subject": subject,
                "time": "%sT%02d:%02d:00Z" % (day, self.random.randrange(24), self.random.randrange(60)), "data": data}

    def referral(self):
        chance = self.random
        subject, pathway = "W-%d" % len(self.waits), chance.choice(sorted(PATHWAYS))
        self.waits.append((subject, pathway))
        data = {"pathway": pathway, "team": chance.choice(TEAMS), "person": "P" + subject}
        if chance.random() < 0.7:
            data["client_group"] = chance.choice(["older_people", "working_age", "carer"])
        if chance.random() < 0.7:
            data["priority"] = chance.randint(1, 4)
        row = self.event("referral.received", subject, data)
        if chance.random() < 0.2:
            data["clock_start"] = str(datetime.date.fromisoformat(row["time"][:10]) + datetime.timedelta(days=chance.randint(-40, 60)))
        return row

    def later(self):
        chance = self.random
        subject, pathway = chance.choice(self.waits)
        kind = chance.choices(["referral.triaged", "wait.transferred", "wait.unallocated", "wait.allocated", "wait.paused", "wait.resumed",
                               "contact.made", "assessment.started", "completed", "wait.closed", "wait.reopened"],
                              [2, 2, 1, 3, 2, 2, 3, 2, 2, 1, 1])[0]
        data = {"referral.triaged": {"priority": chance.randint(1, 4)}, "wait.transferred": {"team": chance.choice(TEAMS)},
                "wait.allocated": {"worker": "worker-%d" % chance.randrange(40)}, "wait.paused": {"reason": "in_hospital"},
                "wait.closed": {"reason": chance.choice(["withdrawn", "died", "duplicate", "recorded_in_error"])}}.get(kind, {})
        return self.event(PATHWAYS[pathway][0][4:] if kind == "completed" else kind, subject, data)

    def next(self):
        chance = self.random.random()
        if chance < 0.02 and self.sent:
            return self.random.choice(self.sent)  # the sender says something twice
        if chance < 0.04 and self.sent:
            return self.event("event.retracted", "retraction", {"id": self.random.choice(self.sent)["id"]})
        row = self.referral() if chance < 0.3 or not self.waits else self.later()
        self.sent.append(row)
        return row

    def batch(self):
        return [self.next() for _ in range(self.random.randint(1, 80))]


class Sender:
    """At most WINDOW batches under way; what is not acknowledged is sent again over the next connection."""

    def __init__(self, batches):
        self.waiting = [(b"%d" % number, [line(row) for row in rows]) for number, rows in enumerate(batches)]
        self.under_way = {}
        self.acknowledged = set()  # of events' ids
        self.acknowledged_seq = 0
        self.sock = None

    def done(self):
        return not self.waiting and not self.under_way

    def connect(self, daemon):
        self.sock = daemon.socket(zmq.DEALER, "ingest")
        for batch, lines in self.under_way.items():
            self.sock.send_multipart([batch, b"\n".join(lines)])
        self.fill()

    def fill(self):
        while self.waiting and len(self.under_way) < WINDOW:
            batch, lines = self.waiting.pop(0)
            self.under_way[batch] = lines
            self.sock.send_multipart([batch, b"\n".join(lines)])

    def take(self, test):
        """One acknowledgement that is there."""
        batch, body = self.sock.recv_multipart()
        reply = json.loads(body)
        lines = self.under_way.pop(batch)
        test.assertTrue(reply["ok"], reply)
        test.assertEqual((reply["accepted"] + reply["duplicates"], reply["quarantined"]), (len(lines), []))
        test.assertGreaterEqual(reply["seq"], self.acknowledged_seq)
        self.acknowledged_seq = reply["seq"]
        self.acknowledged.update(json.loads(row)["id"] for row in lines)
        self.fill()


class Kill(unittest.TestCase):
    def setUp(self):
        print("SEED=%d" % SEED, flush=True)
        self.random = random.Random(SEED + 1)
        council = Council(SEED)
        self.batches = [council.batch() for _ in range(BATCHES)]
        self.unique = {row["id"]: row for rows in self.batches for row in rows}
        self.sender = Sender(self.batches)
        self.clock = FIRST_CLOCK
        self.seen_ids = set()
        self.seen_seq = self.last_received = 0
        self.log = []
        self.told = {}  # alert seq -> published transition
        self.moments = {"load": 0, "start": 0, "midnight": 0}

    def now(self):
        return self.clock.strftime("%Y-%m-%dT%H:%M:%SZ")

    def run_load(self, daemon, acks, limit_ms):
        """Sends until so many acknowledgements came, or the time is over, or all is sent."""
        self.sender.connect(daemon)
        publish = daemon.connect(zmq.SUB, "publish")
        publish.subscribe(b"alert.")
        poller = zmq.Poller()
        poller.register(self.sender.sock, zmq.POLLIN)
        poller.register(publish, zmq.POLLIN)
        deadline = time.monotonic() + limit_ms / 1000
        while acks > 0 and not self.sender.done():
            left = deadline - time.monotonic()
            ready = dict(poller.poll(max(0, left * 1000)))
            if left <= 0 or not ready:
                break
            if publish in ready:
                self.hear(publish)
            if self.sender.sock in ready:
                self.sender.take(self)
                acks -= 1
        publish.close()

    def hear(self, publish):
        _, _, body = publish.recv_multipart()
        row = json.loads(body)
        self.assertEqual(self.told.setdefault(row["seq"], row), row)

    def kill_while_starting(self, daemon):
        daemon.clock = self.now()
        daemon.spawn()
        deadline = time.monotonic() + self.random.uniform(0, 0.08)
        try:
            while "READY=1" not in (daemon.next_notification(max(0, deadline - time.monotonic())) or []):
                pass
        except AssertionError:
            pass  # the limit is over: that is the moment
        daemon.kill()
        self.moments["start"] += 1

    def kill_at_midnight(self, daemon):
        self.clock += datetime.timedelta(days=self.random.randint(1, 3))
        sock = daemon.socket(zmq.DEALER, "query")
        sock.send(json.dumps({"v": 1, "op": "clock.set", "now": self.now()}).encode())
        sock.poll(self.random.uniform(0, 20))
        daemon.kill()
        self.moments["midnight"] += 1

    def check_journal(self, daemon):
        """What was acknowledged is there, nothing is there twice, seqs have no gap, received times do not run backwards."""
        for seq, received, body in daemon.journalled(self.seen_seq):
            identity = json.loads(body)["id"]
            self.assertNotIn(identity, self.seen_ids)
            self.assertGreaterEqual(received, self.last_received)
            self.seen_ids.add(identity)
            self.seen_seq, self.last_received = seq, received
        self.assertEqual(self.sender.acknowledged - self.seen_ids, set())
        health = daemon.ask("health")
        self.assertEqual(health["journal_seq"], self.seen_seq)
        self.assertGreaterEqual(health["journal_seq"], self.sender.acknowledged_seq)

    def check_alerts(self, daemon):
        """The log is the one of before, and longer; whatever was published is in it as it was published."""
        log = daemon.alerts()
        self.assertEqual([row["seq"] for row in log], list(range(1, len(log) + 1)))
        self.assertGreaterEqual(len(log), len(self.log))
        self.assertEqual(log[:len(self.log)], self.log)
        for seq, row in self.told.items():
            self.assertEqual(log[seq - 1], row)
        self.log = log

    def check_open_alerts(self, daemon):
        """What the log leaves open is what is open."""
        alerts = {}
        for row in self.log:
            if row["transition"] == "resolved":
                del alerts[row["alert_id"]]
            else:
                self.assertEqual(row["transition"] == "raised", row["alert_id"] not in alerts)
                alerts[row["alert_id"]] = row["rule"], row["level"], row["subject"], row["team"]
        shown = [(row["rule"], row["level"], row["subject"], row["team"]) for row in daemon.alerts(state="open")]
        key = repr
        self.assertEqual(sorted(alerts.values(), key=key), sorted(shown, key=key))
        self.assertEqual(len(set(shown)), len(shown))
        return sorted(shown, key=key)

    def picture(self, daemon):
        """All that depends on the set of events alone."""
        return {
            "queues": daemon.ask("summary", group_by=["pathway", "team", "priority", "stage"])["rows"],
            "groups": daemon.ask("summary", group_by=["client_group", "district", "worker"])["rows"],
            "total": daemon.total(),
            "waits": daemon.waits(sort="subject", limit=1000, filter={"status": ["waiting", "scheduled", "ended", "excluded"]}),
        }

    def compare(self, picture, other):
        """Equal, or the first differences; a whole diff of thousands of waits would take longer than the test."""
        for name in picture:
            if picture[name] != other[name]:
                differences = [pair for pair in zip(picture[name], other[name]) if pair[0] != pair[1]] if name != "total" else [name]
                self.fail("%s: %d and %d rows, of which differ %r" % (name, len(picture[name]), len(other[name]), differences[:3]))

    def check_against_the_rules(self, daemon):
        oracle = wait_oracle.Register(PATHWAYS, ["W-"])
        for row in self.unique.values():
            if row["type"] == "asc.event.retracted":
                oracle.retracted.add((row["source"], row["data"]["id"]))
            oracle.add(line(row).decode())
        expected = {(pathway, group or "unknown"): count for (pathway, group), count in oracle.position(self.clock.date()).items()}
        rows = daemon.ask("summary", group_by=["pathway", "client_group"])["rows"]
        found = {}
        for row in rows:
            position = row["position"]
            if position["waiting"]:
                found[row["keys"]["pathway"], row["keys"]["client_group"]] = [position["waiting"], position["breach"], position["longest"]]
        self.assertEqual(found, expected)
        self.assertGreater(sum(count[1] for count in expected.values()), 100)

    def test_nothing_acknowledged_is_lost(self):
        with Daemon(clock=self.now(), pathways=CONFIGURED, start=False) as daemon:
            for kills_left in range(KILLS, 0, -1):
                if self.random.random() < 0.2:
                    self.kill_while_starting(daemon)
                    continue
                daemon.clock = self.now()
                daemon.start()
                self.check_journal(daemon)
                self.check_alerts(daemon)
                # However fast the machine is, something is left to send at the last kill.
                most = max(1, min(2 * len(self.sender.waiting) // kills_left, len(self.sender.waiting) - 1))
                by_time = self.random.random() < 0.5
                self.run_load(daemon, most if by_time else self.random.randint(1, most), self.random.uniform(0, 60) if by_time else LIMIT_S * 1000)
                if self.random.random() < 0.4:
                    self.kill_at_midnight(daemon)
                else:
                    daemon.kill()
                    self.moments["load"] += 1
            daemon.clock = self.now()
            daemon.start()
            self.check_journal(daemon)
            self.assertFalse(self.sender.done())
            self.run_load(daemon, BATCHES, LIMIT_S * 1000)
            self.assertTrue(self.sender.done())
            self.check_journal(daemon)
            self.check_alerts(daemon)
            self.assertEqual(self.seen_ids, set(self.unique))
            alerts, picture = self.check_open_alerts(daemon), self.picture(daemon)
            self.check_against_the_rules(daemon)
            daemon.restart()
            self.check_journal(daemon)
            self.check_alerts(daemon)
            self.assertEqual(self.check_open_alerts(daemon), alerts)
            self.compare(self.picture(daemon), picture)
        print("%d kills %s, %d events, %d alert transitions" % (sum(self.moments.values()), self.moments, self.seen_seq, len(self.log)))
        self.compare_with_a_fresh_one(picture, alerts)

    def compare_with_a_fresh_one(self, picture, alerts):
        rows = list(self.unique.values())
        self.random.shuffle(rows)
        with Daemon(clock=self.now(), pathways=CONFIGURED) as fresh:
            fresh.take(*rows)
            self.log = fresh.alerts()
            self.compare(self.picture(fresh), picture)
            self.assertEqual(self.check_open_alerts(fresh), alerts)


if __name__ == "__main__":
    unittest.main()
