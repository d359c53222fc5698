// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What vdpbf16ps of this processor gains for class bf16. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace cria::cpu {

/// The operands of one instruction: 16 sums, and for each a pair of bf16 of both factors, the first one in
/// the lower half.
struct BfloatPairs {
  std::array<float, 16> sums;
  std::array<uint32_t, 16> left, right;
};

/// Adds the products of the pairs to the sums.
using DotBfloat = std::array<float, 16> (*)(const BfloatPairs &);

/// What `dot` returned otherwise than the definition (format/ActivationProduct.h; manuals leave roundings
/// open) on pseudo-random operands of all magnitudes, in a sentence; empty if nothing.
std::string bfloatProblem(DotBfloat dot);

/// The same of the processor, which has the instruction. Computed once.
std::string bfloatProblem();

/// Whether the instruction takes less time than the two fused multiply-adds that it stands for, which it does
/// not on some processors. Measured once, in less than a millisecond.
bool isBfloatFast();

} // namespace cria::cpu
