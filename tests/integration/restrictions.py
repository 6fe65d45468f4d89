"""Puts a program under test inside the restrictions of its systemd unit, where the test run asks for that (tests/restricted)."""
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAUNCHER = os.environ.get("WAITLIST_TEST_LAUNCHER", "")
GROUP = 64999  # launch.py's
UNITS = os.environ.get("WAITLIST_TEST_UNITS", "")


def inside(service, program, folder, *visible, writable=None):
    """What stands before the program's own words: nothing, or the launcher that reads SERVICE.service. `folder`, and `writable` as
    ReadWritePaths= of a drop-in file would, are the only ones that the program may write; the source, the build and what is `visible` can be
    read."""
    if not LAUNCHER:
        return []
    build = os.path.dirname(os.path.dirname(os.path.realpath(program)))
    words = ["/usr/bin/python3", "-B", LAUNCHER, "--unit", os.path.join(UNITS, service + ".service"), "--folder", folder]
    visible = [path for path in visible if os.path.isdir(path)]
    for path in visible:  # as the service manager makes the folder of sockets and configuration, for the group
        os.chown(path, -1, GROUP)
        os.chmod(path, os.stat(path).st_mode | 0o050)
    for path in (ROOT, build, *visible):
        words += ["--visible", path]
    if writable:
        words += ["--writable", writable]
    return words + ["--"]
