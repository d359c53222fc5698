// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A typed, strided view of host memory, whose elements are read and written as f32 or as integers.
#pragma once

#include "plugins/sdk/cria_ops_call.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cria::reference {

struct Tensor : plugin::OpOperand {
  explicit Tensor(const plugin::OpOperand &operand) : plugin::OpOperand(operand) {}

  /// Returns the element at the given indices; trailing indices are 0. f16 and bf16 are widened exactly.
  float load(uint64_t i, uint64_t j = 0) const { return loadAt(i * strides[0] + j * strides[1]); }
  void store(uint64_t i, uint64_t j, float value) const { storeAt(i * strides[0] + j * strides[1], value); }
  int32_t loadInt(uint64_t i, uint64_t j = 0) const;

  /// Access the element at an offset in elements. Stores round to nearest, ties to even. Errors: throw
  /// Refusal unless the type is f32, f16, bf16, i8 or u8.
  float loadAt(uint64_t element) const;
  void storeAt(uint64_t element, float value) const;
};

/// The values of a row of a matrix.
std::vector<float> loadRow(const Tensor &tensor, uint64_t row);

} // namespace cria::reference
