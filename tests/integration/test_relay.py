#!/usr/bin/python3
"""waitlist-relay against a real daemon: webhooks, commands, dead letters, groups, another journal (docs/alerts.md)."""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import unittest

from daemon import Daemon, event, referral
from relay import RELAY, Receiver, Relay, free_port

WEBHOOK = '{ name = "%s"; to = "webhook"; url = "%s"; retry_first_ms = 20; retry_last_s = 1; %s }'


def webhook(name, receiver, more=""):
    url = receiver if isinstance(receiver, str) else receiver.url
    return WEBHOOK % (name, url, more)


def seqs(events):
    """The alert seqs of events about single transitions."""
    return [event["data"]["seq"] for event in events]


class RelayTest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)

    def relay(self, *routes, **options):
        relay = Relay(self.daemon, ", ".join(routes), **options)
        self.addCleanup(relay.finish)
        return relay

    def breach(self, subject="W-1", team="north"):
        """Someone who is in breach today, not late: the standard of 28 days was passed this midnight."""
        self.daemon.take(referral(subject, "2025-05-03", team=team))

    def newest(self):
        return self.daemon.ask("health")["alert_seq"]


class Webhook(RelayTest):
    def test_each_transition_in_order_and_signed(self):
        relay = self.relay(webhook("desk", self.receiver, 'secret_file = "secret"; references = true;'), start=False)
        relay.write("secret", "correct horse\n")
        relay.start()
        relay.wait_cursor("desk", 0)
        self.breach()
        self.daemon.take(event("assessment.completed", "W-1", "2025-06-01"))
        rows = self.daemon.alerts()
        events = self.receiver.wait_events(len(rows))
        self.assertGreaterEqual(len(rows), 2)
        self.assertEqual([one["data"] for one in events], rows)
        epoch = self.daemon.ask("health")["epoch"]
        self.assertEqual([one["id"] for one in events], ["%s:%d" % (epoch, row["seq"]) for row in rows])
        self.assertEqual(events[0]["type"], "waitlistd.alert.raised")
        self.assertEqual((events[0]["specversion"], events[0]["source"], events[0]["subject"]), ("1.0", "urn:waitlistd", rows[0]["alert_id"]))
        self.assertEqual(events[0]["sequence"], "%020d" % rows[0]["seq"])
        for request in self.receiver.requests:
            headers = request["headers"]
            self.assertEqual(headers["content-type"], "application/cloudevents+json; charset=utf-8")
            signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), request["body"]])
            digest = base64.b64encode(hmac.new(b"correct horse", signed, hashlib.sha256).digest()).decode()
            self.assertEqual(headers["webhook-signature"], "v1," + digest)
        relay.wait_cursor("desk", rows[-1]["seq"])
        relay.stop()

    def test_no_references_unless_the_route_says_so(self):
        other = Receiver()
        self.addCleanup(other.close)
        relay = self.relay(webhook("open", self.receiver, "references = true;"), webhook("closed", other),
                           relay='dashboard = "https://waiting.example.gov.uk/";')
        relay.wait_cursor("open", 0)
        relay.wait_cursor("closed", 0)
        self.breach("W-secret")
        told, hidden = self.receiver.wait_events(1)[0], other.wait_events(1)[0]
        self.assertEqual(told["data"]["subject"], "W-secret")
        self.assertEqual(told["data"]["link"], "https://waiting.example.gov.uk/wait?subject=W-secret")
        self.assertIsNone(hidden["data"]["subject"])
        self.assertNotIn("W-secret", json.dumps(hidden))
        self.assertEqual(hidden["data"]["link"], "https://waiting.example.gov.uk/alerts?pathway=needs_assessment&team=north&rule=" +
                         hidden["data"]["rule"])
        self.assertNotIn("W-secret", relay.log())

    def test_only_what_matches(self):
        relay = self.relay(webhook("desk", self.receiver, 'match = { team = "south"; rule = [ "breach" ]; transition = "raised"; };'))
        relay.wait_cursor("desk", 0)
        for subject, team in (("W-1", "north"), ("W-2", "south"), ("W-3", "east"), ("W-4", "south")):
            self.breach(subject, team)
        wanted = [row["seq"] for row in self.daemon.alerts() if row["team"] == "south" and row["rule"] == "breach"]
        self.assertEqual(len(wanted), 2)
        self.assertEqual(seqs(self.receiver.wait_events(2)), wanted)
        relay.wait_cursor("desk", self.newest())
        self.assertEqual(len(self.receiver.events()), 2)

    def test_a_dead_target_loses_nothing_and_holds_up_nobody(self):
        port = free_port()
        relay = self.relay(webhook("away", "http://127.0.0.1:%d/hook" % port), webhook("there", self.receiver))
        relay.wait_cursor("there", 0)
        relay.wait_cursor("away", 0)
        for number in range(20):
            self.breach("W-%d" % number)
        newest = self.newest()
        wanted = [row["seq"] for row in self.daemon.alerts()]
        self.assertEqual(seqs(self.receiver.wait_events(len(wanted))), wanted)
        relay.wait_cursor("there", newest)
        self.assertEqual(relay.cursor("away")[1], 0)
        relay.kill()  # what was not delivered is only in the daemon's log
        relay.start()
        late = Receiver(port)
        self.addCleanup(late.close)
        self.assertEqual(seqs(late.wait_events(len(wanted))), wanted)
        relay.wait_cursor("away", newest)
        self.assertEqual(relay.command("--list-dead")[:2], (0, ""))
        self.assertEqual(len(self.receiver.events()), len(wanted))  # and nothing came twice where it had come

    def test_busy_is_waited_out(self):
        answers = iter([503, 429, (503, {"Retry-After": "1"}), 502, 504, 408])
        self.receiver.answer = lambda request: next(answers, 200)
        relay = self.relay(webhook("desk", self.receiver, "attempts = 1;"))
        relay.wait_cursor("desk", 0)
        self.breach()
        self.receiver.wait_events(1)
        tries = self.receiver.wait(lambda requests: requests if requests[-1]["status"] == 200 else None)
        self.assertEqual([one["status"] for one in tries[:7]], [503, 429, 503, 502, 504, 408, 200])
        self.assertEqual(len({one["headers"]["webhook-id"] for one in tries[:7]}), 1)
        self.assertGreaterEqual(tries[3]["at"] - tries[2]["at"], 1)  # as the target asked
        self.assertEqual(relay.command("--list-dead")[:2], (0, ""))

    def test_the_daemon_shows_how_far_each_route_is(self):
        relay = self.relay(webhook("there", self.receiver), webhook("away", "http://127.0.0.1:%d/" % free_port()), relay='name = "post";')
        relay.wait_cursor("there", 0)
        relay.wait_cursor("away", 0)
        self.breach()
        relay.wait_cursor("there", self.newest())
        sub = self.daemon.subscribe()
        for _ in range(20):
            followers = {row["name"]: row["lag"] for row in self.daemon.ask("health")["followers"]}
            if followers.get("post-there") == 0:
                break
            sub.next()
        self.assertEqual(followers, {"post-there": 0, "post-away": self.newest()})


