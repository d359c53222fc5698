#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks that pages wrap at 100 columns, except where lines cannot be broken: tables, code blocks, headings, and lines of one
# word, such as an address. Comments of C and C++ files wrap at 110 columns; code is the formatter's. Generated and frozen
# files are not checked.
# usage: line-length.sh SOURCE_FOLDER
set -euo pipefail
export LC_ALL=C.UTF-8 # columns are characters, not bytes
cd "$1"

# files NAME...: prints the files with these names, patterns of find, that are neither generated nor frozen.
files() {
  local names=(-name "$1") name
  for name in "${@:2}"; do names+=(-o -name "$name"); done
  find . \( -name .git -o -name 'build*' -o -name dist -o -path ./card -o -path ./card-rehearsal \) -prune -o \( "${names[@]}" \) \
    -not -path './docs/generated/*' -not -path './tests/abi/v1/*' -print | sort
}
mapfile -t pages < <(files '*.md')
((${#pages[@]})) || { echo "there are no pages to check"; exit 1; }
mapfile -t sources < <(files '*.h' '*.hpp' '*.cpp' '*.c')
((${#sources[@]})) || { echo "there are no sources to check"; exit 1; }

# prose PAGE: prints the page with empty lines in place of exempt ones.
prose() {
  awk '
    /^ *(```|~~~)/ { code = !code; print ""; next }
    code || /^ *\|/ || /^#/ { print ""; next }
    { line = $0; sub(/^ *([-*] |[0-9]+\. |> )*/, "", line); print line ~ / / ? $0 : "" }' "$1"
}

broken=0
for page in "${pages[@]}"; do
  if long=$(prose "$page" | grep -nE '^.{101,}'); then
    sed "s|^|$page:|" <<<"$long"
    broken=1
  fi
done
((broken == 0)) || echo "expected at most 100 columns"
# Lines that hold only a comment: a literal, which cannot be broken, is never reported.
if grep -nE '^ *//' "${sources[@]}" | grep -E '^[^:]+:[0-9]+:.{111,}'; then
  echo "expected comments of at most 110 columns"
  broken=1
fi
exit $broken
