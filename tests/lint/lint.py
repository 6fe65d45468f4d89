#!/usr/bin/python3
"""The house rules that a machine can check; each rule is one function and one ctest test (lint.<rule>).

Usage: lint.py RULE [ARGUMENTS]. Exit code 0 kept, 1 broken (each place printed), 77 the tool it needs is not installed.
"""
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED = 77
LINES_MAX = 900

# What the pure core may take from outside itself: memory, strings, and what compilers put in.
PURE = re.compile(r"""^(
    mem(cpy|set|cmp|move|chr)|malloc|calloc|realloc|free|abort|str(len|cmp|ncmp|chr)|qsort|bsearch
    |__(memcpy|memset|memmove)_chk|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_
    |__(asan|ubsan|tsan|lsan|sanitizer|sancov|gcov)_\w+|_?_llvm_(gcov|profile)\w*|llvm_gcov_init
    )$""", re.VERBOSE)

# Joined here so that this file does not hold what it looks for.
UNFINISHED = ["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK", "st" + "ub", "not " + "implemented", "un" + "implemented"]
MACHINE = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", r"\.\./sha" + "red", r"\.lib" + "rary", "/tmp/bu" + "ild"]
WAITING_BY_TIME = re.compile(r"\b(u|nano)?sle" + r"ep\s*\(")

C_SOURCES = (".c", ".h", ".cpp", ".hpp")
SCRIPTS = (".ts", ".tsx", ".mjs", ".scss")
COMMENTED = C_SOURCES + (".py", ".sh", ".cmake", ".conf", ".service", ".js", ".css") + SCRIPTS


def files(*suffixes):
    """The project's own files, tracked or about to be, relative to the top."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "-co", "--exclude-standard"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
    else:
        names = []
        for folder, folders, inside in os.walk(ROOT):
            folders[:] = [name for name in folders if name not in (".git", "build", "install", "__pycache__", "node_modules")]
            names += [os.path.relpath(os.path.join(folder, name), ROOT) for name in inside]
    names = [name for name in names if os.path.isfile(os.path.join(ROOT, name))]
    return sorted(name for name in names if not suffixes or name.endswith(suffixes))


def read(name, errors="strict"):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors=errors) as file:
        return file.read()


def is_text(name):
    with open(os.path.join(ROOT, name), "rb") as file:
        return b"\0" not in file.read(8192)


def scripts():
    return [name for name in files() if is_text(name) and re.match(r"#!\S*(/env )?\S*\b(ba)?sh\b", read_start(name))]


def read_start(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as file:
        return file.read(4000)


def needs(tool):
    if not shutil.which(tool):
        print("%s is not installed" % tool)
        sys.exit(SKIPPED)


def run_on(command, names):
    """What the tool says about the files, as a list of its lines when it fails."""
    if not names:
        return ["no file to check: %s" % " ".join(command)]
    done = subprocess.run(command + names, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return (done.stdout.splitlines() or ["exit code %d" % done.returncode]) if done.returncode else []


# --- the rules -------------------------------------------------------------------------------------------------

def impure_symbols(archive):
    """The undefined symbols of a static library that are neither its own nor allowed."""
    undefined, defined, members = {}, set(), 0
    member = ""
    listed = subprocess.run(["nm", archive], stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in listed.splitlines():
        if line.endswith(".o:"):
            member = line[:-1]
            members += 1
            continue
        parts = line.split()
        if len(parts) == 2 and parts[0] in "Uwv":
            undefined.setdefault(parts[1].split("@")[0], member)
        elif len(parts) == 3:
            defined.add(parts[2])
    if members == 0:
        return ["%s: no object in it" % archive]
    return ["%s uses %s" % (member, symbol) for symbol, member in sorted(undefined.items()) if symbol not in defined and not PURE.match(symbol)]


def purity(archive):
    """The core does no I/O, asks no clock, keeps no JSON: it can reach nothing but memory and strings."""
    return impure_symbols(archive)


def layout():
    needs("clang-format")
    said = run_on(["clang-format", "--dry-run", "-Werror"], files(*C_SOURCES))
    places = [line.split(": error:")[0] for line in said if ": error:" in line]
    by_file = collections.Counter(place.split(":")[0] for place in places)
    return ["%s: %d places; ./waitlist-dev format lays it out" % each for each in sorted(by_file.items())] or said


def shell():
    needs("shellcheck")
    return run_on(["shellcheck"], scripts())


def manuals():
    needs("mandoc")
    return run_on(["mandoc", "-Tlint", "-Wwarning"], [name for name in files() if re.search(r"/man/[^/]+\.[1-8]$", name)])


def broken_links(name, text, exists):
    """Links and pictures of a Markdown text that lead to no file of the project; `exists` is asked with a path from the top."""
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path = target.split("#")[0]
        if path and not re.match(r"[a-z]+:", path) and not exists(os.path.normpath(os.path.join(os.path.dirname(name), path))):
            found.append("%s: no %s" % (name, target))
    return found


def links():
    return [place for name in files(".md")
            for place in broken_links(name, read(name), lambda path: os.path.exists(os.path.join(ROOT, path)))]


def undocumented_options(table, page):
    """The options of the configuration's table of keys (C) that the manual page (mdoc) does not name."""
    macros = " ".join(line for line in page.splitlines() if re.match(r"\.(It Cm|Ss|Cm) ", line))
    named = set(re.findall(r"\w+", macros))
    paths = re.findall(r'^ *(?:\{|GROUP\()"([a-z_.\[\]]+)"', table, re.MULTILINE)
    if not paths:
        return ["no option found in the table of keys"]
    return ["%s is not in the manual page" % path for path in paths if path.split(".")[-1] not in named]


