#!/usr/bin/python3
"""The morning list: what waitlistctl prints, and what the relay delivers once a day by the daemon's clock."""
import html.parser
import json
import os
import subprocess
import unittest

from daemon import WAITLISTCTL, Daemon, event, referral
from relay import Receiver, Relay

MONDAY = "2025-06-02T05:00:00Z"  # six in the morning in London


class Digest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(clock=MONDAY)
        self.addCleanup(self.daemon.close)
        self.daemon.take(
            referral("N-old", "2025-03-01"), referral("N-friday", "2025-05-01"), referral("N-weekend", "2025-05-03"), referral("N-today", "2025-05-04"),
            referral("N-due", "2025-05-08", priority=2), referral("N-fresh", "2025-05-30"), referral("S-1", "2025-05-04", team="south"),
            event("contact.made", "N-fresh", "2025-05-31"))

    def ctl(self, *words):
        done = subprocess.run([WAITLISTCTL, "-c", self.daemon.config_path, "digest", *words], capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stdout, done.stderr

    def subjects(self, digest, name):
        return sorted(row["subject"] for row in digest[name]["rows"])

    def test_the_lists(self):
        code, out, err = self.ctl("--team", "north", "--format", "json")
        self.assertEqual((code, err), (0, ""))
        digest = json.loads(out)
        self.assertEqual((digest["team"], digest["day"], digest["since"]), ("north", "2025-06-02", "2025-05-31"))  # a Monday
        self.assertEqual(self.subjects(digest, "new_breaches"), ["N-today", "N-weekend"])
        self.assertEqual(self.subjects(digest, "due"), ["N-due"])
        total = self.daemon.total(team="north")
        self.assertEqual(digest["position"], total)
        self.assertEqual((digest["due"]["count"], digest["no_contact"]["count"]), (total["due"], total["no_contact"]))
        self.assertEqual(self.subjects(digest, "no_contact"), sorted(row["subject"] for row in self.daemon.waits(filter={"team": "north", "no_contact": True})))
        self.assertEqual([row["pathway"] for row in digest["pathways"]], ["needs_assessment"])
        since = json.loads(self.ctl("--team", "north", "--format", "json", "--since", "2025-05-01")[1])
        self.assertEqual(self.subjects(since, "new_breaches"), ["N-friday", "N-today", "N-weekend"])

    def test_without_references(self):
        for form in ("json", "text", "html"):
            code, out, _ = self.ctl("--team", "north", "--format", form, "--no-references")
            self.assertEqual(code, 0)
            self.assertNotIn("N-", out)
            self.assertNotIn("P-N", out)

    def test_text_and_html(self):
        text = self.ctl("--team", "north")[1]
        self.assertTrue(text.startswith("Team north, 2025-06-02\n\n6 waiting, "), text)
        for wanted in ("N-weekend", "New breaches: waited more days than the standard since 2025-05-31 (2)", "Due this week"):
            self.assertIn(wanted, text)
        self.assertLessEqual(max(len(line) for line in text.splitlines()), 140)
        page = self.ctl("--team", "north", "--format", "html")[1]
        seen = []

        class Reader(html.parser.HTMLParser):
            def handle_starttag(self, tag, attrs):
                seen.append((tag, dict(attrs)))

        Reader().feed(page)
        tags = [tag for tag, _ in seen]
        self.assertEqual(tags[0], "html")
        self.assertEqual(seen[0][1], {"lang": "en-GB"})
        self.assertEqual((tags.count("h1"), tags.count("main"), tags.count("table"), tags.count("caption")), (1, 1, 3, 3))
        self.assertFalse([attrs for _, attrs in seen if "src" in attrs or "href" in attrs])  # needs nothing else
        self.assertTrue(all("scope" in attrs for tag, attrs in seen if tag == "th"))
        empty = self.ctl("--team", "nobody", "--format", "html")
        self.assertEqual(empty[0], 0)
        self.assertIn("Nobody has newly breached.", empty[1])

    def test_wrong_usage(self):
        for words in ([], ["--team", "north", "--format", "pdf"], ["--team", "north", "--since", "2025-13-01"], ["--team", "north", "more"]):
            self.assertEqual(self.ctl(*words)[0], 2, words)

    def test_once_a_day_at_its_time(self):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        relay = Relay(self.daemon, '{ name = "post"; to = "webhook"; send = "digest"; at = "07:30"; url = "%s"; references = true; },'
                      '{ name = "files"; to = "folder"; send = "digest"; at = "07:30"; folder = "FOLDER/digests"; match = { team = "south"; }; }'
                      % receiver.url, start=False)
        self.addCleanup(relay.finish)
        folder = os.path.join(relay.folder, "digests")
        os.mkdir(folder)
        relay.start()
        self.daemon.set_clock("2025-06-02T06:31:00Z")  # 07:31 in London
        events = sorted(receiver.wait_events(2), key=lambda one: one["subject"])
        self.assertEqual([(one["type"], one["subject"], one["id"]) for one in events],
                         [("waitlistd.digest", "north", "digest:2025-06-02:north"), ("waitlistd.digest", "south", "digest:2025-06-02:south")])
        self.assertEqual(self.subjects(events[0]["data"], "new_breaches"), ["N-today", "N-weekend"])
        self.until(lambda: len(os.listdir(folder)) == 3 and os.path.exists(os.path.join(relay.state, "files.digest")))
        self.assertEqual(sorted(os.listdir(folder)), ["2025-06-02-south.html", "2025-06-02-south.json", "2025-06-02-south.txt"])
        with open(os.path.join(folder, "2025-06-02-south.json"), encoding="utf-8") as file:
            self.assertNotIn("S-1", file.read())
        self.until(lambda: os.path.exists(os.path.join(relay.state, "post.digest")))
        relay.restart()  # not twice a day
        self.daemon.take(referral("N-late", "2025-05-05"), referral("N-later", "2025-05-06"))
        self.daemon.set_clock("2025-06-04T07:00:00Z")  # two days on: what is new since the last list
        events = receiver.wait_events(4)[2:]
        north = next(one for one in events if one["subject"] == "north")
        self.assertEqual((north["data"]["day"], north["data"]["since"]), ("2025-06-04", "2025-06-03"))
        self.assertEqual(self.subjects(north["data"], "new_breaches"), ["N-late", "N-later"])
        self.assertEqual(len(receiver.events()), 4)

    def until(self, is_so):
        """Looks again with each heartbeat of the daemon."""
        sub = self.daemon.subscribe()
        for _ in range(30):
            if is_so():
                break
            sub.next()
        else:
            self.fail("it does not come")
        sub.close()


if __name__ == "__main__":
    unittest.main()
