#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""planted_test.py CONFORM SUBJECT PLUGIN: each bug of planted/bugs.py that is in PLUGIN, a copy of
collet's own SUBJECT, is found, by the rule that stands beside it; and without a bug these rules are
kept."""
import sys

from judge import Judge
from planted.bugs import BUGS

CONFORM, SUBJECT, PLUGIN = sys.argv[1:]

judge = Judge(CONFORM)
bugs = BUGS[SUBJECT]
failures = judge.judge_without_bug(PLUGIN, [bug.rule for bug in bugs])
for bug in bugs:
    failures += judge.find(PLUGIN, bug.rule, {"COLLET_PLANTED": bug.name})
print("\n".join(failures) or f"all {len(bugs)} bugs were found")
sys.exit(1 if failures else 0)
