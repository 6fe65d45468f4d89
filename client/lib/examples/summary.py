#!/usr/bin/python3
"""Asks waitlistd how many wait, by pathway and team: the query protocol in Python.

    summary.py WHERE [NAME=VALUE …]        WHERE: the daemon's run directory, or tcp://host:5871 (connect.py)
                                           filters, as pathway=needs_assessment
"""

import json
import sys

import zmq

from connect import connect

TIMEOUT_MS = 10_000


def ask(where, request):
    context = zmq.Context()
    socket = context.socket(zmq.REQ)
    socket.setsockopt(zmq.LINGER, 0)
    connect(socket, where, "query")
    socket.send(json.dumps({"v": 1, **request}).encode())
    try:
        if not socket.poll(TIMEOUT_MS):
            raise TimeoutError(f"nobody answers at {where}")
        reply = json.loads(socket.recv())
    finally:
        socket.close()
        context.term()
    if not reply["ok"]:
        raise ValueError(f"{reply['error']['code']}: {reply['error']['message']}")
    return reply


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    request = {"op": "summary", "group_by": ["pathway", "team"]}
    if len(sys.argv) > 2:
        request["filter"] = dict(argument.split("=", 1) for argument in sys.argv[2:])
    reply = ask(sys.argv[1], request)
    print(f"{'pathway':<24} {'team':<24} {'waiting':>8} {'breach':>8} {'longest':>8}")
    for row in reply["rows"] + [{"keys": {"pathway": "total", "team": ""}, "position": reply["total"]}]:
        keys, position = row["keys"], row["position"]
        longest = "-" if position["longest"] is None else position["longest"]
        print(f"{keys['pathway']:<24} {keys['team']:<24} {position['waiting']:>8} {position['breach']:>8} {longest:>8}")


if __name__ == "__main__":
    main()
