#!/usr/bin/python3
"""Working through the quarantine (rules, section 3): listed, shown, retried, discarded, by the protocol and by the command line."""
import base64
import csv
import io
import json
import os
import random
import subprocess
import unittest

from daemon import PATHWAYS, WAITLISTCTL, Daemon, event, line, referral
from test_ingest import golden, table

LATER = PATHWAYS.replace('{ name = "dols"', '{ name = "carers"; pauses = "exclude"; },\n  { name = "dols"')
SEED = int(os.environ.get("SEED", "20251122"))
GROUPINGS = ([], ["pathway"], ["team"], ["district"], ["client_group"], ["priority"], ["stage"], ["worker"], ["pathway", "team"])
SOMEBODY = "jo.bloggs"


def raw_of(reply):
    return base64.b64decode(reply["raw_base64"]) if reply["raw"] is None else reply["raw"].encode()


def figures(daemon, subjects, raised=("days", "standard", "occurred_on", "late")):
    """All that a daemon tells of its waits, but for when and in which order it was told; `raised`: what an alert
    keeps of the moment at which it was raised, which is another where the days were lived through."""
    found = {}
    for group_by in GROUPINGS:
        for as_at in ("2025-05-15", "2025-06-01", "2025-07-15"):
            reply = daemon.ask("summary", group_by=group_by, as_at=as_at)
            found["summary", tuple(group_by), as_at] = reply["rows"], reply["total"]
    reply = daemon.ask("flow", **{"from": "2025-03-01", "to": "2025-06-01", "step": "day", "group_by": ["pathway", "team"]})
    found["flow"] = reply["rows"]
    found["waits"] = daemon.waits(sort="subject")
    for subject in subjects:
        reply = daemon.try_ask("wait", subject=subject)
        found["wait", subject] = reply.get("wait"), [
            {name: value for name, value in row.items() if name not in ("seq", "received")} for row in reply.get("events", [])]
    found["alerts"] = sorted(json.dumps([row[name] for name in ("rule", "level", "subject", "pathway", "team", "severity", *raised)])
                             for row in daemon.alerts(state="open"))
    return found


