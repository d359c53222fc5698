#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Tests removal-rules.sh on small trees, one of which is clean, and each of the others has one fault; and that scripts refuse
# folders that they have not made.
# usage: removal-rules-test.sh SOURCE_FOLDER
set -euo pipefail
rules=$1/tests/rules/removal-rules.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/rules/expect.sh
source "$(dirname "$0")/expect.sh"

# tree: makes as many sources as the rules expect at least, and scripts that remove only what they may.
tree() {
  rm -rf "$work/tree"
  mkdir -p "$work/tree"/{support,format,ir,passes,frontends,runtime,plugins,tools/cria-device-check,examples,docs,tests}
  local i
  for i in {1..100}; do
    echo 'void f();' >"$work/tree/ir/Clean$i.cpp"
  done
  echo 'std::filesystem::remove_all(path);' >"$work/tree/support/OwnedFolder.cpp"
  echo '  rm -rf dist' >"$work/tree/dev"
  echo '  COMMAND ${CMAKE_COMMAND} -E rm -rf ${data_folders}' >"$work/tree/tools/cria-device-check/CMakeLists.txt"
  printf '%s\n' 'work=$(mktemp -d)' "trap 'rm -rf \"\$work\"' EXIT" 'rm "$work/file"' '  rm -rf "$work/part"' >"$work/tree/tests/temporary.sh"
}

tree
expect "a clean tree" 0 ""
tree
echo 'std::filesystem::remove_all(path);' >"$work/tree/runtime/Cache.cpp"
expect "a removal outside support/" 1 "runtime/Cache.cpp:1:"
tree
echo 'std::filesystem::remove_all(path);' >"$work/tree/format/Cache.hpp"
expect "a removal in format/" 1 "format/Cache.hpp:1:"
# removes FILE LINE: expects that the rules find a line of a script.
removes() {
  tree
  echo "$2" >>"$work/tree/$1"
  expect "$1: $2" 1 "$2"
}
removes tools/make.sh 'rm -rf "$output"'
removes tools/make.sh 'rm -r "$work/part"' # which mktemp has not made in this script
removes tests/temporary.sh 'rm -f -R "$output"'
removes tests/temporary.sh 'rm -rf "$work" "$output"'
removes tests/temporary.sh 'rmdir "$output"'
removes tests/temporary.sh 'find "$output" -delete'
removes dev 'rm -rf dist build'
removes tools/CMakeLists.txt 'COMMAND ${CMAKE_COMMAND} -E rm -rf ${data_folders}'
removes tools/CMakeLists.txt 'file(REMOVE_RECURSE ${folder})'
removes tools/make.cmake 'COMMAND ${CMAKE_COMMAND} -E remove_directory ${folder}'
removes tests/make.py 'shutil.rmtree(folder)'
removes tests/make.py 'folder.rmdir()'
tree
rm -rf "$work/tree/ir"
expect "a tree without sources" 1 "expected the sources"

# keeps FOLDER FRAGMENT COMMAND...: expects that the command refuses the folder and leaves it as it is.
keeps() {
  local output
  mkdir -p "$1"
  echo mine >"$1/file"
  output=$("${@:3}" 2>&1) && output="success: $output"
  [[ $output == *"$2"* && $output != success* && -f $1/file ]] && return
  printf '%s: expected a refusal with "%s", got: %s\n' "${*:3}" "$2" "$output"
  failures=1
}
mkdir "$work/tools"
cp -a "$1/dev" "$work"
cp -a "$1/tools/dev" "$work/tools"
keeps "$work/dist" "expected dist/ to be absent" "$work/dev" dist
keeps "$work/card" "expected card/ to be absent" "$work/dev" card
keeps "$work/check/models" "models exists already" "$1/tools/cria-device-check/make-data.sh" "$work" "$1" "$work/check"
exit $failures
