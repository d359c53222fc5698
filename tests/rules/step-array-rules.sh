#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks that format/StepFields.h alone lists the arrays of a step: no other source has more than LIMIT of their names in quotes.
# usage: step-array-rules.sh SOURCE_FOLDER
set -euo pipefail
cd "$1"

readonly TABLE=format/StepFields.h
readonly LIMIT=4 # attention reads so many: positions, sequences, sequence starts and block table

# Files that may have more, with the reason.
readonly EXCEPTIONS=(
  plugins/sdk/cria_opset.hpp             # the signatures of the ops: a published contract of its own
  examples/targets/c/CTarget.cpp         # a whole target in one file: it binds the operands of every op
  tools/cria-plugin-test/Formulas.cpp    # the formulas of all ops, by the operands of the opset
  tools/cria-plugin-test/OpPrograms.cpp  # programs of all ops
  tools/cria-plugin-test/RandomOps.cpp   # random calls of all ops
)

mapfile -t names < <(grep -E '^ *\{StepFieldKind::' "$TABLE" | grep -v 'ExtentKind::constant' | cut -d'"' -f2)
((${#names[@]} >= 7)) || { echo "expected at least 7 arrays in $TABLE, found ${#names[@]}: has the form of the table changed?" >&2; exit 2; }
pattern="\"($(IFS='|'; echo "${names[*]}"))\""

files=()
for room in support format ir passes frontends runtime plugins tools examples; do
  mapfile -t found < <(find "$room" -name '*.h' -o -name '*.hpp' -o -name '*.cpp' -o -name '*.c' -o -name '*.td')
  ((${#found[@]})) || { echo "there are no files to check in $room/" >&2; exit 2; }
  files+=("${found[@]}")
done

# Lines "NUMBER FILE" of the files above the limit: distinct pairs of file and name, counted by file.
hits=$(grep -oHE "$pattern" "${files[@]}" | sort -u | cut -d: -f1 | uniq -c | awk -v limit="$LIMIT" '$1 > limit { print $1, $2 }')
for allowed in "$TABLE" "${EXCEPTIONS[@]}"; do
  grep -q " $allowed$" <<<"$hits" || { echo "$allowed has at most $LIMIT names of arrays: remove it from the exceptions" >&2; exit 2; }
  hits=$(grep -v " $allowed$" <<<"$hits" || true)
done
if [[ -n $hits ]]; then
  printf 'expected at most %s names of arrays of a step in a file; read kStepFields of %s:\n%s\n' "$LIMIT" "$TABLE" "$hits"
  exit 1
fi
