#!/usr/bin/python3
"""Checks of the checkers: each rule finds what it is there to find, and the summary counts what it should."""
import io
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import lint  # noqa: E402
import summary  # noqa: E402

CASE = '<testcase name="%s" status="%s" time="1.5">%s<system-out>%s</system-out></testcase>'


class Purity(unittest.TestCase):
    def symbols_of(self, source):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "room.c")
            with open(path, "w", encoding="utf-8") as file:
                file.write(source)
            subprocess.run(["cc", "-c", path, "-o", path[:-1] + "o"], check=True)
            archive = os.path.join(folder, "libroom.a")
            subprocess.run(["ar", "rcs", archive, path[:-1] + "o"], check=True)
            return lint.impure_symbols(archive)

    def test_memory_and_strings_are_pure(self):
        self.assertEqual(self.symbols_of("#include <string.h>\nsize_t f(const char *s) { return strlen(s); }\n"), [])

    def test_the_clock_is_not(self):
        self.assertEqual(self.symbols_of("#include <time.h>\ntime_t f(void) { return time(0); }\n"), ["room.o uses time"])

    def test_output_is_not(self):
        self.assertEqual(self.symbols_of('#include <stdio.h>\nint f(int n) { return printf("%d", n); }\n'), ["room.o uses printf"])

    def test_an_empty_archive_is_no_proof(self):
        with tempfile.TemporaryDirectory() as folder:
            archive = os.path.join(folder, "libempty.a")
            subprocess.run(["ar", "rcs", archive], check=True)
            self.assertEqual(len(lint.impure_symbols(archive)), 1)


