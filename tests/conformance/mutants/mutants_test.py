#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mutants_test.py CONFORM SERVER PLUGIN: each bug that PLUGIN has an option for is found, by the
rule that the option's help begins with; and without a bug these rules are kept."""
import re
import subprocess
import sys

from judge import Judge

CONFORM, SERVER, PLUGIN = sys.argv[1:]

judge = Judge(CONFORM)
listed = subprocess.run([SERVER, "--plugin", PLUGIN, "--list"], capture_output=True, text=True,
                        check=True).stdout
bugs = re.findall(r"^      (\w+) +([PRTW]\d+\.\d+): .*true or false", listed, re.M)
failures = [] if len(bugs) >= 10 else [f"{PLUGIN} has {len(bugs)} bugs only"]
failures += judge.judge_without_bug(PLUGIN, [rule for _, rule in bugs])
for name, broken_rule in bugs:
    failures += judge.find(f"{PLUGIN}:{name}=true", broken_rule)
print("\n".join(failures) or f"all {len(bugs)} bugs were found")
sys.exit(1 if failures else 0)
