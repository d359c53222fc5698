// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares vdpbf16ps of this processor with the definition of class bf16 (format/ActivationProduct.h), since its
// manual leaves roundings open. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace cria::cpu {

/// The operands of one instruction: 16 sums, and for each a pair of bf16 of both factors, the first one in the
/// lower half.
struct BfloatPairs {
  std::array<float, 16> sums;
  std::array<uint32_t, 16> left, right;
};

/// Adds the products of the pairs to the sums.
using DotBfloat = std::array<float, 16> (*)(const BfloatPairs &);

/// What `dot` returned otherwise than the definition on pseudo-random operands of all magnitudes, in a sentence;
/// empty if nothing.
std::string bfloatProblem(DotBfloat dot);

/// The same of the processor, which has the instruction. Computed once.
std::string bfloatProblem();

} // namespace cria::cpu
