#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks that the headers of runtime/ that runtime/cria.h includes, directly or through others, carry the line
#   // Public: included by runtime/cria.h.
# before `#pragma once`, and that no other header of runtime/ does. Headers of support/, format/ and plugins/ that
# they include need no mark: those rooms are shared with the compiler and with plugins.
# usage: public-headers.sh SOURCE_FOLDER
set -euo pipefail
cd "$1"

readonly DOOR=runtime/cria.h
readonly MARK='// Public: included by runtime/cria.h.'

# Headers of runtime/ reached from $DOOR, each once.
declare -A public=()
queue=("$DOOR")
while ((${#queue[@]})); do
  header=${queue[0]}
  queue=("${queue[@]:1}")
  [[ -f $header ]] || { echo "$header: expected a file, since a public header includes it"; exit 1; }
  while read -r included; do
    [[ -n ${public[$included]:-} ]] && continue
    public[$included]=1
    queue+=("$included")
  done < <(sed -nE 's|^#include "(runtime/[^"]+)".*|\1|p' "$header")
done
((${#public[@]} > 10)) || { echo "expected more than 10 public headers, got ${#public[@]}: has a folder moved?"; exit 1; }

mapfile -t headers < <(find runtime -name '*.h' ! -path "$DOOR" | sort)
((${#headers[@]} > ${#public[@]})) || { echo "expected internal headers in runtime/, got none: has a folder moved?"; exit 1; }

broken=0
for header in "${headers[@]}"; do
  marked=0
  [[ $(grep -B1 -m1 '^#pragma once' "$header" | head -1) == "$MARK" ]] && marked=1
  if [[ -n ${public[$header]:-} && $marked == 0 ]]; then
    echo "$header: expected the line '$MARK' before #pragma once, since $DOOR includes it"
    broken=1
  elif [[ -z ${public[$header]:-} ]] && grep -qF '// Public:' "$header"; then
    echo "$header: marked as public, but $DOOR does not include it; remove the mark"
    broken=1
  fi
done
exit $broken
