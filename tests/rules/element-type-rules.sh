#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks that no code chooses among element types with a conditional chain: such a chain ends in a type that
# nobody named when a type is added. Conversions are in format/ElementType.h and ir/ElementTypes.h; kernel
# emitters (passes/targets/*/) may choose instructions by type.
# usage: element-type-rules.sh SOURCE_FOLDER
set -euo pipefail
cd "$1"

# Files that may hold a chain, with the reason.
readonly EXCEPTIONS=(
  passes/codegen/ElementConversion.cpp   # converts between the types themselves
)

mapfile -t files < <(find ir passes frontends runtime tools -name '*.h' -o -name '*.cpp' |
  grep -vE '^passes/targets/[a-z]+/|^tools/cria-plugin-test/|^tools/cria-device-check/')
((${#files[@]} > 100)) || { echo "only ${#files[@]} source files found: has a folder moved?" >&2; exit 2; }

readonly CHAIN='isBF16\(\)|isF16\(\) *\?|[=!]= *([A-Za-z]+::)*bf16\b|[=!]= *([A-Za-z]+::)*f16 *\?'
hits=$(grep -nE "$CHAIN" "${files[@]}" || true)
for exception in "${EXCEPTIONS[@]}"; do
  [[ -f $exception ]] || { echo "$exception does not exist: remove it from the exceptions" >&2; exit 2; }
  hits=$(grep -v "^$exception:" <<<"$hits" || true)
done
if [[ -n $hits ]]; then
  printf 'choose by element type with a switch without a default, or in format/:\n%s\n' "$hits"
  exit 1
fi
