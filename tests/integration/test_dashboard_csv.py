#!/usr/bin/python3
"""The gateway's CSV: byte for byte what waitlistctl writes, over all pages, whole or visibly not."""
import http.client
import re
import subprocess
import unittest

from daemon import WAITLISTCTL, Daemon, event, referral
from gateway import Gateway

PEOPLE = 2300


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(config="dashboard = { csv_rows = 9000; };")
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.take(*(referral("W-%04d" % i, "2025-0%d-%02d" % (i % 5 + 1, i % 28 + 1), team=("north", "south")[i % 2], priority=i % 4 + 1,
                                   dimensions={"deprivation": str(i % 5 + 1)}) for i in range(PEOPLE)))
        cls.daemon.take(*(referral("W-%04d" % i, "2025-05-30") for i in range(1200)))  # exceptions: referred already
        cls.daemon.send(*(b'{"specversion":"1.0","id":"q-%d","source":"=cmd","type":"asc.nonsense","subject":"x","time":"2025-05-01T00:00:00Z"}' % i
                          for i in range(30)))
        cls.daemon.set_clock("2025-06-03T12:00:00Z")
        cls.gateway = Gateway(cls.daemon)
        cls.addClassCleanup(cls.gateway.end)
        cls.gateway.wait_daemon("live")

    def ctl(self, *words):
        done = subprocess.run([WAITLISTCTL, "-c", self.daemon.config_path, *words, "--format", "csv"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=True)
        return done.stdout, done.stderr.decode()

    def pages(self, *words):
        """All pages as waitlistctl writes them, under one heading."""
        whole, more = self.ctl(*words, "--limit", "1000")
        while "--cursor" in more:
            page, more = self.ctl(*words, "--limit", "1000", "--cursor", re.search(r"--cursor (\S+)", more).group(1))
            whole += page[page.index(b"\r\n") + 2:]
        return whole

    def file(self, path, name):
        answer = self.gateway.get("/api/v1/" + path)
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "text/csv; charset=utf-8"), answer.body[:300])
        self.assertEqual(answer.headers["content-disposition"], 'attachment; filename="%s.csv"' % name)
        self.assertEqual(answer.headers["cache-control"], "no-store")
        return answer.body

    def test_one_page_answers(self):
        for path, name, words in (
                ("summary.csv", "summary-2025-06-03", ("summary",)),
                ("summary.csv?group_by=priority&team=north", "summary-north-2025-06-03", ("summary", "--group-by", "priority", "--filter", "team=north")),
                ("summary.csv?as_at=2025-06-01&basis=reported", "summary-2025-06-01", ("summary", "--as-at", "2025-06-01", "--basis", "reported")),
                ("flow.csv?from=2025-01-01&to=2025-05-31&step=month", "flow-2025-01-01-2025-05-31",
                 ("flow", "--from", "2025-01-01", "--to", "2025-05-31", "--step", "month")),
                ("series.csv?from=2025-05-01&to=2025-05-31&group_by=team", "series-2025-05-01-2025-05-31",
                 ("series", "--from", "2025-05-01", "--to", "2025-05-31", "--group-by", "team")),
                ("distribution.csv?pathway=needs_assessment", "distribution-needs_assessment-2025-06-03",
                 ("distribution", "--filter", "pathway=needs_assessment")),
                ("restatement.csv?day=2025-06-01&group_by=team", "restatement-2025-06-01-2025-06-01-2025-06-01",
                 ("restatement", "2025-06-01", "--group-by", "team")),
                ("data-quality.csv", "data_quality-2025-06-03", ("data-quality",)),
                ("wait.csv?subject=W-0001", "wait-W-0001-2025-06-03", ("wait", "W-0001")),
                ("waits.csv?limit=7&sort=subject", "waits-2025-06-03", ("waits", "--limit", "7", "--sort", "subject"))):
            with self.subTest(path=path):
                self.assertEqual(self.file(path, name), self.ctl(*words)[0])

    def test_all_pages_in_one_file(self):
        waits = self.file("waits.csv?sort=subject&team=north&team=south", "waits-2025-06-03")
        self.assertEqual(waits.count(b"\r\n"), PEOPLE + 1)
        self.assertEqual(waits, self.pages("waits", "--sort", "subject", "--filter", "team=north,south"))
        self.assertEqual(self.file("waits.csv?as_at=2025-05-20&team=north", "waits-north-2025-05-20"),
                         self.pages("waits", "--as-at", "2025-05-20", "--filter", "team=north"))
        exceptions = self.file("exceptions.csv?code=duplicate_referral", "exceptions-2025-06-03")
        self.assertEqual(exceptions.count(b"\r\n"), 1201)
        self.assertEqual(exceptions, self.pages("exceptions", "--filter", "code=duplicate_referral"))
        alerts = self.file("alerts.csv", "alerts")
        self.assertEqual(alerts.count(b"\r\n"), len(self.daemon.alerts()) + 1)
        self.assertEqual([line.split(b",")[0] for line in alerts.split(b"\r\n")[1:-1]], [b"%d" % row["seq"] for row in self.daemon.alerts()])
        opened = self.file("alerts.csv?state=open&team=north", "alerts-north")
        self.assertGreater(opened.count(b"\r\n"), 1000)
        self.assertEqual(self.file("quarantine.csv", "quarantine"), self.ctl("quarantine", "list", "--limit", "1000")[0])
        self.assertIn(b"\"'=cmd\"", self.file("quarantine.csv?limit=1", "quarantine"))

    def test_the_access_log_in_one_file(self):
        for number in range(1100):
            self.daemon.ask("wait", subject="W-%04d" % number)
        expected = self.ctl("access", "--op", "wait", "--limit", "100000")[0]
        self.assertGreater(expected.count(b"\r\n"), 1100)
        self.assertEqual(self.file("access.csv?of=wait", "access"), expected)
        answer = self.gateway.get("/api/v1/access?of=wait&subject=W-0003")
        self.assertEqual([row["what"]["subject"] for row in answer.json()["rows"]], ["W-0003"])

    def test_pages_belong_together_while_events_come(self):
        """Every page is known at the moment of the first: who comes, goes or moves meanwhile is not in one page and out of the other."""
        connection = self.gateway.connection()
        connection.request("GET", "/api/v1/waits.csv?sort=subject&as_at=2025-06-03")
        response = connection.getresponse()
        first = response.read(20000)
        self.daemon.take(*(event("wait.closed", "W-%04d" % i, "2025-06-02", {"reason": "died"}) for i in range(2200, 2300)))
        rest = response.read()
        connection.close()
        self.assertEqual((first + rest).count(b"\r\n"), PEOPLE + 1)
        self.daemon.take(*(event("wait.reopened", "W-%04d" % i, "2025-06-03", {}) for i in range(2200, 2300)))

    def test_what_is_refused(self):
        for path, expected in (("waits.csv?limit=0", (400, "bad_request", "/limit")), ("nonsense.csv", (404, "not_found", None)),
                               ("config.csv", (404, "not_found", None)), ("snapshot.csv", (404, "not_found", None)),
                               (".csv", (404, "not_found", None)), ("flow.csv", (400, "bad_request", "/from")),
                               ("health.csv?a=1", (400, "bad_request", "/a")), ("wait.csv?subject=nobody", (404, "not_found", None))):
            found = self.gateway.problem("/api/v1/" + path)
            self.assertEqual(found[:2], expected[:2], path)
            if expected[2]:
                self.assertEqual(found[2], expected[2], path)
        self.assertEqual(self.gateway.request("POST", "/api/v1/waits.csv").status, 405)
        head = self.gateway.request("HEAD", "/api/v1/waits.csv")
        self.assertEqual((head.status, head.body, head.headers["content-type"]), (200, b"", "text/csv; charset=utf-8"))


