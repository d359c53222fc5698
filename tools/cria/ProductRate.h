// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops of multiply-adds on registers, as kernels use them in each class of activations.
#pragma once

#include "format/ActivationClass.h"

#include <cstdint>
#include <vector>

namespace cria::cli {

/// A loop that reads no memory.
struct ProductLoop {
  uint32_t operationsPerRound; ///< a multiply-add counts as two
  float (*run)(uint64_t rounds, float factor);
};

/// Returns the loops of a class that this processor can run. Where it has no instructions for bytes or bf16,
/// they are those of f32, by which kernels compute the same.
std::vector<ProductLoop> productLoops(ActivationClass activations);

/// Returns what the loops multiply, for tables: "f32", "int8" or "bf16".
std::string_view productsOf(ActivationClass activations);

} // namespace cria::cli
