#!/usr/bin/python3
"""The daemon as a service and as a command: its service manager, signals, files, sockets, configuration and exit codes."""
import json
import os
import select
import signal
import socket
import stat
import subprocess
import time
import unittest

import zmq

from daemon import PATHWAYS, ROOT, WAITLISTD, Daemon, event, line, receive, referral


def run(*arguments, folder=None):
    return subprocess.run([WAITLISTD, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)


class Service(unittest.TestCase):
    def test_what_the_service_manager_is_told(self):
        with Daemon(start=False, environment={"WATCHDOG_USEC": "200000"}) as daemon:
            daemon.spawn()
            lines = daemon.wait_notified("READY=1")
            told = daemon.wait_notified("WATCHDOG=1") + daemon.wait_notified("WATCHDOG=1")
            self.assertTrue(any(row.startswith("STATUS=") for row in lines + told))
            daemon.signal(signal.SIGTERM)
            self.assertTrue(daemon.wait_notified("STOPPING=1"))
            self.assertEqual(daemon.wait_exit(), 0)
            daemon.check_log()

    def test_a_watchdog_is_fed_only_when_one_watches(self):
        with Daemon() as daemon:
            sub = daemon.subscribe()
            sub.next()
            sub.next()
            daemon.stop()
            told = []
            while (lines := daemon.next_notification()) is not None:
                told += lines
            self.assertNotIn("WATCHDOG=1", told)
            self.assertIn("STOPPING=1", told)

    def test_the_watchdog_is_fed_in_the_midst_of_a_long_turn(self):
        """Every wait is folded again when its pathway completes on something else: the watchdog hears of it before the turn ends."""
        with Daemon(environment={"WATCHDOG_USEC": "4000"}) as daemon:
            daemon.take(*[referral("W-%d" % number, "2025-05-01") for number in range(4000)])
            daemon.take(*[event("contact.made", "W-%d" % (number % 4000), "2025-05-02") for number in range(12000)])
            daemon.configure(pathways=PATHWAYS.replace('name = "needs_assessment";', 'name = "needs_assessment"; completes_on = "asc.service.started";'))
            daemon.signal(signal.SIGHUP)
            daemon.wait_notified("RELOADING=1")
            self.assertIn("WATCHDOG=1", daemon.wait_notified("READY=1"))

    def test_sigterm_and_sigint_in_the_middle_of_a_load(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number), Daemon() as daemon:
                sock = daemon.connect(zmq.DEALER, "ingest")
                lines = {}
                for batch in range(200):
                    rows = [referral("W-%d-%d" % (batch, i), "2025-05-01") for i in range(50)]
                    lines[b"%d" % batch] = [row["id"] for row in rows]
                    sock.send_multipart([b"%d" % batch, b"\n".join(map(line, rows))])
                acknowledged = [receive(sock)]
                daemon.signal(number)
                while True:
                    ready, _, _ = select.select([daemon.exited], [], [], 0)
                    if sock.poll(0 if ready else 20):
                        acknowledged.append(sock.recv_multipart())
                    elif ready:
                        break
                daemon.opened.remove(sock)
                self.assertEqual(daemon.wait_exit(), 0)
                sock.close()
                daemon.check_log()
                for batch, body in acknowledged:
                    self.assertEqual(json.loads(body)["accepted"], 50, batch)
                kept = {json.loads(body)["id"] for _, _, body in daemon.journalled()}
                # What it took it answered; what it answered is there.
                self.assertEqual(kept, {event for batch, _ in acknowledged for event in lines[batch]})

    def test_a_second_daemon_on_the_same_journal_is_refused(self):
        with Daemon() as first:
            first.take(referral("W-1", "2025-05-01"))
            with Daemon(start=False, journal=first.journal) as second:
                second.spawn()
                self.assertEqual(second.wait_exit(), 1)
                self.assertIn("cannot open the journal", second.log())
            self.assertEqual(first.wait("W-1")["days"], 31)
            first.kill()
            first.start()

    def test_files_and_sockets_are_not_for_everybody(self):
        with Daemon() as daemon:
            daemon.take(referral("W-1", "2025-05-01"))
            for name in ("ingest", "publish", "query"):
                found = os.stat(os.path.join(daemon.folder, name))
                self.assertTrue(stat.S_ISSOCK(found.st_mode))
                self.assertEqual(found.st_mode & 0o777, 0o660)
            for suffix in ("", "-wal", ".key", ".lock"):
                self.assertEqual(os.stat(daemon.journal + suffix).st_mode & 0o007, 0, suffix)

    def test_a_start_after_a_kill_takes_over_the_sockets(self):
        with Daemon() as daemon:
            daemon.take(referral("W-1", "2025-05-01"))
            daemon.kill()
            daemon.start()
            self.assertEqual(daemon.total()["waiting"], 1)

    def test_a_client_connects_before_the_daemon_and_stays_over_a_restart(self):
        with Daemon(start=False) as daemon:
            sock = daemon.context.socket(zmq.DEALER)
            sock.linger = 0
            sock.connect(daemon.endpoints["ingest"])
            sock.send_multipart([b"early", line(referral("W-1", "2025-05-01"))])
            daemon.start()
            self.assertEqual(receive(sock)[0], b"early")
            daemon.restart()
            sock.send_multipart([b"late", line(referral("W-2", "2025-05-01"))])
            self.assertEqual(receive(sock)[0], b"late")
            sock.close()

    def test_the_real_clock(self):
        with Daemon(clock=None) as daemon:
            before = time.time()
            health = daemon.ask("health")
            now = time.mktime(time.strptime(health["now"][:19] + " UTC", "%Y-%m-%dT%H:%M:%S %Z")) - time.timezone
            self.assertLess(abs(now - before), 30)
            reply = daemon.send(referral("W-1", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(before))),
                                referral("W-2", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(before + 3600))))
            self.assertEqual((reply["accepted"], [row["code"] for row in reply["quarantined"]]), (1, ["time_in_future"]))

    def test_a_journal_that_is_none(self):
        with Daemon(start=False) as daemon:
            with open(daemon.journal, "wb") as file:
                file.write(b"this is no journal" * 1000)
            daemon.spawn()
            self.assertEqual(daemon.wait_exit(), 1)
            daemon.check_log()
            with open(daemon.journal, "rb") as file:
                self.assertEqual(file.read(), b"this is no journal" * 1000)

    def test_a_folder_that_is_not_there(self):
        with Daemon(start=False, journal="/nonexistent/folder/journal.db") as daemon:
            daemon.spawn()
            self.assertEqual(daemon.wait_exit(), 1)
            self.assertIn("/nonexistent/folder/journal.db", daemon.log())

    def test_two_hundred_connections(self):
        with Daemon() as daemon:
            socks = [daemon.connect(zmq.DEALER, "ingest") for _ in range(200)]
            for number, sock in enumerate(socks):
                sock.send_multipart([b"x", line(referral("W-%d" % number, "2025-05-01"))])
            for sock in socks:
                self.assertTrue(json.loads(receive(sock)[1])["ok"])


