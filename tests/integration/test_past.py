#!/usr/bin/python3
"""Questions about other days and other knowledge, through a real daemon: against a plain recomputation, beside ingest, within limits."""
import collections
import datetime
import json
import random
import signal
import statistics
import subprocess
import time
import unittest

import zmq

import council
import wait_oracle
from council import FIRST, PATHWAYS, SEED, TODAY, days
from daemon import LIMIT_S, WAITLISTCTL, Daemon, event, referral

UNDER_WAY_MAX = 8


class AnyDay(council.Council, unittest.TestCase):
    """What the daemon says of any day is what the plain rules say of the events sent until then."""

    def told(self, **members):
        """What a summary says, in the words of the plain rules."""
        rows = self.daemon.ask("summary", group_by=["pathway", "client_group"], **members)["rows"]
        return {(row["keys"]["pathway"], None if row["keys"]["client_group"] == "unknown" else row["keys"]["client_group"]):
                [row["position"]["waiting"], row["position"]["breach"], row["position"]["longest"]]
                for row in rows if row["position"]["waiting"]}

    def test_any_day_as_known_now(self):
        register = self.register()
        for day in self.days:
            with self.subTest(day=day):
                expected = register.position(day)
                self.assertTrue(expected or day == FIRST)
                self.assertEqual(self.told(as_at=str(day)), expected)

    def test_any_day_as_known_then(self):
        chance = random.Random(SEED + 1)
        for day in self.days[::3]:
            known_at = chance.randrange(len(self.sent) + 1)
            with self.subTest(day=day, known_at=known_at):
                self.assertEqual(self.told(as_at=str(day), known_at=known_at), self.register(known_at).position(day))

    def test_each_day_as_it_was_told_on_that_day(self):
        """Nothing of what came later, and the same in every measure: by the seq of that evening, and by its instant."""
        differs = 0
        for day in self.days[:-1]:
            seq, then = self.lived[day]
            with self.subTest(day=day):
                for known_at in (seq, "%sT21:00:00+01:00" % day if seq else 0):
                    reply = self.daemon.ask("summary", group_by=["pathway", "client_group"], as_at=str(day), known_at=known_at)
                    self.assertEqual((reply["rows"], reply["total"]), (then["rows"], then["total"]))
                    self.assertEqual((reply["as_at"], reply["known_at"], reply["journal_seq"]), (str(day), seq, len(self.sent)))
                differs += self.daemon.ask("summary", as_at=str(day))["total"] != then["total"]
        self.assertGreater(differs, 10, "late records change the past")

    def test_the_days_to_come(self):
        register = self.register()
        for ahead in (1, 30, 366):
            day = TODAY + datetime.timedelta(days=ahead)
            self.assertEqual(self.told(as_at=str(day)), register.position(day))

    def test_today_is_the_same_both_ways(self):
        live = self.daemon.ask("summary", group_by=["pathway", "team"], as_at=str(TODAY))
        self.assertEqual(self.daemon.ask("summary", group_by=["pathway", "team"], as_at=str(TODAY), known_at=len(self.sent)), live)
        self.assertEqual(self.daemon.ask("summary", known_at="2099-01-01T00:00:00Z")["known_at"], len(self.sent))
        self.assertEqual(self.daemon.ask("summary", known_at=0)["total"]["waiting"], 0)
        self.assertEqual(self.daemon.ask("summary", known_at="2001-01-01T00:00:00Z")["known_at"], 0)

    def test_lists_and_single_waits_of_the_past(self):
        day = self.days[12]
        rows, cursor = [], None
        while True:
            page = self.daemon.ask("waits", as_at=str(day), known_at=self.lived[day][0], filter={"status": "waiting"}, limit=17, cursor=cursor)
            rows += page["rows"]
            cursor = page["next"]
            if cursor is None:
                break
        self.assertEqual((page["as_at"], page["known_at"], len(rows)), (str(day), self.lived[day][0], page["count"]))
        self.assertEqual(len(rows), self.lived[day][1]["total"]["waiting"])
        self.assertEqual(max(row["days"] for row in rows), self.lived[day][1]["total"]["longest"])
        for row in rows[::5]:
            reply = self.daemon.ask("wait", subject=row["subject"], as_at=str(day), known_at=self.lived[day][0])
            self.assertEqual(reply["wait"], row)
            for one in reply["events"]:
                self.assertLessEqual(one["seq"], self.lived[day][0])
                self.assertEqual(one["data"], self.sent[one["seq"] - 1]["data"])
            now = self.daemon.ask("wait", subject=row["subject"])
            self.assertEqual(reply["alerts"], [one for one in now["alerts"] if wait_oracle.day_of(wait_oracle.instant(one["at"])) <= day])

    def test_who_was_not_known_yet(self):
        last = self.sent[-1]["subject"]
        first = next(place for place, row in enumerate(self.sent) if row["subject"] == last)
        self.assertEqual(self.daemon.error("wait", subject=last, known_at=first), ("not_found", "/subject"))
        reply = self.daemon.ask("wait", subject=last, as_at=str(FIRST - datetime.timedelta(days=30)))
        self.assertTrue(all(one["effect"] in ("pending", "retracted") or one["type"] == "asc.event.retracted" for one in reply["events"]))

    # --- series

    def test_every_day_of_a_series_is_that_day(self):
        for names in ([], ["team"], ["pathway", "client_group"], ["priority"]):
            for known_at in (None, len(self.sent) // 2):
                members = {} if known_at is None else {"known_at": known_at}
                last = TODAY + datetime.timedelta(days=40)
                series = self.daemon.ask("series", **{"from": str(FIRST), "to": str(last)}, group_by=names, **members)
                rows = collections.defaultdict(list)
                for row in series["rows"]:
                    rows[row["day"]].append({"keys": row["keys"], "position": row["position"]})
                self.assertEqual([total["day"] for total in series["totals"]], [str(day) for day in days(FIRST, last)])
                for total in series["totals"][::11]:
                    told = self.daemon.ask("summary", group_by=names, as_at=total["day"], **members)
                    with self.subTest(names=names, known_at=known_at, day=total["day"]):
                        self.assertEqual(total["position"], told["total"])
                        self.assertEqual(rows[total["day"]], told["rows"] if names else [])

    def test_a_series_in_steps_and_filtered(self):
        year = {"from": "2025-01-10", "to": "2025-06-20"}
        whole = {one["day"]: one for one in self.daemon.ask("series", filter={"breach": True, "team": "north"}, **year)["totals"]}
        self.assertEqual(len(whole), 162)
        for step, last_days in (("week", 24), ("month", 6), ("quarter", 2), ("all", 1)):
            reply = self.daemon.ask("series", filter={"breach": True, "team": "north"}, step=step, **year)
            self.assertEqual((reply["step"], len(reply["totals"]), reply["totals"][-1]["day"]), (step, last_days, year["to"]))
            for one in reply["totals"]:
                self.assertEqual(one, whole[one["day"]])
        self.assertEqual([one["day"] for one in self.daemon.ask("series", step="quarter", **year)["totals"]], ["2025-03-31", "2025-06-20"])

    def test_what_no_series_is(self):
        for members, where in (({}, "/from"), ({"from": "2025-01-01"}, "/to"), ({"from": "2025-01-02", "to": "2025-01-01"}, "/to"),
                               ({"from": "2025-01-01", "to": "2027-01-01"}, "/to"), ({"from": "2010-01-01", "to": "2025-01-01"}, "/to"),
                               ({"from": "2025-01-01", "to": "2025-02-01", "step": "year"}, "/step"),
                               ({"from": "2025-01-01", "to": "2025-02-01", "as_at": "2025-01-01"}, "/as_at")):
            with self.subTest(members=members):
                self.assertEqual(self.daemon.error("series", **members), ("bad_request", where))

    # --- flow

    def flow(self, first, last, **members):
        return self.daemon.ask("flow", **{"from": str(first), "to": str(last)}, **members)

    def test_what_came_in_less_what_went_out(self):
        """Law 7 of the rules, for everything and for every pathway and team."""
        for first, last in ((self.days[3], self.days[9]), (self.days[5], self.days[5]), (FIRST, TODAY), (self.days[14], self.days[20])):
            before = str(first - datetime.timedelta(days=1))
            for names in ([], ["pathway"], ["team"], ["pathway", "team"]):
                with self.subTest(first=first, last=last, names=names):
                    waiting = [{tuple(row["keys"].values()): row["position"]["waiting"]
                                for row in self.daemon.ask("summary", group_by=names, as_at=day)["rows"]} for day in (before, str(last))]
                    flows = {tuple(row["keys"].values()): row["flow"] for row in self.flow(first, last, group_by=names)["rows"]}
                    for key in set(waiting[0]) | set(waiting[1]) | set(flows):
                        flow = collections.Counter({name: value for name, value in flows.get(key, {}).items() if isinstance(value, int)})
                        self.assertEqual(waiting[1].get(key, 0), waiting[0].get(key, 0) + flow["started"] + flow["reopened"] - flow["completed"]
                                         - flow["closed"] + flow["transferred_in"] - flow["transferred_out"], key)

    def test_steps_and_shape(self):
        keys = ["started", "completed", "completed_within_standard", "closed", "closed_by_reason", "reopened", "transferred_in",
                "transferred_out", "contacts", "n", "median", "mean", "p90", "longest"]
        whole = self.flow(FIRST, TODAY)
        self.assertEqual(list(whole), ["v", "ok", "rows", "from", "to", "step", "known_at", "journal_seq", "rule_version"])
        self.assertEqual((whole["from"], whole["to"], whole["step"], whole["known_at"]), (str(FIRST), str(TODAY), "all", len(self.sent)))
        self.assertEqual([(row["from"], row["to"], row["keys"]) for row in whole["rows"]], [(str(FIRST), str(TODAY), {})])
        self.assertEqual(list(whole["rows"][0]["flow"]), keys)
        total = whole["rows"][0]["flow"]
        self.assertEqual(sum(total["closed_by_reason"].values()), total["closed"])
        self.assertLessEqual({"died", "declined"}, set(total["closed_by_reason"]))
        for step, count in (("day", 176), ("week", 26), ("month", 6), ("quarter", 2)):
            rows = self.flow(FIRST, TODAY, step=step)["rows"]
            self.assertEqual((len(rows), rows[0]["from"], rows[-1]["to"]), (count, str(FIRST), str(TODAY)))
            for one, following in zip(rows, rows[1:]):
                self.assertEqual(datetime.date.fromisoformat(one["to"]) + datetime.timedelta(days=1), datetime.date.fromisoformat(following["from"]))
            for name in ("started", "completed", "closed", "reopened", "contacts", "n", "completed_within_standard"):
                self.assertEqual(sum(row["flow"][name] for row in rows), total[name])
        nobody = self.flow(FIRST - datetime.timedelta(days=90), FIRST - datetime.timedelta(days=60))["rows"][0]["flow"]
        self.assertEqual(nobody, {**{name: 0 for name in keys[:10]}, "closed_by_reason": {}, "median": None, "mean": None, "p90": None, "longest": None})

    def test_the_stopped_by_the_plain_rules(self):
        """Every stop of the whole fold counts, also one that a reopening took back later."""
        for known_at in (None, len(self.sent) // 2):
            stops = self.stops(self.register(known_at))
            members = {} if known_at is None else {"known_at": known_at}
            for first, last in ((FIRST, TODAY), (self.days[4], self.days[15])):
                told = {row["keys"]["pathway"]: row["flow"] for row in self.flow(first, last, group_by=["pathway"], **members)["rows"]}
                for pathway in PATHWAYS:
                    waited = sorted(days for name, stage, day, days in stops if name == pathway and stage == "completed" and first <= day <= last)
                    closed = sum(1 for name, stage, day, _ in stops if name == pathway and stage == "closed" and first <= day <= last)
                    flow = told[pathway]
                    self.assertEqual((flow["completed"], flow["n"], flow["closed"]), (len(waited), len(waited), closed))
                    self.assertEqual((flow["completed_within_standard"], flow["longest"]), (sum(days <= 28 for days in waited), waited[-1]))
                    self.assertEqual((flow["median"], flow["p90"]), (statistics.median(waited), waited[(9 * len(waited) + 9) // 10 - 1]))

    @staticmethod
    def stops(register):
        """(pathway, completed or closed, day, days waited by the end of that day) of every stop."""
        found = []
        for events in register.waits.values():
            valid = sorted((e for e in events if (e["source"], e["id"]) not in register.retracted), key=lambda e: e["key"])
            pathway = next((e["data"]["pathway"] for e in valid if e["type"] == "asc.referral.received"), None)
            if pathway is None:
                continue
            wait, of_wait = wait_oracle.Wait(PATHWAYS[pathway][0]), []
            for one in valid:
                before = wait.stop
                wait.apply(one)
                if before is None and wait.stop is not None:
                    of_wait.append((pathway, wait.stage, wait.stop, wait.gross_days(wait.stop)))
            if wait.stage != "closed" or wait.reason not in ("recorded_in_error", "duplicate"):
                found += of_wait
        return found

    def test_a_flow_of_some(self):
        whole = self.flow(FIRST, TODAY, group_by=["team", "client_group"])["rows"]
        south = self.flow(FIRST, TODAY, filter={"team": "south", "client_group": ["carer", "unknown"]})["rows"][0]["flow"]
        chosen = [row["flow"] for row in whole if row["keys"]["team"] == "south" and row["keys"]["client_group"] in ("carer", "unknown")]
        for name in ("started", "completed", "closed", "contacts", "transferred_in"):
            self.assertEqual(south[name], sum(flow[name] for flow in chosen))
        one = self.flow(FIRST, TODAY, filter={"subject_prefix": "W-17"})["rows"][0]["flow"]
        self.assertTrue(0 < one["started"] <= 11)

    # --- the command line

    def ctl(self, *words):
        return subprocess.run([WAITLISTCTL, "-c", self.daemon.config_path, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=LIMIT_S, check=False)

    def test_the_command_line(self):
        day = str(self.days[10])
        done = self.ctl("--format", "json", "summary", "--as-at", day, "--known-at", "500")
        self.assertEqual(json.loads(done.stdout), self.daemon.ask("summary", group_by=["pathway", "team"], as_at=day, known_at=500))
        done = self.ctl("summary", "--as-at", day, "--known-at", "500")
        self.assertIn("Position at the end of %s, journal seq %d, as known at seq 500" % (day, len(self.sent)), done.stdout)
        done = self.ctl("--format", "json", "waits", "--as-at", day, "--limit", "3")
        self.assertEqual(json.loads(done.stdout)["rows"], self.daemon.ask("waits", as_at=day, limit=3, filter={"status": "waiting"})["rows"])
        subject = json.loads(done.stdout)["rows"][0]["subject"]
        done = self.ctl("--format", "json", "wait", subject, "--as-at", day)
        self.assertEqual(json.loads(done.stdout), self.daemon.ask("wait", subject=subject, as_at=day))
        done = self.ctl("--format", "json", "flow", "--from", day, "--to", str(TODAY), "--step", "week")
        self.assertEqual(json.loads(done.stdout), self.flow(day, TODAY, step="week"))
        self.assertEqual(self.ctl("flow", "--from", day, "--to", "2025-07-01").returncode, 1)
        self.assertIn("today at most", self.ctl("flow", "--from", day, "--to", "2025-07-01").stderr)


class Beside(unittest.TestCase):
    """What the rest of the daemon does while somebody asks about the past."""

    def fill(self, daemon, count):
        daemon.take(*[referral("F-%d" % number, "2025-04-%02d" % (1 + number % 30)) for number in range(count)])

    def past_questions(self, daemon, count):
        """So many at once, each of a day of its own, so that none is like another."""
        sock = daemon.connect(zmq.DEALER, "query")
        for number in range(count):
            day = datetime.date(2025, 5, 1) - datetime.timedelta(days=number)
            sock.send(json.dumps({"v": 1, "op": "summary", "as_at": str(day)}).encode())
        return sock

    def test_ingest_and_live_questions_go_on(self):
        with Daemon() as daemon:
            self.fill(daemon, 30000)
            asked = self.past_questions(daemon, UNDER_WAY_MAX)
            taken, live = 0, 0
            while not asked.poll(0):
                self.fill_one(daemon, taken)
                taken += 1
                live = daemon.total()["waiting"]
            self.assertEqual(live, 30000 + taken)
            replies = [json.loads(daemon.receive(asked)[-1]) for _ in range(UNDER_WAY_MAX)]
            self.assertEqual([reply["as_at"] for reply in replies],
                             [str(datetime.date(2025, 5, 1) - datetime.timedelta(days=number)) for number in range(UNDER_WAY_MAX)])
            self.assertGreater(taken, 0, "at least one event was durable before the first answer")
            self.assertEqual(daemon.ask("summary", as_at="2025-05-31")["total"]["waiting"], 30000 + taken)

    def fill_one(self, daemon, number):
        daemon.take(referral("L-%d" % number, "2025-05-20"))

    def test_what_came_since_is_seen(self):
        with Daemon() as daemon:
            for number in range(30):
                seq = daemon.take(referral("W-%d" % number, "2025-05-01"))["seq"]
                reply = daemon.ask("summary", as_at="2025-05-02")
                self.assertEqual((reply["total"]["waiting"], reply["known_at"], reply["journal_seq"]), (number + 1, seq, seq))

    def test_busy(self):
        with Daemon() as daemon:
            self.fill(daemon, 30000)
            asked = self.past_questions(daemon, 40)
            replies = [json.loads(daemon.receive(asked)[-1]) for _ in range(40)]
            refused = [reply for reply in replies if not reply["ok"]]
            self.assertTrue(all(reply["error"]["code"] == "busy" for reply in refused), refused)
            self.assertGreaterEqual(len(replies) - len(refused), UNDER_WAY_MAX)
            self.assertGreater(len(refused), 0)
            self.assertTrue(daemon.ask("summary", as_at="2025-05-31")["ok"], "afterwards there is room again")

    def test_a_stop_during_a_question(self):
        with Daemon() as daemon:
            self.fill(daemon, 30000)
            self.past_questions(daemon, UNDER_WAY_MAX)
            daemon.total()
            began = time.monotonic()
            daemon.stop()
            self.assertLess(time.monotonic() - began, LIMIT_S / 2)
            daemon.start()
            self.assertEqual(daemon.ask("summary", as_at="2025-05-31")["total"]["waiting"], 30000)

    def test_an_asker_that_went_away(self):
        with Daemon() as daemon:
            self.fill(daemon, 2000)
            self.past_questions(daemon, 3).close()
            self.assertEqual(daemon.ask("summary", as_at="2025-05-31")["total"]["waiting"], 2000)
            req = daemon.connect(zmq.REQ, "query")
            req.send(b'{"v":1,"op":"summary","as_at":"2025-05-31"}')
            self.assertEqual(json.loads(daemon.receive(req)[-1])["total"]["waiting"], 2000)

    def test_a_policy_holds_from_its_day(self):
        with Daemon() as daemon:
            daemon.take(referral("W-1", "2025-05-15", pathway="dols"))
            self.assertEqual(daemon.ask("summary", as_at="2025-06-03")["total"]["breach"], 0)
            daemon.set_clock("2025-06-10T12:00:00Z")
            daemon.configure(pathways='pathways = ( { name = "dols"; standard_days = 3; }, { name = "triage"; } );')
            self.assertIn("reloaded", daemon.reload())
            self.assertEqual([daemon.wait("W-1")["standard"]], [3])
            for day, standard in (("2025-05-20", 21), ("2025-06-09", 21), ("2025-06-10", 3), ("2025-06-11", 3)):
                self.assertEqual(daemon.ask("wait", subject="W-1", as_at=day)["wait"]["standard"], standard, day)
            daemon.take(referral("W-2", "2025-06-09", pathway="triage"))
            self.assertEqual(daemon.ask("wait", subject="W-2", as_at="2025-06-09")["wait"]["days"], 0)

    def test_an_empty_journal(self):
        with Daemon() as daemon:
            self.assertEqual(daemon.ask("summary", as_at="2025-05-31")["total"]["waiting"], 0)
            self.assertEqual(daemon.ask("waits", as_at="2025-05-31")["rows"], [])
            self.assertEqual(daemon.ask("flow", **{"from": "2025-05-01", "to": "2025-05-31"})["rows"][0]["flow"]["n"], 0)
            self.assertEqual(daemon.error("wait", subject="W-1", as_at="2025-05-31"), ("not_found", "/subject"))

    def test_a_kill_leaves_nothing_behind(self):
        with Daemon() as daemon:
            self.fill(daemon, 2000)
            daemon.ask("summary", as_at="2025-05-31")
            daemon.signal(signal.SIGKILL)
            daemon.wait_exit()
            daemon.start()
            self.assertEqual(daemon.ask("summary", as_at="2025-05-31")["total"]["waiting"], 2000)


if __name__ == "__main__":
    unittest.main()
