#!/usr/bin/python3
"""The query socket (docs/protocol.md, Query): every op, every member, every refusal, through a real daemon."""
import collections
import datetime
import json
import random
import re
import statistics
import unittest

import zmq

from daemon import Daemon, event, receive, referral

SEED = 20250601
TODAY = datetime.date(2025, 6, 1)
POSITION = ["waiting", "unallocated", "allocated", "in_progress", "paused", "breach", "due", "scheduled", "no_contact", "longest", "median",
            "mean", "p90", "bands"]
WAIT = ["subject", "pathway", "team", "district", "client_group", "priority", "impact", "likelihood", "dimensions", "person", "worker",
        "stage", "status", "start", "stop", "reason", "outcome", "days", "gross_days", "paused_days", "is_paused", "standard",
        "days_to_breach", "breach", "due", "breach_on", "last_contact", "no_contact", "exceptions", "last_event_at"]
TRANSITION = ["seq", "alert_id", "transition", "rule", "level", "subject", "pathway", "team", "severity", "days", "standard", "value", "limit", "occurred_on",
              "at", "reason", "by", "note", "expected_by", "late"]
GROUPINGS = ["pathway", "team", "district", "client_group", "priority", "impact", "likelihood", "stage", "worker", "dimension.deprivation"]
EMPTY = {**{name: 0 for name in POSITION[:9]}, "longest": None, "median": None, "mean": None, "p90": None, "bands": [0] * 7}


def random_waits(count, chance):
    """Referrals with all there is to group by, and what happened to some of them."""
    rows = []
    for number in range(count):
        subject = "W/%d" % chance.randrange(10**9)
        day = TODAY - datetime.timedelta(days=chance.randrange(250))
        data = {}
        for name, values in (("district", ["burnley", "lancaster"]), ("client_group", ["older_people", "carer"]), ("priority", [1, 2, 3, 4]),
                             ("impact", [1, 2, 3, 4, 5]), ("likelihood", [1, 2, 3, 4, 5]), ("dimensions", [{"deprivation": v} for v in "12345"])):
            if chance.random() < 0.8:
                data[name] = chance.choice(values)
        if chance.random() < 0.05:
            data["clock_start"] = str(TODAY + datetime.timedelta(days=chance.randint(1, 60)))
        rows.append(referral(subject, str(day), chance.choice(["north", "south", "east"]),
                             chance.choice(["needs_assessment", "ot_assessment", "dols", "triage"]), **data))
        for kind, more, share in (("wait.allocated", {"worker": "w%d" % chance.randrange(9)}, 0.4), ("wait.paused", {"reason": "in_hospital"}, 0.2),
                                  ("contact.made", {}, 0.4), ("assessment.started", {}, 0.2), ("wait.resumed", {}, 0.1),
                                  ("assessment.completed", {"outcome": "eligible"}, 0.1), ("wait.closed", {"reason": "died"}, 0.05),
                                  ("wait.closed", {"reason": "duplicate"}, 0.02)):
            if chance.random() < share:
                day += datetime.timedelta(days=chance.randint(0, max(0, (TODAY - day).days)))
                rows.append(event(kind, subject, str(day), more))
    return rows


def half_up(value):
    return int(value * 10 + 0.5) / 10


