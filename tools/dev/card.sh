# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# The command card of ./dev, which sources this file.

readonly CARD_TARGETS=(cuda-sm_80-ptx cuda-sm_90) # PTX for every GPU, and a cubin for H100 and H200

# check_card FOLDER FILE: refuses a folder that no earlier run has made, which has left the file in it.
check_card() {
  [[ -e $1 || -L $1 ]] || return 0
  [[ -d $1 && ! -L $1 && (-f $1/$2 || -z $(ls -A "$1")) ]] ||
    fail "expected $1/ to be absent, empty or made by ./dev card, with the file $2; move it away and run ./dev card again"
}

# card_targets: prints the targets to compile for, without cubins if there is no ptxas.
card_targets() {
  local ptxas
  ptxas=$(sed -n 's/^CRIA_PTXAS_PROGRAM:FILEPATH=//p' "$BUILD/CMakeCache.txt")
  if [[ -x $ptxas ]]; then
    echo "${CARD_TARGETS[@]}"
  else
    say "ptxas of the CUDA Toolkit is not found: the card has PTX only"
    echo "${CARD_TARGETS[0]}"
  fi
}

card() {
  (($# == 0)) || fail "card: expected no arguments, got '$*'"
  check_card card run.sh
  check_card card-rehearsal driver.so
  setup
  configure "$BUILD" "$PRESET"
  ninja_build "$BUILD" demo-programs check make-check-cases cria-compile simulated_cuda_driver fake_cublas
  local targets
  read -ra targets <<<"$(card_targets)"
  rm -rf card card-rehearsal
  say "Compiling for card/"
  bash tools/cria-device-check/make-card.sh "$BUILD" . card card-rehearsal "${targets[@]}"
  say "Carry card/ to the machine with the GPU and run card/run.sh; to rehearse here: card/run.sh --rehearse"
}
