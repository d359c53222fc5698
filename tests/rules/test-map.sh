#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks the table "From code to its tests" of docs/testing.md: it has every folder with product sources, and its paths exist.
# usage: test-map.sh SOURCE_FOLDER
set -euo pipefail
cd "$1"
page=docs/testing.md
problems=0
problem() { echo "$page: $*"; problems=1; }

# The rows as lines "folder: path path ...", without code marks.
mapfile -t rows < <(awk '/^## /{inside = /^## From code to its tests/} inside && /^\| `/' $page |
  awk -F'|' '{ rest = ""; while (match($3, /`[^`]*`/)) { rest = rest " " substr($3, RSTART + 1, RLENGTH - 2)
      $3 = substr($3, RSTART + RLENGTH) } gsub(/[` ]/, "", $2); print $2 ":" rest }')
((${#rows[@]})) || { problem "there is no table 'From code to its tests'"; exit 1; }

listed=()
for row in "${rows[@]}"; do
  folder=${row%%:*}
  listed+=("$folder")
  [[ -n ${row#*:} ]] || problem "'$folder' has no tests"
  read -ra paths <<<"${row#*:}"
  for path in "$folder" "${paths[@]}"; do # a path may be a pattern, as in plugins/samplers/*
    compgen -G "$path" >/dev/null || problem "'$path' of the row '$folder' does not exist"
  done
done

folders=()
for room in support format ir passes frontends runtime plugins tools; do
  [[ ! -d $room ]] || mapfile -t -O "${#folders[@]}" folders < <(find "$room" -type f \
    \( -name '*.cpp' -o -name '*.c' -o -name '*.h' -o -name '*.hpp' -o -name '*.td' \) -printf '%h\n' | sort -u)
done
((${#folders[@]})) || { problem "there are no folders with sources"; exit 1; }
for folder in "${folders[@]}"; do
  found=0
  for pattern in "${listed[@]}"; do
    # shellcheck disable=SC2053 # a pattern is wanted
    [[ $folder != $pattern ]] || found=1
  done
  ((found)) || problem "the folder '$folder' has sources and no row"
done
exit $problems
