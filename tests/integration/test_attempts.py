#!/usr/bin/python3
"""Attempts to see, send or change what one may not, and what was observed; docs/attempts.md says the same, and is written with --write.

Each method makes one group of attempts against real programs and gives its rows. A test fails when an attempt succeeds, and when the
document says something else than what was observed.
"""
import csv
import io
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import unittest
import zipfile

import rights_matrix as matrix
import test_keys
import test_rights_at_the_door as door
import zmq
from daemon import LIMIT_S, ROOT, WAITLISTCTL, Daemon, event, frame, line, receive, referral
from gateway import Gateway, Stream
from keyed import SOCKETS, KeyedDaemon, Peer
from zmq.utils.monitor import recv_monitor_message

DOCUMENT = os.path.join(ROOT, "docs", "attempts.md")
HEAD = """# Attempts, and what came of them

Written by `tests/integration/test_attempts.py --write` from what was observed; the test `integration.attempts` makes every attempt again and
fails when one succeeds, or when this says otherwise. What each role may do is in [protocol.md](protocol.md#rights).
"""
SQL = ("'; DROP TABLE events; --", "\" OR 1=1 --", "x') UNION SELECT body FROM events --", "%' OR subject LIKE '%", "\\'; DELETE FROM alerts; --")
FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "=HYPERLINK(\"http://example.invalid\")", "<script>alert(1)</script>")


def table(head, rows):
    """A table of Markdown."""
    def cell(text):
        return str(text).replace("|", "\\|")
    lines = ["| %s |" % " | ".join(head), "|" + "---|" * len(head)]
    return "\n".join(lines + ["| %s |" % " | ".join(cell(each) for each in row) for row in rows]) + "\n"


def run(*arguments, stdin=None):
    return subprocess.run([WAITLISTCTL, *arguments], input=stdin, capture_output=True, text=True, timeout=120, check=False)


