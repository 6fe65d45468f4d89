#!/usr/bin/python3
"""Runs a program inside the restrictions that a systemd unit file says, as far as the kernel lets a test do it; keeps its process id.

Usage: launch.py --unit FILE --folder FOLDER [--writable FOLDER]... [--visible PATH]... -- PROGRAM ARGUMENTS...
       launch.py --unit FILE --list

FOLDER stands for the unit's folders of state, run time and configuration, and is the only one of the disk that can be written; the program
and what is --visible can be read. Accounts are made up: a number for each FOLDER, one group for all. It needs root. Whatever of the unit
cannot be applied is an error, except what --list names as not applied.
"""
import argparse
import ctypes
import fcntl
import os
import resource
import socket
import struct
import sys
import zlib

import filters
from unit import Unit, UnitError

GROUP = 64999        # stands for the group waitlistd
USERS, USER_COUNT = 50000, 10000
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x4000000, 0x10000000, 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_SLAVE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 19
MNT_DETACH = 2
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 24, 38, 47, 4
SYS_KEYCTL, KEYCTL_JOIN_SESSION_KEYRING = 250, 1  # x86-64
CAPABILITIES = 64
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
STAGING = "/run"
HIDDEN_HOMES = ("/home", "/root", "/run/user")
NOT_STRICT = ("/dev", "/proc", "/sys")

LIMITS = (("LimitNOFILE", resource.RLIMIT_NOFILE), ("LimitCORE", resource.RLIMIT_CORE), ("TasksMax", resource.RLIMIT_NPROC))

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    """A call of libc that must work."""
    if getattr(libc, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, "%s%r: %s" % (name, arguments, os.strerror(number)))


def mount(source, target, kind, flags, data=None):
    call("mount", source.encode() if source else None, target.encode(), kind.encode() if kind else None, ctypes.c_ulong(flags),
         data.encode() if data else None)


def is_below(path, folder):
    return path == folder or path.startswith(folder.rstrip("/") + "/")


# --- the file system -------------------------------------------------------------------------------------------------

def place_for(path, like):
    """Something to mount on."""
    if os.path.isdir(like):
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not os.path.exists(path):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def put_aside(paths):
    """Binds each path into a folder of memory, so that it can be brought back after its surroundings were hidden."""
    mount("tmpfs", STAGING, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
    aside = {}
    for number, path in enumerate(paths):
        aside[path] = "%s/%d" % (STAGING, number)
        place_for(aside[path], path)
        mount(path, aside[path], None, MS_BIND | MS_REC)
    return aside


def private_devices(aside):
    mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, "mode=0755")
    for name in DEVICES:
        place_for("/dev/" + name, aside["/dev/" + name])
        mount(aside["/dev/" + name], "/dev/" + name, None, MS_BIND)
    if "/dev/shm" in aside:
        place_for("/dev/shm", aside["/dev/shm"])
        mount(aside["/dev/shm"], "/dev/shm", None, MS_BIND)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, "/dev/" + name)


def mount_points():
    """(path, flags) of what is mounted, the upper ones last."""
    words = {"nosuid": MS_NOSUID, "nodev": MS_NODEV, "noexec": MS_NOEXEC}
    points = {}
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            fields = line.split()
            path = fields[4].encode().decode("unicode_escape")
            points.pop(path, None)
            points[path] = sum(words.get(word, 0) for word in fields[5].split(","))
    return points


def make_read_only(writable, unit):
    for path, flags in mount_points().items():
        spared = any(is_below(path, folder) for folder in writable)
        if unit.is_on("ProtectKernelTunables") and is_below(path, "/sys") or unit.is_on("ProtectControlGroups") and is_below(path, "/sys/fs/cgroup"):
            spared = False
        elif any(is_below(path, folder) for folder in NOT_STRICT):
            spared = True
        if spared or not os.path.ismount(path):
            continue
        mount(None, path, None, MS_REMOUNT | MS_BIND | MS_RDONLY | flags)


def hide(unit, homes):
    if unit.is_on("PrivateTmp"):
        for path in ("/tmp", "/var/tmp"):
            mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    for path in homes:
        mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")


