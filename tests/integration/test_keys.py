#!/usr/bin/python3
"""Who comes in: keys on TCP, owners and modes on IPC, what is refused and how, and what a reload changes."""
import grp
import json
import os
import socket
import stat
import struct
import subprocess
import threading
import unittest

import zmq
import zmq.utils.monitor

from daemon import LIMIT_S, WAITLISTD, Daemon, frame, receive, referral
from keyed import KeyedDaemon, Peer, observed


class LetIn(unittest.TestCase):
    """One daemon; keys that are listed, and others."""

    @classmethod
    def setUpClass(cls):
        cls.las = Peer("las", ("producer",), sources=("urn:las",))
        cls.admin = Peer("office", ("admin",))
        cls.daemon = KeyedDaemon([cls.las, cls.admin])

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()
        cls.daemon.close()

    def attempt(self, attempt, wanted, peer, server=None):
        for name, kind in (("ingest", zmq.DEALER), ("publish", zmq.SUB), ("query", zmq.DEALER)):
            outcome = self.daemon.handshake(kind, name, peer, server)
            observed("%s on %s" % (attempt, name), "a stranger" if peer not in (self.las, self.admin) else peer.name, outcome)
            self.assertEqual(outcome, wanted, name)

    def test_a_listed_key_is_let_in(self):
        self.attempt("a listed key", "let in", self.admin)
        reply = self.daemon.ask_by(self.daemon.dial(zmq.DEALER, "query", self.admin), "summary")
        self.assertTrue(reply["ok"], reply)

    def test_without_a_key_nobody_is_let_in(self):
        self.attempt("no key", "cut off", None)

    def test_a_key_that_is_not_listed_is_refused(self):
        stranger = Peer("stranger")
        self.attempt("a key that is not listed", "refused, 400", stranger)
        self.daemon.until_logged("what=connect")
        log = self.daemon.log()
        self.assertNotIn(stranger.public.decode(), log)
        self.assertNotIn(self.daemon.secret.decode(), log)
        self.assertIn("security.peers", log)
        self.assertGreater(self.daemon.ask("health")["counters"]["connections_refused"], 0)

    def test_a_client_that_expects_another_daemon_is_not_let_in(self):
        other, _ = zmq.curve_keypair()
        self.attempt("another daemon's key", "cut off", self.admin, other)

    def test_a_key_of_somebody_else_needs_its_secret(self):
        thief = Peer("thief")
        thief.public = self.admin.public
        self.attempt("a listed public key without its secret", "cut off", thief)

    def test_other_ways_in_are_refused(self):
        for attempt, option in (("PLAIN", "plain"), ("NULL", None)):
            sock, monitor = self.daemon.dial(zmq.DEALER, "query", None, monitored=True)
            sock.disconnect(self.daemon.tcp["query"])
            if option:
                sock.plain_username, sock.plain_password = b"admin", b"admin"
            sock.connect(self.daemon.tcp["query"])
            self.assertTrue(monitor.poll(int(LIMIT_S * 1000)))
            told = zmq.utils.monitor.recv_monitor_message(monitor)
            observed("mechanism " + attempt, "a stranger", "refused")
            self.assertNotEqual(told["event"], zmq.EVENT_HANDSHAKE_SUCCEEDED)

    def test_bytes_that_are_no_handshake_do_no_harm(self):
        for number, junk in enumerate((b"GET / HTTP/1.1\r\n\r\n", b"\0" * 64, os.urandom(4096), b"\xff" + b"\0" * 8 + b"\x7f" + os.urandom(512),
                                       bytes.fromhex("01000600010203040506"), b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\0" + os.urandom(60))):
            for name in ("ingest", "publish", "query"):
                host, port = self.daemon.tcp[name][6:].split(":")
                with socket.create_connection((host, int(port)), LIMIT_S) as raw:
                    raw.settimeout(LIMIT_S)
                    try:
                        raw.sendall(junk)
                        raw.shutdown(socket.SHUT_WR)
                        while raw.recv(4096):
                            pass
                    except OSError as error:
                        self.assertNotIsInstance(error, TimeoutError)
            observed("random bytes, kind %d" % number, "a stranger", "cut off")
        self.assertTrue(self.daemon.ask("summary")["ok"])

    def test_handshakes_that_are_never_done_hold_nobody_up(self):
        """Three hundred connections that say the first part of a handshake and nothing more."""
        greeting = b"\xff" + b"\0" * 8 + b"\x7f\x03\x00" + b"CURVE".ljust(20, b"\0") + b"\0" * 32
        held = []
        try:
            for _ in range(100):
                for name in ("ingest", "publish", "query"):
                    host, port = self.daemon.tcp[name][6:].split(":")
                    held.append(socket.create_connection((host, int(port)), LIMIT_S))
                    held[-1].sendall(greeting)
            self.assertEqual(self.daemon.handshake(zmq.DEALER, "query", self.admin), "let in")
            self.assertTrue(self.daemon.ask_by(self.daemon.dial(zmq.DEALER, "query", self.admin), "health")["ok"])
            observed("300 handshakes held open", "a stranger", "others are served")
        finally:
            for sock in held:
                sock.close()

    def test_a_frame_that_is_too_large_ends_its_connection_alone(self):
        sock = self.daemon.dial(zmq.DEALER, "ingest", self.las)
        sock.send_multipart([b"big", b"x" * (9 << 20)])
        again = self.daemon.dial(zmq.DEALER, "ingest", self.las)
        again.send_multipart([b"small", frame([dict(referral("W-9", "2025-05-01"), source="urn:las")])])
        self.assertTrue(json.loads(receive(again)[1])["ok"])
        observed("a frame above 8 MiB on ingest", "las", "cut off")
        sub = self.daemon.dial(zmq.SUB, "publish", self.admin)
        sub.subscribe(b"x" * 2000)
        other = self.daemon.dial(zmq.SUB, "publish", self.admin)
        other.subscribe(b"heartbeat.")
        receive(other)
        observed("a subscription above 1 KiB", "office", "cut off")

    def test_a_name_that_a_client_gives_itself_counts_nothing(self):
        """A plain connection whose READY command says that its User-Id is an admin's, to an endpoint for viewers."""
        path = os.path.join(self.daemon.folder, "spoof")
        with KeyedDaemon([self.las], local='{ name = "wall"; endpoint = "ipc://%s"; roles = ( "producer" ); sources = ( "urn:wall" ); }'
                         % path, start=False) as daemon:
            daemon.endpoints["ingest"] = "ipc://" + path
            daemon.let_in([self.las], '{ name = "wall"; endpoint = "ipc://%s"; roles = ( "viewer" ); }' % path)
            daemon.start()
            raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            raw.settimeout(LIMIT_S)
            raw.connect(path)
            raw.sendall(b"\xff" + b"\0" * 8 + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" * 32)

            def property_of(name, value):
                return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
            ready = b"\x05READY" + property_of(b"Socket-Type", b"DEALER") + property_of(b"User-Id", b"las") + property_of(b"Connection", b"1")
            raw.sendall(b"\x04" + bytes([len(ready)]) + ready)
            got = b""
            while b"READY" not in got and (piece := raw.recv(65536)):
                got += piece
            event = frame([dict(referral("W-1", "2025-05-01"), source="urn:las")])
            raw.sendall(b"\x01\x01b" + b"\x02" + struct.pack(">Q", len(event)) + event)
            while b'"ok":' not in got and (piece := raw.recv(65536)):
                got += piece
            raw.close()
            self.assertIn(b'"code":"forbidden"', got)
            observed("User-Id in the client's own metadata", "wall", "forbidden")


class OldProtocols(unittest.TestCase):
    def test_protocols_without_a_handshake_are_not_let_in(self):
        """ZMTP 1.0 and 2.0 know no mechanism: who speaks them would come in without a name."""
        with Daemon() as daemon:
            for name, greeting in (("1.0", b"\x01\x00" + b"\x02\x00x"), ("2.0", b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\x05\x00\x00")):
                raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                raw.settimeout(LIMIT_S)
                raw.connect(daemon.endpoints["query"][6:])
                got = b""
                try:
                    raw.sendall(greeting)
                    raw.shutdown(socket.SHUT_WR)
                    while piece := raw.recv(4096):
                        got += piece
                except OSError as error:
                    self.assertNotIsInstance(error, TimeoutError)
                raw.close()
                self.assertLess(len(got), 128)
                observed("ZMTP " + name, "a local program", "cut off")
            self.assertTrue(daemon.ask("health")["ok"])


class Replay(unittest.TestCase):
    """A relay between a sender and the daemon that keeps the bytes, and sends them again."""

    def relay(self, target, kept):
        server = socket.create_server(("127.0.0.1", 0))
        host, port = target[6:].split(":")

        def pump(source, sink, keep):
            try:
                while piece := source.recv(65536):
                    if keep is not None:
                        keep.append(piece)
                    sink.sendall(piece)
            except OSError:
                pass

        def serve():
            client, _ = server.accept()
            upstream = socket.create_connection((host, int(port)))
            back = threading.Thread(target=pump, args=(upstream, client, None), daemon=True)
            back.start()
            pump(client, upstream, kept)
            client.close()
            upstream.close()
            back.join()
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        return server, thread

    def test_what_was_recorded_does_nothing_when_it_comes_again(self):
        las = Peer("las", ("producer",))
        with KeyedDaemon([las]) as daemon:
            kept = []
            server, thread = self.relay(daemon.tcp["ingest"], kept)
            sock = daemon.context.socket(zmq.DEALER)
            sock.linger = 0
            sock.curve_serverkey, sock.curve_publickey, sock.curve_secretkey = daemon.public, las.public, las.secret
            sock.connect("tcp://127.0.0.1:%d" % server.getsockname()[1])
            sock.send_multipart([b"b", frame([referral("W-1", "2025-05-01")])])
            self.assertEqual(json.loads(receive(sock)[1])["accepted"], 1)
            sock.close()
            thread.join(LIMIT_S)
            server.close()
            recorded = b"".join(kept)
            self.assertGreater(len(recorded), 400)
            self.assertNotIn(b"urn:test", recorded)
            before = daemon.ask("health")
            host, port = daemon.tcp["ingest"][6:].split(":")
            with socket.create_connection((host, int(port)), LIMIT_S) as raw:
                raw.settimeout(LIMIT_S)
                try:
                    raw.sendall(recorded)
                    while raw.recv(65536):
                        pass
                except OSError as error:
                    self.assertNotIsInstance(error, TimeoutError)
            after = daemon.ask("health")
            self.assertEqual((after["journal_seq"], after["counters"]["requests"]), (before["journal_seq"], before["counters"]["requests"]))
            observed("recorded frames sent again", "a stranger", "cut off, nothing happened")


class Files(unittest.TestCase):
    """The daemon's own key, and the files of IPC endpoints."""

    def refused(self, daemon, part):
        for arguments in (["--check-config"], []):
            done = subprocess.run([WAITLISTD, "-c", daemon.config_path] + arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=LIMIT_S, check=False)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(part, done.stdout.decode())
            self.assertNotIn(daemon.secret, done.stdout)

    def test_a_key_that_others_can_read_is_refused_with_what_to_do(self):
        with KeyedDaemon([], start=False) as daemon:
            path = os.path.join(daemon.folder, "own.key")
            os.chmod(path, 0o644)
            self.refused(daemon, "chmod 600")
            os.chmod(path, 0o600)
            os.rename(path, path + "x")
            self.refused(daemon, "No such file")
            with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write("waitlist-curve-secret-key %s\n" % daemon.secret.decode()[:-1])
            self.refused(daemon, "keygen --curve")
            observed("a secret key's file that others can read", "the daemon", "refused at start, with the chmod to do")

    def test_tcp_beyond_loopback_needs_a_key(self):
        with KeyedDaemon([], start=False) as daemon:
            with open(daemon.config_path, encoding="utf-8") as file:
                text = file.read()
            for address in ("0.0.0.0", "[::]", "192.0.2.7"):
                beyond = text.replace("tcp://127.0.0.1:", "tcp://%s:" % address)
                for changed, code in ((beyond, 0), (beyond.replace('secret_key = "own.key";', ""), 1),
                                      (beyond.replace('secret_key = "own.key";', "allow_plain_loopback = true;"), 1)):
                    with open(daemon.config_path, "w", encoding="utf-8") as file:
                        file.write(changed)
                    done = subprocess.run([WAITLISTD, "-c", daemon.config_path, "--check-config"], stdout=subprocess.PIPE,
                                          stderr=subprocess.STDOUT, timeout=LIMIT_S, check=False)
                    self.assertEqual(done.returncode, code, (address, done.stdout))
                    self.assertTrue(code == 0 or b"keygen --curve" in done.stdout, done.stdout)
                observed("TCP on %s without a secret key" % address, "the daemon", "refused at start")

    def test_a_key_counts_more_than_plain_loopback(self):
        office = Peer("office", ("admin",))
        with KeyedDaemon([office], start=False) as daemon:
            with open(daemon.config_path, encoding="utf-8") as file:
                text = file.read()
            with open(daemon.config_path, "w", encoding="utf-8") as file:
                file.write(text.replace('secret_key = "own.key";', 'secret_key = "own.key"; allow_plain_loopback = true;'))
            daemon.start()
            self.assertIn("allow_plain_loopback has no effect", daemon.log())
            self.assertEqual(daemon.handshake(zmq.DEALER, "query", None), "cut off")
            self.assertEqual(daemon.handshake(zmq.DEALER, "query", office), "let in")

    def test_mode_and_group_of_an_endpoint(self):
        group = grp.getgrgid(os.getgid()).gr_name
        with Daemon(start=False) as daemon:
            path = os.path.join(daemon.folder, "query")
            for mode in ("0600", "0660", "0666"):
                daemon.configure('security = { local = ( { name = "wall"; endpoint = "ipc://%s"; roles = ( "viewer" ); mode = "%s"; group = "%s"; } ); };'
                                 % (path, mode, group))
                if daemon.process is None:
                    daemon.start()
                else:
                    self.assertEqual(daemon.reload(), "reloaded")
                found = os.stat(path)
                self.assertEqual((stat.S_IMODE(found.st_mode), found.st_gid), (int(mode, 8), os.getgid()))
                self.assertEqual(stat.S_IMODE(os.stat(os.path.join(daemon.folder, "ingest")).st_mode), 0o660)
            daemon.configure('security = { local = ( { name = "wall"; endpoint = "ipc://%s"; roles = ( "viewer" ); group = "no-such-group"; } ); };' % path)
            self.assertEqual(daemon.reload(), "reload refused: see the log")
            self.assertIn("no-such-group", daemon.log())
            self.assertTrue(daemon.try_ask("health")["v"])


if __name__ == "__main__":
    unittest.main()
