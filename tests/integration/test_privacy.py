#!/usr/bin/python3
"""Personal data on every path by which text comes in (rules, section 3): what is done with it, and that none of it reaches a disk or a log."""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

from daemon import LIMIT_S, ROOT, SANITIZER, WAITLISTCTL, Daemon, event, line, referral
from gateway import Gateway
from relay import Receiver, Relay
from searching import Search, forms, is_nhs_number

EXEMPT = "urn:exempt"
CONFIG = """
sources = ( { name = "urn:exempt"; allow_numeric_references = %s; } );
journal += { checkpoint_events = 20; checkpoint_interval_s = 0; };
"""
NAMES = ("name", "first_name", "Last-Name", "SURNAME", "NHS number", "postcode", "address", "DateOfBirth", "d_o_b", "phone", "e-mail")
MAP = """
rows = "wait"; source = "urn:export"; formats = [ "dd/mm/yyyy" ];
subject = { column = "Id"; prefix = "w-"; };
%s
events = ( { type = "asc.referral.received"; date = { column = "Referred"; };
    data = { pathway = { column = "For"; values = ( ("Care", "needs_assessment") ); }; team = { column = "Team"; };
             person = { column = "Person"; %s }; }; } );
"""


def ctl(*words, code=None, given=None):
    done = subprocess.run([WAITLISTCTL, *words], input=given, capture_output=True, timeout=LIMIT_S * 4, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert not SANITIZER.search(done.stderr.decode(errors="replace")), done.stderr
    assert code is None or done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


class Found(unittest.TestCase):
    """The search itself."""

    def test_it_finds_every_form(self):
        folder = tempfile.mkdtemp(prefix="wl-")
        self.addCleanup(shutil.rmtree, folder)
        search = Search(1)
        number = search.spaced("a")
        for name, data in (("plain", number.encode()), ("close", number.replace(" ", "").encode()), ("hyphens", number.replace(" ", "-").encode()),
                           ("wide", ("x" + number).encode("utf-16-le")),
                           ("base0", base64.b64encode(number.encode() + b"yz")), ("base1", base64.b64encode(b"x" + number.encode() + b"z")),
                           ("base2", base64.b64encode(b"xy" + number.encode())), ("clean", b"nothing 1234567890")):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(b"\0\1\2" + data)
        os.mkdir(os.path.join(folder, number))
        self.assertEqual({os.path.basename(path) for path in search.in_folders(folder)},
                         {"plain", "close", "hyphens", "wide", "base0", "base1", "base2", number})


class Paths(unittest.TestCase):
    """What each path says to it."""

    def setUp(self):
        self.daemon = Daemon(clock="2025-05-05T12:00:00Z", config=CONFIG % "true")
        self.addCleanup(self.daemon.close)
        self.search = Search(2)

    def tearDown(self):
        if self.daemon.process:
            self.daemon.stop()
        self.assertEqual(self.search.in_folders(self.daemon.folder), {})

    def codes(self, *rows):
        """The code of each row, which must all be quarantined."""
        reply = self.daemon.send(*rows)
        self.assertEqual([told["index"] for told in reply["quarantined"]], list(range(len(rows))), reply)
        return [told["code"] for told in reply["quarantined"]]

    def personal(self, *rows):
        self.assertEqual(self.codes(*rows), ["personal_data"] * len(rows))

    def test_references(self):
        s = self.search
        self.personal(*(referral(value, "2025-04-01", person="p") for value in (s.number("subject"), s.number("another subject"))))
        values = [s.number("number"), s.spaced("blanks"), s.spaced("no-break spaces", "\u00a0"), s.spaced("thin spaces", "\u2009"),
                  s.spaced("tabs", "\t"), s.spaced("no width", "\u200b"), s.spaced("dashes", "\u2013"), " " + s.number("around") + "\u3000",
                  "".join(chr(ord(digit) + 0xFF10 - 48) for digit in s.number("full-width")),
                  "".join(chr(ord(digit) + 0x660 - 48) for digit in s.number("Arabic-Indic")),
                  s.mail("mail"), s.mail("full-width at").replace("@", "\uff20"), s.mail("small at").replace("@", "\ufe6b"),
                  int(s.number("as a number")), -int(s.number("negative")), float(s.number("real")), [s.number("list")],
                  {"id": s.number("object")}, [[{"x": int(s.number("deep"))}]]]
        self.personal(*(referral("W-1", "2025-04-01", person=value) for value in values))
        self.personal(*(event("wait.allocated", "W-1", "2025-04-01", {"worker": value})
                        for value in (s.number("worker"), s.mail("worker's mail"), s.spaced("worker's blanks"))))
        self.personal(event("wait.resumed", "W-1", "2025-04-01", {"person": s.number("outside its vocabulary")}),
                      event("wait.resumed", "W-1", "2025-04-01", {"case": [{"person": s.number("nested person")}]}),
                      event("wait.resumed", "W-1", "2025-04-01", {"case": {"subject": s.mail("nested subject")}}),
                      event("wait.resumed", "W-1", "2025-04-01", {"subject": s.spaced("subject in data")}),
                      event("wait.resumed", "W-1", "2025-04-01", person=s.number("an extension")),
                      event("wait.resumed", "W-1", "2025-04-01", worker={"is": [s.mail("inside an extension")]}))

    def test_written_with_escapes(self):
        number, mail = self.search.number("escapes"), self.search.mail("escaped mail")
        escaped = "".join("\\u%04x" % ord(letter) for letter in number).encode()
        whole = line(referral("W-1", "2025-04-01", person="PERSON"))
        self.personal(whole.replace(b"PERSON", escaped), whole.replace(b"PERSON", mail.replace("@", "\\u0040").encode()),
                      whole.replace(b'"person":"PERSON"', b'"p\\u0065rson":"%s"' % self.search.number("escaped name").encode()),
                      whole.replace(b'"PERSON"', self.search.number("exponent").encode() + b"0e-1"),
                      whole.replace(b'"PERSON"', self.search.number("decimals").encode() + b"." + b"0" * 80))

    def test_members_named_so(self):
        s = self.search
        self.personal(*(event("contact.made", "W-1", "2025-04-01", {name: s.word(name)}) for name in NAMES))
        self.personal(*(event("contact.made", "W-1", "2025-04-01", {"case": [{"x": {name: [s.word("deep " + name)]}}]}) for name in NAMES))
        self.personal(*(event("contact.made", "W-1", "2025-04-01", **{name: s.word("extension " + name)}) for name in NAMES))
        self.personal(event("contact.made", "W-1", "2025-04-01", {"first\u00a0name": s.word("no-break")}),
                      event("contact.made", "W-1", "2025-04-01", {"sur\u200bname": s.word("no width")}),
                      event("contact.made", "W-1", "2025-04-01", {"\uff4e\uff41\uff4d\uff45": s.word("full-width")}),
                      referral("W-1", "2025-04-01", dimensions={"postcode": s.word("dimension")}),
                      event("contact.made", "W-1", "2025-04-01", data_base64=base64.b64encode(s.number("base64").encode()).decode()))

    def test_what_is_refused_for_another_reason(self):
        s = self.search
        self.daemon.take(referral("W-1", "2025-04-01"), event("contact.made", "W-1", "2025-04-02", id="E-1", source="urn:a"))
        rows = [(event("contact.made", "W-1", "2025-04-02", {"name": s.word("conflict")}, id="E-1", source="urn:a"), "id_conflict"),
                (event("contact.made", "W-1", "2025-04-02", {"person": s.number("conflict 2")}, id="E-1", source="urn:a"), "id_conflict"),
                (event("note.added", "W-1", "2025-04-02", {"note": "rang " + s.spaced("unknown type")}), "unknown_type"),
                (event("contact.made", s.spaced("subject with blanks"), "2025-04-02"), "bad_envelope"),
                (event("contact.made", s.mail("subject"), "2025-04-02"), "bad_envelope"),
                (event("contact.made", "W-1", s.mail("time") + "T"), "bad_envelope"),
                (event("contact.made", "W-1", "2025-04-02", {"name": s.word("no version")}, specversion="0.3"), "bad_envelope"),
                (event("contact.made", "W-1", "2025-04-02", {"method": "Rang " + s.spaced("method")}), "bad_data"),
                (event("assessment.completed", "W-1", "2025-04-02", {"outcome": "mailed to " + s.mail("outcome")}), "bad_data"),
                (event("wait.closed", "W-1", "2025-04-02", {"reason": "Name: " + s.word("reason")}), "bad_data"),
                (event("wait.closed", "W-1", "2025-04-02", {"reason": "died", "x": None, "to": {s.mail("a member's name"): None}}), "bad_data"),
                (referral("W-2", "2025-04-01", team="team of " + s.spaced("team")), "bad_data"),
                (referral("W-2", "2025-04-01", pathway="unheard_of", person=s.number("person")), "personal_data"),
                (referral("W-2", "2026-04-01", person=s.number("future")), "personal_data"),
                (referral("W-2", "1980-04-01", surname=s.word("past")), "personal_data")]
        self.assertEqual(self.codes(*(row for row, _ in rows)), [code for _, code in rows])

    def test_what_is_no_event(self):
        s = self.search
        whole = lambda path: referral("W-1", "2025-04-01", person=s.number(path), surname=s.word(path + "'s name"))
        rows = [line(whole("broken off"))[:-2], line(whole("comma")) [:-1] + b",}", json.dumps([whole("array"), whole("array 2")]).encode(),
                json.dumps({"events": [whole("inside")]}).encode(), repr(whole("repr")).encode(),
                json.dumps({**whole("text"), "data": json.dumps(whole("text in data"))}).encode(),
                b"Smith,%s,%s" % (s.spaced("csv").encode(), s.mail("csv mail").encode()),
                b"<wait><surname>%s</surname><nhs>%s</nhs></wait>" % (s.word("xml").encode(), s.number("xml number").encode()),
                b"surname=%s&team=north" % s.word("form").encode(), s.number("bare").encode(), b'"%s"' % s.mail("bare text").encode(),
                line(whole("latin")).replace(b'"north"', b'"n\xf6rd"'), line(whole("control")).replace(b'"north"', b'"n\x01"'),
                line(whole("twice"))[:-1] + b',"x":{"x":1,"x":2}}', line(whole("deep"))[:-1] + b',"x":' + b"[" * 20 + b"]" * 20 + b"}",
                line(whole("nul"))[:-1] + b',"x":"\\u0000"}']
        codes = self.codes(*rows)
        self.assertEqual(set(codes), {"not_json", "bad_envelope"})
        # A text in UTF-16 holds a line end only where its bytes make one: sent alone, it is one line.
        for form in ("utf-16-le", "utf-16-be", "utf-16", "utf-32-le"):
            self.assertEqual(self.codes(json.dumps(whole(form)).encode(form)), ["not_json"])
        big = line({**whole("too large"), "padding": "x" * 20000})
        self.assertEqual(self.codes(big, line({**whole("too large and broken"), "padding": "x" * 20000})[:-2]), ["too_large"] * 2)
        self.assertTrue(all(row["scrubbed"] for row in self.daemon.quarantined()))

    def test_what_is_left_can_be_worked_with(self):
        """Nothing but the values goes: the sender can be told which event it was."""
        row = referral("W-1", "2025-04-01", person=self.search.number("person"))
        self.personal(row)
        kept, = self.daemon.ask("quarantine")["rows"]
        self.assertEqual((kept["event_id"], kept["subject"], kept["type"], kept["source"], kept["pointer"], kept["scrubbed"]),
                         (row["id"], "W-1", "asc.referral.received", "urn:test", "/data/person", True))
        raw = json.loads(self.daemon.ask("quarantine", id=kept["id"])["raw"])
        self.assertRegex(raw["data"].pop("person"), "^hash:[0-9a-f]{32}$")
        row["data"].pop("person")
        self.assertEqual(raw, row)
        self.assertEqual(self.daemon.ask("quarantine.retry", ids=[kept["id"]], by="jo")["rows"][0]["outcome"], "scrubbed")

    def test_what_could_still_be_accepted_is_left(self):
        """A case number of ten digits may fit the check digit: it is no reason against a retry."""
        case = Search(9).number("a case's number")
        self.assertEqual(self.codes(referral("W-1", "2025-04-01", pathway="late", case=case)), ["unknown_pathway"])
        self.daemon.configure(CONFIG % "true", 'pathways = ( { name = "late"; } );')
        self.daemon.reload()
        kept, = self.daemon.ask("quarantine")["rows"]
        self.assertFalse(kept["scrubbed"])
        self.assertEqual(self.daemon.ask("quarantine.retry", ids=[kept["id"]], by="jo")["rows"][0]["outcome"], "accepted")

    def test_a_source_that_is_spared(self):
        """Its numbers are references and stay; its addresses and names are nobody's. When it is spared no longer, what was kept is replaced."""
        kept = Search(10)
        number, waiting = kept.number("accepted"), self.search.number("spared once")
        spared = lambda *words, **data: {**referral(*words, **data), "source": EXEMPT}
        self.daemon.take(spared("W-1", "2025-04-01", person=number))
        self.assertEqual(self.codes(spared("W-2", "2025-04-01", person=self.search.mail("spared")),
                                    spared("W-3", "2025-04-01", pathway="late", person=waiting),
                                    spared("W-3", "2025-04-01", name=self.search.word("spared"))),
                         ["personal_data", "unknown_pathway", "personal_data"])
        self.assertEqual(self.daemon.wait("W-1")["person"], number)
        self.daemon.configure(CONFIG % "false")
        self.daemon.reload()
        row = next(row for row in self.daemon.ask("quarantine")["rows"] if row["code"] == "unknown_pathway")
        self.assertEqual(self.daemon.ask("quarantine.retry", ids=[row["id"]], by="jo")["rows"][0]["code"], "personal_data")
        self.assertNotIn(number, self.daemon.log())

    def test_notes(self):
        s = self.search
        self.daemon.take(referral("W-1", "2025-04-01"))
        self.codes(b"{")
        alert = next(row["alert_id"] for row in self.daemon.alerts(state="open") if row["rule"] == "breach")
        texts = [s.number("note"), "rang " + s.spaced("note") + " twice", s.spaced("note", "-"), s.spaced("note", "\u00a0"),
                 s.spaced("note", "\u2011"), s.spaced("note", " - "), "x" + s.number("note") + "y", "mail " + s.mail("note"),
                 s.mail("note").replace("@", "\uff20"), "".join(chr(ord(digit) + 0xFF10 - 48) for digit in s.number("note"))]
        for text in texts:
            for op, members, name in (("alert.ack", {"alert_id": alert, "by": "jo"}, "note"), ("alert.ack", {"alert_id": alert}, "by"),
                                      ("quarantine.retry", {"ids": [1], "by": "jo"}, "reason"), ("quarantine.retry", {"ids": [1]}, "by"),
                                      ("quarantine.discard", {"ids": [1], "by": "jo"}, "reason"),
                                      ("quarantine.discard", {"ids": [1], "reason": "test"}, "by"),
                                      ("redact", {"subject": "W-1", "by": "jo"}, "reason"), ("redact", {"subject": "W-1", "reason": "test"}, "by")):
                self.assertEqual(self.daemon.error(op, **{**members, name: text}), ("bad_request", "/" + name), (op, text))
        # To the byte, and what merely looks like it.
        self.assertEqual(self.daemon.error("alert.ack", alert_id=alert, by="jo", note="x" * 501)[0], "bad_request")
        self.assertEqual(self.daemon.error("alert.ack", alert_id=alert, by="jo", note="\u00fc" * 250 + "x")[0], "bad_request")
        self.assertEqual(self.daemon.error("alert.ack", alert_id=alert, by="x" * 129)[0], "bad_request")
        self.assertEqual(self.daemon.error("alert.ack", alert_id=alert, by="")[0], "bad_request")
        for note in ("x" * 500, "\u00fc" * 250, "seen on 2025-06-01 14:30", "ring 01234 567890 after 9", "19434765919"):
            self.assertEqual(self.daemon.ask("alert.ack", alert_id=alert, by="j" * 128, note=note)["transition"]["note"], note)

    def test_names_of_things(self):
        for op, members in (("backup", {"name": self.search.number("backup") + ".db"}), ("backup", {"name": "w1-" + self.search.number("backup 2")}),
                            ("follow.report", {"name": self.search.number("follower"), "alert_seq": 0})):
            self.assertEqual(self.daemon.error(op, **members), ("bad_request", "/name"))
        self.daemon.ask("backup", name="nightly-2025060114")  # a date and an hour

    def test_questions(self):
        """What somebody asks for is answered, or refused, and leaves nothing."""
        s = self.search
        self.daemon.take(referral("W-1", "2025-04-01"))
        for op, members in (("wait", {"subject": s.number("wait")}), ("waits", {"filter": {"subject_prefix": s.number("prefix")}}),
                            ("waits", {"filter": {"team": s.mail("team")}}), ("waits", {"cursor": s.number("cursor")}),
                            ("summary", {"group_by": [s.number("group")]}), ("summary", {s.mail("member"): 1}), ("summary", {"filter": {s.number("f"): 1}}),
                            ("summary", {"as_at": s.mail("day")}), ("summary", {"as_at": "2025-04-20", "filter": {"worker": s.number("past")}}),
                            ("alerts", {"filter": {"subject": s.number("alerts")}}), ("exceptions", {"filter": {"subject": s.number("exceptions")}}),
                            ("redact", {"person": s.number("redact"), "by": "jo", "reason": "test"}),
                            ("redact", {"events": [{"source": "urn:x", "id": s.mail("event")}], "by": "jo", "reason": "test"}),
                            ("alert.ack", {"alert_id": s.number("alert"), "by": "jo"}), (s.number("op"), {}), ("clock.set", {"now": s.mail("now")}),
                            ("quarantine", {"source": s.mail("quarantine")}), ("restatement", {"day": s.number("restatement")})):
            self.daemon.try_ask(op, **members)
        for asked in ({"user": s.mail("user"), "roles": ["analyst"]}, {"user": "sam", "roles": [s.number("role")]},
                      {"user": s.number("user"), "roles": ["viewer"]}, {"user": "sam", "roles": ["manager"], "teams": [s.mail("team")]}):
            self.daemon.try_ask("wait", subject="W-1", on_behalf_of=asked)
        for members in ({"user": s.mail("access")}, {"subject": s.number("access")}, {"peer": s.number("peer")}, {"of": s.mail("of")}):
            self.daemon.try_ask("access", **members)
        for body in (s.mail("no JSON").encode(), b'{"v":1,"op":"wait","subject":"%s"' % s.number("broken").encode(), b"\xff" + s.number("bytes").encode()):
            self.assertFalse(self.daemon.query(body)["ok"])

    def test_subscriptions(self):
        """A topic is any bytes, and who follows what is logged."""
        s = self.search
        for topic in ("alert.breach.needs_assessment.%s." % s.number("topic"), s.mail("topic"), "position.%s." % s.spaced("topic")):
            self.daemon.subscribe(topic)
        self.daemon.take(referral("W-1", "2025-04-01"))

    def test_requests_that_are_none(self):
        for frames in ([self.search.number("batch").encode() * 5, b"{}"], [self.search.mail("no events").encode()], [b"b", b" ", b"\n"]):
            self.assertFalse(self.daemon.request(frames)[1]["ok"])


class Imports(unittest.TestCase):
    """CSV and Client Level Data: what is read, and what is left of it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="wl-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.daemon = Daemon(clock="2026-03-01T12:00:00Z")
        self.addCleanup(self.daemon.close)
        self.search = Search(3)
        self.inputs = []

    def write(self, name, text, private=False):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600 if private else 0o644)
        self.inputs.append(path)
        return path

    def import_csv(self, rows, fields, key=""):
        path = self.write("waits.csv", "Id,Referred,For,Team,Person,Name,Postcode\n" + "".join(rows))
        chart = self.write("map.conf", MAP % (key, fields))
        said = b""
        for more in (["--dry-run"], []):
            for form in ("table", "json", "csv"):
                report = os.path.join(self.folder, "report-%s%s" % (form, len(more)))
                said += ctl("-c", self.daemon.config_path, "--format", form, "import", "csv", path, "--map", chart, "--report", report, *more)
        self.assertEqual(self.search.in_bytes(said), set())

    def tearDown(self):
        self.daemon.stop()
        self.assertEqual(self.search.in_folders(self.daemon.folder, self.folder, but=self.inputs), {})

    def test_csv(self):
        s = self.search
        rows = ["%d,01/04/2025,Care,north,%s,%s,%s\n" % (number, s.spaced("person") if number % 2 else s.mail("person"), s.word("name"), s.word("code"))
                for number in range(6)]
        rows += ["%s,01/04/2025,Care,north,1,,\n" % s.number("subject"), "8,01/04/2025,%s,north,1,,\n" % s.number("not in the map"),
                 "9,%s,Care,north,1,,\n" % s.number("date"), "10,01/04/2025,Care,%s,1,,\n" % s.mail("team"),
                 '11,01/04/2025,Care,"%s\n' % s.number("broken"), "12,01/04/2025,Care,north,1,,,,%s\n" % s.number("too many cells")]
        self.import_csv(rows, "")
        self.import_csv(rows, 'prefix = "p-";')
        self.assertEqual(self.daemon.ask("health")["journal_seq"], 0)
        self.write("key", "0123456789abcdef" * 4 + "\n", private=True)
        self.import_csv(rows, 'hash = true;', 'key_file = "key";')
        self.assertEqual(self.daemon.ask("health")["journal_seq"], 6)

    def test_client_level_data(self):
        path = os.path.join(self.folder, "cld.csv")
        subprocess.run([sys.executable, "-B", os.path.join(ROOT, "tests", "data", "cld", "make_cld.py"), "--rows", "400", "--seed", "3", path], check=True)
        shutil.copyfile(os.path.join(ROOT, "config", "import", "cld.conf"), os.path.join(self.folder, "cld.conf"))
        self.inputs += [path, self.write("person.key", "00112233445566778899aabbccddeeff" * 2 + "\n", private=True)]
        with open(path, encoding="utf-8") as file:
            for number in {cell for row in file for cell in row.rstrip("\n").split(",") if is_nhs_number(cell.replace(" ", ""))}:
                self.search.keep(number, "the file")
        self.assertGreater(len(self.search.values), 100)
        said = b""
        for more in (["--dry-run"], []):
            for form in ("table", "json", "csv"):
                said += ctl("-c", self.daemon.config_path, "--format", form, "import", "cld", path, "--map", os.path.join(self.folder, "cld.conf"), *more)
        said += ctl("report", "dhsc-waiting-times", path, "--map", os.path.join(self.folder, "cld.conf"))
        self.assertEqual(self.search.in_bytes(said), set())
        self.assertGreater(self.daemon.ask("health")["journal_seq"], 100)

    def test_send_tells_where_and_not_what(self):
        rows = [line(referral("W-1", "2025-04-01", person=self.search.number("person"))), line(referral("W-2", "2025-04-01", surname=self.search.word("name"))),
                b'{"person":"%s' % self.search.mail("broken").encode()]
        said = b"".join(ctl("-c", self.daemon.config_path, "--format", form, "send", "-", given=b"\n".join(rows), code=1) for form in ("table", "json"))
        self.assertEqual(self.search.in_bytes(said), set())
        self.assertIn(b"/data/person", said)


class Simulated(unittest.TestCase):
    def test_a_simulated_council_has_nobody(self):
        """What is made up looks like nobody's number: no reference is one, with whatever stands before it taken off."""
        folder = tempfile.mkdtemp(prefix="wl-")
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "events")
        ctl("simulate", "--scenario", "lancashire-2025", "--seed", "4", "--begin", "2025-01-01", "--until", "2025-02-28", "--out", path, code=0)
        references = set()
        with open(path, encoding="utf-8") as file:
            for text in file:
                row = json.loads(text)
                references |= {row["subject"], *(row["data"].get(name, "x") for name in ("person", "worker"))}
                self.assertNotIn("@", text)
        self.assertGreater(len(references), 500)
        self.assertFalse([one for one in references if any(is_nhs_number(part) for part in one.replace("/", "-").split("-"))])


