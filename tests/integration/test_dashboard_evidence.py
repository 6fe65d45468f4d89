#!/usr/bin/python3
"""Packs of evidence through the gateway: made by the real program and verified, refused, limited, cancelled, and gone with the gateway."""
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
import unittest
import zipfile

from daemon import LIMIT_S, WAITLISTCTL, Daemon, event, referral
from gateway import Gateway, problem_of

JSON = {"Content-Type": "application/json"}
PERIOD = {"from": "2025-04-20", "to": "2025-05-31"}
WANTED = {**PERIOD, "audience": "sensitive"}


class Evidence(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="we-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.working = os.path.join(self.folder, "tmp")
        os.mkdir(self.working)
        self.daemon = Daemon(config='dashboard = { evidence = { %s }; };' % self.evidence())
        self.addCleanup(self.daemon.close)
        self.gateway = Gateway(self.daemon, environment={"TMPDIR": self.working})
        self.addCleanup(self.gateway.end)
        self.gateway.wait_daemon("live")

    def evidence(self):
        return 'command = "%s";' % WAITLISTCTL

    def post(self, body=None, headers=None):
        return self.gateway.request("POST", "/api/v1/evidence", json.dumps(WANTED if body is None else body), {**JSON, **(headers or {})})

    def asked(self, body=None, headers=None):
        """The pack that was promised."""
        answer = self.post(body, headers)
        self.assertEqual(answer.status, 202, answer.body)
        pack = answer.json()
        self.assertEqual(answer.headers["location"], "/api/v1/evidence/" + pack["id"])
        self.assertRegex(pack["id"], "^[0-9a-f]{32}$")
        return pack

    def path(self, pack, ending=""):
        return "/api/v1/evidence/%s%s" % (pack["id"], ending)

    def over(self, pack):
        """The pack when it is done or has failed; each question is an event of its own."""
        connection = self.gateway.connection()
        self.addCleanup(connection.close)
        deadline = time.monotonic() + 4 * LIMIT_S
        while time.monotonic() < deadline:
            connection.request("GET", self.path(pack))
            pack = json.loads(connection.getresponse().read())
            if pack["state"] in ("done", "failed"):
                return pack
        raise AssertionError("it is never over: %r; log:\n%s" % (pack, self.gateway.log()))

    def ended_clean(self):
        """Stops the gateway; nothing of any pack may be left."""
        self.gateway.stop()
        self.assertEqual(os.listdir(self.working), [])


class Made(Evidence):
    def evidence(self):
        self.key = os.path.join(self.folder, "key")
        made = subprocess.run([WAITLISTCTL, "keygen", self.key], stdout=subprocess.PIPE, check=True, timeout=LIMIT_S)
        self.public = made.stdout.decode().split()[-1]
        return 'command = "%s"; key = "%s";' % (WAITLISTCTL, self.key)

    def setUp(self):
        super().setUp()
        self.daemon.take(*(referral("W-%d" % i, "2025-04-%02d" % (1 + i)) for i in range(12)),
                         event("assessment.completed", "W-1", "2025-05-20", {"outcome": "care_and_support"}))

    def fetched(self, pack):
        answer = self.gateway.get(self.path(pack, ".zip"))
        self.assertEqual((answer.status, answer.headers["content-type"], answer.headers["cache-control"], int(answer.headers["content-length"])),
                         (200, "application/zip", "no-store", pack["bytes"]))
        path = os.path.join(self.folder, pack["id"] + ".zip")
        with open(path, "wb") as file:
            file.write(answer.body)
        return path, answer.headers["content-disposition"]

    def test_a_pack_is_made_downloaded_and_verified(self):
        self.assertEqual(self.gateway.ask("/api/v1/evidence"), {"enabled": True, "signed": True, "kept_s": 900, "time_limit_s": 1800})
        sensitive, public = self.asked(), self.asked({**PERIOD, "audience": "publish", "known_at": None})
        self.assertEqual(public["audience"], "publish")
        sensitive, public = self.over(sensitive), self.over(public)
        self.assertEqual((sensitive["state"], public["state"]), ("done", "done"), (sensitive, public))
        self.assertGreater(sensitive["asked"], 10)
        self.assertEqual(os.listdir(self.working), [], "they have no names on the disk")
        journal = os.path.join(self.folder, "journal.db")
        source, target = self.daemon.database(), sqlite3.connect(journal)
        source.backup(target)
        source.close()
        target.close()
        for pack, name in ((sensitive, "evidence-2025-04-20-2025-05-31-sensitive.zip"), (public, "evidence-2025-04-20-2025-05-31-published.zip")):
            path, disposition = self.fetched(pack)
            self.assertEqual(disposition, 'attachment; filename="%s"' % name)
            done = subprocess.run([WAITLISTCTL, "--journal", journal, "verify", path, "--public-key", self.public], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=4 * LIMIT_S)
            self.assertEqual(done.returncode, 0, done.stdout)
            with zipfile.ZipFile(path) as archive:
                self.assertEqual("waits.csv" in archive.namelist(), pack is sensitive)
                manifest = json.loads(archive.read("manifest.json"))
            self.assertEqual((manifest["parameters"]["from"], manifest["parameters"]["to"]), (PERIOD["from"], PERIOD["to"]))
        head = self.gateway.request("HEAD", self.path(sensitive, ".zip"))
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(self.gateway.request("DELETE", self.path(public)).status, 204)
        self.assertEqual(problem_of(self.gateway.get(self.path(public, ".zip"))), (404, "not_found", None))
        self.ended_clean()

    def test_what_was_known_can_be_said(self):
        pack = self.over(self.asked({**WANTED, "known_at": 3}))
        self.assertEqual(pack["state"], "done", pack)
        with zipfile.ZipFile(self.fetched(pack)[0]) as archive:
            self.assertEqual(json.loads(archive.read("manifest.json"))["journal"]["seq"], 3)

    def test_what_the_journal_does_not_have_is_told_in_words(self):
        pack = self.over(self.asked({"from": "1999-01-01", "to": "1999-06-30", "audience": "sensitive"}))
        self.assertEqual(pack["state"], "failed")
        self.assertIn("1999-01-01", pack["message"])
        self.assertEqual(problem_of(self.gateway.get(self.path(pack, ".zip"))), (409, "conflict", None))
        self.ended_clean()

    def test_without_a_daemon_nothing_is_promised(self):
        self.daemon.kill()
        self.gateway.wait_daemon("away")
        self.assertEqual(problem_of(self.post()), (503, "daemon_away", None))


class Refused(Evidence):
    def test_bad_input(self):
        for change, pointer in (({"from": None}, "/from"), ({"from": "1/2/2025"}, "/from"), ({"from": 20250201}, "/from"),
                                ({"to": "2025-02-30"}, "/to"), ({"to": "2025-04-19"}, "/to"), ({"to": "2025-05-31 --out=/x"}, "/to"),
                                ({"audience": None}, "/audience"), ({"audience": "everybody"}, "/audience"),
                                ({"known_at": -1}, "/known_at"), ({"known_at": "--help"}, "/known_at"), ({"known_at": 1.5}, "/known_at")):
            self.assertEqual(problem_of(self.post({**WANTED, **change})), (400, "bad_request", pointer), change)
        self.assertEqual(problem_of(self.post({**WANTED, "out": "/tmp/x"}))[:2], (400, "bad_request"))
        self.assertEqual(problem_of(self.post([]))[:2], (400, "bad_request"))
        self.assertEqual(problem_of(self.post(headers={"Content-Type": "text/plain"})), (415, "bad_type", None))
        self.assertEqual(os.listdir(self.working), [])

    def test_addresses_and_methods(self):
        for name in ("", "x", "0" * 32, "0" * 32 + ".zip", "0" * 31 + ".zipx", "0" * 200, "0" * 32 + "/", "../evidence"):
            self.assertEqual(problem_of(self.gateway.get("/api/v1/evidence/" + name)), (404, "not_found", None), name)
        for method, path, allowed in (("DELETE", "/api/v1/evidence", "GET, HEAD, POST, OPTIONS"), ("POST", "/api/v1/evidence/x", "GET, HEAD, DELETE, OPTIONS"),
                                      ("DELETE", "/api/v1/health", "GET, HEAD, OPTIONS"), ("PUT", "/", "GET, HEAD, OPTIONS")):
            answer = self.gateway.request(method, path)
            self.assertEqual((problem_of(answer)[:2], answer.headers["allow"]), ((405, "method_not_allowed"), allowed), path)

    def test_only_our_own_pages(self):
        self.assertEqual(problem_of(self.post(headers={"Sec-Fetch-Site": "cross-site"})), (403, "forbidden", None))
        self.assertEqual(problem_of(self.post(headers={"Origin": "https://evil.example"})), (403, "forbidden", None))
        self.assertEqual(os.listdir(self.working), [])


class Off(Evidence):
    def evidence(self):
        return "enabled = false;"

    def test_it_is_said(self):
        self.assertFalse(self.gateway.ask("/api/v1/evidence")["enabled"])
        for answer in (self.post(), self.gateway.get("/api/v1/evidence/" + "0" * 32)):
            self.assertEqual(problem_of(answer), (404, "evidence_off", None))


class Limited(Evidence):
    """With a program that says its number and then waits for ever."""

    def evidence(self):
        self.started = os.path.join(self.folder, "started")
        os.mkfifo(self.started)
        path = os.path.join(self.folder, "program")
        with open(path, "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\nfor last; do :; done\nprintf half > "${last#--out=}"\necho $$ > %s\nexec sleep 3600\n' % self.started)
        os.chmod(path, 0o700)
        return 'command = "%s";' % path

    def program(self):
        """The number of the next program that is started."""
        with open(self.started, encoding="ascii") as file:
            return int(file.read())

    def is_gone(self, number):
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return True
        return False

    def test_one_is_made_three_wait_and_no_more(self):
        first, second, third, fourth = (self.asked() for _ in range(4))
        number = self.program()
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, number), 15, "everything else goes first")
        self.assertEqual([self.gateway.ask(self.path(each))["before"] for each in (first, second, third, fourth)], [0, 1, 2, 3])
        answer = self.post()
        self.assertEqual(problem_of(answer), (503, "busy", None))
        self.assertGreater(int(answer.headers["retry-after"]), 1)
        self.assertEqual(problem_of(self.gateway.request("DELETE", self.path(first), headers={"Sec-Fetch-Site": "cross-site"}))[0], 403)
        self.assertFalse(self.is_gone(number))
        self.assertEqual(self.gateway.request("DELETE", self.path(first)).status, 204)
        self.assertTrue(self.is_gone(number))
        self.assertEqual(problem_of(self.gateway.get(self.path(first))), (404, "not_found", None))
        next_number = self.program()
        self.assertEqual(self.gateway.ask(self.path(second))["state"], "making")
        self.assertEqual(len(os.listdir(self.working)), 1)
        self.asked()
        self.ended_clean()
        self.assertTrue(self.is_gone(next_number))

    def test_a_program_that_is_killed_fails_and_the_next_begins(self):
        first, second = self.asked(), self.asked()
        os.kill(self.program(), 9)
        first = self.over(first)
        self.assertEqual(first["state"], "failed")
        self.assertTrue(first["message"])
        self.program()
        self.assertEqual(self.gateway.ask(self.path(second))["state"], "making")
        self.ended_clean()


class TooLong(Limited):
    def evidence(self):
        return super().evidence() + " time_limit_s = 1;"

    # Those of the class above have time.
    test_one_is_made_three_wait_and_no_more = test_a_program_that_is_killed_fails_and_the_next_begins = None

    def test_the_limit_of_time(self):
        pack = self.over(self.asked())
        self.assertEqual(pack["state"], "failed")
        self.assertIn("time_limit_s", pack["message"])
        self.ended_clean()


if __name__ == "__main__":
    unittest.main()
