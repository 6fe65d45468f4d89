#!/usr/bin/python3
"""The relay's configuration: every error of a file in one run, each with its line; the shipped file is a good one."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from daemon import ROOT, WAITLISTCTL
from relay import RELAY


class Config(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="wl-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "relay.conf")

    def check(self, text):
        """(exit code, {line: complaint})"""
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([RELAY, "-c", self.path, "--check-config"], capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.stdout, "")
        found = {}
        for line in done.stderr.splitlines():
            number, message = re.fullmatch(re.escape(self.path) + r":(?:(\d+):)? (.+)", line).groups()
            found.setdefault(int(number or 0), []).append(message)
        return done.returncode, found

    def route(self, text):
        """What is complained of one route."""
        code, found = self.check('routes = ( { name = "r"; %s } );' % text)
        self.assertEqual(code, 1 if found else 0)
        return " / ".join(message for line in sorted(found) for message in found[line])

    def test_the_shipped_file(self):
        shipped = os.path.join(ROOT, "config", "waitlist-relay.conf")
        done = subprocess.run([RELAY, "-c", shipped, "--check-config"], capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        with open(shipped, encoding="utf-8") as file:
            text = file.read()
        for name in ("secret", "token"):
            with open(os.path.join(self.folder, "webhook." + name), "w", encoding="utf-8") as file:
                file.write("s\n")
        everything = re.sub(r"(?m)^#( {3}(?:, \{| {4}|\}))", r"\1", text)  # the routes that are there as comments
        self.assertEqual(everything.count('to = "'), 4)
        self.assertEqual(self.check(everything), (0, {}))

    def test_all_errors_in_one_run(self):
        code, found = self.check('relay = { name = "a b";\n nam = "x"; };\nendpoints = { query = "http://x"; };\nsurprise = 1;\n'
                                 'routes = (\n{ name = "one"; to = "post"; },\n{ name = "two"; to = "webhook"; timeout_s = 0; },\n'
                                 '{ name = "two"; to = "command"; command = "true"; }\n);\n')
        self.assertEqual(code, 1)
        self.assertEqual(sorted(found), [1, 2, 3, 4, 6, 7, 8])
        self.assertIn("there is no option 'nam' here", found[2])
        self.assertIn('to cannot be "post"', found[6])
        self.assertEqual(sorted(found[7]), ["a route to a webhook needs a url", "timeout_s must be a whole number from 1 to 600"])
        self.assertEqual(sorted(found[8]), ['a command begins with the absolute path of a program, not "true"', "there is a route named two already"])

    def test_what_a_route_must_not_say(self):
        for text, wanted in (
                ('to = "webhook"; url = "ftp://x/";', "must be http:// or https://"),
                ('to = "webhook"; url = "https://user:word@x/";', "must not hold a password"),
                ('to = "webhook"; url = "http://cases.example.gov.uk/";', "leaves this machine unencrypted"),
                ('to = "webhook"; url = "http://127.0.0.1.example.com/";', "leaves this machine unencrypted"),
                ('to = "webhook"; url = "https://x/"; resend_s = 5;', "resend_s means nothing for a route to a webhook"),
                ('to = "webhook"; url = "https://x/"; secret_file = "none";', "No such file"),
                ('to = "webhook"; url = "https://x/"; send = "digest"; group_wait_s = 5;', "group_wait_s means nothing"),
                ('to = "webhook"; url = "https://x/"; send = "digest"; at = "25:00";', "time of day"),
                ('to = "alertmanager"; url = "https://x/"; send = "digest";', "does not go to an Alertmanager"),
                ('to = "alertmanager"; url = "https://x/"; match = { transition = "raised"; };', "match by transition means nothing"),
                ('to = "alertmanager";', "needs a url"), ('to = "command";', "needs a command"), ('to = "folder";', "needs a folder"),
                ('to = "folder"; folder = "f";', 'send = "digest"'), ('to = "webhook"; url = "https://x/"; match = { color = "red"; };', "color"),
                ('', "needs to")):
            self.assertIn(wanted, self.route(text), text)
        for text in ('to = "webhook"; url = "http://[::1]:8080/x";', 'to = "webhook"; url = "http://x/"; allow_plain_http = true;',
                     'to = "command"; command = [ "/bin/true" ]; match = { rule = "breach"; team = [ "a", "b" ]; };',
                     'to = "folder"; folder = "f"; send = "digest"; at = "06:15";'):
            self.assertEqual(self.route(text), "", text)

    def test_keys(self):
        key, server = os.path.join(self.folder, "relay.key"), os.path.join(self.folder, "waitlistd.key")
        for path in (key, server):
            subprocess.run([WAITLISTCTL, "keygen", "--curve", path], stdout=subprocess.PIPE, timeout=30, check=True)
        with open(server + ".pub", encoding="ascii") as file:
            public = file.read().split()[1]
        with open(key, encoding="ascii") as file:
            secret = file.read().split()[-1]
        form = 'client = {%s};\nroutes = ( { name = "r"; to = "webhook"; url = "https://x/"; } );'
        for good in ('key = "relay.key"; server_key = "waitlistd.key.pub";', 'key = "%s"; server_key = "%s";' % (key, public),
                     'key = ""; server_key = "";'):
            self.assertEqual(self.check(form % good), (0, {}), good)
        os.chmod(key, 0o604)
        for bad, wanted in (
                ('key = "relay.key";', "go together"),
                ('server_key = "waitlistd.key.pub";', "go together"),
                ('key = "none.key"; server_key = "%s";' % public, "none.key: No such file"),
                ('key = "waitlistd.key.pub"; server_key = "%s";' % public, "holds a public key"),
                ('key = "waitlistd.key"; server_key = "waitlistd.key";', "holds a secret key"),
                ('key = "waitlistd.key"; server_key = "relay.conf";', "is no public key"),
                ('key = "relay.key"; server_key = "%s";' % public, "chmod 600 '%s'" % key)):
            code, found = self.check(form % bad)
            self.assertEqual((code, list(found)), (1, [1]), bad)
            self.assertIn(wanted, found[1][0])
            self.assertNotIn(secret, found[1][0])

    def test_files_that_are_none(self):
        self.assertEqual(self.check("")[0], 1)
        self.assertEqual(self.check("routes = (")[0], 1)
        self.assertEqual(self.check('relay = { timezone = "Europe/Nowhere"; };\nroutes = ( { name = "r"; to = "command"; command = "/bin/true"; } );')[0], 1)
        done = subprocess.run([RELAY, "-c", os.path.join(self.folder, "none")], capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("none", done.stderr)


if __name__ == "__main__":
    unittest.main()
