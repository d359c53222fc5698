#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Builds the example of a target with the installed runtime and compiler alone, compares its results with the reference, and checks
# that unsuitable plugins are refused.
# usage: targets-outside.sh CMAKE BUILD_FOLDER SOURCE_FOLDER
set -euo pipefail
cmake=$1 build=$2 source=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for component in runtime compiler; do
  "$cmake" --install "$build" --prefix "$work/made" --component $component >/dev/null
done
mv "$work/made" "$work/cria"
cria=$work/cria/bin/cria model=$source/examples/stories/model

"$cmake" -S "$work/cria/share/cria/examples/targets/c" -B "$work/c" -DCMAKE_PREFIX_PATH="$work/cria" >/dev/null
"$cmake" --build "$work/c" >/dev/null
plugin=$work/c/plugins/cria_target_c.so

# The text equals that of the reference, for steps of one and of many tokens.
"$cria" compile "$model" -o "$work/c.cria" --target-plugin "$plugin" --target c --quiet
"$cria" compile "$model" -o "$work/ops.cria" --target ops --quiet
story() { "$cria" run "$work/$1.cria" --backend "$2" -p "Once upon a time there was a little" -n 40 --temperature 0 --quiet; }
expected=$(story ops reference) found=$(story c cpu)
[[ $found == "$expected" && -n $found ]] || { printf 'expected: %s\nfound: %s\n' "$expected" "$found"; exit 1; }

# The suite compares logits of whole models: token by token, for a prompt, for several sequences, and repeatedly.
"$cria" compile "$model" -o "$work/both.cria" --target-plugin "$plugin" --target c,ops --quiet
"$work/cria/bin/cria-plugin-test" "$work/cria/lib/cria/plugins/cria_backend_cpu.so" --package "$work/both.cria" --filter 'package/*'

# Random weights are equal on both targets: compares the largest difference of logits with their largest magnitude.
compile_random() { "$cria" compile --preset stories-260k --random-weights 7 -o "$work/random-$1.cria" --quiet "${@:2}"; }
compile_random c --target-plugin "$plugin"
compile_random ops --target ops
for name in c:cpu ops:reference; do
  "$cria" logits "$work/random-${name%:*}.cria" --backend "${name#*:}" --tokens 1,17,400,33 -o "$work/${name%:*}.safetensors" --quiet
  tail -c $((4 * 512 * 4)) "$work/${name%:*}.safetensors" | od -An -v -w4 -tf4 >"$work/${name%:*}.txt"
done
paste "$work/c.txt" "$work/ops.txt" | awk '
  { d = $1 - $2; d = d < 0 ? -d : d; m = $2 < 0 ? -$2 : $2; if (d > most) most = d; if (m > largest) largest = m }
  END { if (NR != 2048 || largest == 0 || most > 1e-4 * largest) { print NR, most, largest; exit 1 } }'

# Stages that can be printed, and refusals.
text=$("$cria" compile "$model" --target-plugin "$plugin" --emit kernels)
[[ $text == *"KERNEL(rms_norm_"* ]]
refused() { # EXPECTED ARGUMENTS...
  local expected=$1 reason
  shift
  reason=$("$cria" compile "$model" -o "$work/refused.cria" --quiet "$@" 2>&1) && { echo "expected a refusal: $*"; exit 1; }
  [[ $? -ne 0 && $reason == "error: "*"$expected"* ]] || { printf 'expected: %s\nfound: %s\n' "$expected" "$reason"; exit 1; }
  [[ ! -e $work/refused.cria ]]
}
refused "has no LLVM IR" --target-plugin "$plugin" --emit llvm
refused "no such file" --target-plugin "$work/none.so"
refused "expected cpu, ops" --target-plugin "$plugin" --target d
refused "or of the plugins c, got 'd'" --target-plugin "$plugin" --target d
refused "already has the name 'c'" --target-plugin "$plugin" --target-plugin "$plugin" --target c
refused "--for applies to target ops only" --target ops --for reference --target-plugin "$plugin"
refused "cannot load it" --target-plugin "$source/README.md"
refused "not a target plugin" --target-plugin "$work/cria/lib/cria/plugins/cria_sampler_greedy.so"
sed 's/headers [0-9a-f]\{12\}/headers 000000000000/g' "$plugin" >"$work/old.so"
refused "headers 000000000000, this compiler is Cria" --target-plugin "$work/old.so"
CC=no-such-compiler refused "C compiler 'no-such-compiler' is not found" --target-plugin "$plugin"
CC=false refused "false: " --target-plugin "$plugin"
CC="cc -O1" "$cria" compile "$model" -o "$work/o1.cria" --target-plugin "$plugin" --quiet
