"""How the Python examples find the daemon, and their keys: by a path or an address, and by files that the environment names.

WAITLIST_KEY is the file of the client's secret key, as `waitlistctl keygen --curve` writes it, WAITLIST_SERVER_KEY that of the daemon's
public key. Only a daemon on this machine can be reached without.
"""

import os

import zmq

PORTS = {"ingest": 0, "publish": 1, "query": 2}  # after the one that is given


def endpoint(where, name):
    """`where`: the daemon's run directory, or tcp://host:port of its ingest endpoint, after which publish and query have the next ports."""
    if not where.startswith("tcp://"):
        return f"ipc://{where}/{name}.ipc"
    host, port = where.rsplit(":", 1)
    return f"{host}:{int(port) + PORTS[name]}"


def read_key(path, kind):
    """The key in a file: the second word of its only line that is no comment."""
    with open(path, encoding="ascii") as file:
        lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
    if len(lines) != 1 or lines[0][0] != f"waitlist-curve-{kind}-key":
        raise ValueError(f"{path} is no {kind} key of waitlistctl keygen --curve")
    return lines[0][1].encode()


def connect(socket, where, name):
    """Connects the socket to the daemon's endpoint of that name, with keys where it goes over TCP."""
    uri = endpoint(where, name)
    if uri.startswith("tcp://") and "WAITLIST_KEY" in os.environ:
        secret = read_key(os.environ["WAITLIST_KEY"], "secret")
        socket.curve_secretkey, socket.curve_publickey = secret, zmq.curve_public(secret)
        socket.curve_serverkey = read_key(os.environ["WAITLIST_SERVER_KEY"], "public")
    socket.connect(uri)
