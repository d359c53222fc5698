// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions between f32 and the two floating-point types of 16 bits: half (IEEE binary16, f16) and bfloat16
// (bf16). Integer and normal f32 arithmetic only, so that results depend neither on the instructions of the
// processor nor on whether it flushes subnormal numbers. Selections instead of branches, so that compilers
// vectorize loops. Thread-safe.
#pragma once

#include <bit>
#include <cstdint>

namespace cria {

namespace half_detail {
inline constexpr uint32_t kInfinity32 = 0x7F800000u;
inline constexpr uint32_t kAbsMask = 0x7FFFFFFFu;
/// The exponent bias of a half is 112 below that of a float.
inline constexpr uint32_t kBiasDifference = 112u << 23;
inline constexpr uint32_t kSmallestNormalHalf = 0x38800000u; // 2^-14
inline constexpr uint32_t kSmallestTooLarge = 0x477FF000u;   // 65520, which rounds to infinity
} // namespace half_detail

/// Widens exactly. NaN stays NaN with its payload.
constexpr float floatFromHalf(uint16_t half) {
  using namespace half_detail;
  const uint32_t sign = uint32_t{half & 0x8000u} << 16;
  const uint32_t rest = uint32_t{half & 0x7FFFu} << 13;
  // A subnormal half is its mantissa times 2^-24, which is a normal float.
  const float subnormal = static_cast<float>(half & 0x03FFu) * 0x1p-24f;
  const uint32_t exponent = half & 0x7C00u;
  const uint32_t bits = exponent == 0         ? std::bit_cast<uint32_t>(subnormal)
                        : exponent == 0x7C00u ? rest | kInfinity32
                                              : rest + kBiasDifference;
  return std::bit_cast<float>(sign | bits);
}

/// Rounds to nearest, ties to even. What is too large becomes infinite, NaN becomes the quiet NaN 0x7E00 with
/// the sign of `value`.
constexpr uint16_t halfFromFloat(float value) {
  using namespace half_detail;
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t absolute = bits & kAbsMask;
  const uint32_t sign = (bits ^ absolute) >> 16;
  const uint32_t normal = (absolute + 0xFFFu + (absolute >> 13 & 1u) - kBiasDifference) >> 13;
  // The sum with 0.5 has the mantissa of a subnormal half in its lowest bits, rounded by the addition itself.
  const uint32_t subnormal =
      std::bit_cast<uint32_t>(std::bit_cast<float>(absolute) + 0.5f) - std::bit_cast<uint32_t>(0.5f);
  const uint32_t special = absolute > kInfinity32 ? 0x7E00u : 0x7C00u;
  const uint32_t half = absolute >= kSmallestTooLarge    ? special
                        : absolute < kSmallestNormalHalf ? subnormal
                                                         : normal;
  return static_cast<uint16_t>(sign | half);
}

/// Widens exactly: a bfloat16 is the upper half of a float.
constexpr float floatFromBfloat16(uint16_t value) { return std::bit_cast<float>(uint32_t{value} << 16); }

/// Rounds to nearest, ties to even. What is too large becomes infinite, NaN becomes quiet and keeps its sign
/// and the upper part of its payload.
constexpr uint16_t bfloat16FromFloat(float value) {
  using namespace half_detail;
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16;
  const uint32_t quietNan = bits >> 16 | 0x40u;
  return static_cast<uint16_t>((bits & kAbsMask) > kInfinity32 ? quietNan : rounded);
}

} // namespace cria
