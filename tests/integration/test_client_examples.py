#!/usr/bin/python3
"""The example programs, C and Python, do what their first lines say."""

import os
import unittest

from client_testing import EXAMPLES, SCRIPTS, ClientTest, event, ndjson


class Examples(ClientTest):
    def run_words(self, *words):
        return self.finish(self.start(list(words)))

    def senders(self):
        return ([os.path.join(EXAMPLES, "example_send")], [os.path.join(SCRIPTS, "send.py")])

    def test_send(self):
        for index, words in enumerate(self.senders()):
            with self.subTest(words=words):
                first = index * 1000
                path = self.write("events", ndjson(event(first + i) for i in range(1000)))
                code, out, err = self.run_words(*words, self.directory, path)
                self.assertEqual((code, err), (0, ""))
                self.assertIn("accepted 1000", out)
                self.assertEqual(len(self.daemon.events), first + 1000)

    def test_send_with_something_bad(self):
        for words in self.senders():
            with self.subTest(words=words):
                path = self.write("events", ndjson([event(1)]) + "\n{broken\n")
                code, _, err = self.run_words(*words, self.directory, path)
                self.assertEqual(code, 1)
                self.assertIn("line 3: not_json", err)

    def test_send_while_read_only(self):
        for index, words in enumerate(self.senders()):
            with self.subTest(words=words):
                self.set(read_only=1)
                path = self.write("events", ndjson([event(index)]))
                self.assertEqual(self.run_words(*words, self.directory, path)[0], 0)

    def test_summary(self):
        self.daemon.set_position("needs_assessment", "north", waiting=12, breach=3, longest=40)
        code, out, err = self.run_words(os.path.join(SCRIPTS, "summary.py"), self.directory, "pathway=needs_assessment")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual([line.split() for line in out.splitlines()[1:]],
                         [["needs_assessment", "north", "12", "3", "40"], ["total", "12", "0", "-"]])
        self.assertEqual(self.daemon.requests[-1]["filter"], {"pathway": "needs_assessment"})


if __name__ == "__main__":
    unittest.main(verbosity=int(os.environ.get("VERBOSE", "1")))
