#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# past_tsan_crash.sh COMMAND...: runs it, and once more if ThreadSanitizer has failed a check of its
# own, of the clocks that it keeps for each atomic (tsan_clock.cpp of g++ 12): where tasks come and
# go by the million, that happens now and then. What it says of the program counts at once.
set -u

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
"$@" 2>&1 | tee "$log"
code=${PIPESTATUS[0]}
if ((code != 0)) && grep -q '^ThreadSanitizer: CHECK failed: tsan_clock\.cpp' "$log" &&
  ! grep -q 'WARNING: ThreadSanitizer' "$log"; then
  echo "ThreadSanitizer has failed a check of its own: once more"
  "$@"
  code=$?
fi
exit "$code"
