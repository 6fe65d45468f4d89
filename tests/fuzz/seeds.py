#!/usr/bin/python3
"""Makes the inputs that each fuzz target begins with, from the golden data and the delivered configuration.

Usage: seeds.py SOURCE_FOLDER FOLDER; afterwards FOLDER/<target>/ holds files and FOLDER/made exists.
"""
import hashlib
import json
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile

FRAME, MESSAGE = b"\x1e", b"\x1d"
EVENTS_MAX = 1024
SEED_BYTES_MAX = 65536  # of one seed: what is longer only makes each run slower

source, target = (pathlib.Path(word) for word in sys.argv[1:3])


def write(name, seeds):
    folder = target / name
    folder.mkdir(parents=True)
    for number, seed in enumerate(seeds):
        (folder / f"{number:04}").write_bytes(seed)


def golden(*folders):
    return [file.read_bytes().rstrip(b"\n") for folder in folders for file in sorted((source / "tests/data/events" / folder).iterdir())]


def frames():
    good = golden("good")
    yield from (b"b-1" + FRAME + event for event in golden("good", "bad", "frames") if len(event) < SEED_BYTES_MAX)
    yield FRAME + b"req" + FRAME + good[0]
    yield MESSAGE.join(b"b%d" % number + FRAME + event for number, event in enumerate(good[:6]))
    yield b"many" + FRAME + FRAME.join([b"{}"] * (EVENTS_MAX + 2))
    yield b"lines" + FRAME + b"{}\n" * (EVENTS_MAX + 1)
    yield b"x" * 33 + FRAME + good[0]
    yield from (b"", b"alone", FRAME, FRAME + FRAME, b"b" + FRAME, MESSAGE)


def queries():
    lines = (source / "tests/fuzz/queries.ndjson").read_bytes().splitlines()
    yield from lines
    yield from (b"corr" + FRAME + line for line in lines[:3])
    yield FRAME + lines[0]
    yield b"x" * 33 + FRAME + lines[0]
    yield from (b"", b"{", b"[]", b"{}", b'{"v":2,"op":"health"}', FRAME + FRAME, b'{"v":1,"op":"nothing"}')


def configurations(*names):
    for name in names:
        text = (source / name).read_bytes()
        yield text
        yield b"\n".join(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(b"#"))


def checkpoints():
    """Changes of 3 bytes of place and 1 of what is turned over."""
    chance = random.Random(7)
    yield b""
    for length in (4, 5, 8, 9, 12, 16, 64):
        yield from (bytes(chance.randrange(256) for _ in range(length)) for _ in range(4))


def tables():
    yield from configurations("config/import/one-row-per-wait.conf", "config/import/one-row-per-event.conf")
    for example in ("one-row-per-wait", "one-row-per-event"):
        rows = (source / "config/import" / f"{example}.csv").read_bytes()
        yield rows
        yield from (text + FRAME + rows for text in configurations(f"config/import/{example}.conf"))


def client_level_data():
    maps = list(configurations("config/import/cld.conf"))
    with tempfile.TemporaryDirectory() as folder:
        for number, extra in enumerate(([], ["--release", "1", "--headers", "underscores"], ["--dates", "mixed", "--faults", "0.5"])):
            file = pathlib.Path(folder) / f"{number}.csv"
            subprocess.run(["/usr/bin/python3", "-B", source / "tests/data/cld/make_cld.py", "--rows", "20", *extra, file], check=True,
                           stdout=subprocess.DEVNULL)
            yield file.read_bytes()
            yield maps[1] + FRAME + file.read_bytes()


def transition(seq, **more):
    row = {"seq": seq, "alert_id": f"a{seq}", "transition": "raised", "rule": "breach", "level": None, "subject": "w-1", "pathway": "dols",
           "team": "north", "from_team": None, "severity": "warning", "days": 29, "standard": 28, "value": None, "limit": None,
           "occurred_on": "2025-04-30", "at": "2025-04-29T23:00:00.000Z", "reason": None, "late": False}
    return json.dumps(row | more, separators=(",", ":")).encode()


