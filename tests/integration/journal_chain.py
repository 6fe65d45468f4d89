"""The hash chain of a journal computed once more, from docs/journal.md alone: an independent reader of the file for the tests."""
import datetime
import hashlib
import json
import sqlite3
import struct

ABSENT = 0xffff
NO_DAY = -2147483648
COMPLETING = {"asc.assessment.completed", "asc.review.completed", "asc.service.started"}
TRIAGE = ("priority", "impact", "likelihood", "client_group", "district", "dimensions")
VOCABULARY = {
    "asc.referral.received": ("pathway", "team", "clock_start") + TRIAGE,
    "asc.referral.triaged": TRIAGE,
    "asc.wait.transferred": ("team", "district"),
    "asc.wait.paused": ("reason",),
    "asc.contact.made": ("method",),
    "asc.wait.closed": ("reason",),
    "asc.wait.reopened": ("reason",),
}


def text(value):
    if value is None:
        return struct.pack("<H", ABSENT)
    value = value.encode()
    return struct.pack("<H", len(value)) + value


def milliseconds(written):
    instant = datetime.datetime.fromisoformat(written.replace("Z", "+00:00"))
    since = instant - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return since // datetime.timedelta(milliseconds=1)


def kept(row):
    """What of an event a redaction keeps."""
    kind = row["type"]
    known = VOCABULARY.get(kind, ("outcome",) if kind in COMPLETING else ())
    data = {name: value for name, value in row["data"].items() if name in known}
    day = NO_DAY
    if "clock_start" in data:
        day = (datetime.date.fromisoformat(data["clock_start"]) - datetime.date(1970, 1, 1)).days
    dimensions = data.get("dimensions", {})
    retracts = (row["data"].get("source", row["source"]), row["data"]["id"]) if kind == "asc.event.retracted" else (None, None)
    found = struct.pack("<BqiBBBB", 1, milliseconds(row["time"]), day, data.get("priority", 0), data.get("impact", 0),
                        data.get("likelihood", 0), len(dimensions))
    for value in (kind, row["subject"], row["source"], row["id"], row.get("sequence"), data.get("pathway"), data.get("team"),
                  data.get("district"), data.get("client_group"), data.get("reason"), data.get("method"), data.get("outcome"), *retracts):
        found += text(value)
    for name, value in dimensions.items():
        found += text(name) + text(value)
    return found


class Chain:
    """All heads of a journal's file: `heads[n]` after the n-th link, `at` the heads by the seq of the last event."""

    def __init__(self, path):
        self.database = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
        self.head = bytes.fromhex(self.database.execute("SELECT value FROM meta WHERE name = 'chain'").fetchone()[0])
        self.heads, self.at, self.seals = [], {0: {self.head.hex()}}, []
        try:
            self._walk()
        finally:
            self.database.close()

    def _add(self, letter, content, seq):
        self.head = hashlib.sha256(letter + self.head + content).digest()
        self.heads.append(self.head.hex())
        self.at.setdefault(seq, set()).add(self.head.hex())

    def _act(self, what, key, after_seq):
        sql = {1: "SELECT after_seq, previous_alert_seq, 0, 0, '', body FROM alert WHERE alert_seq = ?",
               2: "SELECT after_seq, at, 0, 0, kind, body FROM record WHERE record_id = ?",
               3: "SELECT after_seq, at, reconstructed, rule_version, '', body FROM report WHERE day = ?"}[what]
        row = self.database.execute(sql, [key]).fetchone()
        assert row[0] == after_seq, (what, key, row[0], after_seq)
        numbers = struct.pack("<qQqqqQ", key, after_seq, row[1], row[2], row[3], len(row[4].encode()))
        self._add(b"_arp"[what:what + 1], numbers + row[4].encode() + row[5].encode(), after_seq)

    def _walk(self):
        links = self.database.execute("SELECT place, what, key, after_seq, head FROM link ORDER BY place").fetchall()
        assert [link[0] for link in links] == list(range(1, len(links) + 1))
        segments = self.database.execute("SELECT first_seq, count, received, body,"
                                         " coalesce(seal, (SELECT seal FROM old_seal WHERE old_seal.first_seq = segment.first_seq))"
                                         " FROM segment ORDER BY first_seq").fetchall()
        for first_seq, count, received, body, seal in segments:
            table, begin = len(body) - 12 - 8 * count, 0
            erased = struct.unpack_from("<I", seal, 20 * count)[0]
            digests = dict(struct.unpack_from("<I32s", seal, 20 * count + 4 + 36 * place) for place in range(erased))
            for index in range(count):
                seq = first_seq + index
                while links and links[0][3] < seq:
                    self._link(links.pop(0))
                end, distance = struct.unpack_from("<II", body, table + 8 * index)
                end &= 0x7fffffff
                salt, mark = struct.unpack_from("<16s4s", seal, 20 * index)
                raw = body[begin:end]
                begin = end
                digest = digests.get(index) or hashlib.sha256(salt + raw).digest()
                previous = seq - distance if distance else 0
                self._add(b"e", struct.pack("<QQq", seq, previous, received) + digest + kept(json.loads(raw)), seq)
                assert mark == self.head[:4], "event %d is not what was chained" % seq
            assert seal[-40:-8] == self.head, "segment %d" % first_seq
            self.seals.append(seal)
        for link in links:
            self._link(link)

    def _link(self, link):
        _, what, key, after_seq, head = link
        self._act(what, key, after_seq)
        assert head == self.head, "link %d" % link[0]
