#!/usr/bin/python3
"""Signing in at the gateway with tokens: sessions, their ends, other sites, failures that cost time, and what each role may reach."""
import concurrent.futures
import json
import os
import time
import unittest

from access_log import entries_of
from daemon import Daemon, LIMIT_S, WAITLISTCTL, referral
from gateway import Stream, problem_of
from signing import COOKIE, FORM, OWN, PAGE, SigningGateway, add_token, ends, json_of, loopback, remove_token, tokens_path

JSON = {"Content-Type": "application/json"}
ROLES = ("viewer", "manager", "analyst", "admin")
# What each role gets at each address: a viewer counts, a manager people, an analyst everything that is read.
ADDRESSES = {
    "/metrics": "viewer", "/api/v1/me": "viewer", "/api/v1/health": "viewer", "/api/v1/config": "viewer", "/api/v1/policies": "viewer",
    "/api/v1/summary?group_by=team": "viewer", "/api/v1/summary.csv": "viewer", "/api/v1/distribution": "viewer", "/api/v1/snapshot": "viewer",
    "/api/v1/flow?from=2025-05-01&to=2025-05-31": "viewer", "/api/v1/series?from=2025-05-30&to=2025-05-31": "viewer",
    "/api/v1/summary?group_by=worker": "manager", "/api/v1/summary?worker=w1": "manager", "/api/v1/distribution?subject_prefix=W": "manager",
    "/api/v1/waits": "manager", "/api/v1/waits.csv": "manager", "/api/v1/wait?subject=N-1": "manager", "/api/v1/alerts": "manager",
    "/api/v1/exceptions": "manager", "/api/v1/quarantine": "analyst", "/api/v1/data_quality": "analyst", "/api/v1/evidence": "analyst",
    "/": "viewer", "/people": "viewer", "/alerts": "viewer",
}


class Signing(unittest.TestCase):
    config = ""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(config="dashboard = { %s };" % cls.config)
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.take(referral("N-1", "2025-04-20", worker="w1"), referral("S-1", "2025-04-20", team="south"), referral("N-2", "2025-05-30"))
        cls.tokens = {role: add_token(cls.daemon, role + ".one", role, teams=("north",) if role == "manager" else ()) for role in ROLES}
        cls.gateway = SigningGateway(cls.daemon)
        cls.addClassCleanup(cls.gateway.end)
        cls.gateway.wait_daemon("live")


