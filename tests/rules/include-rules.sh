#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks who includes whom (docs/architecture.md, "Who may include whom"). Prints each line that breaks a rule. A rule without
# files to check is broken, too: its folder was moved or renamed.
# usage: include-rules.sh SOURCE_FOLDER
set -euo pipefail
cd "$1"

broken=0

# forbid WHY PATTERN FILES...: no #include line of the files may match the extended regex.
forbid() {
  local why=$1 pattern=$2
  shift 2
  if (($# == 0)); then
    printf '%s: there are no files to check\n' "$why"
    broken=1
    return
  fi
  local hits
  hits=$(grep -HnE "^\s*#\s*include\s*[<\"]($pattern)" "$@" || true)
  if [[ -n $hits ]]; then
    printf '%s:\n%s\n' "$why" "$hits"
    broken=1
  fi
}

# sources FOLDER...: our C and C++ files below the folders.
sources() { find "$@" -name '*.h' -o -name '*.hpp' -o -name '*.cpp' -o -name '*.c'; }

mapfile -t ir < <(sources ir)
mapfile -t passes < <(sources passes)
mapfile -t frontends < <(sources frontends)
mapfile -t runtime < <(sources runtime)
mapfile -t plugins < <(sources plugins)
mapfile -t api < <(sources plugins/api)

readonly LLVM='mlir/|llvm/|lld/|llvm-c/|mlir-c/'
forbid "ir/ knows no pass, frontend, runtime or plugin" 'passes/|frontends/|runtime/|plugins/|tools/' "${ir[@]}"
forbid "passes/ know ir/, the kernel ABI and package formats" \
  'tools/|frontends/|plugins/api/cria_|plugins/(backends|samplers|chat)/|runtime/(exec|plugin|text)/' "${passes[@]}"
forbid "frontends/ know ir/ and file readers" 'passes/|tools/|plugins/|runtime/(exec|plugin|text)/' "${frontends[@]}"
forbid "runtime/ knows plugins/api and no LLVM" "$LLVM|passes/|tools/|frontends/|ir/Llama|ir/Program|plugins/(backends|samplers|chat)/" "${runtime[@]}"
forbid "plugins/ see plugins/api and their vendor SDK" "$LLVM|runtime/|ir/|passes/|tools/|frontends/|fmt/" "${plugins[@]}"
mapfile -t others < <(printf '%s\n' "${plugins[@]}" | grep -v '^plugins/samplers/grammar/SchemaWriter.h$') # reads JSON
forbid "plugins/ see plugins/api and their vendor SDK" 'nlohmann/' "${others[@]}"
forbid "plugins/api depends on nothing" 'runtime/|ir/|passes/|boost/' "${api[@]}"

# Libraries that appear in one file only.
once() { # WHAT PATTERN
  local count
  count=$(grep -lE "^\s*#\s*include\s*<($2)" "${runtime[@]}" "${plugins[@]}" | wc -l)
  if ((count != 1)); then
    echo "$1: expected one file of runtime/ and plugins/ that includes it, got $count"
    broken=1
  fi
}
once Boost.DLL 'boost/dll'
once SentencePiece 'sentencepiece'

exit $broken