class DeadLetters(RelayTest):
    def test_what_is_rejected_is_kept_and_can_be_sent_again(self):
        self.receiver.answer = lambda request: 410 if b'"seq":1,' in request["body"] else 200
        relay = self.relay(webhook("desk", self.receiver))
        relay.wait_cursor("desk", 0)
        self.breach("W-1")
        self.breach("W-2")
        relay.wait_cursor("desk", self.newest())
        self.assertNotIn(1, seqs(self.receiver.events()))
        code, listed, _ = relay.command("--list-dead")
        letters = [json.loads(line) for line in listed.splitlines()]
        self.assertEqual(code, 0)
        self.assertEqual([(letter["route"], letter["reason"], letter["event"]["data"]["seq"]) for letter in letters], [("desk", "HTTP 410", 1)])
        code, said, _ = relay.command("--retry-dead")
        self.assertEqual((code, said), (1, "desk %s: HTTP 410\n" % letters[0]["id"]))
        self.receiver.answer = lambda request: 200
        code, said, _ = relay.command("--retry-dead", "--route", "desk")
        self.assertEqual((code, said), (0, "desk %s: delivered\n" % letters[0]["id"]))
        self.assertEqual(self.receiver.events()[-1], letters[0]["event"])
        self.assertEqual(relay.command("--list-dead")[:2], (0, ""))

    def test_attempts_and_the_limit(self):
        self.receiver.answer = lambda request: 500
        relay = self.relay(webhook("desk", self.receiver, "attempts = 3; dead_letters = 1;"))
        relay.wait_cursor("desk", 0)
        self.breach("W-1")
        first = self.newest()
        self.breach("W-2")
        newest = self.newest()
        # Three tries each; the first message of all is a dead letter then, the next one finds the list full and is tried on and on.
        self.receiver.wait(lambda requests: sum(b'"seq":2,' in request["body"] for request in requests) > 5)
        self.assertEqual(sum(b'"seq":1,' in request["body"] for request in self.receiver.requests), 3)
        self.assertEqual(relay.cursor("desk")[1], 1)
        self.assertGreater(newest, first)
        self.assertIn("the dead letters are full: the route waits", relay.log())
        self.receiver.answer = lambda request: 200
        relay.wait_cursor("desk", newest)
        self.assertEqual(seqs(self.receiver.events()), list(range(2, newest + 1)))

    def test_an_unknown_route(self):
        relay = self.relay(webhook("desk", self.receiver), start=False)
        self.assertEqual(relay.command("--list-dead", "--route", "nobody")[0], 1)
        self.assertEqual(relay.command("--route", "desk")[0], 2)
        self.assertEqual(relay.command("--check-config", "--list-dead")[0], 2)


