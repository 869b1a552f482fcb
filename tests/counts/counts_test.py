#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Guards what a request costs, as far as that is a count and no time: a change that makes one of
them more than 5 % larger fails, and says by how much. One that makes it smaller should write the
new number down below.

usage: counts_test.py BUILD
"""
import json
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path

MARGIN = 0.05
BUILD = Path(sys.argv[1])
SERVER = BUILD / "apps/collet-server"
LOAD = BUILD / "apps/collet-load"
BENCH = BUILD / "bench/collet-bench"

# Of g++ 12 and Boost 1.81 on x86-64. How many requests share a pass depends on the machine a
# little, so the least of three counts is taken. Under strace, which holds the server up, many
# requests share an entry of io_uring: by itself it makes about 0.15 for each.
ALLOWED = {
    "instructions per echo, epoll + inline": 205,
    "instructions per echo, asio + inline": 1740,
    "system calls per echo, epoll + inline": 2.05,
    "system calls per echo, io_uring + inline": 0.1,
    "allocations per echo, epoll + inline": 0,
    "allocations per echo, io_uring + inline": 0,
    "bytes per idle connection, epoll + inline": 230,
    "bytes per idle connection, io_uring + inline": 256,
}


unavailable = {}  # cells that do not run on this machine, and why


class Server:
    """A server under valgrind, whose instructions are counted."""

    def __init__(self, folder, flags):
        self.counts = Path(folder) / "callgrind"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.counts}",
                   SERVER, "--quiet", "--listen", "127.0.0.1:0", *flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.address = re.search(r"listening (\S+)", self.process.stdout.readline()).group(1)

    def end(self):
        self.process.terminate()
        _, errors = self.process.communicate(timeout=60)
        if self.process.returncode != 0:
            sys.exit(f"the server ended with {self.process.returncode}: {errors}")
        return int(re.search(r"^totals: (\d+)", self.counts.read_text(), re.M).group(1))


def instructions(requests, flags):
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder, flags)
        subprocess.run([LOAD, server.address, "-c", "64", "-n", str(requests)], check=True,
                       stdout=subprocess.DEVNULL, timeout=120)
        return server.end()


def instructions_per_echo(backend):
    """Of the requests beyond the first ones, so that starting up is left out."""
    few, many = 5_000, 25_000
    flags = ["--backend", backend]
    return min((instructions(many, flags) - instructions(few, flags)) / (many - few)
               for _ in range(3))


def session(flags, kind):
    """By cell, such as `epoll + inline`: what a short session writes down of that kind."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "session"
        subprocess.run([BENCH, "run", "--profile", "smoke", "--pool", "inline", "--no-baselines",
                        "--backend", "epoll,io_uring", "--output", out, *flags], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
        with open(out / "results.jsonl") as lines:
            found = [json.loads(line) for line in lines]
    by_cell = {}
    for line in found:
        cell = line.get("cell", "").split(" ")[-1].replace("/", " + ")
        if line.get("status") == "unavailable":
            unavailable[cell] = line["reason"]
        elif line["type"] == kind:
            by_cell[cell] = line
    return by_cell


def measure():
    for backend in "epoll", "asio":
        yield f"instructions per echo, {backend} + inline", instructions_per_echo(backend)
    counts = session(["--workload", "echo", "-c", "64", "--count"], "count")
    for cell, line in counts.items():
        yield f"system calls per echo, {cell}", line["syscalls_per_request"]
        yield f"allocations per echo, {cell}", line["allocations_per_request"]
    connections = 10_000
    for cell, line in session(["--workload", "idle", "-c", str(connections)], "run").items():
        grown = line["server"]["rss_bytes"] - line["rss_before_bytes"]
        yield f"bytes per idle connection, {cell}", grown / connections


def main():
    measured = dict(measure())
    failed = False
    for name, allowed in ALLOWED.items():
        cell = name.split(", ")[1]
        if cell in unavailable:
            print(f"{name:46} not counted: {unavailable[cell]}")
            continue
        value = measured.get(name, math.inf)
        # A hundredth more, since 5 % of no allocation is none, and accepting takes a few.
        too_many = value > allowed * (1 + MARGIN) + 0.01
        failed = failed or too_many
        verdict = f"MORE than {allowed} and {MARGIN:.0%}" if too_many else "ok"
        print(f"{name:46} {value:10.2f}  {verdict}")
    sys.exit(failed)


main()
