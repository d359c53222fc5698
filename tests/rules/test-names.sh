#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks that the tests have UpperCamel names (docs/conventions.md, "Names"), which clang-tidy does not see inside the macros.
# usage: test-names.sh SOURCE_FOLDER
set -euo pipefail
cd "$1"

mapfile -t files < <(find tests tools/templates -name '*Test.cpp' -o -name 'Test.cpp.in')
((${#files[@]} > 50)) || { echo "expected the tests of the project in '$1', found ${#files[@]} files"; exit 1; }

if grep -nE '^\s*TEST(_F|_P)?\(' "${files[@]}" | grep -vE 'TEST(_F|_P)?\([A-Z@][A-Za-z0-9@]*, *[A-Z][A-Za-z0-9]*\)'; then
  echo "expected UpperCamel names of suite and test"
  exit 1
fi