class Everything(unittest.TestCase):
    """All at once, against all that run: then every byte that any of them wrote is searched."""

    def setUp(self):
        self.search = Search(5)
        self.daemon = Daemon(clock="2025-05-05T12:00:00Z", config=CONFIG % "true")
        self.addCleanup(self.daemon.close)
        self.said = b""

    def ctl(self, *words):
        self.said += ctl("-c", self.daemon.config_path, *words)

    def fill(self):
        s = self.search
        self.daemon.take(*(referral("MARKER-%d" % number, "2025-04-01") for number in range(40)))
        self.daemon.send(*(referral("W-%d" % number, "2025-04-01", person=s.number("person")) for number in range(30)))
        self.daemon.send(*(referral("W-%d" % number, "2025-04-01", surname=s.word("surname"), address={"postcode": s.word("postcode")})
                           for number in range(30)))
        self.daemon.send(*(line(referral("W-1", "2025-04-01", person=s.mail("broken off")))[:-2] for _ in range(30)))
        self.daemon.send(*(json.dumps([referral("W-1", "2025-04-01", person=s.number("array"))]).encode() for _ in range(10)))
        self.daemon.send(*(event("wait.closed", "MARKER-1", "2025-04-02", {"reason": "rang " + s.spaced("reason")}) for _ in range(10)))
        self.daemon.send(json.dumps(referral("W-1", "2025-04-01", person=s.number("wide"))).encode("utf-16-le"))

    def ask_the_gateway(self, gateway):
        s, alert = self.search, next(row["alert_id"] for row in self.daemon.alerts(state="open") if row["rule"] == "breach")
        quoted = lambda text: urllib.parse.quote(text, safe="")
        for path in ("/api/v1/waits/" + s.number("path"), "/api/v1/waits?subject_prefix=" + s.number("query"), "/" + quoted(s.mail("no page")),
                     "/api/v1/summary?team=" + quoted(s.mail("filter")), "/api/v1/waits?" + s.number("member") + "=1",
                     "/api/v1/alerts?subject=" + s.number("alerts"), "/assets/" + s.number("asset") + ".js", "/api/v1/waits/" + quoted(s.spaced("blanks"))):
            gateway.get(path, Referer="http://x/?q=" + s.number("referer"), User_Agent=s.mail("agent"), Cookie="a=" + s.number("cookie"),
                        X_Request_Id=s.number("request"), Authorization="Bearer " + s.number("bearer"))
        url = "/api/v1/alerts/%s/ack" % alert
        for body in ({"by": "jo", "note": s.spaced("note")}, {"by": s.mail("by")}, {"by": "jo", "note": s.spaced("no-break", "\u00a0")}, {"by": "jo", "note": "x", "name": s.number("name")}):
            answer = gateway.request("POST", url, json.dumps(body), {"Content-Type": "application/json"})
            self.assertEqual(answer.status, 400)
            self.assertIn("must not hold" if "name" not in body else "", answer.json()["detail"])
        gateway.request("POST", url, b"{" + s.mail("no JSON").encode(), {"Content-Type": "application/json"})
        gateway.raw(b"GET /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (s.number("raw").encode(), s.mail("host").encode()))

    def use_the_commands(self):
        s, alert = self.search, self.daemon.alerts(state="open")[0]["alert_id"]
        for words in (["ack", alert, "--by", "jo", "--note", "rang " + s.spaced("ctl ack")], ["ack", alert, "--by", s.mail("ctl ack by")],
                      ["redact", "--subject", "MARKER-1", "--by", "jo", "--reason", s.number("ctl redact")], ["backup", s.number("ctl backup") + ".db"],
                      ["quarantine", "discard", "1", "--by", "jo", "--reason", s.mail("ctl discard")],
                      ["quarantine", "retry", "1", "--by", "jo", "--reason", s.spaced("ctl retry")]):
            told = ctl("-c", self.daemon.config_path, *words, code=1)
            self.assertIn(b"must not hold", told)  # and not what it must not
            self.said += told
        self.ctl("quarantine", "list")
        self.ctl("quarantine", "show", "1")
        self.ctl("backup", "--with-key", "kept.db")

    def test_nothing_is_found(self):
        receiver = Receiver(answer=lambda request: (400, {}, b"no: " + request["body"]))
        self.addCleanup(receiver.close)
        routes = ('{ name = "hook"; to = "webhook"; url = "%s"; attempts = 1; references = true; }, '
                  '{ name = "said"; to = "command"; command = [ "/bin/cat" ]; }, '
                  '{ name = "list"; to = "folder"; folder = "FOLDER/lists"; send = "digest"; at = "00:00"; }' % receiver.url)
        relay = Relay(self.daemon, routes, start=False)
        self.addCleanup(relay.finish)
        os.mkdir(os.path.join(relay.folder, "lists"))
        relay.start()
        relay.wait_cursor("said", 0)
        relay.wait_cursor("hook", 0)
        self.fill()
        newest = self.daemon.ask("health")["alert_seq"]
        with Gateway(self.daemon, arguments=["--sign-in=none", "--open-role=admin", "--log-level=debug"]) as gateway:
            gateway.wait_daemon("live")
            self.ask_the_gateway(gateway)
            self.use_the_commands()
            self.ctl("export", "cqc", "--from", "2025-04-01", "--to", "2025-05-04", "--unsigned", "--out", os.path.join(self.daemon.folder, "pack"))
            self.ctl("export", "cqc", "--from", "2025-04-01", "--to", "2025-05-04", "--unsigned", "--out", os.path.join(self.daemon.folder, "pack.zip"))
            relay.wait_cursor("said", newest)
            relay.wait_cursor("hook", newest)
            self.daemon.set_clock("2025-05-06T12:00:00Z")
            self.daemon.restart()
            self.daemon.stop()
            relay.stop()
            gateway.stop()
            folders = (self.daemon.folder, relay.folder, gateway.folder)
            self.assertEqual(self.search.in_folders(*folders), {})
            self.assertEqual(self.search.in_bytes(self.said), set())
            self.check_the_search(folders)
            for log in (relay.log(), gateway.log(), self.daemon.log()):
                self.assertNotIn("MARKER", log)  # who it is about is in no log either
            gateway.start()

    def check_the_search(self, folders):
        """What may be there is found where it must be: else the search would prove nothing."""
        marker = Search(6)
        marker.keep("MARKER-3", "a reference")
        found = {os.path.basename(path.split("!")[0]) for path in marker.in_folders(*folders)}
        self.assertLessEqual({"journal.db", "kept.db", "hook.dead"}, found)
        self.assertTrue(os.path.exists(self.daemon.journal + ".checkpoint"))
        self.assertTrue(os.path.exists(os.path.join(self.daemon.folder, "pack.zip")))
        self.assertTrue(all(forms(value) for value in self.search.values))
        self.assertGreater(len(self.search.values), 200)


if __name__ == "__main__":
    unittest.main()