def talk():
    beat = b"heartbeat" + FRAME + struct.pack(">Q", 2) + FRAME
    beat += (b'{"v":1,"epoch":"e1","now":"2025-06-01T12:00:00.000Z","today":"2025-06-01","version":"1","chain":"00","journal_seq":9,'
             b'"alert_seq":3}')
    page = b'A{"v":1,"ok":true,"epoch":"e1","through":2,"rows":[' + transition(1) + b"," + transition(2) + b"]}"
    alert = b"Palert.breach.dols.north." + FRAME + struct.pack(">Q", 3) + FRAME + transition(3)
    yield b"f" + MESSAGE.join([b"P" + beat, b"P", page, alert])
    yield b"f" + MESSAGE.join([page, b"P" + beat.replace(b"e1", b"e2"), b"L", page.replace(b'"epoch":"e1",', b""), b'A{"v":1,"ok":true,"epoch":"e1"}'])
    yield b'fA{"v":1,"ok":false,"error":{"code":"busy","message":"later"}}'
    counts = {"waiting": 4, "unallocated": 1, "breach": 1, "longest": 40, "median": 20.5, "mean": None, "p90": 39, "bands": [0, 1, 2, 3, 4]}
    row = {"topic": "position.dols.north.", "keys": {"pathway": "dols", "team": "north"}, "position": counts}
    snapshot = b"A" + json.dumps({"v": 1, "ok": True, "epoch": "e1", "journal_seq": 7, "positions": [row, row | {"keys": {}}]}).encode()
    published = b"Pposition.dols.south." + FRAME + struct.pack(">Q", 8) + FRAME + json.dumps(row).encode()
    yield b"p" + MESSAGE.join([b"P" + beat, snapshot, published, b"P" + beat.replace(b"e1", b"e3"), snapshot])
    taken = b"A=" + FRAME + b'{"v":1,"ok":true,"accepted":3,"duplicates":0,"seq":5,"quarantined":[{"index":1,"id":"x","code":"bad_data","pointer":"/","message":"m"}]}'
    yield b"s" + MESSAGE.join([taken, taken, b"A=" + FRAME + b'{"v":1,"ok":false,"error":{"code":"read_only","message":"full"}}', taken])
    yield from (b"ce1 12\n", b"ce1 18446744073709551615\n", b"c", b"c-_ 0\n")


def access_log(entries, previous="0" * 64, first=1):
    """An access log as docs/security.md has it."""
    head, text = previous, ""
    what = '{"previous":"%s","file":null}' % previous
    for n, (op, asked) in enumerate([("log.begin", what), *entries], first):
        body = ('{"n":%d,"at":"2026-11-22T09:00:00.000Z","peer":"gateway","user":"j.smith","op":"%s","what":%s,"rows":1,"outcome":"ok","reason":null'
                % (n, op, asked))
        head = hashlib.sha256((head + body).encode()).hexdigest()
        text += body + ',"chain":"%s"}\n' % head
    return text.encode()


def access_logs():
    looks = [("wait", '{"subject":"w-%d","as_at":"2026-11-22"}' % number) for number in range(20)]
    whole = access_log(looks)
    yield from (whole, access_log([]), access_log(looks, "a" * 64, 1000), access_log([("log.break", '{"file":null,"line":7}'), *looks]))
    yield from (whole[:-1], whole[:-70], whole[:100], b"", b"\n", b"{}\n", whole + whole, whole + b"x" * 300000 + b"\n" + whole)


def main():
    shutil.rmtree(target, ignore_errors=True)
    events = [event for event in golden("good", "bad", "pairs", "frames")]
    for name in ("envelope", "split", "personal", "preserve"):
        write(name, events)
    write("config", configurations("config/waitlistd.conf", "config/lancashire-2025.conf", "tests/data/config/documented.conf"))
    write("relay", configurations("config/waitlist-relay.conf"))
    write("frames", frames())
    write("query", queries())
    write("checkpoint", checkpoints())
    write("csv", tables())
    write("cld", client_level_data())
    write("client", talk())
    write("trail", access_logs())
    write("target", [b"/api/v1/summary?group_by=pathway,team&filter.breach=true", b"/waits?sort=-risk&limit=20", b"/"])
    (target / "made").write_text("")


main()