def position_of(waits):
    """The position of some rows of `waits` (rules, section 6)."""
    position = dict(EMPTY)
    waiting = [row for row in waits if row["status"] == "waiting"]
    days = sorted(row["days"] for row in waiting)
    position.update(waiting=len(waiting), scheduled=sum(row["status"] == "scheduled" for row in waits))
    for stage in ("unallocated", "allocated", "in_progress"):
        position[stage] = sum(row["stage"] == stage for row in waiting)
    position.update(paused=sum(row["is_paused"] for row in waiting), breach=sum(row["breach"] for row in waiting),
                    due=sum(row["due"] for row in waiting), no_contact=sum(row["no_contact"] for row in waiting))
    edges = [7, 14, 28, 42, 84, 182, 10**9]
    position["bands"] = [sum((edges[i - 1] if i else -1) < day <= edges[i] for day in days) for i in range(7)]
    if days:
        position.update(longest=days[-1], median=statistics.median(days), mean=half_up(sum(days) / len(days)),
                        p90=days[(9 * len(days) + 9) // 10 - 1])
    return position


def key_of(row, name):
    value = row["dimensions"].get("deprivation") if name.startswith("dimension.") else row[name]
    return "unknown" if value is None else str(value)


class Council(unittest.TestCase):
    """A few thousand random waits; what the daemon sums up, filters and sorts is done again here from the whole list."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        rows = random_waits(5000, random.Random(SEED))
        cls.seq = cls.daemon.take(*rows)["seq"]
        cls.everybody = cls.daemon.waits(limit=1000)
        cls.shown = [row for row in cls.everybody if row["status"] in ("waiting", "scheduled")]

    @classmethod
    def tearDownClass(cls):
        try:
            cls.daemon.stop()
        finally:
            cls.daemon.close()

    def test_all_are_listed_with_every_member(self):
        self.assertEqual(len(self.everybody), 5000)
        self.assertEqual(len({row["subject"] for row in self.everybody}), 5000)
        for row in self.everybody:
            self.assertEqual(list(row), WAIT)
        for status in ("waiting", "scheduled", "ended", "excluded"):
            self.assertGreater(sum(row["status"] == status for row in self.everybody), 30)

    def test_the_sum_of_everything(self):
        reply = self.daemon.ask("summary")
        self.assertEqual(list(reply), ["v", "ok", "rows", "total", "as_at", "known_at", "journal_seq", "basis", "rule_version"])
        self.assertEqual((reply["as_at"], reply["journal_seq"], reply["known_at"], reply["basis"]), ("2025-06-01", self.seq, self.seq, "known"))
        self.assertEqual(list(reply["total"]), POSITION)
        self.assertEqual(reply["total"], position_of(self.shown))
        self.assertEqual(reply["rows"], [{"keys": {}, "position": reply["total"]}])

    def check_groups(self, names, filters=None, chosen=None):
        chosen = self.shown if chosen is None else chosen
        groups = {}
        for row in chosen:
            groups.setdefault(tuple(key_of(row, name) for name in names), []).append(row)
        reply = self.daemon.ask("summary", group_by=names, filter=filters or {})
        expected = [{"keys": dict(zip(names, key)), "position": position_of(groups[key])}
                    for key in sorted(groups, key=lambda key: [part.encode() for part in key])]
        self.assertEqual(reply["rows"], expected)
        self.assertEqual(reply["total"], position_of(chosen))

    def test_each_grouping(self):
        for name in GROUPINGS:
            with self.subTest(name):
                self.check_groups([name])

    def test_groupings_together(self):
        for names in (["pathway", "team"], ["team", "pathway"], ["impact", "likelihood"], ["stage", "worker", "priority"],
                      ["pathway", "district", "client_group", "dimension.deprivation"]):
            with self.subTest(names):
                self.check_groups(names)

    def filters(self):
        return [
            ({"team": "north"}, lambda row: row["team"] == "north"),
            ({"team": ["north", "east"], "pathway": "dols"}, lambda row: row["team"] in ("north", "east") and row["pathway"] == "dols"),
            ({"priority": 1}, lambda row: row["priority"] == 1),
            ({"priority": "1"}, lambda row: row["priority"] == 1),
            ({"priority": [2, "unknown"]}, lambda row: row["priority"] in (2, None)),
            ({"district": "unknown"}, lambda row: row["district"] is None),
            ({"client_group": ["carer"]}, lambda row: row["client_group"] == "carer"),
            ({"impact": 5, "likelihood": [4, 5]}, lambda row: row["impact"] == 5 and row["likelihood"] in (4, 5)),
            ({"stage": "in_progress"}, lambda row: row["stage"] == "in_progress"),
            ({"worker": "w3"}, lambda row: row["worker"] == "w3"),
            ({"dimension.deprivation": ["1", "unknown"]}, lambda row: row["dimensions"].get("deprivation") in ("1", None)),
            ({"breach": True}, lambda row: row["breach"]),
            ({"breach": False}, lambda row: not row["breach"]),
            ({"due": True}, lambda row: row["due"]),
            ({"paused": True}, lambda row: row["is_paused"]),
            ({"no_contact": True}, lambda row: row["no_contact"]),
            ({"min_days": 29, "max_days": 60}, lambda row: 29 <= row["days"] <= 60),
            ({"status": "scheduled"}, lambda row: row["status"] == "scheduled"),
            ({"status": ["waiting", "ended"]}, lambda row: row["status"] in ("waiting", "ended")),
            ({"subject_prefix": "W/7"}, lambda row: row["subject"].startswith("W/7")),
            ({"team": "nobody"}, lambda row: False),
            ({"breach": True, "team": "south", "priority": [3, 4], "subject_prefix": "W/"},
             lambda row: row["breach"] and row["team"] == "south" and row["priority"] in (3, 4)),
        ]

    def test_each_filter_of_a_summary(self):
        for filters, passes in self.filters():
            with self.subTest(filters):
                self.check_groups(["pathway", "team"], filters, [row for row in self.shown if passes(row)])

    def distribution_of(self, waits):
        """What the op `distribution` must say of some rows of `waits`."""
        waiting = [row for row in waits if row["status"] == "waiting"]
        weeks = max((row["days"] // 7 + 1 for row in waiting), default=0)
        standards = collections.Counter((row["pathway"] == "triage", row["standard"]) for row in waiting)
        return {"rows": [{"from_days": 7 * week, "to_days": 7 * week + 6, "count": sum(row["days"] // 7 == week for row in waiting),
                          "over_standard": sum(row["breach"] for row in waiting if row["days"] // 7 == week)} for week in range(weeks)],
                "total": {"count": len(waiting), "over_standard": sum(row["breach"] for row in waiting)},
                "standards": [{"days": days, "unit": "working_days" if working else "calendar_days", "count": standards[working, days]}
                              for working, days in sorted(standards)]}

    def test_the_distribution_of_each_filter(self):
        for filters, passes in [({}, lambda row: True)] + self.filters():
            with self.subTest(filters):
                reply = self.daemon.ask("distribution", filter=filters)
                expected = self.distribution_of([row for row in self.shown if passes(row)])
                self.assertEqual({name: reply[name] for name in expected}, expected)
                self.assertEqual(list(reply), ["v", "ok", "rows", "total", "standards", "as_at", "known_at", "journal_seq", "rule_version"])

    def test_the_distribution_of_another_day(self):
        day = str(TODAY - datetime.timedelta(days=45))
        waits = self.daemon.waits(as_at=day, limit=1000)
        reply = self.daemon.ask("distribution", as_at=day)
        expected = self.distribution_of(waits)
        self.assertGreater(expected["total"]["count"], 1000)
        self.assertEqual({name: reply[name] for name in expected}, expected)
        self.assertEqual((reply["as_at"], reply["known_at"]), (day, self.seq))
        self.assertEqual(self.daemon.ask("distribution", known_at=0)["rows"], [])

    def test_each_filter_of_a_listing(self):
        for filters, passes in self.filters():
            with self.subTest(filters):
                rows = self.daemon.waits(filter=filters, limit=1000)
                expected = [row for row in self.everybody if passes(row)]
                self.assertEqual({row["subject"] for row in rows}, {row["subject"] for row in expected})
                self.assertEqual(self.daemon.ask("waits", filter=filters, limit=1)["count"], len(expected))

    def test_every_order_page_by_page(self):
        values = {
            "days": lambda row: row["days"], "days_to_breach": lambda row: row["days_to_breach"], "priority": lambda row: row["priority"],
            "risk": lambda row: row["impact"] * row["likelihood"] if row["impact"] and row["likelihood"] else None,
            "last_contact": lambda row: row["last_contact"] and datetime.date.fromisoformat(row["last_contact"]).toordinal(),
        }
        for limit, name in zip((100, 7, 1000, 333, 999), sorted(values)):
            value = values[name]
            for sign, direction in (("", 1), ("-", -1)):
                with self.subTest(sign + name, limit=limit):
                    status = ["waiting", "scheduled"] if limit > 7 else ["scheduled"]
                    wanted = sorted((row for row in self.everybody if row["status"] in status), key=lambda row: (
                        value(row) is None, direction * (value(row) or 0), row["subject"].encode()))
                    found = self.daemon.waits(sort=sign + name, limit=limit, filter={"status": status})
                    self.assertEqual([row["subject"] for row in found], [row["subject"] for row in wanted])
                    self.assertEqual(found, wanted)

    def test_the_order_of_subjects(self):
        wanted = sorted(row["subject"] for row in self.everybody)
        self.assertEqual([row["subject"] for row in self.daemon.waits(sort="subject", limit=1000)], wanted)
        self.assertEqual([row["subject"] for row in self.daemon.waits(sort="-subject", limit=640)], wanted[::-1])

    def test_the_default_is_a_hundred_with_the_longest_first(self):
        page = self.daemon.ask("waits")
        self.assertEqual(list(page), ["v", "ok", "rows", "next", "count", "as_at", "known_at", "journal_seq", "rule_version"])
        self.assertEqual((len(page["rows"]), page["count"]), (100, 5000))
        self.assertEqual(page["rows"], self.everybody[:100])
        days = [row["days"] for row in self.everybody]
        self.assertEqual(days, sorted(days, reverse=True))

    def test_a_cursor_goes_on_where_it_was_while_waits_come_and_go(self):
        page = self.daemon.ask("waits", sort="subject", limit=10)
        self.daemon.take(referral("A-before", "2025-05-30"), referral("zz-behind", "2025-05-30"))
        rest = self.daemon.ask("waits", sort="subject", limit=10, cursor=page["next"])
        seen = [row["subject"] for row in page["rows"] + rest["rows"]]
        self.assertEqual(seen, sorted(row["subject"] for row in self.everybody)[:20])
        # Out again, for the other tests of the class.
        for subject in ("A-before", "zz-behind"):
            first = self.daemon.ask("wait", subject=subject)["events"][0]
            self.daemon.take(event("event.retracted", "retractions", "2025-05-31", {"id": first["id"]}))
        self.assertEqual(self.daemon.ask("waits", limit=1)["count"], 5000)
        type(self).seq = self.daemon.ask("health")["journal_seq"]

    def test_the_snapshot_is_one_moment(self):
        reply = self.daemon.ask("snapshot")
        self.assertEqual((reply["journal_seq"], reply["today"]), (self.seq, "2025-06-01"))
        self.assertEqual(reply["alert_seq"], self.daemon.ask("health")["alert_seq"])
        by_topic = {row["topic"]: row for row in reply["positions"]}
        self.assertEqual(len(by_topic), len(reply["positions"]))
        self.assertEqual(by_topic["position.*.*."]["position"], position_of(self.shown))
        for row in self.daemon.ask("summary", group_by=["pathway"])["rows"]:
            self.assertEqual(by_topic["position.%s.*." % row["keys"]["pathway"]]["position"], row["position"])
        for row in self.daemon.ask("summary", group_by=["pathway", "team"])["rows"]:
            shown = by_topic["position.%s.%s." % (row["keys"]["pathway"], row["keys"]["team"])]
            self.assertEqual((shown["position"], shown["keys"]), (row["position"], row["keys"]))
        opened = self.daemon.alerts(state="open")
        self.assertEqual(sorted(row["alert_id"] for row in reply["alerts"]), sorted(row["alert_id"] for row in opened))
        self.assertGreater(len(opened), 1000)

    def test_open_alerts_are_those_whose_condition_holds(self):
        breaches = {row["subject"] for row in self.daemon.alerts(state="open", filter={"rule": "breach"})}
        self.assertEqual(breaches, {row["subject"] for row in self.everybody if row["breach"]})
        some = self.daemon.alerts(state="open", filter={"rule": ["breach", "escalation"], "team": "north", "severity": "critical"}, limit=50)
        self.assertTrue(some)
        self.assertEqual({(row["rule"], row["team"]) for row in some}, {("escalation", "north")})


class Refusals(unittest.TestCase):
    """What a query can do wrong; the daemon answers every one and goes on."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.daemon.take(referral("W-1", "2025-05-01"))

    @classmethod
    def tearDownClass(cls):
        try:
            cls.daemon.stop()
        finally:
            cls.daemon.close()

    def refused(self, body):
        reply = self.daemon.query(body)
        self.assertEqual(list(reply), ["v", "ok", "error"])
        self.assertEqual((reply["v"], reply["ok"], list(reply["error"])), (1, False, ["code", "message", "pointer"]))
        self.assertTrue(reply["error"]["message"])
        return reply["error"]["code"], reply["error"]["pointer"]

    def test_what_is_no_request(self):
        for body in (b"", b"{", b"[]", b"7", b"null", b'"x"', b'{"v":1,"op":"health"} x', b"\xff", b'{"v":1,"op":"health","op":"health"}',
                     b'{"v":1,"op":"\xff"}', b'{"v":1,"op":"a\\u0000b"}', b"[" * 5000, b'{"v":1,"op":"health","x":1e999}'):
            with self.subTest(body[:40]):
                self.assertEqual(self.refused(body), ("bad_request", None))

    def test_versions_and_ops(self):
        self.assertEqual(self.refused(b'{"op":"health"}'), ("bad_request", "/v"))
        self.assertEqual(self.refused(b'{"v":2,"op":"health"}'), ("bad_request", "/v"))
        self.assertEqual(self.refused(b'{"v":"1","op":"health"}'), ("bad_request", "/v"))
        self.assertEqual(self.refused(b'{"v":1}'), ("bad_request", "/op"))
        self.assertEqual(self.refused(b'{"v":1,"op":7}'), ("bad_request", "/op"))
        for name in ("nonsense", "", "Health", "health.", "x" * 5000):
            self.assertEqual(self.daemon.error(name), ("unknown_op", "/op"))

    def test_a_request_has_64_kib_at_most(self):
        body = json.dumps({"v": 1, "op": "health"}).encode()
        self.assertTrue(self.daemon.query(body + b" " * (65536 - len(body)))["ok"])
        self.assertEqual(self.refused(body + b" " * (65537 - len(body))), ("bad_request", None))
        self.assertEqual(self.refused(b" " * 1000000), ("bad_request", None))

    def test_a_query_is_one_frame_and_perhaps_one_to_know_it_by(self):
        sock = self.daemon.socket(zmq.DEALER, "query")
        question = b'{"v":1,"op":"health"}'
        for frames in ([question] * 3, [b"x" * 33, question], [b"", b"", question], [b""], [b""] * 3, [b"x"] * 3000):
            sock.send_multipart(frames)
            reply = json.loads(receive(sock)[-1])
            self.assertEqual(reply["error"]["code"], "bad_request")

    def test_several_questions_in_flight_are_told_apart(self):
        """Those about other days are answered by another thread, later than those about today that are asked after them."""
        sock = self.daemon.connect(zmq.DEALER, "query")
        asked = {b"%s \x00 %d" % (op.encode(), day): (op, "2025-05-0%d" % day) for day in range(1, 5) for op in ("summary", "health", "nonsense")}
        for name, (op, day) in asked.items():
            question = {"v": 1, "op": op, **({"as_at": day} if op == "summary" else {})}
            sock.send_multipart([name, json.dumps(question).encode()])
        while asked:
            name, body = receive(sock)
            op, day = asked.pop(name)
            reply = json.loads(body)
            self.assertEqual(reply["ok"], op != "nonsense")
            self.assertEqual(reply.get("as_at"), day if op == "summary" else None)
            self.assertEqual("uptime_s" in reply, op == "health")
        sock.send_multipart([b"", b"y" * 32, b'{"v":1,"op":"health"}'])
        self.assertEqual(receive(sock)[:2], [b"", b"y" * 32])
        sock.close()

    def test_a_req_socket_is_answered(self):
        sock = self.daemon.connect(zmq.REQ, "query")
        sock.send(b'{"v":1,"op":"health"}')
        self.assertTrue(json.loads(receive(sock)[0])["ok"])
        sock.close()

    def test_unknown_members(self):
        for op in ("health", "config", "clock.set", "summary", "distribution", "snapshot", "waits", "wait", "alerts"):
            self.assertEqual(self.daemon.error(op, nonsense=1), ("bad_request", "/nonsense"))
        self.assertEqual(self.daemon.error("health", **{"a/b~c": 1}), ("bad_request", "/a~1b~0c"))

    def test_names_of_any_length_and_script_are_refused_by_name(self):
        for length in list(range(70, 170)) + [1000, 10000]:
            for name in ("é" * (length // 2), "a" + "é" * (length // 2), "\U0001f600" * (length // 4), "ab" + "\U0001f600" * (length // 4)):
                code, pointer = self.daemon.error("health", **{name: 1})
                self.assertEqual(code, "bad_request")
                self.assertTrue(("/" + name).startswith(pointer), pointer)
                code, pointer = self.daemon.error("waits", filter={name: 1})
                self.assertEqual(code, "bad_request")
                self.assertTrue(("/filter/" + name).startswith(pointer), pointer)

    def test_members_of_a_wrong_kind(self):
        for op, members, pointer in (
                ("summary", {"group_by": "team"}, "/group_by"), ("summary", {"group_by": ["nonsense"]}, "/group_by/0"),
                ("summary", {"group_by": ["team", 7]}, "/group_by/1"), ("summary", {"group_by": ["dimension."]}, "/group_by/0"),
                ("summary", {"group_by": ["team", "team", "team", "team", "team"]}, "/group_by"),
                ("summary", {"filter": []}, "/filter"), ("summary", {"filter": {"nonsense": 1}}, "/filter/nonsense"),
                ("summary", {"filter": {"team": []}}, "/filter/team"), ("summary", {"filter": {"team": True}}, "/filter/team"),
                ("summary", {"filter": {"team": ["x"] * 65}}, "/filter/team"), ("summary", {"filter": {"team": None}}, "/filter/team"),
                ("summary", {"filter": {"breach": "yes"}}, "/filter/breach"), ("summary", {"filter": {"due": 1}}, "/filter/due"),
                ("summary", {"filter": {"paused": None}}, "/filter/paused"), ("summary", {"filter": {"no_contact": []}}, "/filter/no_contact"),
                ("summary", {"filter": {"min_days": -1}}, "/filter/min_days"), ("summary", {"filter": {"max_days": 1.5}}, "/filter/max_days"),
                ("summary", {"filter": {"max_days": 10**18}}, "/filter/max_days"), ("summary", {"filter": {"status": "gone"}}, "/filter/status"),
                ("summary", {"filter": {"status": ["waiting", 3]}}, "/filter/status"),
                ("summary", {"filter": {"subject_prefix": 3}}, "/filter/subject_prefix"),
                ("summary", {"as_at": "yesterday"}, "/as_at"), ("summary", {"as_at": 5}, "/as_at"), ("summary", {"as_at": "2025-02-30"}, "/as_at"),
                ("summary", {"as_at": "1989-12-31"}, "/as_at"), ("summary", {"as_at": "2026-06-03"}, "/as_at"),
                ("summary", {"known_at": "2025-05-01"}, "/known_at"), ("summary", {"known_at": -1}, "/known_at"),
                ("summary", {"known_at": 10**9}, "/known_at"), ("summary", {"known_at": 1.5}, "/known_at"),
                ("summary", {"known_at": None}, "/known_at"), ("summary", {"as_at": None}, "/as_at"),
                ("summary", {"known_at": []}, "/known_at"), ("summary", {"basis": "reported"}, "/as_at"), ("summary", {"basis": 3}, "/basis"),
                ("waits", {"sort": "nonsense"}, "/sort"), ("waits", {"sort": ""}, "/sort"), ("waits", {"sort": "--days"}, "/sort"),
                ("waits", {"sort": 1}, "/sort"), ("waits", {"limit": 0}, "/limit"), ("waits", {"limit": 1001}, "/limit"),
                ("waits", {"limit": "10"}, "/limit"), ("waits", {"limit": 2.0}, "/limit"), ("waits", {"cursor": 7}, "/cursor"),
                ("waits", {"cursor": ""}, "/cursor"), ("waits", {"cursor": "nonsense"}, "/cursor"), ("waits", {"cursor": "!" * 9000}, "/cursor"),
                ("waits", {"cursor": "A" * 9000}, "/cursor"), ("waits", {"cursor": "MCAxIDAgOTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5IHg"}, None),
                ("wait", {}, "/subject"), ("wait", {"subject": 7}, "/subject"), ("wait", {"subject": "W-1", "as_at": "2025-13-01"}, "/as_at"),
                ("wait", {"subject": "W-1", "known_at": "never"}, "/known_at"), ("waits", {"as_at": "1-1-2025"}, "/as_at"),
                ("flow", {}, "/from"), ("flow", {"from": "2025-05-01"}, "/to"), ("flow", {"to": "2025-05-01"}, "/from"),
                ("flow", {"from": 1, "to": 2}, "/from"), ("flow", {"from": "2025-05-02", "to": "2025-05-01"}, "/to"),
                ("flow", {"from": "2025-05-02", "to": "2025-06-02"}, "/to"), ("flow", {"from": "1989-12-31", "to": "2025-05-01"}, "/from"),
                ("flow", {"from": "2025-05-02", "to": "2025-06-01", "step": "hour"}, "/step"),
                ("flow", {"from": "2025-05-02", "to": "2025-06-01", "step": 7}, "/step"),
                ("flow", {"from": "2025-05-02", "to": "2025-06-01", "group_by": ["colour"]}, "/group_by/0"),
                ("flow", {"from": "2025-05-02", "to": "2025-06-01", "filter": {"breach": True}}, "/filter/breach"),
                ("flow", {"from": "2025-05-02", "to": "2025-06-01", "filter": {"status": "ended"}}, "/filter/status"),
                ("flow", {"from": "2025-05-02", "to": "2025-06-01", "filter": {"max_days": 3}}, "/filter/max_days"),
                ("flow", {"from": "2025-05-02", "to": "2025-06-01", "known_at": []}, "/known_at"),
                ("flow", {"from": "2025-05-02", "to": "2025-06-01", "as_at": "2025-06-01"}, "/as_at"),
                ("alerts", {"since": -1}, "/since"), ("alerts", {"since": "3"}, "/since"), ("alerts", {"limit": 0}, "/limit"),
                ("alerts", {"limit": 1001}, "/limit"), ("alerts", {"state": "closed"}, "/state"), ("alerts", {"state": 3}, "/state"),
                ("alerts", {"filter": 3}, "/filter"), ("alerts", {"filter": {"nonsense": 1}}, "/filter/nonsense"),
                ("clock.set", {}, "/now"), ("clock.set", {"now": 5}, "/now"), ("clock.set", {"now": "tomorrow"}, "/now"),
                ("clock.set", {"now": "2025-06-01"}, "/now"), ("clock.set", {"now": "2025-05-31T12:00:00Z"}, "/now"),
                ("clock.set", {"now": "2199-01-01T00:00:00Z"}, "/now")):
            with self.subTest(op, members=str(members)[:80]):
                reply = self.daemon.try_ask(op, **members)
                if pointer is None:  # a cursor that was made up is refused or leads to some page; it does no harm
                    continue
                self.assertFalse(reply["ok"], reply)
                self.assertEqual((reply["error"]["code"], reply["error"]["pointer"]), ("bad_request", pointer))

    def test_a_cursor_belongs_to_its_order(self):
        self.daemon.take(referral("W-2", "2025-05-02"))
        cursor = self.daemon.ask("waits", sort="days", limit=1)["next"]
        for sort in ("-days", "subject", "priority"):
            self.assertEqual(self.daemon.error("waits", sort=sort, cursor=cursor), ("bad_request", "/cursor"))

    def test_today_and_now_may_be_said(self):
        self.assertEqual(self.daemon.ask("summary", as_at="2025-06-01", basis="known")["as_at"], "2025-06-01")
        self.assertEqual(self.daemon.ask("waits", as_at="2025-06-01", cursor=None)["as_at"], "2025-06-01")

    def test_an_unknown_subject(self):
        for subject in ("nobody", "", "x" * 5000, "é"):
            self.assertEqual(self.daemon.error("wait", subject=subject), ("not_found", "/subject"))


class Single(unittest.TestCase):
    def test_an_empty_daemon(self):
        with Daemon() as daemon:
            self.assertEqual(daemon.total(), EMPTY)
            self.assertEqual(daemon.ask("summary", group_by=["team"])["rows"], [])
            page = daemon.ask("waits")
            self.assertEqual((page["rows"], page["next"], page["count"]), ([], None, 0))
            self.assertEqual((daemon.ask("alerts")["rows"], daemon.ask("alerts")["through"]), ([], 0))
            snapshot = daemon.ask("snapshot")
            self.assertEqual(([row["topic"] for row in snapshot["positions"]], snapshot["alerts"]), (["position.*.*."], []))

    def test_a_wait_with_its_events_exceptions_and_alerts(self):
        with Daemon() as daemon:
            first = referral("W-1", "2025-04-01", priority=2)
            daemon.take(event("wait.resumed", "W-1", "2025-04-03"), first, event("wait.allocated", "W-1", "2025-04-02", {"worker": "w"}),
                        event("referral.received", "W-1", "2025-04-04", dict(first["data"], team="south")))
            gone = event("assessment.completed", "W-1", "2025-04-20")
            daemon.take(gone, event("event.retracted", "W-1", "2025-04-21", {"id": gone["id"]}))
            reply = daemon.ask("wait", subject="W-1")
            self.assertEqual(list(reply), ["v", "ok", "wait", "events", "events_total", "alerts", "as_at", "known_at", "journal_seq", "rule_version"])
            self.assertEqual(list(reply["wait"]), WAIT)
            self.assertEqual((reply["wait"]["exceptions"], reply["wait"]["days"], reply["wait"]["stage"]), (2, 61, "allocated"))
            told = [(row["seq"], row["effect"], row["exception"]) for row in reply["events"] if row["type"] != "asc.event.retracted"]
            self.assertEqual(told, [(2, "applied", None), (3, "applied", None), (1, None, "not_paused"), (4, None, "duplicate_referral"),
                                    (5, "retracted", None)])
            self.assertEqual(reply["events"][0]["data"], first["data"])
            rules = [(row["transition"], row["rule"], row["level"]) for row in reply["alerts"]]
            self.assertIn(("raised", "breach", None), rules)
            for row in reply["alerts"]:
                self.assertEqual([name for name in row if name != "from_team"], TRANSITION)

    def test_events_without_a_referral(self):
        with Daemon() as daemon:
            daemon.take(event("wait.allocated", "W-1", "2025-04-02", {"worker": "w"}))
            reply = daemon.ask("wait", subject="W-1")
            self.assertEqual((reply["wait"], reply["events"][0]["exception"], reply["alerts"]), (None, "no_referral", []))
            self.assertEqual(daemon.ask("waits")["count"], 0)

    def test_health(self):
        with Daemon() as daemon:
            daemon.take(referral("W-1", "2025-04-01"), dict(referral("W-2", "2025-05-01"), source="urn:other"))
            health = daemon.ask("health")
            self.assertEqual([name for name in health if name != "counters"],
                             ["v", "ok", "status", "reasons", "epoch", "journal_seq", "alert_seq", "chain", "now", "today", "uptime_s", "version",
                              "sources", "sources_total", "quarantine", "checkpoint", "access_log", "loop_lag_ms", "followers"])
            self.assertEqual((health["status"], health["reasons"], health["journal_seq"], health["quarantine"]), ("ok", [], 2, 0))
            self.assertEqual((health["now"], health["today"]), ("2025-06-01T12:00:00.000Z", "2025-06-01"))
            self.assertRegex(health["epoch"], "^[0-9a-f]{32}$")
            self.assertEqual(sorted(health["sources"], key=lambda row: row["source"]), [
                {"source": "urn:other", "last_event": "2025-05-01T08:00:00.000Z", "last_received": "2025-06-01T12:00:00.000Z", "events": 1,
                 "silence_minutes": None, "silent": False, "silent_since": None},
                {"source": "urn:test", "last_event": "2025-04-01T08:00:00.000Z", "last_received": "2025-06-01T12:00:00.000Z", "events": 1,
                 "silence_minutes": None, "silent": False, "silent_since": None}])
            daemon.restart(clock="2025-06-02T12:00:00Z")
            again = daemon.ask("health")
            self.assertEqual((again["epoch"], again["today"], again["sources"]), (health["epoch"], "2025-06-02", health["sources"]))

    def test_silent_sources(self):
        config = ('sources = ( { name = "urn:test"; silence_minutes = 120; hours = "Mon-Fri 08:00-18:00"; }, { name = "urn:new"; silence_minutes = 5; },'
                  ' { name = "urn:free"; }, { name = "urn:all"; silence_minutes = 1440; } );')
        with Daemon(clock="2025-06-06T16:30:00Z", config=config) as daemon:
            def told():
                return {row["source"]: (row["silence_minutes"], row["silent"], row["silent_since"]) for row in daemon.ask("health")["sources"]}
            daemon.take(referral("W-1", "2025-04-01"), dict(referral("W-2", "2025-05-01"), source="urn:all"))
            health = daemon.ask("health")
            self.assertEqual([row["source"] for row in health["sources"]], ["urn:new", "urn:free", "urn:test", "urn:all"])
            self.assertEqual((health["sources"][1]["last_event"], health["sources"][1]["last_received"], health["sources"][1]["events"]), (None, None, 0))
            self.assertEqual((health["sources_total"], health["status"]), (4, "ok"))
            self.assertEqual(told(), {"urn:new": (5, True, None), "urn:free": (None, False, None), "urn:test": (120, False, None),
                                      "urn:all": (1440, False, None)})
            daemon.set_clock("2025-06-09T08:29:59Z")
            self.assertEqual((told()["urn:test"], told()["urn:all"]), ((120, False, None), (1440, True, "2025-06-07T16:30:00.000Z")))
            daemon.set_clock("2025-06-09T08:30:00Z")
            self.assertEqual(told()["urn:test"], (120, True, "2025-06-09T08:30:00.000Z"))
            daemon.restart(clock="2025-06-09T08:31:00Z")
            self.assertEqual(told()["urn:test"], (120, True, "2025-06-09T08:30:00.000Z"))
            daemon.take(event("contact.made", "W-1", "2025-06-01"))
            self.assertEqual(told()["urn:test"], (120, False, None))
            daemon.configure('sources = ( { name = "urn:all"; silence_minutes = 10000; } );')
            self.assertEqual(daemon.reload(), "reloaded")
            self.assertEqual(told(), {"urn:test": (None, False, None), "urn:all": (10000, False, None)})

    def test_the_end_of_the_calendar_degrades_health(self):
        with Daemon(clock="2060-06-01T12:00:00Z") as daemon:
            health = daemon.ask("health")
            self.assertEqual(health["status"], "degraded")
            self.assertTrue(re.search("calendar", " ".join(health["reasons"])))

    def test_config_is_what_is_in_effect(self):
        with Daemon(config="bands = [ 5, 10 ];") as daemon:
            config = daemon.ask("config")["config"]
            self.assertEqual(config["bands"], [5, 10])
            self.assertEqual(config["endpoints"]["publish_interval_ms"], 250)
            self.assertEqual([row["name"] for row in config["pathways"]], ["needs_assessment", "ot_assessment", "review", "dols", "triage"])
            self.assertEqual(len(daemon.total()["bands"]), 3)
            with open(daemon.journal + ".key", "rb") as file:
                self.assertNotIn(file.read().hex(), json.dumps(config))

    def test_the_clock_can_be_set_only_when_it_is_simulated(self):
        with Daemon(clock=None) as daemon:
            self.assertEqual(daemon.error("clock.set", now="2031-01-01T00:00:00Z")[0], "forbidden")

    def test_setting_the_clock(self):
        with Daemon() as daemon:
            daemon.take(referral("W-1", "2025-06-01"))
            reply = daemon.set_clock("2025-06-29T22:59:59Z")
            self.assertEqual((reply["now"], reply["today"]), ("2025-06-29T22:59:59.000Z", "2025-06-29"))
            self.assertEqual((daemon.wait("W-1")["days"], daemon.wait("W-1")["breach"]), (28, False))
            self.assertEqual(daemon.set_clock("2025-06-29T23:00:00Z")["today"], "2025-06-30")
            self.assertEqual((daemon.wait("W-1")["days"], daemon.wait("W-1")["breach"]), (29, True))
            daemon.set_clock("2025-06-29T23:00:00Z")
            self.assertEqual(daemon.error("clock.set", now="2025-06-29T22:59:59Z"), ("bad_request", "/now"))
            self.assertEqual(daemon.set_clock("2026-06-29T23:00:00Z")["today"], "2026-06-30")
            self.assertEqual(daemon.wait("W-1")["days"], 394)


if __name__ == "__main__":
    unittest.main()
