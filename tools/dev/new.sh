# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# The commands new-pass and new-plugin of ./dev, which sources this file: a first file and its test, from tools/templates.

camel_case() { sed -E 's/(^|[-_])([a-z0-9])/\U\2/g' <<<"$1"; } # fuse-bias: FuseBias

# require_new PATH...: fails if one of the paths exists. Called before anything is written.
require_new() {
  local path
  for path; do
    [[ ! -e $path ]] || fail "$path exists already; choose another name"
  done
}

# fill TEMPLATE FILE: writes FILE from a template; replaces the placeholders by the variables of the caller.
fill() {
  mkdir -p "$(dirname "$2")"
  sed "s/@UPPER@/${Name^^}/g; s/@Name@/$Name/g; s/@name@/$name/g; s/@argument@/${argument:-}/g" "tools/templates/$1" >"$2"
  echo "  $2"
}

# insert FILE LINE BEFORE: inserts a line before the first line that matches the pattern BEFORE.
insert() {
  local file=$1 found
  found=$(grep -nE -m 1 "$3" "$file" | cut -d: -f1) || true
  [[ -n $found ]] || fail "$file: expected a line that matches '$3'; add '$2' by hand"
  sed -i "${found}i\\
$2" "$file"
  echo "  $file"
}

# extend FILE LIST WORD: appends a word to the line that begins with `foreach(LIST `.
extend() {
  grep -q "^foreach($2 .*)$" "$1" || fail "$1: expected a line 'foreach($2 ...)'; add '$3' by hand"
  sed -i "s|^\(foreach($2 .*\))$|\1 $3)|" "$1"
  echo "  $1"
}

new_pass() {
  local name=${1:-} Name argument
  name=${name#llama-}
  [[ $name =~ ^[a-z][a-z0-9]*(-[a-z0-9]+)*$ ]] || fail "expected the name of a pass such as fuse-bias, got '${1:-}'"
  Name=$(camel_case "$name") argument=llama-$name
  require_new "passes/transforms/$Name.cpp" "tests/passes/transforms/$name.mlir"
  ! grep -qE "^def ${Name}Pass\b|\"$argument\"" passes/Passes.td ||
    fail "passes/Passes.td has a pass ${Name}Pass or $argument already; choose another name"
  say "Writing the pass $argument"
  fill pass/Pass.cpp.in "passes/transforms/$Name.cpp"
  fill pass/pass.mlir.in "tests/passes/transforms/$name.mlir"
  insert passes/CMakeLists.txt "    transforms/$Name.cpp" '^ +transforms/RemoveDeadWeights.cpp'
  local record
  record=$(mktemp)
  sed "s/@Name@/$Name/g; s/@argument@/$argument/g" tools/templates/pass/Pass.td.in >"$record"
  sed -i "/^def RemoveDeadWeightsPass/{
    e cat $record
  }" passes/Passes.td
  rm "$record"
  echo "  passes/Passes.td"
  echo "Next: ninja -C $BUILD cria-opt generated-docs && lit-22 $BUILD/tests/lit/passes --filter $name; docs/adding-a-pass.md continues."
}

new_plugin() {
  local kind=${1:-} name=${2:-} Name room
  case $kind in
    backend | sampler) room=plugins/${kind}s/$name ;;
    chat) room=plugins/chat/$name ;;
    *) fail "expected one of the kinds backend, sampler, chat, got '$kind'" ;;
  esac
  [[ $name =~ ^[a-z][a-z0-9_]*$ ]] || fail "expected a name of a-z, 0-9 and _, got '$name'"
  require_new "$room" "tests/$room"
  Name=$(camel_case "$name")
  local suffix=${kind^} extra=''
  [[ $kind != backend ]] || extra=' OPS ops.json'
  say "Writing the $kind $name"
  fill "$kind/Plugin.cpp.in" "$room/$Name$suffix.cpp"
  [[ $kind != backend ]] || fill backend/ops.json.in "$room/ops.json"
  printf '%s\n' '# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception' \
    "cria_add_plugin($name KIND $kind SOURCES $Name$suffix.cpp$extra)" >"$room/CMakeLists.txt"
  echo "  $room/CMakeLists.txt"
  extend plugins/CMakeLists.txt "$(if [[ $kind == chat ]]; then echo template; else echo "$kind"; fi)" "$name"
  new_plugin_test
  echo "Next: ./dev build && ctest --test-dir $BUILD -R '$Name|PluginSuite'; docs/writing-a-plugin.md explains the contract."
}

# Writes the test of the plugin; new_plugin has set kind, name, Name, suffix and room. The conformance suite alone tests backends.
new_plugin_test() {
  local target=cria_${kind}_$name lines
  if [[ $kind == backend ]]; then
    lines="add_test(NAME $Name${suffix}Test COMMAND cria-plugin-test \$<TARGET_FILE:$target>)
set_tests_properties($Name${suffix}Test PROPERTIES LABELS plugins)"
  else
    fill "$kind/Test.cpp.in" "tests/$room/$Name${suffix}Test.cpp"
    lines="cria_add_gtest($Name${suffix}Test SOURCES $Name${suffix}Test.cpp LINK CriaPluginHost LABELS plugins)
add_dependencies($Name${suffix}Test $target cria_sampler_greedy cria_sampler_draw)"
  fi
  mkdir -p "tests/$room"
  printf '%s\n' '# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception' "$lines" >"tests/$room/CMakeLists.txt"
  echo "  tests/$room/CMakeLists.txt"
  extend tests/plugins/CMakeLists.txt folder "${room#plugins/}"
}
