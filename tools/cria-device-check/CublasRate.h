// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How fast cuBLAS multiplies on a card: a yardstick that is not our own. It is opened when it is asked for,
// and may be absent.
#pragma once

#include <cstdint>
#include <string>

namespace cria::check {

struct PeerRate {
  double operationsPerSecond = 0; // the best of several; 0: not measured
  std::string reason;             // why not
  bool isMissing = false;         // there is no cuBLAS; every other reason is a failure
};

/// rows × columns weights times columns × tokens inputs: f16 with f32 sums. Looks for libcublas.so.13, .12
/// and .11, or for what the environment variable CRIA_CUBLAS names.
PeerRate measureCublas(uint32_t device, uint64_t rows, uint64_t columns, uint64_t tokens);

} // namespace cria::check