class Tcp(unittest.TestCase):
    def free_port(self):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            return sock.getsockname()[1]

    def test_plain_tcp_is_refused_unless_it_is_allowed(self):
        for address in ("127.0.0.1", "[::1]"):
            with Daemon(start=False, endpoints={"query": "tcp://%s:5873" % address}) as daemon:
                daemon.spawn()
                self.assertEqual(daemon.wait_exit(), 1)
                self.assertIn("allow_plain_loopback", daemon.log())

    def test_plain_tcp_beyond_loopback_is_refused_even_then(self):
        for address in ("0.0.0.0", "*", "192.0.2.1", "localhost", "128.0.0.1", "[::]"):
            with self.subTest(address), Daemon(start=False, endpoints={"query": "tcp://%s:5873" % address},
                                               config="security = { allow_plain_loopback = true; };") as daemon:
                daemon.spawn()
                self.assertEqual(daemon.wait_exit(), 1)
                self.assertIn("loopback", daemon.log())

    def test_plain_tcp_on_loopback_is_logged_at_every_start(self):
        endpoints = {name: "tcp://127.0.0.1:%d" % self.free_port() for name in ("ingest", "publish", "query")}
        with Daemon(endpoints=endpoints, config="security = { allow_plain_loopback = true; };") as daemon:
            daemon.take(referral("W-1", "2025-05-01"))
            self.assertEqual(daemon.subscribe("position.").until("position.*.*.")[-1][2]["position"]["waiting"], 1)
            daemon.restart()
            self.assertEqual(daemon.log().count("allow_plain_loopback"), 2)


