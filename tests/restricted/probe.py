#!/usr/bin/python3
"""Tries what a service must not be able to do, and what it must, and prints a JSON object of the outcomes: null done, else the error's name.

Usage: probe.py FOLDER OTHER_FOLDER PROCESS [NAME]...

With names only these of the forbidden are tried: unrestricted, most of the others would do harm.
"""
import ctypes
import errno
import fcntl
import json
import os
import resource
import socket
import struct
import sys

PTRACE_SEIZE, CLONE_NEWUSER, SCHED_FIFO, PER_LINUX32 = 0x4206, 0x10000000, 1, 8
PROT_READ, PROT_WRITE, PROT_EXEC, MAP_PRIVATE_ANONYMOUS = 1, 2, 4, 0x22
PAGE = 4096
MOUNT_TEMPORARY = b"tmpfs"

folder, other, process = sys.argv[1:4]
wanted_names = sys.argv[4:]
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.syscall.restype = ctypes.c_long


def checked(result):
    if result in (-1, ctypes.c_void_p(-1).value):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def write(path):
    with open(path, "a", encoding="utf-8"):
        pass


def read(path):
    with open(path, "rb") as file:
        file.read(1)


def set_id_bit():
    path = os.path.join(folder, "set-id")
    write(path)
    os.chmod(path, 0o4755)


def map_executable():
    checked(libc.mmap(None, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE_ANONYMOUS, -1, 0))


def make_executable():
    page = checked(libc.mmap(None, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0))
    checked(libc.mprotect(page, PAGE, PROT_READ | PROT_EXEC))


def talk(kind, address):
    with socket.socket(kind, socket.SOCK_STREAM) as server:
        server.bind(address)
        server.listen()
        with socket.socket(kind, socket.SOCK_STREAM) as client:
            client.connect(server.getsockname())


def is_set(text, wanted):
    with open("/proc/self/status", encoding="ascii") as file:
        value = next(line.split()[1] for line in file if line.startswith(text + ":"))
    if value != wanted:
        raise OSError(errno.EINVAL, "%s is %s" % (text, value))


def no_memory_image():
    if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0):
        raise OSError(errno.EINVAL, "a memory image would be written")


FORBIDDEN = {
    "write /etc/shadow": lambda: write("/etc/shadow"),
    "read /etc/shadow": lambda: read("/etc/shadow"),
    "write /usr": lambda: write("/usr/waitlist-probe"),
    "write another service's folder": lambda: write(os.path.join(other, "probe")),
    "read another service's folder": lambda: os.listdir(other),
    "see another process": lambda: os.stat("/proc/%s" % process),
    "read the kernel's settings": lambda: read("/proc/sys/kernel/hostname"),
    "read a disk": lambda: os.stat("/dev/vda") if os.path.exists("/dev/vda") else os.stat("/dev/sda"),
    "ptrace": lambda: checked(libc.ptrace(PTRACE_SEIZE, int(process), None, None)),
    "packet socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close(),
    "netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
    "memory that is written and executed": map_executable,
    "memory that becomes executable": make_executable,
    "a namespace of its own": lambda: checked(libc.unshare(CLONE_NEWUSER)),
    "become root": lambda: os.setresuid(0, 0, 0),
    "change a file's owner": lambda: os.chown(folder, 0, 0),
    "a set-user-id file": set_id_bit,
    "real-time scheduling": lambda: os.sched_setscheduler(0, SCHED_FIFO, os.sched_param(1)),
    "another personality": lambda: checked(libc.personality(PER_LINUX32)),
    "mount": lambda: checked(libc.mount(MOUNT_TEMPORARY, folder.encode(), MOUNT_TEMPORARY, 0, None)),
    "set the clock": lambda: checked(libc.settimeofday(struct.pack("ll", 0, 0), None)),
    "set the host's name": lambda: socket.sethostname("probe"),
    "load a module": lambda: checked(libc.init_module(None, 0, b"")),
}
ALLOWED = {
    "write its folder": lambda: write(os.path.join(folder, "written")),
    "write /tmp": lambda: write("/tmp/probe"),
    "TCP on loopback": lambda: talk(socket.AF_INET, ("127.0.0.1", 0)),
    "a socket in its folder": lambda: talk(socket.AF_UNIX, os.path.join(folder, "probe-%d.sock" % os.getpid())),
    "lock a file": lambda: fcntl.flock(os.open(os.path.join(folder, "written"), os.O_RDWR), fcntl.LOCK_EX),
    "no new privileges": lambda: is_set("NoNewPrivs", "1"),
    "no capability": lambda: is_set("CapEff", "0" * 16),
    "no capability to be had": lambda: is_set("CapBnd", "0" * 16),
    "no memory image": no_memory_image,
    "filters": lambda: is_set("Seccomp", "2"),
}


def outcome(attempt):
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return None


if wanted_names:
    FORBIDDEN = {name: FORBIDDEN[name] for name in wanted_names}
    ALLOWED = {}
print(json.dumps({kind: {name: outcome(attempt) for name, attempt in attempts.items()}
                  for kind, attempts in (("allowed", ALLOWED), ("forbidden", FORBIDDEN))}))
