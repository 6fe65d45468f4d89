"""Reading an access log's files (docs/security.md), for the tests."""
import glob
import hashlib
import json
import os
import subprocess

from daemon import WAITLISTCTL

MEMBERS = ["n", "at", "peer", "user", "op", "what", "rows", "outcome", "reason", "chain"]


def files_of(folder):
    return sorted(glob.glob(os.path.join(folder, "*.ndjson")))


def entries_of(folder):
    """Every entry, its chain computed here."""
    found, head = [], None
    for path in files_of(folder):
        with open(path, encoding="utf-8") as file:
            for text in file:
                row = json.loads(text)
                assert list(row) == MEMBERS, row
                assert text.endswith("\n")
                head = row["what"]["previous"] if head is None else head
                body = text[:text.rindex(',"chain":"')]
                assert hashlib.sha256((head + body).encode()).hexdigest() == row["chain"], row
                head = row["chain"]
                found.append(row)
    assert not found or [row["n"] for row in found] == list(range(found[0]["n"], found[0]["n"] + len(found)))
    return found


def verify(folder, *arguments):
    """(exit code, what it says) of `waitlistctl verify`."""
    done = subprocess.run([WAITLISTCTL, "verify", folder, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
