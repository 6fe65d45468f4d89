#!/usr/bin/python3
"""Who may ask what on the query socket, and whom the answers show: the table of docs/protocol.md, asked for by every role in every way."""
import json
import os
import random
import re
import socket
import tempfile
import unittest

import rights_matrix as matrix
import zmq
from daemon import ROOT, Daemon, event, receive, referral
from keyed import KeyedDaemon, Peer


def speaking(role, *teams):
    return {"user": "jo", "roles": [role], "teams": list(teams)}


class Table(unittest.TestCase):
    def test_it_has_every_op_and_the_document_says_the_same(self):
        table = matrix.expected()
        self.assertEqual(sorted(table), sorted(matrix.ops_of_the_daemon()))
        with open(os.path.join(ROOT, "docs", "protocol.md"), encoding="utf-8") as file:
            section = re.search(r"### Rights\n(.*?)\n### ", file.read(), re.DOTALL).group(1)
        head = re.search(r"^\| op \| (.*) \|$", section, re.MULTILINE).group(1).split(" | ")
        self.assertEqual(head, list(matrix.ROLES))
        written = {op: dict(zip(head, cells.split(" | "))) for op, cells in re.findall(r"^\| `([a-z._]+)` \| (.*) \|$", section, re.MULTILINE)}
        self.assertEqual(written, table)


