#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks that pages wrap at 100 columns, except where lines cannot be broken: tables, code blocks, headings, and lines of one
# word, such as an address. Generated and frozen pages are not checked.
# usage: line-length.sh SOURCE_FOLDER
set -euo pipefail
export LC_ALL=C.UTF-8 # columns are characters, not bytes
cd "$1"

mapfile -t pages < <(find . \( -name .git -o -name 'build*' -o -name dist \) -prune -o -name '*.md' \
  -not -path './docs/generated/*' -not -path './tests/abi/v1/*' -print | sort)
((${#pages[@]})) || { echo "there are no pages to check"; exit 1; }

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
exit $broken
