#!/usr/bin/python3
"""What bad input gets (rules, section 3), through the real socket: code, pointer, the rest of the batch, raw bytes kept, persons not."""
import json
import os
import re
import unittest

from daemon import Daemon, event, line, referral
from test_ingest import golden, table

# What the golden events hold that is somebody's; none of it may ever be written down.
PERSONAL = [b"943 476 5919", b"9434765919", b"@example", b"@exam"]


def text(body):
    return body.decode("utf-8", "replace")


class Golden(unittest.TestCase):
    """Every bad golden event, each in a batch between two good ones, in one daemon."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.replies, cls.raw, cls.counts = {}, {}, []
        for number, (name, path, code, pointer) in enumerate(table("bad.tsv")):
            cls.raw[name] = golden(path)[:-1]
            good = [line(referral("good-%d-%s" % (number, side), "2025-05-01")) for side in "ab"]
            if b"\n" in cls.raw[name]:
                frames = [good[0], cls.raw[name], good[1]]
            else:
                frames = [good[0] + b"\n" + cls.raw[name] + b"\n" + good[1]]
            _, cls.replies[name] = cls.daemon.request([b"%d" % number] + frames)
        cls.health = cls.daemon.ask("health")
        cls.daemon.stop()
        cls.kept = cls.daemon.quarantined()
        cls.disk = cls.daemon.bytes_on_disk()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()

    def test_each_gets_its_code_and_its_pointer_and_spoils_nothing_else(self):
        for name, _, code, pointer in table("bad.tsv"):
            with self.subTest(name):
                reply = self.replies[name]
                self.assertEqual((reply["ok"], reply["accepted"], len(reply["quarantined"])), (True, 2, 1))
                told = reply["quarantined"][0]
                self.assertEqual((told["index"], told["code"], told["pointer"]), (1, code, pointer or None))
                self.assertTrue(told["message"])

    def test_the_raw_bytes_are_kept_unless_they_hold_personal_data(self):
        kept = {row["bytes"]: row for row in self.kept}
        unchanged = 0
        for name, _, code, _ in table("bad.tsv"):
            with self.subTest(name):
                row = kept.get(self.raw[name])
                if row is None:
                    continue
                unchanged += 1
                self.assertEqual((row["code"], row["scrubbed"], row["state"]), (code, 0, "waiting"))
        replaced = [row for row in self.kept if row["scrubbed"]]
        # One person written as text and as a number becomes the same bytes, which are kept once.
        self.assertEqual(unchanged + sum(row["times"] for row in replaced), len(set(self.raw.values())))
        self.assertEqual(unchanged + len(replaced), len(self.kept))
        for row in replaced:
            self.assertIn(b"hash:", row["bytes"])

    def test_personal_data_is_nowhere_on_the_disk(self):
        personal = 0
        kept = {row["bytes"] for row in self.kept}
        for name, _, code, pointer in table("bad.tsv"):
            if code != "personal_data":
                continue
            with self.subTest(name):
                personal += 1
                self.assertNotIn(self.raw[name], kept)
                self.assertFalse(self.raw[name] in self.disk)
        self.assertGreater(personal, 20)
        for value in PERSONAL:
            self.assertFalse(value in self.disk, value)

    def test_health_counts_them(self):
        self.assertEqual(self.health["quarantine"], len(self.kept))
        self.assertEqual(self.health["status"], "ok")
        self.assertEqual(self.health["counters"]["quarantined"], len(self.replies))


class Quarantine(unittest.TestCase):
    def test_values_of_persons_leave_no_trace(self):
        values = {
            "subject": "943 476 5919", "person": "someone@council.example", "worker": "nurse@council.example", "name": "Ermintrude Qvist",
            "postcode": "ZZ99 3VZ", "date_of_birth": "1931-02-27", "phone": "01632 960983", "address": "4 Nowhere Lane",
            "email": "e.qvist@mail.example", "nhs_number": "9434765919",
        }
        with Daemon(arguments=["--log-level", "debug"]) as daemon:
            rows = [referral(values["subject"], "2025-05-01", person="P-1"), referral("W-1", "2025-05-01", person=values["person"]),
                    event("wait.allocated", "W-1", "2025-05-01", {"worker": values["worker"]})]
            for name in sorted(set(values) - {"subject", "person", "worker"}):
                rows.append(referral("W-2", "2025-05-01", **{name: values[name]}))
                rows.append(referral("W-3", "2025-05-01", more={"deep": [{name.upper().replace("_", "-"): values[name]}]}))
            reply = daemon.send(*rows)
            self.assertEqual([row["code"] for row in reply["quarantined"]],
                             ["bad_envelope"] + ["personal_data"] * (len(rows) - 1))
            # Broken besides, or quarantined for something that is checked earlier: still replaced.
            twice = line(referral("W-4", "2025-05-01", name=values["name"])).replace(b'"name":', b'"name":"x","name":')
            other = line(referral("W-5", "2025-05-01", name=values["name"], specversion="9"))
            unknown = line(event("nonsense", "W-6", "2025-05-01", {"email": values["email"]}))
            self.assertEqual([row["code"] for row in daemon.send(twice, other, unknown)["quarantined"]],
                             ["not_json", "personal_data", "unknown_type"])
            said = json.dumps(reply)
            daemon.ask("health")
            while_running = daemon.bytes_on_disk()
            daemon.stop()
            for value in values.values():
                for disk in (while_running, daemon.bytes_on_disk(), said.encode()):
                    self.assertFalse(value.encode() in disk, value)
            self.assertEqual({row["scrubbed"] for row in daemon.quarantined()}, {1})

    def test_the_same_bytes_are_kept_once_and_counted(self):
        with Daemon() as daemon:
            bad = line(referral("W-1", "2025-05-01", team="a b"))
            for _ in range(3):
                self.assertEqual([row["code"] for row in daemon.send(bad, bad)["quarantined"]], ["bad_data"] * 2)
            daemon.restart()
            daemon.send(bad)
            self.assertEqual(daemon.ask("health")["quarantine"], 1)
            daemon.stop()
            rows = daemon.quarantined()
            self.assertEqual([(row["times"], row["bytes"], row["source"]) for row in rows], [(7, bad, "urn:test")])

    def test_the_same_personal_data_is_kept_once_over_a_restart(self):
        with Daemon() as daemon:
            bad = line(referral("W-1", "2025-05-01", name="Ermintrude"))
            daemon.send(bad)
            daemon.restart()
            daemon.send(bad)
            daemon.stop()
            rows = daemon.quarantined()
            self.assertEqual([(row["times"], row["scrubbed"]) for row in rows], [(2, 1)])
            self.assertRegex(text(rows[0]["bytes"]), r'"name":"hash:[0-9a-f]{32}"')

    def test_two_councils_hash_the_same_person_differently(self):
        hashes = []
        for _ in range(2):
            with Daemon() as daemon:
                daemon.send(line(referral("W-1", "2025-05-01", name="Ermintrude")))
                daemon.stop()
                hashes += re.findall(rb"hash:[0-9a-f]{32}", daemon.quarantined()[0]["bytes"])
                self.assertEqual(os.stat(daemon.journal + ".key").st_mode & 0o777, 0o600)
        self.assertEqual(len(set(hashes)), 2)

    def test_a_source_can_be_exempted_from_the_number_check(self):
        config = 'sources = ( { name = "urn:counting"; allow_numeric_references = true; } );'
        with Daemon(config=config) as daemon:
            reply = daemon.send(referral("9434765919", "2025-05-01"), dict(referral("9434765919", "2025-05-01"), source="urn:counting"),
                                dict(referral("W-1", "2025-05-01", person="a@b"), source="urn:counting"))
            self.assertEqual([(row["index"], row["code"]) for row in reply["quarantined"]], [(0, "personal_data"), (2, "personal_data")])
            self.assertEqual(daemon.wait("9434765919")["team"], "north")

    def test_pointers_of_odd_names(self):
        names = {"a/b~c": "/data/a~1b~0c", "é" * 10: "/data/" + "é" * 10, "": "/data/"}
        with Daemon() as daemon:
            for name, pointer in names.items():
                with self.subTest(name):
                    told = daemon.send(referral("W-1", "2025-05-01", **{name: None}))["quarantined"][0]
                    self.assertEqual((told["code"], told["pointer"]), ("bad_data", pointer))
            for length in list(range(118, 132)) + list(range(245, 262)) + [1000, 5000]:
                for name in ("é" * (length // 2), "a" + "é" * (length // 2), "\U0001f600" * (length // 4)):
                    told = daemon.send(referral("W-1", "2025-05-01", **{name: None}))["quarantined"][0]
                    self.assertEqual(sorted(told), ["code", "id", "index", "message", "pointer"])
                    self.assertTrue(("/data/" + name).startswith(told["pointer"].rstrip("./")), told)

    def test_garbage_of_every_size_harms_nothing(self):
        with Daemon() as daemon:
            for length in (1, 2, 100, 16384, 16385, 100000, 1 << 20):
                for byte in (b"\0", b"{", b"[", b'"', b"\xff", b"9", b"\\"):
                    _, reply = daemon.request([b"garbage", byte * length])
                    code = "too_large" if length > 16384 else reply["quarantined"][0]["code"]
                    self.assertIn(code, ("not_json", "bad_envelope", "too_large"))
                    self.assertEqual([row["code"] for row in reply["quarantined"]], [code])
            self.assertEqual(daemon.take(referral("W-1", "2025-05-01"))["seq"], 1)


if __name__ == "__main__":
    unittest.main()