class Sessions(Signing):
    def test_nothing_is_told_to_nobody(self):
        for path in ADDRESSES:
            answer = self.gateway.get(path)
            if not path.startswith(("/api", "/metrics")):
                self.assertEqual(problem_of(answer), (401, "not_signed_in", None), path)
                answer = self.gateway.get(path, Accept="text/html,*/*")
                self.assertEqual(answer.status, 303)
                self.assertTrue(answer.headers["location"].startswith("/sign-in"), path)
                self.assertEqual(answer.headers["cache-control"], "no-store")
            else:
                self.assertEqual(problem_of(answer), (401, "not_signed_in", None), path)
                self.assertEqual(answer.headers["www-authenticate"].split()[0], "Bearer")
        for path in ("/api/v1/stream", "/api/v1/alerts/a1/ack", "/api/v1/evidence", "/api/v1/nothing", "/index.html", "/nowhere"):
            method = "POST" if path.endswith(("ack", "evidence")) else "GET"
            self.assertEqual(self.gateway.request(method, path, "{}" if method == "POST" else None, JSON).status, 401, path)
        self.assertEqual(self.gateway.get("/healthz").status, 200)
        self.assertEqual(self.gateway.get("/assets/main-K3XW5QZ2.js").status, 200)
        self.assertEqual(self.gateway.get("/favicon.svg").status, 200)

    def test_the_page_needs_no_script_and_cannot_be_framed(self):
        answer = self.gateway.get("/sign-in?to=%2Fpeople%3Fteam%3Dnorth", Accept="text/html")
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "text/html; charset=utf-8"))
        self.assertIn(b'<form action="/sign-in" method="post"', answer.body)
        self.assertIn(b'name="to" value="/people?team=north"', answer.body)
        for word in (b"<script", b"style=", b" onload", b" onclick"):
            self.assertNotIn(word, answer.body)
        self.assertIn("frame-ancestors 'none'", answer.headers["content-security-policy"])
        self.assertEqual((answer.headers["x-frame-options"], answer.headers["cache-control"]), ("DENY", "no-store"))
        answer = self.gateway.get("/sign-in?to=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
        self.assertNotIn(b"<script", answer.body)

    def test_signing_in_and_out(self):
        answer = self.gateway.sign_in(self.tokens["manager"], "/people?team=north&x=%20")
        self.assertEqual((answer.status, answer.headers["location"]), (303, "/people?team=north&x=%20"))
        cookie, *marks = answer.headers["set-cookie"].split("; ")
        self.assertEqual(set(marks), {"Path=/", "HttpOnly", "SameSite=Strict", "Secure"})
        self.assertTrue(cookie.startswith(COOKIE + "="))
        self.assertGreaterEqual(len(cookie.split("=")[1]), 43)
        session = {"Cookie": cookie}
        me = json_of(self.gateway.request("GET", "/api/v1/me", headers=session))
        self.assertEqual((me["user"], me["roles"], me["teams"], me["sign_in"]), ("manager.one", ["manager"], ["north"], "tokens"))
        self.assertRegex(me["until"], r"^\d{4}-\d\d-\d\dT.*Z$")
        self.assertEqual(self.gateway.request("GET", "/sign-in?to=/queue", headers={**session, **PAGE}).headers["location"], "/queue")
        # Another's page signs nobody out, and neither does a link.
        self.assertEqual(self.gateway.request("POST", "/sign-out", headers={**session, "Sec-Fetch-Site": "cross-site"}).status, 403)
        self.assertEqual(self.gateway.request("POST", "/sign-out", headers=session).status, 403)
        self.assertEqual(self.gateway.request("GET", "/sign-out", headers=session).status, 405)
        self.assertEqual(self.gateway.request("GET", "/api/v1/me", headers=session).status, 200)
        out = self.gateway.request("POST", "/sign-out", headers={**session, **OWN})
        self.assertEqual((out.status, out.headers["location"]), (303, "/sign-in?ended=out"))
        self.assertIn("Max-Age=0", out.headers["set-cookie"])
        self.assertEqual(self.gateway.request("GET", "/api/v1/me", headers=session).status, 401)

    def test_the_way_back_stays_here(self):
        for to in ("//evil.example/", "/\\evil.example", "https://evil.example/", "evil", "", "/a b", "/sign-in?to=/", "/sign-out", "/x\r\nSet-Cookie: a=b", "/\u00e9"):
            self.assertEqual(self.gateway.sign_in(self.tokens["viewer"], to).headers.get("location", "/"), "/", to)
        answer = self.gateway.get("/people?name=%3Cb%3E&team=north", Accept="text/html")
        self.assertEqual(answer.headers["location"], "/sign-in?to=%2Fpeople%3Fname%3D%253Cb%253E%26team%3Dnorth")

    def test_a_key_from_before_is_worth_nothing_after(self):
        planted = {"Cookie": COOKIE + "=" + "a" * 43}
        answer = self.gateway.sign_in(self.tokens["viewer"], headers=planted)
        self.assertNotIn("a" * 43, answer.headers["set-cookie"])
        self.assertEqual(self.gateway.request("GET", "/api/v1/me", headers=planted).status, 401)
        first = self.gateway.session(self.tokens["viewer"])
        second = self.gateway.sign_in(self.tokens["analyst"], headers={"Cookie": first["Cookie"]})
        self.assertEqual(second.status, 303)
        self.assertEqual(self.gateway.request("GET", "/api/v1/me", headers=first).status, 401, "a new session ends the one before it")

    def test_cookies_that_are_none(self):
        good = self.gateway.session(self.tokens["viewer"])["Cookie"]
        for cookie in ("", COOKIE, COOKIE + "=", COOKIE + "=x", good + "; " + good, good + "x", good.replace(COOKIE, "waitlist"),
                       good.replace(COOKIE, COOKIE.lower()), COOKIE + "=" + "a" * 200, "=" + good.split("=")[1]):
            self.assertEqual(self.gateway.request("GET", "/api/v1/me", headers={"Cookie": cookie}).status, 401, cookie)
        self.assertEqual(self.gateway.request("GET", "/api/v1/me", headers={"Cookie": "a=1; %s ; b=2" % good}).status, 200)
        raw = b"GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\nCookie: x=1\r\n\r\n" % good.encode()
        self.assertEqual(self.gateway.raw(raw).status, 401, "whose is whose?")

    def test_sessions_of_one_person_push_each_other_out(self):
        token = self.gateway.known_token("many", "viewer")
        sessions = [self.gateway.session(token) for _ in range(11)]
        alive = [self.gateway.request("GET", "/api/v1/me", headers=each).status for each in sessions]
        self.assertEqual(alive, [401] + [200] * 10)

    def test_changing_something_must_come_from_our_pages(self):
        alert = next(row["alert_id"] for row in self.daemon.alerts() if row["subject"] == "N-1" and row["rule"] == "breach")
        path, body = "/api/v1/alerts/%s/ack" % alert, json.dumps({"by": "somebody else", "note": "n"})
        session = {"Cookie": self.gateway.session(self.tokens["manager"])["Cookie"], **JSON}
        host = "127.0.0.1:%d" % self.gateway.port
        for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
                        {"Origin": "null"}, {"Origin": "https://evil.example"}, {"Origin": "http://%s.evil.example" % host}):
            self.assertEqual(problem_of(self.gateway.request("POST", path, body, {**session, **headers}))[:2], (403, "forbidden"), headers)
        answer = self.gateway.request("POST", path, body, {**session, "Origin": "http://" + host})
        self.assertEqual((answer.status, json_of(answer)["transition"]["by"]), (200, "manager.one"))
        again = self.gateway.as_program(self.tokens["manager"], path, "POST", body, JSON)
        self.assertEqual(again.status, 200, "a program that shows a token is no page of anybody")
        foreign = self.gateway.as_program(self.tokens["manager"], path, "POST", body, {**JSON, "Sec-Fetch-Site": "cross-site"})
        self.assertEqual(foreign.status, 403)

    def test_another_sites_form_signs_nobody_in(self):
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-site"}):
            self.assertEqual(self.gateway.sign_in(self.tokens["viewer"], headers=headers).status, 403, headers)
        body = "token=" + self.tokens["viewer"]
        self.assertEqual(self.gateway.request("POST", "/sign-in", body, FORM).status, 403, "no browser of today says nothing")
        self.assertEqual(self.gateway.request("POST", "/sign-in", body, {**FORM, "Origin": "null"}).status, 403)
        self.assertEqual(self.gateway.request("POST", "/sign-in", body, {**OWN, "Content-Type": "text/plain"}).status, 415)
        self.assertEqual(self.gateway.request("POST", "/sign-in", "a=%zz", {**OWN, **FORM}).status, 400)
        self.assertEqual(self.gateway.sign_in("").status, 400)

    def test_a_link_from_elsewhere_leads_back_to_the_session(self):
        """A browser sends no SameSite=Strict cookie with the first request that another site's page has led to."""
        answer = self.gateway.get("/people?team=north&a=%22", Accept="text/html", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")
        self.assertEqual(answer.status, 200)
        self.assertIn(b'http-equiv="refresh" content="0;url=/people?team=north&amp;a=%22"', answer.body)
        self.assertEqual(self.gateway.get("/people", Accept="text/html", Sec_Fetch_Site="same-origin").status, 303)

    def test_secrets_are_in_no_log_and_no_address(self):
        session = self.gateway.session(self.tokens["admin"])
        self.gateway.sign_in("wait_" + "x" * 43, address=loopback())
        self.gateway.as_program("wait_" + "y" * 43, "/api/v1/me")
        self.gateway.request("GET", "/api/v1/me", headers=session)
        figures = self.gateway.as_program(self.tokens["viewer"], "/metrics").body.decode()
        self.assertRegex(figures, r"(?m)^waitlist_dashboard_sign_ins_failed_total [2-9]")
        self.assertRegex(figures, r"(?m)^waitlist_dashboard_sessions [1-9]")
        log = self.gateway.log() + self.daemon.log()
        with open(tokens_path(self.daemon), encoding="utf-8") as file:
            kept = file.read()
        for secret in list(self.tokens.values()) + [session["Cookie"].split("=")[1], "x" * 43, "y" * 43]:
            self.assertNotIn(secret, log)
            self.assertNotIn(secret[5:], log)
            self.assertNotIn(secret[5:], kept)
        self.assertNotIn("admin.one", log)
        self.assertEqual(os.stat(tokens_path(self.daemon)).st_mode & 0o777, 0o640)


class Roles(Signing):
    def test_each_role_at_each_address(self):
        sessions = {role: self.gateway.session(self.tokens[role]) for role in ROLES}
        for path, least in ADDRESSES.items():
            for role in ROLES:
                for headers in (sessions[role], {"Authorization": "Bearer " + self.tokens[role]}):
                    answer = self.gateway.request("GET", path, headers={**headers, **PAGE} if not path.startswith("/api") else headers)
                    may = ROLES.index(role) >= ROLES.index(least)
                    self.assertEqual(answer.status, 200 if may else 403, (role, path, answer.body[:200]))
                    if not may:
                        self.assertEqual(problem_of(answer)[1], "forbidden")

    def test_a_manager_sees_only_own_people(self):
        ask = lambda path: json_of(self.gateway.as_program(self.tokens["manager"], path))
        rows = ask("/api/v1/waits?status=waiting")
        self.assertEqual(({row["team"] for row in rows["rows"]}, rows["restricted_to"]), ({"north"}, ["north"]))
        self.assertNotIn("restricted_to", json_of(self.gateway.as_program(self.tokens["analyst"], "/api/v1/waits?status=waiting")))
        own = self.gateway.as_program(self.tokens["manager"], "/api/v1/wait?subject=N-1")
        other = self.gateway.as_program(self.tokens["manager"], "/api/v1/wait?subject=S-1")
        never = self.gateway.as_program(self.tokens["manager"], "/api/v1/wait?subject=X-1")
        self.assertEqual((own.status, other.status, never.status), (200, 404, 404))
        self.assertEqual(json_of(other)["detail"].replace("S-1", ""), json_of(never)["detail"].replace("X-1", ""))
        self.assertEqual({row["team"] for row in ask("/api/v1/alerts")["rows"]}, {"north"})
        everybody = ask("/api/v1/summary?group_by=team")
        self.assertEqual({row["keys"]["team"] for row in everybody["rows"]}, {"north", "south"}, "counts are for everybody")
        csv = self.gateway.as_program(self.tokens["manager"], "/api/v1/waits.csv").body
        self.assertIn(b"N-1", csv)
        self.assertNotIn(b"S-1", csv)

    def test_who_may_acknowledge(self):
        alerts = {row["subject"]: row["alert_id"] for row in self.daemon.alerts() if row["rule"] == "breach"}
        tries = [("viewer", "N-1", 403), ("analyst", "N-1", 403), ("manager", "S-1", 404), ("manager", "N-1", 200), ("admin", "S-1", 200)]
        for role, subject, status in tries:
            answer = self.gateway.as_program(self.tokens[role], "/api/v1/alerts/%s/ack" % alerts[subject], "POST", "{}", JSON)
            self.assertEqual(answer.status, status, (role, subject, answer.body))
            if status == 200:
                self.assertEqual(json_of(answer)["transition"]["by"], role + ".one")

    def test_the_stream_tells_each_what_they_may_see(self):
        streams = {role: Signed(self.gateway, self.tokens[role]) for role in ROLES}
        for stream in streams.values():
            self.addCleanup(stream.close)
        last = self.daemon.alerts()[-1]["seq"]
        epoch = streams["admin"].until("heartbeat")[0]["epoch"]
        self.daemon.take(referral("N-9", "2025-04-20"), referral("S-9", "2025-04-20", team="south"), referral("E-9", "2025-05-20", team="east"))
        through = self.daemon.alerts()[-1]["seq"]
        wanted = [row for row in self.daemon.alerts(since=last)]
        seen = {}
        for role, stream in streams.items():
            _, before = stream.until("heartbeat", lambda beat: beat["alert_seq"] >= through)
            seen[role] = [data for name, data, _ in before if name == "alert"]
            self.assertIn("east", {data["keys"].get("team") for name, data, _ in before if name == "position"}, role)
        self.assertEqual(seen["admin"], wanted)
        self.assertEqual(seen["analyst"], wanted)
        self.assertEqual(seen["manager"], [row for row in wanted if row["team"] == "north"])
        self.assertEqual(seen["viewer"], [])
        # Who comes back with the id of before gets the same.
        for role in ROLES:
            stream = Signed(self.gateway, self.tokens[role], last="%s:%d" % (epoch, last))
            self.addCleanup(stream.close)
            _, before = stream.until("heartbeat", lambda beat: stream.last is not None and int(stream.last.rsplit(":")[-1]) >= through)
            self.assertEqual([data for name, data, _ in before if name == "alert"], seen[role], role)

    def test_who_only_follows_is_in_the_access_log(self):
        """A stream alone shows people, what was missed too: each begins with an entry in the name of who follows."""
        def looks(user):
            rows = entries_of(os.path.join(self.daemon.folder, "access"))
            return [row["what"]["since"] for row in rows if row["op"] == "alerts" and row["user"] == user]
        last = self.daemon.alerts()[-1]["seq"]
        for role in ROLES:
            token = self.gateway.known_token(role + ".follows", role, teams=("north",) if role == "manager" else ())
            stream = Signed(self.gateway, token)
            self.addCleanup(stream.close)
            epoch = stream.until("heartbeat")[0]["epoch"]
            if role == "viewer":
                continue
            deadline = time.monotonic() + LIMIT_S
            while not looks(role + ".follows"):
                self.assertLess(time.monotonic(), deadline, role)
                stream.until("heartbeat")
            self.assertEqual(looks(role + ".follows"), [last])
            again = Signed(self.gateway, token, last="%s:0" % epoch)
            self.addCleanup(again.close)
            again.until("alert")
            self.assertIn(0, looks(role + ".follows"), "what was missed is asked for in their name")
        self.assertEqual(looks("viewer.follows"), [])

    def test_equal_questions_about_counts_stay_one(self):
        """Whoever asks: the daemon is asked as for a viewer. What is about people is each one's own."""
        def asked():
            text = self.gateway.as_program(self.tokens["viewer"], "/metrics").body.decode()
            return {line.split(" ")[0]: float(line.split(" ")[1]) for line in text.splitlines() if line.startswith("waitlist_dashboard_questions")}
        self.daemon.set_clock("2025-06-01T13:00:00Z")
        stream = Signed(self.gateway, self.tokens["viewer"])
        self.addCleanup(stream.close)
        stream.until("heartbeat", lambda beat: beat["now"] >= "2025-06-01T13")
        settled = "/api/v1/summary?as_at=2025-05-20&known_at=2025-06-01T12:30:00.000Z&group_by=team"
        for role in ROLES:
            self.assertEqual(self.gateway.as_program(self.tokens[role], settled).status, 200)
        kept = [value for name, value in asked().items() if 'outcome="kept"' in name]
        self.assertEqual(kept, [3.0], "asked once, and kept for the three others")
        people = "/api/v1/waits?as_at=2025-05-20&known_at=2025-06-01T12:30:00.000Z&status=waiting"
        found = [len(json_of(self.gateway.as_program(self.tokens[role], people))["rows"]) for role in ("analyst", "manager", "analyst", "admin")]
        self.assertEqual(found[0], found[2])
        self.assertGreater(found[0], found[1], "what an analyst was told is not kept for a manager")
        kept = [value for name, value in asked().items() if 'outcome="kept"' in name]
        self.assertEqual(kept, [3.0], "nothing about people is kept")
        looks = [row["user"] for row in entries_of(os.path.join(self.daemon.folder, "access")) if row["op"] == "waits" and row["what"].get("known_at")]
        self.assertEqual([user[0] for user in looks], ["a", "m", "a", "a"], "each look is in the access log, the second of the same one too")


class Signed(Stream):
    """The stream of somebody with a token."""

    def __init__(self, gateway, token=None, query="", last=None, headers=None):
        self.connection = gateway.connection()
        sent = dict(headers or {"Authorization": "Bearer " + token})
        if last:
            sent["Last-Event-ID"] = last
        self.connection.request("GET", "/api/v1/stream" + query, headers=sent)
        self.sock = self.connection.sock
        self.response = self.connection.getresponse()
        assert self.response.status == 200, (self.response.status, self.response.read())
        self.last, self.retry = last, None


class Ends(Signing):
    """Each test takes something away, so each has its own people."""

    def person(self, name, role="analyst"):
        token = self.gateway.known_token(name, role)
        return token, self.gateway.session(token)

    def gone(self, token, session, streams):
        for stream in streams:
            self.assertTrue(ends(stream), "the stream of one who is out goes on")
            stream.close()
        self.assertEqual(self.gateway.request("GET", "/api/v1/me", headers=session).status, 401)
        if token:
            answer = self.gateway.ask_from(loopback(), "GET", "/api/v1/me", headers={"Authorization": "Bearer " + token})
            self.assertEqual(problem_of(answer), (401, "not_signed_in", None))

    def test_signing_out_ends_the_stream_and_no_other(self):
        token, session = self.person("out")
        other = self.gateway.session(token)
        stream, stays = Signed(self.gateway, headers=session), Signed(self.gateway, headers=other)
        self.addCleanup(stays.close)
        self.gateway.request("POST", "/sign-out", headers=session)
        self.gone(None, session, [stream])
        self.assertEqual(self.gateway.request("GET", "/api/v1/me", headers=other).status, 200)
        stays.until("heartbeat")

    def test_a_removed_token_ends_sessions_and_streams(self):
        token, session = self.person("removed")
        streams = [Signed(self.gateway, headers=session), Signed(self.gateway, token)]
        remove_token(self.daemon, "removed")
        self.gone(token, session, streams)

    def test_a_token_whose_rights_change_ends_them_too(self):
        token, session = self.person("changed")
        stream = Signed(self.gateway, headers=session)
        with open(tokens_path(self.daemon), encoding="utf-8") as file:
            text = json.load(file)
        next(each for each in text["tokens"] if each["user"] == "changed")["roles"] = ["viewer"]
        self.replace(json.dumps(text))
        self.assertTrue(ends(stream))
        stream.close()
        self.assertEqual(self.gateway.request("GET", "/api/v1/me", headers=session).status, 401)
        self.assertEqual(json_of(self.gateway.as_program(token, "/api/v1/me"))["roles"], ["viewer"])

    def test_an_expired_token_is_none(self):
        token, session = self.person("expired")
        stream = Signed(self.gateway, headers=session)
        with open(tokens_path(self.daemon), encoding="utf-8") as file:
            text = json.load(file)
        next(each for each in text["tokens"] if each["user"] == "expired")["expires"] = "2025-01-01T00:00:00.000Z"
        self.replace(json.dumps(text))
        self.gone(token, session, [stream])

    def replace(self, text):
        path = tokens_path(self.daemon)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path + ".new", 0o600)
        os.rename(path + ".new", path)

    def test_a_file_that_cannot_be_believed_is_none(self):
        for spoil, reason in ((lambda path: os.chmod(path, 0o644), "can be read by others"), (lambda path: os.chmod(path, 0o660), "written by its group"),
                              (os.unlink, "there is no file of tokens"), (lambda path: self.replace("{"), "is no file of tokens")):
            token, session = self.person("spoilt")
            stream = Signed(self.gateway, headers=session)
            with open(tokens_path(self.daemon), encoding="utf-8") as file:
                before = file.read()
            spoil(tokens_path(self.daemon))
            self.gone(token, session, [stream])
            self.assertIn(reason, self.gateway.log())
            reads = self.gateway.reads()
            self.replace(before)
            self.gateway.wait_read(reads)
            self.assertEqual(self.gateway.as_program(token, "/api/v1/me").status, 200)


