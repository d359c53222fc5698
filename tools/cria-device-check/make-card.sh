#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Makes the folder to carry to a machine with a GPU: the runtime without what authors of plugins need, `check` with its data, and
# run.sh. And the folder with the same for a GPU that is simulated, for run.sh --rehearse on the machine of the build.
# usage: make-card.sh BUILD_FOLDER SOURCE_FOLDER CARD REHEARSAL TARGET...   (as cuda-sm_80-ptx, cuda-sm_90)
set -euo pipefail
build=$1 source=$2 card=$3 rehearsal=$4
shift 4
readonly MAX_MIB=60

for folder in "$card" "$rehearsal"; do
  [[ ! -e $folder ]] || { echo "$folder exists already; expected a new folder: remove it or name another" >&2; exit 2; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for component in runtime check; do
  cmake --install "$build" --prefix "$work" --component $component >/dev/null
done
cmake --install "$build" --prefix "$card" --component card >/dev/null
mkdir "$card/bin" "$card/lib"
mv "$work/bin/cria" "$card/bin/"
mv "$work"/lib/*.so* "$card/lib/"
mkdir "$card/lib/cria"
mv "$work/lib/cria/plugins" "$card/lib/cria/"
mv "$work/check" "$work/LICENSE" "$card/"
bash "$source/tools/cria-device-check/make-data.sh" "$build" "$source" "$card/check" 8192x4096x4096 llama-2-7b "$@"

bash "$source/tools/cria-device-check/make-data.sh" "$build" "$source" "$rehearsal" --rehearse 130x72x40 stories-260k "$@" gpusim-sm_90
cp "$build/test-drivers/simulated_cuda_driver.so" "$rehearsal/driver.so"
cp "$build/test-drivers/fake_cublas.so" "$rehearsal/cublas.so"
sed -i '/^gpusim-/d' "$rehearsal/speed/variants" # code for the simulated driver, not for the backend cuda

mib=$(du -sm --apparent-size "$card" | cut -f1)
((mib < MAX_MIB)) || { echo "expected $card below $MAX_MIB MiB, got $mib MiB; du -a $card | sort -n shows the largest files" >&2; exit 1; }
echo "$card: $mib MiB, $(find "$card" -type f | wc -l) files"