class Command(RelayTest):
    def test_one_line_on_its_input(self):
        script = 'read -r line; echo "$line" >> FOLDER/got; echo "thank you"; echo again >&2'
        relay = self.relay('{ name = "run"; to = "command"; command = [ "/bin/sh", "-c", "%s" ]; }' % script.replace('"', '\\"'))
        relay.wait_cursor("run", 0)
        self.breach()
        newest = self.newest()
        relay.wait_cursor("run", newest)
        with open(os.path.join(relay.folder, "got"), encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual(seqs(lines), list(range(1, newest + 1)))
        self.assertIsNone(lines[0]["data"]["subject"])
        for said in ('output="thank you"', "output=again"):
            self.assertIn(said, relay.log())

    def test_a_command_that_hangs_or_fails(self):
        hang = '{ name = "hang"; to = "command"; command = [ "/bin/sh", "-c", "exec tail -f /dev/null" ]; timeout_s = 1; attempts = 1; }'
        fail = '{ name = "fail"; to = "command"; command = [ "/bin/sh", "-c", "exit 3" ]; attempts = 2; retry_first_ms = 10; }'
        data = '{ name = "data"; to = "command"; command = [ "/bin/sh", "-c", "exit 65" ]; attempts = 100; }'
        relay = self.relay(hang, fail, data)
        for route in ("hang", "fail", "data"):
            relay.wait_cursor(route, 0)
        self.breach()
        newest = self.newest()
        for route in ("hang", "fail", "data"):
            relay.wait_cursor(route, newest)
        letters = [json.loads(line) for line in relay.command("--list-dead")[1].splitlines()]
        reasons = {(letter["route"], letter["reason"]) for letter in letters}
        self.assertEqual(reasons, {("hang", "not done within 1 s"), ("fail", "exit code 3"), ("data", "exit code 65")})

    def test_it_ends_while_a_command_hangs(self):
        relay = self.relay('{ name = "hang"; to = "command"; command = [ "/bin/sh", "-c", "touch FOLDER/begun; exec tail -f /dev/null" ]; timeout_s = 600; }')
        relay.wait_cursor("hang", 0)
        self.breach()
        sub = self.daemon.subscribe()
        while not os.path.exists(os.path.join(relay.folder, "begun")):
            sub.next()
        relay.stop()
        self.assertEqual(relay.cursor("hang")[1], 0)  # not delivered, so it comes again

    def test_a_program_that_is_not_there_holds_its_route(self):
        relay = self.relay('{ name = "none"; to = "command"; command = [ "FOLDER/program" ]; attempts = 1; retry_first_ms = 20; retry_last_s = 1; }')
        relay.wait_cursor("none", 0)
        self.breach()
        newest = self.newest()
        path = relay.write("later", "#!/bin/sh\ncat >> %s/got\n" % relay.folder)
        os.chmod(path, 0o755)
        os.rename(path, os.path.join(relay.folder, "program"))
        relay.wait_cursor("none", newest)
        self.assertEqual(relay.command("--list-dead")[:2], (0, ""))


class Quiet(RelayTest):
    def test_a_thousand_breaches_at_one_midnight(self):
        match = 'match = { rule = "breach"; transition = "raised"; };'
        relay = self.relay(webhook("desk", self.receiver, "group_wait_s = 2; " + match))
        relay.wait_cursor("desk", 0)
        teams = ["north", "south", "east", "west"]
        self.daemon.take(*[referral("W-%d" % number, "2025-05-04", team=teams[number % 4]) for number in range(1000)])
        before = self.newest()
        self.daemon.set_clock("2025-06-02T06:00:00Z")  # one midnight: all pass 28 days
        rows = [row for row in self.daemon.alerts(since=before) if row["rule"] == "breach" and row["transition"] == "raised"]
        self.assertEqual(len(rows), 1000)
        self.assertEqual(len({row["alert_id"] for row in rows}), 1000)
        relay.wait_cursor("desk", self.newest())
        events = self.receiver.events()
        self.assertEqual(len(events), 4)
        self.assertEqual({one["type"] for one in events}, {"waitlistd.alerts"})
        self.assertEqual({one["data"]["team"]: one["data"]["count"] for one in events}, {team: 250 for team in teams})
        told = sorted(row["seq"] for one in events for row in one["data"]["alerts"])
        self.assertEqual(told, [row["seq"] for row in rows])
        self.assertEqual({one["data"]["late"] for one in events}, {False})

    def test_what_comes_and_goes_is_not_told(self):
        """Paused and resumed within the time: the log has four transitions more, the desk hears once."""
        relay = self.relay(webhook("desk", self.receiver, 'group_wait_s = 3; match = { rule = "breach"; };'))
        relay.wait_cursor("desk", 0)
        self.daemon.take(referral("W-1", "2025-05-03", pathway="ot_assessment", priority=3),
                         referral("W-2", "2025-05-03", pathway="ot_assessment", priority=3))
        for hour in range(3):
            self.daemon.take(event("wait.paused", "W-1", "2025-05-28", {"reason": "hospital"}, time="2025-05-28T%02d:00:00Z" % (8 + hour)))
            self.daemon.take(event("wait.resumed", "W-1", "2025-05-28", time="2025-05-28T%02d:30:00Z" % (8 + hour)))
        self.daemon.take(event("assessment.completed", "W-2", "2025-06-01"))
        rows = [row for row in self.daemon.alerts() if row["rule"] == "breach"]
        self.assertGreaterEqual(len(rows), 8)
        relay.wait_cursor("desk", self.newest())
        events = self.receiver.events()
        self.assertEqual(len(events), 1, events)
        data = events[0]["data"]
        self.assertEqual(data["passing"], 1)  # W-2
        kept = [row["seq"] for row in rows if row["subject"] == "W-1"]
        self.assertEqual([row["seq"] for row in data["alerts"]], kept)  # raised at first, raised at last: all of it is said in one

    def test_a_first_import_is_gathered_and_marked(self):
        relay = self.relay(webhook("desk", self.receiver, "late_wait_s = 2;"))
        relay.wait_cursor("desk", 0)
        self.daemon.take(*[referral("W-%d" % number, "2025-01-%02d" % (1 + number % 28), team=["north", "south"][number % 2])
                           for number in range(300)])
        rows = self.daemon.alerts()
        self.assertGreaterEqual(len(rows), 300)
        self.assertEqual({row["late"] for row in rows}, {True})
        relay.wait_cursor("desk", rows[-1]["seq"])
        events = self.receiver.events()
        self.assertEqual(sorted((one["data"]["team"], one["data"]["late"]) for one in events), [("north", True), ("south", True)])
        self.assertEqual(sum(one["data"]["count"] for one in events), len(rows))
        self.breach("W-now")  # while what is late waits, what is new does not
        single = self.receiver.wait(lambda _: [one for one in self.receiver.events() if one["type"] == "waitlistd.alert.raised"])
        self.assertEqual(single[0]["data"]["late"], False)


class OtherJournal(RelayTest):
    def test_it_is_said_with_what_is_open(self):
        relay = self.relay(webhook("desk", self.receiver, "references = true;"))
        relay.wait_cursor("desk", 0)
        self.breach("W-1")
        newest = self.newest()
        relay.wait_cursor("desk", newest)
        old = self.daemon.ask("health")["epoch"]
        self.daemon.stop()
        self.daemon.journal = os.path.join(self.daemon.folder, "other.db")
        self.daemon.configure()
        self.daemon.start()
        self.breach("X-1")
        self.breach("X-2", team="south")
        events = self.receiver.wait(lambda _: [one for one in self.receiver.events() if one["type"] != "waitlistd.alert.raised"]
                                    if "X-2" in str(self.receiver.events()) else None)
        new = self.daemon.ask("health")["epoch"]
        self.assertEqual(events[0]["type"], "waitlistd.journal")
        self.assertEqual((events[0]["data"]["followed_epoch"], events[0]["data"]["followed_through"], events[0]["data"]["epoch"]),
                         (old, newest, new))
        self.assertIn("the daemon keeps another journal than the one followed", relay.log())
        self.breach("X-3")
        self.receiver.wait(lambda _: "X-3" in str(self.receiver.events()))
        open_subjects = {row["subject"] for row in self.daemon.alerts(state="open")}
        told = {row["subject"] for one in self.receiver.events() if one["id"].startswith(new) and one["type"] != "waitlistd.journal"
                for row in one["data"].get("alerts", [one["data"]])}
        self.assertEqual(told, open_subjects)
        relay.wait_cursor("desk", self.newest())
        self.assertEqual(relay.cursor("desk"), (new, self.newest()))

    def test_a_broken_cursor_is_not_passed_over(self):
        relay = self.relay(webhook("desk", self.receiver), start=False)
        relay.write("state/desk.cursor", "nonsense\n")
        done = subprocess.run([RELAY, "-c", relay.config], capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("a cursor cannot be read", done.stderr)


if __name__ == "__main__":
    unittest.main()
