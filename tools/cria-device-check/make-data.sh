#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Makes the data for `check`: compiled cases, golden models with their logits, kernels that measure
# ceilings, and a model with random weights.
# speed/variants lists the packages and targets of it that card/run.sh compares.
# usage: make-data.sh BUILD_FOLDER SOURCE_FOLDER OUTPUT_FOLDER [--rehearse] ROWSxCOLUMNSxTOKENS PRESET TARGET...
#   --rehearse: cases at real shapes get sizes for the simulator; ROWSxCOLUMNSxTOKENS: the large product; PRESET: the model
#   whose speed is measured; TARGET: as cuda-sm_80-ptx, cuda-sm_90
set -euo pipefail
build=$1 source=$2 output=$3
shift 3
for folder in "$output"/{kernels,models,golden,ceilings,speed}; do
  [[ ! -e $folder ]] || { echo "$folder exists already; expected a folder without data: remove it or name another OUTPUT_FOLDER" >&2; exit 2; }
done
rehearsal=()
[[ $1 != --rehearse ]] || { rehearsal=(--rehearse); shift; }
product=$1 preset=$2
shift 2
targets=$(IFS=,; echo "$*")
mkdir -p "$output/models" "$output/golden"
"$build/bin/make-check-cases" "${rehearsal[@]}" "$output" "$product" ops "$@"
for golden in "$source"/tests/golden/logits/*.safetensors; do
  name=$(basename "$golden" .safetensors)
  model=$source/tests/golden/models/$name
  [[ $name != stories ]] || model=$source/examples/stories/model
  "$build/bin/cria-compile" "$model" -o "$output/models/$name.cria" --no-tokenizer --weights f16 --kv f16 --target "$targets" --quiet
  cp "$golden" "$output/golden/"
done
"$build/bin/cria-compile" --preset "$preset" --random-weights 1 --weights f16 --max-tokens 2048 -o "$output/speed/model.cria" --target "$targets" --quiet
# NAME PACKAGE OPTIONS, the options for cria bench: a target of the package, or of another one that was compiled in another way.
for target in "$@"; do
  echo "$target model.cria --target $target"
done >"$output/speed/variants"
