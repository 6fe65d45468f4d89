#!/usr/bin/python3
"""Counts the individual checks of a ctest run from its JUnit file; the last line is "N passed, N failed".

Usage: summary.py JUNIT_FILE CTEST_EXIT_CODE. Exit code 1 when anything failed.
"""
import collections
import re
import sys
import xml.etree.ElementTree as ElementTree

CHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.MULTILINE)
UNITTEST = re.compile(r"^Ran (\d+) tests? in [\d.]+s$", re.MULTILINE)
UNITTEST_BAD = re.compile(r"^FAILED \(([^)]*)\)$", re.MULTILINE)
UNITTEST_SKIPPED = re.compile(r"^(?:OK|FAILED) \([^)]*?skipped=(\d+)", re.MULTILINE)
# node's test runner, in TAP; what it calls cancelled has failed.
NODE = {name: re.compile(r"^# %s (\d+)$" % name, re.MULTILINE) for name in ("tests", "fail", "cancelled", "skipped")}

Count = collections.namedtuple("Count", "passed failed skipped")


def count_output(output, succeeded):
    """The checks of one ctest test: what its own frameworks say, else 1 for the test itself."""
    total = failed = skipped = 0
    for checks, failures, errors in CHECK.findall(output):
        total += int(checks)
        failed += int(failures) + int(errors)
    total += sum(int(ran) for ran in UNITTEST.findall(output))
    for reasons in UNITTEST_BAD.findall(output):
        failed += sum(int(number) for name, number in re.findall(r"(failures|errors)=(\d+)", reasons))
    skipped = sum(int(number) for number in UNITTEST_SKIPPED.findall(output))
    node = {name: sum(int(number) for number in pattern.findall(output)) for name, pattern in NODE.items()}
    total += node["tests"]
    failed += node["fail"] + node["cancelled"]
    skipped += node["skipped"]
    if total == 0:
        return Count(1, 0, 0) if succeeded else Count(0, 1, 0)
    passed = max(total - failed - skipped, 0)
    # A program that fails beside its checks (a crash, a leak, a time limit) is one more failure.
    if not succeeded and failed == 0:
        failed = 1
    return Count(passed, failed, skipped)


def count_case(case):
    output = case.findtext("system-out") or ""
    status = case.get("status")
    if status in ("notrun", "disabled") or case.find("skipped") is not None:
        return Count(0, 0, 1)
    return count_output(output, status == "run" and case.find("failure") is None)


def summarise(junit, ctest_status, out):
    """Prints what failed and a line a kind; returns the total."""
    kinds = collections.OrderedDict()
    for case in ElementTree.parse(junit).getroot().iter("testcase"):
        count = count_case(case)
        kind = case.get("name").split(".")[0]
        tests, seconds, before = kinds.get(kind, (0, 0.0, Count(0, 0, 0)))
        kinds[kind] = (tests + 1, seconds + float(case.get("time") or 0), Count(*(a + b for a, b in zip(before, count))))
        if count.failed:
            out.write("\n=== FAILED: %s\n%s\n" % (case.get("name"), (case.findtext("system-out") or "").rstrip()[-20000:]))
        elif count.skipped and not count.passed:
            out.write("skipped: %s\n" % case.get("name"))
    total = Count(*(sum(values) for values in zip(*(count for _, _, count in kinds.values())))) if kinds else Count(0, 1, 0)
    if ctest_status != 0 and total.failed == 0:
        total = total._replace(failed=1)
        out.write("ctest ended with exit code %d\n" % ctest_status)
    out.write("\n")
    for kind, (tests, seconds, count) in kinds.items():
        out.write("%-12s %4d programs %6d passed %4d failed %3d skipped %8.1f s\n" % (kind, tests, *count, seconds))
    out.write("%d passed, %d failed\n" % (total.passed, total.failed))
    return total


def main(arguments):
    junit, status = arguments[1], int(arguments[2])
    try:
        total = summarise(junit, status, sys.stdout)
    except (OSError, ElementTree.ParseError) as error:
        print("no test results: %s" % error)
        print("0 passed, 1 failed")
        return 1
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
