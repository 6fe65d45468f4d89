#!/usr/bin/python3
"""The seccomp filters that systemd would put on a service, one a restriction, made with libseccomp from the unit's lines."""
import errno
import functools
import os
import socket
import subprocess

import seccomp

PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
CLONE_NAMESPACES = (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
SCHED_OTHER, SCHED_BATCH, SCHED_IDLE = 0, 3, 5
O_CREAT = 0o100
SET_ID_BITS = (0o4000, 0o2000)
FAMILIES_END = 64  # beyond every address family of the kernel


@functools.lru_cache(maxsize=None)
def syscall_sets():
    """The sets of systemd's own list, each as names of calls and of other sets."""
    text = os.environ.get("WAITLIST_SYSCALL_SETS")
    if text:
        with open(text, encoding="utf-8") as file:
            listing = file.read()
    else:
        listing = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter"], capture_output=True, text=True, check=True).stdout
    sets, current = {}, None
    for line in listing.splitlines():
        word = line.strip()
        if line.startswith("@"):
            current = sets.setdefault(word, [])
        elif line.startswith(" ") and word and not word.startswith("#") and current is not None:
            current.append(word)
        elif not line.startswith(" "):
            current = None
    assert "@system-service" in sets and "@default" in sets, "systemd-analyze gives no sets of system calls"
    return sets


def expand(word):
    """A set's calls, or the call itself."""
    if not word.startswith("@"):
        return {word}
    return set().union(*(expand(inner) for inner in syscall_sets()[word]))


def allowed_calls(lines):
    """What the lines of SystemCallFilter= come to, the first being a list of what is allowed."""
    allowed = expand("@default")
    for line in lines:
        names = set().union(*(expand(word) for word in line.removeprefix("~").split()))
        allowed = allowed - names if line.startswith("~") else allowed | names
    return allowed


def number(name):
    try:
        return seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)
    except ValueError:
        return -1


class Filter:
    """One filter: `otherwise` for what no rule names. Calls that this kind of machine does not have are left out."""

    def __init__(self, otherwise):
        self.inner = seccomp.SyscallFilter(otherwise)
        self.inner.set_attr(seccomp.Attr.CTL_NNP, 0)

    def rule(self, action, name, *arguments):
        if number(name) >= 0:
            self.inner.add_rule(action, name, *arguments)

    def load(self):
        self.inner.load()


def denying(names, error=errno.EPERM):
    made = Filter(seccomp.ALLOW)
    for name in names:
        made.rule(seccomp.ERRNO(error), name)
    return made


def masked(place, mask, value=None):
    return seccomp.Arg(place, seccomp.MASKED_EQ, mask, mask if value is None else value)


def memory():
    """MemoryDenyWriteExecute=: nothing is writable and executable at once, and nothing becomes executable later."""
    made = Filter(seccomp.ALLOW)
    deny = seccomp.ERRNO(errno.EPERM)
    made.rule(deny, "mmap", masked(2, PROT_EXEC | PROT_WRITE))
    for name in ("mprotect", "pkey_mprotect"):
        made.rule(deny, name, masked(2, PROT_EXEC))
    made.rule(deny, "shmat", masked(2, SHM_EXEC))
    return made


def families(names):
    """RestrictAddressFamilies=: sockets of these only."""
    made = Filter(seccomp.ALLOW)
    allowed = {int(getattr(socket, name)) for name in names}
    for family in set(range(FAMILIES_END)) - allowed:
        made.rule(seccomp.ERRNO(errno.EAFNOSUPPORT), "socket", seccomp.Arg(0, seccomp.EQ, family))
    made.rule(seccomp.ERRNO(errno.EAFNOSUPPORT), "socket", seccomp.Arg(0, seccomp.GE, FAMILIES_END))
    return made


def namespaces():
    made = Filter(seccomp.ALLOW)
    deny = seccomp.ERRNO(errno.EPERM)
    made.rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    made.rule(deny, "setns")
    for flag in CLONE_NAMESPACES:
        made.rule(deny, "unshare", masked(0, flag))
        made.rule(deny, "clone", masked(0, flag))
    return made


def realtime():
    made = Filter(seccomp.ALLOW)
    for policy in set(range(16)) - {SCHED_OTHER, SCHED_BATCH, SCHED_IDLE}:
        made.rule(seccomp.ERRNO(errno.EPERM), "sched_setscheduler", seccomp.Arg(1, seccomp.EQ, policy))
    return made


def set_ids():
    made = Filter(seccomp.ALLOW)
    deny = seccomp.ERRNO(errno.EPERM)
    made.rule(seccomp.ERRNO(errno.ENOSYS), "openat2")
    for bit in SET_ID_BITS:
        for name, place in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("mkdir", 1), ("mkdirat", 2), ("mknod", 1), ("mknodat", 2),
                            ("creat", 1)):
            made.rule(deny, name, masked(place, bit))
        made.rule(deny, "open", masked(1, O_CREAT), masked(2, bit))
        made.rule(deny, "openat", masked(2, O_CREAT), masked(3, bit))
    return made


def personality():
    with open("/proc/self/personality", encoding="ascii") as file:
        now = int(file.read(), 16)
    made = Filter(seccomp.ALLOW)
    made.rule(seccomp.ERRNO(errno.EPERM), "personality", seccomp.Arg(0, seccomp.NE, now))
    return made


def of_calls(unit):
    """SystemCallFilter=: an unknown call is refused like one that is not listed."""
    error = getattr(errno, unit.last("SystemCallErrorNumber") or "EPERM")
    made = Filter(seccomp.ERRNO(error))
    for name in sorted(allowed_calls(unit.values["SystemCallFilter"])):
        made.rule(seccomp.ALLOW, name)
    return made


def of_unit(unit):
    """All filters of a unit, in an order in which each can be loaded after those before it; (name, filter)."""
    made = []
    if unit.is_on("MemoryDenyWriteExecute"):
        made.append(("MemoryDenyWriteExecute", memory()))
    if unit.words("RestrictAddressFamilies"):
        made.append(("RestrictAddressFamilies", families(unit.words("RestrictAddressFamilies"))))
    if unit.is_on("RestrictNamespaces"):
        made.append(("RestrictNamespaces", namespaces()))
    if unit.is_on("RestrictRealtime"):
        made.append(("RestrictRealtime", realtime()))
    if unit.is_on("RestrictSUIDSGID"):
        made.append(("RestrictSUIDSGID", set_ids()))
    if unit.is_on("LockPersonality"):
        made.append(("LockPersonality", personality()))
    for key, names in (("ProtectKernelModules", ["@module"]), ("ProtectKernelLogs", ["@syslog", "syslog"]), ("ProtectClock", ["@clock"]),
                       ("ProtectHostname", ["sethostname", "setdomainname"]), ("PrivateDevices", ["@raw-io"])):
        if unit.is_on(key):
            calls = set().union(*(expand(name) for name in names if not name.startswith("@") or name in syscall_sets()))
            made.append((key, denying(sorted(calls))))
    if "SystemCallFilter" in unit.values:
        made.append(("SystemCallFilter", of_calls(unit)))
    return made
