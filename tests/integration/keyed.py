#!/usr/bin/python3
"""A waitlistd whose TCP endpoints take keys, peers with keys of their own, and what becomes of their attempts; shared by tests.

With WAITLIST_ATTEMPTS set to a file, each attempt that a test makes and how it was refused is appended there, a line of JSON each."""
import json
import os
import socket
import time

import zmq
import zmq.utils.monitor

from daemon import LIMIT_S, Daemon, frame

SOCKETS = ("ingest", "publish", "query")


def free_ports(count):
    """Ports of the loopback address that nobody has at the moment."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()


def observed(attempt, by, outcome):
    """Notes what came of an attempt."""
    path = os.environ.get("WAITLIST_ATTEMPTS")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"attempt": attempt, "by": by, "outcome": outcome}) + "\n")


class Peer:
    """A key pair and what the configuration says about it."""

    def __init__(self, name, roles=("viewer",), teams=(), sources=(), speaks=False):
        self.name, self.roles, self.teams, self.sources, self.speaks = name, roles, teams, sources, speaks
        self.public, self.secret = zmq.curve_keypair()

    def entry(self):
        def texts(values):
            return "( %s )" % ", ".join('"%s"' % value for value in values) if values else "()"
        return '{ name = "%s"; public_key = "%s"; roles = %s; teams = %s; sources = %s; speaks_for_others = %s; }' % (
            self.name, self.public.decode(), texts(self.roles), texts(self.teams), texts(self.sources), "true" if self.speaks else "false")


class KeyedDaemon(Daemon):
    """Its own sockets are IPC without keys; `tcp` are the same three with keys."""

    def __init__(self, peers=(), local="", more="", **arguments):
        self.tcp = {name: "tcp://127.0.0.1:%d" % port for name, port in zip(SOCKETS, free_ports(3))}
        self.public, self.secret = zmq.curve_keypair()
        self.more = more
        start = arguments.pop("start", True)
        super().__init__(start=False, **arguments)
        with open(os.path.join(self.folder, "own.key"), "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write("waitlist-curve-secret-key %s\n" % self.secret.decode())
        self.let_in(peers, local)
        if start:
            self.start()

    def let_in(self, peers, local=""):
        """Writes the configuration with these peers."""
        self.configure('security = { secret_key = "own.key"; peers = ( %s ); local = ( %s ); };\n%s'
                       % (",\n ".join(peer.entry() for peer in peers), local, self.more))

    def configure(self, config="", pathways=None, **arguments):
        ends = "".join('%s = [ "%s", "%s" ]; ' % (name, self.endpoints[name], self.tcp[name]) for name in SOCKETS)
        super().configure(config, **({"pathways": pathways} if pathways else {}), **arguments)
        with open(self.config_path, encoding="utf-8") as file:
            text = file.read()
        for name in SOCKETS:
            text = text.replace('%s = [ "%s" ]; ' % (name, self.endpoints[name]), "")
        with open(self.config_path, "w", encoding="utf-8") as file:
            file.write(text.replace("endpoints = { ", "endpoints = { " + ends, 1))

    def dial(self, kind, name, peer, server=None, monitored=False):
        """A socket of a peer (None: without keys) to a TCP endpoint; with `monitored` also the socket that tells how the handshake goes."""
        sock = self.context.socket(kind)
        self.opened.append(sock)
        sock.linger = 0
        sock.rcvhwm = sock.sndhwm = 0
        if peer is not None:
            sock.curve_serverkey = server or self.public
            sock.curve_publickey, sock.curve_secretkey = peer.public, peer.secret
        monitor = None
        if monitored:
            monitor = sock.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
                                              | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_AUTH)
            self.opened.append(monitor)
        sock.connect(self.tcp[name])
        return (sock, monitor) if monitored else sock

    def handshake(self, kind, name, peer, server=None):
        """How the handshake of a new connection ends: "let in", or how it is refused."""
        _, monitor = self.dial(kind, name, peer, server, monitored=True)
        if not monitor.poll(int(LIMIT_S * 1000)):
            raise AssertionError("no end of the handshake; log:\n" + self.log())
        told = zmq.utils.monitor.recv_monitor_message(monitor)
        return {zmq.EVENT_HANDSHAKE_SUCCEEDED: "let in", zmq.EVENT_HANDSHAKE_FAILED_AUTH: "refused, %d" % told["value"],
                zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "cut off", zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "cut off"}[told["event"]]

    def insist(self, sock, name, *frames):
        """Sends frames again until the answer that begins with `name` comes, as every client does: what is sent while the daemon makes its
        sockets anew is lost. Gives the frame behind it."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            sock.send_multipart([name, *frames])
            while sock.poll(500):
                answer = sock.recv_multipart()
                if answer[0] == name:
                    return answer[1]
        raise AssertionError("no answer; log:\n" + self.log())

    def ask_by(self, sock, op, **members):
        return json.loads(self.insist(sock, b"q%d" % next(self.batches), json.dumps({"v": 1, "op": op, **members}).encode()))

    def query(self, body):
        return json.loads(self.insist(self.socket(zmq.DEALER, "query"), b"q%d" % next(self.batches), body))

    def hand_in(self, sock, *rows):
        return json.loads(self.insist(sock, b"b%d" % next(self.batches), frame(rows)))

    def send(self, *rows):
        return self.hand_in(self.socket(zmq.DEALER, "ingest"), *rows)

    def until_logged(self, wanted):
        """Waits until the log says it: the daemon answers a question between two looks."""
        deadline = time.monotonic() + LIMIT_S
        while wanted not in self.log():
            assert time.monotonic() < deadline, "no %r in the log:\n%s" % (wanted, self.log())
            self.ask("health")
