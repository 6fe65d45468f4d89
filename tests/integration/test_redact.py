#!/usr/bin/python3
"""Redaction: who events were about is gone from every file and answer; every count, the hash chain and the identities stay."""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import unittest

from daemon import LIMIT_S, ROOT, WAITLISTCTL, Daemon, event, referral
from journal_chain import Chain

SECRET = "secret-person-77"
WORKER = "secret-worker-77"
NOTE = "secret-note-77"
ORDER = {"by": "jo", "reason": "erasure request 1"}


def waitlistctl(daemon, *arguments):
    return subprocess.run([WAITLISTCTL, "-c", daemon.config_path, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=LIMIT_S)


def wait_events(subject, person, source="urn:test"):
    """A wait with everything that an event may hold."""
    rows = [
        referral(subject, "2025-04-01", person=person, priority=2, impact=3, likelihood=4, clock_start="2025-03-20", district="lancaster",
                 client_group="older_people", dimensions={"deprivation": "3", "route": "gp"}, remark=NOTE),
        event("referral.triaged", subject, "2025-04-02", {"priority": 1, "dimensions": {"deprivation": "1"}}, sequence="7", traceparent=NOTE),
        event("wait.allocated", subject, "2025-04-03", {"worker": WORKER, "remark": {"deep": [NOTE]}}),
        event("wait.paused", subject, "2025-04-04", {"reason": "in_hospital"}),
        event("wait.resumed", subject, "2025-04-09"),
        event("contact.made", subject, "2025-04-10", {"method": "telephone", "remark": NOTE}),
        event("wait.transferred", subject, "2025-04-12", {"team": "south", "district": "preston"}),
        event("wait.paused", subject, "2025-04-13", {"reason": "mistake"}),
    ]
    rows.append(event("event.retracted", subject, "2025-04-14", {"id": rows[-1]["id"]}))
    return [dict(row, source=source) for row in rows]


class Redaction(unittest.TestCase):
    def pictures(self, daemon):
        """What was counted on every third day, in groups of all that groups can be formed of but workers."""
        groups = ["pathway", "team", "district", "client_group"], ["priority", "impact", "likelihood", "dimension.deprivation"], ["stage"]
        found = []
        for day in range(70, 151, 8):
            as_at = "2025-%02d-%02d" % (3 + (day - 60) // 31, 1 + (day - 60) % 31 % 28)
            for group_by in groups:
                reply = daemon.ask("summary", as_at=as_at, group_by=group_by)
                found.append((as_at, reply["rows"], reply["total"]))
        reply = daemon.ask("flow", **{"from": "2025-03-01", "to": "2025-06-01", "step": "day", "group_by": ["team", "district"]})
        found.append(reply["rows"])
        found.append(daemon.alerts())
        return found

    def check_gone(self, daemon, *texts):
        """In no file, also not the write-ahead file, nor the log."""
        found = daemon.bytes_on_disk()
        for text in texts:
            self.assertNotIn(text.encode(), found)

    def check_chain(self, daemon, *known):
        health = daemon.ask("health")
        chain = Chain(daemon.journal)
        self.assertEqual(chain.head.hex(), health["chain"])
        for seq, head in known:
            self.assertIn(head, chain.at[seq])
        done = waitlistctl(daemon, "--format", "json", "verify", daemon.journal)
        self.assertEqual(done.returncode, 0, done.stdout)
        return json.loads(done.stdout)

    def council(self, daemon):
        daemon.take(*wait_events("W-1", SECRET), *wait_events("W-2", "other-person"))
        daemon.take(*(referral("V-%d" % number, "2025-04-%02d" % (1 + number % 28), team="south") for number in range(300)))
        daemon.take(event("contact.made", "W-1", "2025-05-01", {"remark": NOTE}))

    def test_a_person(self):
        with Daemon() as daemon:
            self.council(daemon)
            before = self.pictures(daemon)
            old_head = daemon.ask("health")
            self.assertIn(SECRET.encode(), daemon.bytes_on_disk())
            self.assertEqual(daemon.ask("wait", subject="W-1", as_at="2025-05-01")["wait"]["person"], SECRET)
            events_before = daemon.ask("wait", subject="W-1")["events"]
            reply = daemon.ask("redact", person=SECRET, **ORDER)
            self.assertEqual({name: reply[name] for name in ("redacted", "already", "not_found", "erased")},
                             {"redacted": 10, "already": 0, "not_found": 0, "erased": True})
            self.check_gone(daemon, SECRET)
            wait = daemon.ask("wait", subject="W-1")
            self.assertEqual((wait["wait"]["person"], wait["wait"]["team"], wait["wait"]["worker"]), ("redacted", "south", None))
            self.assertEqual([(row["seq"], row["type"], row["time"], row["effect"]) for row in wait["events"]],
                             [(row["seq"], row["type"], row["time"], row["effect"]) for row in events_before])
            for as_at in ("2025-04-05", "2025-05-01", "2025-06-01"):
                row = daemon.ask("wait", subject="W-1", as_at=as_at)["wait"]
                self.assertEqual((row["person"], row["worker"]), ("redacted", "redacted" if as_at == "2025-04-05" else None))
            self.assertEqual(self.pictures(daemon), before)
            self.assertEqual(self.check_chain(daemon, (old_head["journal_seq"], old_head["chain"]))["redacted"], 10)
            self.assertEqual(daemon.wait("W-2")["person"], "other-person")
            daemon.restart()
            self.assertEqual(daemon.wait("W-1")["person"], "redacted")
            self.assertEqual(self.pictures(daemon), before)
            self.check_gone(daemon, SECRET)

    def test_a_wait_and_what_it_held(self):
        with Daemon() as daemon:
            daemon.take(*wait_events("W-1", SECRET))
            daemon.ask("redact", subject="W-1", **ORDER)
            self.check_gone(daemon, SECRET, WORKER, NOTE, "traceparent", "remark")
            self.check_chain(daemon)
            reply = daemon.ask("redact", subject="W-1", **ORDER)
            self.assertEqual((reply["redacted"], reply["already"]), (0, 9))

    def test_it_is_journalled(self):
        with Daemon() as daemon:
            self.council(daemon)
            daemon.ask("redact", subject="W-1", **ORDER)
            database = daemon.database()
            (body,), = database.execute("SELECT body FROM record WHERE kind = 'redaction'").fetchall()
            database.close()
            self.assertEqual(json.loads(body), {"by": "jo", "reason": "erasure request 1", "count": 10, "seqs": [[1, 9], [319, 319]]})

    def test_sent_again_it_is_a_duplicate_whatever_is_in_it(self):
        with Daemon() as daemon:
            rows = wait_events("W-1", SECRET)
            daemon.take(*rows)
            names = [{"source": row["source"], "id": row["id"]} for row in rows[:2]]
            daemon.ask("redact", events=names, **ORDER)
            for start in range(2):
                head = daemon.ask("health")["chain"]
                reply = daemon.send(*rows)
                self.assertEqual((reply["duplicates"], reply["quarantined"]), (9, []))
                reply = daemon.send(dict(rows[0], data=dict(rows[0]["data"], team="elsewhere")))
                self.assertEqual((reply["duplicates"], reply["quarantined"]), (1, []))
                self.assertEqual(daemon.ask("health")["chain"], head)
                self.check_gone(daemon, SECRET)
                if start == 0:
                    daemon.restart()
            # The others are as they were.
            reply = daemon.send(dict(rows[2], data=dict(rows[2]["data"], worker="another")))
            self.assertEqual(reply["quarantined"][0]["code"], "id_conflict")

    def test_chosen_events_and_what_is_refused(self):
        with Daemon() as daemon:
            rows = wait_events("W-1", SECRET)
            daemon.take(*rows)
            name = {"source": "urn:test", "id": rows[2]["id"]}
            reply = daemon.ask("redact", events=[name, name, {"source": "urn:test", "id": "never sent"}], **ORDER)
            self.assertEqual((reply["redacted"], reply["already"], reply["not_found"]), (1, 0, 1))
            self.check_gone(daemon, WORKER)
            self.assertEqual(daemon.wait("W-1")["person"], SECRET)
            for members, error in (({}, ("bad_request", "/events")),
                                   ({"subject": "W-1", "person": "P"}, ("bad_request", "/events")),
                                   ({"events": []}, ("bad_request", "/events")),
                                   ({"events": [{"source": "urn:test"}]}, ("bad_request", "/events")),
                                   ({"events": [dict(name, more=1)]}, ("bad_request", "/events")),
                                   ({"events": [name] * 501}, ("bad_request", "/events")),
                                   ({"person": "redacted"}, ("bad_request", "/person")),
                                   ({"person": "nobody"}, ("not_found", "/person")),
                                   ({"subject": "nobody"}, ("not_found", "/subject")),
                                   ({"subject": "W-1", "reason": ""}, ("bad_request", "/reason")),
                                   ({"subject": "W-1", "by": None}, ("bad_request", "/by"))):
                self.assertEqual(daemon.error("redact", **{**ORDER, **members}), error, members)
            self.assertEqual(daemon.wait("W-1")["person"], SECRET)

    def test_nobody_is_twice_in_a_queue_for_being_redacted(self):
        with Daemon() as daemon:
            daemon.take(referral("W-1", "2025-05-01", person="A"), referral("W-2", "2025-05-01", person="A"),
                        referral("W-3", "2025-05-01", person="B"))
            codes = [row["code"] for row in daemon.ask("exceptions", filter={"kind": "all"})["rows"]]
            self.assertEqual(codes.count("same_person_twice"), 1)
            for person in ("A", "B"):
                daemon.ask("redact", person=person, **ORDER)
            codes = [row["code"] for row in daemon.ask("exceptions", filter={"kind": "all"})["rows"]]
            self.assertEqual(codes.count("same_person_twice"), 0)

    def test_an_older_journal(self):
        """Its events got their salts when it was opened."""
        with Daemon(clock="2025-05-04T08:00:00Z", start=False) as daemon:
            shutil.copy(os.path.join(ROOT, "tests", "data", "journals", "version-2.db"), daemon.journal)
            daemon.start()
            self.assertIn(b"P-W-1", daemon.bytes_on_disk())
            daemon.ask("redact", person="P-W-1", **ORDER)
            self.check_gone(daemon, "P-W-1")
            self.assertEqual(self.check_chain(daemon)["redacted"], 2)

    def test_checkpoints(self):
        """One that knows a person is deleted, also one that was left by a crash; later ones know nothing of the person."""
        with Daemon(config="journal += { checkpoint_events = 10; checkpoint_interval_s = 0; };") as daemon:
            path = daemon.journal + ".checkpoint"
            copy = os.path.join(daemon.folder, "..", os.path.basename(daemon.folder) + ".copy")
            self.council(daemon)
            self.wait_for_checkpoint(daemon)
            with open(path, "rb") as file:
                self.assertIn(SECRET.encode(), file.read())
            shutil.copy(path, copy)
            daemon.ask("redact", person=SECRET, **ORDER)
            self.check_gone(daemon, SECRET)
            daemon.kill()
            os.replace(copy, path)  # as if the daemon had ended before it could delete it
            daemon.start()
            self.check_gone(daemon, SECRET)
            self.assertEqual(daemon.wait("W-1")["person"], "redacted")
            daemon.take(*(referral("X-%d" % number, "2025-05-01") for number in range(20)))
            self.wait_for_checkpoint(daemon)
            self.check_gone(daemon, SECRET)
            self.check_chain(daemon)

    def wait_for_checkpoint(self, daemon):
        """Every heartbeat is a look at it."""
        sub = daemon.subscribe()
        for _ in range(60):
            health = daemon.ask("health")
            if health["checkpoint"] and health["journal_seq"] - health["checkpoint"]["seq"] < 10:  # fewer make no further one
                return
            sub.next()
        raise AssertionError("no checkpoint")

    def test_killed_right_after(self):
        with Daemon() as daemon:
            self.council(daemon)
            before = self.pictures(daemon)
            daemon.ask("redact", person=SECRET, **ORDER)
            daemon.kill()
            self.check_gone(daemon, SECRET)
            daemon.start()
            self.check_chain(daemon)
            self.assertEqual(self.pictures(daemon), before)
            self.assertEqual(daemon.wait("W-1")["person"], "redacted")

    def test_killed_at_any_instant(self):
        """All of it or nothing; what is redacted is gone, and the chain holds."""
        with Daemon() as daemon:
            for number in range(12):
                person = "secret-%d-end" % number
                daemon.take(*wait_events("W-%d" % number, person, "urn:%d" % number))
                sock = daemon.socket(5, "query")  # DEALER: the answer is not waited for
                sock.send(json.dumps({"v": 1, "op": "redact", "person": person, **ORDER}).encode())
                sock.poll(number % 4)
                daemon.signal(signal.SIGKILL)
                daemon.wait_exit()
                daemon.start()
                wait = daemon.wait("W-%d" % number)
                self.assertIn(wait["person"], (person, "redacted"))
                if wait["person"] == "redacted":
                    self.check_gone(daemon, person)
                self.check_chain(daemon)
                daemon.ask("redact", subject="W-%d" % number, **ORDER)
                self.check_gone(daemon, person)
            self.assertEqual(self.check_chain(daemon)["redacted"], 12 * 9)

    def test_the_command(self):
        with Daemon() as daemon:
            rows = wait_events("W-1", SECRET)
            daemon.take(*rows)
            done = waitlistctl(daemon, "redact", "--source", "urn:test", "--reason", "mistake", "--by", "jo", rows[0]["id"], rows[1]["id"])
            self.assertEqual((done.returncode, done.stdout.splitlines()[0]), (0, "2 events redacted, 0 were before, 0 not found"))
            done = waitlistctl(daemon, "--format", "json", "redact", "--subject", "W-1", "--reason", "mistake", "--by", "jo")
            self.assertEqual(json.loads(done.stdout)["redacted"], 7)
            done = waitlistctl(daemon, "--format", "csv", "redact", "--source", "urn:test", "--reason", "r", "--by", "jo", "unknown")
            self.assertEqual((done.returncode, done.stdout.splitlines()[1]), (1, "0,0,1,true"))
            self.assertEqual(waitlistctl(daemon, "redact", "--person", "nobody", "--reason", "r", "--by", "jo").returncode, 1)
            for wrong in (["--subject", "W"], ["--reason", "r"], ["--subject", "W", "--person", "P", "--reason", "r"], ["--source", "s", "--reason", "r"],
                          ["--subject", "W", "--reason", "r", "id"]):
                self.assertEqual(waitlistctl(daemon, "redact", "--by", "jo", *wrong).returncode, 2, wrong)

    def test_erased_without_a_record(self):
        """Somebody who imitates a redaction in the file leaves it without its record."""
        with Daemon() as daemon:
            daemon.take(*wait_events("W-1", SECRET))
            daemon.ask("redact", subject="W-1", **ORDER)
            daemon.stop()
            database = sqlite3.connect(daemon.journal)
            database.execute("DELETE FROM link WHERE what = 2 AND key = (SELECT max(record_id) FROM record)")
            database.execute("DELETE FROM record WHERE kind = 'redaction'")
            database.commit()
            database.close()
            done = waitlistctl(daemon, "--format", "json", "verify", daemon.journal)
            result = json.loads(done.stdout)
            self.assertEqual((done.returncode, result["bad_seq"], result["fault"]), (1, 1, "the event is redacted, and no record says so"))
            daemon.spawn()
            self.assertEqual(daemon.wait_exit(), 1)
            self.assertIn("an older copy", daemon.log())


if __name__ == "__main__":
    unittest.main()
