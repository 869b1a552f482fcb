# SPDX-License-Identifier: MIT
"""judge.py: what collet-conform says of a subject that has a bug, and of one that has none."""
import json
import os
import subprocess

FLAGS = {"P": "--backend", "R": "--backend", "T": "--pool", "W": "--workload"}

# With a bug many rules hang, until the timeout runs out. Without one they have to be done by then,
# or a bug would be found that is none: hence the same for both.
HASTE = ["--brief", "--timeout", "10s"]
TRIES = 5  # some bugs are races, which show only now and then


class Judge:
    """The program `conform`. Its methods return lines that say what is not as it should be."""

    def __init__(self, conform):
        self.conform = conform

    def find(self, spec, rule, environment=None):
        """`spec`, which has a bug, is said to break `rule`."""
        for _ in range(TRIES):
            command, ended, told = self._judge(spec, rule, ["--rule", rule], environment or {})
            if ended.returncode == 1 and told.get(rule) == "broken":
                return []
        return [f"{command} ends with {ended.returncode}, {told.get(rule)}: {ended.stderr}"]

    def judge_without_bug(self, spec, rules):
        """`spec`, which has none, breaks no rule; `rules` are among those it is judged by."""
        command, ended, told = self._judge(spec, rules[0], [], {})
        failures = [f"{command} finds that {rule} is {outcome}"
                    for rule, outcome in told.items() if outcome == "broken"]
        failures += [f"{command} does not judge {rule}: {told.get(rule)}"
                     for rule in sorted(set(rules)) if told.get(rule) not in ("kept", "broken")]
        if ended.returncode != 0 and not failures:
            failures.append(f"{command} ends with {ended.returncode}: {ended.stderr}")
        return failures

    # The command, its end, and the outcome of each rule.
    def _judge(self, spec, kind, flags, environment):
        command = [self.conform, FLAGS[kind[0]], spec, "--json", *HASTE, *flags]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300,
                               env=os.environ | environment)
        told = [json.loads(line) for line in ended.stdout.splitlines()]
        words = [*(f"{name}={value}" for name, value in environment.items()), *command]
        return " ".join(words), ended, {line["rule"]: line["outcome"]
                                        for line in told if "outcome" in line}
