#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mutants_test.py CONFORM SERVER PLUGIN: each bug that PLUGIN has an option for is found, by the
rule that the option's help begins with; and without a bug that rule is kept."""
import json
import re
import subprocess
import sys

CONFORM, SERVER, PLUGIN = sys.argv[1:]
FLAGS = {"P": "--backend", "R": "--backend", "T": "--pool", "W": "--workload"}
PATIENCE = {False: "5s", True: "60s"}  # with a bug many rules hang, until this runs out


TRIES = 5  # some bugs are races, which show only now and then


def find(spec, rule):
    for _ in range(TRIES):
        failures = judge(spec, rule, keeps=False)
        if not failures:
            return []
    return failures


def judge(spec, rule, keeps):
    command = [CONFORM, FLAGS[rule[0]], spec, "--rule", rule, "--timeout", PATIENCE[keeps],
               "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    lines = ended.stdout.splitlines()
    outcome = json.loads(lines[0])["outcome"] if lines else "nothing"
    wanted = (0, "kept") if keeps else (1, "broken")
    if (ended.returncode, outcome) == wanted:
        return []
    return [f"{' '.join(command)} ends with {ended.returncode}, {outcome}: {ended.stderr}"]


listed = subprocess.run([SERVER, "--plugin", PLUGIN, "--list"], capture_output=True, text=True,
                        check=True).stdout
bugs = re.findall(r"^      (\w+) +([PRTW]\d+\.\d+): .*true or false", listed, re.M)
failures = [] if len(bugs) >= 10 else [f"{PLUGIN} has {len(bugs)} bugs only"]
for name, broken_rule in bugs:
    failures += find(f"{PLUGIN}:{name}=true", broken_rule)
for unbroken_rule in sorted({broken_rule for _, broken_rule in bugs}):
    failures += judge(PLUGIN, unbroken_rule, keeps=True)
print("\n".join(failures) or f"all {len(bugs)} bugs were found")
sys.exit(1 if failures else 0)
