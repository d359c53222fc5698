#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks that no code compares an element type, its name or a weight format with f16 or bf16: such a chain ends in a type that nobody named when
# a type is added. Conversions are in format/ and ir/ElementTypes.h; kernel emitters (passes/targets/*/) may choose instructions by type.
# usage: element-type-rules.sh SOURCE_FOLDER
set -euo pipefail
cd "$1"

# Files that may compare, with the reason.
readonly EXCEPTIONS=(
  plugins/sdk/cria_opset.hpp              # which types an operand has
)

mapfile -t files < <(find ir passes frontends runtime tools plugins examples -name '*.h' -o -name '*.hpp' -o -name '*.cpp' |
  grep -vE '^passes/targets/[a-z]+/')
((${#files[@]} > 300)) || { echo "only ${#files[@]} source files found: has a folder moved?" >&2; exit 2; }

readonly CHAIN='isB?F16\(\)|[=!]= *([A-Za-z]+::)*b?f16\b|[=!]= *CRIA_TYPE_B?F16\b|[=!]= *(std::string(_view)?\()?"b?f16"|"b?f16"\)? *[=!]='
hits=$(grep -nE "$CHAIN" "${files[@]}" || true)
for exception in "${EXCEPTIONS[@]}"; do
  grep -q "^$exception:" <<<"$hits" || { echo "$exception has no such comparison: remove it from the exceptions" >&2; exit 2; }
  hits=$(grep -v "^$exception:" <<<"$hits" || true)
done
if [[ -n $hits ]]; then
  printf 'choose by element type with a switch without a default, or in format/:\n%s\n' "$hits"
  exit 1
fi