class EveryRole(unittest.TestCase):
    """Each role, each op, own and other team."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.backups = folder.name

    def judge(self, daemon, ask):
        rows, wrong = matrix.judge(daemon, ask)
        self.assertEqual(wrong, [], "\n".join(wrong))
        self.assertEqual({(row[0], row[1]) for row in rows}, {(role, op) for role in matrix.ROLES for op in matrix.expected()})

    def test_on_whose_behalf(self):
        with Daemon(clock=matrix.CLOCK, config=matrix.CONFIG % self.backups) as daemon:
            matrix.fill(daemon)
            self.judge(daemon, lambda role, op, members: daemon.try_ask(op, on_behalf_of=speaking(role, "north"), **members))

    def ask_through(self, daemon, ends):
        socks = {}
        for role, end in ends.items():
            socks[role] = daemon.context.socket(zmq.DEALER)
            socks[role].connect(end)
            self.addCleanup(socks[role].close)

        def ask(role, op, members):
            socks[role].send(json.dumps({"v": 1, "op": op, **members}).encode())
            return json.loads(receive(socks[role])[-1])

        return ask

    def through(self, ends, more=""):
        """A daemon that has an endpoint for each role beside its own."""
        daemon = Daemon(clock=matrix.CLOCK, start=False)
        main = daemon.endpoints["query"]
        ends = {role: end.replace("FOLDER", daemon.folder) for role, end in ends.items()}
        entries = ['{ endpoint = "%s"; name = "the-%s"; roles = ( "%s" ); teams = ( "north" ); }' % (end, role, role) for role, end in ends.items()]
        security = "security = { %s local = ( %s ); };" % (more, ", ".join(entries))
        daemon.endpoints["query"] = '", "'.join([main] + list(ends.values()))
        daemon.configure(security + "\n" + matrix.CONFIG % self.backups)
        daemon.endpoints["query"] = main
        daemon.start()
        return daemon, ends

    def test_through_endpoints(self):
        daemon, ends = self.through({role: "ipc://FOLDER/query-" + role for role in matrix.ROLES})
        with daemon:
            matrix.fill(daemon)
            self.judge(daemon, self.ask_through(daemon, ends))

    def test_through_plain_loopback(self):
        ends = {}
        for role in matrix.ROLES:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                ends[role] = "tcp://127.0.0.1:%d" % probe.getsockname()[1]
        daemon, ends = self.through(ends, "allow_plain_loopback = true;")
        with daemon:
            matrix.fill(daemon)
            self.judge(daemon, self.ask_through(daemon, ends))

    def test_with_keys(self):
        peers = {role: Peer("the-" + role, (role,), ("north",)) for role in matrix.ROLES}
        with KeyedDaemon(peers.values(), clock=matrix.CLOCK, more=matrix.CONFIG % self.backups) as daemon:
            matrix.fill(daemon)
            socks = {role: daemon.dial(zmq.DEALER, "query", peer) for role, peer in peers.items()}
            self.judge(daemon, lambda role, op, members: daemon.ask_by(socks[role], op, **members))

    def test_rights_are_those_of_the_configuration_in_force(self):
        daemon, ends = self.through({"viewer": "ipc://FOLDER/query-viewer"})
        with daemon:
            matrix.fill(daemon)
            ask = self.ask_through(daemon, ends)
            self.assertEqual(ask("viewer", "waits", {})["error"]["code"], "forbidden")
            with open(daemon.config_path, encoding="utf-8") as file:
                text = file.read()
            with open(daemon.config_path, "w", encoding="utf-8") as file:
                file.write(text.replace('roles = ( "viewer" )', 'roles = ( "manager" )'))
            daemon.reload()
            ask = self.ask_through(daemon, ends)  # the sockets were made anew, and what was asked on the old connection would be lost
            self.assertEqual({row["team"] for row in ask("viewer", "waits", {})["rows"]}, {"north"})


    def test_an_answer_is_for_nobody_who_takes_the_place_of_whoever_asked(self):
        daemon, ends = self.through({"viewer": "ipc://FOLDER/query-viewer", "admin": "ipc://FOLDER/query-admin"})
        with daemon:
            matrix.fill(daemon)
            for day, members in enumerate(({}, {"as_at": "2025-05-30"})):
                for role in ("admin", "viewer"):
                    sock = daemon.context.socket(zmq.DEALER)
                    sock.routing_id = b"%s's, %d" % (role.encode(), day)
                    sock.connect(ends[role])
                    sock.send(json.dumps({"v": 1, "op": "summary", **members}).encode())
                    self.assertEqual(json.loads(receive(sock)[-1])["error"]["code"], "bad_request")
                    sock.close()
        with Daemon() as daemon:
            sock = daemon.context.socket(zmq.DEALER)
            sock.routing_id = b"mine"
            sock.connect(daemon.endpoints["query"])
            sock.send(b'{"v":1,"op":"health"}')
            self.assertTrue(json.loads(receive(sock)[-1])["ok"])
            sock.close()


class OnBehalfOf(unittest.TestCase):
    """Who speaks for whom."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(start=False)
        main, cls.ends = cls.daemon.endpoints["query"], {}
        entries = []
        for name, roles, teams, speaks in (("mute", ["admin"], [], False), ("analyst", ["analyst"], [], True), ("north", ["manager"], ["north"], True),
                                           ("none", ["producer"], [], True)):
            cls.ends[name] = "ipc://%s/%s" % (cls.daemon.folder, name)
            entries.append('{ endpoint = "%s"; name = "%s"; roles = ( %s ); teams = ( %s ); speaks_for_others = %s; }' % (
                cls.ends[name], name, ", ".join('"%s"' % each for each in roles), ", ".join('"%s"' % each for each in teams), str(speaks).lower()))
        cls.daemon.endpoints["query"] = '", "'.join([main] + list(cls.ends.values()))
        cls.daemon.configure("security = { local = ( %s ); };" % ", ".join(entries))
        cls.daemon.endpoints["query"] = main
        cls.daemon.start()
        cls.daemon.take(referral("w-n", "2025-04-01"), referral("w-s", "2025-04-01", team="south"))

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__(None, None, None)

    def ask(self, peer, op, on_behalf_of, **members):
        sock = self.daemon.context.socket(zmq.DEALER)
        self.addCleanup(sock.close)
        sock.connect(self.ends[peer])
        sock.send(json.dumps({"v": 1, "op": op, "on_behalf_of": on_behalf_of, **members}).encode())
        return json.loads(receive(sock)[-1])

    def test_only_from_who_speaks_for_others(self):
        self.assertEqual(self.ask("mute", "health", speaking("viewer"))["error"]["code"], "forbidden")
        self.assertEqual(self.ask("mute", "health", None)["error"]["pointer"], "/on_behalf_of")

    def test_never_more_than_the_peer_has(self):
        self.assertEqual(self.ask("analyst", "redact", speaking("admin"), subject="w-n", by="jo", reason="x")["error"]["code"], "forbidden")
        self.assertEqual(self.ask("analyst", "waits", speaking("manager", "*"))["error"]["code"], "forbidden")
        self.assertEqual(len(self.ask("analyst", "waits", speaking("analyst"))["rows"]), 2)
        self.assertEqual([row["team"] for row in self.ask("north", "waits", speaking("manager", "north", "south"))["rows"]], ["north"])
        for teams in (["south"], ["*"]):
            reply = self.ask("north", "waits", speaking("manager", *teams))
            self.assertEqual((reply["rows"], reply["count"], reply["restricted_to"]), ([], 0, []))
        for role in matrix.ROLES:
            self.assertEqual(self.ask("none", "health", speaking(role, "*"))["error"]["code"], "forbidden")
        self.assertEqual(self.ask("north", "wait", speaking("analyst"), subject="w-n")["error"]["code"], "forbidden")

    def test_what_is_no_such_object(self):
        good = speaking("viewer", "north")
        for value, pointer in (
                (1, ""), ([], ""), ({}, "/roles"), ({**good, "user": ""}, "/user"), ({**good, "user": "x" * 129}, "/user"), ({**good, "user": 5}, "/user"),
                ({**good, "user": "a\nb"}, "/user"), ({**good, "user": "a\u0085b"}, "/user"), ({**good, "user": "jo@council.example"}, "/user"),
                ({**good, "user": "943 476 5919"}, "/user"), ({**good, "roles": []}, "/roles"), ({**good, "roles": "viewer"}, "/roles"),
                ({**good, "roles": ["king"]}, "/roles"), ({**good, "roles": [1]}, "/roles"), ({**good, "roles": ["viewer"] * 6}, "/roles"),
                ({**good, "teams": "north"}, "/teams"), ({**good, "teams": ["a b"]}, "/teams"), ({**good, "teams": [""]}, "/teams"),
                ({**good, "teams": [None]}, "/teams"), ({**good, "teams": ["n%d" % n for n in range(65)]}, "/teams"), ({**good, "rank": 1}, "/rank"),
                (None, "")):
            self.assertEqual(self.daemon.error("health", on_behalf_of=value), ("bad_request", "/on_behalf_of" + pointer), value)
        self.assertTrue(self.daemon.ask("health", on_behalf_of={**good, "user": "Zoë O'Brien", "teams": ["n%d" % n for n in range(64)]}))
        self.assertTrue(self.daemon.ask("health", on_behalf_of={"user": "x" * 128, "roles": ["viewer"]}))

    def test_who_acts_is_who_it_is_done_for(self):
        alert = self.daemon.ask("alerts", state="open", filter={"team": "north"})["rows"][0]["alert_id"]
        self.assertEqual(self.daemon.error("alert.ack", on_behalf_of=speaking("manager", "north"), alert_id=alert, by="al"), ("forbidden", "/by"))
        reply = self.daemon.ask("alert.ack", on_behalf_of=speaking("manager", "north"), alert_id=alert)
        self.assertEqual(reply["transition"]["by"], "jo")
        self.assertTrue(self.daemon.ask("alert.ack", on_behalf_of=speaking("manager", "north"), alert_id=alert, by="jo")["repeated"])
        self.assertEqual(self.daemon.error("alert.ack", alert_id=alert), ("bad_request", "/by"))
        for op in ("quarantine.retry", "quarantine.discard"):
            self.assertEqual(self.daemon.error(op, on_behalf_of=speaking("admin"), ids=[7], by="al", reason="x"), ("forbidden", "/by"))
            self.assertEqual(self.daemon.ask(op, on_behalf_of=speaking("admin"), ids=[7], reason="x")["not_done"], 1)
        self.assertEqual(self.daemon.error("redact", on_behalf_of=speaking("admin"), subject="nobody", by="al", reason="x"), ("forbidden", "/by"))
        self.assertEqual(self.daemon.error("redact", on_behalf_of=speaking("admin"), subject="nobody", reason="x"), ("not_found", "/subject"))

    def test_nobody_reports_under_anothers_name(self):
        def report(peer, name):
            sock = self.daemon.context.socket(zmq.DEALER)
            self.addCleanup(sock.close)
            sock.connect(self.ends[peer])
            sock.send(json.dumps({"v": 1, "op": "follow.report", "name": name, "alert_seq": 0}).encode())
            return json.loads(receive(sock)[-1]).get("error", {}).get("code")

        self.assertEqual([report("north", "relay"), report("analyst", "relay"), report("north", "relay"), report("analyst", "other")],
                         [None, "conflict", None, None])

    def test_several_roles(self):
        both = {"user": "jo", "roles": ["manager", "analyst"], "teams": ["north"]}
        self.assertEqual(len(self.daemon.ask("waits", on_behalf_of=both)["rows"]), 2)
        for team, code in (("north", None), ("south", "forbidden")):
            alert = self.daemon.ask("alerts", on_behalf_of=both, state="open", filter={"team": team})["rows"][0]["alert_id"]
            reply = self.daemon.try_ask("alert.ack", on_behalf_of=both, alert_id=alert)
            self.assertEqual(reply.get("error", {}).get("code"), code)
        self.assertEqual(self.daemon.error("alert.ack", on_behalf_of=both, alert_id="a999"), ("not_found", "/alert_id"))


