#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Tests the rules that have no test of their own on a copy of the sources, to which each case adds one fault.
# usage: faults-test.sh SOURCE_FOLDER
set -euo pipefail
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/rules/expect.sh
source "$(dirname "$0")/expect.sh"
mkdir "$work/tree"
tar -C "$source" -c --exclude=.git --exclude='build*' --exclude='*.safetensors' --exclude='*.model' . | tar -C "$work/tree" -x

# fault RULE FILE TEXT FRAGMENT: expects RULE to accept the copy, and to print FRAGMENT once TEXT is put before FILE.
fault() {
  local file=$work/tree/$2 kept=$work/kept
  rules=$source/tests/rules/$1.sh
  expect "$1 without a fault" 0 ""
  cp "$file" "$kept" 2>/dev/null || rm -f "$kept"
  mkdir -p "$(dirname "$file")"
  { printf '%s\n' "$3"; cat "$kept" 2>/dev/null || true; } >"$file"
  expect "$1 with a fault in $2" 1 "$4"
  if [[ -f $kept ]]; then cp "$kept" "$file"; else rm "$file"; fi
}

fault element-type-rules passes/Types.h 'bool known = type.isF16();' passes/Types.h
fault element-type-rules runtime/exec/Model.cpp 'bool known = format == WeightFormat::bf16;' runtime/exec/Model.cpp
fault line-length docs/cli.md "$(printf 'word %.0s' {1..25})" docs/cli.md:1
fault line-length support/Json.cpp "// $(printf 'word %.0s' {1..25})" support/Json.cpp:1
fault licence-lines passes/Types.h '#pragma once' passes/Types.h
fault licence-lines tests/ir/types.mlir 'module {}' tests/ir/types.mlir
fault test-names tests/support/StatusTest.cpp 'TEST(StatusTest, keepsTheMessage) {}' keepsTheMessage
fault public-headers runtime/exec/Model.h '#include "runtime/exec/Device.h"' runtime/exec/Device.h
fault public-headers runtime/exec/Device.h '// Public: included by runtime/cria.h.' 'does not include it'
fault test-map support/inner/Types.h '#pragma once' "'support/inner' has sources and no row"

# Without files, none of them succeeds.
rm -r "$work/tree"
mkdir -p "$work/tree"/{ir,passes,frontends,runtime,tools/templates,plugins,examples,tests,docs}
touch "$work/tree/docs/testing.md"
for rules in "$source"/tests/rules/{element-type-rules,line-length,licence-lines,test-names,public-headers,test-map}.sh; do
  code=0
  "$rules" "$work/tree" >"$work/output" 2>&1 || code=$?
  ((code)) || { echo "$rules: expected a failure without files, got success"; failures=1; }
done
exit $failures
