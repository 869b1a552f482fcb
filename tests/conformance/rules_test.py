#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""rules_test.py CONFORM SERVER HEADERS WORKLOAD NAME...: the rules in the headers are those that
collet-conform judges, word for word; it says in one sentence what is wrong with its flags; it
finds wakes that get lost; and NAMEs, which ctest has judged, are all the backends and pools that
come with collet."""
import json
import pathlib
import re
import subprocess
import sys

CONFORM, SERVER, HEADERS, WORKLOAD, *JUDGED = sys.argv[1:]  # WORKLOAD: a plugin's file
SEAMS = {"poller.h": "P", "proactor.h": "R", "thread_pool.h": "T", "workload.h": "W"}
LEAST = {"PR": 60, "T": 25, "W": 30}

failures = []


def check(holds, complaint):
    if not holds:
        failures.append(complaint)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)


def rules_in_headers():
    rules = {}
    for name, seam in SEAMS.items():
        text = (pathlib.Path(HEADERS) / name).read_text()
        contracts = re.findall(rf"^//   ({seam}\d+) ", text, re.M)
        check(len(contracts) > 0, f"{name} has no contract")
        for rule, words in re.findall(r"^//         ([PRTW]\d+\.\d+) +(.*)$", text, re.M):
            check(rule.split(".")[0] in contracts, f"{rule} in {name} is under no contract there")
            check(rule not in rules, f"{rule} is there twice")
            rules[rule] = words
    return rules


def rules_of_program():
    listed = run(CONFORM, "--list")
    check(listed.returncode == 0, "--list does not end with 0")
    return dict(re.split(r" +", line, maxsplit=1) for line in listed.stdout.splitlines())


def check_rules():
    told, judged = rules_in_headers(), rules_of_program()
    for rule in sorted(told.keys() | judged.keys()):
        check(told.get(rule) == judged.get(rule),
              f"{rule}: the header says {told.get(rule)!r}, the program {judged.get(rule)!r}")
    for seams, least in LEAST.items():
        count = sum(rule[0] in seams for rule in judged)
        check(count >= least, f"{count} rules begin with {' or '.join(seams)}, not {least}")


def check_nothing_is_forgotten():
    listed = run(SERVER, "--list").stdout.split("\ndecorators")[0]
    known = re.findall(r"^  ([a-z]\w*) ", listed, re.M)
    check(sorted(known) == sorted(JUDGED), f"there are {known}, and {JUDGED} are judged")


def check_refusals():
    for flags, told in {
            (): ["--backend", "--pool", "--workload"],
            ("--backend", "epoll", "--pool", "mutex"): ["--pool", '"mutex"', '"epoll"'],
            ("--pool", "mutex", "--workload", WORKLOAD): ["--workload", "--pool", '"mutex"'],
            ("--workload", "echo"): ["--workload", '"echo"', "out of plugins"],
            ("--workload", "http:x=1"): ["--workload", '"http:x=1"', "out of plugins"],
            ("--workload", "nobody"): ["--workload", '"nobody"', "no plugin"],
            ("--workload", "nobody", "--plugin", WORKLOAD): ["--workload", '"nobody"', "lines"],
            ("--workload", WORKLOAD + ":x=1"): ["--workload", '"x"', "polite"],
            ("--workload", WORKLOAD, "--rule", "P1.1"): ["--rule", '"P1.1"', "workloads",
                                                         "--backend"],
            ("--backend", "epoll", "--rule", "W1.1"): ["--rule", '"W1.1"', "--workload"],
            ("--backend", "kqueue"): ["--backend", '"kqueue"', "epoll"],
            ("--pool", "fibers"): ["--pool", '"fibers"', "mutex"],
            ("--pool", "mutex:x=1"): ["--pool", '"x"', "capacity"],
            ("--backend", "epoll", "--rule", "P1"): ["--rule", '"P1"', "--list"],
            ("--backend", "epoll", "--rule", "T1.1"): ["--rule", '"T1.1"', "--pool"],
            ("--pool", "inline", "--rule", "P1.1"): ["--rule", '"P1.1"', "--backend"],
            ("--pool", "inline", "--seed", "x"): ["--seed", '"x"'],
            ("--pool", "inline", "--timeout", "0"): ["--timeout", '"0"', "120s"],
            ("--pool", "inline", "--plugin", "/no/such.so"): ["--plugin", "/no/such.so"],
            ("--pool", "inline", "--loud"): ["--loud", "--help"]}.items():
        refused = run(CONFORM, *flags)
        words = " ".join(flags)
        check(refused.returncode == 2, f"{words}: ends with {refused.returncode}, not 2")
        check(refused.stdout == "" and refused.stderr.startswith("collet-conform: ")
              and refused.stderr.count("\n") == 1, f"{words}: says {refused.stderr!r}")
        for part in told:
            check(part in refused.stderr, f"{words}: {refused.stderr!r} does not name {part}")


def check_output():
    skipped = run(CONFORM, "--backend", "asio", "--rule", "P1.2")
    check(skipped.returncode == 0 and " skip " in skipped.stdout
          and "asio is a Proactor, not a Poller" in skipped.stdout
          and skipped.stdout.endswith("asio: 0 rules kept, 0 broken, 1 not judged\n"),
          f"a rule that is not judged: {skipped.stdout!r}")
    late = run(CONFORM, "--pool", "mutex", "--rule", "T4.1", "--seed", "7", "--timeout", "50ms")
    check(late.returncode == 1 and "T4.1" in late.stdout and "BROKEN" in late.stdout
          and "did not end within 50ms" in late.stdout
          and "--pool mutex --rule T4.1 --seed 7\n" in late.stdout
          and late.stdout.endswith("mutex: 0 rules kept, 1 broken, 0 not judged\n"),
          f"a rule that hangs: {late.stdout!r}")
    lines = run(CONFORM, "--pool", "mutex", "--rule", "T9.1", "--seed", "7", "--json").stdout
    rule, summary = [json.loads(line) for line in lines.splitlines()]
    rule.pop("ms")
    check(rule == {"type": "rule", "rule": "T9.1", "text": rules_of_program()["T9.1"],
                   "header": "thread_pool.h", "outcome": "kept", "reason": ""}, f"JSON: {rule}")
    check(summary == {"type": "summary", "subject": "mutex", "kept": 1, "broken": 0,
                      "not_judged": 0, "seed": 7}, f"JSON: {summary}")
    named = run(CONFORM, "--plugin", WORKLOAD, "--workload", "lines", "--rule", "W7.5", "--json")
    rule, summary = [json.loads(line) for line in named.stdout.splitlines()]
    check((rule["header"], rule["outcome"], summary["subject"]) == ("workload.h", "kept", "lines"),
          f"a workload by its name: {named.stdout!r}")
    rude = run(CONFORM, "--workload", WORKLOAD + ":polite=false", "--rule", "W4.2", "--seed", "7")
    check(rude.returncode == 1 and "BROKEN" in rude.stdout
          and "polite=false --rule W4.2 --seed 7\n" in rude.stdout,
          f"a workload that is wrong: {rude.stdout!r}")


# The one fault that no contract permits.
def check_lost_wakes():
    for backend, rule in (("epoll", "P5.6"), ("asio", "R6.3")):
        spec = f"fault({backend}):seed=7,drop_wake=0.1"
        lost = run(CONFORM, "--backend", spec, "--rule", rule, "--timeout", "4s")
        check(lost.returncode == 1 and re.search(rf"^{rule} +BROKEN", lost.stdout)
              and "did not end within 4s" in lost.stdout, f"{spec} breaks no rule: {lost.stdout!r}")


check_rules()
check_nothing_is_forgotten()
check_refusals()
check_output()
check_lost_wakes()
print("\n".join(failures) or "the rules, the flags and the output are as they should be")
sys.exit(1 if failures else 0)
