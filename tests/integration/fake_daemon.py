#!/usr/bin/python3
"""A small daemon that speaks the wire protocol and misbehaves on demand, so that a client's promises can be tried one by one.

It counts events, it does not judge waits: an event whose `type` is unknown is quarantined, every accepted "breach" event raises an
alert. It lives in a thread with its own sockets; commands and waiting for what it saw go through queues, never through time.
"""

import json
import os
import queue
import struct
import threading

import zmq

POSITION = {"waiting": 0, "unallocated": 0, "allocated": 0, "in_progress": 0, "paused": 0, "breach": 0, "due": 0, "scheduled": 0,
            "no_contact": 0, "longest": None, "median": None, "mean": None, "p90": None, "bands": [0, 0, 0, 0, 0, 0, 0]}


def transition(seq, team="north", pathway="needs_assessment", rule="breach", kind="raised", **more):
    """One row of the alert log, as the protocol writes it."""
    row = {"seq": seq, "alert_id": f"a-{seq}", "transition": kind, "rule": rule, "level": None, "subject": f"W-{seq}",
           "pathway": pathway, "team": team, "severity": "high", "days": 29, "standard": 28, "value": None, "limit": None, "occurred_on": "2025-04-30",
           "at": "2025-04-30T08:00:00.000Z", "reason": None, "by": None, "note": None, "expected_by": None, "late": False}
    row.update(more)
    return row


