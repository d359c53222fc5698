// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CodeLanes: rounds the values of a group to codes for many candidates of its terms at once. A lane is a
// candidate, so that no sum is split: the results are the same bits on every processor.
#pragma once

#include "format/WeightFormat.h"

#include <cstddef>
#include <span>
#include <vector>

namespace cria {

inline constexpr size_t kLanes = 16;
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));

/// Terms of kLanes candidates; what a code c stands for is scale · c + offset.
struct LaneTerms {
  Lanes scale = {}, inverse = {}; // 1 / scale
  Lanes offset = {};
  Lanes zero = {}; // an integer zero point: c is from lowest − zero to highest − zero
};

/// Weighted sums over the values of a group, with c the code of (value − offset) · inverse.
struct LaneSums {
  Lanes codes, squares, products; // of c, c² and c · value
};

/// Instructions that a processor may have; higher levels have wider vectors.
enum class LaneLevel : uint8_t { baseline, v3, v4 };
/// The levels of this processor, at least the first.
std::span<const LaneLevel> laneLevels();

/// What codes stand for without scale, as a rounding of quotients. Quotients of less than 2^22 are rounded to
/// the nearest; in the middle, to the even integer, or to the larger value of a table.
class CodeLanes {
public:
  explicit CodeLanes(const WeightFormatTraits &format, LaneLevel level = laneLevels().back());

  float lowest() const { return lowest_; }
  float highest() const { return highest_; }

  /// values, weights: of a group, of one size.
  void sum(std::span<const float> values, std::span<const float> weights, const LaneTerms &terms,
           LaneSums &sums) const;
  /// Writes the weighted sums of squared errors.
  void sumErrors(std::span<const float> values, std::span<const float> weights, const LaneTerms &terms,
                 Lanes &errors) const;

private:
  LaneLevel level_;
  float lowest_, highest_;
  // Of a table: value i + 1 is steps_[i] above value i, and is the nearest from middles_[i] on. Else empty.
  std::vector<float> middles_, steps_;
};

} // namespace cria
