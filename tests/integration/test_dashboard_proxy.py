#!/usr/bin/python3
"""A reverse proxy says who asks: whom the gateway believes, what groups mean, and every way in which a header can lie."""
import json
import socket
import unittest

from daemon import LIMIT_S, Daemon, referral
from gateway import problem_of
from signing import PAGE, SigningGateway, add_token, json_of

USER, GROUPS = "X-Remote-User", "X-Remote-Groups"
CONFIG = """dashboard = {
  sign_in = "proxy"; user_header = "X-Remote-User"; groups_header = "X-Remote-Groups"; groups_separator = "|";
  trusted_proxies = ( "127.0.0.1", "127.5.0.0/16", "::1" );
  groups = ( { group = "asc-managers-north"; roles = ( "manager" ); teams = ( "north" ); },
             { group = "asc-managers-south"; roles = ( "manager" ); teams = ( "south" ); },
             { group = "asc performance"; roles = ( "analyst" ); },
             { group = "senders"; roles = ( "producer" ); } );
};"""


class Proxy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(config=CONFIG)
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.take(*(referral(team[0].upper() + "-1", "2025-04-20", team=team) for team in ("north", "south", "east")))
        cls.token = add_token(cls.daemon, "prometheus", "viewer")
        cls.gateway = SigningGateway(cls.daemon)
        cls.addClassCleanup(cls.gateway.end)
        cls.gateway.wait_daemon("live")

    def me(self, headers, address="127.0.0.1", path="/api/v1/me"):
        return self.gateway.ask_from(address, "GET", path, headers=headers)

    def raw_me(self, *lines):
        return self.gateway.raw(b"GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n")

    def test_a_request_has_one_end(self):
        """What one reader takes for a body is another's next request, with a name that no proxy wrote: neither is answered, the connection ends."""
        smuggled = ("GET /api/v1/waits HTTP/1.1\r\nHost: localhost\r\n%s: j.smith\r\n%s: asc performance\r\n\r\n" % (USER, GROUPS)).encode()
        whole = len(b"0\r\n\r\n" + smuggled)
        for lines in (b"Content-Length: %d\r\nTransfer-Encoding: chunked" % whole, b"Transfer-Encoding: chunked\r\ncontent-length: 4",
                      b"Content-Length: %d\r\nContent-Length: 5" % whole, b"Content-Length: 5\r\nContent-Length: %d" % whole,
                      b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"Content-Length: 5\r\nHost: evil.example"):
            with socket.create_connection(("127.0.0.1", self.gateway.port), timeout=LIMIT_S) as sock:
                sock.sendall(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n" + lines + b"\r\n\r\n0\r\n\r\n" + smuggled)
                said = b""
                try:
                    while piece := sock.recv(65536):
                        said += piece
                except ConnectionResetError:
                    pass
            self.assertTrue(said.startswith(b"HTTP/1.1 400 "), (lines, said))
            self.assertEqual((said.count(b"HTTP/1.1 "), said.count(b"N-1")), (1, 0), lines)

    def test_groups_add_up(self):
        for groups, roles, teams in (("asc-managers-north", ["manager"], ["north"]), ("x|asc-managers-north|asc-managers-south", ["manager"], ["north", "south"]),
                                     (" asc performance | nobody knows ", ["analyst"], []),
                                     ("asc performance|asc-managers-south||asc-managers-south", ["manager", "analyst"], ["south"])):
            me = json_of(self.me({USER: "j.smith", GROUPS: groups}))
            self.assertEqual((me["user"], me["roles"], me["teams"], me["sign_in"]), ("j.smith", roles, teams, "proxy"), groups)
        rows = json_of(self.me({USER: "j.smith", GROUPS: "asc-managers-north|asc-managers-south"}, path="/api/v1/waits"))
        self.assertEqual(({row["subject"] for row in rows["rows"]}, rows["restricted_to"]), ({"N-1", "S-1"}, ["north", "south"]))

    def test_who_is_in_no_group_is_told_whom_to_ask(self):
        for groups in ("", "strangers", "asc-managers-nort", "asc-managers-north,asc-managers-south", "senders", "ASC-MANAGERS-NORTH", None):
            headers = {USER: "j.smith", **({} if groups is None else {GROUPS: groups})}
            self.assertEqual(problem_of(self.me(headers)), (403, "no_role", None), groups)
        page = self.gateway.request("GET", "/people", headers={USER: "j.smith", GROUPS: "strangers", **PAGE})
        self.assertEqual((page.status, page.headers["content-type"]), (403, "text/html; charset=utf-8"))
        self.assertIn(b"Ask your IT service desk", page.body)
        self.assertIn(b"asc-managers-north", page.body)

    def test_nobody_is_nobody(self):
        self.assertEqual(problem_of(self.me({})), (401, "not_signed_in", None))
        page = self.gateway.request("GET", "/", headers=PAGE)
        self.assertEqual(page.status, 403)
        self.assertIn(b"You are not signed in", page.body)
        self.assertEqual(problem_of(self.me({GROUPS: "asc performance"})), (401, "not_signed_in", None))

    def test_only_the_proxy_is_believed(self):
        good = {USER: "j.smith", GROUPS: "asc performance"}
        for address in ("127.0.0.1", "127.5.0.1", "127.5.255.254"):
            self.assertEqual(self.me(good, address).status, 200, address)
        for address in ("127.0.0.2", "127.4.255.255", "127.6.0.1"):
            for headers in (good, {USER: "j.smith"}, {GROUPS: "asc performance"}, {USER: ""}):
                self.assertEqual(problem_of(self.me(headers, address))[:2], (403, "forbidden"), (address, headers))
            for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Forwarded-Host", "Via"):
                headers = {**good, name: "for=127.0.0.1" if name == "Forwarded" else "127.0.0.1"}
                self.assertEqual(problem_of(self.me(headers, address))[:2], (403, "forbidden"), name)
        log = [line for line in self.gateway.log().splitlines() if "none of dashboard.trusted_proxies" in line]
        self.assertTrue(log)
        self.assertLess(len(log), 10, "told at doubling intervals")

    def test_headers_that_lie(self):
        user, groups = b"X-Remote-User: j.smith", b"X-Remote-Groups: asc performance"
        self.assertEqual(self.raw_me(user, groups).status, 200)
        self.assertEqual(self.raw_me(b"x-remote-USER: j.smith", b"X-REMOTE-groups: asc performance").status, 200, "case means nothing")
        refused = [(user, user, groups), (user, b"x-remote-user: admin", groups), (user, groups, groups), (user, groups, b"X-REMOTE-GROUPS: x"),
                   (b"X-Remote-User: ", groups), (b"X-Remote-User: a\tb", groups), (b"X-Remote-User: " + b"x" * 129, groups),
                   (b"X-Remote-User: \xff", groups), (b"X-Remote-User: a\x7fb", groups), (b"X-Remote-User: \xc2\x85", groups),
                   (b"X-Remote-User: a\x01b", groups), (b"X-Remote-User: " + b"@" * 40, groups)]
        for lines in refused:
            answer = self.raw_me(*lines)
            self.assertIn(answer.status, (400, 403), lines)
        for lines in ((b"X_Remote_User: admin", groups), (b"X-Remote-User-: admin", groups), (b"X-RemoteUser: admin", groups), (b"Remote-User: admin", groups)):
            self.assertEqual(self.raw_me(*lines).status, 401, lines)
        self.assertIn(self.raw_me(b"X-Remote-User : admin", groups).status, (400, 401, 403), "a blank before the colon")
        self.assertIn("hold no name", self.gateway.log())
        self.assertNotIn("j.smith", self.gateway.log())

    def test_a_name_is_a_name(self):
        self.assertEqual(json_of(self.me({USER: "Zo\u00eb O'Neil".encode(), GROUPS: "asc performance"}))["user"], "Zo\u00eb O'Neil")
        self.assertEqual(json_of(self.me({USER: "j.smith@council.example", GROUPS: "asc performance"}))["user"], "j.smith at council.example")
        answer = self.me({USER: "j.smith@council.example", GROUPS: "asc performance"}, path="/api/v1/waits")
        self.assertEqual(answer.status, 200, "the daemon takes it too")

    def test_what_is_shown_by_itself_must_come_from_our_pages(self):
        alert = next(row["alert_id"] for row in self.daemon.alerts() if row["subject"] == "N-1" and row["rule"] == "breach")
        path, headers = "/api/v1/alerts/%s/ack" % alert, {USER: "j.smith", GROUPS: "asc-managers-north", "Content-Type": "application/json"}
        post = lambda more: self.gateway.request("POST", path, json.dumps({"by": "another"}), {**headers, **more})
        self.assertEqual(problem_of(post({}))[:2], (403, "forbidden"))
        self.assertEqual(problem_of(post({"Sec-Fetch-Site": "cross-site"}))[:2], (403, "forbidden"))
        answer = post({"Sec-Fetch-Site": "same-origin"})
        self.assertEqual((answer.status, json_of(answer)["transition"]["by"]), (200, "j.smith"))

    def test_programs_have_tokens(self):
        bearer = {"Authorization": "Bearer " + self.token}
        for address in ("127.0.0.1", "127.0.0.9"):
            self.assertEqual(self.me(bearer, address, "/metrics").status, 200)
            self.assertEqual(json_of(self.me(bearer, address))["user"], "prometheus")
        self.assertEqual(json_of(self.me({**bearer, USER: "j.smith", GROUPS: "asc performance"}))["user"], "j.smith", "the proxy's word goes first")
        self.assertEqual(problem_of(self.me({**bearer, USER: "j.smith", GROUPS: "asc performance"}, "127.0.0.9"))[:2], (403, "forbidden"))

    def test_the_page_for_tokens_is_not_there(self):
        answer = self.gateway.request("GET", "/sign-in?to=/people", headers=PAGE)
        self.assertEqual((answer.status, answer.headers["location"]), (303, "/people"))


class Behind(unittest.TestCase):
    def test_a_gateway_on_every_address_sees_mapped_ones(self):
        """On an IPv6 socket for everything an IPv4 proxy comes as ::ffff:127.0.0.1, and is the same proxy."""
        config = CONFIG.replace('sign_in = "proxy"', 'sign_in = "proxy"; allow_beyond_loopback = true; host_names = "localhost"')
        with Daemon(config=config) as daemon:
            gateway = SigningGateway(daemon, start=False)
            gateway.arguments = ["--listen", "[::]:0"]
            with gateway.start():
                headers = {USER: "j.smith", GROUPS: "asc performance"}
                self.assertEqual(gateway.ask_from("127.0.0.1", "GET", "/api/v1/me", headers=headers).status, 200)
                self.assertEqual(gateway.ask_from("127.0.0.2", "GET", "/api/v1/me", headers=headers).status, 403)


if __name__ == "__main__":
    unittest.main()