class Limits(unittest.TestCase):
    def test_more_rows_than_a_download_may_have(self):
        with Daemon(config="dashboard = { csv_rows = 1000; };") as daemon, Gateway(daemon) as gateway:
            daemon.take(*(referral("W-%04d" % i, "2024-06-01") for i in range(1001)))
            gateway.wait_daemon("live")
            self.assertEqual(gateway.problem("/api/v1/waits.csv"), (400, "too_many_rows", None))
            self.assertEqual(gateway.get("/api/v1/waits.csv?limit=1000").status, 200)
            with self.assertRaises(http.client.IncompleteRead):  # 4,004 alerts, of which nobody knows before how many there are
                gateway.get("/api/v1/alerts.csv")

    def test_a_file_that_cannot_be_finished_does_not_look_whole(self):
        with Daemon() as daemon, Gateway(daemon) as gateway:
            for first in range(0, 20000, 1000):
                daemon.take(*(referral("W-%05d" % i, "2025-05-30", dimensions={"d": "x" * 60}) for i in range(first, first + 1000)))
            gateway.wait_daemon("live")
            connection = gateway.connection()
            connection.request("GET", "/api/v1/waits.csv")
            response = connection.getresponse()
            begun = response.read(100)
            self.assertTrue(begun.startswith(b"subject,"))
            daemon.kill()
            gateway.wait_daemon("away")
            with self.assertRaises(http.client.IncompleteRead):
                response.read()
            connection.close()
            daemon.start()


if __name__ == "__main__":
    unittest.main()
