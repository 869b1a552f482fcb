#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hostile_copies.py MODULE COPY...: copies of the hostile plugin, each of which is wrong in the way
that it is named after."""
import pathlib
import sys

MARK = b"HOSTILITY:"
ROOM = len(b"HOSTILITY:none                          ")

module, *copies = map(pathlib.Path, sys.argv[1:])
code = module.read_bytes()
at = code.index(MARK)
if code.find(MARK, at + 1) != -1:
    sys.exit(f"{module} has two places for the way in which it is wrong")
for copy in copies:
    word = (MARK + copy.stem.encode()).ljust(ROOM)
    if len(word) != ROOM or not word.endswith(b" "):
        sys.exit(f"{copy.stem} is too long a word")
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(code[:at] + word + code[at + ROOM:])
