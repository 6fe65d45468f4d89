#!/usr/bin/python3
"""Keys and tokens: every program is given some, everything is made to go wrong at the most talkative level, and none of it is said anywhere."""
import base64
import hashlib
import json
import os
import random
import select
import shutil
import signal
import string
import subprocess
import tempfile
import unittest
import urllib.parse

from daemon import LIMIT_S, SANITIZER, WAITLISTCTL, WAITLISTD, Daemon, referral
from gateway import Gateway
from relay import RELAY, Receiver, Relay, free_port

PIECE = 12  # so many letters of a secret in one piece give it away


class Secrets(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="wl-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.rng = random.Random(7)
        self.secrets, self.said = {}, []

    # --- what is secret, and what was said --------------------------------------------------------------------------

    def secret(self, what, length=40, letters=string.ascii_letters + string.digits):
        self.secrets[what] = "".join(self.rng.choice(letters) for _ in range(length))
        return self.secrets[what]

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return path

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def run_program(self, *words, given=None):
        """One run of a program, whatever comes of it; all that it says is kept."""
        done = subprocess.run(words, input=given, capture_output=True, timeout=LIMIT_S * 2, env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
        self.assertIsNone(SANITIZER.search(done.stderr.decode(errors="replace")), done.stderr)
        self.said.append((words[0], done.stdout + done.stderr))
        return done

    def ctl(self, *words, **more):
        return self.run_program(WAITLISTCTL, *words, **more)

    def betrayed(self, data):
        """The secrets of which a piece is in these bytes, plain, in base64 or in hex."""
        found = set()
        for what, secret in self.secrets.items():
            raw = secret.encode()
            texts = [raw, raw.hex().encode()] + [base64.b64encode(b"\0" * shift + raw)[4:-4] for shift in range(3)]
            if any(text[at:at + PIECE] in data for text in texts for at in range(len(text) - PIECE + 1)):
                found.add(what)
        return found

    def check_nothing_said(self):
        for what, data in self.said:
            self.assertEqual(self.betrayed(data), set(), (what, data[-3000:]))

    def key_lines(self, path, what):
        """The secret letters of a key's file."""
        for line in self.read(path).decode().splitlines():
            if line and not line.startswith("#"):
                self.secrets[what] = line.split()[-1]
        self.assertGreaterEqual(len(self.secrets[what]), 32)
        return self.secrets[what]

    # --- the programs -------------------------------------------------------------------------------------------------

    def test_the_daemon(self):
        curve = os.path.join(self.folder, "daemon.key")
        self.ctl("keygen", "--curve", curve)
        secret = self.key_lines(curve, "the daemon's key")
        config = 'security = { secret_key = "%s"; };'
        with Daemon(config=config % curve, arguments=["--log-level", "debug"]) as daemon:
            daemon.take(referral("W-1", "2025-04-01"))
            daemon.send(b"{")
            key = self.read(daemon.journal + ".key")
            self.secrets["the key of the hashes"] = key.hex()
            self.said.append(("config", json.dumps(daemon.ask("config")).encode()))
            for text in (config % secret, config % "none.key", 'security = { secret_key = "%s" ' % secret, 'security = { secret_key = %s; };' % secret,
                         'security = { secret_key = [ "%s" ]; };' % secret, 'security = { peers = ( { name = "a"; public_key = "%sx"; roles = ( "viewer" ); } ); };' % secret):
                daemon.configure(text)
                daemon.reload()
                for more in ("--check-config", "--print-config"):
                    if text != config % secret or more != "--print-config":  # prints what the file says, to whoever can read the file
                        self.run_program(WAITLISTD, "-c", daemon.config_path, more)
                self.ctl("-c", daemon.config_path, "status")
            os.chmod(curve, 0o644)
            daemon.configure(config % curve)
            daemon.reload()
            self.run_program(WAITLISTD, "-c", daemon.config_path, "--check-config")
            daemon.stop()
            self.said.append(("log", daemon.log().encode()))
            journal = daemon.bytes_on_disk().replace(key, b"")
            self.assertNotIn(key, journal)
            self.said.append(("files", journal))
        self.check_nothing_said()

    def test_the_relay(self):
        token, secret, path = self.secret("token"), self.secret("webhook's secret"), self.secret("address")
        answers = [(401, {"WWW-Authenticate": "Bearer " + token}, b"no such token: Bearer " + token.encode()),
                   (403, {}, b"x" * 100 + token.encode()), (404, {}, b"not found: /hook/" + path.encode()), (500, {}, token.encode()[20:] + b" is wrong"),
                   (400, {}, b'{"error":"bad token","got":"' + base64.b64encode(b"x") + b'"}')]
        receiver = Receiver(answer=lambda request: answers[len(receiver.requests) % len(answers)])
        self.addCleanup(receiver.close)
        with Daemon(clock="2025-05-05T12:00:00Z") as daemon:
            away = 'http://127.0.0.1:%d/%s' % (free_port(), path)
            options = 'token_file = "%s"; secret_file = "%s";' % (self.file("token", token + "\n"), self.file("secret", "whsec_" + secret + "\n"))
            routes = ('{ name = "hook"; to = "webhook"; url = "%s/%s"; attempts = 1; %s }, { name = "away"; to = "webhook"; url = "%s"; %s }, '
                      '{ name = "manager"; to = "alertmanager"; url = "%s/%s"; token_file = "%s"; }, '
                      '{ name = "run"; to = "command"; command = [ "/bin/cat" ]; }'
                      % (receiver.url, path, options, away, options, receiver.url, path, os.path.join(self.folder, "token")))
            with Relay(daemon, routes) as relay:
                relay.wait_cursor("hook", 0)
                relay.wait_cursor("run", 0)
                daemon.take(*(referral("W-%d" % number, "2025-04-01") for number in range(8)))
                relay.wait_cursor("hook", daemon.ask("health")["alert_seq"])
                receiver.wait(lambda requests: len(requests) > len(answers) and any("/api/" in request["path"] for request in requests))
                self.assertTrue(all(request["headers"].get("authorization") == "Bearer " + token for request in receiver.requests))
                for wrong in ('{ name = "r"; to = "webhook"; url = "%s"; token_file = "%s"; }' % (away, token),
                              '{ name = "r"; to = "webhook"; url = "%s"; secret_file = "/%s/x"; }' % (away, token),
                              '{ name = "r"; to = "webhook"; url = "%s"; secret_file = "%s"; }' % (away, token * 8),
                              '{ name = "r"; to = "webhook"; url = "ftp://x/%s"; }' % path, '{ name = "r"; to = "webhook"; url = "http://u:%s@x/"; }' % token,
                              '{ name = "r"; to = "webhook"; url = "http://%s/"; }' % path, '{ name = "r"; to = "webhook"; url = "%s"; token = "%s"; }' % (away, token),
                              '{ name = "r"; to = "webhook"; url = "%s"; token_file = %s; }' % (away, token), '{ name = "r"; to = "webhook"; url = "%s' % path):
                    relay.configure(wrong)
                    relay.process.send_signal(signal.SIGHUP)
                    self.assertEqual(self.run_program(RELAY, "-c", relay.config, "--check-config", "--log-level", "debug").returncode, 1, wrong)
                    self.run_program(RELAY, "-c", relay.config, "--list-dead")
                relay.configure(routes)
                self.run_program(RELAY, "-c", relay.config, "--list-dead")
                self.run_program(RELAY, "-c", relay.config, "--retry-dead")
                relay.stop()
                self.assertIn("repeats a secret", relay.log())
                self.assertIn("HTTP 40", relay.log())
                self.said.append(("log", relay.log().encode()))
                for name in os.listdir(relay.state):
                    self.said.append((name, self.read(os.path.join(relay.state, name))))
        self.check_nothing_said()

    def test_the_gateway(self):
        good, wrong, query = ("wait_" + self.secret(what, 43) for what in ("token", "wrong token", "token in an address"))
        tokens = {"v": 1, "tokens": [{"user": "sam", "sha256": hashlib.sha256(good.encode()).hexdigest(), "roles": ["admin"], "teams": [],
                                      "made": "2025-06-01T00:00:00.000Z", "expires": "2125-06-01T00:00:00.000Z"}]}
        with Daemon(config='dashboard = { tokens = "%s"; secure_cookies = false; };' % self.file("tokens.json", json.dumps(tokens))) as daemon:
            with Gateway(daemon, arguments=["--log-level=debug"]) as gateway:
                gateway.wait_daemon("live")
                bearer = lambda token: {"Authorization": "Bearer " + token}
                self.assertEqual(gateway.request("GET", "/api/v1/summary", headers=bearer(good)).status, 200)
                for path in ("/api/v1/summary", "/metrics", "/api/v1/config", "/api/v1/me", "/nothing"):
                    for headers in (bearer(good), bearer(wrong), {"Authorization": "Basic " + base64.b64encode(b"u:" + wrong.encode()).decode()},
                                    {"Cookie": "waitlist=" + wrong}, {"X-Token": wrong}, {}):
                        self.said.append((path, gateway.request("GET", path + "?token=" + query, headers=headers).body))
                form = {"Content-Type": "application/x-www-form-urlencoded"}
                for token in (wrong, good):
                    answer = gateway.request("POST", "/sign-in", urllib.parse.urlencode({"token": token}), {**form, "Origin": "http://127.0.0.1:%d" % gateway.port})
                    self.said.append(("sign-in", answer.body))
                cookie = answer.headers["set-cookie"].split(";")[0]
                self.secrets["session"] = cookie.split("=")[1]
                self.assertEqual(gateway.request("GET", "/api/v1/summary", headers={"Cookie": cookie}).status, 200)
                self.said.append(("me", gateway.request("GET", "/api/v1/me", headers={"Cookie": cookie}).body))
                gateway.raw(b"GET /%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n" % (query.encode(), wrong.encode()))
                self.file("tokens.json", "{" + good)
                daemon.kill()
                gateway.wait_daemon("away")
                self.said.append(("away", gateway.request("GET", "/api/v1/summary", headers=bearer(good)).body))
                gateway.stop()
                self.assertIn("a sign-in failed", gateway.log())
                self.said.append(("log", gateway.log().encode()))
                daemon.start()
                gateway.start()
            for text in ('dashboard = { tokens = "%s"; };' % good, 'dashboard = { tokens = %s; };' % good, 'client = { key = "%s"; };' % good):
                daemon.configure(text)
                gateway = Gateway(daemon, arguments=["--log-level=debug"], start=False)
                try:
                    gateway.start()
                    gateway.stop()
                except AssertionError:  # refused, as it should be
                    pass
                self.said.append((text, gateway.log().encode()))
                gateway.close()
        self.check_nothing_said()

    def test_the_commands(self):
        evidence, curve = os.path.join(self.folder, "evidence.key"), os.path.join(self.folder, "client.key")
        self.ctl("keygen", evidence)
        self.ctl("keygen", "--curve", curve)
        self.ctl("keygen", curve)  # is there already
        signing, own = self.key_lines(evidence, "evidence key"), self.key_lines(curve, "client's key")
        people = self.secret("key of pseudonyms", 64, "0123456789abcdef")
        map_text = ('rows = "wait"; source = "urn:x"; key_file = "%s"; subject = { column = "Id"; hash = true; };\n'
                    'events = ( { type = "asc.referral.received"; date = { column = "On"; }; data = { pathway = "needs_assessment"; team = "n"; '
                    'person = { column = "Id"; hash = true; }; }; } );')
        rows = self.file("rows.csv", "Id,On\n1,2025-04-01\n2,never\n")
        with Daemon() as daemon:
            everywhere = ("-c", daemon.config_path)
            period = ("--from", "2025-04-01", "--to", "2025-05-01")
            for key in (evidence, signing, curve, os.path.join(self.folder, "none")):
                self.ctl(*everywhere, "export", "cqc", *period, "--key", key, "--out", os.path.join(self.folder, "pack-%d" % len(self.said)))
            for pack in (name for name in os.listdir(self.folder) if name.startswith("pack-")):
                self.ctl(*everywhere, "verify", os.path.join(self.folder, pack))
                for name in os.listdir(os.path.join(self.folder, pack)):
                    self.said.append((name, self.read(os.path.join(self.folder, pack, name))))
            for key in (self.file("good.key", people + "\n"), people, self.file("short.key", people[:40] + "\n"), self.file("bad.key", people + " x\n")):
                for more in (["--dry-run"], []):
                    self.ctl(*everywhere, "import", "csv", rows, "--map", self.file("map.conf", map_text % key), *more)
            os.chmod(os.path.join(self.folder, "good.key"), 0o644)
            self.ctl(*everywhere, "import", "csv", rows, "--map", self.file("map.conf", map_text % os.path.join(self.folder, "good.key")))
            for key in (curve, own, os.path.join(self.folder, "none"), evidence):
                self.ctl(*everywhere, "--key", key, "--server-key", self.read(curve + ".pub").split()[1].decode(), "--timeout", "1", "status")
                self.ctl("--endpoint", "tcp://127.0.0.1:%d" % free_port(), "--key", key, "--server-key", curve + ".pub", "--timeout", "1", "status")
                daemon.configure('client = { key = "%s"; server_key = "%s"; };' % (key, curve + ".pub"))
                self.ctl(*everywhere, "status")
            self.ctl("keygen", "--curve", "/" + own + "/key")
        self.check_nothing_said()


class CoreDumps(unittest.TestCase):
    def check(self, pid):
        with open("/proc/%d/limits" % pid, encoding="ascii") as file:
            line, = (line for line in file if line.startswith("Max core file size"))
        self.assertEqual(line.split()[4:6], ["0", "0"])
        with open("/proc/%d/status" % pid, encoding="ascii") as file:
            user = int(next(line for line in file if line.startswith("Uid:")).split()[1])
        if user != 0:  # then only what nobody may look into belongs to root
            self.assertEqual(os.stat("/proc/%d/mem" % pid).st_uid, 0)

    def test_of_all_that_run(self):
        with Daemon() as daemon:
            self.check(daemon.process.pid)
            with Gateway(daemon) as gateway:
                self.check(gateway.process.pid)
            with Relay(daemon, '{ name = "run"; to = "command"; command = [ "/bin/true" ]; }') as relay:
                self.check(relay.process.pid)
            daemon.take(referral("W-1", "2025-04-01"))
            with subprocess.Popen([WAITLISTCTL, "-c", daemon.config_path, "alerts", "--follow", "--since", "0"], stdout=subprocess.PIPE) as follower:
                self.assertTrue(select.select([follower.stdout], [], [], LIMIT_S)[0])
                self.check(follower.pid)
                follower.terminate()

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "only root can start it as somebody else")
    def test_of_somebody_who_is_not_root(self):
        daemon = Daemon(start=False, wrapper=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
        self.addCleanup(daemon.close)
        for path in (daemon.folder, daemon.config_path):
            os.chown(path, 65534, 65534)
        daemon.spawn()
        os.chmod(daemon.notify_path, 0o777)
        daemon.wait_notified("READY=1")
        self.check(daemon.process.pid)
        daemon.stop()


if __name__ == "__main__":
    unittest.main()