class CommandLine(unittest.TestCase):
    """--check-config, --print-config, and what else the command says before it serves anybody."""

    def setUp(self):
        self.daemon = Daemon(start=False)
        self.addCleanup(self.daemon.close)

    def check(self, config="", pathways=PATHWAYS):
        self.daemon.configure(config, pathways)
        return run("-c", self.daemon.config_path, "--check-config")

    def line_of(self, text):
        with open(self.daemon.config_path, encoding="utf-8") as file:
            return next(number for number, row in enumerate(file, 1) if text in row)

    def test_a_sound_configuration(self):
        done = self.check()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("sound", done.stdout)
        self.assertEqual(run("-c", os.path.join(ROOT, "config", "waitlistd.conf"), "--check-config").returncode, 0)

    def test_every_error_with_its_line_in_one_run(self):
        mistakes = ["bands = [ 5, 3 ];", "nonsense = 1;", "contact = { interval_days = 0; };",
                    'alerts = { breach = { enabled = "yes"; }; };', "districts = 5;"]
        done = self.check("\n".join(mistakes))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        said = done.stderr.splitlines()
        self.assertEqual(len(said), len(mistakes), done.stderr)
        for mistake in mistakes:
            place = "%s:%d: " % (self.daemon.config_path, self.line_of(mistake))
            self.assertTrue(any(place in row for row in said), (place, said))

    def test_pathways_that_make_no_sense(self):
        for pathways in ("pathways = ();", 'pathways = ( { label = "x"; } );', 'pathways = ( { name = "a b"; } );',
                         'pathways = ( { name = "a"; }, { name = "a"; } );', 'pathways = ( { name = "a"; standard_days = 0; } );',
                         'pathways = ( { name = "a"; standard_by_priority = ( (5, 1) ); } );', 'pathways = ( { name = "a"; unit = "weeks"; } );',
                         'pathways = ( { name = "a"; completes_on = "asc.wait.closed"; } );', 'pathways = ( { name = "a"; pauses = true; } );'):
            with self.subTest(pathways):
                done = self.check(pathways=pathways)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn("%s:%d: " % (self.daemon.config_path, self.line_of("pathways =")), done.stderr)

    def test_a_broken_line_is_named(self):
        done = self.check("bands = [ 5, ;")
        self.assertEqual(done.returncode, 1)
        self.assertIn("%s:%d: " % (self.daemon.config_path, self.line_of("bands =")), done.stderr)

    def test_files_that_are_not_there(self):
        self.assertEqual(run("-c", "/nonexistent.conf", "--check-config").returncode, 1)
        self.assertIn("/nonexistent.conf", run("-c", "/nonexistent.conf").stderr)
        done = self.check('council = { calendar = "nowhere.json"; };')
        self.assertEqual(done.returncode, 1)
        self.assertIn("nowhere.json", done.stderr)

    def test_the_printed_configuration_is_the_same_configuration(self):
        self.daemon.configure("bands = [ 3, 9 ];")
        printed = run("-c", self.daemon.config_path, "--print-config")
        self.assertEqual((printed.returncode, printed.stderr), (0, ""))
        copy = os.path.join(self.daemon.folder, "copy.conf")
        with open(copy, "w", encoding="utf-8") as file:
            file.write(printed.stdout)
        self.assertEqual(run("-c", copy, "--check-config").returncode, 0)
        # But for the first line, which names the file.
        self.assertEqual(run("-c", copy, "--print-config").stdout.split("\n", 1)[1], printed.stdout.split("\n", 1)[1])

    def test_usage(self):
        for arguments in (["--nonsense"], ["word"], ["--simulated-clock", "yesterday"], ["--log-level", "loud"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertTrue(done.stderr)
        self.assertRegex(run("--version").stdout, r"^waitlistd \d+\.\d+\.\d+\n$")
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--check-config", done.stdout)


if __name__ == "__main__":
    unittest.main()
