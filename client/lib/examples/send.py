#!/usr/bin/python3
"""Sends the events of a file (one JSON object a line) to waitlistd and says what became of them: the ingest protocol in Python.

    send.py WHERE FILE        WHERE: the daemon's run directory, /run/waitlistd say, or tcp://host:5871 (connect.py)

Ends with 0 when everything is durable and nothing is in quarantine, with 1 otherwise.
"""

import json
import sys
import uuid

import zmq

from connect import connect as connect_socket

BATCH = 256  # events a batch; the daemon takes up to 1,024
WINDOW = 8  # batches under way at once
PATIENCE_MS = 10_000  # without any answer for so long, everything under way is sent again
ATTEMPTS = 3


def batches(lines):
    """(first line number, line numbers of the events, NDJSON bytes) of each batch."""
    numbers, events = [], []
    for number, line in enumerate(lines, 1):
        if line.strip():
            numbers.append(number)
            events.append(line.rstrip(b"\r\n"))
        if len(events) == BATCH:
            yield numbers, b"\n".join(events)
            numbers, events = [], []
    if events:
        yield numbers, b"\n".join(events)


def connect(context, where):
    socket = context.socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    connect_socket(socket, where, "ingest")
    return socket


def send(where, lines):
    """Returns (accepted, duplicates, problems): problems are (line number, code, message)."""
    accepted = duplicates = 0
    problems = []
    under_way = {}  # batch id -> (line numbers, bytes): kept until it is acknowledged, because only then it is durable
    waiting = batches(lines)
    more = True
    failures = 0
    context = zmq.Context()
    socket = connect(context, where)
    while True:
        while more and len(under_way) < WINDOW:
            batch = next(waiting, None)
            if batch is None:
                more = False
                break
            batch_id = uuid.uuid4().bytes
            under_way[batch_id] = batch
            socket.send_multipart([batch_id, batch[1]])
        if not under_way:
            break
        if not socket.poll(PATIENCE_MS):
            failures += 1
            if failures == ATTEMPTS:
                raise TimeoutError(f"nobody answers at {where}; {len(under_way)} batches are not acknowledged")
            socket.close()  # a new connection, so that no answer is mistaken; sending again is always safe
            socket = connect(context, where)
            for batch_id, batch in under_way.items():
                socket.send_multipart([batch_id, batch[1]])
            continue
        failures = 0
        batch_id, body = socket.recv_multipart()
        if batch_id not in under_way:
            continue  # answered before: it had been sent twice
        reply = json.loads(body)
        numbers, payload = under_way[batch_id]
        if reply["ok"]:
            accepted += reply["accepted"]
            duplicates += reply["duplicates"]
            problems += [(numbers[one["index"]], one["code"], one["message"]) for one in reply["quarantined"]]
        elif reply["error"]["code"] == "read_only":
            socket.poll(1000)  # the disk is full: nothing was taken; a moment later, the same again
            socket.send_multipart([batch_id, payload])
            continue
        else:
            problems += [(number, reply["error"]["code"], reply["error"]["message"]) for number in numbers]
        del under_way[batch_id]
    socket.close()
    context.term()
    return accepted, duplicates, problems


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[2], "rb") as lines:
        accepted, duplicates, problems = send(sys.argv[1], lines)
    for number, code, message in problems:
        print(f"line {number}: {code} {message}", file=sys.stderr)
    print(f"accepted {accepted}, duplicates {duplicates}, not accepted {len(problems)}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
