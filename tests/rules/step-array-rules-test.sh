#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Tests step-array-rules.sh on small trees, one of which is clean, and each of the others has one fault.
# usage: step-array-rules-test.sh SOURCE_FOLDER
set -euo pipefail
source=$1
rules=$source/tests/rules/step-array-rules.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/rules/expect.sh
source "$(dirname "$0")/expect.sh"

mapfile -t exceptions < <(sed -n '/^readonly EXCEPTIONS/,/^)/s/^  \([^ ]*\).*/\1/p' "$rules")
((${#exceptions[@]})) || { echo "found no exceptions in $rules"; exit 1; }

# tree: makes the folders that the rules name, with a source without faults in each, and copies the exceptions.
tree() {
  local folder file
  rm -rf "$work/tree"
  for folder in support format ir passes frontends runtime plugins tools examples; do
    mkdir -p "$work/tree/$folder"
    echo '#include <vector>' >"$work/tree/$folder/Clean.cpp"
  done
  for file in format/StepFields.h "${exceptions[@]}"; do
    mkdir -p "$work/tree/$(dirname "$file")"
    cp "$source/$file" "$work/tree/$file"
  done
}

tree
expect "a clean tree" 0 ""
echo '"positions" "sequences" "sequence_starts" "block_table" "positions"' >"$work/tree/passes/Attention.cpp"
expect "the four arrays of attention" 0 ""
echo '"slots"' >>"$work/tree/passes/Attention.cpp"
expect "five arrays" 1 "5 passes/Attention.cpp"
tree
printf '"%s"\n' tokens positions sequences slots outputs >"$work/tree/ir/Ops.td"
expect "five arrays in ODS" 1 "5 ir/Ops.td"
tree
rm -r "${work:?}/tree/runtime"
mkdir "$work/tree/runtime"
expect "no files in a folder" 2 "there are no files to check in runtime/"
tree
echo '#include <vector>' >"$work/tree/${exceptions[0]}"
expect "an exception without names" 2 "${exceptions[0]} has at most"
tree
sed -i '/StepFieldKind::slots, "slots"/d' "$work/tree/format/StepFields.h"
expect "a table that the rules cannot read" 2 "expected at least 7 arrays"
exit $failures
