#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Builds and runs the examples and the page for authors of plugins with the installed package alone.
# usage: plugins-outside.sh CMAKE BUILD_FOLDER SOURCE_FOLDER
set -euo pipefail
cmake=$1 build=$2 source=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$cmake" --install "$build" --prefix "$work/made" --component runtime >/dev/null
mv "$work/made" "$work/cria"
"$build/bin/cria" compile "$source/examples/stories/model" -o "$work/stories.cria" --quiet
cria=$work/cria/bin/cria

# Each installed header compiles alone.
for header in "$work"/cria/include/*.h* "$work"/cria/include/cria/*/*.h; do
  c++ -std=c++20 -Wall -Wextra -Werror -Wno-missing-field-initializers -fsyntax-only -I"$work/cria/include" -I"$work/cria/include/cria" \
    -include "$header" -x c++ /dev/null
done

for example in "$work"/cria/share/cria/examples/plugins/*/; do
  name=$(basename "$example")
  "$cmake" -S "$example" -B "$work/$name" -DCMAKE_PREFIX_PATH="$work/cria" >/dev/null
  "$cmake" --build "$work/$name" >/dev/null
  "$work/cria/bin/cria-plugin-test" "$work/$name/plugins"
  "$cmake" --install "$work/$name" --prefix "$work/cria" >/dev/null
done
# Installed plugins are found without options.
text=$("$cria" run "$work/stories.cria" -p "Once upon a time" -n 20 --seed 1 --sampler 'no_repeat(2)|temperature(0.8)' --quiet)
[[ $text == "Once upon a time"?* ]] || { printf 'unexpected text: %s\n' "$text"; exit 1; }
[[ -n $(echo "Hello" | "$cria" chat "$work/stories.cria" -n 5 --chat-template guanaco --quiet) ]]

# The compiler decomposes ops that the OpenBLAS backend lacks, and refuses by name those that remain.
compile() { "$build/bin/cria" compile "$source/examples/stories/model" -o "$work/openblas.cria" --quiet --target ops --for openblas --plugin-dir "$work/openblas/plugins" "$@"; }
reason=$(compile 2>&1) && exit 1
[[ $reason == *"supports operand 'table' of op 'embedding' as f32, the model has f16"* ]] || { printf 'unexpected answer: %s\n' "$reason"; exit 1; }
compile --weights f32 --kv f32
expected=$("$cria" run "$work/openblas.cria" --backend reference -p "Once upon a time" -n 30 --temperature 0 --quiet)
found=$("$cria" run "$work/openblas.cria" --backend openblas -p "Once upon a time" -n 30 --temperature 0 --quiet)
[[ $found == "$expected" && -n $found ]] || { printf 'expected: %s\nfound: %s\n' "$expected" "$found"; exit 1; }

CRIA=$work/cria MODEL=$work/stories.cria "$source/tests/docs/follow.sh" "$work/cria/share/doc/cria/writing-a-plugin.md"
