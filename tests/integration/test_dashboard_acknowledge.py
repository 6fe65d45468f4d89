#!/usr/bin/python3
"""Acknowledging an alert through the gateway: by whom, from where, in which words."""
import json
import unittest

from daemon import Daemon, referral
from gateway import Gateway, Stream, problem_of

JSON = {"Content-Type": "application/json"}


class Acknowledging(unittest.TestCase):
    config = ""

    def setUp(self):
        self.daemon = Daemon(config=self.config)
        self.addCleanup(self.daemon.close)
        self.daemon.take(referral("W-1", "2025-04-20"), referral("W-2", "2025-04-20"))
        self.gateway = Gateway(self.daemon)
        self.addCleanup(self.gateway.end)
        self.gateway.wait_daemon("live")
        self.alert = next(row["alert_id"] for row in self.daemon.alerts() if row["subject"] == "W-1" and row["rule"] == "breach")

    def post(self, body=None, headers=None, alert=None, raw=None):
        return self.gateway.request("POST", "/api/v1/alerts/%s/ack" % (alert or self.alert), raw if raw is not None else json.dumps(body),
                                    {**JSON, **(headers or {})})

    def refused(self, *arguments, **named):
        return problem_of(self.post(*arguments, **named))


class ByBody(Acknowledging):
    def test_it_is_durable_and_every_page_hears_of_it(self):
        stream = Stream(self.gateway)
        self.addCleanup(stream.close)
        answer = self.post({"by": "Jo", "note": "visit on Monday", "expected_by": "2025-06-09"})
        self.assertEqual(answer.status, 200, answer.body)
        transition = answer.json()["transition"]
        self.assertEqual((transition["transition"], transition["by"], transition["note"], transition["expected_by"]),
                         ("acknowledged", "Jo", "visit on Monday", "2025-06-09"))
        self.assertEqual(stream.alerts(1), [transition])
        self.assertEqual(self.daemon.alerts()[-1], transition)
        again = self.post({"by": "Jo", "note": "visit on Monday", "expected_by": "2025-06-09"})
        self.assertEqual((again.status, again.json()["repeated"]), (200, True))
        self.assertEqual(self.post({"by": "Jo", "note": None}).status, 200)

    def test_what_the_daemon_refuses(self):
        self.assertEqual(self.refused({}), (400, "bad_request", "/by"))
        self.assertEqual(self.refused({"by": ""}), (400, "bad_request", "/by"))
        self.assertEqual(self.refused({"by": "Jo", "expected_by": "2020-01-01"}), (400, "bad_request", "/expected_by"))
        self.assertEqual(self.refused({"by": "Jo", "note": "x" * 501}), (400, "bad_request", "/note"))
        self.assertEqual(self.refused({"by": "Jo"}, alert="a99999")[:2], (404, "not_found"))
        self.daemon.take({"specversion": "1.0", "id": "x", "source": "urn:test", "type": "asc.wait.closed", "subject": "W-1",
                          "time": "2025-05-31T09:00:00Z", "data": {"reason": "died"}})
        self.assertEqual(self.refused({"by": "Jo"})[:2], (409, "conflict"))

    def test_what_the_gateway_refuses(self):
        for raw in ("", "{", "[]", "1", '{"by":"Jo","by":"Jo"}', b'{"by":"\\xff"}', '{"by":"Jo","level":1}', '{"by":"Jo","alert_id":"a2"}',
                    '{"by":"Jo","op":"redact"}'):
            self.assertEqual(self.refused(raw=raw)[:2], (400, "bad_request"), raw)
        self.assertEqual(self.refused(raw="x" * 8193), (413, "too_large", None))
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""):
            self.assertEqual(self.refused({"by": "Jo"}, {"Content-Type": kind}), (415, "bad_type", None), kind)
        self.assertEqual(self.post({"by": "Jo"}, {"Content-Type": "application/json; charset=utf-8"}).status, 200)
        for path in ("/api/v1/alerts/", "/api/v1/alerts/a1", "/api/v1/alerts//ack", "/api/v1/alerts/a/b/ack", "/api/v1/alerts/a1/ack/",
                     "/api/v1/alerts/%s/ack" % ("a" * 65)):
            self.assertEqual(problem_of(self.gateway.request("POST", path, "{}", JSON)), (404, "not_found", None), path)
        self.assertEqual(problem_of(self.gateway.request("POST", "/api/v1/alerts/a1/ack?by=Jo", "{}", JSON))[:2], (400, "bad_request"))
        answer = self.gateway.get("/api/v1/alerts/a1/ack")
        self.assertEqual((problem_of(answer)[0], answer.headers["allow"]), (405, "POST, OPTIONS"))
        self.assertEqual([row["transition"] for row in self.daemon.alerts() if row["transition"] == "acknowledged"], ["acknowledged"])

    def test_only_our_own_pages(self):
        own = "127.0.0.1:%d" % self.gateway.port
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
                        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
                        {"Sec-Fetch-Site": "cross-site", "Origin": "http://" + own}):
            self.assertEqual(self.refused({"by": "Jo"}, headers), (403, "forbidden", None), headers)
        self.assertNotIn("acknowledged", [row["transition"] for row in self.daemon.alerts()])
        for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": "http://" + own}, {"Origin": "http://" + own}, {}):
            self.assertEqual(self.post({"by": "Jo"}, headers).status, 200, headers)

    def test_without_a_daemon_nothing_is_promised(self):
        self.daemon.kill()
        self.gateway.wait_daemon("away")
        self.assertEqual(self.refused({"by": "Jo"}), (503, "daemon_away", None))


if __name__ == "__main__":
    unittest.main()
