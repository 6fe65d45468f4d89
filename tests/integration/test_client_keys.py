#!/usr/bin/python3
"""Keys, from the clients' side: every program against a real daemon over TCP with CURVE, with keys that fit and keys that do not."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import unittest

import zmq.utils.z85

from daemon import LIMIT_S, WAITLISTCTL, WAITLISTD, Daemon, line, referral
from gateway import Gateway
from relay import Relay, free_port

EXAMPLES = os.environ["WAITLIST_EXAMPLES"]
SCRIPTS = os.environ["WAITLIST_SCRIPTS"]
SOON_S = 10  # within which a key that does not fit must be said, on a busy machine too
NAMES = ("ingest", "publish", "query")
ROLES = {"admin": '"admin", "producer"', "sender": '"producer"', "relay": '"admin"', "board": '"admin"'}
REFUSED = "does not accept this key"


def tcp_endpoints():
    """Three ports in a row, as the examples want them."""
    while True:
        first = free_port()
        with contextlib.ExitStack() as stack:
            try:
                for number in range(3):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", first + number))
            except (OSError, OverflowError):
                continue
        return {name: "tcp://127.0.0.1:%d" % (first + number) for number, name in enumerate(NAMES)}


class Keys(unittest.TestCase):
    """One daemon with Unix sockets and TCP beside them, and a folder with everybody's keys."""

    @classmethod
    def setUpClass(cls):
        cls.said = []  # all that any program said, to be searched at the end
        cls.folder = tempfile.mkdtemp(prefix="wl-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.keygen_said = {name: cls.keygen(name) for name in ("daemon", "other", "stranger", *ROLES)}
        cls.tcp = tcp_endpoints()
        cls.daemon = Daemon(start=False)
        cls.addClassCleanup(cls.daemon.close)
        cls.configure(*ROLES)
        cls.daemon.start()
        cls.daemon.take(*(referral("W-%d" % i, "2025-04-01") for i in range(20)))

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()
        cls.said.append(cls.daemon.log())

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    @classmethod
    def keygen(cls, name):
        done = subprocess.run([WAITLISTCTL, "keygen", "--curve", cls.path(name + ".key")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=LIMIT_S, check=True)
        cls.said.append(done.stdout)
        return done.stdout

    @classmethod
    def public(cls, name):
        with open(cls.path(name + ".key.pub"), encoding="ascii") as file:
            return file.read().split()[1]

    @classmethod
    def secret(cls, name):
        with open(cls.path(name + ".key"), encoding="ascii") as file:
            return file.read().split()[-1]

    @classmethod
    def client_group(cls, key, server="daemon"):
        return 'client = { key = "%s"; server_key = "%s"; };\n' % (cls.path(key + ".key"), cls.path(server + ".key.pub"))

    @classmethod
    def configure(cls, *listed):
        """The daemon's configuration, with these keys in security.peers."""
        peers = ",\n".join('{ name = "%s"; public_key = "%s"; roles = ( %s ); speaks_for_others = %s; }'
                           % (name, cls.public(name), ROLES.get(name, '"admin"'), "true" if name == "board" else "false") for name in listed)
        cls.daemon.configure('security = { secret_key = "%s"; peers = (\n%s ); };\n%s'
                             % (cls.path("daemon.key"), peers, cls.client_group("board")))
        with open(cls.daemon.config_path, encoding="utf-8") as file:
            text = file.read()
        for name in NAMES:
            text = text.replace('"%s" ];' % cls.daemon.endpoints[name], '"%s", "%s" ];' % (cls.daemon.endpoints[name], cls.tcp[name]))
        with open(cls.daemon.config_path, "w", encoding="utf-8") as file:
            file.write(text)

    def where(self):
        return ["--%s-endpoint=%s" % (name, self.tcp[name]) for name in NAMES]

    def ctl(self, *words, key="admin", server="daemon", timeout_s=LIMIT_S):
        """(exit code, output, complaints, seconds)"""
        keys = ["--key", self.path(key + ".key")] if key else []
        keys += ["--server-key", self.path(server + ".key.pub")] if server else []
        begun = time.monotonic()
        done = subprocess.run([WAITLISTCTL, *self.where(), *keys, *words], capture_output=True, text=True, timeout=timeout_s, check=False)
        self.said.extend((done.stdout, done.stderr))
        return done.returncode, done.stdout, done.stderr, time.monotonic() - begun

    def events(self, name, *rows):
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(b"".join(line(row) + b"\n" for row in rows))
        return path

    # --- waitlistctl ---------------------------------------------------------------------------------------------

    def test_the_right_key(self):
        code, out, err, _ = self.ctl("--format", "json", "summary")
        self.assertEqual((code, err), (0, ""))
        self.assertGreaterEqual(json.loads(out)["total"]["waiting"], 20)
        code, out, err, _ = self.ctl("send", self.events("sent", referral("S-1", "2025-05-01")), key="sender")
        self.assertEqual((code, err), (0, ""), out)
        code, out, err, _ = self.ctl("alerts", "--follow", "--since", "0", "--count", "3")
        self.assertEqual((code, err), (0, ""))

    def test_the_daemons_key_may_be_written_out(self):
        done = subprocess.run([WAITLISTCTL, *self.where(), "--key", self.path("admin.key"), "--server-key", self.public("daemon"), "status"],
                              capture_output=True, text=True, timeout=LIMIT_S, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_keys_that_do_not_fit(self):
        path = self.events("unsent", referral("U-1", "2025-05-01"))
        questions = (("status",), ("send", path), ("alerts", "--follow"), ("watch", "--once"), ("export", "cqc", "--unsigned", "--from",
                     "2025-04-01", "--to", "2025-05-01", "--out", self.path("pack")))
        for key, server, wanted in (("stranger", "daemon", REFUSED), (None, None, "is only for clients with a key"),
                                    ("admin", "other", "does not have the key of --server-key")):
            for words in questions:
                with self.subTest(key=key, server=server, words=words[0]):
                    code, _, err, took = self.ctl(*words, key=key, server=server)
                    self.assertEqual(code, 1, err)
                    self.assertIn(wanted, err)
                    self.assertLess(took, SOON_S)
        self.assertFalse(os.path.exists(self.path("pack")))
        self.assertEqual(self.daemon.try_ask("wait", subject="U-1")["error"]["code"], "not_found")

    def test_half_of_what_is_needed(self):
        for key, server, wanted in (("admin", None, "--server-key"), (None, "daemon", "--key")):
            code, _, err, _ = self.ctl("status", key=key, server=server)
            self.assertNotEqual(code, 0)
            self.assertIn(wanted, err)

    def test_a_daemon_without_keys(self):
        endpoints = {name: "tcp://127.0.0.1:%d" % free_port() for name in NAMES}
        with Daemon(endpoints=endpoints, config="security = { allow_plain_loopback = true; };") as plain:
            done = subprocess.run([WAITLISTCTL, "--query-endpoint", plain.endpoints["query"], "--key", self.path("admin.key"), "--server-key",
                                   self.public("daemon"), "status"], capture_output=True, text=True, timeout=LIMIT_S, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("has no key at all", done.stderr)

    def test_nothing_beyond_this_machine_without_a_key(self):
        begun = time.monotonic()
        done = subprocess.run([WAITLISTCTL, "--query-endpoint", "tcp://192.0.2.1:5873", "status"], capture_output=True, text=True,
                              timeout=LIMIT_S, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is only for clients with a key", done.stderr)
        self.assertLess(time.monotonic() - begun, SOON_S)

    def test_keys_of_the_configuration(self):
        path = self.path("client.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write("endpoints = { %s };\nclient = { key = \"admin.key\"; server_key = \"daemon.key.pub\"; };\n"
                       % "".join('%s = [ "%s" ]; ' % pair for pair in self.tcp.items()))

        def status(*words):
            done = subprocess.run([WAITLISTCTL, "-c", path, *words, "status"], capture_output=True, text=True, timeout=LIMIT_S, check=False)
            self.said.extend((done.stdout, done.stderr))
            return done.returncode, done.stderr
        self.assertEqual(status(), (0, ""))
        code, err = status("--key", self.path("stranger.key"))  # an option goes first
        self.assertEqual(code, 1)
        self.assertIn(REFUSED, err)
        os.chmod(self.path("admin.key"), 0o644)
        try:
            code, err = status()
            self.assertEqual(code, 2)
            self.assertIn("chmod 600", err)
            done = subprocess.run([WAITLISTCTL, "-c", path, "--endpoint", self.daemon.folder, "--query-endpoint", self.daemon.endpoints["query"], "status"],
                                  capture_output=True, text=True, timeout=LIMIT_S, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))  # who may use the socket needs no key
        finally:
            os.chmod(self.path("admin.key"), 0o600)

    # --- keygen --------------------------------------------------------------------------------------------------

    def test_what_keygen_makes(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.path("admin.key")).st_mode), 0o600)
        self.assertIn(self.public("admin"), self.keygen_said["admin"])
        self.assertIsNotNone(zmq.utils.z85.decode(self.public("admin").encode()))
        self.assertEqual(zmq.curve_public(self.secret("admin").encode()).decode(), self.public("admin"))
        done = subprocess.run([WAITLISTCTL, "keygen", "--curve", self.path("admin.key")], capture_output=True, text=True, timeout=LIMIT_S, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("File exists", done.stderr)

    def test_what_keygen_prints_can_be_pasted(self):
        entry = re.search(r"(?m)^ +(\{ name = .*\})$", self.keygen_said["sender"]).group(1)
        path = self.path("pasted.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write('council = { calendar = ""; };\nsecurity = { secret_key = "daemon.key"; peers = ( %s ); };\n' % entry)
        done = subprocess.run([WAITLISTD, "-c", path, "--check-config"], capture_output=True, text=True, timeout=LIMIT_S, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        done = subprocess.run([WAITLISTD, "-c", path, "--print-config"], capture_output=True, text=True, timeout=LIMIT_S, check=True)
        self.assertIn(self.public("sender"), done.stdout)

    # --- the examples --------------------------------------------------------------------------------------------

    def test_the_examples(self):
        environment = {**os.environ, "WAITLIST_KEY": self.path("admin.key"), "WAITLIST_SERVER_KEY": self.path("daemon.key.pub")}
        senders = ([os.path.join(EXAMPLES, "example_send")], [os.path.join(SCRIPTS, "send.py")])
        followers = ([os.path.join(EXAMPLES, "example_follow_alerts")], [os.path.join(SCRIPTS, "follow_alerts.py")])
        for number, words in enumerate(senders):
            path = self.events("example", referral("X-%d" % number, "2025-04-01"))
            done = subprocess.run([*words, self.tcp["ingest"], path], capture_output=True, text=True, env=environment, timeout=LIMIT_S, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stderr)
            self.assertIn("accepted 1", done.stdout)
        for number, words in enumerate(followers):
            done = subprocess.run([*words, self.tcp["ingest"], self.path("cursor-%d" % number), "5"], capture_output=True, text=True,
                                  env=environment, timeout=LIMIT_S, check=False)
            self.assertEqual((done.returncode, done.stderr, len(done.stdout.splitlines())), (0, "", 5))
        done = subprocess.run([os.path.join(SCRIPTS, "summary.py"), self.tcp["ingest"]], capture_output=True, text=True, env=environment,
                              timeout=LIMIT_S, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        environment["WAITLIST_KEY"] = self.path("stranger.key")
        path = self.events("example", referral("X-9", "2025-04-01"))
        done = subprocess.run([*senders[0], self.tcp["ingest"], path], capture_output=True, text=True, env=environment, timeout=LIMIT_S, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(REFUSED, done.stdout)

    # --- the relay -----------------------------------------------------------------------------------------------

    class Far:
        """What a Relay wants of a daemon, over TCP."""

        def __init__(self, folder, endpoints):
            self.folder, self.endpoints = folder, endpoints

    def relay(self, key, server="daemon"):
        relay = Relay(self.Far(self.folder, self.tcp), '{ name = "out"; to = "command"; command = [ "/bin/sh", "-c", "cat >> FOLDER/got" ]; }', start=False)
        self.addCleanup(relay.close)
        with open(relay.config, "a", encoding="utf-8") as file:
            file.write(self.client_group(key, server))
        relay.start()
        self.note(relay.process.pid)
        return relay

    def note(self, pid):
        """What everybody on the machine can read of a process."""
        for name in ("cmdline", "environ"):
            with open("/proc/%d/%s" % (pid, name), encoding="utf-8", errors="replace") as file:
                self.said.append(file.read())

    def wait_for(self, what, happened):
        """Looks again with each of the daemon's heartbeats."""
        sub = self.daemon.subscribe()
        deadline = time.monotonic() + LIMIT_S
        while not happened():
            self.assertLess(time.monotonic(), deadline, what())
            sub.next()
        sub.sock.close()

    def test_the_relay(self):
        relay = self.relay("relay")
        got = os.path.join(relay.folder, "got")
        self.wait_for(relay.log, lambda: relay.cursor("out") is not None)  # it knows where it begins
        self.daemon.take(referral("R-1", "2025-04-01"))
        self.wait_for(relay.log, lambda: os.path.exists(got))
        relay.stop()
        self.said.append(relay.log())
        self.assertNotIn(REFUSED, relay.log())

    def test_the_relay_with_keys_that_do_not_fit(self):
        for key, server, wanted in (("stranger", "daemon", REFUSED), ("relay", "other", "does not have the daemon's key")):
            relay = self.relay(key, server)
            self.wait_for(relay.log, lambda wanted=wanted, relay=relay: wanted in relay.log())
            relay.stop()
            self.said.append(relay.log())

    # --- the gateway ---------------------------------------------------------------------------------------------

    def gateway(self, key, server="daemon"):
        class Configured:
            folder = self.folder
            config_path = self.path("gateway-%s-%s.conf" % (key, server))
        with open(Configured.config_path, "w", encoding="utf-8") as file:
            file.write('council = { calendar = ""; };\ndashboard = { evidence = { command = "%s"; }; };\n%s'
                       % (WAITLISTCTL, self.client_group(key, server)))
        gateway = Gateway(Configured, start=False, arguments=["--sign-in=none", "--open-role=admin", "--query-endpoint", self.tcp["query"],
                                                              "--publish-endpoint", self.tcp["publish"]])
        self.addCleanup(gateway.close)
        gateway.start()
        self.note(gateway.process.pid)
        return gateway

    def test_the_gateway(self):
        gateway = self.gateway("board")
        gateway.wait_daemon("live")
        self.assertGreaterEqual(gateway.ask("/api/v1/summary")["total"]["waiting"], 20)
        asked = gateway.request("POST", "/api/v1/evidence", headers={"Content-Type": "application/json"},
                                body=json.dumps({"from": "2025-04-01", "to": "2025-05-01", "audience": "sensitive"}))
        self.assertEqual(asked.status, 202, asked.body)
        pack, deadline = asked.json(), time.monotonic() + 4 * LIMIT_S
        while pack["state"] not in ("done", "failed") and time.monotonic() < deadline:
            pack = gateway.ask("/api/v1/evidence/" + pack["id"])
        self.assertEqual(pack["state"], "done", pack)  # made by a waitlistctl that was told where the keys are
        gateway.stop()
        self.said.append(gateway.log())

    def test_the_gateway_with_keys_that_do_not_fit(self):
        for key, server, wanted in (("stranger", "daemon", REFUSED), ("board", "other", "does not have the daemon's key")):
            gateway = self.gateway(key, server)
            self.wait_for(gateway.log, lambda wanted=wanted, gateway=gateway: wanted in gateway.log())
            self.assertEqual(gateway.get("/api/v1/summary").status, 503)
            gateway.stop()
            self.said.append(gateway.log())

    def test_the_gateway_does_not_start_without_what_it_needs(self):
        path = self.path("bad.conf")
        for group, words, wanted in (
                ('client = { key = "board.key"; };', ["--query-endpoint", self.tcp["query"]], "go together"),
                ("", ["--query-endpoint", "tcp://192.0.2.1:5873"], "is reached with keys only"),
                ('client = { key = "none.key"; server_key = "daemon.key.pub"; };', ["--query-endpoint", self.tcp["query"]], "No such file")):
            with open(path, "w", encoding="utf-8") as file:
                file.write('council = { calendar = ""; };\n' + group)
            done = subprocess.run([os.environ["WAITLIST_DASHBOARD"], "-c", path, "--listen", "127.0.0.1:0", *words], capture_output=True,
                                  text=True, timeout=LIMIT_S, check=False)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(wanted, done.stderr)
            self.said.append(done.stderr)

    # --- the list changes ----------------------------------------------------------------------------------------

    def test_a_key_comes_and_goes(self):
        relay, gateway = self.relay("stranger"), self.gateway("stranger")
        self.wait_for(relay.log, lambda: REFUSED in relay.log())
        self.wait_for(gateway.log, lambda: REFUSED in gateway.log())
        self.configure("stranger", *ROLES)
        self.daemon.reload()
        got = os.path.join(relay.folder, "got")
        gateway.wait_daemon("live")
        self.wait_for(relay.log, lambda: relay.cursor("out") is not None)
        self.daemon.take(referral("C-1", "2025-04-01"))
        self.wait_for(relay.log, lambda: os.path.exists(got))
        self.assertEqual(self.ctl("status", key="stranger")[0], 0)
        self.configure(*ROLES)
        self.daemon.reload()
        code, _, err, took = self.ctl("status", key="stranger")
        self.assertEqual(code, 1)
        self.assertIn(REFUSED, err)
        self.assertLess(took, SOON_S)
        gateway.wait_daemon("away")
        self.assertEqual(self.ctl("status")[0], 0)  # everybody else is let in as before
        relay.stop()
        gateway.stop()
        self.said.extend((relay.log(), gateway.log()))

    # --- what must never be seen ---------------------------------------------------------------------------------

    def test_zz_no_secret_was_ever_said(self):
        """Runs last, over all that the other tests gathered."""
        self.note(self.daemon.process.pid)
        self.said.append(self.daemon.log())
        secrets = [self.secret(name) for name in ("daemon", "other", "stranger", *ROLES)]
        on_disk = self.daemon.bytes_on_disk()
        self.assertGreater(len(self.said), 9)
        for secret in secrets:
            raw = zmq.utils.z85.decode(secret.encode())
            for text in self.said:
                self.assertNotIn(secret, text)
                self.assertNotIn(raw.hex(), text.lower())
            self.assertNotIn(secret.encode(), on_disk)
            self.assertNotIn(raw, on_disk)

    def test_no_file_of_a_key_stays_open(self):
        """Of a client that goes on for hours, say."""
        process = subprocess.Popen([WAITLISTCTL, *self.where(), "--key", self.path("admin.key"), "--server-key", self.public("daemon"), "alerts", "--follow", "--since", "0"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            self.assertTrue(process.stdout.readline())  # it is connected, and has printed
            opened = [os.readlink("/proc/%d/fd/%s" % (process.pid, name)) for name in os.listdir("/proc/%d/fd" % process.pid)]
            self.assertFalse([name for name in opened if name.endswith(".key")])
            self.note(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=LIMIT_S)
        self.said.extend((out, err))


if __name__ == "__main__":
    unittest.main(verbosity=int(os.environ.get("VERBOSE", "1")))
