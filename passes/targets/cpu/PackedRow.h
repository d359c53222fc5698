// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A row of activations in class int8, as kernels of the cpu target hold it: words of 32 bits, one plane after
// the other, for groups of 32 columns. format/ActivationProduct.h defines the values.
#pragma once

#include <cstdint>

namespace cria::cpu {

/// Places in the words of a row of `columns` columns; the row ends after words().
struct PackedRow {
  static constexpr int64_t kGroup = 32; ///< columns
  static constexpr int64_t kSteps = 8;  ///< words of codes in a group: four codes each, the first lowest
  static constexpr int64_t kRowMultiple = 16; ///< rows begin on cache lines

  int64_t columns;

  constexpr int64_t groups() const { return (columns + kGroup - 1) / kGroup; }
  constexpr int64_t codes() const { return 0; }
  /// i32: −zero · Σ q of the group, then of its first and of its second 16 columns.
  constexpr int64_t starts() const { return kSteps * groups(); }
  constexpr int64_t startsOfHalves(int64_t half) const { return starts() + (1 + half) * groups(); }
  constexpr int64_t scaledSums() const { return starts() + 3 * groups(); } ///< f32: Σ q · d, or Σ q · 2^e
  constexpr int64_t scales() const { return scaledSums() + groups(); }     ///< f32 d, or i32 e << 23
  constexpr int64_t base() const { return scales() + groups(); }           ///< f32: of a8p
  constexpr int64_t words() const { return (base() + kRowMultiple) / kRowMultiple * kRowMultiple; }
};

} // namespace cria::cpu
