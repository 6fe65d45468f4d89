#!/usr/bin/python3
"""A consumer as one would write it in an afternoon in Python: the peer that the daemon's ingest is compared with.

ROUTER socket, json, sqlite3 with an index over the identity, up to 1,000 events a transaction at synchronous=FULL, a table of cases kept
current, acknowledgements after the commit. Usage: peer_consumer.py ENDPOINT DATABASE; it ends when standard input does.
"""

import json
import sqlite3
import sys

import zmq

BATCH = 1000

SCHEMA = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
CREATE TABLE event(seq INTEGER PRIMARY KEY, source TEXT NOT NULL, id TEXT NOT NULL, subject TEXT NOT NULL, type TEXT NOT NULL,
                   time TEXT NOT NULL, body TEXT NOT NULL, UNIQUE(source, id));
CREATE TABLE wait(subject TEXT PRIMARY KEY, pathway TEXT, team TEXT, last_type TEXT, last_time TEXT);
"""
ADD_EVENT = "INSERT OR IGNORE INTO event(source, id, subject, type, time, body) VALUES(?, ?, ?, ?, ?, ?)"
SET_WAIT = """
INSERT INTO wait VALUES(?, ?, ?, ?, ?)
ON CONFLICT(subject) DO UPDATE SET pathway = coalesce(excluded.pathway, pathway), team = coalesce(excluded.team, team),
                                   last_type = excluded.last_type, last_time = excluded.last_time
"""


def take_requests(socket):
    """The requests that are there, until they hold a batch of events: [address, batch id, lines]."""
    requests, events = [], 0
    while events < BATCH:
        try:
            address, batch_id, body = socket.recv_multipart(zmq.DONTWAIT)
        except zmq.Again:
            break
        lines = body.splitlines()
        events += len(lines)
        requests.append((address, batch_id, lines))
    return requests


def store(database, requests):
    """Everything of the requests in one transaction; how many of it were new."""
    rows, waits = [], {}
    for _, _, lines in requests:
        for line in lines:
            event = json.loads(line)
            data = event["data"]
            rows.append((event["source"], event["id"], event["subject"], event["type"], event["time"], line))
            waits[event["subject"]] = (event["subject"], data.get("pathway"), data.get("team"), event["type"], event["time"])
    before = database.total_changes
    database.execute("BEGIN")
    database.executemany(ADD_EVENT, rows)
    added = database.total_changes - before
    database.executemany(SET_WAIT, waits.values())
    database.execute("COMMIT")
    return added


def answer(socket, requests, added):
    """One reply a request; the first ones say what was new until that is used up."""
    for address, batch_id, lines in requests:
        accepted = min(added, len(lines))
        added -= accepted
        reply = {"v": 1, "ok": True, "accepted": accepted, "duplicates": len(lines) - accepted}
        socket.send_multipart([address, batch_id, json.dumps(reply, separators=(",", ":")).encode()])


def main(endpoint, path):
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript(SCHEMA)
    socket = zmq.Context.instance().socket(zmq.ROUTER)
    socket.setsockopt(zmq.RCVHWM, 0)
    socket.setsockopt(zmq.SNDHWM, 0)
    socket.bind(endpoint)
    poller = zmq.Poller()
    poller.register(socket, zmq.POLLIN)
    poller.register(sys.stdin.fileno(), zmq.POLLIN)
    print("ready", flush=True)
    while True:
        ready = dict(poller.poll())
        if sys.stdin.fileno() in ready:
            break
        requests = take_requests(socket)
        answer(socket, requests, store(database, requests))
    socket.close(0)
    database.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
