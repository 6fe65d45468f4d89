#!/usr/bin/python3
"""Runs every libFuzzer target that Clang built for a few seconds, from its seeds and the kept cases; fails at the first finding.

Usage: short_run.py FOLDER_OF_PROGRAMS FOLDER_OF_KEPT_CASES [SECONDS]
"""
import os
import pathlib
import subprocess
import sys
import tempfile

SECONDS = 3

programs, kept = (pathlib.Path(word) for word in sys.argv[1:3])
seconds = sys.argv[3] if len(sys.argv) > 3 else str(SECONDS)


def run(program, folder):
    name = program.name.removeprefix("fuzz_")
    new = folder / name
    new.mkdir()
    seeds = [path for path in (programs / "seeds" / name, kept / name) if path.is_dir()]
    done = subprocess.run([program, f"-max_total_time={seconds}", "-timeout=25", "-close_fd_mask=1", f"-artifact_prefix={new}/", new, *seeds],
                          env=os.environ | {"TMPDIR": str(folder)}, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          check=False)
    print(f"{name}: {'nothing found' if done.returncode == 0 else 'FOUND'}", flush=True)
    if done.returncode != 0:
        print(done.stderr[-6000:])
        for case in sorted(new.glob("*-*")):
            print(case.name, case.read_bytes()[:2000])
    return done.returncode == 0


def main():
    targets = sorted(path for path in programs.glob("fuzz_*") if path.is_file() and os.access(path, os.X_OK))
    if not targets:
        print(f"no fuzz target in {programs}: ./waitlist-dev build fuzz")
        return 1
    with tempfile.TemporaryDirectory(prefix="waitlist-fuzz-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        results = [run(program, pathlib.Path(folder)) for program in targets]
    print(f"{sum(results)} of {len(results)} targets found nothing")
    return 0 if all(results) else 1


sys.exit(main())