class Packs(Signing):
    """A pack of evidence is made with the rights of who asks for it, and is theirs alone."""
    config = 'evidence = { command = "%s"; };' % WAITLISTCTL

    def state(self, role, path):
        return self.gateway.as_program(self.tokens[role], path)

    def test_each_has_their_own(self):
        body = json.dumps({"from": "2025-05-01", "to": "2025-05-31", "audience": "sensitive"})
        for role in ("viewer", "manager"):
            refused = self.gateway.as_program(self.tokens[role], "/api/v1/evidence", "POST", body, JSON)
            self.assertEqual(problem_of(refused)[:2], (403, "forbidden"), role)
        made = self.gateway.as_program(self.tokens["analyst"], "/api/v1/evidence", "POST", body, JSON)
        self.assertEqual(made.status, 202, made.body)
        path = made.headers["location"]
        for _ in range(1000000):
            pack = json_of(self.state("analyst", path))
            if pack["state"] in ("done", "failed"):
                break
        self.assertEqual(pack["state"], "done", pack)
        self.assertEqual(self.state("analyst", path + ".zip").body[:2], b"PK")
        self.assertEqual(self.state("analyst", path + ".zip").body[:2], b"PK")
        noted = [(row["user"], row["what"]["from"]) for row in self.daemon.ask("access", of="export")["rows"] if row["what"]["kind"] == "download"]
        self.assertEqual(noted, [("analyst.one", "2025-05-01")] * 2)  # each time that it leaves
        for role, status in (("viewer", 403), ("manager", 403), ("admin", 404)):
            for each in (path, path + ".zip"):
                self.assertEqual(self.state(role, each).status, status, role)
            self.assertEqual(self.gateway.as_program(self.tokens[role], path, "DELETE").status, status, role)
        self.assertEqual(self.state("analyst", path).status, 200)
        asked = [row for row in self.daemon.ask("access", limit=1000)["rows"] if row["op"] == "export"]
        self.assertEqual({row["user"] for row in asked}, {"analyst.one"}, "the access log says who took it")