def options():
    """Every option of the configuration is in its manual page."""
    relay = read("client/relay/settings.c")
    example = read("config/waitlist-relay.conf")
    return (undocumented_options(read("daemon/config/keys.c"), read("daemon/man/waitlistd.conf.5"))
            + undocumented_options(relay, read("client/relay/man/waitlist-relay.conf.5"))
            + ["%s is not in config/waitlist-relay.conf" % name for name in re.findall(r'^ *\{"([a-z_]+)", PLACE_', relay, re.MULTILINE)
               if not re.search(r"\b%s\b" % name, example)])


def length():
    counted = ((name, read(name).count("\n")) for name in files(*COMMENTED) + ["waitlist-dev"])
    return ["%s: %d lines, at most %d" % (name, lines, LINES_MAX) for name, lines in counted if lines > LINES_MAX]


def words_in(name, text):
    found = []
    code = name.endswith(COMMENTED) or "." not in os.path.basename(name)
    for number, line in enumerate(text.splitlines(), 1):
        for word in MACHINE + (UNFINISHED if code else []):
            pattern = r"(?<!\w)%s\b" % word if word in UNFINISHED else word
            if re.search(pattern, line):
                found.append("%s:%d: holds \"%s\"" % (name, number, word.replace("\\", "")))
        if name.startswith("tests/") and WAITING_BY_TIME.search(line):
            found.append("%s:%d: a test waits for an event, not for time to pass" % (name, number))
    return found


def words():
    return [place for name in files() if is_text(name) for place in words_in(name, read(name, "replace"))]


def has_opening(name, text):
    """Whether the text begins with a comment that holds a whole sentence."""
    text = re.sub(r"\A#!.*\n", "", text)
    if name.endswith(C_SOURCES + SCRIPTS + (".js", ".css")):
        comment = re.match(r"\s*(/\*.*?\*/|(?://[^\n]*\n)+)", text, re.DOTALL)
    elif name.endswith(".py"):
        comment = re.match(r'\s*(""".*?"""|(?:#[^\n]*\n)+)', text, re.DOTALL)
    else:
        comment = re.match(r"\s*((?:(?:#|//)[^\n]*\n)+|/\*.*?\*/)", text, re.DOTALL)
    return bool(comment) and len(re.findall(r"\w+", comment.group(1))) >= 2 and re.search(r"[.:;]", comment.group(1)) is not None


