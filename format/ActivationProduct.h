// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The product of a row of activations with a row of a weight in each class of activations, in scalar code:
// the definition, bit for bit, that kernels and backends are compared with. docs/generated/opset.md has the
// formulas in one place, docs/numerics.md the edge cases. Plugins may include this file.
//
//  1. The calling thread is in the mode of support/FloatMode.h. Every operation is the one of IEEE 754.
//  2. A product is one chain of fma in the order of the columns k. It depends on the two rows alone.
//  3. Thread-safe. Errors: none.
#pragma once

#include "format/ActivationClass.h"
#include "support/Half.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace cria {

/// The columns that share a scale in class int8, for every format of weights.
inline constexpr size_t kActivationGroup = 32;
/// A group with a smaller largest magnitude has codes 0, so that 1 / scale is finite.
inline constexpr float kSmallestActivation = 0x1p-100f;
/// All outputs of a row with NaN or an infinity, in class int8.
inline constexpr float kProductOfNan = std::numeric_limits<float>::quiet_NaN();
static_assert(std::bit_cast<uint32_t>(kProductOfNan) == 0x7FC00000u);

/// A row of activations in class int8. The value of column k is scale(k / 32) · codes[k].
struct Int8Row {
  Int8Encoding encoding = Int8Encoding::a8;
  bool isFinite = true;            // if not, the row has no codes
  std::vector<int8_t> codes;       // −127 to 127; 0 after the last column, to whole groups
  std::vector<float> scales;       // of a8: of each group
  std::vector<uint32_t> exponents; // of a8p: of each group, 0 to 24: the scale is base · 2^exponent
  float base = 1.0f;               // of a8p: a power of two, at least 2^-126
};

/// A row of a weight with codes, decoded to integers. The value of column k is
/// scales[k / group] · codes[k] − minimums[k / group].
struct CodedRow {
  size_t group = 0;            // a power of two, at least 16
  std::vector<int16_t> codes;  // what the codes of the columns stand for, zero points subtracted: −255 to 255
  std::vector<float> scales;   // of each group: f32(scale), or f32(scale) · f32(sub-scale)
  std::vector<float> minimums; // of each group, negated if the format adds them; empty if it has none
};

namespace activation_detail {

inline constexpr uint32_t kAbsolute = 0x7FFFFFFFu;
inline constexpr uint32_t kInfinity = 0x7F800000u; // and the mask of the exponent

/// The largest magnitude as bits: the unsigned maximum, which is at least kInfinity if there is NaN or
/// infinity.
inline uint32_t largestBits(std::span<const float> values) {
  uint32_t largest = 0;
  for (const float value : values) {
    largest = std::max(largest, std::bit_cast<uint32_t>(value) & kAbsolute);
  }
  return largest;
}

/// max|x| · (1 / 127), or 0 if max|x| < 2^-100.
inline float scaleOf(std::span<const float> group) {
  const float largest = std::bit_cast<float>(largestBits(group));
  return largest < kSmallestActivation ? 0.0f : largest * (1.0f / 127.0f);
}

/// The smallest power of two that is not below a normal number; 0 of 0.
inline float ceilPowerOfTwo(float value) {
  return std::bit_cast<float>((std::bit_cast<uint32_t>(value) + 0x7FFFFFu) & kInfinity);
}

/// Rounds to nearest even, and clamps to ±127.
inline int8_t codeOf(float scaled) {
  return static_cast<int8_t>(std::clamp(std::nearbyint(scaled), -127.0f, 127.0f));
}

inline std::span<const float> groupOf(std::span<const float> row, size_t group) {
  const size_t first = group * kActivationGroup;
  return row.subspan(first, std::min(kActivationGroup, row.size() - first));
}

/// The codes rne(x · inverse) of each column, with the inverse of its group; 0 where that is 0.
inline std::vector<int8_t> codesOf(std::span<const float> row, std::span<const float> inverses) {
  std::vector<int8_t> codes(inverses.size() * kActivationGroup, 0);
  for (size_t k = 0; k < row.size(); ++k) {
    const float inverse = inverses[k / kActivationGroup];
    codes[k] = inverse == 0.0f ? int8_t{0} : codeOf(row[k] * inverse);
  }
  return codes;
}

inline std::vector<float> scalesOf(std::span<const float> row) {
  std::vector<float> scales;
  for (size_t group = 0; group * kActivationGroup < row.size(); ++group) {
    scales.push_back(scaleOf(groupOf(row, group)));
  }
  return scales;
}

} // namespace activation_detail

/// Packs a row in a8. Of each group, d = max|x| · (1 / 127) and q = rne(x · (1 / d)).
inline Int8Row packA8(std::span<const float> row) {
  using namespace activation_detail;
  Int8Row packed{.encoding = Int8Encoding::a8, .scales = scalesOf(row)};
  std::vector<float> inverses;
  for (const float scale : packed.scales) {
    inverses.push_back(scale == 0.0f ? 0.0f : 1.0f / scale);
  }
  packed.codes = codesOf(row, inverses);
  return packed;
}

