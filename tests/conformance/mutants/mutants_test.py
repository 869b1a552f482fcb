#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mutants_test.py CONFORM SERVER PLUGIN: each bug that PLUGIN has an option for is found, by the
rule that the option's help begins with; and without a bug all rules are kept."""
import json
import re
import subprocess
import sys

CONFORM, SERVER, PLUGIN = sys.argv[1:]
FLAGS = {"P": "--backend", "R": "--backend", "T": "--pool", "W": "--workload"}

TRIES = 5  # some bugs are races, which show only now and then


def find(spec, rule):
    for _ in range(TRIES):
        failures = judge_one(spec, rule)
        if not failures:
            return []
    return failures


def command_for(spec, rule, *more):
    return [CONFORM, FLAGS[rule[0]], spec, "--json", *more]


# With a bug many rules hang, until the timeout runs out.
def judge_one(spec, rule):
    command = command_for(spec, rule, "--rule", rule, "--timeout", "5s")
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    lines = ended.stdout.splitlines()
    outcome = json.loads(lines[0])["outcome"] if lines else "nothing"
    if (ended.returncode, outcome) == (1, "broken"):
        return []
    return [f"{' '.join(command)} ends with {ended.returncode}, {outcome}: {ended.stderr}"]


def judge_without_bug(rule):
    command = command_for(PLUGIN, rule)
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    broken = [line for line in told if line.get("outcome") == "broken"]
    kept = sum(line.get("outcome") == "kept" for line in told)
    if ended.returncode == 0 and not broken and kept >= 20:
        return []
    return [f"{' '.join(command)} ends with {ended.returncode}, {kept} kept: {broken}"]


listed = subprocess.run([SERVER, "--plugin", PLUGIN, "--list"], capture_output=True, text=True,
                        check=True).stdout
bugs = re.findall(r"^      (\w+) +([PRTW]\d+\.\d+): .*true or false", listed, re.M)
failures = [] if len(bugs) >= 10 else [f"{PLUGIN} has {len(bugs)} bugs only"]
for name, broken_rule in bugs:
    failures += find(f"{PLUGIN}:{name}=true", broken_rule)
failures += judge_without_bug(bugs[0][1])
print("\n".join(failures) or f"all {len(bugs)} bugs were found")
sys.exit(1 if failures else 0)
