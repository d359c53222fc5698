#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks who includes whom (docs/architecture.md, "Who may include whom"). Prints each line that breaks a rule. A rule without
# files to check is an error as well, because its folder was moved or renamed.
# usage: include-rules.sh SOURCE_FOLDER
set -euo pipefail
cd "$1"

broken=0

# forbid WHY PATTERN FILES...: no #include line of the files may match the extended regex, but for headers that match $allowed.
allowed='^$'
forbid() {
  local why=$1 pattern=$2
  shift 2
  if (($# == 0)); then
    printf '%s: there are no files to check\n' "$why"
    broken=1
    return
  fi
  local hits
  hits=$(grep -HnE "^\s*#\s*include\s*[<\"]($pattern)" "$@" | grep -vE "[<\"]($allowed)[>\"]" || true)
  if [[ -n $hits ]]; then
    printf '%s:\n%s\n' "$why" "$hits"
    broken=1
  fi
}

# sources FOLDER: prints the C and C++ files below the folder; nothing if there is none.
sources() { find "$1" -name '*.h' -o -name '*.hpp' -o -name '*.cpp' -o -name '*.c' 2>/dev/null; }

mapfile -t support < <(sources support)
mapfile -t format < <(sources format)
mapfile -t ir < <(sources ir)
mapfile -t passes < <(sources passes)
mapfile -t frontends < <(sources frontends)
mapfile -t runtime < <(sources runtime)
mapfile -t plugins < <(sources plugins)
mapfile -t api < <(sources plugins/api)
mapfile -t sdk < <(sources plugins/sdk)

readonly LLVM='mlir/|llvm/|lld/|llvm-c/|mlir-c/'
readonly OURS='format/|ir/|passes/|frontends/|runtime/|plugins/|tools/|tests/'
forbid "support/ includes nothing of ours" "$LLVM|$OURS" "${support[@]}"
forbid "format/ includes support/ and plugins/api" "$LLVM|ir/|passes/|frontends/|runtime/|plugins/(sdk|backends|samplers|chat)/|tools/" "${format[@]}"
forbid "ir/ includes support/ and format/" 'passes/|frontends/|runtime/|plugins/|tools/' "${ir[@]}"
allowed='plugins/api/kernel_abi\.h|plugins/sdk/cria_opset\.hpp'
forbid "passes/ include support/, format/, ir/, the kernel ABI and the opset" 'tools/|plugins/|cria_|runtime/' "${passes[@]}"
allowed='^$'
mapfile -t others < <(printf '%s\n' "${passes[@]}" | grep -v '^passes/driver/')
forbid "only passes/driver includes frontends/" 'frontends/|passes/driver/' "${others[@]}"
forbid "frontends/ include support/, format/ and ir/" 'passes/|tools/|plugins/|runtime/' "${frontends[@]}"
allowed='plugins/sdk/cria_opset\.hpp'
forbid "runtime/ includes support/, format/, plugins/api and the opset, and no LLVM" "$LLVM|passes/|tools/|frontends/|ir/|plugins/(sdk|backends|samplers|chat)/|cria_[a-z_]+\.hpp" "${runtime[@]}"
allowed='^$'
mapfile -t others < <(printf '%s\n' "${plugins[@]}" | grep -v '^plugins/backends/gpusim/') # translates kernels with LLVM
# Installed with the SDK (cmake/CriaInstall.cmake).
readonly SHARED_WITH_PLUGINS='support/(CpuLevel|FloatMode|Half|Utf8Prefix)\.h|format/(ActivationClass|ActivationProduct|ElementType|KvCodec|RandomWeights|WeightFormat)\.h'
allowed=$SHARED_WITH_PLUGINS
forbid "plugins/ see plugins/api, plugins/sdk, what is installed with it, and their vendor SDK" "$LLVM|support/|format/|runtime/|ir/|passes/|tools/|frontends/|fmt/" "${others[@]}"
allowed='^$'
mapfile -t others < <(printf '%s\n' "${plugins[@]}" | grep -v '^plugins/samplers/grammar/SchemaText.h$') # reads JSON
forbid "only the reader of JSON Schema sees a JSON library" 'nlohmann/' "${others[@]}"
forbid "plugins/api depends on nothing" "$LLVM|support/|$OURS|boost/" "${api[@]}"
allowed=$SHARED_WITH_PLUGINS
forbid "plugins/sdk sees plugins/api and what is installed with it" "$LLVM|support/|format/|ir/|passes/|frontends/|runtime/|tools/|boost/" "${sdk[@]}"

# Libraries that only one file includes.
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