/// Packs a row in a8p. Of the row, base = max(ceilPow2(max|x| · (1 / 127)) · 2^-24, 2^-126); of each group,
/// d = max(ceilPow2(max|x| · (1 / 127)), base), e = log2(d / base) and q = rne(x / d).
inline Int8Row packA8p(std::span<const float> row) {
  using namespace activation_detail;
  Int8Row packed{.encoding = Int8Encoding::a8p};
  const std::vector<float> scales = scalesOf(row);
  const float largest = scales.empty() ? 0.0f : *std::ranges::max_element(scales);
  packed.base = std::max(ceilPowerOfTwo(largest) * 0x1p-24f, std::numeric_limits<float>::min());
  std::vector<float> inverses;
  for (const float scale : scales) {
    const float d = std::max(ceilPowerOfTwo(scale), packed.base);
    packed.exponents.push_back((std::bit_cast<uint32_t>(d) - std::bit_cast<uint32_t>(packed.base)) >> 23);
    inverses.push_back(scale == 0.0f ? 0.0f : 1.0f / d); // exact: x / d is x · (1 / d)
  }
  packed.codes = codesOf(row, inverses);
  return packed;
}

/// Packs a row, if it has neither NaN nor infinities.
inline Int8Row packInt8(std::span<const float> row, Int8Encoding encoding) {
  if (activation_detail::largestBits(row) >= activation_detail::kInfinity) {
    return {.encoding = encoding, .isFinite = false};
  }
  return encoding == Int8Encoding::a8 ? packA8(row) : packA8p(row);
}

namespace activation_detail {

/// The sums over one run of columns, at most a group of the activations and of the weight. Exact.
struct RunSums {
  int32_t products = 0; // Σ q · code
  int32_t codes = 0;    // Σ q
};

inline RunSums sumRun(const Int8Row &x, const CodedRow &weight, size_t first, size_t last) {
  RunSums sums;
  for (size_t k = first; k < last; ++k) {
    sums.products += int32_t{x.codes[k]} * weight.codes[k];
    sums.codes += x.codes[k];
  }
  return sums;
}

/// y = fma(float(Σ q · code), s · d, y), then y = fma(−m, float(Σ q) · d, y) if the weight has minimums.
inline float addRunA8(RunSums sums, float d, float s, const float *minimum, float y) {
  y = std::fma(static_cast<float>(sums.products), s * d, y);
  return minimum == nullptr ? y : std::fma(-*minimum, static_cast<float>(sums.codes) * d, y);
}

/// y = fma(bits(float(Σ q · code)) + (e << 23), s, y), then y = fma(−m, float(Σ q) · 2^e, y) if the weight
/// has minimums. The addition to the bits makes 2^(e − 127) of a sum of 0, unless e is 0.
inline float addRunA8p(RunSums sums, uint32_t e, float s, const float *minimum, float y) {
  const uint32_t product = std::bit_cast<uint32_t>(static_cast<float>(sums.products)) + (e << 23);
  y = std::fma(std::bit_cast<float>(product), s, y);
  const float power = std::bit_cast<float>((127u + e) << 23);
  return minimum == nullptr ? y : std::fma(-*minimum, static_cast<float>(sums.codes) * power, y);
}

} // namespace activation_detail

/// The product in class int8: a step of the chain for each run of 32 columns, or of 16 where the groups of
/// the weight have 16; in a8p, y · base at the end. REQUIRES: the rows have the same number of columns.
inline float productInt8(const Int8Row &x, const CodedRow &weight) {
  using namespace activation_detail;
  if (!x.isFinite) {
    return kProductOfNan;
  }
  const size_t columns = weight.codes.size(), run = std::min(weight.group, kActivationGroup);
  float y = 0.0f;
  for (size_t first = 0; first < columns; first += run) {
    const size_t group = first / kActivationGroup, ofWeight = first / weight.group;
    const RunSums sums = sumRun(x, weight, first, std::min(first + run, columns));
    const float *minimum = weight.minimums.empty() ? nullptr : &weight.minimums[ofWeight];
    const float s = weight.scales[ofWeight];
    y = x.encoding == Int8Encoding::a8 ? addRunA8(sums, x.scales[group], s, minimum, y)
                                       : addRunA8p(sums, x.exponents[group], s, minimum, y);
  }
  return x.encoding == Int8Encoding::a8 ? y : y * x.base;
}

/// Rounds to bf16, to nearest even; a subnormal number becomes zero.
inline float roundToBf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const bool isSubnormal = (bits & activation_detail::kInfinity) == 0;
  return isSubnormal ? std::bit_cast<float>(bits & ~activation_detail::kAbsolute)
                     : floatFromBfloat16(bfloat16FromFloat(value));
}

/// The product in class bf16, as vdpbf16ps computes it: for each pair of columns y = fma(x[k + 1], w[k + 1],
/// y), then y = fma(x[k], w[k], y). A last column alone has zeros beside it. REQUIRES: both rows hold values
/// of bf16.
inline float productBf16(std::span<const float> x, std::span<const float> weight) {
  float y = 0.0f;
  for (size_t k = 0; k < x.size(); k += 2) {
    const bool isPair = k + 1 < x.size();
    y = std::fma(isPair ? x[k + 1] : 0.0f, isPair ? weight[k + 1] : 0.0f, y);
    y = std::fma(x[k], weight[k], y);
  }
  return y;
}

/// The product in class f32: y = fma(x[k], w[k], y).
inline float productF32(std::span<const float> x, std::span<const float> weight) {
  float y = 0.0f;
  for (size_t k = 0; k < x.size(); ++k) {
    y = std::fma(x[k], weight[k], y);
  }
  return y;
}

} // namespace cria
