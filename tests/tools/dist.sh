#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs the runtime folder that `./dev dist` makes, moves it, and runs it without this build and without environment variables.
# usage: dist.sh CMAKE BUILD_FOLDER CHECKPOINT
set -euo pipefail
cmake=$1 build=$2 checkpoint=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$cmake" --install "$build" --prefix "$work/made" --component runtime >/dev/null
"$cmake" --install "$build" --prefix "$work/made" --component check >/dev/null
mv "$work/made" "$work/moved"
"$build/bin/cria" compile "$checkpoint" -o "$work/model.cria" --quiet

# All libraries except those of the C library come from the folder.
outside=$(for file in "$work"/moved/bin/cria "$work"/moved/check/check "$work"/moved/lib/cria/plugins/*.so; do ldd "$file"; done |
  grep '=>' | grep -vE "=> $work/moved/|(ld-linux[^ ]*|libc|libm|libdl|libpthread|librt)[.-][^ ]* =>" || true)
if [[ -n $outside ]]; then
  printf 'libraries from outside the folder:\n%s\n' "$outside"
  exit 1
fi
text=$(cd / && env -i "$work/moved/bin/cria" run "$work/model.cria" -p "Once upon a time" -n 5 --temperature 0 --quiet)
[[ $text == "Once upon a time"?* ]] || { printf 'unexpected text: %s\n' "$text"; exit 1; }
reason=$(cd / && env -i CRIA_CUDA_DRIVER=/nowhere/libcuda.so.1 "$work/moved/check/check" 2>&1) && exit 1
[[ $reason == *"no CUDA driver: /nowhere/libcuda.so.1"* ]] || { printf 'unexpected answer of check: %s\n' "$reason"; exit 1; }