class Leaks(unittest.TestCase):
    """What an answer could tell of other teams all the same."""

    NORTH, SOUTH = speaking("manager", "north"), speaking("manager", "south")

    def setUp(self):
        self.daemon = Daemon(clock="2025-05-19T12:00:00Z")
        self.addCleanup(self.daemon.__exit__, None, None, None)

    def move(self):
        """w-1 was referred to north and is at south since 25 May, where it got a worker."""
        self.daemon.take(referral("w-1", "2025-04-01", person="p-1"), referral("w-2", "2025-04-02", person="p-2"))
        self.daemon.set_clock("2025-05-25T12:00:00Z")
        self.daemon.take(event("wait.transferred", "w-1", "2025-05-25", {"team": "south"}))
        self.daemon.set_clock("2025-06-01T12:00:00Z")
        self.daemon.take(event("wait.allocated", "w-1", "2025-05-26", {"worker": "k-south"}), event("contact.made", "w-1", "2025-05-27"))

    def same_as_nobody(self, op, member, name, nobody, **members):
        """What is another team's is refused in the words of what never was."""
        self.assertEqual(self.daemon.try_ask(op, **{member: name}, **members), self.daemon.try_ask(op, **{member: nobody}, **members))

    def test_a_wait_that_moved(self):
        self.move()
        for members in ({}, {"as_at": "2025-05-26"}, {"known_at": 4}, {"as_at": "2025-07-01"}):
            self.same_as_nobody("wait", "subject", "w-1", "w-none", on_behalf_of=self.NORTH, **members)
            self.assertEqual([row["subject"] for row in self.daemon.ask("waits", on_behalf_of=self.NORTH, **members)["rows"]], ["w-2"])
            self.assertTrue(self.daemon.ask("wait", on_behalf_of=self.SOUTH, subject="w-1", **members)["wait"])
        before = self.daemon.ask("wait", on_behalf_of=self.NORTH, subject="w-1", as_at="2025-05-24")
        self.assertEqual((before["wait"]["team"], before["wait"]["worker"], before["restricted_to"]), ("north", None, ["north"]))
        self.assertEqual(([row["type"] for row in before["events"]], before["events_total"]), (["asc.referral.received"], 1))
        self.assertEqual({row["team"] for row in before["alerts"]}, {"north"})
        self.assertNotIn("k-south", json.dumps(before))
        self.assertEqual(self.daemon.ask("wait", subject="w-1", as_at="2025-05-24")["events_total"], 4)
        self.same_as_nobody("wait", "subject", "w-1", "w-none", on_behalf_of=self.SOUTH, as_at="2025-05-24")
        whole = self.daemon.ask("wait", on_behalf_of=self.SOUTH, subject="w-1")
        self.assertEqual((whole["events_total"], {row["team"] for row in whole["alerts"]}), (4, {"north", "south"}))

    def test_the_alerts_of_a_wait_that_moved(self):
        self.move()
        every = self.daemon.ask("alerts", filter={"subject": "w-1"})["rows"]
        moved = [row for row in every if row["transition"] == "moved"]
        self.assertTrue(moved)
        for who, team in ((self.NORTH, "north"), (self.SOUTH, "south")):
            reply = self.daemon.ask("alerts", on_behalf_of=who, filter={"subject": "w-1"})
            self.assertEqual(reply["rows"], [row for row in every if team in (row["team"], row["from_team"])])
            self.assertEqual((reply["through"], reply["restricted_to"]), (self.daemon.ask("alerts")["through"], [team]))
            self.assertEqual([row for row in reply["rows"] if row["transition"] == "moved"], moved)
        for name in {row["alert_id"] for row in every}:
            self.same_as_nobody("alert.ack", "alert_id", name, "a999", on_behalf_of=self.NORTH)
            self.same_as_nobody("alert.ack", "alert_id", name, "a999", on_behalf_of=self.NORTH, expected_by="2020-01-01")
        self.assertTrue(self.daemon.ask("alert.ack", on_behalf_of=self.SOUTH, alert_id=moved[0]["alert_id"]))
        self.daemon.take(event("assessment.completed", "w-1", "2025-05-30"))
        self.same_as_nobody("alert.ack", "alert_id", moved[0]["alert_id"], "a999", on_behalf_of=self.NORTH)
        self.assertEqual(self.daemon.error("alert.ack", on_behalf_of=self.SOUTH, alert_id=moved[0]["alert_id"])[0], "conflict")

    def test_alerts_are_complete_page_by_page(self):
        self.move()
        rows, since = [], 0
        while True:
            page = self.daemon.ask("alerts", on_behalf_of=self.NORTH, since=since, limit=1)
            rows += page["rows"]
            if page["through"] == since:
                break
            since = page["through"]
        self.assertEqual(rows, self.daemon.ask("alerts", on_behalf_of=self.NORTH)["rows"])
        self.assertEqual(since, self.daemon.ask("health")["alert_seq"])

    def test_a_restatement(self):
        self.daemon.take(referral("w-1", "2025-04-01", person="p-1"), referral("w-3", "2025-04-01", team="south"))
        self.daemon.set_clock("2025-05-27T12:00:00Z")
        self.daemon.take(event("wait.transferred", "w-1", "2025-05-20", {"team": "south"}), event("wait.allocated", "w-1", "2025-05-21", {"worker": "k-south"}),
                         event("wait.transferred", "w-3", "2025-05-20", {"team": "north"}))
        day = {"day": "2025-05-26", "filter": {"team": "north"}}
        whole = {row["subject"]: row for row in self.daemon.ask("restatement", **day)["changes"]}
        limited = self.daemon.ask("restatement", on_behalf_of=self.NORTH, **day)
        mine = {row["subject"]: row for row in limited["changes"]}
        self.assertEqual(sorted(mine), ["w-1", "w-3"])
        self.assertEqual((mine["w-1"]["reported"], mine["w-1"]["known"], mine["w-1"]["events"], mine["w-1"]["events_total"]),
                         (whole["w-1"]["reported"], None, [], 0))
        self.assertEqual((mine["w-3"]["reported"], mine["w-3"]["known"], mine["w-3"]["events"]), (None, whole["w-3"]["known"], whole["w-3"]["events"]))
        self.assertNotIn("k-south", json.dumps(limited))
        self.assertEqual(self.daemon.ask("restatement", on_behalf_of=self.NORTH, day="2025-05-26")["changes"], limited["changes"])
        two = {"user": "jo", "roles": ["manager"], "teams": ["north", "south"]}
        self.assertEqual(self.daemon.error("restatement", on_behalf_of=two, day="2025-05-26"), ("bad_request", "/filter"))
        self.assertEqual(self.daemon.ask("restatement", on_behalf_of=two, **day)["changes"], list(whole.values()))

    def test_exceptions_that_involve_another_team(self):
        self.daemon.take(referral("w-1", "2025-04-01", person="p-1"), referral("w-2", "2025-04-02", team="south", person="p-1"),
                         event("event.retracted", "w-1", "2025-05-01", {"id": "never", "source": "urn:test"}),
                         referral("w-4", "2025-04-03", team="south", person="p-4", id="e-south"))
        whole = self.daemon.ask("exceptions", filter={"kind": "all"})
        for who, team in ((self.NORTH, "north"), (self.SOUTH, "south")):
            reply = self.daemon.ask("exceptions", on_behalf_of=who, filter={"kind": "all"})
            self.assertEqual([row["subject"] for row in reply["rows"]], [row["subject"] for row in whole["rows"] if row["team"] == team])
            self.assertEqual(reply["count"], len(reply["rows"]))
            self.assertEqual([row["team"] for row in reply["counts"]["team"]], [team] if reply["rows"] else [])
            for row in reply["rows"]:
                self.assertTrue(all(other["subject"] == row["subject"] for other in row["involved"]))
        twice = [row for row in self.daemon.ask("exceptions", on_behalf_of=self.SOUTH, filter={"code": "same_person_twice"})["rows"]]
        self.assertEqual([(row["subject"], row["involved"]) for row in twice], [("w-2", [])])
        self.assertEqual(self.daemon.ask("exceptions", filter={"code": "same_person_twice"})["rows"][0]["involved"][0]["subject"], "w-1")

    def test_what_has_no_team(self):
        odd = speaking("manager", "unknown", "north")
        self.daemon.take(referral("w-1", "2025-04-01"), event("contact.made", "w-lost", "2025-05-01"), referral("w-u", "2025-04-01", team="unknown"))
        for who in (self.NORTH, odd):
            self.assertEqual([row["subject"] for row in self.daemon.ask("waits", on_behalf_of=who)["rows"]], ["w-1"])
            self.assertEqual(self.daemon.ask("exceptions", on_behalf_of=who)["rows"], [])
            for teams in ("unknown", ["unknown"], ["unknown", "south"], "", "*"):
                self.assertEqual(self.daemon.ask("waits", on_behalf_of=who, filter={"team": teams})["rows"], [], teams)
                self.assertEqual(self.daemon.ask("exceptions", on_behalf_of=who, filter={"team": teams})["rows"], [], teams)
                self.assertEqual(self.daemon.ask("alerts", on_behalf_of=who, filter={"team": teams})["rows"], [], teams)
            self.assertEqual(self.daemon.ask("alerts", on_behalf_of=who, filter={"team": None})["rows"], [])
            self.same_as_nobody("wait", "subject", "w-lost", "w-none", on_behalf_of=who)
            self.same_as_nobody("wait", "subject", "w-u", "w-none", on_behalf_of=who)
        everybody = speaking("manager", "*")
        self.assertEqual(len(self.daemon.ask("waits", on_behalf_of=everybody)["rows"]), 2)
        self.assertIn("w-lost", json.dumps(self.daemon.ask("exceptions", on_behalf_of=everybody)))
        self.assertNotIn("restricted_to", self.daemon.ask("waits", on_behalf_of=everybody))

    def test_alerts_about_no_wait(self):
        self.daemon.configure('alerts = { quarantine = { enabled = true; limit = 1; }; };')
        self.daemon.reload()
        self.daemon.send(*[referral("w-%d" % n, "2025-05-01", pathway="unheard") for n in range(3)])
        self.assertEqual([row["rule"] for row in self.daemon.ask("alerts", state="open")["rows"]], ["quarantine"])
        name = self.daemon.ask("alerts", state="open")["rows"][0]["alert_id"]
        for state in ("open", "all"):
            self.assertEqual(self.daemon.ask("alerts", on_behalf_of=self.NORTH, state=state)["rows"], [])
        self.assertEqual(self.daemon.ask("snapshot", on_behalf_of=self.NORTH)["alerts"], [])
        self.same_as_nobody("alert.ack", "alert_id", name, "a999", on_behalf_of=self.NORTH)
        self.assertTrue(self.daemon.ask("alert.ack", on_behalf_of=speaking("manager", "*"), alert_id=name))

    def test_cursors_made_with_other_rights(self):
        self.daemon.take(*[referral("w-%02d" % n, "2025-04-01", team=("north", "south")[n % 2]) for n in range(20)])
        for sort in ("-days", "subject", "-risk"):
            cursor, seen = None, []
            for _ in range(40):
                page = self.daemon.ask("waits", sort=sort, limit=1, cursor=cursor)
                cursor = page["next"]
                if cursor is None:
                    break
                limited = self.daemon.ask("waits", on_behalf_of=self.NORTH, sort=sort, limit=1, cursor=cursor)
                self.assertEqual(limited["count"], 10)
                self.assertTrue(all(row["team"] == "north" for row in limited["rows"]))
                seen += [row["subject"] for row in limited["rows"]]
            self.assertTrue(seen)
            mine, cursor = [], None
            while True:
                page = self.daemon.ask("waits", on_behalf_of=self.NORTH, sort=sort, limit=3, cursor=cursor)
                mine += [row["subject"] for row in page["rows"]]
                cursor = page["next"]
                if cursor is None:
                    break
            self.assertEqual(len(mine), len(set(mine)))
            self.assertEqual(len(mine), 10)

    def test_a_full_filter_is_limited_too(self):
        self.daemon.take(referral("w-1", "2025-04-01"), referral("w-2", "2025-04-01", team="south"))
        names = ["pathway", "district", "client_group", "priority", "impact", "likelihood", "stage", "worker"] + ["dimension.d%d" % n for n in range(8)]
        every = {"pathway": "needs_assessment", "stage": "unallocated"}
        full = {name: every.get(name, "unknown") for name in names}
        self.assertEqual([row["subject"] for row in self.daemon.ask("waits", on_behalf_of=self.NORTH, filter=full)["rows"]], ["w-1"])
        self.assertEqual(self.daemon.error("waits", on_behalf_of=self.NORTH, filter={**full, "team": "north"}), ("bad_request", "/filter"))
        self.assertEqual(len(self.daemon.ask("waits", filter=full)["rows"]), 2)

    def test_a_viewer_never_gets_a_reference_in_parts(self):
        self.daemon.take(referral("w-1", "2025-04-01"), event("wait.allocated", "w-1", "2025-05-01", {"worker": "k-1"}))
        viewer, span = speaking("viewer"), {"from": "2025-05-01", "to": "2025-05-02"}
        for part, pointer in (({"group_by": ["worker"]}, "/group_by"), ({"filter": {"worker": "k-1"}}, "/filter/worker"),
                              ({"filter": {"subject_prefix": ""}}, "/filter/subject_prefix"), ({"group_by": ["team", "pathway", "stage", "worker"]}, "/group_by")):
            self.assertEqual(self.daemon.error("series", on_behalf_of=viewer, each=[{}, part], **span), ("forbidden", pointer))
            self.assertEqual(self.daemon.error("flow", on_behalf_of=viewer, each=[span, {**part, **span}]), ("forbidden", pointer))
            for more in ({}, {"as_at": "2025-05-01"}, {"asked_at": "2025-05-19T12:00:00Z"}):
                self.assertEqual(self.daemon.error("summary", on_behalf_of=viewer, **part, **more), ("forbidden", pointer))
        self.assertTrue(self.daemon.ask("summary", on_behalf_of=viewer, group_by=["team", "district", "priority", "dimension.worker"]))

    def test_parts_say_which_of_them_was_limited(self):
        self.daemon.take(referral("w-1", "2025-04-01"), referral("w-2", "2025-04-01", team="south"))
        span = {"from": "2025-05-01", "to": "2025-05-02"}
        for op, each, outer in (("series", {}, span), ("flow", span, {})):
            reply = self.daemon.ask(op, on_behalf_of=self.NORTH, each=[{**each}, {"group_by": ["worker"], **each}], **outer)
            self.assertEqual([part.get("restricted_to") for part in reply["each"]], [None, ["north"]])
            self.assertNotIn("restricted_to", reply)
            alone = self.daemon.ask(op, on_behalf_of=self.NORTH, group_by=["worker"], **span)
            self.assertEqual(alone["restricted_to"], ["north"])
            self.assertNotIn("restricted_to", self.daemon.ask(op, on_behalf_of=self.NORTH, **span))

    def test_the_configuration_without_the_machine(self):
        for role in ("viewer", "manager", "analyst"):
            shown = self.daemon.ask("config", on_behalf_of=speaking(role, "north"))["config"]
            self.assertFalse({"security", "endpoints", "journal", "dashboard", "privacy"} & set(shown), shown.keys())
            self.assertNotIn(self.daemon.folder, json.dumps(shown))
            self.assertNotIn("/", json.dumps(shown).replace("Europe/London", ""))
        whole = self.daemon.ask("config")["config"]
        self.assertTrue({"security", "endpoints", "journal"} <= set(whole))

    def test_answers_of_who_is_not_limited_have_no_new_member(self):
        self.daemon.take(referral("w-1", "2025-04-01"))
        for op, members in (("waits", {}), ("wait", {"subject": "w-1"}), ("alerts", {}), ("exceptions", {}), ("snapshot", {}),
                            ("summary", {"group_by": ["worker"]})):
            for who in ({}, {"on_behalf_of": speaking("analyst")}, {"on_behalf_of": speaking("manager", "*")}, {"on_behalf_of": speaking("admin")}):
                self.assertNotIn("restricted_to", self.daemon.ask(op, **members, **who))