class Hardened(unittest.TestCase):
    SOURCE = "#include <string.h>\nint main(int n, char **w) { char b[64]; strcpy(b, w[0]); return n + b[1]; }\n"
    GOOD = ["-O2", "-fPIE", "-pie", "-fstack-protector-strong", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3", "-Wl,-z,relro,-z,now,-z,noexecstack"]

    def lacking(self, *more):
        with tempfile.TemporaryDirectory() as folder:
            source, program = os.path.join(folder, "one.c"), os.path.join(folder, "one")
            with open(source, "w", encoding="utf-8") as file:
                file.write(self.SOURCE)
            subprocess.run(["cc", *self.GOOD, *more, source, "-o", program], check=True, stderr=subprocess.DEVNULL)
            return lint.unhardened(program, True)

    def test_each_that_is_missing_is_found(self):
        self.assertEqual(self.lacking(), [])
        for flags, word in ((("-no-pie", "-fno-pie"), "PIE"), (("-fno-stack-protector",), "canaries"), (("-U_FORTIFY_SOURCE",), "FORTIFY"),
                            (("-Wl,-z,norelro",), "RELRO"), (("-Wl,-z,lazy",), "NOW"), (("-Wl,-z,execstack",), "not executable")):
            self.assertIn(word, " ".join(self.lacking(*flags)), flags)


class Options(unittest.TestCase):
    TABLE = 'GROUP("council", A),\n    {"council.name", B},\n    {"teams[].district", C},\n'

    def test_an_option_left_out_is_found(self):
        page = ".Ss council\n.It Cm name\nthe district\n"
        self.assertEqual(lint.undocumented_options(self.TABLE, page), ["teams[].district is not in the manual page"])
        self.assertEqual(lint.undocumented_options(self.TABLE, page + ".It Cm label , district\n"), [])

    def test_a_table_that_cannot_be_read_is_no_proof(self):
        self.assertEqual(len(lint.undocumented_options("", "")), 1)


class Text(unittest.TestCase):
    def test_unfinished_marks(self):
        for word in lint.UNFINISHED:
            self.assertEqual(len(lint.words_in("daemon/a.c", "/* %s: later */\n" % word)), 1, word)
        self.assertEqual(lint.words_in("daemon/a.c", "/* a stubborn fixture */\n"), [])

    def test_paths_of_a_machine(self):
        for word in lint.MACHINE:
            self.assertEqual(len(lint.words_in("docs/a.md", "see %s here\n" % word.replace("\\", ""))), 1, word)

    def test_waiting_by_time_only_in_tests(self):
        line = "    time.sle" + "ep(1)\n"
        self.assertEqual(len(lint.words_in("tests/a.py", line)), 1)
        self.assertEqual(lint.words_in("client/a.py", line), [])

    def test_links(self):
        text = "[a](b.md#c) [d](https://example.org/) ![e](../f.svg) [g](#h)\n"
        self.assertEqual(lint.broken_links("docs/a.md", text, lambda path: path in ("docs/b.md", "f.svg")), [])
        self.assertEqual(lint.broken_links("docs/a.md", text, lambda path: path == "f.svg"), ["docs/a.md: no b.md#c"])

    def test_openings(self):
        self.assertTrue(lint.has_opening("a.c", "/* One file of the house: this. */\nint a;\n"))
        self.assertTrue(lint.has_opening("a.py", '#!/usr/bin/python3\n"""Counts the checks of a run."""\n'))
        self.assertTrue(lint.has_opening("a.conf", "# Every option at its default.\n"))
        self.assertFalse(lint.has_opening("a.c", "#include <stdio.h>\n/* Late but a sentence. */\n"))
        self.assertFalse(lint.has_opening("a.c", "/* log */\n"))
        self.assertFalse(lint.has_opening("a.py", "import os\n"))

    def test_the_project_has_files_and_scripts(self):
        self.assertIn("waitlist-dev", lint.scripts())
        self.assertIn("daemon/core/event.h", lint.files(".h"))


class Script(unittest.TestCase):
    """waitlist-dev beside a dpkg-query that misses one package and an apt-get that only writes down what it was asked."""

    def run_script(self, *arguments, folder="."):
        environment = dict(os.environ, CI="true", PATH=folder + ":" + os.environ["PATH"])
        return subprocess.run([os.path.join(lint.ROOT, "waitlist-dev"), *arguments], env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def put_program(self, folder, name, body):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + body + "\n")
        os.chmod(path, 0o755)

    def test_every_verb_is_in_the_help(self):
        done = self.run_script("help")
        self.assertEqual(done.returncode, 0)
        for verb in ("setup", "build", "run", "test", "test-sanitized", "lint", "format", "coverage", "fuzz", "bench", "install", "help"):
            self.assertRegex(done.stdout, r"(?m)^  %s( |$)" % verb)

    def test_an_unknown_verb_is_a_usage_error(self):
        done = self.run_script("deploy")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("unknown verb: deploy", done.stderr)

    def test_only_what_is_missing_is_installed_and_nothing_without_leave(self):
        with tempfile.TemporaryDirectory() as folder:
            asked = os.path.join(folder, "asked")
            self.put_program(folder, "dpkg-query", 'case "$*" in *libzmq3-dev*) exit 1 ;; *) printf installed ;; esac')
            self.put_program(folder, "apt-get", 'echo "$*" >>"%s"' % asked)
            done = self.run_script("setup", folder=folder)
            if os.geteuid() == 0:
                self.assertEqual(done.returncode, 0, done.stderr)
                with open(asked, encoding="utf-8") as file:
                    self.assertEqual(file.read(), "update\ninstall -y --no-install-recommends libzmq3-dev\n")
            else:
                self.assertEqual(done.returncode, 1)
                self.assertIn("apt-get install --no-install-recommends libzmq3-dev", done.stderr)
                self.assertFalse(os.path.exists(asked))


class Summary(unittest.TestCase):
    def summarise(self, *cases, status=0):
        out = io.StringIO()
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write("<testsuite>%s</testsuite>" % "".join(cases))
            file.flush()
            total = summary.summarise(file.name, status, out)
        return total, out.getvalue().splitlines()[-1]

    def test_frameworks_are_counted_by_check(self):
        total, last = self.summarise(
            CASE % ("unit.a", "run", "", "Running suite(s): a\n100%: Checks: 10, Failures: 0, Errors: 0\n"),
            CASE % ("integration.b", "run", "", "....\nRan 4 tests in 0.123s\n\nOK (skipped=1)\n"),
            CASE % ("lint.c", "run", "", ""))
        self.assertEqual(total, (14, 0, 1))
        self.assertEqual(last, "14 passed, 0 failed")

    def test_failures_are_counted(self):
        total, last = self.summarise(
            CASE % ("unit.a", "fail", "<failure/>", "80%: Checks: 10, Failures: 1, Errors: 1\n"),
            CASE % ("integration.b", "fail", "<failure/>", "Ran 4 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n"), status=8)
        self.assertEqual(total, (9, 5, 0))
        self.assertEqual(last, "9 passed, 5 failed")

    def test_tests_of_node_are_counted_one_by_one(self):
        total, _ = self.summarise(
            CASE % ("web.a", "fail", "<failure/>", "1..12\n# tests 12\n# suites 0\n# pass 8\n# fail 1\n# cancelled 1\n# skipped 2\n# todo 0\n"), status=8)
        self.assertEqual(total, (8, 2, 2))

    def test_a_crash_beside_good_checks_is_a_failure(self):
        total, _ = self.summarise(CASE % ("unit.a", "fail", "<failure/>", "100%: Checks: 3, Failures: 0, Errors: 0\nleak\n"), status=8)
        self.assertEqual(total, (3, 1, 0))

    def test_a_program_that_said_nothing(self):
        total, _ = self.summarise(CASE % ("unit.a", "fail", "<failure/>", ""), status=8)
        self.assertEqual(total, (0, 1, 0))

    def test_what_ctest_could_not_run_is_a_failure(self):
        total, _ = self.summarise(CASE % ("unit.a", "notrun", "<skipped/>", ""), status=8)
        self.assertEqual(total, (0, 1, 1))

    def test_nothing_at_all_is_a_failure(self):
        total, last = self.summarise()
        self.assertEqual(last, "0 passed, 1 failed")
        self.assertEqual(total.failed, 1)


if __name__ == "__main__":
    unittest.main()