def enclose(unit, writable, visible):
    """A mount namespace as the unit says, with the folders that can be written and what is visible where they were."""
    homes = [path for path in HIDDEN_HOMES if os.path.isdir(path)] if unit.is_on("ProtectHome") else []
    kept = writable + [path for path in visible if not any(is_below(path, folder) for folder in writable)]
    devices = ["/dev/" + name for name in DEVICES] + (["/dev/shm"] if os.path.isdir("/dev/shm") else []) if unit.is_on("PrivateDevices") else []
    call("unshare", CLONE_NEWNS)
    mount(None, "/", None, MS_REC | MS_SLAVE)
    aside = put_aside(kept + devices)
    hide(unit, [path for path in homes if not is_below(path, STAGING)])
    if devices:
        private_devices(aside)
    options = [text for key, text in (("ProtectProc", "hidepid=%s" % unit.last("ProtectProc")), ("ProcSubset", "subset=%s" % unit.last("ProcSubset")))
               if unit.last(key)]
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, ",".join(options) or None)
    for path in sorted(kept, key=len):
        if not os.path.exists(path) or not os.path.samefile(path, aside[path]):
            place_for(path, aside[path])
        mount(aside[path], path, None, MS_BIND | MS_REC)
    call("umount2", STAGING.encode(), MNT_DETACH)
    if unit.last("ProtectSystem") == "strict":
        make_read_only([*writable, "/tmp", "/var/tmp"], unit)


# --- the process -----------------------------------------------------------------------------------------------------

def account_of(folder):
    return USERS + zlib.crc32(folder.encode()) % USER_COUNT


def own(folder, user, group):
    """The folder is the account's, as the service manager makes it; what the test wrote into it too."""
    os.chown(folder, user, group)
    os.chmod(folder, 0o750)
    for top, folders, files in os.walk(folder):
        for name in folders + files:
            os.chown(os.path.join(top, name), user, group, follow_symlinks=False)


def limit_here(value, what):
    """The unit's limit, or the machine's where that is lower: a container's root may not raise it."""
    most = resource.getrlimit(what)[1]
    return int(value) if most == resource.RLIM_INFINITY else min(int(value), most)


def limit(unit):
    for key, what in LIMITS:
        if unit.last(key) is not None:
            resource.setrlimit(what, (limit_here(unit.last(key), what),) * 2)
    os.umask(int(unit.last("UMask") or "022", 8))


def map_accounts(user, group):
    """A namespace of accounts in which there are root, this one and nobody else. The maps are written from outside."""
    ready, go = os.pipe(), os.pipe()
    parent = os.getpid()
    helper = os.fork()
    if helper == 0:
        os.read(go[0], 1)
        for name, number in (("uid", user), ("gid", group)):
            with open("/proc/%d/%s_map" % (parent, name), "w", encoding="ascii") as file:
                file.write("0 0 1\n%d %d 1\n" % (number, number))
        os.write(ready[1], b"!")
        os._exit(0)
    call("unshare", CLONE_NEWUSER)
    os.write(go[1], b"!")
    if os.waitpid(helper, 0)[1] != 0 or os.read(ready[0], 1) != b"!":
        raise OSError("the accounts cannot be mapped")
    for descriptor in (*ready, *go):
        os.close(descriptor)


def private_network():
    """No network but a loopback of its own."""
    call("unshare", CLONE_NEWNET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def become(unit, user, group):
    groups = [GROUP] if unit.words("SupplementaryGroups") else []
    os.setgroups(groups)
    if unit.last("KeyringMode") == "private":
        call("syscall", ctypes.c_long(SYS_KEYCTL), ctypes.c_long(KEYCTL_JOIN_SESSION_KEYRING), ctypes.c_void_p(None))
    if unit.is_on("ProtectHostname"):
        call("unshare", CLONE_NEWUTS)
    if unit.is_on("PrivateNetwork"):
        private_network()
    if unit.is_on("PrivateUsers"):
        map_accounts(user, group)
    if unit.last("CapabilityBoundingSet") == "":
        for capability in range(CAPABILITIES):
            if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
                break
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    if unit.is_on("NoNewPrivileges"):
        call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def launch(unit, writable, visible, command):
    user = account_of(writable[0])
    group = user if unit.words("SupplementaryGroups") else GROUP
    made = filters.of_unit(unit)
    for folder in writable:
        own(folder, user, group)
    enclose(unit, writable, visible)
    os.chdir("/")
    limit(unit)
    become(unit, user, group)
    for _, one in made:
        one.load()
    os.execv(command[0], command)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--unit", required=True)
    parser.add_argument("--folder")
    parser.add_argument("--visible", action="append", default=[])
    parser.add_argument("--writable", action="append", default=[])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("command", nargs="*")
    options = parser.parse_args()
    try:
        unit = Unit(options.unit)
    except UnitError as error:
        sys.exit(str(error))
    if options.list:
        for line in unit.applied():
            print("applied      " + line)
        for line, reason in unit.not_applied():
            print("not applied  %s: %s" % (line, reason))
        return
    if os.geteuid() != 0:
        sys.exit("launch.py: restrictions can only be applied by root")
    launch(unit, [os.path.realpath(path) for path in [options.folder, *options.writable]],
           [os.path.realpath(path) for path in options.visible], options.command)


main()