class FakeDaemon:
    """The three sockets in `directory`. Everything that the tests set is set through `do`, which runs in the daemon's thread."""

    def __init__(self, directory, epoch="epoch-1"):
        self.directory = directory
        self.epoch = epoch
        self.alerts = []
        self.alert_topics = {}  # seq -> topics, when they are not the row's own
        self.positions = {}  # (pathway, team) -> position
        self.events = {}  # id -> event: the durable ones
        self.duplicates = 0
        self.batches = 0
        self.requests = []  # every query, as asked
        self.drop_replies = 0  # so many ingest replies are swallowed after the batch was taken
        self.drop_queries = 0
        self.read_only = 0  # so many batches are refused with read_only
        self.refuse = None  # (code, message) for every batch
        self.refuse_query = None
        self.page = 1000
        self.alerts_epoch = False  # whether the reply of `alerts` names the epoch
        self.status = "ok"
        self.journal_seq = 0
        self.publications = 0
        self.seen = queue.Queue()  # what a test may wait for: ("subscribe", topic), ("query", op), ("batch", n)
        self.noted = []
        self.commands = queue.Queue()
        self.context = zmq.Context()
        self.wake_in = self.context.socket(zmq.PAIR)
        self.wake_in.bind("inproc://wake")
        self.thread = None
        self.lock = threading.Lock()

    # ---- the tests' side

    def start(self):
        started = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self.thread.start()
        assert started.wait(10), "the fake daemon did not start"
        return self

    def do(self, action):
        """Runs action(self) in the daemon's thread and returns its result."""
        answer = queue.Queue()
        with self.lock:
            self.commands.put((action, answer))
            self.wake_in.send(b"")
        kind, value = answer.get(timeout=10)
        if kind == "error":
            raise value
        return value

    def stop(self):
        """Ends as a killed process does: the sockets go, nothing is said."""
        if self.thread is not None:
            self.do(lambda daemon: setattr(daemon, "running", False))
            self.thread.join(10)
            assert not self.thread.is_alive()
            self.thread = None

    def close(self):
        self.stop()
        self.wake_in.close(0)
        self.context.term()

    def wait_for(self, *wanted, timeout=20):
        """Waits until the daemon has seen this; each thing seen answers one wait."""
        while True:
            for index, seen in enumerate(self.noted):
                if seen[:len(wanted)] == wanted:
                    return self.noted.pop(index)
            self.noted.append(self.seen.get(timeout=timeout))

    def publish_alert(self, row, topics=None, silently=False):
        """Commits a transition to the log, then publishes it, unless `silently` (the publication is lost)."""
        def act(daemon):
            daemon.alerts.append(row)
            if topics is not None:
                daemon.alert_topics[row["seq"]] = topics
            if not silently:
                daemon._send_alert(row)
        self.do(act)

    def heartbeat(self):
        self.do(lambda daemon: daemon._send_heartbeat())

    def set_position(self, pathway, team, **measures):
        def act(daemon):
            daemon.journal_seq += 1
            daemon.positions[(pathway, team)] = dict(POSITION, **measures)
            daemon._send_position(pathway, team)
        self.do(act)

    # ---- the daemon's side

    def _run(self, started):
        self.running = True
        wake = self.context.socket(zmq.PAIR)
        wake.connect("inproc://wake")
        self.ingest = self._bind(zmq.ROUTER, "ingest")
        self.query = self._bind(zmq.ROUTER, "query")
        self.publish = self._bind(zmq.XPUB, "publish")
        self.publish.setsockopt(zmq.XPUB_VERBOSE, 1)  # every subscriber is seen, not only the first of a topic
        poller = zmq.Poller()
        for socket in (wake, self.ingest, self.query, self.publish):
            poller.register(socket, zmq.POLLIN)
        started.set()
        while self.running:
            ready = dict(poller.poll(200))
            if self.publish in ready:
                message = self.publish.recv()
                if message[:1] == b"\1":
                    self.seen.put(("subscribe", message[1:].decode()))
                    self._send_heartbeat()
            if self.ingest in ready:
                self._take_batch(self.ingest.recv_multipart())
            if self.query in ready:
                self._take_query(self.query.recv_multipart())
            if wake in ready:
                wake.recv()
                self._obey()
        for socket in (wake, self.ingest, self.query, self.publish):
            socket.close(0)

    def _bind(self, kind, name):
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.bind(f"ipc://{self.directory}/{name}.ipc")
        return socket

    def _obey(self):
        action, answer = self.commands.get()
        try:
            answer.put(("ok", action(self)))
        except Exception as error:  # the test's thread is told
            answer.put(("error", error))

    def _send(self, topic, seq, body):
        self.publications += 1
        self.publish.send_multipart([topic.encode(), struct.pack(">Q", seq), json.dumps(body).encode()])

    def _send_heartbeat(self):
        self._send("heartbeat.", 0, {"v": 1, "epoch": self.epoch, "journal_seq": self.journal_seq, "alert_seq": self._alert_seq(),
                                     "pub": self.publications, "now": "2025-04-30T08:00:00.000Z", "today": "2025-04-30",
                                     "version": "0.1.0", "chain": ""})

    def _send_alert(self, row):
        own = [f"alert.{row['rule']}.{row['pathway'] or '-'}.{row['team'] or '-'}."]
        for topic in self.alert_topics.get(row["seq"], own):
            self._send(topic, row["seq"], row)

    def _send_position(self, pathway, team):
        body = {"v": 1, "keys": {"pathway": pathway, "team": team}, "position": self.positions[(pathway, team)],
                "pub": self.publications, "today": "2025-04-30", "journal_seq": self.journal_seq}
        self._send(f"position.{pathway}.{team}.", self.journal_seq, body)

    def _alert_seq(self):
        return self.alerts[-1]["seq"] if self.alerts else 0

    # ---- ingest

    def _take_batch(self, frames):
        identity, rest = frames[0], frames[1:]
        delimiter = [b""] if rest and rest[0] == b"" else []
        batch_id, bodies = rest[len(delimiter)], rest[len(delimiter) + 1:]
        self.batches += 1
        self.seen.put(("batch", self.batches))
        if self.read_only > 0:
            self.read_only -= 1
            reply = {"v": 1, "ok": False, "error": {"code": "read_only", "message": "the disk is full"}}
        elif self.refuse is not None:
            reply = {"v": 1, "ok": False, "error": {"code": self.refuse[0], "message": self.refuse[1]}}
        else:
            reply = self._admit(bodies)
        if self.drop_replies > 0:
            self.drop_replies -= 1
            return
        self.ingest.send_multipart([identity] + delimiter + [batch_id, json.dumps(reply).encode()])

    def _admit(self, bodies):
        accepted = duplicates = 0
        quarantined = []
        lines = [line for body in bodies for line in body.split(b"\n") if line.strip()]
        for index, line in enumerate(lines):
            try:
                event = json.loads(line)
            except ValueError:
                quarantined.append({"index": index, "id": None, "code": "not_json", "pointer": "", "message": "this is no JSON"})
                continue
            if not str(event.get("type", "")).startswith("asc."):
                quarantined.append({"index": index, "id": event.get("id"), "code": "unknown_type", "pointer": "/type",
                                    "message": "no such type"})
            elif event["id"] in self.events:
                duplicates += 1
            else:
                self.events[event["id"]] = event
                accepted += 1
        self.journal_seq += accepted
        self.duplicates += duplicates
        return {"v": 1, "ok": True, "accepted": accepted, "duplicates": duplicates, "seq": self.journal_seq, "quarantined": quarantined}

    # ---- query

    def _take_query(self, frames):
        envelope, body = frames[:-1], frames[-1]
        request = json.loads(body)
        self.requests.append(request)
        self.seen.put(("query", request.get("op")))
        if self.drop_queries > 0:
            self.drop_queries -= 1
            return
        reply = {"v": 1, "ok": True}
        if self.refuse_query is not None:
            reply = {"v": 1, "ok": False, "error": {"code": self.refuse_query[0], "message": self.refuse_query[1], "pointer": "/filter"}}
        else:
            answer = getattr(self, "_op_" + request["op"].replace(".", "_"), None)
            if answer is None:
                reply = {"v": 1, "ok": False, "error": {"code": "unknown_op", "message": "there is no such operation"}}
            else:
                reply.update(answer(request))
        self.query.send_multipart(envelope + [json.dumps(reply).encode()])

    def _op_health(self, _request):
        return {"status": self.status, "reasons": [], "epoch": self.epoch, "journal_seq": self.journal_seq,
                "alert_seq": self._alert_seq(), "now": "2025-04-30T08:00:00.000Z", "today": "2025-04-30", "uptime_s": 93784,
                "version": "0.1.0", "sources": [{"source": "urn:las", "last_event": "2025-04-30T07:00:00.000Z",
                                                 "last_received": "2025-04-30T07:00:01.000Z", "events": self.journal_seq,
                                                 "silence_minutes": None, "silent": False, "silent_since": None},
                                                {"source": "urn:mosaic", "last_event": None, "last_received": None, "events": 0,
                                                 "silence_minutes": 60, "silent": True, "silent_since": None}],
                "quarantine": 3, "loop_lag_ms": 0.4}

    def _op_alerts(self, request):
        since = request.get("since", 0)
        allowed = request.get("filter", {})
        rows = []
        through = self._alert_seq()
        for row in self.alerts:
            if row["seq"] <= since:
                continue
            topics = self.alert_topics.get(row["seq"], [f"alert.{row['rule']}.{row['pathway']}.{row['team']}."])
            if not any(self._fits(topic, allowed) for topic in topics):
                continue
            rows.append(row)
            if len(rows) == min(request.get("limit", 100), self.page):
                through = row["seq"]
                break
        reply = {"rows": rows, "through": through}
        if self.alerts_epoch:
            reply["epoch"] = self.epoch
        return reply

    @staticmethod
    def _fits(topic, allowed):
        _, _, pathway, team, _ = topic.split(".")
        return allowed.get("pathway", pathway) == pathway and allowed.get("team", team) == team

    def _op_snapshot(self, _request):
        rows = []
        for (pathway, team), position in sorted(self.positions.items()):
            keys = {name: value for name, value in (("pathway", pathway), ("team", team)) if value != "*"}
            rows.append({"topic": f"position.{pathway}.{team}.", "keys": keys, "position": position})
        return {"epoch": self.epoch, "journal_seq": self.journal_seq, "alert_seq": self._alert_seq(), "today": "2025-04-30",
                "positions": rows, "alerts": []}

    def _op_summary(self, request):
        names = request.get("group_by", [])
        rows = [{"keys": {name: {"pathway": pathway, "team": team}.get(name, "unknown") for name in names}, "position": position}
                for (pathway, team), position in sorted(self.positions.items()) if "*" not in (pathway, team)]
        total = dict(POSITION)
        for row in rows:
            total["waiting"] += row["position"]["waiting"]
        return {"rows": rows, "total": total, "as_at": request.get("as_at", "2025-04-30"), "known_at": None,
                "journal_seq": self.journal_seq, "basis": "known", "rule_version": 1}

    def _op_distribution(self, request):
        rows = [{"from_days": 0, "to_days": 6, "count": 4, "over_standard": 0}, {"from_days": 7, "to_days": 13, "count": 0, "over_standard": 0},
                {"from_days": 14, "to_days": None, "count": 5, "over_standard": 3}]
        return {"rows": rows if self.positions else [], "total": {"count": 9, "over_standard": 3},
                "standards": [{"days": 28, "unit": "calendar_days", "count": 7}, {"days": 5, "unit": "working_days", "count": 2}],
                "as_at": request.get("as_at", "2025-04-30"), "known_at": self.journal_seq, "journal_seq": self.journal_seq, "rule_version": 1}

    def _op_flow(self, request):
        flow = {"started": 12, "completed": 5, "completed_within_standard": 3, "closed": 3, "closed_by_reason": {"declined": 1, "died": 2},
                "reopened": 1, "transferred_in": 4, "transferred_out": 2, "contacts": 9, "n": 5, "median": 24.5, "mean": 24.8, "p90": 40,
                "longest": 41}
        rows = [{"from": request["from"], "to": request["to"], "keys": {name: "süd" for name in request.get("group_by", [])}, "flow": flow}]
        return {"rows": rows if self.positions else [], "from": request["from"], "to": request["to"], "step": request.get("step", "all"),
                "known_at": self.journal_seq, "journal_seq": self.journal_seq, "rule_version": 1}

    def _op_waits(self, _request):
        wait = {"subject": "W-1", "pathway": "needs_assessment", "team": "north", "district": None, "client_group": None,
                "priority": 2, "impact": None, "likelihood": None, "dimensions": {"deprivation": "1"}, "person": "P-1",
                "worker": "=cmd", "stage": "allocated", "status": "waiting", "start": "2025-04-01", "stop": None, "reason": None,
                "outcome": None, "days": 29, "gross_days": 29, "paused_days": 0, "is_paused": False, "standard": 28,
                "days_to_breach": -1, "breach": True, "due": False, "breach_on": "2025-04-30", "last_contact": None,
                "no_contact": True, "exceptions": 0, "last_event_at": "2025-04-01T08:00:00.000Z"}
        return {"rows": [wait], "next": "c2", "count": 7, "rule_version": 1}


def make(directory=None, **options):
    """A daemon in its own fresh directory; the caller removes the directory after close()."""
    import tempfile
    where = directory or tempfile.mkdtemp(prefix="waitlist-")
    assert os.path.isdir(where)
    return FakeDaemon(where, **options)