class Failing(Signing):
    def fail(self, address):
        return self.gateway.sign_in("wait_" + "n" * 43, "/queue", address=address)

    def test_it_is_answered_late_and_nobody_else_waits(self):
        address = loopback()
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            tries = [pool.submit(self.fail, address) for _ in range(17)]
            # The seventeenth is told at once to come again; nobody else waits for those before it.
            first = next(concurrent.futures.as_completed(tries, LIMIT_S)).result()
            self.assertEqual(first.status, 503)
            self.assertEqual(first.headers["retry-after"], "60")
            self.assertEqual(self.gateway.sign_in(self.tokens["viewer"], address=address).status, 303, "who is right does not wait")
            self.assertFalse(all(each.done() for each in tries), "the sixteen wait still")
            done = next(each for each in concurrent.futures.as_completed(tries, LIMIT_S) if each.result().status != 503).result()
            self.assertEqual((done.status, done.headers["www-authenticate"].split()[0]), (401, "Bearer"))
            self.assertIn(b"not known here", done.body)
            self.assertIn(b'value="/queue"', done.body)
            self.gateway.stop()  # without waiting for them
            self.assertTrue(all(each.exception(LIMIT_S) or each.result().status in (401, 503) for each in tries))
        lines = [line for line in self.gateway.log().splitlines() if "a sign-in failed" in line and address in line]
        self.assertEqual([line.rsplit("failures=")[1] for line in lines], ["1", "2", "4", "8", "16"], "told at doubling counts")
        self.gateway.start()


