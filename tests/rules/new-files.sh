#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Runs `./dev new-pass` and `./dev new-plugin` in a copy of the tree: the files are complete, formatted (if the formatter is
# installed) and pass a syntax check, and existing files are not overwritten.
# usage: new-files.sh SOURCE_FOLDER CXX [MLIR_TBLGEN LLVM_INCLUDE_FOLDER CRIA_OPT]
set -euo pipefail
source=$1 cxx=$2 tblgen=${3:-} include=${4:-} opt=${5:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; exit 1; }

mkdir "$work/tests"
cp -a "$source"/{dev,passes,plugins} "$work"
cp -a "$source/tests/passes" "$source/tests/plugins" "$work/tests"
mkdir "$work/tools"
cp -a "$source"/tools/{dev,templates} "$work/tools"
cd "$work"

refused() { # EXPECTED ARGUMENTS...
  local message
  message=$(./dev "${@:2}" 2>&1) && fail "expected a refusal: ./dev ${*:2}"
  [[ $message == *"$1"* ]] || fail "expected '$1', got: $message"
}
./dev new-pass fuse-first >/dev/null
./dev new-plugin sampler first_sampler >/dev/null
./dev new-plugin chat first_chat >/dev/null
./dev new-plugin backend first_backend >/dev/null
refused "exists already" new-pass fuse-first
refused "exists already" new-plugin chat first_chat
refused "fuse-then-decompose.mlir exists already" new-pass fuse-then-decompose
refused "has a pass PreparePass or llama-prepare already" new-pass prepare
mkdir tests/plugins/samplers/tested_sampler
refused "tests/plugins/samplers/tested_sampler exists already" new-plugin sampler tested_sampler
left=$(find passes plugins tests -name 'FuseThenDecompose*' -o -name 'Prepare.cpp' -path '*transforms*' -o -name 'Tested*')
[[ -z $left ]] || fail "a refused command wrote $left"
refused "got 'Fuse'" new-pass Fuse
refused "got 'frontend'" new-plugin frontend one
refused "got 'a-b'" new-plugin sampler a-b

mapfile -t written < <(find . -newer tools/templates -type f \( -path '*first*' -o -name 'FuseFirst*' \))
((${#written[@]} == 14)) || fail "expected 14 files, got: ${written[*]}"
! grep -nE '@[A-Za-z]+@' "${written[@]}" || fail "a placeholder is left"
grep -q ' first_sampler)$' plugins/CMakeLists.txt || fail "plugins/CMakeLists.txt does not name the sampler"
grep -q ' first_chat)$' plugins/CMakeLists.txt || fail "plugins/CMakeLists.txt does not name the chat template"
grep -q ' first_backend)$' plugins/CMakeLists.txt || fail "plugins/CMakeLists.txt does not name the backend"
for folder in samplers/first_sampler chat/first_chat backends/first_backend; do
  grep -q " $folder" tests/plugins/CMakeLists.txt || fail "tests/plugins/CMakeLists.txt does not name $folder"
done
grep -q 'transforms/FuseFirst.cpp' passes/CMakeLists.txt || fail "passes/CMakeLists.txt does not name the pass"

mapfile -t plugins < <(find plugins -path '*first*' -name '*.cpp')
for plugin in "${plugins[@]}"; do
  "$cxx" -std=c++20 -Wall -Wextra -Werror -fsyntax-only -I. -Iplugins/api -Iplugins/sdk \
    -DCRIA_PLUGIN_NAME='"first"' -DCRIA_PLUGIN_VERSION='"1.0"' "$plugin"
done
if [[ -n $tblgen ]]; then
  declarations=$("$tblgen" -gen-pass-decls -name Cria -I "$include" passes/Passes.td)
  [[ $declarations == *FuseFirstPass* ]] || fail "Passes.td does not declare the pass"
  "$opt" --split-input-file tests/passes/transforms/fuse-first.mlir >/dev/null || fail "the test of the pass does not parse"
fi
if command -v clang-format-22 >/dev/null; then
  cp "$source/.clang-format" .
  mapfile -t written < <(printf '%s\n' "${written[@]}" | grep '\.cpp$')
  clang-format-22 --dry-run -Werror "${written[@]}"
fi