class Attempts(unittest.TestCase):
    maxDiff = None
    written = None  # with --write: the sections, in their order

    def observe(self, title, text, head, rows):
        """Holds a group against the document, or notes it for that."""
        section = "## %s\n%s\n\n%s" % (title, text, table(head, rows))
        if self.written is not None:
            self.written.append(section)
            return
        with open(DOCUMENT, encoding="utf-8") as file:
            found = re.search(r"^## %s\n.*?(?=^## |\Z)" % re.escape(title), file.read(), re.MULTILINE | re.DOTALL)
        self.assertIsNotNone(found, "docs/attempts.md has no section %r" % title)
        self.assertEqual(found.group(0).strip(), section.strip())

    def folder(self):
        folder = tempfile.mkdtemp(prefix="wl-attempts-")
        self.addCleanup(shutil.rmtree, folder)
        return folder

    def test_1_roles(self):
        with Daemon(clock=matrix.CLOCK, config=matrix.CONFIG % self.folder()) as daemon:
            matrix.fill(daemon)
            rows, wrong = matrix.judge(daemon, lambda role, op, members: daemon.try_ask(op, on_behalf_of={"user": "jo", "roles": [role], "teams": ["north"]},
                                                                                        **members))
        self.assertEqual(wrong, [])
        came = {}
        for role, op, _, what, outcome in rows:
            came.setdefault((op, what), {})[role] = outcome if op != "access" else outcome.split(" ")[0].replace("shows", "answered")
        self.observe("Each role, each op, own and other team",
                     "Asked on behalf of somebody of the team north; `own` is north, `other` is south. `shows` names whose references, people, workers or "
                     "notes stand anywhere in the reply.", ["op", "attempt", *matrix.ROLES],
                     [("`%s`" % op, what, *(outcomes[role] for role in matrix.ROLES)) for (op, what), outcomes in came.items()])

    def test_2_too_large(self):
        rows = []
        with Daemon() as daemon:
            daemon.take(referral("w-1", "2025-05-01"))

            def ask(what, body):
                reply = daemon.query(body)
                self.assertFalse(reply["ok"], what)
                rows.append((what, "%s: %s" % (reply["error"]["code"], reply["error"]["message"])))

            def send(what, frames):
                _, reply = daemon.request(frames)
                if reply["ok"]:
                    self.assertEqual(reply["accepted"], 0, what)
                    rows.append((what, "quarantined: " + ", ".join(sorted({each["code"] for each in reply["quarantined"]}))))
                else:
                    rows.append((what, "%s: %s" % (reply["error"]["code"], reply["error"]["message"])))

            ask("a query of 65,537 bytes", b'{"v":1,"op":"health","x":"' + b"x" * (65537 - 28) + b'"}')
            ask("a query nested 3,000 deep", b'{"v":1,"op":"summary","filter":' + b"[" * 3000 + b"]" * 3000 + b"}")
            ask("a query with a member twice", b'{"v":1,"op":"health","op":"redact"}')
            ask("a query that is no UTF-8", b'{"v":1,"op":"\xff"}')
            ask("a filter of 65 teams", json.dumps({"v": 1, "op": "waits", "filter": {"team": ["t"] * 65}}).encode())
            ask("65 parts in one question", json.dumps({"v": 1, "op": "series", "from": "2025-05-01", "to": "2025-05-01", "each": [{}] * 65}).encode())
            send("an event of 16,385 bytes", [b"b", line(referral("w-2", "2025-05-01", note="x" * 16385))])
            send("an event nested 9 deep", [b"b", line(referral("w-2", "2025-05-01", x={"a": {"a": {"a": {"a": {"a": {"a": {"a": 1}}}}}}}))])
            send("1,025 events in a batch", [b"b", frame([event("contact.made", "w-1", "2025-05-02") for _ in range(1025)])])
            send("a batch of 4 MiB and a byte", [b"b", b" " * (4 * 1024 * 1024 + 1)])
            send("a batch id of 33 bytes", [b"b" * 33, line(referral("w-2", "2025-05-01"))])
            for name in ("ingest", "query"):
                sock = daemon.context.socket(zmq.DEALER)
                monitor = sock.get_monitor_socket(zmq.EVENT_DISCONNECTED)
                sock.connect(daemon.endpoints[name])
                sock.send(b"x" * (8 * 1024 * 1024 + 1))
                self.assertTrue(monitor.poll(LIMIT_S * 1000), name)
                self.assertEqual(recv_monitor_message(monitor)["event"], zmq.EVENT_DISCONNECTED)
                rows.append(("a frame of more than 8 MiB to the %s socket" % name, "the connection is ended"))
                sock.disable_monitor()
                sock.close()
            self.assertEqual(daemon.total()["waiting"], 1)
        self.observe("Too large, too deep, too many", "The daemon answers others all the while, and nothing of it counts.", ["attempt", "observed"], rows)

    def raw(self, port, data):
        """The status line and the bytes that come back for raw bytes of HTTP."""
        with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S) as sock:
            sock.sendall(data)
            got = b""
            while True:
                part = sock.recv(65536)
                if not part:
                    break
                got += part
        return int(got.split(b" ", 2)[1]) if got else None, got

    def test_3_paths(self):
        rows, secret = [], b"root:"
        with Daemon() as daemon, Gateway(daemon) as gateway:
            gateway.wait_daemon("live")
            for path in ("/../../../etc/passwd", "/assets/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2f..%2fetc%2fpasswd",
                         "/..\\..\\etc\\passwd", "/.hidden.html", "/assets/main-K3XW5QZ2.js.br", "//etc/passwd", "/assets/%00/etc/passwd", "/%c0%ae%c0%ae/etc/passwd",
                         "/api/v1/../../etc/passwd", "/api/v1/evidence/../../../etc/passwd", "/api/v1/evidence/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
                         "/api/v1/evidence/" + "0" * 32, "/api/v1/waits/..%2f..%2fetc%2fpasswd"):
                status, got = self.raw(gateway.port, b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode())
                page = b"<!DOCTYPE html>" in got  # the pages' own index, which every address of a page gets
                self.assertNotIn(secret, got)
                self.assertNotIn(b"nobody's", got)
                self.assertTrue(status in (400, 403, 404) or page, (path, status, got[:200]))
                rows.append(("gateway: `GET %s`" % path, "%d%s" % (status, ", the pages' own index" if page and status == 200 else "")))
        folder = self.folder()
        backups = os.path.join(folder, "backups")
        os.mkdir(backups)
        with Daemon(config='journal += { backup_directory = "%s"; };' % backups) as daemon:
            for name in ("../escape", "/tmp/escape", "a/b", "..", ".hidden", "", "x-wal", "x.key", "x\0y", "x y", "a" * 129):
                code, pointer = daemon.error("backup", name=name)
                self.assertEqual((code, pointer), ("bad_request", "/name") if "\0" not in name else (code, pointer))
                rows.append(("backup named `%s`" % (name if len(name) < 40 else name[:5] + "…, 129 bytes").replace("\0", "\\0"), code))
            self.assertEqual((os.listdir(backups), sorted(os.listdir(folder))), ([], ["backups"]))
        rows += self.maps(folder) + self.packs(folder)
        self.observe("Paths that lead elsewhere", "None showed or wrote a file outside its folder.", ["attempt", "observed"], rows)

    def maps(self, folder):
        """Maps of an import that name files."""
        rows = []
        data = os.path.join(ROOT, "config", "import", "one-row-per-event.csv")
        with open(os.path.join(ROOT, "config", "import", "one-row-per-event.conf"), encoding="utf-8") as file:
            good = file.read()
        for what, text in (("includes /etc/passwd", '@include "/etc/passwd"\n' + good), ("names its key /etc/passwd", good + '\nperson_key_file = "/etc/passwd";\n')):
            path = os.path.join(folder, "map.conf")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            done = run("import", "csv", data, "--map", path, "--dry-run")
            self.assertNotEqual(done.returncode, 0, what)
            self.assertNotIn("root:", done.stdout + done.stderr)
            rows.append(("import with a map that %s" % what, "exit code %d, nothing of the file is shown" % done.returncode))
        return rows

    def packs(self, folder):
        """Packs to be verified that name files outside."""
        rows = []
        manifest = json.dumps({"files": [{"name": "../../../../etc/passwd", "bytes": 1, "sha256": "0" * 64}]})
        pack = os.path.join(folder, "pack")
        os.mkdir(pack)
        with open(os.path.join(pack, "manifest.json"), "w", encoding="utf-8") as file:
            file.write(manifest)
        with zipfile.ZipFile(os.path.join(folder, "pack.zip"), "w") as archive:
            archive.writestr("manifest.json", manifest)
            archive.writestr("../../escape.csv", "x")
        for name in ("pack", "pack.zip"):
            done = run("verify", os.path.join(folder, name))
            self.assertNotEqual(done.returncode, 0, name)
            self.assertNotIn("root:", done.stdout + done.stderr)
            rows.append(("verifying a %s that names `../../…`" % ("directory" if name == "pack" else "zip file"), "exit code %d" % done.returncode))
        self.assertFalse(os.path.exists(os.path.join(os.path.dirname(folder), "escape.csv")))
        return rows

    def test_4_sql(self):
        base = {"flow": {"from": "2025-05-01", "to": "2025-05-31"}, "series": {"from": "2025-05-01", "to": "2025-05-31"}, "restatement": {"day": "2025-05-31"},
                "wait": {"subject": "northref-1"}, "alert.ack": {"alert_id": "a1", "by": "jo"}, "follow.report": {"name": "f", "alert_seq": 0},
                "quarantine.retry": {"ids": [999], "by": "jo"}, "quarantine.discard": {"ids": [999], "by": "jo", "reason": "x"},
                "redact": {"subject": "nobody", "by": "jo", "reason": "x"}, "retention": {"dry_run": True}, "export": {"kind": "cqc", "from": "2025-05-01", "to": "2025-05-31"},
                "alert_figures": {"from": "2025-05-01", "to": "2025-05-31"}}
        rows = []
        with Daemon(clock=matrix.CLOCK) as daemon:
            matrix.fill(daemon)
            before = self.tables(daemon)
            for op, members in sorted(matrix.ops_of_the_daemon().items()):
                if op == "clock.set":
                    members = ["now"]
                seen = set()
                for name in members + ["op", "v", "on_behalf_of", "nonsense"]:
                    for text in SQL:
                        for value in self.placed(name, text):
                            body = {"v": 1, "op": op, **base.get(op, {}), name: value}
                            if name in ("code",) and op.startswith("quarantine."):
                                body.pop("ids", None)
                            if name in ("events", "person") and op == "redact":
                                body.pop("subject", None)
                            if name in ("from", "to", "group_by", "filter", "step") and op in ("flow", "series") and "each" in body:
                                body.pop("each")
                            reply = daemon.query(json.dumps(body).encode())
                            kept = op == "alert.ack" and name in ("by", "note") and reply["ok"]
                            if kept:
                                self.assertEqual(reply["transition"][name], text)
                            self.assertTrue(kept or not reply["ok"] or self.is_harmless(reply, op, name), (body, reply))
                            seen.add("kept as text" if kept else "nothing found" if reply["ok"] else reply["error"]["code"])
                rows.append(("`%s`" % op, ", ".join("`%s`" % name for name in members) or "–", ", ".join(sorted(seen))))
            sent = [referral("w-sql", "2025-05-02")]
            for number, text in enumerate(SQL):
                for name in ("source", "id", "type", "subject", "time"):
                    sent.append({**referral("w-sql-%d" % number, "2025-05-02"), name: text})
                for name in ("pathway", "team", "person", "district", "client_group", "clock_start"):
                    sent.append(referral("w-sql-%d" % number, "2025-05-02", **{name: text}))
                sent.append(referral("w-sql-%d" % number, "2025-05-02", dimensions={"deprivation": text, "d": text}))
            reply = daemon.send(*sent)
            self.assertTrue(reply["ok"], reply)
            codes = {each["code"] for each in reply["quarantined"]}
            taken = reply["accepted"] + reply["duplicates"]
            rows.append(("ingest", "every attribute and member of a referral", "%s; %d of %d are events, with the text as it is in `source` or `id`"
                         % (", ".join(sorted(codes)), taken, len(sent))))
            after = self.tables(daemon)
            self.assertEqual(after["schema"], before["schema"])
            self.assertEqual(after["events"], before["events"] + reply["accepted"])
            journal = os.path.join(self.folder(), "journal.db")
            shutil.copy(daemon.journal, journal)
            with sqlite3.connect("file:%s?mode=ro" % daemon.journal, uri=True) as database:
                self.assertEqual(database.execute("PRAGMA integrity_check").fetchone()[0], "ok")
            database.close()
            done = run("verify", daemon.journal)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        rows.append(("the journal afterwards", "its tables, its events, its chain", "as before; `waitlistctl verify` finds nothing wrong"))
        self.observe("SQL in every string of every op", "Each of %d texts, as `%s`, in every member, as text, in a list and as the name and value of a filter."
                     % (len(SQL), SQL[0]), ["op", "members", "observed"], rows)

    @staticmethod
    def placed(name, text):
        """A text where a member may have one."""
        if name == "filter":
            return [{text: "x"}, {"team": text}, {"team": [text, text]}, {"subject_prefix": text}, {"dimension." + text: text}, {"subject": text}, text]
        if name == "group_by":
            return [[text], ["dimension." + text], text]
        if name == "each":
            return [[{text: 1}], [{"filter": {"team": text}, "from": "2025-05-01", "to": "2025-05-02"}], text]
        if name == "events":
            return [[{"source": text, "id": text}], [text], text]
        if name == "on_behalf_of":
            return [{"user": text, "roles": ["viewer"], "teams": [text]}, {"user": text, "roles": [text]}, {"user": text, "roles": ["admin"]}, text]
        return [text, [text]]

    @staticmethod
    def is_harmless(reply, op, name):
        """An answer that a text of no meaning may have: nothing found, a grouping by a dimension that nobody has, what names somebody."""
        if name in ("on_behalf_of", "group_by", "each") or op == "follow.report":
            return True
        if op == "redact":
            return reply["redacted"] == 0
        if op.startswith("quarantine."):
            return reply["done"] == 0
        if "rows" in reply and op not in ("summary", "flow", "series", "restatement", "distribution"):
            return all("northref" not in json.dumps(row) for row in reply["rows"]) or name == "note"
        return reply.get("total", {}).get("waiting", reply.get("total", {}).get("count", 0)) == 0

    @staticmethod
    def tables(daemon):
        with sqlite3.connect("file:%s?mode=ro" % daemon.journal, uri=True) as database:
            schema = database.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
        database.close()
        return {"schema": schema, "events": daemon.ask("health")["journal_seq"]}

    def cells(self, what, text):
        """Every cell of a CSV; fails when a spreadsheet would take one for a formula."""
        found = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
        for cell in found:
            is_number = re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", cell) is not None
            self.assertTrue(cell == "" or cell[0] not in "=+-@\t\r" or is_number, (what, cell))
        return found

    def test_5_formulas(self):
        rows, folder = [], self.folder()
        with Daemon(clock="2025-06-02T12:00:00Z") as daemon:
            names = ("-a1", "-A1:B2", "-x/-y")
            for number, text in enumerate(FORMULAS):
                name = names[number % len(names)]
                daemon.take(referral("%s-%d" % (name, number), "2025-04-01", team="-team", person=name, source=text, district="-d", client_group="-c",
                                     dimensions={"deprivation": "-d%d" % number}, id=text),
                            event("wait.allocated", "%s-%d" % (name, number), "2025-04-02", {"worker": name}, source=text, id="a" + text),
                            event("wait.resumed", "%s-%d" % (name, number), "2025-04-03", source=text, id="r" + text))
                daemon.send({**referral(text, "2025-05-01"), "id": text, "source": text, "type": text})
            for number, alert in enumerate(daemon.ask("alerts", state="open")["rows"][:len(FORMULAS)]):
                daemon.ask("alert.ack", alert_id=alert["alert_id"], by=FORMULAS[number].replace("@", "="), note=FORMULAS[number].replace("@", "="))
            daemon.set_clock("2025-06-03T12:00:00Z")
            commands = {"waits": (), "exceptions": ("--filter", "kind=all"), "alerts": (), "summary": ("--group-by", "team,district,client_group,dimension.deprivation"),
                        "quarantine list": (), "data-quality": (), "status": (), "flow": ("--from", "2025-04-01", "--to", "2025-05-01", "--group-by", "team"),
                        "series": ("--from", "2025-06-01", "--to", "2025-06-02", "--group-by", "team"), "wait": ("-a1-0",)}
            disarmed = set()
            for command, more in commands.items():
                done = run(*command.split(), "--query", daemon.endpoints["query"], "--format", "csv", *(("--", *more) if command == "wait" else more))
                if done.returncode == 2:
                    continue
                self.assertEqual(done.returncode, 0, (command, done.stderr))
                quoted = [cell for cell in self.cells(command, done.stdout) if cell[:2] in ("'=", "'+", "'-", "'@")]
                disarmed.update(quoted)
                rows.append(("`waitlistctl %s --format csv`" % command, "formulas get a ' in front" if quoted else "none comes there"))
            self.assertTrue({"'" + text for text in FORMULAS if text[0] in "=+-@"} <= disarmed, disarmed)
            rows += self.pages(daemon) + self.pack(daemon, folder)
        self.observe("Formulas in what goes to a spreadsheet, and marks in what goes to a page",
                     "Texts as `%s` in sources, ids, dimensions, names, references, notes and who acknowledges." % "`, `".join(FORMULAS[:5]),
                     ["where it could come out", "observed"], rows)

    def pages(self, daemon):
        """The same by the gateway."""
        rows = []
        with Gateway(daemon) as gateway:
            gateway.wait_daemon("live")
            for path in ("waits.csv", "exceptions.csv?kind=all", "alerts.csv", "quarantine.csv", "summary.csv?group_by=team,dimension.deprivation"):
                answer = gateway.get("/api/v1/" + path)
                if answer.status == 404:
                    continue
                self.assertEqual(answer.status, 200, (path, answer.body[:200]))
                quoted = [cell for cell in self.cells(path, answer.body.decode()) if cell[:2] in ("'=", "'+", "'-", "'@")]
                rows.append(("gateway: `/api/v1/%s`" % path.split("?")[0], "formulas get a ' in front" if quoted else "none comes there"))
            self.assertIn("application/json", gateway.get("/api/v1/alerts").headers["content-type"])
            self.assertEqual(gateway.get("/api/v1/alerts").headers.get("x-content-type-options"), "nosniff")
            rows.append(("gateway: `<script>` in JSON", "`application/json` and `nosniff`: no browser runs it"))
        return rows

    def pack(self, daemon, folder):
        """A pack of evidence of it."""
        pack = os.path.join(folder, "pack")
        done = run("export", "cqc", "--query", daemon.endpoints["query"], "--from", "2025-04-01", "--to", "2025-05-31", "--unsigned", "--out", pack)
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in sorted(os.listdir(pack)):
            path = os.path.join(pack, name)
            if name.endswith(".csv"):
                with open(path, encoding="utf-8-sig", newline="") as file:
                    self.cells(name, file.read())
            elif name.endswith(".html"):
                with open(path, encoding="utf-8") as file:
                    self.assertNotIn("<script>alert", file.read(), name)
            elif name.endswith(".xlsx"):
                with zipfile.ZipFile(path) as book:
                    for sheet in book.namelist():
                        if sheet.startswith("xl/worksheets/"):
                            self.assertNotRegex(book.read(sheet), rb"<f[ >]", sheet)
                            self.assertNotRegex(book.read(sheet), rb"<hyperlink[^>]* r:id=", sheet)  # which lead elsewhere
        return [("pack of evidence: CSV", "formulas get a ' in front"), ("pack of evidence: workbook", "texts are texts: no sheet has a formula or a link that leads elsewhere"),
                ("pack of evidence: pages", "marks are escaped")]

    def streams(self, daemon, gateway):
        """What streams show of alerts that were missed and of new ones, and who is in the access log for it."""
        rows, first = [], daemon.ask("health")["epoch"] + ":0"
        for number, (who, headers, shows) in enumerate((("a manager of north", dict(self.JO), "own"),
                                                        ("a viewer", {"X-Remote-User": "al", "X-Remote-Groups": "counters"}, ""))):
            stream = Stream(gateway, last=first, headers=headers)
            for team, mark in (("south", "southref"), ("north", "northref")):
                daemon.take(referral("%s-new-%d" % (mark, number), "2025-04-01", team=team))
            seq = daemon.ask("health")["alert_seq"]
            wanted = ("alert", lambda data: data["subject"].endswith("-new-%d" % number)) if shows else ("heartbeat", lambda data: data.get("alert_seq", 0) >= seq)
            last, before = stream.until(*wanted)
            stream.close()
            text = json.dumps([last, before])
            self.assertEqual(" and ".join(name for name, mark in (("own", "northref"), ("other", "southref")) if mark in text), shows, text[:500])
            rows.append(("the stream of %s, from the first alert on" % who, "shows " + shows if shows else "shows nobody"))
        looks = daemon.ask("access", user="jo", of="alerts")["rows"]
        self.assertTrue(looks)
        self.assertEqual(daemon.ask("access", user="al", of="alerts")["rows"], [])
        rows.append(("… and who that was, in the access log", "`jo`, of the op `alerts`"))
        return rows

    SIGN_IN = """dashboard = { sign_in = "proxy"; user_header = "X-Remote-User"; groups_header = "X-Remote-Groups"; trusted_proxies = ( "%s" );
      groups = ( { group = "north-managers"; roles = ( "manager" ); teams = ( "north" ); }, { group = "counters"; roles = ( "viewer" ); } ); };"""
    JO = (("X-Remote-User", "jo"), ("X-Remote-Groups", "north-managers"))

    def http(self, gateway, method, path, headers=(), body=None):
        """One request with just these headers, as often as they are given; gives the status and what came."""
        head = [("Host", "localhost")] if not any(name == "Host" for name, _ in headers) else []
        head += list(headers) + [("Connection", "close")] + ([("Content-Length", str(len(body)))] if body is not None else [])
        text = "%s %s HTTP/1.1\r\n%s\r\n" % (method, path, "".join("%s: %s\r\n" % pair for pair in head))
        status, got = self.raw(gateway.port, text.encode() + (body or b""))
        return status, got.partition(b"\r\n\r\n")[2].decode(errors="replace")

    def test_6_gateway(self):
        rows = []
        with Daemon(clock=matrix.CLOCK, config=self.SIGN_IN % "127.0.0.1") as daemon:
            matrix.fill(daemon)
            own, other = (matrix.alert_of(daemon, team) for team in ("north", "south"))

            def note(what, status, body, shows=""):
                seen = " and ".join(name for name, mark in (("own", "northref"), ("other", "southref")) if mark in body)
                self.assertEqual(seen, shows, (what, status, body[:300]))
                rows.append((what, "%d%s" % (status, ", shows " + seen if seen else ", shows nobody" if status == 200 else "")))

            def behind(gateway):
                def get(what, path, headers, shows="", expected=None):
                    status, body = self.http(gateway, "GET", path, headers)
                    self.assertEqual(status, expected or (200 if shows else status), (what, body[:300]))
                    self.assertTrue(shows or expected or status >= 400 or status in (302, 303), (what, status, body[:200]))
                    note(what, status, body, shows)
                return get

            json_type, page = ("Content-Type", "application/json"), ("Sec-Fetch-Site", "same-origin")
            with Gateway(daemon, arguments=()) as gateway:
                gateway.wait_daemon("live")
                get = behind(gateway)
                get("a manager of north asks `waits`", "/api/v1/waits", self.JO, "own")
                get("… with `team=south`", "/api/v1/waits?team=south", self.JO, expected=200)
                get("… for a wait of south", "/api/v1/wait?subject=southref-1", self.JO)
                get("… for `waits.csv`", "/api/v1/waits.csv", self.JO, "own")
                get("… with a parameter `on_behalf_of`", "/api/v1/waits?on_behalf_of=admin", self.JO)
                get("… for `data_quality`", "/api/v1/data_quality", self.JO)
                get("… for `quarantine`", "/api/v1/quarantine", self.JO)
                get("… for `access`", "/api/v1/access", self.JO)
                get("… for `evidence`", "/api/v1/evidence", self.JO)
                get("nobody is named", "/api/v1/waits", ())
                get("a user without groups", "/api/v1/waits", self.JO[:1])
                get("groups without a user", "/api/v1/waits", self.JO[1:])
                get("a group that is not configured", "/api/v1/waits", (self.JO[0], ("X-Remote-Groups", "admins")))
                get("two users", "/api/v1/waits", (self.JO[0], *self.JO))
                get("two headers of groups", "/api/v1/waits", (*self.JO, ("X-Remote-Groups", "counters")))
                get("underscores for hyphens", "/api/v1/waits", (("X_Remote_User", "jo"), ("X_Remote_Groups", "north-managers")))
                get("a viewer asks `waits`", "/api/v1/waits", (("X-Remote-User", "al"), ("X-Remote-Groups", "counters")))
                get("a viewer asks `summary` by worker", "/api/v1/summary?group_by=worker", (("X-Remote-User", "al"), ("X-Remote-Groups", "counters")))
                get("another `Host`", "/api/v1/waits", (*self.JO, ("Host", "evil.example")))
                get("a made-up cookie", "/api/v1/waits", (("Cookie", "session=" + "A" * 43),))
                get("a made-up token", "/api/v1/waits", (("Authorization", "Bearer wl_" + "A" * 43),))
                body = json.dumps({"by": "jo"}).encode()
                for what, path, headers, content in (
                        ("acknowledging south's alert", other, (*self.JO, json_type, page), body),
                        ("without a word of where it comes from", own, (*self.JO, json_type), body),
                        ("from another site's page", own, (*self.JO, json_type, ("Origin", "https://evil.example")), body),
                        ("from another site's page, by `Sec-Fetch-Site`", own, (*self.JO, json_type, ("Sec-Fetch-Site", "cross-site")), body),
                        ("as a form would send it", own, (*self.JO, ("Content-Type", "text/plain"), page), body),
                        ("with `on_behalf_of` in the body", own, (*self.JO, json_type, page), b'{"by":"jo","on_behalf_of":{"user":"x","roles":["admin"]}}'),
                        ("with another op in the body", own, (*self.JO, json_type, page), b'{"by":"jo","op":"redact"}'),
                        ("by a viewer", own, (("X-Remote-User", "al"), ("X-Remote-Groups", "counters"), json_type, page), body),
                        ("by nobody", own, (json_type, page), body)):
                    status, came = self.http(gateway, "POST", "/api/v1/alerts/%s/ack" % path, headers, content)
                    self.assertGreaterEqual(status, 400, (what, came[:200]))
                    note("acknowledging, " + what if not what.startswith("ack") else what, status, came)
                status, came = self.http(gateway, "POST", "/api/v1/alerts/%s/ack" % own, (*self.JO, json_type, page), b'{"by":"somebody else"}')
                self.assertEqual((status, json.loads(came)["transition"]["by"]), (200, "jo"), came)
                rows.append(("acknowledging, in another's name", "200, noted as by jo"))
                rows += self.streams(daemon, gateway)
            daemon.configure(self.SIGN_IN % "192.0.2.1")
            with Gateway(daemon, arguments=()) as gateway:
                gateway.wait_daemon("live")
                behind(gateway)("the proxy's headers from an address that is not trusted", "/api/v1/waits", self.JO)
            daemon.configure("")
            with Gateway(daemon, arguments=("--sign-in=none", "--open-role=viewer")) as gateway:
                gateway.wait_daemon("live")
                behind(gateway)("the proxy's headers where nobody signs in and everybody is a viewer", "/api/v1/waits", self.JO)
        self.observe("The dashboard's gateway", "Behind a proxy that says who asks, who is `jo`, a manager of the team north, unless it says otherwise.",
                     ["attempt", "observed"], rows)

    def test_7_keys(self):
        rows = []
        kinds = {"ingest": zmq.DEALER, "publish": zmq.SUB, "query": zmq.DEALER}
        stays, goes = Peer("stays", ("admin",)), Peer("goes", ("admin",))
        with KeyedDaemon([stays, goes]) as daemon:
            daemon.take(referral("w-1", "2025-05-01"))
            thief, other = Peer("thief"), zmq.curve_keypair()[0]
            thief.public = stays.public

            def handshakes(what, peer, wanted, server=None):
                came = [daemon.handshake(kinds[name], name, peer, server) for name in SOCKETS]
                self.assertTrue(all(each == wanted for each in came), (what, came))
                rows.append((what, *came))

            handshakes("a listed key", stays, "let in")
            handshakes("no key", None, "cut off")
            handshakes("a key that is not listed", Peer("stranger"), "refused, 400")
            handshakes("a listed key's public half, without its secret", thief, "cut off")
            handshakes("a listed key, to a daemon with another key", stays, "cut off", other)
            sock, kept = daemon.dial(zmq.DEALER, "query", goes), daemon.dial(zmq.DEALER, "query", stays)
            for each in (sock, kept):
                self.assertTrue(daemon.ask_by(each, "waits")["ok"])
            daemon.let_in([stays])
            daemon.reload()
            handshakes("a key that was removed, after a reload", goes, "refused, 400")
            handshakes("a key that stayed, after a reload", stays, "let in")
            sock.send(b'{"v":1,"op":"waits"}')
            self.assertTrue(daemon.ask_by(kept, "waits")["ok"])
            daemon.until_logged("what=connect")
            self.assertFalse(sock.poll(0))
            rows.append(("a question on the connection that the removed key had", "–", "–", "no answer, while the one that stayed is answered on its own"))
            sock = daemon.context.socket(zmq.DEALER)
            sock.routing_id, sock.curve_serverkey = b"mine", daemon.public
            sock.curve_publickey, sock.curve_secretkey = stays.public, stays.secret
            sock.connect(daemon.tcp["query"])
            code = daemon.ask_by(sock, "waits")["error"]["code"]
            sock.close()
            rows.append(("a routing id of one's own, under which another could get the answer", "–", "–", code))
            rows.append(("recorded frames of a listed key, sent again", self.replayed(daemon, stays), "–", "–"))
        self.observe("Keys", "On the TCP endpoints, each on its own connection: how the handshake ends. `refused, 400` is the daemon's own refusal; what is cut "
                     "off did not come so far.", ["attempt", *SOCKETS], rows)

    def replayed(self, daemon, peer):
        """What comes of bytes that were recorded on the way to the ingest socket, when they come again."""
        kept = []
        server, thread = test_keys.Replay.relay(self, daemon.tcp["ingest"], kept)
        sock = daemon.context.socket(zmq.DEALER)
        sock.linger = 0
        sock.curve_serverkey, sock.curve_publickey, sock.curve_secretkey = daemon.public, peer.public, peer.secret
        sock.connect("tcp://127.0.0.1:%d" % server.getsockname()[1])
        sock.send_multipart([b"b", frame([referral("w-replayed", "2025-05-01")])])
        self.assertEqual(json.loads(receive(sock)[1])["accepted"], 1)
        sock.close()
        thread.join(LIMIT_S)
        server.close()
        before = daemon.ask("health")["counters"]["requests"]
        host, port = daemon.tcp["ingest"][6:].split(":")
        with socket.create_connection((host, int(port)), LIMIT_S) as raw:
            raw.settimeout(LIMIT_S)
            try:
                raw.sendall(b"".join(kept))
                while raw.recv(65536):
                    pass
            except OSError as error:
                self.assertNotIsInstance(error, TimeoutError)
        self.assertEqual(daemon.ask("health")["counters"]["requests"], before)
        return "cut off, nothing was taken"

    def test_8_doors(self):
        rows = []
        peers = {"producer of `urn:test`": Peer("own", ("producer",), sources=("urn:test",)), "producer of `urn:other`": Peer("other", ("producer",), sources=("urn:other",)),
                 "viewer": Peer("viewer"), "manager of north": Peer("north", ("manager",), ("north",)), "analyst": Peer("analyst", ("analyst",)),
                 "admin": Peer("admin", ("admin",))}
        may_send = {"producer of `urn:test`", "admin"}
        hears = {"viewer": set(), "manager of north": {"north"}, "analyst": {"north", "south"}, "admin": {"north", "south"}}
        with KeyedDaemon(peers.values()) as daemon:
            for number, (who, peer) in enumerate(peers.items()):
                sock = daemon.dial(zmq.DEALER, "ingest", peer)
                sock.send_multipart([b"b", frame([referral("w-%d" % number, "2025-05-20")])])
                reply = json.loads(receive(sock)[1])
                self.assertEqual(reply["ok"], who in may_send, (who, reply))
                sent = "accepted" if reply["ok"] else reply["error"]["code"]
                for topic in (b"", b"alert.breach.needs_assessment.south."):
                    heard = self.heard(daemon, peer, topic, "%d-%d" % (number, len(topic)), None if who in hears else peers["admin"])
                    teams = {name for name in hears.get(who, set()) if name == "south" or b"south" not in topic}
                    self.assertEqual(heard, teams, (who, topic))
                    rows.append((who, sent, "`%s`" % topic.decode() if topic else "everything", "alerts of " + " and ".join(sorted(heard)) if heard else "no alert"))
                    sent = ""
        self.observe("Events and subscriptions", "Each hands in one event of the source `urn:test`, and subscribes, while alerts of north and south are raised.",
                     ["who", "handing in", "subscription", "hears"], rows)

    def heard(self, daemon, peer, topic, mark, witness):
        """The teams of the alerts that a subscription hears; who hears no heartbeat is known by one who does, who subscribed later."""
        beats = witness is None
        silent = None if beats else door.Listener(daemon, peer, [topic], heartbeat=False)
        listener = door.Listener(daemon, peer if beats else witness, [topic])
        daemon.take(*(referral("a-%s-%s" % (mark, team), "2025-04-01", team) for team in ("north", "south")))
        seq = daemon.ask("health")["alert_seq"]
        seen = listener.until("heartbeat.", lambda beat: beat["alert_seq"] >= seq)
        listener.close()
        if silent is not None:
            got = silent.sock.poll(0)
            silent.close()
            self.assertFalse(got)
            return set()
        return {name.split(".")[3] for name, _, _ in seen if name.startswith("alert.")}


def write():
    Attempts.written = []
    result = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(Attempts))
    if result.wasSuccessful():
        with open(DOCUMENT, "w", encoding="utf-8") as file:
            file.write(HEAD + "\n" + "\n".join(Attempts.written))
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    if "--write" in sys.argv:
        sys.exit(write())
    unittest.main()
