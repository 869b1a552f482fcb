# SPDX-License-Identifier: MIT
"""judge.py: what collet-conform says of a subject that has a bug, and of one that has none."""
import json
import os
import subprocess

FLAGS = {"P": "--backend", "R": "--backend", "T": "--pool", "W": "--workload"}

# With a bug many rules hang, until the timeout runs out. Without one they have to be done by then,
# or a bug would be found that is none: hence the same for both.
HASTE = ["--brief", "--timeout", "5s"]
TRIES = 5  # some bugs are races, which show only now and then; and the machine may be busy


class Judge:
    """The program `conform`. Its methods return lines that say what is not as it should be."""

    def __init__(self, conform):
        self.conform = conform

    def find(self, spec, rule, environment=None):
        """`spec`, which has a bug, is said to break `rule`."""
        return self._expect("broken", 1, spec, rule, environment or {})

    def judge_without_bug(self, spec, rules):
        """`spec`, which has none, is said to keep each of `rules`."""
        return [line for rule in sorted(set(rules))
                for line in self._expect("kept", 0, spec, rule, {})]

    def _expect(self, outcome, code, spec, rule, environment):
        command = [self.conform, FLAGS[rule[0]], spec, "--json", "--rule", rule, *HASTE]
        for _ in range(TRIES):
            ended = subprocess.run(command, capture_output=True, text=True, check=False,
                                   timeout=120, env=os.environ | environment)
            told = [json.loads(line) for line in ended.stdout.splitlines()]
            found = next((line["outcome"] for line in told if line.get("rule") == rule), None)
            if (ended.returncode, found) == (code, outcome):
                return []
        words = " ".join([*(f"{name}={value}" for name, value in environment.items()), *command])
        return [f"{words} ends with {ended.returncode}, {rule} is {found}: {ended.stderr}"]
