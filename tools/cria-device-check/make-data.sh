#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Makes the data for `check`: compiled cases, golden models with their logits, kernels that measure ceilings,
# and a model with the shape of Llama-2-7B and random weights.
# usage: make-data.sh BUILD_FOLDER SOURCE_FOLDER OUTPUT_FOLDER SM...   (an SM for each cubin; none without ptxas)
set -euo pipefail
build=$1 source=$2 output=$3
shift 3
targets=(ops cuda-sm_80-ptx) models=cuda:sm_80
for sm in "$@"; do
  targets+=("cuda-$sm")
  [[ $sm == sm_80 ]] || models+=",cuda:$sm"
done

for folder in "$output"/{kernels,models,golden,ceilings,speed}; do
  [[ ! -e $folder ]] || { echo "$folder exists already; expected a folder without data: remove it or name another OUTPUT_FOLDER" >&2; exit 2; }
done
mkdir -p "$output/models" "$output/golden"
"$build/bin/make-check-cases" "$output" 8192x4096x4096 "${targets[@]}"
for golden in "$source"/tests/golden/logits/*.safetensors; do
  name=$(basename "$golden" .safetensors)
  model=$source/tests/golden/models/$name
  [[ $name != stories ]] || model=$source/examples/stories/model
  "$build/bin/cria-compile" "$model" -o "$output/models/$name.cria" --no-tokenizer --weights f16 --kv f16 --target "$models" --quiet
  cp "$golden" "$output/golden/"
done
"$build/bin/cria-compile" --preset llama-2-7b --random-weights 1 --weights f16 --max-tokens 2048 -o "$output/speed/model.cria" --target "$models" --quiet
