#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Makes the folder of `./dev card`, moves it, and rehearses its lines in an environment of bash and coreutils alone.
# usage: card-rehearsal.sh BUILD_FOLDER SOURCE_FOLDER
set -euo pipefail
build=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; exit 1; }

targets=(cuda-sm_80-ptx)
! grep -q '^CRIA_PTXAS_PROGRAM:FILEPATH=/' "$build/CMakeCache.txt" || targets+=(cuda-sm_90)
bash "$source/tools/cria-device-check/make-card.sh" "$build" "$source" "$work/made" "$work/rehearsal" "${targets[@]}"
mv "$work/made" "$work/card"
mkdir "$work/bin"
for name in bash cat date dirname env mkdir mv sleep timeout; do
  ln -s "$(command -v $name)" "$work/bin/"
done

code=0
start=$SECONDS
(cd / && env -i PATH="$work/bin" "$work/card/run.sh" --rehearse "$work/rehearsal" --results "$work/results") || code=$?
((SECONDS - start < 600)) || fail "expected the rehearsal to end within 600 s, it took $((SECONDS - start)) s"
for file in "$work"/results/*.err; do
  [[ ! -s $file ]] || { echo "== ${file##*/}"; tail -n 5 "$file"; }
done
((code == 0)) || fail "expected every line to pass or to be skipped, got exit code $code"
for name in card.json card.txt ceilings.json decode.json kernels.json speed.json; do
  [[ -s $work/results/$name ]] || fail "expected $name in the results"
done
for file in "$work"/results/*.json "$work"/results/*.line; do
  "$work/card/check/check" is-json "$file" || fail "expected valid JSON in ${file##*/}"
done
grep -q '"outcome": "skipped".*"reason": "ncu is not in PATH"' "$work/results/ncu.line" || fail "expected ncu to be skipped"
