#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""House rules as a test: tests/tidy.py prints each breach as file:line: rule and ends with 1.

With arguments, looks at those files only. `tests/tidy.py --fix` lets clang-format rewrite first.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SPDX = "SPDX-License-Identifier: MIT"
MOST_COLUMNS = 100
MOST_FILE_LINES = 450
MOST_FUNCTION_LINES = 70

# Headers that a plugin sees: nothing whose layout or exceptions depend on a library.
SEAM = {"abi", "description", "endpoint", "guarded", "handle", "lease", "option", "plugin",
        "poller", "proactor", "socket", "task", "thread_pool", "workload"}
NOT_IN_SEAM = re.compile(
    r"#include <(absl/|string>|string_view>|functional>|vector>)|std::(string|function|vector)\b")

# Which top folders a folder may include from, besides its own and the public headers.
LAYERS = {
    "core": set(),
    "backends": {"core"},
    "pools": {"core"},
    "apps": {"core"},
    "bench": {"core", "apps"},
    "tests": {"core", "backends", "pools", "apps", "bench"},
}
INCLUDE = re.compile(r'^#include "([^"]+)"')

# Libraries that take seconds to compile stay in .cc files, but for the private headers of the
# folder that is about them, which nobody else includes.
HEAVY = re.compile(r"^#include [<\"](boost|tbb|oneapi|nlohmann(?!/json_fwd)|spdlog|CLI)/")
AT_HOME = {"boost": "backends/asio", "tbb": "pools/tbb", "oneapi": "pools/tbb",
           "nlohmann": "bench/session/json"}

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def tracked_files():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def kind_of(name):
    path = pathlib.PurePath(name)
    if path.suffix in (".h", ".cc"):
        return "c++"
    if path.suffix in (".py", ".ts", ".mjs"):
        return "script"
    if path.name == "CMakeLists.txt" or path.suffix == ".cmake":
        return "cmake"
    if (ROOT / name).open("rb").read(2) == b"#!":
        return "script"
    return "other"


def without_comments_and_literals(text):
    """The same lines, with everything blank that only looks like code."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def functions(code):
    """(first line, number of lines) of every function body and its head, lambdas not apart."""
    scopes = []  # of each open brace: the line where a function's head begins, or None
    head_from = 0
    for match in re.finditer(r"[{};]|^[ \t]*#[^\n]*", code, re.M):
        at = match.start()
        if code[at] == "{":
            head = re.sub(r"^\s*(public|private|protected)\s*:", "", code[head_from:at]).strip()
            inside = any(scope is not None for scope in scopes)
            outer = re.match(r"(inline\s+)?namespace\b|extern\b|(template\s*<.*>\s*)?"
                             r"(class|struct|union|enum)\b", head, re.S)
            is_function = not inside and not outer and ")" in head and "=" not in head[-2:]
            first = at - len(code[head_from:at].lstrip())
            scopes.append(code.count("\n", 0, first) + 1 if is_function else None)
        elif code[at] == "}" and scopes:
            first = scopes.pop()
            if first is not None:
                yield first, code.count("\n", 0, at) + 2 - first
        head_from = match.end()


def check_text(name, kind, lines):
    spdx_at = 1 if lines and lines[0].startswith("#!") else 0
    if kind in ("c++", "script") and SPDX not in (lines[spdx_at:] or [""])[0]:
        yield spdx_at + 1, f"the first line says {SPDX}"
    if len(lines) > MOST_FILE_LINES:
        yield len(lines), f"a file has at most {MOST_FILE_LINES} lines"
    for number, line in enumerate(lines, 1):
        if len(line) > MOST_COLUMNS:
            yield number, f"a line has at most {MOST_COLUMNS} columns, this one {len(line)}"
        if UNFINISHED.search(line) and name != "tests/tidy.py":
            yield number, "what is unfinished is not marked in the code, but finished or reported"


def check_includes(name, lines):
    folder = name.split("/")[0]
    for number, line in enumerate(lines, 1):
        heavy = HEAVY.match(line)
        if heavy and name.endswith(".h"):
            home = AT_HOME.get(heavy.group(1))
            if home is None or not name.startswith(home + "/"):
                yield number, f"{heavy.group(1)} is included by .cc files only"
        private = INCLUDE.match(line)
        if private is None:
            continue
        path = private.group(1)
        other = path.split("/")[0]
        if other in LAYERS and folder in LAYERS and other != folder and other not in LAYERS[folder]:
            yield number, f"{folder} includes nothing of {other}"
        for home in AT_HOME.values():
            if path.startswith(home + "/") and not name.startswith(home + "/"):
                if HEAVY.search((ROOT / path).read_text()) and folder != "tests":
                    yield number, f"this header is private to {home}"


def check_cpp(name, lines):
    path = pathlib.PurePath(name)
    if path.suffix == ".h":
        if len(lines) < 2 or not lines[1].startswith(f"// {path.name}: "):
            yield 2, f"the second line of a header says what it is: // {path.name}: ..."
        if "#pragma once" not in lines:
            yield 1, "a header begins with #pragma once"
    if name.startswith("core/include/collet/") and path.stem in SEAM:
        for number, line in enumerate(lines, 1):
            if NOT_IN_SEAM.search(line.split("//")[0]):
                yield number, "a seam header uses neither Abseil nor standard types that own memory"
    yield from check_includes(name, lines)
    for first, length in functions(without_comments_and_literals("\n".join(lines))):
        if length > MOST_FUNCTION_LINES:
            yield first, f"a function has at most {MOST_FUNCTION_LINES} lines, this one {length}"


def check_format(names, fix):
    clang_format = shutil.which("clang-format")
    if clang_format is None:
        print("tidy: clang-format is not installed, so the layout of the code was not looked at")
        return
    if not names:
        return
    if fix:
        subprocess.run([clang_format, "-i", *names], cwd=ROOT, check=True)
    told = subprocess.run([clang_format, "--dry-run", *names], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    for found in re.finditer(r"^(\S+?):(\d+):\d+: (warning|error)", told.stderr, re.M):
        yield found.group(1), int(found.group(2)), "not as clang-format lays it out (tidy.py --fix)"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fix", action="store_true", help="let clang-format rewrite first")
    parser.add_argument("files", nargs="*", help="relative to the root; default: all")
    options = parser.parse_args()
    names = options.files or tracked_files()
    breaches = list(check_format([name for name in names if kind_of(name) == "c++"], options.fix))
    for name in names:
        kind = kind_of(name)
        if kind == "other":
            continue
        lines = (ROOT / name).read_text().split("\n")
        if lines and lines[-1] == "":
            lines.pop()
        breaches += [(name, *breach) for breach in check_text(name, kind, lines)]
        if kind == "c++":
            breaches += [(name, *breach) for breach in check_cpp(name, lines)]
    for name, line, rule in sorted(breaches):
        print(f"{name}:{line}: {rule}")
    print(f"tidy: {len(names)} files, {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
