"""Starts a daemon with the fault shim between it and its files, and says what is to fail (fault_shim.c)."""
import mmap
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from daemon import Daemon  # noqa: E402

LIBRARY = os.environ.get("FAULT_SHIM", "")
FIELDS = ["sync_countdown", "sync_times", "sync_error", "write_countdown", "write_times", "write_error", "sync_delay_us", "clock_offset_ms",
          "sync_lies", "read_only", "syncs", "writes", "handles"]


class Shim:
    """The shim's control file: each field is an attribute that the running process sees at once."""

    def __init__(self, folder, with_tape=True):
        assert LIBRARY, "set FAULT_SHIM to the shim's path"
        path = os.path.join(folder, "shim-control")
        with open(path, "wb") as file:
            file.write(b"\0" * mmap.PAGESIZE)
        with open(path, "r+b") as file:
            object.__setattr__(self, "memory", mmap.mmap(file.fileno(), mmap.PAGESIZE))
        object.__setattr__(self, "tape", os.path.join(folder, "tape"))
        self.environment = {
            "LD_PRELOAD": LIBRARY,
            "WAITLIST_SHIM_CONTROL": path,
            "WAITLIST_SHIM_ROOT": os.path.join(folder, "disk"),
            # The address sanitizer wants to be the first library, and is not.
            "ASAN_OPTIONS": ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"])),
        }
        if with_tape:
            self.environment["WAITLIST_SHIM_TAPE"] = self.tape

    def __getattr__(self, name):
        return struct.unpack_from("=q", self.memory, 8 * FIELDS.index(name))[0]

    def __setattr__(self, name, value):
        if name in FIELDS:
            struct.pack_into("=q", self.memory, 8 * FIELDS.index(name), value)
        else:
            object.__setattr__(self, name, value)

    def fail(self, what, error, after=1, times=1):
        """From the call number `after` on, so many calls fail; -1: all."""
        setattr(self, what + "_error", error)
        setattr(self, what + "_times", times)
        setattr(self, what + "_countdown", after)

    def mend(self, what):
        setattr(self, what + "_countdown", 0)

    def tape_size(self):
        return os.path.getsize(self.tape)


def shimmed(with_tape=True, **arguments):
    """A daemon that is not started yet, with its journal in a folder of its own, and its shim."""
    daemon = Daemon(start=False, **arguments)
    disk = os.path.join(daemon.folder, "disk")
    os.mkdir(disk)
    daemon.journal = os.path.join(disk, "journal.db")
    daemon.configure(**{name: arguments[name] for name in ("config", "pathways") if name in arguments})
    shim = Shim(daemon.folder, with_tape)
    daemon.environment.update(shim.environment)
    return daemon, shim