def history(chance, number):
    """The events of one wait, some of them contradictions."""
    subject = "W-%d" % number
    first = chance.randint(1, 40)
    day = lambda after: "2025-%02d-%02d" % (4 + (first + after - 1) // 30, 1 + (first + after - 1) % 30)
    rows = [referral(subject, day(0), team=chance.choice(("north", "south")), pathway=chance.choice(("carers", "carers", "dols")),
                     priority=chance.randint(1, 4))]
    if chance.random() < 0.6:
        rows.append(event("wait.allocated", subject, day(3), {"worker": "w-%d" % chance.randint(1, 3)}))
    if chance.random() < 0.4:
        rows += [event("wait.paused", subject, day(5), {"reason": "leave"}), event("wait.resumed", subject, day(9))]
    if chance.random() < 0.3:
        rows.append(event("wait.transferred", subject, day(11), {"team": "east"}))
    if chance.random() < 0.3:
        rows.append(event("assessment.completed", subject, day(14)))
    if chance.random() < 0.2:
        rows.append(event("wait.reopened", subject, day(16)))
    return rows


class Acts(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(lambda: self.daemon.close())

    def tearDown(self):
        if self.daemon.process:
            self.daemon.stop()

    def quarantined(self, **members):
        """All rows, page by page."""
        rows, after = [], 0
        while True:
            reply = self.daemon.ask("quarantine", after=after, **members)
            rows += reply["rows"]
            if reply["next"] is None:
                return rows
            self.assertGreater(reply["next"], after)
            after = reply["next"]

    def show(self, number):
        return self.daemon.ask("quarantine", id=number)

    def retry(self, **members):
        return self.daemon.ask("quarantine.retry", by=SOMEBODY, **members)

    def discard(self, **members):
        return self.daemon.ask("quarantine.discard", by=SOMEBODY, **{"reason": "no use", **members})

    def learn(self):
        self.daemon.configure(pathways=LATER)
        self.assertEqual(self.daemon.reload(), "reloaded")

    def carers(self, count, first=0):
        return [referral("C-%d" % number, "2025-05-%02d" % (1 + number % 28), pathway="carers") for number in range(first, first + count)]

    def counted(self, **of_code):
        """`health`, `counts` and a full listing say the same."""
        reply = self.daemon.ask("quarantine", limit=1)
        for code, expected in of_code.items():
            self.assertEqual(tuple(reply["counts"][code][name] for name in ("waiting", "retried", "discarded")), expected, code)
        for state in ("waiting", "retried", "discarded"):
            listed = {}
            for row in self.quarantined(state=state, limit=1000):
                self.assertEqual(row["state"], state)
                listed[row["code"]] = listed.get(row["code"], 0) + 1
            self.assertEqual(listed, {code: figure[state] for code, figure in reply["counts"].items() if figure[state] > 0})
        waiting = sum(figure["waiting"] for figure in reply["counts"].values())
        self.assertEqual((reply["waiting"], self.daemon.ask("health")["quarantine"]), (waiting, waiting))

    # --- listing and showing ---------------------------------------------------------------------------------------

    def test_every_code_is_listed_and_shown_byte_for_byte(self):
        sent, codes = {}, {}
        for number, (name, path, code, _) in enumerate(table("bad.tsv")):
            raw = golden(path)[:-1]
            _, reply = self.daemon.request([b"%d" % number, line(referral("G-%d" % number, "2025-05-01")), raw])
            sent[raw] = reply["quarantined"][0]
        for row in self.quarantined(limit=7):
            shown = self.show(row["id"])
            self.assertEqual(shown["rows"], [row])
            raw = raw_of(shown)
            self.assertEqual((row["bytes"], shown["raw_cut"], shown["acts"]), (len(raw), False, []))
            codes[row["code"]] = codes.get(row["code"], 0) + 1
            if row["scrubbed"]:
                self.assertIn(b"hash:", raw)
                continue
            told = sent[raw]
            self.assertEqual([row[name] for name in ("code", "pointer", "message")], [told[name] for name in ("code", "pointer", "message")])
            if told["id"] is not None and len(told["id"]) <= 256:
                self.assertEqual(row["event_id"], told["id"])
        self.assertEqual(set(codes), {code for _, _, code, _ in table("bad.tsv")})
        for code, count in codes.items():
            self.assertEqual(len(self.quarantined(code=code, limit=3)), count)
        self.counted()

    def test_bytes_of_every_kind(self):
        kinds = [b"\xff\xfe{", b'{"a":"\0"}', b"\x01", '{"é":"\U0001f600"}'.encode(), b"x" * 16385, b"y" * ((1 << 20) + 1)]
        for kind in kinds:
            self.daemon.request([b"1", kind])
        for number, kind in enumerate(kinds, 1):
            shown = self.show(number)
            self.assertEqual(raw_of(shown), kind[:1 << 20])
            self.assertEqual((shown["rows"][0]["bytes"], shown["raw_cut"]), (len(kind), len(kind) > 1 << 20))
        self.assertIsNone(self.show(1)["raw"])
        self.assertIsNone(self.show(2)["raw"])
        self.assertIsNone(self.show(4)["raw_base64"])
        self.assertEqual(self.retry(ids=[5, 6])["rows"][0]["code"], "too_large")

    def test_rows_name_the_event_as_far_as_it_can_be_read(self):
        self.daemon.send(dict(referral("W-1", "2025-05-01", team="a b"), id="x-1"), b'{"id":"x-2","subject":7}', b'["x-3"]', b'{"id":"' + b"i" * 300 + b'"}')
        rows = [[row[name] for name in ("event_id", "subject", "type", "source")] for row in self.quarantined()]
        self.assertEqual(rows, [["x-1", "W-1", "asc.referral.received", "urn:test"], ["x-2", None, None, None],
                                [None, None, None, None], [None, None, None, None]])

    def test_filters_and_pages(self):
        self.daemon.send(*self.carers(5), *[dict(row, source="urn:other") for row in self.carers(4, 5)], b"{broken")
        self.assertEqual(len(self.quarantined(limit=2)), 10)
        self.assertEqual([row["id"] for row in self.quarantined(source="urn:other", limit=3)], [6, 7, 8, 9])
        self.assertEqual([row["id"] for row in self.quarantined(code="not_json")], [10])
        self.assertEqual(self.quarantined(source="urn:none"), [])
        self.discard(ids=[2, 3])
        self.assertEqual([row["id"] for row in self.quarantined(state="discarded")], [2, 3])
        self.assertEqual([row["id"] for row in self.quarantined(limit=1)], [1, 4, 5, 6, 7, 8, 9, 10])
        self.assertEqual([row["id"] for row in self.quarantined(state="all", limit=4)], list(range(1, 11)))
        self.counted(unknown_pathway=(7, 0, 2), not_json=(1, 0, 0))

    def test_what_is_asked_wrongly(self):
        self.daemon.send(*self.carers(1))
        wrong = [("quarantine", {"state": "lost"}, "/state"), ("quarantine", {"code": "bad"}, "/code"), ("quarantine", {"limit": 1001}, "/limit"),
                 ("quarantine", {"id": 1, "limit": 5}, "/id"), ("quarantine", {"id": 0}, "/id"), ("quarantine", {"source": 1}, "/source"),
                 ("quarantine", {"colour": "red"}, "/colour")]
        for op in ("quarantine.retry", "quarantine.discard"):
            good = {"ids": [1], "by": "jo", "reason": "because"}
            wrong += [(op, {**good, "ids": value}, "/ids") for value in ([], 1, list(range(1, 1002)))]
            wrong += [(op, {**good, "ids": [1, value]}, "/ids/1") for value in (0, -1, "1", 1.5, None)]
            wrong += [(op, {**good, "code": "bad_data"}, "/ids"), (op, {"by": "jo", "reason": "because"}, "/ids"),
                      (op, {**good, "after": 3}, "/after"), (op, {"ids": [1], "reason": "because"}, "/by")]
            for value in ("", "x" * 129, "jo@council.example", "943 476 5919", "jo\nbloggs", "jo\u0085", 7):
                wrong.append((op, {**good, "by": value}, "/by"))
            for value in ("", "é" * 251, "for 943-476-5919", "a\x7fb", "see jo@x"):
                wrong.append((op, {**good, "reason": value}, "/reason"))
        wrong.append(("quarantine.discard", {"ids": [1], "by": "jo"}, "/reason"))
        for op, members, pointer in wrong:
            with self.subTest(op, **members):
                self.assertEqual(self.daemon.error(op, **members), ("bad_request", pointer))
        self.assertEqual(self.daemon.error("quarantine", id=99), ("not_found", "/id"))
        self.assertEqual(self.show(1)["acts"], [])
        self.counted(unknown_pathway=(1, 0, 0))

    # --- acts ------------------------------------------------------------------------------------------------------

    def test_personal_data_of_a_source_that_is_spared_no_longer(self):
        spared = 'sources = ( { name = "urn:test"; allow_numeric_references = true; } );'
        self.daemon.configure(spared)
        self.assertEqual(self.daemon.reload(), "reloaded")
        first = referral("9434765919", "2025-05-01", pathway="carers", person="P-1")
        large = dict(referral("W-2", "2025-05-01", person="4505577104"), padding="x" * 16384)
        self.daemon.send(first, large, referral("W-3", "2025-05-01", pathway="carers"))
        self.assertIn(b"9434765919", raw_of(self.show(1)))
        self.assertEqual([(row["outcome"], row["code"]) for row in self.retry(ids=[1, 2])["rows"]],
                         [("rejected", "unknown_pathway"), ("scrubbed", None)])  # nobody's number is spared in what is no event
        self.assertEqual([self.show(number)["rows"][0]["scrubbed"] for number in (1, 2, 3)], [False, True, False])
        self.daemon.configure()
        self.assertEqual(self.daemon.reload(), "reloaded")
        self.daemon.send(first)                           # scrubbed before it is stored: what the row of the first becomes, too
        self.assertEqual([row["code"] for row in self.retry(ids=[1, 3])["rows"]], ["personal_data", "unknown_pathway"])
        rows = [self.show(number) for number in (1, 2, 3, 4)]
        self.assertEqual([row["rows"][0]["scrubbed"] for row in rows], [True, True, False, True])
        self.assertEqual(raw_of(rows[0]), raw_of(rows[3]))
        self.assertEqual([row["outcome"] for row in self.retry(ids=[1, 2])["rows"]], ["scrubbed", "scrubbed"])
        self.daemon.send(first)                           # counted where it is found: no row is damaged
        self.assertEqual([self.show(number)["rows"][0]["times"] for number in (1, 4)], [1, 2])
        self.counted(personal_data=(2, 0, 0), too_large=(1, 0, 0), unknown_pathway=(1, 0, 0))
        self.daemon.stop()                                # which empties the write-ahead file
        for number in (b"9434765919", b"4505577104"):
            self.assertFalse(number in self.daemon.bytes_on_disk(), number)
        self.daemon.start()
        self.counted(personal_data=(2, 0, 0), too_large=(1, 0, 0), unknown_pathway=(1, 0, 0))

    def test_acts_are_journalled_with_who_and_when(self):
        self.daemon.send(*self.carers(3))
        self.assertEqual(self.retry(ids=[1])["rows"],
                         [{"id": 1, "outcome": "rejected", "seq": None, "code": "unknown_pathway",
                           "message": "the pathway is not configured", "pointer": "/data/pathway"}])
        self.daemon.set_clock("2025-06-01T15:00:00Z")
        reply = self.discard(ids=[1, 2, 77], reason="the pathway is gone: é")
        self.assertEqual([row["outcome"] for row in reply["rows"]], ["discarded", "discarded", "not_found"])
        self.assertEqual([reply[name] for name in ("done", "not_done", "next", "remaining", "waiting", "seq")], [2, 1, None, None, 1, 0])
        self.learn()
        self.daemon.set_clock("2025-06-02T15:00:00Z")
        self.assertEqual(self.retry(ids=[2], reason="it is back")["rows"][0]["outcome"], "accepted")
        self.assertEqual(self.discard(ids=[2])["rows"][0]["outcome"], "retried")
        expected = [
            {"act": "retry", "by": SOMEBODY, "reason": None, "outcome": "rejected", "seq": None, "code": "unknown_pathway",
             "at": "2025-06-01T12:00:00.000Z", "after_seq": 0},
            {"act": "discard", "by": SOMEBODY, "reason": "the pathway is gone: é", "outcome": "discarded", "seq": None, "code": None,
             "at": "2025-06-01T15:00:00.000Z", "after_seq": 0},
            {"act": "retry", "by": SOMEBODY, "reason": "it is back", "outcome": "accepted", "seq": 1, "code": None,
             "at": "2025-06-02T15:00:00.000Z", "after_seq": 1},
        ]
        for _ in range(2):
            self.assertEqual(self.show(1)["acts"], expected[:2])
            self.assertEqual(self.show(2)["acts"], expected[1:])
            self.assertEqual(self.show(3)["acts"], [])
            self.counted(unknown_pathway=(1, 1, 1))
            self.daemon.restart()

    def test_what_is_discarded_stays_so_when_it_comes_again(self):
        bad = self.carers(1)[0]
        self.daemon.send(bad)
        self.discard(ids=[1])
        self.assertEqual(self.daemon.send(bad)["quarantined"][0]["code"], "unknown_pathway")
        row = self.show(1)["rows"][0]
        self.assertEqual((row["state"], row["times"]), ("discarded", 2))
        self.counted(unknown_pathway=(0, 0, 1))

    def test_personal_data_cannot_be_retried(self):
        self.daemon.send(referral("W-1", "2025-05-01", surname="Qvist"), referral("W-2", "2025-05-01", pathway="carers", dob="1931-02-27"),
                         *self.carers(1))
        self.learn()
        reply = self.retry(ids=[1])
        self.assertEqual((reply["rows"][0]["outcome"], reply["done"], reply["not_done"]), ("scrubbed", 0, 1))
        self.assertIn("sent again", reply["rows"][0]["message"])
        # Under its code nothing is left over that could be tried.
        self.assertEqual(self.retry(code="personal_data")["rows"], [])
        self.assertEqual(self.retry(code="personal_data")["remaining"], 2)
        self.assertEqual(self.retry(code="unknown_pathway")["done"], 1)
        self.assertEqual(self.discard(code="personal_data")["done"], 2)
        self.counted(personal_data=(0, 0, 2), unknown_pathway=(0, 1, 0))
        # Put right and under its own id it is an event like any other.
        self.daemon.take(referral("W-1", "2025-05-01"))

    def test_a_thousand_a_turn(self):
        rows = self.carers(2300)
        for first in range(0, len(rows), 1000):
            self.daemon.send(*rows[first:first + 1000])
        self.daemon.send(dict(referral("C-0", "2025-05-01", pathway="dols"), id=rows[0]["id"]))  # its id is taken now
        self.learn()
        sub = self.daemon.subscribe("alert.breach.carers.", "position.carers.*.")
        after, done, sizes = 0, 0, []
        while after is not None:
            reply = self.retry(code="unknown_pathway", after=after)
            sizes.append(len(reply["rows"]))
            done += reply["done"]
            after = reply["next"]
        self.assertEqual((sizes, done, reply["remaining"], reply["seq"]), ([1000, 1000, 300], 2299, 0, 2300))
        self.assertEqual(self.show(1)["rows"][0]["code"], "id_conflict")
        self.assertEqual(self.retry(code="id_conflict")["not_done"], 1)
        self.counted(unknown_pathway=(0, 2299, 0), id_conflict=(1, 0, 0))
        breach = self.daemon.total(pathway="carers")["breach"]
        self.assertGreater(breach, 0)
        log = self.daemon.alerts()
        self.assertEqual([row["seq"] for row in log], list(range(1, len(log) + 1)))
        published = [row for _, _, row in sub.alerts_through(log[-1]["seq"])]
        self.assertEqual([row["seq"] for row in published],
                         [row["seq"] for row in log if row["rule"] == "breach" and row["pathway"] == "carers"])
        self.assertEqual(len(published), breach)
        sub.until("position.carers.*.", lambda told: told["position"]["waiting"] == 2299)

    def test_an_acknowledged_act_survives_kill_9(self):
        self.daemon.send(*self.carers(4))
        self.learn()
        self.retry(ids=[1, 2])
        self.discard(ids=[3])
        self.daemon.kill()
        self.daemon.start()
        self.counted(unknown_pathway=(1, 2, 1))
        self.assertEqual([self.show(number)["rows"][0]["state"] for number in (1, 2, 3, 4)], ["retried", "retried", "discarded", "waiting"])
        self.assertEqual([len(self.show(number)["acts"]) for number in (1, 2, 3, 4)], [1, 1, 1, 0])
        self.assertEqual(self.daemon.wait("C-1")["pathway"], "carers")

    # --- as if accepted at first -----------------------------------------------------------------------------------

    def compare(self, rows, subjects):
        """This daemon, which has learned and retried, and one that knew from the start."""
        with Daemon(pathways=LATER) as other:
            other.send(*rows)
            expected = figures(other, subjects)
        found = figures(self.daemon, subjects)
        self.assertEqual(sorted(map(str, found)), sorted(map(str, expected)))
        for name, figure in expected.items():
            self.assertEqual(found[name], figure, name)

    def test_a_pathway_learned_late_ends_as_if_it_had_always_been_there(self):
        chance = random.Random(SEED)
        rows = [row for number in range(60) for row in history(chance, number)]
        chance.shuffle(rows)
        reply = self.daemon.send(*rows)
        refused = len(reply["quarantined"])
        self.assertEqual({row["code"] for row in reply["quarantined"]}, {"unknown_pathway"})
        self.assertGreater(refused, 20)
        self.learn()
        reply = self.retry(code="unknown_pathway")
        self.assertEqual((reply["done"], reply["remaining"]), (refused, 0))
        subjects = ["W-%d" % number for number in range(60)]
        self.compare(rows, subjects)
        before = figures(self.daemon, subjects)
        self.daemon.restart()
        self.assertEqual(figures(self.daemon, subjects), before)

    def test_any_part_that_was_quarantined_and_retried(self):
        """Law 1: whichever events come late, by the quarantine, the figures are the same. SEED=… repeats it."""
        chance = random.Random(SEED + 1)
        rows = [row for number in range(40) for row in history(chance, number)]
        # What lies ahead of the clock is refused until the clock has come there: each daemon is at another day when it gets the events.
        self.daemon.close()
        self.daemon = Daemon(clock="2025-04-%02dT12:00:00Z" % chance.randint(5, 25), pathways=LATER)
        reply = self.daemon.send(*rows)
        self.assertEqual({row["code"] for row in reply["quarantined"]}, {"time_in_future"}, "SEED=%d" % SEED)
        self.daemon.set_clock("2025-06-01T12:00:00Z")
        waiting = [row["id"] for row in self.quarantined(limit=1000)]
        chance.shuffle(waiting)
        while waiting:
            part = [waiting.pop() for _ in range(min(len(waiting), chance.randint(1, 30)))]
            self.assertEqual(self.retry(ids=part)["not_done"], 0, "SEED=%d" % SEED)
        self.counted(time_in_future=(0, len(reply["quarantined"]), 0))
        with Daemon(pathways=LATER) as other:
            other.take(*rows)
            subjects = ["W-%d" % number for number in range(40)]
            expected = figures(other, subjects, ())
        found = figures(self.daemon, subjects, ())
        for name, figure in expected.items():
            self.assertEqual(found[name], figure, (name, "SEED=%d" % SEED))

    # --- the command line ------------------------------------------------------------------------------------------

    def ctl(self, *words, code=0):
        result = subprocess.run([WAITLISTCTL, "--query-endpoint", self.daemon.endpoints["query"], *words], capture_output=True, check=False,
                                timeout=60)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stdout

    def test_the_command(self):
        rows = self.carers(1200)
        self.daemon.send(*rows[:1000])
        self.daemon.send(*rows[1000:], b"\xff\x00{")
        listed = self.ctl("quarantine", "list", "--limit", "3").decode()
        self.assertIn("1201 wait for somebody: 1 not_json, 1200 unknown_pathway", listed)
        self.assertEqual(json.loads(self.ctl("--format", "json", "quarantine", "list", "--limit", "3")), self.daemon.ask("quarantine", limit=3))
        cells = list(csv.DictReader(io.StringIO(self.ctl("--format", "csv", "quarantine", "list", "--code", "not_json").decode(), newline="")))
        self.assertEqual([(row["id"], row["code"], row["bytes"]) for row in cells], [("1201", "not_json", "3")])
        self.assertEqual(self.ctl("quarantine", "show", "1201", "--raw"), b"\xff\x00{")
        self.assertEqual(self.ctl("quarantine", "show", "7", "--raw"), line(rows[6]))
        self.ctl("quarantine", "show", "9999", code=1)
        self.assertIn("rejected", self.ctl("quarantine", "retry", "1", "1201", code=1).decode())
        self.ctl("quarantine", "discard", "1201", code=2)
        self.ctl("quarantine", "retry", code=2)
        self.ctl("quarantine", "retry", "1", "--code", "bad_data", code=2)
        self.ctl("quarantine", "discard", "1201", "--reason", "no use", "--by", "a@b", code=1)
        self.assertIn("1 discarded", self.ctl("quarantine", "discard", "1201", "--reason", "no use", "--by", SOMEBODY).decode())
        shown = self.ctl("quarantine", "show", "1201").decode()
        self.assertIn("no use", shown)
        self.assertIn(SOMEBODY, shown)
        self.learn()
        whole = json.loads(self.ctl("--format", "json", "quarantine", "retry", "--code", "unknown_pathway"))
        self.assertEqual(([row["id"] for row in whole["rows"]], whole["done"], whole["not_done"], whole["next"]), (list(range(1, 1201)), 1200, 0, None))
        many = [str(number) for number in range(1, 1102)]
        self.assertIn("1101 retried, 0 not retried", self.ctl("quarantine", "retry", *many).decode())
        self.assertTrue(self.show(5)["acts"][-1]["by"])
        self.counted(unknown_pathway=(0, 1200, 0), not_json=(0, 0, 1))
        self.assertIn("no such events", self.ctl("quarantine", "list").decode())


if __name__ == "__main__":
    unittest.main()
