#!/usr/bin/python3
"""Prints every alert transition of waitlistd exactly once, also after having been away: the publish protocol in Python.

    follow_alerts.py WHERE CURSOR-FILE [COUNT]        WHERE: the daemon's run directory, or tcp://host:5871 (connect.py)

The rule: what is published is only a hint. A publication is believed when it is the next one; whenever one is missing, or a heartbeat
tells of one that was not seen, the query `alerts` fills the gap. CURSOR-FILE keeps the journal's epoch and the last seq dealt with.
"""

import json
import os
import struct
import sys

import zmq

from connect import connect

SILENCE_MS = 10_000


class EpochChanged(Exception):
    """The daemon keeps another journal than the one that was followed."""


class Follower:
    def __init__(self, where, epoch, seq):
        self.where, self.epoch, self.seq = where, epoch, seq
        self.context = zmq.Context()
        self.sub = None
        self.confirmed = False  # a heartbeat came on this connection, so it is known which journal speaks

    def _subscribe(self):
        if self.sub is not None:
            self.sub.close()
        self.sub = self.context.socket(zmq.SUB)
        self.sub.setsockopt(zmq.LINGER, 0)
        for topic in (b"alert.", b"heartbeat."):
            self.sub.setsockopt(zmq.SUBSCRIBE, topic)
        connect(self.sub, self.where, "publish")
        self.confirmed = False

    def _ask(self, request):
        """The lazy pirate: a new socket for each try, so that a late answer cannot be taken for another question's."""
        while True:
            socket = self.context.socket(zmq.REQ)
            socket.setsockopt(zmq.LINGER, 0)
            connect(socket, self.where, "query")
            socket.send(json.dumps({"v": 1, **request}).encode())
            reply = json.loads(socket.recv()) if socket.poll(5000) else None
            socket.close()
            if reply is not None:
                if not reply["ok"]:
                    raise RuntimeError(reply["error"]["message"])
                return reply

    def _check(self, epoch):
        if self.epoch is None:
            self.epoch = epoch
        if self.epoch != epoch:
            raise EpochChanged(f"{self.epoch} is now {epoch}")

    def _catch_up(self, up_to):
        while self.seq < up_to:
            reply = self._ask({"op": "alerts", "since": self.seq, "state": "all", "limit": 1000})
            self._check(self._ask({"op": "health"})["epoch"])  # the page is of the journal followed
            for row in reply["rows"]:
                self.seq = row["seq"]
                yield row
            if reply["through"] <= self.seq and not reply["rows"]:
                return
            self.seq = reply["through"]

    def transitions(self):
        self._subscribe()
        while True:
            if not self.sub.poll(SILENCE_MS):
                self._subscribe()
                continue
            topic, seq_bytes, body = self.sub.recv_multipart()
            message = json.loads(body)
            if topic == b"heartbeat.":
                self._check(message["epoch"])
                self.confirmed = True
                yield from self._catch_up(message["alert_seq"])
                continue
            seq = struct.unpack(">Q", seq_bytes)[0]
            if self.confirmed and seq == self.seq + 1:
                self.seq = seq
                yield message
            elif seq > self.seq:
                yield from self._catch_up(seq)


def load(path):
    try:
        with open(path, encoding="ascii") as file:
            epoch, seq = file.read().split()
            return epoch, int(seq)
    except FileNotFoundError:
        return None, 0


def save(path, epoch, seq):
    with open(path + ".next", "w", encoding="ascii") as file:
        file.write(f"{epoch} {seq}\n")
    os.replace(path + ".next", path)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    left = int(sys.argv[3]) if len(sys.argv) > 3 else -1
    follower = Follower(sys.argv[1], *load(sys.argv[2]))
    for row in follower.transitions():
        print(row["seq"], row["transition"], row["rule"], row["subject"] or "-", row["team"] or "-", flush=True)
        save(sys.argv[2], follower.epoch, row["seq"])
        left -= 1
        if left == 0:
            break


if __name__ == "__main__":
    main()
