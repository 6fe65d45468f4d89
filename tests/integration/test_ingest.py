#!/usr/bin/python3
"""The ingest socket (docs/protocol.md, Ingest): requests, replies, limits, duplicates and conflicts, through a real daemon."""
import json
import os
import unittest

import zmq

from daemon import ROOT, Daemon, event, frame, line, receive, referral

DATA = os.path.join(ROOT, "tests", "data", "events")
MIB = 1 << 20


def table(name):
    """The rows of a table of golden events, without its head."""
    with open(os.path.join(DATA, name), encoding="utf-8") as file:
        return [row.rstrip("\n").split("\t") for row in file if not row.startswith("#")]


def golden(name):
    with open(os.path.join(DATA, name), "rb") as file:
        return file.read()


class Requests(unittest.TestCase):
    """One daemon for all requests of the class: whatever one of them is, the next one must be answered."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()

    @classmethod
    def tearDownClass(cls):
        try:
            cls.daemon.stop()
        finally:
            cls.daemon.close()

    def subject(self):
        return self.id().rsplit(".", 1)[-1]

    def rows(self, count, tag=""):
        return [referral("%s-%s%d" % (self.subject(), tag, number), "2025-05-01") for number in range(count)]

    def accepts(self, frames, accepted, kind=zmq.DEALER):
        batch, reply = self.daemon.request([b"batch"] + frames, kind)
        self.assertEqual(batch, b"batch")
        self.assertEqual(list(reply), ["v", "ok", "accepted", "duplicates", "seq", "quarantined"])
        self.assertEqual((reply["v"], reply["ok"], reply["accepted"], reply["quarantined"]), (1, True, accepted, []))
        self.assertEqual(reply["seq"], self.daemon.ask("health")["journal_seq"])
        return reply

    def refuses(self, frames, code, batch=None):
        before = self.daemon.ask("health")["journal_seq"]
        answered, reply = self.daemon.request(frames)
        self.assertEqual(answered, frames[0] if batch is None else batch)
        self.assertEqual((reply["v"], reply["ok"], reply["error"]["code"]), (1, False, code))
        self.assertTrue(reply["error"]["message"])
        self.assertEqual(self.daemon.ask("health")["journal_seq"], before)

    def test_one_event_from_a_dealer(self):
        self.accepts([line(self.rows(1)[0])], 1)

    def test_one_event_from_a_req_socket(self):
        self.accepts([line(self.rows(1)[0])], 1, zmq.REQ)

    def test_a_dealer_that_sends_the_delimiter_gets_it_back(self):
        sock = self.daemon.connect(zmq.DEALER, "ingest")
        sock.send_multipart([b"", b"batch", line(self.rows(1)[0])])
        delimiter, batch, reply = receive(sock)
        self.assertEqual((delimiter, batch, json.loads(reply)["accepted"]), (b"", b"batch", 1))
        sock.close()

    def test_lines_in_one_frame(self):
        self.accepts([frame(self.rows(5))], 5)

    def test_blank_lines_and_cr_lf(self):
        rows = [line(row) for row in self.rows(4)]
        self.accepts([b"\r\n\n" + rows[0] + b"\r\n\r\n" + rows[1] + b"\n \t \n" + rows[2] + b"\r\n" + rows[3] + b"\r\n\n"], 4)

    def test_one_pretty_printed_event_in_a_frame(self):
        self.accepts([json.dumps(self.rows(1)[0], indent=4).encode()], 1)

    def test_one_pretty_printed_event_with_cr_lf(self):
        self.accepts([json.dumps(self.rows(1)[0], indent=1).replace("\n", "\r\n").encode() + b"\r\n"], 1)

    def test_frames_of_every_kind_in_one_request(self):
        one, two, three, four, five = self.rows(5)
        self.accepts([line(one), frame([two, three]), json.dumps(four, indent=2).encode(), b"\n\n", line(five) + b"\n"], 5)

    def test_index_counts_events_over_all_frames(self):
        one, two, three, four = self.rows(4)
        bad = line(event("referral.received", "bad", "2025-05-01", {"pathway": "dols", "person": "p"}, id="bad-1"))
        _, reply = self.daemon.request([b"i", frame([one, bad, two]), json.dumps(three, indent=2).encode(), b"words", line(four)])
        self.assertEqual((reply["accepted"], [row["index"] for row in reply["quarantined"]]), (4, [1, 4]))
        first, second = reply["quarantined"]
        self.assertEqual(list(first), ["index", "id", "code", "pointer", "message"])
        self.assertEqual((first["id"], first["code"], first["pointer"]), ("bad-1", "bad_data", "/data/team"))
        self.assertEqual((second["id"], second["code"], second["pointer"]), (None, "not_json", None))

    def test_1024_events_are_taken(self):
        self.accepts([frame(self.rows(1024))], 1024)

    def test_1024_frames_are_taken(self):
        self.accepts([line(row) for row in self.rows(1024)], 1024)

    def test_1025_events_are_too_many(self):
        self.refuses([b"x", frame(self.rows(1025))], "too_many_events")

    def test_1025_events_over_two_frames_are_too_many(self):
        rows = self.rows(1025)
        self.refuses([b"x", frame(rows[:1024]), line(rows[1024])], "too_many_events")

    def test_1025_frames_are_too_many(self):
        self.refuses([b"x"] + [line(row) for row in self.rows(1025)], "too_many_events")

    def test_batch_ids_have_1_to_32_bytes_of_any_kind(self):
        for batch in (b"\0", bytes(range(32)), b"\xff" * 32):
            answered, reply = self.daemon.request([batch, line(self.rows(1, "%d-" % len(batch))[0])])
            self.assertEqual((answered, reply["ok"]), (batch, True))
        self.refuses([b"x" * 33, line(self.rows(1, "c")[0])], "bad_request", b"")

    def test_an_empty_batch_id_from_a_req_socket_is_refused(self):
        batch, reply = self.daemon.request([b"", line(self.rows(1)[0])], zmq.REQ)
        self.assertEqual((batch, reply["error"]["code"]), (b"", "bad_request"))

    def test_a_batch_id_alone_is_refused(self):
        self.refuses([b"alone"], "bad_request")

    def test_a_request_without_an_event_is_refused(self):
        self.refuses([b"none", b""], "bad_request")
        self.refuses([b"none", b"\n \r\n", b"\t"], "bad_request")

    def test_four_mib_are_the_limit(self):
        spaces = b" " * (4 * MIB - 3)
        self.refuses([b"big", spaces], "bad_request")
        self.refuses([b"big", spaces + b" "], "too_large")
        self.refuses([b"big", spaces[:2 * MIB], spaces[:2 * MIB]], "too_large")

    def test_a_frame_over_eight_mib_loses_only_its_sender_the_connection(self):
        rude = self.daemon.connect(zmq.DEALER, "ingest")
        rude.send_multipart([b"rude", b" " * (8 * MIB + 1)])
        self.accepts([line(self.rows(1)[0])], 1)
        rude.close()

    def test_an_error_says_nothing_of_the_events(self):
        _, reply = self.daemon.request([b"x" * 33, line(referral("secret-subject", "2025-05-01"))])
        self.assertNotIn("secret-subject", json.dumps(reply))

    def test_replies_come_in_the_order_of_the_requests(self):
        sock = self.daemon.connect(zmq.DEALER, "ingest")
        rows = self.rows(60)
        for number, row in enumerate(rows):
            sock.send_multipart([b"%d" % number] + ([line(row)] if number % 3 else []))
        last = 0
        for number in range(len(rows)):
            batch, body = receive(sock)
            reply = json.loads(body)
            self.assertEqual((batch, reply["ok"]), (b"%d" % number, number % 3 != 0))
            if reply["ok"]:
                self.assertGreater(reply["seq"], last)
                last = reply["seq"]
        sock.close()

    def test_two_senders_get_their_own_replies(self):
        socks = [self.daemon.connect(zmq.DEALER, "ingest") for _ in range(3)]
        for number in range(20):
            for name, sock in enumerate(socks):
                sock.send_multipart([b"%d.%d" % (name, number), line(referral("two-%d-%d" % (name, number), "2025-05-01"))])
        for name, sock in enumerate(socks):
            self.assertEqual([receive(sock)[0] for _ in range(20)], [b"%d.%d" % (name, number) for number in range(20)])
            sock.close()

    def test_a_sender_that_goes_away_harms_nobody(self):
        for number in range(20):
            sock = self.daemon.connect(zmq.DEALER, "ingest")
            sock.linger = -1
            sock.send_multipart([b"gone", line(referral("gone-%d" % number, "2025-05-01"))])
            sock.close()
        self.assertEqual(self.daemon.send(*self.rows(1))["accepted"], 1)

    def test_the_same_request_again_is_all_duplicates(self):
        frames = [b"again", frame(self.rows(10))]
        _, first = self.daemon.request(frames)
        _, second = self.daemon.request(frames)
        self.assertEqual((first["accepted"], first["duplicates"]), (10, 0))
        self.assertEqual((second["accepted"], second["duplicates"], second["seq"]), (0, 10, first["seq"]))

    def test_the_same_event_twice_in_one_request(self):
        row = self.rows(1)[0]
        reply = self.daemon.send(row, row)
        self.assertEqual((reply["accepted"], reply["duplicates"]), (1, 1))

    def test_other_content_under_a_known_identity(self):
        row = self.rows(1)[0]
        other = dict(row, data=dict(row["data"], team="south"))
        elsewhere = dict(other, source="urn:other", subject="elsewhere")
        reply = self.daemon.send(row, other, elsewhere, row)
        self.assertEqual((reply["accepted"], reply["duplicates"]), (2, 1))
        told = reply["quarantined"][0]
        self.assertEqual((told["index"], told["id"], told["code"], told["pointer"]), (1, row["id"], "id_conflict", "/id"))
        self.assertEqual(self.daemon.wait(row["subject"])["team"], "north")

    def test_identity_belongs_to_accepted_events(self):
        row = self.rows(1)[0]
        bad = dict(row, data={"pathway": "dols", "team": "a b", "person": "p"})
        self.assertEqual(self.daemon.send(bad)["quarantined"][0]["code"], "bad_data")
        self.assertEqual(self.daemon.send(row)["accepted"], 1)

    def test_the_duplicate_check_comes_before_the_checks_of_the_data(self):
        row = self.rows(1)[0]
        self.daemon.take(row)
        for other in (dict(row, type="asc.nonsense"), dict(row, data={}), dict(row, time="2031-01-01T00:00:00Z")):
            self.assertEqual(self.daemon.send(other)["quarantined"][0]["code"], "id_conflict")

    def test_received_is_the_time_of_arrival(self):
        row = self.rows(1)[0]
        self.daemon.take(row)
        told = self.daemon.ask("wait", subject=row["subject"])["events"][0]
        self.assertEqual(told["received"], "2025-06-01T12:00:00.000Z")
        self.assertEqual(told["data"], row["data"])

    def test_whole_numbers_of_64_bits_come_back(self):
        for tag, number in enumerate((2**63 - 1, 2**63, 2**64 - 1, -2**63)):
            row = self.rows(1, "%d-" % tag)[0]
            row["data"]["reference"] = number
            self.daemon.take(row)
            told = self.daemon.ask("wait", subject=row["subject"])["events"][0]["data"]
            self.assertEqual(told["person"], row["data"]["person"])
            self.assertAlmostEqual(told["reference"] / number, 1, 9)


class GoldenFrames(unittest.TestCase):
    """The frames and pairs that the unit tests use, through the socket."""

    def test_frames_hold_as_many_events_as_the_table_says(self):
        with Daemon() as daemon:
            for name, path, count in table("frames.tsv"):
                with self.subTest(name):
                    _, reply = daemon.request([b"frame", golden(path)])
                    if count == "0":
                        self.assertEqual(reply["error"]["code"], "bad_request")
                    else:
                        self.assertEqual(reply["accepted"] + reply["duplicates"] + len(reply["quarantined"]), int(count))

    def test_good_events_are_accepted(self):
        for name in sorted(os.listdir(os.path.join(DATA, "good"))):
            with self.subTest(name), Daemon() as daemon:
                _, reply = daemon.request([b"good", golden("good/" + name).rstrip(b"\n")])
                self.assertEqual((reply["accepted"], reply["quarantined"]), (1, []))

    def test_pairs_before_and_after_a_restart(self):
        pairs = table("pairs.tsv")
        for name, first, second, verdict in pairs:
            with self.subTest(name), Daemon() as daemon:
                _, reply = daemon.request([b"a", golden(first).rstrip(b"\n")])
                self.assertEqual(reply["accepted"], 1)
                for _ in range(2):
                    _, reply = daemon.request([b"b", golden(second).rstrip(b"\n")])
                    if verdict == "same":
                        self.assertEqual((reply["accepted"], reply["duplicates"], reply["quarantined"]), (0, 1, []))
                    else:
                        self.assertEqual([row["code"] for row in reply["quarantined"]], ["id_conflict"])
                    daemon.restart()


class Restarts(unittest.TestCase):
    def test_duplicates_and_conflicts_are_known_over_the_whole_journal(self):
        rows = [referral("r-%d" % number, "2025-05-01") for number in range(3000)]
        with Daemon() as daemon:
            seq = daemon.take(*rows)["seq"]
            daemon.restart()
            for first in range(0, len(rows), 1000):
                reply = daemon.send(*rows[first:first + 1000])
                self.assertEqual((reply["accepted"], reply["duplicates"], reply["seq"]), (0, 1000, seq))
            other = dict(rows[17], data=dict(rows[17]["data"], team="south"))
            self.assertEqual(daemon.send(other)["quarantined"][0]["code"], "id_conflict")
            self.assertEqual(daemon.take(referral("new", "2025-05-02"))["seq"], seq + 1)

    def test_received_times_never_run_backwards(self):
        with Daemon(clock="2025-06-01T12:00:00Z") as daemon:
            daemon.take(referral("a", "2025-05-01"))
            daemon.restart(clock="2025-05-31T08:00:00Z")
            daemon.take(referral("b", "2025-05-01"))
            daemon.restart(clock="2025-06-02T12:00:00Z")
            daemon.take(referral("c", "2025-05-01"))
            received = [received for _, received, _ in daemon.journalled()]
            self.assertEqual([received[0], received[2] - received[0]], [received[1], 86400000])

    def test_a_clock_that_was_put_back_does_not_bring_yesterday_back(self):
        with Daemon(clock="2025-06-03T12:00:00Z") as daemon:
            daemon.take(referral("a", "2025-05-01"))
            daemon.restart(clock="2025-05-31T08:00:00Z")
            self.assertEqual(daemon.ask("health")["today"], "2025-06-03")
            self.assertEqual(daemon.wait("a")["days"], 33)


if __name__ == "__main__":
    unittest.main()