def opening():
    names = [name for name in files() if name.endswith(COMMENTED) or os.path.basename(name) == "CMakeLists.txt"] + ["waitlist-dev"]
    return ["%s: begins with no sentence that says what it is" % name for name in names if not has_opening(name, read(name))]


def spacing():
    """UTF-8, LF, a line end at the end, no white space before one, no line of C past 140 columns."""
    found = []
    for name in files():
        if not is_text(name):
            continue
        try:
            text = read(name)
        except UnicodeDecodeError:
            # Inputs made to be wrong are kept with the tests.
            if not name.startswith(("tests/data/", "tests/fuzz/")):
                found.append("%s: not UTF-8" % name)
            continue
        if name.startswith(("tests/data/", "tests/fuzz/corpus/")):
            continue
        if "\r" in text:
            found.append("%s: a carriage return" % name)
        if text and not text.endswith("\n"):
            found.append("%s: no line end at its end" % name)
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                found.append("%s:%d: white space at the end" % (name, number))
            if name.endswith(C_SOURCES) and len(line) > 140:
                found.append("%s:%d: %d columns" % (name, number, len(line)))
    return found


def unit(unit_file, program):
    """The service unit is one that systemd accepts, and exposes little (systemd-analyze security: at most 2.0 of 10)."""
    needs("systemd-analyze")
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.basename(unit_file)
        copy = os.path.join(folder, name)
        with open(unit_file, encoding="utf-8") as source, open(copy, "w", encoding="utf-8") as target:
            target.write(re.sub(r"(?m)^(ExecStart|ExecStartPre)=\S+", r"\1=" + program, source.read()))
        checked = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        found = [line for line in checked.stdout.splitlines() if name in line]
        if checked.returncode and not found:
            found = checked.stdout.splitlines() or ["systemd-analyze verify: exit code %d" % checked.returncode]
        rated = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", copy],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if rated.returncode:
            found += [line for line in rated.stdout.splitlines() if "✗" in line or "Overall" in line] or [rated.stdout]
        else:
            print(rated.stdout.splitlines()[-1])
    return found


def unhardened(program, fortified):
    """What is missing of cmake/hardening.cmake in a program or shared library, by its ELF file."""
    told = subprocess.run(["readelf", "-W", "-h", "-l", "-d", "--dyn-syms", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=True).stdout
    segments = re.findall(r"(?m)^  (LOAD|GNU_STACK|GNU_RELRO) +(?:0x\w+ +){5}([RWE ]{3}) ", told)
    flags = " ".join(re.findall(r"\((?:FLAGS|FLAGS_1)\)\s+(.*)", told))
    symbols = set(re.findall(r"\sUND (\w+)@", told))
    marks = {
        "position independent (PIE)": re.search(r"Type:\s+DYN", told),
        "segments that can be read": any(kind == "LOAD" for kind, _ in segments),
        "relocations made read-only (RELRO)": any(kind == "GNU_RELRO" for kind, _ in segments),
        "all functions bound at the start (NOW)": re.search(r"\b(BIND_NOW|NOW)\b", flags),
        "a stack that is not executable": [use for kind, use in segments if kind == "GNU_STACK"] == ["RW "],
        "nothing both written and executed": not any("W" in use and "E" in use for _, use in segments),
        "stack canaries": "__stack_chk_fail" in symbols,
        "checked copies (FORTIFY)": not fortified or any(re.fullmatch(r"__\w+_chk", symbol) for symbol in symbols - {"__fdelt_chk"}),
    }
    return ["%s lacks: %s" % (os.path.basename(program), mark) for mark, is_there in marks.items() if not is_there]


def hardened(kind, *programs):
    """Each program that is delivered was built with what makes mistakes in memory end the process."""
    needs("readelf")
    return [place for program in programs for place in unhardened(program, kind == "fortified")] or ([] if programs else ["no program is looked at"])


RULES = {"purity": purity, "layout": layout, "shell": shell, "manuals": manuals, "options": options, "links": links,
         "length": length, "words": words, "opening": opening,
         "spacing": spacing, "unit": unit, "hardened": hardened}


def main(arguments):
    found = RULES[arguments[1]](*arguments[2:])
    for place in found:
        print(place)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
