#!/usr/bin/python3
"""Another policy by SIGHUP or by a restart: all of it or nothing, journalled, and what it does to positions and alerts (rules, section 7)."""
import json
import os
import unittest

import zmq

from daemon import PATHWAYS, Daemon, line, receive, referral

SHORT = PATHWAYS.replace('{ name = "needs_assessment"; }', '{ name = "needs_assessment"; standard_days = 14; }')
LONG = PATHWAYS.replace('{ name = "needs_assessment"; }', '{ name = "needs_assessment"; standard_days = 40; }')


class Reload(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.take(referral("W-1", "2025-05-01"), referral("W-2", "2025-05-12"))

    def tearDown(self):
        if self.daemon.process:
            self.daemon.stop()

    def policies(self):
        database = self.daemon.database()
        try:
            return [json.loads(body) for body, in database.execute("SELECT body FROM record WHERE kind = 'policy' ORDER BY record_id")]
        finally:
            database.close()

    def breaches(self):
        return [(row["subject"], row["transition"], row["reason"]) for row in self.daemon.alerts(filter={"rule": "breach"})]

    def reload(self, config="", pathways=PATHWAYS):
        self.daemon.configure(config, pathways)
        return self.daemon.reload()

    def refused(self, config="", pathways=PATHWAYS, reason=""):
        """The reload is refused with the reason, and the running configuration goes on."""
        before = self.daemon.ask("config")["config"], self.daemon.ask("snapshot")["positions"], len(self.policies())
        lines = len(self.daemon.log().splitlines())
        self.assertIn("refused", self.reload(config, pathways))
        self.assertEqual((self.daemon.ask("config")["config"], self.daemon.ask("snapshot")["positions"], len(self.policies())), before)
        said = self.daemon.log().splitlines()[lines:]
        self.assertTrue([row for row in said if "reload refused" in row and reason in row], said)
        self.daemon.check_log()
        return said

    def test_a_longer_standard_resolves_what_it_takes_the_ground_from(self):
        self.assertEqual(self.breaches(), [("W-1", "raised", None)])
        sub = self.daemon.subscribe("alert.breach.", "position.*.*.")
        self.assertEqual(self.reload(pathways=LONG), "reloaded")
        self.assertEqual(self.breaches()[1:], [("W-1", "resolved", "standard_changed")])
        self.assertEqual((self.daemon.total()["breach"], self.daemon.wait("W-1")["standard"]), (0, 40))
        seen = sub.until("position.*.*.", lambda row: row["position"]["breach"] == 0)
        self.assertEqual([row["reason"] for topic, _, row in seen if topic.startswith("alert.")], ["standard_changed"])
        self.assertEqual([policy["from"] for policy in self.policies()], ["2025-06-01", "2025-06-01"])
        self.daemon.restart()
        self.assertEqual((self.daemon.total()["breach"], len(self.breaches()), len(self.policies())), (0, 2, 2))

    def test_a_shorter_standard_raises_at_once(self):
        self.assertEqual(self.reload(pathways=SHORT), "reloaded")
        self.assertEqual(self.breaches(), [("W-1", "raised", None), ("W-2", "raised", None)])
        # Under the policy of its days it was no breach before today.
        self.assertEqual(self.daemon.alerts(filter={"subject": "W-2", "rule": "breach"})[0]["occurred_on"], "2025-06-01")

    def test_the_same_by_a_restart(self):
        self.daemon.stop()
        self.daemon.configure(pathways=LONG)
        self.daemon.start()
        self.assertEqual(self.breaches(), [("W-1", "raised", None), ("W-1", "resolved", "standard_changed")])
        self.assertEqual((self.daemon.total()["breach"], len(self.policies())), (0, 2))
        self.daemon.restart()
        self.assertEqual((len(self.breaches()), len(self.policies())), (2, 2))

    def test_missed_days_are_caught_up_under_the_old_policy(self):
        self.daemon.stop()
        self.daemon.configure(pathways=LONG)
        self.daemon.clock = "2025-06-12T12:00:00Z"
        self.daemon.start()
        # W-2 passed 28 days on 10 June, while nobody ran and the old standard was in force; the new one takes it back.
        self.assertEqual(self.daemon.total()["breach"], 1)
        self.assertEqual([policy["from"] for policy in self.policies()], ["2025-06-01", "2025-06-12"])
        opened = self.daemon.alerts(state="open", filter={"rule": "breach"})
        self.assertEqual([row["subject"] for row in opened], ["W-1"])

    def test_nothing_changed_is_no_new_policy(self):
        self.assertEqual(self.reload(), "reloaded")
        self.assertEqual(len(self.policies()), 1)

    def test_alerts_can_be_switched_off(self):
        self.assertEqual(self.reload("alerts = { breach = { enabled = false; }; };"), "reloaded")
        self.assertEqual(self.breaches()[-1][:2], ("W-1", "resolved"))
        self.assertEqual(self.reload(), "reloaded")
        self.assertEqual([row[:2] for row in self.breaches()], [("W-1", "raised"), ("W-1", "resolved"), ("W-1", "raised")])

    def test_bands_and_names_change_in_a_running_daemon(self):
        self.assertEqual(self.reload('bands = [ 10, 20 ]; council = { name = "Elsewhere"; calendar = ""; };'), "reloaded")
        self.assertEqual(self.daemon.total()["bands"], [0, 1, 1])
        self.assertEqual(self.daemon.ask("config")["config"]["council"]["name"], "Elsewhere")

    def test_a_pathway_can_be_added_and_an_unused_one_removed(self):
        more = PATHWAYS.replace('{ name = "dols"; standard_days = 21; }', '{ name = "carers"; }')
        self.assertEqual(self.reload(pathways=more), "reloaded")
        reply = self.daemon.send(referral("W-3", "2025-05-30", pathway="carers"), referral("W-4", "2025-05-30", pathway="dols"))
        self.assertEqual([row["code"] for row in reply["quarantined"]], ["unknown_pathway"])
        self.daemon.restart()
        self.assertEqual(self.daemon.wait("W-3")["pathway"], "carers")

    def test_a_pathway_that_has_waits_cannot_be_removed(self):
        less = PATHWAYS.replace('{ name = "needs_assessment"; },', "")
        self.refused(pathways=less, reason="needs_assessment")
        self.assertEqual(self.daemon.wait("W-1")["days"], 31)
        self.daemon.stop()
        self.daemon.spawn()
        self.assertEqual(self.daemon.wait_exit(), 1)
        self.assertIn("needs_assessment", self.daemon.log().splitlines()[-2] + self.daemon.log().splitlines()[-1])
        self.daemon.configure()
        self.daemon.start()

    def test_a_broken_file_is_refused_with_all_its_errors(self):
        said = self.refused("bands = [ 5, 3 ];\nnonsense = 1;\ncontact = { interval_days = 0; };", reason="waitlistd.conf:")
        self.assertEqual(len([row for row in said if "reload refused" in row]), 3)
        self.refused("this is no configuration", reason="waitlistd.conf:")

    def test_a_file_that_is_gone_is_refused(self):
        before = self.daemon.ask("config")["config"]
        os.unlink(self.daemon.config_path)
        self.assertIn("refused", self.daemon.reload())
        self.assertEqual(self.daemon.ask("config")["config"], before)

    def test_what_is_fixed_while_it_runs(self):
        for config, key in (('council = { timezone = "UTC"; };', "timezone"), ('council = { epoch = "1995-01-01"; };', "epoch"),
                            ("security = { allow_plain_loopback = true; };", "allow_plain_loopback")):
            with self.subTest(key):
                self.refused(config, reason=key)
        self.daemon.journal, kept = self.daemon.journal + "2", self.daemon.journal
        self.daemon.configure()
        self.daemon.journal = kept
        self.assertIn("refused", self.daemon.reload())
        self.daemon.endpoints, kept = dict(self.daemon.endpoints, query=self.daemon.endpoints["query"] + "2"), self.daemon.endpoints
        self.daemon.configure()
        self.daemon.endpoints = kept
        self.assertIn("refused", self.daemon.reload())

    def test_reloads_in_the_middle_of_a_load(self):
        sock = self.daemon.connect(zmq.DEALER, "ingest")
        sent = taken = 0
        accepted = 0
        for round_number in range(10):
            for _ in range(20):
                rows = [line(referral("L-%d-%d" % (sent, i), "2025-05-%02d" % (1 + i))) for i in range(25)]
                sock.send_multipart([b"%d" % sent, b"\n".join(rows)])
                sent += 1
            self.assertEqual(self.reload(pathways=(SHORT, LONG)[round_number % 2]), "reloaded")
        while taken < sent:
            batch, body = receive(sock)
            self.assertEqual(batch, b"%d" % taken)
            accepted += json.loads(body)["accepted"]
            taken += 1
        self.assertEqual(accepted, sent * 25)
        self.assertEqual(self.daemon.wait("L-0-0")["standard"], 40)
        total = self.daemon.total()
        self.assertEqual(total["waiting"], accepted + 2)
        opened = self.daemon.alerts(state="open", filter={"rule": "breach"})
        self.assertEqual(len(opened), total["breach"])
        rows = self.daemon.alerts()
        self.assertEqual([row["seq"] for row in rows], list(range(1, len(rows) + 1)))
        self.daemon.restart()
        self.assertEqual((self.daemon.total(), self.daemon.alerts()), (total, rows))


if __name__ == "__main__":
    unittest.main()
