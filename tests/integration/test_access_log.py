#!/usr/bin/python3
"""The access log (docs/security.md): what is in it, who may read it, and what shows that somebody changed it."""
import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import unittest

import zmq

from access_log import entries_of, files_of
from daemon import ROOT, WAITLISTCTL, Daemon, event, line, receive, referral
from keyed import KeyedDaemon, Peer

NHS_NUMBER = "9434765919"  # passes the check digit, and nobody has it
MANAGER = {"user": "m.north", "roles": ["manager"], "teams": ["north"]}
VIEWER = {"user": "v.iewer", "roles": ["viewer"]}
ANALYST = {"user": "a.nalyst", "roles": ["analyst"]}


class Case(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(lambda: self.daemon.close())
        self.folder = os.path.join(self.daemon.folder, "access")
        self.daemon.take(*[referral("w-%d" % number, "2025-04-01", team="north" if number % 2 else "south") for number in range(10)])

    def tearDown(self):
        if self.daemon.process:
            self.daemon.stop()

    def entries(self):
        return [row for row in entries_of(self.folder) if not row["op"].startswith("log.")]

    def last(self):
        return self.entries()[-1]

    def ctl(self, *arguments, code=0):
        done = subprocess.run([WAITLISTCTL, "--query-endpoint", self.daemon.endpoints["query"], *arguments], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + (done.stderr if code else "")


class WhatIsLogged(Case):
    def test_every_look_at_people(self):
        """One question of each kind, and what the log says of it."""
        alert = self.daemon.alerts(state="open")[0]
        before = len(self.entries())
        asked = [
            ("waits", {"limit": 3, "sort": "subject"}, {"limit": 3, "sort": "subject", "as_at": "2025-06-01", "seq": 10}, 3),
            ("wait", {"subject": "w-1"}, {"subject": "w-1", "as_at": "2025-06-01", "seq": 10}, 1),
            ("wait", {"subject": "w-1", "as_at": "2025-05-01"}, {"subject": "w-1", "as_at": "2025-05-01", "seq": 10}, 1),
            ("alerts", {"since": 2, "limit": 5}, {"since": 2, "limit": 5}, 5),
            ("snapshot", {}, {"seq": 10}, 20),
            ("exceptions", {"filter": {"team": "north"}}, {"filter": {"team": "north"}, "as_at": "2025-06-01", "seq": 10}, 0),
            ("data_quality", {}, {"as_at": "2025-06-01", "seq": 10}, None),
            ("quarantine", {}, {}, 0),
            ("summary", {"group_by": ["worker"]}, {"group_by": ["worker"], "as_at": "2025-06-01", "seq": 10}, 1),
            ("summary", {"filter": {"subject_prefix": "w-"}}, {"filter": {"subject_prefix": "w-"}, "as_at": "2025-06-01", "seq": 10}, 1),
            ("flow", {"from": "2025-05-01", "to": "2025-06-01", "filter": {"subject_prefix": "w-"}},
             {"from": "2025-05-01", "to": "2025-06-01", "filter": {"subject_prefix": "w-"}, "seq": 10}, 1),
            ("flow", {"each": [{"from": "2025-05-01", "to": "2025-06-01"},
                               {"from": "2025-05-01", "to": "2025-06-01", "filter": {"subject_prefix": "w-"}}]}, None, None),
            ("access", {"subject": "w-1"}, {"subject": "w-1"}, 2),
            ("alert.ack", {"alert_id": alert["alert_id"], "by": "jo", "note": "she rang me"},
             {"alert_id": alert["alert_id"], "by": "jo", "subject": alert["subject"]}, 1),
            ("redact", {"person": "P-w-9", "by": "jo", "reason": "asked for"}, None, 1),
            ("backup", {"name": "one.db"}, {"name": "one.db"}, None),
            ("export", {"kind": "kpi", "from": "2025-04-01", "to": "2025-05-31"},
             {"kind": "kpi", "from": "2025-04-01", "to": "2025-05-31", "seq": 10}, None),
        ]
        for number, (op, members, what, rows) in enumerate(asked):
            self.daemon.ask(op, **members)
            entry = self.entries()[before + number]
            self.assertEqual((entry["op"], entry["rows"], entry["outcome"], entry["reason"], entry["peer"], entry["user"]),
                             (op, rows, "ok", None, "local", None), entry)
            if what is not None:
                self.assertEqual(entry["what"], what)
        self.assertEqual(len(self.entries()), before + len(asked))
        whole = json.dumps(self.entries())
        self.assertNotIn("she rang me", whole)
        self.assertNotIn("P-w-9", whole)  # who is to be erased

    def test_no_filter_is_too_long_to_be_told(self):
        """Else a list of many would hide the one who was looked at."""
        padding = ["p" * 40 + str(number) for number in range(60)]
        for op, filter_ in (("waits", {"subject_prefix": "w-1", "team": ["north"] + padding}), ("alerts", {"subject": ["w-1"] + padding}),
                            ("exceptions", {"subject": ["w-1"] + padding}), ("summary", {"subject_prefix": "w-1", "team": ["north"] + padding})):
            self.assertEqual(self.daemon.error(op, filter=filter_), ("bad_request", "/filter"), op)
            entry = self.last()
            self.assertEqual((entry["op"], entry["outcome"], entry["rows"], entry["what"]["left_out"]), (op, "refused", None, ["filter"]))
            self.assertTrue(self.daemon.ask(op, filter={**filter_, **{name: value[:20] for name, value in filter_.items() if isinstance(value, list)}}))
            self.assertIn("w-1", json.dumps(self.last()["what"]["filter"]))
        self.assertTrue(self.daemon.ask("summary", filter={"team": ["north"] + padding}))  # of counts it is in no log
        days = {"from": "2025-05-01", "to": "2025-05-31"}
        parts = [{**days, "filter": {"worker": "w1", "team": ["north"] + padding}}]
        self.assertEqual(self.daemon.error("flow", each=parts), ("bad_request", "/each"))
        self.assertTrue(self.daemon.ask("flow", each=[{**days, "filter": {"worker": "w1"}}]))
        self.assertIn("w1", json.dumps(self.last()["what"]["each"]))

    def test_counts_are_about_nobody(self):
        before = len(self.entries()) if os.path.exists(self.folder) and files_of(self.folder) else 0
        for op, members in (("health", {}), ("config", {}), ("summary", {"group_by": ["team"]}), ("distribution", {}), ("policies", {}),
                            ("flow", {"from": "2025-05-01", "to": "2025-06-01"}), ("series", {"from": "2025-05-01", "to": "2025-06-01"}),
                            ("snapshot", {"on_behalf_of": VIEWER}), ("backup.status", {})):
            self.daemon.ask(op, **members)
        self.assertEqual(before, 0)
        self.assertEqual(files_of(self.folder), [])

    def test_a_list_can_be_shown_again(self):
        """What the log keeps of a list gives the same people, whatever came later."""
        shown = self.daemon.ask("waits", filter={"team": "north"}, limit=4)["rows"]
        what = self.last()["what"]
        self.daemon.take(event("wait.closed", "w-1", "2025-05-20", {"reason": "withdrawn"}), referral("w-99", "2024-01-01"))
        again = self.daemon.ask("waits", known_at=what.pop("seq"), **what)["rows"]
        self.assertEqual([row["subject"] for row in again], [row["subject"] for row in shown])

    def test_on_whose_behalf(self):
        self.daemon.ask("wait", subject="w-1", on_behalf_of=MANAGER)
        self.assertEqual((self.last()["peer"], self.last()["user"], self.last()["outcome"]), ("local", "m.north", "ok"))
        self.assertEqual(self.daemon.error("wait", subject="w-2", on_behalf_of=MANAGER)[0], "not_found")
        self.assertEqual((self.last()["user"], self.last()["what"]["subject"], self.last()["outcome"]), ("m.north", "w-2", "not_found"))

    def test_what_is_denied(self):
        for op, members in (("waits", {}), ("wait", {"subject": "w-1"}), ("alerts", {}), ("exceptions", {}), ("quarantine", {}),
                            ("alert_figures", {"from": "2025-05-01", "to": "2025-06-01"}), ("access", {}), ("redact", {"subject": "w-1"}),
                            ("backup", {"name": "x"}), ("clock.set", {"now": "2025-07-01T00:00:00Z"}),
                            ("summary", {"group_by": ["worker"]}), ("alert.ack", {"alert_id": "a1"})):
            self.assertEqual(self.daemon.error(op, on_behalf_of=VIEWER, **members)[0], "forbidden", op)
            entry = self.last()
            self.assertEqual((entry["op"], entry["user"], entry["outcome"], entry["rows"]), (op, "v.iewer", "denied", None))
            self.assertIn("for the role", entry["reason"])
            for name, value in members.items():
                self.assertEqual(entry["what"][name], value)
        self.assertEqual(self.daemon.error("redact", subject="w-1", on_behalf_of=ANALYST)[0], "forbidden")
        self.assertEqual(self.last()["outcome"], "denied")

    def test_who_follows_alerts(self):
        """Whoever hears alerts is in the log, from when to when; positions and heartbeats are about nobody."""
        subscriber = self.daemon.subscribe("position.")
        self.assertFalse(files_of(self.folder))

        def until_last(**wanted):
            while not any(all(row[name] == value for name, value in wanted.items()) for row in self.entries()[-1:]):
                subscriber.until("heartbeat.")

        topic = "alert.breach.needs_assessment.north."
        subscriber.sock.subscribe(topic.encode())
        until_last(op="subscribe", peer="local", what={"topic": topic}, outcome="ok", reason=None)
        self.daemon.take(referral("w-new", "2025-04-01"))
        subscriber.until("alert.")
        subscriber.sock.unsubscribe(topic.encode())
        until_last(op="unsubscribe", what={"topic": topic})
        other = self.daemon.subscribe("")
        until_last(op="subscribe", what={"topic": ""})
        other.close()
        until_last(op="unsubscribe", reason="the connection ended")

    def test_what_goes_wrong(self):
        self.assertEqual(self.daemon.error("wait", subject="nobody")[0], "not_found")
        self.assertEqual((self.last()["outcome"], self.last()["reason"]), ("not_found", "not_found"))
        self.assertEqual(self.daemon.error("waits", sort="height")[0], "bad_request")
        self.assertEqual((self.last()["outcome"], self.last()["reason"]), ("refused", "bad_request"))
        self.assertEqual(self.daemon.error("wait", subject="w-1", as_at="2099-01-01")[0], "bad_request")
        self.assertEqual(self.last()["outcome"], "refused")
        before = len(self.entries())
        self.daemon.query(b"no question")
        self.daemon.try_ask("no.such.op")
        self.assertEqual(len(self.entries()), before)

    def test_what_was_typed_is_no_personal_data(self):
        """Neither a number nor a name in the place of a reference is on the disk, and analysts find it all the same."""
        spaced, name = "943 476 5919", "Margaret Thorne"
        for typed in (NHS_NUMBER, spaced, name, "m.thorne@example.org"):
            self.daemon.try_ask("wait", subject=typed)
            self.assertRegex(self.last()["what"]["subject"], "^hash:[0-9a-f]{32}$")
            self.daemon.try_ask("waits", filter={"subject_prefix": typed})
            self.daemon.try_ask("alerts", filter={"subject": typed})
            self.daemon.try_ask("waits", filter={typed: "x"})
            self.daemon.try_ask("waits", cursor=typed)
            self.daemon.try_ask("redact", person=typed, by="jo", reason="x")
            self.daemon.try_ask("waits", filter={"team": typed})
            self.daemon.try_ask("waits", as_at=typed)
            self.daemon.try_ask("quarantine", code=typed)
            if typed != name:
                self.daemon.try_ask("wait", subject=typed, on_behalf_of={**MANAGER, "user": typed})
            found = [row["op"] for row in self.daemon.ask("access", subject=typed)["rows"]]
            self.assertTrue("wait" in found and "alerts" in found, found)
        self.daemon.try_ask("wait", subject=int(NHS_NUMBER))
        self.daemon.try_ask("waits", cursor="MCAxIDAgMTIgOTQzNDc2NTkxOQ")  # "0 1 0 12 " and the number
        self.assertRegex(self.last()["what"]["cursor"], "^hash:")
        self.daemon.stop()
        written = self.daemon.bytes_on_disk()
        for typed in (NHS_NUMBER, spaced, "Thorne", "thorne@", "MCAxIDAgMTIgOTQzNDc2NTkxOQ"):
            self.assertFalse(typed.encode() in written, typed)

    def test_long_questions_are_cut(self):
        values = ["x" * 60 + "%03d" % number for number in range(64)]
        self.daemon.try_ask("waits", filter={"team": values, "pathway": values}, sort="subject")
        entry = self.last()
        self.assertEqual((entry["what"]["sort"], entry["what"]["left_out"]), ("subject", ["filter"]))
        self.daemon.try_ask("wait", subject="s" * 60000)
        self.assertEqual(self.last()["what"]["left_out"], ["subject"])


class AtTheDoor(unittest.TestCase):
    """Peers with keys: which of them looked, and what was denied before any question could be asked."""

    def setUp(self):
        self.analyst, self.viewer = Peer("data_team", ("analyst",)), Peer("screens", ("viewer",))
        self.las, self.stranger = Peer("las", ("producer",), sources=("urn:las",)), Peer("nobody")
        self.daemon = KeyedDaemon([self.analyst, self.viewer, self.las])
        self.addCleanup(lambda: self.daemon.close())
        self.daemon.take(referral("w-1", "2025-04-01"))

    def tearDown(self):
        self.daemon.stop()

    def logged(self, **wanted):
        """The newest entry of this kind."""
        for row in reversed(entries_of(os.path.join(self.daemon.folder, "access"))):
            if all(row[name] == value for name, value in wanted.items()):
                return row
        raise AssertionError("no entry of %r" % wanted)

    def test_which_key(self):
        asker = self.daemon.dial(zmq.DEALER, "query", self.analyst)
        self.assertTrue(self.daemon.ask_by(asker, "wait", subject="w-1")["ok"])
        self.assertEqual(self.logged(op="wait")["peer"], "data_team")
        self.assertFalse(self.daemon.ask_by(asker, "redact", subject="w-1", by="x", reason="y")["ok"])
        self.assertEqual(self.logged(op="redact", outcome="denied")["peer"], "data_team")
        self.assertFalse(self.daemon.ask_by(asker, "wait", subject="w-1", on_behalf_of=MANAGER)["ok"])
        self.assertEqual(self.logged(outcome="denied", op="wait")["reason"], "who asks here does not speak for others")
        asker = self.daemon.dial(zmq.DEALER, "query", self.viewer)
        self.assertFalse(self.daemon.ask_by(asker, "waits")["ok"])
        self.assertEqual(self.logged(op="waits")["peer"], "screens")
        asker = self.daemon.dial(zmq.DEALER, "query", self.las)
        self.assertFalse(self.daemon.ask_by(asker, "health")["ok"])
        self.assertEqual(self.logged(op="health")["peer"], "las")

    def test_a_key_that_is_not_known(self):
        self.assertEqual(self.daemon.handshake(zmq.DEALER, "query", self.stranger), "refused, 400")
        entry = self.logged(op="connect", outcome="denied", peer=None)
        self.assertEqual(entry["what"]["socket"], "query")
        self.assertIn("127.0.0.1", entry["what"]["address"])
        self.assertTrue(self.stranger.public.decode().startswith(entry["what"]["about"]))
        for _ in range(20):
            self.daemon.handshake(zmq.DEALER, "query", self.stranger)
        beats = self.daemon.subscribe()
        for _ in range(4):
            beats.until("heartbeat.")
        rows = [row for row in entries_of(os.path.join(self.daemon.folder, "access")) if row["op"] == "connect"]
        self.assertLess(len(rows), 10)
        self.daemon.stop()
        rows = [row for row in entries_of(os.path.join(self.daemon.folder, "access")) if row["op"] == "connect"]
        self.daemon.start()
        # libzmq tries again by itself, so there may be more.
        self.assertGreaterEqual(sum(row["what"].get("times", 1) for row in rows), 21)

    def test_events_and_topics_that_are_not_its_own(self):
        sender = self.daemon.dial(zmq.DEALER, "ingest", self.las)
        sender.send_multipart([b"1", line(referral("w-2", "2025-04-01"))])
        self.assertEqual(json.loads(receive(sender)[-1])["error"]["code"], "forbidden")
        entry = self.logged(op="ingest", outcome="denied", peer="las")
        self.assertEqual(entry["what"]["about"], "urn:test")
        hearer = self.daemon.dial(zmq.SUB, "publish", self.viewer)
        hearer.subscribe(b"alert.")
        beats = self.daemon.subscribe()
        while "subscribe" not in [row["op"] for row in entries_of(os.path.join(self.daemon.folder, "access"))]:
            beats.until("heartbeat.")
        entry = self.logged(op="subscribe", peer="screens")
        self.assertEqual((entry["outcome"], entry["what"]["about"]), ("denied", "alert."))

    def test_no_number_by_way_of_a_topic_or_a_source(self):
        hearer = self.daemon.dial(zmq.SUB, "publish", self.viewer)
        hearer.subscribe(b"alert." + NHS_NUMBER.encode())
        sender = self.daemon.dial(zmq.DEALER, "ingest", self.las)
        sender.send_multipart([b"1", line(dict(referral("w-3", "2025-04-01"), source="urn:" + NHS_NUMBER))])
        receive(sender)
        beats = self.daemon.subscribe()
        while "subscribe" not in [row["op"] for row in entries_of(os.path.join(self.daemon.folder, "access"))]:
            beats.until("heartbeat.")
        self.daemon.stop()
        self.assertFalse(NHS_NUMBER.encode() in self.daemon.bytes_on_disk())
        self.daemon.start()


class WhoMayRead(Case):
    def test_analysts_and_administrators(self):
        for roles in (["viewer"], ["manager"], ["producer"]):
            self.assertEqual(self.daemon.error("access", on_behalf_of={"user": "x", "roles": roles, "teams": ["*"]})[0], "forbidden")
        for roles in (["analyst"], ["admin"]):
            self.daemon.ask("access", on_behalf_of={"user": "x", "roles": roles})

    def test_files_are_the_daemons_alone(self):
        self.daemon.ask("wait", subject="w-1")
        self.assertEqual(os.stat(self.folder).st_mode & 0o7777, 0o700)
        for path in files_of(self.folder):
            self.assertEqual(os.stat(path).st_mode & 0o7777, 0o600)


class Finding(Case):
    def setUp(self):
        super().setUp()
        for day in ("2025-06-02", "2025-06-03"):
            for number in range(4):
                self.daemon.ask("wait", subject="w-%d" % number, on_behalf_of={**ANALYST, "user": "u-%d" % (number % 2)})
            self.daemon.try_ask("waits", on_behalf_of=VIEWER)
            self.daemon.set_clock(day + "T10:00:00Z")

    def ask(self, **members):
        reply = self.daemon.ask("access", **members)
        return [(row["at"][:10], row["op"], row["user"]) for row in reply["rows"] if row["op"] not in ("access", "log.begin")]

    def test_by_each_member(self):
        self.assertEqual(self.ask(subject="w-1"), [("2025-06-02", "wait", "u-1"), ("2025-06-01", "wait", "u-1")])
        self.assertEqual(len(self.ask(user="u-0")), 4)
        self.assertEqual(len(self.ask(user="u-0", to="2025-06-01")), 2)
        self.assertEqual(len(self.ask(**{"from": "2025-06-02"})), 5)
        self.assertEqual(len(self.ask(**{"from": "2025-06-02T10:00:00.001Z"})), 0)
        self.assertEqual(self.ask(outcome="denied"), [("2025-06-02", "waits", "v.iewer"), ("2025-06-01", "waits", "v.iewer")])
        self.assertEqual(len(self.ask(of="wait")), 8)
        self.assertEqual(len(self.ask(peer="local")), 10)
        self.assertEqual(self.ask(peer="other"), [])
        self.assertEqual(self.ask(order="oldest", subject="w-1")[0][0], "2025-06-01")

    def test_pages(self):
        for order in ("newest", "oldest"):
            rows, cursor = [], None
            while True:
                reply = self.daemon.ask("access", limit=1, cursor=cursor, order=order, of="wait")
                rows += reply["rows"]
                cursor = reply["next"]
                if cursor is None:
                    break
            self.assertEqual([row["n"] for row in rows], sorted((row["n"] for row in rows), reverse=order == "newest"))
            self.assertEqual(len(rows), 8)

    def test_wrong_questions(self):
        first = self.daemon.ask("access", limit=1)["next"]
        for members, pointer in (({"from": "yesterday"}, "/from"), ({"outcome": "fine"}, "/outcome"), ({"order": "up"}, "/order"),
                                 ({"limit": 1001}, "/limit"), ({"cursor": "x"}, "/cursor"), ({"cursor": first, "order": "oldest"}, "/cursor")):
            self.assertEqual(self.daemon.error("access", **members), ("bad_request", pointer))

    def test_by_the_command_line(self):
        text = self.ctl("access", "--subject", "w-1")
        self.assertRegex(text, r"2025-06-02T10:00:00.000Z +local +u-1 +wait +subject=w-1 as_at=2025-06-02 seq=10 +1 +ok")
        self.assertIn("2 of ", text)
        rows = list(csv.DictReader(io.StringIO(self.ctl("--format", "csv", "access", "--op", "wait", "--oldest-first"))))
        self.assertEqual([row["user"] for row in rows], ["u-0", "u-1"] * 4)
        self.assertEqual(json.loads(rows[0]["what"])["subject"], "w-0")
        reply = json.loads(self.ctl("--format", "json", "access", "--outcome", "denied", "--limit", "1"))
        self.assertEqual((len(reply["rows"]), reply["rows"][0]["op"]), (1, "waits"))
        self.assertIn("no such entries", self.ctl("access", "--user", "nobody"))
        self.assertIn("--outcome", self.ctl("access", "--outcome", "fine", code=1))
        self.ctl("access", "--limit", "0", code=2)
        self.ctl("access", "--from", "yesterday", code=2)


class Verifying(Case):
    """Everything that somebody could do to the files, and what `waitlistctl verify` says of it."""

    def setUp(self):
        super().setUp()
        for day in ("2025-06-02", "2025-06-03"):
            for number in range(10):
                self.daemon.ask("wait", subject="w-%d" % number)
            self.daemon.set_clock(day + "T10:00:00Z")
        self.daemon.ask("wait", subject="w-1")
        self.names = [os.path.basename(path) for path in files_of(self.folder)]
        self.assertEqual(self.names, ["000001-2025-06-01.ndjson", "000002-2025-06-02.ndjson", "000003-2025-06-03.ndjson"])

    def verify(self, *arguments, code=0):
        return self.ctl("verify", self.copy, *arguments, code=code)

    def spoil(self, change):
        """A copy that `change` was done to."""
        self.copy = os.path.join(self.daemon.folder, "copy")
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.folder, self.copy)
        change(self.copy)

    def lines(self, name):
        with open(os.path.join(self.copy, name), encoding="utf-8") as file:
            return file.readlines()

    def put(self, name, lines):
        with open(os.path.join(self.copy, name), "w", encoding="utf-8") as file:
            file.writelines(lines)

    def test_a_good_one(self):
        self.spoil(lambda folder: None)
        text = self.verify()
        self.assertIn("good: entries 1 to 24 in 3 files", text)
        self.assertIn(self.daemon.ask("health")["access_log"]["chain"], text)
        self.assertIn("2 heads that were noted elsewhere lie on the chain", self.verify("--journal", self.daemon.journal))
        self.assertTrue(json.loads(self.verify("--format", "json"))["good"])
        self.assertIn("true,", self.verify("--format", "csv"))

    def test_while_the_daemon_writes(self):
        self.copy = self.folder
        self.assertIn("good", self.verify("--journal", self.daemon.journal))

    def test_changes(self):
        name = self.names[1]

        def change(lines):
            lines[4] = lines[4].replace('"rows":1', '"rows":2')

        def remove(lines):
            del lines[4]

        def exchange(lines):
            lines[4], lines[5] = lines[5], lines[4]

        def truncate(lines):
            lines[4] = lines[4][:60] + "\n"

        def insert(lines):
            lines.insert(4, lines[4])

        for spoil in (change, remove, exchange, truncate, insert):
            self.spoil(lambda folder: None)
            lines = self.lines(name)
            spoil(lines)
            self.put(name, lines)
            # A line that was put in twice is right the first time.
            self.assertIn("BAD %s:%d: " % (name, 6 if spoil is insert else 5), self.verify(code=1), spoil)

    def test_missing_files(self):
        for number, expected in ((0, "BAD %s:1: the entries before it are missing" % self.names[1]),
                                 (1, "BAD %s:1: entries before this file are missing" % self.names[2])):
            self.spoil(lambda folder: os.unlink(os.path.join(folder, self.names[number])))
            self.assertIn(expected, self.verify(code=1))

    def test_a_chain_made_anew(self):
        """Whoever can write the files can make the chain anew, or cut its end off: the journal knows better."""
        def forge(folder):
            lines, head = self.lines(self.names[1]), None
            with open(os.path.join(folder, self.names[0]), encoding="utf-8") as file:
                head = json.loads(file.readlines()[-1])["chain"]
            for name in self.names[1:]:
                lines = self.lines(name)
                for number, text in enumerate(lines):
                    body = text[:text.rindex(',"chain":"')].replace('"w-3"', '"w-5"')
                    if number == 0:
                        body = re.sub('"previous":"[0-9a-f]*"', '"previous":"%s"' % head, body)
                    head = hashlib.sha256((head + body).encode()).hexdigest()
                    lines[number] = '%s,"chain":"%s"}\n' % (body, head)
                self.put(name, lines)

        self.spoil(lambda folder: None)
        forge(self.copy)
        self.assertIn("good", self.verify())
        self.assertIn("BAD %s:11: the journal noted another head" % self.names[1], self.verify("--journal", self.daemon.journal, code=1))
        self.spoil(lambda folder: [os.unlink(os.path.join(folder, name)) for name in self.names[1:]])
        self.assertIn("good", self.verify())
        self.assertIn("the journal knows of 22", self.verify("--journal", self.daemon.journal, code=1))

    def test_a_noted_head(self):
        noted = self.daemon.ask("health")["access_log"]
        self.daemon.ask("wait", subject="w-1")
        self.spoil(lambda folder: None)
        self.assertIn("1 heads", self.verify("--head", noted["chain"], "--seq", str(noted["entries"])))
        self.verify("--head", "0" * 64, "--seq", str(noted["entries"]), code=1)

    def test_the_daemon_says_what_it_finds(self):
        self.daemon.stop()
        with open(os.path.join(self.folder, self.names[2]), "r+", encoding="utf-8") as file:
            text = file.read().replace('"rows":1', '"rows":7', 1)
            file.seek(0)
            file.write(text)
        self.daemon.start()
        health = self.daemon.ask("health")
        self.assertEqual(health["status"], "degraded")
        self.assertIn("000003-2025-06-03.ndjson:2", " ".join(health["reasons"]))
        self.daemon.ask("wait", subject="w-1")
        self.copy = self.folder
        self.assertIn("BAD 000003-2025-06-03.ndjson:2", self.verify(code=1))

    def test_a_log_that_is_gone(self):
        self.daemon.stop()
        shutil.rmtree(self.folder)
        self.daemon.start()
        self.assertIn("the journal knows of 22", " ".join(self.daemon.ask("health")["reasons"]))
        self.daemon.ask("wait", subject="w-1")
        self.copy = self.folder
        self.assertIn("BAD", self.verify(code=1))

    def test_the_python_of_the_documents(self):
        """What docs/security.md gives to check a file with is right."""
        with open(os.path.join(ROOT, "docs", "security.md"), encoding="utf-8") as file:
            program = re.search(r"```python\n(.*?)```", file.read(), re.DOTALL).group(1)
        for number, path in enumerate(files_of(self.folder)):
            done = subprocess.run(["/usr/bin/python3", "-c", program, path], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.spoil(lambda folder: None)
            lines = self.lines(self.names[number])
            lines[1] = lines[1].replace('"rows":1', '"rows":2')
            self.put(self.names[number], lines)
            self.assertNotEqual(subprocess.run(["/usr/bin/python3", "-c", program, os.path.join(self.copy, self.names[number])],
                                               capture_output=True, check=False).returncode, 0)


class Lasting(Case):
    def test_old_days_go(self):
        self.daemon.stop()
        self.daemon.configure("security = { access_log = { retention_days = 31; }; };")
        self.daemon.start()
        heartbeats = self.daemon.subscribe()
        for day in range(1, 29):
            self.daemon.set_clock("2025-07-%02dT10:00:00Z" % day)
            self.daemon.ask("wait", subject="w-1")
        for day in range(1, 20):
            self.daemon.set_clock("2025-08-%02dT10:00:00Z" % day)
            self.daemon.ask("wait", subject="w-1")
        heartbeats.until("heartbeat.", lambda beat: beat["today"] == "2025-08-19")
        heartbeats.until("heartbeat.")
        kept = [os.path.basename(path)[7:17] for path in files_of(self.folder)]
        # Counted from the day before the newest, the 18th.
        self.assertEqual((kept[0], kept[-1]), ("2025-07-18", "2025-08-19"))
        self.assertIn("good", self.ctl("verify", self.folder, "--journal", self.daemon.journal))
        removed = self.daemon.ask("access", of="log.removed", limit=1000)["rows"]
        self.assertEqual(removed[0]["what"]["day"], "2025-07-17")

    def test_a_folder_of_its_own(self):
        self.daemon.stop()
        folder = os.path.join(self.daemon.folder, "elsewhere")
        self.daemon.configure('security = { access_log = { directory = "%s"; }; };' % folder)
        self.daemon.start()
        self.daemon.ask("wait", subject="w-1")
        self.assertEqual(len(entries_of(folder)), 2)


if __name__ == "__main__":
    unittest.main()
