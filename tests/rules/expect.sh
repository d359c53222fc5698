# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# For tests of rules, which source this file and set `rules`, a script, and `work`, a folder with the tree that it checks.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the test that sources this file sets `rules` and `work`, and reads `failures`
failures=0

# expect WHAT EXIT_CODE FRAGMENT: runs the rules on the current tree and compares exit code and output.
expect() {
  local output code=0
  output=$("$rules" "$work/tree" 2>&1) || code=$?
  [[ $code == "$2" && $output == *"$3"* ]] && return
  printf '%s: expected exit code %s and "%s", got %s and:\n%s\n' "$1" "$2" "$3" "$code" "$output"
  failures=1
}