class Starts(unittest.TestCase):
    def refused(self, dashboard, *arguments):
        with Daemon(config="dashboard = { %s };" % dashboard) as daemon:
            gateway = SigningGateway(daemon, start=False)
            gateway.arguments = list(arguments)
            try:
                with self.assertRaises(AssertionError):
                    gateway.start()
                return gateway.log()
            finally:
                gateway.close()

    def test_none_is_for_the_loopback_address(self):
        log = self.refused('sign_in = "none"; allow_beyond_loopback = true;', "--listen", "0.0.0.0:0")
        self.assertIn("which is for the loopback address alone", log)

    def test_what_would_let_nobody_in_or_everybody(self):
        self.assertIn("needs user_header and groups_header", self.refused('sign_in = "proxy"; user_header = "X-User";'))
        self.assertIn("needs trusted_proxies", self.refused('sign_in = "proxy"; user_header = "X-User"; groups_header = "X-G"; trusted_proxies = ();'))
        self.assertIn('needs sign_in = "proxy"', self.refused('user_header = "X-User";'))
        self.assertIn("needs dashboard.tokens", self.refused('tokens = "";'))

    def test_none_is_warned_about_and_has_the_role_that_is_said(self):
        with Daemon(config='dashboard = { sign_in = "none"; };') as daemon, SigningGateway(daemon) as gateway:
            daemon.take(referral("W-1", "2025-04-20"))
            gateway.wait_daemon("live")
            self.assertIn("nobody signs in (dashboard.sign_in is none)", gateway.log())
            self.assertEqual(gateway.ask("/api/v1/me"), {"user": None, "roles": ["viewer"], "teams": [], "until": None, "sign_in": "none"})
            self.assertEqual(gateway.ask("/api/v1/summary")["total"]["waiting"], 1)
            self.assertEqual(gateway.problem("/api/v1/waits")[:2], (403, "forbidden"))
            self.assertEqual(gateway.problem("/api/v1/evidence")[:2], (403, "forbidden"))
            self.assertEqual(gateway.get("/sign-in", Accept="text/html").status, 303)
        with Daemon(config='dashboard = { sign_in = "none"; open_role = "manager"; };') as daemon, SigningGateway(daemon) as gateway:
            daemon.take(referral("W-1", "2025-04-20"))
            gateway.wait_daemon("live")
            self.assertEqual(len(gateway.ask("/api/v1/waits")["rows"]), 1)
            self.assertEqual(gateway.problem("/api/v1/quarantine")[:2], (403, "forbidden"))


if __name__ == "__main__":
    unittest.main()