class AnyCouncil(unittest.TestCase):
    """Random councils, random managers: each sees its own, and all together see everything."""

    TEAMS = ("north", "south", "east", "mid-1", "mid_1")

    def council(self, seed):
        rng = random.Random(seed)
        rows = []
        for number in range(60):
            subject, team = "w-%d" % number, rng.choice(self.TEAMS)
            rows.append(referral(subject, "2025-%02d-%02d" % (rng.randint(2, 5), rng.randint(1, 28)), team=team, person="p-%d" % rng.randint(0, 50),
                                 pathway=rng.choice(("needs_assessment", "ot_assessment", "review", "dols")), priority=rng.randint(1, 4)))
            for _ in range(rng.randint(0, 4)):
                at = "2025-05-%02d" % rng.randint(1, 28)
                rows.append(rng.choice((
                    lambda: event("wait.transferred", subject, at, {"team": rng.choice(self.TEAMS)}),
                    lambda: event("wait.allocated", subject, at, {"worker": "k-%d" % rng.randint(0, 9)}),
                    lambda: event("wait.paused", subject, at, {"reason": "hospital"}), lambda: event("wait.resumed", subject, at),
                    lambda: event("wait.closed", subject, at, {"reason": "declined"}), lambda: event("contact.made", subject, at)))())
        rng.shuffle(rows)
        return rows

    def union(self, daemon, op, name, members, key):
        """Every manager's own rows, and whether they are all that an admin gets."""
        everything, together = [], {}
        pages = daemon.ask(op, limit=1000, **members)
        everything = {key(row): row for row in pages[name]}
        for team in self.TEAMS:
            reply = daemon.ask(op, limit=1000, on_behalf_of=speaking("manager", team), **members)
            self.assertEqual(reply["restricted_to"], [team])
            for row in reply[name]:
                self.assertIn(team, (row["team"], row.get("from_team")))
                together[key(row)] = row
            if "count" in reply:
                self.assertEqual(reply["count"], sum(row["team"] == team for row in everything.values()))
        return everything, together

    def test_all_together_see_what_an_admin_sees(self):
        for seed in range(4):
            with Daemon(clock="2025-05-10T12:00:00Z") as daemon:
                rows = self.council(seed)
                early = [row for row in rows if row["time"] < "2025-05-10"]
                daemon.take(*early)
                daemon.set_clock("2025-06-01T12:00:00Z")
                daemon.take(*(row for row in rows if row not in early))
                for members in ({}, {"as_at": "2025-05-15"}, {"known_at": len(early)}, {"as_at": "2025-04-20", "known_at": 40}):
                    whole, together = self.union(daemon, "waits", "rows", members, lambda row: row["subject"])
                    self.assertEqual(together, whole, (seed, members))
                    for team in self.TEAMS:
                        mine = {row["subject"] for row in whole.values() if row["team"] == team}
                        for subject in whole:
                            reply = daemon.try_ask("wait", subject=subject, on_behalf_of=speaking("manager", team), **members)
                            self.assertEqual(reply["ok"], subject in mine, (seed, members, team, subject))
                    by = {tuple(row["keys"].values()): row["position"]["waiting"] for row in daemon.ask("summary", group_by=["team", "worker"], **members)["rows"]}
                    span = {"from": "2025-04-01", "to": "2025-05-31", "group_by": ["team", "worker"]}
                    for op in ("flow", "series") if not members else ():
                        whole_rows = daemon.ask(op, step="month", **span)["rows"]
                        mine = [row for team in self.TEAMS for row in daemon.ask(op, step="month", on_behalf_of=speaking("manager", team), **span)["rows"]]
                        self.assertEqual(sorted(map(str, mine)), sorted(map(str, whole_rows)), (seed, op))
                    parts = {}
                    for team in self.TEAMS:
                        reply = daemon.ask("summary", group_by=["team", "worker"], on_behalf_of=speaking("manager", team), **members)
                        parts.update({tuple(row["keys"].values()): row["position"]["waiting"] for row in reply["rows"]})
                        self.assertEqual({row["keys"]["team"] for row in reply["rows"]} - {team}, set())
                    self.assertEqual(parts, by)
                for state in ("open", "all"):
                    whole, together = self.union(daemon, "alerts", "rows", {"state": state}, lambda row: row["seq"])
                    self.assertEqual(together, whole, (seed, state))
                whole, together = self.union(daemon, "exceptions", "rows", {"filter": {"kind": "all"}},
                                             lambda row: (row["event"]["seq"], row["code"], row["field"], row["value"]))
                self.assertEqual(sorted(together), sorted(key for key, row in whole.items() if row["team"] is not None))


if __name__ == "__main__":
    unittest.main()
